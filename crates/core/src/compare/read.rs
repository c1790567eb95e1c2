//! Finds the sides of a comparison: baselines, files and stored runs.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::locust_csv::read_stats_csv;
use super::side::{Side, SideRow};
use super::store::RunStore;
use crate::error::Problem;
use crate::summary::line::{LineEnding, RunLine};

/// Reads the baseline `NAME` of a folder: the newest complete run of `NAME_runs.jsonl`, or `NAME_stats.csv` where
/// there is no such run or the two disagree, which a note on the side says. `None` where there is neither.
///
/// # Errors
/// When a file cannot be read or is damaged.
pub fn read_baseline(folder: &Path, name: &str) -> Result<Option<Side>, Problem> {
    read_prefix(&folder.join(name), |line| line.ending == LineEnding::Complete)
}

/// Reads what `compare` was asked for: a `.jsonl` file (its newest run), a `.csv` file, a stored run's `.json`
/// file, a prefix such as `results/revertrisk`, or a stored run by `last`, its id or the beginning of it.
///
/// # Errors
/// When there is no such thing, or it cannot be read or is damaged.
pub fn read_run(what: &str, store: &RunStore) -> Result<Side, Problem> {
    let path = Path::new(what);
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    match extension {
        "csv" => return read_stats_csv(path, &read_text(path)?),
        "json" => return Ok(Side::from_line(&RunStore::read(path)?.line)),
        "jsonl" => {
            let lines = read_lines(path)?;
            let newest = newest(&lines).ok_or_else(|| Problem::in_file(path, None, "no run in it"))?;
            return Ok(from_file(newest, path));
        }
        _ => {}
    }
    if let Some(side) = read_prefix(path, |_| true)? {
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

fn read_prefix(prefix: &Path, valid: impl Fn(&RunLine) -> bool) -> Result<Option<Side>, Problem> {
    let (runs, csv) = (with_suffix(prefix, "_runs.jsonl"), with_suffix(prefix, "_stats.csv"));
    let lines = if runs.exists() { read_lines(&runs)? } else { Vec::new() };
    let (lines, invalid): (Vec<RunLine>, Vec<RunLine>) = lines.into_iter().partition(valid);
    let table = if csv.exists() { Some(read_stats_csv(&csv, &read_text(&csv)?)?) } else { None };
    let of_invalid = |table: &Side| {
        invalid.iter().any(|line| disagreement(&Side::from_line(line).rows, &table.rows).is_none())
    };
    let Some(newest) = newest(&lines) else {
        return Ok(table.filter(|table| !of_invalid(table)).map(|mut side| {
            let name = csv.display();
            side.notes.push(format!(
                "`{name}` has no run beside it in a runs file: its figures alone are compared"
            ));
            side
        }));
    };
    let alone = from_file(newest, &runs);
    let Some(mut table) = table else { return Ok(Some(alone)) };
    let Some(disagreement) = disagreement(&alone.rows, &table.rows) else { return Ok(Some(alone)) };
    let together = of_all_modules(newest, &lines, &runs);
    if self::disagreement(&together.rows, &table.rows).is_none() {
        return Ok(Some(together));
    }
    if of_invalid(&table) {
        return Ok(Some(alone));
    }
    table.notes.push(format!(
        "`{}` and the newest run of `{}` disagree ({disagreement}): the CSV is used",
        csv.display(),
        runs.display()
    ));
    Ok(Some(table))
}

/// A prefix that several modules share: the newest run of each.
fn of_all_modules(first: &RunLine, lines: &[RunLine], runs: &Path) -> Side {
    let mut side = from_file(first, runs);
    let modules: BTreeSet<&str> = lines.iter().map(|line| line.module.as_str()).collect();
    for module in modules.iter().filter(|module| **module != first.module) {
        let of_module = newest(lines.iter().filter(|line| line.module == **module));
        side.rows.extend(of_module.iter().flat_map(|line| &line.endpoints).map(SideRow::from));
    }
    if modules.len() > 1 {
        side.module = None;
    }
    side
}

fn from_file(line: &RunLine, path: &Path) -> Side {
    let mut side = Side::from_line(line);
    side.label = format!("{} of {}", side.label, path.display());
    side
}

/// The first row in which a line and a CSV of the same run should be equal and are not.
fn disagreement(lines: &[SideRow], csv: &[SideRow]) -> Option<String> {
    let counted = |rows: &[SideRow]| {
        let sent = rows.iter().filter(|row| row.requests > 0);
        let of_row = |row: &SideRow| ((row.method.clone(), row.name.clone()), (row.requests, row.failures));
        sent.map(of_row).collect::<BTreeMap<_, _>>()
    };
    let (lines, csv) = (counted(lines), counted(csv));
    let text = |(requests, failures): (u64, u64)| format!("{requests} requests and {failures} failures");
    csv.keys().chain(lines.keys()).find_map(|row| {
        let count = |rows: &BTreeMap<_, _>| rows.get(row).copied().unwrap_or_default();
        let (in_csv, in_line) = (count(&csv), count(&lines));
        let differ =
            || format!("{} {}: {} in the CSV, {} in the run", row.0, row.1, text(in_csv), text(in_line));
        (in_csv != in_line).then(differ)
    })
}

fn newest<'a>(lines: impl IntoIterator<Item = &'a RunLine>) -> Option<&'a RunLine> {
    lines.into_iter().max_by(|a, b| (a.started, &a.run).cmp(&(b.started, &b.run)))
}

fn read_lines(path: &Path) -> Result<Vec<RunLine>, Problem> {
    RunLine::parse_all(&read_text(path)?)
        .map_err(|(line, error)| Problem::in_file(path, Some(line), error.to_string()).help(error.help()))
}

pub(super) fn read_text(path: &Path) -> Result<String, Problem> {
    fs::read_to_string(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Problem::in_file(path, None, "no such file"),
        io::ErrorKind::InvalidData => Problem::in_file(path, None, "not a text file: it is not in UTF-8"),
        _ => Problem::in_file(path, None, format!("cannot read: {error}")),
    })
}

fn with_suffix(prefix: &Path, suffix: &str) -> PathBuf {
    let mut path = OsString::from(prefix);
    path.push(suffix);
    PathBuf::from(path)
}
