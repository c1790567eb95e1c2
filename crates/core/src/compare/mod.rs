//! Is this run better or worse than that one: reading baselines, comparing rows, and the verdict.
//!
//! Reads records and files of results; never prints and never writes.

mod locust_csv;
mod read;
mod rows;
mod side;
mod store;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use windtunnel_stats::Metric;

pub use locust_csv::python_number;
pub use read::{read_baseline, read_run};
pub use rows::{Difference, MetricChange, RowComparison, RowState, Word};
pub use side::{Side, SideRow, WholeFigures};
pub use store::{RunStore, StoredException, StoredFailure, StoredRow, StoredRun};

/// The metrics that are compared, in the order of reports.
pub const METRICS: [Metric; 5] = [Metric::Average, Metric::P50, Metric::P95, Metric::Rate, Metric::Failures];

/// The change, as a share, that is never called worse or better: 10 %, of p95 20 %, unless set otherwise.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tolerances {
    by_metric: BTreeMap<Metric, f64>,
    all: Option<f64>,
}

impl Tolerances {
    /// Those of `[compare]`: one for all metrics, and some of their own, by the names `avg`, `p50`, `p95`, `rate`,
    /// `failures`. Other names are ignored: whoever read them has refused them.
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

    /// The tolerance of a metric, as a share.
    #[must_use]
    pub fn of(&self, metric: Metric) -> f64 {
        let standard = if metric == Metric::P95 { 0.2 } else { 0.1 };
        self.by_metric.get(&metric).copied().or(self.all).unwrap_or(standard)
    }
}

/// Which requests are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// Successes in the verdict's window; both sides know it.
    Window,
    /// All requests of the whole run, failures included, rounded as Locust rounds: a side is a CSV.
    WholeRun,
}

/// Two runs, row by row.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// What is compared, for people: a module, or a file.
    pub name: String,
    /// The old side, for people.
    pub old: String,
    /// The new side, for people.
    pub new: String,
    /// Which requests are compared.
    pub basis: Basis,
    /// The rows of the new side in its order, then those that are gone.
    pub rows: Vec<RowComparison>,
    /// What else is to be known: changed data, duration, machine; what was used instead of a baseline.
    pub notes: Vec<String>,
    /// Why the new run's generator was the limit, if it was. Nothing but failures is judged then.
    pub limited: Option<String>,
}

/// What a comparison comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Something got worse.
    Regressed,
    /// Something got better, and nothing worse.
    Improved,
    /// Neither.
    Unchanged,
    /// There are comparable rows, but too few requests to judge any of them.
    NotJudged,
    /// No row has a counterpart that it may be compared with.
    NothingComparable,
    /// The generator was the limit, so that nothing can be said of the server; failures did not get worse.
    GeneratorLimited,
}

/// Compares `new` with `old`.
#[must_use]
pub fn compare(old: &Side, new: &Side, tolerances: &Tolerances) -> Comparison {
    let basis = if old.knows_window() && new.knows_window() { Basis::Window } else { Basis::WholeRun };
    let rows = rows::compare_rows(old, new, basis, tolerances);
    let mut notes = old.notes.clone();
    notes.extend(new.notes.iter().cloned());
    notes.extend(side::changed_surroundings(old, new));
    if basis == Basis::WholeRun {
        notes.push(
            "a side is a CSV: all requests of the whole run are compared, failures included".to_owned(),
        );
    }
    Comparison {
        name: new.module.clone().or_else(|| old.module.clone()).unwrap_or_else(|| new.label.clone()),
        old: old.title(),
        new: new.title(),
        basis,
        rows,
        notes,
        limited: new.limited.clone(),
    }
}

impl Comparison {
    /// What it comes to.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        let words = || self.rows.iter().flat_map(|row| row.metrics.iter().map(|metric| &metric.word));
        let comparable = |row: &RowComparison| matches!(row.state, RowState::Compared | RowState::Silent);
        if words().any(|word| *word == Word::Regressed) {
            Outcome::Regressed
        } else if !self.rows.iter().any(comparable) {
            Outcome::NothingComparable
        } else if self.limited.is_some() {
            Outcome::GeneratorLimited
        } else if words().any(|word| *word == Word::Improved) {
            Outcome::Improved
        } else if words().any(|word| *word == Word::Unchanged) {
            Outcome::Unchanged
        } else {
            Outcome::NotJudged
        }
    }

    /// Whether every row of the new run that has failures has a baseline with as many: see
    /// [`RowComparison::failures_covered`]. True where nothing failed.
    #[must_use]
    pub fn failures_covered(&self) -> bool {
        self.rows.iter().all(RowComparison::failures_covered)
    }
}
