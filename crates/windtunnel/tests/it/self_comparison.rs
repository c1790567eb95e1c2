//! Runs of the shipped module against a baseline that Locust wrote: what got worse fails, what got better
//! passes, and writing new results never hides the old ones.

use std::fmt::Write;
use std::time::Duration;

use crate::running::{ANSWER_TIME, RUN_TIME, with_modules};
use crate::sandbox::{Ended, Sandbox};
use crate::server::Server;
use crate::shipped::working_copy;

const ROWS: [&str; 2] =
    ["/v1/models/revertrisk-language-agnostic:predict", "/v1/models/revertrisk-multilingual:predict"];

const HEADER: &str = "Type,Name,Request Count,Failure Count,Median Response Time,Average Response Time,\
Min Response Time,Max Response Time,Average Content Size,Requests/s,Failures/s,50%,66%,75%,80%,90%,95%,98%,99%,\
99.9%,99.99%,100%\r\n";

/// A row of Locust's with 180 ms on average, all requests answered.
fn row(kind: &str, name: &str, requests: u32, per_second: f64) -> String {
    format!(
        "{kind},{name},{requests},0,170,180.31428571428572,121.70000000000005,412.3,237.0,{per_second},0.0,\
         170,190,200,210,230,260,310,380,410,410,410\r\n"
    )
}

/// A working copy whose module `revertrisk` has a baseline of two minutes with two users of each class, at 180 ms.
fn with_baseline() -> Sandbox {
    let sandbox = working_copy();
    let mut text = HEADER.to_owned();
    for name in ROWS {
        text += &row("POST", name, 75, 0.631_578_947_368_421);
    }
    text += &row("", "Aggregated", 150, 1.263_157_894_736_842);
    sandbox.write("results/revertrisk_stats.csv", &text);
    sandbox
}

/// A run in which 60 users send their first requests at once: 30 a row.
fn run(sandbox: &Sandbox, server: &Server, time: &str, more: &[&str]) -> Ended {
    let url = server.url();
    let load = ["-u", "60", "-r", "60", "-t", time, "-H", url.as_str()];
    sandbox.run_with(&[("MODEL", "revertrisk")], &[&load[..], more].concat())
}

/// Fails unless the report begins with this sentence about both rows, and the table calls a figure of each regressed.
fn names_both_rows(ended: &Ended, sentence: &str) {
    let told = ended.stdout.split("\n\n").find(|part| part.starts_with(sentence));
    let told = told.unwrap_or_else(|| panic!("{}", ended.stdout));
    assert!(told.replace("\n ", "").contains("2 of 2 rows"), "{told}");
    let table = ended.stdout.split("\n\n").find(|part| part.trim_start().starts_with("metric")).unwrap();
    for row in ROWS {
        let figures = table.split(&format!("POST {row}\n")).nth(1).unwrap_or_else(|| panic!("{table}"));
        let figures: Vec<&str> = figures.lines().take_while(|line| line.starts_with("  ")).collect();
        assert!(figures.iter().any(|line| line.ends_with("regressed")), "{table}");
    }
}

#[test]
fn a_server_eight_times_slower_is_a_regression_with_and_without_csv() {
    let sandbox = with_baseline();
    let before = sandbox.read("results/revertrisk_stats.csv");
    let slow = Server::slow(Duration::from_millis(1500), |_| (200, "{}".to_owned()));
    let ended = run(&sandbox, &slow, "2s", &[]);
    names_both_rows(ended.expect_code(3), "revertrisk got slower: average +");
    assert_eq!(sandbox.read("results/revertrisk_stats.csv"), before);
    let ended = run(&sandbox, &slow, "2s", &["--csv", "results/revertrisk"]);
    names_both_rows(ended.expect_code(3), "revertrisk got slower: average +");
    assert_ne!(sandbox.read("results/revertrisk_stats.csv"), before);
}

#[test]
fn failures_alone_exit_with_3_where_the_baseline_had_none_and_with_1_where_there_is_none() {
    let broken = Server::start(|_| (500, "{}".to_owned()));
    for more in [&[][..], &["--csv", "results/revertrisk"]] {
        let ended = run(&with_baseline(), &broken, "1s", more);
        names_both_rows(ended.expect_code(3), "revertrisk fails more: failures +100 pp");
        run(&working_copy(), &broken, "1s", more).expect_code(1).expect_message("no baseline yet");
    }
}

/// The table of a measured run, with rates multiplied and latencies twice as long, so that only the rate can
/// have got worse.
fn other_rates(stats: &str, factor: f64) -> String {
    let mut lines = stats.lines();
    let mut text = format!("{}\r\n", lines.next().unwrap());
    for line in lines {
        for (column, cell) in line.split(',').enumerate() {
            let number = || cell.parse::<f64>().unwrap();
            let comma = if column == 0 { "" } else { "," };
            match column {
                9 => write!(text, "{comma}{}", number() * factor),
                4..=7 | 11.. => write!(text, "{comma}{}", number() * 2.0),
                _ => write!(text, "{comma}{cell}"),
            }
            .unwrap();
        }
        text.push_str("\r\n");
    }
    text
}

#[test]
fn half_of_the_throughput_is_a_regression_and_twice_as_much_is_none() {
    let sandbox = with_modules(&["a"]);
    let server = Server::slow(ANSWER_TIME, |_| (200, "{}".to_owned()));
    let url = server.url();
    let load = ["a", "-u", "8", "-r", "8", "-t", RUN_TIME, "-H", &url];
    sandbox.run(&[&load[..], &["--csv", "measured/a"]].concat()).expect_code(0);
    let measured = sandbox.read("measured/a_stats.csv");
    sandbox.write("results/a_stats.csv", &other_rates(&measured, 2.0));
    let ended = sandbox.run(&load);
    ended.expect_code(3).expect_message("a lost throughput: throughput -");
    sandbox.write("results/a_stats.csv", &other_rates(&measured, 0.5));
    let ended = sandbox.run(&load);
    ended.expect_code(0);
    assert!(!ended.stdout.contains("regressed"), "{}", ended.stdout);
}
