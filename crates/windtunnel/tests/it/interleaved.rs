//! Two versions in turns: the order of the runs, what they send, and what they come to.

use std::io::{BufRead, BufReader, Read};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use windtunnel_sim::{Latency, Options, Running, Simulator};

use crate::running::{healthy, module, with_modules};
use crate::sandbox::{Ended, Sandbox};
use crate::server::{Recorded, Server};
use crate::shipped::{repository, working_copy};
use crate::usage::refused;

/// A simulated server that always takes the same times.
fn simulator(slowdown: f64) -> Running {
    let latency = Latency { median: Duration::from_millis(60), slowdown, ..Latency::default() };
    Simulator::start(Options { session_seed: Some(7), latency, ..Options::default() }).unwrap()
}

fn url(simulator: &Running) -> String {
    format!("http://{}", simulator.address())
}

/// Eight users who all start at once. So long a run has the six slices that a verdict needs, and not the eight from
/// which on a warm-up is looked for.
const LOAD: [&str; 6] = ["-u", "8", "-r", "1000", "-t", "1750ms"];

#[test]
fn a_version_compared_with_its_equal_did_not_regress_and_no_baseline_changes() {
    let (sandbox, a, b) = (with_modules(&["a"]), simulator(1.0), simulator(1.0));
    let (a, b) = (url(&a), url(&b));
    sandbox.run(&[&["a", "--csv", "results/a", "-H", &a][..], &LOAD].concat()).expect_code(0);
    let results = || {
        let files = sandbox.files().into_iter().filter(|file| file.starts_with("results/"));
        files.map(|file| (sandbox.read(&file), file)).collect::<Vec<_>>()
    };
    let before = results();
    let told = sandbox.run(&[&["ab", "a", "--a", &a, "--b", &b][..], &LOAD].concat());
    told.expect_code(0)
        .expect_message(&format!("A is {a}"))
        .expect_message(&format!("B is {b}"))
        .expect_message("A B B A A B: 3 pairs, 6 runs, 10.5s in all")
        // The baseline tells how much the rows vary.
        .expect_message("a change of the median of ")
        .expect_message("a A, pair 1 of 3: ")
        .expect_message(&format!("old  A, {a}: run "));
    assert!(!told.stdout.contains("regressed"), "{}", told.stdout);
    assert_eq!(results(), before);
}

#[test]
fn a_slower_version_is_called_so_as_soon_as_that_is_certain() {
    let (sandbox, a, b) = (Sandbox::new(), simulator(1.0), simulator(2.0));
    // The base URLs of the command line go before that of the class, where nothing listens.
    sandbox.write("models/a.toml", &(module("a") + "base_url = \"http://127.0.0.1:1\"\n"));
    let (a, b) = (url(&a), url(&b));
    let told = sandbox.run(&[&["ab", "a", "--a", &a, "--b", &b, "--up-to", "5"][..], &LOAD].concat());
    told.expect_code(3)
        .expect_message("A B B A A B ...: 3 to 5 pairs, 6 to 10 runs, 10.5s to 17.5s in all")
        .expect_message("a A, pair 1 of at most 5: ")
        .expect_message("decided after 3 of at most 5 pairs; each of 3 looks has 1/3 of the error")
        .expect_message("a: regressed (exit code 3)");
    let files = sandbox.files();
    let stored = files.iter().filter(|file| file.starts_with(".windtunnel/runs/"));
    assert_eq!(stored.count(), 6, "{files:?}");
    assert!(!files.iter().any(|file| file.starts_with("results")), "{files:?}");
}

/// A module that sends numbers, each once a run, and a text that no other run sends.
fn with_numbers() -> Sandbox {
    let sandbox = Sandbox::new();
    let numbers: Vec<String> = (0..1000).map(|number| number.to_string()).collect();
    sandbox.write("data/numbers.csv", &format!("n\n{}\n", numbers.join("\n")));
    sandbox.write(
        "models/a.toml",
        "[data.numbers]\nfile = \"data/numbers.csv\"\npick = \"unique\"\n\n[[user]]\nclass = \"a\"\n\
         wait = \"10ms\"\nhost_header = \"a.example\"\npost = \"/v1/models/a:predict\"\n\
         json = { n = \"{{ numbers.n }}\", salt = \"{{ salt() }}\" }\n",
    );
    sandbox
}

/// The requests of each run: in each the numbers begin anew.
fn by_run(requests: &[Recorded]) -> Vec<Vec<Recorded>> {
    let mut runs: Vec<Vec<Recorded>> = Vec::new();
    for request in requests {
        if request.body.starts_with("{\"n\":0,") {
            runs.push(Vec::new());
        }
        runs.last_mut().unwrap().push(request.clone());
    }
    runs
}

#[test]
fn behind_one_gateway_headers_tell_the_versions_apart_and_both_get_the_same_requests_in_turns() {
    let (sandbox, server) = (with_numbers(), Server::start(|_| (200, "{}".to_owned())));
    let gateway = server.url();
    let headers = ["--header-a", "Host: old.example", "--header-b", "host: new.example:8080"];
    let secret = ["--header-b", "Authorization: Bearer s3cret"];
    let load = ["ab", "a", "-H", &gateway, "-u", "1", "-t", "300ms"];
    let told = sandbox.run(&[&load[..], &headers, &secret].concat());
    told.expect_code(0)
        .expect_message(&format!("A is {gateway} (Host old.example)"))
        .expect_message(&format!("B is {gateway} (header authorization, Host new.example:8080)"));
    let runs = by_run(&server.recorded());
    let hosts: Vec<&str> = runs.iter().map(|run| run[0].header("host")[0]).collect();
    let (a, b) = ("old.example", "new.example:8080");
    assert_eq!(hosts, [a, b, b, a, a, b]);
    let mut salts = std::collections::BTreeSet::new();
    for (run, host) in runs.iter().zip(hosts) {
        let token: &[&str] = if host == b { &["Bearer s3cret"] } else { &[] };
        for (number, request) in run.iter().enumerate() {
            assert_eq!(
                (request.header("host"), request.header("authorization")),
                (vec![host], token.to_vec())
            );
            let (begin, salt) = request.body.split_once(",\"salt\":").unwrap();
            assert_eq!(begin, format!("{{\"n\":{number}"));
            salts.insert(salt.to_owned());
        }
    }
    assert_eq!(salts.len(), 6, "{salts:?}");
    let files = sandbox.files();
    let texts = files.iter().map(|file| sandbox.read(file)).chain([told.stdout, told.stderr]);
    assert!(texts.into_iter().all(|text| !text.contains("s3cret")));
}

#[test]
fn a_version_that_fails_regressed_and_says_how() {
    let (sandbox, server) = (with_modules(&["a"]), Server::start(answer_old_ones));
    let gateway = server.url();
    let load = ["ab", "a", "-H", &gateway, "-u", "4", "-r", "1000", "-t", "300ms"];
    let told = sandbox.run(&[&load[..], &["--header-b", "x-revision: 2"]].concat());
    told.expect_code(3).expect_message("a: regressed (exit code 3)");
    assert_eq!(told.stdout.matches("Error report").count(), 1, "{}", told.stdout);
    // What fails now and failed before is no news.
    let told = sandbox.run(&[&load[..], &["--header-a", "x-revision: 2"]].concat());
    assert_eq!(told.code, Some(0), "{told:?}");
}

/// Fails what carries a header that the module does not set.
fn answer_old_ones(request: &Recorded) -> (u16, String) {
    let is_new = !request.header("x-revision").is_empty();
    (if is_new { 500 } else { 200 }, "{}".to_owned())
}

#[test]
fn several_modules_are_measured_one_after_the_other_each_with_its_own_pairs() {
    let (sandbox, server) = (with_modules(&["a", "b"]), Server::start(|_| (200, "{}".to_owned())));
    let gateway = server.url();
    let load = ["ab", "-H", &gateway, "-u", "1", "-r", "1000", "-t", "200ms", "--header-b", "x: 1"];
    let told = sandbox.run(&load);
    told.expect_code(0).expect_message("b B, pair 3 of 3: ");
    let modules: Vec<bool> = server.recorded().iter().map(|request| request.target.contains("/b:")).collect();
    assert!(modules.is_sorted() && modules.contains(&true), "{modules:?}");
    assert_eq!(told.stdout.matches("(exit code 0)").count(), 4, "{}", told.stdout);
    // Side by side there are six runs with both in each.
    let told = sandbox.run(&[&load[..], &["--together"]].concat());
    told.expect_code(0).expect_message("a, b: 2 users").expect_message("b B, pair 3 of 3: ");
}

/// Starts the program, waits for a line that begins like this, and interrupts it.
fn interrupted_after(sandbox: &Sandbox, arguments: &[&str], line: &str) -> Ended {
    let mut child = sandbox.command(arguments).spawn().unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut told = String::new();
    while !told.lines().any(|told| told.starts_with(line)) {
        assert_ne!(stderr.read_line(&mut told).unwrap(), 0, "{told}");
    }
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    stderr.read_to_string(&mut told).unwrap();
    let mut stdout = String::new();
    child.stdout.take().unwrap().read_to_string(&mut stdout).unwrap();
    Ended { code: child.wait().unwrap().code(), stdout, stderr: told }
}

#[test]
fn interrupted_before_three_pairs_are_complete_there_is_no_verdict() {
    let (sandbox, server) = (with_modules(&["a", "b"]), Server::start(|_| (200, "{}".to_owned())));
    let gateway = server.url();
    let load = ["ab", "-H", &gateway, "--header-b", "x: 1", "-u", "1", "-t", "200ms", "--pairs", "50"];
    let told = interrupted_after(&sandbox, &load, "a A, pair 2");
    told.expect_code(130)
        .expect_message("no verdict, which needs 3 complete pairs")
        .expect_message("not run: b");
    assert!(!told.stdout.contains("verdict\n"), "{}", told.stdout);
}

#[test]
fn interrupted_later_the_complete_pairs_are_judged() {
    let (sandbox, server) = (with_modules(&["a"]), Server::start(answer_old_ones));
    let gateway = server.url();
    let load = ["ab", "-H", &gateway, "-u", "4", "-r", "1000", "-t", "300ms", "--pairs", "50"];
    let told =
        interrupted_after(&sandbox, &[&load[..], &["--header-b", "x-revision: 2"]].concat(), "a B, pair 3");
    told.expect_code(130)
        .expect_message("complete pairs of 50")
        .expect_message("complete pairs: regressed (exit code 130)");
}

#[test]
fn one_version_is_compared_with_itself_only_when_that_is_asked_for() {
    let (sandbox, server) = (with_modules(&["a"]), healthy());
    let (host, alike) = (server.url(), format!("{}/", server.url()));
    let no_force = [("WINDTUNNEL_FORCE", "false")];
    let alone = ["ab", "a", "-H", &host, "-t", "1s"];
    refused(&sandbox, &server, &no_force, &alone)
        .expect_message("there are no two versions")
        .expect_message("--a URL");
    let same = ["ab", "a", "--a", &host, "--b", &alike, "-t", "1s"];
    let told = refused(&sandbox, &server, &no_force, &same);
    told.expect_message("A and B are the same").expect_message("--force");
    let check = ["ab", "a", "-H", &host, "-t", "300ms", "--header-a", "x: 1", "--header-b", "x: 1"];
    let variables = [("WINDTUNNEL_FORCE", "false"), ("WINDTUNNEL_SIM", "true")];
    let told = sandbox.run_with(&variables, &[&check[..], &["--force"]].concat());
    told.expect_code(0).expect_message("the setting `sim` has no effect");
    assert!(server.recorded().len() >= 6);
}

#[test]
fn mistakes_are_told_before_anything_is_sent() {
    let (sandbox, server) = (with_modules(&["a"]), healthy());
    let host = server.url();
    let versions = ["ab", "a", "-t", "1s", "-H", &host, "--header-b", "x: 1"];
    for (more, message) in [
        (&["--pairs", "2"][..], "--pairs: expected a number from 3 to 100, got `2`"),
        (&["--pairs", "4", "--up-to", "3"], "--up-to: expected a number from 4 (--pairs) to 100, got `3`"),
        (&["--header-a", "s3cret"], "--header-a: expected `NAME: VALUE`"),
        (&["--header-b", "x: 2"], "--header-b: `x` is given twice"),
        (&["--header-a", "Content-Length: 2"], "is written by windtunnel itself"),
        (&["--header-a", "Host: http://x"], "is not a host name"),
        (&["--a", "http://x"], "--b <URL>"),
        (&["--a", "x:80", "--b", "http://y"], "--a: `x:80` is not a URL"),
        (&["--a", "x:80", "--b", "http://y"], "--host has no effect"),
    ] {
        let told = refused(&sandbox, &server, &[], &[&versions[..], more].concat());
        told.expect_message(message);
        assert!(!told.stderr.contains("s3cret"), "{}", told.stderr);
    }
    let endless = ["ab", "a", "-H", &host, "--header-b", "x: 1"];
    refused(&sandbox, &server, &[], &endless).expect_message("--run-time");
}

/// The commands of the guide: lines of its code blocks that begin with the program, behind a `$` or not.
fn commands() -> Vec<Vec<String>> {
    let guide = std::fs::read_to_string(repository().join("docs/comparing-two-versions.md")).unwrap();
    let code = guide.lines().filter_map(|line| line.strip_prefix("    "));
    let commands = code.filter_map(|line| line.trim_start_matches("$ ").strip_prefix("windtunnel "));
    // Between quotes, blanks belong to the word.
    let words = |command: &str| {
        let parts = command.split('\'').enumerate();
        let words = parts.flat_map(|(number, part)| match number % 2 {
            0 => part.split_whitespace().map(str::to_owned).collect(),
            _ => vec![part.to_owned()],
        });
        words.collect()
    };
    commands.map(words).collect()
}

#[test]
fn the_commands_of_the_guide_run_as_written() {
    let (sandbox, simulators) = (working_copy(), [simulator(1.0), simulator(1.1)]);
    // Other servers than the guide's, and a moment instead of minutes.
    let urls = simulators.each_ref().map(url);
    let stands_for = |word: &String| match word.as_str() {
        "http://old:8080" | "http://127.0.0.1:8001" => urls[0].clone(),
        "http://new:8080" | "http://127.0.0.1:8002" => urls[1].clone(),
        "20s" => "200ms".to_owned(),
        word => word.to_owned(),
    };
    let mut compared = 0;
    for command in commands() {
        let words: Vec<String> = command.iter().map(stands_for).collect();
        let mut arguments: Vec<&str> = words.iter().map(String::as_str).collect();
        if command[0] == "sim" {
            arguments.push("--help");
        }
        let variables =
            [("WINDTUNNEL_HOST", &*urls[0]), ("WINDTUNNEL_RUN_TIME", "200ms"), ("WINDTUNNEL_USERS", "2")];
        let told = sandbox.run_with(&variables, &arguments);
        assert_eq!(told.code, Some(0), "{command:?}: {told:?}");
        compared += usize::from(command[0] == "ab");
    }
    assert_eq!(compared, 7);
}
