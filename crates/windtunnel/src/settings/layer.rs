//! Values as they were written, each with the place that it came from, in layers.

use std::collections::BTreeMap;
use std::fmt;

use windtunnel_core::error::{Location, Problem, Problems};

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A flag: `--users`.
    Flag(String),
    /// A variable of the environment.
    Environment(String),
    /// A place in a configuration file.
    File(Location),
    /// A section of a module: `[load] of models/revertrisk.toml`.
    Module(String),
    /// Nobody said anything.
    Default,
}

impl Origin {
    /// A mistake in the value of `key` that came from here.
    pub(crate) fn problem(&self, key: &str, message: impl fmt::Display) -> Problem {
        match self {
            Self::Flag(flag) => Problem::new(format!("{flag}: {message}")),
            Self::Environment(name) => Problem::new(format!("{name}: {message}")),
            Self::File(at) if at.file.path.extension().is_some_and(|extension| extension == "toml") => {
                at.problem(format!("`{}`: {message}", key.trim_start_matches("sim-").replace('-', "_")))
            }
            Self::File(at) => at.problem(format!("`{key}`: {message}")),
            Self::Module(section) => Problem::new(format!("`{key}` in {section}: {message}")),
            Self::Default => Problem::new(format!("{key}: {message}")),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(text) | Self::Environment(text) | Self::Module(text) => f.write_str(text),
            Self::File(at) => write!(f, "{}", at.file.path.display()),
            Self::Default => f.write_str("the default"),
        }
    }
}

/// A value with the place that it came from.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sourced<T> {
    /// The value.
    pub(crate) value: T,
    /// Its place.
    pub(crate) from: Origin,
}

impl<T> Sourced<T> {
    /// A value that nobody set.
    pub(crate) const fn default(value: T) -> Self {
        Self { value, from: Origin::Default }
    }
}

/// One place where settings are written: key -> text. A flag that is there is `true`, a list is joined by
/// commas.
pub(crate) type Layer = BTreeMap<String, Sourced<String>>;

/// Layers in the order in which they win.
#[derive(Clone, Debug, Default)]
pub(crate) struct Layers(pub(crate) Vec<Layer>);

impl Layers {
    /// The text of the first layer that has `key`.
    pub(crate) fn get(&self, key: &str) -> Option<&Sourced<String>> {
        self.0.iter().find_map(|layer| layer.get(key))
    }

    /// The value of `key`; one that `read` refuses goes to `problems` and counts as absent.
    pub(crate) fn read<T>(
        &self,
        key: &str,
        problems: &mut Problems,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Option<Sourced<T>> {
        let raw = self.get(key)?;
        match read(&raw.value) {
            Ok(value) => Some(Sourced { value, from: raw.from.clone() }),
            Err(message) => {
                problems.0.push(raw.from.problem(key, message));
                None
            }
        }
    }

    /// Is the flag `key` set.
    pub(crate) fn is_on(&self, key: &str, problems: &mut Problems) -> bool {
        self.read(key, problems, boolean).is_some_and(|on| on.value)
    }

    /// The values of a list, empty where it is absent.
    pub(crate) fn list(&self, key: &str) -> Vec<String> {
        self.get(key).map(|raw| split_list(&raw.value)).unwrap_or_default()
    }
}

/// Reads a boolean as Locust does.
pub(crate) fn boolean(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Ok(true),
        "false" | "no" | "off" | "0" => Ok(false),
        _ => Err(format!("expected true or false, got `{text}`")),
    }
}

/// Takes a list apart: `a,b`, `[a, b]`, `["a", "b"]`.
pub(crate) fn split_list(text: &str) -> Vec<String> {
    let text = text.trim();
    let inner = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    inner
        .split(',')
        .map(|item| item.trim().trim_matches(['"', '\'']))
        .filter(|item| !item.is_empty())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(key: &str, value: &str, flag: &str) -> Layer {
        Layer::from([(
            key.to_owned(),
            Sourced { value: value.to_owned(), from: Origin::Flag(flag.to_owned()) },
        )])
    }

    #[test]
    fn the_first_layer_that_has_a_key_wins() {
        let layers = Layers(vec![layer("a", "1", "--a"), layer("a", "2", "--b"), layer("b", "3", "--c")]);
        assert_eq!(layers.get("a").unwrap().value, "1");
        assert_eq!(layers.get("b").unwrap().from.to_string(), "--c");
        assert_eq!(layers.get("c"), None);
    }

    #[test]
    fn a_value_that_cannot_be_read_names_its_place() {
        let mut problems = Problems::default();
        let layers = Layers(vec![layer("sim", "maybe", "WINDTUNNEL_SIM")]);
        assert!(!layers.is_on("sim", &mut problems));
        assert_eq!(problems.to_string(), "error: WINDTUNNEL_SIM: expected true or false, got `maybe`");
    }

    #[test]
    fn lists_are_read_in_all_their_forms() {
        for text in ["a,b", "[a, b]", "[\"a\", 'b']", " a ,, b "] {
            assert_eq!(split_list(text), ["a", "b"], "{text}");
        }
        // As in Locust, whose LOCUST_TAGS="a b" is one tag.
        assert_eq!(split_list("a b"), ["a b"]);
        assert!(split_list("[]").is_empty());
    }
}
