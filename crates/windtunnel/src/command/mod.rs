//! What the program can be asked to do, one file a command.

mod ab;
mod baseline;
mod calibrate;
mod check;
mod compare;
mod fetch;
mod list;
mod new;
mod reports;
mod run;
mod select;
mod sim;

use std::io;
use std::path::Path;

use windtunnel_core::compare::RunStore;
use windtunnel_core::error::{Problem, Problems};

use crate::args::{Action, Parsed};
use crate::exit::Exit;
use crate::settings::Settings;
use crate::settings::environment::Environment;
use crate::terminal::Console;

/// What every command works with.
#[derive(Debug)]
struct Context<'a> {
    settings: Settings,
    environment: &'a Environment,
    console: Console,
}

/// Carries out a command line and gives the exit code.
pub(crate) fn carry_out(parsed: Parsed, environment: &Environment) -> u8 {
    let mut context = match context(&parsed, environment) {
        Ok(context) => context,
        Err(problems) => {
            Console::default().problems(&problems);
            return Exit::Usage.code(1);
        }
    };
    for notice in parsed.notices.iter().chain(&context.settings.notices) {
        context.console.warning(notice);
    }
    let on_error = context.settings.results.exit_code_on_error;
    match act(parsed.action, &mut context) {
        Ok(exit) => exit.code(on_error),
        Err(problems) => {
            context.console.problems(&problems);
            Exit::Usage.code(on_error)
        }
    }
}

fn context<'a>(parsed: &Parsed, environment: &'a Environment) -> Result<Context<'a>, Problems> {
    let settings = Settings::resolve(parsed.flags.clone(), environment)?;
    let log = settings.messages.logfile.as_deref();
    let console = Console::open(settings.messages.level, log).map_err(|error| {
        Problem::in_file(log.unwrap_or(Path::new("")), None, format!("cannot be written: {error}"))
    })?;
    Ok(Context { settings, environment, console })
}

fn act(action: Action, context: &mut Context<'_>) -> Result<Exit, Problems> {
    match action {
        Action::Run(args) if args.list => list::list(&args.names, context),
        Action::Run(args) => run::run(&args, context),
        Action::List(args) => list::list(&args.names, context),
        Action::New(args) => new::new(&args.name, context),
        Action::Fetch(args) => fetch::fetch(&args.what, context),
        Action::Check(args) => check::check(&args, context),
        Action::Sim(args) => sim::sim(&args, context),
        Action::Compare(args) => compare::compare(&args, context),
        Action::Baseline(args) => baseline::baseline(&args.what, context),
        Action::Calibrate(args) => calibrate::calibrate(&args, context),
        Action::Ab(args) => ab::ab(&args, context),
    }
}

/// Prints data; the mistake where stdout cannot be written.
fn print(text: &str) -> Result<(), Problems> {
    crate::terminal::print(text)
        .map_err(|error| Problem::new(format!("cannot write to stdout: {error}")).into())
}

/// The runs that this machine keeps: beside the modules' folder in the working directory, ignored by git.
fn run_store() -> RunStore {
    RunStore::new(".windtunnel/runs")
}

/// The mistake of a file that cannot be written.
fn unwritable(path: &Path, error: &io::Error) -> Problem {
    Problem::in_file(path, None, format!("cannot be written: {error}"))
}
