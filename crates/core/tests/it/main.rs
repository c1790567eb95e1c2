//! The integration tests of windtunnel-core, one binary.

#![allow(clippy::unwrap_used)]

mod engine;
mod imports;
mod server;
mod setup;
mod steering;
mod wire;
