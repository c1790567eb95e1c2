//! Reading module files: from texts to a module, or to every mistake in them.
//!
//! One submodule for each thing that is read; this one reads the top of a file. Nothing here opens a file.

mod fields;
mod load;
mod merge;
mod request;
mod slo;
mod syntax;
mod tables;
#[cfg(test)]
mod tests;
mod user;
mod values;

use std::sync::Arc;

use toml::de::DeValue;

use crate::error::{Located, Problem, SourceFile};
use crate::suite::{Limit, LoadSpec, TableSpec, TolerancesSpec, UserSpec, VariableSpec};
use fields::{Context, Entry, Fields};

pub(super) use merge::{Origin, merge};
pub use syntax::toml_document;
pub(super) use tables::format_of;

/// What one file of a module says.
#[derive(Debug, Default)]
pub(super) struct Part {
    description: Option<Located<String>>,
    baseline: Option<Located<String>>,
    tables: Vec<TableSpec>,
    variables: Vec<VariableSpec>,
    users: Vec<UserSpec>,
    /// The names of all classes, also of those that have mistakes and are not in `users`.
    classes: Vec<Located<String>>,
    load: Option<Located<LoadSpec>>,
    sim: Option<Located<LoadSpec>>,
    tolerances: Option<Located<TolerancesSpec>>,
    limits: Option<Located<Vec<Limit>>>,
}

/// Reads one file; `member` is its name within a module of several files.
pub(super) fn read_part(file: &Arc<SourceFile>, member: Option<&str>) -> (Part, Vec<Problem>) {
    let document = match toml_document(file) {
        Ok(document) => document,
        Err(problems) => return (Part::default(), problems.0),
    };
    let mut cx = Context::new(file);
    let mut fields = Fields::new(&document, 0..0, "a module");
    let mut part = Part {
        description: fields.get(&mut cx, "description", Context::text),
        baseline: fields.get(&mut cx, "baseline", Context::filled),
        load: fields.get(&mut cx, "load", load::load),
        sim: fields.get(&mut cx, "sim", load::load),
        tolerances: fields.get(&mut cx, "compare", load::tolerances),
        limits: fields.get(&mut cx, "slo", slo::limits),
        ..Part::default()
    };
    if let Some(entry) = fields.take("data") {
        part.tables = tables::named(&mut cx, entry, tables::data);
    }
    if let Some(entry) = fields.take("env") {
        part.variables =
            tables::named(&mut cx, entry, |cx, name, fields| Some(tables::variable(cx, name, fields)));
    }
    if let Some(entry) = fields.take("user") {
        users(&mut cx, entry, member, &mut part);
    }
    fields.finish(&mut cx);
    (part, cx.into_problems())
}

fn users(cx: &mut Context, entry: Entry, member: Option<&str>, part: &mut Part) {
    let DeValue::Array(items) = entry.value.get_ref() else {
        let problem = cx.at(entry.value.span()).problem("`user` must be a list of tables");
        return cx.report(problem.help("write `[[user]]` with two brackets"));
    };
    for item in items {
        let user = user::user(cx, item, member, &mut part.classes);
        part.users.extend(user);
    }
}
