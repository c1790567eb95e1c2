//! Templates, compiled once.
