//! A change against stored sessions (docs/statistics.md 3.7): the spread between sessions is a mixture of what is
//! expected beforehand and what the stored sessions show.

use crate::Metric;
use crate::special::{t_above, t_below, t_quantile};
use crate::verdict::advice::visible;
use crate::verdict::report::Change;
use crate::verdict::{Parts, Rank, Rules, Session, Slack, Stored};

/// The value of one session and the variance of it inside the session.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Value {
    /// Which session.
    pub(super) id: usize,
    /// Mean of y over its runs.
    pub(super) y: f64,
    /// Sum of w^2 over its runs, divided by the square of their number.
    pub(super) within: f64,
}

impl Value {
    /// Of a session; `None` where none of its runs has an estimate. Runs without one are left out.
    pub(super) fn of(session: &Session, metric: Metric) -> Option<Self> {
        let estimates: Vec<_> = session.runs.iter().filter_map(|run| run.estimate(metric)).collect();
        if estimates.is_empty() {
            return None;
        }
        let runs = estimates.len() as f64;
        let y = estimates.iter().map(|estimate| estimate.y).sum::<f64>() / runs;
        let within = estimates.iter().map(|estimate| estimate.w.powi(2)).sum::<f64>() / (runs * runs);
        Some(Self { id: session.id, y, within })
    }
}

/// The values of a row by epoch, the current one last.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Values {
    pub(super) epochs: Vec<Vec<Value>>,
    pub(super) candidate: Vec<Value>,
}

impl Values {
    /// `None` where the current epoch or the candidate has no value.
    pub(super) fn of(stored: &Stored, metric: Metric) -> Option<Self> {
        let mut values = Self::baseline_of(stored, metric)?;
        values.candidate = of_sessions(&stored.candidate, metric);
        (!values.candidate.is_empty()).then_some(values)
    }

    /// Without candidate; `None` where the current epoch has no value.
    pub(super) fn baseline_of(stored: &Stored, metric: Metric) -> Option<Self> {
        let current = of_sessions(&stored.baseline, metric);
        if current.is_empty() {
            return None;
        }
        let earlier = stored.earlier.iter().map(|epoch| of_sessions(epoch, metric));
        let mut epochs: Vec<Vec<Value>> = earlier.filter(|epoch| !epoch.is_empty()).collect();
        epochs.push(current);
        let mut values = Self { epochs, candidate: Vec::new() };
        values.keep_newest();
        Some(values)
    }

    /// The sessions of the current epoch.
    pub(super) fn current(&self) -> &[Value] {
        self.epochs.last().map_or(&[], Vec::as_slice)
    }

    /// Only the newest [`Rules::MAX_SESSIONS`] count.
    fn keep_newest(&mut self) {
        let mut room = Rules::MAX_SESSIONS;
        for epoch in self.epochs.iter_mut().rev() {
            let drop = epoch.len().saturating_sub(room);
            epoch.drain(..drop);
            room -= epoch.len();
        }
        self.epochs.retain(|epoch| !epoch.is_empty());
    }
}

fn of_sessions(sessions: &[Session], metric: Metric) -> Vec<Value> {
    sessions.iter().filter_map(|session| Value::of(session, metric)).collect()
}

/// The mean of the values' y.
pub(super) fn mean(values: &[Value]) -> f64 {
    values.iter().map(|value| value.y).sum::<f64>() / values.len() as f64
}

/// The bare test: difference, standard error, degrees of freedom, and what they are made of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Test {
    pub(super) difference: f64,
    pub(super) error: f64,
    pub(super) freedom: f64,
    pub(super) parts: Parts,
}

/// Carries out the reckoning of 3.7 with the noise `sigma` expected beforehand.
pub(super) fn test(values: &Values, sigma: f64) -> Test {
    let current = values.current();
    let all = || values.epochs.iter().flatten();
    let squares: f64 = values
        .epochs
        .iter()
        .map(|epoch| {
            let mean = mean(epoch);
            epoch.iter().map(|value| (value.y - mean).powi(2)).sum::<f64>()
        })
        .sum();
    let added: f64 = values.epochs.iter().map(|epoch| epoch.len() as f64 - 1.0).sum();
    let within = all().map(|value| value.within).sum::<f64>() / all().count() as f64;
    let variance = (Rules::WEIGHT * (sigma * sigma + within) + squares) / (Rules::WEIGHT + added);
    let between = (variance - within).max(sigma * sigma / 4.0);
    let candidate = &values.candidate;
    let within_candidate = candidate.iter().map(|value| value.within).sum::<f64>() / candidate.len() as f64;
    let error =
        (variance / current.len() as f64 + (between + within_candidate) / candidate.len() as f64).sqrt();
    Test {
        difference: mean(candidate) - mean(current),
        error,
        freedom: Rules::FREEDOM + added,
        parts: Parts::Stored {
            sessions: current.len(),
            candidates: candidate.len(),
            freedom: added,
            sigma,
            squares,
            variance,
            between,
            within,
            within_candidate,
        },
    }
}

impl Test {
    /// (p of worse, p of better) for differences that rounding may have made larger by `slack`.
    pub(super) fn p_values(&self, slack: Slack) -> (f64, f64) {
        let worse = t_above((self.difference - slack.low) / self.error, self.freedom);
        let better = t_below((self.difference + slack.high) / self.error, self.freedom);
        (worse, better)
    }

    /// The full reckoning, the ranks being those of single tests until the families are known.
    pub(super) fn change(&self, slack: Slack, rules: &Rules) -> Change {
        let (worse, better) = self.p_values(slack);
        let alone = |p| Rank { p, rank: 1, family: 1, q: rules.q, rejected: p <= rules.q };
        let half = t_quantile(0.975, self.freedom) * self.error;
        Change {
            difference: self.difference,
            slack,
            error: self.error,
            freedom: self.freedom,
            interval: (self.difference - slack.low - half, self.difference + slack.high + half),
            upper: self.difference + slack.high + t_quantile(1.0 - rules.bound, self.freedom) * self.error,
            worse: alone(worse),
            better: alone(better),
            relative: None,
            visible: visible(self.error, self.freedom, slack.low, rules.q),
            parts: self.parts,
            limited: false,
        }
    }
}
