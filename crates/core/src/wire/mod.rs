//! Prepared bytes and the closed list of what can go wrong with them on the wire.
//!
//! This is the vocabulary that `plan` (which makes requests), `transport` (which sends them) and `sample`
//! (which counts them) share. It opens nothing and measures nothing.

mod fault;
mod target;

use bytes::Bytes;
use http::{HeaderMap, Method, Uri};

pub use fault::Fault;
pub use target::{Scheme, Target, TargetError};

/// A request ready to send.
#[derive(Clone, Debug)]
pub struct PreparedRequest {
    /// The method.
    pub method: Method,
    /// Path and query in origin form, the base URL's path prefix included, percent-encoded.
    pub path: Uri,
    /// All headers, `host` and `content-type` included, `content-length` not.
    pub headers: HeaderMap,
    /// The body; empty when there is none.
    pub body: Bytes,
    /// How much of the response is kept for expectations.
    pub capture: Capture,
}

/// How much of a response is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Capture {
    /// Nothing: bytes are counted and dropped.
    #[default]
    Nothing,
    /// Status and headers.
    Head,
    /// Status, headers and body.
    Body,
}
