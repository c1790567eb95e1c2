//! Locust's console tables, laid out exactly as Locust lays them out.
//!
//! Returns text; where it is printed is the program's business.

use std::fmt::Write;

use windtunnel_stats::Compat;

use super::locust_csv::PERCENTILES;
use super::rows::{Row, Rows, failures};
use crate::summary::RunRecord;

/// Which rates the statistics table shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rates {
    /// Those of the last seconds: the periodic table.
    Current,
    /// Those of the whole run: the table at the end.
    WholeRun,
}

/// The width of names (Locust's `STATS_NAME_WIDTH`) for a standard output of so many columns; `None` when it is
/// not a terminal.
#[must_use]
pub fn name_width(columns: Option<usize>) -> usize {
    columns.map_or(80, |columns| columns.saturating_sub(80).min(80))
}

/// The statistics table, with an empty line at its end.
///
/// A name longer than its column pushes the rest of its line to the right, as in Locust.
#[must_use]
pub fn stats_table(records: &[RunRecord], rates: Rates, compat: Compat, name_width: usize) -> String {
    let rows = Rows::of(records);
    // Locust takes four columns off the name for what the compact numbers cannot save. Below four columns its
    // format string gets a second minus sign, which Python reads as one: the width grows again.
    let dashes_width = name_width.saturating_sub(4);
    let name_width = name_width.abs_diff(4);
    let mut out = String::new();
    let heads = ["# reqs", "# fails", "Avg", "Min", "Max", "Med", "req/s", "failures/s"];
    let [reqs, fails, avg, min, max, med, rate, fail_rate] = heads;
    line(
        &mut out,
        format_args!(
            "{:<8} {:<name_width$} {reqs:>7} {fails:>12} |{avg:>7} {min:>7} {max:>7}{med:>7} | {rate:>7} {fail_rate:>11}",
            "Type", "Name"
        ),
    );
    let dashes = [8, dashes_width, 7, 13, 7, 7, 7, 7, 8, 11].map(|width| "-".repeat(width)).join("|");
    line(&mut out, format_args!("{dashes}"));
    for row in &rows.rows {
        line(&mut out, format_args!("{}", stats_line(row, rates, compat, name_width)));
    }
    line(&mut out, format_args!("{dashes}"));
    line(&mut out, format_args!("{}", stats_line(&rows.total, rates, compat, name_width)));
    out.push('\n');
    out
}

fn stats_line(row: &Row<'_>, rates: Rates, compat: Compat, name_width: usize) -> String {
    let method = if row.method.is_empty() { String::new() } else { format!("{} ", row.method) };
    let fails = format!("{}({:.2}%)", row.failures, row.failure_ratio() * 100.0);
    let (rate, fail_rate) = match rates {
        Rates::Current => (row.current().requests_per_second, row.current().failures_per_second),
        Rates::WholeRun => (row.requests_per_second(), row.failures_per_second()),
    };
    let median = row.times.median(compat).ms().unwrap_or(0.0);
    let [avg, min, max, med] = [
        row.times.average_ms(),
        row.times.min_ms().unwrap_or(0.0),
        row.times.max_ms().unwrap_or(0.0),
        median,
    ]
    .map(f64::trunc);
    format!(
        "{method:<8} {:<name_width$} {:>7} {fails:>12} |{avg:>7} {min:>7} {max:>7}{med:>7} | {rate:>7.2} \
         {fail_rate:>11.2}",
        row.name, row.requests
    )
}

/// The table of percentiles, with an empty line at its end.
#[must_use]
pub fn percentile_table(records: &[RunRecord], name_width: usize) -> String {
    let rows = Rows::of(records);
    let mut out = String::from("Response time percentiles (approximated)\n");
    let mut heads = PERCENTILES.map(|(_, name)| name).to_vec();
    heads.push("# reqs");
    line(&mut out, format_args!("{}", percentile_line("Type", "Name", name_width, &heads)));
    let widths = [8, name_width, 8].into_iter().chain([6; 11]);
    let dashes = widths.map(|width| "-".repeat(width)).collect::<Vec<_>>().join("|");
    line(&mut out, format_args!("{dashes}"));
    let full = |row: &Row<'_>| {
        let mut cells = PERCENTILES.map(|(p, _)| row.times.percentile(p).unwrap_or(0).to_string()).to_vec();
        cells.push(row.requests.to_string());
        percentile_line(row.method, row.name, name_width, &cells)
    };
    for row in rows.rows.iter().filter(|row| row.times.count() > 0) {
        line(&mut out, format_args!("{}", full(row)));
    }
    line(&mut out, format_args!("{dashes}"));
    if rows.total.times.count() > 0 {
        line(&mut out, format_args!("{}", full(&rows.total)));
    }
    out.push('\n');
    out
}

fn percentile_line(method: &str, name: &str, name_width: usize, cells: &[impl AsRef<str>]) -> String {
    let mut text = format!("{method:<8} {name:<name_width$}");
    for (index, cell) in cells.iter().enumerate() {
        let width = if index == 0 { 8 } else { 6 };
        // Writing into a String cannot fail.
        let _ = write!(text, " {:>width$}", cell.as_ref());
    }
    text
}

/// The error report in the order of first occurrence, with an empty line at its end; empty without failures.
#[must_use]
pub fn error_report(records: &[RunRecord], name_width: usize) -> String {
    let failures = failures(records);
    if failures.is_empty() {
        return String::new();
    }
    let mut out = String::from("Error report\n");
    line(&mut out, format_args!("{:<18} {:<100}", "# occurrences", "Error"));
    let dashes = format!("{}|{}", "-".repeat(18), "-".repeat(61 + name_width));
    line(&mut out, format_args!("{dashes}"));
    for failure in failures {
        let text = format!("{} {}: {}", failure.method, failure.name, failure.error);
        line(&mut out, format_args!("{:<18} {text:<100}", failure.occurrences));
    }
    line(&mut out, format_args!("{dashes}"));
    out.push('\n');
    out
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing into a String cannot fail.
    let _ = writeln!(out, "{text}");
}
