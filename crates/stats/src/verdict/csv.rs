//! A baseline that is only a CSV: one run, rounded, without spread (docs/statistics.md 3.13).

use crate::Metric;
use crate::cell::{Cell, Estimate};
use crate::verdict::{Rounding, Slack};

/// A median whose rounding hides more than this is not judged; the average is.
const COARSE: f64 = 0.02;

/// The figures of one row of a CSV: all requests of the whole run, failures included.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CsvRow {
    /// Requests.
    pub requests: u64,
    /// Those that failed.
    pub failures: u64,
    /// Mean latency in milliseconds, printed exactly.
    pub average_ms: Option<f64>,
    /// The median in milliseconds, rounded as [`locust_half_step`] says; so are the next two.
    pub p50_ms: Option<f64>,
    /// The 95 % quantile.
    pub p95_ms: Option<f64>,
    /// The 99 % quantile.
    pub p99_ms: Option<f64>,
    /// Requests a second, printed exactly.
    pub rate: f64,
}

impl CsvRow {
    fn quantile(&self, metric: Metric) -> Option<f64> {
        match metric {
            Metric::P50 => self.p50_ms,
            Metric::P95 => self.p95_ms,
            Metric::P99 => self.p99_ms,
            Metric::Average | Metric::Rate | Metric::Failures => None,
        }
    }

    /// The row as the cell of a run that is as wide as `other`, and what its rounding hides. `other` is the run
    /// that it is compared with, summarised as the CSV is: without cutting off a warm-up, with failures.
    ///
    /// The shape of the other run is assumed: `w = w_other sqrt(n_other / n)`, `exc = exc_other n / n_other`.
    #[must_use]
    pub fn as_wide_as(&self, other: &Cell) -> (Cell, Rounding) {
        let scale = other.requests as f64 / self.requests as f64;
        let estimate = |metric: Metric, y: f64| {
            let shape = other.estimate(metric)?;
            let exceeding = shape.exceeding.map(|exceeding| exceeding / scale);
            Estimate::checked(y, shape.w * scale.sqrt(), exceeding)
        };
        let latency = |metric, ms: Option<f64>| ms.and_then(|ms| estimate(metric, (ms / 1e3).ln()));
        let seconds = if self.rate > 0.0 { self.requests as f64 / self.rate } else { 0.0 };
        let cell = Cell {
            requests: self.requests,
            failures: self.failures,
            seconds,
            average: latency(Metric::Average, self.average_ms),
            p50: latency(Metric::P50, self.p50_ms),
            p95: latency(Metric::P95, self.p95_ms),
            p99: latency(Metric::P99, self.p99_ms),
            rate: estimate(Metric::Rate, -self.rate.ln()),
            failure_deff: other.failure_deff,
            short: false,
        };
        (cell, self.rounding())
    }

    /// What the rounding of the percentiles hides.
    #[must_use]
    pub fn rounding(&self) -> Rounding {
        let slack = |metric| self.quantile(metric).map(slack).unwrap_or_default();
        let p50 = slack(Metric::P50);
        Rounding { p50, p95: slack(Metric::P95), p99: slack(Metric::P99), average_instead: p50.high > COARSE }
    }
}

impl Rounding {
    /// With what the rounding of the judged side hides as well: its true value may be lower, and then the change is
    /// smaller, or higher.
    #[must_use]
    pub fn and_of_candidate(self, candidate: &Self) -> Self {
        let both = |base: Slack, new: Slack| Slack { low: base.low + new.high, high: base.high + new.low };
        let p50 = both(self.p50, candidate.p50);
        Self {
            p50,
            p95: both(self.p95, candidate.p95),
            p99: both(self.p99, candidate.p99),
            average_instead: self.average_instead || candidate.average_instead,
        }
    }
}

fn slack(ms: f64) -> Slack {
    let half = locust_half_step(ms);
    let high = if half < ms { -(-half / ms).ln_1p() } else { f64::INFINITY };
    Slack { low: (half / ms).ln_1p(), high }
}

/// Half the step to which Locust rounds a percentile of its CSV, in milliseconds: 0.5 below 100 ms, 5 below 1 s,
/// 50 below 10 s, 500 above.
#[must_use]
pub fn locust_half_step(ms: f64) -> f64 {
    match ms {
        ms if ms < 100.0 => 0.5,
        ms if ms < 1000.0 => 5.0,
        ms if ms < 10_000.0 => 50.0,
        _ => 500.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::testing::{cell, session, stored};
    use crate::verdict::{Evidence, NotJudged, Outcome, Report, Row, Rules, Verdict, judge};

    /// A row like [`cell`], as Locust prints it.
    fn row() -> CsvRow {
        CsvRow {
            requests: 1000,
            failures: 0,
            average_ms: Some(110.0),
            p50_ms: Some(99.0),
            p95_ms: Some(200.0),
            p99_ms: Some(400.0),
            rate: 1000.0 / 60.0,
        }
    }

    fn close(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-12, "found {found}, expected {expected}");
    }

    /// Judges a run against the row of a CSV.
    fn report(csv: &CsvRow, run: &Cell) -> Report {
        let (baseline, rounding) = csv.as_wide_as(run);
        let mut evidence = stored(vec![session(0, &baseline)], vec![session(1, run)]);
        evidence.rounding = Some(rounding);
        let rows = [Row { aggregated: false, evidence: Evidence::Stored(evidence) }];
        judge(&rows, &Rules::default(), &[])
    }

    #[test]
    fn half_a_step_of_locust_is_what_it_rounds_to() {
        for (ms, half) in [
            (0.0, 0.5),
            (99.0, 0.5),
            (100.0, 5.0),
            (990.0, 5.0),
            (1000.0, 50.0),
            (9900.0, 50.0),
            (10_000.0, 500.0),
            (1e9, 500.0),
        ] {
            close(locust_half_step(ms), half);
        }
    }

    #[test]
    fn the_true_value_lies_within_the_slack() {
        let rounding = row().rounding();
        close(rounding.p50.low, (99.5_f64 / 99.0).ln());
        close(rounding.p50.high, (99.0_f64 / 98.5).ln());
        close(rounding.p95.low, (205.0_f64 / 200.0).ln());
        close(rounding.p95.high, (200.0_f64 / 195.0).ln());
        assert_eq!(rounding.of(Metric::Rate), Slack::default());
    }

    #[test]
    fn the_average_is_judged_where_the_median_is_coarse() {
        let of = |p50_ms| CsvRow { p50_ms: Some(p50_ms), ..row() }.rounding().average_instead;
        // 0.5 of 25 is 2.02 % on the logarithmic scale, 0.5 of 26 is 1.9 %.
        assert_eq!((of(25.0), of(26.0), of(99.0)), (true, false, false));
        assert_eq!((of(100.0), of(250.0), of(260.0)), (true, true, false));
    }

    #[test]
    fn a_csv_is_as_wide_as_the_run_for_its_own_number_of_requests() {
        let quarter = CsvRow { requests: 250, rate: 25.0, ..row() };
        let (of, _) = quarter.as_wide_as(&Cell { failure_deff: 3.0, ..cell() });
        close(of.p50.unwrap().w, 2.0 * 0.02);
        close(of.p99.unwrap().exceeding.unwrap(), 9.0 / 4.0);
        close(of.p95.unwrap().y, 0.2_f64.ln());
        close(of.average.unwrap().y, 0.11_f64.ln());
        close(of.rate.unwrap().y, -(25.0_f64.ln()));
        close(of.seconds, 10.0);
        close(of.failure_deff, 3.0);
    }

    #[test]
    fn a_percentile_printed_as_0_hides_everything_and_is_not_judged() {
        let fast = CsvRow { average_ms: Some(0.3), p50_ms: Some(0.0), p95_ms: Some(0.0), ..row() };
        let rounding = fast.rounding();
        assert!(rounding.average_instead && rounding.p50.high.is_infinite());
        assert!(rounding.p95.low.is_infinite());
        let report = report(&fast, &cell());
        let outcome = |metric| report.rows[0].figure(metric).map(|figure| figure.outcome);
        assert_eq!(outcome(Metric::P50), None);
        assert_eq!(outcome(Metric::P95), Some(Outcome::NotJudged(NotJudged::NoValue)));
        assert_eq!(outcome(Metric::Average), Some(Outcome::Judged(Verdict::Regressed)));
    }

    #[test]
    fn what_rounding_explains_is_no_regression() {
        // 1 s may be 1.05 s, so that 1.1 s is a change of 5 %.
        let coarse = CsvRow { p95_ms: Some(1000.0), ..row() };
        let of = |seconds: f64| {
            let p95 = Estimate::checked(seconds.ln(), 1e-4, Some(50.0));
            let report = report(&coarse, &Cell { p95, ..cell() });
            report.rows[0].figure(Metric::P95).unwrap().clone()
        };
        let change = of(1.1).change.unwrap();
        close(change.slack.low, 1.05_f64.ln());
        close(change.slack.high, (1.0_f64 / 0.95).ln());
        assert!(change.interval.0 < change.difference - change.slack.low);
        assert!(of(1.1).is(Verdict::Inconclusive) && of(1.4).is(Verdict::Regressed));
        assert!(of(0.9).is(Verdict::Unchanged) && of(0.7).is(Verdict::Improved));
    }

    #[test]
    fn a_row_with_nothing_in_it_is_not_judged() {
        for empty in [CsvRow::default(), CsvRow { rate: f64::NAN, p50_ms: Some(f64::NAN), ..row() }] {
            let report = report(&empty, &cell());
            let rate = report.rows[0].figure(Metric::Rate).unwrap();
            assert_eq!(rate.outcome, Outcome::NotJudged(NotJudged::NoValue));
            assert_eq!(report.verdict, Verdict::Inconclusive);
        }
        let (of, _) = row().as_wide_as(&Cell { requests: 0, p50: None, ..cell() });
        assert_eq!(of.p50, None);
    }

    #[test]
    fn two_roundings_add_up() {
        let (base, new) = (row().rounding(), CsvRow { p50_ms: Some(50.0), ..row() }.rounding());
        let both = base.and_of_candidate(&new);
        close(both.p50.low, (99.5_f64 / 99.0).ln() + (50.0_f64 / 49.5).ln());
        close(both.p50.high, (99.0_f64 / 98.5).ln() + (50.5_f64 / 50.0).ln());
        let coarse = CsvRow { p50_ms: Some(5.0), ..row() }.rounding();
        assert!(base.and_of_candidate(&coarse).average_instead);
    }
}
