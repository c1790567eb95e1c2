//! Reading one request: method and path, headers, body, expectations.

use std::time::Duration;

use toml::de::DeValue;

use super::fields::{Context, Entry, Fields, LATER, Node, found, list};
use super::values::is_name;
use crate::error::{Located, nearest};
use crate::suite::{BodySpec, ExpectSpec, RequestSpec};

/// The keys that hold the path.
pub(super) const METHODS: [&str; 7] = ["get", "post", "put", "patch", "delete", "head", "options"];
const BODIES: [&str; 4] = ["json", "body", "form", "file"];
/// The timeout of a request that says none.
const TIMEOUT: Duration = Duration::from_secs(60);
/// Headers that the HTTP client sets by itself.
const COMPUTED_HEADERS: [&str; 4] = ["content-length", "transfer-encoding", "connection", "upgrade"];

type Header = (Located<String>, Located<String>);

/// What a class says for all its requests, and a request for itself.
#[derive(Clone, Default)]
pub(super) struct Common {
    host_header: Option<Located<String>>,
    headers: Vec<Header>,
    timeout: Option<Duration>,
}

impl Common {
    pub(super) fn read(cx: &mut Context, fields: &mut Fields) -> Self {
        Self {
            host_header: fields.get(cx, "host_header", Context::filled),
            headers: fields.get(cx, "headers", headers).unwrap_or_default(),
            timeout: fields.get(cx, "timeout", Context::some_time),
        }
    }

    /// `own` where it says something, else this; of headers with one name the one of `own`.
    pub(super) fn overridden_by(&self, own: Self) -> Self {
        let same = |a: &Header, b: &Header| a.0.value.eq_ignore_ascii_case(&b.0.value);
        let mut headers = self.headers.clone();
        headers.retain(|header| !own.headers.iter().any(|other| same(header, other)));
        headers.extend(own.headers);
        Self {
            host_header: own.host_header.or_else(|| self.host_header.clone()),
            headers,
            timeout: own.timeout.or(self.timeout),
        }
    }
}

/// Reads a request that is a table of its own: a step, or a request before or after all tasks.
pub(super) fn step(cx: &mut Context, node: &Node, place: &str, class: &Common) -> Option<RequestSpec> {
    let mut fields = Fields::of(cx, node, place)?;
    let own = Common::read(cx, &mut fields);
    let wait = fields.get(cx, "wait", Context::wait);
    let keep_going = fields.get(cx, "continue", Context::boolean).unwrap_or(false);
    let request = request(cx, &mut fields, &class.overridden_by(own));
    fields.finish(cx);
    request.map(|request| RequestSpec { wait, keep_going, ..request })
}

/// Reads the request written straight into a task.
pub(super) fn task_request(cx: &mut Context, fields: &mut Fields, class: &Common) -> Option<RequestSpec> {
    let own = Common::read(cx, fields);
    request(cx, fields, &class.overridden_by(own))
}

/// Reads the request among `fields`; host header, headers and timeout are already in `common`.
pub(super) fn request(cx: &mut Context, fields: &mut Fields, common: &Common) -> Option<RequestSpec> {
    let method = method(cx, fields);
    let name = fields.get(cx, "name", Context::filled);
    let query = fields.get(cx, "query", Context::pairs).unwrap_or_default();
    let body = body(cx, fields);
    let expect = fields.get(cx, "expect", expectations).unwrap_or_default();
    let save = fields.get(cx, "save", saves).unwrap_or_default();
    let Some(method) = method else {
        report_no_method(cx, fields);
        return None;
    };
    Some(RequestSpec {
        method: method.name().to_ascii_uppercase(),
        path: path(cx, method)?,
        name,
        host_header: common.host_header.clone(),
        headers: common.headers.clone(),
        query,
        body,
        timeout: common.timeout.unwrap_or(TIMEOUT),
        expect,
        save,
        wait: None,
        keep_going: false,
        at: cx.at(method.key.span()),
    })
}

fn method<'t, 'i>(cx: &mut Context, fields: &mut Fields<'t, 'i>) -> Option<Entry<'t, 'i>> {
    only_one(cx, fields, &METHODS, "method")
}

/// The entry of the one key of `names` that is there, the first in the file where there are several.
fn only_one<'t, 'i>(
    cx: &mut Context,
    fields: &mut Fields<'t, 'i>,
    names: &[&'static str],
    what: &str,
) -> Option<Entry<'t, 'i>> {
    let mut entries: Vec<Entry> = names.iter().filter_map(|name| fields.take(name)).collect();
    entries.sort_by_key(|entry| entry.key.span().start);
    let (first, others) = entries.split_first()?;
    for other in others {
        let line = cx.at(first.key.span()).line_column().0;
        let message = format!(
            "a request has one {what}, and `{}` is there already in line {line}; got `{}` too",
            first.name(),
            other.name()
        );
        cx.wrong(other.key.span(), message);
    }
    Some(*first)
}

/// Reports that there is no method, unless another mistake that is told already explains it.
fn report_no_method(cx: &mut Context, fields: &Fields) {
    let explained = |entry: Entry| LATER.contains(&entry.name()) || nearest(entry.name(), METHODS).is_some();
    if !fields.left().any(explained) {
        let problem = cx.at(fields.span.clone()).problem(format!("{} has no request", fields.place));
        cx.report(problem.help(format!(
            "write the path behind its method, for example post = \"/v1/models/x:predict\"; the methods are {}",
            list(&METHODS)
        )));
    }
}

fn path(cx: &mut Context, entry: Entry) -> Option<Located<String>> {
    let path = cx.text(entry)?;
    if path.value.starts_with('/') {
        return Some(path);
    }
    let problem = path.at.problem(format!("the path of `{}` must start with `/`", entry.name()));
    cx.report(if path.value.contains("://") {
        problem.help("only the path stands here; the rest of the URL is `base_url` or --host")
    } else {
        problem
    });
    None
}

fn body(cx: &mut Context, fields: &mut Fields) -> BodySpec {
    let Some(entry) = only_one(cx, fields, &BODIES, "body") else { return BodySpec::None };
    let body = match entry.name() {
        "json" => cx.template(entry.value).map(BodySpec::Json),
        "body" => cx.text(entry).map(BodySpec::Text),
        "form" => cx.pairs(entry).map(BodySpec::Form),
        _ => cx.filled(entry).map(BodySpec::File),
    };
    body.unwrap_or(BodySpec::None)
}

fn headers(cx: &mut Context, entry: Entry) -> Option<Vec<Header>> {
    let DeValue::Table(table) = entry.value.get_ref() else {
        return cx.mistake(entry, "a table such as { accept = \"text/plain\" }");
    };
    let mut headers: Vec<Header> = Vec::new();
    for (key, value) in table {
        let entry = Entry { key, value };
        let name = entry.name();
        if let Some(message) = wrong_header(name) {
            cx.wrong(key.span(), message);
        } else if headers.iter().any(|(other, _)| other.value.eq_ignore_ascii_case(name)) {
            cx.wrong(key.span(), format!("the header `{name}` is there already"));
        } else if let Some(value) = header_value(cx, entry) {
            headers.push((Located::new(name.to_owned(), cx.at(key.span())), value));
        }
    }
    Some(headers)
}

fn wrong_header(name: &str) -> Option<String> {
    // RFC 9110, 5.6.2: the characters of a token.
    let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    let lower = name.to_ascii_lowercase();
    if name.is_empty() || !name.chars().all(is_token) {
        Some(format!("`{name}` cannot be the name of a header"))
    } else if lower == "host" {
        Some("the header `host` is written as `host_header`".to_owned())
    } else if COMPUTED_HEADERS.contains(&lower.as_str()) {
        Some(format!("the header `{name}` is set by the HTTP client"))
    } else {
        None
    }
}

/// A header's value: a text, or a number or boolean as it is written.
fn header_value(cx: &mut Context, entry: Entry) -> Option<Located<String>> {
    let text = match entry.value.get_ref() {
        DeValue::Integer(number) => number.to_string(),
        DeValue::Float(number) => number.to_string(),
        DeValue::Boolean(value) => value.to_string(),
        _ => return cx.text(entry),
    };
    Some(Located::new(text, cx.at(entry.value.span())))
}

fn expectations(cx: &mut Context, entry: Entry) -> Option<Vec<ExpectSpec>> {
    let DeValue::Array(items) = entry.value.get_ref() else {
        return cx.mistake(entry, "a list of expressions such as [\"response.status == 200\"]");
    };
    Some(items.iter().filter_map(|item| expectation(cx, entry, item)).collect())
}

fn expectation(cx: &mut Context, list: Entry, item: &Node) -> Option<ExpectSpec> {
    match item.get_ref() {
        DeValue::String(_) => {
            let that = cx.filled(Entry { key: list.key, value: item })?;
            Some(ExpectSpec { that, message: None })
        }
        DeValue::Table(table) => {
            let mut fields = Fields::new(table, item.span(), "an expectation");
            let that = fields.require(cx, "that", Context::filled);
            let message = fields.get(cx, "message", Context::filled);
            fields.finish(cx);
            Some(ExpectSpec { that: that?, message })
        }
        other => {
            let message = format!(
                "an expectation must be an expression in quotes, or a table with `that` and `message`, got {}",
                found(other)
            );
            cx.wrong(item.span(), message);
            None
        }
    }
}

fn saves(cx: &mut Context, entry: Entry) -> Option<Vec<(Located<String>, Located<String>)>> {
    let DeValue::Table(table) = entry.value.get_ref() else {
        return cx.mistake(entry, "a table such as { token = \"response.json.token\" }");
    };
    let mut saves = Vec::new();
    for (key, value) in table {
        let name = key.get_ref().to_string();
        if !is_name(&name) {
            cx.wrong(
                key.span(),
                format!("`{name}` cannot be used as `user.{name}`; use letters, digits and `_`"),
            );
        }
        if let Some(expression) = cx.filled(Entry { key, value }) {
            saves.push((Located::new(name, cx.at(key.span())), expression));
        }
    }
    Some(saves)
}
