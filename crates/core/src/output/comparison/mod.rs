//! A comparison for people: what it comes to, its figures, what could not be decided. Everything that is said in
//! more than one kind of report is worded here; here is no arithmetic, and no verdict is found.

pub(in crate::output) mod sentence;
mod table;
#[cfg(test)]
mod tests;
pub(in crate::output) mod undecided;
pub(in crate::output) mod words;
pub(in crate::output) mod wrap;

use windtunnel_stats::verdict::Verdict;

use crate::compare::{Comparison, Word};
use sentence::{anchor_name, sentence};
use table::table;
use undecided::undecided;
use words::{Naming, sides, title};
use wrap::{page, wrapped};

pub(in crate::output) use table::{Shown, said};

/// What the intervals are; said wherever they are shown.
pub(in crate::output) const INTERVALS: &str = "intervals are 95 %, not adjusted for the number of figures";

/// What stands above what `undecided` says.
pub(in crate::output) const UNDECIDED: &str = "What could not be decided, and what would decide it:";

/// The comparison for the terminal, at most 100 columns wide. Ends with a line end.
///
/// First a sentence, then one table of all figures, what could not be decided with what would decide it, the
/// comparison with the anchor, and notes.
#[must_use]
pub fn comparison_report(comparison: &Comparison) -> String {
    let mut lines = wrapped("", &sentence(comparison).to_string());
    lines.push(String::new());
    let (old, new) = sides(comparison.method);
    let width = old.len().max(new.len());
    lines.extend(wrapped(&format!("{old:<width$}  "), &comparison.old));
    lines.extend(wrapped(&format!("{new:<width$}  "), &comparison.new));
    let rows: Vec<Shown<'_>> =
        comparison.rows.iter().map(|row| (row, row.figures.iter().collect())).collect();
    section(&mut lines, table(comparison.method, &rows));
    let undecided = undecided(comparison, &title);
    if !undecided.is_empty() {
        section(&mut lines, wrapped("", UNDECIDED));
        lines.extend(undecided.iter().flat_map(|text| wrapped("- ", text)));
    }
    section(&mut lines, footer(comparison));
    section(&mut lines, anchor_lines(comparison));
    let notes = notes(comparison, &title);
    section(&mut lines, notes.iter().flat_map(|note| wrapped("note: ", note)).collect());
    page(&lines)
}

/// Adds lines after an empty one.
fn section(lines: &mut Vec<String>, more: Vec<String>) {
    if !more.is_empty() {
        lines.push(String::new());
        lines.extend(more);
    }
}

fn footer(comparison: &Comparison) -> Vec<String> {
    if has_intervals(comparison) { wrapped("", INTERVALS) } else { Vec::new() }
}

/// Is an interval shown.
pub(in crate::output) fn has_intervals(comparison: &Comparison) -> bool {
    comparison.rows.iter().flat_map(|row| &row.figures).any(|figure| figure.interval.is_some())
}

/// What became of it since the anchor: its red figures, or that there are none.
fn anchor_lines(comparison: &Comparison) -> Vec<String> {
    let Some(anchor) = comparison.anchor.as_deref() else { return Vec::new() };
    let red = red_rows(anchor);
    if red.is_empty() {
        return wrapped("", &anchor_text(anchor));
    }
    let mut lines = wrapped("", &format!("{}:", anchor_text(anchor)));
    lines.extend(table(anchor.method, &red));
    lines
}

/// `against the anchor of 2026-01-02: unchanged`, `regressed since the anchor of 2026-01-02`.
pub(in crate::output) fn anchor_text(anchor: &Comparison) -> String {
    let name = anchor_name(anchor);
    let word = match anchor.verdict {
        Verdict::Regressed => return format!("regressed since {name}"),
        Verdict::Improved => "improved",
        Verdict::Unchanged => "unchanged",
        Verdict::Inconclusive => "inconclusive",
    };
    format!("against {name}: {word}")
}

/// The rows that have a red figure, with those.
pub(in crate::output) fn red_rows(comparison: &Comparison) -> Vec<Shown<'_>> {
    let red = comparison.rows.iter().map(|row| (row, row.called(&Word::Regressed).collect::<Vec<_>>()));
    red.filter(|(_, figures)| !figures.is_empty()).collect()
}

/// The notes, and the rows whose data changed.
pub(in crate::output) fn notes(comparison: &Comparison, name: Naming<'_>) -> Vec<String> {
    let changed = comparison.rows.iter().filter(|row| row.data_changed);
    let changed = changed.map(|row| format!("the data of {} changed", name(row)));
    comparison.notes.iter().cloned().chain(changed).collect()
}
