//! An answer before it is HTTP: status, type and body. What it says is decided elsewhere.

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{ALLOW, CONNECTION, CONTENT_TYPE, HeaderValue, SERVER};
use hyper::{Response, StatusCode};
use serde::Serialize;
use serde_json::json;

/// What the server calls itself in headers and metadata.
pub(crate) const SERVER_NAME: &str = "windtunnel-sim";

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    content_type: &'static str,
    pub(crate) body: Vec<u8>,
    allow: Option<&'static str>,
    /// Whether the connection ends with this answer: after a body that was not read to its end, it must.
    close: bool,
}

impl Reply {
    /// `body` as JSON.
    pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> Self {
        // Fails only for maps with keys that are no text, and there are none; an empty body would show it.
        let body = serde_json::to_vec(body).unwrap_or_default();
        Self { status, content_type: "application/json", body, allow: None, close: false }
    }

    /// `body` as JSON, with 200.
    pub(crate) fn ok(body: &impl Serialize) -> Self {
        Self::json(StatusCode::OK, body)
    }

    /// The Prometheus text format, version 0.0.4.
    pub(crate) fn metrics(body: String) -> Self {
        Self {
            status: StatusCode::OK,
            content_type: "text/plain; version=0.0.4; charset=utf-8",
            body: body.into_bytes(),
            allow: None,
            close: false,
        }
    }

    /// 405, naming the methods that would have been right.
    pub(crate) fn wrong_method(allow: &'static str) -> Self {
        let error = Api::KServe.error(StatusCode::METHOD_NOT_ALLOWED, "method not allowed");
        Self { allow: Some(allow), ..error }
    }

    /// Ends the connection after the answer.
    pub(crate) fn and_close(self) -> Self {
        Self { close: true, ..self }
    }

    /// The answer as HTTP.
    pub(crate) fn into_response(self) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::new(Bytes::from(self.body)));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        headers.insert(SERVER, HeaderValue::from_static(SERVER_NAME));
        if let Some(allow) = self.allow {
            headers.insert(ALLOW, HeaderValue::from_static(allow));
        }
        if self.close {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}

/// Whose conventions an error follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Api {
    /// `{"error": "text"}`: v1, v2, and whatever belongs to no protocol.
    KServe,
    /// `{"error": {"message", "type", "param", "code"}}`.
    OpenAi,
}

impl Api {
    /// An error of this protocol.
    pub(crate) fn error(self, status: StatusCode, message: &str) -> Reply {
        let body = match self {
            Self::KServe => json!({ "error": message }),
            Self::OpenAi => {
                let kind = match status {
                    StatusCode::SERVICE_UNAVAILABLE => "service_unavailable",
                    status if status.is_server_error() => "internal_server_error",
                    _ => "invalid_request_error",
                };
                let code = status.as_u16();
                json!({ "error": { "message": message, "type": kind, "param": null, "code": code } })
            }
        };
        Reply::json(status, &body)
    }

    /// 400: the request is not what this endpoint takes.
    pub(crate) fn bad_request(self, message: &str) -> Reply {
        self.error(StatusCode::BAD_REQUEST, message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(reply: &Reply) -> &str {
        std::str::from_utf8(&reply.body).unwrap()
    }

    #[test]
    fn each_protocol_has_its_own_shape_of_errors() {
        assert_eq!(text(&Api::KServe.bad_request("no")), r#"{"error":"no"}"#);
        assert_eq!(
            text(&Api::OpenAi.bad_request("no")),
            r#"{"error":{"message":"no","type":"invalid_request_error","param":null,"code":400}}"#
        );
        assert_eq!(
            text(&Api::OpenAi.error(StatusCode::INTERNAL_SERVER_ERROR, "no")),
            r#"{"error":{"message":"no","type":"internal_server_error","param":null,"code":500}}"#
        );
    }

    #[test]
    fn headers_say_type_server_and_what_else_the_answer_needs() {
        let response = Reply::wrong_method("POST").and_close().into_response();
        let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
        assert_eq!(response.status(), 405);
        assert_eq!(header(CONTENT_TYPE), Some("application/json"));
        assert_eq!(header(SERVER), Some("windtunnel-sim"));
        assert_eq!(header(ALLOW), Some("POST"));
        assert_eq!(header(CONNECTION), Some("close"));
    }
}
