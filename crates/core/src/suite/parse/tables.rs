//! Reading `[data.NAME]` and `[env.NAME]`.

use std::path::Path;

use serde_json::Value;
use toml::de::DeValue;

use super::fields::{Context, Entry, Fields, Node, found, list};
use super::values::is_name;
use crate::error::{Located, nearest};
use crate::suite::{AtEnd, ColumnType, Pick, TableFormat, TableSpec, Template, VariableSpec};

/// Names that mean something else in a template.
const TAKEN: &[&str] = &["env", "user", "response"];
/// Words of the template language.
const WORDS: &[&str] =
    &["true", "false", "none", "True", "False", "None", "and", "or", "not", "in", "is", "if", "else"];

const FORMATS: &[(&str, TableFormat)] = &[
    ("csv", TableFormat::Csv),
    ("tsv", TableFormat::Tsv),
    ("jsonl", TableFormat::JsonLines),
    ("lines", TableFormat::Lines),
];
const TYPES: &[(&str, ColumnType)] = &[
    ("integer", ColumnType::Integer),
    ("float", ColumnType::Float),
    ("boolean", ColumnType::Boolean),
    ("text", ColumnType::Text),
];
const PICKS: &[(&str, Pick)] = &[
    ("random", Pick::Random),
    ("sequential", Pick::Sequential),
    ("shuffle", Pick::Shuffle),
    ("unique", Pick::Unique { at_end: AtEnd::Stop }),
    ("per_user", Pick::PerUser),
];
const AT_ENDS: &[(&str, AtEnd)] = &[("stop", AtEnd::Stop), ("again", AtEnd::Again)];

/// The format that a file's extension means.
pub(in crate::suite) fn format_of(path: &Path) -> Option<TableFormat> {
    match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
        "csv" => Some(TableFormat::Csv),
        "tsv" | "tab" => Some(TableFormat::Tsv),
        "jsonl" | "ndjson" => Some(TableFormat::JsonLines),
        "txt" | "lines" => Some(TableFormat::Lines),
        _ => None,
    }
}

/// Reads the named tables below `[data]` or `[env]` with `read`, which gets the name and the fields.
pub(super) fn named<T>(
    cx: &mut Context,
    entry: Entry,
    read: impl Fn(&mut Context, Located<String>, &mut Fields) -> Option<T>,
) -> Vec<T> {
    let group = entry.name();
    let DeValue::Table(table) = entry.value.get_ref() else {
        return cx.mistake(entry, &format!("tables with names: write `[{group}.NAME]`")).unwrap_or_default();
    };
    let mut all = Vec::new();
    for (key, value) in table {
        let name = Located::new(key.get_ref().to_string(), cx.at(key.span()));
        if !value.get_ref().is_table() {
            let found = found(value.get_ref());
            let problem = name.at.problem(format!("`{group}.{}` must be a table, got {found}", name.value));
            cx.report(problem.help(format!("write `[{group}.NAME]` above its keys")));
            continue;
        }
        let usable = name_is_usable(cx, &name);
        let place = format!("`[{group}.{}]`", name.value);
        let Some(mut fields) = Fields::of(cx, value, place) else { continue };
        let item = read(cx, name, &mut fields);
        fields.finish(cx);
        all.extend(item.filter(|_| usable));
    }
    all
}

fn name_is_usable(cx: &mut Context, name: &Located<String>) -> bool {
    let text = name.value.as_str();
    let why = if !is_name(text) {
        "cannot be used in a template; use letters, digits and `_`, the first no digit"
    } else if TAKEN.contains(&text) {
        "means something else in templates; choose another name"
    } else if WORDS.contains(&text) {
        "is a word of the template language; choose another name"
    } else {
        return true;
    };
    cx.report(name.at.problem(format!("`{text}` {why}")));
    false
}

/// Reads one `[data.NAME]`.
pub(super) fn data(cx: &mut Context, name: Located<String>, fields: &mut Fields) -> Option<TableSpec> {
    let file = fields.require(cx, "file", Context::filled);
    let format = fields.get(cx, "format", |cx, entry| choice(cx, entry, FORMATS));
    let columns = fields.get(cx, "columns", columns);
    let types = fields.get(cx, "types", types).unwrap_or_default();
    let filter = fields.get(cx, "where", Context::filled);
    let pick = pick(cx, fields);
    let file = file?;
    if file.value.contains("{{") {
        cx.report(file.at.problem("the file of a table cannot be a template"));
    } else if format.is_none() && format_of(Path::new(&file.value)).is_none() {
        let problem = file.at.problem(format!("the format of `{}` cannot be told by its name", file.value));
        cx.report(problem.help("write `format = \"csv\"`, or tsv, jsonl, lines"));
    }
    Some(TableSpec { name, file, format, columns, types, filter, pick })
}

/// One of the texts of `choices`.
fn choice<T: Copy>(cx: &mut Context, entry: Entry, choices: &[(&str, T)]) -> Option<T> {
    let text = cx.text(entry)?;
    let found = choices.iter().find(|(name, _)| *name == text.value);
    if found.is_none() {
        let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
        let message = format!("`{}` must be one of {}, got `{}`", entry.name(), list(&names), text.value);
        let problem = text.at.problem(message);
        cx.report(match nearest(&text.value, names) {
            Some(near) => problem.help(format!("did you mean `{near}`?")),
            None => problem,
        });
    }
    found.map(|(_, value)| *value)
}

fn columns(cx: &mut Context, entry: Entry) -> Option<Vec<Located<String>>> {
    let columns = cx.texts(entry)?;
    if columns.is_empty() {
        cx.wrong(entry.value.span(), "`columns` is empty; leave it out where the file has a header row");
    }
    for (index, column) in columns.iter().enumerate() {
        if column.value.trim().is_empty() {
            cx.report(column.at.problem("a column needs a name"));
        } else if columns[..index].iter().any(|earlier| earlier.value == column.value) {
            cx.report(column.at.problem(format!("the column `{}` is there twice", column.value)));
        }
    }
    Some(columns)
}

fn types(cx: &mut Context, entry: Entry) -> Option<Vec<(Located<String>, ColumnType)>> {
    let DeValue::Table(table) = entry.value.get_ref() else {
        return cx.mistake(entry, "a table such as { page_id = \"integer\" }");
    };
    let mut types = Vec::new();
    for (key, value) in table {
        if let Some(column_type) = choice(cx, Entry { key, value }, TYPES) {
            types.push((Located::new(key.get_ref().to_string(), cx.at(key.span())), column_type));
        }
    }
    Some(types)
}

fn pick(cx: &mut Context, fields: &mut Fields) -> Pick {
    let pick = fields.get(cx, "pick", |cx, entry| choice(cx, entry, PICKS)).unwrap_or_default();
    let Some(entry) = fields.take("at_end") else { return pick };
    let at_end = choice(cx, entry, AT_ENDS).unwrap_or_default();
    if matches!(pick, Pick::Unique { .. }) {
        return Pick::Unique { at_end };
    }
    let problem = cx.at(entry.key.span()).problem("`at_end` is for `pick = \"unique\"` only");
    cx.report(problem.help("the other ways to pick never run out of rows"));
    pick
}

/// Reads one `[env.NAME]`.
pub(super) fn variable(cx: &mut Context, name: Located<String>, fields: &mut Fields) -> VariableSpec {
    let default = fields.take("default");
    let required = fields.take("required");
    let is_required = required.and_then(|entry| cx.boolean(entry)).unwrap_or(false);
    if let (Some(entry), true, true) = (required, is_required, default.is_some()) {
        cx.wrong(entry.key.span(), "a variable with a `default` is never unset; it cannot be `required` too");
    }
    let default = default.and_then(|entry| scalar(cx, entry));
    let aliases = fields.get(cx, "aliases", Context::texts).unwrap_or_default();
    for alias in &aliases {
        if !is_name(&alias.value) {
            cx.report(alias.at.problem(format!("`{}` cannot be the name of a variable", alias.value)));
        }
    }
    let secret = fields.get(cx, "secret", Context::boolean).unwrap_or(false);
    let help = fields.get(cx, "help", Context::text);
    VariableSpec {
        name,
        default,
        required: is_required,
        aliases: aliases.into_iter().map(|alias| alias.value).collect(),
        secret,
        help: help.map(|help| help.value),
    }
}

fn scalar(cx: &mut Context, entry: Entry) -> Option<Value> {
    let node: &Node = entry.value;
    if matches!(node.get_ref(), DeValue::Array(_) | DeValue::Table(_)) {
        return cx.mistake(entry, "a text, a number, true or false");
    }
    Some(match cx.template(node)? {
        Template::Boolean(value) => Value::from(value),
        Template::Integer(number) => Value::from(number),
        Template::Float(number) => Value::from(number),
        Template::Text(text) => Value::from(text.value),
        Template::Array(_) | Template::Table(_) => return None,
    })
}
