use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use serde_json::json;

use crate::plan::request::Response;
use crate::plan::testing::{Suite, bodies, class, expect, module, post, post_json, text};
use crate::plan::{Plan, UserScope};
use crate::suite::{ExpectSpec, Pick, RequestSpec};
use crate::wire::Capture;

fn expecting(expects: Vec<ExpectSpec>) -> Plan {
    Suite::of(vec![RequestSpec { expect: expects, ..post("/a") }]).plan()
}

/// Judges a response with this status and body by the only step of `plan`.
fn judged(plan: &Plan, user: &mut UserScope, status: u16, body: &str) -> Result<(), String> {
    let mut headers = HeaderMap::new();
    headers.insert("x-model", "gemma".parse().unwrap());
    let body = Bytes::from(body.to_owned());
    let response = Response { status, headers: &headers, body: &body, time: Duration::from_micros(12_500) };
    plan.classes[0].tasks[0].steps[0].judge(user, &response)
}

fn verdict(expects: Vec<ExpectSpec>, status: u16, body: &str) -> Result<(), String> {
    let plan = expecting(expects);
    judged(&plan, &mut UserScope::new(&plan, 0, 0), status, body)
}

#[test]
fn an_error_inside_a_200_fails_with_the_words_of_the_server() {
    let rule = || {
        vec![expect(
            "response.json.predictions | selectattr('status_code', 'ne', 200) | list | length == 0",
            Some(
                "{{ (response.json.predictions | selectattr('status_code', 'ne', 200) | first).errors | tojson }}",
            ),
        )]
    };
    let ok = r#"{"predictions": [{"status_code": 200}, {"status_code": 200}]}"#;
    assert_eq!(verdict(rule(), 200, ok), Ok(()));
    let bad = r#"{"predictions": [{"status_code": 200}, {"status_code": 500, "errors": ["too < long"]}]}"#;
    assert_eq!(verdict(rule(), 200, bad), Err(r#"["too < long"]"#.to_owned()));
}

#[test]
fn all_fields_of_a_response_are_there() {
    for rule in [
        "response.status == 200",
        "response['status'] == 200",
        "response.headers['x-model'] == 'gemma'",
        "response.headers['X-Model'] == 'gemma'",
        "response.headers['x-none'] is undefined",
        "response.json.a[1].b == 9007199254740993",
        "'\"a\"' in response.text",
        "response.time_ms == 12.5",
    ] {
        let verdict = verdict(vec![expect(rule, None)], 200, r#"{"a": [0, {"b": 9007199254740993}]}"#);
        assert_eq!(verdict, Ok(()), "{rule}");
    }
}

#[test]
fn a_body_that_is_not_json_is_told_with_the_position() {
    let text = verdict(vec![expect("response.json.a == 1", None)], 200, "<html>").unwrap_err();
    assert_eq!(text, "the response is not JSON: expected value at line 1 column 1");
}

#[test]
fn the_first_false_expectation_is_the_failure() {
    let rules =
        vec![expect("true", None), expect("response.status == 200", None), expect("false", Some("no"))];
    assert_eq!(verdict(rules, 503, ""), Err("expected response.status == 200 (status 503)".to_owned()));
    assert_eq!(verdict(vec![expect("1 > 2", None)], 200, ""), Err("expected 1 > 2".to_owned()));
}

#[test]
fn an_expectation_that_cannot_be_evaluated_is_a_failure() {
    let text = verdict(vec![expect("response.json.a.b == 1", None)], 200, "{}").unwrap_err();
    assert_eq!(text, "could not evaluate `response.json.a.b == 1`: `response.json.a` is undefined");
    let text = verdict(vec![expect("false", Some("{{ response.json.a.b }}"))], 200, "{}").unwrap_err();
    assert!(text.starts_with("expected false; its message failed: "), "{text}");
}

#[test]
fn a_failure_text_is_one_line_of_bounded_length() {
    let text =
        verdict(vec![expect("false", Some("{{ response.text }}"))], 200, &"é\n".repeat(1000)).unwrap_err();
    assert_eq!(text.chars().count(), 300);
    assert!(text.starts_with("é é ") && text.ends_with('…'), "{text}");
}

#[test]
fn an_expectation_on_the_status_takes_the_place_of_the_rule_for_errors() {
    let fails =
        |rule: &str| expecting(vec![expect(rule, None)]).classes[0].tasks[0].steps[0].fails_on_status();
    assert!(!fails("response.status in [200, 404]"));
    assert!(!fails("response['status'] == 404"));
    assert!(fails("response.json.status == 404"));
}

#[test]
fn only_what_is_read_is_kept_of_a_response() {
    let capture = |rules: Vec<ExpectSpec>| {
        let plan = expecting(rules);
        let step = &plan.classes[0].tasks[0].steps[0];
        step.render(&plan, &mut UserScope::new(&plan, 0, 0)).unwrap().capture
    };
    assert_eq!(capture(Vec::new()), Capture::Nothing);
    assert_eq!(capture(vec![expect("response.status == 200", None)]), Capture::Head);
    assert_eq!(capture(vec![expect("response.headers.server == 'x'", None)]), Capture::Head);
    assert_eq!(capture(vec![expect("response.json.a == 1", None)]), Capture::Body);
    assert_eq!(capture(vec![expect("response.status == 1", Some("{{ response.text }}"))]), Capture::Body);
}

#[test]
fn a_filter_that_does_not_exist_is_found_before_the_run() {
    let rule = expect("response.json.a | lenght == 0", None);
    let suite = Suite::of(vec![RequestSpec { expect: vec![rule], ..post("/a") }]);
    assert_eq!(suite.problem(), ("lenght".to_owned(), "filter lenght is unknown".to_owned()));
}

#[test]
fn a_saved_value_is_there_for_the_requests_that_follow() {
    let login = RequestSpec { save: vec![(text("token"), text("response.json.token"))], ..post("/login") };
    let user = post_json("/use", &json!({"token": "{{ user.token }}", "user": "{{ user.index }}"}));
    let mut class = class("A", vec![user]);
    class.on_start = vec![login];
    let plan = Suite::new(module("m", vec![class])).plan();
    let mut user = UserScope::new(&plan, 0, 5);
    let step = &plan.classes[0].tasks[0].steps[0];
    let fault = step.render(&plan, &mut user).unwrap_err();
    assert_eq!(fault.to_string(), "`user.token` is undefined");
    let body = Bytes::from(r#"{"token": {"n": 7}}"#);
    let response = Response { status: 200, headers: &HeaderMap::new(), body: &body, time: Duration::ZERO };
    plan.classes[0].on_start[0].judge(&mut user, &response).unwrap();
    user.next_task(&plan);
    assert_eq!(step.render(&plan, &mut user).unwrap().body, r#"{"token":{"n":7},"user":5}"#);
}

#[test]
fn what_cannot_be_saved_fails_the_request() {
    let request = RequestSpec { save: vec![(text("token"), text("response.json.token"))], ..post("/login") };
    let plan = Suite::of(vec![request]).plan();
    let text = judged(&plan, &mut UserScope::new(&plan, 0, 0), 200, "{}").unwrap_err();
    assert_eq!(text, "could not save `token`: `response.json.token` is undefined");
}

#[test]
fn a_name_that_nothing_saves_is_found_before_the_run() {
    let request = post_json("/use", &json!({"token": "{{ user.token }}"}));
    let (at, message) = Suite::of(vec![request]).problem();
    assert_eq!(
        (at.as_str(), message.as_str()),
        ("user.token", "no request of the class saves `token`; there are: index")
    );
}

#[test]
fn an_expectation_sees_the_row_of_its_request() {
    let rows: Vec<Vec<_>> = (0..50).map(|row| vec![json!(row)]).collect();
    let rows: Vec<&[_]> = rows.iter().map(Vec::as_slice).collect();
    let request = RequestSpec {
        expect: vec![expect("response.json.id == t.id", None)],
        ..post_json("/a", &json!({"id": "{{ t.id }}"}))
    };
    let plan = Suite::of(vec![request]).table("t", Pick::Random, &["id"], &rows).plan();
    let mut user = UserScope::new(&plan, 0, 0);
    let step = &plan.classes[0].tasks[0].steps[0];
    for _ in 0..20 {
        user.next_task(&plan);
        let body = step.render(&plan, &mut user).unwrap().body;
        assert_eq!(judged(&plan, &mut user, 200, std::str::from_utf8(&body).unwrap()), Ok(()));
    }
    assert_eq!(bodies(&plan, 0, 20).len(), 20);
}

#[test]
fn secrets_are_blotted_out_of_failures() {
    let request = RequestSpec { expect: vec![expect("false", Some("{{ response.text }}"))], ..post("/a") };
    let plan = Suite::of(vec![request]).variable("KEY", Some(json!("hunter2")), true).plan();
    let text = judged(&plan, &mut UserScope::new(&plan, 0, 0), 401, "bad key hunter2");
    assert_eq!(text, Err("bad key ***".to_owned()));
}
