//! Runs that end by themselves: what is sent, counted, written and said.

use std::time::Duration;

use crate::sandbox::{Ended, Sandbox};
use crate::server::Server;

/// Slow enough that the generator is not called the limit on a busy machine: up to 2 % of it, 5 ms, it may be
/// late on average.
pub(crate) const ANSWER_TIME: Duration = Duration::from_millis(250);

/// A module with one class that sends all the time.
pub(crate) fn module(name: &str) -> String {
    format!(
        "[[user]]\nclass = \"{name}\"\nwait = \"10ms\"\npost = \"/v1/models/{name}:predict\"\njson = {{ x = 1 }}\n"
    )
}

/// A working directory with these modules.
pub(crate) fn with_modules(names: &[&str]) -> Sandbox {
    let sandbox = Sandbox::new();
    for name in names {
        sandbox.write(&format!("models/{name}.toml"), &module(name));
    }
    sandbox
}

pub(crate) fn healthy() -> Server {
    Server::slow(ANSWER_TIME, |_| (200, "{}".to_owned()))
}

/// A run of nearly two seconds with eight users.
pub(crate) fn run(sandbox: &Sandbox, server: &Server, arguments: &[&str]) -> Ended {
    run_with("8", sandbox, server, arguments)
}

/// How long runs take that are judged: seven slices of time, which is enough to judge, and too little for a warm-up to be
/// looked for, which chance could find in so few.
pub(crate) const RUN_TIME: &str = "1800ms";

/// A run of [`RUN_TIME`] with so many users, who begin at once.
pub(crate) fn run_with(users: &str, sandbox: &Sandbox, server: &Server, arguments: &[&str]) -> Ended {
    let url = server.url();
    let load = ["-u", users, "-r", users, "-t", RUN_TIME, "-H", url.as_str()];
    sandbox.run(&[arguments, &load].concat())
}

/// The column `Request Count` of a row of `_stats.csv`.
pub(crate) fn request_count(stats: &str, row: &str) -> usize {
    let line = stats.lines().find(|line| line.split(',').nth(1) == Some(row));
    line.unwrap_or_else(|| panic!("no row {row}:\n{stats}")).split(',').nth(2).unwrap().parse().unwrap()
}

#[test]
fn what_the_server_counted_is_what_is_reported_and_a_first_run_exits_with_0() {
    let (sandbox, server) = (with_modules(&["a"]), healthy());
    let ended = run(&sandbox, &server, &["a", "--csv", "results/a"]);
    ended.expect_code(0).expect_message("no baseline yet").expect_message("this run is the new baseline");
    let stats = sandbox.read("results/a_stats.csv");
    let sent = server.recorded();
    assert!(sent.len() > 20, "{}", sent.len());
    assert_eq!(request_count(&stats, "/v1/models/a:predict"), sent.len());
    assert_eq!(request_count(&stats, "Aggregated"), sent.len());
    assert!(sent.iter().all(|request| request.body == "{\"x\":1}" && request.header("host").len() == 1));
    let files: Vec<String> =
        sandbox.files().into_iter().filter(|file| file.starts_with("results/")).collect();
    assert_eq!(
        files,
        [
            "results/a_exceptions.csv",
            "results/a_failures.csv",
            "results/a_runs.jsonl",
            "results/a_stats.csv",
            "results/a_stats_history.csv"
        ]
    );
    // Results on stdout, messages on stderr.
    assert!(ended.stdout.ends_with("a: no baseline yet (exit code 0)\n"), "{}", ended.stdout);
    assert!(!ended.stderr.contains("# reqs"), "{}", ended.stderr);
}

#[test]
fn the_announcement_says_where_values_come_from() {
    let (sandbox, server) = (with_modules(&["a"]), healthy());
    sandbox.write("locust.conf", "[locust]\nrun-time = 1s\nonly-summary = true\n");
    let variables = [("LOCUST_USERS", "2"), ("WINDTUNNEL_HOST", &server.url()), ("HOST", "no-url")];
    let ended = sandbox.run_with(&variables, &["a"]);
    ended
        .expect_code(0)
        .expect_message("2 users (LOCUST_USERS)")
        .expect_message("for 1s (locust.conf)")
        .expect_message(&format!("to {} (WINDTUNNEL_HOST)", server.url()))
        .expect_message("baseline: none yet");
}

#[test]
fn a_slower_server_is_a_regression_with_and_without_csv() {
    let (sandbox, server) = (with_modules(&["a"]), healthy());
    run_with("24", &sandbox, &server, &["a", "--csv", "results/a"]).expect_code(0);
    let slow = Server::slow(ANSWER_TIME * 2, |_| (200, "{}".to_owned()));
    let ended = run_with("24", &sandbox, &slow, &["a"]);
    ended.expect_code(3).expect_message("/v1/models/a:predict").expect_message("regressed");
    let before = sandbox.read("results/a_stats.csv");
    // Compared first, then replaced.
    run_with("24", &sandbox, &slow, &["a", "--csv", "results/a"]).expect_code(3);
    assert_ne!(sandbox.read("results/a_stats.csv"), before);
    // What looked worse was measured again, and both runs are of the new epoch.
    assert_eq!(sandbox.read("results/a_runs.jsonl").lines().count(), 3);
}

#[test]
fn failures_exit_with_1_without_a_baseline_and_with_3_against_one_that_had_none() {
    let (sandbox, server) = (with_modules(&["a"]), healthy());
    let broken = Server::slow(ANSWER_TIME, |_| (500, "{}".to_owned()));
    run(&sandbox, &broken, &["a"]).expect_code(1);
    run(&sandbox, &broken, &["a", "--exit-code-on-error", "17"]).expect_code(17);
    run(&sandbox, &server, &["a", "--csv", "results/a"]).expect_code(0);
    run(&sandbox, &broken, &["a", "--exit-code-on-error", "17"]).expect_code(3);
}

#[test]
fn a_server_that_is_not_there_is_a_result() {
    let sandbox = with_modules(&["a"]);
    let address = Server::start(|_| (200, String::new())).url();
    let arguments = ["a", "-t", "1s", "-H", &address, "--csv", "x"];
    let ended = sandbox.run(&arguments);
    ended.expect_message("Error report");
    assert!(matches!(ended.code, Some(1 | 4)), "{ended:#?}");
    assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
}

#[test]
fn model_in_the_environment_selects_and_a_name_goes_before_it() {
    let (sandbox, server) = (with_modules(&["a", "b", "c"]), healthy());
    let url = server.url();
    let load = ["-t", "1s", "-H", url.as_str()];
    sandbox.run_with(&[("MODEL", "a,c")], &load).expect_code(0);
    let paths = |server: &Server| {
        let mut paths: Vec<String> = server.recorded().into_iter().map(|request| request.target).collect();
        paths.sort_unstable();
        paths.dedup();
        paths
    };
    assert_eq!(paths(&server), ["/v1/models/a:predict", "/v1/models/c:predict"]);
    sandbox.run_with(&[("MODEL", "a")], &[&["run", "b"], load.as_slice()].concat()).expect_code(0);
    assert_eq!(paths(&server).len(), 3);
}

#[test]
fn only_a_summary_is_printed_where_only_that_is_asked_for() {
    let (sandbox, server) = (with_modules(&["a"]), healthy());
    let tables = |flag: &str| {
        let ended = run(&sandbox, &server, &["a", flag]);
        let count = |text: &str| text.matches("# reqs      # fails").count();
        (count(&ended.stdout), count(&ended.stderr))
    };
    assert_eq!(tables("--only-summary"), (1, 0));
    let (results, live) = tables("--print-stats");
    assert!(results == 1 && live >= 1, "{results} {live}");
}

#[test]
fn a_ramp_that_is_longer_than_the_run_is_said() {
    let (sandbox, server) = (with_modules(&["a"]), healthy());
    let url = server.url();
    let ended = sandbox.run(&["a", "-u", "9", "-r", "2.5", "-t", "1s", "-H", &url]);
    ended.expect_code(0).expect_message("the run time is over when 4 of 9 users are started");
}

#[test]
fn users_below_the_number_of_classes_are_raised_with_a_notice() {
    let (sandbox, server) = (Sandbox::new(), healthy());
    let classes = ["a", "b", "c"].map(module).concat();
    sandbox.write("models/all.toml", &classes);
    let url = server.url();
    let ended = sandbox.run(&["all", "-u", "1", "-r", "10", "-t", "1s", "-H", &url]);
    ended.expect_code(0).expect_message("users raised from 1 to 3");
}

#[test]
fn a_second_instance_of_a_run_on_the_same_files_is_refused() {
    let (sandbox, server) = (with_modules(&["a"]), healthy());
    let url = server.url();
    let arguments = ["a", "-t", "60s", "-H", &url, "--csv", "results/a"];
    let mut first = sandbox.command(&arguments).spawn().unwrap();
    server.wait_for(1);
    let second = sandbox.run(&arguments);
    first.kill().unwrap();
    first.wait().unwrap();
    second.expect_code(2).expect_message("another run is writing");
}

#[test]
fn a_template_that_fails_during_a_run_is_an_exception_with_its_place() {
    let sandbox = Sandbox::new();
    let module = r#"
        [[user]]
        class = "A"
        wait = "10ms"
        [[user.task]]
        steps = [
            { get = "/first", save = { name = "response.json.name" } },
            { post = "/second", json = { x = "{{ user.name.inner }}" } },
        ]
    "#;
    sandbox.write("models/a.toml", module);
    let server = Server::slow(ANSWER_TIME, |_| (200, r#"{"name": "a text"}"#.to_owned()));
    let ended = run(&sandbox, &server, &["a", "--csv", "results/a"]);
    ended.expect_code(1).expect_message("templates failed").expect_message("`user.name.inner` is undefined");
    let sent = server.recorded();
    assert!(!sent.is_empty() && sent.iter().all(|request| request.target == "/first"), "{sent:?}");
    // Each answered first step is followed by one failure, but for those that the end of the run cut short.
    let exceptions = sandbox.read("results/a_exceptions.csv");
    let [header, row] = exceptions.lines().collect::<Vec<_>>().try_into().unwrap();
    assert_eq!(header, "Count,Message,Traceback,Nodes");
    let count: usize = row.split(',').next().unwrap().parse().unwrap();
    assert!((1..=sent.len()).contains(&count), "{row}");
    assert!(
        row.ends_with(",`user.name.inner` is undefined,\"models/a.toml:8, class A, task 1\",local"),
        "{row}"
    );
}
