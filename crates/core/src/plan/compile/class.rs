//! The classes of a module: tags, base URLs, tasks.

use crate::error::Problem;
use crate::plan::compile::Asked;
use crate::plan::compile::module::ModuleDraft;
use crate::plan::compile::step::{StepPlace, compile_step};
use crate::plan::compile::targets::Targets;
use crate::plan::fingerprint::{Phase, Rows};
use crate::plan::{ClassPlan, HeaderOverride, StepPlan, TaskPlan};
use crate::suite::{RequestSpec, TaskSpec, UserSpec};

/// What the classes of all modules are collected into.
#[derive(Debug)]
pub(crate) struct Collected {
    pub(crate) classes: Vec<ClassPlan>,
    pub(crate) targets: Targets,
    pub(crate) rows: Rows,
    pub(crate) notices: Vec<String>,
    pub(crate) problems: Vec<Problem>,
}

/// Compiles the selected classes of a module.
pub(crate) fn compile_classes(module: &mut ModuleDraft<'_>, asked: &Asked, into: &mut Collected) {
    let selected = module.selected;
    let mut names = Vec::new();
    for (spec, _) in selected.module.users.iter().zip(&selected.users).filter(|(_, selected)| **selected) {
        let name = &spec.class;
        if names.contains(&name.value.as_str()) {
            let message =
                format!("there are two classes called `{}` in module `{}`", name.value, selected.module.name);
            into.problems.push(name.at.problem(message));
            continue;
        }
        names.push(&name.value);
        if let Some(reason) = left_out(spec, asked) {
            into.notices.push(format!("class {} is left out: {reason}", name.value));
            continue;
        }
        compile_class(spec, module, asked, into);
    }
}

/// Why a class sends nothing in this run, if so.
fn left_out(spec: &UserSpec, asked: &Asked) -> Option<&'static str> {
    let fixed = spec.fixed_count.is_some_and(|count| count > 0);
    if spec.weight == 0 && !fixed {
        return Some("its weight is 0");
    }
    if kept_tasks(spec, asked).next().is_none() {
        return Some(if spec.tasks.iter().all(|task| task.weight == 0) {
            "all its tasks have weight 0"
        } else {
            "the tags leave it without a task"
        });
    }
    None
}

/// The tasks that run, as Locust's `-T` and `-E` decide, with their number in the file, from 1.
fn kept_tasks<'a>(spec: &'a UserSpec, asked: &Asked) -> impl Iterator<Item = (usize, &'a TaskSpec)> {
    let shares = |task: &TaskSpec, tags: &[String]| task.tags.iter().any(|tag| tags.contains(tag));
    (1..).zip(&spec.tasks).filter(move |(_, task)| {
        task.weight > 0
            && (asked.tags.is_empty() || shares(task, &asked.tags))
            && !shares(task, &asked.exclude_tags)
    })
}

fn compile_class(spec: &UserSpec, module: &mut ModuleDraft<'_>, asked: &Asked, into: &mut Collected) {
    module.known.saved = every_request(spec)
        .flat_map(|request| request.save.iter().map(|(name, _)| name.value.clone()))
        .collect();
    module.known.not_yet = module.known.saved.clone();
    let found = into.problems.len();
    let target = into.targets.of_class(spec, module, asked, &mut into.problems);
    let mut steps = Steps { class: into.classes.len(), spec, target, headers: &asked.headers, module, into };
    let on_start = steps.compile(&spec.on_start, "on_start", &Phase::Start);
    // Whether a task saves in time what another one reads is known only when they run.
    steps.module.known.not_yet.clear();
    let tasks: Vec<_> = kept_tasks(spec, asked).collect();
    let total = tasks.iter().map(|(_, task)| u64::from(task.weight)).sum();
    let tasks = tasks.into_iter().map(|(number, task)| {
        let part = task.name.as_ref().map_or_else(|| format!("task {number}"), |name| format!("task {name}"));
        let phase = Phase::Task { weight: task.weight, total };
        let compiled = steps.compile(&task.steps, &part, &phase);
        TaskPlan { name: task.name.clone().unwrap_or(part), weight: task.weight, steps: compiled }
    });
    let tasks = tasks.collect();
    let on_stop = steps.compile(&spec.on_stop, "on_stop", &Phase::Stop);
    if into.problems.len() == found {
        into.classes.push(ClassPlan {
            name: spec.class.value.clone(),
            module: module.index,
            weight: spec.weight,
            fixed_count: spec.fixed_count.filter(|count| *count > 0),
            wait: spec.wait,
            target,
            tasks,
            on_start,
            on_stop,
        });
    }
}

fn every_request(spec: &UserSpec) -> impl Iterator<Item = &RequestSpec> {
    let of_tasks = spec.tasks.iter().flat_map(|task| &task.steps);
    spec.on_start.iter().chain(of_tasks).chain(&spec.on_stop)
}

/// Compiles the steps of one class.
struct Steps<'a, 'm> {
    class: usize,
    spec: &'a UserSpec,
    /// Index into the targets.
    target: usize,
    headers: &'a [HeaderOverride],
    module: &'a mut ModuleDraft<'m>,
    into: &'a mut Collected,
}

impl Steps<'_, '_> {
    fn compile(&mut self, requests: &[RequestSpec], part: &str, phase: &Phase) -> Vec<StepPlan> {
        let Collected { targets, rows, problems, .. } = &mut *self.into;
        let place = StepPlace {
            class: self.class,
            class_name: &self.spec.class.value,
            part: part.to_owned(),
            phase: phase.clone(),
            target: targets.get(self.target),
            headers: self.headers,
        };
        let mut steps = Vec::new();
        for request in requests {
            match compile_step(request, &place, self.module, rows) {
                Ok(step) => steps.push(step),
                Err(found) => problems.extend(found),
            }
            for (name, _) in &request.save {
                self.module.known.not_yet.remove(&name.value);
            }
        }
        steps
    }
}
