//! The integration tests of windtunnel-core, one binary.

#![allow(clippy::unwrap_used)]

mod imports;
