//! The program, and the face for Rust users: command line, settings, terminal and wiring.
//!
//! No arithmetic on latencies here: numbers come from the library, tables from its outputs.

mod args;
mod command;
mod exit;
mod settings;
mod signals;
mod terminal;

use std::ffi::OsString;
use std::process::ExitCode;

pub use exit::Exit;
pub use settings::environment::Environment;

/// Runs the program with the arguments and the environment of this process.
#[must_use]
pub fn main() -> ExitCode {
    run(std::env::args_os(), &Environment::of_process())
}

/// Runs the program: `arguments` with the program's name first.
#[must_use]
pub fn run(arguments: impl IntoIterator<Item = OsString>, environment: &Environment) -> ExitCode {
    match args::parse(arguments) {
        Ok(parsed) => ExitCode::from(command::carry_out(parsed, environment)),
        Err(args::Stop::Refused(problems)) => {
            terminal::Console::default().problems(&problems);
            Exit::Usage.into()
        }
        Err(args::Stop::Clap(error)) => {
            // Help goes to stdout and mistakes to stderr; a reader that is gone is no error.
            let _ = error.print();
            if error.use_stderr() { Exit::Usage.into() } else { Exit::Success.into() }
        }
    }
}
