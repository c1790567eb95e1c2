//! The program, and the face for Rust users: command line, settings, terminal and wiring.
//!
//! No arithmetic on latencies here: numbers come from the library, tables from its outputs.

mod args;
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
    let _ = (args::parse(arguments), environment);
    todo!()
}
