//! Reading a class of users: its tasks, and what it says for all of them.

use toml::de::DeValue;

use super::fields::{Context, Entry, Fields, Node};
use super::request::{Common, METHODS, request, step, task_request};
use super::values::is_name;
use crate::error::Located;
use crate::suite::{RequestSpec, TaskSpec, UserSpec};

/// Keys of a request that a class with tasks, or a task with steps, cannot have beside them.
const OF_A_REQUEST: &[&str] = &["query", "json", "body", "form", "file", "expect", "save", "continue"];

/// Reads one `[[user]]`; the class's name is kept in `classes` even where the rest is wrong.
pub(super) fn user(
    cx: &mut Context,
    node: &Node,
    member: Option<&str>,
    classes: &mut Vec<Located<String>>,
) -> Option<UserSpec> {
    let mut fields = Fields::of(cx, node, "a `[[user]]`")?;
    let class = fields.require(cx, "class", class_name);
    if let Some(class) = &class {
        fields.place = format!("class `{}`", class.value);
        classes.push(class.clone());
    }
    let (weight, fixed_count) = share(cx, &mut fields);
    let wait = fields.get(cx, "wait", Context::wait).unwrap_or_default();
    let base_url = fields.get(cx, "base_url", Context::filled);
    let enabled = fields.get(cx, "enabled", Context::boolean).unwrap_or(true);
    let common = Common::read(cx, &mut fields);
    let on_start = requests(cx, &mut fields, "on_start", &common);
    let on_stop = requests(cx, &mut fields, "on_stop", &common);
    let tasks = tasks(cx, &mut fields, &common);
    fields.finish(cx);
    Some(UserSpec {
        class: class?,
        member: member.map(str::to_owned),
        weight,
        fixed_count,
        wait,
        base_url,
        enabled,
        tasks,
        on_start,
        on_stop,
    })
}

fn class_name(cx: &mut Context, entry: Entry) -> Option<Located<String>> {
    let class = cx.text(entry)?;
    if !is_name(&class.value) {
        let message = format!(
            "`{}` cannot be the name of a class; use letters, digits and `_`, the first no digit",
            class.value
        );
        cx.report(class.at.problem(message));
        return None;
    }
    Some(class)
}

/// `weight` and `fixed_count`. A weight of 0 would be a class without users, which Locust drops in
/// silence; here `enabled = false` says that.
fn share(cx: &mut Context, fields: &mut Fields) -> (u32, Option<u32>) {
    let weight = fields.take("weight");
    let fixed_count = fields.take("fixed_count");
    if let (Some(weight), Some(_)) = (weight, fixed_count) {
        cx.wrong(weight.key.span(), "a class has `weight` or `fixed_count`, not both");
    }
    let weight = weight.and_then(|entry| match entry.value.get_ref() {
        DeValue::Integer(number) if number.as_str().trim_matches('0').is_empty() => {
            let problem = cx.at(entry.value.span()).problem("with `weight = 0` the class has no users");
            cx.report(problem.help("`enabled = false` switches a class off until it is named"));
            None
        }
        _ => cx.count(entry),
    });
    (weight.unwrap_or(1), fixed_count.and_then(|entry| cx.count(entry)))
}

/// `on_start` or `on_stop`: one request or a list of them.
fn requests(cx: &mut Context, fields: &mut Fields, name: &'static str, common: &Common) -> Vec<RequestSpec> {
    let Some(entry) = fields.take(name) else { return Vec::new() };
    let place = format!("`{name}`");
    match entry.value.get_ref() {
        DeValue::Array(items) => items.iter().filter_map(|item| step(cx, item, &place, common)).collect(),
        DeValue::Table(_) => step(cx, entry.value, &place, common).into_iter().collect(),
        _ => cx
            .mistake(entry, "a request, a table such as { post = \"/path\" }, or a list of them")
            .unwrap_or_default(),
    }
}

/// The `[[user.task]]` entries, or the request written straight into the class.
fn tasks(cx: &mut Context, fields: &mut Fields, common: &Common) -> Vec<TaskSpec> {
    let Some(entry) = fields.take("task") else {
        let request = request(cx, fields, common);
        return request
            .map(|request| TaskSpec { name: None, weight: 1, tags: Vec::new(), steps: vec![request] })
            .into_iter()
            .collect();
    };
    refuse_request(cx, fields, entry, &["name"], "a `[[user.task]]`");
    let items = items(cx, entry, "[[user.task]]");
    items.into_iter().filter_map(|item| task(cx, item, common)).collect()
}

/// The tables of a list that must hold at least one.
fn items<'t, 'i>(cx: &mut Context, entry: Entry<'t, 'i>, header: &str) -> Vec<&'t Node<'i>> {
    let name = entry.name();
    match entry.value.get_ref() {
        DeValue::Array(items) if items.is_empty() => {
            cx.wrong(entry.value.span(), format!("`{name}` is empty"));
            Vec::new()
        }
        DeValue::Array(items) => items.iter().collect(),
        DeValue::Table(_) => {
            let problem = cx.at(entry.value.span()).problem(format!("`{name}` must be a list of tables"));
            cx.report(problem.help(format!("write `{header}` with two brackets")));
            Vec::new()
        }
        _ => cx.mistake(entry, "a list of tables").unwrap_or_default(),
    }
}

/// Reports the keys of a request that stand beside `list`, the entry that holds the requests.
fn refuse_request(cx: &mut Context, fields: &mut Fields, list: Entry, more: &[&'static str], home: &str) {
    for name in METHODS.iter().chain(OF_A_REQUEST).chain(more) {
        if let Some(entry) = fields.take(name) {
            let message = format!("`{name}` cannot stand beside `{}`", list.name());
            let problem = cx.at(entry.key.span()).problem(message);
            cx.report(problem.help(format!("move it into {home}")));
        }
    }
}

fn task(cx: &mut Context, node: &Node, common: &Common) -> Option<TaskSpec> {
    let mut fields = Fields::of(cx, node, "a `[[user.task]]`")?;
    let weight = fields.get(cx, "weight", Context::count).unwrap_or(1);
    let tags = fields.get(cx, "tags", Context::texts).unwrap_or_default();
    if let Some(entry) = fields.take("wait") {
        let problem = cx.at(entry.key.span()).problem("a task has no `wait` of its own");
        cx.report(problem.help("the class's `wait` follows each task; steps may have a `wait` between them"));
    }
    let (name, steps) = match fields.take("steps") {
        Some(entry) => steps(cx, &mut fields, entry, common),
        None => single(cx, &mut fields, common),
    };
    fields.finish(cx);
    let tags = tags.into_iter().map(|tag| tag.value).collect();
    (!steps.is_empty()).then_some(TaskSpec { name, weight, tags, steps })
}

fn steps(
    cx: &mut Context,
    fields: &mut Fields,
    entry: Entry,
    common: &Common,
) -> (Option<String>, Vec<RequestSpec>) {
    let name = fields.get(cx, "name", Context::filled);
    let own = Common::read(cx, fields);
    let common = common.overridden_by(own);
    refuse_request(cx, fields, entry, &[], "a step");
    let items = items(cx, entry, "[[user.task.steps]]");
    let steps = items.into_iter().filter_map(|item| step(cx, item, "a step", &common)).collect();
    (name.map(|name| name.value), steps)
}

/// The request written straight into a task, whose name is that of its row too.
fn single(cx: &mut Context, fields: &mut Fields, common: &Common) -> (Option<String>, Vec<RequestSpec>) {
    let request = task_request(cx, fields, common);
    let name = request.as_ref().and_then(|request| request.name.as_ref());
    (name.map(|name| name.value.clone()), request.into_iter().collect())
}
