//! Compiling the texts of one request: syntax, names, and the values of those that never change.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::{Located, Location, Problem};
use crate::plan::functions::VARYING;
use crate::plan::names::{Known, Sees};
use crate::plan::scope::{REDACTED, UserScope};
use crate::plan::template::{Compiled, Failure, Mode, locate_word};

/// A variable of the module, as texts about it show it.
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    /// Its value as text.
    pub(crate) text: String,
    /// Never shown.
    pub(crate) secret: bool,
}

/// Compiles texts and collects what is wrong with them.
pub(crate) struct Texts<'a> {
    known: &'a Known,
    variables: &'a BTreeMap<String, Shown>,
    trial: &'a mut UserScope,
    /// Where the request stands, for mistakes that have no better place.
    at: &'a Location,
    problems: Vec<Problem>,
    reads: BTreeSet<String>,
}

impl<'a> Texts<'a> {
    /// Texts that see `known`; `trial` is the user that constant ones are evaluated for.
    pub(crate) fn new(
        known: &'a Known,
        variables: &'a BTreeMap<String, Shown>,
        trial: &'a mut UserScope,
        at: &'a Location,
    ) -> Self {
        Self { known, variables, trial, at, problems: Vec::new(), reads: BTreeSet::new() }
    }

    /// Notes a mistake.
    pub(crate) fn push(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// Notes a mistake of the request as a whole.
    pub(crate) fn fail(&mut self, message: impl Into<String>) {
        self.problems.push(self.at.problem(message));
    }

    /// What was wrong.
    pub(crate) fn into_problems(self) -> Vec<Problem> {
        self.problems
    }

    /// The names that texts of the request read that vary; expectations aside.
    pub(crate) fn reads(&self) -> &BTreeSet<String> {
        &self.reads
    }

    /// A template that gives a text. What is wrong with it is noted.
    pub(crate) fn text(&mut self, source: &Located<String>, mode: Mode) -> Compiled {
        self.request_text(source, Compiled::text(source, mode))
    }

    /// A template that keeps the type of a single expression.
    pub(crate) fn typed(&mut self, source: &Located<String>) -> Compiled {
        self.request_text(source, Compiled::typed(source))
    }

    fn request_text(&mut self, source: &Located<String>, compiled: Result<Compiled, Problem>) -> Compiled {
        let Some(mut compiled) = self.checked(compiled, Sees::Request) else {
            return Compiled::faulty(source);
        };
        if compiled.reads().iter().any(|name| self.varies(name)) {
            self.reads.extend(compiled.reads().iter().cloned());
            return compiled;
        }
        match self.trial.evaluate(|root| compiled.evaluate(root)) {
            Ok(value) => compiled.fold(value),
            Err(failure) => {
                self.push_failure(failure, &compiled);
                compiled = Compiled::faulty(source);
            }
        }
        compiled
    }

    /// An expression over a response, or the template of a message about one.
    pub(crate) fn of_response(&mut self, compiled: Result<Compiled, Problem>) -> Option<Compiled> {
        let compiled = self.checked(compiled, Sees::Response)?;
        // There is no response to try it with.
        if !compiled.can_do_without() {
            self.problems.extend(self.unset(&compiled));
        }
        Some(compiled)
    }

    /// The value of a text in which only `env` is in scope, secrets left out.
    pub(crate) fn of_variables(&mut self, source: &Located<String>) -> Option<String> {
        let compiled = self.checked(Compiled::text(source, Mode::Plain), Sees::Variables)?;
        match self.trial.evaluate(|root| compiled.render(root)) {
            Ok(text) => Some(text),
            Err(failure) => {
                self.push_failure(failure, &compiled);
                None
            }
        }
    }

    /// `text` without the values of secret variables.
    pub(crate) fn redact(&mut self, text: String) -> String {
        self.trial.state().module.redact(text)
    }

    /// The text when syntax and names are right; else what is wrong is noted.
    fn checked(&mut self, compiled: Result<Compiled, Problem>, sees: Sees) -> Option<Compiled> {
        let found = match compiled {
            Ok(compiled) => match self.known.check(&compiled, sees) {
                problems if problems.is_empty() => return Some(compiled),
                problems => problems,
            },
            Err(problem) => vec![problem],
        };
        self.problems.extend(found);
        None
    }

    /// Does the value of `name` change while the run goes on, or from user to user.
    fn varies(&self, name: &str) -> bool {
        let name = name.split('.').next().unwrap_or(name);
        name == "user" || VARYING.contains(&name) || self.known.tables.iter().any(|(table, _)| table == name)
    }

    /// Notes a failure of `text`, in the words of variables where one that is unset is to blame.
    fn push_failure(&mut self, failure: Failure, text: &Compiled) {
        let problem = self.unset(text).unwrap_or_else(|| failure.into_problem(&text.source().at));
        self.problems.push(problem);
    }

    /// The problem of a declared variable that `text` reads and that has no value.
    fn unset(&self, text: &Compiled) -> Option<Problem> {
        let unset = |name: &&str| {
            let declared = self.known.variables.iter().any(|variable| variable == name);
            declared && !self.variables.contains_key(*name)
        };
        let name = text.reads().iter().filter_map(|read| read.strip_prefix("env.")).find(unset)?;
        let problem = locate_word(text.source(), &format!("env.{name}"))
            .problem(format!("the variable {name} is not set"));
        Some(problem.help("set it in the environment, or give it a `default`"))
    }

    fn variables_read<'t>(&self, text: &'t Compiled) -> impl Iterator<Item = (&'t str, &'a Shown)> {
        let variables = self.variables;
        let names = text.reads().iter().filter_map(|read| read.strip_prefix("env."));
        names.filter_map(move |name| Some((name, variables.get(name)?)))
    }

    /// Does `text` read a secret variable, by name or by way of all of `env`.
    pub(crate) fn reads_secret(&self, text: &Compiled) -> bool {
        let any = text.reads().contains("env") && self.variables.values().any(|variable| variable.secret);
        any || self.variables_read(text).any(|(_, variable)| variable.secret)
    }

    /// May the value of `text` stand in what makes rows comparable: it is the same in the next run, short,
    /// and no secret.
    pub(crate) fn shows_value(&self, text: &Compiled) -> bool {
        let hidden = ["salt", "file_base64"].iter().any(|name| text.reads().contains(*name));
        text.constant().is_some() && !hidden && !self.reads_secret(text)
    }

    /// What `text` says, for names and for what makes rows comparable: its value where that never changes,
    /// else its source with the values of variables put in.
    pub(crate) fn shape(&self, text: &Compiled) -> String {
        match text.constant() {
            Some(value) if self.shows_value(text) => value.to_string(),
            _ => self.settled(text),
        }
    }

    fn settled(&self, text: &Compiled) -> String {
        let mut settled = text.source().value.clone();
        let mut left = Vec::new();
        for (name, variable) in self.variables_read(text) {
            let value = if variable.secret { REDACTED } else { &variable.text };
            let tags = [format!("{{{{ env.{name} }}}}"), format!("{{{{env.{name}}}}}")];
            if !tags.iter().any(|tag| settled.contains(tag.as_str())) {
                left.push(format!(" [{name}={value}]"));
            }
            for tag in tags {
                settled = settled.replace(&tag, value);
            }
        }
        settled + &left.concat()
    }
}
