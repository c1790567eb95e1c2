//! What a comparison can see, and what would let it see more (docs/statistics.md 3.15).

use crate::Metric;
use crate::special::t_quantile;
use crate::verdict::stored::{Value, Values, test};
use crate::verdict::{Change, Parts, Rules, Stored};

/// The probability with which a change that is called visible is seen.
const POWER: f64 = 0.8;
/// The most stored sessions that are ever advised.
const MAX_SESSIONS: usize = 20;
/// The fewest and the most interleaved pairs that are ever advised.
const PAIRS: std::ops::RangeInclusive<usize> = 3..=15;
/// Stored sessions must promise a little more than they are asked for: few sessions that agree flatter themselves.
const CAUTION: f64 = 0.9;

/// What would let a comparison see a change as large as the margin of its metric. Each offer is `None` where it
/// cannot reach that.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Advice {
    /// The change (a share) that the comparison sees as it is, in about four of five cases.
    pub visible: f64,
    /// The change that the offers below see.
    pub target: f64,
    /// Stored baseline sessions, all of them counted.
    pub sessions: Option<usize>,
    /// Interleaved pairs.
    pub pairs: Option<usize>,
    /// Runs so many times as long.
    pub longer: Option<u32>,
}

/// The change (a share) that a test with this standard error sees in about four of five cases, at the level of the
/// second of four figures.
#[must_use]
pub fn visible(error: f64, freedom: f64, slack: f64, q: f64) -> f64 {
    (reach(freedom, q) * error + slack).exp_m1()
}

/// Standard errors that a change must have to be seen.
fn reach(freedom: f64, q: f64) -> f64 {
    t_quantile(1.0 - q / 4.0, freedom) + t_quantile(POWER, freedom)
}

/// What would decide a figure that was tested.
#[must_use]
pub fn advise(change: &Change, metric: Metric, rules: &Rules) -> Advice {
    let target = rules.margin.of(metric);
    let nothing = Advice { visible: change.visible, target, sessions: None, pairs: None, longer: None };
    match change.parts {
        Parts::Stored { sessions, freedom, variance, between, within, within_candidate, .. } => {
            let of_sessions = |k: &usize| {
                let error = (variance / *k as f64 + between + within_candidate).sqrt();
                let freedom = Rules::FREEDOM + freedom + (*k - sessions) as f64;
                visible(error, freedom, 0.0, rules.q) <= CAUTION * target
            };
            let of_pairs = |m: &usize| {
                let noise = 2.0 * Rules::PAIR_SHARE.powi(2) * between;
                let error = ((noise + within + within_candidate) / *m as f64).sqrt();
                visible(error, Rules::FREEDOM + *m as f64 - 1.0, 0.0, rules.q) <= target
            };
            let longer = (within_candidate > between).then(|| {
                let error = target.ln_1p() / reach(Rules::FREEDOM + freedom, rules.q);
                within_candidate / (error * error - variance / sessions as f64 - between)
            });
            let factor = longer.flatten_positive();
            Advice {
                sessions: (sessions + 1..=MAX_SESSIONS).find(of_sessions),
                pairs: PAIRS.into_iter().find(of_pairs),
                longer: factor,
                ..nothing
            }
        }
        Parts::Pairs { pairs, variance, .. } => {
            let enough = |m: &usize| {
                let error = (variance / *m as f64).sqrt();
                visible(error, Rules::FREEDOM + *m as f64 - 1.0, 0.0, rules.q) <= target
            };
            Advice { pairs: (pairs + 1..=*PAIRS.end()).find(enough), ..nothing }
        }
    }
}

/// A factor, rounded up, where it is a sensible one.
trait FlattenPositive {
    fn flatten_positive(self) -> Option<u32>;
}

impl FlattenPositive for Option<f64> {
    fn flatten_positive(self) -> Option<u32> {
        let factor = self?.ceil();
        // Above 1 and small, so the conversion is exact.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        (factor > 1.0 && factor <= 1000.0).then_some(factor as u32)
    }
}

/// The change (a share) that a run which is still to be made can see against stored sessions, when it gets `share`
/// times as many requests as each of them. `None` without a baseline.
#[must_use]
pub fn foresee(stored: &Stored, metric: Metric, share: f64, rules: &Rules) -> Option<f64> {
    if !(share > 0.0 && share.is_finite()) {
        return None;
    }
    let mut values = Values::baseline_of(stored, metric)?;
    let current = values.current();
    let within = current.iter().map(|value| value.within).sum::<f64>() / current.len() as f64;
    let y = crate::verdict::stored::mean(current);
    values.candidate = vec![Value { id: usize::MAX, y, within: within / share }];
    let test = test(&values, rules.sigma.of(metric));
    Some(visible(test.error, test.freedom, 0.0, rules.q))
}

/// The change that so many interleaved pairs see, when each run gets `share` times as many requests as the stored
/// ones. `None` without a baseline.
#[must_use]
pub fn foresee_pairs(
    stored: &Stored,
    metric: Metric,
    share: f64,
    pairs: usize,
    rules: &Rules,
) -> Option<f64> {
    if !(share > 0.0 && share.is_finite()) || pairs == 0 {
        return None;
    }
    let values = Values::baseline_of(stored, metric)?;
    let current = values.current();
    let within = current.iter().map(|value| value.within).sum::<f64>() / current.len() as f64 / share;
    let noise = 2.0 * (Rules::PAIR_SHARE * rules.sigma.of(metric)).powi(2);
    let error = ((noise + 2.0 * within) / pairs as f64).sqrt();
    Some(visible(error, Rules::FREEDOM + pairs as f64 - 1.0, 0.0, rules.q))
}
