//! Readable texts for what goes wrong on the wire: one text for one cause, without anything that differs
//! from request to request, so that equal failures stay one row.

use std::borrow::Cow;
use std::error::Error;
use std::io;

use crate::wire::Fault;

/// Why there is no whole response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The coarse reason.
    pub fault: Fault,
    /// The text for people.
    pub text: Cow<'static, str>,
}

impl Failure {
    pub(crate) fn new(fault: Fault, text: impl Into<Cow<'static, str>>) -> Self {
        Self { fault, text: text.into() }
    }

    /// Connecting to `address` failed.
    pub(crate) fn connect(address: &str, error: &io::Error) -> Self {
        let text = match error.kind() {
            io::ErrorKind::ConnectionRefused => format!("connection refused by {address}"),
            io::ErrorKind::TimedOut => format!("no answer from {address} to the connection attempt"),
            io::ErrorKind::ConnectionReset => format!("connection to {address} was reset while connecting"),
            _ if error.raw_os_error() == Some(TOO_MANY_FILES) => {
                "too many open files on this machine: raise the limit (ulimit -n) or use fewer users"
                    .to_owned()
            }
            _ if error.raw_os_error() == Some(NO_LOCAL_ADDRESS) => {
                format!("no free local port to connect to {address}")
            }
            _ => format!("cannot connect to {address}: {}", plain(error)),
        };
        Self::new(Fault::Connect, text)
    }

    /// The name could not be resolved.
    pub(crate) fn resolve(host: &str, error: Option<&io::Error>) -> Self {
        match error {
            Some(error) => Self::new(Fault::Resolve, format!("cannot resolve `{host}`: {}", plain(error))),
            None => Self::new(Fault::Resolve, format!("`{host}` has no address")),
        }
    }

    /// The TLS handshake failed.
    pub(crate) fn tls(error: &io::Error) -> Self {
        let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
        let text = match inner {
            Some(rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer)) => {
                "TLS: the server's certificate is signed by an authority that is not trusted \
                 (--cacert FILE adds one)"
                    .to_owned()
            }
            Some(inner) => format!("TLS: {inner}"),
            None if error.kind() == io::ErrorKind::UnexpectedEof => {
                "TLS: the server closed the connection during the handshake".to_owned()
            }
            None => format!("TLS: {}", plain(error)),
        };
        Self::new(Fault::Tls, text)
    }

    /// hyper's error for a request or a body, with how far the response had come.
    pub(crate) fn exchange(error: &hyper::Error, progress: Progress) -> Self {
        if let Some(io_error) = io_source(error) {
            return Self::io(io_error, progress);
        }
        if error.is_parse() {
            return Self::new(Fault::Protocol, format!("malformed response: {error}"));
        }
        if error.is_incomplete_message()
            || error.is_closed()
            || error.is_canceled()
            || error.is_body_write_aborted()
        {
            return Self::new(Fault::Closed, progress.closed());
        }
        Self::new(Fault::Protocol, format!("malformed response: {error}"))
    }

    fn io(error: &io::Error, progress: Progress) -> Self {
        match error.kind() {
            io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted => {
                Self::new(Fault::Read, progress.reset())
            }
            io::ErrorKind::BrokenPipe => {
                Self::new(Fault::Write, "connection closed by the server while the request was sent")
            }
            io::ErrorKind::UnexpectedEof => Self::new(Fault::Closed, progress.closed()),
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => {
                Self::new(Fault::Protocol, format!("malformed response: {error}"))
            }
            _ => Self::new(Fault::Read, format!("connection failed: {}", plain(error))),
        }
    }
}

/// How far a response had come when it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// Not one byte.
    Nothing,
    /// A part of the head.
    Head,
    /// The head, and a part of a body of known or unknown length.
    Body {
        /// It came with a content-length that was not reached.
        announced: bool,
    },
}

impl Progress {
    fn closed(self) -> &'static str {
        match self {
            Self::Nothing => "connection closed without a response",
            Self::Head => "connection closed in the middle of the response's head",
            Self::Body { announced: true } => {
                "connection closed before the announced length of the body was reached"
            }
            Self::Body { announced: false } => "connection closed in the middle of the response's body",
        }
    }

    fn reset(self) -> &'static str {
        match self {
            Self::Nothing => "connection reset without a response",
            Self::Head => "connection reset in the middle of the response's head",
            Self::Body { .. } => "connection reset in the middle of the response's body",
        }
    }
}

const TOO_MANY_FILES: i32 = 24;
const NO_LOCAL_ADDRESS: i32 = 99;

/// The text of an error without the operating system's number, which helps nobody in a table.
fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error") {
        Some(at) => text[..at].to_lowercase(),
        None => text,
    }
}

fn io_source(error: &hyper::Error) -> Option<&io::Error> {
    let mut source = error.source();
    while let Some(inner) = source {
        if let Some(io_error) = inner.downcast_ref::<io::Error>() {
            return Some(io_error);
        }
        source = inner.source();
    }
    None
}
