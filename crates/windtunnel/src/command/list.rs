//! `windtunnel list`: the modules and their classes of users, as text on stdout.

use std::fmt::Write;

use serde_json::Value;
use windtunnel_core::error::Problems;
use windtunnel_core::suite::{Module, UserSpec, VariableSpec};

use crate::command::{Context, print, select};
use crate::exit::Exit;

/// Prints the selected modules, all where none is named.
pub(super) fn list(names: &[String], context: &Context<'_>) -> Result<Exit, Problems> {
    let selections = select::selections(names, context)?;
    let modules: Vec<&Module> = selections.iter().map(|selection| &selection.module).collect();
    print(&text(&modules))?;
    Ok(Exit::Success)
}

fn text(modules: &[&Module]) -> String {
    let names = modules.iter().map(|module| module.name.chars().count());
    let classes = modules.iter().flat_map(|module| &module.users).map(|user| label(user).chars().count() + 2);
    let variables = modules.iter().flat_map(|module| &module.variables);
    let variables = variables.map(|variable| variable.name.value.chars().count() + 2);
    let width = names.chain(classes).chain(variables).max().unwrap_or(0);
    let mut text = String::new();
    for module in modules {
        let description = module.description.as_deref().unwrap_or("");
        let line = format!("{:width$}  {description}", module.name);
        text.push_str(line.trim_end());
        text.push('\n');
        // Writing to a text cannot fail.
        for user in &module.users {
            let _ = writeln!(text, "  {:1$}  {2}", label(user), width - 2, details(user));
        }
        for spec in &module.variables {
            let _ = writeln!(text, "  {:1$}  {2}", spec.name.value, width - 2, variable(spec));
        }
    }
    text
}

/// The class, with the member that it is written in where there are several.
fn label(user: &UserSpec) -> String {
    match &user.member {
        Some(member) => format!("{member}:{}", user.class.value),
        None => user.class.value.clone(),
    }
}

fn details(user: &UserSpec) -> String {
    let share = match user.fixed_count {
        Some(count) => format!("count {count}"),
        None => format!("weight {}", user.weight),
    };
    let off = if user.enabled { "" } else { "  (only when named)" };
    let mut paths: Vec<String> = Vec::new();
    for step in user.tasks.iter().flat_map(|task| &task.steps) {
        let path = format!("{} {}", step.method, step.path.value);
        if !paths.contains(&path) {
            paths.push(path);
        }
    }
    let more = if paths.len() > 1 { format!(" and {} more", paths.len() - 1) } else { String::new() };
    format!("{share:<9}  {}{more}{off}", paths.first().map_or("", String::as_str))
}

/// What a variable of the environment is for, and what it is where it is unset.
fn variable(spec: &VariableSpec) -> String {
    let unset = match &spec.default {
        _ if spec.required => "[required]".to_owned(),
        None => "[no default]".to_owned(),
        Some(_) if spec.secret => "[default: ***]".to_owned(),
        Some(Value::String(text)) => format!("[default: {text}]"),
        Some(value) => format!("[default: {value}]"),
    };
    match &spec.help {
        Some(help) => format!("{help} {unset}"),
        None => unset,
    }
}
