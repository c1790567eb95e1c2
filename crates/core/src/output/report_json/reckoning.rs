//! The reckoning behind a figure, number by number (docs/statistics.md 3.6 to 3.13).

use serde_json::{Value, json};
use windtunnel_stats::verdict::{Change, FailureChange, Judged, Parts, Rank, Relative};

use super::{finite, finite_range};

/// `None` where nothing was reckoned.
pub(super) fn reckoning(judged: &Judged) -> Option<Value> {
    let of_change = judged.change.as_ref().map(of_change);
    of_change.or_else(|| judged.failures.as_ref().map(of_failures))
}

fn of_change(change: &Change) -> Value {
    json!({
        "kind": "change",
        "difference_log": finite(change.difference),
        "slack_smaller_log": finite(change.slack.low),
        "slack_larger_log": finite(change.slack.high),
        "error_log": finite(change.error),
        "freedom": finite(change.freedom),
        "interval_log": finite_range(change.interval),
        "upper_log": finite(change.upper),
        "worse": rank(&change.worse),
        "better": rank(&change.better),
        "relative": change.relative.as_ref().map(relative),
        "taken_back": change.limited,
        "parts": parts(&change.parts),
    })
}

fn of_failures(change: &FailureChange) -> Value {
    json!({
        "kind": "failures",
        "baseline_failures": change.before.0,
        "baseline_requests": change.before.1,
        "now_failures": change.after.0,
        "now_requests": change.after.1,
        "difference_share": finite(change.difference),
        "clustering": finite(change.clustering),
        "worse": rank(&change.worse),
        "better": rank(&change.better),
        "p_independent": finite(change.independent),
        "upper_share": finite(change.upper),
    })
}

fn rank(rank: &Rank) -> Value {
    json!({
        "p": finite(rank.p),
        "rank": rank.rank,
        "family": rank.family,
        "q": finite(rank.q),
        "rejected": rank.rejected,
    })
}

fn relative(relative: &Relative) -> Value {
    json!({
        "difference_log": finite(relative.difference),
        "error_log": finite(relative.error),
        "worse": rank(&relative.worse),
        "better": rank(&relative.better),
    })
}

fn parts(parts: &Parts) -> Value {
    match *parts {
        Parts::Stored {
            sessions,
            candidates,
            freedom,
            sigma,
            squares,
            variance,
            between,
            within,
            within_candidate,
        } => json!({
            "kind": "sessions",
            "sessions": sessions,
            "judged_sessions": candidates,
            "freedom": finite(freedom),
            "noise_log": finite(sigma),
            "squares_log2": finite(squares),
            "variance_log2": finite(variance),
            "between_log2": finite(between),
            "within_log2": finite(within),
            "within_judged_log2": finite(within_candidate),
        }),
        Parts::Pairs { pairs, prior, squares, variance } => json!({
            "kind": "pairs",
            "pairs": pairs,
            "prior_log2": finite(prior),
            "squares_log2": finite(squares),
            "variance_log2": finite(variance),
        }),
    }
}
