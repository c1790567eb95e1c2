//! Baselines and runs read from files: which of them counts, and what is said of damage.

use std::fs;

use super::*;
use crate::error::Problem;
use crate::summary::Ending;

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::write(self.0.path().join(name), text).unwrap();
    }

    fn baseline(&self) -> Result<Option<Baseline>, Problem> {
        read_baseline(self.0.path(), "demo")
    }

    /// The newest run of the baseline and what is said.
    fn newest(&self) -> (Side, Vec<String>) {
        let baseline = self.baseline().unwrap().unwrap();
        let newest = baseline.newest().unwrap().clone();
        let notes = baseline.notes.into_iter().chain(newest.notes.clone()).collect();
        (newest, notes)
    }
}

fn line_of(record: &RunRecord) -> String {
    RunLine::from_record(record).to_json_line() + "\n"
}

fn text_of(lines: &[Line]) -> String {
    lines.iter().map(|line| line.to_json_line() + "\n").collect()
}

#[test]
fn no_files_are_no_baseline() {
    assert!(Folder::new().baseline().unwrap().is_none());
}

#[test]
fn all_evidence_of_the_runs_file_is_the_baseline() {
    let folder = Folder::new();
    let lines = [
        of_run(opening("r1", None)),
        of_run(joining("r2", "r1")),
        of_run(other("r3")),
        add("r3", "r1"),
        mark("r1"),
    ];
    folder.write("demo_runs.jsonl", text_of(&lines));
    let baseline = folder.baseline().unwrap().unwrap();
    assert_eq!(baseline.current().unwrap().sessions.len(), 3);
    let label = folder.path("demo_runs.jsonl");
    assert_eq!(baseline.title(), format!("{label}, 3 sessions from 2025-01-31 to 2025-01-31 15:00 UTC"));
    // So it is on the old side of a comparison of files.
    let store = RunStore::new("nowhere");
    assert_eq!(read_old(&folder.path("demo"), &store).unwrap(), baseline);
    assert_eq!(read_old(&label, &store).unwrap(), Baseline { label: label.clone(), ..baseline });
    let newest = read_run(&folder.path("demo"), &store).unwrap();
    assert_eq!(newest.label, format!("run r3 of {label}"));
}

#[test]
fn runs_without_evidence_are_no_baseline() {
    let folder = Folder::new();
    folder.write("demo_runs.jsonl", text_of(&[of_run(opening("r1", None)), of_run(other("r2")), drop("r1")]));
    assert!(folder.baseline().unwrap().is_none());
    // Whoever names the file gets what is there.
    let old = read_old(&folder.path("demo"), &RunStore::new("nowhere")).unwrap();
    assert_eq!(old.newest().unwrap().run.as_deref(), Some("r2"));
}

#[test]
fn a_csv_of_any_run_of_the_file_changes_nothing() {
    let folder = Folder::new();
    let (older, mut newer) = (usual("1"), at("2", 200.0, 4));
    newer.header.started = minute(60);
    folder.write("demo_runs.jsonl", line_of(&newer) + &line_of(&older));
    for record in [&older, &newer] {
        folder.write("demo_stats.csv", csv_text(record));
        let (side, notes) = folder.newest();
        assert!(side.rows[0].cell.is_some(), "its spread is known");
        assert_eq!((side.run.as_deref(), notes), (Some("2"), Vec::new()));
    }
}

#[test]
fn a_csv_that_is_of_no_run_of_the_file_is_used_and_that_is_said() {
    let folder = Folder::new();
    folder.write("demo_runs.jsonl", line_of(&usual("1")));
    let text = csv_text(&usual("1"));
    let average = usual("1").series[0].times.average_ms();
    let cases = [
        (
            text.replace(",600,", ",599,"),
            "POST /a: 599 requests and 0 failures in the CSV, 600 requests and 0 failures in the run",
        ),
        (
            text.replace(",600,0,", ",600,1,"),
            "POST /a: 600 requests and 1 failures in the CSV, 600 requests and 0 failures in the run",
        ),
        (
            text.replace("/a", "/b"),
            "POST /b: 600 requests and 0 failures in the CSV, 0 requests and 0 failures in the run",
        ),
        (text.replace(&average.to_string(), "170.5"), "POST /a: average 170.5 ms in the CSV, 18"),
        (
            text.replace(",210,210,", ",210,150,"),
            "POST /a: 95 % percentile 150 ms in the CSV, 210 ms in the run",
        ),
    ];
    for (edited, found) in cases {
        assert_ne!(edited, text, "{found}");
        folder.write("demo_stats.csv", edited);
        let (side, notes) = folder.newest();
        assert!(side.rows[0].cell.is_none(), "{found}");
        assert!(notes[0].contains(found) && notes[0].ends_with("the CSV is used"), "{notes:?}");
    }
}

#[test]
fn the_csv_of_a_run_that_is_no_evidence_is_no_baseline() {
    let folder = Folder::new();
    let mut interrupted = at("30", 20.0, 5);
    interrupted.header.started = minute(6000);
    interrupted.ending = Some(Ending::Interrupted);
    folder.write("demo_stats.csv", csv_text(&interrupted));
    folder.write("demo_runs.jsonl", line_of(&interrupted));
    assert!(folder.baseline().unwrap().is_none());
    folder.write("demo_runs.jsonl", line_of(&usual("1")) + &line_of(&interrupted));
    assert_eq!(folder.newest().0.run.as_deref(), Some("1"));
    let dropped = with(RunLine::from_record(&at("30", 20.0, 5)), |line| line.epoch = Some("30".to_owned()));
    folder.write("demo_runs.jsonl", text_of(&[of_run(dropped), drop("30")]));
    assert!(folder.baseline().unwrap().is_none());
}

#[test]
fn a_csv_alone_is_a_baseline_and_says_that_it_is_alone() {
    let folder = Folder::new();
    folder.write("demo_stats.csv", csv_text(&usual("1")));
    let (side, notes) = folder.newest();
    assert_eq!((side.rows.len(), side.run), (1, None));
    assert!(notes[0].ends_with("its figures alone are compared"), "{notes:?}");
    let decisions = text_of(&[mark("r1"), drop("r2")]);
    folder.write("demo_runs.jsonl", decisions);
    assert_eq!(folder.newest().1, notes, "decisions alone are no run");
}

#[test]
fn a_damaged_runs_file_is_an_error_with_its_line_and_a_way_out() {
    let folder = Folder::new();
    let whole = line_of(&usual("1"));
    let problem = |text: &[u8]| {
        folder.write("demo_runs.jsonl", text);
        folder.baseline().unwrap_err()
    };
    let file = |line| Some((folder.0.path().join("demo_runs.jsonl"), Some(line)));
    let cut = problem(format!("{whole}{}", &whole[..200]).as_bytes());
    assert_eq!(cut.message, "the line of a run is damaged: no JSON from column 200 on");
    assert_eq!(
        (cut.file, cut.help.as_deref()),
        (file(2), Some("restore the file with git, or remove the line"))
    );
    // In the middle of a character, which is no text any more.
    let cut = problem(&[whole.as_bytes(), b"\n{\"v\":1,\"run\":\"caf\xc3"].concat());
    assert_eq!(cut.message, "not a text file: it is not in UTF-8");
    assert_eq!((cut.file, cut.help.is_some()), (file(3), true));
    // Two lines grown together, as by appending to one that was cut.
    let grown = problem(format!("{}{whole}", whole.trim_end()).as_bytes());
    assert_eq!(grown.file, file(1));
    let merge = problem(format!("{whole}<<<<<<< HEAD\n{whole}=======\n{whole}>>>>>>> b\n").as_bytes());
    assert_eq!(merge.message, "the marker of a git conflict stands where the line of a run should");
    assert_eq!(
        (merge.file, merge.help.as_deref()),
        (file(2), Some("keep the lines of both sides and remove the markers"))
    );
    let newer = problem(format!("{whole}{{\"v\":2}}\n").as_bytes());
    assert_eq!((newer.file, newer.message.starts_with("a line of version 2")), (file(2), true));
    let change = problem(format!("{whole}{{\"v\":1,\"kind\":\"drop\"}}\n").as_bytes());
    assert!(change.message.contains("missing field"), "{}", change.message);
    // What a later version may add is passed over.
    folder.write("demo_runs.jsonl", format!("{whole}{{\"v\":1,\"kind\":\"note\",\"text\":\"x\"}}\n\n"));
    assert!(folder.baseline().unwrap().is_some());
}

#[test]
fn a_prefix_shared_by_modules_is_read_as_the_newest_run_of_each() {
    let folder = Folder::new();
    let of_module = |module: &str, id: &str, name: &str, minutes: i64| {
        let mut run = run_of(id, &spread(name, 40, SECONDS, 10.0, 1));
        (run.header.module, run.header.baseline) = (module.to_owned(), module.to_owned());
        run.header.started = minute(minutes);
        run
    };
    let (one, two) = (of_module("one", "1", "/a", 0), of_module("two", "2", "/b", 5));
    let mut interrupted = of_module("one", "3", "/c", 10);
    interrupted.ending = Some(Ending::Interrupted);
    folder.write("all_runs.jsonl", line_of(&one) + &line_of(&two));
    folder.write("all_stats.csv", csv_text(&one) + csv_text(&two).lines().nth(1).unwrap() + "\r\n");
    let store = RunStore::new("nowhere");
    for what in ["all", "all_runs.jsonl"] {
        let side = read_run(&folder.path(what), &store).unwrap();
        assert_eq!(side.rows.iter().map(|row| row.name.as_str()).collect::<Vec<_>>(), ["/b", "/a"]);
        assert!(side.rows.iter().all(|row| row.cell.is_some()));
        assert_eq!((side.notes, side.module), (Vec::new(), None));
    }
    // Only complete runs are a baseline.
    folder.write("all_runs.jsonl", line_of(&one) + &line_of(&two) + &line_of(&interrupted));
    let names = |side: &Side| side.rows.iter().map(|row| row.name.clone()).collect::<Vec<_>>();
    let old = read_old(&folder.path("all"), &store).unwrap();
    assert_eq!(names(old.newest().unwrap()), ["/b", "/a"]);
    assert_eq!(names(&read_run(&folder.path("all"), &store).unwrap()), ["/c", "/b"]);
}

#[test]
fn a_module_that_was_renamed_keeps_its_baseline() {
    let folder = Folder::new();
    let mut renamed = usual("2");
    renamed.header.module = "demo_v2".to_owned();
    renamed.header.started = minute(60);
    let later = with(RunLine::from_record(&renamed), |line| {
        (line.session, line.epoch, line.joined) = (Some("2".to_owned()), Some("1".to_owned()), true);
    });
    folder.write("demo_runs.jsonl", line_of(&usual("1")) + &text_of(&[of_run(later)]));
    let baseline = folder.baseline().unwrap().unwrap();
    assert_eq!(baseline.current().unwrap().sessions.len(), 2);
}

#[test]
fn a_run_is_found_as_prefix_file_or_stored_run() {
    let folder = Folder::new();
    folder.write("demo_runs.jsonl", line_of(&usual("1")));
    folder.write("demo_stats.csv", csv_text(&usual("1")));
    folder.write("empty_runs.jsonl", "\n");
    let store = RunStore::new(folder.path("runs"));
    assert!(read_run(&folder.path("demo"), &store).unwrap().rows[0].cell.is_some());
    assert!(read_run(&folder.path("demo_runs.jsonl"), &store).unwrap().rows[0].cell.is_some());
    assert!(read_run(&folder.path("demo_stats.csv"), &store).unwrap().rows[0].cell.is_none());
    let message = |what: &str| read_run(what, &store).unwrap_err().message;
    assert_eq!(message(&folder.path("nobody.csv")), "no such file");
    assert_eq!(message(&folder.path("nobody.json")), "no such file");
    assert_eq!(message(&folder.path("empty_runs.jsonl")), "no run in it");
    assert!(message(folder.0.path().to_str().unwrap()).ends_with("is a folder"));
    assert!(message("x9").ends_with("and neither a file nor a prefix of results"), "{}", message("x9"));
}
