//! What will be done: every template compiled, every table loaded, every mistake found.
//!
//! [`compile`] turns modules as written into a [`Plan`]. A plan opens no socket and starts no thread; it is
//! immutable and shared by all threads of a run. What changes while a user lives is in its [`UserScope`].

mod compile;
mod dispatch;
mod files;
mod fingerprint;
mod functions;
mod names;
mod request;
mod rows;
mod schedule;
mod scope;
mod streams;
mod template;
#[cfg(test)]
mod testing;
mod values;
mod views;

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use crate::suite::{Limit, TolerancesSpec, Wait};
use crate::wire::Target;

pub use compile::{Asked, SelectedModule, compile};
pub use dispatch::Dispatch;
pub use request::{HeaderOverride, HeaderOverrideError, RenderFault, Response, StepPlan};
pub use schedule::{SpawnSchedule, WaitState};
pub use scope::UserScope;

/// A run, fully decided.
#[derive(Debug)]
pub struct Plan {
    /// The modules that run side by side; one unless `--together`.
    pub modules: Vec<PlannedModule>,
    /// The classes of users, sorted by name as Locust does, which decides ties of the dispatch.
    pub classes: Vec<ClassPlan>,
    /// The base URLs, each once.
    pub targets: Vec<Target>,
    /// The rows of the statistics; `SeriesId` counts into it.
    pub series: Vec<SeriesPlan>,
    /// The load.
    pub load: Load,
    /// The seed of all random choices.
    pub seed: u64,
    /// What is said before the run: raised users, skipped rows and the like.
    pub notices: Vec<String>,
    /// Tables, compiled templates and counters that all users share.
    pub(crate) shared: std::sync::Arc<scope::Shared>,
}

impl Plan {
    /// `text` with the values of secret variables blotted out, for whatever prints a rendered request.
    #[must_use]
    pub fn redact(&self, text: &str) -> String {
        self.shared.modules.iter().fold(text.to_owned(), |text, module| module.scope.redact(text))
    }
}

/// A module of the plan.
#[derive(Clone, Debug)]
pub struct PlannedModule {
    /// Its name.
    pub name: String,
    /// The name of its baseline, without folder and suffix.
    pub baseline: String,
    /// Variables that it read, secrets redacted: name -> value.
    pub variables: BTreeMap<String, Value>,
    /// `[compare]`.
    pub tolerances: TolerancesSpec,
    /// `[slo]`.
    pub limits: Vec<Limit>,
}

/// How much load, and for how long.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Load {
    /// Virtual users at the peak, over all classes.
    pub users: u32,
    /// Users started a second.
    pub spawn_rate: f64,
    /// From the first spawn; `None` runs until it is stopped.
    pub run_time: Option<Duration>,
    /// How long requests in flight may take after the end.
    pub stop_timeout: Duration,
}

/// A class of users.
#[derive(Debug)]
pub struct ClassPlan {
    /// Its name.
    pub name: String,
    /// Index into [`Plan::modules`].
    pub module: usize,
    /// Its share among the classes.
    pub weight: u32,
    /// Exactly so many users, before weights count.
    pub fixed_count: Option<u32>,
    /// The wait after a task.
    pub wait: Wait,
    /// Index into [`Plan::targets`].
    pub target: usize,
    /// At least one.
    pub tasks: Vec<TaskPlan>,
    /// Run once before the first task.
    pub on_start: Vec<StepPlan>,
    /// Run once at the end.
    pub on_stop: Vec<StepPlan>,
}

/// A task of a class.
#[derive(Debug)]
pub struct TaskPlan {
    /// Its name, for messages.
    pub name: String,
    /// Its share among the tasks of the class.
    pub weight: u32,
    /// At least one.
    pub steps: Vec<StepPlan>,
}

/// A row of the statistics.
#[derive(Clone, Debug)]
pub struct SeriesPlan {
    /// Index into [`Plan::modules`].
    pub module: usize,
    /// The method, in upper case.
    pub method: String,
    /// The row's name.
    pub name: String,
    /// What a comparison needs to be equal, in words: `method`, `path`, `body`, `wait`, `weight`, `users`.
    /// Long values (bodies) are hex digests.
    pub circumstances: BTreeMap<String, String>,
    /// Digest of the rows of the tables that its requests read; a change is said, not refused.
    pub data: String,
    /// The expected share of this row among the module's requests, 0 to 1, for the announcement; steps after
    /// a failure aside.
    pub share: f64,
    /// The mean wait of the users that send it, for the announcement.
    pub mean_wait: Duration,
}
