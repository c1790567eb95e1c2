//! Finding the modules under a folder and reading their files.

use std::path::{Path, PathBuf};

use crate::error::Problems;
use crate::suite::Module;

/// The folder of modules: names first, content when asked for.
#[derive(Clone, Debug)]
pub struct Suite {
    /// The folder, `models/` by default.
    pub folder: PathBuf,
    /// (name, path) of every entry that is a module, sorted by name.
    pub entries: Vec<(String, PathBuf)>,
}

/// A folder of modules that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SuiteError {
    /// It is not there or cannot be listed.
    #[error("cannot read the folder of modules `{}`: {source}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Two entries have the same name (`x.toml` beside `x/`).
    #[error("`{}` and `{}` are both module `{name}`; rename one of them", first.display(), second.display())]
    Twice {
        /// The name.
        name: String,
        /// One entry.
        first: PathBuf,
        /// The other.
        second: PathBuf,
    },
}

impl Suite {
    /// Lists the modules under `folder`. Names starting with `_` or `.` and other files are passed over.
    ///
    /// # Errors
    /// When the folder cannot be listed or two entries have one name.
    pub fn open(folder: &Path) -> Result<Self, SuiteError> {
        todo!("{folder:?}")
    }

    /// Reads one module, all its files.
    ///
    /// # Errors
    /// All mistakes in its files.
    pub fn load(&self, name: &str) -> Result<Module, Problems> {
        todo!("{name}")
    }
}
