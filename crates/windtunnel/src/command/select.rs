//! Which modules a command works on, with the values of their variables.

use windtunnel_core::error::{Problem, Problems, nearest};
use windtunnel_core::plan::SelectedModule;
use windtunnel_core::suite::{Selection, SelectionError, Selector, Suite, VariablesError, resolve_variables};

use crate::args::COMMANDS;
use crate::command::Context;

/// Names that were given as arguments, else those of `MODEL`; none for all modules.
pub(super) fn selections(names: &[String], context: &Context<'_>) -> Result<Vec<Selection>, Problems> {
    let suite = open(context)?;
    let model = context.settings.selection.model.as_ref();
    let selectors: Vec<Selector> = match (names, model) {
        ([], Some(model)) => Selector::parse_list(&model.value),
        (names, _) => names.iter().flat_map(|name| Selector::parse_list(name)).collect(),
    };
    if selectors.is_empty() {
        // Somebody meant a name, such as an unset variable in quotes: not everything.
        let nothing = |text: &str| format!("`{text}` names no module");
        match (names, model) {
            ([name, ..], _) => return Err(Problem::new(nothing(name)).into()),
            ([], Some(model)) => return Err(model.from.problem("model", nothing(&model.value)).into()),
            ([], None) => {}
        }
    }
    suite.select(&selectors).map_err(|error| match error {
        SelectionError::Problems(problems) => problems,
        unknown => match (names, model) {
            ([], Some(model)) => model.from.problem("model", unknown),
            ([name, ..], _) => match nearest(name, COMMANDS) {
                Some(command) => {
                    Problem::new(unknown.to_string()).help(format!("`windtunnel {command}` is a command"))
                }
                None => Problem::new(unknown.to_string()),
            },
            _ => Problem::new(unknown.to_string()),
        }
        .into(),
    })
}

/// The folder of modules.
pub(super) fn open(context: &Context<'_>) -> Result<Suite, Problems> {
    let suite = Suite::open(&context.settings.models).map_err(|error| {
        Problem::new(error.to_string()).help(
            "run in the folder that holds models/, say --models DIR, or begin with `windtunnel new NAME`",
        )
    })?;
    if suite.entries.is_empty() {
        let problem = Problem::new(format!("there is no module in `{}`", suite.folder.display()))
            .help("`windtunnel new NAME` writes one");
        return Err(problem.into());
    }
    Ok(suite)
}

/// The selected modules with their variables. One whose required variables are unset is left out with a
/// notice, unless it was named.
pub(super) fn modules(names: &[String], context: &mut Context<'_>) -> Result<Vec<SelectedModule>, Problems> {
    let selections = selections(names, context)?;
    check_tags(&selections, context)?;
    let mut modules = Vec::new();
    let mut problems = Problems::default();
    for Selection { module, users, named } in selections {
        let lookup = |name: &str| context.environment.get(name).map(str::to_owned);
        match resolve_variables(&module.variables, &lookup) {
            Ok(variables) => modules.push(SelectedModule { module, users, variables }),
            Err(error @ VariablesError::Missing(_)) if !named => {
                context.console.warning(format_args!("module `{}` is skipped: {error}", module.name));
            }
            Err(error) => problems.0.push(Problem::new(format!("module `{}`: {error}", module.name))),
        }
    }
    if modules.is_empty() && problems.0.is_empty() {
        problems.0.push(Problem::new("no module is left to run"));
    }
    problems.into_result().map(|()| modules)
}

/// `-T` takes every word up to the next flag, as in Locust, and so may have swallowed the name of a module.
fn check_tags(selections: &[Selection], context: &Context<'_>) -> Result<(), Problems> {
    let selection = &context.settings.selection;
    for tag in selection.tags.iter().chain(&selection.exclude_tags) {
        let tagged = |selection: &Selection| {
            selection.module.users.iter().flat_map(|user| &user.tasks).any(|task| task.tags.contains(tag))
        };
        if !selections.iter().any(tagged) {
            let known: Vec<&str> = selections
                .iter()
                .flat_map(|selection| &selection.module.users)
                .flat_map(|user| &user.tasks)
                .flat_map(|task| &task.tags)
                .map(String::as_str)
                .collect();
            let problem = Problem::new(format!("no task has the tag `{tag}`"));
            let problem = match nearest(tag, known) {
                Some(near) => problem.help(format!("did you mean `{near}`?")),
                None if tag.contains(char::is_whitespace) => problem.help("commas separate tags: a,b"),
                None => problem.help("if it is a module, write its name before --tags, or in MODEL="),
            };
            return Err(problem.into());
        }
    }
    Ok(())
}
