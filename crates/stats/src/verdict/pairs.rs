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
