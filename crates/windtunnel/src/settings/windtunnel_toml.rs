//! `windtunnel.toml`: the project's own settings, and in `[sim]` those that hold with `--sim`.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};
use windtunnel_core::error::{Location, Problems, SourceFile, nearest};
use windtunnel_core::suite::toml_document;

use crate::settings::layer::{Layer, Origin, Sourced};
use crate::settings::sim::{SIM_OPTIONS, SimOption};
use crate::settings::table::{SETTINGS, Takes};

/// The settings that `[sim]` may hold beside the simulator's options.
const LOAD_KEYS: [&str; 4] = ["users", "spawn-rate", "run-time", "stop-timeout"];

/// What a file says.
#[derive(Debug, Default)]
pub(crate) struct Read {
    /// The settings at the top.
    pub(crate) layer: Layer,
    /// The load in `[sim]`.
    pub(crate) sim_load: Layer,
    /// All mistakes.
    pub(crate) problems: Problems,
}

/// Reads `windtunnel.toml`.
pub(crate) fn read(file: &Arc<SourceFile>) -> Read {
    let mut reader = Reader { file, read: Read::default() };
    match toml_document(file) {
        Ok(table) => reader.top(&table),
        Err(problems) => reader.read.problems = problems,
    }
    reader.read
}

struct Reader<'a> {
    file: &'a Arc<SourceFile>,
    read: Read,
}

impl Reader<'_> {
    fn at(&self, span: Range<usize>) -> Location {
        Location { file: Arc::clone(self.file), span }
    }

    fn top(&mut self, table: &DeTable<'_>) {
        for (name, value) in table {
            let key = name.get_ref().replace('_', "-");
            let is_plain = !name.get_ref().contains('-');
            if key == "sim" {
                self.sim(name, value);
            } else if let Some(setting) =
                SETTINGS.iter().find(|setting| is_plain && setting.key == key && key != "config")
            {
                if let Some(text) = self.value(value, setting.takes) {
                    let text = self.relative_to_file(&key, text);
                    self.read.layer.insert(key, text);
                }
            } else {
                self.unknown(name, &top_keys());
            }
        }
    }

    fn sim(&mut self, name: &Spanned<std::borrow::Cow<'_, str>>, value: &Spanned<DeValue<'_>>) {
        let Some(table) = value.get_ref().as_table() else {
            let problem = self
                .at(name.span())
                .problem("`sim` is a table here")
                .help("write [sim] with the load of simulated runs; --sim on the command line asks for one");
            self.read.problems.0.push(problem);
            return;
        };
        for (name, value) in table {
            let key = name.get_ref().replace('_', "-");
            let is_plain = !name.get_ref().contains('-');
            let is_load = is_plain && LOAD_KEYS.contains(&key.as_str());
            if is_load || (is_plain && SIM_OPTIONS.iter().any(|option| option.name() == key)) {
                let Some(text) = self.value(value, Takes::One("")) else { continue };
                if is_load {
                    self.read.sim_load.insert(key, text);
                } else {
                    self.read.layer.insert(format!("sim-{key}"), text);
                }
            } else {
                self.unknown(name, &sim_keys());
            }
        }
    }

    /// The value as text, or a problem where it has the wrong type.
    fn value(&mut self, value: &Spanned<DeValue<'_>>, takes: Takes) -> Option<Sourced<String>> {
        let at = self.at(value.span());
        let text = match (takes, value.get_ref()) {
            (Takes::Many(_), DeValue::Array(items)) => {
                let texts: Option<Vec<&str>> = items.iter().map(|item| item.get_ref().as_str()).collect();
                texts.map(|texts| texts.join(","))
            }
            (Takes::One(_) | Takes::Many(_), DeValue::String(text)) => Some(text.to_string()),
            (Takes::One(_), DeValue::Integer(number)) => decimal(number.as_str(), number.radix()),
            (Takes::One(_), DeValue::Float(number)) => Some(number.as_str().replace('_', "")),
            (Takes::Nothing, DeValue::Boolean(on)) => Some(on.to_string()),
            _ => None,
        };
        let Some(text) = text else {
            let expected = match takes {
                Takes::Nothing => "true or false",
                Takes::One(_) => "a text or a number",
                Takes::Many(_) => "a list of texts",
            };
            let found = value.get_ref().type_str();
            self.read.problems.0.push(at.problem(format!("expected {expected}, got {found}")));
            return None;
        };
        Some(Sourced { value: text, from: Origin::File(at) })
    }

    /// Paths in the file are meant from its own folder.
    fn relative_to_file(&self, key: &str, mut text: Sourced<String>) -> Sourced<String> {
        let is_path = matches!(key, "models" | "results" | "csv" | "json-file" | "cacert" | "logfile");
        let folder = self.file.path.parent().unwrap_or(Path::new(""));
        if is_path && !folder.as_os_str().is_empty() {
            let ends_with_slash = text.value.ends_with('/');
            text.value = folder.join(&text.value).to_string_lossy().into_owned();
            if ends_with_slash && !text.value.ends_with('/') {
                text.value.push('/');
            }
        }
        text
    }

    fn unknown(&mut self, name: &Spanned<std::borrow::Cow<'_, str>>, known: &[String]) {
        let problem = self.at(name.span()).problem(format!("unknown key `{}`", name.get_ref()));
        let problem = match nearest(name.get_ref(), known.iter().map(String::as_str)) {
            Some(name) => problem.help(format!("did you mean `{name}`?")),
            None => problem.help(format!("known here: {}", known.join(", "))),
        };
        self.read.problems.0.push(problem);
    }
}

fn decimal(text: &str, radix: u32) -> Option<String> {
    i64::from_str_radix(&text.replace('_', ""), radix).ok().map(|value| value.to_string())
}

fn top_keys() -> Vec<String> {
    let settings = SETTINGS.iter().filter(|setting| setting.key != "config");
    settings.map(|setting| setting.key.replace('-', "_")).collect()
}

fn sim_keys() -> Vec<String> {
    let options = SIM_OPTIONS.iter().map(SimOption::name);
    LOAD_KEYS.into_iter().chain(options).map(|key| key.replace('-', "_")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::layer::Layers;

    fn read_text(path: &str, text: &str) -> Read {
        read(&Arc::new(SourceFile { path: path.into(), text: text.to_owned() }))
    }

    #[test]
    fn settings_and_the_simulated_load_are_kept_apart() {
        let read = read_text(
            "windtunnel.toml",
            "host = \"https://h\"\nrun_time = \"2m\"\nusers = 1_0\n[sim]\nusers = 0x10\nslowdown = 1.5\n",
        );
        assert!(read.problems.0.is_empty(), "{}", read.problems);
        assert_eq!(read.layer["users"].value, "10");
        assert_eq!(read.layer["sim-slowdown"].value, "1.5");
        assert_eq!(read.sim_load["users"].value, "16");
        assert!(!read.layer.contains_key("sim"));
    }

    #[test]
    fn all_unknown_keys_are_named_with_line_and_nearest_name() {
        let read = read_text("windtunnel.toml", "user = 1\n[sim]\nslow_down = 2\nrun-time = 3\n");
        let text = read.problems.to_string();
        assert!(text.contains("windtunnel.toml:1:1: unknown key `user`"), "{text}");
        assert!(text.contains("did you mean `users`?"), "{text}");
        assert!(text.contains("windtunnel.toml:3:1: unknown key `slow_down`"), "{text}");
        assert!(text.contains("did you mean `slowdown`?"), "{text}");
        assert!(text.contains("did you mean `run_time`?"), "{text}");
    }

    #[test]
    fn a_list_keeps_its_items_whole() {
        let read = read_text("windtunnel.toml", "tags = [\"a b\", \"c\"]\n");
        let layers = Layers(vec![read.layer]);
        assert_eq!(layers.list("tags"), ["a b", "c"]);
    }

    #[test]
    fn a_line_has_one_mistake_of_syntax_however_deep_it_is_nested() {
        let read = read_text("windtunnel.toml", &format!("users = {}\n", "[".repeat(500)));
        assert_eq!(read.problems.0.len(), 1, "{}", read.problems);
    }

    #[test]
    fn broken_toml_is_shown_with_its_line() {
        let text = read_text("windtunnel.toml", "users = 1\nhost = \"x\nseed = 1\n").problems.to_string();
        assert!(text.starts_with("error: windtunnel.toml:2:"), "{text}");
    }

    #[test]
    fn a_value_of_the_wrong_type_is_refused_in_its_place() {
        let read = read_text("windtunnel.toml", "users = [1]\ninsecure = 1\ntags = [1]\nsim = true\n");
        assert_eq!(read.problems.0.len(), 4, "{}", read.problems);
    }

    #[test]
    fn paths_are_meant_from_the_folder_of_the_file() {
        let read = read_text("there/windtunnel.toml", "models = \"m\"\ncsv = \"r/\"\nhost = \"http://h\"\n");
        assert_eq!(read.layer["models"].value, "there/m");
        assert_eq!(read.layer["csv"].value, "there/r/");
        assert_eq!(read.layer["host"].value, "http://h");
    }
}
