//! Walking a TOML table: taking the keys that are known, and naming every other one.

use std::ops::Range;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use crate::error::{Location, Problem, SourceFile, nearest};
use crate::units::quoted;

/// A value with its place.
pub(super) type Node<'i> = Spanned<DeValue<'i>>;

/// A key with its value.
#[derive(Clone, Copy)]
pub(super) struct Entry<'t, 'i> {
    pub(super) key: &'t Spanned<DeString<'i>>,
    pub(super) value: &'t Node<'i>,
}

impl<'t> Entry<'t, '_> {
    /// The key as written.
    pub(super) fn name(&self) -> &'t str {
        self.key.get_ref()
    }
}

/// The file that is read and the mistakes found in it so far.
pub(super) struct Context {
    file: Arc<SourceFile>,
    problems: Vec<Problem>,
}

impl Context {
    pub(super) fn new(file: &Arc<SourceFile>) -> Self {
        Self { file: Arc::clone(file), problems: Vec::new() }
    }

    /// The place of a span of the file.
    pub(super) fn at(&self, span: Range<usize>) -> Location {
        Location { file: Arc::clone(&self.file), span }
    }

    /// Keeps a mistake.
    pub(super) fn report(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// Keeps a mistake at a span.
    pub(super) fn wrong(&mut self, span: Range<usize>, message: impl Into<String>) {
        self.report(self.at(span).problem(message));
    }

    /// All mistakes, in the order of the file.
    pub(super) fn into_problems(mut self) -> Vec<Problem> {
        self.problems.sort_by_key(|problem| problem.at.as_ref().map(|at| at.span.start));
        self.problems
    }
}

/// A table that is read key by key. What was not taken when it is finished is unknown.
pub(super) struct Fields<'t, 'i> {
    table: &'t DeTable<'i>,
    /// The table's place: its header, or the braces of an inline table.
    pub(super) span: Range<usize>,
    /// How messages call the table, such as "`[load]`".
    pub(super) place: String,
    known: Vec<&'static str>,
    /// Keys that it needs and does not have.
    missing: Vec<&'static str>,
}

impl<'t, 'i> Fields<'t, 'i> {
    pub(super) fn new(table: &'t DeTable<'i>, span: Range<usize>, place: impl Into<String>) -> Self {
        Self { table, span, place: place.into(), known: Vec::new(), missing: Vec::new() }
    }

    /// The table that `node` is; `None`, reported, where it is something else.
    pub(super) fn of(cx: &mut Context, node: &'t Node<'i>, place: impl Into<String>) -> Option<Self> {
        let place = place.into();
        match node.get_ref() {
            DeValue::Table(table) => Some(Self::new(table, node.span(), place)),
            other => {
                cx.wrong(node.span(), format!("{place} must be a table, got {}", found(other)));
                None
            }
        }
    }

    /// The entry `name`, which is known from now on.
    pub(super) fn take(&mut self, name: &'static str) -> Option<Entry<'t, 'i>> {
        self.known.push(name);
        self.table.get_key_value(name).map(|(key, value)| Entry { key, value })
    }

    /// The entry `name` read by `read`; `None` where there is none or it is wrong.
    pub(super) fn get<T>(
        &mut self,
        cx: &mut Context,
        name: &'static str,
        read: impl FnOnce(&mut Context, Entry<'t, 'i>) -> Option<T>,
    ) -> Option<T> {
        self.take(name).and_then(|entry| read(cx, entry))
    }

    /// Like [`get`](Self::get), and a mistake, told at the end, where there is none.
    pub(super) fn require<T>(
        &mut self,
        cx: &mut Context,
        name: &'static str,
        read: impl FnOnce(&mut Context, Entry<'t, 'i>) -> Option<T>,
    ) -> Option<T> {
        let entry = self.take(name);
        if entry.is_none() {
            self.missing.push(name);
        }
        entry.and_then(|entry| read(cx, entry))
    }

    /// The entries that were not taken.
    pub(super) fn left(&self) -> impl Iterator<Item = Entry<'t, 'i>> + '_ {
        let entries = self.table.iter().map(|(key, value)| Entry { key, value });
        entries.filter(|entry| !self.known.contains(&entry.name()))
    }

    /// Reports every entry that was not taken, and the keys that are missing; those that an unknown key is a
    /// misspelling of are told with it.
    pub(super) fn finish(self, cx: &mut Context) {
        for name in &self.missing {
            if !self.left().any(|entry| nearest(entry.name(), [*name]).is_some()) {
                cx.wrong(self.span.clone(), format!("{} needs the key `{name}`", self.place));
            }
        }
        for entry in self.left() {
            let name = entry.name();
            let at = cx.at(entry.key.span());
            cx.report(if LATER.contains(&name) {
                at.problem(format!("`{name}` is not available in this version"))
            } else {
                let problem = at.problem(format!("unknown key {} in {}", quoted(name), self.place));
                problem.help(self.advice(entry))
            });
        }
    }

    fn advice(&self, entry: Entry) -> String {
        let name = entry.name();
        let near = nearest(name, self.known.iter().copied());
        let home = HOMES.iter().find(|(key, _)| *key == name);
        let synonym = SYNONYMS.iter().find(|(key, _)| *key == name);
        // `[[users]]` is a misspelling, `users = 3` stands in the wrong table.
        let is_table = match entry.value.get_ref() {
            DeValue::Array(items) => items.iter().any(|item| item.get_ref().is_table()),
            value => value.is_table(),
        };
        match (home, synonym, near) {
            (Some((_, home)), _, near) if !is_table || near.is_none() => {
                format!("`{name}` belongs into {home}")
            }
            (_, Some((_, advice)), _) => (*advice).to_owned(),
            (_, _, Some(near)) => format!("did you mean `{near}`?"),
            _ => format!("known here: {}", list(&self.known)),
        }
    }
}

/// `a`, `b`, `c`, each between backticks.
pub(super) fn list(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}

/// What a value is, for messages.
pub(super) fn found(value: &DeValue) -> String {
    match value {
        DeValue::String(_) => "text".to_owned(),
        DeValue::Integer(number) => format!("the number {number}"),
        DeValue::Float(number) => format!("the number {number}"),
        DeValue::Boolean(boolean) => boolean.to_string(),
        DeValue::Datetime(_) => "a date".to_owned(),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    }
}

/// Keys of the format that this version does not carry out.
pub(super) const LATER: &[&str] = &[
    "rate",
    "arrival",
    "stages",
    "warmup",
    "completions",
    "chat",
    "embeddings",
    "infer",
    "grpc_infer",
    "stream",
    "http2",
];

/// Where a key that stands in the wrong table belongs. Keys that several tables have are left out.
const HOMES: &[(&str, &str)] = &[
    ("description", "the top of the file, above the first table"),
    ("baseline", "the top of the file, above the first table"),
    ("users", "`[load]` or `[sim]`"),
    ("spawn_rate", "`[load]` or `[sim]`"),
    ("run_time", "`[load]` or `[sim]`"),
    ("stop_timeout", "`[load]` or `[sim]`"),
    ("tolerance", "`[compare]`"),
    ("columns", "`[data.NAME]`"),
    ("types", "`[data.NAME]`"),
    ("where", "`[data.NAME]`"),
    ("pick", "`[data.NAME]`"),
    ("default", "`[env.NAME]`"),
    ("required", "`[env.NAME]`"),
    ("aliases", "`[env.NAME]`"),
    ("secret", "`[env.NAME]`"),
    ("class", "`[[user]]`"),
    ("fixed_count", "`[[user]]`"),
    ("base_url", "`[[user]]`"),
    ("enabled", "`[[user]]`"),
    ("on_start", "`[[user]]`"),
    ("on_stop", "`[[user]]`"),
    ("tags", "`[[user.task]]`"),
    ("steps", "`[[user.task]]`"),
    ("continue", "a step that others follow"),
    ("get", "a `[[user]]` or one of its tasks"),
    ("post", "a `[[user]]` or one of its tasks"),
    ("put", "a `[[user]]` or one of its tasks"),
    ("patch", "a `[[user]]` or one of its tasks"),
    ("delete", "a `[[user]]` or one of its tasks"),
    ("head", "a `[[user]]` or one of its tasks"),
    ("options", "a `[[user]]` or one of its tasks"),
    ("json", "a request, beside its method"),
    ("query", "a request, beside its method"),
    ("expect", "a request, beside its method"),
    ("save", "a request, beside its method"),
];

/// What is meant by words that other tools use.
const SYNONYMS: &[(&str, &str)] = &[
    ("host", "`base_url` is where requests go, `host_header` is what a gateway routes by"),
    ("url", "the path is the value of the method: post = \"/path\""),
    ("path", "the path is the value of the method: post = \"/path\""),
    ("method", "the method is a key with the path as its value: post = \"/path\""),
    ("data", "a request carries `json`, `body`, `form` or `file`"),
    ("params", "did you mean `query`?"),
    ("wait_time", "did you mean `wait`?"),
    ("think_time", "did you mean `wait`?"),
];
