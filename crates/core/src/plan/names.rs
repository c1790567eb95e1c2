//! Which names a template may use, checked before the run.

use std::collections::BTreeSet;

use crate::error::{Problem, nearest};
use crate::plan::functions::VARYING;
use crate::plan::template::{Compiled, function_names, locate_word};

/// Names that a table cannot have, beside those of functions.
const TAKEN: [&str; 5] = ["env", "user", "response", "loop", "self"];

/// What `response` has.
const OF_RESPONSE: [&str; 5] = ["status", "headers", "json", "text", "time_ms"];

/// Where a template stands, which decides what it sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sees {
    /// Only `env`: what must be the same for all users.
    Variables,
    /// Tables, `env`, `user` and the functions.
    Request,
    /// The same, and `response`.
    Response,
}

/// The names of a module.
#[derive(Clone, Debug, Default)]
pub(crate) struct Known {
    /// Tables with their columns, which are `None` when the table could not be read.
    pub(crate) tables: Vec<(String, Option<Vec<String>>)>,
    /// Declared variables, set or not.
    pub(crate) variables: Vec<String>,
    /// What requests of the class save.
    pub(crate) saved: BTreeSet<String>,
    /// What of that is not saved yet when `on_start` sends the request that is compiled; else nothing.
    pub(crate) not_yet: BTreeSet<String>,
}

/// Why `name` cannot be the name of a table, if it cannot.
pub(crate) fn taken(name: &str) -> Option<String> {
    let taken = TAKEN.contains(&name) || is_function(name);
    taken.then(|| format!("`{name}` cannot be the name of a table: templates use it for something else"))
}

/// Is `name` a function of templates.
pub(crate) fn is_function(name: &str) -> bool {
    function_names().any(|function| function == name)
}

impl Known {
    /// The names in `text` that are not known where it stands.
    pub(crate) fn check(&self, text: &Compiled, sees: Sees) -> Vec<Problem> {
        let wrong = text.reads().iter().filter_map(|read| {
            let (name, attribute) = match read.split_once('.') {
                Some((name, rest)) => (name, rest.split('.').next()),
                None => (read.as_str(), None),
            };
            let early =
                attribute.filter(|_| name == "user" && sees == Sees::Request && !text.can_do_without());
            let (word, message, help) = match early.filter(|name| self.not_yet.contains(*name)) {
                Some(saved) => too_early(saved),
                None => self.wrong(name, attribute, sees)?,
            };
            let problem = locate_word(text.source(), &word).problem(message);
            Some(match help {
                Some(help) => problem.help(help),
                None => problem,
            })
        });
        wrong.collect()
    }

    /// What is wrong with a name: the word to point at, the message, a hint.
    fn wrong(
        &self,
        name: &str,
        attribute: Option<&str>,
        sees: Sees,
    ) -> Option<(String, String, Option<String>)> {
        let table = self.tables.iter().find(|(table, _)| table == name);
        let (what, known): (_, Vec<&str>) = match (name, attribute) {
            ("env", None) => return None,
            ("env", Some(_)) => ("there is no variable".to_owned(), texts(&self.variables)),
            _ if sees == Sees::Variables && self.is_of_users(name) => {
                let message = format!("`{name}` cannot be used here: only `env` is the same for all users");
                return Some((name.to_owned(), message, None));
            }
            ("response", _) if sees == Sees::Request => {
                let message = "`response` can be used only in `expect` and `save`".to_owned();
                return Some((name.to_owned(), message, None));
            }
            ("user" | "response", None) => return None,
            ("user", Some(_)) => {
                let saved = self.saved.iter().map(String::as_str).chain(["index"]);
                ("no request of the class saves".to_owned(), saved.collect())
            }
            ("response", Some(_)) => ("`response` has no".to_owned(), OF_RESPONSE.to_vec()),
            (_, Some(column)) if table.is_some() => match table.and_then(|(_, columns)| columns.as_ref()) {
                Some(columns) if column != "rows" => {
                    (format!("table `{name}` has no column"), texts(columns))
                }
                _ => return None,
            },
            _ if table.is_some() || is_function(name) => return None,
            _ => return Some((name.to_owned(), self.unknown(name, sees), self.meant(name))),
        };
        let attribute = attribute.unwrap_or_default();
        if known.contains(&attribute) {
            return None;
        }
        let message = match nearest(attribute, known.iter().copied()) {
            Some(near) => format!("{what} `{attribute}`; did you mean `{near}`?"),
            None if known.is_empty() => format!("{what} `{attribute}`"),
            None => format!("{what} `{attribute}`; there are: {}", known.join(", ")),
        };
        let help = (name == "env").then(|| format!("declare it as [env.{attribute}]"));
        Some((format!("{name}.{attribute}"), message, help))
    }

    fn is_of_users(&self, name: &str) -> bool {
        name == "user"
            || name == "response"
            || name == "salt"
            || VARYING.contains(&name)
            || self.tables.iter().any(|(table, _)| table == name)
    }

    fn unknown(&self, name: &str, sees: Sees) -> String {
        let tables = self.tables.iter().map(|(table, _)| table.as_str());
        let mut known: Vec<&str> = tables.chain(["env", "user"]).collect();
        known.extend((sees == Sees::Response).then_some("response"));
        function_names().for_each(|function| known.push(function));
        match nearest(name, known) {
            Some(near) => format!("there is no `{name}`; did you mean `{near}`?"),
            None if sees == Sees::Variables => format!("there is no `{name}`; only `env` is in scope here"),
            None => format!("there is no table, function or other name `{name}`"),
        }
    }

    /// What is likely meant by a name that stands alone.
    fn meant(&self, name: &str) -> Option<String> {
        if self.variables.iter().any(|variable| variable == name) {
            return Some(format!("variables are written `env.{name}`"));
        }
        let with_column = |(_, columns): &&(String, Option<Vec<String>>)| {
            columns.as_ref().is_some_and(|columns| columns.iter().any(|column| column == name))
        };
        let (table, _) = self.tables.iter().find(with_column)?;
        Some(format!("columns are written `{table}.{name}`"))
    }
}

/// What is wrong with reading `saved` in a request of `on_start`.
fn too_early(saved: &str) -> (String, String, Option<String>) {
    let message = format!("`{saved}` is not saved yet when on_start sends this request");
    let help = format!(
        "a request of on_start before it has to save it; where the class says it for all its requests, \
         `{{{{ user.{saved} | default('') }}}}` stands in until then"
    );
    (format!("user.{saved}"), message, Some(help))
}

fn texts(names: &[String]) -> Vec<&str> {
    names.iter().map(String::as_str).collect()
}
