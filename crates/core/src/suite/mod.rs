//! What was asked for: modules as they are written, before anyone knows how a test runs.
//!
//! A [`Module`] is what one entry under `models/` says, with the place of everything that can still turn out
//! to be wrong. Templates are kept as text here; `plan` compiles them. Nothing in this module opens a
//! connection, draws a random number or knows about threads.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

use crate::error::{Located, Location};

/// One entry under `models/`: the unit of users, of baseline and of CSV files.
#[derive(Clone, Debug)]
pub struct Module {
    /// The file's stem or the folder's name.
    pub name: String,
    /// The file or folder.
    pub path: PathBuf,
    /// The folder that holds `models/`; paths of data files are relative to it.
    pub root: PathBuf,
    /// For a folder: its files as relative paths with `/` and without the extension, sorted; else empty.
    pub members: Vec<String>,
    /// `description` at the top, shown by `list`.
    pub description: Option<String>,
    /// `baseline` at the top: a template that names the baseline; the module's name if absent.
    pub baseline: Option<Located<String>>,
    /// The `[data.NAME]` tables in the order of the files.
    pub tables: Vec<TableSpec>,
    /// The `[env.NAME]` variables in the order of the files.
    pub variables: Vec<VariableSpec>,
    /// The `[[user]]` classes in the order of the files.
    pub users: Vec<UserSpec>,
    /// `[load]`.
    pub load: LoadSpec,
    /// `[sim]`: the load used with `--sim`, key by key before `[load]`.
    pub sim: LoadSpec,
    /// `[compare]`.
    pub tolerances: TolerancesSpec,
    /// `[slo]`, in the order of reports.
    pub limits: Vec<Limit>,
}

/// A `[data.NAME]` table: a file of rows that templates read.
#[derive(Clone, Debug)]
pub struct TableSpec {
    /// The name under which templates see it.
    pub name: Located<String>,
    /// `file`, relative to the module's root.
    pub file: Located<String>,
    /// `format`; by the file's extension if absent.
    pub format: Option<TableFormat>,
    /// `columns`: the names of the columns of a file without a header row.
    pub columns: Option<Vec<Located<String>>>,
    /// `types`: column -> type, instead of the inferred one.
    pub types: Vec<(Located<String>, ColumnType)>,
    /// `where`: an expression over the columns; rows for which it is false are left out.
    pub filter: Option<Located<String>>,
    /// `pick`.
    pub pick: Pick,
}

/// How a data file is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableFormat {
    /// Comma-separated values as in RFC 4180.
    Csv,
    /// Tab-separated values; a quote is an ordinary character.
    Tsv,
    /// One JSON object a line.
    JsonLines,
    /// One text a line, in the column `line` unless `columns` names it.
    Lines,
}

/// The type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnType {
    /// A 64-bit signed integer.
    Integer,
    /// A finite number.
    Float,
    /// `true` or `false`.
    Boolean,
    /// Text, as it stands in the file.
    Text,
}

/// How the rows of a table are drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pick {
    /// Any row each time, uniformly.
    #[default]
    Random,
    /// In the order of the file, over and over; each user starts at another row.
    Sequential,
    /// In a shuffled order, every row once before any comes again, for each user by itself.
    Shuffle,
    /// Each row once in the whole run, over all users; then what `at_end` says.
    Unique {
        /// What happens when every row was used.
        at_end: AtEnd,
    },
    /// One row for each user, kept for its whole life.
    PerUser,
}

/// What a table picked `unique` does when its rows are used up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AtEnd {
    /// The user that finds no row ends.
    #[default]
    Stop,
    /// The rows are used again from the first.
    Again,
}

/// An `[env.NAME]` variable that the module reads from the environment.
#[derive(Clone, Debug)]
pub struct VariableSpec {
    /// Its name, in the environment and in templates (`env.NAME`).
    pub name: Located<String>,
    /// `default`; its type is the variable's type. Text where there is none.
    pub default: Option<Value>,
    /// `required`: unset is an error where the module was named, a skip where everything runs.
    pub required: bool,
    /// `aliases`: other names it is read from, in order, after its own.
    pub aliases: Vec<String>,
    /// `secret`: never printed or stored.
    pub secret: bool,
    /// `help`: what it is for.
    pub help: Option<String>,
}

/// A `[[user]]` class of virtual users.
#[derive(Clone, Debug)]
pub struct UserSpec {
    /// `class`.
    pub class: Located<String>,
    /// The member (see [`Module::members`]) that it is written in; `None` in a module of one file.
    pub member: Option<String>,
    /// `weight`, 1 if absent.
    pub weight: u32,
    /// `fixed_count`.
    pub fixed_count: Option<u32>,
    /// `wait`.
    pub wait: Wait,
    /// `base_url`: a template; goes before `--host`.
    pub base_url: Option<Located<String>>,
    /// `enabled`; `false` runs only when the class is named.
    pub enabled: bool,
    /// The tasks, at least one.
    pub tasks: Vec<TaskSpec>,
    /// `on_start`: run once before the first task.
    pub on_start: Vec<RequestSpec>,
    /// `on_stop`: run once when the user ends.
    pub on_stop: Vec<RequestSpec>,
}

/// A task: one request, or steps that run one after the other.
#[derive(Clone, Debug)]
pub struct TaskSpec {
    /// `name`, for messages; the steps have row names of their own.
    pub name: Option<String>,
    /// `weight`, 1 if absent.
    pub weight: u32,
    /// `tags`.
    pub tags: Vec<String>,
    /// At least one.
    pub steps: Vec<RequestSpec>,
}

/// One request as written. All texts are templates unless said otherwise.
#[derive(Clone, Debug)]
pub struct RequestSpec {
    /// The method in upper case (not a template).
    pub method: String,
    /// The path, with a query if one is written into it.
    pub path: Located<String>,
    /// `name`: its row in the statistics (not a template of rows: only `env` is in scope).
    pub name: Option<Located<String>>,
    /// `host_header`, the class's if absent.
    pub host_header: Option<Located<String>>,
    /// `headers`, the class's first, later ones with the same name winning.
    pub headers: Vec<(Located<String>, Located<String>)>,
    /// `query`: name -> value, in order.
    pub query: Vec<(String, Template)>,
    /// `json`, `body`, `form` or `file`.
    pub body: BodySpec,
    /// `timeout` of the whole request, connecting included; 60 s if absent.
    pub timeout: Duration,
    /// `expect`.
    pub expect: Vec<ExpectSpec>,
    /// `save`: name -> expression.
    pub save: Vec<(Located<String>, Located<String>)>,
    /// `wait` after this step, before the next.
    pub wait: Option<Wait>,
    /// `continue`: a failure of this step does not stop the steps after it.
    pub keep_going: bool,
    /// The key that holds the path.
    pub at: Location,
}

/// What a request carries.
#[derive(Clone, Debug)]
pub enum BodySpec {
    /// Nothing.
    None,
    /// `json`: sent as `application/json`. A text at the top is rendered and must then be JSON.
    Json(Template),
    /// `body`: text.
    Text(Located<String>),
    /// `form`: sent as `application/x-www-form-urlencoded`.
    Form(Vec<(String, Template)>),
    /// `file`: the content of a file, relative to the module's root.
    File(Located<String>),
}

/// A TOML value whose texts are templates.
#[derive(Clone, Debug)]
pub enum Template {
    /// A boolean.
    Boolean(bool),
    /// An integer.
    Integer(i64),
    /// A finite number.
    Float(f64),
    /// A template. Exactly one `{{ expression }}` keeps the type of the expression.
    Text(Located<String>),
    /// A list.
    Array(Vec<Template>),
    /// A table, in the order written.
    Table(Vec<(String, Template)>),
}

/// One expectation on a response.
#[derive(Clone, Debug)]
pub struct ExpectSpec {
    /// The expression that must be true.
    pub that: Located<String>,
    /// A template for the failure's text; the expression itself if absent.
    pub message: Option<Located<String>>,
}

/// How long a user waits after a task or a step.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Wait {
    /// Not at all.
    #[default]
    None,
    /// The same time always.
    Constant(Duration),
    /// Uniform between the two, after the response.
    Between(Duration, Duration),
    /// A task starts every period, counted from the last start.
    Pace {
        /// From one start to the next.
        period: Duration,
        /// What an overrun does to the starts that follow.
        overrun: Overrun,
    },
}

/// What happens to a paced user whose task took longer than the period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Overrun {
    /// The schedule moves: nothing is caught up, as in Locust.
    #[default]
    Shift,
    /// The schedule stays: late starts follow each other at once until it is met again.
    CatchUp,
}

/// The most users that a run may have: more are a slip of the hand, and no machine has the ports for them.
pub const MAX_USERS: u32 = 1_000_000;

/// `[load]` or `[sim]`: what is absent comes from the next setting in line.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LoadSpec {
    /// `users`.
    pub users: Option<u32>,
    /// `spawn_rate`: users a second.
    pub spawn_rate: Option<f64>,
    /// `run_time`.
    pub run_time: Option<Duration>,
    /// `stop_timeout`.
    pub stop_timeout: Option<Duration>,
}

/// `[compare]`: the change, as a share, that is never called worse or better.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TolerancesSpec {
    /// `tolerance` for every metric but those below.
    pub all: Option<f64>,
    /// metric (`avg`, `p50`, `p95`, `p99`, `rate`, `failures`) -> tolerance.
    pub by_metric: BTreeMap<String, f64>,
}

mod data;
mod discover;
mod limits;
mod parse;
mod selection;
mod variables;
mod wait;

pub use data::{Table, load_table};
pub use discover::{Suite, SuiteError};
pub use limits::{Limit, LimitError, LimitMetric, combine_limits, parse_limits};
pub use parse::toml_document;
pub use selection::{Selection, SelectionError, Selector};
pub use variables::{Variable, Variables, VariablesError, WrongType, resolve_variables};
pub use wait::parse_wait;
