//! The rows of Locust's files and tables: those of one or several records, together with one Aggregated row.
//!
//! Only adds up what the records counted; the figures themselves come from `windtunnel_stats`.

use std::borrow::Cow;
use std::collections::BTreeMap;

use windtunnel_stats::LocustTimes;

use crate::clock::RunTime;
use crate::summary::{Current, FailureRow, RunRecord, SeriesSummary};

/// Rows in the order of Locust's files, (name, method) by code point, and all of them together.
///
/// Rows that never saw a request are left out, as Locust does. Rows of several records that have the same
/// method and name are one row.
#[derive(Debug)]
pub(super) struct Rows<'a> {
    /// The rows.
    pub(super) rows: Vec<Row<'a>>,
    /// The row `Aggregated`, with an empty method.
    pub(super) total: Row<'a>,
}

/// One row.
#[derive(Clone, Debug)]
pub(super) struct Row<'a> {
    /// The method; empty in the total.
    pub(super) method: &'a str,
    /// The name; `Aggregated` in the total.
    pub(super) name: &'a str,
    /// Requests, failures included.
    pub(super) requests: u64,
    /// Failures.
    pub(super) failures: u64,
    /// Response times of all requests.
    pub(super) times: Cow<'a, LocustTimes>,
    /// Bytes of bodies received.
    pub(super) received: u64,
    /// Seconds that the whole-run rates divide by; 0 when nothing ended.
    pub(super) seconds: f64,
    /// The parts it was added up from that still run, with the second of their last request.
    live: Vec<(&'a SeriesSummary, u32)>,
}

impl<'a> Rows<'a> {
    /// The rows of `records`.
    ///
    /// Records that ran side by side share one denominator, as all rows of a Locust run do. Those that ran one
    /// after the other keep their own, and the total divides by the sum of them.
    #[must_use]
    pub(super) fn of(records: &'a [RunRecord]) -> Self {
        let latest = records.iter().map(|record| record.header.started).max();
        let side_by_side = records.iter().any(|record| !record.header.together.is_empty());
        let longest = records.iter().map(RunRecord::locust_seconds).fold(0.0, f64::max);
        let mut rows: BTreeMap<(&str, &str), Row<'a>> = BTreeMap::new();
        let mut total: Option<Row<'a>> = None;
        for record in records {
            let seconds = if side_by_side { longest } else { record.locust_seconds() };
            let part = |series: &'a SeriesSummary| Row::of(series, seconds, live_second(record, latest));
            for series in record.series.iter().filter(|series| series.requests > 0) {
                let row = part(series);
                match rows.get_mut(&(row.name, row.method)) {
                    Some(known) => known.add(row, side_by_side),
                    None => _ = rows.insert((row.name, row.method), row),
                }
            }
            let row = Row { method: "", name: "Aggregated", ..part(&record.total) };
            match &mut total {
                Some(known) => known.add(row, side_by_side),
                None => total = Some(row),
            }
        }
        Self { rows: rows.into_values().collect(), total: total.unwrap_or_else(Row::empty_total) }
    }

    /// The rows and the total, in the order of Locust's files.
    pub(super) fn all(&self) -> impl Iterator<Item = &Row<'a>> {
        self.rows.iter().chain([&self.total])
    }
}

/// The second of the last request, for the current rates; `None` for a record that was over before another
/// began.
fn live_second(record: &RunRecord, latest: Option<jiff::Timestamp>) -> Option<u32> {
    let at: RunTime = record.total.last_request?;
    let seconds = u32::try_from(at.as_duration().as_secs()).unwrap_or(u32::MAX);
    (Some(record.header.started) == latest).then_some(seconds)
}

impl<'a> Row<'a> {
    fn of(series: &'a SeriesSummary, seconds: f64, live: Option<u32>) -> Self {
        Self {
            method: &series.method,
            name: &series.name,
            requests: series.requests,
            failures: series.failures,
            times: Cow::Borrowed(&series.times),
            received: series.received,
            seconds,
            live: live.into_iter().map(|second| (series, second)).collect(),
        }
    }

    fn empty_total() -> Self {
        Self {
            method: "",
            name: "Aggregated",
            requests: 0,
            failures: 0,
            times: Cow::Owned(LocustTimes::default()),
            received: 0,
            seconds: 0.0,
            live: Vec::new(),
        }
    }

    fn add(&mut self, other: Self, side_by_side: bool) {
        self.requests += other.requests;
        self.failures += other.failures;
        self.times.to_mut().merge(&other.times);
        self.received += other.received;
        self.seconds =
            if side_by_side { self.seconds.max(other.seconds) } else { self.seconds + other.seconds };
        self.live.extend(other.live);
    }

    /// Requests a second over the whole run.
    #[must_use]
    pub(super) fn requests_per_second(&self) -> f64 {
        ratio(self.requests, self.seconds)
    }

    /// Failures a second over the whole run.
    #[must_use]
    pub(super) fn failures_per_second(&self) -> f64 {
        ratio(self.failures, self.seconds)
    }

    /// The share of failures, 0 to 1; 0 without requests.
    #[must_use]
    pub(super) fn failure_ratio(&self) -> f64 {
        ratio(self.failures, self.requests as f64)
    }

    /// Current rates: the mean over ten seconds that end three seconds before the last request.
    #[must_use]
    pub(super) fn current(&self) -> Current {
        self.live.iter().fold(Current::default(), |sum, (series, second)| {
            let current = series.recent.current(*second);
            Current {
                requests_per_second: sum.requests_per_second + current.requests_per_second,
                failures_per_second: sum.failures_per_second + current.failures_per_second,
            }
        })
    }

    /// Response times of the last ten seconds before second `now` of the run.
    #[must_use]
    pub(super) fn last_ten_seconds(&self, now: u32) -> LocustTimes {
        let mut times = LocustTimes::default();
        for (series, _) in &self.live {
            times.merge(&series.recent.last_ten(now));
        }
        times
    }
}

fn ratio(count: u64, divisor: f64) -> f64 {
    if divisor > 0.0 { count as f64 / divisor } else { 0.0 }
}

/// The distinct failures of `records`, in the order of the records and of their first occurrence; equal ones
/// of several records are one.
#[must_use]
pub(super) fn failures(records: &[RunRecord]) -> Vec<SeenFailure<'_>> {
    let mut rows: Vec<SeenFailure<'_>> = Vec::new();
    let mut places: BTreeMap<(&str, &str, &str), usize> = BTreeMap::new();
    for record in records {
        for failure in &record.failures {
            let seen = SeenFailure::of(record, failure);
            let key = (failure.method.as_str(), failure.name.as_str(), failure.error.as_str());
            if let Some(place) = places.get(&key) {
                rows[*place].add(&seen);
            } else {
                places.insert(key, rows.len());
                rows.push(seen);
            }
        }
    }
    rows
}

/// A distinct failure with wall-clock times.
#[derive(Clone, Copy, Debug)]
pub(super) struct SeenFailure<'a> {
    /// The row's method.
    pub(super) method: &'a str,
    /// The row's name.
    pub(super) name: &'a str,
    /// The readable text.
    pub(super) error: &'a str,
    /// How often.
    pub(super) occurrences: u64,
    /// First time.
    pub(super) first_seen: jiff::Timestamp,
    /// Last time.
    pub(super) last_seen: jiff::Timestamp,
}

impl<'a> SeenFailure<'a> {
    fn of(record: &RunRecord, failure: &'a FailureRow) -> Self {
        Self {
            method: &failure.method,
            name: &failure.name,
            error: &failure.error,
            occurrences: failure.occurrences,
            first_seen: record.wall(failure.first_seen),
            last_seen: record.wall(failure.last_seen),
        }
    }

    fn add(&mut self, other: &Self) {
        self.occurrences += other.occurrences;
        self.first_seen = self.first_seen.min(other.first_seen);
        self.last_seen = self.last_seen.max(other.last_seen);
    }
}
