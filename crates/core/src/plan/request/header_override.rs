//! A header that the command line sets on every request, whatever its module says.
//!
//! It is how two revisions behind one gateway are told apart. It says which server is asked and not what is asked, so
//! it is no part of what makes rows comparable.

use std::fmt;

use http::header::HOST;
use http::{HeaderName, HeaderValue};

use crate::plan::request::headers::{CREDENTIALS, FRAMING, is_authority};

/// A header with its value, which may be a secret and is never printed unless it is that of `Host`.
#[derive(Clone, PartialEq, Eq)]
pub struct HeaderOverride {
    name: HeaderName,
    value: HeaderValue,
}

/// A text that is no header. What was written is not repeated: it may hold a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HeaderOverrideError {
    /// There is no colon.
    #[error("expected `NAME: VALUE`, such as `Host: revision-2.example`")]
    NoColon,
    /// What stands before the colon cannot be a name.
    #[error("what stands before the colon is not the name of a header")]
    Name,
    /// The transport writes this header.
    #[error("the header `{0}` is written by windtunnel itself")]
    Framing(String),
    /// The value holds what no header can.
    #[error("the value of the header `{0}` holds a control character")]
    Value(String),
    /// A `Host` that is none.
    #[error("the value of the header `host` is not a host name, with a port or without")]
    Authority,
}

impl HeaderOverride {
    /// Reads `NAME: VALUE`; blanks around either do not count. The name may be `Host`.
    ///
    /// # Errors
    /// When that is no header, or one that says how a message is framed.
    pub fn parse(text: &str) -> Result<Self, HeaderOverrideError> {
        let (name, value) = text.split_once(':').ok_or(HeaderOverrideError::NoColon)?;
        let name = HeaderName::from_bytes(name.trim().as_bytes()).map_err(|_| HeaderOverrideError::Name)?;
        if FRAMING.contains(&name.as_str()) {
            return Err(HeaderOverrideError::Framing(name.to_string()));
        }
        if name == HOST && !is_authority(value.trim()) {
            return Err(HeaderOverrideError::Authority);
        }
        let mut value = HeaderValue::from_bytes(value.trim().as_bytes())
            .map_err(|_| HeaderOverrideError::Value(name.to_string()))?;
        value.set_sensitive(name != HOST);
        Ok(Self { name, value })
    }

    /// The name, in lower case.
    #[must_use]
    pub fn name(&self) -> &str {
        self.name.as_str()
    }

    pub(crate) fn to_pair(&self) -> (HeaderName, HeaderValue) {
        (self.name.clone(), self.value.clone())
    }

    /// The texts that must not come back in what a server answers: credentials, whole and behind their scheme.
    pub(crate) fn secrets(&self) -> Vec<String> {
        let text = std::str::from_utf8(self.value.as_bytes()).unwrap_or_default();
        if !CREDENTIALS.contains(&self.name()) || text.is_empty() {
            return Vec::new();
        }
        let behind_scheme = text.split_once(' ').map(|(_, token)| token.trim().to_owned());
        std::iter::once(text.to_owned()).chain(behind_scheme).collect()
    }
}

/// The name alone; of `Host` the value too, which is no secret and tells which revision is meant.
impl fmt::Display for HeaderOverride {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.value.to_str() {
            Ok(host) if self.name == HOST => write!(f, "Host {host}"),
            _ => write!(f, "header {}", self.name),
        }
    }
}

impl fmt::Debug for HeaderOverride {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        HeaderOverride::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn a_header_is_a_name_and_a_value_around_the_first_colon() {
        let header = HeaderOverride::parse(" X-Revision : a:b ").unwrap();
        assert_eq!((header.name(), header.value.as_bytes()), ("x-revision", &b"a:b"[..]));
        assert_eq!(HeaderOverride::parse("x-empty:").unwrap().value, "");
        assert_eq!(HeaderOverride::parse("x: 1"), HeaderOverride::parse("X:1"));
    }

    #[test]
    fn what_is_no_header_is_refused_and_not_repeated() {
        for text in ["s3cret", "s3cret s3cret: v", "s3cret\ny: v", ": s3cret", "x: s3cret\r\ny: s3cret"] {
            assert!(!refused(text).contains("s3cret"), "{text}");
        }
        assert_eq!(refused("x-a"), "expected `NAME: VALUE`, such as `Host: revision-2.example`");
        assert_eq!(
            refused("Content-Length: 3"),
            "the header `content-length` is written by windtunnel itself"
        );
        for host in ["", "a b", "http://a", "a/b"] {
            assert!(refused(&format!("host: {host}")).contains("is not a host name"), "{host}");
        }
    }

    #[test]
    fn only_the_value_of_host_is_shown() {
        let shown = |text: &str| format!("{0} {0:?}", HeaderOverride::parse(text).unwrap());
        assert_eq!(shown("HOST: canary.example:8080"), "Host canary.example:8080 Host canary.example:8080");
        assert_eq!(shown("Authorization: Bearer s3cret"), "header authorization header authorization");
    }

    #[test]
    fn credentials_are_secrets_whole_and_behind_their_scheme() {
        let secrets = |text: &str| HeaderOverride::parse(text).unwrap().secrets();
        assert_eq!(secrets("Authorization: Bearer abc"), ["Bearer abc", "abc"]);
        assert_eq!(secrets("x-api-key: abc"), ["abc"]);
        // A word such as this one would be blotted out of the names of rows.
        assert!(secrets("x-revision: predict").is_empty() && secrets("cookie:").is_empty());
    }
}
