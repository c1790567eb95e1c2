//! Figures that were not judged, and what they lack (docs/statistics.md 3.11).

use windtunnel_stats::Metric;
use windtunnel_stats::verdict::{NotJudged, Outcome};

use super::{of_titles, times};
use crate::compare::{Comparison, RowComparison, Word};
use crate::output::comparison::sentence::metrics;
use crate::output::comparison::words::Naming;

/// Figures that were not judged, by what they lack.
pub(super) fn not_judged(comparison: &Comparison, name: Naming<'_>) -> Vec<String> {
    let mut lacks: Vec<Lack<'_>> = Vec::new();
    for row in &comparison.rows {
        for figure in &row.figures {
            let Word::NotJudged(said) = &figure.word else { continue };
            let why = figure.judged.as_ref().and_then(|judged| match judged.outcome {
                Outcome::NotJudged(why) => Some(why),
                Outcome::Judged(_) => None,
            });
            let lack = Lack::of(why, said);
            match lacks.iter_mut().find(|other| other.kind == lack.kind) {
                Some(known) => known.add(&lack, row, figure.metric),
                None => {
                    lacks.push(Lack { rows: vec![row], metrics: vec![figure.metric], ..lack });
                }
            }
        }
    }
    lacks.iter().map(|lack| lack.text(name)).collect()
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    /// Requests of a run, needed in each.
    Requests(u64),
    /// Independent requests beyond the quantile.
    Beyond,
    /// Time.
    Time,
    /// Something else, in words.
    Other(String),
}

/// What figures lack to be judged.
struct Lack<'a> {
    kind: Kind,
    rows: Vec<&'a RowComparison>,
    metrics: Vec<Metric>,
    /// The worst of them: how many there are, how many are needed.
    found: f64,
    needed: f64,
}

impl<'a> Lack<'a> {
    fn of(why: Option<NotJudged>, said: &str) -> Self {
        let (kind, found, needed) = match why {
            Some(NotJudged::TooFewRequests { before, after, needed }) => {
                (Kind::Requests(needed), before.min(after) as f64, needed as f64)
            }
            Some(NotJudged::TooFewBeyond { found, needed }) => (Kind::Beyond, found, needed),
            Some(NotJudged::TooShort) => (Kind::Time, 0.0, 0.0),
            Some(NotJudged::NoValue) | None => (Kind::Other(said.to_owned()), 0.0, 0.0),
        };
        Self { kind, rows: Vec::new(), metrics: Vec::new(), found, needed }
    }

    fn add(&mut self, other: &Self, row: &'a RowComparison, metric: Metric) {
        if !self.rows.iter().any(|known| std::ptr::eq(*known, row)) {
            self.rows.push(row);
        }
        self.metrics.push(metric);
        if other.found < self.found {
            (self.found, self.needed) = (other.found, other.needed);
        }
    }

    fn text(&self, name: Naming<'_>) -> String {
        let what = format!(
            "{} of {} not judged",
            metrics(self.metrics.iter().copied()),
            of_titles(&self.rows, name)
        );
        let fewest = if self.rows.len() > 1 || self.metrics.len() > 1 { " at the fewest" } else { "" };
        match &self.kind {
            Kind::Requests(needed) => format!(
                "{what}: {:.0} requests on one side{fewest}, {needed} are needed; {}",
                self.found,
                self.longer()
            ),
            Kind::Beyond => format!(
                "{what}: {:.1} independent requests lie beyond{fewest}, {:.0} are needed; {}",
                self.found,
                self.needed,
                self.longer()
            ),
            Kind::Time => format!("{what}: fewer than six slices of time; a longer --run-time has more"),
            Kind::Other(why) => format!("{what}: {why}"),
        }
    }

    /// How much longer runs have enough.
    fn longer(&self) -> String {
        let factor = (self.needed / self.found).ceil();
        if factor.is_finite() && factor > 1.0 {
            format!("runs {} as long, the baseline's as well, have enough", times(factor))
        } else {
            "longer runs, the baseline's as well, have enough".to_owned()
        }
    }
}
