//! What a calibration has come to, as a text for people: how much sessions of one server differ, and what can be
//! seen with them.

use windtunnel_stats::Metric;
use windtunnel_stats::verdict::{MeasuredNoise, Rules};

use crate::compare::{Baseline, Foresight, SideRow};

/// The metrics of the table.
const METRICS: [Metric; 4] = [Metric::P50, Metric::P95, Metric::P99, Metric::Rate];
/// How many interleaved pairs the table tells of.
const PAIRS: usize = 3;

/// The table: a line for each metric, over all rows that a run of the baseline's kind has. Ends with a line end.
#[must_use]
pub fn calibration_report(name: &str, baseline: &Baseline, foresight: &Foresight) -> String {
    let sessions = baseline.current().map_or(0, |epoch| epoch.sessions.len());
    let counted = if sessions == 1 { "1 session".to_owned() } else { format!("{sessions} sessions") };
    let mut text = format!("{name}: {counted} of this version of the server\n\n");
    text += &line("", "sessions differ by", "one run sees", "3 pairs see");
    let rows = baseline.newest().map_or(&[][..], |newest| &newest.rows);
    for metric in METRICS {
        let noise = foresight.noise().metric(metric).map(|measured| measured.deviation.exp_m1());
        let noise = noise.map_or_else(|| "not known yet".to_owned(), |noise| percent(noise, 1));
        let sees = |visible: &dyn Fn(&SideRow, f64) -> Option<f64>| {
            let changes = rows.iter().filter_map(|row| visible(row, requests(row, metric)?));
            range(&changes.collect::<Vec<f64>>())
        };
        let run = sees(&|row, requests| foresight.visible(&row.method, &row.name, metric, requests));
        let pairs = sees(&|row, requests| {
            foresight.visible_in_pairs(&row.method, &row.name, metric, requests, PAIRS)
        });
        text += &line(&metric.to_string(), &noise, &run, &pairs);
    }
    text += "  seen: a change so large is called in about four of five cases; pairs are those of `windtunnel ab`\n";
    text
}

/// Whether sessions differ by more than this share in the median or in the throughput.
#[must_use]
pub fn differ_by_more(noise: &MeasuredNoise, share: f64) -> bool {
    [Metric::P50, Metric::Rate]
        .iter()
        .any(|metric| noise.metric(*metric).is_some_and(|measured| measured.deviation > share.ln_1p()))
}

/// The requests of a row, where there are enough for the figure to be judged.
fn requests(row: &SideRow, metric: Metric) -> Option<f64> {
    let cell = row.cell.as_ref()?;
    let enough = cell.estimate(metric)?.exceeding.is_none_or(|beyond| beyond >= Rules::MIN_BEYOND);
    enough.then_some(cell.requests as f64)
}

fn line(name: &str, noise: &str, run: &str, pairs: &str) -> String {
    let line = format!("  {name:<12}{noise:>19}{run:>19}{pairs:>19}");
    line.trim_end().to_owned() + "\n"
}

/// `12 %`; of several rows the least and the most.
fn range(changes: &[f64]) -> String {
    let least = percent(changes.iter().copied().fold(f64::INFINITY, f64::min), 0);
    let most = percent(changes.iter().copied().fold(0.0, f64::max), 0);
    match changes {
        [] => "too few requests".to_owned(),
        _ if least == most => least,
        _ => format!("{} to {most}", least.trim_end_matches(" %")),
    }
}

fn percent(share: f64, digits: usize) -> String {
    format!("{:.digits$} %", 100.0 * share)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::Settings;
    use crate::summary::line::fixture::{header, record, spread};
    use crate::summary::line::{Line, RunLine};

    /// Sessions a day apart, with these medians of two rows.
    fn baseline(medians: &[f64]) -> Baseline {
        let runs = medians.iter().zip(1..).map(|(ms, day)| {
            let mut header = header(&format!("run-{day}"));
            header.started = format!("2026-01-{day:02}T12:00:00Z").parse().unwrap();
            let mut ended = spread("/a", 600, 60.0, *ms, day);
            ended.extend(spread("/b", 90, 60.0, 2.0 * ms, day + 1));
            let mut run = RunLine::from_record(&record(header, 60.0, &ended));
            run.epoch = Some("run-1".to_owned());
            Line::Run(Box::new(run))
        });
        Baseline::of_lines("file", &runs.collect::<Vec<_>>())
    }

    fn report(medians: &[f64]) -> String {
        let baseline = baseline(medians);
        calibration_report("demo", &baseline, &Foresight::of(&baseline, &Settings::default()))
    }

    #[test]
    fn one_session_tells_nothing_of_the_noise() {
        insta::assert_snapshot!(report(&[100.0]), @r"
        demo: 1 session of this version of the server

                       sessions differ by       one run sees        3 pairs see
          p50               not known yet         19 to 21 %           7 to 8 %
          p95               not known yet               53 %               18 %
          p99               not known yet               81 %               26 %
          throughput        not known yet               19 %                7 %
          seen: a change so large is called in about four of five cases; pairs are those of `windtunnel ab`
        ");
    }

    #[test]
    fn several_sessions_tell_the_noise_and_what_can_be_seen() {
        let report = report(&[100.0, 103.0, 99.0, 101.0, 104.0]);
        let noise_and_run: String =
            report.lines().map(|line| line.get(..52).unwrap_or(line).to_owned() + "\n").collect();
        insta::assert_snapshot!(noise_and_run, @r"
        demo: 5 sessions of this version of the server

                       sessions differ by       one run sees
          p50                       2.7 %         11 to 16 %
          p95                       2.3 %               15 %
          p99                       2.2 %               20 %
          throughput                0.0 %                9 %
          seen: a change so large is called in about four of
        ");
        // Pairs see more, each of them.
        for line in report.lines().filter(|line| line.ends_with('%')) {
            let least: Vec<u32> =
                line.split("  ").filter_map(|cell| cell.trim().split(' ').next()?.parse().ok()).collect();
            assert!(matches!(least[..], [run, pairs] if pairs < run), "{line}");
        }
    }

    #[test]
    fn noise_above_the_share_is_that_of_the_median_or_the_throughput() {
        let settings = Settings::default();
        let noise = |medians: &[f64]| Foresight::of(&baseline(medians), &settings).noise().clone();
        assert!(!differ_by_more(&noise(&[100.0, 102.0, 99.0]), 0.06));
        assert!(differ_by_more(&noise(&[100.0, 125.0, 90.0]), 0.06));
        assert!(!differ_by_more(&noise(&[100.0]), 0.06));
    }
}
