//! Reads `_stats.csv` files: ours, and those of any Locust.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::side::{Side, SideRow, WholeFigures};
use crate::error::{Problem, nearest};
use crate::summary::line::is_conflict_marker;

/// Columns without which a row cannot be compared.
const NEEDED: [&str; 8] =
    ["Type", "Name", "Request Count", "Failure Count", "Average Response Time", "Requests/s", "50%", "95%"];

/// Percentile columns and what they are; the maximum stands in a column of its own, unrounded.
const PERCENTILES: [(&str, f64); 10] = [
    ("50%", 0.5),
    ("66%", 0.66),
    ("75%", 0.75),
    ("80%", 0.8),
    ("90%", 0.9),
    ("95%", 0.95),
    ("98%", 0.98),
    ("99%", 0.99),
    ("99.9%", 0.999),
    ("99.99%", 0.9999),
];

/// A number as Python prints it: an integer, or a float with or without exponent. `None` for everything else,
/// infinities and `nan` included.
#[must_use]
pub fn python_number(text: &str) -> Option<f64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if !digits.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    text.parse().ok().filter(|value: &f64| value.is_finite())
}

/// Reads the text of a `_stats.csv`: LF or CR LF, any columns beside those needed, in any order. The row
/// `Aggregated` is left out: files are edited by hand, and nothing keeps it true.
///
/// # Errors
/// When the file is damaged: the first line that cannot be read.
pub(super) fn read_stats_csv(path: &Path, text: &str) -> Result<Side, Problem> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if let Some(index) = text.lines().position(is_conflict_marker) {
        let problem = Problem::in_file(path, Some(index + 1), "the marker of a git conflict stands here");
        return Err(problem.help("take the file of either side: `git checkout --ours` or `--theirs`"));
    }
    let damaged = |line: usize, message: String| {
        Problem::in_file(path, Some(line), message).help("restore the file with git, or remove it")
    };
    let mut reader = csv::ReaderBuilder::new().flexible(true).has_headers(false).from_reader(text.as_bytes());
    let mut records = reader.records();
    let Some(Ok(header)) = records.next() else {
        return Err(damaged(1, "not a _stats.csv of Locust: it is empty".to_owned()));
    };
    let columns = Columns::of(&header).map_err(|message| damaged(1, message))?;
    let mut side = Side { label: path.display().to_string(), ..Side::default() };
    let mut known = BTreeSet::new();
    for record in records {
        let record = record.map_err(|error| {
            damaged(line_number(text, error.position()), "not a line of a CSV file".to_owned())
        })?;
        let damaged = |message| damaged(line_number(text, record.position()), message);
        let Some(row) = columns.row(&record).map_err(damaged)? else { continue };
        if !known.insert((row.method.clone(), row.name.clone())) {
            return Err(damaged(format!("the row `{} {}` is there twice", row.method, row.name)));
        }
        side.rows.push(row);
    }
    Ok(side)
}

/// The line of a record, counted from 1. The reader's own count is one too low behind a CR LF, of which it has
/// read only the CR, and behind empty lines.
fn line_number(text: &str, position: Option<&csv::Position>) -> usize {
    let at = position.and_then(|position| usize::try_from(position.byte()).ok()).unwrap_or_default();
    let before = text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count();
    let passed_over = text.bytes().skip(at).take_while(|byte| matches!(byte, b'\r' | b'\n'));
    before + passed_over.filter(|byte| *byte == b'\n').count() + 1
}

/// Where the columns stand.
struct Columns<'a> {
    places: BTreeMap<&'a str, usize>,
    count: usize,
}

impl<'a> Columns<'a> {
    fn of(header: &'a csv::StringRecord) -> Result<Self, String> {
        let places: BTreeMap<&str, usize> =
            header.iter().enumerate().map(|(index, name)| (name.trim(), index)).collect();
        for needed in NEEDED {
            if !places.contains_key(needed) {
                let near = nearest(needed, places.keys().copied())
                    .map_or_else(String::new, |near| format!("; the nearest is `{near}`"));
                return Err(format!("not a _stats.csv of Locust: there is no column `{needed}`{near}"));
            }
        }
        Ok(Self { places, count: header.len() })
    }

    fn row(&self, record: &csv::StringRecord) -> Result<Option<SideRow>, String> {
        if record.len() != self.count {
            let found = record.len();
            return Err(format!("{found} columns, but the header has {}", self.count));
        }
        let text = |column: &str| self.places.get(column).and_then(|at| record.get(*at));
        let (method, name) = (text("Type").unwrap_or_default(), text("Name").unwrap_or_default());
        if method.is_empty() && name == "Aggregated" {
            return Ok(None);
        }
        let wrong =
            |column: &str, found: &str, what: &str| format!("`{column}` should be {what}, found `{found}`");
        let count = |column: &str| {
            let found = text(column).unwrap_or_default();
            found.parse::<u64>().map_err(|_| wrong(column, found, "a whole number"))
        };
        let number = |column: &str| match text(column) {
            None | Some("N/A" | "") => Ok(None),
            Some(found) => match python_number(found) {
                Some(value) if value >= 0.0 => Ok(Some(value)),
                _ => Err(wrong(column, found, "a number that is not negative")),
            },
        };
        let (requests, failures) = (count("Request Count")?, count("Failure Count")?);
        if failures > requests {
            return Err(format!("{failures} failures of {requests} requests"));
        }
        let rate = number("Requests/s")?.unwrap_or_default();
        let mut quantiles = Vec::new();
        let extremes = [("Min Response Time", 0.0), ("Max Response Time", 1.0)];
        for (column, p) in [extremes[0]].into_iter().chain(PERCENTILES).chain([extremes[1]]) {
            quantiles.extend(number(column)?.map(|ms| (p, ms)));
        }
        Ok(Some(SideRow {
            method: method.to_owned(),
            name: name.to_owned(),
            requests,
            failures,
            whole: WholeFigures {
                average_ms: number("Average Response Time")?.filter(|_| requests > 0),
                quantiles: if requests > 0 { quantiles } else { Vec::new() },
                rate,
                seconds: if rate > 0.0 { requests as f64 / rate } else { 0.0 },
            },
            ..SideRow::default()
        }))
    }
}
