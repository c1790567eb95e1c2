//! Each verdict.

use super::*;

#[test]
fn slower_and_confirmed() {
    let comparison = confirmed(&sessions(3, 180.0), &at("2", 220.0, 2), &at("3", 218.0, 3));
    insta::assert_snapshot!(report(&comparison), @"
    demo got slower: p50 +20 % (+12 to +29 %), p95 +22 % (+3 to +44 %), 1 of 1 row; confirmed by a
      second run

    baseline  results/demo_runs.jsonl, 3 sessions from 2026-01-02 to 2026-01-04 12:00 UTC
    now       run 2 and run 3

    row      metric       baseline        now     change            interval  verdict
    POST /a  average        180 ms     219 ms    +21.3 %                   -
             p50            180 ms     217 ms    +20.5 %    +12.4 to +29.2 %  regressed
             p95            212 ms     259 ms    +22.1 %     +3.4 to +44.1 %  regressed
             p99            215 ms     262 ms    +21.9 %     -3.3 to +53.7 %  inconclusive
             throughput    10.0 /s    10.0 /s     +0.0 %      -6.6 to +7.1 %  unchanged
             failures          0 %        0 %    +0.0 pp                   -  unchanged

    What could not be decided, and what would decide it:
    - p99 of POST /a: this comparison sees 44 % or more; to see 30 %: 3 interleaved pairs (6 runs:
      `windtunnel ab demo --a URL --b URL`)

    intervals are 95 %, not adjusted for the number of figures
    ");
}

#[test]
fn looked_slower_and_was_not_confirmed() {
    let comparison = confirmed(&sessions(3, 180.0), &at("2", 206.0, 2), &at("3", 180.0, 3));
    insta::assert_snapshot!(report(&comparison), @"
    demo is inconclusive: p50 could not be decided in 1 of 1 row; a first run alone looked slower (p50
      +13 %); with a second run that is not confirmed

    baseline  results/demo_runs.jsonl, 3 sessions from 2026-01-02 to 2026-01-04 12:00 UTC
    now       run 2 and run 3

    row      metric       baseline        now     change            interval  verdict
    POST /a  average        180 ms     192 ms     +6.6 %                   -
             p50            180 ms     191 ms     +5.9 %     -1.2 to +13.6 %  inconclusive
             p95            212 ms     228 ms     +7.4 %     -9.0 to +26.8 %  inconclusive
             p99            215 ms     230 ms     +7.1 %    -15.1 to +35.0 %  unchanged
             throughput    10.0 /s    10.0 /s     +0.0 %      -6.6 to +7.1 %  unchanged
             failures          0 %        0 %    +0.0 pp                   -  unchanged

    What could not be decided, and what would decide it:
    - p50 of POST /a: this comparison sees 12 % or more; to see 10 %: 3 interleaved pairs (6 runs:
      `windtunnel ab demo --a URL --b URL`)

    intervals are 95 %, not adjusted for the number of figures
    ");
}

#[test]
fn unchanged() {
    insta::assert_snapshot!(report(&compared(&sessions(5, 180.0), &at("2", 181.0, 2))), @"
    demo is unchanged: a slowdown of the median by 10 % or more is excluded in 1 row

    baseline  results/demo_runs.jsonl, 5 sessions from 2026-01-02 to 2026-01-06 12:00 UTC
    now       run 2, 2025-01-31 12:00 UTC

    row      metric       baseline        now     change            interval  verdict
    POST /a  average        180 ms     181 ms     +0.1 %                   -
             p50            180 ms     179 ms     -0.8 %      -6.2 to +4.8 %  unchanged
             p95            213 ms     215 ms     +1.0 %      -6.5 to +9.2 %  unchanged
             p99            215 ms     217 ms     +0.7 %     -9.6 to +12.1 %  unchanged
             throughput    10.0 /s    10.0 /s     +0.0 %      -5.3 to +5.6 %  unchanged
             failures          0 %        0 %    +0.0 pp                   -  unchanged

    intervals are 95 %, not adjusted for the number of figures
    ");
}

#[test]
fn inconclusive_with_what_would_decide_it() {
    insta::assert_snapshot!(report(&compared(&single(&at("1", 180.0, 1)), &at("2", 190.0, 2))), @"
    demo is inconclusive: p50 could not be decided in 1 of 1 row

    baseline  run 1, 2025-01-31 12:00 UTC
    now       run 2, 2025-01-31 12:00 UTC

    row      metric       baseline        now     change            interval  verdict
    POST /a  average        180 ms     189 ms     +5.0 %                   -
             p50            181 ms     188 ms     +3.8 %     -7.2 to +16.1 %  inconclusive
             p95            212 ms     225 ms     +6.1 %    -18.9 to +38.7 %  inconclusive
             p99            215 ms     228 ms     +5.9 %    -27.2 to +54.1 %  inconclusive
             throughput    10.0 /s    10.0 /s     +0.0 %    -10.5 to +11.7 %  unchanged
             failures          0 %        0 %    +0.0 pp                   -  unchanged

    What could not be decided, and what would decide it:
    - p50 of POST /a: this comparison sees 19 % or more; to see 10 %: 3 interleaved pairs (6 runs:
      `windtunnel ab demo --a URL --b URL`)

    intervals are 95 %, not adjusted for the number of figures
    ");
}

#[test]
fn improved() {
    insta::assert_snapshot!(report(&compared(&sessions(3, 180.0), &at("2", 140.0, 2))), @"
    demo got faster: p50 -23 % (-28 to -18 %), p95 -22 % (-34 to -8 %), p99 -22 % (-38 to -2 %), 1 of 1
      row

    baseline  results/demo_runs.jsonl, 3 sessions from 2026-01-02 to 2026-01-04 12:00 UTC
    now       run 2, 2025-01-31 12:00 UTC

    row      metric       baseline        now     change            interval  verdict
    POST /a  average        180 ms     140 ms    -22.6 %                   -
             p50            180 ms     138 ms    -23.3 %    -28.5 to -17.8 %  improved
             p95            212 ms     166 ms    -22.0 %     -33.9 to -7.9 %  improved
             p99            215 ms     168 ms    -22.1 %     -38.2 to -1.8 %  improved
             throughput    10.0 /s    10.0 /s     +0.0 %      -6.6 to +7.1 %  unchanged
             failures          0 %        0 %    +0.0 pp                   -  unchanged

    intervals are 95 %, not adjusted for the number of figures
    ");
}

#[test]
fn crept_since_the_anchor() {
    insta::assert_snapshot!(report(&crept()), @"
    demo crept: p50 +19 % (+13 to +25 %), p95 +20 % (+12 to +28 %), p99 +20 % (+9 to +32 %) since the
      anchor of 2026-01-02, 1 of 1 row, though it is unchanged since the baseline

    baseline  results/demo_runs.jsonl, 4 sessions from 2026-01-10 to 2026-01-13 12:00 UTC
    now       run new, 2025-01-31 12:00 UTC

    row      metric       baseline        now     change            interval  verdict
    POST /a  average        213 ms     214 ms     +0.6 %                   -
             p50            212 ms     214 ms     +0.8 %      -4.5 to +6.4 %  unchanged
             p95            253 ms     254 ms     +0.7 %      -6.1 to +7.9 %  unchanged
             p99            256 ms     258 ms     +0.9 %     -8.3 to +11.0 %  unchanged
             throughput    10.0 /s    10.0 /s     +0.0 %      -4.7 to +4.9 %  unchanged
             failures          0 %        0 %    +0.0 pp                   -  unchanged

    intervals are 95 %, not adjusted for the number of figures

    regressed since the anchor of 2026-01-02:
    row      metric       baseline        now     change            interval  verdict
    POST /a  p50            180 ms     214 ms    +18.8 %    +12.6 to +25.4 %  regressed
             p95            212 ms     254 ms    +19.7 %    +11.7 to +28.3 %  regressed
             p99            215 ms     258 ms    +19.9 %     +8.9 to +31.9 %  regressed
    ");
}

#[test]
fn pairs_that_saw_it() {
    insta::assert_snapshot!(report(&pairs(&[(180.0, 205.0), (181.0, 207.0), (179.0, 204.0)])), @"
    demo got slower: p50 +15 % (+11 to +19 %), p95 +14 % (+9 to +20 %), 1 of 1 row

    old  run a1, run a2, run a3
    new  run b1, run b2, run b3

    row      metric            old        new     change            interval  verdict
    POST /a  average        179 ms     205 ms    +14.5 %                   -
             p50            178 ms     204 ms    +15.1 %    +11.1 to +19.3 %  regressed
             p95            213 ms     243 ms    +14.2 %     +8.8 to +19.9 %  regressed
             p99            215 ms     246 ms    +14.1 %     +6.6 to +22.1 %  unchanged
             throughput    10.0 /s    10.0 /s     +0.0 %      -3.4 to +3.5 %  unchanged
             failures          0 %        0 %    +0.0 pp                   -  unchanged

    intervals are 95 %, not adjusted for the number of figures
    ");
}

#[test]
fn a_baseline_that_is_a_csv() {
    insta::assert_snapshot!(report(&beside_csv(&at("1", 180.0, 1), &at("2", 182.0, 2))), @"
    demo is unchanged: a slowdown of the average by 10 % or more is excluded in 1 row

    baseline  results/demo_stats.csv
    now       run 2, 2025-01-31 12:00 UTC

    row      metric       baseline        now     change            interval  verdict
    POST /a  average        180 ms     181 ms     +0.4 %    -10.2 to +12.2 %  unchanged
             p50            180 ms     180 ms     -0.2 %                   -
             p95            210 ms     216 ms     +2.6 %    -23.3 to +37.5 %  inconclusive
             p99                 -     218 ms          -                   -  not judged
             throughput    10.0 /s    10.0 /s     +0.0 %    -10.5 to +11.7 %  unchanged
             failures          0 %        0 %    +0.0 pp                   -  unchanged

    What could not be decided, and what would decide it:
    - p99 of POST /a not judged: no value to compare

    intervals are 95 %, not adjusted for the number of figures

    note: a side is a CSV: all requests of the whole run are compared, failures included; percentiles
          are rounded, and what that hides is taken off every change, and where it is more than 2 % of a
          median the average is judged instead
    note: results/demo_stats.csv is a baseline without spread information: its requests are taken to
          vary as those of the new run do; store 5 sessions (`windtunnel calibrate demo`), on different
          days, to see more
    ");
}

#[test]
fn a_limited_generator() {
    insta::assert_snapshot!(report(&limited()), @"
    no verdict on demo: the generator was late by 100 ms on average, 56 % of the median latency of 179
      ms

    baseline  run 1, 2025-01-31 12:00 UTC
    now       run 2, 2025-01-31 12:00 UTC

    row      metric       baseline        now     change            interval  verdict
    POST /a  average        180 ms     181 ms     +0.0 %                   -
             p50            181 ms     179 ms     -1.2 %    -11.7 to +10.5 %  inconclusive
             p95            212 ms     215 ms     +1.2 %    -22.6 to +32.4 %  inconclusive
             p99            215 ms     217 ms     +0.8 %    -30.7 to +46.6 %  inconclusive
             throughput    10.0 /s    10.0 /s     +0.0 %    -10.5 to +11.7 %  inconclusive
             failures          0 %        0 %    +0.0 pp                   -  unchanged

    What could not be decided, and what would decide it:
    - latencies and throughput were not judged, because the load generator was the limit: use fewer
      users, or a machine that does nothing else

    intervals are 95 %, not adjusted for the number of figures
    ");
}

#[test]
fn nothing_that_may_be_compared() {
    insta::assert_snapshot!(report(&incomparable()), @"
    demo could not be compared: server real -> simulated

    baseline  run 1, 2025-01-31 12:00 UTC
    now       run 2, 2025-01-31 12:00 UTC

    row      metric       baseline        now     change            interval  verdict
    POST /a  not comparable: server real -> simulated

    What could not be decided, and what would decide it:
    - POST /a: not comparable (server real -> simulated); the simulator is never compared with a real
      server
    ");
}

#[test]
fn silent_alone() {
    let old = run("1", &[spread("/a", 300, 60.0, 20.0, 7), spread("/b", 300, 60.0, 20.0, 8)].concat());
    let new = run("2", &[spread("/a", 300, 60.0, 20.0, 9), spread("/b", 2, 60.0, 20.0, 8)].concat());
    insta::assert_snapshot!(report(&compared(&single(&old), &new)), @"
    demo went silent: hardly a request ended in 1 of 2 rows

    baseline  run 1, 2025-01-31 12:00 UTC
    now       run 2, 2025-01-31 12:00 UTC

    row         metric       baseline        now     change            interval  verdict
    POST /a     average       20.1 ms    20.1 ms     +0.2 %                   -
                p50           20.0 ms    20.2 ms     +1.1 %    -10.3 to +14.0 %  inconclusive
                p95           23.7 ms    23.5 ms     -0.8 %    -24.1 to +29.8 %  inconclusive
                p99           24.0 ms    23.9 ms     -0.4 %                   -  not judged
                throughput    5.00 /s    5.00 /s     +0.0 %    -10.4 to +11.7 %  unchanged
                failures          0 %        0 %    +0.0 pp                   -  unchanged
    POST /b     went silent: 2 requests, 300 in the baseline
                average       20.2 ms    17.9 ms    -11.5 %                   -
                p50           20.1 ms    17.7 ms    -12.1 %                   -  not judged
                p95           23.7 ms    18.1 ms    -23.7 %                   -  not judged
                p99           23.9 ms    18.1 ms    -24.3 %                   -  not judged
                throughput    5.00 /s  0.0333 /s    -99.3 %                   -  regressed
                failures          0 %        0 %    +0.0 pp                   -  not judged
    Aggregated  average       20.1 ms    20.1 ms     +0.0 %                   -
                p50           20.0 ms    20.2 ms     +0.7 %    -10.6 to +13.3 %  inconclusive
                p95           23.7 ms    23.5 ms     -0.9 %    -24.2 to +29.6 %  inconclusive
                p99           24.0 ms    23.9 ms     -0.3 %                   -  not judged
                throughput    10.0 /s    5.03 /s    -49.7 %    -55.0 to -43.7 %  regressed
                failures          0 %        0 %    +0.0 pp                   -  unchanged

    What could not be decided, and what would decide it:
    - p50 of POST /a: this comparison sees 21 % or more; to see 10 %: 3 interleaved pairs (6 runs:
      `windtunnel ab demo --a URL --b URL`)
    - p99 of POST /a and Aggregated not judged: 3.0 independent requests lie beyond at the fewest, 5 are
      needed; runs twice as long, the baseline's as well, have enough
    - p50, p95, p99 and failures of POST /b not judged: 2 requests on one side at the fewest, 20 are
      needed; runs 10 times as long, the baseline's as well, have enough

    intervals are 95 %, not adjusted for the number of figures
    ");
}

#[test]
fn failures_alone() {
    let old = run("1", &spread("/fails", 300, 60.0, 20.0, 5));
    insta::assert_snapshot!(report(&compared(&single(&old), &run("2", &failing("/fails", 20)))), @"
    demo fails more: failures +5.0 pp, 1 of 1 row

    baseline  run 1, 2025-01-31 12:00 UTC
    now       run 2, 2025-01-31 12:00 UTC

    row          metric       baseline        now     change            interval  verdict
    POST /fails  average       19.9 ms    20.0 ms     +0.4 %                   -
                 p50           19.8 ms    19.8 ms     +0.3 %    -11.0 to +13.2 %  inconclusive
                 p95           23.7 ms    23.7 ms     -0.3 %    -23.7 to +30.4 %  inconclusive
                 p99           23.9 ms    24.0 ms     +0.2 %                   -  not judged
                 throughput    5.00 /s    4.75 /s     -5.0 %     -15.0 to +6.2 %  inconclusive
                 failures          0 %     5.00 %    +5.0 pp                   -  regressed

    What could not be decided, and what would decide it:
    - p50 and throughput of POST /fails: this comparison sees 19 to 21 % or more; to see 10 %: 3
      interleaved pairs (6 runs: `windtunnel ab demo --a URL --b URL`)
    - p99 of POST /fails not judged: 2.9 independent requests lie beyond, 5 are needed; runs twice as
      long, the baseline's as well, have enough

    intervals are 95 %, not adjusted for the number of figures
    ");
}

#[test]
fn a_run_that_never_became_steady_or_is_too_short_is_told_what_helps() {
    let mut comparison = compared(&sessions(5, 180.0), &at("2", 181.0, 2));
    comparison.doubts = vec![Doubt::Unsteady, Doubt::TooShort];
    comparison.verdict = Verdict::Inconclusive;
    let text = report(&comparison);
    assert!(text.starts_with(
        "demo is inconclusive: the run never became steady; too little of the run is left after its warm-up\n"
    ));
    assert_eq!(text.matches("a longer --run-time").count(), 2, "{text}");
}
