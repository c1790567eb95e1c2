//! One row against the others: what all rows have in common is noise of the session (docs/statistics.md 3.9).

use std::collections::BTreeMap;

use crate::Metric;
use crate::verdict::multiplicity::rank;
use crate::verdict::samples::median;
use crate::verdict::stored::{Value, Values, mean, test};
use crate::verdict::{Relative, Rules, Slack};

/// The relative tests of one metric, for the rows of `values` in their order. The ranks are those among these
/// rows; [`super::judge`] ranks them again among all metrics. Empty where there are too few rows.
pub(super) fn compare(values: &[Values], metric: Metric, rules: &Rules) -> Vec<Relative> {
    if values.len() < Rules::MIN_ROWS {
        return Vec::new();
    }
    let common = common_moves(values);
    let sigma = rules.sigma_relative.of(metric);
    let tests: Vec<_> = values.iter().map(|row| test(&without(row, &common), sigma)).collect();
    let (worse, better): (Vec<f64>, Vec<f64>) =
        tests.iter().map(|test| test.p_values(Slack::default())).unzip();
    let (worse, better) = (rank(&worse, rules.q_relative), rank(&better, rules.q_relative));
    let ranks = worse.into_iter().zip(better);
    tests
        .iter()
        .zip(ranks)
        .map(|(test, (worse, better))| Relative {
            difference: test.difference,
            error: test.error,
            worse,
            better,
        })
        .collect()
}

/// By session how far the median row lies from its mean over the epoch; candidates are measured from the current
/// epoch.
fn common_moves(values: &[Values]) -> BTreeMap<usize, f64> {
    let mut moves: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
    let mut add = |of: &[Value], from: f64| {
        for value in of {
            moves.entry(value.id).or_default().push(value.y - from);
        }
    };
    for row in values {
        for epoch in &row.epochs {
            add(epoch, mean(epoch));
        }
        add(&row.candidate, mean(row.current()));
    }
    moves
        .into_iter()
        .filter_map(|(id, mut moves)| {
            moves.sort_by(f64::total_cmp);
            Some((id, median(&moves)?))
        })
        .collect()
}

fn without(row: &Values, common: &BTreeMap<usize, f64>) -> Values {
    let less = |values: &[Value]| -> Vec<Value> {
        let moved = |value: &Value| common.get(&value.id).copied().unwrap_or_default();
        values.iter().map(|value| Value { y: value.y - moved(value), ..*value }).collect()
    };
    Values { epochs: row.epochs.iter().map(|epoch| less(epoch)).collect(), candidate: less(&row.candidate) }
}
