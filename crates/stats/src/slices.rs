//! A run cut into slices of equal width, so that the spread inside it can be seen.

use crate::Histogram;

/// What ended in one slice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Slice {
    /// (bucket, count) of successes, ascending: see [`Histogram`].
    pub hist: Vec<(u16, u32)>,
    /// Failures.
    pub fails: u64,
    /// Sum of the successes' latencies in microseconds.
    pub sum_us: u64,
}

/// Slices of equal width; more than 256 are merged pairwise and the width doubles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slices {
    /// How many base slices (250 ms each) one slice holds: a power of two.
    factor: u64,
    slices: Vec<Slice>,
}

impl Default for Slices {
    fn default() -> Self {
        Self { factor: 1, slices: Vec::new() }
    }
}

impl Slices {
    /// Width of a base slice in nanoseconds.
    pub const BASE_NS: u64 = 250_000_000;

    /// Adds what ended in base slice `index` (counted from the start of the run).
    pub fn add(&mut self, index: u64, successes: &Histogram, fails: u64) {
        todo!("{index} {successes:?} {fails}")
    }
    /// Width of a slice in seconds.
    #[must_use]
    pub fn width_seconds(&self) -> f64 {
        todo!()
    }
    /// The slices from `from_ns` (rounded up to a slice) up to `to_ns` (a slice cut by it counts when at
    /// least half of it lies before), missing ones at the end filled with empty ones.
    #[must_use]
    pub fn window(&self, from_ns: u64, to_ns: u64) -> Vec<Slice> {
        todo!("{from_ns} {to_ns}")
    }
}
