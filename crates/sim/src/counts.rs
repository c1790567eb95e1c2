//! How many requests were answered, by method, path and status: what a client's rows are checked against.
//!
//! Counting stays bounded whatever clients send: beyond [`MAX_PATHS`] paths, and for paths longer than
//! [`MAX_PATH_BYTES`], everything falls under [`OTHER`].

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hyper::{Method, StatusCode};

/// Distinct paths that are counted by themselves.
pub const MAX_PATHS: usize = 1_000;
/// Longest path that is counted by itself, in bytes.
pub const MAX_PATH_BYTES: usize = 512;
/// The path and the method under which the rest is counted.
pub const OTHER: &str = "other";

/// The requests of one method and path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestCount {
    /// The method, or [`OTHER`] for those that HTTP does not define.
    pub method: String,
    /// The path as it was sent, without the query; or [`OTHER`].
    pub path: String,
    /// Answers by status. An answer counts at the moment it is handed to the connection, before its first byte
    /// leaves; whoever has read it finds it counted.
    pub answered: BTreeMap<u16, u64>,
    /// Requests whose client hung up, or whose server stopped, before there was an answer.
    pub abandoned: u64,
}

/// All requests of a simulator so far. What is no HTTP, and was refused before it had a path, is not in here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// One entry per method and path, sorted by path, then method.
    pub requests: Vec<RequestCount>,
}

impl Counts {
    /// Answers to `method` on `path`, whatever their status.
    #[must_use]
    pub fn answered(&self, method: &str, path: &str) -> u64 {
        self.find(method, path).map_or(0, |found| found.answered.values().sum())
    }

    /// Answers to `method` on `path` that had this status.
    #[must_use]
    pub fn with_status(&self, method: &str, path: &str, status: u16) -> u64 {
        self.find(method, path).and_then(|found| found.answered.get(&status)).copied().unwrap_or(0)
    }

    /// Requests to `method` on `path` that got no answer.
    #[must_use]
    pub fn abandoned(&self, method: &str, path: &str) -> u64 {
        self.find(method, path).map_or(0, |found| found.abandoned)
    }

    /// All answers.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.requests.iter().flat_map(|found| found.answered.values()).sum()
    }

    fn find(&self, method: &str, path: &str) -> Option<&RequestCount> {
        self.requests.iter().find(|found| found.method == method && found.path == path)
    }
}

/// Where the server counts, and from where any thread may read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ledger {
    // Taken once a request by one thread, and now and then by a reader: never contended for long.
    paths: Arc<Mutex<HashMap<Box<str>, Vec<Line>>>>,
}

#[derive(Debug)]
struct Line {
    method: &'static str,
    answered: BTreeMap<u16, u64>,
    abandoned: u64,
}

impl Ledger {
    /// Opens the account of one request; dropping it unanswered counts the request as abandoned.
    pub(crate) fn open<'a>(&'a self, method: &Method, path: &'a str) -> Account<'a> {
        Account { ledger: self, method: known(method), path, answered: false }
    }

    /// The counts as they are now.
    pub(crate) fn counts(&self) -> Counts {
        let mut requests: Vec<RequestCount> = Vec::new();
        for (path, lines) in self.lock().iter() {
            requests.extend(lines.iter().map(|line| RequestCount {
                method: line.method.to_owned(),
                path: path.to_string(),
                answered: line.answered.clone(),
                abandoned: line.abandoned,
            }));
        }
        requests.sort_unstable_by(|a, b| (&a.path, &a.method).cmp(&(&b.path, &b.method)));
        Counts { requests }
    }

    fn count(&self, method: &'static str, path: &str, add: impl FnOnce(&mut Line)) {
        let mut paths = self.lock();
        let room = path.len() <= MAX_PATH_BYTES && (paths.len() < MAX_PATHS || paths.contains_key(path));
        let path = if room { path } else { OTHER };
        if !paths.contains_key(path) {
            paths.insert(path.into(), Vec::new());
        }
        let Some(lines) = paths.get_mut(path) else { return };
        let at = lines.iter().position(|line| line.method == method).unwrap_or_else(|| {
            lines.push(Line { method, answered: BTreeMap::new(), abandoned: 0 });
            lines.len() - 1
        });
        add(&mut lines[at]);
    }

    // Whole numbers stay right even if a thread panicked while it held them.
    fn lock(&self) -> MutexGuard<'_, HashMap<Box<str>, Vec<Line>>> {
        self.paths.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One request, from its head to its answer.
#[derive(Debug)]
pub(crate) struct Account<'a> {
    ledger: &'a Ledger,
    method: &'static str,
    path: &'a str,
    answered: bool,
}

impl Account<'_> {
    /// Counts the answer.
    pub(crate) fn answered(mut self, status: StatusCode) {
        self.answered = true;
        self.ledger.count(self.method, self.path, |line| {
            *line.answered.entry(status.as_u16()).or_default() += 1;
        });
    }
}

impl Drop for Account<'_> {
    fn drop(&mut self) {
        if !self.answered {
            self.ledger.count(self.method, self.path, |line| line.abandoned += 1);
        }
    }
}

fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        Method::TRACE => "TRACE",
        Method::CONNECT => "CONNECT",
        _ => OTHER,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_counted_by_method_path_and_status() {
        let ledger = Ledger::default();
        for status in [StatusCode::OK, StatusCode::OK, StatusCode::SERVICE_UNAVAILABLE] {
            ledger.open(&Method::POST, "/b").answered(status);
        }
        ledger.open(&Method::GET, "/b").answered(StatusCode::OK);
        drop(ledger.open(&Method::GET, "/a"));
        let count = |method: &str, path: &str, answered: &[(u16, u64)], abandoned| RequestCount {
            method: method.to_owned(),
            path: path.to_owned(),
            answered: answered.iter().copied().collect(),
            abandoned,
        };
        let counts = ledger.counts();
        assert_eq!(
            counts.requests,
            [
                count("GET", "/a", &[], 1),
                count("GET", "/b", &[(200, 1)], 0),
                count("POST", "/b", &[(200, 2), (503, 1)], 0)
            ]
        );
        assert_eq!(counts.answered("POST", "/b"), 3);
        assert_eq!(counts.with_status("POST", "/b", 503), 1);
        assert_eq!(counts.abandoned("GET", "/a"), 1);
        assert_eq!(counts.total(), 4);
        assert_eq!(counts.answered("PUT", "/b"), 0);
    }

    #[test]
    fn paths_beyond_the_bound_are_counted_together() {
        let ledger = Ledger::default();
        for n in 0..MAX_PATHS + 50 {
            ledger.open(&Method::GET, &format!("/{n}")).answered(StatusCode::NOT_FOUND);
        }
        ledger.open(&Method::GET, "/0").answered(StatusCode::NOT_FOUND);
        let counts = ledger.counts();
        assert_eq!(counts.requests.len(), MAX_PATHS + 1);
        assert_eq!(counts.answered("GET", OTHER), 50);
        assert_eq!(counts.answered("GET", "/0"), 2);
        assert_eq!(counts.total(), MAX_PATHS as u64 + 51);
    }

    #[test]
    fn long_paths_and_invented_methods_are_not_kept() {
        let ledger = Ledger::default();
        let method = Method::from_bytes(b"BREW").unwrap();
        ledger.open(&method, &format!("/{}", "x".repeat(MAX_PATH_BYTES))).answered(StatusCode::NOT_FOUND);
        assert_eq!(ledger.counts().with_status(OTHER, OTHER, 404), 1);
    }
}
