//! That what is written is what docs/report.schema.json says, with no key more and no number lost.

use std::path::Path;

use boon::{Compiler, SchemaIndex, Schemas};
use serde_json::Value;

use super::*;
use crate::compare::{Comparison, METRICS};
use crate::output::reported::LimitReport;
use crate::output::testing::*;
use crate::summary::line::fixture::spread;

fn exit(code: u8) -> ExitMeaning {
    ExitMeaning { code, meaning: "what it stands for".to_owned() }
}

fn schema() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/report.schema.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// The published schema lets readers find new keys; here none may be there that it does not know.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            map.values_mut().for_each(close);
            if map.contains_key("properties") && map.contains_key("required") {
                map.insert("additionalProperties".to_owned(), Value::Bool(false));
            }
        }
        Value::Array(list) => list.iter_mut().for_each(close),
        _ => {}
    }
}

struct Validator {
    schemas: Schemas,
    index: SchemaIndex,
}

impl Validator {
    fn new() -> Self {
        let mut schema = schema();
        close(&mut schema);
        let (mut compiler, mut schemas) = (Compiler::new(), Schemas::new());
        compiler.add_resource("urn:windtunnel:report:1", schema).unwrap();
        let index = compiler.compile("urn:windtunnel:report:1", &mut schemas).unwrap();
        Self { schemas, index }
    }

    #[track_caller]
    fn read(&self, text: &str) -> Value {
        let value: Value = serde_json::from_str(text).unwrap();
        if let Err(error) = self.schemas.validate(&value, self.index) {
            panic!("{error:#}\n{text}");
        }
        value
    }
}

fn of(comparison: Comparison) -> String {
    report_json(&[module(0, comparison)], &exit(0), "0.1.0")
}

#[test]
fn every_kind_of_report_is_as_the_schema_says() {
    let validator = Validator::new();
    let slower = |ms| compared(&single(&at("1", 180.0, 1)), &at("2", ms, 2));
    let reports = [
        slower(230.0),
        slower(190.0),
        compared(&sessions(5, 180.0), &at("2", 181.0, 2)),
        confirmed(&sessions(3, 180.0), &at("2", 220.0, 2), &at("3", 218.0, 3)),
        confirmed(&sessions(3, 180.0), &at("2", 206.0, 2), &at("3", 180.0, 3)),
        crept(),
        pairs(&[(180.0, 205.0), (181.0, 207.0), (179.0, 204.0)]),
        beside_csv(&at("1", 180.0, 1), &at("2", 182.0, 2)),
        limited(),
        incomparable(),
        every_state(),
        seven_rows(),
    ];
    let outcomes: Vec<String> = reports
        .into_iter()
        .map(|comparison| {
            let read = validator.read(&of(comparison));
            let comparison = &read["modules"][0]["comparison"];
            format!(
                "{} {}",
                comparison["outcome"].as_str().unwrap(),
                comparison["confirmation"].as_str().unwrap()
            )
        })
        .collect();
    insta::assert_snapshot!(outcomes.join("\n"), @"
    regressed none
    inconclusive none
    unchanged none
    regressed confirmed
    inconclusive not_confirmed
    crept none
    regressed none
    unchanged none
    generator_limited none
    not_comparable none
    regressed none
    regressed none
    ");
}

#[test]
fn modules_without_a_comparison_and_limits_are_as_the_schema_says() {
    let validator = Validator::new();
    let limits = [LimitState::Kept, LimitState::Missed, LimitState::NotEnough].map(|state| LimitReport {
        row: "POST /a".to_owned(),
        limit: "p95 < 300ms".to_owned(),
        state,
        text: "p95 is 310 ms".to_owned(),
    });
    let module = ModuleReport { limits: limits.to_vec(), ..unjudged(1) };
    let read = validator.read(&report_json(&[module], &exit(1), "0.1.0"));
    assert_eq!(read["modules"][0]["limits"][1]["state"], "missed");
    assert_eq!(read["exit"]["code"], 1);
    validator.read(&report_json(&[], &exit(130), "0.1.0"));
}

#[test]
fn a_document_that_is_not_one_is_refused() {
    let validator = Validator::new();
    let good: Value = serde_json::from_str(&of(every_state())).unwrap();
    let changes: [fn(&mut Value); 5] = [
        |document| document["version"] = 2.into(),
        |document| document["modules"][0]["comparison"]["rows"][1]["figures"][1]["verdict"] = "faster".into(),
        |document| document["modules"][0]["comparison"]["rows"][1]["figures"][1]["p_worse"] = 1.5.into(),
        |document| document["modules"][0]["extra"] = 1.into(),
        |document| {
            document["modules"][0]["comparison"].as_object_mut().unwrap().remove("anchor");
        },
    ];
    for change in changes {
        let mut bad = good.clone();
        change(&mut bad);
        assert!(validator.schemas.validate(&bad, validator.index).is_err());
    }
}

#[test]
fn the_numbers_are_those_of_the_comparison() {
    let comparison = compared(&single(&at("1", 180.0, 1)), &at("2", 230.0, 2));
    let read: Value = serde_json::from_str(&of(comparison.clone())).unwrap();
    let figures = &read["modules"][0]["comparison"]["rows"][0]["figures"];
    for (index, metric) in METRICS.into_iter().enumerate() {
        let (figure, json) = (comparison.rows[0].figure(metric).unwrap(), &figures[index]);
        assert_eq!(json["metric"], metric.key());
        let change = if metric.key() == "fail" { "change_share" } else { "change_ratio" };
        assert_eq!(json[change].as_f64(), figure.change);
    }
    let change = comparison.rows[0].figures[1].judged.as_ref().unwrap().change.unwrap();
    let reckoning = &figures[1]["reckoning"];
    assert_eq!(reckoning["difference_log"].as_f64(), Some(change.difference));
    assert_eq!(reckoning["worse"]["p"].as_f64(), Some(change.worse.p));
    assert_eq!(figures[1]["baseline_ms"].as_f64(), comparison.rows[0].figures[1].old);
}

#[test]
fn what_is_no_number_is_null() {
    let mut comparison = compared(&single(&at("1", 180.0, 1)), &at("2", 190.0, 2));
    for figure in &mut comparison.rows[0].figures {
        figure.new = Some(f64::NAN);
        figure.interval = Some((f64::NEG_INFINITY, 0.5));
        if let Some(change) = figure.judged.as_mut().and_then(|judged| judged.change.as_mut()) {
            change.visible = f64::INFINITY;
            change.slack.high = f64::INFINITY;
            change.worse.p = f64::NAN;
        }
    }
    let text = of(comparison);
    assert!(!text.contains("NaN") && !text.contains("inf,"), "{text}");
    let read = Validator::new().read(&text);
    assert_eq!(read["modules"][0]["comparison"]["rows"][0]["figures"][1]["interval_ratio"], Value::Null);
}

#[test]
fn names_of_any_kind_are_texts() {
    let old = run("1", &spread(NASTY, 600, 60.0, 180.0, 1));
    let new = run("2", &spread(NASTY, 600, 60.0, 230.0, 2));
    let read = Validator::new().read(&of(compared(&single(&old), &new)));
    assert_eq!(read["modules"][0]["comparison"]["rows"][0]["name"], NASTY);
}

#[test]
fn the_version_of_the_schema_is_that_of_the_document() {
    let schema = schema();
    assert_eq!(schema["properties"]["version"]["const"], REPORT_VERSION);
    assert_eq!(schema["$id"], format!("urn:windtunnel:report:{REPORT_VERSION}"));
}
