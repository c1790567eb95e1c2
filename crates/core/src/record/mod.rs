//! A thread's own counters: filled by one thread, handed over at ticks. No lock, no clock, no formatting.
//!
//! A [`Recorder`] fills one [`Interval`] at a time. All samples of an interval ended in the same slice of
//! the run (250 ms, or longer where the receiver was busy), so whoever merges intervals knows the spread over
//! time without a time stamp per sample.

mod failures;

use std::collections::BTreeMap;
use std::mem;

use windtunnel_stats::{Histogram, LocustTimes, Slices};

use crate::clock::RunTime;
use crate::sample::{Sample, SeriesId};

pub use failures::{FailureCount, FailureTexts, MAX_TEXTS, OTHER};

/// What one thread counted in one stretch of time.
#[derive(Debug)]
pub struct Interval {
    /// The slice of the run in which all of it ended: a multiple of [`Slices::BASE_NS`].
    pub slice: u64,
    /// By `SeriesId`.
    pub series: Vec<SeriesInterval>,
    /// Errors of templates: module, message and place.
    pub exceptions: BTreeMap<(usize, String, String), u64>,
    /// Users of this thread that live at the end of the interval.
    pub users: u32,
    /// Lateness of the thread's heartbeat, microseconds.
    pub heartbeat: Histogram,
    /// `sent - due` of requests, microseconds.
    pub send_delay: Histogram,
    /// The largest share of the thread's processor over any five seconds so far, 0 to 1.
    pub cpu_max_5s: f64,
}

/// One row of an interval.
#[derive(Debug, Default)]
pub struct SeriesInterval {
    /// Requests that ended.
    pub requests: u64,
    /// Those that failed.
    pub failures: u64,
    /// Those that were sent a second time.
    pub resent: u64,
    /// Requests given up at the end of the stop timeout; not in `requests`.
    pub cut_off: u64,
    /// Bytes of bodies.
    pub received: u64,
    /// Response times of all.
    pub times: LocustTimes,
    /// Response times of successes, microseconds.
    pub latency: Histogram,
    /// Response times of failures, microseconds.
    pub failed: Histogram,
    /// By HTTP status.
    pub statuses: BTreeMap<u16, u64>,
    /// When the last one ended.
    pub last_request: Option<RunTime>,
    /// By text.
    pub texts: FailureTexts,
}

impl Interval {
    /// An empty interval for that many rows.
    #[must_use]
    pub fn new(series: usize) -> Self {
        Self {
            slice: 0,
            series: (0..series).map(|_| SeriesInterval::default()).collect(),
            exceptions: BTreeMap::new(),
            users: 0,
            heartbeat: Histogram::default(),
            send_delay: Histogram::default(),
            cpu_max_5s: 0.0,
        }
    }

    /// Forgets everything, keeping the memory, so that it can be filled again.
    pub fn clear(&mut self) {
        for row in &mut self.series {
            if row.requests > 0 || row.cut_off > 0 {
                row.clear();
            }
        }
        self.exceptions.clear();
        self.heartbeat.clear();
        self.send_delay.clear();
    }
}

impl SeriesInterval {
    fn clear(&mut self) {
        (self.requests, self.failures, self.resent, self.cut_off, self.received) = (0, 0, 0, 0, 0);
        self.times.clear();
        self.latency.clear();
        self.failed.clear();
        self.statuses.clear();
        self.last_request = None;
        self.texts.clear();
    }
}

/// Fills intervals.
#[derive(Debug)]
pub struct Recorder {
    current: Box<Interval>,
}

impl Recorder {
    /// A recorder for that many rows.
    #[must_use]
    pub fn new(series: usize) -> Self {
        Self { current: Box::new(Interval::new(series)) }
    }

    /// Does a sample that ends at `at` belong to a later slice than the current interval?
    #[must_use]
    pub fn is_past(&self, at: RunTime) -> bool {
        at.0 / Slices::BASE_NS > self.current.slice
    }

    /// Hands over the current interval and goes on with `empty` in the slice of `at`.
    pub fn swap(&mut self, mut empty: Box<Interval>, at: RunTime) -> Box<Interval> {
        empty.slice = at.0 / Slices::BASE_NS;
        empty.users = self.current.users;
        empty.cpu_max_5s = self.current.cpu_max_5s;
        mem::replace(&mut self.current, empty)
    }

    /// Counts a request; `failure` is the readable text where it failed.
    pub fn record(&mut self, sample: &Sample, failure: Option<&str>) {
        let Some(row) = self.current.series.get_mut(usize::from(sample.series.0)) else { return };
        let time = sample.response_time();
        row.requests += 1;
        row.resent += u64::from(sample.resent);
        row.received += sample.received;
        row.times.record(time.as_secs_f64() * 1e3);
        *row.statuses.entry(sample.status).or_default() += 1;
        row.last_request = row.last_request.max(Some(sample.last_byte));
        if sample.fault.is_some() {
            row.failures += 1;
            row.failed.record(micros(time.as_nanos()));
            row.texts.count(failure.unwrap_or_default(), sample.last_byte);
        } else {
            row.latency.record(micros(time.as_nanos()));
        }
        self.current.send_delay.record(micros(sample.send_delay().as_nanos()));
    }

    /// Counts an error of a template of module number `module`.
    pub fn exception(&mut self, module: usize, message: &str, place: &str) {
        let exceptions = &mut self.current.exceptions;
        let key = (module, message.to_owned(), place.to_owned());
        let has_room = exceptions.len() < MAX_TEXTS || exceptions.contains_key(&key);
        let key = if has_room { key } else { (module, OTHER.to_owned(), String::new()) };
        *exceptions.entry(key).or_default() += 1;
    }

    /// Counts requests that were given up.
    pub fn cut_off(&mut self, series: SeriesId, requests: u64) {
        if let Some(row) = self.current.series.get_mut(usize::from(series.0)) {
            row.cut_off += requests;
        }
    }

    /// Counts one beat of the heartbeat that was late by so many nanoseconds.
    pub fn heartbeat(&mut self, late_ns: u64) {
        self.current.heartbeat.record(micros(u128::from(late_ns)));
    }

    /// Notes how many users live and how busy the thread was.
    pub fn state(&mut self, users: u32, cpu_max_5s: f64) {
        self.current.users = users;
        self.current.cpu_max_5s = cpu_max_5s;
    }
}

fn micros(nanos: u128) -> u64 {
    u64::try_from(nanos / 1000).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Fault;

    fn at(ms: u64) -> RunTime {
        RunTime(ms * 1_000_000)
    }

    fn sample(sent: u64, last_byte: u64, fault: Option<Fault>) -> Sample {
        Sample {
            series: SeriesId(1),
            due: at(sent.saturating_sub(2)),
            sent: at(sent),
            first_byte: at(last_byte),
            last_byte: at(last_byte),
            status: if fault.is_some() { 500 } else { 200 },
            fault,
            received: 7,
            resent: false,
        }
    }

    #[test]
    fn a_failure_counts_in_locusts_times_but_not_in_the_latency_of_successes() {
        let mut recorder = Recorder::new(2);
        recorder.record(&sample(10, 30, None), None);
        recorder.record(&sample(40, 90, Some(Fault::Status)), Some("HTTP 500 Internal Server Error"));
        let interval = recorder.swap(Box::new(Interval::new(2)), at(250));
        let row = &interval.series[1];
        assert_eq!((row.requests, row.failures, row.received), (2, 1, 14));
        assert_eq!((row.times.count(), row.latency.count(), row.latency.sum_us()), (2, 1, 20_000));
        assert_eq!(row.statuses, BTreeMap::from([(200, 1), (500, 1)]));
        assert_eq!(row.last_request, Some(at(90)));
        assert_eq!(row.texts.iter().collect::<Vec<_>>().len(), 1);
        assert_eq!(interval.series[0].requests, 0);
        assert_eq!(interval.send_delay.sum_us(), 4_000);
    }

    #[test]
    fn an_interval_ends_with_its_slice() {
        let mut recorder = Recorder::new(2);
        assert!(!recorder.is_past(at(249)));
        assert!(recorder.is_past(at(250)));
        assert_eq!(recorder.swap(Box::new(Interval::new(2)), at(760)).slice, 0);
        assert!(!recorder.is_past(at(999)));
        assert_eq!(recorder.swap(Box::new(Interval::new(2)), at(1000)).slice, 3);
    }

    #[test]
    fn an_interval_that_nobody_takes_over_stays_bounded() {
        let mut recorder = Recorder::new(2);
        for second in 1..=10_000 {
            let sample = sample(second * 1000, second * 1000 + 10, Some(Fault::Expectation));
            recorder.record(&sample, Some(&format!("text {second}")));
            recorder.exception(1, &format!("error {second}"), "m.toml:3");
        }
        let interval = &recorder.current;
        assert_eq!(interval.series[1].texts.iter().count(), MAX_TEXTS + 1);
        assert_eq!(interval.series[1].texts.iter().map(|(_, count)| count.count).sum::<u64>(), 10_000);
        assert_eq!(interval.exceptions.len(), MAX_TEXTS + 1);
        assert_eq!(interval.exceptions.values().sum::<u64>(), 10_000);
        assert_eq!(interval.exceptions[&(1, OTHER.to_owned(), String::new())], 10_000 - MAX_TEXTS as u64);
    }

    #[test]
    fn a_cleared_interval_is_as_good_as_a_new_one() {
        let mut recorder = Recorder::new(2);
        recorder.record(&sample(10, 30, Some(Fault::Closed)), Some("closed"));
        recorder.exception(0, "undefined value", "m.toml:3");
        recorder.cut_off(SeriesId(0), 3);
        let mut interval = recorder.swap(Box::new(Interval::new(2)), at(250));
        interval.clear();
        for row in &interval.series {
            assert_eq!((row.requests, row.failures, row.cut_off, row.times.count()), (0, 0, 0, 0));
            assert_eq!(row.texts.iter().count(), 0);
        }
        assert!(interval.exceptions.is_empty());
    }
}
