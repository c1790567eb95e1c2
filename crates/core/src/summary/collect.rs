//! Merges what the threads hand over into the records of a run.

use std::collections::HashMap;

use windtunnel_stats::Slices;

use crate::clock::RunTime;
use crate::record::{FailureCount, Interval, OTHER, SeriesInterval};
use crate::summary::{Ending, ExceptionRow, FailureRow, Header, Health, RunRecord, SeriesSummary};

/// Distinct failures of one module that are kept by text; later ones are counted as "other" of their row.
const MAX_FAILURES: usize = 1000;

/// Distinct errors of templates that are kept.
const MAX_EXCEPTIONS: usize = 200;

/// Seconds that `--json` counts one by one.
const MAX_SECONDS: usize = 86_400;

/// Merges intervals into records, one for each module.
#[derive(Debug)]
pub struct Collector {
    records: Vec<RunRecord>,
    /// By `SeriesId`: which record, and which of its rows.
    places: Vec<(usize, usize)>,
    /// By record: (row, text) -> index into its failures.
    failure_index: Vec<HashMap<(usize, Box<str>), usize>>,
    /// (record, message, place) -> index into its exceptions.
    exception_index: HashMap<(usize, String, String), usize>,
    threads: Vec<u32>,
}

/// A row before the run: the record that it belongs to, and its names and circumstances.
#[derive(Clone, Debug)]
pub struct Row {
    /// Index of the header.
    pub record: usize,
    /// With nothing counted yet.
    pub summary: SeriesSummary,
}

impl Collector {
    /// A collector for the modules of `headers` and the rows of the plan, fed by so many threads.
    #[must_use]
    pub fn new(headers: Vec<Header>, rows: Vec<Row>, threads: usize) -> Self {
        let mut records: Vec<RunRecord> = headers.into_iter().map(empty_record).collect();
        let mut places = Vec::new();
        for row in rows {
            let series = &mut records[row.record].series;
            places.push((row.record, series.len()));
            series.push(row.summary);
        }
        let failure_index = vec![HashMap::new(); records.len()];
        Self { records, places, failure_index, exception_index: HashMap::new(), threads: vec![0; threads] }
    }

    /// The records as they are now.
    #[must_use]
    pub fn records(&self) -> &[RunRecord] {
        &self.records
    }

    /// Users that live now.
    #[must_use]
    pub fn users(&self) -> u32 {
        self.threads.iter().sum()
    }

    /// Moves the records on to `now`.
    pub fn advance(&mut self, now: RunTime) {
        let users = self.users();
        for record in &mut self.records {
            record.elapsed = now;
            record.users = users;
        }
    }

    /// Notes when the last user of the ramp was started.
    pub fn ramp_ended(&mut self, at: RunTime) {
        for record in &mut self.records {
            record.ramp_end.get_or_insert(at);
        }
    }

    /// Adds what thread number `thread` counted.
    pub fn merge(&mut self, thread: usize, interval: &Interval) {
        if let Some(users) = self.threads.get_mut(thread) {
            *users = interval.users;
        }
        for (series, row) in interval.series.iter().enumerate() {
            if row.requests == 0 && row.cut_off == 0 {
                continue;
            }
            let (record, index) = self.places[series];
            let RunRecord { series, total, .. } = &mut self.records[record];
            add(&mut series[index], interval.slice, row);
            add(total, interval.slice, row);
            for (text, count) in row.texts.iter() {
                self.failure(record, index, text, count);
            }
        }
        for ((record, message, place), count) in &interval.exceptions {
            self.exception(*record, message, place, *count);
        }
        for record in &mut self.records {
            record.health.heartbeat.merge(&interval.heartbeat);
            record.health.send_delay.merge(&interval.send_delay);
            record.health.cpu_max_5s = record.health.cpu_max_5s.max(interval.cpu_max_5s);
        }
    }

    fn failure(&mut self, record: usize, row: usize, text: &str, count: FailureCount) {
        let RunRecord { series, failures, .. } = &mut self.records[record];
        let index = &mut self.failure_index[record];
        let text = if failures.len() < MAX_FAILURES || index.contains_key(&(row, text.into())) {
            text
        } else {
            OTHER
        };
        let at = *index.entry((row, text.into())).or_insert_with(|| {
            failures.push(FailureRow {
                method: series[row].method.clone(),
                name: series[row].name.clone(),
                error: text.to_owned(),
                occurrences: 0,
                first_seen: count.first,
                last_seen: count.last,
            });
            failures.len() - 1
        });
        let known = &mut failures[at];
        known.occurrences += count.count;
        known.first_seen = known.first_seen.min(count.first);
        known.last_seen = known.last_seen.max(count.last);
    }

    fn exception(&mut self, record: usize, message: &str, place: &str, count: u64) {
        let exceptions = &mut self.records[record].exceptions;
        let known = |message: &str, place: &str| (record, message.to_owned(), place.to_owned());
        let key = match known(message, place) {
            key if exceptions.len() < MAX_EXCEPTIONS || self.exception_index.contains_key(&key) => key,
            _ => known(OTHER, ""),
        };
        let at = *self.exception_index.entry(key.clone()).or_insert_with(|| {
            exceptions.push(ExceptionRow { count: 0, message: key.1, traceback: key.2 });
            exceptions.len() - 1
        });
        exceptions[at].count += count;
    }

    /// Completes the records: no more intervals come.
    #[must_use]
    pub fn finish(mut self, ending: Ending, window_end: RunTime, elapsed: RunTime) -> Vec<RunRecord> {
        for record in &mut self.records {
            record.ending = Some(ending);
            record.window_end = window_end;
            record.elapsed = elapsed;
            record.users = 0;
            // A ramp that took the whole window leaves nothing to cut.
            record.ramp_end = record.ramp_end.filter(|at| *at < window_end);
            record.cut_warm_up();
            let from = record.window_start();
            for row in record.series.iter_mut().chain([&mut record.total]) {
                row.latency = row.slices.window(from.0, window_end.0).histogram();
            }
            // Threads hand over in no particular order.
            record.failures.sort_by_key(|row| row.first_seen);
        }
        self.records
    }
}

fn empty_record(header: Header) -> RunRecord {
    RunRecord {
        header,
        ramp_end: None,
        warm_up_end: None,
        steadiness: None,
        elapsed: RunTime::ZERO,
        window_end: RunTime::ZERO,
        ending: None,
        users: 0,
        series: Vec::new(),
        total: SeriesSummary { name: "Aggregated".to_owned(), ..SeriesSummary::default() },
        failures: Vec::new(),
        exceptions: Vec::new(),
        health: Health::default(),
    }
}

fn add(summary: &mut SeriesSummary, slice: u64, row: &SeriesInterval) {
    summary.requests += row.requests;
    summary.failures += row.failures;
    summary.resent += row.resent;
    summary.cut_off += row.cut_off;
    summary.received += row.received;
    summary.times.merge(&row.times);
    for (status, count) in &row.statuses {
        *summary.statuses.entry(*status).or_default() += count;
    }
    summary.last_request = summary.last_request.max(row.last_request);
    if row.requests == 0 {
        return;
    }
    summary.slices.add(slice, &row.latency, row.failures);
    summary.failed.merge(&row.failed);
    let second = u32::try_from(slice * Slices::BASE_NS / 1_000_000_000).unwrap_or(u32::MAX);
    let counted = summary.per_second.entry(second).or_default();
    counted.0 = counted.0.saturating_add(u32::try_from(row.requests).unwrap_or(u32::MAX));
    counted.1 = counted.1.saturating_add(u32::try_from(row.failures).unwrap_or(u32::MAX));
    while summary.per_second.len() > MAX_SECONDS {
        summary.per_second.pop_first();
    }
    summary.recent.add(second, row.requests, row.failures, &row.times);
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use jiff::Timestamp;

    use super::*;
    use crate::record::Recorder;
    use crate::sample::{Sample, SeriesId};
    use crate::summary::Machine;
    use crate::wire::Fault;

    fn header(module: &str) -> Header {
        Header {
            id: "id".to_owned(),
            module: module.to_owned(),
            baseline: module.to_owned(),
            started: Timestamp::UNIX_EPOCH,
            users: 1,
            spawn_rate: 1.0,
            run_time: Some(Duration::from_secs(2)),
            target: String::new(),
            build: None,
            seed: 0,
            variables: BTreeMap::new(),
            together: Vec::new(),
            simulated: false,
            machine: Machine::default(),
        }
    }

    fn row(record: usize, name: &str) -> Row {
        let summary =
            SeriesSummary { method: "GET".to_owned(), name: name.to_owned(), ..SeriesSummary::default() };
        Row { record, summary }
    }

    fn at(ms: u64) -> RunTime {
        RunTime(ms * 1_000_000)
    }

    fn one_request(series: u16, end_ms: u64, failure: Option<&str>) -> Box<Interval> {
        let mut recorder = Recorder::new(3);
        drop(recorder.swap(Box::new(Interval::new(3)), at(end_ms)));
        let sample = Sample {
            series: SeriesId(series),
            due: at(end_ms - 20),
            sent: at(end_ms - 20),
            first_byte: at(end_ms),
            last_byte: at(end_ms),
            status: 200,
            fault: failure.map(|_| Fault::Expectation),
            received: 3,
            resent: false,
        };
        recorder.state(2, 0.0);
        recorder.record(&sample, failure);
        recorder.swap(Box::new(Interval::new(3)), at(end_ms + 250))
    }

    fn collector() -> Collector {
        let rows = vec![row(0, "/a"), row(1, "/b"), row(0, "/c")];
        Collector::new(vec![header("m"), header("n")], rows, 2)
    }

    #[test]
    fn rows_go_to_the_record_of_their_module_and_into_its_total() {
        let mut collector = collector();
        collector.merge(0, &one_request(0, 100, None));
        collector.merge(1, &one_request(1, 1100, None));
        collector.merge(0, &one_request(2, 1900, Some("no")));
        assert_eq!(collector.users(), 4);
        let records = collector.finish(Ending::Complete, at(2000), at(2000));
        let requests = |record: &RunRecord| record.series.iter().map(|row| row.requests).collect::<Vec<_>>();
        assert_eq!((requests(&records[0]), requests(&records[1])), (vec![1, 1], vec![1]));
        assert_eq!((records[0].total.requests, records[0].total.failures), (2, 1));
        assert_eq!(records[0].total.per_second, BTreeMap::from([(0, (1, 0)), (1, (1, 1))]));
        assert_eq!(records[0].failures.len(), 1);
        assert_eq!(
            (records[0].failures[0].name.as_str(), records[0].failures[0].first_seen),
            ("/c", at(1900))
        );
    }

    #[test]
    fn the_latency_holds_only_the_window_from_the_end_of_the_ramp_to_the_run_time() {
        let mut collector = collector();
        for end in [100, 600, 1900, 2600] {
            collector.merge(0, &one_request(0, end, None));
        }
        collector.ramp_ended(at(400));
        let records = collector.finish(Ending::Complete, at(2000), at(2600));
        assert_eq!(records[0].series[0].requests, 4);
        assert_eq!(records[0].series[0].latency.count(), 2);
        assert!((records[0].locust_seconds() - 2.6).abs() < 1e-9);
    }

    #[test]
    fn a_ramp_as_long_as_the_window_cuts_nothing() {
        let mut collector = collector();
        collector.merge(0, &one_request(0, 100, None));
        collector.ramp_ended(at(3000));
        let records = collector.finish(Ending::Interrupted, at(1000), at(1000));
        assert_eq!(records[0].ramp_end, None);
        assert_eq!(records[0].series[0].latency.count(), 1);
    }

    #[test]
    fn memory_does_not_grow_with_the_length_of_a_run() {
        let mut collector = collector();
        let mut recorder = Recorder::new(3);
        // As after a day with a request in every second.
        let day = (0..).map(|second| (second, (1, 0))).take(MAX_SECONDS);
        collector.records[0].series[0].per_second = day.collect();
        // A week, looked at every minute and a half; every other request of it fails in words of its own, and
        // every template too.
        let moments = (1..=7 * 86_400_u64).step_by(90);
        let requests = moments.clone().count() as u64;
        let mut interval = Box::new(Interval::new(3));
        for second in moments {
            let last_byte = at(second * 1000);
            interval = recorder.swap(interval, last_byte);
            collector.merge(0, &interval);
            interval.clear();
            let sample = Sample {
                series: SeriesId(0),
                due: at(second * 1000 - second % 900),
                sent: at(second * 1000 - second % 800),
                first_byte: last_byte,
                last_byte,
                status: 200,
                fault: Some(Fault::Expectation),
                received: 3,
                resent: false,
            };
            recorder.record(&sample, Some(&format!("failure {second}")));
            recorder.record(&Sample { fault: None, ..sample }, None);
            recorder.exception(0, &format!("exception {second}"), "m.toml:3");
        }
        collector.merge(0, &recorder.swap(interval, at(u64::from(u32::MAX))));
        let record = &collector.records()[0];
        let row = &record.series[0];
        assert_eq!((row.requests, row.failures), (2 * requests, requests));
        assert_eq!(row.per_second.len(), MAX_SECONDS);
        assert_eq!(row.per_second.last_key_value().map(|(second, _)| *second), Some(7 * 86_400 - 89));
        // A quarter of a second times 4096, the smallest power of two by which 256 slices hold a week.
        assert!((row.slices.width_seconds() - 4096.0).abs() < 1e-9, "{}", row.slices.width_seconds());
        assert!(record.failures.len() <= MAX_FAILURES + 1, "{}", record.failures.len());
        assert_eq!(record.failures.iter().map(|row| row.occurrences).sum::<u64>(), requests);
        assert!(record.exceptions.len() <= MAX_EXCEPTIONS + 1, "{}", record.exceptions.len());
        assert_eq!(record.exceptions.iter().map(|row| row.count).sum::<u64>(), requests);
        assert_eq!(collector.failure_index[0].len(), record.failures.len());
        assert_eq!(collector.exception_index.len(), record.exceptions.len());
    }

    #[test]
    fn distinct_failures_are_bounded() {
        let mut collector = collector();
        for n in 0..MAX_FAILURES + 50 {
            collector.failure(
                0,
                0,
                &format!("text {n}"),
                FailureCount { count: 1, first: at(1), last: at(1) },
            );
        }
        let failures = &collector.records()[0].failures;
        assert!(failures.len() <= MAX_FAILURES + 2);
        assert_eq!(failures.iter().map(|row| row.occurrences).sum::<u64>(), MAX_FAILURES as u64 + 50);
        assert_eq!(failures.last().unwrap().error, OTHER);
    }

    #[test]
    fn exceptions_go_to_the_module_that_they_came_from() {
        let mut collector = collector();
        let mut interval = Interval::new(3);
        interval.exceptions.insert((1, "undefined value".to_owned(), "models/m.toml:3".to_owned()), 4);
        collector.merge(0, &interval);
        assert!(collector.records()[0].exceptions.is_empty());
        assert_eq!(collector.records()[1].exceptions[0].count, 4);
    }
}
