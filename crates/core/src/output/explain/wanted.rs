//! Which figure `--explain ROW METRIC` asks for.

use windtunnel_stats::Metric;

use crate::compare::{Comparison, METRICS};
use crate::error::{Problem, nearest};

/// What people call the metrics beside their names in reports and files.
const OTHER_NAMES: [(&str, Metric); 5] = [
    ("mean", Metric::Average),
    ("median", Metric::P50),
    ("rps", Metric::Rate),
    ("failure", Metric::Failures),
    ("errors", Metric::Failures),
];

/// A row and a metric, as they were asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The row: its name, its method and name, or a part of them that only it has.
    pub row: String,
    /// The metric.
    pub metric: Metric,
}

impl Wanted {
    /// Reads the two values of the flag.
    ///
    /// # Errors
    /// A metric that there is not; the known ones are listed.
    pub fn read(row: &str, metric: &str) -> Result<Self, Problem> {
        let lower = metric.to_lowercase();
        let by_name = METRICS.into_iter().find(|known| known.key() == lower || known.to_string() == lower);
        let by_other = || OTHER_NAMES.iter().find(|(name, _)| *name == lower).map(|(_, metric)| *metric);
        if let Some(metric) = by_name.or_else(by_other) {
            return Ok(Self { row: row.to_owned(), metric });
        }
        let keys: Vec<&str> = METRICS.iter().map(|metric| metric.key()).collect();
        let near = nearest(&lower, keys.iter().copied());
        let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        let message = format!("--explain: there is no metric `{metric}`{near}");
        Err(Problem::new(message).help(format!("known are {}", keys.join(", "))))
    }

    /// Which of these rows, given as (method, name), is meant.
    ///
    /// # Errors
    /// None of them, or more than one; the known ones are listed.
    pub fn choose(&self, rows: &[(&str, &str)]) -> Result<usize, Problem> {
        let title = |(method, name): &(&str, &str)| {
            if method.is_empty() { (*name).to_owned() } else { format!("{method} {name}") }
        };
        let wanted = self.row.to_lowercase();
        let matching = |is: &dyn Fn(&(&str, &str)) -> bool| -> Vec<usize> {
            rows.iter().enumerate().filter(|(_, row)| is(row)).map(|(index, _)| index).collect()
        };
        let mut found = matching(&|row| title(row) == self.row);
        if found.is_empty() {
            found = matching(&|(_, name)| *name == self.row);
        }
        if found.is_empty() {
            found = matching(&|row| title(row).to_lowercase().contains(&wanted));
        }
        let names = |indexes: &[usize]| -> String {
            indexes.iter().map(|index| title(&rows[*index])).collect::<Vec<_>>().join(", ")
        };
        match found[..] {
            [one] => Ok(one),
            [] => {
                let all: Vec<usize> = (0..rows.len()).collect();
                let help = if all.is_empty() {
                    "there are no rows".to_owned()
                } else {
                    format!("known are {}", names(&all))
                };
                Err(Problem::new(format!("--explain: there is no row `{}`", self.row)).help(help))
            }
            _ => Err(Problem::new(format!("--explain: `{}` is more than one row", self.row))
                .help(format!("say more of one of them: {}", names(&found)))),
        }
    }

    /// Which row of the comparison is meant.
    ///
    /// # Errors
    /// As [`choose`](Self::choose).
    pub fn row_of(&self, comparison: &Comparison) -> Result<usize, Problem> {
        let rows: Vec<(&str, &str)> =
            comparison.rows.iter().map(|row| (row.method.as_str(), row.name.as_str())).collect();
        self.choose(&rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choose(row: &str) -> Result<usize, String> {
        let rows = [("POST", "/a:predict"), ("GET", "/a:predict"), ("POST", "/a"), ("", "Aggregated")];
        Wanted { row: row.to_owned(), metric: Metric::P50 }
            .choose(&rows)
            .map_err(|problem| problem.to_string())
    }

    #[test]
    fn a_row_is_found_by_its_name_by_both_names_or_by_a_part_that_only_it_has() {
        assert_eq!(choose("/a"), Ok(2));
        assert_eq!(choose("POST /a:predict"), Ok(0));
        assert_eq!(choose("get"), Ok(1));
        assert_eq!(choose("aggreg"), Ok(3));
    }

    #[test]
    fn an_unknown_row_lists_the_known_and_an_ambiguous_one_those_that_it_could_be() {
        insta::assert_snapshot!(choose("/b").unwrap_err(), @"
        --explain: there is no row `/b`
          hint: known are POST /a:predict, GET /a:predict, POST /a, Aggregated
        ");
        insta::assert_snapshot!(choose("/a:predict").unwrap_err(), @"
        --explain: `/a:predict` is more than one row
          hint: say more of one of them: POST /a:predict, GET /a:predict
        ");
    }

    #[test]
    fn metrics_have_the_names_of_files_and_of_reports() {
        let metric = |text| Wanted::read("/a", text).map(|wanted| wanted.metric).map_err(|p| p.to_string());
        for (text, expected) in [
            ("avg", Metric::Average),
            ("P50", Metric::P50),
            ("throughput", Metric::Rate),
            ("fail", Metric::Failures),
        ] {
            assert_eq!(metric(text), Ok(expected));
        }
        insta::assert_snapshot!(metric("p96").unwrap_err(), @"
        --explain: there is no metric `p96`; did you mean `p95`?
          hint: known are avg, p50, p95, p99, rate, fail
        ");
    }
}
