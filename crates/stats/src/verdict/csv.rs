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
