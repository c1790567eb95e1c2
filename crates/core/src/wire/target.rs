//! A base URL, taken apart.

use std::fmt;

use http::Uri;

/// Plain TCP or TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// `http://`
    Http,
    /// `https://`
    Https,
}

impl Scheme {
    /// The port used where the URL has none.
    #[must_use]
    pub const fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

/// Where requests go: a base URL such as `https://gateway:30443/service/lw`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Target {
    /// Plain or TLS.
    pub scheme: Scheme,
    /// Name or address, without brackets and port; what the certificate must name.
    pub host: String,
    /// The port, the scheme's default where the URL has none.
    pub port: u16,
    /// The path in front of every request's path, without a slash at its end; often empty.
    pub prefix: String,
}

/// A base URL that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TargetError {
    /// Not a URL at all, or one without host.
    #[error("`{0}` is not a URL; a base URL looks like `https://host:port`")]
    Invalid(String),
    /// Neither http nor https.
    #[error("`{0}` does not begin with http:// or https://")]
    Scheme(String),
    /// A user name, a query or a fragment, which a base URL must not carry.
    #[error("a base URL has no user name, query or fragment, but this one has: `{0}`")]
    Extra(String),
}

impl Target {
    /// Takes a base URL apart.
    ///
    /// # Errors
    /// When it is not an `http` or `https` URL, or carries a user name, a query or a fragment.
    pub fn parse(text: &str) -> Result<Self, TargetError> {
        if text.contains(['@', '?', '#']) {
            // The text could hold a password: it is not repeated.
            let scheme = text.find("://").map_or("", |end| &text[..end + 3]);
            return Err(TargetError::Extra(format!("{scheme}...")));
        }
        let invalid = || TargetError::Invalid(text.to_owned());
        let scheme_end = text.find("://").ok_or_else(invalid)?;
        let scheme = match text[..scheme_end].to_ascii_lowercase().as_str() {
            "http" => Scheme::Http,
            "https" => Scheme::Https,
            _ => return Err(TargetError::Scheme(text.to_owned())),
        };
        let uri: Uri = text.parse().map_err(|_| invalid())?;
        let host = uri.host().filter(|host| !host.is_empty()).ok_or_else(invalid)?;
        let port = match uri.authority().map(|authority| authority.as_str().len() > host.len()) {
            Some(true) => uri.port_u16().ok_or_else(invalid)?,
            _ => scheme.default_port(),
        };
        Ok(Self {
            scheme,
            host: host.trim_start_matches('[').trim_end_matches(']').to_owned(),
            port,
            prefix: uri.path().trim_end_matches('/').to_owned(),
        })
    }

    /// `host` or `host:port`, as a `Host` header carries it: the default port is left out.
    #[must_use]
    pub fn authority(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        if self.port == self.scheme.default_port() { host } else { format!("{host}:{}", self.port) }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.scheme {
            Scheme::Http => "http",
            Scheme::Https => "https",
        };
        write!(f, "{scheme}://{}{}", self.authority(), self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_url_keeps_its_path_prefix_without_the_last_slash() {
        let target = Target::parse("https://api.wikimedia.org/service/lw/inference/").unwrap();
        assert_eq!(target.prefix, "/service/lw/inference");
        assert_eq!(target.port, 443);
        assert_eq!(target.to_string(), "https://api.wikimedia.org/service/lw/inference");
    }

    #[test]
    fn ports_and_ipv6_hosts_are_understood() {
        let target = Target::parse("http://[::1]:8080").unwrap();
        assert_eq!((target.host.as_str(), target.port), ("::1", 8080));
        assert_eq!(target.authority(), "[::1]:8080");
        assert_eq!(Target::parse("HTTPS://h").unwrap().authority(), "h");
    }

    #[test]
    fn what_is_no_base_url_is_refused() {
        for text in [
            "",
            "host",
            "ftp://h",
            "http://",
            "http://h:99999",
            "http://u:p@h",
            "http://h/?q=1",
            "http://h:x",
        ] {
            assert!(Target::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_password_is_not_repeated_in_the_error() {
        for text in ["http://me:secret@h/", "me:secret@h", "ftp://me:secret@h", "http://me:secret@[h"] {
            let error = Target::parse(text).unwrap_err().to_string();
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
