//! Where something was written, and what is wrong with it.
//!
//! Every mistake in a file of the user becomes a [`Problem`]; all of them are collected into [`Problems`]
//! and printed once by the program. Nothing here knows what a module or a request is.

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

/// A text file that a user wrote, kept so that a mistake can be shown with its line.
#[derive(Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// The path as it is shown: relative to the working directory where that is shorter.
    pub path: PathBuf,
    /// The whole text.
    pub text: String,
}

/// A place in a [`SourceFile`]: a range of bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// The file.
    pub file: Arc<SourceFile>,
    /// Bytes from the start of the file; may be empty, never past the end.
    pub span: Range<usize>,
}

impl Location {
    /// Line and column of the first byte, both counted from 1, the column in characters.
    #[must_use]
    pub fn line_column(&self) -> (usize, usize) {
        let text = &self.file.text;
        let start = floor_char_boundary(text, self.span.start);
        let before = &text[..start];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }

    /// The whole source line that holds the first byte, without its line end.
    #[must_use]
    pub fn source_line(&self) -> &str {
        let text = &self.file.text;
        let start = floor_char_boundary(text, self.span.start);
        let from = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let to = text[start..].find('\n').map_or(text.len(), |at| start + at);
        text[from..to].trim_end_matches('\r')
    }

    /// The problem `message` at this place.
    #[must_use]
    pub fn problem(&self, message: impl Into<String>) -> Problem {
        Problem { at: Some(self.clone()), file: None, message: message.into(), help: None }
    }
}

fn floor_char_boundary(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

/// A value together with where it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub at: Location,
}

impl<T> Located<T> {
    /// `value`, written at `at`.
    pub fn new(value: T, at: Location) -> Self {
        Self { value, at }
    }
}

/// One mistake of a user: where, which rule, what was found, and how to mend it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The place, where the mistake has one.
    pub at: Option<Location>,
    /// The file that is meant where there is no [`Location`] (a binary file, a folder, a data file),
    /// with the line counted from 1 where it is known.
    pub file: Option<(PathBuf, Option<usize>)>,
    /// What is wrong: lower case, no full stop.
    pub message: String,
    /// How to mend it, where that can be said.
    pub help: Option<String>,
}

impl Problem {
    /// A problem without a place.
    pub fn new(message: impl Into<String>) -> Self {
        Self { at: None, file: None, message: message.into(), help: None }
    }

    /// A problem of a file that is not a module file.
    pub fn in_file(path: impl Into<PathBuf>, line: Option<usize>, message: impl Into<String>) -> Self {
        Self { at: None, file: Some((path.into(), line)), message: message.into(), help: None }
    }

    /// The same problem with a way to mend it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.at, &self.file) {
            (Some(at), _) => {
                let (line, column) = at.line_column();
                write!(f, "{}:{line}:{column}: {}", at.file.path.display(), self.message)?;
                let number = line.to_string();
                write!(f, "\n  {number} | {}", at.source_line().replace('\t', " "))?;
                let width = at
                    .span
                    .len()
                    .clamp(1, at.source_line().chars().count().saturating_sub(column - 1).max(1));
                write!(f, "\n  {:1$} | ", "", number.len())?;
                write!(f, "{:1$}{2}", "", column - 1, "^".repeat(width))?;
            }
            (None, Some((path, Some(line)))) => write!(f, "{}:{line}: {}", path.display(), self.message)?,
            (None, Some((path, None))) => write!(f, "{}: {}", path.display(), self.message)?,
            (None, None) => write!(f, "{}", self.message)?,
        }
        match &self.help {
            Some(help) => write!(f, "\n  hint: {help}"),
            None => Ok(()),
        }
    }
}

/// All mistakes found at once, in the order of the files; never empty when returned as an error.
#[derive(Clone, Debug, Default, PartialEq, Eq, thiserror::Error)]
pub struct Problems(pub Vec<Problem>);

impl Problems {
    /// `Err` with all problems when there is one, else `Ok`.
    ///
    /// # Errors
    /// The problems collected so far, when there are any.
    pub fn into_result(self) -> Result<(), Self> {
        if self.0.is_empty() { Ok(()) } else { Err(self) }
    }
}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self(vec![problem])
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write!(f, "error: {problem}")?;
        }
        Ok(())
    }
}

/// The known name nearest to `name`, when one is near enough to be a misspelling of it.
#[must_use]
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= candidate.len().max(name.len()).div_ceil(3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}
