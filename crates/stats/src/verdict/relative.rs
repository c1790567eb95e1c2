//! One row against the others: what all rows have in common is noise of the session (docs/statistics.md 3.9).

use std::collections::BTreeMap;

use crate::Metric;
use crate::verdict::multiplicity::rank;
use crate::verdict::samples::median;
use crate::verdict::stored::{Test, Value, Values, mean, test};
use crate::verdict::{Relative, Rules, Slack};

/// The relative tests of one metric, for the rows of `values` in their order. The ranks are those among these
/// rows; [`super::judge`] ranks them again among all metrics. `None` for a row that shares too few sessions with
/// others, and for all of them where there are too few rows.
pub(super) fn compare(values: &[Values], metric: Metric, rules: &Rules) -> Vec<Option<Relative>> {
    let shared = shared(values);
    let common = common_moves(&shared);
    let sigma = rules.sigma_relative.of(metric);
    let tests: Vec<Option<Test>> =
        shared.iter().map(|row| Some(test(&without(row.as_ref()?, &common), sigma))).collect();
    let (worse, better): (Vec<f64>, Vec<f64>) =
        tests.iter().flatten().map(|test| test.p_values(Slack::default())).unzip();
    let (worse, better) = (rank(&worse, rules.q_relative), rank(&better, rules.q_relative));
    let mut ranks = worse.into_iter().zip(better);
    tests
        .into_iter()
        .map(|test| {
            let test = test?;
            let (worse, better) = ranks.next()?;
            Some(Relative { difference: test.difference, error: test.error, worse, better })
        })
        .collect()
}

/// Only the sessions that enough rows know, because the median of fewer is mostly the row itself. `None` for a row
/// that has none of them in the current epoch, or none that is judged.
fn shared(values: &[Values]) -> Vec<Option<Values>> {
    let mut rows: Vec<Option<Values>> = values.iter().cloned().map(Some).collect();
    loop {
        let mut known: BTreeMap<usize, usize> = BTreeMap::new();
        for value in rows.iter().flatten().flat_map(Values::all) {
            *known.entry(value.id).or_default() += 1;
        }
        if known.values().all(|rows| *rows >= Rules::MIN_ROWS) {
            return rows;
        }
        for row in &mut rows {
            *row = row.take().and_then(|row| row.only(|id| known[&id] >= Rules::MIN_ROWS));
        }
    }
}

/// By session how far the median row lies from its mean over the epoch; candidates are measured from the current
/// epoch.
fn common_moves(rows: &[Option<Values>]) -> BTreeMap<usize, f64> {
    let mut moves: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
    let mut add = |of: &[Value], from: f64| {
        for value in of {
            moves.entry(value.id).or_default().push(value.y - from);
        }
    };
    for row in rows.iter().flatten() {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn value(id: usize, y: f64) -> Value {
        Value { id, y, within: 0.0001 }
    }

    /// Sessions 0 to 2 and the candidate 9, whose noise all rows share; `shift` is what the row alone did.
    fn row(level: f64, shift: f64) -> Values {
        let epoch = [(0, 0.02), (1, -0.05), (2, 0.03)].map(|(id, noise)| value(id, level + noise));
        Values { epochs: vec![epoch.to_vec()], candidate: vec![value(9, level + 0.1 + shift)] }
    }

    fn differences(values: &[Values]) -> Vec<Option<f64>> {
        let found = compare(values, Metric::P50, &Rules::default());
        found.iter().map(|relative| relative.map(|relative| relative.difference)).collect()
    }

    #[test]
    fn what_all_rows_have_in_common_is_taken_off() {
        let rows = [row(0.0, 0.0), row(1.0, 0.0), row(2.0, 0.2), row(3.0, 0.0), row(4.0, 0.0)];
        let found = compare(&rows, Metric::P50, &Rules::default());
        for (index, relative) in found.iter().enumerate() {
            let relative = relative.unwrap();
            let expected = if index == 2 { 0.2 } else { 0.0 };
            assert!((relative.difference - expected).abs() < 1e-12, "row {index}");
            assert_eq!((relative.worse.rejected, relative.worse.family), (index == 2, 5), "row {index}");
        }
    }

    #[test]
    fn three_rows_have_no_relative_test() {
        let rows = [row(0.0, 0.0), row(1.0, 0.0), row(2.0, 0.2)];
        assert_eq!(differences(&rows), [None; 3]);
        assert_eq!(differences(&[]), []);
    }

    #[test]
    fn a_session_that_one_row_alone_knows_says_nothing() {
        let mut rows = vec![row(0.0, 0.0), row(1.0, 0.0), row(2.0, 0.2), row(3.0, 0.0), row(4.0, 0.0)];
        let plain = compare(&rows, Metric::P50, &Rules::default());
        rows[2].epochs.insert(0, vec![value(20, 2.0), value(21, 2.5)]);
        assert_eq!(compare(&rows, Metric::P50, &Rules::default()), plain);
        rows[2].epochs.last_mut().unwrap().push(value(22, 5.0));
        assert_eq!(compare(&rows, Metric::P50, &Rules::default()), plain);
    }

    #[test]
    fn a_row_without_shared_sessions_has_no_relative_test() {
        let mut rows = vec![row(0.0, 0.0), row(1.0, 0.0), row(2.0, 0.2), row(3.0, 0.0), row(4.0, 0.0)];
        rows[1].epochs = vec![vec![value(30, 1.0)]];
        let found = differences(&rows);
        assert!(found[1].is_none() && found.iter().flatten().count() == 4, "{found:?}");
        // With one row less there are too few.
        rows.remove(0);
        assert_eq!(differences(&rows), [None; 4]);
    }
}
