//! The table of a comparison on the terminal: row, metric, baseline, now, change, interval, verdict.

use super::words::{
    change_text, count, differences_text, interval_text, sides, title, value_text, verdict_text,
};
use super::wrap::wrapped;
use crate::compare::{Figure, Method, RowComparison, RowState};

/// Names up to this length stand in a column of their own; where one is longer, all stand above their figures.
const COLUMN: usize = 18;

/// A row of the comparison with those of its figures that are shown.
pub(in crate::output) type Shown<'a> = (&'a RowComparison, Vec<&'a Figure>);

/// The table with its head; empty without rows.
pub(super) fn table(method: Method, rows: &[Shown<'_>]) -> Vec<String> {
    if rows.is_empty() {
        return Vec::new();
    }
    let longest = rows.iter().map(|(row, _)| title(row).chars().count()).max().unwrap_or_default();
    let layout = if longest <= COLUMN { Layout::Beside(longest.max(3)) } else { Layout::Above };
    let (old, new) = sides(method);
    let head = ["metric", old, new, "change", "interval", "verdict"].map(str::to_owned);
    let mut lines = vec![match layout {
        Layout::Beside(_) => layout.line("row", &head),
        Layout::Above => layout.line("", &head),
    }];
    for (row, figures) in rows {
        lines.extend(row_lines(layout, row, figures));
    }
    lines
}

#[derive(Clone, Copy)]
enum Layout {
    /// Names have a column so wide.
    Beside(usize),
    /// Names have lines of their own.
    Above,
}

impl Layout {
    fn line(self, name: &str, cells: &[String; 6]) -> String {
        let [metric, old, new, change, interval, verdict] = cells;
        let name = match self {
            Self::Beside(width) => format!("{name:<width$}"),
            Self::Above => String::new(),
        };
        format!("{name}  {metric:<10}{old:>11}{new:>11}{change:>11}{interval:>20}  {verdict}")
    }
}

fn row_lines(layout: Layout, row: &RowComparison, figures: &[&Figure]) -> Vec<String> {
    let title = title(row);
    let mut lines = match layout {
        Layout::Above => wrapped("", &title),
        Layout::Beside(_) => Vec::new(),
    };
    let said = said(row);
    if let Some(said) = &said {
        let beginning = match layout {
            Layout::Above => "  ".to_owned(),
            Layout::Beside(width) => format!("{title:<width$}  "),
        };
        lines.extend(wrapped(&beginning, said));
    }
    for (index, figure) in figures.iter().enumerate() {
        let name = if index == 0 && said.is_none() { title.as_str() } else { "" };
        let cells = [
            figure.metric.to_string(),
            value_text(figure.metric, figure.old),
            value_text(figure.metric, figure.new),
            change_text(figure),
            interval_text(figure),
            verdict_text(&figure.word).to_owned(),
        ];
        lines.push(layout.line(name, &cells));
    }
    lines
}

/// What is to be said of a row besides its figures, or instead of them.
pub(in crate::output) fn said(row: &RowComparison) -> Option<String> {
    let counts = |counts: Option<(u64, u64)>| {
        let (requests, failures) = counts.unwrap_or_default();
        format!("{}, {failures} of them failed", count_of(requests))
    };
    match &row.state {
        RowState::New => Some(format!("new: not in the baseline ({})", counts(row.new_counts))),
        RowState::Gone => Some(format!("gone: not in this run ({} in the baseline)", counts(row.old_counts))),
        RowState::NotComparable(differences) => {
            Some(format!("not comparable: {}", differences_text(differences)))
        }
        RowState::Compared if row.is_silent() => {
            let (before, now) = (row.old_counts.unwrap_or_default().0, row.new_counts.unwrap_or_default().0);
            Some(format!("went silent: {}, {before} in the baseline", count_of(now)))
        }
        RowState::Compared => None,
    }
}

fn count_of(requests: u64) -> String {
    count(usize::try_from(requests).unwrap_or(usize::MAX), "request")
}
