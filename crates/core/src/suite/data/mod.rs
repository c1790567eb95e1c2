//! Tables of rows: reading a data file and inferring the types of its columns.
//!
//! Filtering and drawing rows is `plan`'s business. Blank lines are passed over in every format.

mod cells;
mod infer;
mod objects;
#[cfg(test)]
mod tests;

use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::error::{Located, Problem, Problems, nearest};
use crate::suite::discover::{line_at, read_file, shown};
use crate::suite::parse::format_of;
use crate::suite::{ColumnType, Module, TableFormat, TableSpec};

/// A data file in memory.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// The names of the columns.
    pub columns: Vec<String>,
    /// The rows; each has as many values as there are columns.
    pub rows: Vec<Vec<Value>>,
    /// Hex SHA-256 of the file's bytes.
    pub digest: String,
}

/// Reads the file of a table.
///
/// The first line of csv and tsv names the columns, unless `columns` does. The type of a column of csv, tsv
/// or lines is that of all its cells: integers that fit into 64 bits, written without plus and leading zeros;
/// else finite numbers; else `true` and `false`; else text. A column of one type in which some cells are
/// empty is a mistake, because neither a missing number nor numbers sent as text are what anyone wants; with
/// `types` it can be text. Values of jsonl keep the types that they have.
///
/// # Errors
/// When it cannot be read, is empty or ragged, lacks a column, or holds what its type does not allow; with
/// the file and the line.
pub fn load_table(module: &Module, spec: &TableSpec) -> Result<Table, Problems> {
    let path = module.root.join(&spec.file.value);
    let bytes = read_file(&path).map_err(|error| unreadable(spec, &path, &error))?;
    table(shown(&path), &bytes, spec)
}

/// The table in `bytes`, the content of the file that is shown as `path`.
fn table(path: PathBuf, bytes: &[u8], spec: &TableSpec) -> Result<Table, Problems> {
    let Some(format) = spec.format.or_else(|| format_of(&path)) else {
        let message = format!("the format of `{}` cannot be told by its name", spec.file.value);
        return Err(spec.file.at.problem(message).into());
    };
    let source = Source::new(path, bytes)?;
    let (columns, rows) = match format {
        TableFormat::JsonLines => objects::read(&source, spec)?,
        TableFormat::Csv => infer::typed(&source, spec, cells::csv(&source, spec)?)?,
        TableFormat::Tsv => infer::typed(&source, spec, cells::tsv(&source, spec)?)?,
        TableFormat::Lines => infer::typed(&source, spec, cells::lines(&source, spec)?)?,
    };
    Ok(Table { columns, rows, digest: hex(&Sha256::digest(bytes)) })
}

fn unreadable(spec: &TableSpec, path: &Path, error: &io::Error) -> Problem {
    let message = format!("cannot read the data file `{}`: {error}", shown(path).display());
    let problem = spec.file.at.problem(message);
    if error.kind() != io::ErrorKind::NotFound {
        return problem;
    }
    let siblings = path.parent().and_then(|folder| folder.read_dir().ok());
    let names: Vec<String> = siblings
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    let wanted = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    match nearest(wanted, names.iter().map(String::as_str)) {
        Some(near) if near != wanted => problem.help(format!("did you mean `{near}` in the same folder?")),
        _ => problem.help("paths are relative to the folder that holds the folder of modules"),
    }
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |value: u8| char::from(DIGITS[usize::from(value)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// The text of a data file, with which mistakes in it are told.
struct Source<'t> {
    /// As it is shown.
    path: PathBuf,
    /// Without a byte order mark.
    text: &'t str,
}

impl<'t> Source<'t> {
    fn new(path: PathBuf, bytes: &'t [u8]) -> Result<Self, Problem> {
        match std::str::from_utf8(bytes) {
            Ok(text) => Ok(Self { path, text: text.strip_prefix('\u{feff}').unwrap_or(text) }),
            Err(error) => {
                let line = line_at(bytes, error.valid_up_to());
                let problem = Problem::in_file(path, Some(line), "the text is not UTF-8");
                Err(problem.help("save the file as UTF-8"))
            }
        }
    }

    /// A mistake of the file as a whole.
    fn problem(&self, message: impl Into<String>) -> Problem {
        Problem::in_file(&self.path, None, message)
    }

    /// A mistake in the line that holds byte `at`.
    fn problem_at(&self, at: usize, message: impl Into<String>) -> Problem {
        Problem::in_file(&self.path, Some(line_at(self.text.as_bytes(), at)), message)
    }

    /// The lines that are not blank, without their ends, and where they start.
    fn lines(&self) -> impl Iterator<Item = (usize, &'t str)> {
        let mut next = 0;
        let lines = self.text.split('\n').map(move |line| {
            let start = next;
            next += line.len() + 1;
            (start, line.strip_suffix('\r').unwrap_or(line))
        });
        lines.filter(|(_, line)| !line.is_empty())
    }

    fn no_rows(&self) -> Problem {
        if self.text.trim().is_empty() {
            self.problem("the file is empty")
        } else {
            self.problem("the file has a header row and no other rows")
                .help("name the columns with `columns` where the first line is a row like the others")
        }
    }
}

/// Mistakes of one kind in a file that may have thousands of them.
#[derive(Default)]
struct Several {
    problems: Vec<Problem>,
    more: usize,
}

impl Several {
    /// So many are told; the rest is counted.
    const TOLD: usize = 5;

    /// Keeps the problem that `make` makes, or counts it.
    fn push(&mut self, make: impl FnOnce() -> Problem) {
        if self.problems.len() < Self::TOLD { self.problems.push(make()) } else { self.more += 1 }
    }

    fn into_result(mut self, source: &Source) -> Result<(), Problems> {
        if self.more > 0 {
            self.problems.push(source.problem(format!("and {} more mistakes like these", self.more)));
        }
        Problems(self.problems).into_result()
    }
}

/// For each of `columns` what `types` says; a type for a column that is not there is a mistake.
fn declared_types(spec: &TableSpec, columns: &[String]) -> Result<Vec<Option<ColumnType>>, Problems> {
    let mut problems = Problems::default();
    let mut types = vec![None; columns.len()];
    for (name, column_type) in &spec.types {
        match columns.iter().position(|column| *column == name.value) {
            Some(index) => types[index] = Some(*column_type),
            None => problems.0.push(no_column(name, columns)),
        }
    }
    problems.into_result().map(|()| types)
}

fn no_column(name: &Located<String>, columns: &[String]) -> Problem {
    let problem = name.at.problem(format!(
        "no column `{}` in the data file; it has: {}",
        name.value,
        columns.join(", ")
    ));
    match nearest(&name.value, columns.iter().map(String::as_str)) {
        Some(near) => problem.help(format!("did you mean `{near}`?")),
        None => problem,
    }
}

/// The declared names of the columns.
fn declared_columns(spec: &TableSpec) -> Option<Vec<String>> {
    let columns = spec.columns.as_ref()?;
    Some(columns.iter().map(|column| column.value.clone()).collect())
}
