//! Judging a response by expectations, and saving values of it.

use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use minijinja::{Error, ErrorKind, Value};
use serde_json::Value as Json;

use crate::error::{Located, Problem};
use crate::plan::compile::Texts;
use crate::plan::request::Response;
use crate::plan::scope::{UserScope, current};
use crate::plan::template::{Compiled, Mode};
use crate::plan::values::{Anything, detached, from_json};
use crate::suite::{ExpectSpec, RequestSpec};
use crate::wire::Capture;

/// Characters of a failure's text, at most: it is a key that is counted, not a log.
const LONGEST_TEXT: usize = 300;

/// The expectations and `save`s of a request, compiled.
#[derive(Debug, Default)]
pub(crate) struct Judgement {
    expects: Vec<Expect>,
    saves: Vec<(String, Compiled)>,
    capture: Capture,
    names_status: bool,
    reads_headers: bool,
}

#[derive(Debug)]
struct Expect {
    that: Compiled,
    message: Option<Compiled>,
}

impl Judgement {
    /// Compiles what a request expects and saves.
    pub(crate) fn compile(spec: &RequestSpec, texts: &mut Texts<'_>) -> Self {
        let mut judgement = Self::default();
        for expect in &spec.expect {
            judgement.add_expect(expect, texts);
        }
        for (name, value) in &spec.save {
            if name.value == "index" {
                texts.push(name.at.problem("`user.index` is the user's number; save under another name"));
            }
            if let Some(value) = expression(value, texts) {
                judgement.note_reads(&value);
                judgement.saves.push((name.value.clone(), value));
            }
        }
        judgement
    }

    fn add_expect(&mut self, spec: &ExpectSpec, texts: &mut Texts<'_>) {
        let Some(that) = expression(&spec.that, texts) else { return };
        let message =
            spec.message.as_ref().and_then(|source| texts.of_response(Compiled::text(source, Mode::Plain)));
        self.names_status |= names_status(&that);
        self.note_reads(&that);
        if let Some(message) = &message {
            self.note_reads(message);
        }
        self.expects.push(Expect { that, message });
    }

    /// Keeps of the response what `text` reads of it.
    fn note_reads(&mut self, text: &Compiled) {
        let reads = |field: &str| text.reads().contains(field) || text.reads().contains("response");
        let starts = |field: &str| text.reads().iter().any(|read| read.starts_with(field));
        self.reads_headers |= reads("response.headers") || starts("response.headers.");
        let body = ["response.json", "response.text"];
        let needed = if body.iter().any(|field| reads(field) || starts(&format!("{field}."))) {
            Capture::Body
        } else {
            Capture::Head
        };
        self.capture = self.capture.max(needed);
    }

    /// How much of a response is needed.
    pub(crate) fn capture(&self) -> Capture {
        self.capture
    }

    /// Does an expectation say which status is right.
    pub(crate) fn names_status(&self) -> bool {
        self.names_status
    }

    /// The expectations as written, for what makes rows comparable; empty when there is none.
    pub(crate) fn shape(&self) -> String {
        let texts = self.expects.iter().map(|expect| expect.that.source().value.as_str());
        texts.collect::<Vec<_>>().join("\n")
    }

    /// Judges `response`, then saves.
    ///
    /// # Errors
    /// The text of the first expectation that is false, or of what could not be evaluated or saved.
    pub(crate) fn judge(&self, user: &mut UserScope, response: &Response<'_>) -> Result<(), String> {
        if self.expects.is_empty() && self.saves.is_empty() {
            return Ok(());
        }
        user.state().response = Some(self.state_of(response));
        let judged = self.judge_for(user, response.status);
        let state = user.state();
        state.response = None;
        // A table at its end is told by the next request that reads it.
        state.take_exhausted();
        judged.map_err(|text| bounded(&state.module.redact(text)))
    }

    fn state_of(&self, response: &Response<'_>) -> ResponseState {
        ResponseState {
            status: response.status,
            headers: if self.reads_headers { response.headers.clone() } else { HeaderMap::new() },
            body: response.body.clone(),
            time: response.time,
            json: None,
        }
    }

    fn judge_for(&self, user: &mut UserScope, status: u16) -> Result<(), String> {
        user.evaluate(|root| self.expects.iter().try_for_each(|expect| expect.check(root, status)))?;
        for (name, value) in &self.saves {
            let value = user
                .evaluate(|root| match value.evaluate(root) {
                    Ok(value) => detached(&value),
                    Err(failure) => Err(failure.message),
                })
                .map_err(|message| format!("could not save `{name}`: {message}"))?;
            user.state().save(name, value);
        }
        Ok(())
    }
}

impl Expect {
    fn check(&self, root: &Value, status: u16) -> Result<(), String> {
        let that = &self.that.source().value;
        let value = self.that.evaluate(root).map_err(|failure| {
            not_json().unwrap_or(format!("could not evaluate `{that}`: {}", failure.message))
        })?;
        if value.is_true() {
            return Ok(());
        }
        let plain = if status >= 400 || names_status(&self.that) {
            format!("expected {that} (status {status})")
        } else {
            format!("expected {that}")
        };
        Err(match self.message.as_ref().map(|message| message.render(root)) {
            Some(Ok(text)) => text,
            Some(Err(failure)) => format!("{plain}; its message failed: {}", failure.message),
            None => plain,
        })
    }
}

/// Compiles an expression over a response, and tries it on a response that has everything, so that filters
/// and tests that do not exist are found before the run.
fn expression(source: &Located<String>, texts: &mut Texts<'_>) -> Option<Compiled> {
    let compiled = texts.of_response(Compiled::expression(source))?;
    if let Some(problem) = unknown_filter(&compiled) {
        texts.push(problem);
        return None;
    }
    Some(compiled)
}

fn unknown_filter(expression: &Compiled) -> Option<Problem> {
    let names = expression.reads().iter().map(|read| read.split('.').next().unwrap_or(read));
    let context = Value::from_pairs(names.map(|name| (name, Value::from_object(Anything))));
    let failure = expression.evaluate(&context).err()?;
    // Anything else that fails may be the fault of the stand-in.
    failure.names_unknown.then(|| failure.into_problem(&expression.source().at))
}

fn names_status(expression: &Compiled) -> bool {
    let by_key = ["['status']", "[\"status\"]"].iter().any(|key| expression.source().value.contains(key));
    expression.reads().contains("response.status") || expression.reads().contains("response") && by_key
}

/// One line of bounded length.
fn bounded(text: &str) -> String {
    let line = text.chars().map(|character| if character.is_control() { ' ' } else { character });
    if text.chars().nth(LONGEST_TEXT).is_none() {
        return line.collect();
    }
    line.take(LONGEST_TEXT - 1).chain(['…']).collect()
}

/// The response that is judged, as expressions see it.
#[derive(Debug)]
pub(crate) struct ResponseState {
    status: u16,
    headers: HeaderMap,
    body: Bytes,
    time: Duration,
    /// Parsed when first read.
    json: Option<Result<Value, String>>,
}

impl ResponseState {
    /// A field, but for the headers.
    pub(crate) fn field(&mut self, name: &str) -> Option<Value> {
        match name {
            "status" => Some(Value::from(self.status)),
            "text" => Some(Value::from(String::from_utf8_lossy(&self.body))),
            "time_ms" => Some(Value::from(self.time.as_secs_f64() * 1000.0)),
            "json" => {
                let json = self.json.get_or_insert_with(|| parse(&self.body));
                Some(match json {
                    Ok(value) => value.clone(),
                    // A value that fails where it is used.
                    Err(message) => Value::from(Error::new(ErrorKind::InvalidOperation, message.clone())),
                })
            }
            _ => None,
        }
    }

    /// A header by its name in any case; several of one name are joined by `, `.
    pub(crate) fn header(&self, name: &str) -> Option<Value> {
        let mut values =
            self.headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
        let first = values.next()?.into_owned();
        Some(Value::from(values.fold(first, |all, value| all + ", " + &value)))
    }

    /// The names of the headers, in lower case.
    pub(crate) fn header_names(&self) -> Vec<Value> {
        self.headers.keys().map(|name| Value::from(name.as_str())).collect()
    }
}

/// Why the body is not JSON, when something looked.
fn not_json() -> Option<String> {
    current(|user| user.response.as_ref()?.json.clone()?.err()).flatten()
}

fn parse(body: &[u8]) -> Result<Value, String> {
    match serde_json::from_slice::<Json>(body) {
        Ok(json) => Ok(from_json(&json)),
        Err(error) => Err(format!("the response is not JSON: {error}")),
    }
}
