//! Locust's CSV files, byte for byte: statistics, failures and exceptions whole, the history row by row.
//!
//! Formats only. Where files lie and when they are written is decided in [`files`](super::files). The formats
//! are described in docs/formats.md and were compared with what Locust 2.31.5 and 2.47.0 write.

use std::io;

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use windtunnel_stats::{Compat, Median};

use super::python;
use super::rows::{Row, Rows, SeenFailure, failures};
use crate::summary::RunRecord;

/// The percentiles of all files and tables, with their column names.
pub(super) const PERCENTILES: [(f64, &str); 11] = [
    (0.50, "50%"),
    (0.66, "66%"),
    (0.75, "75%"),
    (0.80, "80%"),
    (0.90, "90%"),
    (0.95, "95%"),
    (0.98, "98%"),
    (0.99, "99%"),
    (0.999, "99.9%"),
    (0.9999, "99.99%"),
    (1.0, "100%"),
];

/// `PREFIX_stats.csv`: a row for each method and name that saw a request, then `Aggregated`.
#[must_use]
pub fn stats_csv(records: &[RunRecord], compat: Compat) -> String {
    let mut lines = Lines::default();
    let percentiles = PERCENTILES.map(|(_, name)| name);
    let columns = ["Type", "Name", "Request Count", "Failure Count", "Median Response Time"];
    let more = ["Average Response Time", "Min Response Time", "Max Response Time", "Average Content Size"];
    lines.row(columns.iter().chain(&more).chain(&["Requests/s", "Failures/s"]).chain(&percentiles));
    for row in Rows::of(records).all() {
        let start = [row.method.to_owned(), row.name.to_owned()];
        let rates = [python::float(row.requests_per_second()), python::float(row.failures_per_second())];
        lines.row(start.iter().chain(&totals(row, compat)).chain(&rates).chain(&whole_percentiles(row)));
    }
    lines.0
}

/// Counts, median, average, minimum, maximum and content size of a row.
fn totals(row: &Row<'_>, compat: Compat) -> [String; 7] {
    [
        row.requests.to_string(),
        row.failures.to_string(),
        median(row, compat),
        python::float(row.times.average_ms()),
        time_or_zero(row.times.min_ms()),
        time_or_zero(row.times.max_ms()),
        match row.requests {
            0 => "0".to_owned(),
            requests => python::float(row.received as f64 / requests as f64),
        },
    ]
}

/// In 2.31.5 buckets from 100 ms on are floats. A bucket of exactly 100 is an integer there when the first time
/// in it lay below 100 ms, which is not known here; it is written as the float that it mostly is.
fn median(row: &Row<'_>, compat: Compat) -> String {
    match (row.times.median(compat), compat) {
        (Median::Empty, _) => "0".to_owned(),
        (Median::Bucket(bucket), Compat::V2_31) if bucket >= 100 => format!("{bucket}.0"),
        (Median::Bucket(bucket), _) => bucket.to_string(),
        (Median::Clamped(ms), _) => time_or_zero(Some(ms)),
    }
}

/// A minimum or maximum: a time of exactly zero is Python's integer there, like a missing one.
fn time_or_zero(ms: Option<f64>) -> String {
    match ms {
        Some(ms) if ms != 0.0 => python::float(ms),
        _ => "0".to_owned(),
    }
}

fn whole_percentiles(row: &Row<'_>) -> [String; 11] {
    PERCENTILES.map(|(p, _)| row.times.percentile(p).map_or_else(|| "N/A".to_owned(), |ms| ms.to_string()))
}

/// `PREFIX_failures.csv`: one row for each distinct failure, in the order of Locust's error key.
///
/// Locust 2.31.5 has no columns for the first and the last time.
#[must_use]
pub fn failures_csv(records: &[RunRecord], compat: Compat) -> String {
    let mut lines = Lines::default();
    let columns = ["Method", "Name", "Error", "Occurrences", "First Seen", "Last Seen"];
    let width = match compat {
        Compat::V2_31 => 4,
        Compat::V2_47 => 6,
    };
    lines.row(&columns[..width]);
    let mut rows = failures(records);
    rows.sort_by_cached_key(error_key);
    for row in rows {
        let fields = [
            row.method.to_owned(),
            row.name.to_owned(),
            row.error.to_owned(),
            row.occurrences.to_string(),
            utc(row.first_seen),
            utc(row.last_seen),
        ];
        lines.row(&fields[..width]);
    }
    lines.0
}

/// The key by which Locust keeps and sorts failures: SHA-256 of `method.name.repr(error)` in hex digits, whose
/// order is that of the bytes.
fn error_key(row: &SeenFailure<'_>) -> [u8; 32] {
    let text = format!("{}.{}.{}", row.method, row.name, python::repr(row.error));
    Sha256::digest(text.as_bytes()).into()
}

fn utc(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// `PREFIX_exceptions.csv`: errors of templates during the run, in the order of their first occurrence.
#[must_use]
pub fn exceptions_csv(records: &[RunRecord]) -> String {
    let mut lines = Lines::default();
    lines.row(["Count", "Message", "Traceback", "Nodes"]);
    for row in records.iter().flat_map(|record| &record.exceptions) {
        lines.row([&row.count.to_string(), &row.message, &row.traceback, "local"]);
    }
    lines.0
}

/// Which rows a history has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum History {
    /// `Aggregated` alone, with percentiles since the start.
    #[default]
    Aggregated,
    /// Every row and `Aggregated`, with percentiles of the last ten seconds.
    Full,
}

/// Appends to `PREFIX_stats_history.csv`, once a second.
#[derive(Debug)]
pub struct HistoryWriter<W> {
    out: W,
    history: History,
    compat: Compat,
}

impl<W: io::Write> HistoryWriter<W> {
    /// A history that begins with its header.
    ///
    /// # Errors
    /// When `out` cannot be written to.
    pub fn new(mut out: W, history: History, compat: Compat) -> io::Result<Self> {
        let mut lines = Lines::default();
        let percentiles = PERCENTILES.map(|(_, name)| name);
        let start = ["Timestamp", "User Count", "Type", "Name", "Requests/s", "Failures/s"];
        let counts = ["Total Request Count", "Total Failure Count", "Total Median Response Time"];
        let times = ["Total Average Response Time", "Total Min Response Time", "Total Max Response Time"];
        let size = ["Total Average Content Size"];
        lines.row(start.iter().chain(&percentiles).chain(&counts).chain(&times).chain(&size));
        out.write_all(lines.0.as_bytes())?;
        Ok(Self { out, history, compat })
    }

    /// Appends the rows of this moment: that of the latest record's clock.
    ///
    /// # Errors
    /// When the file cannot be written to.
    pub fn append(&mut self, records: &[RunRecord]) -> io::Result<()> {
        let Some(latest) = records.iter().max_by_key(|record| record.header.started) else { return Ok(()) };
        let now = u32::try_from(latest.elapsed.as_duration().as_secs()).unwrap_or(u32::MAX);
        let timestamp = latest.wall(latest.elapsed).as_second().to_string();
        let users = records.iter().map(|record| record.users).sum::<u32>().to_string();
        let rows = Rows::of(records);
        let of_rows: &[Row<'_>] = match self.history {
            History::Aggregated => &[],
            History::Full => &rows.rows,
        };
        let mut lines = Lines::default();
        for row in of_rows.iter().chain([&rows.total]) {
            let current = row.current();
            let start = [
                timestamp.clone(),
                users.clone(),
                row.method.to_owned(),
                row.name.to_owned(),
                format!("{:.6}", current.requests_per_second),
                format!("{:.6}", current.failures_per_second),
            ];
            let percentiles = match self.history {
                History::Full if row.requests > 0 => current_percentiles(row, now),
                _ => whole_percentiles(row),
            };
            lines.row(start.iter().chain(&percentiles).chain(&totals(row, self.compat)));
        }
        self.out.write_all(lines.0.as_bytes())
    }

    /// What it writes to.
    pub fn get_mut(&mut self) -> &mut W {
        &mut self.out
    }

    /// Gives back what it wrote to.
    #[cfg(test)]
    pub(super) fn into_inner(self) -> W {
        self.out
    }
}

fn current_percentiles(row: &Row<'_>, now: u32) -> [String; 11] {
    let times = row.last_ten_seconds(now);
    PERCENTILES.map(|(p, _)| times.percentile(p).unwrap_or(0).to_string())
}

/// Lines of the CSV dialect that Python's `csv` module writes unless told otherwise: commas, quotes only where
/// they are needed, CR LF.
#[derive(Debug, Default)]
struct Lines(String);

impl Lines {
    fn row(&mut self, fields: impl IntoIterator<Item = impl AsRef<str>>) {
        for (index, field) in fields.into_iter().enumerate() {
            if index > 0 {
                self.0.push(',');
            }
            let field = field.as_ref();
            if field.contains([',', '"', '\r', '\n']) {
                self.0.push('"');
                self.0.push_str(&field.replace('"', "\"\""));
                self.0.push('"');
            } else {
                self.0.push_str(field);
            }
        }
        self.0.push_str("\r\n");
    }
}
