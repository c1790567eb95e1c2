//! The environment: `WINDTUNNEL_*`, and `LOCUST_*` as aliases.
//!
//! `HOST` is none of them: it is a variable that modules read, never the base URL.

use std::collections::BTreeMap;
use std::ffi::OsString;

use windtunnel_core::error::{Problem, Problems, nearest};

use crate::settings::clock;
use crate::settings::layer::{Layer, Origin, Sourced, boolean};
use crate::settings::sim::SIM_OPTIONS;
use crate::settings::table::{Fate, Locust, OTHERS, SETTINGS, Takes};

/// The variables of the process whose names are text. What is no text in a value is replaced.
#[derive(Clone, Debug, Default)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// The environment of this process.
    #[must_use]
    pub fn of_process() -> Self {
        std::env::vars_os().collect()
    }

    /// The value of a variable; an empty one counts as unset.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}

impl FromIterator<(OsString, OsString)> for Environment {
    fn from_iter<I: IntoIterator<Item = (OsString, OsString)>>(variables: I) -> Self {
        // A value that is no text is kept as well as can be: a selection must not vanish and run everything.
        let text = |(name, value): (OsString, OsString)| {
            Some((name.into_string().ok()?, value.to_string_lossy().into_owned()))
        };
        Self(variables.into_iter().filter_map(text).collect())
    }
}

/// What the environment says.
#[derive(Debug, Default)]
pub(crate) struct Read {
    /// `WINDTUNNEL_*`.
    pub(crate) own: Layer,
    /// `LOCUST_*`.
    pub(crate) locust: Layer,
    /// Variables that have no effect, with the reason.
    pub(crate) notices: Vec<String>,
    /// Variables of Locust that ask for what is not carried out.
    pub(crate) problems: Problems,
}

const PREFIX: &str = "WINDTUNNEL_";

/// Reads the settings in the environment.
pub(crate) fn read(environment: &Environment) -> Read {
    let mut read = Read::default();
    for key in keys() {
        let name = own_name(key);
        if let Some(value) = environment.get(&name) {
            read.own.insert(key.to_owned(), sourced(&name, value));
        }
    }
    let others = [format!("{PREFIX}MODEL"), clock::VARIABLE.to_owned()];
    let known: Vec<String> = keys().map(own_name).chain(others).collect();
    for name in environment.0.keys().filter(|name| name.starts_with(PREFIX) && !known.contains(name)) {
        let near = nearest(name, known.iter().map(String::as_str));
        let hint = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
        read.notices.push(format!("{name} is no setting and has no effect{hint}"));
    }
    settings_of_locust(environment, &mut read);
    others_of_locust(environment, &mut read);
    read
}

/// The keys of all settings and of the simulator's options.
fn keys() -> impl Iterator<Item = &'static str> {
    let settings = SETTINGS.iter().map(|setting| setting.key);
    settings.chain(SIM_OPTIONS.iter().map(|option| option.key))
}

fn own_name(key: &str) -> String {
    PREFIX.to_owned() + &key.replace('-', "_").to_ascii_uppercase()
}

fn sourced(name: &str, value: &str) -> Sourced<String> {
    Sourced { value: value.to_owned(), from: Origin::Environment(name.to_owned()) }
}

fn settings_of_locust(environment: &Environment, read: &mut Read) {
    for setting in SETTINGS {
        let Locust::FlagAnd(name) = setting.locust else { continue };
        let Some(value) = environment.get(name) else { continue };
        // As in Locust: a flag that is off leaves alone what others say.
        if setting.takes != Takes::Nothing || boolean(value) != Ok(false) {
            read.locust.insert(setting.key.to_owned(), sourced(name, value));
        }
    }
}

fn others_of_locust(environment: &Environment, read: &mut Read) {
    for other in OTHERS.iter().filter(|other| !other.env.is_empty()) {
        let Some(value) = environment.get(other.env) else { continue };
        if other.takes == Takes::Nothing && boolean(value) == Ok(false) {
            continue;
        }
        match other.fate {
            Fate::Anyway(_) => {}
            Fate::NoEffect(why) => read.notices.push(format!("{} has no effect: {why}", other.env)),
            Fate::Refused(hint) | Fate::RefusedHere(hint) => {
                read.problems.0.push(Problem::new(format!("{} is not carried out", other.env)).help(hint));
            }
        }
    }
    if environment.get("LOCUST_USER_CLASSES").is_some() {
        let problem = Problem::new("LOCUST_USER_CLASSES is not carried out")
            .help("classes are chosen by MODEL=module:Class or by naming module:Class");
        read.problems.0.push(problem);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(variables: &[(&str, &str)]) -> Environment {
        variables.iter().map(|(name, value)| (OsString::from(name), OsString::from(value))).collect()
    }

    #[test]
    fn own_names_and_those_of_locust_are_layers_of_their_own() {
        let read = read(&of(&[("WINDTUNNEL_USERS", "3"), ("LOCUST_USERS", "4"), ("LOCUST_RUN_TIME", "1m")]));
        assert_eq!(read.own["users"].value, "3");
        assert_eq!(read.locust["users"].value, "4");
        assert_eq!(read.locust["run-time"].from.to_string(), "LOCUST_RUN_TIME");
    }

    #[test]
    fn host_is_a_variable_of_modules_and_never_the_base_url() {
        let read = read(&of(&[("HOST", "gemma2-27b-it"), ("USERS", "9")]));
        assert!(read.own.is_empty() && read.locust.is_empty());
    }

    #[test]
    fn a_misspelt_own_name_is_noticed() {
        let read = read(&of(&[("WINDTUNNEL_USER", "3"), ("WINDTUNNEL_MODEL", "x")]));
        assert_eq!(
            read.notices,
            ["WINDTUNNEL_USER is no setting and has no effect; did you mean WINDTUNNEL_USERS?"]
        );
    }

    #[test]
    fn what_is_not_carried_out_is_refused_and_what_is_off_is_not() {
        let on = read(&of(&[("LOCUST_MODE_MASTER", "true"), ("LOCUST_USER_CLASSES", "A B")]));
        assert_eq!(on.problems.0.len(), 2);
        let off = read(&of(&[("LOCUST_MODE_MASTER", "false"), ("LOCUST_HEADLESS", "true")]));
        assert!(off.problems.0.is_empty() && off.notices.is_empty());
    }

    #[test]
    fn an_empty_variable_is_unset() {
        let read = read(&of(&[("WINDTUNNEL_USERS", ""), ("LOCUST_MODE_MASTER", "")]));
        assert!(read.own.is_empty() && read.problems.0.is_empty());
    }
}
