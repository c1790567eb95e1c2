//! Requests and responses as text, like HTTP messages, with secrets taken out and long bodies cut.

use std::fmt::Write;

use http::{HeaderMap, HeaderName};
use windtunnel_core::engine::{Answer, Rehearsal};
use windtunnel_core::plan::Plan;
use windtunnel_core::wire::PreparedRequest;

/// Characters of a body that are shown.
const BODY_SHOWN: usize = 1_000;
/// Stands for what must not be shown.
const HIDDEN: &str = "***";

/// Takes out what must not be shown.
pub(super) type Hide<'a> = &'a dyn Fn(&str) -> String;

/// Which request follows: module, class, task and where it goes.
pub(super) fn title(plan: &Plan, class: usize, task: &str, step: usize) -> String {
    let spec = &plan.classes[class];
    let module = &plan.modules[spec.module].name;
    let target = &plan.targets[spec.target];
    let steps =
        spec.tasks.iter().find(|planned| planned.name == task).map_or(0, |planned| planned.steps.len());
    let step = if steps > 1 { format!(", step {}", step + 1) } else { String::new() };
    plan.redact(&format!("{module}:{}, {task}{step}, to {target}\n", spec.name))
}

/// A request, like an HTTP message.
pub(super) fn request(request: &PreparedRequest, hide: Hide<'_>) -> String {
    let mut message = format!("{} {} HTTP/1.1\n", request.method, request.path);
    message.push_str(&headers(&request.headers));
    if !request.body.is_empty() {
        message.push('\n');
        message.push_str(&body(&request.body));
    }
    indented(&hide(&message))
}

/// A request that was sent once, with what came back.
pub(super) fn rehearsal(plan: &Plan, rehearsal: &Rehearsal<'_>) -> String {
    let hide = |text: &str| plan.redact(text);
    let mut text = title(plan, rehearsal.class, rehearsal.task, rehearsal.step);
    match &rehearsal.request {
        Ok(sent) => text.push_str(&request(sent, &hide)),
        Err(message) => text.push_str(&indented(&hide(&format!("not sent: {message}\n")))),
    }
    if let Some(answer) = &rehearsal.answer {
        text.push('\n');
        text.push_str(&indented(&hide(&response(answer))));
    }
    text.push('\n');
    text
}

fn response(answer: &Answer) -> String {
    let time = answer.time.as_secs_f64() * 1e3;
    let mut message = match answer.status {
        0 => format!("no response after {time:.1} ms\n"),
        status => {
            let reason = http::StatusCode::from_u16(status).ok().and_then(|code| code.canonical_reason());
            format!("{status} {} after {time:.1} ms, {} bytes\n", reason.unwrap_or(""), answer.body.len())
        }
    };
    if let Some(failure) = &answer.failure {
        // Writing to a text cannot fail.
        let _ = writeln!(message, "failed: {failure}");
    }
    message.push_str(&headers(&answer.headers));
    if !answer.body.is_empty() {
        message.push('\n');
        message.push_str(&body(&answer.body));
    }
    message
}

fn headers(headers: &HeaderMap) -> String {
    let mut text = String::new();
    for (name, value) in headers {
        let value =
            if is_credential(name) { HIDDEN.into() } else { String::from_utf8_lossy(value.as_bytes()) };
        let _ = writeln!(text, "{name}: {value}");
    }
    text
}

/// Headers that carry credentials, by name.
fn is_credential(name: &HeaderName) -> bool {
    let name = name.as_str();
    ["authorization", "cookie", "api-key", "apikey", "token", "secret", "password", "credential"]
        .iter()
        .any(|part| name.contains(part))
}

/// The body with its line end, cut where it is long.
fn body(bytes: &[u8]) -> String {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return format!("({} bytes that are no text)\n", bytes.len());
    };
    match text.char_indices().nth(BODY_SHOWN) {
        Some((end, _)) => format!("{}... ({} bytes)\n", &text[..end], bytes.len()),
        None => format!("{}\n", text.trim_end_matches('\n')),
    }
}

/// Control characters but line ends are replaced: a response must not steer the terminal.
fn indented(message: &str) -> String {
    let mut text = String::new();
    for line in message.lines() {
        if !line.is_empty() {
            text.push_str("    ");
            text.extend(line.chars().map(|c| if c.is_control() && c != '\t' { '\u{fffd}' } else { c }));
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use http::{HeaderValue, Method};
    use windtunnel_core::wire::Capture;

    use super::*;

    fn prepared(headers: &[(&'static str, &'static str)], body: &'static str) -> PreparedRequest {
        let headers = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        PreparedRequest {
            method: Method::POST,
            path: "/v1/models/x:predict".parse().unwrap(),
            headers: headers.collect(),
            body: body.into(),
            capture: Capture::Nothing,
        }
    }

    #[test]
    fn a_request_looks_like_a_message_without_credentials() {
        let hide = |text: &str| text.replace("s3cret", HIDDEN);
        let sent = prepared(
            &[("host", "h"), ("authorization", "Bearer abc"), ("x-api-key", "abc"), ("x-who", "s3cret")],
            "{\"key\":\"s3cret\"}",
        );
        insta::assert_snapshot!(request(&sent, &hide), @r#"
            POST /v1/models/x:predict HTTP/1.1
            host: h
            authorization: ***
            x-api-key: ***
            x-who: ***

            {"key":"***"}
        "#);
    }

    #[test]
    fn long_bodies_are_cut_and_binary_ones_counted() {
        let long = "é".repeat(2_000);
        assert_eq!(body(long.as_bytes()), format!("{}... (4000 bytes)\n", "é".repeat(1_000)));
        assert_eq!(body(&[0xff, 0xfe]), "(2 bytes that are no text)\n");
    }

    #[test]
    fn a_response_cannot_steer_the_terminal() {
        assert_eq!(indented("a\x1b[2Jb"), "    a\u{fffd}[2Jb\n");
    }
}
