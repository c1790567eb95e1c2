//! Sides from everywhere, and what a comparison of them says.

use std::fs;
use std::path::Path;
use std::time::Duration;

use windtunnel_stats::Compat;

use super::locust_csv::read_stats_csv;
use super::*;
use crate::clock::RunTime;
use crate::error::Problem;
use crate::summary::line::RunLine;
use crate::summary::line::fixture::{Ended, header, record, spread};
use crate::summary::{Ending, RunRecord, SeriesSummary};

const SECONDS: f64 = 60.0;

fn run_of(id: &str, ended: &[Ended]) -> RunRecord {
    record(header(id), SECONDS, ended)
}

/// 600 requests of `/a` around 180 ms.
fn baseline() -> RunRecord {
    run_of("1", &spread("/a", 600, SECONDS, 180.0, 1))
}

fn side(record: &RunRecord) -> Side {
    Side::from_record(record)
}

fn verdict(old: &Side, new: &Side) -> Comparison {
    compare(old, new, &Tolerances::default())
}

fn word(comparison: &Comparison, metric: Metric) -> Word {
    comparison.rows[0].metrics.iter().find(|change| change.metric == metric).unwrap().word.clone()
}

/// What Locust would have left of a record.
fn as_csv(record: &RunRecord, path: &str) -> Side {
    // `compare` must not know `output`: the columns that count, written by hand.
    let mut text = String::from(
        "Type,Name,Request Count,Failure Count,Median Response Time,Average Response Time,Min Response Time,Max Response \
         Time,Average Content Size,Requests/s,Failures/s,50%,66%,75%,80%,90%,95%,98%,99%,99.9%,99.99%,100%\r\n",
    );
    for row in &record.series {
        let times = &row.times;
        let (min, max) = (times.min_ms().unwrap_or(0.0), times.max_ms().unwrap_or(0.0));
        let rate = row.requests as f64 / record.locust_seconds();
        let median = times.median(Compat::V2_47).ms().unwrap_or(0.0);
        let start = format!("{},{},{},{},{median},", row.method, row.name, row.requests, row.failures);
        let middle = format!("{},{min},{max},10.0,{rate},0.0", times.average_ms());
        let percentiles = [0.5, 0.66, 0.75, 0.8, 0.9, 0.95, 0.98, 0.99, 0.999, 0.9999, 1.0]
            .map(|p| times.percentile(p).map_or("N/A".to_owned(), |ms| ms.to_string()))
            .join(",");
        text += &[&start, &middle, ",", &percentiles, "\r\n"].concat();
    }
    text.push_str(",Aggregated,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1\r\n");
    read_stats_csv(Path::new(path), &text).unwrap()
}

#[test]
fn a_run_eight_times_slower_has_regressed_in_every_latency() {
    let slow = run_of("2", &spread("/a", 600, SECONDS, 1500.0, 2));
    let comparison = verdict(&side(&baseline()), &side(&slow));
    for metric in [Metric::Average, Metric::P50, Metric::P95] {
        assert_eq!(word(&comparison, metric), Word::Regressed);
    }
    assert_eq!(word(&comparison, Metric::Rate), Word::Unchanged);
    assert_eq!(comparison.outcome(), Outcome::Regressed);
    assert_eq!(verdict(&side(&slow), &side(&baseline())).outcome(), Outcome::Improved);
}

#[test]
fn a_server_that_only_fails_does_not_look_fast_beside_a_csv() {
    let fast_failures: Vec<Ended> =
        spread("/a", 1200, SECONDS, 2.0, 2).into_iter().map(|ended| ended.failed("HTTP 500")).collect();
    let comparison = verdict(&as_csv(&baseline(), "a"), &side(&run_of("2", &fast_failures)));
    assert_eq!(word(&comparison, Metric::Failures), Word::Regressed);
    for metric in [Metric::Average, Metric::P50, Metric::P95, Metric::Rate] {
        assert!(matches!(word(&comparison, metric), Word::NotJudged(_)), "{metric}");
    }
    // Where the failures did not grow, a faster answer is one.
    let faster = run_of("2", &spread("/a", 600, SECONDS, 90.0, 2));
    assert_eq!(word(&verdict(&as_csv(&baseline(), "a"), &side(&faster)), Metric::P50), Word::Improved);
}

#[test]
fn the_same_against_a_csv_of_locust_says_the_same() {
    let slow = run_of("2", &spread("/a", 600, SECONDS, 1500.0, 2));
    let old = as_csv(&baseline(), "results/a_stats.csv");
    let comparison = verdict(&old, &side(&slow));
    assert_eq!((comparison.basis, comparison.outcome()), (Basis::WholeRun, Outcome::Regressed));
    let both = verdict(&old, &as_csv(&slow, "results/b_stats.csv"));
    assert_eq!(both.outcome(), Outcome::Regressed);
    assert_eq!(word(&both, Metric::P95), Word::Regressed);
    assert_eq!(verdict(&as_csv(&slow, "b"), &old).outcome(), Outcome::Improved);
}

#[test]
fn halved_throughput_has_regressed_and_doubled_throughput_has_improved() {
    let half = run_of("2", &spread("/a", 300, SECONDS, 180.0, 2));
    for (old, new) in [(side(&baseline()), side(&half)), (as_csv(&baseline(), "a"), as_csv(&half, "b"))] {
        let comparison = verdict(&old, &new);
        assert_eq!(word(&comparison, Metric::Rate), Word::Regressed);
        assert_eq!(word(&comparison, Metric::P50), Word::Unchanged);
        assert_eq!(comparison.outcome(), Outcome::Regressed);
        assert_eq!(verdict(&new, &old).outcome(), Outcome::Improved);
    }
}

#[test]
fn the_same_server_twice_is_unchanged_whatever_the_sides_were_read_from() {
    let again = run_of("2", &spread("/a", 600, SECONDS, 182.0, 7));
    let (old, new) = (baseline(), again);
    for old in [side(&old), as_csv(&old, "a")] {
        for new in [side(&new), as_csv(&new, "b")] {
            assert_eq!(verdict(&old, &new).outcome(), Outcome::Unchanged);
        }
    }
}

fn all_failed(record_id: &str) -> RunRecord {
    let ended: Vec<Ended> =
        spread("/a", 600, SECONDS, 180.0, 3).into_iter().map(|request| request.failed("HTTP 500")).collect();
    run_of(record_id, &ended)
}

#[test]
fn failures_that_were_not_there_have_regressed_and_are_not_covered() {
    let comparison = verdict(&side(&baseline()), &side(&all_failed("2")));
    assert_eq!(word(&comparison, Metric::Failures), Word::Regressed);
    assert_eq!(comparison.rows[0].state, RowState::Compared);
    assert!(!comparison.failures_covered());
    let csv = verdict(&as_csv(&baseline(), "a"), &side(&all_failed("2")));
    assert_eq!(word(&csv, Metric::Failures), Word::Regressed);
}

#[test]
fn failures_that_the_baseline_has_too_are_covered_until_they_get_more() {
    let some = |id: &str, every: usize| {
        let ended: Vec<Ended> = spread("/a", 600, SECONDS, 180.0, 3)
            .into_iter()
            .enumerate()
            .map(|(n, request)| if n % every == 0 { request.failed("HTTP 500") } else { request })
            .collect();
        side(&run_of(id, &ended))
    };
    assert!(verdict(&some("1", 10), &some("2", 10)).failures_covered());
    assert!(verdict(&some("1", 5), &some("2", 100)).failures_covered());
    assert!(!verdict(&some("1", 10), &some("2", 2)).failures_covered());
    assert!(verdict(&some("1", 10), &side(&baseline())).failures_covered(), "nothing failed");
    assert!(
        !verdict(&side(&baseline()), &some("2", 300)).failures_covered(),
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
fn too_few_requests_are_not_judged() {
    let few = |id, ms| side(&run_of(id, &spread("/a", 19, SECONDS, ms, 1)));
    let comparison = verdict(&few("1", 100.0), &few("2", 900.0));
    assert_eq!(comparison.outcome(), Outcome::NotJudged);
    assert_eq!(
        word(&comparison, Metric::P50),
        Word::NotJudged("fewer than 20 requests (old 19, new 19)".to_owned())
    );
}

#[test]
fn rows_are_paired_by_method_and_name_and_the_others_are_named() {
    let mut old = spread("/a", 100, SECONDS, 100.0, 1);
    old.extend(spread("/gone", 100, SECONDS, 100.0, 2));
    let mut new = spread("/new", 100, SECONDS, 100.0, 3);
    new.extend(spread("/a", 100, SECONDS, 100.0, 4));
    new.extend(
        spread("/a", 30, SECONDS, 100.0, 4).into_iter().map(|r| Ended { method: "GET".to_owned(), ..r }),
    );
    let comparison = verdict(&side(&run_of("1", &old)), &side(&run_of("2", &new)));
    let states: Vec<(String, RowState)> = comparison
        .rows
        .iter()
        .map(|row| (format!("{} {}", row.method, row.name), row.state.clone()))
        .collect();
    let expected = [
        ("POST /new", RowState::New),
        ("POST /a", RowState::Compared),
        ("GET /a", RowState::New),
        ("POST /gone", RowState::Gone),
    ];
    assert_eq!(states, expected.map(|(name, state)| (name.to_owned(), state)));
}

#[test]
fn a_row_that_went_silent_has_regressed() {
    let mut silent = run_of("2", &[]);
    silent.series.push(SeriesSummary {
        method: "POST".to_owned(),
        name: "/a".to_owned(),
        circumstances: baseline().series[0].circumstances.clone(),
        ..Default::default()
    });
    let comparison = verdict(&side(&baseline()), &side(&silent));
    assert_eq!(comparison.rows[0].state, RowState::Silent);
    assert_eq!(word(&comparison, Metric::Rate), Word::Regressed);
    assert_eq!(comparison.outcome(), Outcome::Regressed);
}

#[test]
fn rows_with_other_circumstances_are_not_compared_and_say_why() {
    let mut other = baseline();
    other.series[0].circumstances.insert("users".to_owned(), "4".to_owned());
    other.series[0].circumstances.insert("fixed".to_owned(), "1".to_owned());
    let comparison = verdict(&side(&baseline()), &side(&other));
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
    let mut simulated = baseline();
    simulated.header.simulated = true;
    let comparison = verdict(&side(&baseline()), &side(&simulated));
    assert_eq!(comparison.outcome(), Outcome::NothingComparable);
    assert_eq!(verdict(&side(&simulated), &side(&simulated)).outcome(), Outcome::Unchanged);
}

#[test]
fn changed_data_duration_and_machine_are_said_and_compared_all_the_same() {
    let mut other = baseline();
    other.series[0].data = "d2".to_owned();
    other.header.run_time = Some(Duration::from_secs(67));
    other.header.machine.host = "ci-7".to_owned();
    let comparison = verdict(&side(&baseline()), &side(&other));
    assert_eq!(comparison.outcome(), Outcome::Unchanged);
    assert!(comparison.rows[0].data_changed);
    assert_eq!(
        comparison.notes,
        ["the run time changed: 60 s -> 67 s", "the machine that makes the load changed: bench -> ci-7"]
    );
    other.header.run_time = Some(Duration::from_secs(65));
    other.header.machine = baseline().header.machine;
    assert_eq!(verdict(&side(&baseline()), &side(&other)).notes, [""; 0]);
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
    let notes = verdict(&csv, &side(&baseline())).notes;
    assert_eq!(notes[0], "the run time changed: 20 s -> 60 s");
}

#[test]
fn an_interrupted_run_says_so_and_how_long_it_lasted() {
    let mut interrupted = run_of("2", &spread("/a", 200, 20.0, 180.0, 2));
    interrupted.ending = Some(Ending::Interrupted);
    interrupted.elapsed = RunTime::from_duration(Duration::from_secs(20));
    let notes = verdict(&side(&baseline()), &side(&interrupted)).notes;
    assert_eq!(notes, ["run 2 was interrupted after 20 s", "the run time changed: 60 s -> 20 s"]);
}

#[test]
fn other_modules_beside_a_run_are_said() {
    let mut beside = baseline();
    beside.header.together = vec!["langid".to_owned(), "readability".to_owned()];
    let notes = |old: &RunRecord, new: &RunRecord| verdict(&side(old), &side(new)).notes;
    assert_eq!(
        notes(&baseline(), &beside),
        ["the modules that ran beside it changed: none -> langid, readability"]
    );
    assert_eq!(
        notes(&beside, &baseline()),
        ["the modules that ran beside it changed: langid, readability -> none"]
    );
    assert_eq!(notes(&beside, &beside), [""; 0]);
}

#[test]
fn a_figure_that_is_missing_is_not_called_too_few_requests() {
    let text = format!("{HEADER}POST,/a,600,0,N/A,10,180,210\n");
    let old = read_stats_csv(Path::new("x"), &text).unwrap();
    let comparison = verdict(&old, &side(&baseline()));
    assert_eq!(word(&comparison, Metric::Average), Word::NotJudged("no value to compare".to_owned()));
}

#[test]
fn a_limited_generator_leaves_nothing_but_failures_to_judge() {
    let mut slow = run_of("2", &spread("/a", 600, SECONDS, 1500.0, 2));
    (0..100).for_each(|_| slow.health.heartbeat.record(100_000));
    let comparison = verdict(&side(&baseline()), &side(&slow));
    assert_eq!(comparison.outcome(), Outcome::GeneratorLimited);
    let mut failed = all_failed("2");
    failed.health = slow.health.clone();
    failed.health.cpu_max_5s = 1.0;
    assert_eq!(verdict(&side(&baseline()), &side(&failed)).outcome(), Outcome::Regressed);
}

#[test]
fn tolerances_of_the_module_replace_the_standard_ones() {
    let slower = run_of("2", &spread("/a", 600, SECONDS, 220.0, 2));
    let with = |all, own: &[(&str, f64)]| {
        let own = own.iter().map(|(name, share)| ((*name).to_owned(), *share)).collect();
        compare(&side(&baseline()), &side(&slower), &Tolerances::new(all, &own))
    };
    assert_eq!(word(&with(None, &[]), Metric::P50), Word::Regressed);
    assert_eq!(word(&with(Some(0.3), &[]), Metric::P50), Word::Unchanged);
    assert_eq!(word(&with(Some(0.3), &[("p50", 0.05)]), Metric::P50), Word::Regressed);
    let standard = Tolerances::default();
    assert_eq!(
        METRICS.map(|metric| (100.0 * standard.of(metric)).round().to_string()),
        ["10", "10", "20", "10", "10"]
    );
    let failures = Tolerances::new(None, &BTreeMap::from([("failures".to_owned(), 0.5)]));
    assert!((failures.of(Metric::Failures) - 0.5).abs() < 1e-12);
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::write(self.0.path().join(name), text).unwrap();
    }

    fn baseline(&self) -> Result<Option<Side>, Problem> {
        read_baseline(self.0.path(), "demo")
    }
}

fn line_of(record: &RunRecord) -> String {
    RunLine::from_record(record).to_json_line() + "\n"
}

const HEADER: &str = "Type,Name,Request Count,Failure Count,Average Response Time,Requests/s,50%,95%\n";

#[test]
fn no_files_are_no_baseline() {
    assert!(Folder::new().baseline().unwrap().is_none());
}

#[test]
fn the_newest_complete_run_of_the_runs_file_is_the_baseline() {
    let folder = Folder::new();
    let mut newer = run_of("20", &spread("/a", 30, SECONDS, 10.0, 1));
    newer.header.started = "2025-02-01T00:00:00Z".parse().unwrap();
    let mut interrupted = run_of("30", &spread("/a", 31, SECONDS, 10.0, 1));
    interrupted.header.started = "2025-03-01T00:00:00Z".parse().unwrap();
    interrupted.ending = Some(Ending::Interrupted);
    // A merge in git can leave lines in any order.
    folder.write("demo_runs.jsonl", line_of(&interrupted) + &line_of(&newer) + &line_of(&baseline()));
    let side = folder.baseline().unwrap().unwrap();
    assert_eq!((side.rows[0].requests, side.started), (30, Some(newer.header.started)));
    assert!(side.label.starts_with("run 20 of "));
    folder.write(
        "demo_stats.csv",
        format!("{HEADER}POST,/a,30,0,10.0,0.5,10,12\n,Aggregated,77,7,1.0,1.0,1,1\n"),
    );
    let side = folder.baseline().unwrap().unwrap();
    assert!(side.rows[0].cell.is_some(), "a CSV that agrees changes nothing");
    assert_eq!(side.notes, [""; 0]);
}

#[test]
fn a_csv_that_disagrees_with_the_newest_run_is_used_and_that_is_said() {
    let folder = Folder::new();
    folder.write("demo_runs.jsonl", line_of(&baseline()));
    for (row, found) in [
        (
            "POST,/a,599,0,10.0,0.5,10,12",
            "POST /a: 599 requests and 0 failures in the CSV, 600 requests and 0 failures",
        ),
        (
            "POST,/b,600,0,10.0,0.5,10,12",
            "POST /b: 600 requests and 0 failures in the CSV, 0 requests and 0 failures",
        ),
    ] {
        folder.write("demo_stats.csv", format!("{HEADER}{row}\n"));
        let side = folder.baseline().unwrap().unwrap();
        assert!(side.rows[0].cell.is_none());
        assert!(side.notes[0].contains(found), "{:?}", side.notes);
    }
}

#[test]
fn the_csv_of_an_interrupted_run_is_no_baseline() {
    let folder = Folder::new();
    let mut interrupted = run_of("30", &spread("/a", 31, SECONDS, 10.0, 1));
    interrupted.header.started = "2025-03-01T00:00:00Z".parse().unwrap();
    interrupted.ending = Some(Ending::Interrupted);
    folder.write("demo_stats.csv", format!("{HEADER}POST,/a,31,0,10.0,0.5,10,12\n"));
    folder.write("demo_runs.jsonl", line_of(&interrupted));
    assert!(folder.baseline().unwrap().is_none());
    folder.write("demo_runs.jsonl", line_of(&baseline()) + &line_of(&interrupted));
    let side = folder.baseline().unwrap().unwrap();
    assert_eq!((side.rows[0].requests, side.rows[0].cell.is_some()), (600, true));
}

#[test]
fn a_csv_alone_is_a_baseline_and_says_that_it_is_alone() {
    let folder = Folder::new();
    folder.write("demo_stats.csv", format!("{HEADER}POST,/a,30,0,10.0,0.5,10,12\n"));
    let side = folder.baseline().unwrap().unwrap();
    assert_eq!(side.rows.len(), 1);
    assert!(side.notes[0].ends_with("its figures alone are compared"), "{:?}", side.notes);
}

#[test]
fn a_damaged_baseline_is_an_error_with_file_and_line() {
    let folder = Folder::new();
    let whole = line_of(&baseline());
    folder.write("demo_runs.jsonl", format!("{whole}{}", &whole[..200]));
    let problem = folder.baseline().unwrap_err();
    assert_eq!(problem.file, Some((folder.0.path().join("demo_runs.jsonl"), Some(2))));
    assert_eq!(problem.help.as_deref(), Some("restore the file with git, or remove the line"));
    folder.write("demo_runs.jsonl", [0xff, 0xfe]);
    assert_eq!(folder.baseline().unwrap_err().message, "not a text file: it is not in UTF-8");
    fs::remove_file(folder.0.path().join("demo_runs.jsonl")).unwrap();
    for (text, line, message) in [
        ("", 1, "not a _stats.csv of Locust: it is empty"),
        ("<html>", 1, "there is no column `Type`"),
        (
            "Type,Name,Request Cnt,Failure Count,Average Response Time,Requests/s,50%,95%\n",
            1,
            "there is no column `Request Count`; the nearest is `Request Cnt`",
        ),
        (&format!("{HEADER}POST,/a,30,0,10.0\n"), 2, "5 columns, but the header has 8"),
        (&format!("{HEADER}<<<<<<< HEAD\n"), 2, "the marker of a git conflict"),
        (&format!("<<<<<<< HEAD\n{HEADER}"), 1, "the marker of a git conflict"),
        (&format!("{HEADER}P,/a,3,0,1,1,1,1\n").replace('\n', "\r\n").replace("3,0", "3"), 2, "7 columns"),
        (
            &format!("{HEADER}P,/a,3,0,1,1,1,1\nP,\"/\nb\",x,0,1,1,1,1\n").replace('\n', "\r\n"),
            3,
            "`Request Count`",
        ),
        (
            &format!("{HEADER}POST,/a,many,0,10.0,1,1,1\n"),
            2,
            "`Request Count` should be a whole number, found `many`",
        ),
        (
            &format!("{HEADER}POST,/a,30,0,nan,1,1,1\n"),
            2,
            "`Average Response Time` should be a number that is not negative, found `nan`",
        ),
        (&format!("{HEADER}POST,/a,30,31,1,1,1,1\n"), 2, "31 failures of 30 requests"),
        (&format!("{HEADER}\nP,/a,3,1,1,1,1,1\nP,/a,3,1,1,1,1,1\n"), 4, "the row `P /a` is there twice"),
    ] {
        folder.write("demo_stats.csv", text);
        let problem = folder.baseline().unwrap_err();
        assert_eq!(problem.file, Some((folder.0.path().join("demo_stats.csv"), Some(line))), "{problem}");
        assert!(problem.message.contains(message), "{problem}");
    }
}

#[test]
fn csv_files_of_both_locusts_are_read_with_either_line_end_and_further_columns() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/locust");
    for version in ["2.31", "2.47"] {
        let text = fs::read_to_string(golden.join(version).join("run_stats.csv")).unwrap();
        let side = read_stats_csv(Path::new("x"), &text).unwrap();
        assert_eq!(side.rows.len(), 10);
        let row = &side.rows[1];
        assert_eq!((row.method.as_str(), row.name.as_str()), ("GET", "/article?lang=en,de"));
        assert_eq!((row.requests, row.failures), (53, 8));
        assert_eq!(row.whole.quantile(0.95), Some(8000.0));
        assert!((row.whole.seconds - 16.390_625).abs() < 1e-9);
        let with_lf =
            read_stats_csv(Path::new("x"), &format!("\u{feff}{}", text.replace("\r\n", "\n"))).unwrap();
        assert_eq!(format!("{:?}", with_lf.rows), format!("{:?}", side.rows));
        let wider = text.replace("\r\n", ",more\n");
        let wider = read_stats_csv(Path::new("x"), &wider).unwrap();
        assert_eq!(format!("{:?}", wider.rows), format!("{:?}", side.rows));
    }
}

#[test]
fn an_empty_row_of_a_csv_has_no_figures() {
    let text = format!("{HEADER}GET,/,0,0,0.0,0.0,N/A,N/A\n");
    let row = &read_stats_csv(Path::new("x"), &text).unwrap().rows[0];
    assert_eq!((row.whole.average_ms, row.whole.quantiles.len(), row.whole.seconds), (None, 0, 0.0));
}

#[test]
fn a_prefix_shared_by_modules_is_read_as_the_newest_run_of_each() {
    let folder = Folder::new();
    let mut other = run_of("2", &spread("/b", 40, SECONDS, 10.0, 1));
    other.header.module = "other".to_owned();
    other.header.started = "2025-01-31T12:02:00Z".parse().unwrap();
    folder.write("all_runs.jsonl", line_of(&baseline()) + &line_of(&other));
    folder.write("all_stats.csv", format!("{HEADER}POST,/a,600,0,1,1,1,1\nPOST,/b,40,0,1,1,1,1\n"));
    let side = read_run(folder.0.path().join("all").to_str().unwrap(), &RunStore::new("nowhere")).unwrap();
    assert_eq!(side.rows.iter().map(|row| row.requests).collect::<Vec<_>>(), [40, 600]);
    assert!(side.rows.iter().all(|row| row.cell.is_some()));
    assert_eq!(side.notes, [""; 0]);
}

#[test]
fn a_run_is_found_as_prefix_file_or_stored_run() {
    let folder = Folder::new();
    folder.write("demo_runs.jsonl", line_of(&baseline()));
    folder.write("demo_stats.csv", format!("{HEADER}POST,/a,600,0,1,1,1,1\n"));
    folder.write("empty_runs.jsonl", "\n");
    let path = |name: &str| folder.0.path().join(name).to_str().unwrap().to_owned();
    let store = RunStore::new(folder.0.path().join("runs"));
    assert!(read_run(&path("demo"), &store).unwrap().rows[0].cell.is_some());
    assert!(read_run(&path("demo_runs.jsonl"), &store).unwrap().rows[0].cell.is_some());
    assert!(read_run(&path("demo_stats.csv"), &store).unwrap().rows[0].cell.is_none());
    let message = |what: &str| read_run(what, &store).unwrap_err().message;
    assert_eq!(message(&path("nobody.csv")), "no such file");
    assert_eq!(message(&path("nobody.json")), "no such file");
    assert_eq!(message(&path("empty_runs.jsonl")), "no run in it");
    assert!(message(folder.0.path().to_str().unwrap()).ends_with("is a folder"));
    assert!(message("x9").ends_with("and neither a file nor a prefix of results"), "{}", message("x9"));
}

mod numbers {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_of_python_are_read_and_nothing_else() {
        for (text, value) in [
            ("0", 0.0),
            ("210", 210.0),
            ("210.0", 210.0),
            ("4.2e-05", 4.2e-5),
            ("1e+16", 1e16),
            ("-1.5", -1.5),
        ] {
            assert_eq!(python_number(text), Some(value), "{text}");
        }
        for text in [
            "", "-", "N/A", "nan", "inf", "-inf", "infinity", "1,5", " 1", "1 ", "0x10", "1_000", "1e999",
            ".5", "+1",
        ] {
            assert_eq!(python_number(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_readers_panic(text in "\\PC{0,80}(\n\\PC{0,80}){0,3}") {
            let _ = python_number(&text);
            let _ = read_stats_csv(Path::new("x"), &text);
            let _ = read_stats_csv(Path::new("x"), &format!("{HEADER}{text}"));
        }
    }
}
