//! Did one figure of one row change: the interim rule, over two estimates.
//!
//! A figure is called better or worse only with at least twenty requests on both sides, when it changed by more
//! than a tolerance, and by more than three standard errors of the difference. The spread of both sides is that
//! inside a run, so differences between runs are not in it; that is what the tolerance is for. No rows and no
//! files here: whoever compares runs pairs rows and adds up words.
//!
//! Latencies and rates are compared on the logarithmic scale, where errors are relative; the tolerance is the
//! change as it is printed, `new / old - 1`, in both directions.

mod stand_in;

use std::fmt;

use crate::cell::Cell;
use crate::{Direction, Metric};

pub use stand_in::{CsvFigures, locust_half_step};

/// The fewest requests on both sides.
pub const MIN_REQUESTS: u64 = 20;
/// Standard errors of the difference that a change must exceed.
const ERRORS: f64 = 3.0;
/// With fewer requests a row that was to have at least [`SILENT_EXPECTED`] has gone silent.
const SILENT_BELOW: u64 = 5;
/// From this many expected requests on, silence is told from chance.
const SILENT_EXPECTED: f64 = 20.0;

/// One side of a comparison of latencies or rates.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Side {
    /// The figure, in the same unit on both sides.
    pub value: f64,
    /// Its relative standard error; `None` where only the figure is known, as from a CSV. It is then taken from
    /// the other side, scaled by the numbers of requests.
    pub spread: Option<f64>,
    /// How many requests the figure was computed from: successes, where failures are not in it.
    pub requests: u64,
    /// Half the step to which the figure is rounded, in its unit; 0 where it is exact.
    pub half_step: f64,
}

/// One side of a comparison of failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failures {
    /// Requests that failed.
    pub failures: u64,
    /// All requests.
    pub requests: u64,
}

/// How a figure changed from an old run to a new one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    /// `new / old - 1`; `None` where that is no finite number.
    pub ratio: Option<f64>,
    /// What it means.
    pub verdict: Verdict,
    /// The smallest rise, as a ratio like that above, that this comparison could have called; `None` where it
    /// was not judged or no finite ratio could have been called.
    pub visible: Option<f64>,
}

/// What a change means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Better, beyond tolerance and chance.
    Improved,
    /// Worse, beyond tolerance and chance.
    Regressed,
    /// No change beyond tolerance and chance could be seen.
    Unchanged,
    /// Nothing can be said.
    NotJudged(Reason),
}

/// Why nothing can be said about a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// A side has fewer than [`MIN_REQUESTS`].
    TooFewRequests {
        /// Requests of the old run.
        old: u64,
        /// Requests of the new run.
        new: u64,
    },
    /// A figure is missing, zero, or no finite number.
    NoValue,
    /// Neither side knows its spread.
    NoSpread,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooFewRequests { old, new } => {
                write!(f, "fewer than {MIN_REQUESTS} requests (old {old}, new {new})")
            }
            Self::NoValue => f.write_str("no value to compare"),
            Self::NoSpread => f.write_str("no spread known on either side"),
        }
    }
}

impl Side {
    /// The figure of a cell, in seconds or successes per second; `None` where the cell has none, and for
    /// failures, which are compared as counts. The rate of a row without successes is 0.
    #[must_use]
    pub fn of(cell: &Cell, metric: Metric) -> Option<Self> {
        let requests = cell.requests.saturating_sub(cell.failures);
        if metric == Metric::Rate && requests == 0 {
            return Some(Self { value: 0.0, spread: None, requests, half_step: 0.0 });
        }
        let estimate = cell.estimate(metric)?;
        Some(Self { value: cell.value(metric)?, spread: Some(estimate.w), requests, half_step: 0.0 })
    }

    fn is_judgeable(&self) -> bool {
        self.value.is_finite() && self.value > 0.0 && self.half_step.is_finite() && self.half_step >= 0.0
    }

    /// By how much (logarithm) the true figure may lie above the rounded one.
    fn slack_above(&self) -> f64 {
        (self.half_step / self.value).ln_1p()
    }

    /// By how much (logarithm) the true figure may lie below the rounded one; infinite where it may be zero.
    fn slack_below(&self) -> f64 {
        if self.half_step < self.value { -(-self.half_step / self.value).ln_1p() } else { f64::INFINITY }
    }
}

impl From<&Cell> for Failures {
    fn from(cell: &Cell) -> Self {
        Self { failures: cell.failures, requests: cell.requests }
    }
}

impl Change {
    /// Compares a latency or a rate. `tolerance` is a ratio: 0.1 is 10 %; what is negative or no number is 0.
    ///
    /// For a rate use [`of_rates`](Self::of_rates), which also knows rows that went silent.
    #[must_use]
    pub fn of(metric: Metric, old: &Side, new: &Side, tolerance: f64) -> Self {
        let ratio = change_ratio(old.value, new.value);
        let not_judged = |reason| Self { ratio, verdict: Verdict::NotJudged(reason), visible: None };
        if old.requests.min(new.requests) < MIN_REQUESTS {
            return not_judged(Reason::TooFewRequests { old: old.requests, new: new.requests });
        }
        if !old.is_judgeable() || !new.is_judgeable() {
            return not_judged(Reason::NoValue);
        }
        let Some(error) = error_of_difference(old, new) else {
            return not_judged(Reason::NoSpread);
        };
        let tolerance = tolerance.max(0.0);
        let difference = (new.value / old.value).ln();
        let chance = ERRORS * error;
        let slack = old.slack_above() + new.slack_below();
        let rise = difference - slack;
        let fall = -difference - old.slack_below() - new.slack_above();
        let verdict = if rise > tolerance.ln_1p() && rise > chance {
            verdict_of_rise(metric.direction())
        } else if fall > -(-tolerance.min(1.0)).ln_1p() && fall > chance {
            verdict_of_rise(metric.direction()).reversed()
        } else {
            Verdict::Unchanged
        };
        let visible = finite((tolerance.ln_1p().max(chance) + slack).exp_m1());
        Self { ratio, verdict, visible }
    }

    /// Compares rates. A row that went silent has regressed: fewer than five requests in `new_seconds` where
    /// the old rate gives at least twenty.
    #[must_use]
    pub fn of_rates(old: &Side, new: &Side, new_seconds: f64, tolerance: f64) -> Self {
        let expected = old.value * new_seconds;
        if new.requests < SILENT_BELOW && expected.is_finite() && expected >= SILENT_EXPECTED {
            let ratio = change_ratio(old.value, new.value);
            return Self { ratio, verdict: Verdict::Regressed, visible: None };
        }
        Self::of(Metric::Rate, old, new, tolerance)
    }

    /// Compares failure ratios by the difference of the proportions and its pooled standard error. The tolerance
    /// is relative to the old ratio, so that from no failures on any number counts that chance does not explain.
    #[must_use]
    pub fn of_failures(old: Failures, new: Failures, tolerance: f64) -> Self {
        let (before, after) = (old.ratio(), new.ratio());
        let ratio = change_ratio(before, after);
        let not_judged = |reason| Self { ratio, verdict: Verdict::NotJudged(reason), visible: None };
        if old.requests.min(new.requests) < MIN_REQUESTS {
            return not_judged(Reason::TooFewRequests { old: old.requests, new: new.requests });
        }
        if old.failures > old.requests || new.failures > new.requests {
            return not_judged(Reason::NoValue);
        }
        let (old_requests, new_requests) = (old.requests as f64, new.requests as f64);
        let pooled = (old.failures as f64 + new.failures as f64) / (old_requests + new_requests);
        let error = (pooled * (1.0 - pooled) * (1.0 / old_requests + 1.0 / new_requests)).sqrt();
        let threshold = (tolerance.max(0.0) * before).max(ERRORS * error);
        let verdict = match after - before {
            rise if rise > threshold => Verdict::Regressed,
            fall if -fall > threshold => Verdict::Improved,
            _ => Verdict::Unchanged,
        };
        Self { ratio, verdict, visible: finite(threshold / before) }
    }
}

impl Failures {
    fn ratio(self) -> f64 {
        self.failures as f64 / self.requests as f64
    }
}

impl Verdict {
    fn reversed(self) -> Self {
        match self {
            Self::Improved => Self::Regressed,
            Self::Regressed => Self::Improved,
            other => other,
        }
    }
}

/// The smallest change, as a ratio, that the rule can call when a run gets `share` times as many requests as the
/// one whose relative standard error was `w`: the tolerance or three standard errors, whichever is more. `None`
/// when nothing can be called, as with no requests.
#[must_use]
pub fn visible_change(w: f64, share: f64, tolerance: f64) -> Option<f64> {
    if !(w >= 0.0 && share > 0.0) {
        return None;
    }
    finite((ERRORS * w * (1.0 + 1.0 / share).sqrt()).exp_m1().max(tolerance))
}

fn verdict_of_rise(direction: Direction) -> Verdict {
    match direction {
        Direction::LowerIsBetter => Verdict::Regressed,
        Direction::HigherIsBetter => Verdict::Improved,
    }
}

/// `new / old - 1` where that is a finite number of two values that are not negative.
fn change_ratio(old: f64, new: f64) -> Option<f64> {
    if old > 0.0 && new >= 0.0 { finite(new / old - 1.0) } else { None }
}

/// Standard error of the difference of logarithms. A side without spread is as wide as the other would be with
/// its number of requests.
fn error_of_difference(old: &Side, new: &Side) -> Option<f64> {
    let known = |side: &Side| side.spread.filter(|w| w.is_finite() && *w >= 0.0);
    let scaled = |w: f64, from: &Side, to: &Side| w * (from.requests as f64 / to.requests as f64).sqrt();
    let (old_w, new_w) = match (known(old), known(new)) {
        (Some(old_w), Some(new_w)) => (old_w, new_w),
        (Some(old_w), None) => (old_w, scaled(old_w, old, new)),
        (None, Some(new_w)) => (scaled(new_w, new, old), new_w),
        (None, None) => return None,
    };
    finite(old_w.hypot(new_w))
}

fn finite(number: f64) -> Option<f64> {
    number.is_finite().then_some(number)
}

#[cfg(test)]
mod tests;
