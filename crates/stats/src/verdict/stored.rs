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

    /// Every value of every session.
    pub(super) fn all(&self) -> impl Iterator<Item = &Value> {
        self.epochs.iter().flatten().chain(&self.candidate)
    }

    /// The sessions whose id passes; `None` where none of the current epoch or of the candidate does.
    pub(super) fn only(mut self, passes: impl Fn(usize) -> bool) -> Option<Self> {
        for values in self.epochs.iter_mut().chain([&mut self.candidate]) {
            values.retain(|value| passes(value.id));
        }
        if self.current().is_empty() || self.candidate.is_empty() {
            return None;
        }
        self.epochs.retain(|epoch| !epoch.is_empty());
        Some(self)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::{Cell, Estimate};
    use crate::verdict::testing::{cell, moved, session, stored};

    fn at(id: usize, by: f64) -> Session {
        session(id, &moved(&cell(), Metric::P50, by))
    }

    fn reckon(stored: &Stored) -> Test {
        test(&Values::of(stored, Metric::P50).unwrap(), 0.035)
    }

    fn close(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-12, "found {found}, expected {expected}");
    }

    #[test]
    fn two_runs_of_a_session_are_one_value_of_half_the_variance() {
        let runs = vec![moved(&cell(), Metric::P50, 0.1), moved(&cell(), Metric::P50, 0.3)];
        let value = Value::of(&Session { id: 7, runs }, Metric::P50).unwrap();
        close(value.y, 0.1_f64.ln() + 0.2);
        close(value.within, 0.0004 / 2.0);
        assert_eq!(Value::of(&Session::default(), Metric::P50), None);
        assert_eq!(Value::of(&at(0, 0.0), Metric::Failures), None);
    }

    #[test]
    fn earlier_epochs_give_their_spread_and_not_their_level() {
        let mut row = stored(vec![at(5, 0.0)], vec![at(9, 0.2)]);
        row.earlier = vec![vec![at(0, 3.0), at(1, 3.2)], vec![at(2, -5.0)]];
        let found = reckon(&row);
        close(found.difference, 0.2);
        close(found.freedom, 11.0);
        let variance = (3.0 * (0.035_f64.powi(2) + 0.0004) + 0.02) / 4.0;
        close(found.error, (variance + (variance - 0.0004) + 0.0004).sqrt());
    }

    #[test]
    fn sessions_that_agree_leave_a_quarter_of_the_expected_noise() {
        let row = stored((0..20).map(|id| at(id, 0.0)).collect(), vec![at(99, 0.0)]);
        let Parts::Stored { between, variance, .. } = reckon(&row).parts else { unreachable!() };
        assert!(variance - 0.0004 < 0.035_f64.powi(2) / 4.0);
        close(between, 0.035_f64.powi(2) / 4.0);
    }

    #[test]
    fn only_the_twenty_newest_sessions_count() {
        let newest: Vec<_> = (10..30).map(|id| at(id, 0.01 * (id % 3) as f64)).collect();
        let plain = reckon(&stored(newest.clone(), vec![at(99, 0.1)]));
        let mut row = stored(newest, vec![at(99, 0.1)]);
        row.baseline.insert(0, at(9, 4.0));
        row.earlier = vec![vec![at(0, 0.0), at(1, 9.0)]];
        assert_eq!(reckon(&row), plain);
    }

    #[test]
    fn several_judged_sessions_count_by_their_mean() {
        let row = stored(vec![at(0, 0.0)], vec![at(8, 0.1), at(9, 0.3)]);
        let found = reckon(&row);
        let variance = 0.035_f64.powi(2) + 0.0004;
        close(found.difference, 0.2);
        close(found.error, (variance + 0.5 * (0.035_f64.powi(2) + 0.0004)).sqrt());
    }

    #[test]
    fn latencies_without_any_spread_have_the_expected_noise() {
        let same = Cell { p50: Estimate::checked(-2.0, 0.0, Some(500.0)), ..cell() };
        let found = reckon(&stored(vec![session(0, &same)], vec![session(9, &same)]));
        close(found.error, (2.0_f64).sqrt() * 0.035);
        let (worse, better) = found.p_values(Slack::default());
        close(worse, 0.5);
        close(better, 0.5);
    }

    #[test]
    fn rounding_that_hides_everything_leaves_nothing_to_say() {
        let found = reckon(&stored(vec![at(0, 0.0)], vec![at(9, 5.0)]));
        let slack = Slack { low: f64::INFINITY, high: f64::INFINITY };
        assert_eq!(found.p_values(slack), (1.0, 1.0));
        let change = found.change(slack, &Rules::default());
        assert_eq!(change.interval, (f64::NEG_INFINITY, f64::INFINITY));
        assert!(change.upper.is_infinite() && change.visible.is_infinite());
    }

    #[test]
    fn without_a_value_on_either_side_there_is_no_test() {
        let lost = Cell { p50: None, ..cell() };
        for row in [
            stored(Vec::new(), vec![at(9, 0.0)]),
            stored(vec![at(0, 0.0)], Vec::new()),
            stored(vec![session(0, &lost)], vec![at(9, 0.0)]),
            stored(vec![at(0, 0.0)], vec![session(9, &lost)]),
        ] {
            assert_eq!(Values::of(&row, Metric::P50), None);
        }
    }
}
