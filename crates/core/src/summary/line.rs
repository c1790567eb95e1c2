//! The line of a runs file: what a verdict needs of one run. Described in docs/formats.md.

#[cfg(test)]
pub(crate) mod fixture;
