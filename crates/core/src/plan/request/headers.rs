//! The headers of a request: what the module says, and what every request carries.

use std::collections::BTreeMap;

use http::header::{ACCEPT, CONTENT_TYPE, HOST, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue};
use minijinja::Value;

use crate::error::{Located, Problem};
use crate::plan::compile::Texts;
use crate::plan::request::HeaderOverride;
use crate::plan::template::{Compiled, Failure, Mode};
use crate::suite::RequestSpec;

/// Headers that say how a message is framed or a connection is used: the transport writes them.
pub(super) const FRAMING: [&str; 8] = [
    "connection",
    "content-length",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Headers that carry credentials, whatever is in them.
pub(super) const CREDENTIALS: [&str; 5] =
    ["authorization", "proxy-authorization", "cookie", "x-api-key", "api-key"];

/// The headers of a request, compiled.
#[derive(Debug, Default)]
pub(crate) struct HeaderPlan {
    /// Those that are the same for all users.
    constant: HeaderMap,
    varying: Vec<Header>,
}

#[derive(Debug)]
struct Header {
    name: HeaderName,
    value: Compiled,
    /// Never to be printed.
    sensitive: bool,
}

impl HeaderPlan {
    /// Compiles the headers of a request. `authority` is the `Host` where none is given, `content_type` what
    /// the body is where the module does not say it. Beside them what the module's own headers say, for what
    /// makes rows comparable: without credentials, which say who asks and not what is asked.
    pub(crate) fn compile(
        spec: &RequestSpec,
        authority: &str,
        content_type: Option<&str>,
        texts: &mut Texts<'_>,
    ) -> (Self, String) {
        let mut headers = Self::default();
        headers.set_default(HOST, authority, spec);
        headers.set_default(USER_AGENT, concat!("windtunnel/", env!("CARGO_PKG_VERSION")), spec);
        headers.set_default(ACCEPT, "*/*", spec);
        if let Some(content_type) = content_type {
            headers.set_default(CONTENT_TYPE, content_type, spec);
        }
        if let Some(host) = &spec.host_header {
            headers.set(HOST, host, texts);
        }
        let mut shapes = BTreeMap::new();
        for (name, value) in &spec.headers {
            match header_name(name) {
                Ok(name) => {
                    let shape = headers.set(name.clone(), value, texts);
                    shapes.insert(name.to_string(), shape);
                }
                Err(problem) => texts.push(problem),
            }
        }
        let lines = shapes.into_iter().filter_map(|(name, shape)| Some(format!("{name}: {}\n", shape?)));
        (headers, lines.collect())
    }

    /// Sets a header that the module does not set.
    fn set_default(&mut self, name: HeaderName, value: &str, spec: &RequestSpec) {
        let given = spec.headers.iter().any(|(given, _)| given.value.eq_ignore_ascii_case(name.as_str()));
        if !given && let Ok(value) = HeaderValue::from_str(value) {
            self.constant.insert(name, value);
        }
    }

    /// Sets a header, in place of an earlier one of the same name; gives what it says unless that is a
    /// credential.
    fn set(&mut self, name: HeaderName, source: &Located<String>, texts: &mut Texts<'_>) -> Option<String> {
        let value = texts.text(source, Mode::Plain);
        let sensitive = CREDENTIALS.contains(&name.as_str()) || texts.reads_secret(&value);
        let shape = (!sensitive).then(|| texts.shape(&value));
        let header = Header { name, value, sensitive };
        self.varying.retain(|other| other.name != header.name);
        if header.value.constant().is_none() {
            self.constant.remove(&header.name);
            self.varying.push(header);
            return shape;
        }
        match header.render(&Value::UNDEFINED) {
            Ok(value) => {
                self.constant.insert(header.name, value);
            }
            Err(failure) => texts.push(failure.into_problem(&source.at)),
        }
        shape
    }

    /// Sets headers of the command line, in place of those of the module.
    pub(crate) fn replace(&mut self, with: &[HeaderOverride]) {
        for (name, value) in with.iter().map(HeaderOverride::to_pair) {
            self.varying.retain(|header| header.name != name);
            self.constant.insert(name, value);
        }
    }

    pub(crate) fn is_constant(&self) -> bool {
        self.varying.is_empty()
    }

    /// All headers of one request.
    pub(crate) fn render(&self, root: &Value) -> Result<HeaderMap, Failure> {
        let mut headers = self.constant.clone();
        for header in &self.varying {
            headers.insert(header.name.clone(), header.render(root)?);
        }
        Ok(headers)
    }
}

impl Header {
    fn render(&self, root: &Value) -> Result<HeaderValue, Failure> {
        let text = self.value.render(root)?;
        let wrong =
            |what: &str| Failure::of(self.value.source(), format!("the header `{}` {what}", self.name));
        if self.name == HOST && !is_authority(&text) {
            return Err(wrong("is not a host name, with a port or without"));
        }
        let mut value = HeaderValue::from_bytes(text.as_bytes())
            .map_err(|_| wrong("holds a control character after rendering"))?;
        value.set_sensitive(self.sensitive);
        Ok(value)
    }
}

/// Can `text` stand in a `Host` header: nothing else of a URL, and no blank.
pub(super) fn is_authority(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~:[]%".contains(&byte))
}

/// The name of a header that a module may set.
fn header_name(name: &Located<String>) -> Result<HeaderName, Problem> {
    let lower = name.value.to_ascii_lowercase();
    if lower == "host" {
        let help = "write host_header = \"...\" in the class or the request";
        return Err(name.at.problem("`host` is not set among the headers").help(help));
    }
    if FRAMING.contains(&lower.as_str()) {
        let message = format!("the header `{}` is written by windtunnel itself", name.value);
        return Err(name.at.problem(message).help("remove it"));
    }
    HeaderName::from_bytes(lower.as_bytes())
        .map_err(|_| name.at.problem(format!("`{}` is not the name of a header", name.value)))
}
