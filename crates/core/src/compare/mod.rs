//! Is this run better or worse than that one: reading baselines, comparing rows, and the verdict.
//!
//! Reads records and files of results; never prints and never writes. The reckoning is that of `windtunnel-stats`;
//! here it is decided which rows may be compared, and what is evidence.

mod baseline;
mod comparison;
mod foresight;
mod limits;
mod locust_csv;
mod read;
mod rows;
mod side;
mod store;
mod surroundings;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use windtunnel_stats::Metric;
use windtunnel_stats::verdict::{Noise, Rules};

pub use baseline::{
    Admission, Baseline, Became, Came, Epoch, GAP, History, Opening, Session, Waiting, session_of,
};
pub use comparison::{Basis, Comparison, Difference, Figure, Method, Outcome, RowComparison, RowState, Word};
pub use foresight::Foresight;
pub use limits::{LimitResult, LimitRow, LimitState, judge_limits, least_requests};
pub use locust_csv::python_number;
pub use read::{read_baseline, read_history, read_old, read_run};
pub use rows::{compare, compare_pairs};
pub use side::{Side, SideRow, WholeFigures};
pub use store::{RunStore, StoredException, StoredFailure, StoredRow, StoredRun};

/// The metrics of a report, in its order. The average is shown; it is judged only against a CSV whose median is too
/// coarse.
pub const METRICS: [Metric; 6] =
    [Metric::Average, Metric::P50, Metric::P95, Metric::P99, Metric::Rate, Metric::Failures];

/// What a comparison may be told.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    /// `[compare]`.
    pub tolerances: Tolerances,
    /// `--noise`: how much sessions of the same server are expected to differ; not said: as usual, and tails with
    /// caution until enough was measured.
    pub noise: Option<Noise>,
}

/// The change that is never called worse or better, where a module says another one than the usual: 5 % of the median
/// and of the throughput, 10 % of p95, 15 % of p99, and 0.1 percentage points of failures.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tolerances {
    by_metric: BTreeMap<Metric, f64>,
    all: Option<f64>,
}

impl Tolerances {
    /// Those of `[compare]`: one for all latencies and the throughput, and some of their own, by the names `avg`,
    /// `p50`, `p95`, `p99`, `rate`, `failures`; that of failures is a difference of shares. Other names are ignored:
    /// whoever read them has refused them.
    #[must_use]
    pub fn new(all: Option<f64>, by_metric: &BTreeMap<String, f64>) -> Self {
        let of_name = |name: &str| {
            METRICS.into_iter().find(|metric| match metric {
                Metric::Failures => name == "failures",
                metric => name == metric.key(),
            })
        };
        let by_metric = by_metric.iter().filter_map(|(name, share)| Some((of_name(name)?, *share))).collect();
        Self { by_metric, all }
    }

    /// `rules` with these in place of the usual ones.
    #[must_use]
    pub fn applied_to(&self, rules: Rules) -> Rules {
        METRICS.into_iter().fold(rules, |rules, metric| {
            let all = self.all.filter(|_| metric != Metric::Failures);
            match self.by_metric.get(&metric).copied().or(all) {
                Some(floor) => rules.with_floor(metric, floor),
                None => rules,
            }
        })
    }
}
