//! `windtunnel new NAME`: a module from a template, with its input data, that runs at once.

use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::Path;

use windtunnel_core::error::{Problem, Problems};
use windtunnel_core::suite::Suite;

use crate::args::COMMANDS;
use crate::command::{Context, unwritable};
use crate::exit::Exit;

const MODULE: &str = include_str!("new_module.toml");
const DATA: &str = include_str!("new_module.tsv");

/// Writes `models/NAME.toml` and `data/NAME.tsv`.
pub(super) fn new(name: &str, context: &mut Context<'_>) -> Result<Exit, Problems> {
    check_name(name)?;
    let models = &context.settings.models;
    // Where the module will look for it; nothing is listed for that.
    let suite = Suite { folder: models.clone(), entries: Vec::new() };
    let data = suite.root().join("data");
    let data = data.strip_prefix(".").unwrap_or(&data).to_owned();
    let module_file = models.join(format!("{name}.toml"));
    let data_file = data.join(format!("{name}.tsv"));
    let taken: Vec<Problem> = [&module_file, &models.join(name), &data_file]
        .into_iter()
        .filter(|path| path.symlink_metadata().is_ok())
        .map(|path| Problem::in_file(path, None, "is there already, and is not overwritten"))
        .collect();
    Problems(taken).into_result()?;

    let module = MODULE.replace("{NAME}", name).replace("{CLASS}", &class_name(name));
    for (folder, file, text) in [(data.as_path(), &data_file, DATA), (models, &module_file, module.as_str())]
    {
        create(folder, file, text).map_err(|error| unwritable(file, &error))?;
    }
    context.console.info(next_steps(
        name,
        &module_file,
        &data_file,
        context.settings.results.folder.as_path(),
    ));
    Ok(Exit::Success)
}

fn next_steps(name: &str, module: &Path, data: &Path, results: &Path) -> String {
    let baseline = results.join("sim").join(name);
    let is_command = COMMANDS.contains(&name) || name == "help";
    let run = if is_command { format!("run {name}") } else { name.to_owned() };
    format!(
        "wrote {} and {}; now try\n\n    windtunnel {run} --sim --csv {}     a run against the simulated \
         model server becomes the baseline\n    windtunnel {run} --sim     another run is compared with it\n\n\
         `windtunnel check {name}` shows the request that the module makes",
        module.display(),
        data.display(),
        baseline.display()
    )
}

fn create(folder: &Path, file: &Path, text: &str) -> io::Result<()> {
    if !folder.as_os_str().is_empty() {
        fs::create_dir_all(folder)?;
    }
    // Not `fs::write`: a file that appeared in between is not overwritten.
    let written = OpenOptions::new().write(true).create_new(true).open(file)?.write_all(text.as_bytes());
    if let Err(error) = &written
        && error.kind() != ErrorKind::AlreadyExists
    {
        // Half a module is worse than none; what cannot be removed is named by the error that follows.
        let _ = fs::remove_file(file);
    }
    written
}

/// What a name may look like: dots, slashes, colons, commas and stars mean something where modules are chosen.
fn check_name(name: &str) -> Result<(), Problem> {
    let rule = "a name begins with a letter or a digit; letters, digits, `_` and `-` may follow";
    let is_plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    if is_plain && name.starts_with(|c: char| c.is_ascii_alphanumeric()) && name.len() <= 100 {
        Ok(())
    } else {
        Err(Problem::new(format!("`{name}` cannot be the name of a module")).help(rule))
    }
}

/// `my_cool-model` is `MyCoolModel`.
fn class_name(name: &str) -> String {
    let capital = |part: &str| {
        let (first, rest) = part.split_at(1);
        first.to_ascii_uppercase() + rest
    };
    let class: String = name.split(['_', '-']).filter(|part| !part.is_empty()).map(capital).collect();
    if class.starts_with(|c: char| c.is_ascii_digit()) { format!("Model{class}") } else { class }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_mean_something_else_are_refused() {
        for name in ["", "_x", "a.b", "a/b", "../x", "a:B", "a,b", "a*", "a b", "-x", "ü", &"x".repeat(101)]
        {
            assert!(check_name(name).is_err(), "{name}");
        }
        for name in ["x", "my_cool-model2", "2nd"] {
            assert!(check_name(name).is_ok(), "{name}");
        }
    }

    #[test]
    fn classes_are_named_after_the_module() {
        assert_eq!(class_name("my_cool-model"), "MyCoolModel");
        assert_eq!(class_name("2nd"), "Model2nd");
    }
}
