//! A server on a fixed address: builds of it, and runs made on one occasion.

use std::io::{BufRead, BufReader};
use std::process::Child;

use super::{at, fresh, masked};
use crate::sandbox::{Ended, Sandbox};

/// `windtunnel sim` in a process of its own, which ends with it.
pub(super) struct Serving {
    process: Child,
    pub(super) url: String,
}

impl Serving {
    pub(super) fn start(sandbox: &Sandbox) -> Self {
        let options = ["sim", "--median", "100ms", "--workers", "64", "--spread", "0.1"];
        let mut process = sandbox.command(&options).spawn().unwrap();
        let mut url = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut url).unwrap();
        Self { process, url: url.trim_end().to_owned() }
    }

    fn run(&self, sandbox: &Sandbox, time: &str, more: &[&str]) -> Ended {
        at(sandbox, time, &[&["a", "--csv", "results/a", "-H", &self.url], more].concat())
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

#[test]
fn runs_made_within_half_an_hour_count_as_one_session() {
    let sandbox = fresh();
    let server = Serving::start(&sandbox);
    server.run(&sandbox, "01-01 10:00", &[]).expect_code(0);
    let told = server.run(&sandbox, "01-01 10:20", &[]);
    told.expect_code(0)
        .expect_message("this run is more evidence for the baseline: results/a_stats.csv")
        .expect_message("it was made on the same occasion as run 20260101T100000Z-");
    let told = server.run(&sandbox, "01-01 11:00", &[]);
    told.expect_code(0).expect_message("more evidence for the baseline, 2 sessions now");
    assert!(!told.stderr.contains("same occasion"), "{}", told.stderr);
}

#[test]
fn another_build_is_no_evidence_by_itself_although_nothing_changed() {
    let sandbox = fresh();
    let server = Serving::start(&sandbox);
    server.run(&sandbox, "01-01 10:00", &["--server-build", "v1"]).expect_code(0);
    let told = server.run(&sandbox, "01-02 10:00", &["--server-build", "v2"]);
    told.expect_code(0)
        .expect_message("nothing changed, but it is of build v2, and the baseline of build v1")
        .expect_message("`windtunnel baseline accept a 20260102T100000Z-");
    // Builds differ only where both are known.
    server.run(&sandbox, "01-03 10:00", &[]).expect_code(0).expect_message("2 sessions now");
    let told = at(&sandbox, "01-04 10:00", &["baseline", "add", "a", "20260102"]);
    told.expect_code(0).expect_message("3 sessions, 3 runs");
    // Somebody said that they are the same.
    server
        .run(&sandbox, "01-05 10:00", &["--server-build", "v2"])
        .expect_code(0)
        .expect_message("4 sessions now");
    let told = sandbox.run(&["baseline", "list", "a"]);
    let list: String = told.stdout.lines().map(|line| masked(line) + "\n").collect();
    insta::assert_snapshot!(list, @r"
    a: results/a_runs.jsonl
      epoch 20260101T1000Z: current, anchor
        session 1
          20260101T1000Z 2026-01-01 10:00 UTC N requests p50 X ms opened it build v1
        session 2
          20260102T1000Z 2026-01-02 10:00 UTC N requests p50 X ms added build v2
        session 3
          20260103T1000Z 2026-01-03 10:00 UTC N requests p50 X ms joined
        session 4
          20260105T1000Z 2026-01-05 10:00 UTC N requests p50 X ms joined build v2
    ");
}
