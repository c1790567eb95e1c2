//! Which classes of a module that was read run.

use glob::Pattern;

use super::names::is_glob;
use crate::error::nearest;
use crate::suite::{Module, UserSpec};

/// What a name chooses in one module.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Choice {
    /// For each class, does it run; at least one does.
    Classes(Vec<bool>),
    /// None does, and why.
    Nothing(String),
}

/// Chooses among the classes of `module`. A class that is switched off is chosen only by its full name.
pub(super) fn choose(module: &Module, member: Option<&str>, class: Option<&str>) -> Choice {
    let within: Vec<bool> = module.users.iter().map(|user| is_in(user, member)).collect();
    if let Some(member) = member.filter(|_| !within.contains(&true)) {
        return Choice::Nothing(no_member(module, member));
    }
    let full_name = class.is_some_and(|class| !is_glob(class));
    let named = match class.map(|class| classes_named(class, &module.users)).transpose() {
        Ok(named) => named.unwrap_or_else(|| vec![true; module.users.len()]),
        Err(message) => return Choice::Nothing(message),
    };
    let meant: Vec<bool> = within.iter().zip(&named).map(|(within, named)| *within && *named).collect();
    let runs: Vec<bool> =
        meant.iter().zip(&module.users).map(|(meant, user)| *meant && (user.enabled || full_name)).collect();
    if runs.contains(&true) {
        return Choice::Classes(runs);
    }
    let classes = |chosen: &[bool]| -> Vec<&str> {
        let users = module.users.iter().zip(chosen).filter(|(_, chosen)| **chosen);
        users.map(|(user, _)| user.class.value.as_str()).collect()
    };
    Choice::Nothing(match (class, meant.contains(&true)) {
        (Some(class), false) => {
            let place =
                member.map_or_else(|| module.name.clone(), |member| format!("{}/{member}", module.name));
            no_class(&place, class, &classes(&within))
        }
        _ => all_off(module, &classes(&meant)),
    })
}

fn classes_named(class: &str, users: &[UserSpec]) -> Result<Vec<bool>, String> {
    if !is_glob(class) {
        return Ok(users.iter().map(|user| user.class.value == class).collect());
    }
    let pattern =
        Pattern::new(class).map_err(|error| format!("`{class}` is not a pattern: {}", error.msg))?;
    Ok(users.iter().map(|user| pattern.matches(&user.class.value)).collect())
}

/// Is the class written in `member`: its path, the beginning of it, or a glob; dots may stand for slashes.
fn is_in(user: &UserSpec, member: Option<&str>) -> bool {
    let Some(member) = member else { return true };
    let Some(path) = user.member.as_deref() else { return false };
    let is = |wanted: &str| {
        path.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            || Pattern::new(wanted).is_ok_and(|pattern| pattern.matches(path))
    };
    is(member) || is(&member.replace('.', "/"))
}

fn no_member(module: &Module, member: &str) -> String {
    let name = &module.name;
    if module.members.is_empty() {
        let classes = module.users.iter().map(|user| user.class.value.as_str());
        return match nearest(member, classes) {
            Some(near) => format!("`{name}` has no members; did you mean the class, `{name}:{near}`?"),
            None => format!("`{name}` is one file and has no members, so `{member}` is not one"),
        };
    }
    if module.members.iter().any(|other| other == member) {
        return format!("`{name}/{member}` has no class of users");
    }
    let members = module.members.iter().map(String::as_str);
    let there_are = module.members.join(", ");
    match nearest(member, members) {
        Some(near) => {
            format!("`{name}` has no member `{member}`; did you mean `{near}`? There are: {there_are}")
        }
        None => format!("`{name}` has no member `{member}`; there are: {there_are}"),
    }
}

fn no_class(place: &str, class: &str, classes: &[&str]) -> String {
    let there_are = classes.join(", ");
    match nearest(class, classes.iter().copied()) {
        Some(near) => {
            format!("`{place}` has no class `{class}`; did you mean `{near}`? There are: {there_are}")
        }
        None => format!("`{place}` has no class `{class}`; there are: {there_are}"),
    }
}

fn all_off(module: &Module, classes: &[&str]) -> String {
    let named: Vec<String> = classes.iter().map(|class| format!("`{}:{class}`", module.name)).collect();
    format!(
        "no class of `{}` that is meant is switched on; one that is off runs only when it is named in full: {}",
        module.name,
        named.join(", ")
    )
}
