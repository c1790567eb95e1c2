//! Windtunnel's library: from modules as written to a verdict.
//!
//! Data flows one way, and so do imports (ARCHITECTURE.md has the table, `tests/it/imports.rs` enforces it):
//!
//! ```text
//! models/*.toml -> suite -> plan -> engine (over transport) -> record -> summary -> RunRecord
//! RunRecord -> output (console, CSV, JSON) and compare (against a baseline) -> exit code
//! ```
//!
//! What does not live here: the command line, the settings, the terminal (crate `windtunnel`), arithmetic
//! on distributions (crate `windtunnel-stats`), and the simulated model server (crate `windtunnel-sim`).

pub mod clock;
pub mod compare;
pub mod engine;
pub mod error;
pub mod output;
pub mod plan;
pub mod record;
pub mod sample;
pub mod suite;
pub mod summary;
pub mod transport;
pub mod units;
pub mod wire;
