//! The closed list of reasons for which a request fails.

use std::fmt;

/// Why a request failed: the coarse reason that is counted. The readable text comes beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Fault {
    /// The host name has no address.
    Resolve,
    /// No connection: refused, unreachable.
    Connect,
    /// The TLS handshake failed.
    Tls,
    /// The request could not be written.
    Write,
    /// The response could not be read: reset.
    Read,
    /// The server closed the connection before the response was whole.
    Closed,
    /// Longer than the request's timeout, connecting included.
    Timeout,
    /// What came is not an HTTP response.
    Protocol,
    /// A status of 400 or more that no expectation names.
    Status,
    /// An expectation was false.
    Expectation,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Resolve => "name not resolved",
            Self::Connect => "no connection",
            Self::Tls => "TLS failed",
            Self::Write => "write failed",
            Self::Read => "read failed",
            Self::Closed => "connection closed early",
            Self::Timeout => "timeout",
            Self::Protocol => "malformed response",
            Self::Status => "HTTP status",
            Self::Expectation => "expectation not met",
        })
    }
}
