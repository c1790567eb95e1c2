//! Asks a server without a network. For the unit tests of the other modules.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use serde_json::Value;

use crate::counts::Ledger;
use crate::options::Options;
use crate::server::Server;

/// A server with the default options but for `change`, and the same from start to start.
pub(crate) fn server(change: impl FnOnce(&mut Options)) -> Server {
    let mut options = Options { session_seed: Some(1), ..Options::default() };
    change(&mut options);
    options.validate().expect("the options of this test are valid");
    Server::new(&options, Ledger::default())
}

/// A server whose servings take no time.
pub(crate) fn instant_server() -> Server {
    server(|options| options.latency.median = Duration::ZERO)
}

/// The status and the body of the answer, as text.
pub(crate) async fn ask_text(server: &Server, method: &str, target: &str, body: &str) -> (u16, String) {
    let body = Full::new(Bytes::from(body.to_owned()));
    let request = Request::builder().method(method).uri(target).body(body).unwrap();
    let response = server.answer(request).await.unwrap();
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

/// The status and the body of the answer, as JSON.
pub(crate) async fn ask(server: &Server, method: &str, target: &str, body: &str) -> (u16, Value) {
    let (status, text) = ask_text(server, method, target, body).await;
    (status, serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}")))
}

/// The answer to a GET, which must be a 200.
pub(crate) async fn get(server: &Server, target: &str) -> Value {
    let (status, answer) = ask(server, "GET", target, "").await;
    assert_eq!(status, 200, "{target}: {answer}");
    answer
}

/// The answer to a POST, which must be a 200.
pub(crate) async fn post(server: &Server, target: &str, body: &Value) -> Value {
    let (status, answer) = ask(server, "POST", target, &body.to_string()).await;
    assert_eq!(status, 200, "{target}: {answer}");
    answer
}
