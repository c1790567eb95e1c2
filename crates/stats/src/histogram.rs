//! The one histogram layout: log-linear buckets of microseconds with a step of 0.4 to 0.8 %.

/// Counts by log-linear bucket. Bucket of `u` microseconds: `e = max(0, bitlen(u) - 8)`,
/// `bucket = (e << 7) + (u >> e)`; values below 256 us are exact.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Histogram {
    counts: Vec<u64>,
    count: u64,
    sum_us: u64,
}

/// Encoded counts that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HistogramError;

impl Histogram {
    /// Counts one value of `us` microseconds.
    #[inline]
    pub fn record(&mut self, us: u64) {
        todo!("{us}")
    }
    /// Adds all counts of `other`.
    pub fn merge(&mut self, other: &Self) {
        todo!("{other:?}")
    }
    /// Forgets everything, keeping the memory.
    pub fn clear(&mut self) {
        todo!()
    }
    /// How many values.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }
    /// Their sum in microseconds.
    #[must_use]
    pub fn sum_us(&self) -> u64 {
        self.sum_us
    }
    /// The mean in microseconds; `None` when empty.
    #[must_use]
    pub fn mean_us(&self) -> Option<f64> {
        todo!()
    }
    /// The quantile `p` (0 to 1) in microseconds, interpolated inside its bucket; `None` when empty.
    #[must_use]
    pub fn quantile_us(&self, p: f64) -> Option<f64> {
        todo!("{p}")
    }
    /// (bucket, count) of the buckets that hold something, ascending.
    pub fn buckets(&self) -> impl Iterator<Item = (usize, u64)> + '_ {
        self.counts.iter().copied().enumerate().filter(|(_, count)| *count > 0)
    }
    /// The bucket of a value.
    #[must_use]
    pub fn bucket_of(us: u64) -> usize {
        todo!("{us}")
    }
    /// The edges [low, high) of a bucket in microseconds.
    #[must_use]
    pub fn edges(bucket: usize) -> (u64, u64) {
        todo!("{bucket}")
    }
    /// Counts from bucket 0 as zig-zag LEB128; a run of k empty buckets is the number -k.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        todo!()
    }
    /// Reads what [`encode`](Self::encode) wrote; the sum is not in it and comes from `sum_us`.
    ///
    /// # Errors
    /// When the bytes are not such counts.
    pub fn decode(bytes: &[u8], sum_us: u64) -> Result<Self, HistogramError> {
        todo!("{bytes:?} {sum_us}")
    }
}
