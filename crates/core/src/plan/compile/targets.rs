//! Base URLs: where each class sends its requests.

use crate::error::Problem;
use crate::plan::compile::Asked;
use crate::plan::compile::module::ModuleDraft;
use crate::plan::compile::texts::Texts;
use crate::suite::UserSpec;
use crate::wire::{Scheme, Target};

/// The base URLs of a plan, each once, and the classes that have none.
#[derive(Debug, Default)]
pub(crate) struct Targets {
    each: Vec<Target>,
    without: Vec<String>,
    /// A faulty URL of the command line is reported once, not for each class.
    faulty: Vec<String>,
}

impl Targets {
    /// The index of the base URL of a class: the simulator's, else the class's own, else `--host`. What is
    /// wrong goes to `problems`; the index is then one of a stand-in.
    pub(crate) fn of_class(
        &mut self,
        spec: &UserSpec,
        module: &mut ModuleDraft<'_>,
        asked: &Asked,
        problems: &mut Vec<Problem>,
    ) -> usize {
        let target = if let Some(url) = &asked.base_url_override {
            self.parse(url, problems)
        } else if let Some(source) = &spec.base_url {
            let mut texts = Texts::new(&module.known, &module.shown, &mut module.trial, &source.at);
            let target = texts.of_variables(source).and_then(|url| match Target::parse(&url) {
                Ok(target) => Some(target),
                Err(error) => {
                    let message = texts.redact(error.to_string());
                    texts.push(source.at.problem(message));
                    None
                }
            });
            problems.extend(texts.into_problems());
            target
        } else if let Some(url) = &asked.base_url {
            self.parse(url, problems)
        } else {
            self.without.push(spec.class.value.clone());
            None
        };
        self.index_of(target.unwrap_or_else(stand_in))
    }

    fn parse(&mut self, url: &str, problems: &mut Vec<Problem>) -> Option<Target> {
        match Target::parse(url) {
            Ok(target) => Some(target),
            Err(error) => {
                if !self.faulty.iter().any(|faulty| faulty == url) {
                    self.faulty.push(url.to_owned());
                    let help = "--host takes a base URL such as https://gateway.example:8443/prefix";
                    problems.push(Problem::new(error.to_string()).help(help));
                }
                None
            }
        }
    }

    fn index_of(&mut self, target: Target) -> usize {
        self.each.iter().position(|other| *other == target).unwrap_or_else(|| {
            self.each.push(target);
            self.each.len() - 1
        })
    }

    pub(crate) fn get(&self, index: usize) -> &Target {
        &self.each[index]
    }

    /// The problem of the classes that have no base URL, if there are any.
    pub(crate) fn missing(&self) -> Option<Problem> {
        let what = match self.without.as_slice() {
            [] => return None,
            [class] => format!("class {class} has no base URL to send requests to"),
            classes => format!("classes {} have no base URL to send requests to", classes.join(", ")),
        };
        let help = "give one by --host URL, by the environment variable WINDTUNNEL_HOST or LOCUST_HOST, by \
                    `host` in windtunnel.toml, or by `base_url` in the class; --sim needs none";
        Some(Problem::new(what).help(help))
    }

    pub(crate) fn into_targets(self) -> Vec<Target> {
        self.each
    }
}

/// A target for classes without one, so that their requests are checked all the same.
fn stand_in() -> Target {
    Target { scheme: Scheme::Http, host: "localhost".to_owned(), port: 80, prefix: String::new() }
}
