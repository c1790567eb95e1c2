//! From modules as written to a plan: every check that needs no network.

use std::collections::BTreeMap;

use crate::error::Problems;
use crate::plan::{Load, Plan};
use crate::suite::{Module, Variables};

/// What a plan is made of.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The modules that run side by side, at least one.
    pub modules: Vec<SelectedModule>,
    /// `--host`, for classes without a base URL of their own.
    pub base_url: Option<String>,
    /// Goes before every base URL: the simulator's address.
    pub base_url_override: Option<String>,
    /// The load, decided by the settings.
    pub load: Load,
    /// `--seed`.
    pub seed: u64,
    /// `--tags`: tasks that share one stay; empty keeps all.
    pub tags: Vec<String>,
    /// `--exclude-tags`: tasks that share one go.
    pub exclude_tags: Vec<String>,
}

/// A module with the part of it that was selected.
#[derive(Clone, Debug)]
pub struct SelectedModule {
    /// The module.
    pub module: Module,
    /// For each of `module.users`: does it run.
    pub users: Vec<bool>,
    /// The values of its variables.
    pub variables: Variables,
}

/// Compiles a plan.
///
/// # Errors
/// All mistakes found in the modules and their data files.
pub fn compile(asked: &Asked) -> Result<Plan, Problems> {
    let _: BTreeMap<(), ()> = BTreeMap::new();
    todo!("{asked:?}")
}
