//! Merges what the threads hand over.

/// Merges intervals into records.
#[derive(Debug)]
pub struct Collector {}
