//! The program `windtunnel`.
fn main() {}
