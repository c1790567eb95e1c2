//! HTTP/1.1 by hyper's connection API: one connection, one request at a time.

use std::cell::Cell;
use std::rc::Rc;

use bytes::{Bytes, BytesMut};
use http::header::CONTENT_LENGTH;
use http::{HeaderValue, Method, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{Builder, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::{JoinHandle, spawn_local};

use crate::clock::Clock;
use crate::transport::failure::Progress;
use crate::transport::stamped::{Stamped, Stamps};
use crate::transport::{CAPTURE_LIMIT, Exchange, Failure};
use crate::wire::{Capture, Fault, PreparedRequest};

/// One HTTP/1.1 connection. Lives on the thread that opened it, inside a `LocalSet`.
#[derive(Debug)]
pub struct Http1 {
    sender: SendRequest<Full<Bytes>>,
    stamps: Rc<Cell<Stamps>>,
    driver: JoinHandle<()>,
}

impl Drop for Http1 {
    fn drop(&mut self) {
        // Without this the driver of a timed-out request would keep its connection open.
        self.driver.abort();
    }
}

impl Http1 {
    pub(crate) async fn handshake<S>(stream: Stamped<S>, stamps: Rc<Cell<Stamps>>) -> Result<Self, Failure>
    where
        S: AsyncRead + AsyncWrite + Unpin + 'static,
    {
        let (sender, connection) = Builder::new()
            .title_case_headers(true)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(|error| Failure::exchange(&error, Progress::Nothing))?;
        // The error of a connection reaches its request through `sender`; one between requests only means
        // that the next request opens another connection.
        let driver = spawn_local(async move { drop(connection.await) });
        Ok(Self { sender, stamps, driver })
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.sender.is_closed()
    }

    pub(crate) async fn exchange(&mut self, request: &PreparedRequest, clock: &Clock) -> Exchange {
        self.stamps.set(Stamps::default());
        let mut exchange = Exchange::unanswered(clock.now(), None);
        let result = match self.send(request).await {
            Ok(response) => receive(response, request.capture, &mut exchange).await,
            Err(failure) => Err(failure),
        };
        let stamps = self.stamps.get();
        exchange.first_byte = stamps.first;
        exchange.last_byte = match &result {
            // The end of a close-delimited body is no byte, so its read leaves no stamp; the last byte is the
            // last byte all the same.
            Ok(()) => stamps.last.unwrap_or_else(|| clock.now()),
            Err(_) => clock.now(),
        };
        exchange.reusable = result.is_ok() && !self.sender.is_closed();
        exchange.failure = result.err();
        exchange
    }

    async fn send(&mut self, request: &PreparedRequest) -> Result<Response<Incoming>, Failure> {
        self.sender.ready().await.map_err(|error| self.failure(&error))?;
        let mut message = Request::new(Full::new(request.body.clone()));
        *message.method_mut() = request.method.clone();
        *message.uri_mut() = request.path.clone();
        *message.headers_mut() = request.headers.clone();
        // hyper says nothing of an empty body, and some servers refuse a POST without a length (RFC 9110, 8.6).
        if request.body.is_empty() && [Method::POST, Method::PUT, Method::PATCH].contains(&request.method) {
            message.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        self.sender.send_request(message).await.map_err(|error| self.failure(&error))
    }

    fn failure(&self, error: &hyper::Error) -> Failure {
        let progress = if self.stamps.get().first.is_some() { Progress::Head } else { Progress::Nothing };
        Failure::exchange(error, progress)
    }
}

async fn receive(
    response: Response<Incoming>,
    capture: Capture,
    exchange: &mut Exchange,
) -> Result<(), Failure> {
    let (head, mut body) = response.into_parts();
    exchange.status = head.status.as_u16();
    let progress = Progress::Body { announced: head.headers.contains_key(CONTENT_LENGTH) };
    if capture >= Capture::Head {
        exchange.headers = head.headers;
    }
    let mut kept = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| Failure::exchange(&error, progress))?;
        let Some(data) = frame.data_ref() else { continue };
        exchange.received += data.len() as u64;
        if capture == Capture::Body {
            if kept.len() + data.len() > CAPTURE_LIMIT {
                exchange.cut = true;
            } else if !exchange.cut {
                kept.extend_from_slice(data);
            }
        }
    }
    exchange.body = kept.freeze();
    if exchange.status == 101 {
        return Err(Failure::new(Fault::Protocol, "malformed response: the server switched protocols"));
    }
    Ok(())
}
