//! What a comparison of measured runs says.

use super::*;
use crate::summary::{Ending, SeriesSummary};

fn words(comparison: &Comparison) -> Vec<Word> {
    METRICS.iter().map(|metric| word(comparison, *metric)).collect()
}

/// `count` sessions of around `ms`, an hour apart.
fn sessions(count: u32, ms: f64) -> Baseline {
    let line = |n: u32| {
        let measured = RunLine::from_record(&at(&format!("r{n}"), ms, n));
        let RunLine { started, session, .. } = other(&format!("r{n}"));
        let epoch = Some("r1".to_owned());
        of_run(with(measured, |line| (line.started, line.session, line.epoch) = (started, session, epoch)))
    };
    Baseline::of_lines("x", &(1..=count).map(line).collect::<Vec<_>>())
}

fn against(baseline: &Baseline, new: &RunRecord) -> Comparison {
    compare(baseline, &[side(new)], &Settings::default())
}

#[test]
fn a_run_eight_times_slower_has_regressed_in_every_latency() {
    let slow = at("2", 1500.0, 2);
    let comparison = verdict(&side(&usual("1")), &side(&slow));
    for metric in [Metric::P50, Metric::P95] {
        assert_eq!(word(&comparison, metric), Word::Regressed);
    }
    assert_eq!(word(&comparison, Metric::Average), Word::Shown);
    assert_eq!(comparison.outcome(), Outcome::Regressed);
    assert_eq!(word(&verdict(&side(&slow), &side(&usual("1"))), Metric::P50), Word::Improved);
}

#[test]
fn one_session_rarely_says_unchanged_and_several_do() {
    let again = at("new", 182.0, 7);
    let one = against(&sessions(1, 180.0), &again);
    assert_eq!((word(&one, Metric::P50), one.outcome()), (Word::Inconclusive, Outcome::Inconclusive));
    let advice = one.advice();
    let (row, metric, advice) = &advice[0];
    assert_eq!((*row, *metric), (0, Metric::P50));
    assert_eq!(advice.pairs, Some(3));
    let several = against(&sessions(5, 180.0), &again);
    assert_eq!((word(&several, Metric::P50), several.outcome()), (Word::Unchanged, Outcome::Unchanged));
    assert_eq!(several.method, Method::Stored { sessions: 5 });
}

#[test]
fn halved_throughput_has_regressed_and_doubled_throughput_has_improved() {
    let half = run_of("new", &spread("/a", 300, SECONDS, 180.0, 2));
    let comparison = against(&sessions(3, 180.0), &half);
    assert_eq!(word(&comparison, Metric::Rate), Word::Regressed);
    assert_eq!(word(&comparison, Metric::P50), Word::Unchanged);
    let rate = comparison.rows[0].figure(Metric::Rate).unwrap();
    let (low, high) = rate.interval.unwrap();
    assert!((rate.change.unwrap() + 0.5).abs() < 0.02 && low < -0.5 && high > -0.5 && high < 0.0, "{rate:?}");
    let double = run_of("new", &spread("/a", 1200, SECONDS, 180.0, 2));
    let comparison = against(&sessions(3, 180.0), &double);
    assert_eq!((word(&comparison, Metric::Rate), comparison.outcome()), (Word::Improved, Outcome::Improved));
}

fn failing(id: &str, every: usize, failures: &str) -> RunRecord {
    let ended: Vec<Ended> = spread("/a", 600, SECONDS, 180.0, 3)
        .into_iter()
        .enumerate()
        .map(|(n, request)| if n % every == 0 { request.failed(failures) } else { request })
        .collect();
    run_of(id, &ended)
}

#[test]
fn failures_that_were_not_there_have_regressed_and_are_not_covered() {
    let comparison = verdict(&side(&usual("1")), &side(&failing("2", 1, "HTTP 500")));
    assert_eq!(word(&comparison, Metric::Failures), Word::Regressed);
    assert_eq!(word(&comparison, Metric::Rate), Word::Regressed);
    assert_eq!(word(&comparison, Metric::P50), Word::NotJudged("no value to compare".to_owned()));
    assert_eq!(comparison.rows[0].state, RowState::Compared);
    assert!(comparison.rows[0].is_silent() && !comparison.failures_covered());
    // The other way there is nothing that the latencies could be held against, and the rest got better.
    let back = verdict(&side(&failing("1", 1, "HTTP 500")), &side(&usual("2")));
    assert_eq!(word(&back, Metric::Failures), Word::Improved);
    assert_eq!(word(&back, Metric::P50), Word::NotJudged("no value to compare".to_owned()));
    assert_eq!(back.outcome(), Outcome::Inconclusive);
    let both = verdict(&side(&failing("1", 1, "HTTP 500")), &side(&failing("2", 1, "HTTP 500")));
    assert_eq!((both.outcome(), both.failures_covered()), (Outcome::Inconclusive, true));
}

#[test]
fn failures_that_the_baseline_has_too_are_covered_until_they_get_more() {
    let some = |id: &str, every: usize| side(&failing(id, every, "HTTP 500"));
    assert!(verdict(&some("1", 10), &some("2", 10)).failures_covered());
    assert!(verdict(&some("1", 5), &some("2", 100)).failures_covered());
    assert!(!verdict(&some("1", 10), &some("2", 2)).failures_covered());
    assert!(verdict(&some("1", 10), &side(&usual("2"))).failures_covered(), "nothing failed");
    assert!(
        !verdict(&side(&usual("1")), &some("2", 300)).failures_covered(),
        "few, but the baseline has none"
    );
    let few = |id: &str, failed: usize| {
        let ended: Vec<Ended> = spread("/a", 10, SECONDS, 180.0, 3)
            .into_iter()
            .enumerate()
            .map(|(n, request)| if n < failed { request.failed("HTTP 500") } else { request })
            .collect();
        side(&run_of(id, &ended))
    };
    assert!(verdict(&few("1", 2), &few("2", 2)).failures_covered(), "too few to judge, but no more of them");
    assert!(!verdict(&few("1", 2), &few("2", 3)).failures_covered());
}

#[test]
fn too_few_requests_are_not_judged_and_that_is_no_mistake_of_the_run() {
    let few = |id, ms| side(&run_of(id, &spread("/a", 19, SECONDS, ms, 1)));
    let comparison = verdict(&few("1", 100.0), &few("2", 900.0));
    assert_eq!(comparison.outcome(), Outcome::Inconclusive);
    assert_eq!(
        word(&comparison, Metric::P50),
        Word::NotJudged("fewer than 20 requests (old 19, new 19)".to_owned())
    );
    let tail = verdict(&side(&run_of("1", &spread("/a", 60, SECONDS, 180.0, 1))), &side(&usual("2")));
    let Word::NotJudged(why) = word(&tail, Metric::P99) else { panic!("{:?}", words(&tail)) };
    assert!(
        why.starts_with("only 0.") && why.ends_with(" independent requests lie beyond p99; 5 are needed"),
        "{why}"
    );
}

#[test]
fn one_request_is_no_evidence_and_no_panic() {
    let one = |id| side(&run_of(id, &[Ended::new(1.0, "POST", "/a", 180.0)]));
    for (old, new) in [(one("1"), one("2")), (one("1"), side(&usual("2")))] {
        assert_eq!(verdict(&old, &new).outcome(), Outcome::Inconclusive);
    }
    // Where 600 were to be expected it is silence.
    let silent = verdict(&side(&usual("1")), &one("2"));
    assert_eq!((word(&silent, Metric::Rate), silent.outcome()), (Word::Regressed, Outcome::Regressed));
}

#[test]
fn latencies_that_are_all_the_same_are_compared_like_others() {
    let same = |id, ms: f64| {
        let ended = (0..600).map(|n| Ended::new(f64::from(n) / 10.0, "POST", "/a", ms)).collect::<Vec<_>>();
        side(&run_of(id, &ended))
    };
    let comparison = verdict(&same("1", 100.0), &same("2", 150.0));
    assert_eq!(word(&comparison, Metric::P50), Word::Regressed);
    assert_eq!(word(&verdict(&same("1", 150.0), &same("2", 100.0)), Metric::P50), Word::Improved);
    // Nothing lies between the sessions, but one session is one session.
    let change = verdict(&same("1", 100.0), &same("2", 100.0)).rows[0].figure(Metric::P50).unwrap().clone();
    assert_eq!((change.change, change.word), (Some(0.0), Word::Unchanged));
    // Below a microsecond nothing is known of them.
    let instant = verdict(&same("1", 0.0), &same("2", 0.0));
    assert_eq!(
        (word(&instant, Metric::P50), word(&instant, Metric::Rate)),
        (Word::Inconclusive, Word::Unchanged)
    );
}

#[test]
fn a_row_that_went_silent_has_regressed() {
    let mut silent = run_of("2", &[]);
    silent.series.push(SeriesSummary {
        method: "POST".to_owned(),
        name: "/a".to_owned(),
        circumstances: usual("1").series[0].circumstances.clone(),
        ..Default::default()
    });
    let comparison = verdict(&side(&usual("1")), &side(&silent));
    assert!(comparison.rows[0].is_silent());
    assert_eq!(word(&comparison, Metric::Rate), Word::Regressed);
    assert_eq!(comparison.rows[0].figure(Metric::Rate).unwrap().new, Some(0.0));
    assert_eq!(comparison.outcome(), Outcome::Regressed);
}

#[test]
fn nothing_compares_as_nothing() {
    let baseline = Baseline::of_run(side(&usual("1")));
    let comparison = compare(&baseline, &[], &Settings::default());
    assert_eq!((comparison.outcome(), comparison.rows.len()), (Outcome::NothingComparable, 0));
    let empty = verdict(&side(&usual("1")), &Side::default());
    assert_eq!(empty.outcome(), Outcome::NothingComparable);
    assert_eq!(empty.rows[0].state, RowState::Gone);
    let new = compare(&Baseline::default(), &[side(&usual("1"))], &Settings::default());
    assert_eq!((new.outcome(), &new.rows[0].state), (Outcome::NothingComparable, &RowState::New));
}

#[test]
fn a_limited_generator_leaves_nothing_but_failures_to_judge() {
    let mut slow = at("2", 1500.0, 2);
    (0..100).for_each(|_| slow.health.heartbeat.record(100_000));
    let comparison = verdict(&side(&usual("1")), &side(&slow));
    assert_eq!(comparison.outcome(), Outcome::GeneratorLimited);
    assert_eq!(word(&comparison, Metric::P50), Word::Inconclusive);
    let mut failed = failing("2", 2, "HTTP 500");
    failed.health = slow.health.clone();
    assert_eq!(verdict(&side(&usual("1")), &side(&failed)).outcome(), Outcome::Regressed);
    // A baseline that was stored by force is said to be doubtful.
    let notes = verdict(&side(&slow), &side(&usual("1"))).notes;
    assert!(notes[0].starts_with("the old run is doubtful: the generator was late"), "{notes:?}");
}

#[test]
fn an_unsteady_run_and_one_that_is_too_short_make_a_report_inconclusive() {
    let baseline = sessions(5, 180.0);
    let steady = side(&at("new", 181.0, 9));
    let with = |change: fn(&mut Side)| {
        let mut run = steady.clone();
        change(&mut run);
        compare(&baseline, &[run], &Settings::default())
    };
    assert_eq!(with(|_| {}).outcome(), Outcome::Unchanged);
    let unsteady = with(|run| run.unsteady = true);
    assert_eq!((unsteady.outcome(), &unsteady.doubts[..]), (Outcome::Inconclusive, &[Doubt::Unsteady][..]));
    let short = with(|run| run.short = true);
    assert_eq!((short.outcome(), &short.doubts[..]), (Outcome::Inconclusive, &[Doubt::TooShort][..]));
    // Red stays red.
    let mut slow = side(&at("new", 400.0, 9));
    slow.unsteady = true;
    assert_eq!(compare(&baseline, &[slow], &Settings::default()).outcome(), Outcome::Regressed);
    // Of the old side it is said.
    let mut old = steady.clone();
    old.unsteady = true;
    let notes = verdict(&old, &side(&usual("2"))).notes;
    assert_eq!(notes, ["the old run is doubtful: it never became steady"]);
}

#[test]
fn two_runs_of_one_session_are_judged_together() {
    let baseline = sessions(3, 180.0);
    let (slow, usual) = (side(&at("new", 206.0, 8)), side(&at("again", 181.0, 9)));
    let first = compare(&baseline, std::slice::from_ref(&slow), &Settings::default());
    assert_eq!(first.outcome(), Outcome::Regressed);
    let both = compare(&baseline, &[slow.clone(), usual.clone()], &Settings::default());
    assert_ne!(word(&both, Metric::P50), Word::Regressed);
    let figure = |comparison: &Comparison| comparison.rows[0].figure(Metric::P50).unwrap().new.unwrap();
    let alone = figure(&compare(&baseline, &[usual], &Settings::default()));
    assert!((figure(&both) - (figure(&first) * alone).sqrt()).abs() < 1e-9, "the mean of the logarithms");
    assert_eq!(both.rows[0].new_counts, Some((1200, 0)));
    assert_eq!(both.new, "run new and run again");
    let confirmed = compare(&baseline, &[slow, side(&at("again", 205.0, 9))], &Settings::default());
    assert_eq!(confirmed.outcome(), Outcome::Regressed);
}

#[test]
fn a_run_that_is_part_of_its_baseline_is_left_out_of_it() {
    let mut baseline = sessions(3, 180.0);
    let slow = side(&at("new", 300.0, 8));
    let mut session = Session { id: "new".to_owned(), joined: false, runs: vec![slow.clone()] };
    baseline.epochs[0].sessions.push(session.clone());
    let comparison = compare(&baseline, std::slice::from_ref(&slow), &Settings::default());
    let before = against(&sessions(3, 180.0), &at("new", 300.0, 8));
    assert_eq!(comparison.rows, before.rows);
    assert_eq!(comparison.method, Method::Stored { sessions: 3 });
    // Within a session too.
    session.runs.push(side(&at("later", 180.0, 9)));
    baseline.epochs[0].sessions[3] = session;
    let comparison = compare(&baseline, std::slice::from_ref(&slow), &Settings::default());
    assert_eq!(comparison.method, Method::Stored { sessions: 4 });
    // Where nothing else is there, it is said.
    let itself = verdict(&slow, &slow);
    assert_eq!(itself.notes, ["a run is compared with itself: the baseline has no other"]);
    assert_eq!(itself.rows[0].figure(Metric::P50).unwrap().change, Some(0.0));
}

#[test]
fn an_interrupted_run_says_so_and_how_long_it_lasted() {
    let mut interrupted = run_of("2", &spread("/a", 200, 20.0, 180.0, 2));
    interrupted.ending = Some(Ending::Interrupted);
    interrupted.elapsed = crate::clock::RunTime::from_duration(std::time::Duration::from_secs(20));
    let notes = verdict(&side(&usual("1")), &side(&interrupted)).notes;
    assert_eq!(notes, ["run 2 was interrupted after 20 s", "the run time changed: 60 s -> 20 s"]);
}

#[test]
fn tolerances_of_the_module_replace_the_standard_ones() {
    let slower = at("2", 240.0, 2);
    let with = |all, own: &[(&str, f64)]| {
        let own = own.iter().map(|(name, share)| ((*name).to_owned(), *share)).collect();
        let settings = Settings { tolerances: Tolerances::new(all, &own), noise: None };
        compare(&Baseline::of_run(side(&usual("1"))), &[side(&slower)], &settings)
    };
    assert_eq!(word(&with(None, &[]), Metric::P50), Word::Regressed);
    assert_eq!(word(&with(Some(0.5), &[]), Metric::P50), Word::Unchanged);
    assert_eq!(word(&with(Some(0.5), &[("p50", 0.05)]), Metric::P50), Word::Regressed);
    let own = [("p99".to_owned(), 0.5), ("failures".to_owned(), 0.02), ("p51".to_owned(), 0.9)];
    let rules = Tolerances::new(Some(0.2), &BTreeMap::from(own)).applied_to(Rules::default());
    assert_eq!((rules.floor.p50, rules.floor.p99, rules.floor.rate), (0.2, 0.5, 0.2));
    // That for all is one of latencies and throughput; failures have their own.
    assert!((rules.fail_floor - 0.02).abs() < 1e-12);
    let all = Tolerances::new(Some(0.2), &BTreeMap::new()).applied_to(Rules::default());
    assert!((all.fail_floor - Rules::default().fail_floor).abs() < 1e-12);
}

#[test]
fn noise_that_the_user_names_is_used_and_tails_are_judged_with_caution_before_that() {
    let with = |noise| {
        let settings = Settings { noise, ..Settings::default() };
        compare(&Baseline::of_run(side(&usual("1"))), &[side(&at("2", 200.0, 2))], &settings).rules
    };
    let usual = Rules::default();
    assert_eq!(with(Some(Noise::Normal)), usual);
    assert_eq!(with(None), usual.with_cautious_tails());
    assert!(with(Some(Noise::Noisy)).sigma.p50 > with(Some(Noise::Quiet)).sigma.p50);
}
