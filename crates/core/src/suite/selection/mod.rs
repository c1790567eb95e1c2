//! What `MODEL=` and positional names select.
//!
//! Which entries a name means is `names`' business; here the modules are read, and their classes chosen.

mod choice;
mod names;
#[cfg(test)]
mod tests;

use std::fmt;

use crate::error::Problems;
use crate::suite::{Module, Suite};
use choice::{Choice, choose};

/// One name as typed: a module, `module/member`, `module.member`, `module:Class`, or a glob of a module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selector {
    /// The module's name, or a glob over names. It still holds a `.member`: names may have dots, so that only
    /// the modules that there are can tell.
    pub module: String,
    /// `/member`: a member's path, the beginning of one, or a glob.
    pub member: Option<String>,
    /// `:Class`, or a glob over classes.
    pub class: Option<String>,
}

/// A module to run, and which of its classes.
#[derive(Clone, Debug)]
pub struct Selection {
    /// The module.
    pub module: Module,
    /// For each of `module.users`: does it run. At least one does.
    pub users: Vec<bool>,
    /// It was named, not only met by a glob or by running everything.
    pub named: bool,
}

/// A selection that cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SelectionError {
    /// No such module, member or class.
    #[error("{message}")]
    Unknown {
        /// What was asked for, what there is, the nearest name; a line for each.
        message: String,
    },
    /// The module's files have mistakes.
    #[error(transparent)]
    Problems(#[from] Problems),
}

impl Selector {
    /// Takes a comma list of names apart. Spaces around names do not matter, nothing between two commas is
    /// passed over.
    #[must_use]
    pub fn parse_list(text: &str) -> Vec<Self> {
        text.split(',').map(str::trim).filter(|name| !name.is_empty()).map(Self::parse).collect()
    }

    fn parse(name: &str) -> Self {
        let part = |text: &str| text.trim().to_owned();
        let (path, class) = match name.split_once(':') {
            Some((path, class)) => (path, Some(part(class))),
            None => (name, None),
        };
        match path.split_once('/') {
            Some((module, member)) => Self { module: part(module), member: Some(part(member)), class },
            None => Self { module: part(path), member: None, class },
        }
    }

    /// The part before the colon, as typed.
    fn path(&self) -> String {
        match &self.member {
            Some(member) => format!("{}/{member}", self.module),
            None => self.module.clone(),
        }
    }
}

/// As typed.
impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path())?;
        match &self.class {
            Some(class) => write!(f, ":{class}"),
            None => Ok(()),
        }
    }
}

impl Suite {
    /// Reads the modules that `selectors` name, all of them when there is none; each once, in the order of
    /// the first naming (alphabetical for a glob or all). Other modules are not read.
    ///
    /// Several names of one module add up. A class that is switched off (`enabled = false`) runs only when
    /// it is named in full; a module all of whose classes are is passed over where everything or a glob runs.
    /// A name may also be the path of the module's file.
    ///
    /// # Errors
    /// Unknown names, names that leave no class to run, and all mistakes of the files that were read.
    pub fn select(&self, selectors: &[Selector]) -> Result<Vec<Selection>, SelectionError> {
        let everything = Selector { module: "*".to_owned(), member: None, class: None };
        let selectors = if selectors.is_empty() { std::slice::from_ref(&everything) } else { selectors };
        let mut unknown = Vec::new();
        let mut read = Read { suite: self, modules: Vec::new(), problems: Problems::default() };
        for selector in selectors {
            match names::find(self, &selector.path()) {
                Ok(found) => {
                    if let Err(message) = read.choose(selector, &found) {
                        unknown.push(message);
                    }
                }
                Err(message) => unknown.push(message),
            }
        }
        if !unknown.is_empty() {
            return Err(SelectionError::Unknown { message: unknown.join("\n") });
        }
        read.problems.into_result()?;
        let modules = read.modules.into_iter().filter_map(|(_, selection)| selection);
        Ok(modules.filter(|selection| selection.users.contains(&true)).collect())
    }
}

/// The modules read so far, each once.
struct Read<'s> {
    suite: &'s Suite,
    /// `None` where the files have mistakes, which are in `problems`.
    modules: Vec<(String, Option<Selection>)>,
    problems: Problems,
}

impl Read<'_> {
    /// Adds what `selector` chooses in the modules `found`.
    fn choose(&mut self, selector: &Selector, found: &names::Found) -> Result<(), String> {
        let mut chosen = false;
        let mut why = None;
        for name in &found.modules {
            let Some(selection) = self.module(name) else {
                // Its mistakes are told; that nothing was chosen from it is not one of the name's.
                chosen = true;
                continue;
            };
            selection.named |= found.exact;
            match choose(&selection.module, found.member.as_deref(), selector.class.as_deref()) {
                Choice::Classes(classes) => {
                    chosen = true;
                    for (runs, chosen) in selection.users.iter_mut().zip(classes) {
                        *runs |= chosen;
                    }
                }
                Choice::Nothing(message) => why = why.or(Some(message)),
            }
        }
        match why {
            Some(message) if found.exact => Err(message),
            Some(message) if !chosen => Err(match found.modules.len() {
                1 => message,
                count => format!("`{selector}` leaves no class to run in any of {count} modules"),
            }),
            _ => Ok(()),
        }
    }

    /// The module, read when it is met first; `None` where its files have mistakes.
    fn module(&mut self, name: &str) -> Option<&mut Selection> {
        let index = self.modules.iter().position(|(other, _)| other == name).unwrap_or_else(|| {
            let selection = match self.suite.load(name) {
                Ok(module) => {
                    Some(Selection { users: vec![false; module.users.len()], module, named: false })
                }
                Err(problems) => {
                    self.problems.0.extend(problems.0);
                    None
                }
            };
            self.modules.push((name.to_owned(), selection));
            self.modules.len() - 1
        });
        self.modules[index].1.as_mut()
    }
}
