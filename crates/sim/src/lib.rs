//! The simulated model server.
