//! The body of a request.

use std::path::Path;

use bytes::Bytes;
use minijinja::Value;
use percent_encoding::utf8_percent_encode;
use serde::de::IgnoredAny;

use crate::error::Located;
use crate::plan::compile::Texts;
use crate::plan::request::pairs::Pairs;
use crate::plan::scope::{Files, current};
use crate::plan::template::{Compiled, Failure, Mode, QUERY};
use crate::plan::values::write_json_text;
use crate::suite::{BodySpec, Template};

/// A body, compiled.
#[derive(Debug)]
pub(crate) enum BodyPlan {
    /// The same bytes each time; none when empty.
    Fixed(Bytes),
    Json(JsonPlan),
    /// A text that must be JSON when it is rendered; sent as it is.
    JsonText(Compiled),
    Text(Compiled),
    Form(Pairs),
    File(Compiled),
}

/// JSON with holes.
#[derive(Debug, Default)]
pub(crate) struct JsonPlan {
    pieces: Vec<Piece>,
}

#[derive(Debug)]
enum Piece {
    Literal(Vec<u8>),
    Value(Compiled),
}

impl BodyPlan {
    /// Compiles a body; beside it what it is in words, for what makes rows comparable.
    pub(crate) fn compile(spec: &BodySpec, texts: &mut Texts<'_>) -> (Self, String) {
        match spec {
            BodySpec::None => (Self::Fixed(Bytes::new()), "none".to_owned()),
            BodySpec::Json(Template::Text(source)) => {
                let text = texts.typed(source);
                let shape = format!("json {}", texts.shape(&text));
                (Self::JsonText(text), shape)
            }
            BodySpec::Json(template) => {
                let mut builder = JsonBuilder { plan: JsonPlan::default(), shape: "json ".to_owned() };
                builder.add(template, texts);
                (Self::Json(builder.plan), builder.shape)
            }
            BodySpec::Text(source) => {
                let text = texts.text(source, Mode::Plain);
                let shape = format!("text {}", texts.shape(&text));
                (Self::Text(text), shape)
            }
            BodySpec::Form(entries) => {
                let (pairs, shape) = Pairs::compile(entries, texts);
                (Self::Form(pairs), format!("form {shape}"))
            }
            BodySpec::File(source) => {
                let path = texts.text(source, Mode::Plain);
                let shape = format!("file {}", texts.shape(&path));
                (Self::File(path), shape)
            }
        }
    }

    /// Does it name files by what varies, so that all rows must be looked at before the run.
    pub(crate) fn names_files(&self) -> bool {
        matches!(self, Self::File(path) if path.constant().is_none())
    }

    pub(crate) fn is_constant(&self) -> bool {
        match self {
            Self::Fixed(_) => true,
            Self::Json(json) => json.pieces.iter().all(|piece| matches!(piece, Piece::Literal(_))),
            Self::JsonText(text) | Self::Text(text) | Self::File(text) => text.constant().is_some(),
            Self::Form(pairs) => pairs.is_constant(),
        }
    }

    /// The bytes of one request.
    pub(crate) fn render(&self, root: &Value) -> Result<Bytes, Failure> {
        match self {
            Self::Fixed(bytes) => Ok(bytes.clone()),
            Self::Json(json) => json.render(root),
            Self::JsonText(text) => render_json_text(text, root),
            Self::Text(text) => Ok(Bytes::from(text.render(root)?)),
            Self::Form(pairs) => {
                let mut form = String::new();
                pairs.render(root, &mut form, encode_form)?;
                Ok(Bytes::from(form))
            }
            Self::File(path) => {
                let name = path.render(root)?;
                let content = current(|user| match &mut user.files {
                    Files::Reading(reader) => reader.body(&name),
                    Files::Ready(store) => store.body(&name),
                });
                content
                    .unwrap_or_else(|| Ok(Bytes::new()))
                    .map_err(|message| Failure::of(path.source(), message))
            }
        }
    }
}

impl JsonPlan {
    fn render(&self, root: &Value) -> Result<Bytes, Failure> {
        let mut out = Vec::with_capacity(256);
        for piece in &self.pieces {
            match piece {
                Piece::Literal(bytes) => out.extend_from_slice(bytes),
                Piece::Value(compiled) => compiled.write_json(root, &mut out)?,
            }
        }
        Ok(Bytes::from(out))
    }

    /// The literal at the end, for more of it.
    fn literal(&mut self) -> &mut Vec<u8> {
        if !matches!(self.pieces.last(), Some(Piece::Literal(_))) {
            self.pieces.push(Piece::Literal(Vec::new()));
        }
        match self.pieces.last_mut() {
            Some(Piece::Literal(bytes)) => bytes,
            _ => unreachable!("a literal was pushed if there was none"),
        }
    }
}

fn render_json_text(text: &Compiled, root: &Value) -> Result<Bytes, Failure> {
    let value = text.evaluate(root)?;
    let Some(json) = value.as_str() else {
        let mut out = Vec::new();
        text.write_json(root, &mut out)?;
        return Ok(Bytes::from(out));
    };
    match serde_json::from_str::<IgnoredAny>(json) {
        Ok(_) => Ok(Bytes::copy_from_slice(json.as_bytes())),
        Err(error) => {
            let message = format!("the body is not JSON after rendering: {error}");
            Err(Failure::of(text.source(), message))
        }
    }
}

/// Puts JSON together from a template: constant parts become literals, keys keep their order.
struct JsonBuilder {
    plan: JsonPlan,
    shape: String,
}

impl JsonBuilder {
    fn add(&mut self, template: &Template, texts: &mut Texts<'_>) {
        match template {
            Template::Boolean(flag) => self.write(flag.to_string().as_bytes()),
            Template::Integer(number) => self.write(number.to_string().as_bytes()),
            // TOML allows `inf` and `nan`; JSON has neither.
            Template::Float(number) if !number.is_finite() => {
                texts.fail(format!("the number {number} is not finite, which JSON cannot say"));
            }
            Template::Float(number) => self.write(serde_json::json!(number).to_string().as_bytes()),
            Template::Text(source) => self.add_text(source, texts),
            Template::Array(items) => {
                self.write(b"[");
                for (index, item) in items.iter().enumerate() {
                    self.separate(index);
                    self.add(item, texts);
                }
                self.write(b"]");
            }
            Template::Table(entries) => {
                self.write(b"{");
                for (index, (key, value)) in entries.iter().enumerate() {
                    self.separate(index);
                    let mut name = Vec::new();
                    write_json_text(key, &mut name);
                    self.write(&name);
                    self.write(b":");
                    self.add(value, texts);
                }
                self.write(b"}");
            }
        }
    }

    fn separate(&mut self, index: usize) {
        if index > 0 {
            self.write(b",");
        }
    }

    fn write(&mut self, json: &[u8]) {
        self.shape.push_str(&String::from_utf8_lossy(json));
        self.plan.literal().extend_from_slice(json);
    }

    fn add_text(&mut self, source: &Located<String>, texts: &mut Texts<'_>) {
        let compiled = texts.typed(source);
        if compiled.constant().is_none() {
            self.shape.push_str(&texts.shape(&compiled));
            self.plan.pieces.push(Piece::Value(compiled));
            return;
        }
        let mut json = Vec::new();
        if let Err(failure) = compiled.write_json(&Value::UNDEFINED, &mut json) {
            return texts.push(failure.into_problem(&source.at));
        }
        if texts.shows_value(&compiled) {
            self.write(&json);
        } else {
            self.shape.push_str(&texts.shape(&compiled));
            self.plan.literal().extend_from_slice(&json);
        }
    }
}

/// The media type of a body where the module does not say it.
pub(crate) fn content_type(spec: &BodySpec) -> Option<&'static str> {
    Some(match spec {
        BodySpec::None => return None,
        BodySpec::Json(_) => "application/json",
        BodySpec::Text(_) => "text/plain; charset=utf-8",
        BodySpec::Form(_) => "application/x-www-form-urlencoded",
        BodySpec::File(path) => {
            let extension = Path::new(&path.value).extension().and_then(|extension| extension.to_str());
            by_extension(&extension.unwrap_or_default().to_ascii_lowercase())
        }
    })
}

fn by_extension(extension: &str) -> &'static str {
    match extension {
        "csv" => "text/csv",
        "gif" => "image/gif",
        "gz" => "application/gzip",
        "html" | "htm" => "text/html",
        "jpg" | "jpeg" => "image/jpeg",
        "json" => "application/json",
        "jsonl" | "ndjson" => "application/x-ndjson",
        "mp3" => "audio/mpeg",
        "mp4" => "video/mp4",
        "pdf" => "application/pdf",
        "png" => "image/png",
        "svg" => "image/svg+xml",
        "tsv" => "text/tab-separated-values",
        "txt" => "text/plain",
        "wav" => "audio/wav",
        "webp" => "image/webp",
        "xml" => "application/xml",
        "zip" => "application/zip",
        _ => "application/octet-stream",
    }
}

/// Appends `text` as forms are encoded: a blank becomes `+`.
fn encode_form(text: &str, out: &mut String) {
    for (index, word) in text.split(' ').enumerate() {
        if index > 0 {
            out.push('+');
        }
        out.extend(utf8_percent_encode(word, QUERY));
    }
}
