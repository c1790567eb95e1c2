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
    let deffs = before_runs.iter().chain(&after_runs).map(|cell| cell.failure_deff);
    let clustering = deffs.fold(1.0, f64::max).max(between_runs(&before_runs, before));
    compare_failures(before, after, clustering)
}

/// Compares (failures, requests) before and after, with failures that come in clusters of `clustering` (at least 1).
/// The ranks are those of single tests.
#[must_use]
pub fn compare_failures(before: (u64, u64), after: (u64, u64), clustering: f64) -> FailureChange {
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
    if runs.len() < MIN_RUNS || failures == 0 || failures >= requests {
        return 1.0;
    }
    let ratio = failures as f64 / requests as f64;
    let squares: f64 = runs
        .iter()
        .filter(|run| run.requests > 0)
        .map(|run| {
            let expected = run.requests as f64 * ratio;
            (run.failures as f64 - expected).powi(2) / (expected * (1.0 - ratio))
        })
        .sum();
    squares / (runs.len() as f64 - 1.0)
}

/// (more, fewer): the conditional binomial test, for counts divided by `clustering`. With no failures on the
/// side that would have to have them, 1.
fn p_values(before: (u64, u64), after: (u64, u64), clustering: f64) -> (f64, f64) {
    let part = |count: u64| count as f64 / clustering;
    let (a0, a1) = (part(before.0), part(after.0));
    let share = after.1 as f64 / (before.1 as f64 + after.1 as f64);
    let more = if after.0 == 0 { 1.0 } else { beta(share, a1, a0 + 1.0) };
    let fewer = if before.0 == 0 { 1.0 } else { beta(1.0 - share, a0, a1 + 1.0) };
    (more, fewer)
}

/// The upper 95 % bound of the difference: R. G. Newcombe, "Interval estimation for the difference between
/// independent proportions", Statistics in Medicine 17 (1998), on effective counts.
fn upper(before: (u64, u64), after: (u64, u64), clustering: f64) -> f64 {
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
    failures as f64 / requests as f64
}

fn sum(runs: &[&Cell]) -> (u64, u64) {
    runs.iter().fold((0_u64, 0_u64), |(failures, requests), run| {
        (failures.saturating_add(run.failures), requests.saturating_add(run.requests))
    })
}
