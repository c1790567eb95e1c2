//! A run cut into slices of equal width, so that the spread inside it can be seen.
//!
//! Knows counts and widths only; what is done with them is the business of [`cell`](crate::cell). The scheme is
//! that of docs/formats.md: slices of 250 ms, and when there are more than 256, neighbours are merged and the
//! width doubles, so that memory does not grow with the length of the run.

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

impl Slice {
    /// How many successes.
    #[must_use]
    pub fn successes(&self) -> u64 {
        self.hist.iter().map(|(_, count)| u64::from(*count)).sum()
    }

    /// Adds all of `other`.
    pub fn merge(&mut self, other: &Self) {
        self.add_counts(other.hist.iter().copied());
        self.fails = self.fails.saturating_add(other.fails);
        self.sum_us = self.sum_us.saturating_add(other.sum_us);
    }

    /// Adds its successes to a histogram.
    pub fn add_to(&self, histogram: &mut Histogram) {
        for (bucket, count) in &self.hist {
            histogram.add(usize::from(*bucket), u64::from(*count));
        }
        histogram.add_sum(self.sum_us);
    }

    fn is_empty(&self) -> bool {
        self.hist.is_empty() && self.fails == 0
    }

    /// Adds counts that ascend by bucket.
    fn add_counts(&mut self, counts: impl Iterator<Item = (u16, u32)>) {
        let mut at = 0;
        for (bucket, count) in counts {
            at += self.hist[at..].partition_point(|(own, _)| *own < bucket);
            match self.hist.get_mut(at) {
                Some((own, sum)) if *own == bucket => *sum = sum.saturating_add(count),
                _ => self.hist.insert(at, (bucket, count)),
            }
        }
    }
}

/// Slices of equal width; more than 256 are merged pairwise and the width doubles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slices {
    /// How many base slices (250 ms each) one slice holds: a power of two.
    factor: u64,
    /// As long as the last slice that holds something.
    slices: Vec<Slice>,
}

impl Default for Slices {
    fn default() -> Self {
        Self { factor: 1, slices: Vec::new() }
    }
}

/// The slices of a part of the run: what [`Cell`](crate::cell::Cell)s are made of.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Window {
    /// In the order of time, without gaps.
    pub slices: Vec<Slice>,
    /// Width of each in seconds.
    pub width_seconds: f64,
}

impl Window {
    /// How long it is, in seconds.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        self.slices.len() as f64 * self.width_seconds
    }

    /// All successes together.
    #[must_use]
    pub fn histogram(&self) -> Histogram {
        let mut all = Histogram::default();
        for slice in &self.slices {
            slice.add_to(&mut all);
        }
        all
    }
}

impl Slices {
    /// Width of a base slice in nanoseconds.
    pub const BASE_NS: u64 = 250_000_000;

    /// The largest number of slices.
    pub const MAX: usize = 256;

    /// Adds what ended in base slice `index` (counted from the start of the run). Indexes may come in any order
    /// and more than once; the result is the same. A count of one bucket of one slice
    /// saturates at `u32::MAX`.
    pub fn add(&mut self, index: u64, successes: &Histogram, fails: u64) {
        if successes.count() == 0 && fails == 0 {
            return;
        }
        while index / self.factor >= Self::MAX as u64 {
            self.widen();
        }
        // below MAX by the loop
        let at = usize::try_from(index / self.factor).unwrap_or(Self::MAX - 1);
        if at >= self.slices.len() {
            self.slices.resize_with(at + 1, Slice::default);
        }
        let slice = &mut self.slices[at];
        slice.add_counts(successes.buckets().map(|(bucket, count)| {
            (u16::try_from(bucket).unwrap_or(u16::MAX), u32::try_from(count).unwrap_or(u32::MAX))
        }));
        slice.fails = slice.fails.saturating_add(fails);
        slice.sum_us = slice.sum_us.saturating_add(successes.sum_us());
    }

    /// Adds all of `other`, which may have another width.
    pub fn merge(&mut self, other: &Self) {
        let mut other = other.clone();
        while self.factor < other.factor {
            self.widen();
        }
        while other.factor < self.factor {
            other.widen();
        }
        if self.slices.len() < other.slices.len() {
            self.slices.resize_with(other.slices.len(), Slice::default);
        }
        for (own, more) in self.slices.iter_mut().zip(&other.slices) {
            own.merge(more);
        }
    }

    /// Width of a slice in seconds.
    #[must_use]
    pub fn width_seconds(&self) -> f64 {
        self.width_ns() as f64 / 1e9
    }

    /// The slices from `from_ns` (rounded up to a slice) up to `to_ns` (a slice cut by it counts when at
    /// least half of it lies before), missing ones at the end filled with empty ones.
    ///
    /// Both are nanoseconds from the start of the run. The width is that which a row busy up to `to_ns` has: a
    /// row that fell silent early gets as many slices as the others, not thousands of empty ones.
    #[must_use]
    pub fn window(&self, from_ns: u64, to_ns: u64) -> Window {
        let mut wide = None::<Self>;
        let mut at = self;
        while slices_before(to_ns, at.width_ns()) > Self::MAX as u64 {
            let mut wider = wide.take().unwrap_or_else(|| self.clone());
            wider.widen();
            at = wide.insert(wider);
        }
        let first = from_ns.div_ceil(at.width_ns());
        let end = slices_before(to_ns, at.width_ns());
        let slice = |index: u64| {
            usize::try_from(index).ok().and_then(|index| at.slices.get(index)).cloned().unwrap_or_default()
        };
        Window { slices: (first..end).map(slice).collect(), width_seconds: at.width_seconds() }
    }

    fn width_ns(&self) -> u64 {
        self.factor.saturating_mul(Self::BASE_NS)
    }

    /// Merges neighbours and doubles the width.
    fn widen(&mut self) {
        self.factor *= 2;
        let len = self.slices.len();
        for pair in 0..len.div_ceil(2) {
            let mut first = std::mem::take(&mut self.slices[2 * pair]);
            if let Some(second) = self.slices.get(2 * pair + 1) {
                if first.is_empty() {
                    first.clone_from(second);
                } else {
                    first.merge(second);
                }
            }
            self.slices[pair] = first;
        }
        self.slices.truncate(len.div_ceil(2));
    }
}

/// How many slices of a width lie before a moment, a last part counting from one half.
fn slices_before(to_ns: u64, width_ns: u64) -> u64 {
    to_ns / width_ns + u64::from(to_ns % width_ns >= width_ns.div_ceil(2))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(values: &[u64]) -> Histogram {
        let mut histogram = Histogram::default();
        for us in values {
            histogram.record(*us);
        }
        histogram
    }

    type Ticks = Vec<(u64, Vec<u64>, u64)>;

    fn filled(ticks: &Ticks) -> Slices {
        let mut slices = Slices::default();
        for (index, values, fails) in ticks {
            slices.add(*index, &of(values), *fails);
        }
        slices
    }

    fn ticks() -> impl Strategy<Value = Ticks> {
        let tick = (0_u64..3_000, prop::collection::vec(0_u64..100_000, 0..4), 0_u64..3);
        prop::collection::vec(tick, 0..40)
    }

    proptest! {
        #[test]
        fn slices_do_not_depend_on_the_order_of_their_ticks(
            (ordered, shuffled) in ticks().prop_flat_map(|t| (Just(t.clone()), Just(t).prop_shuffle())),
        ) {
            prop_assert_eq!(filled(&ordered), filled(&shuffled));
        }

        #[test]
        fn merging_neighbours_keeps_every_count(ticks in ticks()) {
            let slices = filled(&ticks);
            let values: Vec<u64> = ticks.iter().flat_map(|(_, values, _)| values.clone()).collect();
            let all = slices.window(0, u64::MAX / 4);
            prop_assert_eq!(all.histogram(), of(&values));
            let fails: u64 = ticks.iter().map(|(_, _, fails)| fails).sum();
            prop_assert_eq!(all.slices.iter().map(|slice| slice.fails).sum::<u64>(), fails);
            prop_assert!(slices.slices.len() <= Slices::MAX);
        }

        #[test]
        fn merged_slices_are_those_of_all_ticks(a in ticks(), b in ticks()) {
            let mut merged = filled(&a);
            merged.merge(&filled(&b));
            prop_assert_eq!(merged, filled(&[a, b].concat()));
        }

        #[test]
        fn a_slice_holds_what_ended_within_its_time(ticks in ticks()) {
            let slices = filled(&ticks);
            for (at, slice) in slices.slices.iter().enumerate() {
                let own = |index: u64| index / slices.factor == at as u64;
                let values: Vec<u64> =
                    ticks.iter().filter(|t| own(t.0)).flat_map(|t| t.1.clone()).collect();
                let mut found = Histogram::default();
                slice.add_to(&mut found);
                prop_assert_eq!(found, of(&values));
            }
        }
    }

    #[test]
    fn the_width_doubles_only_when_there_are_more_than_256() {
        let mut slices = filled(&vec![(255, vec![7], 0)]);
        assert!((slices.width_seconds() - 0.25).abs() < f64::EPSILON);
        slices.add(256, &of(&[8]), 1);
        assert!((slices.width_seconds() - 0.5).abs() < f64::EPSILON);
        assert_eq!(slices.slices.len(), 129);
        assert_eq!(slices.slices[127], Slice { hist: vec![(7, 1)], fails: 0, sum_us: 7 });
        assert_eq!(slices.slices[128], Slice { hist: vec![(8, 1)], fails: 1, sum_us: 8 });
    }

    #[test]
    fn a_window_begins_at_a_whole_slice_and_ends_at_the_nearest() {
        let slices = filled(&(0..8).map(|index| (index, vec![index], 0)).collect());
        let values = |from_ms: u64, to_ms: u64| -> Vec<u64> {
            let window = slices.window(from_ms * 1_000_000, to_ms * 1_000_000);
            window.slices.iter().map(|slice| slice.sum_us).collect()
        };
        assert_eq!(values(0, 1_000), [0, 1, 2, 3]);
        assert_eq!(values(1, 1_000), [1, 2, 3]);
        assert_eq!(values(250, 1_124), [1, 2, 3]);
        assert_eq!(values(250, 1_125), [1, 2, 3, 4]);
        assert_eq!(values(1_500, 2_500), [6, 7, 0, 0]);
        assert_eq!(values(900, 900), Vec::<u64>::new());
    }

    #[test]
    fn a_row_that_fell_silent_has_the_slices_of_a_busy_one() {
        let hour = 3_600_000_000_000;
        let silent = filled(&vec![(3, vec![5, 6], 1)]).window(0, hour);
        let busy = filled(&vec![(3, vec![5, 6], 1), (14_399, vec![9], 0)]).window(0, hour);
        assert_eq!((silent.slices.len(), silent.width_seconds), (225, 16.0));
        assert_eq!((busy.slices.len(), busy.width_seconds), (225, 16.0));
        assert_eq!(silent.slices[0], busy.slices[0]);
    }

    #[test]
    fn the_last_index_of_all_is_no_special_case() {
        let mut slices = filled(&vec![(u64::MAX, vec![1], 0)]);
        slices.add(0, &of(&[2]), 0);
        assert_eq!((slices.slices[0].sum_us, slices.slices[255].sum_us), (2, 1));
        assert!(slices.window(0, u64::MAX).slices.len() <= Slices::MAX);
    }
}
