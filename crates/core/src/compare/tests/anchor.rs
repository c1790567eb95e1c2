//! The anchor: a creep that no single comparison sees.

use super::*;

/// The runs against which the anchor holds a candidate, by session.
fn anchored(lines: &[Line]) -> String {
    let baseline = Baseline::of_lines("x", lines);
    let name = |run: &&Side| run.run.clone().unwrap();
    let sessions: Vec<String> = baseline
        .anchor_runs()
        .iter()
        .map(|runs| format!("[{}]", runs.iter().map(name).collect::<Vec<_>>().join(" ")))
        .collect();
    assert_eq!(baseline.anchor_sessions().len(), sessions.len());
    sessions.concat()
}

#[test]
fn the_first_epoch_is_the_anchor() {
    let lines =
        [opening("r1", None), joining("r2", "r1"), opening("r3", Some("r1")), opening("r4", Some("r3"))];
    assert_eq!(anchored(&lines.map(of_run)), "[r1]");
}

#[test]
fn an_epoch_that_is_its_own_anchor_is_held_against_the_runs_that_founded_it() {
    let founding = of_run(opening("r1", None));
    let added = [of_run(other("r2")), add("r2", "r1")];
    let mut lines = vec![founding];
    assert_eq!(anchored(&lines), "", "there is nothing else");
    lines.extend(added);
    assert_eq!(anchored(&lines), "", "a session that somebody added is one of those");
    lines.push(of_run(joining("r3", "r1")));
    assert_eq!(anchored(&lines), "[r1][r2]");
    lines.extend([drop("r1"), drop("r2")]);
    assert_eq!(anchored(&lines), "", "nothing but what joined is left");
}

#[test]
fn runs_that_joined_within_a_founding_session_are_not_part_of_the_anchor() {
    let again = |id, minutes: i64| {
        with(joining(id, "r1"), |line| {
            line.session = Some("r1".to_owned());
            line.started = minute(60 + minutes);
        })
    };
    let lines = [opening("r1", None), again("r2", 20), again("r3", 40)].map(of_run);
    assert_eq!(state(&lines), "r1 [r1 r2* r3*] |  | r1");
    assert_eq!(anchored(&lines), "[r1]");
}

#[test]
fn the_mark_that_was_set_last_holds_as_long_as_there_is_evidence() {
    let mut lines: Vec<Line> =
        [opening("r1", None), opening("r2", Some("r1")), opening("r3", Some("r2"))].map(of_run).into();
    lines.extend([mark("r3"), mark("r2")]);
    assert_eq!((anchored(&lines).as_str(), state(&lines).ends_with("| r2")), ("[r2]", true));
    lines.push(drop("r2"));
    let baseline = Baseline::of_lines("x", &lines);
    assert_eq!(baseline.anchor.as_deref(), Some("r1"));
    assert_eq!(baseline.notes, ["the anchor r2 has no evidence any more: r1 is used instead"]);
    lines.push(mark("r3"));
    assert_eq!(anchored(&lines), "", "the current epoch adds nothing");
    assert_eq!(Baseline::of_lines("x", &lines).notes, [""; 0]);
}

#[test]
fn an_anchor_of_which_only_joined_runs_are_left_rests_on_them() {
    let mut lines: Vec<Line> =
        [opening("r1", None), joining("r2", "r1"), opening("r3", Some("r1"))].map(of_run).into();
    lines.push(drop("r1"));
    assert_eq!(anchored(&lines), "[r2]");
}

/// A line of a run around `ms`, an hour after the one before.
fn line(id: &str, ms: f64, seed: u32) -> RunLine {
    let RunLine { started, session, .. } = other(id);
    with(RunLine::from_record(&at(id, ms, seed)), |line| (line.started, line.session) = (started, session))
}

fn evidence(id: &str, ms: f64, seed: u32, epoch: &str, joined: bool) -> Line {
    of_run(with(line(id, ms, seed), |line| (line.epoch, line.joined) = (Some(epoch.to_owned()), joined)))
}

#[test]
fn a_creep_that_is_unchanged_since_the_baseline_is_red_since_the_anchor() {
    // Four per cent with every run, each of which joined.
    let mut lines: Vec<Line> =
        (1..4).map(|n| evidence(&format!("r{n}"), 100.0 + f64::from(n) / 10.0, n, "r1", false)).collect();
    lines.extend((4..10).map(|n| {
        let ms = 100.0 * 1.04_f64.powi(i32::try_from(n).unwrap() - 3);
        evidence(&format!("r{n}"), ms, n, "r1", true)
    }));
    let candidate = side(&at("new", 132.0, 10));
    let baseline = Baseline::of_lines("x", &lines);
    let comparison = compare(&baseline, std::slice::from_ref(&candidate), &Settings::default());
    assert_ne!(word(&comparison, Metric::P50), Word::Regressed);
    let anchor = comparison.anchor.as_deref().unwrap();
    assert_eq!(word(anchor, Metric::P50), Word::Regressed);
    assert_eq!((comparison.crept(), comparison.outcome()), (true, Outcome::Regressed));
    assert_eq!(anchor.old, "the anchor of 2025-01-31, 3 sessions");
    assert_eq!(anchor.method, Method::Stored { sessions: 3 });
}

#[test]
fn an_improvement_since_the_anchor_makes_nothing_of_an_unchanged_report() {
    let opened = with(line("r2", 100.0, 2), |line| {
        (line.epoch, line.parent) = (Some("r2".to_owned()), Some("r1".to_owned()));
    });
    let mut lines = vec![evidence("r1", 200.0, 1, "r1", false), of_run(opened)];
    lines.extend((3..7).map(|n| evidence(&format!("r{n}"), 100.0, n, "r2", true)));
    let baseline = Baseline::of_lines("x", &lines);
    let comparison = compare(&baseline, &[side(&at("new", 100.0, 8))], &Settings::default());
    let anchor = comparison.anchor.as_deref().unwrap();
    assert_eq!(word(anchor, Metric::P50), Word::Improved);
    assert_eq!((comparison.crept(), comparison.outcome()), (false, Outcome::Unchanged));
}
