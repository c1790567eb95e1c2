//! What `MODEL=` and positional names select.

use crate::error::Problems;
use crate::suite::{Module, Suite};

/// One name as typed: a module, `module/member`, `module.member`, `module:Class`, or a glob of a module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selector {
    /// The module's name, or a glob over names.
    pub module: String,
    /// `/member` or `.member`; also the beginning of a member's path.
    pub member: Option<String>,
    /// `:Class`, or a glob over classes.
    pub class: Option<String>,
}

/// A module to run, and which of its classes.
#[derive(Clone, Debug)]
pub struct Selection {
    /// The module.
    pub module: Module,
    /// For each of `module.users`: does it run.
    pub users: Vec<bool>,
    /// It was named, not only met by a glob or by running everything.
    pub named: bool,
}

/// A selection that cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SelectionError {
    /// No such module, member or class.
    #[error("{message}")]
    Unknown {
        /// What was asked for, what there is, the nearest name.
        message: String,
    },
    /// The module's files have mistakes.
    #[error(transparent)]
    Problems(#[from] Problems),
}

impl Selector {
    /// Takes a comma list of names apart.
    #[must_use]
    pub fn parse_list(text: &str) -> Vec<Self> {
        todo!("{text}")
    }
}

impl Suite {
    /// Reads the modules that `selectors` name, all of them when there is none; each once, in the order of
    /// the first naming (alphabetical for a glob or all).
    ///
    /// # Errors
    /// Unknown names, and all mistakes of the files that were read.
    pub fn select(&self, selectors: &[Selector]) -> Result<Vec<Selection>, SelectionError> {
        todo!("{selectors:?}")
    }
}
