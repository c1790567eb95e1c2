//! Finds the sides of a comparison: baselines, files and stored runs.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::baseline::Baseline;
use super::locust_csv::read_stats_csv;
use super::side::{Side, SideRow};
use super::store::RunStore;
use crate::error::Problem;
use crate::summary::line::{Line, LineEnding, RunLine};

/// By how much averages of one and the same run may differ: lines keep nine digits.
const SAME_AVERAGE: f64 = 1e-6;

/// Reads the baseline `NAME` of a folder: the epochs and sessions of `NAME_runs.jsonl`, or `NAME_stats.csv` where
/// there is no complete run in it or the CSV is none of its runs', which a note says. `None` where there is neither.
///
/// # Errors
/// When a file cannot be read or is damaged.
pub fn read_baseline(folder: &Path, name: &str) -> Result<Option<Baseline>, Problem> {
    read_prefix(&folder.join(name))
}

/// Reads all lines of the runs file of a prefix, interrupted runs and decisions included; none where there is no such
/// file.
///
/// # Errors
/// When the file cannot be read or is damaged.
pub fn read_history(prefix: &Path) -> Result<Vec<Line>, Problem> {
    let path = with_suffix(prefix, "_runs.jsonl");
    if path.exists() { read_lines(&path) } else { Ok(Vec::new()) }
}

/// Reads the old side of what `compare` was asked for: all evidence of a prefix such as `results/revertrisk` or of a
/// `.jsonl` file, or one run as [`read_run`] reads it.
///
/// # Errors
/// When there is no such thing, or it cannot be read or is damaged.
pub fn read_old(what: &str, store: &RunStore) -> Result<Baseline, Problem> {
    let path = Path::new(what);
    match extension(path) {
        "jsonl" => {
            let lines = read_lines(path)?;
            let baseline = Baseline::of_lines(what, &lines);
            if baseline.current().is_some() && modules(&lines).len() < 2 {
                return Ok(baseline);
            }
        }
        "csv" | "json" => {}
        _ => {
            if let Some(baseline) = read_prefix(path)? {
                return Ok(baseline);
            }
        }
    }
    read_run(what, store).map(Baseline::of_run)
}

/// Reads one run: the newest of a `.jsonl` file or of a prefix such as `results/revertrisk`, a `.csv` file, a stored
/// run's `.json` file, or a stored run by `last`, its id or the beginning of it.
///
/// # Errors
/// When there is no such thing, or it cannot be read or is damaged.
pub fn read_run(what: &str, store: &RunStore) -> Result<Side, Problem> {
    let path = Path::new(what);
    match extension(path) {
        "csv" => return read_stats_csv(path, &read_text(path)?),
        "json" => return Ok(Side::from_line(&RunStore::read(path)?.line)),
        "jsonl" => {
            let lines = read_lines(path)?;
            let newest = newest(runs(&lines)).ok_or_else(|| Problem::in_file(path, None, "no run in it"))?;
            return Ok(from_file(newest, path));
        }
        _ => {}
    }
    if let Some(side) = read_newest(path)? {
        return Ok(side);
    }
    if path.is_dir() {
        let message = format!("`{what}` is a folder");
        return Err(Problem::new(message).help(format!("name a prefix in it, such as `{what}/NAME`")));
    }
    let stored = store.find(what).map_err(|problem| {
        let message = format!("{}, and neither a file nor a prefix of results", problem.message);
        Problem { message, ..problem }
    })?;
    Ok(Side::from_line(&RunStore::read(&stored)?.line))
}

/// The files of a prefix.
struct Files {
    runs: PathBuf,
    csv: PathBuf,
    lines: Vec<Line>,
    table: Option<Side>,
}

impl Files {
    fn read(prefix: &Path) -> Result<Self, Problem> {
        let (runs, csv) = (with_suffix(prefix, "_runs.jsonl"), with_suffix(prefix, "_stats.csv"));
        let lines = read_history(prefix)?;
        let table = if csv.exists() { Some(read_stats_csv(&csv, &read_text(&csv)?)?) } else { None };
        Ok(Self { runs, csv, lines, table })
    }

    fn complete(&self) -> impl Iterator<Item = &RunLine> {
        runs(&self.lines).filter(|line| line.ending == LineEnding::Complete)
    }

    /// Whether the table is that of a run which satisfies `which`.
    fn table_is_of(&self, table: &Side, which: impl Fn(&RunLine) -> bool) -> bool {
        let mut of_kind = runs(&self.lines).filter(|line| which(line));
        of_kind.any(|line| disagreement(&Side::from_line(line).rows, &table.rows).is_none())
    }

    /// The table where the runs do not stand for it, with a note why.
    fn table_alone(&self) -> Option<Side> {
        let mut table = self.table.clone()?;
        let invalid = |line: &RunLine| line.ending != LineEnding::Complete;
        let Some(newest) = newest(self.complete()) else {
            if self.table_is_of(&table, invalid) {
                return None;
            }
            let name = self.csv.display();
            table.notes.push(format!(
                "`{name}` has no run beside it in a runs file: its figures alone are compared"
            ));
            return Some(table);
        };
        let together = of_all_modules(newest, &self.lines, &self.runs);
        let known = self.table_is_of(&table, |_| true) || disagreement(&together.rows, &table.rows).is_none();
        if known {
            return None;
        }
        let differs = disagreement(&Side::from_line(newest).rows, &table.rows).unwrap_or_default();
        table.notes.push(format!(
            "`{}` is no run of `{}` ({differs}): the CSV is used",
            self.csv.display(),
            self.runs.display()
        ));
        Some(table)
    }
}

fn read_prefix(prefix: &Path) -> Result<Option<Baseline>, Problem> {
    let files = Files::read(prefix)?;
    if let Some(table) = files.table_alone() {
        return Ok(Some(Baseline::of_run(table)));
    }
    let Some(newest) = newest(files.complete()) else { return Ok(None) };
    if modules(&files.lines).len() > 1 {
        return Ok(Some(Baseline::of_run(of_all_modules(newest, &files.lines, &files.runs))));
    }
    let baseline = Baseline::of_lines(&files.runs.display().to_string(), &files.lines);
    Ok(Some(baseline))
}

/// The run of a prefix that was made last: for the new side, interrupted ones count too.
fn read_newest(prefix: &Path) -> Result<Option<Side>, Problem> {
    let files = Files::read(prefix)?;
    if let Some(table) = files.table_alone() {
        return Ok(Some(table));
    }
    let Some(newest) = newest(runs(&files.lines)) else { return Ok(files.table) };
    if modules(&files.lines).len() > 1 {
        return Ok(Some(of_all_modules(newest, &files.lines, &files.runs)));
    }
    Ok(Some(from_file(newest, &files.runs)))
}

/// A prefix that several modules share: the newest run of each.
fn of_all_modules(first: &RunLine, lines: &[Line], path: &Path) -> Side {
    let mut side = from_file(first, path);
    let modules = modules(lines);
    for module in modules.iter().filter(|module| **module != first.module) {
        let of_module = newest(runs(lines).filter(|line| line.module == **module));
        side.rows.extend(of_module.iter().flat_map(|line| &line.endpoints).map(SideRow::from));
    }
    if modules.len() > 1 {
        side.module = None;
        side.total = None;
    }
    side
}

fn runs(lines: &[Line]) -> impl Iterator<Item = &RunLine> {
    lines.iter().filter_map(|line| match line {
        Line::Run(run) => Some(&**run),
        Line::Change(_) => None,
    })
}

fn modules(lines: &[Line]) -> BTreeSet<&str> {
    runs(lines).map(|line| line.module.as_str()).collect()
}

fn from_file(line: &RunLine, path: &Path) -> Side {
    let mut side = Side::from_line(line);
    side.label = format!("{} of {}", side.label, path.display());
    side
}

/// The first row in which a line and a CSV of the same run should be equal and are not.
fn disagreement(lines: &[SideRow], csv: &[SideRow]) -> Option<String> {
    type Counted = BTreeMap<(String, String), (u64, u64, f64)>;
    let counted = |rows: &[SideRow]| -> Counted {
        let sent = rows.iter().filter(|row| row.requests > 0);
        let of_row = |row: &SideRow| {
            let average = row.whole.average_ms.unwrap_or_default();
            ((row.method.clone(), row.name.clone()), (row.requests, row.failures, average))
        };
        sent.map(of_row).collect()
    };
    let (lines, csv) = (counted(lines), counted(csv));
    csv.keys().chain(lines.keys()).find_map(|row| {
        let of = |rows: &Counted| rows.get(row).copied().unwrap_or_default();
        let (in_csv, in_line) = (of(&csv), of(&lines));
        if (in_csv.0, in_csv.1) != (in_line.0, in_line.1) {
            let text = |(requests, failures, _): (u64, u64, f64)| {
                format!("{requests} requests and {failures} failures")
            };
            let (in_csv, in_line) = (text(in_csv), text(in_line));
            return Some(format!("{} {}: {in_csv} in the CSV, {in_line} in the run", row.0, row.1));
        }
        ((in_csv.2 - in_line.2).abs() > SAME_AVERAGE * in_line.2.abs()).then(|| {
            let (in_csv, in_line) = (in_csv.2, in_line.2);
            format!("{} {}: average {in_csv} ms in the CSV, {in_line} ms in the run", row.0, row.1)
        })
    })
}

fn newest<'a>(lines: impl IntoIterator<Item = &'a RunLine>) -> Option<&'a RunLine> {
    lines.into_iter().max_by(|a, b| (a.started, &a.run).cmp(&(b.started, &b.run)))
}

fn read_lines(path: &Path) -> Result<Vec<Line>, Problem> {
    Line::parse_all(&read_text(path)?)
        .map_err(|(line, error)| Problem::in_file(path, Some(line), error.to_string()).help(error.help()))
}

pub(super) fn read_text(path: &Path) -> Result<String, Problem> {
    fs::read_to_string(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Problem::in_file(path, None, "no such file"),
        io::ErrorKind::InvalidData => Problem::in_file(path, None, "not a text file: it is not in UTF-8"),
        _ => Problem::in_file(path, None, format!("cannot read: {error}")),
    })
}

fn extension(path: &Path) -> &str {
    path.extension().and_then(|extension| extension.to_str()).unwrap_or_default()
}

fn with_suffix(prefix: &Path, suffix: &str) -> PathBuf {
    let mut path = OsString::from(prefix);
    path.push(suffix);
    PathBuf::from(path)
}
