//! The judged reports of the vectors: every verdict, and every number on the way, to nine digits.

use serde_json::Value;
use windtunnel_stats::Metric;
use windtunnel_stats::cell::{Cell, Estimate};
use windtunnel_stats::verdict::{
    Evidence, Judged, Outcome, Paired, Parts, Rounding, Row, Rules, Session, Slack, Stored, Verdict, judge,
};

use crate::vectors::vectors;

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

pub(crate) fn cell(value: &Value) -> Cell {
    let estimate = |key: &str| {
        Estimate::checked(value["y"][key].as_f64()?, value["w"][key].as_f64()?, value["exc"][key].as_f64())
    };
    Cell {
        requests: value["n"].as_u64().unwrap(),
        failures: value["fails"].as_u64().unwrap(),
        seconds: number(&value["secs"]),
        average: estimate("avg"),
        p50: estimate("p50"),
        p95: estimate("p95"),
        p99: estimate("p99"),
        rate: estimate("rate"),
        failure_deff: number(&value["fdeff"]),
        short: false,
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn sessions(value: &Value, first: usize) -> Vec<Session> {
    let session = |(index, runs): (usize, &Value)| Session {
        id: first + index,
        runs: list(runs).iter().map(cell).collect(),
    };
    list(value).iter().enumerate().map(session).collect()
}

fn rounding(endpoint: &Value) -> Option<Rounding> {
    let slack = |key: &str| {
        let of = &endpoint["slack"][key];
        Slack { low: of[0].as_f64().unwrap_or(0.0), high: of[1].as_f64().unwrap_or(0.0) }
    };
    endpoint.get("slack")?;
    Some(Rounding {
        p50: slack("p50"),
        p95: slack("p95"),
        p99: slack("p99"),
        average_instead: list(&endpoint["metrics"]).iter().any(|name| name == "avg"),
    })
}

fn row(endpoint: &Value) -> Row {
    let evidence = if endpoint.get("pairs").is_some() {
        let pairs = list(&endpoint["pairs"]).iter().map(|pair| (cell(&pair[0]), cell(&pair[1])));
        Evidence::Paired(Paired { pairs: pairs.collect() })
    } else {
        let earlier = list(&endpoint["pool"]).iter().filter(|epoch| **epoch != endpoint["base"]);
        Evidence::Stored(Stored {
            baseline: sessions(&endpoint["base"], 0),
            earlier: earlier.enumerate().map(|(n, epoch)| sessions(epoch, 1000 * (n + 1))).collect(),
            candidate: sessions(&endpoint["cand"], 500),
            rounding: rounding(endpoint),
        })
    };
    Row { aggregated: false, evidence }
}

fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Judged(Verdict::Regressed) => "regressed",
        Outcome::Judged(Verdict::Improved) => "improved",
        Outcome::Judged(Verdict::Unchanged) => "unchanged",
        Outcome::Judged(Verdict::Inconclusive) => "inconclusive",
        Outcome::NotJudged(_) => "not judged",
    }
}

/// Equal to nine digits.
fn same(found: f64, expected: &Value, what: &str) {
    let expected = number(expected);
    let close = (found - expected).abs() <= 1e-9 * expected.abs().max(1e-9);
    assert!(close, "{what}: found {found}, expected {expected}");
}

fn check(figure: &Judged, expected: &Value, what: &str) {
    assert_eq!(word(figure.outcome), expected["verdict"], "{what}");
    if let Some(change) = &figure.change {
        same(change.difference, &expected["d"], &format!("{what} d"));
        same(change.error, &expected["se"], &format!("{what} se"));
        same(change.freedom, &expected["df"], &format!("{what} df"));
        same(change.difference - change.slack.low, &expected["dlo"], &format!("{what} dlo"));
        same(change.difference + change.slack.high, &expected["dhi"], &format!("{what} dhi"));
        same(change.interval.0, &expected["lo"], &format!("{what} lo"));
        same(change.interval.1, &expected["hi"], &format!("{what} hi"));
        same(change.upper, &expected["up"], &format!("{what} up"));
        same(change.worse.p, &expected["p"], &format!("{what} p"));
        same(change.better.p, &expected["pi"], &format!("{what} pi"));
        same(change.visible, &expected["mde"], &format!("{what} mde"));
        check_parts(change.parts, &expected["info"], what);
        assert_eq!(Value::from(change.worse.rejected), expected["rej_p"], "{what} rej_p");
        assert_eq!(Value::from(change.better.rejected), expected["rej_pi"], "{what} rej_pi");
        assert_eq!(change.relative.is_some(), expected.get("q").is_some(), "{what} relative");
        if let Some(relative) = &change.relative {
            same(relative.difference, &expected["d_rel"], &format!("{what} d_rel"));
            same(relative.worse.p, &expected["q"], &format!("{what} q"));
            same(relative.better.p, &expected["qi"], &format!("{what} qi"));
            assert_eq!(Value::from(relative.worse.rejected), expected["rej_q"], "{what} rej_q");
            assert_eq!(Value::from(relative.better.rejected), expected["rej_qi"], "{what} rej_qi");
        }
    }
    if let Some(failures) = &figure.failures {
        same(failures.difference, &expected["d"], &format!("{what} d"));
        same(failures.worse.p, &expected["p"], &format!("{what} p"));
        same(failures.better.p, &expected["pi"], &format!("{what} pi"));
        same(failures.independent, &expected["raw"], &format!("{what} raw"));
        same(failures.upper, &expected["up"], &format!("{what} up"));
        assert_eq!(Value::from(failures.after.0 == 0), expected["no_fail"], "{what} no_fail");
        assert_eq!(Value::from(failures.worse.rejected), expected["rej_p"], "{what} rej_p");
        assert_eq!(Value::from(failures.better.rejected), expected["rej_pi"], "{what} rej_pi");
    }
}

fn check_parts(parts: Parts, expected: &Value, what: &str) {
    let count = |found: usize, key: &str| assert_eq!(expected[key], found, "{what} {key}");
    match parts {
        Parts::Stored { sessions, freedom, variance, between, within, within_candidate, .. } => {
            count(sessions, "K");
            same(freedom, &expected["f"], &format!("{what} f"));
            same(variance, &expected["S2"], &format!("{what} S2"));
            same(between, &expected["between"], &format!("{what} between"));
            same(within, &expected["wb2"], &format!("{what} wb2"));
            same(within_candidate, &expected["wc2"], &format!("{what} wc2"));
        }
        Parts::Pairs { pairs, variance, .. } => {
            count(pairs, "m");
            same(variance, &expected["S2"], &format!("{what} S2"));
        }
    }
}

#[test]
fn every_judged_report_comes_to_its_verdicts() {
    let vectors = vectors();
    let reports = list(&vectors["judge"]);
    assert_eq!(reports.len(), 23);
    for expected in reports {
        let name = expected["name"].as_str().unwrap();
        let endpoints = expected["endpoints"].as_object().unwrap();
        let rows: Vec<Row> = endpoints.values().map(row).collect();
        let report = judge(&rows, &Rules::default(), &[]);
        for (found, endpoint) in report.rows.iter().zip(endpoints.keys()) {
            let cells = expected["rows"][endpoint].as_object().unwrap();
            assert_eq!(found.figures.len(), cells.len(), "{name} {endpoint}");
            for figure in &found.figures {
                let key = figure.metric.key();
                check(figure, &cells[key], &format!("{name}, {endpoint}, {key}"));
            }
        }
        let verdict = word(Outcome::Judged(report.verdict));
        assert_eq!(verdict, expected["verdict"], "{name}: {:?}", report.doubts);
    }
}

#[test]
fn the_constants_are_those_of_the_vectors() {
    let config = &vectors()["config"];
    let rules = Rules::default();
    for metric in [Metric::Average, Metric::P50, Metric::P95, Metric::P99, Metric::Rate] {
        let key = metric.key();
        for (name, of) in [
            ("sigma0", rules.sigma),
            ("sigma_rel", rules.sigma_relative),
            ("floor", rules.floor),
            ("margin", rules.margin),
        ] {
            same(of.of(metric), &config[name][key], &format!("{name} of {key}"));
        }
    }
    same(Rules::WEIGHT, &config["weight"], "weight");
    same(Rules::FREEDOM, &config["df0"], "df0");
    same(rules.q, &config["q"], "q");
    same(rules.q_relative, &config["q_rel"], "q_rel");
    same(1.0 - rules.bound, &config["bound"], "bound");
    same(rules.fail_floor, &config["fail_floor"], "fail_floor");
    same(rules.fail_margin, &config["fail_margin"], "fail_margin");
    same(Rules::GROSS_FAILURES, &config["fail_gross"], "fail_gross");
    same(Rules::PAIR_SHARE, &config["pair_share"], "pair_share");
    same(Rules::MIN_BEYOND, &config["min_exc"], "min_exc");
    same(Rules::MIN_BEYOND_STORED, &config["min_exc_hist"], "min_exc_hist");
    assert_eq!(config["hist_runs"], Rules::STORED_SESSIONS);
    assert_eq!(config["rel_min_endpoints"], Rules::MIN_ROWS);
    assert_eq!(config["min_n"], Rules::MIN_REQUESTS);
    assert_eq!(config["min_n_rate"], Rules::MIN_FOR_RATE);
    assert_eq!(config.as_object().unwrap().len(), 19, "all of them");
}
