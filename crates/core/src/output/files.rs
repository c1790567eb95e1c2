//! The files of a `--csv` prefix: grown beside their names, renamed when they are whole.
//!
//! Decides where and when files are written; what is in them is the business of
//! [`locust_csv`](super::locust_csv) and of the runs file's [`RunLine`].

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use windtunnel_stats::Compat;

use super::locust_csv::{History, HistoryWriter, exceptions_csv, failures_csv, stats_csv};
use super::runs_file::{add_lines, open_locked, put_lines};
use crate::error::Problem;
use crate::summary::RunRecord;
use crate::summary::line::{Line, RunLine};

/// Rows above which the files are rewritten less often than at every update.
const ROWS_PER_UPDATE: usize = 500;

/// How the files are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CsvOptions {
    /// As which Locust.
    pub compat: Compat,
    /// The rows of the history.
    pub history: History,
}

/// The files of a `--csv` prefix while a run goes on.
///
/// Until [`accept`](Self::accept) they have names that end in `.partial`, and what stands at the final names is
/// untouched. Dropped without a word (a crash), they stay as they are.
#[derive(Debug)]
pub struct ResultFiles {
    prefix: PathBuf,
    compat: Compat,
    stats: File,
    failures: File,
    exceptions: File,
    history: HistoryWriter<BufWriter<File>>,
    /// Folders made for these files, the outermost first.
    folders: Vec<PathBuf>,
    updates: usize,
}

impl ResultFiles {
    /// Makes the partial files, and the folders they lie in, and so proves that the results can be written.
    ///
    /// # Errors
    /// When a file or folder cannot be made, a folder stands where a file should, or another run is writing to the
    /// same prefix. Nothing is left behind then.
    pub fn open(prefix: &Path, options: CsvOptions) -> Result<Self, Problem> {
        let folders = make_folders(prefix)?;
        let opened = Self::open_in(prefix, options, folders.clone());
        if opened.is_err() {
            remove_folders(&folders);
        }
        opened
    }

    fn open_in(prefix: &Path, options: CsvOptions, folders: Vec<PathBuf>) -> Result<Self, Problem> {
        for kind in ["stats.csv", "stats_history.csv", "failures.csv", "exceptions.csv", "runs.jsonl"] {
            let path = at(prefix, "_", kind);
            if path.is_dir() {
                let message = "a folder stands where a file of results should be written";
                return Err(Problem::in_file(path, None, message).help("choose another --csv prefix"));
            }
        }
        // The statistics come first: their lock keeps other runs off all the files.
        let path = partial(prefix, "stats.csv");
        let stats = open_locked(&path)?;
        stats.set_len(0).map_err(|error| cannot_write(&path, &error))?;
        let create = |kind| {
            let path = partial(prefix, kind);
            File::create(&path).map_err(|error| cannot_write(&path, &error))
        };
        let rest = || Ok((create("failures.csv")?, create("exceptions.csv")?, create("stats_history.csv")?));
        let (failures, exceptions, history) = rest().inspect_err(|_: &Problem| remove_partials(prefix))?;
        let history = HistoryWriter::new(BufWriter::new(history), options.history, options.compat)
            .map_err(|error| cannot_write(&partial(prefix, "stats_history.csv"), &error))
            .inspect_err(|_| remove_partials(prefix))?;
        let prefix = prefix.to_owned();
        let compat = options.compat;
        Ok(Self { prefix, compat, stats, failures, exceptions, history, folders, updates: 0 })
    }

    /// Brings the partial files up to date; to be called once a second.
    ///
    /// The history gets its row every time. The others are written anew, and less often when there are many rows.
    ///
    /// # Errors
    /// When a file cannot be written to. The run may go on; the next call tries again.
    pub fn update(&mut self, records: &[RunRecord]) -> Result<(), Problem> {
        let path = partial(&self.prefix, "stats_history.csv");
        self.history
            .append(records)
            .and_then(|()| self.history.get_mut().flush())
            .map_err(|error| cannot_write(&path, &error))?;
        let rows: usize = records.iter().map(|record| record.series.len()).sum();
        let due = self.updates.is_multiple_of(1 + rows / ROWS_PER_UPDATE);
        self.updates += 1;
        if due { self.rewrite(records) } else { Ok(()) }
    }

    fn rewrite(&mut self, records: &[RunRecord]) -> Result<(), Problem> {
        let contents = [
            (&mut self.stats, "stats.csv", stats_csv(records, self.compat)),
            (&mut self.failures, "failures.csv", failures_csv(records, self.compat)),
            (&mut self.exceptions, "exceptions.csv", exceptions_csv(records)),
        ];
        for (file, kind, text) in contents {
            replace(file, &text).map_err(|error| cannot_write(&partial(&self.prefix, kind), &error))?;
        }
        Ok(())
    }

    /// Completes the files to the last request and puts them in the place of the old ones, and adds `lines` to
    /// `PREFIX_runs.jsonl`: a line for each run, and what was decided of them; without lines that file stays as it is.
    ///
    /// # Errors
    /// When a file cannot be written or renamed. Each file is replaced whole or not at all; those not yet renamed
    /// keep their partial name.
    pub fn accept(mut self, records: &[RunRecord], lines: &[Line]) -> Result<(), Problem> {
        self.complete(records)?;
        if !lines.is_empty() {
            add_lines(&self.prefix, lines)?;
        }
        self.rename("_")
    }

    /// Completes the files and gives them the names `PREFIX.rejected_stats.csv` and so on, with the reason in
    /// `PREFIX.rejected_reason.txt` and the lines in `PREFIX.rejected_runs.jsonl`. The files of the prefix itself
    /// stay as they were; those of an earlier rejected run are replaced.
    ///
    /// # Errors
    /// As for [`accept`](Self::accept).
    pub fn reject(mut self, records: &[RunRecord], lines: &[RunLine], reason: &str) -> Result<(), Problem> {
        self.complete(records)?;
        let runs = at(&self.prefix, ".rejected_", "runs.jsonl");
        if lines.is_empty() {
            // One of an earlier rejected run would not fit these files.
            let _ = fs::remove_file(&runs);
        } else {
            let lines: Vec<String> = lines.iter().map(RunLine::to_json_line).collect();
            put_lines(&self.prefix, &runs, Vec::new(), &lines)?;
        }
        let path = at(&self.prefix, ".rejected_", "reason.txt");
        let runs = lines
            .iter()
            .map(|line| format!("run {} of module {}, started {}\n", line.run, line.module, line.started));
        let text = format!("{reason}\n{}", runs.collect::<String>());
        fs::write(&path, text).map_err(|error| cannot_write(&path, &error))?;
        self.rename(".rejected_")
    }

    /// Removes the partial files and the folders made for them: nothing was measured.
    pub fn discard(self) {
        remove_partials(&self.prefix);
        remove_folders(&self.folders);
    }

    fn complete(&mut self, records: &[RunRecord]) -> Result<(), Problem> {
        self.rewrite(records)?;
        let files = [
            (&self.stats, "stats.csv"),
            (&self.failures, "failures.csv"),
            (&self.exceptions, "exceptions.csv"),
            (self.history.get_mut().get_ref(), "stats_history.csv"),
        ];
        for (file, kind) in files {
            file.sync_data().map_err(|error| cannot_write(&partial(&self.prefix, kind), &error))?;
        }
        Ok(())
    }

    /// The statistics come last: a reader that finds them new finds everything new.
    fn rename(&self, infix: &str) -> Result<(), Problem> {
        for kind in ["exceptions.csv", "failures.csv", "stats_history.csv", "stats.csv"] {
            let path = at(&self.prefix, infix, kind);
            fs::rename(partial(&self.prefix, kind), &path).map_err(|error| cannot_write(&path, &error))?;
        }
        Ok(())
    }
}

/// `PREFIX`, `infix` and `kind` in one path.
pub(super) fn at(prefix: &Path, infix: &str, kind: &str) -> PathBuf {
    let mut path = OsString::from(prefix);
    path.push(infix);
    path.push(kind);
    PathBuf::from(path)
}

pub(super) fn partial(prefix: &Path, kind: &str) -> PathBuf {
    at(prefix, "_", &format!("{kind}.partial"))
}

pub(super) fn cannot_write(path: &Path, error: &io::Error) -> Problem {
    Problem::in_file(path, None, format!("cannot write results: {error}"))
        .help("choose a --csv prefix in a folder that can be written to")
}

fn replace(file: &mut File, text: &str) -> io::Result<()> {
    file.seek(SeekFrom::Start(0))?;
    file.write_all(text.as_bytes())?;
    file.set_len(text.len() as u64)
}

/// Makes the folders that `prefix` lies in; gives those that were not there, the outermost first.
pub(super) fn make_folders(prefix: &Path) -> Result<Vec<PathBuf>, Problem> {
    let Some(folder) = prefix.parent().filter(|folder| !folder.as_os_str().is_empty()) else {
        return Ok(Vec::new());
    };
    let mut missing: Vec<PathBuf> = folder
        .ancestors()
        .take_while(|folder| !folder.as_os_str().is_empty() && !folder.exists())
        .map(Path::to_owned)
        .collect();
    missing.reverse();
    fs::create_dir_all(folder).map_err(|error| {
        remove_folders(&missing);
        cannot_write(folder, &error)
    })?;
    Ok(missing)
}

/// Removes folders that are empty; those that are not stay.
pub(super) fn remove_folders(folders: &[PathBuf]) {
    for folder in folders.iter().rev() {
        let _ = fs::remove_dir(folder);
    }
}

fn remove_partials(prefix: &Path) {
    for kind in ["stats.csv", "stats_history.csv", "failures.csv", "exceptions.csv"] {
        let _ = fs::remove_file(partial(prefix, kind));
    }
}

#[cfg(test)]
mod tests;
