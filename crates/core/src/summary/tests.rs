//! What is cut off before the verdict's window, and what is said of a run's course.

use std::time::Duration;

use super::line::fixture::{Ended, header, record};
use super::line::{Cut, RunLine};
use super::*;

fn seconds(at: f64) -> RunTime {
    RunTime::from_duration(Duration::from_secs_f64(at))
}

/// A run of a minute with ten requests a second of `/a`, and two of `/b` from the tenth second on, whose latencies
/// `ms` gives by the second in which they end, within a tenth.
fn run(ms: impl Fn(f64) -> f64) -> RunRecord {
    let ended = |name: &'static str, count: u32, from: f64| {
        let ms = &ms;
        (0..count).map(move |n| {
            let at = from + (60.0 - from) * (f64::from(n) + 0.5) / f64::from(count);
            Ended::new(at, "POST", name, ms(at) * (0.95 + f64::from(n * 7919 % 101) / 1000.0))
        })
    };
    record(header("1"), 60.0, &ended("/a", 600, 0.0).chain(ended("/b", 100, 10.0)).collect::<Vec<_>>())
}

/// The record after it was looked at again, with a ramp that ended then.
fn with_ramp(mut record: RunRecord, ramp: Option<f64>) -> RunRecord {
    record.ramp_end = ramp.map(seconds);
    record.cut_warm_up();
    record
}

fn cut(record: &RunRecord) -> Cut {
    RunLine::from_record(record).cut
}

#[test]
fn a_slow_beginning_is_cut_off_and_the_cut_holds_for_every_row() {
    let record = run(|at| if at < 3.0 { 900.0 } else { 100.0 });
    // The cut falls on one of 64 groups of slices: not before the slow part ends, and not much later.
    let end = record.warm_up_end.unwrap();
    assert!(end >= seconds(3.0) && end <= seconds(4.25), "{end:?}");
    assert_eq!(record.window_start(), end);
    let slices = |series: &SeriesSummary| record.window_of(series).slices.len();
    // `/b` began later; it has the same window all the same.
    assert_eq!(slices(&record.series[0]), slices(&record.series[1]));
    assert_eq!(slices(&record.series[0]), slices(&record.total));
    let line = RunLine::from_record(&record);
    for row in line.endpoints.iter().chain(&line.total) {
        assert!((row.cell.seconds - (60.0 - end.as_duration().as_secs_f64())).abs() < 1e-9, "{}", row.row);
        assert!(row.latency.quantile_us(1.0).unwrap() < 120_000.0, "{}", row.row);
    }
    assert_eq!(line.endpoints[0].requests, 600, "counts are those of the whole run");
    assert_eq!((line.cut.ramp_s, line.cut.steady, line.cut.short), (Some(0.0), Some(true), false));
    assert!((line.cut.warm_s.unwrap() - end.as_duration().as_secs_f64()).abs() < 1e-9);
}

#[test]
fn a_steady_run_keeps_all_of_its_window() {
    let record = run(|_| 100.0);
    assert_eq!((record.warm_up_end, record.window_start()), (None, RunTime::ZERO));
    assert_eq!((cut(&record).warm_s, cut(&record).steady), (Some(0.0), Some(true)));
    let late = with_ramp(run(|_| 100.0), Some(20.0));
    assert_eq!((late.warm_up_end, late.window_start()), (None, seconds(20.0)));
}

#[test]
fn a_warm_up_is_looked_for_after_the_ramp() {
    let slow = |at: f64| if at < 23.0 { 900.0 } else { 100.0 };
    let record = with_ramp(run(slow), Some(20.0));
    let end = record.warm_up_end.unwrap();
    assert!(end >= seconds(23.0) && end <= seconds(24.0), "{end:?}");
    let found = cut(&record);
    assert_eq!((found.ramp_s, found.steady), (Some(20.0), Some(true)));
    assert!((found.warm_s.unwrap() + 20.0 - end.as_duration().as_secs_f64()).abs() < 1e-9);
    // What the ramp did is no warm-up.
    assert_eq!(with_ramp(run(slow), Some(25.0)).warm_up_end, None);
}

#[test]
fn a_run_that_is_slow_for_half_of_its_time_never_became_steady() {
    let record = run(|at| if at < 30.0 { 300.0 } else { 100.0 });
    assert_eq!(cut(&record).steady, Some(false));
}

#[test]
fn too_little_is_left_of_a_short_run_and_of_one_whose_ramp_never_ended() {
    let short = |ramp, seconds: f64| {
        let ended: Vec<Ended> =
            (0..40).map(|n| Ended::new(seconds * f64::from(n) / 40.0, "GET", "/", 10.0)).collect();
        cut(&with_ramp(record(header("1"), seconds, &ended), ramp)).short
    };
    assert!(!short(Some(0.0), 1.5) && short(Some(0.0), 1.25), "six slices");
    assert!(short(Some(9.0), 10.0) && !short(Some(8.0), 10.0), "after the ramp");
    assert!(short(None, 60.0));
    assert_eq!(cut(&with_ramp(run(|_| 100.0), None)).ramp_s, None);
}

#[test]
fn a_level_that_rises_at_the_end_drifts_and_is_not_cut() {
    let found = cut(&run(|at| if at < 40.0 { 100.0 } else { 120.0 }));
    assert!(found.drifting && (found.drift.unwrap() - 1.2_f64.ln()).abs() < 0.02, "{found:?}");
    let level = cut(&run(|_| 100.0));
    assert!(!level.drifting && level.drift.unwrap().abs() < 0.01, "{level:?}");
}

#[test]
fn nothing_that_ended_is_nothing_to_cut() {
    let empty = record(header("1"), 60.0, &[]);
    assert_eq!((empty.warm_up_end, cut(&empty).steady), (None, Some(true)));
    let failed: Vec<Ended> =
        (0..600).map(|n| Ended::new(f64::from(n) / 10.0, "GET", "/", 10.0).failed("HTTP 500")).collect();
    assert_eq!(record(header("1"), 60.0, &failed).warm_up_end, None);
}
