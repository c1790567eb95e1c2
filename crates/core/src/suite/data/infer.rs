//! The types of columns: what all cells of a column have in common, or what `types` says.

use serde_json::Value;

use super::cells::Cells;
use super::{Several, Source, declared_types};
use crate::error::{Problem, Problems};
use crate::suite::{ColumnType, TableSpec};
use crate::units::quoted;

/// Up to 2^53 a float holds every whole number exactly.
const EXACT: u64 = 1 << 53;

/// Columns and rows of typed values.
pub(super) type Typed = (Vec<String>, Vec<Vec<Value>>);

/// Gives every cell the type of its column.
pub(super) fn typed(source: &Source, spec: &TableSpec, cells: Cells) -> Result<Typed, Problems> {
    let declared = declared_types(spec, &cells.columns)?;
    let kinds = kinds(source, &cells, &declared)?;
    let mut wrong = Several::default();
    let mut rows = Vec::with_capacity(cells.rows());
    for row in 0..cells.rows() {
        let mut values = Vec::with_capacity(kinds.len());
        for (index, (cell, kind)) in cells.row(row).zip(&kinds).enumerate() {
            match value(cell, *kind) {
                Some(value) => values.push(value),
                None => wrong.push(|| does_not_fit(source, &cells, (row, index), cell, *kind)),
            }
        }
        rows.push(values);
    }
    wrong.into_result(source)?;
    Ok((cells.columns, rows))
}

fn does_not_fit(
    source: &Source,
    cells: &Cells,
    (row, index): (usize, usize),
    cell: &str,
    kind: ColumnType,
) -> Problem {
    let column = &cells.columns[index];
    let found = if cell.is_empty() { "an empty cell".to_owned() } else { quoted(cell) };
    let message = format!("{found} in column `{column}` is not {}", described(kind));
    source
        .problem_at(cells.start(row), message)
        .help(format!("`types` says that `{column}` holds {}s", noun(kind)))
}

/// What a single value of a type is called.
pub(super) fn described(kind: ColumnType) -> &'static str {
    match kind {
        ColumnType::Integer => "a whole number of 64 bits",
        ColumnType::Float => "a finite number",
        ColumnType::Boolean => "true or false",
        ColumnType::Text => "text",
    }
}

fn noun(kind: ColumnType) -> &'static str {
    match kind {
        ColumnType::Integer => "integer",
        ColumnType::Float => "float",
        ColumnType::Boolean => "boolean",
        ColumnType::Text => "text",
    }
}

fn kinds(
    source: &Source,
    cells: &Cells,
    declared: &[Option<ColumnType>],
) -> Result<Vec<ColumnType>, Problems> {
    let mut columns = vec![Column::default(); declared.len()];
    for row in 0..cells.rows() {
        for (column, cell) in columns.iter_mut().zip(cells.row(row)) {
            column.observe(cell, row);
        }
    }
    let mut problems = Problems::default();
    let mut kinds = Vec::with_capacity(columns.len());
    for ((column, declared), name) in columns.iter().zip(declared).zip(&cells.columns) {
        let kind = column.kind();
        if let (None, Some(row), false) = (declared, column.empty, kind == ColumnType::Text) {
            let message = format!("the cell in column `{name}` is empty; the others hold {}s", noun(kind));
            let problem = source.problem_at(cells.start(row), message);
            problems.0.push(problem.help(format!(
                "fill it in or take the row out; types = {{ \"{name}\" = \"text\" }} makes the column text"
            )));
        }
        kinds.push(declared.unwrap_or(kind));
    }
    problems.into_result().map(|()| kinds)
}

/// What the cells of a column seen so far have in common.
#[derive(Clone, Debug, Default)]
pub(super) struct Column {
    /// `None` while all cells are empty.
    kind: Option<ColumnType>,
    /// One of them is an integer that a float would change.
    precise: bool,
    /// The first row whose cell is empty.
    empty: Option<usize>,
}

impl Column {
    pub(super) fn observe(&mut self, cell: &str, row: usize) {
        if cell.is_empty() {
            self.empty.get_or_insert(row);
            return;
        }
        if self.kind == Some(ColumnType::Text) {
            return;
        }
        let kind = kind_of(cell);
        self.precise |= kind == ColumnType::Integer && !fits_a_float(cell);
        self.kind = Some(match (self.kind, kind) {
            (None, kind) => kind,
            (Some(earlier), kind) if earlier == kind => kind,
            (Some(ColumnType::Integer | ColumnType::Float), ColumnType::Integer | ColumnType::Float)
                if !self.precise =>
            {
                ColumnType::Float
            }
            _ => ColumnType::Text,
        });
    }

    pub(super) fn kind(&self) -> ColumnType {
        self.kind.unwrap_or(ColumnType::Text)
    }
}

/// The type that a cell has by itself.
///
/// An integer is written as it would be written back: no plus, no leading zeros, no `-0`; and it fits into 64
/// bits, because longer ones are identifiers that a float would change. A float is what JSON takes for a
/// number (RFC 8259, 6) and finite.
fn kind_of(cell: &str) -> ColumnType {
    if matches!(cell, "true" | "false") {
        return ColumnType::Boolean;
    }
    let rest = cell.strip_prefix('-').unwrap_or(cell);
    let digits = leading_digits(rest);
    if digits == 0 || (digits > 1 && rest.starts_with('0')) {
        return ColumnType::Text;
    }
    let fits = match &rest[digits..] {
        "" if cell == "-0" => return ColumnType::Text,
        // 18 digits always fit, and most numbers are shorter.
        "" if digits <= 18 || cell.parse::<i64>().is_ok() => return ColumnType::Integer,
        after => has_form_of_fraction(after) && cell.parse::<f64>().is_ok_and(f64::is_finite),
    };
    if fits { ColumnType::Float } else { ColumnType::Text }
}

/// Is `text` what may follow the whole part of a float: a fraction, an exponent or both?
fn has_form_of_fraction(text: &str) -> bool {
    let after = match text.strip_prefix('.') {
        Some(fraction) => match leading_digits(fraction) {
            0 => return false,
            digits => &fraction[digits..],
        },
        None => text,
    };
    match after.strip_prefix(['e', 'E']) {
        Some(exponent) => {
            let digits = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
            !digits.is_empty() && leading_digits(digits) == digits.len()
        }
        None => after.is_empty() && !text.is_empty(),
    }
}

fn fits_a_float(integer: &str) -> bool {
    // 15 digits are always below 2^53.
    integer.len() <= 15 || integer.parse::<i64>().is_ok_and(|number| number.unsigned_abs() <= EXACT)
}

fn leading_digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

/// A cell as a value of a type; `None` where it does not fit. What a person declared is read more freely
/// than what is inferred: leading zeros and a plus are allowed.
fn value(cell: &str, kind: ColumnType) -> Option<Value> {
    match kind {
        ColumnType::Integer => cell.parse::<i64>().ok().map(Value::from),
        // Not finite makes `None`, also of the texts `nan` and `inf`.
        ColumnType::Float => cell.parse().ok().and_then(serde_json::Number::from_f64).map(Value::Number),
        ColumnType::Boolean => match cell {
            "true" => Some(Value::Bool(true)),
            "false" => Some(Value::Bool(false)),
            _ => None,
        },
        ColumnType::Text => Some(Value::String(cell.to_owned())),
    }
}
