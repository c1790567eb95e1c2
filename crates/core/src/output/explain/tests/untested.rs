//! Figures without a test, and words that the test alone does not decide.

use super::*;

#[test]
fn figures_without_a_test() {
    let comparison = every_state();
    let texts =
        [("/silent", "rate"), ("/silent", "p50"), ("/fails", "p99"), ("/fails", "avg"), ("/gone", "p50")]
            .map(|(row, metric)| explained(&comparison, row, metric));
    insta::assert_snapshot!(texts.join("\n"), @"
    POST /silent, throughput: 5.00 /s -> 0.0333 /s, -99.3 %: regressed

     1. Is there enough to judge it (docs/statistics.md 3.11)
        Hardly a request ended: 2 of 2 succeeded, where the baseline had 300 of 300. At the baseline's
        lowest rate (5.00 /s) at least 20 were to be expected in the same time, and there are fewer than
        5, or none that succeeded. That needs no test: the row went silent.

    POST /silent, p50: 20.0 ms -> 17.7 ms, -11.5 %: not judged

     1. Is there enough to judge it (docs/statistics.md 3.11)
        No. It needs 20 requests in each run; the smallest run of the baseline has 300, the smallest now
        2.
        So it is not judged. That does not make the run invalid.

    POST /fails, p99: 23.9 ms -> 24.0 ms, +0.2 %: not judged

     1. Is there enough to judge it (docs/statistics.md 3.11)
        No. A quantile rests on the requests beyond it. Requests follow each other, so that fewer of
        them count as independent: 2.7 do beyond p99, and 5 are needed.
        So it is not judged. That does not make the run invalid.

    POST /fails, average: 19.9 ms -> 19.9 ms, +0.1 %: shown only

     1. Is it judged (docs/statistics.md 3.1, 3.13)
        No. The average is shown; one slow request moves it as much as many fast ones. It is judged only
        in place of a median that a CSV has rounded too coarsely.
        `--explain ROW p50` explains the figure that is judged.

    POST /gone, p50: there is nothing to reckon: gone: not in this run (100 requests, 0 of them failed
      in the baseline)
    ");
}

#[test]
fn what_was_taken_back_is_said() {
    let text = explained(&limited(), "/a", "p50");
    assert!(text.contains("inconclusive") && text.contains("Was the load generator the limit"), "{text}");
}

#[test]
fn what_got_worse_since_the_anchor_is_explained_against_it_as_well() {
    let text = explained(&crept(), "/a", "p50");
    let parts: Vec<&str> = text.split("The same against the anchor of 2026-01-02:").collect();
    assert!(
        parts.len() == 2 && parts[0].contains(": unchanged") && parts[1].contains(": regressed"),
        "{text}"
    );
    assert!(!explained(&crept(), "/a", "rate").contains("anchor"));
}
