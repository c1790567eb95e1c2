//! What a comparison can see, and what would let it see more (docs/statistics.md 3.15).

use crate::Metric;
use crate::special::t_quantile;
use crate::verdict::stored::{Test, Value, Values, mean, test};
use crate::verdict::{Change, Parts, Rules, Stored};

/// The probability with which a change that is called visible is seen.
const POWER: f64 = 0.8;
/// The most stored sessions that are ever advised.
const MAX_SESSIONS: usize = 20;
/// The fewest and the most interleaved pairs that are ever advised.
const PAIRS: std::ops::RangeInclusive<usize> = 3..=15;
/// The most that a run is ever to be lengthened by.
const MAX_LONGER: f64 = 1000.0;
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
            let enough_sessions = |k: &usize| {
                let error = (variance / *k as f64 + between + within_candidate).sqrt();
                let freedom = Rules::FREEDOM + freedom + (*k - sessions) as f64;
                visible(error, freedom, 0.0, rules.q) <= CAUTION * target
            };
            let enough_pairs = |m: &usize| {
                let error = of_pairs(*m, between, within + within_candidate);
                visible(error, Rules::FREEDOM + *m as f64 - 1.0, 0.0, rules.q) <= target
            };
            let longer = (within_candidate > between).then(|| {
                let error = target.ln_1p() / reach(Rules::FREEDOM + freedom, rules.q);
                within_candidate / (error * error - variance / sessions as f64 - between)
            });
            Advice {
                sessions: (sessions + 1..=MAX_SESSIONS).find(enough_sessions),
                pairs: PAIRS.into_iter().find(enough_pairs),
                longer: longer.and_then(factor),
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
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a whole number between 1 and the limit"
)]
fn factor(longer: f64) -> Option<u32> {
    let factor = longer.ceil();
    (factor > 1.0 && factor <= MAX_LONGER).then_some(factor as u32)
}

/// The change (a share) that a run which is still to be made can see against stored sessions, when it gets `share`
/// times as many requests as each of their runs. `None` without a baseline.
#[must_use]
pub fn foresee(stored: &Stored, metric: Metric, share: f64, rules: &Rules) -> Option<f64> {
    let test = expected(stored, metric, share, rules)?;
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
    if pairs == 0 {
        return None;
    }
    let test = expected(stored, metric, share, rules)?;
    let Parts::Stored { between, within_candidate, .. } = test.parts else { return None };
    let error = of_pairs(pairs, between, 2.0 * within_candidate);
    Some(visible(error, Rules::FREEDOM + pairs as f64 - 1.0, 0.0, rules.q))
}

/// The standard error of so many pairs, whose two runs have the variances `within` inside them, together.
fn of_pairs(pairs: usize, between: f64, within: f64) -> f64 {
    ((2.0 * Rules::PAIR_SHARE.powi(2) * between + within) / pairs as f64).sqrt()
}

/// The test of one run to come, if nothing changes.
fn expected(stored: &Stored, metric: Metric, share: f64, rules: &Rules) -> Option<Test> {
    if !(share > 0.0 && share.is_finite()) {
        return None;
    }
    let mut values = Values::baseline_of(stored, metric)?;
    let runs = stored.baseline.iter().flat_map(|session| &session.runs);
    let variances: Vec<f64> = runs.filter_map(|run| Some(run.estimate(metric)?.w.powi(2) / share)).collect();
    let within = variances.iter().sum::<f64>() / variances.len() as f64;
    values.candidate = vec![Value { id: usize::MAX, y: mean(values.current()), within }];
    Some(test(&values, rules.sigma.of(metric)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::{Cell, Estimate};
    use crate::verdict::testing::{cell, session, stored};
    use crate::verdict::{Evidence, Noise, Paired, PerMetric, Row, judge};

    /// A median with a standard error of `w` inside the run, as stored and as judged.
    fn change(sessions: usize, w_stored: f64, w: f64) -> Change {
        let run = |w| Cell { p50: Estimate::checked(-2.0, w, Some(400.0)), ..cell() };
        let baseline = (0..sessions).map(|id| session(id, &run(w_stored))).collect();
        of(Evidence::Stored(stored(baseline, vec![session(99, &run(w))])))
    }

    fn of(evidence: Evidence) -> Change {
        let rows = [Row { aggregated: false, evidence }];
        judge(&rows, &Rules::default(), &[]).rows[0].figure(Metric::P50).unwrap().change.unwrap()
    }

    fn advice(change: &Change) -> Advice {
        advise(change, Metric::P50, &Rules::default())
    }

    /// `exp((t(1 - q/4) + t(0.8)) error) - 1`, with quantiles from tables.
    #[test]
    fn what_is_visible_takes_two_quantiles_of_the_error() {
        let found = visible(0.06049, 10.0, 0.0, 0.05);
        assert!((found - ((2.633_767 + 0.879_058) * 0.06049_f64).exp_m1()).abs() < 1e-6, "{found}");
        let rounded = visible(0.06049, 10.0, 0.01, 0.05);
        assert!((rounded - ((1.0 + found) * 0.01_f64.exp() - 1.0)).abs() < 1e-12);
    }

    #[test]
    fn pairs_are_offered_where_they_reach_the_margin() {
        let found = advice(&change(1, 0.01, 0.01));
        assert!(found.visible > 0.15 && (found.target - 0.1).abs() < 1e-12, "{found:?}");
        // Two noises of 0.7 * 0.035 and two spreads of 0.01 over three pairs see 7 %.
        assert_eq!(found.pairs, Some(3));
        assert_eq!(advice(&change(1, 0.05, 0.05)).pairs, Some(8));
        assert_eq!(advice(&change(1, 0.3, 0.3)).pairs, None);
    }

    #[test]
    fn each_offer_is_the_smallest_that_keeps_its_promise() {
        let rules = Rules::default();
        let change = change(1, 0.05, 0.05);
        let Parts::Stored { between, within, within_candidate, .. } = change.parts else { unreachable!() };
        let pairs = advice(&change).pairs.unwrap();
        let sees = |m: usize| {
            let error = of_pairs(m, between, within + within_candidate);
            visible(error, 9.0 + m as f64, 0.0, rules.q)
        };
        assert!(sees(pairs) <= 0.1 && sees(pairs - 1) > 0.1);
    }

    #[test]
    fn sessions_are_offered_only_where_the_noise_of_the_judged_one_allows_it() {
        // The judged session alone has a noise of 3.5 %: no baseline shows 10 % less a tenth.
        assert_eq!(advice(&change(1, 0.01, 0.01)).sessions, None);
        let quiet = Rules::default().with_noise(Noise::Quiet);
        let run = Cell { p50: Estimate::checked(-2.0, 0.01, Some(400.0)), ..cell() };
        let rows = [Row {
            aggregated: false,
            evidence: Evidence::Stored(stored(vec![session(0, &run)], vec![session(9, &run)])),
        }];
        let change = judge(&rows, &quiet, &[]).rows[0].figure(Metric::P50).unwrap().change.unwrap();
        let offer = advise(&change, Metric::P50, &quiet).sessions;
        assert!(offer.is_some_and(|sessions| (2..=20).contains(&sessions)), "{offer:?}");
    }

    #[test]
    fn longer_runs_are_offered_only_where_the_spread_inside_them_is_what_hides_the_change() {
        assert_eq!(advice(&change(1, 0.01, 0.03)).longer, None);
        let quiet = Rules { sigma: PerMetric { p50: 0.01, ..Rules::default().sigma }, ..Rules::default() };
        let run = |w| Cell { p50: Estimate::checked(-2.0, w, Some(400.0)), ..cell() };
        let baseline = (0..10).map(|id| session(id, &run(0.01))).collect();
        let evidence = Evidence::Stored(stored(baseline, vec![session(99, &run(0.06))]));
        let rows = [Row { aggregated: false, evidence }];
        let change = judge(&rows, &quiet, &[]).rows[0].figure(Metric::P50).unwrap().change.unwrap();
        let times = advise(&change, Metric::P50, &quiet).longer.unwrap();
        let Parts::Stored { sessions, variance, between, within_candidate, freedom, .. } = change.parts
        else {
            unreachable!()
        };
        let sees = |times: f64| {
            let error = (variance / sessions as f64 + between + within_candidate / times).sqrt();
            visible(error, Rules::FREEDOM + freedom, 0.0, quiet.q)
        };
        assert!(sees(f64::from(times)) <= 0.1 && sees(f64::from(times) - 1.0) > 0.1, "{times}");
    }

    #[test]
    fn more_pairs_are_offered_after_pairs() {
        let run = |w| Cell { p50: Estimate::checked(-2.0, w, Some(400.0)), ..cell() };
        let pairs = vec![(run(0.04), run(0.04)); 3];
        let found = advice(&of(Evidence::Paired(Paired { pairs })));
        assert!(found.pairs.is_some_and(|pairs| pairs > 3) && found.sessions.is_none(), "{found:?}");
    }

    #[test]
    fn what_a_run_will_see_is_what_it_sees_when_it_is_like_the_stored_ones() {
        let rules = Rules::default();
        let row = stored(vec![session(0, &cell()), session(1, &cell())], Vec::new());
        let judged = stored(row.baseline.clone(), vec![session(9, &cell())]);
        let seen = of(Evidence::Stored(judged)).visible;
        assert!((foresee(&row, Metric::P50, 1.0, &rules).unwrap() - seen).abs() < 1e-12);
        assert!(foresee(&row, Metric::P50, 0.1, &rules).unwrap() > seen);
        // Sessions of two runs do not make the run to come any longer.
        let mut twice = row.clone();
        for session in &mut twice.baseline {
            session.runs.push(cell());
        }
        let of_twice = foresee(&twice, Metric::P50, 1.0, &rules).unwrap();
        assert!(of_twice < seen && of_twice > 0.9 * seen, "{of_twice} {seen}");
    }

    #[test]
    fn pairs_to_come_see_what_the_advice_promises() {
        let rules = Rules::default();
        let row = stored(vec![session(0, &cell())], Vec::new());
        let three = foresee_pairs(&row, Metric::P50, 1.0, 3, &rules).unwrap();
        let error = ((2.0 * 0.49 * 0.035_f64.powi(2) + 2.0 * 0.0004) / 3.0).sqrt();
        assert!((three - visible(error, 12.0, 0.0, 0.05)).abs() < 1e-12);
        assert!(foresee_pairs(&row, Metric::P50, 1.0, 6, &rules).unwrap() < three);
    }

    #[test]
    fn without_baseline_or_requests_nothing_is_foreseen() {
        let rules = Rules::default();
        let row = stored(vec![session(0, &cell())], Vec::new());
        for share in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(foresee(&row, Metric::P50, share, &rules), None);
            assert_eq!(foresee_pairs(&row, Metric::P50, share, 3, &rules), None);
        }
        assert_eq!(foresee(&Stored::default(), Metric::P50, 1.0, &rules), None);
        assert_eq!(foresee(&row, Metric::Failures, 1.0, &rules), None);
        assert_eq!(foresee_pairs(&row, Metric::P50, 1.0, 0, &rules), None);
    }
}
