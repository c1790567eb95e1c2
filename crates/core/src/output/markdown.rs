//! The report as Markdown, for a review.
//!
//! It uses only what Gerrit, GitHub, GitLab and Phabricator all understand: bold, code between backticks, lists with
//! `- `, and tables of pipes whose second line has hyphens and nothing else. Paragraphs are one line each, because
//! Gerrit keeps line ends. There is no HTML and no entity, which Gerrit and Phabricator show as they stand, and no
//! backslash before a character, which Phabricator shows; characters that one of them would take for markup are
//! replaced by others that look like them. Where tables are not understood the text can still be read.

use super::comparison::undecided::undecided;
use super::comparison::words::{NOTHING, change_text, interval_text, sides, value_text, verdict_text};
use super::comparison::{INTERVALS, Shown, UNDECIDED, anchor_text, has_intervals, notes, red_rows, said};
use super::reported::ModuleReport;
use crate::compare::LimitState;
use crate::compare::{Comparison, Figure, Method, RowComparison, Word};

/// The reports of all modules in one text. Ends with a line end.
#[must_use]
pub fn markdown(modules: &[ModuleReport]) -> String {
    let blocks: Vec<String> = modules.iter().flat_map(blocks).collect();
    if blocks.is_empty() { "No module was run.\n".to_owned() } else { blocks.join("\n\n") + "\n" }
}

/// The blocks of a module; empty lines belong between them.
fn blocks(module: &ModuleReport) -> Vec<String> {
    let sentence = module.sentence();
    let grounds = if sentence.grounds.is_empty() { String::new() } else { format!(": {}", sentence.grounds) };
    let mut blocks = vec![format!("**{}**{}", text(&sentence.claim), text(&grounds))];
    blocks.extend(module.reservation().map(|reservation| text(&reservation)));
    if let Some(comparison) = &module.comparison {
        let (old, new) = sides(comparison.method);
        blocks.push(list([
            format!("{old}: {}", text(&comparison.old)),
            format!("{new}: {}", text(&comparison.new)),
        ]));
        blocks.extend(figures(comparison));
        let undecided = undecided(comparison, &name);
        if !undecided.is_empty() {
            blocks.push(UNDECIDED.to_owned());
            blocks.push(list(undecided.iter().map(|said| text(said))));
        }
        if has_intervals(comparison) {
            blocks.push(sentence_case(INTERVALS));
        }
        if let Some(anchor) = comparison.anchor.as_deref() {
            blocks.push(sentence_case(&text(&anchor_text(anchor))));
            blocks.extend(table(anchor.method, &red_rows(anchor)));
        }
    }
    blocks.extend(limits(module));
    if let Some(comparison) = &module.comparison {
        let notes = notes(comparison, &name);
        if !notes.is_empty() {
            blocks.push(list(notes.iter().map(|note| format!("note: {}", text(note)))));
        }
    }
    blocks
}

/// The table of the rows that have figures, and a list of those that have none.
fn figures(comparison: &Comparison) -> Vec<String> {
    let with: Vec<Shown<'_>> = comparison
        .rows
        .iter()
        .filter(|row| !row.figures.is_empty())
        .map(|row| (row, row.figures.iter().collect()))
        .collect();
    let mut blocks: Vec<String> = table(comparison.method, &with).into_iter().collect();
    let others = comparison.rows.iter().filter_map(|row| Some((row, said(row)?)));
    let others: Vec<String> = others.map(|(row, said)| format!("{}: {}", name(row), text(&said))).collect();
    if !others.is_empty() {
        blocks.push(list(others));
    }
    blocks
}

fn table(method: Method, rows: &[Shown<'_>]) -> Option<String> {
    if rows.is_empty() {
        return None;
    }
    let (old, new) = sides(method);
    let mut lines = vec![
        line(&["row", "metric", old, new, "change", "interval", "verdict"].map(str::to_owned)),
        line(&["---", "---", "---", "---", "---", "---", "---"].map(str::to_owned)),
    ];
    for (row, figures) in rows {
        lines.extend(figures.iter().enumerate().map(|(index, figure)| line(&cells(row, index, figure))));
    }
    Some(lines.join("\n"))
}

fn line(cells: &[String]) -> String {
    format!("| {} |", cells.join(" | "))
}

fn cells(row: &RowComparison, index: usize, figure: &Figure) -> [String; 7] {
    let verdict = match &figure.word {
        Word::Regressed | Word::Improved => format!("**{}**", verdict_text(&figure.word)),
        Word::Shown => NOTHING.to_owned(),
        word => verdict_text(word).to_owned(),
    };
    [
        // The name stands once: many renderers give a table no more room than the page.
        if index == 0 { name(row) } else { String::new() },
        figure.metric.to_string(),
        value_text(figure.metric, figure.old),
        value_text(figure.metric, figure.new),
        change_text(figure),
        interval_text(figure),
        verdict,
    ]
}

fn limits(module: &ModuleReport) -> Option<String> {
    if module.limits.is_empty() {
        return None;
    }
    Some(list(module.limits.iter().map(|limit| {
        let state = match limit.state {
            LimitState::Kept => "kept",
            LimitState::Missed => "**missed**",
            LimitState::NotEnough => "not enough evidence",
        };
        format!("{} {}: {state}, {}", code(&limit.row), code(&limit.limit), text(&limit.text))
    })))
}

fn list(items: impl IntoIterator<Item = String>) -> String {
    items.into_iter().map(|item| format!("- {item}")).collect::<Vec<_>>().join("\n")
}

/// With a capital letter and a full stop.
fn sentence_case(text: &str) -> String {
    let mut characters = text.chars();
    let first: String = characters.next().into_iter().flat_map(char::to_uppercase).collect();
    format!("{first}{}.", characters.as_str())
}

/// The name of a row.
fn name(row: &RowComparison) -> String {
    code(&row.title())
}

/// A name between backticks, where nothing else is markup.
fn code(name: &str) -> String {
    let name: String = name.chars().map(plain).map(|c| if c == '`' { '\'' } else { c }).collect();
    let name = name.trim();
    if name.is_empty() { "` `".to_owned() } else { format!("`{name}`") }
}

/// Text in which only what is between backticks is markup.
fn text(text: &str) -> String {
    let mut is_code = false;
    let closed = text.matches('`').count().is_multiple_of(2);
    let characters = text.chars().map(|character| match character {
        '`' if closed => {
            is_code = !is_code;
            '`'
        }
        '`' => '\'',
        '<' if !is_code => '\u{2039}',
        '*' if !is_code => '\u{2217}',
        character => plain(character),
    });
    // A link needs its two halves next to each other.
    characters.collect::<String>().replace("](", "] (")
}

/// What would end a cell or a line.
fn plain(character: char) -> char {
    match character {
        '|' => '\u{00a6}',
        character if character.is_control() => ' ',
        character => character,
    }
}

#[cfg(test)]
mod tests;
