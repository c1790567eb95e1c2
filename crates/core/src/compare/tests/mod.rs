//! What the tests of comparisons share: runs, lines and CSV files made of single requests.

mod anchor;
mod csv;
mod evidence;
mod files;
mod life;
mod merges;
mod properties;
mod rows;
mod sessions;
mod table;
mod verdicts;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::LazyLock;

use jiff::{SignedDuration, Timestamp};
use windtunnel_stats::verdict::Doubt;
use windtunnel_stats::{Compat, Metric};

use super::locust_csv::read_stats_csv;
use super::*;
use crate::summary::RunRecord;
use crate::summary::line::fixture::{Ended, header, record, spread};
use crate::summary::line::{Change, ChangeLine, Line, RunLine};

/// How long runs are here.
const SECONDS: f64 = 60.0;

fn run_of(id: &str, ended: &[Ended]) -> RunRecord {
    record(header(id), SECONDS, ended)
}

/// 600 requests of `/a` around `ms`, the same for the same `seed`.
fn at(id: &str, ms: f64, seed: u32) -> RunRecord {
    run_of(id, &spread("/a", 600, SECONDS, ms, seed))
}

/// Around 180 ms.
fn usual(id: &str) -> RunRecord {
    at(id, 180.0, 1)
}

fn side(record: &RunRecord) -> Side {
    Side::from_record(record)
}

/// One run against one run.
fn verdict(old: &Side, new: &Side) -> Comparison {
    compare(&Baseline::of_run(old.clone()), std::slice::from_ref(new), &Settings::default())
}

fn word(comparison: &Comparison, metric: Metric) -> Word {
    comparison.rows[0].figure(metric).unwrap().word.clone()
}

/// What Locust would have left of a record.
fn as_csv(record: &RunRecord, path: &str) -> Side {
    read_stats_csv(Path::new(path), &csv_text(record)).unwrap()
}

fn csv_text(record: &RunRecord) -> String {
    // `compare` must not know `output`: the columns that count, written by hand.
    let mut text = String::from(
        "Type,Name,Request Count,Failure Count,Median Response Time,Average Response Time,Min Response Time,Max Response \
         Time,Average Content Size,Requests/s,Failures/s,50%,66%,75%,80%,90%,95%,98%,99%,99.9%,99.99%,100%\r\n",
    );
    for row in &record.series {
        let times = &row.times;
        let (min, max) = (times.min_ms().unwrap_or(0.0), times.max_ms().unwrap_or(0.0));
        let rate = row.requests as f64 / record.locust_seconds();
        let median = times.median(Compat::V2_47).ms().unwrap_or(0.0);
        let start = format!("{},{},{},{},{median},", row.method, row.name, row.requests, row.failures);
        let middle = format!("{},{min},{max},10.0,{rate},0.0", times.average_ms());
        let percentiles = [0.5, 0.66, 0.75, 0.8, 0.9, 0.95, 0.98, 0.99, 0.999, 0.9999, 1.0]
            .map(|p| times.percentile(p).map_or("N/A".to_owned(), |ms| ms.to_string()))
            .join(",");
        text += &[&start, &middle, ",", &percentiles, "\r\n"].concat();
    }
    text.push_str(",Aggregated,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1\r\n");
    text
}

/// The minute so many minutes after the noon of a day.
fn minute(minutes: i64) -> Timestamp {
    let noon: Timestamp = "2025-01-31T12:00:00Z".parse().unwrap();
    noon + SignedDuration::from_mins(minutes)
}

fn with(mut line: RunLine, change: impl FnOnce(&mut RunLine)) -> RunLine {
    change(&mut line);
    line
}

/// A line as the first versions wrote it, without session and epoch. Runs begin an hour apart by default, in the
/// order of the numbers that their ids end with.
fn legacy(id: &str) -> RunLine {
    static LINE: LazyLock<RunLine> =
        LazyLock::new(|| RunLine::from_record(&run_of("0", &spread("/a", 40, SECONDS, 100.0, 1))));
    let number: i64 = id.trim_start_matches(|c: char| !c.is_ascii_digit()).parse().unwrap();
    with(LINE.clone(), |line| {
        line.run = id.to_owned();
        line.started = minute(60 * number);
    })
}

/// A run that is no evidence: an inconclusive one.
fn other(id: &str) -> RunLine {
    with(legacy(id), |line| line.session = Some(id.to_owned()))
}

/// A run that opened an epoch of its own name.
fn opening(id: &str, parent: Option<&str>) -> RunLine {
    with(other(id), |line| {
        line.epoch = Some(id.to_owned());
        line.parent = parent.map(str::to_owned);
    })
}

/// A run that joined an epoch by itself.
fn joining(id: &str, epoch: &str) -> RunLine {
    with(other(id), |line| {
        line.epoch = Some(epoch.to_owned());
        line.joined = true;
    })
}

fn of_run(line: RunLine) -> Line {
    Line::Run(Box::new(line))
}

/// A decision, made ten hours after noon.
fn decided(change: Change) -> Line {
    Line::Change(ChangeLine::new(minute(600), change))
}

fn accept(run: &str, epoch: &str, parent: Option<&str>) -> Line {
    let (run, epoch, parent) = (run.to_owned(), epoch.to_owned(), parent.map(str::to_owned));
    decided(Change::Accept { run, epoch, parent })
}

fn add(run: &str, epoch: &str) -> Line {
    decided(Change::Add { run: run.to_owned(), epoch: epoch.to_owned() })
}

fn drop(run: &str) -> Line {
    decided(Change::Drop { run: run.to_owned() })
}

fn mark(epoch: &str) -> Line {
    decided(Change::Anchor { epoch: epoch.to_owned() })
}

/// What lines come to: epochs with the runs of their sessions (`*`: it joined by itself), the current one last; runs
/// that are no evidence; the anchor.
fn state(lines: &[Line]) -> String {
    let baseline = Baseline::of_lines("x", lines);
    let name = |run: &Side| format!("{}{}", run.run.as_deref().unwrap(), if run.joined { "*" } else { "" });
    let names = |runs: &[Side]| runs.iter().map(name).collect::<Vec<_>>().join(" ");
    let epochs = baseline.epochs.iter().map(|epoch| {
        let sessions: Vec<String> =
            epoch.sessions.iter().map(|session| format!("[{}]", names(&session.runs))).collect();
        format!("{} {}", epoch.id, sessions.concat())
    });
    let others = names(&baseline.others);
    let anchor = baseline.anchor.as_deref().unwrap_or("none");
    format!("{} | {others} | {anchor}", epochs.collect::<Vec<_>>().join(", "))
}
