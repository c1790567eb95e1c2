//! Response times as Locust keeps them: rounded milliseconds and the rules of its percentiles.
//!
//! Only what Locust's files need; verdicts use [`Histogram`](crate::Histogram), which does not round this
//! coarsely. Rules: `round_response_time`, `calculate_response_time_percentile` and
//! `median_response_time` of Locust's statistics, described in docs/formats.md.

use std::cmp::Ordering;

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

impl Median {
    /// The median in milliseconds, whatever it came from; `None` when nothing was counted.
    #[must_use]
    pub fn ms(self) -> Option<f64> {
        match self {
            Self::Empty => None,
            Self::Bucket(ms) => Some(ms as f64),
            Self::Clamped(ms) => Some(ms),
        }
    }
}

/// Response times of one row, all requests included.
///
/// The counts lie in an array by bucket: 100 buckets of 1 ms, 90 of 10 ms, 90 of 100 ms, then one for each
/// second. It grows to the largest time seen, at most to [`CAP_MS`](Self::CAP_MS) (113 KiB); longer times
/// are counted in its last bucket, while minimum, maximum and sum stay exact.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LocustTimes {
    /// As long as the highest bucket that holds something.
    counts: Vec<u64>,
    count: u64,
    sum_ms: f64,
    min_ms: f64,
    max_ms: f64,
}

impl LocustTimes {
    /// The highest bucket: four hours.
    pub const CAP_MS: u64 = 14_400_000;

    /// Counts a response time of `ms` milliseconds. What is negative or no finite number counts as 0.
    #[inline]
    pub fn record(&mut self, ms: f64) {
        let ms = if ms.is_finite() { ms.max(0.0) } else { 0.0 };
        let slot = slot_of(Self::bucket_of(ms));
        if slot >= self.counts.len() {
            self.grow(slot + 1);
        }
        self.counts[slot] += 1;
        if self.count == 0 {
            (self.min_ms, self.max_ms) = (ms, ms);
        } else {
            self.min_ms = self.min_ms.min(ms);
            self.max_ms = self.max_ms.max(ms);
        }
        self.count += 1;
        self.sum_ms += ms;
    }

    /// Adds all of `other`.
    pub fn merge(&mut self, other: &Self) {
        if other.count == 0 {
            return;
        }
        self.grow(other.counts.len());
        for (own, more) in self.counts.iter_mut().zip(&other.counts) {
            *own += more;
        }
        if self.count == 0 {
            (self.min_ms, self.max_ms) = (other.min_ms, other.max_ms);
        } else {
            self.min_ms = self.min_ms.min(other.min_ms);
            self.max_ms = self.max_ms.max(other.max_ms);
        }
        self.count += other.count;
        self.sum_ms += other.sum_ms;
    }

    /// Forgets everything, keeping the memory.
    pub fn clear(&mut self) {
        let mut counts = std::mem::take(&mut self.counts);
        counts.clear();
        *self = Self { counts, ..Self::default() };
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
        if self.count == 0 { 0.0 } else { self.sum_ms / self.count as f64 }
    }

    /// The smallest time, unrounded; `None` when empty.
    #[must_use]
    pub fn min_ms(&self) -> Option<f64> {
        (self.count > 0).then_some(self.min_ms)
    }

    /// The largest time, unrounded; `None` when empty.
    #[must_use]
    pub fn max_ms(&self) -> Option<f64> {
        (self.count > 0).then_some(self.max_ms)
    }

    /// The percentile `p` (0 to 1) as a bucket in whole milliseconds: element `min(trunc(n*p), n-1)`.
    /// `None` when empty.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "truncation is the rule")]
    pub fn percentile(&self, p: f64) -> Option<u64> {
        let index = (self.count as f64 * p) as u64;
        self.element(index.min(self.count.saturating_sub(1)))
    }

    /// The median by the rule of that version, clamped into [min, max].
    #[must_use]
    pub fn median(&self, compat: Compat) -> Median {
        let bucket = match compat {
            Compat::V2_31 => self.element(self.count.saturating_sub(1) / 2),
            Compat::V2_47 => self.percentile(0.5),
        };
        match bucket {
            None => Median::Empty,
            Some(bucket) if bucket as f64 > self.max_ms => Median::Clamped(self.max_ms),
            Some(bucket) if (bucket as f64) < self.min_ms => Median::Clamped(self.min_ms),
            Some(bucket) => Median::Bucket(bucket),
        }
    }

    /// (bucket in ms, count) ascending.
    #[must_use]
    pub fn buckets(&self) -> Vec<(u64, u64)> {
        let counted = self.counts.iter().enumerate().filter(|(_, count)| **count > 0);
        counted.map(|(slot, count)| (bucket_of_slot(slot), *count)).collect()
    }

    /// The bucket of a time: rounded to 1 ms below 100 ms, to 10 below 1 s, to 100 below 10 s, else to 1000;
    /// halves go to the even neighbour, decided on the exact value as Python's `round` does. `ms` must be
    /// finite and not negative, else the bucket is 0 or [`CAP_MS`](Self::CAP_MS).
    #[inline]
    #[must_use]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole and capped")]
    pub fn bucket_of(ms: f64) -> u64 {
        let step = match ms {
            ms if ms < 100.0 => return ms.round_ties_even() as u64,
            ms if ms < 1_000.0 => 10.0,
            ms if ms < 10_000.0 => 100.0,
            _ => 1_000.0,
        };
        // The remainder and the difference are exact, a quotient would not be: 105.00000000000001 / 10 is 10.5.
        let over = ms % step;
        let below = (ms - over) as u64;
        let step_ms = step as u64;
        let up = match (2.0 * over).total_cmp(&step) {
            Ordering::Less => false,
            Ordering::Equal => !(below / step_ms).is_multiple_of(2),
            Ordering::Greater => true,
        };
        below.saturating_add(if up { step_ms } else { 0 }).min(Self::CAP_MS)
    }

    /// The bucket of the element at that 0-based index in ascending order; `None` past the end.
    fn element(&self, index: u64) -> Option<u64> {
        let mut seen = 0;
        let slot = self.counts.iter().position(|count| {
            seen += count;
            seen > index
        });
        slot.map(bucket_of_slot)
    }

    #[cold]
    fn grow(&mut self, len: usize) {
        if len > self.counts.len() {
            self.counts.resize(len, 0);
        }
    }
}

/// The place of a bucket in the array.
#[inline]
fn slot_of(bucket: u64) -> usize {
    let slot = match bucket {
        0..100 => bucket,
        100..1_000 => 90 + bucket / 10,
        1_000..10_000 => 180 + bucket / 100,
        _ => 270 + bucket / 1_000,
    };
    usize::try_from(slot).unwrap_or(usize::MAX)
}

fn bucket_of_slot(slot: usize) -> u64 {
    let slot = slot as u64;
    match slot {
        0..100 => slot,
        100..190 => (slot - 90) * 10,
        190..280 => (slot - 180) * 100,
        _ => (slot - 270) * 1_000,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(times: &[f64]) -> LocustTimes {
        let mut all = LocustTimes::default();
        for ms in times {
            all.record(*ms);
        }
        all
    }

    /// Python's `round(ms, -digits)` by exact integers: every double below 2^20 with at most 32 fractional
    /// bits is a whole number of 2^-32.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::float_cmp, reason = "exact")]
    fn reference_bucket(ms: f64) -> u64 {
        let exact = (ms * f64::from(2_u32).powi(32)) as u128;
        assert_eq!(exact as f64 / f64::from(2_u32).powi(32), ms, "not exact in the reference");
        let step = match ms {
            ms if ms < 100.0 => 1_u128,
            ms if ms < 1_000.0 => 10,
            ms if ms < 10_000.0 => 100,
            _ => 1_000,
        };
        let wide = step << 32;
        let (whole, over) = (exact / wide, exact % wide);
        let up = over * 2 > wide || (over * 2 == wide && whole % 2 == 1);
        u64::try_from((whole + u128::from(up)) * step).unwrap()
    }

    /// The element of the sorted list, literally.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "truncation is the rule")]
    fn reference_percentile(times: &[f64], p: f64) -> u64 {
        let mut buckets: Vec<u64> = times.iter().map(|ms| reference_bucket(*ms)).collect();
        buckets.sort_unstable();
        let index = (buckets.len() as f64 * p).trunc() as usize;
        buckets[index.min(buckets.len() - 1)]
    }

    /// Times with at most 32 fractional bits, halves and bounds of the steps among them.
    fn time() -> impl Strategy<Value = f64> {
        prop_oneof![
            (0_u64..1 << 52, 0_u32..40)
                .prop_map(|(bits, shift)| { (bits >> shift) as f64 / f64::from(2_u32).powi(32) }),
            (0_u32..40_000).prop_map(|halves| f64::from(halves) / 2.0),
        ]
    }

    proptest! {
        #[test]
        fn a_bucket_is_what_python_rounds_to(ms in time()) {
            prop_assert_eq!(LocustTimes::bucket_of(ms), reference_bucket(ms));
        }

        #[test]
        fn percentiles_are_elements_of_the_sorted_list(
            times in prop::collection::vec(time(), 1..120), p in 0.0..=1.0,
        ) {
            let all = of(&times);
            for p in [p, 0.5, 0.66, 0.75, 0.8, 0.9, 0.95, 0.98, 0.99, 0.999, 0.9999, 1.0] {
                prop_assert_eq!(all.percentile(p), Some(reference_percentile(&times, p)), "p = {}", p);
            }
        }

        #[test]
        fn merging_counts_what_recording_counts(
            a in prop::collection::vec(time(), 0..30), b in prop::collection::vec(time(), 0..30),
        ) {
            let all = of(&[a.clone(), b.clone()].concat());
            let mut merged = of(&a);
            merged.merge(&of(&b));
            prop_assert_eq!(merged.buckets(), all.buckets());
            prop_assert_eq!((merged.min_ms(), merged.max_ms()), (all.min_ms(), all.max_ms()));
            prop_assert_eq!(merged.count(), all.count());
            prop_assert!((merged.sum_ms() - all.sum_ms()).abs() <= 1e-9 * all.sum_ms());
        }

        #[test]
        fn every_slot_has_one_bucket(slot in 0_usize..14_671) {
            prop_assert_eq!(slot_of(bucket_of_slot(slot)), slot);
        }
    }

    #[test]
    fn halves_go_to_the_even_neighbour_on_the_exact_double() {
        let cases = [
            (0.5, 0),
            (1.5, 2),
            (2.5, 2),
            (99.5, 100),
            (105.0, 100),
            (115.0, 120),
            (125.0, 120),
            (145.0, 140),
            (995.0, 1_000),
            (9_950.0, 10_000),
            (10_500.0, 10_000),
            (11_500.0, 12_000),
            // one double above the half: a division by 10 would call it a half
            (105.000_000_000_000_01, 110),
            (0.500_000_000_000_000_1, 1),
        ];
        for (ms, bucket) in cases {
            assert_eq!(LocustTimes::bucket_of(ms), bucket, "{ms}");
        }
    }

    #[test]
    fn medians_are_those_of_the_two_versions() {
        let two = of(&[164.17, 668.578]);
        assert_eq!(two.median(Compat::V2_31), Median::Clamped(164.17));
        assert_eq!(two.median(Compat::V2_47), Median::Clamped(668.578));
        assert_eq!(two.percentile(0.5), Some(670));
        let one = of(&[104.0]);
        assert_eq!((one.median(Compat::V2_47), one.percentile(0.5)), (Median::Clamped(104.0), Some(100)));
        let four = of(&[10.0, 20.0, 30.0, 40.0]);
        assert_eq!(four.median(Compat::V2_31), Median::Bucket(20));
        assert_eq!(four.median(Compat::V2_47), Median::Bucket(30));
    }

    #[test]
    fn without_times_there_are_no_figures() {
        let empty = LocustTimes::default();
        assert_eq!((empty.percentile(0.5), empty.min_ms(), empty.max_ms()), (None, None, None));
        assert_eq!(empty.median(Compat::V2_31), Median::Empty);
        assert_eq!(empty.median(Compat::V2_47), Median::Empty);
        assert!(empty.average_ms().abs() < f64::EPSILON && empty.buckets().is_empty());
    }

    #[test]
    fn very_long_times_share_the_last_bucket_and_keep_their_maximum() {
        let all = of(&[1e18, 2.0 * 14_400_000.0]);
        assert_eq!(all.buckets(), [(LocustTimes::CAP_MS, 2)]);
        assert_eq!(all.max_ms(), Some(1e18));
        assert_eq!(all.counts.len(), 14_671);
    }

    #[test]
    fn what_is_no_time_counts_as_zero() {
        let all = of(&[f64::NAN, -5.0, f64::INFINITY]);
        assert_eq!((all.buckets(), all.max_ms()), (vec![(0, 3)], Some(0.0)));
    }

    #[test]
    fn a_cleared_row_is_empty_and_keeps_its_memory() {
        let mut all = of(&[3.0, 4_000.0]);
        let capacity = all.counts.capacity();
        all.clear();
        assert_eq!(all, LocustTimes::default());
        all.merge(&of(&[4_000.0]));
        all.record(3.0);
        assert_eq!((all.counts.capacity(), all.count()), (capacity, 2));
    }
}
