//! The figures of a whole run, as a comparison with a CSV reads them.

use windtunnel_stats::Metric;
use windtunnel_stats::cell::Cell;

use super::*;
use crate::summary::line::fixture::spread;

fn whole(ended: &[Ended]) -> Cell {
    let line = RunLine::from_record(&record(header("1"), 60.0, ended));
    line.endpoints[0].whole_cell.clone().unwrap()
}

fn ms(cell: &Cell, metric: Metric) -> f64 {
    1e3 * cell.value(metric).unwrap()
}

/// 300 successes around 200 ms, and 300 failures that took 2 ms each.
fn half_failed() -> Vec<Ended> {
    let mut ended = spread("/a", 300, 60.0, 200.0, 1);
    ended.extend((0..300).map(|n| Ended::new(f64::from(n) / 5.0, "POST", "/a", 2.0).failed("HTTP 503")));
    ended
}

#[test]
fn it_holds_all_requests_failures_included_and_is_not_rounded() {
    let ended = half_failed();
    let cell = whole(&ended);
    assert_eq!((cell.requests, cell.failures), (600, 300));
    let mut times: Vec<f64> = ended.iter().map(|request| request.ms).collect();
    times.sort_by(f64::total_cmp);
    // 90 % of the successes are 95 % of all requests. Buckets are at most 0.8 % wide.
    assert!((ms(&cell, Metric::P95) / times[569] - 1.0).abs() < 0.01, "{}", ms(&cell, Metric::P95));
    let mean = times.iter().sum::<f64>() / 600.0;
    assert!((ms(&cell, Metric::Average) / mean - 1.0).abs() < 1e-5, "{}", ms(&cell, Metric::Average));
    let last = ended.iter().map(|request| request.at).fold(0.0, f64::max);
    assert!((cell.value(Metric::Rate).unwrap() - 600.0 / last).abs() < 1e-9);
    // The window's own cell knows the successes alone.
    let line = RunLine::from_record(&record(header("1"), 60.0, &ended));
    assert!(ms(&line.endpoints[0].cell, Metric::P50) > 150.0);
}

#[test]
fn nothing_is_cut_off_of_it() {
    let mut ended = spread("/a", 570, 57.0, 100.0, 1);
    for request in &mut ended {
        request.at += 3.0;
    }
    ended.extend(spread("/a", 30, 3.0, 900.0, 2));
    let record = record(header("1"), 60.0, &ended);
    assert!(record.warm_up_end.is_some());
    let line = RunLine::from_record(&record);
    let row = &line.endpoints[0];
    assert!(row.cell.requests < 600 && row.whole_cell.as_ref().unwrap().requests == 600);
    assert!(ms(&row.cell, Metric::P99) < 130.0 && ms(row.whole_cell.as_ref().unwrap(), Metric::P99) > 700.0);
}

#[test]
fn its_spread_is_that_of_the_run_where_nothing_failed_and_wider_where_failures_are_mixed_in() {
    let ended = spread("/a", 600, 60.0, 200.0, 1);
    let line = RunLine::from_record(&record(header("1"), 60.0, &ended));
    let (cell, whole_cell) = (&line.endpoints[0].cell, line.endpoints[0].whole_cell.as_ref().unwrap());
    for metric in [Metric::Average, Metric::P50, Metric::P95, Metric::P99] {
        let (window, whole) = (cell.estimate(metric).unwrap(), whole_cell.estimate(metric).unwrap());
        assert!((window.w - whole.w).abs() < 1e-9, "{metric}: {} {}", window.w, whole.w);
        assert!((window.y - whole.y).abs() < 1e-9, "{metric}");
    }
    // Half of the requests take 2 ms and half 200: the mean of both hangs on how many fail, the median on nothing
    // else.
    let mixed = whole(&half_failed());
    let w = |cell: &Cell, metric| cell.estimate(metric).unwrap().w;
    assert!(w(&mixed, Metric::Average) > 5.0 * w(whole_cell, Metric::Average));
    assert!(w(&mixed, Metric::P50) > 1.0, "{}", w(&mixed, Metric::P50));
}

#[test]
fn without_a_success_there_is_no_latency_in_it_and_without_a_request_there_is_none() {
    let failed: Vec<Ended> =
        spread("/a", 100, 60.0, 5.0, 1).into_iter().map(|ended| ended.failed("HTTP 500")).collect();
    let cell = whole(&failed);
    assert_eq!((cell.requests, cell.failures), (100, 100));
    for metric in Metric::ALL {
        assert_eq!(cell.estimate(metric), None, "{metric}");
    }
    let mut empty = record(header("1"), 60.0, &[]);
    empty.series.push(crate::summary::SeriesSummary::default());
    assert_eq!(RunLine::from_record(&empty).endpoints[0].whole_cell, None);
}

#[test]
fn it_is_read_back_as_it_was_written() {
    for (seconds, short) in [(60.0, false), (1.2, true)] {
        let ended = spread("/a", 60, seconds, 20.0, 1);
        let line = RunLine::from_record(&record(header("1"), seconds, &ended));
        let again = read(&line.to_json_line());
        let (written, found) = (&line.endpoints[0].whole_cell, &again.endpoints[0].whole_cell);
        let (written, found) = (written.as_ref().unwrap(), found.as_ref().unwrap());
        assert_eq!((written.short, found.short), (short, short));
        assert_eq!((written.requests, written.failures), (found.requests, found.failures));
        let (one, other) = (written.p95.unwrap(), found.p95.unwrap());
        assert!((one.y - other.y).abs() < 1e-8 && (one.w - other.w).abs() < 1e-8);
    }
    // A line of a version that did not keep it.
    let mut value: Value = serde_json::from_str(&TEXT).unwrap();
    value["endpoints"][0].as_object_mut().unwrap().remove("whole");
    assert_eq!(read(&value.to_string()).endpoints[0].whole_cell, None);
}
