//! The comparison as a text for people: a sentence, then a table.

use windtunnel_stats::Metric;

use crate::compare::{Comparison, Difference, Figure, Outcome, RowComparison, RowState, Word};

/// Columns that the text keeps to.
const WIDTH: usize = 100;

/// The whole text: what it comes to and which rows got worse, then old, new and change of each row's figures, then
/// notes. Ends with a line end.
#[must_use]
pub fn comparison_report(comparison: &Comparison) -> String {
    let mut lines = sentence(comparison);
    lines.push(String::new());
    lines.extend(wrapped("old  ", &comparison.old));
    lines.extend(wrapped("new  ", &comparison.new));
    if !comparison.rows.is_empty() {
        lines.push(String::new());
        lines.push(table_line("", "old", "new", "change", "verdict"));
    }
    for row in &comparison.rows {
        lines.extend(wrapped("", &row_name(row)));
        lines.extend(row_lines(row));
    }
    if !comparison.notes.is_empty() || comparison.rows.iter().any(|row| row.data_changed) {
        lines.push(String::new());
    }
    for note in &comparison.notes {
        lines.extend(wrapped("note: ", note));
    }
    for row in comparison.rows.iter().filter(|row| row.data_changed) {
        lines.extend(wrapped("note: ", &format!("the data of {} changed", row_name(row))));
    }
    let mut text = lines.iter().map(|line| line.trim_end()).collect::<Vec<_>>().join("\n");
    text.push('\n');
    text
}

/// What it comes to, with the rows that matter named.
fn sentence(comparison: &Comparison) -> Vec<String> {
    let name = &comparison.name;
    match comparison.outcome() {
        Outcome::Regressed => named(comparison, &Word::Regressed),
        Outcome::Improved => named(comparison, &Word::Improved),
        Outcome::Unchanged => {
            let judged =
                comparison.rows.iter().filter(|row| row.called(&Word::Unchanged).next().is_some()).count();
            let rows = if judged == 1 { "1 row".to_owned() } else { format!("{judged} rows") };
            wrapped("", &format!("{name} is unchanged: nothing beyond tolerance and chance in {rows}"))
        }
        Outcome::Inconclusive => wrapped("", &format!("{name} is inconclusive")),
        Outcome::NothingComparable => {
            wrapped("", &format!("{name} could not be compared: {}", incomparable(comparison)))
        }
        Outcome::GeneratorLimited => {
            let why = comparison.limited.as_deref().unwrap_or("the generator was the limit");
            wrapped("", &format!("no verdict on {name}: {why}"))
        }
    }
}

/// Why no row was compared: what all rows have in common, if they do.
fn incomparable(comparison: &Comparison) -> String {
    let mut reasons: Vec<String> = comparison
        .rows
        .iter()
        .map(|row| match &row.state {
            RowState::NotComparable(differences) => {
                differences.iter().map(difference).collect::<Vec<_>>().join(", ")
            }
            _ => String::new(),
        })
        .collect();
    reasons.dedup();
    match &reasons[..] {
        [reason] if !reason.is_empty() => reason.clone(),
        _ => "no row has a counterpart that it may be compared with".to_owned(),
    }
}

/// `NAME got slower: ROW (p50 +48 %, p95 +60 %)`, the rows on lines of their own where one line has no room.
fn named(comparison: &Comparison, word: &Word) -> Vec<String> {
    let rows: Vec<(&RowComparison, Vec<&Figure>)> = comparison
        .rows
        .iter()
        .map(|row| (row, row.called(word).collect::<Vec<_>>()))
        .filter(|(_, changes)| !changes.is_empty())
        .collect();
    let beginning = format!("{} {}:", comparison.name, verb(&rows, word));
    let texts: Vec<String> = rows.iter().map(|(row, changes)| changes_of(row, changes)).collect();
    let one_line = format!("{beginning} {}", texts.join(", "));
    if one_line.chars().count() <= WIDTH {
        return vec![one_line];
    }
    let mut lines = wrapped("", &beginning);
    for text in texts {
        lines.extend(wrapped("  ", &text));
    }
    lines
}

fn verb(rows: &[(&RowComparison, Vec<&Figure>)], word: &Word) -> &'static str {
    let all = |these: &[Metric]| {
        rows.iter().flat_map(|(_, changes)| changes).all(|change| these.contains(&change.metric))
    };
    let better = *word == Word::Improved;
    if !better && rows.iter().all(|(row, _)| row.is_silent()) {
        "went silent"
    } else if all(&[Metric::Failures]) {
        if better { "fails less" } else { "fails more" }
    } else if all(&[Metric::Rate]) {
        if better { "got more throughput" } else { "lost throughput" }
    } else if all(&[Metric::Average, Metric::P50, Metric::P95, Metric::P99]) {
        if better { "got faster" } else { "got slower" }
    } else if better {
        "got better"
    } else {
        "got worse"
    }
}

fn changes_of(row: &RowComparison, changes: &[&Figure]) -> String {
    let texts: Vec<String> =
        changes.iter().map(|change| format!("{} {}", change.metric, change_text(change))).collect();
    format!("{} ({})", row_name(row), texts.join(", "))
}

fn row_name(row: &RowComparison) -> String {
    if row.method.is_empty() { row.name.clone() } else { format!("{} {}", row.method, row.name) }
}

fn row_lines(row: &RowComparison) -> Vec<String> {
    let counts = |counts: Option<(u64, u64)>| {
        let (requests, failures) = counts.unwrap_or_default();
        format!("{requests} requests, {failures} of them failed")
    };
    match &row.state {
        RowState::New => wrapped("  ", &format!("new: not in the old run ({})", counts(row.new_counts))),
        RowState::Gone => {
            wrapped("  ", &format!("gone: not in the new run ({} in the old)", counts(row.old_counts)))
        }
        RowState::NotComparable(differences) => {
            let texts: Vec<String> = differences.iter().map(difference).collect();
            wrapped("  ", &format!("not comparable: {}", texts.join(", ")))
        }
        RowState::Compared => metric_lines(row),
    }
}

/// One line a figure, then why some were not judged, each reason once.
fn metric_lines(row: &RowComparison) -> Vec<String> {
    let mut reasons: Vec<&str> = Vec::new();
    let mut lines: Vec<String> = Vec::new();
    for change in &row.figures {
        let value = |value| value_text(change.metric, value);
        let word = match &change.word {
            Word::Improved => "improved",
            Word::Regressed => "regressed",
            Word::Unchanged => "unchanged",
            Word::Inconclusive => "inconclusive",
            Word::Shown => "",
            Word::NotJudged(reason) => {
                if !reasons.contains(&reason.as_str()) {
                    reasons.push(reason);
                }
                "not judged"
            }
        };
        let name = format!("  {}", change.metric);
        lines.push(table_line(&name, &value(change.old), &value(change.new), &change_text(change), word));
    }
    for reason in reasons {
        lines.extend(wrapped("  ", &format!("not judged: {reason}")));
    }
    lines
}

fn table_line(name: &str, old: &str, new: &str, change: &str, verdict: &str) -> String {
    format!("{name:<14}{old:>12}{new:>13}{change:>12}   {verdict}")
}

/// Three significant digits and the unit.
pub(super) fn value_text(metric: Metric, value: Option<f64>) -> String {
    let Some(value) = value else { return "-".to_owned() };
    match metric {
        Metric::Failures => format!("{} %", digits(100.0 * value)),
        Metric::Rate => format!("{} /s", digits(value)),
        Metric::Average | Metric::P50 | Metric::P95 | Metric::P99 => format!("{} ms", digits(value)),
    }
}

/// Three significant digits; of what is very small only six decimals.
fn digits(value: f64) -> String {
    match value {
        value if value >= 100.0 => format!("{value:.0}"),
        value if value >= 10.0 => format!("{value:.1}"),
        value if value >= 1.0 => format!("{value:.2}"),
        value if value >= 0.1 => format!("{value:.3}"),
        value if value >= 0.01 => format!("{value:.4}"),
        value if value > 0.0 => format!("{value:.6}"),
        _ => "0".to_owned(),
    }
}

/// The change with its sign: in percent, of failures in percentage points.
fn change_text(change: &Figure) -> String {
    if change.metric == Metric::Failures {
        return match (change.old, change.new) {
            (Some(old), Some(new)) => format!("{} pp", signed(100.0 * (new - old))),
            _ => "-".to_owned(),
        };
    }
    change.change.map_or_else(|| "-".to_owned(), |ratio| format!("{} %", signed(100.0 * ratio)))
}

fn signed(percent: f64) -> String {
    let text = if percent.abs() >= 99.95 { format!("{percent:+.0}") } else { format!("{percent:+.1}") };
    if text == "-0.0" { "+0.0".to_owned() } else { text }
}

/// `users 60 -> 4`; of digests only that they changed.
fn difference(difference: &Difference) -> String {
    let Difference { what, old, new } = difference;
    let is_digest = |text: &str| text.len() >= 12 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_digest(old) && is_digest(new) {
        format!("{what} changed")
    } else {
        format!("{what} {old} -> {new}")
    }
}

/// `text` behind `beginning`, in lines of at most [`WIDTH`] columns; further lines are indented. Words longer than
/// a line are broken.
pub(super) fn wrapped(beginning: &str, text: &str) -> Vec<String> {
    let indent = " ".repeat(beginning.len().max(2));
    let mut lines = Vec::new();
    let mut line = beginning.to_owned();
    let mut is_empty = true;
    for word in text.split(' ') {
        let gap = usize::from(!is_empty);
        if !is_empty && line.chars().count() + gap + word.chars().count() > WIDTH {
            lines.push(std::mem::replace(&mut line, indent.clone()));
            is_empty = true;
        }
        if !is_empty {
            line.push(' ');
        }
        for character in word.chars() {
            if line.chars().count() >= WIDTH {
                lines.push(std::mem::replace(&mut line, indent.clone()));
            }
            line.push(character);
        }
        is_empty = false;
    }
    lines.push(line);
    lines
}
