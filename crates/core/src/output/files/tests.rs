//! Results that grow, are accepted, rejected, dropped and in each other's way.

use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::summary::line::fixture::{Ended, add, header, record};

const KINDS: [&str; 4] = ["stats.csv", "stats_history.csv", "failures.csv", "exceptions.csv"];

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn prefix(&self) -> PathBuf {
        self.0.path().join("results").join("demo")
    }

    fn open(&self) -> Result<ResultFiles, Problem> {
        ResultFiles::open(&self.prefix(), CsvOptions::default())
    }

    /// The files under the folder, as paths relative to `results`, sorted.
    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.0.path().join("results"))
            .into_iter()
            .flatten()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.0.path().join("results").join(name)).unwrap()
    }
}

fn run(requests: u32) -> (Vec<RunRecord>, Vec<RunLine>) {
    let ended: Vec<Ended> = (0..requests)
        .map(|n| Ended::new(f64::from(n) / 10.0, "POST", "/a", 20.0).failed("HTTP 500"))
        .collect();
    let record = record(header("20250131T120000Z-1"), 10.0, &ended);
    let line = RunLine::from_record(&record);
    (vec![record], vec![line])
}

fn as_lines(runs: &[RunLine]) -> Vec<Line> {
    runs.iter().map(|run| Line::Run(Box::new(run.clone()))).collect()
}

fn with_old_results(folder: &Folder) {
    fs::create_dir_all(folder.0.path().join("results")).unwrap();
    for kind in KINDS {
        fs::write(at(&folder.prefix(), "_", kind), format!("old {kind}")).unwrap();
    }
    fs::write(at(&folder.prefix(), "_", "runs.jsonl"), "{\"v\":1,\"kind\":\"older\"}").unwrap();
}

#[test]
fn old_results_are_untouched_until_the_new_ones_are_whole() {
    let folder = Folder::new();
    with_old_results(&folder);
    let (records, lines) = run(5);
    let mut files = folder.open().unwrap();
    files.update(&records).unwrap();
    for kind in KINDS {
        assert_eq!(folder.read(&format!("demo_{kind}")), format!("old {kind}"));
    }
    files.accept(&records, &as_lines(&lines)).unwrap();
    assert_eq!(folder.read("demo_stats.csv"), stats_csv(&records, Compat::V2_47));
    assert_eq!(folder.read("demo_failures.csv"), failures_csv(&records, Compat::V2_47));
    assert_eq!(folder.read("demo_exceptions.csv"), exceptions_csv(&records));
    assert_eq!(folder.read("demo_stats_history.csv").lines().count(), 2);
    let expected = format!("{{\"v\":1,\"kind\":\"older\"}}\n{}\n", lines[0].to_json_line());
    assert_eq!(folder.read("demo_runs.jsonl"), expected);
    assert_eq!(folder.names().len(), 5, "{:?}", folder.names());
}

#[test]
fn without_lines_the_runs_file_is_left_alone() {
    let folder = Folder::new();
    let (records, _) = run(5);
    folder.open().unwrap().accept(&records, &[]).unwrap();
    assert_eq!(folder.names().len(), 4, "{:?}", folder.names());
    with_old_results(&folder);
    folder.open().unwrap().accept(&records, &[]).unwrap();
    assert_eq!(folder.read("demo_runs.jsonl"), "{\"v\":1,\"kind\":\"older\"}");
}

#[test]
fn results_that_got_shorter_have_no_rest_of_the_longer_ones() {
    let folder = Folder::new();
    let mut files = folder.open().unwrap();
    files.update(&run(50).0).unwrap();
    let (records, lines) = run(0);
    files.accept(&records, &as_lines(&lines)).unwrap();
    assert_eq!(folder.read("demo_stats.csv"), stats_csv(&records, Compat::V2_47));
}

#[test]
fn a_run_that_never_ended_leaves_its_partial_files_up_to_date() {
    let folder = Folder::new();
    let (records, _) = run(5);
    let mut files = folder.open().unwrap();
    files.update(&records).unwrap();
    drop(files);
    assert_eq!(folder.read("demo_stats.csv.partial"), stats_csv(&records, Compat::V2_47));
    assert_eq!(folder.read("demo_stats_history.csv.partial").lines().count(), 2);
    // The next run begins anew.
    let files = folder.open().unwrap();
    assert_eq!(folder.read("demo_stats.csv.partial"), "");
    files.discard();
}

#[test]
fn a_rejected_run_keeps_the_old_results_and_says_why() {
    let folder = Folder::new();
    with_old_results(&folder);
    let (records, lines) = run(5);
    let mut files = folder.open().unwrap();
    files.update(&records).unwrap();
    files.reject(&records, &lines, "the run was interrupted").unwrap();
    for kind in KINDS {
        assert_eq!(folder.read(&format!("demo_{kind}")), format!("old {kind}"));
    }
    assert_eq!(folder.read("demo.rejected_stats.csv"), stats_csv(&records, Compat::V2_47));
    assert_eq!(
        folder.read("demo.rejected_reason.txt"),
        "the run was interrupted\nrun 20250131T120000Z-1 of module demo, started 2025-01-31T12:00:00Z\n"
    );
    assert_eq!(folder.read("demo.rejected_runs.jsonl"), lines[0].to_json_line() + "\n");
    assert_eq!(folder.read("demo_runs.jsonl"), "{\"v\":1,\"kind\":\"older\"}");
    assert!(folder.names().iter().all(|name| !name.ends_with(".partial")));
}

#[test]
fn discarded_results_leave_nothing_not_even_the_folders_made_for_them() {
    let folder = Folder::new();
    folder.open().unwrap().discard();
    assert!(!folder.0.path().join("results").exists());
    with_old_results(&folder);
    folder.open().unwrap().discard();
    assert_eq!(folder.names().len(), 5);
}

#[test]
fn two_runs_do_not_write_to_one_prefix() {
    let folder = Folder::new();
    let mut first = folder.open().unwrap();
    first.update(&run(5).0).unwrap();
    let problem = folder.open().unwrap_err();
    assert_eq!(problem.message, "another run is writing to this prefix");
    assert_eq!(folder.read("demo_stats.csv.partial"), stats_csv(&run(5).0, Compat::V2_47));
    let (records, lines) = run(5);
    first.accept(&records, &as_lines(&lines)).unwrap();
    folder.open().unwrap().discard();
}

#[test]
fn what_cannot_be_written_is_known_before_the_run_and_leaves_nothing_behind() {
    let folder = Folder::new();
    fs::write(folder.0.path().join("results"), "a file").unwrap();
    let problem = folder.open().unwrap_err();
    assert!(problem.message.starts_with("cannot write results: "), "{problem}");
    assert_eq!(problem.file, Some((folder.0.path().join("results"), None)));
    assert!(problem.help.is_some());

    let folder = Folder::new();
    fs::create_dir_all(folder.0.path().join("results/demo_failures.csv")).unwrap();
    let problem = folder.open().unwrap_err();
    assert_eq!(problem.message, "a folder stands where a file of results should be written");
    assert_eq!(folder.names(), ["demo_failures.csv"]);

    let folder = Folder::new();
    fs::create_dir_all(folder.0.path().join("results/demo_failures.csv.partial")).unwrap();
    folder.open().unwrap_err();
    assert_eq!(folder.names(), ["demo_failures.csv.partial"]);
}

#[test]
fn a_folder_without_write_permission_is_an_error() {
    let folder = Folder::new();
    let results = folder.0.path().join("results");
    fs::create_dir(&results).unwrap();
    fs::set_permissions(&results, fs::Permissions::from_mode(0o555)).unwrap();
    // Root may write everywhere: then there is nothing to see here.
    match folder.open() {
        Ok(files) => files.discard(),
        Err(problem) => assert!(problem.message.contains("ermission"), "{problem}"),
    }
    fs::set_permissions(&results, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn a_prefix_without_a_folder_is_written_where_it_says() {
    assert_eq!(make_folders(Path::new("demo")), Ok(Vec::new()));
    assert_eq!(at(Path::new("results/demo"), "_", "stats.csv"), Path::new("results/demo_stats.csv"));
    assert_eq!(at(Path::new("demo.v2"), ".rejected_", "stats.csv"), Path::new("demo.v2.rejected_stats.csv"));
}

#[test]
fn many_rows_are_rewritten_less_often_than_every_second() {
    let folder = Folder::new();
    let ended: Vec<Ended> = (0..1001).map(|n| Ended::new(1.0, "GET", &format!("/{n}"), 1.0)).collect();
    let mut records = vec![record(header("1"), 10.0, &ended)];
    let mut files = folder.open().unwrap();
    files.update(&records).unwrap();
    add(&mut records[0], &Ended::new(2.0, "GET", "/0", 1.0));
    let current = stats_csv(&records, Compat::V2_47);
    let mut rewritten = Vec::new();
    for _ in 0..3 {
        files.update(&records).unwrap();
        rewritten.push(folder.read("demo_stats.csv.partial") == current);
    }
    assert_eq!(rewritten, [false, false, true]);
    assert_eq!(folder.read("demo_stats_history.csv.partial").lines().count(), 5);
    files.discard();
}

#[test]
fn several_runs_share_a_prefix_with_one_aggregated_row() {
    let folder = Folder::new();
    let mut second = header("2");
    second.module = "other".to_owned();
    second.started = "2025-01-31T12:01:00Z".parse().unwrap();
    let records = vec![
        record(
            header("1"),
            10.0,
            &[Ended::new(10.0, "GET", "/b", 20.0), Ended::new(10.0, "GET", "/c", 20.0)],
        ),
        record(second, 10.0, &[Ended::new(20.0, "GET", "/a", 40.0), Ended::new(20.0, "GET", "/c", 40.0)]),
    ];
    let lines: Vec<RunLine> = records.iter().map(RunLine::from_record).collect();
    folder.open().unwrap().accept(&records, &as_lines(&lines)).unwrap();
    let text = folder.read("demo_stats.csv");
    let rows: Vec<String> =
        text.lines().skip(1).map(|line| line.split(',').take(10).collect::<Vec<_>>().join(",")).collect();
    assert_eq!(
        rows,
        [
            "GET,/a,1,0,40,40.0,40.0,40.0,100.0,0.05",
            "GET,/b,1,0,20,20.0,20.0,20.0,100.0,0.1",
            "GET,/c,2,0,40,30.0,20.0,40.0,100.0,0.06666666666666667",
            ",Aggregated,4,0,40,30.0,20.0,40.0,100.0,0.13333333333333333",
        ]
    );
    assert_eq!(folder.read("demo_runs.jsonl").lines().count(), 2);
}
