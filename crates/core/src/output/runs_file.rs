//! Adds lines to the runs file of a prefix, and keeps others off while it does.
//!
//! A runs file only grows, and is replaced whole: whoever reads it finds every line or none of the new ones.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

use super::files::{at, cannot_write, make_folders, partial, remove_folders};
use crate::error::Problem;
use crate::summary::line::Line;

/// The runs file of a prefix, to which nobody else adds as long as this lives: neither a run that writes its results
/// there, nor a decision about its runs.
#[derive(Debug)]
pub struct RunsFile {
    prefix: PathBuf,
    lock: File,
    /// Folders made for it, the outermost first.
    folders: Vec<PathBuf>,
}

impl RunsFile {
    /// Locks it, and makes the folders that it lies in. The file itself need not be there.
    ///
    /// # Errors
    /// When a run is writing to the same prefix, or nothing can be written there.
    pub fn open(prefix: &Path) -> Result<Self, Problem> {
        let folders = make_folders(prefix)?;
        let lock = open_locked(&partial(prefix, "stats.csv")).inspect_err(|_| remove_folders(&folders))?;
        Ok(Self { prefix: prefix.to_owned(), lock, folders })
    }

    /// Adds lines: all of them, or none.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub fn append(&self, lines: &[Line]) -> Result<(), Problem> {
        add_lines(&self.prefix, lines)
    }
}

impl Drop for RunsFile {
    fn drop(&mut self) {
        // What a crash left behind is not empty, and stays.
        if self.lock.metadata().is_ok_and(|metadata| metadata.len() == 0) {
            let _ = fs::remove_file(partial(&self.prefix, "stats.csv"));
        }
        // Those that are not empty stay.
        remove_folders(&self.folders);
    }
}

/// Adds lines to the runs file of a prefix, which must be locked.
pub(super) fn add_lines(prefix: &Path, lines: &[Line]) -> Result<(), Problem> {
    let path = at(prefix, "_", "runs.jsonl");
    let before = read_lines(&path).map_err(|error| cannot_write(&path, &error))?;
    let lines: Vec<String> = lines.iter().map(Line::to_json_line).collect();
    put_lines(prefix, &path, before, &lines)
}

/// Writes `before` and `lines` beside `path`, then puts them in its place.
pub(super) fn put_lines(
    prefix: &Path,
    path: &Path,
    before: Vec<u8>,
    lines: &[String],
) -> Result<(), Problem> {
    let mut text = before;
    for line in lines {
        text.extend_from_slice(line.as_bytes());
        text.push(b'\n');
    }
    let beside = partial(prefix, "runs.jsonl");
    // On the disk before it takes the place of the old one, which holds every run so far.
    let written =
        File::create(&beside).and_then(|mut file| file.write_all(&text).and_then(|()| file.sync_data()));
    written.map_err(|error| cannot_write(&beside, &error))?;
    fs::rename(&beside, path).map_err(|error| cannot_write(path, &error))
}

/// The lines that are there, the last one with its end; none where there is no file.
fn read_lines(path: &Path) -> io::Result<Vec<u8>> {
    let mut text = match fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(error),
    };
    if text.last().is_some_and(|last| *last != b'\n') {
        text.push(b'\n');
    }
    Ok(text)
}

/// Opens the partial file that stands for all files of a prefix, and locks it. The lock is let go by the operating
/// system when the process ends, however it does.
pub(super) fn open_locked(path: &Path) -> Result<File, Problem> {
    loop {
        let mut options = OpenOptions::new();
        // Not truncated before the lock is held: it could be the file of a run that goes on.
        let file = options
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(|error| cannot_write(path, &error))?;
        if let Err(error) = flock(&file, FlockOperation::NonBlockingLockExclusive) {
            let error = io::Error::from(error);
            if error.kind() == io::ErrorKind::WouldBlock {
                let message = "another run is writing to this prefix";
                return Err(
                    Problem::in_file(path, None, message).help("wait for it, or choose another --csv prefix")
                );
            }
            // A file system without locks: runs there have to be kept apart by the user.
        }
        // Between opening and locking, the run that held it can have renamed it.
        let same = match (file.metadata(), fs::metadata(path)) {
            (Ok(ours), Ok(there)) => (ours.dev(), ours.ino()) == (there.dev(), there.ino()),
            _ => false,
        };
        if same {
            return Ok(file);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::{CsvOptions, ResultFiles};
    use crate::summary::line::{Change, ChangeLine};

    fn decision(run: &str) -> Line {
        let at = "2026-01-31T12:00:00Z".parse().unwrap();
        Line::Change(ChangeLine::new(at, Change::Drop { run: run.to_owned() }))
    }

    fn prefix() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let prefix = folder.path().join("results/demo");
        (folder, prefix)
    }

    fn names(prefix: &Path) -> Vec<String> {
        let entries = fs::read_dir(prefix.parent().unwrap()).into_iter().flatten();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn lines_are_added_and_a_last_line_without_an_end_gets_one() {
        let (_folder, prefix) = prefix();
        fs::create_dir(prefix.parent().unwrap()).unwrap();
        let path = at(&prefix, "_", "runs.jsonl");
        fs::write(&path, "{\"v\":1,\"kind\":\"older\"}").unwrap();
        RunsFile::open(&prefix).unwrap().append(&[decision("a"), decision("b")]).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        let expected = ["a", "b"].map(|run| decision(run).to_json_line() + "\n").concat();
        assert_eq!(text, format!("{{\"v\":1,\"kind\":\"older\"}}\n{expected}"));
        assert_eq!(Line::parse_all(&text).unwrap(), [decision("a"), decision("b")]);
        assert_eq!(names(&prefix), ["demo_runs.jsonl"]);
    }

    #[test]
    fn a_run_and_a_decision_keep_each_other_off() {
        let (_folder, prefix) = prefix();
        let decides = RunsFile::open(&prefix).unwrap();
        let options = CsvOptions::default();
        let refused = ResultFiles::open(&prefix, options).unwrap_err();
        assert_eq!(refused.message, "another run is writing to this prefix");
        drop(decides);
        let runs = ResultFiles::open(&prefix, options).unwrap();
        assert!(RunsFile::open(&prefix).is_err());
        runs.discard();
        RunsFile::open(&prefix).unwrap();
    }

    #[test]
    fn nothing_is_left_behind_where_nothing_was_decided() {
        let (folder, prefix) = prefix();
        drop(RunsFile::open(&prefix).unwrap());
        assert!(!folder.path().join("results").exists());
    }

    #[test]
    fn what_a_crash_left_behind_stays() {
        let (_folder, prefix) = prefix();
        fs::create_dir(prefix.parent().unwrap()).unwrap();
        let crashed = partial(&prefix, "stats.csv");
        fs::write(&crashed, "half of it").unwrap();
        RunsFile::open(&prefix).unwrap().append(&[decision("a")]).unwrap();
        assert_eq!(fs::read_to_string(&crashed).unwrap(), "half of it");
    }
}
