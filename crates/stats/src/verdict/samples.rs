//! Is there enough to judge a figure (docs/statistics.md 3.11). Too little never makes a run invalid.

use crate::Metric;
use crate::cell::Cell;
use crate::verdict::{Evidence, NotJudged, Rules};

/// What keeps a figure from being judged.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Obstacle {
    /// It is not judged.
    NotJudged(NotJudged),
    /// There are hardly any requests where many were to be expected: the rate has regressed.
    Silent,
}

/// Looks at the numbers of requests behind a figure.
pub(super) fn obstacle(evidence: &Evidence, metric: Metric) -> Option<Obstacle> {
    let (before, after) = (evidence.before(), evidence.after());
    // Failures are counts: a server that only fails is seen in a second.
    if metric != Metric::Failures && before.iter().chain(&after).any(|run| run.short) {
        return Some(Obstacle::NotJudged(NotJudged::TooShort));
    }
    let too_few = |(before, after): (u64, u64), needed| {
        Obstacle::NotJudged(NotJudged::TooFewRequests { before, after, needed })
    };
    let (all, fewest) = ((all(&before), all(&after)), (fewest(&before), fewest(&after)));
    let few = |(before, after): (u64, u64)| before.min(after) < Rules::MIN_REQUESTS;
    match metric {
        Metric::Failures => few(all).then(|| too_few(all, Rules::MIN_REQUESTS)),
        Metric::Rate if is_silent(&before, &after) => Some(Obstacle::Silent),
        // A baseline with hardly any requests has a wide spread, which speaks for itself.
        Metric::Rate if fewest.1 < Rules::MIN_FOR_RATE => Some(too_few(fewest, Rules::MIN_FOR_RATE)),
        Metric::Rate => no_value(&before, &after, metric),
        _ if few(fewest) => Some(too_few(fewest, Rules::MIN_REQUESTS)),
        _ => no_value(&before, &after, metric)
            .or_else(|| too_few_beyond(&before, &after, metric, evidence.sessions())),
    }
}

fn fewest(runs: &[&Cell]) -> u64 {
    runs.iter().map(|run| run.requests).min().unwrap_or_default()
}

fn all(runs: &[&Cell]) -> u64 {
    runs.iter().fold(0, |sum, run| sum.saturating_add(run.requests))
}

/// Whether every judged run got next to nothing where even the slowest of the runs before would have got many.
/// Requests that all fail are nothing.
fn is_silent(before: &[&Cell], after: &[&Cell]) -> bool {
    let successes = |run: &Cell| run.requests.saturating_sub(run.failures);
    let rates = before.iter().map(|run| successes(run) as f64 / run.seconds);
    let lowest = rates.filter(|rate| rate.is_finite()).fold(f64::INFINITY, f64::min);
    let silent = |run: &&Cell| {
        let few = run.requests < Rules::MIN_FOR_RATE || successes(run) == 0;
        few && lowest.is_finite() && lowest * run.seconds >= Rules::SILENT_EXPECTED
    };
    !after.is_empty() && after.iter().all(silent)
}

fn no_value(before: &[&Cell], after: &[&Cell], metric: Metric) -> Option<Obstacle> {
    let missing = before.iter().chain(after).any(|run| run.estimate(metric).is_none());
    missing.then_some(Obstacle::NotJudged(NotJudged::NoValue))
}

/// The smaller of the median over the runs before and of the smallest of the runs after says how much is known of a
/// quantile; of what is no quantile nothing is asked.
fn too_few_beyond(before: &[&Cell], after: &[&Cell], metric: Metric, sessions: usize) -> Option<Obstacle> {
    metric.quantile()?;
    // What is not known counts as nothing.
    let of = |run: &&Cell| run.estimate(metric)?.exceeding;
    let mut olds: Vec<f64> = before.iter().map(|run| of(run).unwrap_or_default()).collect();
    olds.sort_by(f64::total_cmp);
    let new = after.iter().map(|run| of(run).unwrap_or_default()).fold(f64::INFINITY, f64::min);
    let found = median(&olds)?.min(new);
    let many = sessions >= Rules::STORED_SESSIONS;
    let needed = if many { Rules::MIN_BEYOND_STORED } else { Rules::MIN_BEYOND };
    (found < needed).then_some(Obstacle::NotJudged(NotJudged::TooFewBeyond { found, needed }))
}

/// The median of sorted numbers.
pub(super) fn median(sorted: &[f64]) -> Option<f64> {
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => None,
        len if len % 2 == 1 => Some(sorted[middle]),
        _ => Some(f64::midpoint(sorted[middle - 1], sorted[middle])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::testing::{cell, session, stored};
    use crate::verdict::{Paired, Session};

    const LATENCIES: [Metric; 4] = [Metric::Average, Metric::P50, Metric::P95, Metric::P99];

    fn run(requests: u64) -> Cell {
        Cell { requests, ..cell() }
    }

    fn of(before: &[Cell], after: &[Cell], metric: Metric) -> Option<Obstacle> {
        let before = before.iter().enumerate().map(|(id, run)| session(id, run)).collect();
        let candidate = vec![Session { id: 99, runs: after.to_vec() }];
        obstacle(&Evidence::Stored(stored(before, candidate)), metric)
    }

    #[allow(clippy::unnecessary_wraps, reason = "is compared with what may be nothing")]
    fn too_few(before: u64, after: u64, needed: u64) -> Option<Obstacle> {
        Some(Obstacle::NotJudged(NotJudged::TooFewRequests { before, after, needed }))
    }

    #[allow(clippy::unnecessary_wraps, reason = "is compared with what may be nothing")]
    fn too_few_beyond(found: f64, needed: f64) -> Option<Obstacle> {
        Some(Obstacle::NotJudged(NotJudged::TooFewBeyond { found, needed }))
    }

    #[test]
    fn latencies_need_twenty_requests_in_every_run() {
        for metric in LATENCIES {
            assert_eq!(of(&[run(20)], &[run(20)], metric), None, "{metric}");
            assert_eq!(of(&[run(19)], &[run(500)], metric), too_few(19, 500, 20), "{metric}");
            assert_eq!(of(&[run(500)], &[run(19)], metric), too_few(500, 19, 20), "{metric}");
            assert_eq!(of(&[run(500), run(7)], &[run(90), run(500)], metric), too_few(7, 90, 20));
        }
    }

    #[test]
    fn a_rate_needs_five_requests_in_the_judged_runs_alone() {
        // Two requests a second at most before, so that nothing went silent.
        let slow = Cell { requests: 4, seconds: 2.0, ..cell() };
        assert_eq!(of(std::slice::from_ref(&slow), &[run(5)], Metric::Rate), None);
        let few = Cell { requests: 4, seconds: 2.0, ..cell() };
        assert_eq!(of(&[slow], &[few], Metric::Rate), too_few(4, 4, 5));
    }

    #[test]
    fn a_row_is_silent_where_twenty_requests_were_to_be_expected() {
        let before = |requests| Cell { requests, seconds: 60.0, ..cell() };
        let after = |requests, failures| Cell { requests, failures, seconds: 60.0, rate: None, ..cell() };
        let silent = Some(Obstacle::Silent);
        assert_eq!(of(&[before(20)], &[after(4, 0)], Metric::Rate), silent);
        assert_eq!(of(&[before(20)], &[after(0, 0)], Metric::Rate), silent);
        assert_eq!(of(&[before(19)], &[after(4, 0)], Metric::Rate), too_few(19, 4, 5));
        // The slowest of the runs before counts.
        assert_eq!(of(&[before(900), before(19)], &[after(4, 0)], Metric::Rate), too_few(19, 4, 5));
        // All of many requests failed.
        assert_eq!(of(&[before(900)], &[after(900, 900)], Metric::Rate), silent);
        // The second run got an answer.
        let second = Cell { rate: cell().rate, ..after(900, 899) };
        assert_eq!(of(&[before(900)], &[after(0, 0), second], Metric::Rate), too_few(900, 0, 5));
        // Nothing succeeded before either.
        let dead = Cell { failures: 900, rate: None, ..before(900) };
        let no_value = Some(Obstacle::NotJudged(NotJudged::NoValue));
        assert_eq!(of(&[dead], &[after(900, 900)], Metric::Rate), no_value);
    }

    #[test]
    fn quantiles_need_five_independent_requests_beyond_them_and_three_where_much_is_stored() {
        let beyond = |exceeding| {
            let p99 = cell().p99.map(|estimate| crate::cell::Estimate { exceeding, ..estimate });
            Cell { p99, ..cell() }
        };
        let (few, enough) = (beyond(Some(4.9)), beyond(Some(5.0)));
        let of = |before: &[Cell], after: &[Cell]| of(before, after, Metric::P99);
        assert_eq!(of(std::slice::from_ref(&enough), std::slice::from_ref(&enough)), None);
        assert_eq!(of(std::slice::from_ref(&enough), std::slice::from_ref(&few)), too_few_beyond(4.9, 5.0));
        assert_eq!(of(std::slice::from_ref(&few), std::slice::from_ref(&enough)), too_few_beyond(4.9, 5.0));
        // The median of the runs before, the least of those after.
        let three = [few.clone(), enough.clone(), enough.clone()];
        assert_eq!(of(&three, std::slice::from_ref(&enough)), None);
        assert_eq!(of(&three, &three), too_few_beyond(4.9, 5.0));
        let five = vec![beyond(Some(3.0)); 5];
        assert_eq!(of(&five, &five[..1]), None);
        assert_eq!(of(&five, &[beyond(Some(2.9))]), too_few_beyond(2.9, 3.0));
        assert_eq!(of(&[beyond(None)], &[enough]), too_few_beyond(0.0, 5.0));
    }

    #[test]
    fn sessions_of_earlier_epochs_count_as_stored() {
        let p99 = cell().p99.map(|estimate| crate::cell::Estimate { exceeding: Some(3.0), ..estimate });
        let run = Cell { p99, ..cell() };
        let mut row = stored(vec![session(0, &run)], vec![session(9, &run)]);
        let judged = |row: &crate::verdict::Stored| obstacle(&Evidence::Stored(row.clone()), Metric::P99);
        row.earlier = vec![(1..4).map(|id| session(id, &run)).collect()];
        assert_eq!(judged(&row), too_few_beyond(3.0, 5.0));
        row.earlier.push(vec![session(5, &run)]);
        assert_eq!(judged(&row), None);
    }

    #[test]
    fn failures_need_twenty_requests_in_all_runs_together() {
        assert_eq!(of(&[run(10), run(10)], &[run(20)], Metric::Failures), None);
        assert_eq!(of(&[run(10), run(9)], &[run(20)], Metric::Failures), too_few(19, 20, 20));
        assert_eq!(of(&[run(20)], &[run(19)], Metric::Failures), too_few(20, 19, 20));
    }

    #[test]
    fn only_failures_of_a_run_below_six_slices_are_judged() {
        let short = Cell { short: true, ..cell() };
        assert_eq!(of(&[cell()], std::slice::from_ref(&short), Metric::Failures), None);
        for metric in Metric::ALL.into_iter().filter(|metric| *metric != Metric::Failures) {
            let expected = Some(Obstacle::NotJudged(NotJudged::TooShort));
            assert_eq!(of(&[cell()], std::slice::from_ref(&short), metric), expected, "{metric}");
            assert_eq!(of(std::slice::from_ref(&short), &[cell()], metric), expected, "{metric}");
        }
    }

    #[test]
    fn without_runs_or_values_nothing_is_judged() {
        for metric in [Metric::P50, Metric::P99, Metric::Failures] {
            assert_eq!(of(&[], &[cell()], metric), too_few(0, 1000, 20), "{metric}");
            assert_eq!(of(&[cell()], &[], metric), too_few(1000, 0, 20), "{metric}");
        }
        assert_eq!(of(&[cell()], &[], Metric::Rate), too_few(1000, 0, 5));
        let nothing = Cell { p50: None, ..cell() };
        let no_value = Some(Obstacle::NotJudged(NotJudged::NoValue));
        assert_eq!(of(&[cell()], &[nothing], Metric::P50), no_value);
        assert!(obstacle(&Evidence::Paired(Paired::default()), Metric::P50).is_some());
    }

    #[test]
    fn the_median_of_an_even_number_lies_in_the_middle() {
        assert_eq!((median(&[]), median(&[3.0]), median(&[1.0, 2.0])), (None, Some(3.0), Some(1.5)));
    }
}
