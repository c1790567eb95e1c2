//! The integration tests of windtunnel-stats, one binary.

#![allow(clippy::unwrap_used, reason = "the whole binary is a test")]

mod properties;
mod vectors;
mod verdicts;
