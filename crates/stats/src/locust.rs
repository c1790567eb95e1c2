//! Response times as Locust keeps them: rounded milliseconds and the rules of its percentiles.

/// Which Locust's rules and number formats.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compat {
    /// Locust 2.31.5: lower median.
    V2_31,
    /// Locust 2.47: upper median.
    #[default]
    V2_47,
}

/// Locust's median: a bucket, or the raw minimum or maximum when the bucket lies outside them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Median {
    /// Nothing was counted.
    Empty,
    /// A bucket in whole milliseconds.
    Bucket(u64),
    /// Clamped to the raw minimum or maximum, in milliseconds.
    Clamped(f64),
}

/// Response times of one row, all requests included.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LocustTimes {
    counts: Vec<u64>,
    count: u64,
    sum_ms: f64,
    min_ms: f64,
    max_ms: f64,
}

impl LocustTimes {
    /// Counts a response time of `ms` milliseconds.
    #[inline]
    pub fn record(&mut self, ms: f64) {
        todo!("{ms}")
    }
    /// Adds all of `other`.
    pub fn merge(&mut self, other: &Self) {
        todo!("{other:?}")
    }
    /// Forgets everything, keeping the memory.
    pub fn clear(&mut self) {
        todo!()
    }
    /// How many.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }
    /// Sum of the unrounded times in milliseconds.
    #[must_use]
    pub fn sum_ms(&self) -> f64 {
        self.sum_ms
    }
    /// Mean of the unrounded times; 0 when empty.
    #[must_use]
    pub fn average_ms(&self) -> f64 {
        todo!()
    }
    /// The smallest time, unrounded; `None` when empty.
    #[must_use]
    pub fn min_ms(&self) -> Option<f64> {
        todo!()
    }
    /// The largest time, unrounded; `None` when empty.
    #[must_use]
    pub fn max_ms(&self) -> Option<f64> {
        todo!()
    }
    /// The percentile `p` (0 to 1) as a bucket in whole milliseconds: element `min(trunc(n*p), n-1)`.
    #[must_use]
    pub fn percentile(&self, p: f64) -> Option<u64> {
        todo!("{p}")
    }
    /// The median by the rule of that version, clamped into [min, max].
    #[must_use]
    pub fn median(&self, compat: Compat) -> Median {
        todo!("{compat:?}")
    }
    /// (bucket in ms, count) ascending.
    pub fn buckets(&self) -> Vec<(u64, u64)> {
        todo!()
    }
}
