//! One request on one connection; does not know that it is measured.
//!
//! [`Connector`] opens connections to one target, [`Connection::exchange`] sends one request and reports what
//! happened and when. Trouble is reported as a [`Failure`] with a readable text, never as a Rust error. What
//! a failure means for a user (back-off, sending again) is decided by `engine`.

mod connect;
mod failure;
mod http1;
mod stamped;
#[cfg(test)]
mod tests;
mod tls;

use bytes::Bytes;
use http::HeaderMap;

use crate::clock::{Clock, RunTime};
use crate::wire::PreparedRequest;

pub use connect::Connector;
pub use failure::Failure;
pub use tls::{Tls, TlsError};

/// Longest body that is kept for expectations. Longer ones are counted, not kept.
pub const CAPTURE_LIMIT: usize = 64 << 20;

/// One open connection. Later transports become further variants.
#[derive(Debug)]
pub enum Connection {
    /// HTTP/1.1 over TCP or TLS.
    Http1(http1::Http1),
}

impl Connection {
    /// Is it known to be unusable, because the server closed it while it was idle?
    #[must_use]
    pub fn is_closed(&self) -> bool {
        match self {
            Self::Http1(connection) => connection.is_closed(),
        }
    }

    /// Sends one request and reads its response to the end. A second call may follow when
    /// [`Exchange::reusable`] says so.
    pub async fn exchange(&mut self, request: &PreparedRequest, clock: &Clock) -> Exchange {
        match self {
            Self::Http1(connection) => connection.exchange(request, clock).await,
        }
    }
}

/// What happened on the wire.
#[derive(Debug)]
pub struct Exchange {
    /// When the first byte of the response was read; `None` where none came.
    pub first_byte: Option<RunTime>,
    /// When the last byte of the response was read, or the failure was known.
    pub last_byte: RunTime,
    /// HTTP status, 0 where none came.
    pub status: u16,
    /// Bytes of the body that came.
    pub received: u64,
    /// Headers, where the request's `capture` asks for them.
    pub headers: HeaderMap,
    /// The body, where the request's `capture` asks for it.
    pub body: Bytes,
    /// The body was longer than [`CAPTURE_LIMIT`], so `body` is not all of it.
    pub cut: bool,
    /// What went wrong on the wire; a status of 400 or more is not meant here.
    pub failure: Option<Failure>,
    /// Another request may be sent on this connection.
    pub reusable: bool,
}

impl Exchange {
    /// Nothing came back, up to `at`.
    #[must_use]
    pub fn unanswered(at: RunTime, failure: Option<Failure>) -> Self {
        Self {
            first_byte: None,
            last_byte: at,
            status: 0,
            received: 0,
            headers: HeaderMap::new(),
            body: Bytes::new(),
            cut: false,
            failure,
            reusable: false,
        }
    }
}
