//! Lines that keep to the page.

use super::words::printable;

/// Columns that a report on the terminal keeps to.
pub(in crate::output) const WIDTH: usize = 100;

/// `text` behind `beginning`, in lines of at most [`WIDTH`] columns; further lines are indented as far as the text
/// begins. Words longer than a line are broken. Line ends and other control characters in names become blanks.
pub(in crate::output) fn wrapped(beginning: &str, text: &str) -> Vec<String> {
    let indent = " ".repeat(beginning.chars().count().max(2));
    let text = printable(text);
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

/// The lines as one text, without blanks at their ends, with a line end at its end.
pub(in crate::output) fn page(lines: &[String]) -> String {
    let mut text = lines.iter().map(|line| line.trim_end()).collect::<Vec<_>>().join("\n");
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_longer_than_the_page_are_broken_and_lose_nothing() {
        let lines = wrapped("note: ", &format!("a {} b", "x".repeat(250)));
        assert!(lines.iter().all(|line| line.chars().count() <= WIDTH), "{lines:?}");
        assert_eq!(lines.concat().matches('x').count(), 250);
        assert!(lines[1].starts_with("      x"), "{lines:?}");
    }

    #[test]
    fn a_name_cannot_break_a_line_or_move_the_cursor() {
        assert_eq!(wrapped("", "a\nb\u{1b}[31mc\td"), ["a b [31mc d"]);
    }
}
