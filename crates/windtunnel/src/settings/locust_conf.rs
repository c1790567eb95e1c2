//! `locust.conf`: the syntax of Locust's configuration files that are not TOML.
//!
//! `key = value`, `key: value`, `key value` and `--key value` are equal; a bare key means `true`; lines
//! that begin with `#`, `;`, `[` or `---` say nothing, so a `[locust]` line is only a comment.

use std::ops::Range;
use std::sync::Arc;

use windtunnel_core::error::{Location, Problem, Problems, SourceFile, nearest};

use crate::settings::layer::{Layer, Origin, Sourced, boolean};
use crate::settings::table::{Fate, Locust, OTHERS, SETTINGS, Takes};

/// A line of the file that says something.
#[derive(Debug, PartialEq, Eq)]
struct Line {
    key: String,
    value: String,
    /// The bytes of key and value.
    span: Range<usize>,
}

/// What a file says.
#[derive(Debug, Default)]
pub(crate) struct Read {
    /// The settings in it.
    pub(crate) layer: Layer,
    /// Keys that have no effect, with the reason.
    pub(crate) notices: Vec<String>,
    /// Unknown and refused keys.
    pub(crate) problems: Problems,
}

/// Reads a file in the syntax of `locust.conf`.
pub(crate) fn read(file: &Arc<SourceFile>) -> Read {
    let mut read = Read::default();
    for line in lines(&file.text) {
        let at = Location { file: Arc::clone(file), span: line.span.clone() };
        place(line, at, &mut read);
    }
    read
}

fn place(line: Line, at: Location, read: &mut Read) {
    if line.key == "config" {
        return read.notices.push(no_effect(&line.key, &at, "a file does not name another"));
    }
    if let Some(setting) =
        SETTINGS.iter().find(|setting| setting.locust != Locust::No && setting.key == line.key)
    {
        // As in Locust: a flag that is off leaves alone what others say.
        if setting.takes == Takes::Nothing && boolean(&line.value) == Ok(false) {
            return;
        }
        read.layer.insert(line.key, Sourced { value: line.value, from: Origin::File(at) });
        return;
    }
    let Some(other) = OTHERS.iter().find(|other| other.key == line.key) else {
        read.problems.0.push(unknown(&line.key, &at));
        return;
    };
    if other.takes == Takes::Nothing && boolean(&line.value) == Ok(false) {
        return;
    }
    match other.fate {
        Fate::Anyway(_) => {}
        Fate::NoEffect(why) | Fate::RefusedHere(why) => {
            read.notices.push(no_effect(other.key, &at, why));
        }
        Fate::Refused(hint) => {
            read.problems.0.push(at.problem(format!("`{}` is not carried out", other.key)).help(hint));
        }
    }
}

fn no_effect(key: &str, at: &Location, why: &str) -> String {
    format!("{}:{}: `{key}` has no effect: {why}", at.file.path.display(), at.line_column().0)
}

fn unknown(key: &str, at: &Location) -> Problem {
    let known = SETTINGS
        .iter()
        .filter(|setting| setting.locust != Locust::No)
        .map(|setting| setting.key)
        .chain(OTHERS.iter().map(|other| other.key));
    let problem = at.problem(format!("unknown key `{key}`"));
    match nearest(key, known) {
        Some(name) => problem.help(format!("did you mean `{name}`?")),
        None => problem.help("keys are the names of Locust's long flags: `users`, `run-time`, `host`"),
    }
}

fn lines(text: &str) -> Vec<Line> {
    let mut start = 0;
    let mut found = Vec::new();
    for whole in text.split_inclusive('\n') {
        if let Some(line) = line(whole, start) {
            found.push(line);
        }
        start += whole.len();
    }
    found
}

fn line(whole: &str, start: usize) -> Option<Line> {
    let text = whole.trim();
    if text.is_empty() || text.starts_with(['#', ';', '[']) || text.starts_with("---") {
        return None;
    }
    let from = start + whole.len() - whole.trim_start().len();
    let name = text.strip_prefix("--").unwrap_or(text);
    let end = name.find(|c: char| c == '=' || c == ':' || c.is_whitespace()).unwrap_or(name.len());
    let (key, rest) = name.split_at(end);
    let rest = rest.trim_start();
    let rest = rest.strip_prefix(['=', ':']).unwrap_or(rest).trim_start();
    let value = value(rest);
    let value = if value.is_empty() && end == name.len() { "true".to_owned() } else { value };
    let span = from..from + without_comment(text).len();
    Some(Line { key: key.to_owned(), value, span })
}

/// The value without quotes around it and without the comment after it.
fn value(text: &str) -> String {
    if let Some(quote) = text.chars().next().filter(|c| matches!(c, '"' | '\''))
        && let Some(end) = text[1..].find(quote)
    {
        return text[1..=end].to_owned();
    }
    without_comment(text).to_owned()
}

/// A comment begins with `#` or `;` after a blank, or where a value would begin.
fn without_comment(text: &str) -> &str {
    let begins = |(at, c): (usize, char)| {
        matches!(c, '#' | ';') && (at == 0 || text[..at].ends_with(char::is_whitespace))
    };
    let end = text.char_indices().find(|&place| begins(place)).map_or(text.len(), |(at, _)| at);
    text[..end].trim_end()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Read {
        read(&Arc::new(SourceFile { path: "locust.conf".into(), text: text.to_owned() }))
    }

    fn values(text: &str) -> Vec<(String, String)> {
        lines(text).into_iter().map(|line| (line.key, line.value)).collect()
    }

    fn pair(key: &str, value: &str) -> (String, String) {
        (key.to_owned(), value.to_owned())
    }

    #[test]
    fn all_forms_of_a_line_say_the_same() {
        for text in
            ["users = 2", "users: 2", "users 2", "--users 2", "--users=2", "users=2 # two", "users='2'"]
        {
            assert_eq!(values(text), [pair("users", "2")], "{text}");
        }
    }

    #[test]
    fn sections_comments_and_rules_say_nothing() {
        assert_eq!(
            values("[locust]\n# users = 1\n; users = 1\n---\n\nheadless\n"),
            [pair("headless", "true")]
        );
    }

    #[test]
    fn a_quoted_url_keeps_its_port_and_what_looks_like_a_comment() {
        assert_eq!(values("host = \"https://h:30443/#x\" # where\r\n"), [pair("host", "https://h:30443/#x")]);
        assert_eq!(values("host: https://h:30443\n"), [pair("host", "https://h:30443")]);
    }

    #[test]
    fn an_empty_value_stays_empty_and_a_bare_key_is_true() {
        assert_eq!(values("csv =\nonly-summary\n"), [pair("csv", ""), pair("only-summary", "true")]);
    }

    #[test]
    fn internal_names_of_locust_are_refused_with_their_line() {
        let read = read_text("[locust]\nnum_users = 9\n");
        let text = read.problems.to_string();
        assert!(text.starts_with("error: locust.conf:2:1: unknown key `num_users`"), "{text}");
        assert!(text.contains("did you mean `users`?") || text.contains("long flags"), "{text}");
    }

    #[test]
    fn keys_without_effect_are_noticed_and_those_that_change_the_run_refused() {
        let read = read_text(
            "locustfile = x.py\nheadless = true\nmaster = true\nhtml = r.html\nweb-port = 1\nconfig = x\n",
        );
        assert_eq!(read.notices.len(), 3, "{:?}", read.notices);
        assert_eq!(read.problems.0.len(), 2, "{}", read.problems);
        assert!(read.layer.is_empty());
    }

    #[test]
    fn a_flag_that_is_off_says_nothing() {
        let read = read_text("only-summary = false\nmaster = off\nheadless = no\n");
        assert!(read.layer.is_empty() && read.problems.0.is_empty());
    }

    #[test]
    fn the_configuration_of_the_load_tests_of_today_is_read() {
        let text = "[locust]\nheadless = true\nusers = 2\nspawn-rate = 10\nrun-time = 120s\n\
                    host = \"https://inference-staging.svc.codfw.wmnet:30443\"\nonly-summary = true\n";
        let read = read_text(text);
        assert!(read.problems.0.is_empty() && read.notices.is_empty());
        assert_eq!(read.layer["users"].value, "2");
        assert_eq!(read.layer["run-time"].from.to_string(), "locust.conf");
        assert_eq!(read.layer["host"].value, "https://inference-staging.svc.codfw.wmnet:30443");
    }
}
