//! Limits: what `[slo]` and `--slo` say of a run, whatever the baseline says.

use crate::running::{module, with_modules};
use crate::sandbox::{Ended, Sandbox};

/// Some 200 requests to the simulator, which answers in 300 ms: 1.8 s, too short for a warm-up to be found by chance.
fn run(sandbox: &Sandbox, arguments: &[&str]) -> Ended {
    let load =
        ["--sim", "--sim-median", "300ms", "--sim-workers", "64", "-u", "40", "-r", "400", "-t", "1800ms"];
    sandbox.run(&[&["a"][..], &load, arguments].concat())
}

#[test]
fn a_missed_limit_is_exit_code_3_and_the_results_are_written_all_the_same() {
    let sandbox = with_modules(&["a"]);
    let ended = run(&sandbox, &["--slo", "p95 < 1ms, failures < 50%", "--csv", "results/sim/a"]);
    ended
        .expect_code(3)
        .expect_message("limits: p95 < 1ms, failures < 50% (--slo)")
        .expect_message("a misses 1 of its 2 limits: p95 < 1ms")
        .expect_message("missed\n    POST /v1/models/a:predict: ")
        .expect_message("failures < 50%   kept")
        .expect_message("a: no baseline yet; limits missed: p95 < 1ms (exit code 3)");
    assert!(sandbox.files().contains(&"results/sim/a_stats.csv".to_owned()), "{:?}", sandbox.files());
}

#[test]
fn a_limit_that_the_run_is_too_short_for_is_a_warning_or_exit_code_4() {
    let sandbox = with_modules(&["a"]);
    let limit = ["--slo", "p99.9 < 10s"];
    run(&sandbox, &limit)
        .expect_code(0)
        .expect_message("a: not enough evidence for its limit p99.9 < 10s")
        .expect_message(" requests were over it")
        .expect_message("not enough evidence for limits: p99.9 < 10s (exit code 0)");
    run(&sandbox, &[&limit[..], &["--inconclusive", "fail"]].concat()).expect_code(4);
}

#[test]
fn limits_of_the_module_hold_and_the_command_line_may_replace_them() {
    let sandbox = Sandbox::new();
    let rows =
        "[[user]]\nclass = \"fast\"\nwait = \"10ms\"\npost = \"/v1/models/b:predict\"\njson = { x = 1 }\n";
    let slo = "[slo]\np75 = \"< 1ms\"\nfailures = \"< 50%\"\n";
    sandbox.write("models/a.toml", &(slo.to_owned() + &module("a") + rows));
    run(&sandbox, &[])
        .expect_code(3)
        .expect_message("limits: p75 < 1ms, failures < 50% ([slo] of models/a.toml)")
        .expect_message("    POST /v1/models/a:predict: ")
        .expect_message("    POST /v1/models/b:predict: ");
    run(&sandbox, &["--slo", "p75 < 10s, avg < 10s, rate > 1/s"])
        .expect_code(0)
        .expect_message(
            "limits: avg < 10s, p75 < 10s, rate > 1/s (--slo), failures < 50% ([slo] of models/a.toml)",
        )
        .expect_message("a keeps its 4 limits");
}

#[test]
fn limits_are_in_every_report() {
    let sandbox = with_modules(&["a"]);
    let files = ["--markdown", "r.md", "--junit", "r.xml", "--report-json", "r.json"];
    run(&sandbox, &[&["--slo", "p90 < 1ms"][..], &files].concat()).expect_code(3);
    let read = |name: &str| sandbox.read(name);
    assert!(read("r.md").contains("**missed**"), "{}", read("r.md"));
    assert!(
        read("r.xml").contains("<failure") && read("r.xml").contains("p90 &lt; 1ms"),
        "{}",
        read("r.xml")
    );
    let json: serde_json::Value = serde_json::from_str(&read("r.json")).unwrap();
    let limit = &json["modules"][0]["limits"][0];
    assert_eq!((limit["state"].as_str(), limit["limit"].as_str()), (Some("missed"), Some("p90 < 1ms")));
}

#[test]
fn what_is_no_limit_is_found_before_the_first_request() {
    let sandbox = with_modules(&["a"]);
    run(&sandbox, &["--slo", "p95 > 1s, failure < 1%"])
        .expect_code(2)
        .expect_message("--slo: `p95 > 1s` asks for the worse")
        .expect_message("hint: did you mean `failures`?");
    sandbox.write("models/a.toml", &("[slo]\np95 = \"300ms\"\n".to_owned() + &module("a")));
    let ended = run(&sandbox, &[]);
    ended.expect_code(2).expect_message("models/a.toml:2:7: `300ms` is not a limit of `p95`");
    assert!(!ended.stderr.contains("users"), "{}", ended.stderr);
}

#[test]
fn each_module_is_judged_by_its_own_limits() {
    let sandbox = with_modules(&["b"]);
    sandbox.write("models/a.toml", &("[slo]\np50 = \"< 1ms\"\n".to_owned() + &module("a")));
    let ended = run(&sandbox, &["b", "--together"]);
    ended
        .expect_code(3)
        .expect_message("a misses its limit p50 < 1ms")
        .expect_message("b: no baseline yet (exit");
}
