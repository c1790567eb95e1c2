//! Lines of a runs file that are no runs: what was decided about its runs later.
//!
//! A runs file only grows, so that branches merge by taking the lines of both. What follows from the lines is the
//! business of `compare`.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{LineError, RunLine, VERSION, timestamp, version_of};

/// A line of a runs file.
#[derive(Clone, Debug, PartialEq)]
pub enum Line {
    /// A run.
    Run(Box<RunLine>),
    /// A decision.
    Change(ChangeLine),
}

/// What was decided, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeLine {
    /// [`VERSION`].
    v: u64,
    /// When.
    #[serde(with = "timestamp")]
    pub at: Timestamp,
    /// What.
    #[serde(flatten)]
    pub change: Change,
}

/// A decision about the runs of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Change {
    /// A run opens a new epoch: what it measured is accepted from now on.
    Accept {
        /// The run.
        run: String,
        /// The id of the new epoch.
        epoch: String,
        /// The epoch before it.
        parent: Option<String>,
    },
    /// A run is evidence of an epoch.
    Add {
        /// The run.
        run: String,
        /// The epoch.
        epoch: String,
    },
    /// An epoch is the anchor.
    Anchor {
        /// The epoch.
        epoch: String,
    },
    /// A run is no evidence any more.
    Drop {
        /// The run.
        run: String,
    },
}

impl Line {
    /// Reads a line; `None` for a line of a kind that is not known, which readers pass over.
    ///
    /// # Errors
    /// When the line is damaged or of a version that is not known.
    pub fn parse(line: &str) -> Result<Option<Self>, LineError> {
        let value = version_of(line)?;
        match value.get("kind").and_then(Value::as_str) {
            None | Some("run") => Ok(RunLine::parse(line)?.map(|run| Self::Run(Box::new(run)))),
            Some("accept" | "add" | "anchor" | "drop") => {
                let change = serde_json::from_value(value);
                change
                    .map(|change| Some(Self::Change(change)))
                    .map_err(|error| LineError::Damaged(error.to_string()))
            }
            Some(_) => Ok(None),
        }
    }

    /// Reads all lines of a file, in its order; empty lines and lines of kinds that are not known are passed over.
    ///
    /// # Errors
    /// The number of the first line that cannot be read, counted from 1, and why.
    pub fn parse_all(text: &str) -> Result<Vec<Self>, (usize, LineError)> {
        let mut lines = Vec::new();
        for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            lines.extend(Self::parse(line).map_err(|error| (index + 1, error))?);
        }
        Ok(lines)
    }

    /// One line of JSON without a line end: keys sorted.
    #[must_use]
    pub fn to_json_line(&self) -> String {
        match self {
            Self::Run(run) => run.to_json_line(),
            Self::Change(change) => change.to_json_line(),
        }
    }
}

impl ChangeLine {
    /// A decision of this moment.
    #[must_use]
    pub fn new(at: Timestamp, change: Change) -> Self {
        Self { v: VERSION, at, change }
    }

    /// One line of JSON without a line end: keys sorted.
    #[must_use]
    pub fn to_json_line(&self) -> String {
        // Only texts are keys, so this cannot fail.
        let mut value = serde_json::to_value(self).unwrap_or_default();
        value.sort_all_objects();
        value.to_string()
    }
}
