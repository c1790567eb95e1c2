//! `windtunnel baseline`: what somebody decides about runs, and what cannot be decided.

use super::{at, csv_at, fresh, list, run_at};
use crate::sandbox::Sandbox;

fn baseline(sandbox: &Sandbox, words: &[&str]) -> crate::sandbox::Ended {
    at(sandbox, "01-31 10:00", &[&["baseline"], words, &["--sim"]].concat())
}

/// Fails unless this is refused with a message that holds this text, and nothing was written.
fn refused(sandbox: &Sandbox, words: &[&str], text: &str) {
    let files = |sandbox: &Sandbox| (sandbox.files(), sandbox.read("results/sim/a_runs.jsonl"));
    let before = files(sandbox);
    let force = [("WINDTUNNEL_FORCE", "false")];
    let told = sandbox.run_with(&force, &[&["baseline"], words, &["--sim"]].concat());
    told.expect_code(2).expect_message(text);
    assert_eq!(files(sandbox), before, "{words:?}");
}

#[test]
fn runs_are_accepted_added_and_dropped_and_the_baseline_says_what_it_is_then() {
    let sandbox = fresh();
    csv_at(&sandbox, "01-01 10:00", &[]).expect_code(0);
    // From the run store: nothing of it was in the baseline.
    run_at(&sandbox, "01-02 10:00", &[]).expect_code(0);
    let told = baseline(&sandbox, &["add", "a", "last"]);
    told.expect_code(0)
        .expect_message("is evidence of the current epoch")
        .expect_message("2 sessions, 2 runs");
    refused(&sandbox, &["add", "a", "last"], "is evidence of the current epoch already");

    run_at(&sandbox, "01-03 10:00", &["--sim-slowdown", "2", "--no-confirm"]).expect_code(3);
    refused(&sandbox, &["add", "a", "last"], "is worse than the current epoch: POST /v1/models/a:predict");
    let told = baseline(&sandbox, &["accept", "a", "20260103"]);
    told.expect_code(0)
        .expect_message("opens a new epoch")
        .expect_message("1 session, 1 run; the anchor is 20260101");
    refused(&sandbox, &["accept", "a", "last"], "is what the current epoch rests on already");
    run_at(&sandbox, "01-04 10:00", &["-u", "29"]).expect_code(4);
    refused(&sandbox, &["add", "a", "last"], "cannot be compared with the current epoch");

    let told = baseline(&sandbox, &["drop", "a", "20260103"]);
    told.expect_code(0).expect_message("is no evidence any more").expect_message("2 sessions, 2 runs");
    refused(&sandbox, &["drop", "a", "20260103"], "is no evidence as it is");
    insta::assert_snapshot!(list(&sandbox), @r"
    a: results/sim/a_runs.jsonl
      epoch 20260101T1000Z: current, anchor
        session 1
          20260101T1000Z 2026-01-01 10:00 UTC N requests p50 X ms opened it
        session 2
          20260102T1000Z 2026-01-02 10:00 UTC N requests p50 X ms added
      no evidence
          20260103T1000Z 2026-01-03 10:00 UTC N requests p50 X ms dropped
    ");
    // With --force the user answers for it.
    let told = at(&sandbox, "01-31 11:00", &["--sim", "--force", "baseline", "add", "a", "20260103"]);
    told.expect_code(0).expect_message("3 sessions, 3 runs");
}

#[test]
fn the_anchor_is_the_first_epoch_until_another_one_is_marked() {
    let sandbox = fresh();
    for (day, slowdown) in [("01-01", "1"), ("01-02", "2")] {
        csv_at(&sandbox, &format!("{day} 10:00"), &["--sim-slowdown", slowdown, "--no-confirm"]);
    }
    let anchor = |sandbox: &Sandbox| {
        let list = list(sandbox);
        list.lines().find(|line| line.contains("anchor")).unwrap().trim().to_owned()
    };
    assert_eq!(anchor(&sandbox), "epoch 20260101T1000Z: anchor");
    baseline(&sandbox, &["anchor", "a"]).expect_code(0);
    assert_eq!(anchor(&sandbox), "epoch 20260102T1000Z: current, anchor, follows 20260101T1000Z");
    baseline(&sandbox, &["anchor", "a"]).expect_code(0).expect_message("is already the anchor");
    baseline(&sandbox, &["anchor", "a", "20260101"]).expect_code(0);
    assert_eq!(anchor(&sandbox), "epoch 20260101T1000Z: anchor");
    refused(&sandbox, &["anchor", "a", "2025"], "there is no epoch `2025`");
    refused(&sandbox, &["anchor", "a", "2026"], "is the beginning of more than one epoch");
}

#[test]
fn what_there_is_not_is_named_with_what_there_is() {
    let sandbox = fresh();
    csv_at(&sandbox, "01-01 10:00", &[]).expect_code(0);
    csv_at(&sandbox, "01-02 10:00", &[]).expect_code(0);
    refused(&sandbox, &["list", "aa"], "did you mean `a`?");
    refused(&sandbox, &["drop", "b", "last"], "there is neither a baseline nor a module called `b`");
    refused(&sandbox, &["drop", "a", "2025"], "there is no run `2025` in the baseline of a");
    refused(&sandbox, &["accept", "a", "2025"], "and none in the run store");
    refused(&sandbox, &["accept", "a", "2026"], "`2026` is the beginning of more than one run");
    // A module whose baseline is named by a variable, which is not set.
    let needs = format!("baseline = \"a-{{{{ env.V }}}}\"\n{}\n[env.V]\nrequired = true\n", super::MODULE);
    sandbox.write("models/a-.toml", &needs);
    sandbox.copy(&sandbox.path("results/sim/a_runs.jsonl"), "results/sim/a-1_runs.jsonl");
    refused(&sandbox, &["list", "a-"], "or name a baseline: a-1");
    let told = sandbox.run_with(&[("V", "1")], &["baseline", "list", "a-", "--sim"]);
    told.expect_code(0).expect_message("a-1: results/sim/a-1_runs.jsonl");
    // The folder of real runs has none.
    let told = sandbox.run(&["baseline", "list"]);
    told.expect_code(0).expect_message("there is no baseline in results");
    let told = sandbox.run(&["baseline", "accept", "a", "20260101"]);
    told.expect_code(2).expect_message("was made against the simulator").expect_message("--sim");
    assert!(!sandbox.path("results/a_runs.jsonl").exists());
}

#[test]
fn an_interrupted_run_cannot_be_decided_about() {
    let sandbox = fresh();
    csv_at(&sandbox, "01-01 10:00", &[]).expect_code(0);
    let runs = sandbox.read("results/sim/a_runs.jsonl");
    let interrupted = runs.replace("\"ending\":\"complete\"", "\"ending\":\"interrupted\"");
    let interrupted = interrupted.replace("20260101T", "20260102T");
    // Without its line end, as somebody may have left it.
    sandbox.write("results/sim/a_runs.jsonl", (runs + &interrupted).trim_end());
    refused(&sandbox, &["accept", "a", "20260102"], "was interrupted, and can be no evidence");
    refused(&sandbox, &["add", "a", "last"], "was interrupted, and can be no evidence");
    baseline(&sandbox, &["drop", "a", "20260101"]).expect_code(0).expect_message("no run is evidence");
    let lines = sandbox.read("results/sim/a_runs.jsonl");
    assert!(
        lines.lines().last().unwrap().contains("\"kind\":\"drop\"") && lines.lines().count() == 3,
        "{lines}"
    );
}

#[test]
fn a_csv_that_is_of_no_run_stands_in_the_way_of_decisions_and_is_named() {
    let sandbox = fresh();
    run_at(&sandbox, "01-01 10:00", &[]).expect_code(0);
    sandbox.write("results/sim/a_stats.csv", crate::stopping::OLD);
    let told = baseline(&sandbox, &["list"]);
    told.expect_code(0).expect_message("results/sim/a_stats.csv, a CSV without runs");
    let told = baseline(&sandbox, &["accept", "a", "last"]);
    told.expect_code(0).expect_message("results/sim/a_stats.csv is of no run of results/sim/a_runs.jsonl");
}

#[test]
fn a_decision_waits_for_no_run_that_writes_to_the_same_baseline() {
    let sandbox = fresh();
    csv_at(&sandbox, "01-01 10:00", &[]).expect_code(0);
    let partial = sandbox.path("results/sim/a_stats.csv.partial");
    let file = std::fs::File::create(&partial).unwrap();
    rustix::fs::flock(&file, rustix::fs::FlockOperation::LockExclusive).unwrap();
    let told = baseline(&sandbox, &["drop", "a", "last"]);
    told.expect_code(2).expect_message("another run is writing to this prefix");
    drop(file);
    baseline(&sandbox, &["drop", "a", "last"]).expect_code(0);
    assert!(!partial.exists());
}
