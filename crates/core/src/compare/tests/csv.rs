//! CSV files of Locust as baselines: few requests, percentiles of two digits, no spread (docs/statistics.md 3.13).

use windtunnel_stats::verdict::Slack;
use windtunnel_stats::verdict::advice::advise;

use super::*;

/// A run of `count` requests around `ms`, as a team makes it of one user class.
fn small(id: &str, count: u32, ms: f64, seed: u32) -> RunRecord {
    run_of(id, &spread("/v1/models/a:predict", count, SECONDS, ms, seed))
}

/// A row as Locust prints it: requests, failures, average, requests a second, median, 95 %, 99 %.
fn row(figures: &str) -> Side {
    let text = format!(
        "Type,Name,Request Count,Failure Count,Average Response Time,Requests/s,50%,95%,99%\nPOST,/a,{figures}\n"
    );
    read_stats_csv(Path::new("results/a_stats.csv"), &text).unwrap()
}

fn judged(comparison: &Comparison, metric: Metric) -> windtunnel_stats::verdict::Change {
    comparison.rows[0].figure(metric).unwrap().judged.as_ref().unwrap().change.unwrap()
}

#[test]
fn twenty_to_eight_hundred_requests_give_verdicts() {
    for (n, count) in [20, 33, 80, 400, 800].into_iter().enumerate() {
        let seed = u32::try_from(n).unwrap();
        let old = as_csv(&small("1", count, 180.0, seed), "results/a_stats.csv");
        let slow = small("2", count, 1500.0, seed + 10);
        let again = small("2", count, 181.0, seed + 20);
        for csv in [false, true] {
            let new = |run: &RunRecord| if csv { as_csv(run, "b.csv") } else { side(run) };
            let comparison = verdict(&old, &new(&slow));
            assert_eq!(
                (comparison.basis, comparison.outcome()),
                (Basis::WholeRun, Outcome::Regressed),
                "{count}"
            );
            // 180 may be anything from 175 to 185, so that the average is judged, which is exact.
            assert_eq!(word(&comparison, Metric::P50), Word::Shown);
            assert_eq!(word(&comparison, Metric::Average), Word::Regressed, "{count}");
            let back = verdict(&new(&slow), &old);
            assert_eq!(word(&back, Metric::Average), Word::Improved, "{count}");
            let same = verdict(&old, &new(&again));
            assert!(matches!(same.outcome(), Outcome::Inconclusive | Outcome::Unchanged), "{count}");
            assert!(same.failures_covered());
        }
    }
}

#[test]
fn throughput_is_compared_and_its_direction_is_known() {
    let (old, half) = (small("1", 600, 180.0, 1), small("2", 300, 180.0, 2));
    let csv = as_csv(&old, "a.csv");
    for new in [side(&half), as_csv(&half, "b.csv")] {
        let comparison = verdict(&csv, &new);
        assert_eq!(
            (word(&comparison, Metric::Rate), comparison.outcome()),
            (Word::Regressed, Outcome::Regressed)
        );
        assert_eq!(word(&verdict(&new, &csv), Metric::Rate), Word::Improved);
    }
}

#[test]
fn what_rounding_may_hide_is_taken_off_every_change() {
    // 3200 to 3800 ms, p95 at about 3770.
    let run = |ms: f64| side(&at("2", ms, 2));
    // A median below 2 % of rounding is judged; a 95 % percentile of 3400 may be 3350 to 3450.
    let old = row("600,0,3100,10.0,3100,3400,3500");
    let comparison = verdict(&old, &run(3500.0));
    assert_eq!(word(&comparison, Metric::Average), Word::Shown);
    let p95 = judged(&comparison, Metric::P95);
    assert!((p95.slack.low - (50.0_f64 / 3400.0).ln_1p()).abs() < 1e-12, "{p95:?}");
    assert!((p95.slack.high + (-50.0_f64 / 3400.0).ln_1p()).abs() < 1e-12, "{p95:?}");
    assert!(
        p95.interval.0 < p95.difference - p95.slack.low && p95.interval.1 > p95.difference + p95.slack.high
    );
    assert_eq!(judged(&comparison, Metric::Rate).slack, Slack::default(), "printed exactly");
    // On the new side it works the other way round.
    let back = judged(&verdict(&run(3500.0), &old), Metric::P95);
    assert!(
        (back.slack.low - p95.slack.high).abs() < 1e-12 && (back.slack.high - p95.slack.low).abs() < 1e-12
    );
    // Both sides add up.
    let both = judged(&verdict(&old, &row("600,0,3100,10.0,3100,3400,3500")), Metric::P95);
    let sum = p95.slack.low + p95.slack.high;
    assert!((both.slack.low - sum).abs() < 1e-12 && (both.slack.high - sum).abs() < 1e-12);
}

#[test]
fn figures_that_are_zero_or_missing_are_not_judged() {
    let fast = side(&at("2", 0.4, 2));
    let comparison = verdict(&row("600,0,0.4,10.0,0,0,1"), &fast);
    // A median of 0 may be anything below 0.5: the average says more.
    assert_eq!(word(&comparison, Metric::P50), Word::Shown);
    assert!(matches!(word(&comparison, Metric::Average), Word::Unchanged | Word::Inconclusive));
    assert_eq!(word(&comparison, Metric::P95), Word::NotJudged("no value to compare".to_owned()));
    let missing = verdict(&row("600,0,N/A,10.0,N/A,N/A,N/A"), &side(&usual("2")));
    assert_eq!(word(&missing, Metric::P50), Word::NotJudged("no value to compare".to_owned()));
    assert!(matches!(word(&missing, Metric::Rate), Word::Unchanged | Word::Inconclusive));
    assert_eq!(missing.outcome(), Outcome::Inconclusive);
    let no_average = verdict(&row("600,0,N/A,10.0,180,210,220"), &side(&usual("2")));
    assert_eq!(word(&no_average, Metric::Average), Word::NotJudged("no value to compare".to_owned()));
    let nothing = verdict(&row("0,0,0.0,0.0,N/A,N/A,N/A"), &side(&usual("2")));
    assert_eq!(nothing.outcome(), Outcome::Inconclusive);
    assert_eq!(
        word(&nothing, Metric::Failures),
        Word::NotJudged("fewer than 20 requests (old 0, new 600)".to_owned())
    );
}

fn all_failed(count: u32, ms: f64) -> Side {
    let ended = spread("/a", count, SECONDS, ms, 2).into_iter().map(|ended| ended.failed("HTTP 500"));
    side(&run_of("2", &ended.collect::<Vec<_>>()))
}

#[test]
fn a_server_that_only_fails_does_not_look_fast() {
    let old = as_csv(&usual("1"), "a.csv");
    let failing = verdict(&old, &all_failed(1200, 2.0));
    assert_eq!(word(&failing, Metric::Failures), Word::Regressed);
    for metric in METRICS {
        assert_ne!(word(&failing, metric), Word::Improved, "{metric}");
    }
    // Nor where only part of it fails, and at once.
    let mut ended = spread("/a", 600, SECONDS, 180.0, 2);
    ended.extend(spread("/a", 600, SECONDS, 2.0, 3).into_iter().map(|ended| ended.failed("HTTP 503")));
    for new in [side(&run_of("2", &ended)), as_csv(&run_of("2", &ended), "b.csv")] {
        let half = verdict(&old, &new);
        assert_eq!((word(&half, Metric::Failures), half.outcome()), (Word::Regressed, Outcome::Regressed));
        let taken_back = Word::NotJudged("failures are in it, and there are more of them".to_owned());
        assert_eq!(word(&half, Metric::Rate), taken_back);
        assert!(half.rows[0].called(&Word::Improved).next().is_none());
    }
    // So few that failures are not judged.
    let few = |count, failed: bool| {
        let ended = spread("/a", count, SECONDS, 100.0, 1).into_iter();
        run_of(
            "1",
            &ended.map(|ended| if failed { ended.failed("HTTP 500") } else { ended }).collect::<Vec<_>>(),
        )
    };
    let new = as_csv(&few(19, true), "b.csv");
    let comparison = verdict(&as_csv(&few(5, false), "a.csv"), &new);
    assert_ne!(word(&comparison, Metric::Rate), Word::Improved);
    // Where failures did not grow, a faster answer is one.
    let faster = at("2", 90.0, 2);
    assert_eq!(word(&verdict(&old, &side(&faster)), Metric::Average), Word::Improved);
}

#[test]
fn a_csv_as_the_new_side_is_as_wide_as_the_old_one() {
    let new = as_csv(&small("9", 800, 240.0, 9), "new_stats.csv");
    let line = |n: u32| {
        let id = format!("r{n}");
        let RunLine { started, session, .. } = other(&id);
        of_run(with(RunLine::from_record(&small(&id, 400, 180.0, n)), |line| {
            (line.started, line.session, line.epoch) = (started, session, Some("r1".to_owned()));
        }))
    };
    let baseline = Baseline::of_lines("x", &(1..4).map(line).collect::<Vec<_>>());
    let comparison = compare(&baseline, std::slice::from_ref(&new), &Settings::default());
    assert_eq!((comparison.basis, comparison.method), (Basis::WholeRun, Method::Stored { sessions: 3 }));
    assert_eq!(
        (word(&comparison, Metric::Average), comparison.outcome()),
        (Word::Regressed, Outcome::Regressed)
    );
    assert_eq!(comparison.anchor, None);
}

#[test]
fn what_is_missing_in_a_baseline_of_a_csv_is_said() {
    let old = as_csv(&small("1", 400, 180.0, 1), "results/demo_stats.csv");
    let new = side(&small("2", 400, 181.0, 2));
    let comparison = verdict(&old, &new);
    assert_eq!(
        comparison.notes,
        [
            "a side is a CSV: all requests of the whole run are compared, failures included; percentiles are rounded, \
             and what that hides is taken off every change, and where it is more than 2 % of a median the average is \
             judged instead",
            "results/demo_stats.csv is a baseline without spread information: its requests are taken to vary as those \
             of the new run do; store 5 sessions (`windtunnel calibrate demo`), on different days, to see more",
        ]
    );
    // On a quiet machine the advice knows a number that is enough.
    let settings = Settings { noise: Some(Noise::Quiet), ..Settings::default() };
    let comparison = compare(&Baseline::of_run(old.clone()), &[new], &settings);
    let advised = [Metric::Average, Metric::Rate]
        .map(|metric| advise(&judged(&comparison, metric), metric, &comparison.rules).sessions.unwrap());
    let expected = format!(
        "store {} sessions (`windtunnel calibrate demo`), to see a change of 10 %",
        advised.iter().max().unwrap()
    );
    assert!(comparison.notes[1].ends_with(&expected), "{expected}: {:?}", comparison.notes);
    let guessed = verdict(&old, &as_csv(&small("2", 400, 181.0, 2), "b.csv"));
    assert!(guessed.notes[1].contains(
        "guessed from the percentiles, with caution; store 5 sessions (`windtunnel calibrate NAME`)"
    ));
    // A median of two digits below 100 is exact enough.
    let fine = verdict(&row("600,0,52.5,10.0,52,60,63"), &side(&at("2", 52.0, 2)));
    assert!(!fine.notes.iter().any(|note| note.contains("average")), "{:?}", fine.notes);
    assert_ne!(word(&fine, Metric::P50), Word::Shown);
}

#[test]
fn where_neither_side_knows_its_spread_the_wider_guess_counts_for_both() {
    let error = |old: &Side, new: &Side| judged(&verdict(old, new), Metric::Average).error;
    let narrow = as_csv(&small("1", 400, 180.0, 1), "a.csv");
    let mut ended = spread("/v1/models/a:predict", 380, SECONDS, 180.0, 2);
    ended.extend(spread("/v1/models/a:predict", 20, SECONDS, 3000.0, 3));
    let wide = as_csv(&run_of("2", &ended), "b.csv");
    assert!(error(&narrow, &wide) > 2.0 * error(&narrow, &narrow));
    assert!((error(&narrow, &wide) - error(&wide, &narrow)).abs() < 1e-12);
    // A file with fewer columns takes the guess of the other.
    let text = csv_text(&small("1", 400, 180.0, 1)).replace("Max Response Time", "Max");
    let poor = read_stats_csv(Path::new("a.csv"), &text).unwrap();
    assert!((error(&poor, &wide) - error(&narrow, &wide)).abs() < 1e-12);
}

#[test]
fn failures_of_csv_files_come_in_clusters_for_all_that_is_known() {
    let failing = |count: usize| {
        let ended = spread("/a", 600, SECONDS, 180.0, 1).into_iter().enumerate();
        let ended = ended.map(|(n, ended)| if n < count { ended.failed("HTTP 500") } else { ended });
        as_csv(&run_of("2", &ended.collect::<Vec<_>>()), "b.csv")
    };
    let old = failing(0);
    let failures = |count| word(&verdict(&old, &failing(count)), Metric::Failures);
    assert_eq!((failures(0), failures(12)), (Word::Unchanged, Word::Inconclusive));
    // However they come: that many are too many.
    assert_eq!((failures(30), failures(300)), (Word::Regressed, Word::Regressed));
    assert!(!verdict(&old, &failing(12)).failures_covered());
}

#[test]
fn lines_that_did_not_keep_the_whole_run_are_as_rounded_as_a_csv() {
    let run = at("1", 3500.0, 2);
    let exact = RunLine::from_record(&run);
    let mut old = exact.clone();
    old.endpoints[0].whole_cell = None;
    let csv = as_csv(&at("2", 3600.0, 3), "b.csv");
    let slack = |line: &RunLine| judged(&verdict(&Side::from_line(line), &csv), Metric::P95).slack.low;
    assert!(slack(&old) > slack(&exact) + 0.01, "{} {}", slack(&old), slack(&exact));
    let difference = |line: &RunLine| judged(&verdict(&Side::from_line(line), &csv), Metric::P50).difference;
    assert!((difference(&old) - difference(&exact)).abs() < 0.03);
}
