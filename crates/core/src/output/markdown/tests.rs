//! The text as it is, and that the four renderers find what was meant.

use super::*;
use crate::output::reported::LimitReport;
use crate::output::testing::*;
use crate::summary::line::fixture::spread;

#[test]
fn slower() {
    let comparison = compared(&single(&at("1", 180.0, 1)), &at("2", 230.0, 2));
    insta::assert_snapshot!(markdown(&[module(3, comparison)]), @"
    **demo got slower**: p50 +26 % (+12 to +40 %), 1 of 1 row

    - baseline: run 1, 2025-01-31 12:00 UTC
    - now: run 2, 2025-01-31 12:00 UTC

    | row | metric | baseline | now | change | interval | verdict |
    | --- | --- | --- | --- | --- | --- | --- |
    | `POST /a` | average | 180 ms | 229 ms | +27.1 % | - | - |
    |  | p50 | 181 ms | 227 ms | +25.6 % | +12.3 to +40.5 % | **regressed** |
    |  | p95 | 212 ms | 272 ms | +28.4 % | -1.8 to +67.9 % | inconclusive |
    |  | p99 | 215 ms | 276 ms | +28.3 % | -11.8 to +86.6 % | inconclusive |
    |  | throughput | 10.0 /s | 10.0 /s | +0.0 % | -10.5 to +11.7 % | unchanged |
    |  | failures | 0 % | 0 % | +0.0 pp | - | unchanged |

    What could not be decided, and what would decide it:

    - p99 of `POST /a`: this comparison sees 81 % or more; to see 30 %: 3 interleaved pairs (6 runs: `windtunnel ab demo --a URL --b URL`)
    - p95 of `POST /a`: this comparison sees 53 % or more; to see 20 %: 3 interleaved pairs (6 runs: `windtunnel ab demo --a URL --b URL`)

    Intervals are 95 %, not adjusted for the number of figures.
    ");
}

#[test]
fn every_state_of_a_row() {
    insta::assert_snapshot!(markdown(&[module(3, every_state())]), @"
    **demo got worse**: throughput -99 %, failures +11.3 pp at worst, 2 of 4 rows

    - baseline: run 1, 2025-01-31 12:00 UTC
    - now: run 2, 2025-01-31 12:00 UTC

    | row | metric | baseline | now | change | interval | verdict |
    | --- | --- | --- | --- | --- | --- | --- |
    | `POST /faster` | average | 40.0 ms | 19.8 ms | -50.4 % | - | - |
    |  | p50 | 39.8 ms | 19.7 ms | -50.6 % | -55.9 to -44.6 % | **improved** |
    |  | p95 | 47.3 ms | 23.5 ms | -50.3 % | -62.0 to -35.0 % | **improved** |
    |  | p99 | 47.9 ms | 23.9 ms | -50.1 % | -65.7 to -27.4 % | **improved** |
    |  | throughput | 10.0 /s | 10.0 /s | +0.0 % | -10.5 to +11.7 % | unchanged |
    |  | failures | 0 % | 0 % | +0.0 pp | - | unchanged |
    | `POST /few` | average | 20.8 ms | 199 ms | +855 % | - | - |
    |  | p50 | 20.6 ms | 205 ms | +894 % | - | not judged |
    |  | p95 | 24.0 ms | 224 ms | +832 % | - | not judged |
    |  | p99 | 24.0 ms | 224 ms | +832 % | - | not judged |
    |  | throughput | 0.200 /s | 0.200 /s | +0.0 % | -60.0 to +150 % | inconclusive |
    |  | failures | 0 % | 0 % | +0.0 pp | - | not judged |
    | `POST /fails` | average | 19.9 ms | 19.9 ms | +0.1 % | - | - |
    |  | p50 | 19.8 ms | 19.8 ms | +0.1 % | -11.4 to +13.0 % | inconclusive |
    |  | p95 | 23.7 ms | 23.6 ms | -0.4 % | -23.8 to +30.2 % | inconclusive |
    |  | p99 | 23.9 ms | 24.0 ms | +0.2 % | - | not judged |
    |  | throughput | 5.00 /s | 4.43 /s | -11.3 % | -20.7 to -0.9 % | inconclusive |
    |  | failures | 0 % | 11.3 % | +11.3 pp | - | **regressed** |
    | `POST /silent` | average | 20.1 ms | 17.9 ms | -11.1 % | - | - |
    |  | p50 | 20.0 ms | 17.7 ms | -11.5 % | - | not judged |
    |  | p95 | 23.7 ms | 18.1 ms | -23.5 % | - | not judged |
    |  | p99 | 24.0 ms | 18.1 ms | -24.5 % | - | not judged |
    |  | throughput | 5.00 /s | 0.0333 /s | -99.3 % | - | **regressed** |
    |  | failures | 0 % | 0 % | +0.0 pp | - | not judged |

    - `POST /new`: new: not in the baseline (100 requests, 0 of them failed)
    - `POST /other`: not comparable: body changed, users 2 -> 60
    - `POST /silent`: went silent: 2 requests, 300 in the baseline
    - `POST /gone`: gone: not in this run (100 requests, 0 of them failed in the baseline)

    What could not be decided, and what would decide it:

    - `POST /new`: new, with nothing to be compared with; after a run with `--csv results/demo`, `windtunnel baseline add demo last` makes that run evidence for later ones
    - `POST /gone`: gone; if that is meant, `windtunnel baseline accept demo last` begins a new epoch with this run
    - `POST /other`: not comparable (body changed, users 2 -> 60); run as the baseline was run, or let `windtunnel baseline accept demo last` begin a new epoch with this run
    - throughput of `POST /few`: this comparison sees 324 % or more; not even 20 stored sessions or 15 interleaved pairs would see 10 %: longer runs come first
    - p50 and throughput of `POST /fails`: this comparison sees 19 to 21 % or more; to see 10 %: 3 interleaved pairs (6 runs: `windtunnel ab demo --a URL --b URL`)
    - p50, p95, p99 and failures of `POST /few` and `POST /silent` not judged: 2 requests on one side at the fewest, 20 are needed; runs 10 times as long, the baseline's as well, have enough
    - p99 of `POST /fails` not judged: 2.7 independent requests lie beyond, 5 are needed; runs twice as long, the baseline's as well, have enough

    Intervals are 95 %, not adjusted for the number of figures.

    - note: the data of `POST /faster` changed
    ");
}

#[test]
fn several_modules_one_without_a_baseline_and_one_that_crept() {
    let limits = vec![LimitReport {
        row: "POST /a".to_owned(),
        limit: "p95 < 300ms".to_owned(),
        state: LimitState::Missed,
        text: "p95 is 310 ms".to_owned(),
    }];
    let modules = [ModuleReport { limits, ..unjudged(3) }, module(3, crept())];
    insta::assert_snapshot!(markdown(&modules), @"
    **demo**: no baseline yet

    - `POST /a` `p95 < 300ms`: **missed**, p95 is 310 ms

    **demo crept**: p50 +19 % (+13 to +25 %), p95 +20 % (+12 to +28 %), p99 +20 % (+9 to +32 %) since the anchor of 2026-01-02, 1 of 1 row, though it is unchanged since the baseline

    - baseline: results/demo_runs.jsonl, 4 sessions from 2026-01-10 to 2026-01-13 12:00 UTC
    - now: run new, 2025-01-31 12:00 UTC

    | row | metric | baseline | now | change | interval | verdict |
    | --- | --- | --- | --- | --- | --- | --- |
    | `POST /a` | average | 213 ms | 214 ms | +0.6 % | - | - |
    |  | p50 | 212 ms | 214 ms | +0.8 % | -4.5 to +6.4 % | unchanged |
    |  | p95 | 253 ms | 254 ms | +0.7 % | -6.1 to +7.9 % | unchanged |
    |  | p99 | 256 ms | 258 ms | +0.9 % | -8.3 to +11.0 % | unchanged |
    |  | throughput | 10.0 /s | 10.0 /s | +0.0 % | -4.7 to +4.9 % | unchanged |
    |  | failures | 0 % | 0 % | +0.0 pp | - | unchanged |

    Intervals are 95 %, not adjusted for the number of figures.

    Regressed since the anchor of 2026-01-02.

    | row | metric | baseline | now | change | interval | verdict |
    | --- | --- | --- | --- | --- | --- | --- |
    | `POST /a` | p50 | 180 ms | 214 ms | +18.8 % | +12.6 to +25.4 % | **regressed** |
    |  | p95 | 212 ms | 254 ms | +19.7 % | +11.7 to +28.3 % | **regressed** |
    |  | p99 | 215 ms | 258 ms | +19.9 % | +8.9 to +31.9 % | **regressed** |
    ");
}

#[test]
fn requests_that_failed_are_said_although_the_comparison_is_unchanged() {
    let same = compared(&sessions(5, 180.0), &at("2", 181.0, 2));
    let failing = ModuleReport { word: "unchanged; requests failed".to_owned(), ..module(1, same) };
    let text = markdown(&[failing]);
    assert_eq!(text.split("\n\n").nth(1), Some("exit code 1: unchanged; requests failed"));
}

/// The rules that the four renderers have in common.
#[test]
fn names_of_rows_break_neither_tables_nor_lines_nor_code() {
    let other = "`_`|";
    let old = [spread(NASTY, 300, 60.0, 180.0, 1), spread(other, 300, 60.0, 180.0, 1)].concat();
    let new = [spread(NASTY, 300, 60.0, 230.0, 2), spread(other, 300, 60.0, 190.0, 1)].concat();
    let text = markdown(&[module(3, compared(&single(&run("1", &old)), &run("2", &new)))]);
    assert!(!text.contains(|c: char| c.is_control() && c != '\n'), "{text:?}");
    for line in text.lines() {
        assert_eq!(line.matches('`').count() % 2, 0, "{line}");
        if line.starts_with('|') {
            assert_eq!(line.matches('|').count(), 8, "{line}");
        }
        let outside: String = line.split('`').step_by(2).collect();
        assert!(!outside.contains('<'), "{line}");
    }
    assert!(text.contains("`POST /a\u{a6}b'c<script>"), "{text}");
    assert!(
        text.lines().any(|line| line.replace(['|', ' '], "").chars().all(|c| c == '-') && line.len() > 9)
    );
}

#[test]
fn texts_from_elsewhere_are_not_taken_for_markup() {
    assert_eq!(
        text("a <b> *c* | [d](e) `f*|<`"),
        "a \u{2039}b> \u{2217}c\u{2217} \u{a6} [d] (e) `f*\u{a6}<`"
    );
    assert_eq!(text("one ` alone\n"), "one ' alone ");
}
