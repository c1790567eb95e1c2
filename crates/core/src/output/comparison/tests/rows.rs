//! What becomes of rows, and names of any length.

use super::*;

#[test]
fn every_state_of_a_row() {
    insta::assert_snapshot!(report(&every_state()), @"
    demo got worse: throughput -99 %, failures +11.3 pp at worst, 2 of 4 rows

    baseline  run 1, 2025-01-31 12:00 UTC
    now       run 2, 2025-01-31 12:00 UTC

    row           metric       baseline        now     change            interval  verdict
    POST /new     new: not in the baseline (100 requests, 0 of them failed)
    POST /faster  average       40.0 ms    19.8 ms    -50.4 %                   -
                  p50           39.8 ms    19.7 ms    -50.6 %    -55.9 to -44.6 %  improved
                  p95           47.3 ms    23.5 ms    -50.3 %    -62.0 to -35.0 %  improved
                  p99           47.9 ms    23.9 ms    -50.1 %    -65.7 to -27.4 %  improved
                  throughput    10.0 /s    10.0 /s     +0.0 %    -10.5 to +11.7 %  unchanged
                  failures          0 %        0 %    +0.0 pp                   -  unchanged
    POST /few     average       20.8 ms     199 ms     +855 %                   -
                  p50           20.6 ms     205 ms     +894 %                   -  not judged
                  p95           24.0 ms     224 ms     +832 %                   -  not judged
                  p99           24.0 ms     224 ms     +832 %                   -  not judged
                  throughput   0.200 /s   0.200 /s     +0.0 %     -60.0 to +150 %  inconclusive
                  failures          0 %        0 %    +0.0 pp                   -  not judged
    POST /other   not comparable: body changed, users 2 -> 60
    POST /fails   average       19.9 ms    19.9 ms     +0.1 %                   -
                  p50           19.8 ms    19.8 ms     +0.1 %    -11.4 to +13.0 %  inconclusive
                  p95           23.7 ms    23.6 ms     -0.4 %    -23.8 to +30.2 %  inconclusive
                  p99           23.9 ms    24.0 ms     +0.2 %                   -  not judged
                  throughput    5.00 /s    4.43 /s    -11.3 %     -20.7 to -0.9 %  inconclusive
                  failures          0 %     11.3 %   +11.3 pp                   -  regressed
    POST /silent  went silent: 2 requests, 300 in the baseline
                  average       20.1 ms    17.9 ms    -11.1 %                   -
                  p50           20.0 ms    17.7 ms    -11.5 %                   -  not judged
                  p95           23.7 ms    18.1 ms    -23.5 %                   -  not judged
                  p99           24.0 ms    18.1 ms    -24.5 %                   -  not judged
                  throughput    5.00 /s  0.0333 /s    -99.3 %                   -  regressed
                  failures          0 %        0 %    +0.0 pp                   -  not judged
    POST /gone    gone: not in this run (100 requests, 0 of them failed in the baseline)

    What could not be decided, and what would decide it:
    - POST /new: new, with nothing to be compared with; after a run with `--csv results/demo`,
      `windtunnel baseline add demo last` makes that run evidence for later ones
    - POST /gone: gone; if that is meant, `windtunnel baseline accept demo last` begins a new epoch with
      this run
    - POST /other: not comparable (body changed, users 2 -> 60); run as the baseline was run, or let
      `windtunnel baseline accept demo last` begin a new epoch with this run
    - throughput of POST /few: this comparison sees 324 % or more; not even 20 stored sessions or 15
      interleaved pairs would see 10 %: longer runs come first
    - p50 and throughput of POST /fails: this comparison sees 19 to 21 % or more; to see 10 %: 3
      interleaved pairs (6 runs: `windtunnel ab demo --a URL --b URL`)
    - p50, p95, p99 and failures of POST /few and POST /silent not judged: 2 requests on one side at the
      fewest, 20 are needed; runs 10 times as long, the baseline's as well, have enough
    - p99 of POST /fails not judged: 2.7 independent requests lie beyond, 5 are needed; runs twice as
      long, the baseline's as well, have enough

    intervals are 95 %, not adjusted for the number of figures

    note: the data of POST /faster changed
    ");
}

#[test]
fn many_rows_with_long_names() {
    insta::assert_snapshot!(report(&seven_rows()), @"
    demo got slower: p50 +34 % (+19 to +50 %), 1 of 7 rows

    baseline  run 1, 2025-01-31 12:00 UTC
    now       run 2, 2025-01-31 12:00 UTC

      metric       baseline        now     change            interval  verdict
    POST /v1/models/model-0:predict
      average       99.4 ms     131 ms    +31.5 %                   -
      p50           98.3 ms     131 ms    +33.6 %    +18.9 to +50.2 %  regressed
      p95            118 ms     154 ms    +29.7 %     -0.8 to +69.5 %  inconclusive
      p99            120 ms     156 ms    +30.2 %                   -  not judged
      throughput    5.00 /s    5.00 /s     +0.0 %    -10.4 to +11.7 %  unchanged
      failures          0 %        0 %    +0.0 pp                   -  unchanged
    POST /v1/models/model-1:predict
      average        121 ms     120 ms     -1.0 %                   -
      p50            122 ms     120 ms     -1.6 %    -12.4 to +10.6 %  unchanged
      p95            142 ms     141 ms     -0.4 %    -23.8 to +30.3 %  inconclusive
      p99            144 ms     144 ms     +0.0 %                   -  not judged
      throughput    5.00 /s    5.00 /s     +0.0 %    -10.4 to +11.7 %  unchanged
      failures          0 %        0 %    +0.0 pp                   -  unchanged
    POST /v1/models/model-2:predict
      average        141 ms     141 ms     +0.6 %                   -
      p50            141 ms     143 ms     +0.8 %    -10.3 to +13.4 %  inconclusive
      p95            165 ms     166 ms     +0.6 %    -23.1 to +31.5 %  inconclusive
      p99            167 ms     167 ms     -0.2 %                   -  not judged
      throughput    5.00 /s    5.00 /s     +0.0 %    -10.4 to +11.7 %  unchanged
      failures          0 %        0 %    +0.0 pp                   -  unchanged
    POST /v1/models/model-3:predict
      average        160 ms     159 ms     -0.2 %                   -
      p50            158 ms     158 ms     +0.6 %    -10.6 to +13.2 %  inconclusive
      p95            190 ms     190 ms     +0.1 %    -23.4 to +30.9 %  inconclusive
      p99            191 ms     192 ms     +0.3 %                   -  not judged
      throughput    5.00 /s    5.00 /s     +0.0 %    -10.4 to +11.7 %  unchanged
      failures          0 %        0 %    +0.0 pp                   -  unchanged
    POST /v1/models/model-4:predict
      average        178 ms     178 ms     -0.2 %                   -
      p50            178 ms     176 ms     -1.0 %    -12.0 to +11.4 %  unchanged
      p95            212 ms     211 ms     -0.5 %    -23.9 to +30.2 %  inconclusive
      p99            215 ms     215 ms     +0.2 %                   -  not judged
      throughput    5.00 /s    5.00 /s     +0.0 %    -10.4 to +11.7 %  unchanged
      failures          0 %        0 %    +0.0 pp                   -  unchanged
    POST /v1/models/model-5:predict
      average        200 ms     200 ms     +0.2 %                   -
      p50            200 ms     200 ms     -0.3 %    -11.5 to +12.3 %  unchanged
      p95            234 ms     236 ms     +0.4 %    -23.3 to +31.4 %  inconclusive
      p99            239 ms     239 ms     +0.0 %                   -  not judged
      throughput    5.00 /s    5.00 /s     +0.0 %    -10.4 to +11.7 %  unchanged
      failures          0 %        0 %    +0.0 pp                   -  unchanged
    POST /v1/models/model-6:predict
      average        219 ms     221 ms     +1.0 %                   -
      p50            220 ms     221 ms     +0.5 %    -10.4 to +12.9 %  inconclusive
      p95            259 ms     260 ms     +0.3 %    -23.3 to +31.1 %  inconclusive
      p99            263 ms     264 ms     +0.1 %                   -  not judged
      throughput    5.00 /s    5.00 /s     +0.0 %    -10.4 to +11.7 %  unchanged
      failures          0 %        0 %    +0.0 pp                   -  unchanged
    Aggregated
      average        160 ms     164 ms     +2.9 %                   -
      p50            157 ms     158 ms     +0.8 %    -10.2 to +13.1 %  inconclusive
      p95            236 ms     237 ms     +0.5 %    -23.1 to +31.5 %  inconclusive
      p99            257 ms     258 ms     +0.4 %    -31.0 to +46.1 %  inconclusive
      throughput    35.0 /s    35.0 /s     +0.0 %    -10.6 to +11.9 %  unchanged
      failures          0 %        0 %    +0.0 pp                   -  unchanged

    What could not be decided, and what would decide it:
    - p95 of POST /v1/models/model-0:predict: this comparison sees 53 % or more; to see 20 %: 3
      interleaved pairs (6 runs: `windtunnel ab demo --a URL --b URL`)
    - p50 of POST /v1/models/model-3:predict and 2 more rows: this comparison sees 20 % or more; to see
      10 %: 3 interleaved pairs (6 runs: `windtunnel ab demo --a URL --b URL`)
    - p99 of POST /v1/models/model-0:predict and 6 more rows not judged: 3.0 independent requests lie
      beyond at the fewest, 5 are needed; runs twice as long, the baseline's as well, have enough

    intervals are 95 %, not adjusted for the number of figures
    ");
}

#[test]
fn throughput_alone_and_a_long_name() {
    let old = run("1", &spread(LONG, 600, 60.0, 180.0, 1));
    let new = run("2", &spread(LONG, 300, 60.0, 180.0, 2));
    insta::assert_snapshot!(report(&compared(&single(&old), &new)), @"
    demo lost throughput: throughput -50 % (-55 to -44 %), 1 of 1 row

    baseline  run 1, 2025-01-31 12:00 UTC
    now       run 2, 2025-01-31 12:00 UTC

      metric       baseline        now     change            interval  verdict
    POST /v1/models/revertrisk-language-agnostic:predict
      average        180 ms     180 ms     -0.2 %                   -
      p50            181 ms     179 ms     -1.2 %    -11.9 to +10.8 %  unchanged
      p95            212 ms     213 ms     +0.6 %    -23.1 to +31.6 %  inconclusive
      p99            215 ms     215 ms     +0.0 %                   -  not judged
      throughput    10.0 /s    5.00 /s    -50.0 %    -55.3 to -44.2 %  regressed
      failures          0 %        0 %    +0.0 pp                   -  unchanged

    What could not be decided, and what would decide it:
    - p99 of POST /v1/models/revertrisk-language-agnostic:predict not judged: 2.7 independent requests
      lie beyond, 5 are needed; runs twice as long, the baseline's as well, have enough

    intervals are 95 %, not adjusted for the number of figures
    ");
}

#[test]
fn names_longer_than_the_page_are_broken_and_lose_nothing() {
    let name = format!("/{}", "x".repeat(250));
    let old = run("1", &spread(&name, 100, 60.0, 180.0, 1));
    let text = report(&compared(&single(&old), &run("2", &spread(&name, 100, 60.0, 270.0, 2))));
    let table = text.split("\n\n").nth(2).unwrap();
    assert_eq!(table.matches('x').count(), 250, "{text}");
}

#[test]
fn of_many_undecided_figures_the_worst_are_told_and_the_rest_counted() {
    // Ten rows, each with other numbers of requests, so that each needs something else.
    let rows = |seed: u32| -> Vec<_> {
        (0..10_u32).flat_map(|n| spread(&format!("/{n}"), 40 + 25 * n, 60.0, 100.0, seed + n)).collect()
    };
    let text = report(&compared(&single(&run("1", &rows(10))), &run("2", &rows(50))));
    let advice = text.matches("this comparison sees").count();
    assert!((1..=4).contains(&advice), "{text}");
}
