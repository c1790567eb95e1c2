//! Runs that are interrupted: everything measured is written, and nothing becomes a baseline.

use std::process::Child;

use rustix::process::{Pid, Signal, kill_process};

use crate::running::{healthy, request_count, with_modules};
use crate::sandbox::{Ended, Sandbox, ended};
use crate::server::Server;

fn start(sandbox: &Sandbox, server: &Server, arguments: &[&str]) -> Child {
    let url = server.url();
    let load = ["-u", "3", "-r", "3", "-t", "10m", "-H", url.as_str()];
    sandbox.command(&[arguments, &load].concat()).spawn().unwrap()
}

fn signal(child: &Child, signal: Signal) {
    let pid = Pid::from_child(child);
    kill_process(pid, signal).unwrap();
}

fn wait(child: Child) -> Ended {
    ended(child.wait_with_output().unwrap())
}

#[test]
fn ctrl_c_ends_with_130_and_exact_counts_in_rejected_files() {
    for kind in [Signal::INT, Signal::TERM] {
        let (sandbox, server) = (with_modules(&["a"]), healthy());
        let child = start(&sandbox, &server, &["a", "--csv", "results/a"]);
        server.wait_for(10);
        signal(&child, kind);
        let told = wait(child);
        told.expect_code(130).expect_message("interrupted");
        let stats = sandbox.read("results/a.rejected_stats.csv");
        assert_eq!(request_count(&stats, "/v1/models/a:predict"), server.recorded().len());
        assert!(sandbox.read("results/a.rejected_reason.txt").starts_with("interrupted"));
        let files = sandbox.files();
        assert!(
            !files.iter().any(|file| file.ends_with(".partial") || file == "results/a_stats.csv"),
            "{files:?}"
        );
    }
}

#[test]
fn an_interrupted_run_leaves_the_baseline_and_the_modules_after_it_alone() {
    let (sandbox, server) = (with_modules(&["a", "b"]), healthy());
    sandbox.write("results/a_stats.csv", OLD);
    let child = start(&sandbox, &server, &["--csv", "results/"]);
    server.wait_for(5);
    signal(&child, Signal::INT);
    wait(child).expect_code(130).expect_message("not run: b");
    assert_eq!(sandbox.read("results/a_stats.csv"), OLD);
    assert!(server.recorded().iter().all(|request| request.target.contains("/a:")));
    let files = sandbox.files();
    assert!(!files.iter().any(|file| file.starts_with("results/b")), "{files:?}");
}

/// A baseline as Locust writes it.
const OLD: &str = "Type,Name,Request Count,Failure Count,Median Response Time,Average Response Time,Min Response Time,\
Max Response Time,Average Content Size,Requests/s,Failures/s,50%,66%,75%,80%,90%,95%,98%,99%,99.9%,99.99%,100%\r\n\
POST,/v1/models/a:predict,50,0,100,101.5,99.0,120.0,2.0,5.0,0.0,100,100,100,100,110,110,120,120,120,120,120\r\n\
,Aggregated,50,0,100,101.5,99.0,120.0,2.0,5.0,0.0,100,100,100,100,110,110,120,120,120,120,120\r\n";
