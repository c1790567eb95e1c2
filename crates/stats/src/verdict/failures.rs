//! Did more requests fail (docs/statistics.md 3.10).

use crate::cell::Cell;
use crate::special::beta;
use crate::verdict::report::FailureChange;
use crate::verdict::{Evidence, Rank};

/// The quantile of the normal distribution behind the upper bound: one-sided 95 %.
const Z: f64 = 1.645;
/// From this many baseline runs on, their own differences say how failures cluster.
const MIN_RUNS: usize = 3;

/// Compares the failures of all runs; the ranks are those of single tests until the families are known.
pub(super) fn compare(evidence: &Evidence) -> FailureChange {
    let (before_runs, after_runs) = (evidence.before(), evidence.after());
    let (before, after) = (sum(&before_runs), sum(&after_runs));
    let runs = || before_runs.iter().chain(&after_runs);
    // Below six slices clusters cannot be seen, and all failures may be one: then only a gross difference is called.
    let unseen = if runs().any(|cell| cell.short) { f64::INFINITY } else { 1.0 };
    let deffs = runs().map(|cell| cell.failure_deff);
    let clustering = deffs.fold(unseen, f64::max).max(between_runs(&before_runs, before));
    compare_failures(before, after, clustering)
}

/// Compares (failures, requests) before and after, with failures that come in clusters of `clustering` (at least 1).
/// The ranks are those of single tests.
///
/// Every number is finite: more failures than requests count as all of them, a ratio of no requests as 0, and a side
/// without requests excludes nothing. A `clustering` below 1 or that is no number counts as 1.
#[must_use]
pub fn compare_failures(before: (u64, u64), after: (u64, u64), clustering: f64) -> FailureChange {
    let possible = |(failures, requests): (u64, u64)| (failures.min(requests), requests);
    let (before, after) = (possible(before), possible(after));
    // With clusters of all requests together, the counts are worth one request.
    let clustering = clustering.max(1.0).min((before.1 as f64 + after.1 as f64).max(1.0));
    let (worse, better) = p_values(before, after, clustering);
    let alone = |p: f64| Rank { p, rank: 1, family: 1, q: 1.0, rejected: false };
    FailureChange {
        before,
        after,
        difference: ratio(after) - ratio(before),
        clustering,
        worse: alone(worse),
        better: alone(better),
        independent: p_values(before, after, 1.0).0,
        upper: upper(before, after, clustering),
    }
}

/// How much more the failures of several runs differ than independent ones would.
fn between_runs(runs: &[&Cell], (failures, requests): (u64, u64)) -> f64 {
    let busy = || runs.iter().filter(|run| run.requests > 0);
    let count = busy().count();
    if count < MIN_RUNS || failures == 0 || failures >= requests {
        return 1.0;
    }
    let ratio = failures as f64 / requests as f64;
    let squares: f64 = busy()
        .map(|run| {
            let expected = run.requests as f64 * ratio;
            (run.failures as f64 - expected).powi(2) / (expected * (1.0 - ratio))
        })
        .sum();
    squares / (count as f64 - 1.0)
}

/// (more, fewer): the conditional binomial test, for counts divided by `clustering`. With no failures on the
/// side that would have to have them, 1.
fn p_values(before: (u64, u64), after: (u64, u64), clustering: f64) -> (f64, f64) {
    let part = |count: u64| count as f64 / clustering;
    let (a0, a1) = (part(before.0), part(after.0));
    if before.1 == 0 || after.1 == 0 {
        return (1.0, 1.0);
    }
    let share = after.1 as f64 / (before.1 as f64 + after.1 as f64);
    let more = if after.0 == 0 { 1.0 } else { beta(share, a1, a0 + 1.0) };
    let fewer = if before.0 == 0 { 1.0 } else { beta(1.0 - share, a0, a1 + 1.0) };
    (more, fewer)
}

/// The upper 95 % bound of the difference: R. G. Newcombe, "Interval estimation for the difference between
/// independent proportions", Statistics in Medicine 17 (1998), on effective counts.
fn upper(before: (u64, u64), after: (u64, u64), clustering: f64) -> f64 {
    if before.1 == 0 || after.1 == 0 {
        return 1.0;
    }
    let (p0, p1) = (ratio(before), ratio(after));
    let (low0, _) = wilson(p0, before.1 as f64 / clustering);
    let (_, high1) = wilson(p1, after.1 as f64 / clustering);
    p1 - p0 + (high1 - p1).hypot(p0 - low0)
}

/// Wilson's interval of a ratio seen in `n` requests.
fn wilson(ratio: f64, n: f64) -> (f64, f64) {
    let square = Z * Z;
    let middle = (ratio + square / (2.0 * n)) / (1.0 + square / n);
    let half = Z * (ratio * (1.0 - ratio) / n + square / (4.0 * n * n)).sqrt() / (1.0 + square / n);
    (middle - half, middle + half)
}

fn ratio((failures, requests): (u64, u64)) -> f64 {
    if requests > 0 { failures as f64 / requests as f64 } else { 0.0 }
}

fn sum(runs: &[&Cell]) -> (u64, u64) {
    runs.iter().fold((0_u64, 0_u64), |(failures, requests), run| {
        (failures.saturating_add(run.failures), requests.saturating_add(run.requests))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::verdict::testing::{cell, session, stored};

    fn with(failures: u64, requests: u64) -> Cell {
        Cell { requests, failures, ..cell() }
    }

    /// Of several runs before, and one after.
    fn of(before: &[(u64, u64)], after: (u64, u64)) -> FailureChange {
        let sessions = before.iter().enumerate().map(|(id, (f, n))| session(id, &with(*f, *n)));
        let after = with(after.0, after.1);
        compare(&Evidence::Stored(stored(sessions.collect(), vec![session(99, &after)])))
    }

    #[test]
    fn runs_that_differ_more_than_chance_count_for_less() {
        // Expected 10 of each 1,000: (100 + 100 + 400) / (10 * 0.99) over two degrees of freedom.
        let found = of(&[(0, 1000), (0, 1000), (30, 1000)], (20, 1000));
        assert!((found.clustering - 600.0 / 9.9 / 2.0).abs() < 1e-12, "{}", found.clustering);
        assert!(found.independent < 0.05 && found.worse.p > 0.3);
        // Two runs say nothing of that, and runs without requests are no runs.
        assert!((of(&[(0, 1000), (30, 1000)], (20, 1000)).clustering - 1.0).abs() < 1e-12);
        let idle = of(&[(0, 1000), (0, 0), (30, 1000)], (20, 1000));
        assert!((idle.clustering - 1.0).abs() < 1e-12);
    }

    #[test]
    fn the_largest_clustering_of_any_run_counts() {
        let clustered = Cell { failure_deff: 4.0, ..with(12, 1000) };
        let row = stored(vec![session(0, &with(3, 1000))], vec![session(1, &clustered)]);
        let found = compare(&Evidence::Stored(row));
        assert_eq!((found.before, found.after), ((3, 1000), (12, 1000)));
        assert!((found.clustering - 4.0).abs() < 1e-12);
        assert!(found.worse.p > found.independent);
    }

    #[test]
    fn below_six_slices_all_failures_may_be_one_cluster() {
        let short = |failures| Cell { short: true, ..with(failures, 400) };
        let row = |failures| stored(vec![session(0, &short(0))], vec![session(1, &short(failures))]);
        let few = compare(&Evidence::Stored(row(16)));
        assert!(few.worse.p > 0.3 && few.independent < 0.001, "{few:?}");
        // Called all the same: the difference is gross.
        let all = compare(&Evidence::Stored(row(400)));
        assert!(all.independent < 0.001 && all.difference > 0.99);
    }

    #[test]
    fn no_failure_is_never_too_many() {
        let found = compare_failures((0, 1000), (0, 1000), 1.0);
        assert_eq!((found.worse.p, found.better.p, found.difference), (1.0, 1.0, 0.0));
        assert!(found.upper > 0.0 && found.upper < 0.003);
    }

    #[test]
    fn all_failing_before_and_after_is_no_change() {
        let found = compare_failures((500, 500), (500, 500), 1.0);
        assert!(found.worse.p > 0.4 && found.better.p > 0.4 && found.difference.abs() < 1e-12);
        assert!(of(&[(500, 500), (500, 500), (500, 500)], (500, 500)).clustering < 1.0 + 1e-12);
    }

    #[test]
    fn a_server_that_fails_altogether_is_told_from_chance() {
        let found = compare_failures((0, 1000), (1000, 1000), 1.0);
        assert!(found.worse.p < 1e-100 && found.better.p >= 1.0 - 1e-12);
        assert!((found.difference - 1.0).abs() < 1e-12);
    }

    #[test]
    fn nothing_can_be_said_without_requests() {
        for (before, after) in [((0, 0), (7, 10)), ((7, 10), (0, 0)), ((0, 0), (0, 0))] {
            let found = compare_failures(before, after, 1.0);
            assert_eq!((found.worse.p, found.better.p, found.upper), (1.0, 1.0, 1.0));
        }
    }

    proptest! {
        #[test]
        fn counts_of_any_kind_give_probabilities(
            before in (0_u64..5_000, 0_u64..5_000), after in (0_u64..5_000, 0_u64..5_000),
            clustering in prop_oneof![0.0_f64..50.0, Just(f64::NAN), Just(f64::INFINITY)],
        ) {
            let found = compare_failures(before, after, clustering);
            for p in [found.worse.p, found.better.p, found.independent] {
                prop_assert!((0.0..=1.0).contains(&p), "{found:?}");
            }
            prop_assert!(found.difference.is_finite() && found.clustering >= 1.0);
            prop_assert!(found.upper.is_finite() && found.upper >= found.difference - 1e-9, "{found:?}");
        }

        #[test]
        fn swapping_the_sides_swaps_more_and_fewer(
            before in (0_u64..500, 500_u64..5_000), after in (0_u64..500, 500_u64..5_000), clustering in 1.0_f64..20.0,
        ) {
            let (there, back) =
                (compare_failures(before, after, clustering), compare_failures(after, before, clustering));
            prop_assert!((there.worse.p - back.better.p).abs() < 1e-12);
            prop_assert!((there.better.p - back.worse.p).abs() < 1e-12);
        }
    }
}
