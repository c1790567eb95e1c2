//! Templates, compiled once.
//!
//! A [`Compiled`] text knows where it was written, what it reads, and, when that is nothing that changes
//! during a run, its value. Which names there are is checked in `names`; what they mean is in `views`.

mod environment;
mod place;

use std::collections::BTreeSet;
use std::fmt;

use minijinja::{ErrorKind, Expression, Template, Value};

use crate::error::{Located, Location, Problem};
use crate::plan::values::write_json;

pub(crate) use environment::{Mode, PATH, QUERY, function_names};
pub(crate) use place::{locate, locate_word};

/// A text of a module, compiled.
pub(crate) struct Compiled {
    source: Located<String>,
    reads: BTreeSet<String>,
    code: Code,
}

enum Code {
    /// The same for all users.
    Constant(Value),
    /// Keeps the type of what it evaluates to. Its text begins `offset` bytes into the source.
    Expression { expression: Expression<'static, 'static>, offset: usize },
    /// Gives a text.
    Text(Template<'static, 'static>),
    /// A mistake was found in it; it is never evaluated.
    Faulty,
}

/// Evaluating a text failed on the values of now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// What went wrong, one line.
    pub(crate) message: String,
    /// Where in the module's file, where that is known.
    pub(crate) at: Option<Location>,
    /// A filter, test or function does not exist, whatever the values are.
    pub(crate) names_unknown: bool,
}

impl Failure {
    /// The failure `message` of the text `source`.
    pub(crate) fn of(source: &Located<String>, message: impl Into<String>) -> Self {
        Self { message: message.into(), at: Some(source.at.clone()), names_unknown: false }
    }

    /// The failure as a mistake of a module, at `at` where it has no place of its own.
    pub(crate) fn into_problem(self, at: &Location) -> Problem {
        self.at.as_ref().unwrap_or(at).problem(self.message)
    }
}

impl fmt::Debug for Compiled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Compiled").field(&self.source.value).finish()
    }
}

impl Compiled {
    /// A text as it stands, nothing evaluated.
    pub(crate) fn literal(source: &Located<String>) -> Self {
        let code = Code::Constant(Value::from(source.value.as_str()));
        Self { source: source.clone(), reads: BTreeSet::new(), code }
    }

    /// Stands for a text in which a mistake was found, so that the rest can be compiled.
    pub(crate) fn faulty(source: &Located<String>) -> Self {
        Self { source: source.clone(), reads: BTreeSet::new(), code: Code::Faulty }
    }

    /// A template that gives a text.
    ///
    /// # Errors
    /// Its syntax error.
    pub(crate) fn text(source: &Located<String>, mode: Mode) -> Result<Self, Problem> {
        if !["{{", "{%", "{#"].iter().any(|tag| source.value.contains(tag)) {
            return Ok(Self::literal(source));
        }
        let template =
            environment::template(&source.value, mode).map_err(|error| problem(&error, source, 0))?;
        let reads = template.undeclared_variables(true).into_iter().collect();
        Ok(Self { source: source.clone(), reads, code: Code::Text(template) })
    }

    /// A template that keeps the type of its value when it is exactly one `{{ expression }}`.
    ///
    /// # Errors
    /// Its syntax error.
    pub(crate) fn typed(source: &Located<String>) -> Result<Self, Problem> {
        let only = source.value.strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}"));
        // `{{ a }} and {{ b }}` begins and ends like one expression; what is between them is none.
        let expression = only.and_then(|only| {
            let inner = only.strip_prefix('-').unwrap_or(only);
            let inner = inner.strip_suffix('-').unwrap_or(inner);
            let offset = if inner.len() < only.len() && only.starts_with('-') { 3 } else { 2 };
            environment::expression(inner).ok().map(|expression| (expression, offset))
        });
        match expression {
            Some((expression, offset)) => Ok(Self::of_expression(source, expression, offset)),
            None => Self::text(source, Mode::Plain),
        }
    }

    /// An expression without braces around it.
    ///
    /// # Errors
    /// Its syntax error.
    pub(crate) fn expression(source: &Located<String>) -> Result<Self, Problem> {
        match environment::expression(&source.value) {
            Ok(expression) => Ok(Self::of_expression(source, expression, 0)),
            Err(error) => Err(problem(&error, source, 0)),
        }
    }

    fn of_expression(
        source: &Located<String>,
        expression: Expression<'static, 'static>,
        offset: usize,
    ) -> Self {
        let reads = expression.undeclared_variables(true).into_iter().collect();
        Self { source: source.clone(), reads, code: Code::Expression { expression, offset } }
    }

    /// The text as written, and where.
    pub(crate) fn source(&self) -> &Located<String> {
        &self.source
    }

    /// The names that it reads, as `a` or `a.b`; names that it defines itself are left out.
    pub(crate) fn reads(&self) -> &BTreeSet<String> {
        &self.reads
    }

    /// Does it seem to ask whether a value is there, so that it can do without.
    pub(crate) fn can_do_without(&self) -> bool {
        ["default", "defined"].iter().any(|word| self.source.value.contains(word))
    }

    /// Its value from now on is `value`.
    pub(crate) fn fold(&mut self, value: Value) {
        self.code = Code::Constant(value);
    }

    /// Its value, when it is the same for all users.
    pub(crate) fn constant(&self) -> Option<&Value> {
        match &self.code {
            Code::Constant(value) => Some(value),
            Code::Expression { .. } | Code::Text(_) | Code::Faulty => None,
        }
    }

    /// Its value in the context `root`; never undefined.
    pub(crate) fn evaluate(&self, root: &Value) -> Result<Value, Failure> {
        let (value, offset) = match &self.code {
            Code::Constant(value) => return Ok(value.clone()),
            Code::Expression { expression, offset } => (expression.eval(root.clone()), *offset),
            Code::Text(template) => (template.render(root.clone()).map(Value::from), 0),
            Code::Faulty => return Err(Failure::of(&self.source, "the text has a mistake")),
        };
        match value {
            Ok(value) if value.is_undefined() => {
                let expression = &self.source.value[offset..self.source.value.len() - offset.min(2)];
                let message = format!("`{}` is undefined", expression.trim_matches(['-', ' ']));
                Err(Failure::of(&self.source, message))
            }
            Ok(value) => Ok(value),
            Err(error) => Err(failure(&error, &self.source, offset)),
        }
    }

    /// Its text in the context `root`.
    pub(crate) fn render(&self, root: &Value) -> Result<String, Failure> {
        let value = self.evaluate(root)?;
        Ok(value.as_str().map_or_else(|| value.to_string(), str::to_owned))
    }

    /// Appends its value in the context `root` as JSON.
    pub(crate) fn write_json(&self, root: &Value, out: &mut Vec<u8>) -> Result<(), Failure> {
        let value = self.evaluate(root)?;
        write_json(&value, out).map_err(|message| Failure::of(&self.source, message))
    }
}

/// What the engine of the templates says, at the place that it means.
fn failure(error: &minijinja::Error, source: &Located<String>, offset: usize) -> Failure {
    let range = error.range().map(|range| range.start + offset..range.end + offset);
    let snippet = range.clone().and_then(|range| source.value.get(range));
    let message = match (error.detail(), snippet) {
        (Some(detail), _) => detail.to_owned(),
        (None, Some(snippet)) => format!("{} in `{}`", error.kind(), snippet.trim()),
        (None, None) => error.kind().to_string(),
    };
    let at = range.map_or_else(|| source.at.clone(), |range| locate(source, range));
    let unknown = [ErrorKind::UnknownFilter, ErrorKind::UnknownTest, ErrorKind::UnknownFunction];
    let names_unknown = unknown.contains(&error.kind());
    Failure { message: message.replace('\n', " "), at: Some(at), names_unknown }
}

fn problem(error: &minijinja::Error, source: &Located<String>, offset: usize) -> Problem {
    let failure = failure(error, source, offset);
    let message = format!("template: {}", failure.message);
    failure.at.as_ref().unwrap_or(&source.at).problem(message)
}
