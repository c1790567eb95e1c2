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
/// there is no complete run in it or the CSV is none of its runs', which a note says. `None` where there is neither,
/// and where no run is evidence.
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
            if baseline.current().is_some() && !is_shared(&lines) {
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

/// Reads one run: the newest of a `.jsonl` file or of a prefix such as `results/revertrisk` (where modules share it,
/// the newest of each), a `.csv` file, a stored run's `.json` file, or a stored run by `last`, its id or the
/// beginning of it.
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
            let newest = of_lines(&lines, path, |_| true);
            return newest.ok_or_else(|| Problem::in_file(path, None, "no run in it"));
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

    /// Whether the table is that of a run which satisfies `which`.
    fn table_is_of(&self, table: &Side, which: impl Fn(&RunLine) -> bool) -> bool {
        let mut of_kind = runs(&self.lines).filter(|line| which(line));
        of_kind.any(|line| disagreement(&Side::from_line(line).rows, &table.rows).is_none())
    }

    /// The table where the runs do not stand for it, with a note why.
    fn table_alone(&self) -> Option<Side> {
        let mut table = self.table.clone()?;
        let name = self.csv.display();
        let Some(newest) = of_lines(&self.lines, &self.runs, is_complete) else {
            if self.table_is_of(&table, |_| true) {
                return None;
            }
            table.notes.push(format!(
                "`{name}` has no run beside it in a runs file: its figures alone are compared"
            ));
            return Some(table);
        };
        let differs = disagreement(&newest.rows, &table.rows)?;
        if self.table_is_of(&table, |_| true) {
            return None;
        }
        table
            .notes
            .push(format!("`{name}` is no run of `{}` ({differs}): the CSV is used", self.runs.display()));
        Some(table)
    }
}

fn read_prefix(prefix: &Path) -> Result<Option<Baseline>, Problem> {
    let files = Files::read(prefix)?;
    if let Some(table) = files.table_alone() {
        return Ok(Some(Baseline::of_run(table)));
    }
    if is_shared(&files.lines) {
        return Ok(of_lines(&files.lines, &files.runs, is_complete).map(Baseline::of_run));
    }
    let baseline = Baseline::of_lines(&files.runs.display().to_string(), &files.lines);
    Ok(Some(baseline).filter(|baseline| baseline.current().is_some()))
}

/// The run of a prefix that was made last: for the new side, interrupted ones count too.
fn read_newest(prefix: &Path) -> Result<Option<Side>, Problem> {
    let files = Files::read(prefix)?;
    if let Some(table) = files.table_alone() {
        return Ok(Some(table));
    }
    Ok(of_lines(&files.lines, &files.runs, |_| true).or(files.table))
}

/// The newest of the runs that are `wanted`, and where modules share the file the newest of each.
fn of_lines(lines: &[Line], path: &Path, wanted: impl Fn(&RunLine) -> bool) -> Option<Side> {
    let wanted = || runs(lines).filter(|line| wanted(line));
    let first = newest(wanted())?;
    let mut side = Side::from_line(first);
    side.label = format!("{} of {}", side.label, path.display());
    if is_shared(lines) {
        let modules: BTreeSet<&str> = wanted().map(|line| line.module.as_str()).collect();
        for module in modules.into_iter().filter(|module| *module != first.module) {
            let of_module = newest(wanted().filter(|line| line.module == module));
            side.rows.extend(of_module.iter().flat_map(|line| &line.endpoints).map(SideRow::from));
        }
        side.module = None;
        side.total = None;
    }
    Some(side)
}

fn is_complete(line: &RunLine) -> bool {
    line.ending == LineEnding::Complete
}

fn runs(lines: &[Line]) -> impl Iterator<Item = &RunLine> {
    lines.iter().filter_map(|line| match line {
        Line::Run(run) => Some(&**run),
        Line::Change(_) => None,
    })
}

/// Whether several modules write to the file: they have several names, and baselines of several names. A module that
/// was renamed keeps its baseline.
fn is_shared(lines: &[Line]) -> bool {
    fn baseline(line: &RunLine) -> &str {
        if line.baseline.is_empty() { &line.module } else { &line.baseline }
    }
    let several = |name: fn(&RunLine) -> &str| runs(lines).map(name).collect::<BTreeSet<&str>>().len() > 1;
    several(|line| &line.module) && several(baseline)
}

/// The first row in which a line and a CSV of the same run should be equal and are not.
fn disagreement(lines: &[SideRow], csv: &[SideRow]) -> Option<String> {
    let sent = |rows: &'_ [SideRow]| -> BTreeMap<(String, String), SideRow> {
        let sent = rows.iter().filter(|row| row.requests > 0);
        sent.map(|row| ((row.method.clone(), row.name.clone()), row.clone())).collect()
    };
    let (lines, csv) = (sent(lines), sent(csv));
    csv.keys().chain(lines.keys()).find_map(|row| {
        let nothing = SideRow::default();
        let (in_csv, in_line) = (csv.get(row).unwrap_or(&nothing), lines.get(row).unwrap_or(&nothing));
        let difference = difference(in_line, in_csv)?;
        Some(format!("{} {}: {difference}", row.0, row.1))
    })
}

fn difference(in_line: &SideRow, in_csv: &SideRow) -> Option<String> {
    let counts = |row: &SideRow| (row.requests, row.failures);
    if counts(in_csv) != counts(in_line) {
        let text = |row: &SideRow| format!("{} requests and {} failures", row.requests, row.failures);
        return Some(format!("{} in the CSV, {} in the run", text(in_csv), text(in_line)));
    }
    let average = |row: &SideRow| row.whole.average_ms.unwrap_or_default();
    let (before, after) = (average(in_line), average(in_csv));
    if (after - before).abs() > SAME_AVERAGE * before.abs() {
        return Some(format!("average {after} ms in the CSV, {before} ms in the run"));
    }
    [0.5, 0.95].into_iter().find_map(|p| {
        let (before, after) = (in_line.whole.quantile(p)?, in_csv.whole.quantile(p)?);
        let percent = 100.0 * p;
        // Both are whole numbers.
        ((after - before).abs() > 0.5)
            .then(|| format!("{percent} % percentile {after} ms in the CSV, {before} ms in the run"))
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
    let bytes = fs::read(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Problem::in_file(path, None, "no such file"),
        _ => Problem::in_file(path, None, format!("cannot read: {error}")),
    })?;
    String::from_utf8(bytes).map_err(|error| {
        let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = before.split(|byte| *byte == b'\n').count();
        let problem = Problem::in_file(path, Some(line), "not a text file: it is not in UTF-8");
        problem.help("restore the file, or remove it")
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
