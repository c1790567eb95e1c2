//! Did a run keep its limits: those of `[slo]` and of `--slo`, whatever a baseline says (docs/verdict.md, "Limits").
//!
//! Latencies and failures are limited row by row, and a limit is kept when every row keeps it; throughput is that of
//! all rows together. Successes in the verdict's window count, as in a comparison. The reckoning is that of
//! `windtunnel-stats`; here it is decided what is judged, and what a limited generator leaves undecided.

#[cfg(test)]
mod tests;

use windtunnel_stats::Window;
use windtunnel_stats::cell::{Batches, Cell};
use windtunnel_stats::limits::{Kept, mean, over, share};

use crate::suite::{Limit, LimitMetric};
use crate::summary::{RunRecord, SeriesSummary};

/// With less than this share of the run's requests a row may miss a limit, but not leave it undecided,
const MINOR: f64 = 0.01;
/// and with less than this part of an equal share, where there are so many rows that 1 % is usual.
const MINOR_OF_EQUAL: f64 = 0.5;

/// What became of a limit, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LimitState {
    /// It is kept, with 99 % confidence.
    Kept,
    /// Neither can be said.
    NotEnough,
    /// It is missed, with 99 % confidence.
    Missed,
}

/// One limit over one run.
#[derive(Clone, Debug, PartialEq)]
pub struct LimitResult {
    /// The limit.
    pub limit: Limit,
    /// What became of it: the worst state of its rows, minor ones that are undecided aside.
    pub state: LimitState,
    /// What it was judged on: the rows of the module in their order, or for throughput all of them together.
    pub rows: Vec<LimitRow>,
    /// Why a miss is not called so, where that is why there is not enough evidence: the generator was the limit.
    pub limited: Option<String>,
}

/// One row under one limit.
#[derive(Clone, Debug, PartialEq)]
pub struct LimitRow {
    /// The method; empty for all rows together.
    pub method: String,
    /// The row's name; `Aggregated` for all rows together.
    pub name: String,
    /// What became of the limit here.
    pub state: LimitState,
    /// It has so few of the run's requests (less than 1 %, but some) that it cannot leave the limit undecided.
    pub minor: bool,
    /// Fewer than six slices of time are left of the run, so that it cannot be seen how it varies; never decided.
    pub short: bool,
    /// What was measured, in the unit of the bound: milliseconds, successes a second, a share; none without requests.
    pub value: Option<f64>,
    /// Requests that count: successes for latencies and throughput, all for failures.
    pub requests: u64,
    /// How many of them are over the limit: slower (those as slow as the bound, to the width of a bucket, in part), or
    /// failed; none of averages and throughput.
    pub over: Option<f64>,
    /// As how many independent requests they count, where that is reckoned: of shares.
    pub independent: Option<f64>,
    /// How many more requests of this row would decide, if they came as those so far; none where it is decided, and
    /// where no number is known to.
    pub further: Option<u64>,
    /// How long that takes in seconds, at the rate of this row so far; none without requests.
    pub further_seconds: Option<f64>,
}

impl LimitResult {
    /// The rows in this state, the worst first: the farthest beyond the bound, or the nearest to it. Of two alike that
    /// which comes first in the module. Minor rows that are undecided are left out.
    #[must_use]
    pub fn rows_in(&self, state: LimitState) -> Vec<&LimitRow> {
        let mut rows: Vec<&LimitRow> =
            self.rows.iter().filter(|row| row.state == state && row.counts()).collect();
        rows.sort_by(|a, b| self.strain(b).total_cmp(&self.strain(a)));
        rows
    }

    /// The value against the bound, above 1 beyond it; infinite where nothing was measured.
    fn strain(&self, row: &LimitRow) -> f64 {
        match row.value {
            Some(value) if self.limit.metric == LimitMetric::Rate => self.limit.bound / value,
            Some(value) => value / self.limit.bound,
            None => f64::INFINITY,
        }
    }
}

impl LimitRow {
    /// Whether it has a say in what became of the limit.
    fn counts(&self) -> bool {
        !self.minor || self.state != LimitState::NotEnough
    }

    /// The method and the name in one text, for people.
    #[must_use]
    pub fn title(&self) -> String {
        if self.method.is_empty() { self.name.clone() } else { format!("{} {}", self.method, self.name) }
    }
}

/// Judges a run by its limits, in their order. `limited` says why its generator was the limit, if it was: then what
/// is missed may be the generator's fault, failures aside.
#[must_use]
pub fn judge_limits(record: &RunRecord, limits: &[Limit], limited: Option<&str>) -> Vec<LimitResult> {
    if limits.is_empty() {
        return Vec::new();
    }
    let least = MINOR.min(MINOR_OF_EQUAL / record.series.len().max(1) as f64) * record.total.requests as f64;
    let is_minor = |row: &SeriesSummary| row.requests > 0 && (row.requests as f64) < least;
    let rows: Vec<Measured> =
        record.series.iter().map(|row| Measured::of(record, row, is_minor(row))).collect();
    let total = Measured::of(record, &record.total, false);
    let result = |limit: &Limit| {
        let judged = match limit.metric {
            LimitMetric::Rate => vec![total.judge(limit)],
            _ => rows.iter().map(|row| row.judge(limit)).collect(),
        };
        conclude(limit, judged, limited.filter(|_| limit.metric != LimitMetric::Failures))
    };
    limits.iter().map(result).collect()
}

/// How many requests a row needs at least for a limit to be kept, were none of them over it; none for averages and
/// throughput, whose spread decides.
#[must_use]
pub fn least_requests(limit: &Limit) -> Option<u64> {
    match share(0.0, 0.0, 1.0, allowed(limit)?) {
        Kept::NotEnough { further } => further,
        Kept::Kept | Kept::Missed => None,
    }
}

/// The share of requests that may be over a limit; none of averages and throughput.
fn allowed(limit: &Limit) -> Option<f64> {
    match limit.metric {
        LimitMetric::Failures => Some(limit.bound),
        metric => metric.quantile().map(|p| 1.0 - p),
    }
}

fn conclude(limit: &Limit, mut rows: Vec<LimitRow>, limited: Option<&str>) -> LimitResult {
    let is_missed = rows.iter().any(|row| row.state == LimitState::Missed);
    if limited.is_some() {
        let missed = rows.iter_mut().filter(|row| row.state == LimitState::Missed);
        missed.for_each(|row| row.state = LimitState::NotEnough);
    }
    // Of no row at all nothing is known.
    let states = rows.iter().filter(|row| row.counts()).map(|row| row.state);
    let state = states.max().unwrap_or(LimitState::NotEnough);
    let limited = limited.filter(|_| is_missed).map(str::to_owned);
    LimitResult { limit: limit.clone(), state, rows, limited }
}

/// A row in the verdict's window.
struct Measured<'a> {
    row: &'a SeriesSummary,
    minor: bool,
    window: Window,
    cell: Cell,
    batches: Batches,
}

/// What was measured of one metric, before it is known what it means.
struct Reckoned {
    kept: Kept,
    value: Option<f64>,
    requests: u64,
    over: Option<f64>,
    independent: Option<f64>,
}

impl<'a> Measured<'a> {
    fn of(record: &RunRecord, row: &'a SeriesSummary, minor: bool) -> Self {
        let window = record.window_of(row);
        let (cell, batches) = Cell::measure(&window);
        Self { row, minor, window, cell, batches }
    }

    fn judge(&self, limit: &Limit) -> LimitRow {
        let Reckoned { kept, value, requests, over, independent } = match limit.metric {
            LimitMetric::Percentile(_) | LimitMetric::Average => self.latency(limit),
            LimitMetric::Rate => self.rate(limit),
            LimitMetric::Failures => self.failures(limit),
        };
        let short = self.cell.short;
        let (state, further) = match kept {
            _ if short => (LimitState::NotEnough, None),
            Kept::Kept => (LimitState::Kept, None),
            Kept::Missed => (LimitState::Missed, None),
            Kept::NotEnough { further } => (LimitState::NotEnough, further),
        };
        let rate = requests as f64 / self.window.seconds();
        let further_seconds =
            further.map(|further| further as f64 / rate).filter(|seconds| seconds.is_finite());
        LimitRow {
            method: self.row.method.clone(),
            name: self.row.name.clone(),
            state,
            minor: self.minor,
            short,
            value,
            requests,
            over,
            independent,
            further,
            further_seconds,
        }
    }

    fn latency(&self, limit: &Limit) -> Reckoned {
        let Some(p) = limit.metric.quantile() else { return self.average(limit) };
        let found = over(&self.window, limit.bound * 1e3, p);
        let successes = self.window.histogram();
        Reckoned {
            kept: share(found.over, found.total, found.deff, 1.0 - p),
            value: successes.quantile_us(p).map(|us| us / 1e3),
            requests: successes.count(),
            over: Some(found.over),
            independent: Some(found.total / found.deff),
        }
    }

    fn average(&self, limit: &Limit) -> Reckoned {
        let successes = self.successes();
        let Some(average) = self.cell.average else { return successes };
        let bound = (limit.bound / 1e3).ln();
        let kept = mean(average.y, average.w, self.batches.len(), successes.requests as f64, bound);
        Reckoned { kept, value: Some(average.y.exp() * 1e3), ..successes }
    }

    fn rate(&self, limit: &Limit) -> Reckoned {
        // The positive direction is the worse one.
        let successes = self.successes();
        let Some(rate) = self.cell.rate else {
            // Requests ended, and none of them well.
            let kept = if self.cell.requests > 0 { Kept::Missed } else { successes.kept };
            return Reckoned { kept, value: (self.cell.requests > 0).then_some(0.0), ..successes };
        };
        let kept = mean(rate.y, rate.w, self.batches.len(), successes.requests as f64, -limit.bound.ln());
        Reckoned { kept, value: Some((-rate.y).exp()), ..successes }
    }

    fn successes(&self) -> Reckoned {
        Reckoned {
            kept: Kept::NotEnough { further: None },
            value: None,
            requests: self.cell.requests - self.cell.failures,
            over: None,
            independent: None,
        }
    }

    fn failures(&self, limit: &Limit) -> Reckoned {
        let (requests, failures) = (self.cell.requests, self.cell.failures);
        let deff = self.cell.failure_deff;
        Reckoned {
            kept: share(failures as f64, requests as f64, deff, limit.bound),
            value: (requests > 0).then(|| failures as f64 / requests as f64),
            requests,
            over: Some(failures as f64),
            independent: Some(requests as f64 / deff),
        }
    }
}
