//! Comparisons beside the terminal: files for reviews and for CI, annotations, and explanations.

use std::fmt::Write;

use serde_json::Value;

use crate::running::{ANSWER_TIME, healthy, module, run, with_modules};
use crate::sandbox::Sandbox;
use crate::server::Server;
use crate::usage::refused;

/// A CSV of Locust's with these rows: name, requests, failures, milliseconds.
fn stats(rows: &[(&str, u64, u64, u64)]) -> String {
    let mut text = "Type,Name,Request Count,Failure Count,Median Response Time,Average Response Time,\
         Min Response Time,Max Response Time,Average Content Size,Requests/s,Failures/s,\
         50%,66%,75%,80%,90%,95%,98%,99%,99.9%,99.99%,100%\n"
        .to_owned();
    for (name, requests, failures, ms) in rows {
        let percentiles = [ms.to_string().as_str(); 11].join(",");
        let (rate, failing) = (*requests as f64 / 60.0, *failures as f64 / 60.0);
        writeln!(
            text,
            "POST,{name},{requests},{failures},{ms},{ms},{ms},{ms},2,{rate},{failing},{percentiles}"
        )
        .unwrap();
    }
    text
}

/// A slower and a faster result of two rows.
fn two_results() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("old_stats.csv", &stats(&[("/a", 600, 0, 100), ("/b", 600, 0, 200)]));
    sandbox.write("new_stats.csv", &stats(&[("/a", 600, 0, 200), ("/b", 600, 0, 200)]));
    sandbox
}

const FILES: [&str; 6] = ["--markdown", "out/r.md", "--junit", "out/r.xml", "--report-json", "out/r.json"];

#[test]
fn a_comparison_is_written_in_every_format() {
    let sandbox = two_results();
    let told = sandbox.run(&[&["compare", "old", "new"][..], &FILES].concat());
    told.expect_code(3).expect_message("the report is in out/r.xml");
    assert!(sandbox.read("out/r.md").starts_with("**new_stats.csv got "), "{}", sandbox.read("out/r.md"));
    let junit = sandbox.read("out/r.xml");
    assert!(junit.contains("<failure") && junit.contains("name=\"POST /b average\""), "{junit}");
    let json: Value = serde_json::from_str(&sandbox.read("out/r.json")).unwrap();
    assert_eq!(json["exit"]["code"], 3);
    assert_eq!(json["modules"][0]["comparison"]["outcome"], "regressed");
    assert!(!sandbox.files().iter().any(|file| file.ends_with(".partial")));
}

#[test]
fn all_modules_of_a_call_are_in_one_file_and_the_first_has_no_baseline() {
    let (sandbox, server) = (with_modules(&["a", "b"]), healthy());
    run(&sandbox, &server, &["a", "--csv", "results/a"]).expect_code(0);
    let told = run(&sandbox, &server, &FILES);
    told.expect_code(0);
    let json: Value = serde_json::from_str(&sandbox.read("out/r.json")).unwrap();
    let modules: Vec<(&str, bool)> = json["modules"]
        .as_array()
        .unwrap()
        .iter()
        .map(|module| (module["name"].as_str().unwrap(), module["comparison"].is_null()))
        .collect();
    assert_eq!(modules, [("a", false), ("b", true)]);
    assert!(sandbox.read("out/r.md").contains("**b**: no baseline yet"));
    assert_eq!(sandbox.read("out/r.xml").matches("<testsuite ").count(), 2);
}

#[test]
fn a_file_that_cannot_be_written_is_known_before_the_first_request() {
    let (sandbox, server) = (with_modules(&["a"]), healthy());
    let url = server.url();
    let load = ["a", "-t", "1s", "-H", url.as_str()];
    sandbox.write("folder/x", "");
    sandbox.write("file", "");
    let told = |more: &[&str]| refused(&sandbox, &server, &[], &[&load[..], more].concat());
    told(&["--junit", "folder"]).expect_message("folder").expect_message("cannot be written");
    told(&["--markdown", "new/r.md", "--report-json", "file/r.json"]).expect_message("file/r.json");
    told(&["--markdown", "r", "--junit", "r"]).expect_message("--markdown and --junit name the same file");
}

#[test]
fn what_is_to_be_explained_must_be_there_before_the_first_request() {
    let (sandbox, server) = (with_modules(&["a", "b"]), healthy());
    let url = server.url();
    let load = ["-t", "1s", "-H", url.as_str(), "--explain"];
    let told = |more: &[&str]| refused(&sandbox, &server, &[], &[&load[..], more].concat());
    told(&["/nothing", "p50"])
        .expect_message("there is no row `/nothing`")
        .expect_message("POST /v1/models/a:predict");
    told(&["a:predict", "p51"])
        .expect_message("did you mean `p50`?")
        .expect_message("avg, p50, p95, p99, rate, fail");
    let told = two_results().run(&["compare", "old", "new", "--explain", "/", "p50"]);
    told.expect_code(2).expect_message("more than one row");
}

#[test]
fn every_step_is_explained_of_a_run_and_of_stored_results() {
    let told = two_results().run(&["compare", "old", "new", "--explain", "POST /b", "p95"]);
    told.expect_code(3).expect_message("POST /b, p95: ").expect_message("(docs/statistics.md 3.12)");
    let (sandbox, server) = (with_modules(&["a", "b"]), healthy());
    run(&sandbox, &server, &["b", "--csv", "results/b"]).expect_code(0);
    let told = run(&sandbox, &server, &["--explain", "b:predict", "rate"]);
    told.expect_code(0).expect_message("POST /v1/models/b:predict, throughput: ");
    assert_eq!(told.stdout.matches(" 1. ").count(), 1, "{}", told.stdout);
}

#[test]
fn an_interrupted_call_leaves_reports_of_what_is_there() {
    let (sandbox, server) = (with_modules(&["a", "b"]), healthy());
    let url = server.url();
    let load = ["-u", "4", "-r", "8", "-t", "60s", "-H", url.as_str()];
    let child = sandbox.command(&[&load[..], &FILES].concat()).spawn().unwrap();
    server.wait_for(1);
    let id = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(id, rustix::process::Signal::INT).unwrap();
    let ended = crate::sandbox::ended(child.wait_with_output().unwrap());
    ended.expect_code(130);
    let json: Value = serde_json::from_str(&sandbox.read("out/r.json")).unwrap();
    let words: Vec<&str> =
        json["modules"].as_array().unwrap().iter().map(|module| module["word"].as_str().unwrap()).collect();
    assert_eq!(words, ["interrupted", "interrupted: not run"]);
    assert_eq!(sandbox.read("out/r.xml").matches("<failure").count(), 2);
}

#[test]
fn github_is_told_where_it_listens() {
    let sandbox = two_results();
    sandbox.write("summary", "before\n");
    let variables = [("GITHUB_ACTIONS", "true"), ("GITHUB_STEP_SUMMARY", "summary")];
    let told = sandbox.run_with(&variables, &["compare", "old", "new"]);
    told.expect_code(3);
    assert!(
        told.stderr.lines().any(|line| line.starts_with("::error title=new_stats.csv got ")),
        "{told:#?}"
    );
    assert!(!told.stdout.contains("::error"), "{}", told.stdout);
    let summary = sandbox.read("summary");
    assert!(summary.starts_with("before\n**new_stats.csv got "), "{summary}");
    let told = sandbox.run(&["compare", "old", "new"]);
    assert!(!told.stderr.contains("::"), "{}", told.stderr);
}

#[test]
fn a_summary_that_cannot_be_written_changes_nothing() {
    let variables = [("GITHUB_ACTIONS", "true"), ("GITHUB_STEP_SUMMARY", "no/such/folder")];
    let told = two_results().run_with(&variables, &["compare", "old", "new"]);
    told.expect_code(3).expect_message("no/such/folder");
}

#[test]
fn a_report_goes_to_a_device_as_well() {
    let told = two_results().run(&["compare", "old", "new", "--report-json", "/dev/stderr"]);
    told.expect_code(3).expect_message("\"schema\": \"windtunnel-report\"");
}

#[test]
fn failures_are_a_failure_although_there_is_no_baseline() {
    let sandbox = Sandbox::new();
    sandbox.write("models/a.toml", &module("a"));
    let broken = Server::slow(ANSWER_TIME, |_| (500, "{}".to_owned()));
    run(&sandbox, &broken, &["a", "--junit", "r.xml"]).expect_code(1);
    let junit = sandbox.read("r.xml");
    assert!(junit.contains("<testcase classname=\"a\" name=\"verdict\">"), "{junit}");
    assert!(junit.contains("requests failed that no baseline expects"), "{junit}");
}

#[test]
fn versions_in_turns_are_reported_and_explained_like_any_others() {
    let (sandbox, server) = (with_modules(&["a"]), healthy());
    let url = server.url();
    let load = ["-u", "8", "-r", "1000", "-t", "1s", "--a", &url, "--b", &url, "--explain", "/", "p50"];
    let told = sandbox.run(&[&["ab", "a"][..], &load, &FILES].concat());
    told.expect_message("POST /v1/models/a:predict, p50: ").expect_message("the report is in out/r.md");
    let json: Value = serde_json::from_str(&sandbox.read("out/r.json")).unwrap();
    assert_eq!(json["modules"][0]["comparison"]["method"]["pairs"], 3, "{json}");
    assert_eq!(json["exit"]["code"], told.code.unwrap());
}

#[test]
fn a_calibration_is_no_comparison_to_tell_others_of() {
    let (sandbox, server) = (with_modules(&["a"]), healthy());
    let url = server.url();
    let load = ["-u", "8", "-r", "8", "-t", "2s", "-H", &url];
    sandbox.run(&[&["a", "--csv", "results/a"][..], &load].concat()).expect_code(0);
    let variables = [("GITHUB_ACTIONS", "true"), ("GITHUB_STEP_SUMMARY", "summary")];
    let told = sandbox.run_with(&variables, &[&["calibrate", "a", "--force"][..], &load].concat());
    assert!(!told.stderr.contains("::warning") && !told.stderr.contains("::error"), "{told:#?}");
    assert!(!sandbox.path("summary").exists());
}
