//! Records for tests, made of single requests.

use std::collections::BTreeMap;
use std::time::Duration;

use windtunnel_stats::{Histogram, Slices};

use crate::clock::RunTime;
use crate::summary::{Ending, FailureRow, Header, Health, Machine, RunRecord, SeriesSummary};

/// One request that ended.
#[derive(Clone, Debug)]
pub(crate) struct Ended {
    /// When, in seconds since the start.
    pub(crate) at: f64,
    pub(crate) method: String,
    pub(crate) name: String,
    pub(crate) ms: f64,
    pub(crate) bytes: u64,
    pub(crate) error: Option<String>,
}

impl Ended {
    pub(crate) fn new(at: f64, method: &str, name: &str, ms: f64) -> Self {
        Self { at, method: method.to_owned(), name: name.to_owned(), ms, bytes: 100, error: None }
    }

    pub(crate) fn failed(self, error: &str) -> Self {
        Self { error: Some(error.to_owned()), ..self }
    }
}

/// A header of module `demo`, a run of 60 s that began at 2025-01-31T12:00:00Z.
pub(crate) fn header(id: &str) -> Header {
    Header {
        id: id.to_owned(),
        module: "demo".to_owned(),
        baseline: "demo".to_owned(),
        started: "2025-01-31T12:00:00Z".parse().unwrap(),
        users: 2,
        spawn_rate: 10.0,
        run_time: Some(Duration::from_secs(60)),
        target: "http://localhost:8080".to_owned(),
        build: None,
        seed: 1,
        variables: BTreeMap::new(),
        together: Vec::new(),
        simulated: false,
        machine: Machine {
            host: "bench".to_owned(),
            boot: "b00t".to_owned(),
            cpu: "A Processor".to_owned(),
            cores: 2,
            tool: "0.1.0".to_owned(),
        },
    }
}

/// The record of `ended`, complete after `seconds`, the whole time being the verdict's window.
pub(crate) fn record(header: Header, seconds: f64, ended: &[Ended]) -> RunRecord {
    let end = RunTime::from_duration(Duration::from_secs_f64(seconds));
    let mut record = RunRecord {
        header,
        ramp_end: Some(RunTime::ZERO),
        warm_up_end: None,
        steadiness: None,
        elapsed: end,
        window_end: end,
        ending: Some(Ending::Complete),
        users: 0,
        series: Vec::new(),
        total: SeriesSummary { name: "Aggregated".to_owned(), ..SeriesSummary::default() },
        failures: Vec::new(),
        exceptions: Vec::new(),
        health: Health::default(),
    };
    for request in ended {
        add(&mut record, request);
    }
    record.cut_warm_up();
    record
}

/// `count` requests of one row, evenly spaced over `seconds`, whose latencies lie within a fifth of `ms`, the same
/// for the same `seed`.
pub(crate) fn spread(name: &str, count: u32, seconds: f64, ms: f64, seed: u32) -> Vec<Ended> {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(12_345);
    (0..count)
        .map(|n| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let factor = 0.8 + 0.4 * f64::from(state >> 8) / f64::from(1 << 24);
            Ended::new(seconds * (f64::from(n) + 0.5) / f64::from(count), "POST", name, ms * factor)
        })
        .collect()
}

/// Adds one request that ended.
pub(crate) fn add(record: &mut RunRecord, request: &Ended) {
    let known = record.series.iter().position(|row| row.method == request.method && row.name == request.name);
    let place = known.unwrap_or_else(|| {
        let circumstances = BTreeMap::from([
            ("method".to_owned(), request.method.clone()),
            ("path".to_owned(), request.name.clone()),
            ("users".to_owned(), "2".to_owned()),
        ]);
        record.series.push(SeriesSummary {
            method: request.method.clone(),
            name: request.name.clone(),
            circumstances,
            data: "d1".to_owned(),
            ..SeriesSummary::default()
        });
        record.series.len() - 1
    });
    let at = RunTime::from_duration(Duration::from_secs_f64(request.at));
    count(&mut record.series[place], at, request);
    count(&mut record.total, at, request);
    if let Some(error) = &request.error {
        fail(record, at, request, error);
    }
}

fn count(row: &mut SeriesSummary, at: RunTime, request: &Ended) {
    let failed = u32::from(request.error.is_some());
    let second = u32::try_from(at.as_duration().as_secs()).unwrap();
    row.requests += 1;
    row.failures += u64::from(failed);
    row.times.record(request.ms);
    row.received += request.bytes;
    row.last_request = row.last_request.max(Some(at));
    *row.statuses.entry(if failed == 1 { 500 } else { 200 }).or_default() += 1;
    let counted = row.per_second.entry(second).or_default();
    *counted = (counted.0 + 1, counted.1 + failed);
    let mut times = windtunnel_stats::LocustTimes::default();
    times.record(request.ms);
    row.recent.add(second, 1, u64::from(failed), &times);
    let mut latency = Histogram::default();
    let us = Duration::from_secs_f64(request.ms / 1000.0).as_micros().try_into().unwrap();
    if failed == 0 {
        latency.record(us);
    } else {
        row.failed.record(us);
    }
    row.latency.merge(&latency);
    row.slices.add(at.0 / Slices::BASE_NS, &latency, u64::from(failed));
}

fn fail(record: &mut RunRecord, at: RunTime, request: &Ended, error: &str) {
    let known = record
        .failures
        .iter_mut()
        .find(|row| row.method == request.method && row.name == request.name && row.error == error);
    if let Some(row) = known {
        row.occurrences += 1;
        row.last_seen = at;
        return;
    }
    record.failures.push(FailureRow {
        method: request.method.clone(),
        name: request.name.clone(),
        error: error.to_owned(),
        occurrences: 1,
        first_seen: at,
        last_seen: at,
    });
}
