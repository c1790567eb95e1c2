//! Which entries of a suite a typed name means, before any of them is read.

use std::path::{Component, Path};

use glob::Pattern;

use crate::suite::Suite;
use crate::suite::discover::shown;

/// The entries that a name means.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// The names of modules, sorted.
    pub(super) modules: Vec<String>,
    /// What follows the module's name.
    pub(super) member: Option<String>,
    /// The module was named in full, not met by a glob.
    pub(super) exact: bool,
}

/// Does the text have characters of a glob?
pub(super) fn is_glob(text: &str) -> bool {
    text.contains(['*', '?', '['])
}

/// The modules that `typed`, a name without class, means; as a message, what there is where it means none.
///
/// A module's name is tried whole before it is taken apart at a slash or a dot, the longest first part
/// before shorter ones: `qwen2.5` may be a module.
pub(super) fn find(suite: &Suite, typed: &str) -> Result<Found, String> {
    let path = without_folder(suite, typed);
    let path = path.strip_suffix(".toml").unwrap_or(&path).trim_end_matches('/');
    let separators = path.char_indices().filter(|(_, c)| matches!(c, '/' | '.')).map(|(at, _)| at);
    let mut ends: Vec<usize> = separators.chain([path.len()]).collect();
    ends.reverse();
    for end in ends {
        let modules = matching(suite, &path[..end])?;
        if !modules.is_empty() {
            let member = path.get(end + 1..).map(str::to_owned);
            return Ok(Found { modules, member, exact: !is_glob(&path[..end]) });
        }
    }
    Err(unknown(suite, typed, path))
}

/// The entries whose name is `name`, or that it matches as a glob.
fn matching(suite: &Suite, name: &str) -> Result<Vec<String>, String> {
    let names = suite.entries.iter().map(|(name, _)| name.as_str());
    if !is_glob(name) {
        return Ok(names.filter(|other| *other == name).map(str::to_owned).collect());
    }
    let pattern = Pattern::new(name).map_err(|error| format!("`{name}` is not a pattern: {}", error.msg))?;
    Ok(names.filter(|other| pattern.matches(other)).map(str::to_owned).collect())
}

/// `typed` without the folder of modules in front, which is there when a path was typed.
fn without_folder(suite: &Suite, typed: &str) -> String {
    let path = shown(Path::new(typed));
    let first = path.components().next().map(Component::as_os_str);
    if suite.entries.iter().any(|(name, _)| first == Some(name.as_ref())) {
        return path.to_string_lossy().into_owned();
    }
    let folder = shown(&suite.folder);
    let below =
        path.strip_prefix(&folder).or_else(|_| path.strip_prefix(folder.file_name().unwrap_or_default()));
    match below {
        Ok(below) if !below.as_os_str().is_empty() => below.to_string_lossy().into_owned(),
        _ => typed.to_owned(),
    }
}

fn unknown(suite: &Suite, typed: &str, path: &str) -> String {
    if !is_glob(path) {
        let first = path.split('/').next().unwrap_or(path);
        let problem = suite.unknown_module(first);
        return match problem.help {
            Some(help) => format!("{}; {help}", problem.message),
            None => problem.message,
        };
    }
    let names: Vec<&str> = suite.entries.iter().map(|(name, _)| name.as_str()).collect();
    if names.is_empty() {
        return suite.no_module();
    }
    format!("no module matches `{typed}`; there are: {}", names.join(", "))
}
