//! The objects that templates see: `env`, `user`, the tables, `response`.
//!
//! They hold no data of their own; each looks into the user that is rendered for (`scope`). So a name is
//! drawn, parsed or copied only when a template reads it.

use std::sync::Arc;

use minijinja::value::{Enumerator, Object, Value, from_args};
use minijinja::{Error, ErrorKind, State};

use crate::plan::rows::NoRowLeft;
use crate::plan::scope::{ModuleScope, UserState, current};

/// Rows in one `t.rows(n)` at most, so that a slip of the pen does not fill the memory.
const MOST_ROWS: usize = 10_000;

/// The context of templates.
pub(crate) fn root() -> Value {
    Value::from_object(Root)
}

/// The view of table number `index`.
pub(crate) fn table(index: usize) -> Value {
    Value::from_object(TableView { index })
}

#[derive(Debug)]
struct Root;

impl Object for Root {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        current(|user| match key {
            "env" => Some(user.module.env.clone()),
            "user" => Some(Value::from_object(UserView)),
            "response" => user.response.is_some().then(|| Value::from_object(ResponseView)),
            _ => user.table(key),
        })?
    }
}

#[derive(Debug)]
struct UserView;

impl Object for UserView {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        current(|user| match key {
            "index" => Some(Value::from(user.index)),
            _ => user.saved(key),
        })?
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        let mut names = vec![Value::from("index")];
        names.extend(current(|user| user.saved_names()).unwrap_or_default());
        Enumerator::Values(names)
    }
}

/// A table: its attributes are the columns of the row drawn for this task execution.
#[derive(Debug)]
struct TableView {
    index: usize,
}

impl TableView {
    /// The row of this task execution, with the module that holds it.
    fn row(&self) -> Option<Result<(Arc<ModuleScope>, usize), Error>> {
        current(|user| match user.row(self.index) {
            Ok(row) => Ok((Arc::clone(&user.module), row)),
            Err(NoRowLeft) => Err(no_row_left(user, self.index)),
        })
    }
}

fn no_row_left(user: &UserState, table: usize) -> Error {
    let name = user.module.tables[table].name();
    Error::new(ErrorKind::InvalidOperation, format!("every row of `{name}` was used"))
}

impl Object for TableView {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        match self.row()? {
            Ok((module, row)) => module.tables[self.index].cell(row, key),
            // A value that fails where it is used.
            Err(error) => Some(Value::from(error)),
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(current(|user| columns(&user.module, self.index)).unwrap_or_default())
    }

    fn call_method(
        self: &Arc<Self>,
        _: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, Error> {
        if method != "rows" {
            return Err(Error::from(ErrorKind::UnknownMethod));
        }
        let (count,): (usize,) = from_args(args)?;
        if count == 0 || count > MOST_ROWS {
            let message = format!("`rows` takes a number from 1 to {MOST_ROWS}, not {count}");
            return Err(Error::new(ErrorKind::InvalidOperation, message));
        }
        let draw = |user: &mut UserState| -> Result<Vec<Value>, Error> {
            let row = |_| match user.draw(self.index) {
                Ok(row) => Ok(Value::from_object(RowView {
                    module: Arc::clone(&user.module),
                    table: self.index,
                    row,
                })),
                Err(NoRowLeft) => Err(no_row_left(user, self.index)),
            };
            (0..count).map(row).collect()
        };
        current(draw).unwrap_or_else(|| Ok(Vec::new())).map(Value::from)
    }
}

fn columns(module: &ModuleScope, table: usize) -> Vec<Value> {
    module.tables[table].columns().iter().map(|name| Value::from(name.as_str())).collect()
}

/// A certain row of a table.
struct RowView {
    module: Arc<ModuleScope>,
    table: usize,
    row: usize,
}

impl std::fmt::Debug for RowView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RowView").field("row", &self.row).finish_non_exhaustive()
    }
}

impl Object for RowView {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        self.module.tables[self.table].cell(self.row, key)
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(columns(&self.module, self.table))
    }
}

/// The response that is judged.
#[derive(Debug)]
struct ResponseView;

impl Object for ResponseView {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        if key == "headers" {
            return Some(Value::from_object(HeadersView));
        }
        current(|user| user.response.as_mut()?.field(key))?
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Str(&["status", "headers", "json", "text", "time_ms"])
    }
}

/// The headers of the response that is judged, by lower-case name.
#[derive(Debug)]
struct HeadersView;

impl Object for HeadersView {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        current(|user| user.response.as_ref()?.header(key))?
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        let names = current(|user| user.response.as_ref().map(|response| response.header_names()));
        Enumerator::Values(names.flatten().unwrap_or_default())
    }
}
