//! Which runs were made on one occasion.

use super::*;
use crate::summary::line::Environment;

/// The session that a run gets which begins so many minutes after noon, after one of a minute at noon; its
/// environment and the earlier run changed.
fn session(minutes: i64, env: impl Fn(&mut Environment), run: impl Fn(&mut Side)) -> Option<String> {
    let mut earlier = Side::from_line(&other("r0"));
    let mut own = earlier.env.clone().unwrap();
    env(&mut own);
    run(&mut earlier);
    session_of(minute(minutes), &own, [earlier].iter())
}

const SAME: fn(&mut Environment) = |_| {};

#[test]
fn half_an_hour_without_a_run_ends_a_session() {
    let at = |minutes| session(minutes, SAME, |_| {}).as_deref() == Some("r0");
    // The earlier one ended a minute after noon.
    assert!(at(2) && at(31) && !at(32) && !at(600));
    let long = |minutes| session(minutes, SAME, |run| run.ended = Some(minute(300))).is_some();
    assert!(long(5) && long(330) && !long(331), "it counts from the end");
}

#[test]
fn another_machine_boot_url_or_build_is_another_occasion() {
    assert_eq!(session(2, |env| env.host = "other".to_owned(), |_| {}), None);
    assert_eq!(session(2, |env| env.boot = "again".to_owned(), |_| {}), None);
    assert_eq!(session(2, |env| env.target = "http://elsewhere".to_owned(), |_| {}), None);
    let build = |own: Option<&str>, earlier: Option<&str>| {
        let text = |build: Option<&str>| build.map(str::to_owned);
        let set = |run: &mut Side| run.env.as_mut().unwrap().build = text(earlier);
        session(2, |env| env.build = text(own), set).is_some()
    };
    assert!(!build(Some("b"), Some("a")));
    // What is not known makes no difference: less evidence rather than more.
    assert!(build(Some("b"), Some("b")) && build(Some("b"), None) && build(None, Some("a")));
}

#[test]
fn the_nearest_run_decides_and_its_session_goes_on() {
    let run = |id: &str, minutes: i64, session: &str| {
        with(legacy(id), |line| (line.started, line.session) = (minute(minutes), Some(session.to_owned())))
    };
    let runs =
        [run("r1", 0, "r1"), run("r2", 25, "r1"), run("r3", 60, "r3")].map(|line| Side::from_line(&line));
    let env = runs[0].env.clone().unwrap();
    let at = |minutes, runs: &[Side]| session_of(minute(minutes), &env, runs.iter());
    // As far as the first run is concerned it would be another occasion.
    assert_eq!(at(50, &runs[..2]).as_deref(), Some("r1"));
    assert_eq!(at(62, &runs).as_deref(), Some("r3"));
    assert_eq!(at(92, &runs), None);
}

#[test]
fn a_run_of_an_older_version_is_a_session_of_its_own() {
    let runs = [Side::from_line(&legacy("r0"))];
    let env = runs[0].env.clone().unwrap();
    assert_eq!(session_of(minute(3), &env, runs.iter()).as_deref(), Some("r0"));
}

#[test]
fn after_a_clock_was_set_back_it_counts_as_one_occasion() {
    let at = |minutes| session(minutes, SAME, |_| {}).is_some();
    assert!(at(-5) && at(-120) && at(-24 * 60));
    // A date that was wrong by years must not swallow whatever comes.
    assert!(!at(-24 * 60 - 1));
    let boot = |env: &mut Environment| env.boot = "again".to_owned();
    assert_eq!(session(-5, boot, |_| {}), None);
}

#[test]
fn a_csv_belongs_to_no_session() {
    let csv = as_csv(&usual("1"), "a.csv");
    assert_eq!(session_of(minute(0), &Environment::default(), [csv].iter()), None);
}

#[test]
fn runs_of_one_session_are_kept_together_in_the_order_of_time() {
    let of = |id: &str, session: &str| {
        let (epoch, session) = (Some("r1".to_owned()), Some(session.to_owned()));
        with(legacy(id), |line| (line.epoch, line.session) = (epoch, session))
    };
    let lines = [of("r4", "r2"), of("r3", "r3"), of("r2", "r2"), of("r1", "r1")].map(of_run);
    assert_eq!(state(&lines), "r1 [r1][r2 r4][r3] |  | r1");
}
