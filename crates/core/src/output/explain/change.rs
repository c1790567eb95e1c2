//! The reckoning of a latency or of a throughput.

use windtunnel_stats::Metric;
use windtunnel_stats::verdict::{Change, Outcome, Parts, Rank, Relative, Rules};

use super::steps::{Steps, number, signed, yes};
use crate::compare::{Basis, Comparison, Figure};
use crate::output::comparison::words::{self, count, percent};

/// How much of the noise between sessions is left between the two runs of a pair (docs/statistics.md 3.8).
const SHARE_OF_NOISE: f64 = 0.7;

/// Every step from the two values to the word.
pub(super) fn explain(steps: &mut Steps, comparison: &Comparison, figure: &Figure, change: &Change) {
    values(steps, comparison, figure, change);
    match change.parts {
        Parts::Stored { .. } => {
            noise(steps, figure.metric, change);
            error(steps, change);
        }
        Parts::Pairs { .. } => pairs(steps, comparison, figure.metric, change),
    }
    interval(steps, figure, change);
    chance(steps, change);
    family(steps, change);
    if let Some(relative) = &change.relative {
        against_other_rows(steps, relative);
    }
    rule(steps, comparison, figure.metric, change);
    so(steps, figure);
    sight(steps, change);
}

/// The values and their difference.
fn values(steps: &mut Steps, comparison: &Comparison, figure: &Figure, change: &Change) {
    let metric = figure.metric;
    let by_pairs = matches!(change.parts, Parts::Pairs { .. });
    steps.begin("The change", if by_pairs { "3.6, 3.8" } else { "3.6, 3.7" });
    let requests = match comparison.basis {
        Basis::Window => "the requests that succeeded, from the end of the ramp and of the warm-up on",
        Basis::WholeRun => "all requests of the whole run, failures included, because a side is a CSV",
    };
    let (unit, value) = match metric {
        Metric::Rate => ("a second", "successes a second"),
        _ => ("ms", "milliseconds"),
    };
    steps.say(&format!(
        "The {metric} in {value}, of {requests}. Values are compared by their natural logarithms, so that a \
         change is a factor; of several sessions the mean of these counts. d is the change, and worse is always \
         the positive direction{}.",
        if metric == Metric::Rate { ": less throughput is worse" } else { "" }
    ));
    let value = |value: Option<f64>| value.map_or_else(|| "?".to_owned(), number);
    let (old, new) = (value(figure.old), value(figure.new));
    let factor = if metric == Metric::Rate { format!("{old} / {new}") } else { format!("{new} / {old}") };
    steps.formula(&format!("baseline {old} {unit}, now {new} {unit}"));
    steps.formula(&format!(
        "d = ln({factor}) = {}, that is {}",
        signed(change.difference),
        words::change_text(figure)
    ));
    if change.slack.low > 0.0 || change.slack.high > 0.0 {
        steps.say(
            "A CSV has rounded values, so that the true change may be smaller or larger by as much as rounding \
             can hide:",
        );
        steps.formula(&format!(
            "smaller by up to {}, larger by up to {} (3.13)",
            number(change.slack.low),
            number(change.slack.high)
        ));
    }
}

/// The noise between stored sessions.
fn noise(steps: &mut Steps, metric: Metric, change: &Change) {
    let Parts::Stored { freedom, sigma, squares, variance, between, within, .. } = change.parts else {
        return;
    };
    let f = number(freedom);
    steps.begin("How much sessions of one server differ", "3.7");
    steps.say(&format!(
        "Two sessions of one and the same server differ, for reasons that no request shows. sigma0 is how much \
         is expected (a standard deviation of {}); it weighs as much as {} sessions. wb2 is the variance inside \
         a stored session, seen in how its requests vary over time.",
        percent(sigma),
        number(Rules::WEIGHT)
    ));
    steps.formula(&format!("sigma0 = {}, wb2 = {}", number(sigma), number(within)));
    let usual = Rules::default().sigma.of(metric);
    if (sigma - usual).abs() > 1e-9 {
        steps.say(&format!(
            "Usually sigma0 is {} for this metric. It is another one because of --noise, because more was \
             measured between the stored sessions, or, for p95 and p99, because too little was measured yet.",
            number(usual)
        ));
    }
    if freedom > 0.0 {
        steps.say(
            "The stored sessions show it as well: SS is the sum of their squared distances from the mean of \
             their epoch, f how many there are beyond the first of each epoch. S2 is the variance of one \
             session's value, from both.",
        );
    } else {
        steps.say(
            "No epoch has two sessions, so that nothing else is known of it: SS and f are 0. S2 is the variance \
             of one session's value.",
        );
    }
    steps.formula(&format!("SS = {}, f = {f}", number(squares)));
    steps.formula(&format!(
        "S2 = (3 (sigma0^2 + wb2) + SS) / (3 + f) = (3 ({} + {}) + {}) / (3 + {f}) = {}",
        number(sigma * sigma),
        number(within),
        number(squares),
        number(variance)
    ));
    steps.say("What is left of it without wb2 lies between sessions; it is never taken below a quarter of sigma0^2.");
    steps.formula(&format!(
        "between = max(S2 - wb2, sigma0^2 / 4) = max({}, {}) = {}",
        number(variance - within),
        number(sigma * sigma / 4.0),
        number(between)
    ));
}

/// The standard error, of stored sessions.
fn error(steps: &mut Steps, change: &Change) {
    let Parts::Stored { sessions, candidates, variance, between, within_candidate, .. } = change.parts else {
        return;
    };
    let (k, l) = (sessions, candidates);
    steps.begin("How far the change may be off", "3.7");
    steps.say(&format!(
        "The baseline is the mean of K = {}, and what is judged of L = {}. wc2 is the variance inside the judged \
         session. se is the standard error of d, df its degrees of freedom: {} for what was expected, and f.",
        count(k, "session"),
        count(l, "session"),
        number(Rules::FREEDOM)
    ));
    steps.formula(&format!("wc2 = {}", number(within_candidate)));
    steps.formula(&format!(
        "se = sqrt(S2 / K + (between + wc2) / L) = sqrt({} / {k} + ({} + {}) / {l}) = {}",
        number(variance),
        number(between),
        number(within_candidate),
        number(change.error)
    ));
    steps.formula(&format!("df = {} + f = {}", number(Rules::FREEDOM), number(change.freedom)));
}

/// What the standard error is made of, of interleaved pairs.
fn pairs(steps: &mut Steps, comparison: &Comparison, metric: Metric, change: &Change) {
    let Parts::Pairs { pairs, prior, squares, variance } = change.parts else { return };
    let sigma = comparison.rules.sigma.of(metric);
    steps.begin("How far the change may be off", "3.8");
    steps.say(&format!(
        "The two runs of a pair follow each other, so that most of what makes sessions differ cancels. pi0 is \
         what is expected of a pair's difference: twice the square of {} of the noise between sessions, sigma0 = \
         {}, and the variances inside both runs. It weighs as much as {} pairs. SS is how the m = {pairs} pairs \
         differ from their mean.",
        number(SHARE_OF_NOISE),
        number(sigma),
        number(Rules::WEIGHT)
    ));
    steps.formula(&format!("pi0 = {}, SS = {}", number(prior), number(squares)));
    steps.formula(&format!(
        "S2 = (3 pi0 + SS) / (3 + m - 1) = (3 x {} + {}) / {} = {}",
        number(prior),
        number(squares),
        2 + pairs,
        number(variance)
    ));
    steps.formula(&format!(
        "se = sqrt(S2 / m) = sqrt({} / {pairs}) = {}",
        number(variance),
        number(change.error)
    ));
    steps.formula(&format!("df = {} + m - 1 = {}", number(Rules::FREEDOM), number(change.freedom)));
}

/// The interval that is shown.
fn interval(steps: &mut Steps, figure: &Figure, change: &Change) {
    let (low, high) = change.interval;
    let half = change.difference - change.slack.low - low;
    steps.begin("The interval", "3.7");
    steps.say(
        "In 95 of 100 such comparisons the true change lies in the interval. t is the 97.5 % quantile of \
         Student's distribution with df degrees of freedom; that other figures are looked at as well is not in it.",
    );
    steps.formula(&format!(
        "d -+ t se, t = {}: {} to {}, that is {}",
        number(half / change.error),
        signed(low),
        signed(high),
        words::interval_text(figure)
    ));
}

/// The p values.
fn chance(steps: &mut Steps, change: &Change) {
    steps.begin("Could it be chance", "3.7");
    steps.say(
        "If nothing had changed, a change at least as bad as this one would come with the probability p(worse), \
         and one at least as good with p(better).",
    );
    let of_error = |difference: f64| number(difference / change.error);
    let (low, high) = (change.difference - change.slack.low, change.difference + change.slack.high);
    steps.formula(&format!("p(worse) = P(t > {}) = {}", of_error(low), number(change.worse.p)));
    steps.formula(&format!("p(better) = P(t < {}) = {}", of_error(high), number(change.better.p)));
}

/// The family of tests.
fn family(steps: &mut Steps, change: &Change) {
    steps.begin("Many figures are looked at", "3.12");
    steps.say(&format!(
        "Of {} some look bad by chance. So p is not compared with q = {} but with q times its rank among all of \
         them in ascending order, divided by their number (Benjamini and Hochberg); the largest rank that passes \
         takes all smaller ones with it.",
        count(change.worse.family, "figure"),
        number(change.worse.q)
    ));
    rank(steps, "worse", &change.worse);
    rank(steps, "better", &change.better);
}

/// A p value, its rank and its limit.
pub(super) fn rank(steps: &mut Steps, name: &str, rank: &Rank) {
    let limit = rank.q * rank.rank as f64 / rank.family as f64;
    let passes = rank.p <= limit;
    let taken = if rank.rejected && !passes { ", taken along by a larger one that passes" } else { "" };
    steps.formula(&format!(
        "{name}: rank {} of {}, limit {} x {} / {} = {}; {} {} {}{taken}: chance is {}excluded",
        rank.rank,
        rank.family,
        number(rank.q),
        rank.rank,
        rank.family,
        number(limit),
        number(rank.p),
        if passes { "<=" } else { ">" },
        number(limit),
        if rank.rejected { "" } else { "not " }
    ));
}

/// The test against the other rows.
fn against_other_rows(steps: &mut Steps, relative: &Relative) {
    steps.begin("Against the other rows", "3.9");
    steps.say(
        "What all rows have in common is noise of the session. So the median row's change is taken off, and the \
         same is reckoned with the smaller noise that is left. These tests are a family of their own.",
    );
    steps.formula(&format!("d(relative) = {}, se = {}", signed(relative.difference), number(relative.error)));
    rank(steps, "worse", &relative.worse);
    rank(steps, "better", &relative.better);
}

/// The rule that finds the word, case by case.
fn rule(steps: &mut Steps, comparison: &Comparison, metric: Metric, change: &Change) {
    let rules = &comparison.rules;
    let (floor, margin) = (rules.floor.of(metric).ln_1p(), rules.margin.of(metric).ln_1p());
    let (low, high) = (change.difference - change.slack.low, change.difference + change.slack.high);
    steps.begin("The word", "3.12");
    steps.say(&format!(
        "A change below the floor of {} is never called, whatever chance says; \"unchanged\" is said where one of \
         the margin, {}, is excluded with 95 % confidence. The first of these that holds is the word:",
        percent(rules.floor.of(metric)),
        percent(rules.margin.of(metric))
    ));
    let relative = |rejected: fn(&Relative) -> bool, sign: f64| {
        change.relative.as_ref().is_some_and(|test| rejected(test) && test.difference * sign >= floor)
    };
    let worse = change.worse.rejected || relative(|test| test.worse.rejected, 1.0);
    let better = change.better.rejected || relative(|test| test.better.rejected, -1.0);
    steps.formula(&format!(
        "regressed: chance is excluded ({}), and {} >= ln(1 + floor) = {} ({})",
        yes(worse),
        signed(low),
        number(floor),
        yes(low >= floor)
    ));
    steps.formula(&format!(
        "improved: chance is excluded ({}), and {} <= -ln(1 + floor) = {} ({})",
        yes(better),
        signed(high),
        signed(-floor),
        yes(high <= -floor)
    ));
    steps.formula(&format!(
        "unchanged: with 95 % confidence d is below {}, and that is below ln(1 + margin) = {} ({})",
        signed(change.upper),
        number(margin),
        yes(change.upper < margin)
    ));
    steps.formula("inconclusive: none of these");
}

/// The word that the rule comes to.
pub(super) fn so(steps: &mut Steps, figure: &Figure) {
    if let Some(Outcome::Judged(verdict)) = figure.judged.as_ref().map(|judged| judged.outcome) {
        steps.say(&format!("So the word is: {}.", words::verdict_text(&verdict.into())));
    }
}

/// What a comparison like this one can see.
fn sight(steps: &mut Steps, change: &Change) {
    steps.begin("What this comparison can see", "3.15");
    steps.say(&format!(
        "A change of {} is seen in about four of five comparisons with this standard error; of smaller ones more \
         are missed.",
        percent(change.visible)
    ));
}
