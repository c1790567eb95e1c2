//! Tables of rows: reading a data file and inferring the types of its columns.

use serde_json::Value;

use crate::error::Problems;
use crate::suite::{Module, TableSpec};

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
/// # Errors
/// When it cannot be read, is empty or ragged, lacks a column, or holds what its type does not allow; with
/// the file and the line.
pub fn load_table(module: &Module, spec: &TableSpec) -> Result<Table, Problems> {
    todo!("{module:?} {spec:?}")
}
