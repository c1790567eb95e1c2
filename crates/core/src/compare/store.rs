//! Reads the local run store: `.windtunnel/runs/`, one file for each run of a module.
//!
//! Written by `output`; the format is described in docs/formats.md.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::read::read_text;
use crate::error::Problem;
use crate::summary::line::{RunLine, VERSION};

/// The runs of this machine.
#[derive(Clone, Debug)]
pub struct RunStore {
    folder: PathBuf,
}

/// A stored run, with all its detail.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StoredRun {
    /// The version of the format; that of the line.
    pub v: u64,
    /// What the runs file has of it.
    pub line: RunLine,
    /// Detail of the rows, in the order of the line's.
    #[serde(default)]
    pub rows: Vec<StoredRow>,
    /// Distinct failures, in the order of first occurrence.
    #[serde(default)]
    pub failures: Vec<StoredFailure>,
    /// Errors of templates.
    #[serde(default)]
    pub exceptions: Vec<StoredException>,
}

/// Detail of a row.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StoredRow {
    /// The method.
    pub method: String,
    /// The row's name.
    pub row: String,
    /// Bytes of bodies received.
    pub received: u64,
    /// Responses by HTTP status; 0 stands for none.
    pub statuses: BTreeMap<u16, u64>,
    /// (second since the start, requests, failures), by the second in which they ended.
    pub per_second: Vec<(u32, u32, u32)>,
    /// (milliseconds, requests): response times of all requests as Locust rounds them.
    pub times_ms: Vec<(u64, u64)>,
}

/// A distinct failure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredFailure {
    /// The row's method.
    pub method: String,
    /// The row's name.
    pub row: String,
    /// The readable text.
    pub error: String,
    /// How often.
    pub occurrences: u64,
    /// First time, RFC 3339.
    pub first_seen: String,
    /// Last time, RFC 3339.
    pub last_seen: String,
}

/// A distinct error of a template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredException {
    /// How often.
    pub count: u64,
    /// One line.
    pub message: String,
    /// Where.
    pub traceback: String,
}

impl RunStore {
    /// The store in this folder, which need not be there yet.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// Where it is.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The file of a run.
    #[must_use]
    pub fn path_of(&self, run: &str, module: &str) -> PathBuf {
        self.folder.join(format!("{}@{}.json", file_name(run), file_name(module)))
    }

    /// The stored runs as (id, module, file), oldest first: ids sort by their start.
    #[must_use]
    pub fn list(&self) -> Vec<(String, String, PathBuf)> {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let mut runs: Vec<(String, String, PathBuf)> = entries
            .filter_map(|entry| {
                let path = entry.path();
                let (run, module) = path.file_name()?.to_str()?.strip_suffix(".json")?.split_once('@')?;
                Some((run.to_owned(), module.to_owned(), path.clone()))
            })
            .collect();
        runs.sort();
        runs
    }

    /// The file of a run: `last`, an id, or the beginning of just one; with `:MODULE` behind it the runs of that
    /// module alone count.
    ///
    /// # Errors
    /// When there is none, or more than one.
    pub fn find(&self, what: &str) -> Result<PathBuf, Problem> {
        let (id, module) = match what.rsplit_once(':') {
            // As the user knows it, or as lists show it.
            Some((id, module)) => (id, Some([module.to_owned(), file_name(module)])),
            None => (what, None),
        };
        let mut runs = self.list();
        runs.retain(|(_, of, _)| module.as_ref().is_none_or(|names| names.contains(of)));
        let known = runs.iter().rev().take(5).map(|(run, module, _)| format!("{run}:{module}"));
        let newest = known.collect::<Vec<_>>().join(", ");
        let found: Vec<&(String, String, PathBuf)> = match id {
            "last" => runs.last().into_iter().collect(),
            _ => match runs.iter().filter(|(run, _, _)| run == id).collect::<Vec<_>>() {
                exact if !exact.is_empty() => exact,
                _ => runs.iter().filter(|(run, _, _)| !id.is_empty() && run.starts_with(id)).collect(),
            },
        };
        match found[..] {
            [(_, _, path)] => Ok(path.clone()),
            [] if newest.is_empty() => {
                let message = format!("no stored run `{what}`: there is none in `{}`", self.folder.display());
                Err(Problem::new(message))
            }
            [] => {
                Err(Problem::new(format!("no stored run `{what}`")).help(format!("the newest are {newest}")))
            }
            _ => {
                let several: Vec<String> =
                    found.iter().take(5).map(|(run, module, _)| format!("{run}:{module}")).collect();
                let message = format!("`{what}` is the beginning of more than one stored run");
                Err(Problem::new(message).help(format!("say which: {}", several.join(", "))))
            }
        }
    }

    /// Reads a stored run.
    ///
    /// # Errors
    /// When the file cannot be read, is damaged, or is of another version.
    pub fn read(path: &Path) -> Result<StoredRun, Problem> {
        let damaged = |message: String| {
            Problem::in_file(path, None, message).help("remove the file; the store keeps copies only")
        };
        let text = read_text(path)?;
        let value: serde_json::Value = serde_json::from_str(&text)
            .map_err(|error| damaged(format!("the stored run is damaged: {error}")))?;
        match value.get("v").and_then(serde_json::Value::as_u64) {
            Some(VERSION) => {}
            other => {
                let found = other.map_or_else(|| "none".to_owned(), |version| version.to_string());
                let message =
                    format!("a stored run of version {found}, but this program reads version {VERSION}");
                return Err(damaged(message));
            }
        }
        serde_json::from_value(value).map_err(|error| damaged(format!("the stored run is damaged: {error}")))
    }
}

/// `name` as part of a file name: what is no letter, digit, `.`, `-` or `_` becomes `%` and hex digits.
fn file_name(name: &str) -> String {
    let mut out = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b".-_".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing into a String cannot fail.
            let _ = write!(out, "%{byte:02x}");
        }
    }
    out
}
