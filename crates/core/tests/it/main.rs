//! The integration tests of windtunnel-core, one binary.

mod imports;
