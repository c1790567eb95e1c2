//! What a real Locust wrote from the same requests: tests/golden/locust, made by the script that lies there.

use std::path::PathBuf;
use std::time::Duration;

use windtunnel_stats::Compat;

use super::console::{Rates, error_report, percentile_table, stats_table};
use super::*;
use crate::clock::RunTime;
use crate::summary::line::fixture::{Ended, add, header, record};
use crate::summary::{ExceptionRow, RunRecord};

const VERSIONS: [(Compat, &str); 2] = [(Compat::V2_31, "2.31"), (Compat::V2_47, "2.47")];

fn golden(file: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/locust").join(file);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn samples() -> Vec<Ended> {
    golden("samples.tsv")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let fields: Vec<&str> = line.split('\t').collect();
            let [at, method, name, ms, bytes, error] = fields[..] else { panic!("{line}") };
            Ended {
                at: at.parse().unwrap(),
                method: method.to_owned(),
                name: serde_json::from_str(name).unwrap(),
                ms: ms.parse().unwrap(),
                bytes: bytes.parse().unwrap(),
                error: serde_json::from_str(error).unwrap(),
            }
        })
        .collect()
}

fn run_of(ended: &[Ended]) -> RunRecord {
    let mut header = header("r1");
    header.started = jiff::Timestamp::from_second(1_700_000_000).unwrap();
    let mut record = record(header, 20.0, ended);
    record.exceptions = vec![ExceptionRow {
        count: 3,
        message: "no, \"such\" thing".to_owned(),
        traceback: "models/a.toml:3\n  json: {{ a }}\n".to_owned(),
    }];
    record
}

#[test]
fn csv_files_are_those_of_locust_to_the_byte() {
    let records = [run_of(&samples())];
    for (compat, folder) in VERSIONS {
        assert_eq!(stats_csv(&records, compat), golden(&format!("{folder}/run_stats.csv")));
        assert_eq!(failures_csv(&records, compat), golden(&format!("{folder}/run_failures.csv")));
        assert_eq!(exceptions_csv(&records), golden(&format!("{folder}/run_exceptions.csv")));
    }
}

#[test]
fn json_is_that_of_locust_to_the_byte() {
    let records = [run_of(&samples())];
    for (compat, folder) in VERSIONS {
        assert_eq!(locust_json(&records, compat), golden(&format!("{folder}/stats.json")));
    }
    assert_eq!(locust_json(&[run_of(&[])], Compat::V2_47), "[]");
}

#[test]
fn console_tables_are_those_of_locust_to_the_byte() {
    let records = [run_of(&samples())];
    for (compat, folder) in VERSIONS {
        for width in [80, 20, 2] {
            let tables = [
                stats_table(&records, Rates::Current, compat, width),
                stats_table(&records, Rates::WholeRun, compat, width),
                percentile_table(&records, width),
                error_report(&records, width),
            ];
            assert_eq!(tables.concat(), golden(&format!("{folder}/tables_{width}.txt")), "{folder} {width}");
        }
    }
}

#[test]
fn a_run_without_requests_has_the_files_of_locust() {
    let records = [run_of(&[])];
    for (compat, folder) in VERSIONS {
        assert_eq!(stats_csv(&records, compat), golden(&format!("{folder}/empty_stats.csv")));
        let tables = [stats_table(&records, Rates::WholeRun, compat, 80), percentile_table(&records, 80)];
        assert_eq!(tables.concat(), golden(&format!("{folder}/empty_tables.txt")));
        assert_eq!(error_report(&records, 80), "");
    }
}

/// The history as it grows over 17 seconds, without its header.
fn history(history: History, compat: Compat) -> String {
    let mut record = run_of(&[]);
    record.ending = None;
    let mut todo = samples().into_iter().peekable();
    let mut writer = HistoryWriter::new(Vec::new(), history, compat).unwrap();
    writer.get_mut().clear();
    for second in 0..18 {
        while let Some(ended) = todo.next_if(|ended| ended.at < f64::from(second)) {
            add(&mut record, &ended);
        }
        record.elapsed = RunTime::from_duration(Duration::from_secs(u64::from(second)));
        record.users = second;
        writer.append(std::slice::from_ref(&record)).unwrap();
    }
    String::from_utf8(writer.into_inner()).unwrap()
}

#[test]
fn the_history_is_that_of_locust_to_the_byte() {
    for (compat, folder) in VERSIONS {
        assert_eq!(history(History::Aggregated, compat), golden(&format!("{folder}/run_stats_history.csv")));
    }
}

#[test]
fn the_full_history_is_that_of_locust_but_for_the_window_of_its_percentiles() {
    // Locust takes a snapshot of a row when its first request of a new second ends, and looks about ten seconds
    // back for one; ours are the last ten whole seconds. Everything else is equal.
    let without_percentiles = |text: &str| -> Vec<String> {
        text.lines()
            .map(|line| {
                let line = line.replace("\"/article?lang=en,de\"", "article");
                let fields: Vec<&str> = line.split(',').collect();
                [&fields[..6], &fields[17..]].concat().join(",")
            })
            .collect()
    };
    for (compat, folder) in VERSIONS {
        let theirs = golden(&format!("{folder}/full_stats_history.csv"));
        assert_eq!(without_percentiles(&history(History::Full, compat)), without_percentiles(&theirs));
    }
}

#[test]
fn the_header_of_the_history_has_the_24_columns_of_locust() {
    let out = HistoryWriter::new(Vec::new(), History::Full, Compat::V2_47).unwrap().into_inner();
    assert_eq!(
        String::from_utf8(out).unwrap(),
        "Timestamp,User Count,Type,Name,Requests/s,Failures/s,50%,66%,75%,80%,90%,95%,98%,99%,99.9%,99.99%,100%,\
         Total Request Count,Total Failure Count,Total Median Response Time,Total Average Response Time,\
         Total Min Response Time,Total Max Response Time,Total Average Content Size\r\n"
    );
}
