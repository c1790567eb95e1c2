//! From text to a TOML document with the place of everything, or to the mistakes in its syntax.
//!
//! What keys mean is decided elsewhere.

use std::ops::Range;
use std::sync::Arc;

use toml::de::{DeTable, Error};

use crate::error::{Location, Problem, Problems, SourceFile, nearest};

/// Reads the document in `file`: a table in which everything has its place.
///
/// # Errors
/// All syntax mistakes at once, but of those in one line only the first: the others are mostly its consequences.
pub fn toml_document(file: &Arc<SourceFile>) -> Result<DeTable<'_>, Problems> {
    let (document, mut errors) = DeTable::parse_recoverable(&file.text);
    if errors.is_empty() {
        return Ok(document.into_inner());
    }
    errors.sort_by_key(|error| error.span().map_or(0, |span| span.start));
    let mut problems: Vec<Problem> = errors.iter().map(|error| problem(file, error)).collect();
    let line = |problem: &Problem| problem.at.as_ref().map(|at| at.line_column().0);
    problems.dedup_by(|later, earlier| line(later) == line(earlier));
    Err(Problems(problems))
}

fn problem(file: &Arc<SourceFile>, error: &Error) -> Problem {
    let span = error.span().unwrap_or(0..0);
    let at = Location { file: Arc::clone(file), span: span.clone() };
    if lacks_value(&file.text, &span) {
        return at.problem("not valid TOML: a value is missing after `=`");
    }
    let message = error.message();
    let message = message.strip_suffix(", expected nothing").unwrap_or(message);
    let problem = at.problem(format!("not valid TOML: {message}"));
    if message == "duplicate key" {
        return problem;
    }
    match hint(&file.text, &span) {
        Some(hint) => problem.help(hint),
        None => problem,
    }
}

/// Is `span` the empty rest of a line after an equals sign?
fn lacks_value(text: &str, span: &Range<usize>) -> bool {
    let (Some(before), Some(after)) = (text.get(..span.start), text.get(span.end..)) else { return false };
    let rest = after.lines().next().unwrap_or("").trim_start();
    span.is_empty() && before.trim_end_matches([' ', '\t']).ends_with('=') && rest.is_empty()
}

/// How to mend what people mistake most: values without quotes.
fn hint(text: &str, span: &Range<usize>) -> Option<String> {
    let (before, found, after) = (text.get(..span.start)?, text.get(span.clone())?, text.get(span.start..)?);
    let braces = before.ends_with("{{") || (before.ends_with('{') && after.starts_with('{'));
    if braces || after.starts_with("{{") {
        return Some("a template is written in quotes: \"{{ table.column }}\"".to_owned());
    }
    let is_value = before.trim_end_matches([' ', '\t']).ends_with(['=', '[', ',']);
    let is_word = found.starts_with(|c: char| c.is_alphabetic() || c == '/');
    if !is_value || !is_word {
        return None;
    }
    match nearest(found, ["true", "false"]) {
        Some(boolean) => Some(format!("did you mean `{boolean}`?")),
        None => Some(format!("a text is written in quotes: \"{found}\"")),
    }
}
