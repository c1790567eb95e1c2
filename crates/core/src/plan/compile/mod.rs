//! From modules as written to a plan: every check that needs no network.

mod class;
mod module;
mod step;
mod targets;
mod texts;
mod users;

#[cfg(test)]
mod tests;

use std::cmp::Ordering;
use std::sync::Arc;

use crate::error::{Problem, Problems};
use crate::plan::compile::class::{Collected, compile_classes};
use crate::plan::compile::module::{ModuleDraft, TableLoader};
use crate::plan::compile::targets::Targets;
use crate::plan::fingerprint::Rows;
use crate::plan::scope::{Salt, Shared};
use crate::plan::{ClassPlan, HeaderOverride, Load, Plan};
use crate::suite::{Module, Variables, load_table};

pub(crate) use texts::Texts;

/// What a plan is made of.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The modules that run side by side, at least one.
    pub modules: Vec<SelectedModule>,
    /// `--host`, for classes without a base URL of their own.
    pub base_url: Option<String>,
    /// Goes before every base URL: the simulator's address.
    pub base_url_override: Option<String>,
    /// Set on every request, in place of what its module says.
    pub headers: Vec<HeaderOverride>,
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

/// Compiles a plan. Reads data files and the files that requests carry.
///
/// # Errors
/// All mistakes found in the modules and their data files.
pub fn compile(asked: &Asked) -> Result<Plan, Problems> {
    compile_with(asked, &load_table)
}

/// Compiles a plan whose tables `load` reads.
pub(crate) fn compile_with(asked: &Asked, load: &TableLoader) -> Result<Plan, Problems> {
    let salt = Salt::fresh();
    let mut into = Collected {
        classes: Vec::new(),
        targets: Targets::default(),
        rows: Rows::default(),
        notices: Vec::new(),
        problems: Vec::new(),
    };
    let mut modules = Vec::new();
    let mut shared = Vec::new();
    for index in 0..asked.modules.len() {
        let mut draft = ModuleDraft::open(index, asked, salt.clone(), load, &mut into.problems);
        modules.push(draft.planned(&mut into.problems));
        compile_classes(&mut draft, asked, &mut into);
        shared.push(draft.into_shared());
    }
    into.problems.extend(into.targets.missing());
    if into.problems.is_empty() && into.classes.is_empty() {
        into.problems.push(nothing_to_run(asked));
    }
    in_order(into.problems).into_result()?;
    let mut classes = into.classes;
    let names: Vec<_> = modules.iter().map(|module| module.name.as_str()).collect();
    distinguish(&mut classes, &names);
    into.rows.renumber_classes(&sort_by_name(&mut classes));
    let mut load = asked.load;
    users::settle(&mut load, &classes, &mut into.notices);
    let series = into.rows.finish(&classes, &users::of_classes(load.users, &classes));
    Ok(Plan {
        modules,
        classes,
        targets: into.targets.into_targets(),
        series,
        load,
        seed: asked.seed,
        notices: into.notices,
        shared: Arc::new(Shared { modules: shared }),
    })
}

fn nothing_to_run(asked: &Asked) -> Problem {
    let users = asked.modules.iter().flat_map(|selected| selected.module.users.iter());
    let mut tags: Vec<_> =
        users.flat_map(|user| &user.tasks).flat_map(|task| &task.tags).map(String::as_str).collect();
    tags.sort_unstable();
    tags.dedup();
    let problem = Problem::new("nothing is left to run: no class has a task that is selected");
    if asked.tags.is_empty() && asked.exclude_tags.is_empty() {
        problem
    } else if tags.is_empty() {
        problem.help("no task has a tag; leave out --tags and --exclude-tags")
    } else {
        problem.help(format!("the tags of the tasks are: {}", tags.join(", ")))
    }
}

/// Each mistake once, those without a place first, the others in the order of the files.
fn in_order(mut problems: Vec<Problem>) -> Problems {
    problems.sort_by(|a, b| match (&a.at, &b.at) {
        (Some(a), Some(b)) => a.file.path.cmp(&b.file.path).then(a.span.start.cmp(&b.span.start)),
        (None, Some(_)) => Ordering::Less,
        (Some(_), None) => Ordering::Greater,
        (None, None) => Ordering::Equal,
    });
    // What a class says for all its requests would be told once for each of them.
    let mut told: Vec<Problem> = Vec::new();
    for problem in problems {
        if !told.contains(&problem) {
            told.push(problem);
        }
    }
    Problems(told)
}

/// Gives classes of one name in several modules names of their own.
fn distinguish(classes: &mut [ClassPlan], modules: &[&str]) {
    let twice: Vec<_> = classes
        .iter()
        .map(|class| classes.iter().filter(|other| other.name == class.name).count() > 1)
        .collect();
    for (class, _) in classes.iter_mut().zip(twice).filter(|(_, twice)| *twice) {
        class.name = format!("{}:{}", modules[class.module], class.name);
    }
}

/// Sorts classes as Locust does, by name; gives the new index of each.
fn sort_by_name(classes: &mut Vec<ClassPlan>) -> Vec<usize> {
    let mut old: Vec<_> = std::mem::take(classes).into_iter().enumerate().collect();
    old.sort_by(|(_, a), (_, b)| a.name.cmp(&b.name));
    let mut new_index = vec![0; old.len()];
    for (new, (old, class)) in old.into_iter().enumerate() {
        new_index[old] = new;
        classes.push(class);
    }
    new_index
}
