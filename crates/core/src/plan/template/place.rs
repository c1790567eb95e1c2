//! Where a piece of a text stands in the TOML file that holds it.

use std::ops::Range;

use crate::error::{Located, Location};

/// The place of the bytes `range` of `text.value`, as near as can be told: exact while the text stands in
/// the file as it is, else its line of a text of several lines, else the whole text.
pub(crate) fn locate(text: &Located<String>, range: Range<usize>) -> Location {
    let at = &text.at;
    let raw = at.file.text.get(at.span.clone()).unwrap_or_default();
    let upto = text.value.get(..range.end).unwrap_or(&text.value);
    // Behind no quote (a part of a text), one, three, or three and a line end.
    let verbatim = [0, 1, 3, 4, 5]
        .into_iter()
        .find(|open| raw.get(*open..).is_some_and(|rest| !upto.is_empty() && rest.starts_with(upto)));
    if let Some(open) = verbatim {
        let start = at.span.start + open;
        return Location { file: at.file.clone(), span: start + range.start..start + range.end };
    }
    by_line(text, raw, range.start).unwrap_or_else(|| at.clone())
}

/// The line of a text of several lines in which its byte `start` stands.
fn by_line(text: &Located<String>, raw: &str, start: usize) -> Option<Location> {
    let line = text.value.get(..start)?.matches('\n').count();
    let first = usize::from(["\"\"\"", "'''"].iter().any(|quote| {
        raw.strip_prefix(quote).is_some_and(|rest| rest.trim_start_matches('\r').starts_with('\n'))
    }));
    if line + first == 0 {
        return None;
    }
    let mut offset = 0;
    for (number, content) in raw.split_inclusive('\n').enumerate() {
        if number == line + first {
            let indent = content.len() - content.trim_start().len();
            let from = text.at.span.start + offset + indent;
            return Some(Location { file: text.at.file.clone(), span: from..from + content.trim().len() });
        }
        offset += content.len();
    }
    None
}

/// The place of the name `word` (`a` or `a.b`) in `text`; the whole text when it does not stand there so.
pub(crate) fn locate_word(text: &Located<String>, word: &str) -> Location {
    let part_of_name = |character: char| character.is_alphanumeric() || character == '_';
    let found = text.value.match_indices(word).find(|(start, _)| {
        let before = text.value[..*start].chars().next_back();
        let after = text.value[start + word.len()..].chars().next();
        !before.is_some_and(|it| part_of_name(it) || it == '.') && !after.is_some_and(part_of_name)
    });
    match found {
        Some((start, _)) => locate(text, start..start + word.len()),
        None => text.at.clone(),
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::sync::Arc;

    use super::*;
    use crate::error::SourceFile;

    /// `value`, written in a file as `raw` behind `json = `.
    fn written(raw: &str, value: &str) -> Located<String> {
        let text = format!("json = {raw}\n");
        let file = Arc::new(SourceFile { path: PathBuf::from("m.toml"), text });
        Located::new(value.to_owned(), Location { file, span: 7..7 + raw.len() })
    }

    fn marked(location: &Location) -> &str {
        &location.file.text[location.span.clone()]
    }

    #[test]
    fn a_text_without_escapes_is_located_to_the_byte() {
        for (raw, value) in [
            ("\"a {{ t.x }}\"", "a {{ t.x }}"),
            ("'a {{ t.x }}'", "a {{ t.x }}"),
            ("\"\"\"\na\n b {{ t.x }}\"\"\"", "a\n b {{ t.x }}"),
            ("'''\r\na {{ t.x }}'''", "a {{ t.x }}"),
        ] {
            assert_eq!(marked(&locate_word(&written(raw, value), "t.x")), "t.x", "{raw}");
        }
    }

    #[test]
    fn behind_an_escape_the_line_is_known() {
        let text = written("\"\"\"\na \\\" b\n  c {{ t.x }}\nd\"\"\"", "a \" b\n  c {{ t.x }}\nd");
        assert_eq!(marked(&locate_word(&text, "t.x")), "c {{ t.x }}");
        assert_eq!(locate_word(&text, "t.x").line_column().0, 3);
        let text = written("\"\\\" {{ t.x }}\"", "\" {{ t.x }}");
        assert_eq!(marked(&locate_word(&text, "t.x")), "\"\\\" {{ t.x }}\"");
    }

    #[test]
    fn a_name_inside_a_longer_name_is_passed_over() {
        let text = written("\"{{ at.x + t.xy + t.x }}\"", "{{ at.x + t.xy + t.x }}");
        assert_eq!(locate_word(&text, "t.x").span, 7 + 18..7 + 21);
    }
}
