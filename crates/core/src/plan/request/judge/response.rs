//! The response that is judged, as expressions see it.

use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use minijinja::{Error, ErrorKind, Value};
use serde_json::Value as Json;

use crate::plan::request::Response;
use crate::plan::values::from_json;

/// A response while it is judged.
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
    /// What expressions see of `response`; without its headers where none is read.
    pub(crate) fn new(response: &Response<'_>, reads_headers: bool) -> Self {
        Self {
            status: response.status,
            headers: if reads_headers { response.headers.clone() } else { HeaderMap::new() },
            body: response.body.clone(),
            time: response.time,
            json: None,
        }
    }

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

    /// Why the body is not JSON, when something looked.
    pub(crate) fn json_error(&self) -> Option<&str> {
        self.json.as_ref()?.as_ref().err().map(String::as_str)
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

fn parse(body: &[u8]) -> Result<Value, String> {
    match serde_json::from_slice::<Json>(body) {
        Ok(json) => Ok(from_json(&json)),
        Err(error) => Err(format!("the response is not JSON: {error}")),
    }
}
