//! Runs a plan: users on one thread a core, over `transport`, into `record`, and the collector of `summary`.
//!
//! Nothing here prints, compares or reads a module file.

mod control;

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;

use crate::plan::Plan;
use crate::summary::{Header, RunRecord, Snapshot};

pub use control::{Control, Stop};

/// How a run is carried out, beside what the plan says.
#[derive(Clone, Debug)]
pub struct Options {
    /// Threads that generate load.
    pub threads: NonZeroUsize,
    /// `--insecure`: certificates are not verified.
    pub insecure: bool,
    /// `--cacert`: authorities trusted beside the operating system's.
    pub ca_file: Option<PathBuf>,
}

/// A run that could not begin or go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// The file of `--cacert` cannot be used.
    #[error("cannot use the certificates in `{}`: {reason}", path.display())]
    CaFile {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A thread, a timer or a descriptor could not be made.
    #[error("cannot start the load generator: {0}")]
    Start(#[from] std::io::Error),
}

/// Runs `plan` to its end, calling `observe` once a second and at the end, on the calling thread.
///
/// `headers` has one entry for each module of the plan.
///
/// # Errors
/// When the generator cannot start. Trouble with the server is never an error here.
pub fn run(
    plan: Arc<Plan>,
    headers: Vec<Header>,
    options: &Options,
    control: &Control,
    observe: &mut dyn FnMut(&Snapshot<'_>),
) -> Result<Vec<RunRecord>, EngineError> {
    let _ = observe;
    todo!("{plan:?} {headers:?} {options:?} {control:?}")
}
