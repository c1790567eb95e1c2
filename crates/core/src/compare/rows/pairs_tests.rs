use windtunnel_stats::cell::{Cell, Estimate};
use windtunnel_stats::verdict::Doubt;

use super::*;
use crate::compare::Outcome;

/// A run with one row at this many milliseconds, of whose 1,000 requests so many failed.
fn side(ms: f64, failures: u64) -> Side {
    let estimate = |y: f64| Estimate::checked(y, 0.005, Some(100.0));
    let latency = estimate((ms / 1e3).ln());
    let cell = Cell {
        requests: 1000,
        failures,
        seconds: 20.0,
        average: latency,
        p50: latency,
        p95: latency,
        p99: latency,
        rate: estimate(-50_f64.ln()),
        failure_deff: 1.0,
        short: false,
    };
    let row = SideRow {
        method: "POST".to_owned(),
        name: "/".to_owned(),
        requests: 1000,
        failures,
        cell: Some(cell),
        ..SideRow::default()
    };
    Side { label: format!("run at {ms} ms"), rows: vec![row], ..Side::default() }
}

/// Three pairs of a server that takes 100 ms and one that takes so long.
fn pairs(ms: f64) -> Vec<(Side, Side)> {
    (0..3).map(|_| (side(100.0, 0), side(ms, 0))).collect()
}

fn outcome(pairs: &[(Side, Side)]) -> Outcome {
    compare_pairs(pairs, &Settings::default(), 1).outcome()
}

#[test]
fn versions_are_told_apart_by_the_direction_of_the_change() {
    for (ms, expected) in
        [(100.0, Outcome::Unchanged), (130.0, Outcome::Regressed), (75.0, Outcome::Improved)]
    {
        assert_eq!(outcome(&pairs(ms)), expected, "{ms}");
    }
}

#[test]
fn a_change_at_the_edge_is_called_in_one_look_and_not_in_the_first_of_many() {
    let pairs = pairs(106.0);
    assert_eq!(outcome(&pairs), Outcome::Regressed);
    assert_eq!(compare_pairs(&pairs, &Settings::default(), 20).outcome(), Outcome::Inconclusive);
}

#[test]
fn failures_of_every_pair_count() {
    let mut pairs = pairs(100.0);
    pairs[0].1 = side(100.0, 1);
    let comparison = compare_pairs(&pairs, &Settings::default(), 1);
    let row = &comparison.rows[0];
    assert_eq!((row.old_counts, row.new_counts), (Some((3000, 0)), Some((3000, 1))));
    assert!(!comparison.failures_covered());
    pairs[1].0 = side(100.0, 1);
    assert!(compare_pairs(&pairs, &Settings::default(), 1).failures_covered());
}

#[test]
fn a_doubtful_run_of_either_version_puts_the_comparison_in_doubt() {
    for of_old in [true, false] {
        let change = |change: fn(&mut Side)| {
            let mut pairs = pairs(75.0);
            let (old, new) = &mut pairs[1];
            change(if of_old { old } else { new });
            compare_pairs(&pairs, &Settings::default(), 1)
        };
        let comparison = change(|side| side.unsteady = true);
        assert!(comparison.doubts.contains(&Doubt::Unsteady), "{:?}", comparison.doubts);
        assert_eq!(comparison.outcome(), Outcome::Inconclusive);
        let limited = change(|side| side.limited = Some("late".to_owned()));
        assert_eq!(limited.outcome(), Outcome::GeneratorLimited);
        let told = change(|side| side.notes.push("it drifted".to_owned()));
        assert_eq!(told.notes, ["it drifted"]);
    }
}
