//! The one histogram layout: log-linear buckets of microseconds with a step of 0.4 to 0.8 %.
//!
//! Layout, quantile and encoding are those of docs/formats.md. Nothing here knows what the microseconds
//! measure. A histogram grows to the highest bucket it has seen (at most 7,424 buckets, 58 KiB) and keeps that
//! memory; recording, merging and clearing allocate nothing once it has grown.

use std::fmt;

/// Bits of the mantissa: 128 buckets for each power of two.
const MANTISSA_BITS: u32 = 7;

/// Counts by log-linear bucket. Bucket of `u` microseconds: `e = max(0, bitlen(u) - 8)`,
/// `bucket = (e << 7) + (u >> e)`; values below 256 us are exact.
///
/// Counts and the sum saturate instead of overflowing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Histogram {
    /// As long as the highest bucket that holds something, so that equal contents are equal histograms.
    counts: Vec<u64>,
    count: u64,
    sum_us: u64,
}

/// Encoded counts that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HistogramError {
    /// The bytes end inside a number.
    Truncated,
    /// A number is zero, too long, or leads past the highest bucket or count.
    OutOfRange,
}

impl fmt::Display for HistogramError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Truncated => "the counts of a histogram end inside a number",
            Self::OutOfRange => "the counts of a histogram hold a number out of range",
        })
    }
}

impl std::error::Error for HistogramError {}

impl Histogram {
    /// The bucket of the largest value, `u64::MAX`.
    pub const MAX_BUCKET: usize = 7_423;

    /// Counts one value of `us` microseconds.
    #[inline]
    pub fn record(&mut self, us: u64) {
        self.add(Self::bucket_of(us), 1);
        self.sum_us = self.sum_us.saturating_add(us);
    }

    /// Adds all counts of `other`.
    pub fn merge(&mut self, other: &Self) {
        self.grow(other.counts.len());
        for (own, more) in self.counts.iter_mut().zip(&other.counts) {
            *own = own.saturating_add(*more);
        }
        self.count = self.count.saturating_add(other.count);
        self.sum_us = self.sum_us.saturating_add(other.sum_us);
    }

    /// Forgets everything, keeping the memory.
    pub fn clear(&mut self) {
        self.counts.clear();
        self.count = 0;
        self.sum_us = 0;
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

    /// The mean in microseconds, from the exact sum; `None` when empty.
    #[must_use]
    pub fn mean_us(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum_us as f64 / self.count as f64)
    }

    /// The quantile `p` (0 to 1) in microseconds, interpolated inside its bucket; `None` when empty or when
    /// `p` is not a number.
    #[must_use]
    pub fn quantile_us(&self, p: f64) -> Option<f64> {
        self.locate(p).map(|(_, value)| value)
    }

    /// (bucket, count) of the buckets that hold something, ascending.
    pub fn buckets(&self) -> impl Iterator<Item = (usize, u64)> + '_ {
        self.counts.iter().copied().enumerate().filter(|(_, count)| *count > 0)
    }

    /// The bucket of a value.
    #[inline]
    #[must_use]
    pub fn bucket_of(us: u64) -> usize {
        // bitlen(us) - 8 = 64 - leading zeros - 8
        let exponent = 56_u32.saturating_sub(us.leading_zeros());
        let mantissa = usize::try_from(us >> exponent).unwrap_or(usize::MAX);
        ((exponent as usize) << MANTISSA_BITS) + mantissa
    }

    /// The edges [low, high) of a bucket in microseconds. The highest bucket ends at `u64::MAX`, and so does
    /// every number above it, which is no bucket.
    #[must_use]
    pub fn edges(bucket: usize) -> (u64, u64) {
        let bucket = bucket.min(Self::MAX_BUCKET);
        let exponent = (bucket >> MANTISSA_BITS).saturating_sub(1);
        let mantissa = (bucket - (exponent << MANTISSA_BITS)) as u128;
        let edge = |mantissa: u128| u64::try_from(mantissa << exponent).unwrap_or(u64::MAX);
        (edge(mantissa), edge(mantissa + 1))
    }

    /// The middle of a bucket in microseconds.
    pub(crate) fn midpoint(bucket: usize) -> f64 {
        let (low, high) = Self::edges(bucket);
        f64::midpoint(low as f64, high as f64)
    }

    /// Counts from bucket 0 as zig-zag LEB128; a run of k empty buckets is the number -k.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut next = 0;
        for (bucket, count) in self.buckets() {
            let empty = (bucket - next) as u128;
            if empty > 0 {
                push_leb128(&mut bytes, 2 * empty - 1);
            }
            push_leb128(&mut bytes, 2 * u128::from(count));
            next = bucket + 1;
        }
        bytes
    }

    /// Reads what [`encode`](Self::encode) wrote; the sum is not in it and comes from `sum_us`.
    ///
    /// # Errors
    /// When the bytes are not such counts.
    pub fn decode(bytes: &[u8], sum_us: u64) -> Result<Self, HistogramError> {
        let mut histogram = Self { sum_us, ..Self::default() };
        let mut bucket = 0_usize;
        let mut rest = bytes;
        while !rest.is_empty() {
            let number = take_leb128(&mut rest)?;
            if number % 2 == 1 {
                let empty = usize::try_from(number / 2 + 1).map_err(|_| HistogramError::OutOfRange)?;
                bucket = bucket.checked_add(empty).ok_or(HistogramError::OutOfRange)?;
                continue;
            }
            let count = u64::try_from(number / 2).map_err(|_| HistogramError::OutOfRange)?;
            let total = histogram.count.checked_add(count);
            if count == 0 || bucket > Self::MAX_BUCKET || total.is_none() {
                return Err(HistogramError::OutOfRange);
            }
            histogram.add(bucket, count);
            bucket += 1;
        }
        Ok(histogram)
    }

    /// Counts `count` values of a bucket without adding to the sum.
    #[inline]
    pub(crate) fn add(&mut self, bucket: usize, count: u64) {
        if bucket >= self.counts.len() {
            self.grow(bucket + 1);
        }
        self.counts[bucket] = self.counts[bucket].saturating_add(count);
        self.count = self.count.saturating_add(count);
    }

    /// Adds to the sum of the values, for counts that came in by [`add`](Self::add).
    pub(crate) fn add_sum(&mut self, us: u64) {
        self.sum_us = self.sum_us.saturating_add(us);
    }

    /// The bucket and the value of the quantile `p`: with `r = clamp(p N, 1/2, N - 1/2)`, the bucket in which
    /// the cumulative count reaches `r`, interpolated between its edges.
    pub(crate) fn locate(&self, p: f64) -> Option<(usize, f64)> {
        if self.count == 0 || p.is_nan() {
            return None;
        }
        let total = self.count as f64;
        let rank = (p * total).clamp(0.5, total - 0.5);
        let mut before = 0.0;
        for (bucket, count) in self.buckets() {
            let count = count as f64;
            if before + count >= rank {
                let (low, high) = Self::edges(bucket);
                let value = low as f64 + (high - low) as f64 * (rank - before) / count;
                return Some((bucket, value));
            }
            before += count;
        }
        None
    }

    #[cold]
    fn grow(&mut self, len: usize) {
        if len > self.counts.len() {
            self.counts.resize(len, 0);
        }
    }
}

fn push_leb128(bytes: &mut Vec<u8>, mut number: u128) {
    loop {
        let low = (number & 0x7f) as u8;
        number >>= 7;
        if number == 0 {
            bytes.push(low);
            return;
        }
        bytes.push(low | 0x80);
    }
}

fn take_leb128(bytes: &mut &[u8]) -> Result<u128, HistogramError> {
    let mut number = 0_u128;
    // A zig-zag count has at most 65 bits: ten bytes.
    for shift in (0..70).step_by(7) {
        let (&byte, rest) = bytes.split_first().ok_or(HistogramError::Truncated)?;
        *bytes = rest;
        number |= u128::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(number);
        }
    }
    Err(HistogramError::OutOfRange)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Values over all magnitudes, not only the huge ones that a uniform draw gives.
    fn value() -> impl Strategy<Value = u64> {
        (any::<u64>(), 0_u32..64).prop_map(|(bits, shift)| bits >> shift)
    }

    fn of(values: &[u64]) -> Histogram {
        let mut histogram = Histogram::default();
        for us in values {
            histogram.record(*us);
        }
        histogram
    }

    fn merged(parts: &[&Histogram]) -> Histogram {
        let mut all = Histogram::default();
        for part in parts {
            all.merge(part);
        }
        all
    }

    proptest! {
        #[test]
        fn edges_contain_the_value_and_are_within_one_percent(us in value()) {
            let (low, high) = Histogram::edges(Histogram::bucket_of(us));
            prop_assert!(low <= us && (us < high || high == u64::MAX));
            prop_assert!(high - low == 1 || (high - low) as f64 <= low as f64 * 0.008);
        }

        #[test]
        fn merging_does_not_depend_on_order_or_grouping(
            a in prop::collection::vec(value(), 0..20),
            b in prop::collection::vec(value(), 0..20),
            c in prop::collection::vec(value(), 0..20),
        ) {
            let all = of(&[a.clone(), b.clone(), c.clone()].concat());
            let (a, b, c) = (of(&a), of(&b), of(&c));
            prop_assert_eq!(merged(&[&a, &merged(&[&b, &c])]), merged(&[&merged(&[&a, &b]), &c]));
            prop_assert_eq!(merged(&[&a, &b, &c]), merged(&[&c, &b, &a]));
            prop_assert_eq!(merged(&[&a, &b, &c]), all);
        }

        #[test]
        fn quantiles_rise_with_p_and_stay_between_the_outer_edges(
            values in prop::collection::vec(value(), 1..50),
            mut p in prop::collection::vec(0.0..=1.0, 2..10),
        ) {
            let histogram = of(&values);
            p.sort_by(f64::total_cmp);
            let found: Vec<f64> = p.iter().map(|p| histogram.quantile_us(*p).unwrap()).collect();
            prop_assert!(found.is_sorted(), "{found:?}");
            let least = Histogram::edges(Histogram::bucket_of(*values.iter().min().unwrap())).0;
            let most = Histogram::edges(Histogram::bucket_of(*values.iter().max().unwrap())).1;
            prop_assert!(found.iter().all(|q| least as f64 <= *q && *q <= most as f64));
        }

        #[test]
        fn decoding_gives_back_what_was_encoded(values in prop::collection::vec(value(), 0..60)) {
            let histogram = of(&values);
            prop_assert_eq!(Histogram::decode(&histogram.encode(), histogram.sum_us()), Ok(histogram));
        }

        #[test]
        fn decoding_never_panics_and_never_reads_past_the_highest_bucket(
            bytes in prop::collection::vec(any::<u8>(), 0..40),
        ) {
            if let Ok(histogram) = Histogram::decode(&bytes, 0) {
                prop_assert!(histogram.buckets().all(|(bucket, _)| bucket <= Histogram::MAX_BUCKET));
                prop_assert_eq!(Histogram::decode(&histogram.encode(), 0), Ok(histogram));
            }
        }
    }

    #[test]
    fn buckets_follow_each_other_without_gap_up_to_the_highest() {
        assert_eq!(Histogram::edges(0), (0, 1));
        for bucket in 1..=Histogram::MAX_BUCKET {
            let (low, _) = Histogram::edges(bucket);
            assert_eq!(Histogram::edges(bucket - 1).1, low, "bucket {bucket}");
            assert_eq!(Histogram::bucket_of(low), bucket);
        }
        assert_eq!(Histogram::bucket_of(u64::MAX), Histogram::MAX_BUCKET);
        assert_eq!(Histogram::edges(usize::MAX), Histogram::edges(Histogram::MAX_BUCKET));
    }

    #[test]
    fn the_encoding_is_zig_zag_leb128_with_negative_runs() {
        // -3 for buckets 0 to 2, then 2, 1, then -1 for bucket 5, then 70 in bucket 6
        let mut values = vec![3, 3, 4];
        values.extend([6; 70]);
        assert_eq!(of(&values).encode(), [5, 4, 2, 1, 0x8c, 0x01]);
        assert_eq!(Histogram::default().encode(), Vec::<u8>::new());
    }

    #[test]
    fn bytes_that_are_no_counts_are_refused() {
        assert_eq!(Histogram::decode(&[0x80], 0), Err(HistogramError::Truncated));
        assert_eq!(Histogram::decode(&[0], 0), Err(HistogramError::OutOfRange));
        assert_eq!(Histogram::decode(&[0xff; 11], 0), Err(HistogramError::OutOfRange));
        let mut past_the_end = Vec::new();
        push_leb128(&mut past_the_end, 2 * (Histogram::MAX_BUCKET as u128 + 1) - 1);
        past_the_end.push(2);
        assert_eq!(Histogram::decode(&past_the_end, 0), Err(HistogramError::OutOfRange));
    }

    #[test]
    fn an_empty_histogram_has_no_figures() {
        let empty = Histogram::default();
        assert_eq!((empty.count(), empty.mean_us(), empty.quantile_us(0.5)), (0, None, None));
        assert_eq!(of(&[1]).quantile_us(f64::NAN), None);
    }

    #[test]
    fn a_cleared_histogram_is_empty_and_takes_the_same_values_in_the_same_memory() {
        let mut histogram = of(&[10, 70_000, 60_000_000]);
        let capacity = histogram.counts.capacity();
        histogram.clear();
        assert_eq!(histogram, Histogram::default());
        histogram.record(60_000_000);
        histogram.merge(&of(&[10, 70_000]));
        assert_eq!(histogram.counts.capacity(), capacity);
        assert_eq!(histogram, of(&[10, 70_000, 60_000_000]));
    }
}
