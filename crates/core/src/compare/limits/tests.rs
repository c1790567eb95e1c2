//! Limits over records of runs: kept, missed, undecided, by one row and by several.

use proptest::prelude::*;

use super::*;
use crate::suite::parse_limits;
use crate::summary::line::fixture::{Ended, header, record, spread};
use crate::summary::{Ending, RunRecord};

/// A run of 60 s.
fn run(ended: &[Ended]) -> RunRecord {
    record(header("r"), 60.0, ended)
}

/// The requests with every `n`-th one failed.
fn failing(mut ended: Vec<Ended>, n: usize) -> Vec<Ended> {
    for request in ended.iter_mut().step_by(n) {
        *request = request.clone().failed("500");
    }
    ended
}

fn judged(record: &RunRecord, limits: &str) -> Vec<LimitResult> {
    judge_limits(record, &parse_limits(limits).unwrap(), None)
}

/// Each limit with its state, and the state of each of its rows.
fn states(results: &[LimitResult]) -> String {
    let line = |result: &LimitResult| {
        let rows: Vec<String> =
            result.rows.iter().map(|row| format!("{} {:?}", row.title(), row.state)).collect();
        format!("{}: {:?} ({})\n", result.limit.text, result.state, rows.join(", "))
    };
    results.iter().map(line).collect()
}

#[test]
fn limits_far_from_what_was_measured_are_decided_and_rare_events_are_not() {
    let run = run(&failing(spread("/a", 1_200, 60.0, 100.0, 7), 50));
    let results = judged(
        &run,
        "p50 < 200ms, p95 < 200ms, p99 < 50ms, p99.9 < 200ms, avg < 200ms, rate > 10/s, failures < 10%",
    );
    insta::assert_snapshot!(states(&results), @"
    avg < 200ms: Kept (POST /a Kept)
    p50 < 200ms: Kept (POST /a Kept)
    p95 < 200ms: Kept (POST /a Kept)
    p99 < 50ms: Missed (POST /a Missed)
    p99.9 < 200ms: NotEnough (POST /a NotEnough)
    rate > 10/s: Kept (Aggregated Kept)
    failures < 10%: Kept (POST /a Kept)
    ");
    insta::assert_snapshot!(states(&judged(&run, "avg < 50ms, rate > 30/s, failures < 0.5%")), @"
    avg < 50ms: Missed (POST /a Missed)
    rate > 30/s: Missed (Aggregated Missed)
    failures < 0.5%: Missed (POST /a Missed)
    ");
    // What was measured lies at the bound.
    insta::assert_snapshot!(states(&judged(&run, "p50 < 100ms, avg < 100ms, failures < 2%")), @"
    avg < 100ms: NotEnough (POST /a NotEnough)
    p50 < 100ms: NotEnough (POST /a NotEnough)
    failures < 2%: NotEnough (POST /a NotEnough)
    ");
}

#[test]
fn the_numbers_of_a_row_are_those_of_the_run() {
    let run = run(&failing(spread("/a", 1_200, 60.0, 100.0, 7), 50));
    let results = judged(&run, "p90 < 110ms, p99.9 < 200ms, avg < 200ms, rate > 10/s, failures < 10%");
    let [average, p90, p999, rate, failures] = &results[..] else { panic!("{results:?}") };
    let row = &p90.rows[0];
    assert_eq!((row.title().as_str(), row.requests), ("POST /a", 1_176));
    // A quarter of the latencies, evenly between 80 and 120 ms, is above 110 ms.
    assert!(row.over.is_some_and(|over| (230.0..360.0).contains(&over)), "{row:?}");
    assert!(row.value.is_some_and(|ms| (114.0..118.0).contains(&ms)), "{row:?}");
    assert!(average.rows[0].value.is_some_and(|ms| (99.0..101.0).contains(&ms)), "{average:?}");
    assert_eq!((average.rows[0].over, average.rows[0].requests), (None, 1_176));
    assert_eq!((rate.rows[0].title().as_str(), rate.rows.len()), ("Aggregated", 1));
    assert!(rate.rows[0].value.is_some_and(|rate| (19.5..19.7).contains(&rate)), "{rate:?}");
    let row = &failures.rows[0];
    assert_eq!((row.value, row.over, row.requests), (Some(24.0 / 1_200.0), Some(24.0), 1_200));
    // 4,603 successes without one over it would do; 1,176 are there, at 19.6 a second.
    let row = &p999.rows[0];
    assert_eq!((row.further, row.over), (Some(4_603 - 1_176), Some(0.0)));
    assert!(row.further_seconds.is_some_and(|seconds| (174.0..176.0).contains(&seconds)), "{row:?}");
}

#[test]
fn every_row_must_keep_a_limit_and_the_worst_is_named_first() {
    let rows = [
        spread("/fast", 600, 60.0, 50.0, 1),
        spread("/slow", 600, 60.0, 300.0, 2),
        spread("/slower", 600, 60.0, 400.0, 3),
        spread("/rare", 30, 60.0, 50.0, 4),
    ];
    let results = judged(&run(&rows.concat()), "p95 < 200ms, p90 < 1s, rate > 25/s");
    insta::assert_snapshot!(states(&results), @"
    p90 < 1s: NotEnough (POST /fast Kept, POST /slow Kept, POST /slower Kept, POST /rare NotEnough)
    p95 < 200ms: Missed (POST /fast Kept, POST /slow Missed, POST /slower Missed, POST /rare NotEnough)
    rate > 25/s: Kept (Aggregated Kept)
    ");
    let missing: Vec<_> = results[1].rows_in(LimitState::Missed).iter().map(|row| row.title()).collect();
    assert_eq!(missing, ["POST /slower", "POST /slow"]);
}

#[test]
fn a_row_with_hardly_a_request_may_miss_a_limit_but_not_leave_it_undecided() {
    let often = || spread("/often", 1_200, 60.0, 50.0, 1);
    let results =
        judged(&run(&[often(), spread("/login", 8, 60.0, 50.0, 2)].concat()), "p95 < 100ms, failures < 5%");
    insta::assert_snapshot!(states(&results), @"
    p95 < 100ms: Kept (POST /often Kept, POST /login NotEnough)
    failures < 5%: Kept (POST /often Kept, POST /login NotEnough)
    ");
    assert!(results[0].rows[1].minor && results[0].rows_in(LimitState::NotEnough).is_empty());
    let failed = failing(spread("/login", 8, 60.0, 50.0, 2), 1);
    insta::assert_snapshot!(states(&judged(&run(&[often(), failed].concat()), "failures < 5%")), @"failures < 5%: Missed (POST /often Kept, POST /login Missed)");
}

#[test]
fn of_a_row_without_requests_nothing_is_known() {
    let mut run = run(&spread("/a", 1_200, 60.0, 50.0, 1));
    run.series.push(SeriesSummary { name: "/never".to_owned(), ..run.series[0].clone() });
    let never = run.series.last_mut().unwrap();
    *never =
        SeriesSummary { method: "GET".to_owned(), name: "/never".to_owned(), ..SeriesSummary::default() };
    let results = judged(&run, "p95 < 100ms, avg < 100ms, failures < 1%");
    insta::assert_snapshot!(states(&results), @"
    avg < 100ms: NotEnough (POST /a Kept, GET /never NotEnough)
    p95 < 100ms: NotEnough (POST /a Kept, GET /never NotEnough)
    failures < 1%: NotEnough (POST /a Kept, GET /never NotEnough)
    ");
    let row = &results[1].rows[1];
    assert_eq!((row.value, row.requests, row.further, row.further_seconds), (None, 0, Some(90), None));
}

#[test]
fn a_run_whose_requests_all_failed_has_no_throughput_and_no_latency() {
    let run = run(&failing(spread("/a", 600, 60.0, 50.0, 1), 1));
    let results = judged(&run, "p95 < 100ms, rate > 1/s, failures < 1%");
    insta::assert_snapshot!(states(&results), @"
    p95 < 100ms: NotEnough (POST /a NotEnough)
    rate > 1/s: Missed (Aggregated Missed)
    failures < 1%: Missed (POST /a Missed)
    ");
    assert_eq!(results[1].rows[0].value, Some(0.0));
}

#[test]
fn what_a_limited_generator_misses_is_not_called_missed() {
    let run = run(&failing(spread("/a", 1_200, 60.0, 100.0, 7), 3));
    let limits = parse_limits("p50 < 200ms, p95 < 50ms, rate > 100/s, failures < 1%").unwrap();
    let results = judge_limits(&run, &limits, Some("late"));
    insta::assert_snapshot!(states(&results), @"
    p50 < 200ms: Kept (POST /a Kept)
    p95 < 50ms: NotEnough (POST /a NotEnough)
    rate > 100/s: NotEnough (Aggregated NotEnough)
    failures < 1%: Missed (POST /a Missed)
    ");
    let why: Vec<_> = results.iter().map(|result| result.limited.as_deref()).collect();
    assert_eq!(why, [None, Some("late"), Some("late"), None]);
}

#[test]
fn a_run_of_a_second_is_too_short_whatever_it_measured() {
    let run = record(header("r"), 1.0, &spread("/a", 1_200, 1.0, 100.0, 7));
    let results = judged(&run, "p95 < 200ms, avg < 200ms, rate > 1/s, failures < 5%");
    assert!(results.iter().all(|result| result.state == LimitState::NotEnough && result.rows[0].short));
}

#[test]
fn an_interrupted_run_is_judged_by_what_it_measured() {
    let mut run = run(&spread("/a", 1_200, 60.0, 100.0, 7));
    run.ending = Some(Ending::Interrupted);
    assert_eq!(judged(&run, "p95 < 200ms")[0].state, LimitState::Kept);
}

#[test]
fn the_fewest_requests_are_those_of_the_bound_for_stopping_early() {
    let least = |text: &str| least_requests(&Limit::parse(text).unwrap());
    // The published table of minimum sizes without a request over the limit.
    let table = [("p50", 7), ("p90", 44), ("p95", 90), ("p97", 152), ("p99", 459), ("p99.9", 4_603)];
    for (metric, needed) in table {
        assert_eq!(least(&format!("{metric} < 1s")), Some(needed), "{metric}");
    }
    assert_eq!(least("failures < 1%"), Some(459));
    assert_eq!((least("avg < 1s"), least("rate > 1/s")), (None, None));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn a_wider_limit_is_never_missed_where_a_narrower_one_is_kept(
        count in 1_u32..800, ms in 1.0_f64..500.0, narrow in 1.0_f64..500.0, more in 1.0_f64..3.0, seed: u32,
    ) {
        let run = run(&spread("/a", count, 60.0, ms, seed));
        let state = |bound: f64, metric: LimitMetric| {
            let limit = Limit { metric, bound, text: String::new() };
            judge_limits(&run, &[limit], None)[0].state
        };
        for metric in [LimitMetric::Average, LimitMetric::Percentile(9000)] {
            prop_assert!(state(narrow * more, metric) <= state(narrow, metric));
        }
    }

    #[test]
    fn the_order_of_rows_does_not_matter(a in 1_u32..400, b in 1_u32..400, ms in 10.0_f64..200.0) {
        let (one, other) = (spread("/a", a, 60.0, ms, 1), spread("/b", b, 60.0, 80.0, 2));
        let limits = "p90 < 100ms, avg < 100ms, rate > 5/s, failures < 2%";
        let sorted = |ended: &[Ended]| {
            let results = judged(&run(ended), limits);
            let mut rows: Vec<_> = results.iter().flat_map(|result| &result.rows).cloned().collect();
            rows.sort_by_key(LimitRow::title);
            let states: Vec<_> = results.iter().map(|result| result.state).collect();
            (states, rows.into_iter().map(|row| (row.title(), row.state)).collect::<Vec<_>>())
        };
        prop_assert_eq!(
            sorted(&[one.clone(), other.clone()].concat()),
            sorted(&[other, one].concat())
        );
    }
}
