//! The life of a baseline, played with the dates of its days: against the simulator, whose two starts are two
//! occasions a day apart.

mod builds;
mod calibrating;
mod decisions;

use crate::running::RUN_TIME;
use crate::sandbox::{Ended, Sandbox};

/// A module whose floors let what differs by chance in two seconds be unchanged, and a doubled latency not.
const MODULE: &str = r#"
[compare]
p50 = "10%"
p95 = "50%"
p99 = "50%"
rate = "40%"

[[user]]
class = "A"
wait = "10ms"
post = "/v1/models/a:predict"
json = { x = 1 }
"#;

/// All users begin at once. Sessions are expected to differ little, so that one of them can be enough to say that nothing
/// changed.
const SETTINGS: [(&str, &str); 8] = [
    ("WINDTUNNEL_USERS", "30"),
    ("WINDTUNNEL_SPAWN_RATE", "30"),
    ("WINDTUNNEL_RUN_TIME", RUN_TIME),
    ("WINDTUNNEL_ONLY_SUMMARY", "true"),
    ("WINDTUNNEL_NOISE", "quiet"),
    ("WINDTUNNEL_SIM_MEDIAN", "100ms"),
    ("WINDTUNNEL_SIM_WORKERS", "64"),
    ("WINDTUNNEL_SIM_SPREAD", "0.1"),
];

/// A module `a`, without any baseline.
pub(crate) fn fresh() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("models/a.toml", MODULE);
    sandbox
}

/// Runs the program at a time such as `01-31 12:00`.
pub(crate) fn at(sandbox: &Sandbox, time: &str, arguments: &[&str]) -> Ended {
    let clock = format!("2026-{}:00Z", time.replace(' ', "T"));
    let variables = [&SETTINGS[..], &[("WINDTUNNEL_CLOCK", clock.as_str())]].concat();
    sandbox.run_with(&variables, arguments)
}

/// Runs the module against the simulator at a time, with further arguments.
pub(crate) fn run_at(sandbox: &Sandbox, time: &str, more: &[&str]) -> Ended {
    at(sandbox, time, &[&["a", "--sim"], more].concat())
}

/// The same with `--csv`.
fn csv_at(sandbox: &Sandbox, time: &str, more: &[&str]) -> Ended {
    run_at(sandbox, time, &[&["--csv", "results/a"], more].concat())
}

/// The list of the simulated baselines, without what differs from run to run.
fn list(sandbox: &Sandbox) -> String {
    let told = sandbox.run(&["baseline", "list", "--sim"]);
    told.expect_code(0);
    told.stdout.lines().map(|line| masked(line) + "\n").collect()
}

/// A line without what differs: the seconds and the random ends of ids, numbers of requests, latencies.
pub(crate) fn masked(line: &str) -> String {
    let indent = &line[..line.len() - line.trim_start().len()];
    let mut words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
    for at in 0..words.len() {
        if let Some((time, _)) = words[at].split_once("Z-") {
            let end = if words[at].ends_with(':') { ":" } else { "" };
            words[at] = format!("{}Z{end}", &time[..13]);
        }
        if words[at] == "requests" {
            words[at - 1] = String::from("N");
        }
        if words[at] == "p50" {
            words[at + 1] = String::from("X");
        }
    }
    format!("{indent}{}", words.join(" "))
}

#[test]
fn a_baseline_lives_from_its_first_run_to_a_new_version() {
    let sandbox = fresh();
    let told = csv_at(&sandbox, "01-01 10:00", &[]);
    told.expect_code(0).expect_message("this run is the new baseline: results/sim/a_stats.csv");
    let told = csv_at(&sandbox, "01-02 10:00", &[]);
    told.expect_code(0).expect_message("more evidence for the baseline, 2 sessions now");

    // Whoever only compares changes nothing.
    let before = (sandbox.files().len(), sandbox.read("results/sim/a_runs.jsonl"));
    run_at(&sandbox, "01-02 12:00", &[]).expect_code(0);
    assert_eq!((sandbox.files().len(), sandbox.read("results/sim/a_runs.jsonl")), (before.0 + 1, before.1));

    // A little slower, on a machine that is said to be noisy: it cannot be decided.
    let arguments = ["--csv", "results/a", "--noise", "noisy", "--sim-slowdown", "1.15"];
    let told = run_at(&sandbox, "01-03 10:00", &arguments);
    told.expect_code(0)
        .expect_message("is no evidence for the baseline yet")
        .expect_message("`windtunnel baseline add a 20260103T100000Z-");

    let told = csv_at(&sandbox, "01-04 10:00", &["--sim-slowdown", "2", "--no-confirm"]);
    told.expect_code(3)
        .expect_message("it got worse, and --csv asks for it as the baseline: it opens a new epoch")
        .expect_message("git checkout -- results/sim/a_{stats,stats_history,failures,exceptions}.csv results/sim/a_runs.jsonl")
        .expect_message("until `windtunnel baseline anchor a --sim` moves it");
    insta::assert_snapshot!(list(&sandbox), @r"
    a: results/sim/a_runs.jsonl
      epoch 20260104T1000Z: current, follows 20260101T1000Z
        session 1
          20260104T1000Z 2026-01-04 10:00 UTC N requests p50 X ms opened it
      epoch 20260101T1000Z: anchor
        session 1
          20260101T1000Z 2026-01-01 10:00 UTC N requests p50 X ms opened it
        session 2
          20260102T1000Z 2026-01-02 10:00 UTC N requests p50 X ms joined
      no evidence
          20260103T1000Z 2026-01-03 10:00 UTC N requests p50 X ms waits
    ");
    // Against the new version nothing changed, and against the anchor everything did.
    let told = run_at(&sandbox, "01-05 10:00", &["--sim-slowdown", "2", "--no-confirm"]);
    told.expect_code(3);
    at(&sandbox, "01-05 11:00", &["baseline", "anchor", "a", "--sim"]).expect_code(0);
    let told = csv_at(&sandbox, "01-05 12:00", &["--sim-slowdown", "2"]);
    told.expect_code(0).expect_message("more evidence for the baseline, 2 sessions now");
}

#[test]
fn what_looked_worse_and_was_measured_again_is_one_session_of_two_runs() {
    let sandbox = fresh();
    csv_at(&sandbox, "01-01 10:00", &[]).expect_code(0);
    csv_at(&sandbox, "01-02 10:00", &["--sim-slowdown", "2"]).expect_code(3);
    insta::assert_snapshot!(list(&sandbox), @r"
    a: results/sim/a_runs.jsonl
      epoch 20260102T1000Z: current, follows 20260101T1000Z
        session 1
          20260102T1000Z 2026-01-02 10:00 UTC N requests p50 X ms opened it
          20260102T1000Z 2026-01-02 10:00 UTC N requests p50 X ms opened it
      epoch 20260101T1000Z: anchor
        session 1
          20260101T1000Z 2026-01-01 10:00 UTC N requests p50 X ms opened it
    ");
}

#[test]
fn a_run_that_is_too_short_to_judge_is_no_evidence() {
    let sandbox = fresh();
    csv_at(&sandbox, "01-01 10:00", &[]).expect_code(0);
    let told = csv_at(&sandbox, "01-02 10:00", &["-t", "700ms"]);
    told.expect_code(0).expect_message("it is too short to say how it varies");
    let add = ["baseline", "add", "a", "20260102", "--sim"];
    let told = sandbox.run_with(&[("WINDTUNNEL_FORCE", "false")], &add);
    told.expect_code(2).expect_message("is too short to say how it varies").expect_message("--force");
    let told = at(&sandbox, "01-03 10:00", &["calibrate", "a", "--sim", "-t", "700ms"]);
    told.expect_code(4).expect_message("not added: it is too short");
    assert_eq!(list(&sandbox).matches("session").count(), 1, "{}", list(&sandbox));
}

#[test]
fn a_clock_that_shows_no_time_is_a_mistake() {
    let sandbox = fresh();
    let told = sandbox.run_with(&[("WINDTUNNEL_CLOCK", "noon")], &["list"]);
    told.expect_code(2).expect_message("WINDTUNNEL_CLOCK: expected a time such as 2026-01-31T12:00:00Z");
}
