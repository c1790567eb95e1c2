//! `windtunnel calibrate`: how much sessions of one server differ.

use super::builds::Serving;
use super::{at, csv_at, fresh, list};
use crate::sandbox::{Ended, Sandbox};

fn calibrate(sandbox: &Sandbox, time: &str, more: &[&str]) -> Ended {
    at(sandbox, time, &[&["calibrate", "a", "--sim"], more].concat())
}

#[test]
fn a_calibration_opens_the_first_epoch_and_adds_a_session_each_time() {
    let sandbox = fresh();
    let told = calibrate(&sandbox, "01-01 10:00", &[]);
    told.expect_code(0)
        .expect_message("this run is the new baseline: results/sim/a_stats.csv")
        .expect_message("a: added as the first session (exit code 0)")
        .expect_message("a: 1 session of this version of the server")
        .expect_message("5 sessions are recommended: call `windtunnel calibrate a --sim` again");
    let csv = sandbox.read("results/sim/a_stats.csv");
    // Red, and evidence all the same: it is the user who says that nothing changed.
    let told = calibrate(&sandbox, "01-02 10:00", &["--sim-slowdown", "2"]);
    told.expect_code(0)
        .expect_message("a: added as session 2; against those before it: regressed (exit code 0)")
        .expect_message("`windtunnel baseline drop a 20260102T100000Z-")
        .expect_message("a: 2 sessions of this version of the server")
        .expect_message("sessions differ by more than 6 %");
    assert!(!told.stderr.contains("measured once more"), "{}", told.stderr);
    assert_eq!(sandbox.read("results/sim/a_stats.csv"), csv);
    insta::assert_snapshot!(list(&sandbox), @r"
    a: results/sim/a_runs.jsonl
      epoch 20260101T1000Z: current, anchor
        session 1
          20260101T1000Z 2026-01-01 10:00 UTC N requests p50 X ms opened it
        session 2
          20260102T1000Z 2026-01-02 10:00 UTC N requests p50 X ms calibration
    ");
    assert!(!sandbox.files().iter().any(|file| file.ends_with(".partial")), "{:?}", sandbox.files());
}

#[test]
fn a_calibration_on_the_same_occasion_is_too_early_and_sends_nothing() {
    let sandbox = fresh();
    let server = Serving::start(&sandbox);
    let calibrate = |time: &str, more: &[&str]| {
        at(&sandbox, time, &[&["calibrate", "a", "-H", &server.url], more].concat())
    };
    let told = calibrate("01-01 10:00", &[]);
    told.expect_code(0).expect_message("from 2026-01-01 10:31 UTC on, better on another day");
    let before = sandbox.files();
    let told = calibrate("01-01 10:20", &[]);
    told.expect_code(2)
        .expect_message("too early: this would be the occasion of run 20260101T100000Z-")
        .expect_message("call again from 2026-01-01 10:31 UTC on, in 11 minutes");
    assert_eq!((sandbox.files(), told.stdout.as_str()), (before, ""));
    calibrate("01-01 10:31", &[]).expect_code(0).expect_message("added as session 2");
    // Another build is another occasion, and so is a machine that was started again.
    calibrate("01-01 10:40", &["--server-build", "v2"]).expect_code(2);
    let runs = sandbox.read("results/a_runs.jsonl").replace("\"build\":null", "\"build\":\"v1\"");
    sandbox.write("results/a_runs.jsonl", &runs);
    calibrate("01-01 10:40", &["--server-build", "v2"]).expect_code(0).expect_message("added as session 3");
}

#[test]
fn a_calibration_with_another_load_or_of_a_part_is_refused_before_anything_is_sent() {
    let sandbox = fresh();
    csv_at(&sandbox, "01-01 10:00", &[]).expect_code(0);
    let told = calibrate(&sandbox, "01-02 10:00", &["-u", "29"]);
    told.expect_code(2).expect_message("users of POST /v1/models/a:predict changed");
    sandbox.write("models/b/one.toml", &super::MODULE.replace("a:predict", "one:predict"));
    let two = super::MODULE.split("[[user]]").nth(1).unwrap().replace("\"A\"", "\"B\"");
    sandbox.write("models/b/two.toml", &format!("[[user]]{two}"));
    let told = at(&sandbox, "01-02 10:00", &["calibrate", "b/one", "--sim"]);
    told.expect_code(2).expect_message("is a part of a module").expect_message("calibrate b");
    let told = at(&sandbox, "01-02 10:00", &["calibrate", "a,b", "--sim"]);
    told.expect_code(2).expect_message("names 2 modules: a, b");
    assert_eq!(sandbox.read("results/sim/a_runs.jsonl").lines().count(), 1);
}

#[test]
fn a_csv_alone_gives_way_to_the_first_session() {
    let sandbox = fresh();
    sandbox.write("results/sim/a_stats.csv", crate::stopping::OLD);
    let told = calibrate(&sandbox, "01-01 10:00", &[]);
    told.expect_code(0)
        .expect_message("it takes the place of a CSV")
        .expect_message("added as the first session")
        .expect_message("a: 1 session of this version of the server");
    assert_ne!(sandbox.read("results/sim/a_stats.csv"), crate::stopping::OLD);
}
