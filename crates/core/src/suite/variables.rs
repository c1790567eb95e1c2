//! The values of `[env.NAME]` variables.
//!
//! The environment comes in as a function, so that nothing here depends on the process. No message shows the
//! value of a secret.

use serde_json::Value;

use crate::suite::VariableSpec;
use crate::units::quoted;

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

/// Variables that cannot be resolved; all of them, on one line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VariablesError {
    /// Required ones are unset, and nothing else is wrong: their names with their help.
    #[error("{}", missing_text(.0))]
    Missing(Vec<(String, Option<String>)>),
    /// Values do not have the type of the default.
    #[error("{}", wrong_text(.wrong, .missing))]
    Type {
        /// Those that do not, at least one.
        wrong: Vec<WrongType>,
        /// Required ones that are unset besides.
        missing: Vec<(String, Option<String>)>,
    },
}

/// A value in the environment that does not have the type of the default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrongType {
    /// The name in the environment.
    pub name: String,
    /// What it must be.
    pub expected: &'static str,
    /// What it is; not the value where it is a secret.
    pub found: String,
}

fn missing_text(missing: &[(String, Option<String>)]) -> String {
    let explained = |(name, help): &(String, Option<String>)| match help {
        Some(help) => format!("{name} ({help})"),
        None => name.clone(),
    };
    match missing {
        [one] => format!("the environment variable {} is required and not set", explained(one)),
        several => {
            let names: Vec<String> = several.iter().map(explained).collect();
            format!("environment variables are required and not set: {}", names.join(", "))
        }
    }
}

fn wrong_text(wrong: &[WrongType], missing: &[(String, Option<String>)]) -> String {
    let mut texts: Vec<String> = wrong
        .iter()
        .map(|WrongType { name, expected, found }| {
            format!("the environment variable {name} must be {expected}, got {found}")
        })
        .collect();
    if !missing.is_empty() {
        texts.push(missing_text(missing));
    }
    texts.join("; ")
}

/// Reads variables with `lookup` (the environment): each by its own name, then by its aliases in order. An
/// empty text counts as unset.
///
/// A boolean may be `true`, `false`, `yes`, `no`, `1` or `0`, in any case. Without a default a value is text.
///
/// # Errors
/// Required ones that are unset, and values of the wrong type; all at once.
pub fn resolve_variables(
    specs: &[VariableSpec],
    lookup: &dyn Fn(&str) -> Option<String>,
) -> Result<Variables, VariablesError> {
    let (mut variables, mut missing, mut wrong) = (Vec::new(), Vec::new(), Vec::new());
    for spec in specs {
        let name = &spec.name.value;
        let variable = |value, from| Variable { name: name.clone(), value, from, secret: spec.secret };
        match (read(spec, lookup), &spec.default) {
            (Some((from, text)), default) => match typed(&text, default.as_ref()) {
                Ok(value) => variables.push(variable(value, Some(from.to_owned()))),
                Err(expected) => wrong.push(WrongType {
                    name: from.to_owned(),
                    expected,
                    found: if spec.secret {
                        "another text (secret, not shown)".to_owned()
                    } else {
                        quoted(&text)
                    },
                }),
            },
            (None, Some(default)) => variables.push(variable(default.clone(), None)),
            (None, None) if spec.required => missing.push((name.clone(), spec.help.clone())),
            (None, None) => {}
        }
    }
    if !wrong.is_empty() {
        return Err(VariablesError::Type { wrong, missing });
    }
    if missing.is_empty() { Ok(Variables(variables)) } else { Err(VariablesError::Missing(missing)) }
}

/// The first name under which the variable is set, and its text.
fn read<'s>(spec: &'s VariableSpec, lookup: &dyn Fn(&str) -> Option<String>) -> Option<(&'s str, String)> {
    let names = std::iter::once(&spec.name.value).chain(&spec.aliases);
    names.into_iter().find_map(|name| {
        let text = lookup(name).filter(|text| !text.is_empty())?;
        Some((name.as_str(), text))
    })
}

/// `text` as a value of the type of `default`; what it must be where it is not.
fn typed(text: &str, default: Option<&Value>) -> Result<Value, &'static str> {
    let trimmed = text.trim();
    match default {
        Some(Value::Bool(_)) => match trimmed.to_ascii_lowercase().as_str() {
            "true" | "yes" | "1" => Ok(Value::Bool(true)),
            "false" | "no" | "0" => Ok(Value::Bool(false)),
            _ => Err("true or false"),
        },
        Some(Value::Number(number)) if number.is_f64() => {
            let float = trimmed.parse().ok().and_then(serde_json::Number::from_f64);
            float.map(Value::Number).ok_or("a number")
        }
        Some(Value::Number(_)) => trimmed.parse::<i64>().map(Value::from).map_err(|_| "a whole number"),
        _ => Ok(Value::String(text.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::error::{Located, Location, SourceFile};

    fn spec(name: &str, default: Option<Value>) -> VariableSpec {
        let file = Arc::new(SourceFile { path: "models/x.toml".into(), text: String::new() });
        let name = Located::new(name.to_owned(), Location { file, span: 0..0 });
        VariableSpec { name, default, required: false, aliases: Vec::new(), secret: false, help: None }
    }

    fn required(name: &str, help: Option<&str>) -> VariableSpec {
        VariableSpec { required: true, help: help.map(str::to_owned), ..spec(name, None) }
    }

    fn resolve(specs: &[VariableSpec], environment: &[(&str, &str)]) -> Result<Variables, VariablesError> {
        resolve_variables(specs, &|name| {
            environment.iter().find(|(other, _)| *other == name).map(|(_, text)| (*text).to_owned())
        })
    }

    fn value(default: Option<Value>, text: &str) -> Result<Value, String> {
        let variables = resolve(&[spec("V", default)], &[("V", text)]).map_err(|error| error.to_string())?;
        Ok(variables.0[0].value.clone())
    }

    #[test]
    fn a_variable_is_read_by_its_name_then_by_its_aliases() {
        let aliases = vec!["NS".to_owned(), "SPACE".to_owned()];
        let namespace = [VariableSpec { aliases, ..spec("NAMESPACE", Some(json!("llm"))) }];
        let read = |environment: &[(&str, &str)]| {
            let variable = resolve(&namespace, environment).unwrap().0.remove(0);
            (variable.value, variable.from)
        };
        assert_eq!(read(&[]), (json!("llm"), None));
        assert_eq!(read(&[("SPACE", "c"), ("NS", "b")]), (json!("b"), Some("NS".to_owned())));
        assert_eq!(read(&[("NS", "b"), ("NAMESPACE", "a")]), (json!("a"), Some("NAMESPACE".to_owned())));
        assert_eq!(read(&[("NAMESPACE", ""), ("SPACE", "c")]), (json!("c"), Some("SPACE".to_owned())));
    }

    #[test]
    fn a_value_has_the_type_of_its_default() {
        assert_eq!(value(Some(json!(10)), " 350 "), Ok(json!(350)));
        assert_eq!(value(Some(json!(0.5)), "2"), Ok(json!(2.0)));
        assert_eq!(value(Some(json!("x")), " 350 "), Ok(json!(" 350 ")));
        assert_eq!(value(None, "350"), Ok(json!("350")));
        for (text, expected) in [
            ("true", true),
            ("True", true),
            ("YES", true),
            ("1", true),
            ("no", false),
            ("False", false),
            ("0", false),
        ] {
            assert_eq!(value(Some(json!(true)), text), Ok(json!(expected)), "{text}");
        }
        insta::assert_snapshot!(value(Some(json!(10)), "1.5").unwrap_err(), @"the environment variable V must be a whole number, got `1.5`");
        insta::assert_snapshot!(value(Some(json!(1.5)), "nan").unwrap_err(), @"the environment variable V must be a number, got `nan`");
        insta::assert_snapshot!(value(Some(json!(false)), "on").unwrap_err(), @"the environment variable V must be true or false, got `on`");
    }

    #[test]
    fn all_that_is_missing_or_wrong_is_told_at_once() {
        let specs = [
            required("MODEL_NAME", Some("the model to ask for")),
            spec("MIN", Some(json!(1))),
            required("HOST", None),
            spec("MAX", Some(json!(2))),
        ];
        insta::assert_snapshot!(resolve(&specs, &[]).unwrap_err(), @"environment variables are required and not set: MODEL_NAME (the model to ask for), HOST");
        insta::assert_snapshot!(resolve(&specs, &[("HOST", "a")]).unwrap_err(), @"the environment variable MODEL_NAME (the model to ask for) is required and not set");
        insta::assert_snapshot!(resolve(&specs, &[("HOST", "a"), ("MIN", "b"), ("MAX", "c")]).unwrap_err(), @"the environment variable MIN must be a whole number, got `b`; the environment variable MAX must be a whole number, got `c`; the environment variable MODEL_NAME (the model to ask for) is required and not set");
    }

    #[test]
    fn an_optional_variable_that_is_unset_is_absent() {
        assert_eq!(resolve(&[spec("V", None)], &[("V", "")]), Ok(Variables::default()));
    }

    #[test]
    fn the_value_of_a_secret_is_in_no_message() {
        let secret = VariableSpec { secret: true, ..spec("TOKEN", Some(json!(1))) };
        let error = resolve(&[secret], &[("TOKEN", "hunter2")]).unwrap_err();
        insta::assert_snapshot!(error, @"the environment variable TOKEN must be a whole number, got another text (secret, not shown)");
        assert!(!format!("{error:?}").contains("hunter2"));
    }

    proptest! {
        #[test]
        fn no_value_makes_the_reader_panic(text in ".{0,30}", kind in 0_usize..4) {
            let default = [None, Some(json!(1)), Some(json!(1.5)), Some(json!(true))][kind].clone();
            let _ = resolve(&[spec("V", default)], &[("V", &text)]);
        }
    }
}
