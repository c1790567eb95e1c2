//! The life of a baseline: what the lines of a runs file come to.

use super::*;
use crate::summary::line::LineEnding;

fn runs(lines: impl IntoIterator<Item = RunLine>) -> Vec<Line> {
    lines.into_iter().map(of_run).collect()
}

#[test]
fn no_lines_are_no_baseline() {
    assert_eq!(state(&[]), " |  | none");
    let baseline = Baseline::of_lines("x", &[]);
    assert_eq!((baseline.current(), baseline.newest(), baseline.title()), (None, None, "x".to_owned()));
}

#[test]
fn of_lines_that_know_no_epochs_the_newest_run_counts() {
    assert_eq!(state(&runs([legacy("r2"), legacy("r3"), legacy("r1")])), "r3 [r3] | r1 r2 | r3");
}

#[test]
fn an_inconclusive_run_does_not_displace_a_baseline_of_an_older_version() {
    assert_eq!(state(&runs([legacy("r1"), other("r2")])), "r1 [r1] | r2 | r1");
    // Without any evidence it is better than nothing.
    assert_eq!(state(&runs([other("r1"), other("r2")])), "r2 [r2] | r1 | r2");
}

#[test]
fn a_run_of_an_older_version_stays_evidence_when_others_refer_to_it() {
    let joined = runs([legacy("r1"), legacy("r2"), joining("r3", "r2")]);
    assert_eq!(state(&joined), "r2 [r2][r3*] | r1 | r2");
    let followed = runs([legacy("r1"), legacy("r2"), opening("r3", Some("r2"))]);
    assert_eq!(state(&followed), "r2 [r2], r3 [r3] | r1 | r2");
    let mut added = runs([legacy("r1"), legacy("r2")]);
    added.push(add("r1", "r2"));
    assert_eq!(state(&added), "r2 [r1][r2] |  | r2");
    let mut marked = runs([legacy("r1"), legacy("r2")]);
    marked.push(mark("r2"));
    assert_eq!(state(&marked), "r2 [r2] | r1 | r2");
}

#[test]
fn dropping_the_baseline_of_an_older_version_brings_back_the_one_before() {
    let mut lines = runs([legacy("r1"), legacy("r2"), legacy("r3")]);
    lines.push(drop("r3"));
    assert_eq!(state(&lines), "r2 [r2] | r1 r3 | r2");
    lines.extend([drop("r2"), drop("r1")]);
    assert_eq!(state(&lines), " | r1 r2 r3 | none");
}

#[test]
fn epochs_follow_each_other_by_their_parents() {
    let lines = runs([
        opening("r1", None),
        joining("r2", "r1"),
        opening("r3", Some("r1")),
        opening("r4", Some("r3")),
        joining("r5", "r4"),
    ]);
    assert_eq!(state(&lines), "r1 [r1][r2*], r3 [r3], r4 [r4][r5*] |  | r1");
    let baseline = Baseline::of_lines("x", &lines);
    assert_eq!(baseline.current().unwrap().parent.as_deref(), Some("r3"));
    assert_eq!((baseline.notes, baseline.rivals), (Vec::<String>::new(), Vec::<String>::new()));
}

#[test]
fn a_clock_that_was_set_back_does_not_bring_back_an_old_epoch() {
    let late = with(opening("r2", Some("r1")), |line| line.started = minute(-6000));
    assert_eq!(state(&runs([opening("r1", None), late.clone()])), "r1 [r1], r2 [r2] |  | r1");
    let joined = with(joining("r3", "r2"), |line| line.started = minute(-9000));
    let lines = runs([opening("r1", None), late, joined]);
    assert_eq!(state(&lines), "r1 [r1], r2 [r3*][r2] |  | r1");
}

#[test]
fn a_run_that_is_there_twice_counts_once() {
    let lines = runs([opening("r1", None), joining("r2", "r1"), opening("r1", None), joining("r2", "r1")]);
    assert_eq!(state(&lines), "r1 [r1][r2*] |  | r1");
    let (evidence, not) = (opening("r1", None), other("r1"));
    for lines in [[evidence.clone(), not.clone()], [not, evidence]] {
        assert_eq!(state(&runs(lines)), "r1 [r1] |  | r1");
    }
}

#[test]
fn an_interrupted_run_is_nothing_whatever_is_decided_about_it() {
    let interrupted = with(opening("r2", Some("r1")), |line| line.ending = LineEnding::Interrupted);
    let mut lines = runs([opening("r1", None), interrupted]);
    assert_eq!(state(&lines), "r1 [r1] |  | r1");
    lines.push(accept("r2", "r2", Some("r1")));
    assert_eq!(state(&lines), "r1 [r1] |  | r1");
}

#[test]
fn an_inconclusive_run_is_evidence_once_it_is_added() {
    let mut lines = runs([opening("r1", None), other("r2")]);
    assert_eq!(state(&lines), "r1 [r1] | r2 | r1");
    lines.push(add("r2", "r1"));
    assert_eq!(state(&lines), "r1 [r1][r2] |  | r1");
}

#[test]
fn the_last_decision_about_a_run_holds() {
    let mut lines = runs([opening("r1", None), joining("r2", "r1")]);
    lines.push(drop("r2"));
    assert_eq!(state(&lines), "r1 [r1] | r2* | r1");
    // It is evidence now because somebody said so, and not by itself.
    lines.push(add("r2", "r1"));
    assert_eq!(state(&lines), "r1 [r1][r2] |  | r1");
    lines.push(drop("r2"));
    assert_eq!(state(&lines), "r1 [r1] | r2* | r1");
}

#[test]
fn an_accepted_run_opens_an_epoch() {
    let mut lines = runs([opening("r1", None), other("r2")]);
    lines.push(accept("r2", "r2", Some("r1")));
    assert_eq!(state(&lines), "r1 [r1], r2 [r2] |  | r1");
    let opened = Baseline::of_lines("x", &lines).current().unwrap().opened;
    assert_eq!(opened, Some(minute(600)), "when it was accepted, not when it was made");
}

#[test]
fn dropping_the_only_run_of_an_epoch_makes_its_parent_current_again() {
    let mut lines = runs([opening("r1", None), opening("r2", Some("r1")), opening("r3", Some("r2"))]);
    lines.push(drop("r3"));
    assert_eq!(state(&lines), "r1 [r1], r2 [r2] | r3 | r1");
    lines.push(drop("r2"));
    assert_eq!(state(&lines), "r1 [r1] | r2 r3 | r1");
    // Without evidence there is no baseline, although there are runs: they were all decided about.
    lines.push(drop("r1"));
    assert_eq!(state(&lines), " | r1 r2 r3 | none");
}

#[test]
fn an_epoch_in_the_middle_that_lost_its_evidence_still_links_the_others() {
    let mut lines = runs([opening("r1", None), opening("r2", Some("r1")), opening("r3", Some("r2"))]);
    lines.push(drop("r2"));
    assert_eq!(state(&lines), "r1 [r1], r3 [r3] | r2 | r1");
    assert_eq!(Baseline::of_lines("x", &lines).rivals, [""; 0]);
}

#[test]
fn an_old_run_that_is_accepted_again_opens_an_epoch_of_another_id() {
    let mut lines = runs([opening("r1", None), opening("r2", Some("r1"))]);
    let baseline = Baseline::of_lines("x", &lines);
    assert_eq!((baseline.epoch_id("r1"), baseline.epoch_id("r9")), ("r1-2".to_owned(), "r9".to_owned()));
    lines.extend(baseline.accepting("r1", minute(600)).into_iter().map(Line::Change));
    assert_eq!(state(&lines), "r2 [r2], r1-2 [r1] |  | r2");
    let baseline = Baseline::of_lines("x", &lines);
    assert_eq!(baseline.current().unwrap().parent.as_deref(), Some("r2"));
    assert_eq!(baseline.epoch_id("r1"), "r1-3");
}

#[test]
fn a_run_of_an_epoch_that_moves_on_leaves_the_others_behind() {
    let mut lines = runs([opening("r1", None), joining("r2", "r1"), joining("r3", "r1")]);
    lines.push(accept("r2", "r2", Some("r1")));
    assert_eq!(state(&lines), "r1 [r1][r3*], r2 [r2] |  | r1");
}

#[test]
fn accepting_a_run_of_nothing_opens_the_first_epoch() {
    let lines = Baseline::of_lines("x", &[]).accepting("r1", minute(0));
    let expected = Change::Accept { run: "r1".to_owned(), epoch: "r1".to_owned(), parent: None };
    assert_eq!(lines.into_iter().map(|line| line.change).collect::<Vec<_>>(), [expected]);
}

#[test]
fn a_circle_of_parents_ends() {
    let lines = runs([opening("r1", Some("r3")), opening("r2", Some("r1")), opening("r3", Some("r2"))]);
    assert_eq!(state(&lines), "r1 [r1], r2 [r2], r3 [r3] |  | r3");
    let own = runs([opening("r1", Some("r1"))]);
    assert_eq!(state(&own), "r1 [r1] |  | r1");
    // Behind a circle there is an end.
    let behind = runs([opening("r1", Some("r2")), opening("r2", Some("r1")), opening("r3", Some("r2"))]);
    assert!(state(&behind).starts_with("r1 [r1], r2 [r2], r3 [r3] | "), "{}", state(&behind));
}

#[test]
fn decisions_about_what_is_not_there_change_nothing() {
    let mut lines = runs([opening("r1", None)]);
    lines.extend([add("r8", "r1"), accept("r9", "r9", Some("r1")), drop("r7"), mark("r6")]);
    assert_eq!(state(&lines), "r1 [r1] |  | r1");
    let orphan = runs([opening("r2", Some("r1"))]);
    assert_eq!(state(&orphan), "r2 [r2] |  | r2");
    let alone = vec![of_run(other("r1")), add("r1", "nobody")];
    assert_eq!(state(&alone), "nobody [r1] |  | nobody");
}

#[test]
fn the_title_says_how_much_evidence_there_is() {
    let title = |lines: &[Line]| Baseline::of_lines("results/x_runs.jsonl", lines).title();
    let mut lines = runs([opening("r1", None)]);
    assert_eq!(title(&lines), "results/x_runs.jsonl, run r1, 2025-01-31 13:00 UTC");
    lines.push(of_run(with(joining("r2", "r1"), |line| line.started = minute(3000))));
    assert_eq!(title(&lines), "results/x_runs.jsonl, 2 sessions from 2025-01-31 to 2025-02-02 14:00 UTC");
}
