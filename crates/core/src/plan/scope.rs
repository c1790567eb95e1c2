//! What changes while a user lives: its random numbers, its rows, what it saved.
//!
//! Templates reach the user that they are rendered for through a thread-local slot, into which the user's
//! state is moved for the time of the rendering (one pointer in, one out). The other way, a context object
//! that holds an `Arc<Mutex<_>>`, would cost a lock for each name and function, and functions would have
//! to search the context for it, which macros hide.

use std::cell::RefCell;
use std::fmt;
use std::sync::Arc;

use fastrand::Rng;
use minijinja::Value;

use crate::clock::RunTime;
use crate::plan::files::{FileReader, FileStore};
use crate::plan::request::ResponseState;
use crate::plan::rows::{Draw, NoRowLeft, RowTable};
use crate::plan::schedule::WaitState;
use crate::plan::streams::{Numbers, Owner, Stream};
use crate::plan::{ClassPlan, Plan, views};

/// What all users of a run share: tables, files, the counters of `unique` rows; one entry for each module.
pub(crate) struct Shared {
    pub(crate) modules: Vec<SharedModule>,
}

/// What all users of a module share.
pub(crate) struct SharedModule {
    pub(crate) scope: Arc<ModuleScope>,
    pub(crate) files: Arc<FileStore>,
}

/// The names that all users of a module see the same way.
pub(crate) struct ModuleScope {
    /// The module's name.
    pub(crate) name: String,
    /// `env`: a map.
    pub(crate) env: Value,
    /// The data tables.
    pub(crate) tables: Vec<RowTable>,
    /// What differs from run to run.
    pub(crate) salt: Salt,
    /// Values of secret variables, for redaction. Too short ones are no secrets and would blot out words.
    pub(crate) secrets: Vec<String>,
}

/// A random number of the run, not seeded, and its text.
#[derive(Clone, Debug)]
pub(crate) struct Salt {
    pub(crate) number: u128,
    pub(crate) text: Arc<str>,
}

impl Salt {
    /// A salt that no other run has.
    pub(crate) fn fresh() -> Self {
        let number = Rng::new().u128(..);
        Self { number, text: format!("{:016x}", number >> 64).into() }
    }
}

impl ModuleScope {
    /// `text` with the values of secret variables blotted out.
    pub(crate) fn redact(&self, text: String) -> String {
        self.secrets.iter().fold(text, |text, secret| {
            if text.contains(secret.as_str()) { text.replace(secret.as_str(), REDACTED) } else { text }
        })
    }
}

/// What stands where a secret was.
pub(crate) const REDACTED: &str = "***";

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Neither whole tables nor values of variables belong into a log.
        let modules = self.modules.iter().map(|module| module.scope.name.as_str());
        f.debug_list().entries(modules).finish()
    }
}

/// The state of one virtual user.
pub struct UserScope {
    /// Away only while something is rendered.
    state: Option<Box<UserState>>,
    /// The context of templates; one for each user, so that threads do not share its reference count.
    root: Value,
}

impl fmt::Debug for UserScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let index = self.state.as_ref().map(|state| state.index);
        f.debug_struct("UserScope").field("index", &index).finish_non_exhaustive()
    }
}

impl UserScope {
    /// User number `index` of the run, of class `class`; the same seed gives the same choices.
    #[must_use]
    pub fn new(plan: &Plan, class: usize, index: u32) -> Self {
        let class_plan = &plan.classes[class];
        let module = &plan.shared.modules[class_plan.module];
        let owner =
            Owner { seed: plan.seed, module: &module.scope.name, class: &class_plan.name, user: index };
        let files = Files::Ready(Arc::clone(&module.files));
        Self::of(UserState::new(Arc::clone(&module.scope), files, owner, class, Lifetime::Run))
    }

    /// A user before the run, that takes no rows away and may read files.
    pub(crate) fn trial(module: Arc<ModuleScope>, reader: FileReader) -> Self {
        let owner = Owner { seed: 0, module: "", class: "", user: 0 };
        Self::of(UserState::new(module, Files::Reading(Box::new(reader)), owner, 0, Lifetime::Trial))
    }

    fn of(state: UserState) -> Self {
        Self { state: Some(Box::new(state)), root: views::root() }
    }

    pub(crate) fn state(&mut self) -> &mut UserState {
        self.state.as_mut().expect("the state is away only inside of `evaluate`, which holds `self`")
    }

    /// The files that a trial user read.
    pub(crate) fn into_files(self) -> FileStore {
        match self.state.map(|state| state.files) {
            Some(Files::Reading(reader)) => reader.finish(),
            _ => FileStore::default(),
        }
    }

    /// Evaluates templates for this user: `work` gets the context to evaluate them in.
    pub(crate) fn evaluate<T>(&mut self, work: impl FnOnce(&Value) -> T) -> T {
        let _entered = Entered::new(&mut self.state);
        work(&self.root)
    }

    /// Picks the next task by weight (an index into `ClassPlan::tasks`), and forgets the rows of the last.
    pub fn next_task(&mut self, plan: &Plan) -> usize {
        let state = self.state();
        state.forget_rows();
        state.numbers.next_execution();
        pick_task(&plan.classes[state.class], &mut state.numbers.tasks)
    }

    /// The waits after tasks: due times.
    pub fn next_due(&mut self, state: &mut WaitState, now: RunTime) -> RunTime {
        state.next(now, &mut self.state().numbers.waits)
    }
}

fn pick_task(class: &ClassPlan, numbers: &mut Rng) -> usize {
    if class.tasks.len() < 2 {
        return 0;
    }
    let total = class.tasks.iter().map(|task| u64::from(task.weight)).sum::<u64>();
    let mut left = numbers.u64(..total.max(1));
    let chosen = class.tasks.iter().position(|task| {
        let weight = u64::from(task.weight);
        let here = left < weight;
        left = left.saturating_sub(weight);
        here
    });
    chosen.unwrap_or(0)
}

/// Is it a user of the run, or one that only tries templates before it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lifetime {
    Run,
    Trial,
}

/// Where functions get files from.
pub(crate) enum Files {
    /// Before the run: from the disk, remembering them.
    Reading(Box<FileReader>),
    /// In the run: from what was read before.
    Ready(Arc<FileStore>),
}

/// What templates see and change of a user.
pub(crate) struct UserState {
    pub(crate) module: Arc<ModuleScope>,
    pub(crate) files: Files,
    pub(crate) index: u32,
    class: usize,
    tables: Vec<TableState>,
    /// The file of each folder drawn for this task execution.
    drawn_files: Vec<(String, Value)>,
    saved: Vec<(String, Value)>,
    pub(crate) counter: u64,
    pub(crate) numbers: Numbers,
    pub(crate) response: Option<ResponseState>,
    /// The table that had no row left, for the fault that ends the user.
    exhausted: Option<usize>,
    /// A trial that goes through all rows: the row that every table shows.
    pub(crate) shown_row: Option<usize>,
}

struct TableState {
    draw: Draw,
    /// The row of this task execution.
    row: Option<usize>,
    view: Value,
}

impl UserState {
    fn new(
        module: Arc<ModuleScope>,
        files: Files,
        owner: Owner<'_>,
        class: usize,
        lifetime: Lifetime,
    ) -> Self {
        let mut keys = Rng::with_seed(owner.seed_of(Stream::Rows));
        let tables = module.tables.iter().enumerate().map(|(index, table)| TableState {
            draw: Draw::new(table, owner.user, keys.u64(..), lifetime == Lifetime::Trial),
            row: None,
            view: views::table(index),
        });
        Self {
            tables: tables.collect(),
            module,
            files,
            index: owner.user,
            class,
            drawn_files: Vec::new(),
            saved: Vec::new(),
            counter: 0,
            numbers: Numbers::new(owner),
            response: None,
            exhausted: None,
            shown_row: None,
        }
    }

    /// What the next task draws is drawn anew.
    pub(crate) fn forget_rows(&mut self) {
        self.tables.iter_mut().for_each(|table| table.row = None);
        self.drawn_files.clear();
    }

    /// The view of the table called `name`.
    pub(crate) fn table(&self, name: &str) -> Option<Value> {
        let index = self.module.tables.iter().position(|table| table.name() == name)?;
        Some(self.tables[index].view.clone())
    }

    /// The row of table number `table` that belongs to this task execution.
    pub(crate) fn row(&mut self, table: usize) -> Result<usize, NoRowLeft> {
        if let Some(row) = self.tables[table].row {
            return Ok(row);
        }
        let row = self.draw(table)?;
        self.tables[table].row = Some(row);
        Ok(row)
    }

    /// A row more of table number `table`.
    pub(crate) fn draw(&mut self, table: usize) -> Result<usize, NoRowLeft> {
        let rows = &self.module.tables[table];
        if let Some(shown) = self.shown_row {
            return shown.checked_rem(rows.len()).ok_or(NoRowLeft);
        }
        let drawn = self.tables[table].draw.next(rows, &mut self.numbers.rows);
        if drawn.is_err() {
            self.exhausted = Some(table);
        }
        drawn
    }

    /// The name of the table that had no row left since the last call.
    pub(crate) fn take_exhausted(&mut self) -> Option<String> {
        self.exhausted.take().map(|table| self.module.tables[table].name().to_owned())
    }

    /// The random file of `folder` that belongs to this task execution.
    pub(crate) fn random_file(&mut self, folder: &str) -> Result<Value, String> {
        if let Some((_, file)) = self.drawn_files.iter().find(|(drawn, _)| drawn == folder) {
            return Ok(file.clone());
        }
        let files = match &mut self.files {
            Files::Reading(reader) => reader.folder(folder)?,
            Files::Ready(store) => store.folder(folder)?,
        };
        let file = files[self.numbers.choices.usize(..files.len())].clone();
        self.drawn_files.push((folder.to_owned(), file.clone()));
        Ok(file)
    }

    /// What was saved as `name`.
    pub(crate) fn saved(&self, name: &str) -> Option<Value> {
        self.saved.iter().find(|(saved, _)| saved == name).map(|(_, value)| value.clone())
    }

    /// The names of what was saved.
    pub(crate) fn saved_names(&self) -> Vec<Value> {
        self.saved.iter().map(|(name, _)| Value::from(name.as_str())).collect()
    }

    /// Saves `value` as `name`, in place of an earlier one.
    pub(crate) fn save(&mut self, name: &str, value: Value) {
        match self.saved.iter_mut().find(|(saved, _)| saved == name) {
            Some((_, old)) => *old = value,
            None => self.saved.push((name.to_owned(), value)),
        }
    }
}

thread_local! {
    /// The user that is rendered for; empty but for the time of `UserScope::evaluate`.
    static RENDERING: RefCell<Option<Box<UserState>>> = const { RefCell::new(None) };
}

/// Calls `work` with the user that is rendered for on this thread; `None` when there is none. `work` must
/// not evaluate templates.
pub(crate) fn current<T>(work: impl FnOnce(&mut UserState) -> T) -> Option<T> {
    RENDERING.with_borrow_mut(|user| user.as_deref_mut().map(work))
}

/// Moves a user's state into the thread's slot and, when dropped, back.
struct Entered<'a> {
    home: &'a mut Option<Box<UserState>>,
}

impl<'a> Entered<'a> {
    fn new(home: &'a mut Option<Box<UserState>>) -> Self {
        RENDERING.set(home.take());
        Self { home }
    }
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        *self.home = RENDERING.take();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;
    use crate::plan::testing::{Suite, class, module, post, post_json, task};
    use crate::suite::{Pick, Wait};

    #[test]
    fn a_step_that_is_left_out_changes_nothing_of_the_tasks_that_follow() {
        let rows: Vec<Vec<_>> = (0..1000).map(|row| vec![json!(row)]).collect();
        let rows: Vec<&[_]> = rows.iter().map(Vec::as_slice).collect();
        let drawing = || post_json("/", &json!(["{{ t.n }}", "{{ random_int(1, 100000) }}"]));
        let mut class = class("A", vec![post("/0"), post("/1"), post("/2")]);
        class.tasks.push(task(vec![drawing(), drawing()]));
        class.wait = Wait::Between(Duration::ZERO, Duration::from_secs(100));
        let plan = Suite::new(module("m", vec![class])).table("t", Pick::Random, &["n"], &rows).plan();
        // What a user does in 100 tasks, when second steps are sent or not.
        let life = |second_steps: bool| -> Vec<_> {
            let mut user = UserScope::new(&plan, 0, 3);
            let mut waits = WaitState::new(plan.classes[0].wait, RunTime::ZERO);
            let one = |_| {
                let number = user.next_task(&plan);
                let steps = &plan.classes[0].tasks[number].steps;
                let first = steps[0].render(&plan, &mut user).unwrap();
                if second_steps && steps.len() > 1 {
                    steps[1].render(&plan, &mut user).unwrap();
                }
                (number, first.body, user.next_due(&mut waits, RunTime::ZERO))
            };
            (0..100).map(one).collect()
        };
        assert_eq!(life(true), life(false));
    }
}
