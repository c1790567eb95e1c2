//! Path and query of a request.
//!
//! What the author wrote stays as it is, but for characters that a URL cannot hold. What a template puts in
//! is percent-encoded: in the path all but `/` and what RFC 3986 allows there, so that `%`, `?` and `#` of
//! a value stay part of it; in the query all but letters, digits and `-._~`. A value marked `| safe` is
//! taken as encoded already.

use http::Uri;
use http::uri::PathAndQuery;
use minijinja::Value;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use crate::error::Located;
use crate::plan::compile::Texts;
use crate::plan::request::pairs::Pairs;
use crate::plan::template::{Compiled, Failure, Mode, QUERY, locate};
use crate::suite::RequestSpec;

/// What a path and a query cannot hold, whoever wrote it; bytes beyond ASCII are added by the encoding.
const NEVER: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'<')
    .add(b'>')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// Path and query, compiled.
#[derive(Debug)]
pub(crate) struct PathPlan {
    /// The path of the base URL, without a slash at its end.
    prefix: String,
    path: Compiled,
    query: Option<Compiled>,
    pairs: Pairs,
    /// Path and query, when they are the same for all users.
    fixed: Option<Uri>,
}

/// What a path says in words: for the row's name, and for what makes rows comparable.
#[derive(Debug)]
pub(crate) struct PathShape {
    /// The path without query.
    pub(crate) path: String,
    /// With the query, where there is one.
    pub(crate) whole: String,
}

impl PathPlan {
    /// Compiles the path and the `query` of a request.
    pub(crate) fn compile(spec: &RequestSpec, prefix: &str, texts: &mut Texts<'_>) -> (Self, PathShape) {
        check_beginning(&spec.path, texts);
        let (path, query) = split(&spec.path);
        // A template broken by the split would be reported in words that nobody wrote.
        let whole = Compiled::text(&spec.path, Mode::Path);
        let split_is_sound = whole.is_err()
            || (Compiled::text(&path, Mode::Path).is_ok()
                && query.as_ref().is_none_or(|query| Compiled::text(query, Mode::Query).is_ok()));
        let (path, query) = if split_is_sound && whole.is_ok() {
            (texts.text(&path, Mode::Path), query.map(|query| texts.text(&query, Mode::Query)))
        } else {
            if !split_is_sound {
                texts.fail("the `?` stands inside of a template block; write the query as `query = { ... }`");
            }
            (texts.text(&spec.path, Mode::Path), None)
        };
        let (pairs, mut added) = Pairs::compile(&spec.query, texts);
        let shape = texts.shape(&path);
        let written = query.as_ref().map(|query| texts.shape(query)).unwrap_or_default();
        if !written.is_empty() && !added.is_empty() {
            added.insert(0, '&');
        }
        let query_shape = written + &added;
        let whole = if query_shape.is_empty() { shape.clone() } else { format!("{shape}?{query_shape}") };
        (
            Self { prefix: prefix.to_owned(), path, query, pairs, fixed: None },
            PathShape { path: shape, whole },
        )
    }

    pub(crate) fn is_constant(&self) -> bool {
        let constant = |text: &Compiled| text.constant().is_some();
        constant(&self.path) && self.query.as_ref().is_none_or(constant) && self.pairs.is_constant()
    }

    /// Path and query are `uri` from now on.
    pub(crate) fn fix(&mut self, uri: Uri) {
        self.fixed = Some(uri);
    }

    /// Path and query in origin form.
    pub(crate) fn render(&self, root: &Value) -> Result<Uri, Failure> {
        if let Some(uri) = &self.fixed {
            return Ok(uri.clone());
        }
        let path = self.path.render(root)?;
        if !path.starts_with('/') {
            return Err(self.failure("the path does not begin with `/` after rendering"));
        }
        let mut whole = format!("{}{path}", self.prefix);
        let mut query = self.query.as_ref().map(|query| query.render(root)).transpose()?.unwrap_or_default();
        if whole.chars().chain(query.chars()).any(char::is_control) {
            return Err(self.failure("the path holds a control character after rendering"));
        }
        let mut added = String::new();
        self.pairs.render(root, &mut added, encode)?;
        if !query.is_empty() && !added.is_empty() {
            query.push('&');
        }
        query.push_str(&added);
        if !query.is_empty() {
            // A value marked `| safe` may have brought a query of its own.
            whole.push(if path.contains('?') { '&' } else { '?' });
            whole.push_str(&query);
        }
        let encoded = utf8_percent_encode(&whole, NEVER).to_string();
        match PathAndQuery::try_from(encoded) {
            Ok(path_and_query) => Ok(Uri::from(path_and_query)),
            Err(error) => Err(self.failure(&format!("the path cannot be sent: {error}"))),
        }
    }

    fn failure(&self, message: &str) -> Failure {
        Failure::of(self.path.source(), message)
    }
}

/// Appends `text` encoded for a query.
fn encode(text: &str, out: &mut String) {
    out.extend(utf8_percent_encode(text, QUERY));
}

/// A path is the part behind the base URL, and has no fragment.
fn check_beginning(path: &Located<String>, texts: &mut Texts<'_>) {
    let text = path.value.as_str();
    if text.contains("://") && !text.starts_with('/') && !text.starts_with('{') {
        let help = "the part before the path goes into `base_url` or --host";
        texts.push(path.at.problem(format!("`{text}` is a whole URL where a path is expected")).help(help));
    } else if !text.starts_with(['/', '{']) {
        let help = format!("write `/{text}`");
        texts.push(path.at.problem(format!("a path begins with `/`, but this one is `{text}`")).help(help));
    }
    if let Some(at) = outside_tags(text, '#') {
        let problem = locate(path, at..at + 1).problem("a `#` and what follows is never sent to a server");
        texts.push(problem.help("write `%23` for a `#` that belongs to the path"));
    }
}

/// The path, and the query behind the first `?` that the author wrote.
fn split(whole: &Located<String>) -> (Located<String>, Option<Located<String>>) {
    let part = |range: std::ops::Range<usize>| {
        Located::new(whole.value[range.clone()].to_owned(), locate(whole, range))
    };
    match outside_tags(&whole.value, '?') {
        Some(at) => (part(0..at), Some(part(at + 1..whole.value.len()))),
        None => (whole.clone(), None),
    }
}

/// Where `wanted` stands first, tags of templates left out.
fn outside_tags(text: &str, wanted: char) -> Option<usize> {
    let mut end_of_tag: Option<&str> = None;
    let mut quote: Option<char> = None;
    for (at, character) in text.char_indices() {
        let rest = &text[at..];
        match (end_of_tag, quote) {
            (None, _) => {
                let tags = [("{{", "}}"), ("{%", "%}"), ("{#", "#}")];
                end_of_tag = tags.iter().find(|(open, _)| rest.starts_with(open)).map(|(_, close)| *close);
                if end_of_tag.is_none() && character == wanted {
                    return Some(at);
                }
            }
            (Some(_), Some(open)) => quote = quote.filter(|_| character != open),
            (Some(close), None) if rest.starts_with(close) => end_of_tag = None,
            (Some("#}"), None) => {}
            (Some(_), None) => quote = matches!(character, '"' | '\'').then_some(character),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_mark_inside_a_tag_does_not_begin_the_query() {
        assert_eq!(outside_tags("/a{{ '?' }}b", '?'), None);
        assert_eq!(outside_tags("/a{{ \"}}?\" }}?b", '?'), Some(13));
        assert_eq!(outside_tags("/a{# it's #}?b", '?'), Some(12));
        assert_eq!(outside_tags("/a?b?c", '?'), Some(2));
        assert_eq!(outside_tags("/a", '?'), None);
    }
}
