//! Runs that are interrupted: everything measured is written, and nothing becomes a baseline.

use std::io::{BufRead, BufReader, Read};
use std::process::Child;
use std::time::Duration;

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
fn an_interrupted_run_that_is_no_baseline_writes_where_it_was_told_to() {
    let (sandbox, server) = (with_modules(&["a"]), healthy());
    let child = start(&sandbox, &server, &["a", "--csv", "elsewhere/x"]);
    server.wait_for(10);
    signal(&child, Signal::INT);
    wait(child).expect_code(130);
    let stats = sandbox.read("elsewhere/x_stats.csv");
    assert_eq!(request_count(&stats, "Aggregated"), server.recorded().len());
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

#[test]
fn a_second_signal_does_not_wait_for_what_is_in_flight() {
    let sandbox = with_modules(&["a"]);
    let server = Server::slow(Duration::from_secs(3600), |_| (200, String::new()));
    let mut child = start(&sandbox, &server, &["a"]);
    server.wait_for(3);
    signal(&child, Signal::INT);
    // Two signals at once would be one: the second comes when the first was understood.
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut told = String::new();
    while !told.contains("once more stops at once") {
        assert_ne!(stderr.read_line(&mut told).unwrap(), 0, "{told}");
    }
    signal(&child, Signal::INT);
    stderr.read_to_string(&mut told).unwrap();
    child.stdout.take().unwrap().read_to_string(&mut told).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{told}");
    assert!(told.contains("interrupted (exit code 130)"), "{told}");
}

#[test]
fn the_simulated_server_prints_its_address_first_and_stops_when_told() {
    let sandbox = with_modules(&["a"]);
    let mut child = sandbox.command(&["sim", "--median", "1ms"]).spawn().unwrap();
    let mut address = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut address).unwrap();
    sandbox.run(&["check", "a", "--send", "-H", address.trim_end()]).expect_code(0);
    signal(&child, Signal::TERM);
    wait(child).expect_code(0).expect_message("1 requests answered");
}

/// A baseline as Locust writes it.
pub(crate) const OLD: &str = "Type,Name,Request Count,Failure Count,Median Response Time,Average Response Time,Min Response Time,\
Max Response Time,Average Content Size,Requests/s,Failures/s,50%,66%,75%,80%,90%,95%,98%,99%,99.9%,99.99%,100%\r\n\
POST,/v1/models/a:predict,50,0,100,101.5,99.0,120.0,2.0,5.0,0.0,100,100,100,100,110,110,120,120,120,120,120\r\n\
,Aggregated,50,0,100,101.5,99.0,120.0,2.0,5.0,0.0,100,100,100,100,110,110,120,120,120,120,120\r\n";
