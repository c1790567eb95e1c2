//! A comparison, its rows and its figures.

use serde::Serialize;
use serde_json::{Map, Value, json};
use windtunnel_stats::Metric;
use windtunnel_stats::verdict::{Doubt, PerMetric, Rules, Verdict};

use super::reckoning::reckoning;
use super::{finite, finite_range};
use crate::compare::{Basis, Comparison, Figure, METRICS, Method, Outcome, RowComparison, RowState, Word};
use crate::output::comparison::undecided::undecided;
use crate::output::comparison::words::title;

#[derive(Serialize)]
pub(super) struct ComparisonJson<'a> {
    name: &'a str,
    baseline: &'a str,
    now: &'a str,
    requests: &'static str,
    method: Value,
    outcome: &'static str,
    verdict: &'static str,
    confirmation: &'static str,
    generator_limited: Option<&'a str>,
    rows: Vec<RowJson<'a>>,
    doubts: Vec<Value>,
    advice: Vec<Value>,
    undecided: Vec<String>,
    notes: &'a [String],
    rules: Value,
    anchor: Option<Box<ComparisonJson<'a>>>,
    first: Option<Box<ComparisonJson<'a>>>,
}

impl<'a> ComparisonJson<'a> {
    pub(super) fn of(comparison: &'a Comparison) -> Self {
        let nested = |other: &'a Option<Box<Comparison>>| {
            other.as_deref().map(|other| Box::new(ComparisonJson::of(other)))
        };
        Self {
            name: &comparison.name,
            baseline: &comparison.old,
            now: &comparison.new,
            requests: match comparison.basis {
                Basis::Window => "window",
                Basis::WholeRun => "whole_run",
            },
            method: match comparison.method {
                Method::Stored { sessions } => json!({ "kind": "sessions", "sessions": sessions }),
                Method::Pairs { pairs } => json!({ "kind": "pairs", "pairs": pairs }),
            },
            outcome: outcome(comparison),
            verdict: verdict(comparison.verdict),
            confirmation: confirmation(comparison),
            generator_limited: comparison.limited.as_deref(),
            rows: comparison.rows.iter().map(RowJson::of).collect(),
            doubts: comparison.doubts.iter().map(doubt).collect(),
            advice: advice(comparison),
            undecided: undecided(comparison, &title),
            notes: &comparison.notes,
            rules: rules(&comparison.rules),
            anchor: nested(&comparison.anchor),
            first: nested(&comparison.first),
        }
    }
}

fn outcome(comparison: &Comparison) -> &'static str {
    match comparison.outcome() {
        Outcome::Regressed if comparison.crept() => "crept",
        Outcome::Regressed => "regressed",
        Outcome::Improved => "improved",
        Outcome::Unchanged => "unchanged",
        Outcome::Inconclusive => "inconclusive",
        Outcome::NothingComparable => "not_comparable",
        Outcome::GeneratorLimited => "generator_limited",
    }
}

fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Regressed => "regressed",
        Verdict::Improved => "improved",
        Verdict::Unchanged => "unchanged",
        Verdict::Inconclusive => "inconclusive",
    }
}

fn confirmation(comparison: &Comparison) -> &'static str {
    match (&comparison.first, comparison.outcome()) {
        (None, _) => "none",
        (Some(_), Outcome::Regressed) => "confirmed",
        (Some(_), _) => "not_confirmed",
    }
}

#[derive(Serialize)]
struct RowJson<'a> {
    method: &'a str,
    name: &'a str,
    state: &'static str,
    differences: Vec<Value>,
    data_changed: bool,
    silent: bool,
    baseline_requests: Option<u64>,
    baseline_failures: Option<u64>,
    now_requests: Option<u64>,
    now_failures: Option<u64>,
    figures: Vec<Value>,
}

impl<'a> RowJson<'a> {
    fn of(row: &'a RowComparison) -> Self {
        let (state, differences) = match &row.state {
            RowState::Compared => ("compared", &[][..]),
            RowState::New => ("new", &[][..]),
            RowState::Gone => ("gone", &[][..]),
            RowState::NotComparable(differences) => ("not_comparable", differences.as_slice()),
        };
        let difference = |difference: &crate::compare::Difference| json!({ "what": difference.what, "baseline": difference.old, "now": difference.new });
        Self {
            method: &row.method,
            name: &row.name,
            state,
            differences: differences.iter().map(difference).collect(),
            data_changed: row.data_changed,
            silent: row.is_silent(),
            baseline_requests: row.old_counts.map(|counts| counts.0),
            baseline_failures: row.old_counts.map(|counts| counts.1),
            now_requests: row.new_counts.map(|counts| counts.0),
            now_failures: row.new_counts.map(|counts| counts.1),
            figures: row.figures.iter().map(figure).collect(),
        }
    }
}

/// The unit at the end of the keys of a metric's values.
fn unit(metric: Metric) -> &'static str {
    match metric {
        Metric::Failures => "share",
        Metric::Rate => "per_s",
        Metric::Average | Metric::P50 | Metric::P95 | Metric::P99 => "ms",
    }
}

fn figure(figure: &Figure) -> Value {
    let unit = unit(figure.metric);
    let number = |value: Option<f64>| json!(value.and_then(finite));
    let mut map = Map::new();
    map.insert("metric".to_owned(), json!(figure.metric.key()));
    map.insert("verdict".to_owned(), json!(word(&figure.word)));
    let reason = match &figure.word {
        Word::NotJudged(why) => Some(why),
        _ => None,
    };
    map.insert("reason".to_owned(), json!(reason));
    map.insert(format!("baseline_{unit}"), number(figure.old));
    map.insert(format!("now_{unit}"), number(figure.new));
    if figure.metric == Metric::Failures {
        map.insert("change_share".to_owned(), number(figure.change));
    } else {
        map.insert("change_ratio".to_owned(), number(figure.change));
        map.insert("interval_ratio".to_owned(), json!(figure.interval.and_then(finite_range)));
    }
    let judged = figure.judged.as_ref();
    let change = judged.and_then(|judged| judged.change);
    let failures = judged.and_then(|judged| judged.failures);
    let ranks = change
        .map(|change| (change.worse, change.better))
        .or_else(|| failures.map(|change| (change.worse, change.better)));
    map.insert("p_worse".to_owned(), number(ranks.map(|(worse, _)| worse.p)));
    map.insert("p_better".to_owned(), number(ranks.map(|(_, better)| better.p)));
    map.insert("visible_ratio".to_owned(), number(change.map(|change| change.visible)));
    map.insert("reckoning".to_owned(), judged.and_then(reckoning).unwrap_or(Value::Null));
    Value::Object(map)
}

fn word(word: &Word) -> &'static str {
    match word {
        Word::Improved => "improved",
        Word::Regressed => "regressed",
        Word::Unchanged => "unchanged",
        Word::Inconclusive => "inconclusive",
        Word::NotJudged(_) => "not_judged",
        Word::Shown => "shown",
    }
}

fn doubt(doubt: &Doubt) -> Value {
    let cell =
        |kind: &str, row: usize, metric: Metric| json!({ "kind": kind, "row": row, "metric": metric.key() });
    match doubt {
        Doubt::Undecided(row, metric) => cell("undecided", *row, *metric),
        Doubt::SuspiciousTail(row, metric) => cell("suspicious_tail", *row, *metric),
        Doubt::Unsteady => json!({ "kind": "unsteady" }),
        Doubt::TooShort => json!({ "kind": "too_short" }),
        Doubt::Limited => json!({ "kind": "generator_limited" }),
        Doubt::Unpaired => json!({ "kind": "unpaired" }),
    }
}

fn advice(comparison: &Comparison) -> Vec<Value> {
    let advice = comparison.advice().into_iter();
    advice
        .map(|(row, metric, advice)| {
            json!({
                "row": row,
                "metric": metric.key(),
                "visible_ratio": finite(advice.visible),
                "target_ratio": finite(advice.target),
                "sessions": advice.sessions,
                "pairs": advice.pairs,
                "longer_factor": advice.longer,
            })
        })
        .collect()
}

fn rules(rules: &Rules) -> Value {
    let per_metric = |numbers: &PerMetric| -> Value {
        let judged = METRICS.into_iter().filter(|metric| *metric != Metric::Failures);
        judged.map(|metric| (metric.key().to_owned(), json!(finite(numbers.of(metric))))).collect()
    };
    json!({
        "noise_log": per_metric(&rules.sigma),
        "relative_noise_log": per_metric(&rules.sigma_relative),
        "floor_ratio": per_metric(&rules.floor),
        "margin_ratio": per_metric(&rules.margin),
        "failure_floor_share": finite(rules.fail_floor),
        "failure_margin_share": finite(rules.fail_margin),
        "q": finite(rules.q),
        "relative_q": finite(rules.q_relative),
        "bound": finite(rules.bound),
    })
}
