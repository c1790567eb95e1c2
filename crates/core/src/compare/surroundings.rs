//! What is said about runs that are compared, and does not keep them from being compared: what changed around them,
//! and what puts the old ones in doubt.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::side::Side;
use crate::summary::line::Environment;

/// The change of the run time, as a share, from which it is said.
const SAME_RUN_TIME: f64 = 0.1;

/// What changed from one run to the other.
pub(super) fn changed_surroundings(old: &Side, new: &Side) -> Vec<String> {
    let mut notes: Vec<String> = changed_load(old, new);
    if let (Some(before), Some(after)) = (&old.variables, &new.variables) {
        notes.extend(changed_variables(before, after));
    }
    if let (Some(before), Some(after)) = (&old.env, &new.env) {
        notes.extend(changed_environment(before, after, new.simulated == Some(true)));
    }
    notes
}

fn changed_load(old: &Side, new: &Side) -> Vec<String> {
    let mut notes = Vec::new();
    let (before, after) = match (old.run_time_s, new.run_time_s) {
        (Some(before), Some(after)) => (before, after),
        _ => (old.measured_s(), new.measured_s()),
    };
    // A side without any request has no time to compare.
    if before > 0.0 && after > 0.0 && (after - before).abs() > SAME_RUN_TIME * before {
        notes.push(format!("the run time changed: {before:.0} s -> {after:.0} s"));
    }
    if let (Some(before), Some(after)) = (old.spawn_rate, new.spawn_rate)
        && (after - before).abs() > f64::EPSILON * before
    {
        notes.push(format!("the spawn rate changed: {before} -> {after} users a second"));
    }
    if let (Some(before), Some(after)) = (&old.together, &new.together)
        && before != after
    {
        let names = |names: &[String]| if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        let (before, after) = (names(before), names(after));
        notes.push(format!("the modules that ran beside it changed: {before} -> {after}"));
    }
    notes
}

fn changed_variables(before: &BTreeMap<String, Value>, after: &BTreeMap<String, Value>) -> Vec<String> {
    let text = |value: Option<&Value>| match value {
        None => "none".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    names
        .into_iter()
        .filter(|name| before.get(*name) != after.get(*name))
        .map(|name| {
            let (before, after) = (text(before.get(name)), text(after.get(name)));
            format!("the variable {name} changed: {before} -> {after}")
        })
        .collect()
}

fn changed_environment(before: &Environment, after: &Environment, simulated: bool) -> Vec<String> {
    let build = |env: &Environment| env.build.clone().unwrap_or_default();
    let seed = |env: &Environment| env.seed.to_string();
    [
        ("the base URL", before.target.clone(), after.target.clone()),
        ("the build of the server", build(before), build(after)),
        ("the machine that makes the load", before.host.clone(), after.host.clone()),
        ("its processor", before.cpu.clone(), after.cpu.clone()),
        ("the version of windtunnel", before.tool.clone(), after.tool.clone()),
        ("the seed", seed(before), seed(after)),
    ]
    .into_iter()
    // A simulator listens on another port each time.
    .filter(|(what, _, _)| !(simulated && *what == "the base URL"))
    .filter(|(_, before, after)| before != after && !before.is_empty() && !after.is_empty())
    .map(|(what, before, after)| format!("{what} changed: {before} -> {after}"))
    .collect()
}

/// What puts the runs of the old side in doubt.
pub(super) fn doubtful(runs: &[&Side]) -> Vec<String> {
    runs.iter()
        .filter_map(|run| {
            let why = match &run.limited {
                Some(limited) => limited,
                None if run.unsteady => "it never became steady",
                None if run.short => "too little of it is left after its warm-up",
                None => return None,
            };
            let what = if runs.len() == 1 { "the old run" } else { &run.label };
            Some(format!("{what} is doubtful: {why}"))
        })
        .collect()
}
