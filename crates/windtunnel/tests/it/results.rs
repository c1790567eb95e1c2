//! Where results go, and that data on stdout stays data.

use serde_json::Value;

use crate::running::{RUN_TIME, healthy, module, request_count, run, run_with, with_modules};
use crate::sandbox::Sandbox;

fn csv_sets(sandbox: &Sandbox) -> Vec<String> {
    let files = sandbox.files().into_iter();
    files.filter_map(|file| file.strip_suffix("_stats.csv").map(str::to_owned)).collect()
}

#[test]
fn a_folder_gets_one_set_a_module_and_a_prefix_one_set_with_all_rows() {
    let (sandbox, server) = (with_modules(&["a", "b"]), healthy());
    run(&sandbox, &server, &["--csv", "results/"]).expect_code(0);
    assert_eq!(csv_sets(&sandbox), ["results/a", "results/b"]);
    let sandbox = with_modules(&["a", "b"]);
    run(&sandbox, &server, &["--csv", "there/all"]).expect_code(0);
    assert_eq!(csv_sets(&sandbox), ["there/all"]);
    let stats = sandbox.read("there/all_stats.csv");
    let rows = ["/v1/models/a:predict", "/v1/models/b:predict"].map(|row| request_count(&stats, row));
    assert_eq!(request_count(&stats, "Aggregated"), rows.iter().sum::<usize>());
}

/// A module of two files, whose classes send to `/one` and `/two`. It is so tolerant that two runs of two seconds can
/// be enough to say that nothing changed.
fn in_two_parts() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("models/m/tolerance.toml", "[compare]\ntolerance = \"40%\"\n");
    for part in ["one", "two"] {
        sandbox.write(&format!("models/m/{part}.toml"), &module(part));
    }
    sandbox
}

#[test]
fn a_part_of_a_module_is_compared_with_its_rows_and_the_others_are_not_called_gone() {
    let (sandbox, server) = (in_two_parts(), healthy());
    run_with("32", &sandbox, &server, &["m", "--csv", "results/m"]).expect_code(0);
    let told = run_with("16", &sandbox, &server, &["m/one"]);
    told.expect_code(0).expect_message("not run: POST /v1/models/two:predict");
    assert!(told.stdout.contains("m is unchanged") && !told.stdout.contains("gone"), "{}", told.stdout);
}

#[test]
fn a_part_of_a_module_does_not_take_the_place_of_the_whole() {
    let (sandbox, server) = (in_two_parts(), healthy());
    run(&sandbox, &server, &["m", "--csv", "results/m"]).expect_code(0);
    let (before, sent) = (sandbox.read("results/m_stats.csv"), server.recorded().len());
    for csv in ["results/m", "results/"] {
        let told = run(&sandbox, &server, &["m/one", "--csv", csv]);
        told.expect_code(2).expect_message("POST /v1/models/two:predict").expect_message("hint:");
    }
    assert_eq!((sandbox.read("results/m_stats.csv"), server.recorded().len()), (before, sent));
    run(&sandbox, &server, &["m/one", "--csv", "results/m_one"]).expect_code(4);
    // Where the whole has no more rows than the part, nothing is lost.
    std::fs::remove_file(sandbox.path("models/m/two.toml")).unwrap();
    run(&sandbox, &server, &["m/one", "--csv", "results/m"]).expect_code(4);
}

#[test]
fn side_by_side_each_module_still_has_its_own_baseline() {
    let (sandbox, server) = (with_modules(&["a", "b"]), healthy());
    let ended = run(&sandbox, &server, &["--together", "--csv", "results/"]);
    ended.expect_code(0).expect_message("a, b: 8 users");
    assert_eq!(csv_sets(&sandbox), ["results/a", "results/b"]);
    assert!(sandbox.read("results/a_runs.jsonl").contains("\"together\":[\"b\"]"));
}

#[test]
fn side_by_side_each_module_has_its_own_base_url() {
    let (sandbox, server, other) = (Sandbox::new(), healthy(), healthy());
    sandbox.write("models/a.toml", &module("a"));
    sandbox.write("models/b.toml", &(module("b") + &format!("base_url = \"{}\"\n", other.url())));
    run(&sandbox, &server, &["--together", "--csv", "results/"]).expect_code(0);
    let target = |url: &str| format!("\"target\":\"{url}\"");
    assert!(sandbox.read("results/a_runs.jsonl").contains(&target(&server.url())));
    assert!(sandbox.read("results/b_runs.jsonl").contains(&target(&other.url())));
}

#[test]
fn json_on_stdout_is_one_document_with_the_rows_of_all_modules() {
    let (sandbox, server) = (with_modules(&["a", "b"]), healthy());
    let ended = run(&sandbox, &server, &["--json", "--json-file", "there/x"]);
    ended.expect_code(0).expect_message("Aggregated");
    let rows: Vec<Value> = serde_json::from_str(&ended.stdout).unwrap();
    let names: Vec<&str> = rows.iter().map(|row| row["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["/v1/models/a:predict", "/v1/models/b:predict"]);
    assert_eq!(serde_json::from_str::<Vec<Value>>(&sandbox.read("there/x.json")).unwrap(), rows);
    let sum: u64 = rows.iter().map(|row| row["num_requests"].as_u64().unwrap()).sum();
    assert_eq!(sum, server.recorded().len() as u64);
}

#[test]
fn a_simulated_run_keeps_to_its_own_folder() {
    let sandbox = with_modules(&["a"]);
    let simulator = ["a", "--sim", "--sim-median", "300ms", "--sim-workers", "64"];
    let load = [&simulator[..], &["-u", "40", "-r", "40", "-t", RUN_TIME]].concat();
    let first = sandbox.run(&[&load[..], &["--csv", "results/a"]].concat());
    first.expect_code(0).expect_message("results/sim/a instead of results/a");
    assert_eq!(csv_sets(&sandbox), ["results/sim/a"]);
    let slower = sandbox.run(&[&load[..], &["--sim-slowdown", "2"]].concat());
    slower.expect_code(3).expect_message("results/sim/a_runs.jsonl");
}

#[test]
fn stored_runs_and_files_are_compared() {
    let (sandbox, server) = (with_modules(&["a"]), healthy());
    run(&sandbox, &server, &["a", "--csv", "results/a"]).expect_code(0);
    let told = sandbox.run(&["compare", "results/a", "last"]);
    told.expect_code(0);
    assert!(told.stdout.contains("/v1/models/a:predict") && told.stdout.contains("unchanged"), "{told:#?}");
    sandbox.run(&["compare", "results/a_stats.csv", "results/a_runs.jsonl"]).expect_code(0);
    let told = sandbox.run(&["compare", "nothing", "neither"]);
    told.expect_code(2).expect_message("nothing").expect_message("neither");
}

/// A CSV with one row: requests, failures, and a latency in milliseconds; 30 requests a second.
fn stats(requests: u64, failures: u64, ms: u64) -> String {
    format!(
        "Type,Name,Request Count,Failure Count,Average Response Time,Requests/s,50%,66%,95%,Max Response Time\n\
         POST,/v1/models/a:predict,{requests},{failures},{ms},30.0,{ms},{ms},{ms},{ms}\n"
    )
}

#[test]
fn failures_that_the_old_result_does_not_have_are_exit_code_1_in_compare_too() {
    let sandbox = Sandbox::new();
    sandbox.write("good_stats.csv", &stats(600, 0, 100));
    sandbox.write("one_stats.csv", &stats(600, 1, 100));
    sandbox.write("all_stats.csv", &stats(600, 600, 100));
    sandbox.run(&["compare", "good", "one"]).expect_code(1).expect_message("requests failed");
    sandbox.run(&["compare", "one", "good"]).expect_code(0);
    sandbox.run(&["compare", "one", "one"]).expect_code(0);
    sandbox.run(&["compare", "good", "all"]).expect_code(3);
    sandbox.run(&["compare", "all", "all"]).expect_code(0);
}

#[test]
fn tolerances_of_the_module_hold_in_compare_whichever_side_knows_it() {
    let (sandbox, server) = (with_modules(&["a"]), healthy());
    run(&sandbox, &server, &["a", "--csv", "results/a"]).expect_code(0);
    sandbox.write("slow_stats.csv", &stats(300, 0, 400));
    let told = sandbox.run(&["compare", "results/a", "slow"]);
    told.expect_code(3).expect_message("a got slower");
    let tolerant = "[compare]\ntolerance = \"100%\"\navg = \"100%\"\n";
    sandbox.write("models/a.toml", &(tolerant.to_owned() + &module("a")));
    sandbox.run(&["compare", "results/a", "slow"]).expect_code(0);
}

#[test]
fn a_reader_that_is_gone_is_no_error() {
    let sandbox = Sandbox::new();
    sandbox.write("models/many.toml", &(0..2_000).map(|n| module(&format!("m{n}"))).collect::<String>());
    let mut child = sandbox.command(&["list"]).spawn().unwrap();
    drop(child.stdout.take());
    let ended = crate::sandbox::ended(child.wait_with_output().unwrap());
    ended.expect_code(0);
    assert_eq!(ended.stderr, "");
}
