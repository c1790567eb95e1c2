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
    let fewest = |runs: &[&Cell]| runs.iter().map(|run| run.requests).min().unwrap_or_default();
    let too_few = |needed| {
        let (before, after) = (fewest(&before), fewest(&after));
        Obstacle::NotJudged(NotJudged::TooFewRequests { before, after, needed })
    };
    match metric {
        Metric::Failures => {
            let sum = |runs: &[&Cell]| runs.iter().map(|run| run.requests).sum::<u64>();
            (sum(&before).min(sum(&after)) < Rules::MIN_REQUESTS).then(|| too_few(Rules::MIN_REQUESTS))
        }
        Metric::Rate => rate_obstacle(&before, &after).or_else(|| too_short(&before, &after)),
        _ if fewest(&before).min(fewest(&after)) < Rules::MIN_REQUESTS => Some(too_few(Rules::MIN_REQUESTS)),
        _ => too_short(&before, &after).or_else(|| no_value(&before, &after, metric)).or_else(|| {
            let needed = if evidence.sessions() >= Rules::STORED_SESSIONS {
                Rules::MIN_BEYOND_STORED
            } else {
                Rules::MIN_BEYOND
            };
            let found = beyond(&before, &after, metric)?;
            (found < needed).then_some(Obstacle::NotJudged(NotJudged::TooFewBeyond { found, needed }))
        }),
    }
}

fn rate_obstacle(before: &[&Cell], after: &[&Cell]) -> Option<Obstacle> {
    let successes = |run: &Cell| run.requests.saturating_sub(run.failures);
    let lowest = before
        .iter()
        .map(|run| successes(run) as f64 / run.seconds)
        .filter(|rate| rate.is_finite())
        .fold(f64::INFINITY, f64::min);
    let silent = |run: &&Cell| {
        let few = run.requests < Rules::MIN_FOR_RATE || successes(run) == 0;
        few && lowest.is_finite() && lowest * run.seconds >= Rules::SILENT_EXPECTED
    };
    if !after.is_empty() && after.iter().all(silent) {
        return Some(Obstacle::Silent);
    }
    let fewest = after.iter().map(|run| run.requests).min().unwrap_or_default();
    if fewest < Rules::MIN_FOR_RATE {
        let before = before.iter().map(|run| run.requests).min().unwrap_or_default();
        let needed = Rules::MIN_FOR_RATE;
        return Some(Obstacle::NotJudged(NotJudged::TooFewRequests { before, after: fewest, needed }));
    }
    no_value(before, after, Metric::Rate)
}

fn too_short(before: &[&Cell], after: &[&Cell]) -> Option<Obstacle> {
    let short = before.iter().chain(after).any(|run| run.short);
    short.then_some(Obstacle::NotJudged(NotJudged::TooShort))
}

fn no_value(before: &[&Cell], after: &[&Cell], metric: Metric) -> Option<Obstacle> {
    let missing = before.iter().chain(after).any(|run| run.estimate(metric).is_none());
    missing.then_some(Obstacle::NotJudged(NotJudged::NoValue))
}

/// The smaller of the median over the runs before and of the smallest of the runs after; `None` for what is no
/// quantile.
fn beyond(before: &[&Cell], after: &[&Cell], metric: Metric) -> Option<f64> {
    metric.quantile()?;
    let of = |run: &&Cell| run.estimate(metric).and_then(|estimate| estimate.exceeding);
    let mut olds: Vec<f64> = before.iter().filter_map(of).collect();
    olds.sort_by(f64::total_cmp);
    let new = after.iter().filter_map(of).fold(f64::INFINITY, f64::min);
    Some(median(&olds)?.min(new))
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
