//! One source line as a terminal can show it, with a mark under the part that is meant.
//!
//! Tabs become spaces, characters that a terminal would act upon are replaced, and a long line is cut
//! around the mark. Which line and which part is decided elsewhere.

/// The columns of a line that are shown at most.
const WIDEST: usize = 100;
/// The columns shown before the mark where a line is cut.
const BEFORE: usize = 40;
/// The columns that a tab becomes. Not up to the next stop, so that a cut line keeps its look.
const TAB: usize = 4;

/// A line and its mark.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Excerpt {
    /// The line, safe to print.
    pub(super) line: String,
    /// The columns before the mark.
    pub(super) indent: usize,
    /// The columns of the mark, at least one.
    pub(super) mark: usize,
}

/// `line` with the bytes `from..to` marked; both lie on character boundaries of it.
pub(super) fn excerpt(line: &str, from: usize, to: usize) -> Excerpt {
    let before: usize = line[..from].chars().map(columns).sum();
    let marked: usize = line[from..to].chars().map(columns).sum();
    let total: usize = line.chars().map(columns).sum();
    let skip = if total > WIDEST && before > BEFORE { before - BEFORE } else { 0 };
    let mut shown = String::new();
    let mut at = 0;
    let mut lead = 0;
    let mut cut = false;
    for c in line.chars() {
        let next = at + columns(c);
        if at < skip {
            lead = next;
        } else if next - lead > WIDEST {
            cut = true;
            break;
        } else {
            push_shown(&mut shown, c);
        }
        at = next;
    }
    let ellipsis = usize::from(lead > 0);
    let room = at.saturating_sub(before).max(1);
    Excerpt {
        line: format!("{}{shown}{}", "…".repeat(ellipsis), if cut { "…" } else { "" }),
        indent: before.saturating_sub(lead) + ellipsis,
        mark: marked.clamp(1, room),
    }
}

fn push_shown(shown: &mut String, c: char) {
    match c {
        '\t' => shown.push_str(&" ".repeat(TAB)),
        _ if c.is_control() || redirects(c) => shown.push('\u{fffd}'),
        _ => shown.push(c),
    }
}

/// The columns that a character takes when shown: East Asian wide characters and pictographs two,
/// combining marks none.
fn columns(c: char) -> usize {
    match c {
        '\t' => TAB,
        '\u{300}'..='\u{36f}'
        | '\u{483}'..='\u{489}'
        | '\u{591}'..='\u{5bd}'
        | '\u{610}'..='\u{61a}'
        | '\u{64b}'..='\u{65f}'
        | '\u{93c}'
        | '\u{94d}'
        | '\u{e31}'
        | '\u{e34}'..='\u{e3a}'
        | '\u{e47}'..='\u{e4e}'
        | '\u{1ab0}'..='\u{1aff}'
        | '\u{1dc0}'..='\u{1dff}'
        | '\u{200b}'..='\u{200d}'
        | '\u{20d0}'..='\u{20ff}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}' => 0,
        '\u{1100}'..='\u{115f}'
        | '\u{2e80}'..='\u{303e}'
        | '\u{3041}'..='\u{4dbf}'
        | '\u{4e00}'..='\u{a4cf}'
        | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}'
        | '\u{fe30}'..='\u{fe6f}'
        | '\u{ff00}'..='\u{ff60}'
        | '\u{ffe0}'..='\u{ffe6}'
        | '\u{1f300}'..='\u{1f64f}'
        | '\u{1f680}'..='\u{1f6ff}'
        | '\u{1f900}'..='\u{1f9ff}'
        | '\u{20000}'..='\u{3fffd}' => 2,
        _ => 1,
    }
}

/// Characters that reorder the text around them, with which a line can look like another.
fn redirects(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn drawn(line: &str, marked: &str) -> String {
        let from = line.find(marked).unwrap();
        let shown = excerpt(line, from, from + marked.len());
        format!("{}\n{}{}", shown.line, " ".repeat(shown.indent), "^".repeat(shown.mark))
    }

    #[test]
    fn a_mark_stands_under_its_text_after_tabs_and_wide_characters() {
        insta::assert_snapshot!(drawn("\t\tname = 1", "name"), @r"
                name = 1
                ^^^^
        ");
        insta::assert_snapshot!(drawn("a = \"維基百科\" # é", "\"維基百科\""), @r#"
        a = "維基百科" # é
            ^^^^^^^^^^
        "#);
        assert_eq!(drawn("e\u{301} = x", "x"), "e\u{301} = x\n    ^");
    }

    #[test]
    fn a_long_line_is_cut_around_its_mark() {
        let line = format!("{}HERE{}", "a".repeat(300), "b".repeat(300));
        insta::assert_snapshot!(drawn(&line, "HERE"), @r"
        …aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaHEREbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb…
                                                 ^^^^
        ");
        let all = excerpt(&line, 0, line.len());
        assert_eq!((all.indent, all.mark, all.line.chars().count()), (0, WIDEST, WIDEST + 1));
    }

    #[test]
    fn characters_that_a_terminal_acts_upon_are_replaced() {
        let shown = excerpt("a\u{1b}[31m\u{202e}b\r", 0, 1);
        assert_eq!(shown.line, "a\u{fffd}[31m\u{fffd}b\u{fffd}");
    }

    proptest! {
        #[test]
        fn a_mark_never_leaves_the_shown_line(line in "[a-zé維\t]{0,250}", at: (proptest::sample::Index, proptest::sample::Index)) {
            let ends: Vec<usize> = line.char_indices().map(|(at, _)| at).chain([line.len()]).collect();
            let (a, b) = (ends[at.0.index(ends.len())], ends[at.1.index(ends.len())]);
            let shown = excerpt(&line, a.min(b), a.max(b));
            let width: usize = shown.line.chars().map(columns).sum();
            prop_assert!(shown.mark >= 1 && shown.indent + shown.mark <= width + 1, "{shown:?}");
            prop_assert!(width <= WIDEST + 2, "{shown:?}");
        }
    }
}
