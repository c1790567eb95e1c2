//! A change seen in interleaved pairs of runs (docs/statistics.md 3.8).

use crate::Metric;
use crate::verdict::stored::Test;
use crate::verdict::{Paired, Parts, Rules};

/// Carries out the reckoning of 3.8; `None` where a run has no estimate.
pub(super) fn test(paired: &Paired, metric: Metric, sigma: f64) -> Option<Test> {
    let pairs = paired.pairs.len() as f64;
    let mut differences = Vec::new();
    let mut within = 0.0;
    for (a, b) in &paired.pairs {
        let (a, b) = (a.estimate(metric)?, b.estimate(metric)?);
        differences.push(b.y - a.y);
        within += a.w.powi(2) + b.w.powi(2);
    }
    if differences.is_empty() {
        return None;
    }
    let difference = differences.iter().sum::<f64>() / pairs;
    let squares: f64 = differences.iter().map(|d| (d - difference).powi(2)).sum();
    let prior = 2.0 * (Rules::PAIR_SHARE * sigma).powi(2) + within / pairs;
    let variance = (Rules::WEIGHT * prior + squares) / (Rules::WEIGHT + pairs - 1.0);
    Some(Test {
        difference,
        error: (variance / pairs).sqrt(),
        freedom: Rules::FREEDOM + pairs - 1.0,
        parts: Parts::Pairs { pairs: differences.len(), prior, squares, variance },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::testing::{cell, moved};

    fn pairs(differences: &[f64]) -> Paired {
        let pair = |by: &f64| (cell(), moved(&cell(), Metric::P50, *by));
        Paired { pairs: differences.iter().map(pair).collect() }
    }

    #[test]
    fn what_was_expected_weighs_as_much_as_three_more_pairs() {
        let found = test(&pairs(&[0.1, 0.2, 0.3]), Metric::P50, 0.035).unwrap();
        let prior = 2.0 * (0.7 * 0.035_f64).powi(2) + 2.0 * 0.0004;
        let variance = (3.0 * prior + 0.02) / 5.0;
        assert!((found.difference - 0.2).abs() < 1e-12 && (found.freedom - 12.0).abs() < 1e-12);
        assert!((found.error - (variance / 3.0_f64).sqrt()).abs() < 1e-12);
    }

    #[test]
    fn noise_that_both_runs_of_a_pair_share_does_not_matter() {
        let mut shared = pairs(&[0.1, 0.2, 0.3]);
        let (a, b) = &shared.pairs[1];
        shared.pairs[1] = (moved(a, Metric::P50, 0.7), moved(b, Metric::P50, 0.7));
        let (found, plain) = (
            test(&shared, Metric::P50, 0.035).unwrap(),
            test(&pairs(&[0.1, 0.2, 0.3]), Metric::P50, 0.035).unwrap(),
        );
        assert!((found.difference - plain.difference).abs() < 1e-12);
        assert!((found.error - plain.error).abs() < 1e-12);
    }

    #[test]
    fn one_pair_has_the_spread_that_was_expected_and_no_pair_has_none() {
        let one = test(&pairs(&[0.1]), Metric::P50, 0.035).unwrap();
        assert!((one.freedom - 10.0).abs() < 1e-12 && one.error > 0.0);
        assert_eq!(test(&pairs(&[]), Metric::P50, 0.035), None);
        let mut lost = pairs(&[0.1, 0.2]);
        lost.pairs[1].1.p50 = None;
        assert_eq!(test(&lost, Metric::P50, 0.035), None);
    }
}
