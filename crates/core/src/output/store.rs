//! Writes the local run store; it is read by `compare`.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::compare::{RunStore, StoredException, StoredFailure, StoredRow, StoredRun};
use crate::error::Problem;
use crate::summary::line::{RunLine, VERSION};
use crate::summary::{RunRecord, SeriesSummary};

/// How many runs are kept, the newest.
pub const KEPT_RUNS: usize = 200;

/// A file that was begun so long ago was left behind by a crash.
const ABANDONED: Duration = Duration::from_secs(3600);

/// Stores a run: its line and all its detail, in a file of its own. Beyond [`KEPT_RUNS`] the oldest runs go.
/// Processes may store at the same time.
///
/// # Errors
/// When the folder or the file cannot be written. Runs that cannot be removed are no error.
pub fn store_run(store: &RunStore, record: &RunRecord, line: &RunLine) -> Result<PathBuf, Problem> {
    let path = store.path_of(&line.run, &line.module);
    let cannot = |error: io::Error| {
        Problem::in_file(&path, None, format!("cannot store the run: {error}"))
            .help("make the folder writable; the run itself is not affected")
    };
    let text = serde_json::to_string(&stored(record, line)).map_err(io::Error::from).map_err(cannot)?;
    fs::create_dir_all(store.folder()).map_err(cannot)?;
    let beside = path.with_extension(format!("json.{}.partial", std::process::id()));
    fs::write(&beside, text + "\n").map_err(cannot)?;
    fs::rename(&beside, &path).map_err(cannot)?;
    prune(store, KEPT_RUNS);
    Ok(path)
}

/// Removes the oldest runs beyond `kept`, and what crashes left behind. Another process may be at the same, so
/// that files vanish under the hand; that is no error.
fn prune(store: &RunStore, kept: usize) {
    let runs = store.list();
    for (_, _, path) in &runs[..runs.len().saturating_sub(kept)] {
        let _ = fs::remove_file(path);
    }
    for entry in fs::read_dir(store.folder()).into_iter().flatten().flatten() {
        if entry.path().extension() == Some(OsStr::new("partial")) && is_abandoned(&entry.path()) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

fn is_abandoned(path: &Path) -> bool {
    let modified = fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
    modified.and_then(|at| SystemTime::now().duration_since(at).ok()).is_some_and(|age| age > ABANDONED)
}

fn stored(record: &RunRecord, line: &RunLine) -> StoredRun {
    StoredRun {
        v: VERSION,
        line: line.clone(),
        rows: record.series.iter().map(row).collect(),
        failures: record
            .failures
            .iter()
            .map(|failure| StoredFailure {
                method: failure.method.clone(),
                row: failure.name.clone(),
                error: failure.error.clone(),
                occurrences: failure.occurrences,
                first_seen: record.wall(failure.first_seen).to_string(),
                last_seen: record.wall(failure.last_seen).to_string(),
            })
            .collect(),
        exceptions: record
            .exceptions
            .iter()
            .map(|exception| StoredException {
                count: exception.count,
                message: exception.message.clone(),
                traceback: exception.traceback.clone(),
            })
            .collect(),
    }
}

fn row(series: &SeriesSummary) -> StoredRow {
    let seconds = series.per_second.iter();
    StoredRow {
        method: series.method.clone(),
        row: series.name.clone(),
        received: series.received,
        statuses: series.statuses.clone(),
        per_second: seconds.map(|(second, (requests, failures))| (*second, *requests, *failures)).collect(),
        times_ms: series.times.buckets(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summary::line::fixture::{Ended, header, record};

    fn run(id: &str, module: &str) -> (RunRecord, RunLine) {
        let mut header = header(id);
        header.module = module.to_owned();
        let ended =
            [Ended::new(0.5, "GET", "/", 12.0), Ended::new(1.5, "GET", "/", 250.0).failed("HTTP 500")];
        let record = record(header, 2.0, &ended);
        let line = RunLine::from_record(&record);
        (record, line)
    }

    fn save(store: &RunStore, id: &str, module: &str) -> PathBuf {
        let (record, line) = run(id, module);
        store_run(store, &record, &line).unwrap()
    }

    #[test]
    fn a_stored_run_is_read_back_with_its_detail() {
        let folder = tempfile::tempdir().unwrap();
        let store = RunStore::new(folder.path().join(".windtunnel/runs"));
        let path = save(&store, "20250131T120000Z-1", "demo");
        let read = RunStore::read(&path).unwrap();
        let (record, line) = run("20250131T120000Z-1", "demo");
        assert_eq!(read.line.to_json_line(), line.to_json_line());
        assert_eq!(read.rows, stored(&record, &line).rows);
        assert_eq!(read.rows[0].per_second, [(0, 1, 0), (1, 1, 1)]);
        assert_eq!(read.rows[0].times_ms, [(12, 1), (250, 1)]);
        assert_eq!(read.failures[0].first_seen, "2025-01-31T12:00:01.5Z");
    }

    #[test]
    fn runs_are_found_by_id_beginning_and_last_of_all_and_of_a_module() {
        let folder = tempfile::tempdir().unwrap();
        let store = RunStore::new(folder.path());
        let a = save(&store, "20250131T120000Z-a1", "demo");
        let b = save(&store, "20250131T130000Z-b2", "other");
        let c = save(&store, "20250201T130000Z-c3", "with space/and slash");
        for (what, path) in [
            ("last", &c),
            ("last:other", &b),
            ("last:with space/and slash", &c),
            ("20250131T120000Z-a1", &a),
            ("20250131T13", &b),
            ("2025013:demo", &a),
        ] {
            assert_eq!(store.find(what).as_ref(), Ok(path), "{what}");
        }
        insta::assert_snapshot!(store.find("2025013").unwrap_err(), @r"
        `2025013` is the beginning of more than one stored run
          hint: say which: 20250131T120000Z-a1:demo, 20250131T130000Z-b2:other
        ");
        insta::assert_snapshot!(store.find("x").unwrap_err(), @r"
        no stored run `x`
          hint: the newest are 20250201T130000Z-c3:with%20space%2fand%20slash, 20250131T130000Z-b2:other, 20250131T120000Z-a1:demo
        ");
        assert!(store.find("").is_err());
        assert!(store.find("last:nobody").is_err());
    }

    #[test]
    fn an_exact_id_wins_over_one_that_begins_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let store = RunStore::new(folder.path());
        let short = save(&store, "1", "demo");
        save(&store, "10", "demo");
        assert_eq!(store.find("1"), Ok(short));
    }

    #[test]
    fn the_oldest_runs_go_first_and_strangers_stay() {
        let folder = tempfile::tempdir().unwrap();
        let store = RunStore::new(folder.path());
        for id in ["1", "2", "3", "4"] {
            save(&store, id, "demo");
        }
        fs::write(folder.path().join("notes.txt"), "mine").unwrap();
        fs::write(folder.path().join("9@demo.json.77.partial"), "being written").unwrap();
        prune(&store, 2);
        let left: Vec<String> = store.list().into_iter().map(|(id, _, _)| id).collect();
        assert_eq!(left, ["3", "4"]);
        assert!(folder.path().join("notes.txt").exists());
        assert!(folder.path().join("9@demo.json.77.partial").exists());
    }

    #[test]
    fn processes_that_store_and_prune_together_lose_nothing_new() {
        let folder = tempfile::tempdir().unwrap();
        let store = RunStore::new(folder.path());
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let store = &store;
                scope.spawn(move || (0..10).for_each(|n| _ = save(store, &format!("{n}{thread}"), "demo")));
            }
        });
        assert_eq!(store.list().len(), 40);
        assert!(store.list().iter().all(|(_, _, path)| RunStore::read(path).is_ok()));
    }

    #[test]
    fn a_damaged_or_newer_stored_run_is_an_error_with_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("1@demo.json");
        fs::write(&path, "{\"v\":1,\"line\":").unwrap();
        assert!(RunStore::read(&path).unwrap_err().message.starts_with("the stored run is damaged: EOF"));
        fs::write(&path, "{\"v\":7}").unwrap();
        let error = RunStore::read(&path).unwrap_err();
        assert_eq!(error.message, "a stored run of version 7, but this program reads version 1");
        assert_eq!(error.file, Some((path, None)));
    }

    #[test]
    fn a_store_that_cannot_be_written_is_an_error_that_names_it() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("file"), "").unwrap();
        let (record, line) = run("1", "demo");
        let store = RunStore::new(folder.path().join("file/runs"));
        let error = store_run(&store, &record, &line).unwrap_err();
        assert!(error.message.starts_with("cannot store the run: "), "{error}");
    }
}
