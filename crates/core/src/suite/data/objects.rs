//! Reading jsonl: one object a line, all with the same keys.

use serde_json::{Map, Value};

use super::infer::{Typed, described};
use super::{Several, Source, declared_columns, declared_types};
use crate::error::{Problem, Problems};
use crate::suite::{ColumnType, TableSpec};
use crate::units::quoted;

/// Reads the objects. The columns are the keys of the first one, or those that `columns` names; then other
/// keys are left out.
pub(super) fn read(source: &Source, spec: &TableSpec) -> Result<Typed, Problems> {
    let mut wrong = Several::default();
    let mut objects = Vec::new();
    for (start, line) in source.lines().filter(|(_, line)| !line.trim().is_empty()) {
        match object(source, start, line) {
            Ok(object) => objects.push((start, object)),
            Err(problem) => wrong.push(|| problem),
        }
    }
    let columns = match (declared_columns(spec), objects.first()) {
        (_, None) if wrong.problems.is_empty() => return Err(source.no_rows().into()),
        (Some(columns), _) => columns,
        (None, first) => first.map(|(_, object)| object.keys().cloned().collect()).unwrap_or_default(),
    };
    wrong.into_result(source)?;
    let types = declared_types(spec, &columns)?;
    let mut wrong = Several::default();
    let mut rows = Vec::with_capacity(objects.len());
    for (start, object) in objects {
        match row(object, &columns, &types, spec.columns.is_some()) {
            Ok(row) => rows.push(row),
            Err((message, help)) => wrong.push(|| source.problem_at(start, message).help(help)),
        }
    }
    wrong.into_result(source)?;
    Ok((columns, rows))
}

fn object(source: &Source, start: usize, line: &str) -> Result<Map<String, Value>, Problem> {
    match serde_json::from_str(line) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(source.problem_at(start, "the line is not a JSON object").help(
            "each line is an object such as {\"lang\": \"en\", \"rev_id\": 12345}, whose keys are the columns",
        )),
        Err(error) => {
            let text = error.to_string();
            // The error counts lines within the line that it was given.
            let what = text.split(" at line ").next().unwrap_or(&text);
            let message = format!("the line is not valid JSON: {what}, in column {}", error.column());
            Err(source.problem_at(start, message))
        }
    }
}

/// The values of an object in the order of the columns, or what is wrong with it and how to mend that.
fn row(
    mut object: Map<String, Value>,
    columns: &[String],
    types: &[Option<ColumnType>],
    declared: bool,
) -> Result<Vec<Value>, (String, String)> {
    let mut values = Vec::with_capacity(columns.len());
    for (column, kind) in columns.iter().zip(types) {
        let Some(value) = object.swap_remove(column) else {
            return Err((
                format!("the key `{column}` is missing"),
                "every line needs it; `columns` names those that are read".to_owned(),
            ));
        };
        values.push(match kind {
            None => value,
            Some(kind) => retyped(value, *kind).map_err(|found| {
                let message = format!("{} in column `{column}` is not {}", quoted(&found), described(*kind));
                (message, format!("`types` says what `{column}` holds"))
            })?,
        });
    }
    match object.keys().next() {
        Some(extra) if !declared => Err((
            format!("the key `{extra}` is not in the first line"),
            "`columns` names the keys that are read where lines have different ones".to_owned(),
        )),
        _ => Ok(values),
    }
}

/// A value as one of a type; the value as text where it does not fit.
fn retyped(value: Value, kind: ColumnType) -> Result<Value, String> {
    match (kind, value) {
        (ColumnType::Integer, value) if value.is_i64() => Ok(value),
        (ColumnType::Boolean, value) if value.is_boolean() => Ok(value),
        (ColumnType::Float, Value::Number(number)) => match number.as_f64() {
            Some(float) => Ok(Value::from(float)),
            None => Err(number.to_string()),
        },
        (ColumnType::Text, Value::String(text)) => Ok(Value::String(text)),
        (ColumnType::Text, value) if value.is_number() || value.is_boolean() => {
            Ok(Value::String(value.to_string()))
        }
        (_, value) => Err(value.to_string()),
    }
}
