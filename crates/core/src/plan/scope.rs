//! What changes while a user lives: its random numbers, its rows, what it saved.

use crate::clock::RunTime;
use crate::plan::Plan;
use crate::plan::schedule::WaitState;

/// What all users of a run share: tables, compiled templates, the counters of `unique` rows.
#[derive(Debug)]
pub(crate) struct Shared {}

/// The state of one virtual user.
#[derive(Debug)]
pub struct UserScope {}

impl UserScope {
    /// User number `index` of the run, of class `class`; the same seed gives the same choices.
    #[must_use]
    pub fn new(plan: &Plan, class: usize, index: u32) -> Self {
        todo!("{plan:?} {class} {index}")
    }

    /// Picks the next task by weight (an index into `ClassPlan::tasks`), and forgets the rows of the last.
    pub fn next_task(&mut self, plan: &Plan) -> usize {
        todo!("{plan:?}")
    }

    /// The waits after tasks: due times.
    pub fn next_due(&mut self, state: &mut WaitState, now: RunTime) -> RunTime {
        todo!("{state:?} {now:?}")
    }
}
