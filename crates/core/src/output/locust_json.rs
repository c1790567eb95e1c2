//! Locust's JSON: `--json` on standard output and `--json-file`.
//!
//! The same text for both, as often as it is asked for: nothing is reset by writing it.

use std::fmt::Write;

use windtunnel_stats::Compat;

use super::python;
use crate::clock::RunTime;
use crate::summary::{RunRecord, SeriesSummary};

/// The statistics as a JSON array, a row each, without `Aggregated`, without rows that saw no request, and without
/// a line end behind it.
///
/// Rows stand in the order of the records and of their plans. Times are Unix seconds, `start_time` being the start
/// of the run; response times are counted by rounded milliseconds in ascending order, `"210"`, or `"210.0"` in the
/// format of 2.31.5.
#[must_use]
pub fn locust_json(records: &[RunRecord], compat: Compat) -> String {
    let entries: Vec<String> = records
        .iter()
        .flat_map(|record| record.series.iter().map(move |series| (record, series)))
        .filter(|(_, series)| series.requests > 0)
        .map(|(record, series)| entry(record, series, compat))
        .collect();
    if entries.is_empty() {
        return "[]".to_owned();
    }
    format!("[\n{}\n]", entries.join(",\n"))
}

fn entry(record: &RunRecord, series: &SeriesSummary, compat: Compat) -> String {
    let times = series.times.buckets().into_iter().map(|(ms, count)| (bucket_key(ms, compat), count));
    let first_second = record.header.started.as_second();
    let seconds = |pick: fn((u32, u32)) -> u32| {
        series
            .per_second
            .iter()
            .map(move |(second, counts)| {
                ((first_second + i64::from(*second)).to_string(), u64::from(pick(*counts)))
            })
            .filter(|(_, count)| *count > 0)
    };
    let last = series.last_request.map_or_else(|| "null".to_owned(), |at| unix_seconds(record, at));
    let fields = [
        ("name", python::json_string(&series.name)),
        ("method", python::json_string(&series.method)),
        ("last_request_timestamp", last),
        ("start_time", unix_seconds(record, RunTime::ZERO)),
        ("num_requests", series.requests.to_string()),
        ("num_none_requests", "0".to_owned()),
        ("num_failures", series.failures.to_string()),
        ("total_response_time", python::float(series.times.sum_ms())),
        (
            "max_response_time",
            series.times.max_ms().filter(|ms| *ms != 0.0).map_or("0".to_owned(), python::float),
        ),
        ("min_response_time", series.times.min_ms().map_or("null".to_owned(), python::float)),
        ("total_content_length", series.received.to_string()),
        ("response_times", object(times)),
        ("num_reqs_per_sec", object(seconds(|(requests, _)| requests))),
        ("num_fail_per_sec", object(seconds(|(_, failures)| failures))),
    ];
    let lines: Vec<String> =
        fields.iter().map(|(key, value)| format!("        \"{key}\": {value}")).collect();
    format!("    {{\n{}\n    }}", lines.join(",\n"))
}

/// 2.31.5 keeps buckets from 100 ms on as floats.
fn bucket_key(ms: u64, compat: Compat) -> String {
    match compat {
        Compat::V2_31 if ms >= 100 => format!("{ms}.0"),
        _ => ms.to_string(),
    }
}

fn unix_seconds(record: &RunRecord, at: RunTime) -> String {
    python::float(record.wall(at).as_nanosecond() as f64 / 1e9)
}

fn object(entries: impl Iterator<Item = (String, u64)>) -> String {
    let mut out = String::new();
    for (key, count) in entries {
        let comma = if out.is_empty() { "" } else { "," };
        // Writing into a String cannot fail.
        let _ = write!(out, "{comma}\n            \"{key}\": {count}");
    }
    if out.is_empty() { "{}".to_owned() } else { format!("{{{out}\n        }}") }
}
