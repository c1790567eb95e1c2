//! The program as its users meet it: a process with arguments, an environment and a working directory.

// A test that panics has failed, which is what is meant.
#![allow(clippy::unwrap_used)]

mod bad_input;
mod checking;
mod command_line;
mod counts;
mod fetch;
mod guides;
mod interleaved;
mod life;
mod liftwing;
mod limits;
mod new_module;
mod readme;
mod reports;
mod results;
mod running;
mod sandbox;
mod self_comparison;
mod server;
mod shipped;
mod stopping;
mod trouble;
mod usage;
