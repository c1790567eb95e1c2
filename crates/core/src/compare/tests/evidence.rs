//! What stored sessions know about a row: sessions in which it may not be compared are left out.

use windtunnel_stats::verdict::Parts;

use super::*;

/// An epoch of one session a run, oldest first, an hour apart.
fn epoch(runs: &[RunRecord]) -> Baseline {
    let lines = runs.iter().enumerate().map(|(n, run)| {
        let line = with(RunLine::from_record(run), |line| {
            line.started = minute(60 * i64::try_from(n).unwrap());
            (line.session, line.epoch) = (Some(line.run.clone()), Some("e".to_owned()));
        });
        of_run(line)
    });
    Baseline::of_lines("x", &lines.collect::<Vec<_>>())
}

fn compared(runs: &[RunRecord], new: &RunRecord) -> Comparison {
    compare(&epoch(runs), &[side(new)], &Settings::default())
}

/// How many sessions of the epoch a row was compared with.
fn sessions(comparison: &Comparison, row: &str) -> usize {
    let row = comparison.rows.iter().find(|other| other.name == row).unwrap();
    let change = row.figure(Metric::Rate).unwrap().judged.as_ref().unwrap().change.unwrap();
    let Parts::Stored { sessions, .. } = change.parts else { panic!("{change:?}") };
    sessions
}

fn two_rows(id: &str) -> RunRecord {
    let mut ended = spread("/a", 100, SECONDS, 100.0, 1);
    ended.extend(spread("/b", 100, SECONDS, 100.0, 2));
    run_of(id, &ended)
}

fn one_row(id: &str) -> RunRecord {
    run_of(id, &spread("/a", 100, SECONDS, 100.0, 3))
}

fn with_users(mut run: RunRecord, users: &str) -> RunRecord {
    run.series[0].circumstances.insert("users".to_owned(), users.to_owned());
    run
}

#[test]
fn a_row_that_is_in_some_sessions_only_is_compared_with_those() {
    let comparison = compared(&[one_row("1"), two_rows("2"), two_rows("3")], &two_rows("new"));
    assert_eq!((sessions(&comparison, "/a"), sessions(&comparison, "/b")), (3, 2));
    // All of them together were measured in two.
    assert_eq!(sessions(&comparison, "Aggregated"), 2);
    // Also where the newest session does not have it.
    let comparison = compared(&[two_rows("1"), one_row("2")], &two_rows("new"));
    assert_eq!((sessions(&comparison, "/a"), sessions(&comparison, "/b")), (2, 1));
    assert!(!comparison.doubts.contains(&Doubt::Unpaired));
    assert_eq!(comparison.rows[1].old_counts, Some((100, 0)));
}

#[test]
fn a_row_that_the_newest_session_has_lost_already_is_not_gone() {
    let comparison = compared(&[two_rows("1"), one_row("2")], &one_row("new"));
    assert_eq!(comparison.rows.iter().map(|row| row.name.as_str()).collect::<Vec<_>>(), ["/a"]);
    let comparison = compared(&[one_row("1"), two_rows("2")], &one_row("new"));
    assert_eq!(comparison.rows[1].state, RowState::Gone);
}

#[test]
fn sessions_under_other_circumstances_are_left_out() {
    let stored = [with_users(one_row("1"), "9"), one_row("2"), with_users(one_row("3"), "9")];
    assert_eq!(sessions(&compared(&stored, &one_row("new")), "/a"), 1);
    assert_eq!(sessions(&compared(&stored, &with_users(one_row("new"), "9")), "/a"), 2);
    // Where none is left, the newest one says what differs.
    let comparison = compared(&stored, &with_users(one_row("new"), "5"));
    let expected = Difference { what: "users".to_owned(), old: "9".to_owned(), new: "5".to_owned() };
    assert_eq!(comparison.rows[0].state, RowState::NotComparable(vec![expected]));
}

#[test]
fn sessions_of_the_simulator_are_left_out_of_what_a_real_server_is_compared_with() {
    let mut simulated = one_row("1");
    simulated.header.simulated = true;
    assert_eq!(sessions(&compared(&[simulated.clone(), one_row("2")], &one_row("new")), "/a"), 1);
    simulated.header.id = "3".to_owned();
    assert_eq!(sessions(&compared(&[one_row("2"), simulated], &one_row("new")), "/a"), 1);
}

#[test]
fn data_of_the_newest_session_that_is_compared_tells_whether_it_changed() {
    let mut changed = one_row("2");
    changed.series[0].data = "d2".to_owned();
    assert!(!compared(&[changed.clone(), one_row("3")], &one_row("new")).rows[0].data_changed);
    assert!(compared(&[one_row("1"), changed], &one_row("new")).rows[0].data_changed);
}

#[test]
fn the_spread_of_other_epochs_counts_and_their_level_does_not() {
    let line = |id: &str, ms: f64, epoch: &str, parent: Option<&str>| {
        let RunLine { started, session, .. } = other(id);
        let run = RunLine::from_record(&run_of(id, &spread("/a", 100, SECONDS, ms, 1)));
        of_run(with(run, |line| {
            (line.started, line.session) = (started, session);
            (line.epoch, line.parent) = (Some(epoch.to_owned()), parent.map(str::to_owned));
        }))
    };
    let lines =
        [line("r1", 50.0, "r1", None), line("r2", 60.0, "r1", None), line("r3", 100.0, "r3", Some("r1"))];
    let run = [side(&run_of("new", &spread("/a", 100, SECONDS, 101.0, 2)))];
    let comparison = compare(&Baseline::of_lines("x", &lines), &run, &Settings::default());
    let change = comparison.rows[0].figure(Metric::P50).unwrap().judged.as_ref().unwrap().change.unwrap();
    assert!(change.difference.abs() < 0.05, "{change:?}");
    let Parts::Stored { sessions, freedom, squares, .. } = change.parts else { panic!() };
    assert_eq!(sessions, 1);
    assert!(
        (freedom - 1.0).abs() < 1e-12 && (squares - 1.2_f64.ln().powi(2) / 2.0).abs() < 1e-3,
        "{change:?}"
    );
    // Against the anchor it is the other way round.
    let anchor = comparison.anchor.unwrap();
    let change = anchor.rows[0].figure(Metric::P50).unwrap().judged.as_ref().unwrap().change.unwrap();
    let Parts::Stored { sessions, freedom, .. } = change.parts else { panic!() };
    assert_eq!((sessions, freedom), (2, 1.0));
}

#[test]
fn a_baseline_of_a_part_of_the_rows_loses_its_sum() {
    let mut baseline = epoch(&[two_rows("1"), two_rows("2")]);
    assert_eq!(baseline.keep_rows(|row| row.name == "/a"), ["POST /b"]);
    let comparison = compare(&baseline, &[side(&one_row("new"))], &Settings::default());
    assert_eq!(comparison.rows.len(), 1);
    assert_eq!(sessions(&comparison, "/a"), 2);
    assert_eq!(baseline.keep_rows(|_| true), [""; 0]);
}
