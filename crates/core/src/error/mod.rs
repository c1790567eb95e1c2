//! Where something was written, and what is wrong with it.
//!
//! Every mistake in a file of the user becomes a [`Problem`]; all of them are collected into [`Problems`]
//! and printed once by the program. Nothing here knows what a module or a request is.

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use excerpt::excerpt;

mod excerpt;

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
        let line = self.line();
        let start = floor_char_boundary(text, self.span.start);
        (text[..line.start].matches('\n').count() + 1, text[line.start..start].chars().count() + 1)
    }

    /// The whole source line that holds the first byte, without its line end.
    #[must_use]
    pub fn source_line(&self) -> &str {
        self.file.text[self.line()].trim_end_matches('\r')
    }

    /// The bytes of the line that holds the first byte, without the line feed.
    fn line(&self) -> Range<usize> {
        let text = &self.file.text;
        let start = floor_char_boundary(text, self.span.start);
        let from = text[..start].rfind('\n').map_or(0, |at| at + 1);
        from..text[start..].find('\n').map_or(text.len(), |at| start + at)
    }

    /// The source line with its number in front and a mark below; of a span over several lines the first.
    fn write_excerpt(&self, f: &mut fmt::Formatter<'_>, number: usize) -> fmt::Result {
        let line = self.source_line();
        let line_start = self.line().start;
        let from = floor_char_boundary(line, self.span.start.saturating_sub(line_start));
        let to = floor_char_boundary(line, self.span.end.saturating_sub(line_start)).max(from);
        let shown = excerpt(line, from, to);
        let number = number.to_string();
        write!(f, "\n  {number} | {}", shown.line)?;
        write!(f, "\n  {:1$} | ", "", number.len())?;
        write!(f, "{:1$}{2}", "", shown.indent, "^".repeat(shown.mark))
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
                at.write_excerpt(f, line)?;
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
                write!(f, "\n\n")?;
            }
            write!(f, "error: {problem}")?;
        }
        Ok(())
    }
}

/// The known name nearest to `name`, when one is near enough to be a misspelling of it. Case does not count;
/// of two that are equally near the first.
#[must_use]
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = name.to_lowercase();
    let length = lower.chars().count();
    known
        .into_iter()
        .filter_map(|candidate| {
            let other = candidate.to_lowercase();
            let (shorter, longer) = (length.min(other.chars().count()), length.max(other.chars().count()));
            // Names differ by at least as much as their lengths do: a huge one is not looked at for long.
            let may_be_near = longer - shorter <= longer.div_ceil(3);
            may_be_near.then(|| (strsim::damerau_levenshtein(&lower, &other), longer, candidate))
        })
        // A name of one letter is not a misspelling of another one.
        .filter(|(distance, longer, _)| *distance <= longer.div_ceil(3) && distance < longer)
        .min_by_key(|(distance, _, _)| *distance)
        .map(|(_, _, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn problem(text: &str, span: Range<usize>) -> Problem {
        let file = SourceFile { path: PathBuf::from("models/x.toml"), text: text.to_owned() };
        Location { file: Arc::new(file), span }.problem("something is wrong")
    }

    fn marked(text: &str, part: &str) -> Problem {
        let from = text.find(part).unwrap();
        problem(text, from..from + part.len())
    }

    #[test]
    fn a_problem_shows_place_line_mark_and_hint() {
        let problem = marked("[a]\nb = 1\nwiat = \"1s\"\n", "wiat").help("did you mean `wait`?");
        insta::assert_snapshot!(problem, @r#"
        models/x.toml:3:1: something is wrong
          3 | wiat = "1s"
            | ^^^^
          hint: did you mean `wait`?
        "#);
    }

    #[test]
    fn tabs_and_wide_characters_keep_the_mark_in_place() {
        insta::assert_snapshot!(marked("\ttitle = \"日本\" # \u{1b}[2J", "\"日本\""), @r#"
        models/x.toml:1:10: something is wrong
          1 |     title = "日本" # �[2J
            |             ^^^^^^
        "#);
    }

    #[test]
    fn a_span_over_several_lines_marks_its_first() {
        insta::assert_snapshot!(marked("a = 1\r\njson = [\r\n  1,\r\n]\r\n", "[\r\n  1,\r\n]"), @r"
        models/x.toml:2:8: something is wrong
          2 | json = [
            |        ^
        ");
    }

    #[test]
    fn a_place_at_the_end_of_the_file_is_shown() {
        insta::assert_snapshot!(problem("a = [1,", 7..7), @r"
        models/x.toml:1:8: something is wrong
          1 | a = [1,
            |        ^
        ");
        insta::assert_snapshot!(problem("a = 1\n", 6..6), @r"
        models/x.toml:2:1: something is wrong
          2 | 
            | ^
        ");
    }

    #[test]
    fn problems_without_a_place_in_a_module_name_what_they_can() {
        let problems = Problems(vec![
            Problem::in_file("data/a.tsv", Some(17), "2 cells, but the first line has 3"),
            Problem::in_file("data/b.tsv", None, "the file is empty"),
            Problem::new("no modules").help("write one"),
        ]);
        insta::assert_snapshot!(problems, @r"
        error: data/a.tsv:17: 2 cells, but the first line has 3

        error: data/b.tsv: the file is empty

        error: no modules
          hint: write one
        ");
    }

    #[test]
    fn only_a_likely_misspelling_is_suggested() {
        let known = ["post", "patch", "put", "host_header", "headers"];
        assert_eq!(nearest("POST", known), Some("post"));
        assert_eq!(nearest("hots_header", known), Some("host_header"));
        assert_eq!(nearest("header", known), Some("headers"));
        assert_eq!(nearest("x", ["y"]), None);
        assert_eq!(nearest("completely", known), None);
    }

    proptest! {
        #[test]
        fn any_span_of_any_text_can_be_shown(text in "(?s).{0,60}", from in 0_usize..300, length in 0_usize..300) {
            let shown = problem(&text, from..from + length).to_string();
            prop_assert!(shown.lines().count() >= 3);
        }
    }
}
