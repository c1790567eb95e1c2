//! Counts are exact: what the server counted is in every file, row by row, however the run ended.

use std::collections::BTreeMap;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::sandbox::{Sandbox, ended};
use crate::server::{Recorded, Server};

/// Five rows, one with failures by status, one by an expectation, and one without any wait.
const MODULE: &str = r#"
    [[user]]
    class = "Steady"
    wait = "1ms..20ms"
    post = "/steady"
    json = { x = 1 }

    [[user]]
    class = "Tasks"
    weight = 2
    wait = "5ms"

    [[user.task]]
    weight = 3
    get = "/often?n={{ counter() }}"

    [[user.task]]
    put = "/rarely"
    body = "text"

    [[user.task]]
    post = "/steps/{{ counter() }}"
    name = "steps with a name"
    expect = ["response.json.good"]

    [[user]]
    class = "Busy"
    get = "/busy"
"#;

/// Requests and failures by method and row.
type Counts = BTreeMap<(String, String), (u64, u64)>;

fn is_failure(request: &Recorded) -> bool {
    // Any property of the request that half of them have, more or less.
    request.target.bytes().map(u32::from).sum::<u32>() % 2 == 1
}

fn server() -> Server {
    Server::start(|request| match (request.target.as_str(), is_failure(request)) {
        (target, failure) if target.starts_with("/steps") => (200, format!("{{\"good\": {}}}", !failure)),
        (target, true) if target.starts_with("/often") => (503, "{}".to_owned()),
        _ => (200, "{}".to_owned()),
    })
}

/// What the server counted.
fn counted(server: &Server) -> Counts {
    let mut counts = Counts::new();
    for request in server.recorded() {
        let path = request.target.split('?').next().unwrap();
        let row = if path.starts_with("/steps/") { "steps with a name" } else { path };
        let may_fail = path == "/often" || path.starts_with("/steps/");
        let count = counts.entry((request.method.clone(), row.to_owned())).or_default();
        count.0 += 1;
        count.1 += u64::from(may_fail && is_failure(&request));
    }
    counts
}

/// Adds what a file says of a row.
fn add(counts: &mut Counts, method: &str, row: &str, requests: u64, failures: u64) {
    assert_eq!(counts.insert((method.to_owned(), row.to_owned()), (requests, failures)), None, "{row} twice");
}

fn of_csv(text: &str) -> Counts {
    let mut counts = Counts::new();
    for line in text.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        add(&mut counts, cells[0], cells[1], cells[2].parse().unwrap(), cells[3].parse().unwrap());
    }
    counts
}

fn of_json(rows: &Value, keys: [&str; 3]) -> Counts {
    let mut counts = Counts::new();
    for row in rows.as_array().unwrap() {
        let number = |key: &str| row[key].as_u64().unwrap();
        let (method, name) = (row["method"].as_str().unwrap(), row[keys[0]].as_str().unwrap());
        add(&mut counts, method, name, number(keys[1]), number(keys[2]));
    }
    counts
}

/// Fails unless all files have what the server counted.
fn agrees(sandbox: &Sandbox, server: &Server, prefix: &str) {
    let counted = counted(server);
    assert_eq!(counted.len(), 5, "{counted:?}");
    assert!(counted.values().filter(|(_, failures)| *failures > 0).count() == 2, "{counted:?}");
    let total = counted.values().fold((0, 0), |sum, count| (sum.0 + count.0, sum.1 + count.1));

    let mut stats = of_csv(&sandbox.read(&format!("{prefix}_stats.csv")));
    assert_eq!(stats.remove(&(String::new(), "Aggregated".to_owned())), Some(total));
    assert_eq!(stats, counted);
    let json: Value = serde_json::from_str(&sandbox.read("out.json")).unwrap();
    assert_eq!(of_json(&json, ["name", "num_requests", "num_failures"]), counted);
    let line: Value = serde_json::from_str(&sandbox.read(&format!("{prefix}_runs.jsonl"))).unwrap();
    assert_eq!(of_json(&line["endpoints"], ["row", "requests", "failures"]), counted);
    assert_eq!(line["total"]["requests"].as_u64(), Some(total.0));

    let failures = sandbox.read(&format!("{prefix}_failures.csv"));
    let occurrences = failures.lines().skip(1).map(|line| line.split(',').nth(3).unwrap());
    assert_eq!(occurrences.map(|count| count.parse::<u64>().unwrap()).sum::<u64>(), total.1, "{failures}");
    let history = sandbox.read(&format!("{prefix}_stats_history.csv"));
    let last: Vec<&str> = history.lines().last().unwrap().split(',').collect();
    assert_eq!((last[3], last[17]), ("Aggregated", total.0.to_string().as_str()), "{last:?}");
    assert_eq!(last[18], total.1.to_string(), "{last:?}");
}

fn arguments<'a>(url: &'a str, time: &'a str) -> Vec<&'a str> {
    let files = ["--csv", "results/m", "--json-file", "out"];
    [&["m", "-u", "12", "-r", "100", "--threads", "3", "-t", time, "-H", url][..], &files].concat()
}

#[test]
fn every_file_has_what_the_server_counted_after_a_whole_run() {
    let (sandbox, server) = (Sandbox::new(), server());
    sandbox.write("models/m.toml", MODULE);
    sandbox.run(&arguments(&server.url(), "1s")).expect_code(1);
    agrees(&sandbox, &server, "results/m");
}

#[test]
fn every_file_has_what_the_server_counted_after_ctrl_c() {
    let (sandbox, server) = (Sandbox::new(), server());
    sandbox.write("models/m.toml", MODULE);
    let child = sandbox.command(&arguments(&server.url(), "10m")).spawn().unwrap();
    server.wait_for(1_000);
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    ended(child.wait_with_output().unwrap()).expect_code(130);
    agrees(&sandbox, &server, "results/m.rejected");
}
