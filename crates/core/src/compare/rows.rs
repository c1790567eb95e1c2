//! Pairs the rows of two runs and compares each pair metric by metric.

use std::collections::BTreeMap;

use windtunnel_stats::Metric;
use windtunnel_stats::change::{
    Change, CsvFigures, Failures, MIN_REQUESTS, Reason, Side as Figure, Verdict, locust_half_step,
};

use super::side::{Side, SideRow};
use super::{Basis, METRICS, Tolerances};

/// One row on both sides.
#[derive(Clone, Debug, PartialEq)]
pub struct RowComparison {
    /// The method.
    pub method: String,
    /// The row's name.
    pub name: String,
    /// Whether it was compared at all.
    pub state: RowState,
    /// One for each of [`METRICS`] where the row is compared or silent; else empty.
    pub metrics: Vec<MetricChange>,
    /// Its data is not what it was.
    pub data_changed: bool,
    /// (requests, failures) of the whole old run.
    pub old_counts: Option<(u64, u64)>,
    /// (requests, failures) of the whole new run.
    pub new_counts: Option<(u64, u64)>,
}

/// What became of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowState {
    /// It is on both sides and was compared.
    Compared,
    /// It has no counterpart on the old side.
    New,
    /// It has no counterpart on the new side.
    Gone,
    /// It is on both sides, but hardly a request ended in the new run where many were to be expected.
    Silent,
    /// It is on both sides, but something that must be equal is not.
    NotComparable(Vec<Difference>),
}

/// Something that must be equal and is not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What: `users`, `body`, `wait` ...
    pub what: String,
    /// On the old side.
    pub old: String,
    /// On the new side.
    pub new: String,
}

/// One figure on both sides.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricChange {
    /// Which.
    pub metric: Metric,
    /// On the old side: milliseconds, requests a second, or a share of failures; none where there is no value.
    pub old: Option<f64>,
    /// On the new side.
    pub new: Option<f64>,
    /// `new / old - 1`, where that is a number.
    pub ratio: Option<f64>,
    /// What it means.
    pub word: Word,
}

/// What a change means, by the direction of its metric.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word {
    /// Better, beyond tolerance and chance.
    Improved,
    /// Worse, beyond tolerance and chance.
    Regressed,
    /// Neither.
    Unchanged,
    /// Nothing can be said; why.
    NotJudged(String),
}

impl From<Verdict> for Word {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Improved => Self::Improved,
            Verdict::Regressed => Self::Regressed,
            Verdict::Unchanged => Self::Unchanged,
            Verdict::NotJudged(reason) => Self::NotJudged(reason.to_string()),
        }
    }
}

impl RowComparison {
    /// Whether the new run's failures in this row are known from its baseline: nothing failed, or requests failed
    /// there too and their share did not get worse.
    #[must_use]
    pub fn failures_covered(&self) -> bool {
        let Some((requests, failures)) = self.new_counts.filter(|(_, failures)| *failures > 0) else {
            return true;
        };
        let (Some((old_requests, old_failures)), RowState::Compared | RowState::Silent) =
            (self.old_counts.filter(|(_, failures)| *failures > 0), &self.state)
        else {
            return false;
        };
        let verdict = self.metrics.iter().find(|change| change.metric == Metric::Failures);
        match verdict.map(|change| &change.word) {
            Some(Word::Improved | Word::Unchanged) => true,
            Some(Word::Regressed) => false,
            // a / b <= c / d without division
            Some(Word::NotJudged(_)) | None => {
                u128::from(failures) * u128::from(old_requests)
                    <= u128::from(old_failures) * u128::from(requests)
            }
        }
    }

    /// The changes that are called `word`.
    pub fn called(&self, word: &Word) -> impl Iterator<Item = &MetricChange> {
        self.metrics.iter().filter(move |change| change.word == *word)
    }

    fn unpaired(row: &SideRow, state: RowState) -> Self {
        let counts = Some((row.requests, row.failures));
        let (old_counts, new_counts) = if state == RowState::Gone { (counts, None) } else { (None, counts) };
        Self {
            method: row.method.clone(),
            name: row.name.clone(),
            state,
            metrics: Vec::new(),
            data_changed: false,
            old_counts,
            new_counts,
        }
    }
}

pub(super) fn compare_rows(
    old: &Side,
    new: &Side,
    basis: Basis,
    tolerances: &Tolerances,
) -> Vec<RowComparison> {
    let key = |row: &SideRow| (row.method.clone(), row.name.clone());
    let mut olds: BTreeMap<_, &SideRow> = old.rows.iter().map(|row| (key(row), row)).collect();
    let server = different_servers(old, new);
    let mut rows: Vec<RowComparison> = Vec::new();
    for row in &new.rows {
        let Some(before) = olds.remove(&key(row)) else {
            rows.push(RowComparison::unpaired(row, RowState::New));
            continue;
        };
        let differences: Vec<Difference> = server.iter().cloned().chain(differences(before, row)).collect();
        let mut compared = RowComparison {
            state: RowState::NotComparable(differences),
            data_changed: before.data.is_some() && row.data.is_some() && before.data != row.data,
            old_counts: Some((before.requests, before.failures)),
            ..RowComparison::unpaired(row, RowState::Compared)
        };
        if compared.state == RowState::NotComparable(Vec::new()) {
            (compared.state, compared.metrics) = compare_pair(before, row, basis, tolerances);
            if new.limited.is_some() {
                compared.metrics.iter_mut().for_each(take_back);
            }
        }
        rows.push(compared);
    }
    let gone = old.rows.iter().filter(|row| olds.contains_key(&key(row)));
    rows.extend(gone.map(|row| RowComparison::unpaired(row, RowState::Gone)));
    rows
}

/// What a limited generator measured says nothing about the server, but for failures.
fn take_back(change: &mut MetricChange) {
    if change.metric != Metric::Failures && !matches!(change.word, Word::NotJudged(_)) {
        change.word = Word::NotJudged("the generator was the limit".to_owned());
    }
}

/// The simulator is never compared with a real server.
fn different_servers(old: &Side, new: &Side) -> Option<Difference> {
    let name = |simulated| if simulated { "simulated".to_owned() } else { "real".to_owned() };
    match (old.simulated, new.simulated) {
        (Some(old), Some(new)) if old != new => {
            Some(Difference { what: "server".to_owned(), old: name(old), new: name(new) })
        }
        _ => None,
    }
}

fn differences(old: &SideRow, new: &SideRow) -> Vec<Difference> {
    let (Some(before), Some(after)) = (&old.circumstances, &new.circumstances) else { return Vec::new() };
    let mut keys: Vec<&String> = before.keys().chain(after.keys()).collect();
    keys.sort();
    keys.dedup();
    let text =
        |side: &BTreeMap<String, String>, key| side.get(key).cloned().unwrap_or_else(|| "none".to_owned());
    keys.into_iter()
        .filter(|key| before.get(*key) != after.get(*key))
        .map(|key| Difference { what: key.clone(), old: text(before, key), new: text(after, key) })
        .collect()
}

fn compare_pair(
    old: &SideRow,
    new: &SideRow,
    basis: Basis,
    tolerances: &Tolerances,
) -> (RowState, Vec<MetricChange>) {
    let mut metrics: Vec<MetricChange> = METRICS
        .into_iter()
        .map(|metric| compare_metric(old, new, basis, metric, tolerances.of(metric)))
        .collect();
    // Failures are in the figures of a CSV: a server that fails at once must not look fast.
    let fails_more =
        metrics.iter().any(|change| change.metric == Metric::Failures && change.word == Word::Regressed);
    if basis == Basis::WholeRun && fails_more {
        for change in metrics.iter_mut().filter(|change| change.word == Word::Improved) {
            change.word = Word::NotJudged("failures are in it, and there are more of them".to_owned());
        }
    }
    // With so few requests a rate can have regressed by silence only.
    let silent = new.failure_counts(basis).requests < MIN_REQUESTS
        && metrics.iter().any(|change| change.metric == Metric::Rate && change.word == Word::Regressed);
    (if silent { RowState::Silent } else { RowState::Compared }, metrics)
}

fn compare_metric(
    old: &SideRow,
    new: &SideRow,
    basis: Basis,
    metric: Metric,
    tolerance: f64,
) -> MetricChange {
    if metric == Metric::Failures {
        let (before, after) = (old.failure_counts(basis), new.failure_counts(basis));
        let share = |side: Failures| (side.requests > 0).then(|| side.failures as f64 / side.requests as f64);
        let change = Change::of_failures(before, after, tolerance);
        return described(metric, share(before), share(after), change);
    }
    let (mut before, mut after) = (old.figure(basis, metric), new.figure(basis, metric));
    let change = if let (Some(before), Some(after)) = (&mut before, &mut after) {
        if before.spread.is_none() && after.spread.is_none() {
            (before.spread, after.spread) = (old.stand_in(metric), new.stand_in(metric));
        }
        match metric {
            Metric::Rate => Change::of_rates(before, after, new.seconds(basis), tolerance),
            _ => Change::of(metric, before, after, tolerance),
        }
    } else {
        let (old, new) = (old.successes(basis), new.successes(basis));
        let few = old.min(new) < MIN_REQUESTS;
        let reason = if few { Reason::TooFewRequests { old, new } } else { Reason::NoValue };
        Change { ratio: None, verdict: Verdict::NotJudged(reason), visible: None }
    };
    described(metric, before.map(|figure| figure.value), after.map(|figure| figure.value), change)
}

fn described(metric: Metric, old: Option<f64>, new: Option<f64>, change: Change) -> MetricChange {
    MetricChange { metric, old, new, ratio: change.ratio, word: change.verdict.into() }
}

impl SideRow {
    /// Requests that latencies are taken from.
    fn successes(&self, basis: Basis) -> u64 {
        match (basis, &self.cell) {
            (Basis::Window, Some(cell)) => cell.requests.saturating_sub(cell.failures),
            _ => self.requests,
        }
    }

    fn failure_counts(&self, basis: Basis) -> Failures {
        match (basis, &self.cell) {
            (Basis::Window, Some(cell)) => Failures::from(cell),
            _ => Failures { failures: self.failures, requests: self.requests },
        }
    }

    /// The length of what is compared, in seconds.
    fn seconds(&self, basis: Basis) -> f64 {
        match (basis, &self.cell) {
            (Basis::Window, Some(cell)) => cell.seconds,
            _ => self.whole.seconds,
        }
    }

    /// A latency in milliseconds, or a rate in requests a second.
    fn figure(&self, basis: Basis, metric: Metric) -> Option<Figure> {
        match (basis, &self.cell) {
            (Basis::Window, Some(cell)) => {
                let scale = if metric == Metric::Rate { 1.0 } else { 1000.0 };
                Figure::of(cell, metric).map(|figure| Figure { value: figure.value * scale, ..figure })
            }
            _ => self.whole_figure(metric),
        }
    }

    fn whole_figure(&self, metric: Metric) -> Option<Figure> {
        let (value, half_step) = match metric {
            Metric::Average => (self.whole.average_ms?, 0.0),
            Metric::Rate => (self.whole.rate, 0.0),
            Metric::P50 | Metric::P95 | Metric::P99 => {
                let value = self.whole.quantile(metric.quantile()?)?;
                (value, locust_half_step(value))
            }
            Metric::Failures => return None,
        };
        // Taken from the successes in the window: near enough to that of all requests.
        let estimate = self.cell.as_ref().and_then(|cell| cell.estimate(metric));
        let spread = estimate.map(|estimate| estimate.w);
        Some(Figure { value, spread, requests: self.requests, half_step })
    }

    /// A spread for want of a better one.
    fn stand_in(&self, metric: Metric) -> Option<f64> {
        let average = self.whole.average_ms?;
        CsvFigures { requests: self.requests, average, quantiles: &self.whole.quantiles }.spread(metric)
    }
}
