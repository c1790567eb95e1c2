//! The program as its users meet it: a process with arguments, an environment and a working directory.

mod command_line;
mod fetch;
mod new_module;
mod sandbox;
mod server;
