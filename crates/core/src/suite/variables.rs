//! The values of `[env.NAME]` variables.

use serde_json::Value;

use crate::suite::VariableSpec;

/// A variable with its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// The value, of the type of its default.
    pub value: Value,
    /// The name in the environment that it was read from; `None` for the default.
    pub from: Option<String>,
    /// Never printed or stored.
    pub secret: bool,
}

/// The variables of a module, in the order of its files. Those without default that are unset and not
/// required are absent: a template that uses one fails at compile time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Variables(pub Vec<Variable>);

/// Variables that cannot be resolved.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VariablesError {
    /// Required ones are unset: their names with their help.
    #[error("{}", missing_text(.0))]
    Missing(Vec<(String, Option<String>)>),
    /// A value does not have the type of the default.
    #[error("the environment variable {name} must be {expected}, got `{found}`")]
    Type {
        /// The variable.
        name: String,
        /// What it must be.
        expected: String,
        /// What it is.
        found: String,
    },
}

fn missing_text(missing: &[(String, Option<String>)]) -> String {
    todo!("{missing:?}")
}

/// Reads variables with `lookup` (the environment). An empty text counts as unset.
///
/// # Errors
/// Required ones that are unset, and values of the wrong type.
pub fn resolve_variables(
    specs: &[VariableSpec],
    lookup: &dyn Fn(&str) -> Option<String>,
) -> Result<Variables, VariablesError> {
    let _ = lookup("");
    todo!("{specs:?}")
}
