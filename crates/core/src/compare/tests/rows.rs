//! Which rows belong together, which may be compared, and what is said about the rest.

use std::time::Duration;

use super::*;

fn rows_of(id: &str, rows: &[(&str, u32)]) -> RunRecord {
    let ended: Vec<Ended> =
        rows.iter().flat_map(|(name, seed)| spread(name, 100, SECONDS, 100.0, *seed)).collect();
    run_of(id, &ended)
}

fn states(comparison: &Comparison) -> Vec<(String, RowState)> {
    comparison.rows.iter().map(|row| (row.title(), row.state.clone())).collect()
}

#[test]
fn rows_are_paired_by_method_and_name_and_the_others_are_named() {
    let old = rows_of("1", &[("/a", 1), ("/gone", 2)]);
    let mut new = spread("/new", 100, SECONDS, 100.0, 3);
    new.extend(spread("/a", 100, SECONDS, 100.0, 4));
    let get = spread("/a", 30, SECONDS, 100.0, 4).into_iter();
    new.extend(get.map(|request| Ended { method: "GET".to_owned(), ..request }));
    let comparison = verdict(&side(&old), &side(&run_of("2", &new)));
    let expected = [
        ("POST /new", RowState::New),
        ("POST /a", RowState::Compared),
        ("GET /a", RowState::New),
        ("POST /gone", RowState::Gone),
    ];
    assert_eq!(states(&comparison), expected.map(|(name, state)| (name.to_owned(), state)));
    // What is on one side only stands between the report and a clear verdict.
    assert!(comparison.doubts.contains(&Doubt::Unpaired));
    assert_eq!(comparison.outcome(), Outcome::Inconclusive);
    let counts: Vec<_> = comparison.rows.iter().map(|row| (row.old_counts, row.new_counts)).collect();
    assert_eq!(counts[1], (Some((100, 0)), Some((100, 0))));
    assert_eq!((counts[0].0, counts[3]), (None, (Some((100, 0)), None)));
}

#[test]
fn all_rows_together_are_compared_only_where_every_row_is() {
    let old = side(&rows_of("1", &[("/a", 1), ("/b", 2)]));
    let names =
        |new: &Side| states(&verdict(&old, new)).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
    let same = rows_of("2", &[("/a", 3), ("/b", 4)]);
    assert_eq!(names(&side(&same)), ["POST /a", "POST /b", "Aggregated"]);
    assert_eq!(
        names(&side(&rows_of("2", &[("/a", 3), ("/b", 4), ("/c", 5)]))),
        ["POST /a", "POST /b", "POST /c"]
    );
    assert_eq!(names(&side(&rows_of("2", &[("/a", 3)]))), ["POST /a", "POST /b"]);
    let mut other = same.clone();
    other.series[1].circumstances.insert("users".to_owned(), "4".to_owned());
    assert_eq!(names(&side(&other)), ["POST /a", "POST /b"]);
    // With a CSV on a side they are not: nobody keeps its sum true.
    assert_eq!(names(&as_csv(&same, "b.csv")), ["POST /a", "POST /b"]);
    // One row is the total.
    let one = verdict(&side(&usual("1")), &side(&usual("2")));
    assert_eq!(one.rows.len(), 1);
}

#[test]
fn rows_with_other_circumstances_are_not_compared_and_say_why() {
    let mut other = usual("2");
    other.series[0].circumstances.insert("users".to_owned(), "4".to_owned());
    other.series[0].circumstances.insert("fixed".to_owned(), "1".to_owned());
    let comparison = verdict(&side(&usual("1")), &side(&other));
    let difference = |what: &str, old: &str, new: &str| Difference {
        what: what.to_owned(),
        old: old.to_owned(),
        new: new.to_owned(),
    };
    let expected = vec![difference("fixed", "none", "1"), difference("users", "2", "4")];
    assert_eq!(comparison.rows[0].state, RowState::NotComparable(expected));
    assert_eq!(comparison.outcome(), Outcome::NothingComparable);
}

#[test]
fn the_simulator_is_never_compared_with_a_real_server() {
    let mut simulated = usual("2");
    simulated.header.simulated = true;
    for (old, new) in [(&usual("1"), &simulated), (&simulated, &usual("1"))] {
        let comparison = verdict(&side(old), &side(new));
        assert_eq!(comparison.outcome(), Outcome::NothingComparable);
        let RowState::NotComparable(differences) = &comparison.rows[0].state else { panic!() };
        assert_eq!(differences[0].what, "server");
    }
    let mut again = simulated.clone();
    again.header.id = "3".to_owned();
    assert_eq!(verdict(&side(&simulated), &side(&again)).rows[0].state, RowState::Compared);
}

/// The notes of a run of `usual` that was changed against one that was not.
fn notes(change: impl Fn(&mut RunRecord)) -> Vec<String> {
    let mut other = usual("2");
    change(&mut other);
    verdict(&side(&usual("1")), &side(&other)).notes
}

#[test]
fn what_changed_around_the_rows_is_said_and_they_are_compared_all_the_same() {
    assert_eq!(notes(|_| {}), [""; 0]);
    assert_eq!(
        notes(|run| run.header.run_time = Some(Duration::from_secs(65))),
        [""; 0],
        "within ten per cent"
    );
    let run_time = notes(|run| run.header.run_time = Some(Duration::from_secs(67)));
    assert_eq!(run_time, ["the run time changed: 60 s -> 67 s"]);
    let rate = notes(|run| run.header.spawn_rate = 0.5);
    assert_eq!(rate, ["the spawn rate changed: 10 -> 0.5 users a second"]);
    let machine = notes(|run| {
        run.header.machine.host = "ci-7".to_owned();
        run.header.machine.tool = "0.2.0".to_owned();
        run.header.build = Some("f00".to_owned());
        run.header.seed = 2;
    });
    assert_eq!(
        machine,
        [
            "the machine that makes the load changed: bench -> ci-7",
            "the version of windtunnel changed: 0.1.0 -> 0.2.0",
            "the seed changed: 1 -> 2"
        ],
        "a build that was not named before is no change"
    );
    let variables = notes(|run| {
        run.header.variables.insert("MODEL_NAME".to_owned(), "gemma2".into());
        run.header.variables.insert("MAX".to_owned(), 7.into());
    });
    assert_eq!(
        variables,
        ["the variable MAX changed: none -> 7", "the variable MODEL_NAME changed: none -> gemma2"]
    );
    let mut other = usual("2");
    other.series[0].data = "d2".to_owned();
    let comparison = verdict(&side(&usual("1")), &side(&other));
    assert!(comparison.rows[0].data_changed && comparison.rows[0].state == RowState::Compared);
}

#[test]
fn a_simulator_on_another_port_is_no_other_base_url() {
    let moved = |run: &mut RunRecord| run.header.target = "http://127.0.0.1:9".to_owned();
    assert_eq!(notes(moved), ["the base URL changed: http://localhost:8080 -> http://127.0.0.1:9"]);
    let simulated = |id: &str, target: &str| {
        let mut run = usual(id);
        run.header.simulated = true;
        target.clone_into(&mut run.header.target);
        side(&run)
    };
    assert_eq!(verdict(&simulated("1", "http://a"), &simulated("2", "http://b")).notes, [""; 0]);
}

#[test]
fn other_modules_beside_a_run_are_said() {
    let mut beside = usual("1");
    beside.header.together = vec!["langid".to_owned(), "readability".to_owned()];
    let notes = |old: &RunRecord, new: &RunRecord| verdict(&side(old), &side(new)).notes;
    assert_eq!(
        notes(&usual("2"), &beside),
        ["the modules that ran beside it changed: none -> langid, readability"]
    );
    assert_eq!(
        notes(&beside, &usual("2")),
        ["the modules that ran beside it changed: langid, readability -> none"]
    );
}

#[test]
fn a_drift_within_a_run_is_said() {
    let mut drifting = side(&usual("1"));
    let line = with(RunLine::from_record(&usual("1")), |line| {
        (line.cut.drift, line.cut.drifting) = (Some(0.1), true);
    });
    drifting.notes = Side::from_line(&line).notes;
    let text = "run 1 drifted: latencies of its last third were +11 % off those before";
    assert_eq!(verdict(&drifting, &side(&usual("2"))).notes, [text]);
}

#[test]
fn a_run_and_its_own_csv_have_the_same_run_time() {
    // The last response came after the run time, as a slow one does; a CSV knows of nothing else.
    let mut late = run_of("1", &spread("/a", 600, 2.0 * SECONDS, 180.0, 1));
    late.header.run_time = Some(Duration::from_secs(60));
    let csv = as_csv(&late, "a");
    for (old, new) in [(side(&late), csv.clone()), (csv, side(&late))] {
        let notes = verdict(&old, &new).notes;
        assert!(notes.iter().all(|note| !note.contains("run time")), "{notes:?}");
    }
    let csv = as_csv(&run_of("1", &spread("/a", 200, 20.0, 180.0, 1)), "a");
    let notes = verdict(&csv, &side(&usual("2"))).notes;
    assert_eq!(notes[0], "the run time changed: 20 s -> 60 s");
}
