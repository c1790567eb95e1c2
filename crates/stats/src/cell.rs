//! What one run knows about one row: estimates and their spread, from time batches.
//!
//! Requests that follow each other are alike, so the spread of an estimate is taken from batches of time and not
//! from single requests. The formulas are those of docs/formats.md ("cell"), after the method of batch means. No
//! comparison here: that is [`verdict`](crate::verdict).

use crate::{Histogram, Metric, Window};

/// The fewest slices from which a spread inside the run is taken.
const MIN_SLICES: usize = 6;
/// The fewest requests from which a spread inside the run is taken.
const MIN_REQUESTS: u64 = 20;

/// An estimate on the logarithmic scale, where the positive direction is the worse one. Always finite.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// `ln` of seconds for latencies, `-ln` of successes per second for the rate.
    pub y: f64,
    /// Standard error of `y`, which is the relative standard error of the value.
    pub w: f64,
    /// Quantiles only: how many independent latencies lie above it, `N (1 - p) / deff`.
    pub exceeding: Option<f64>,
}

impl Estimate {
    /// The estimate if all of its numbers are finite.
    #[must_use]
    pub fn checked(y: f64, w: f64, exceeding: Option<f64>) -> Option<Self> {
        let finite = y.is_finite() && w.is_finite() && exceeding.is_none_or(f64::is_finite);
        (finite && w >= 0.0).then_some(Self { y, w, exceeding })
    }
}

/// What one run knows about one row.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// Requests that ended, failures included.
    pub requests: u64,
    /// Those that failed.
    pub failures: u64,
    /// Length of the window in seconds.
    pub seconds: f64,
    /// Mean latency of successes; `None` without successes, and when all took 0 us.
    pub average: Option<Estimate>,
    /// Median latency of successes; `None` without successes.
    pub p50: Option<Estimate>,
    /// 95 % quantile of the successes' latencies; `None` without successes.
    pub p95: Option<Estimate>,
    /// 99 % quantile of the successes' latencies; `None` without successes.
    pub p99: Option<Estimate>,
    /// Successes per second; `None` without successes.
    pub rate: Option<Estimate>,
    /// By how much the failures' clustering in time widens the variance of their ratio; at least 1.
    pub failure_deff: f64,
    /// The window has fewer than six slices, so that its spread could not be seen.
    pub short: bool,
}

/// Sums over batches of neighbouring slices: all that the spread of a [`Cell`] is computed from. All lists have
/// one entry for each batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batches {
    /// Successes.
    pub successes: Vec<u64>,
    /// Failures.
    pub failures: Vec<u64>,
    /// Sum of the successes' latencies in microseconds.
    pub sum_us: Vec<u64>,
    /// Successes in the buckets up to that of the window's median.
    pub up_to_p50: Vec<u64>,
    /// Successes in the buckets up to that of the window's 95 % quantile.
    pub up_to_p95: Vec<u64>,
    /// Successes in the buckets up to that of the window's 99 % quantile.
    pub up_to_p99: Vec<u64>,
    /// Slices in the batch.
    pub slices: Vec<u64>,
}

impl Batches {
    /// Sums up a window. The number of batches is `min(m, 32, max(6, n div 15))` for `m` slices and `n` requests;
    /// slice `i` belongs to batch `i b div m`.
    #[must_use]
    pub fn of(window: &Window) -> Self {
        let slices = &window.slices;
        let requests: u64 = slices.iter().map(|slice| slice.successes() + slice.fails).sum();
        let by_size = usize::try_from(requests / 15).unwrap_or(usize::MAX);
        let len = slices.len().min(32).min(by_size.max(MIN_SLICES));
        let whole = window.histogram();
        let bucket_of = |p| whole.locate(p).map_or(0, |(bucket, _)| bucket);
        let limits = [bucket_of(0.5), bucket_of(0.95), bucket_of(0.99)];
        let mut batches = Self::empty(len);
        for (index, slice) in slices.iter().enumerate() {
            let at = index * len / slices.len();
            batches.successes[at] += slice.successes();
            batches.failures[at] += slice.fails;
            batches.sum_us[at] = batches.sum_us[at].saturating_add(slice.sum_us);
            batches.slices[at] += 1;
            let counts = [&mut batches.up_to_p50, &mut batches.up_to_p95, &mut batches.up_to_p99];
            for (counts, limit) in counts.into_iter().zip(limits) {
                let below = slice.hist.iter().take_while(|(bucket, _)| usize::from(*bucket) <= limit);
                counts[at] += below.map(|(_, count)| u64::from(*count)).sum::<u64>();
            }
        }
        batches
    }

    /// How many batches; 0 when the lists differ in length, which no batches of a run do.
    #[must_use]
    pub fn len(&self) -> usize {
        let len = self.slices.len();
        let same = self.lists().iter().all(|list| list.len() == len);
        if same { len } else { 0 }
    }

    /// Whether the window has fewer than six slices, so that its spread cannot be seen.
    #[must_use]
    pub fn is_short(&self) -> bool {
        self.len() < MIN_SLICES
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn empty(len: usize) -> Self {
        let zeros = || vec![0; len];
        Self {
            successes: zeros(),
            failures: zeros(),
            sum_us: zeros(),
            up_to_p50: zeros(),
            up_to_p95: zeros(),
            up_to_p99: zeros(),
            slices: zeros(),
        }
    }

    fn lists(&self) -> [&Vec<u64>; 6] {
        [&self.successes, &self.failures, &self.sum_us, &self.up_to_p50, &self.up_to_p95, &self.up_to_p99]
    }

    /// Whether there is enough to see a spread inside the run.
    fn show_spread(&self) -> bool {
        let requests = sum(&self.successes).saturating_add(sum(&self.failures));
        self.len() >= MIN_SLICES && requests >= MIN_REQUESTS
    }

    /// Variance of a total's ratio, from batches: `b/(b-1) sum (part_k - whole_k ratio)^2 / total^2`.
    fn ratio_variance(
        &self,
        parts: &[u64],
        wholes: impl Iterator<Item = u64>,
        ratio: f64,
        total: f64,
    ) -> f64 {
        let len = self.len() as f64;
        let squares: f64 =
            parts.iter().zip(wholes).map(|(part, whole)| (*part as f64 - whole as f64 * ratio).powi(2)).sum();
        len / (len - 1.0) * squares / (total * total)
    }
}

impl Cell {
    /// Sums up a window of slices.
    #[must_use]
    pub fn measure(window: &Window) -> (Self, Batches) {
        let batches = Batches::of(window);
        (Self::of(&window.histogram(), &batches, window.seconds()), batches)
    }

    /// Computes a cell from what a runs file keeps: all successes of the window, its batches, and its length.
    ///
    /// With fewer than six slices or twenty requests the spread inside the run cannot be seen. Then requests are
    /// taken as independent (deff = 1, rate as of a Poisson process), which is too small a spread where
    /// they queue; verdicts do not judge such cells, reports still show their numbers.
    #[must_use]
    pub fn of(successes: &Histogram, batches: &Batches, seconds: f64) -> Self {
        let failures = sum(&batches.failures);
        let known = batches.show_spread();
        let quantile = |p, up_to| quantile(successes, batches, p, up_to);
        Self {
            requests: successes.count().saturating_add(failures),
            failures,
            seconds,
            average: if known { average(successes, batches) } else { independent_average(successes) },
            p50: quantile(0.5, &batches.up_to_p50),
            p95: quantile(0.95, &batches.up_to_p95),
            p99: quantile(0.99, &batches.up_to_p99),
            rate: rate(successes.count(), batches, seconds),
            failure_deff: failure_deff(batches),
            short: batches.is_short(),
        }
    }

    /// The estimate of a metric; `None` without successes, and always for failures, which are counts.
    #[must_use]
    pub fn estimate(&self, metric: Metric) -> Option<Estimate> {
        match metric {
            Metric::Average => self.average,
            Metric::P50 => self.p50,
            Metric::P95 => self.p95,
            Metric::P99 => self.p99,
            Metric::Rate => self.rate,
            Metric::Failures => None,
        }
    }

    /// The value of a metric: seconds, successes per second, or failures divided by requests.
    #[must_use]
    pub fn value(&self, metric: Metric) -> Option<f64> {
        match metric {
            Metric::Rate => self.rate.map(|rate| (-rate.y).exp()),
            Metric::Failures => (self.requests > 0).then(|| self.failures as f64 / self.requests as f64),
            _ => self.estimate(metric).map(|latency| latency.y.exp()),
        }
    }
}

/// Quantile `p`, its deff from the counts below it in each batch, and its spread from the quantiles one standard
/// error of the rank away.
fn quantile(successes: &Histogram, batches: &Batches, p: f64, up_to: &[u64]) -> Option<Estimate> {
    let total = successes.count() as f64;
    let value_us = successes.quantile_us(p)?;
    let deff = if batches.show_spread() {
        let below = sum(up_to) as f64 / total;
        let wholes = batches.successes.iter().copied();
        deff(batches.ratio_variance(up_to, wholes, below, total), below, total)
    } else {
        1.0
    };
    let delta = (deff * p * (1.0 - p) / total).sqrt();
    let above = successes.quantile_us((p + delta).min(1.0))?;
    let below = successes.quantile_us((p - delta).max(0.0))?;
    let exceeding = total * (1.0 - p) / deff;
    Estimate::checked((value_us / 1e6).ln(), (above.ln() - below.ln()) / 2.0, Some(exceeding))
}

/// How many times wider a ratio's variance is than that of independent requests; at least 1.
fn deff(variance: f64, ratio: f64, total: f64) -> f64 {
    let independent = ratio * (1.0 - ratio) / total;
    if independent > 0.0 { (variance / independent).max(1.0) } else { 1.0 }
}

fn average(successes: &Histogram, batches: &Batches) -> Option<Estimate> {
    let total = successes.count() as f64;
    let mean_us = successes.mean_us()?;
    let variance = batches.ratio_variance(&batches.sum_us, batches.successes.iter().copied(), mean_us, total);
    Estimate::checked((mean_us / 1e6).ln(), variance.sqrt() / mean_us, None)
}

/// The mean of independent latencies. The spread of a single one is unknown and taken as large as itself.
fn independent_average(successes: &Histogram) -> Option<Estimate> {
    let total = successes.count() as f64;
    let mean_us = successes.mean_us()?;
    let squares: f64 = successes
        .buckets()
        .map(|(bucket, count)| count as f64 * (Histogram::midpoint(bucket) - mean_us).powi(2))
        .sum();
    let w = if total > 1.0 { (squares / (total - 1.0) / total).sqrt() / mean_us } else { 1.0 };
    Estimate::checked((mean_us / 1e6).ln(), w, None)
}

/// Successes per second, its spread from the rates of the batches.
fn rate(successes: u64, batches: &Batches, seconds: f64) -> Option<Estimate> {
    let total = successes as f64;
    let y = -(total / seconds).ln();
    if !batches.show_spread() {
        return Estimate::checked(y, 1.0 / total.sqrt(), None);
    }
    let len = batches.len() as f64;
    let rates: Vec<f64> = batches
        .successes
        .iter()
        .zip(&batches.slices)
        .map(|(count, slices)| *count as f64 / *slices as f64)
        .collect();
    let mean = rates.iter().sum::<f64>() / len;
    let squares: f64 = rates.iter().map(|rate| (rate - mean).powi(2)).sum();
    Estimate::checked(y, (squares / (len - 1.0) / len).sqrt() / mean, None)
}

fn failure_deff(batches: &Batches) -> f64 {
    let failures = sum(&batches.failures) as f64;
    let total = sum(&batches.successes) as f64 + failures;
    if failures == 0.0 || !batches.show_spread() {
        return 1.0;
    }
    let ratio = failures / total;
    let wholes = batches
        .successes
        .iter()
        .zip(&batches.failures)
        .map(|(successes, failures)| successes.saturating_add(*failures));
    deff(batches.ratio_variance(&batches.failures, wholes, ratio, total), ratio, total)
}

/// Saturates, because a damaged file may hold any numbers.
fn sum(counts: &[u64]) -> u64 {
    counts.iter().fold(0, |sum, count| sum.saturating_add(*count))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Slice;

    /// (latencies, failures) of each slice of 250 ms.
    fn window(slices: &[(Vec<u64>, u64)]) -> Window {
        let slice = |(latencies, fails): &(Vec<u64>, u64)| {
            let mut histogram = Histogram::default();
            for us in latencies {
                histogram.record(*us);
            }
            let pair = |(bucket, count)| (u16::try_from(bucket).unwrap(), u32::try_from(count).unwrap());
            let hist = histogram.buckets().map(pair).collect();
            Slice { hist, fails: *fails, sum_us: histogram.sum_us() }
        };
        Window { slices: slices.iter().map(slice).collect(), width_seconds: 0.25 }
    }

    fn slices() -> impl Strategy<Value = Vec<(Vec<u64>, u64)>> {
        let slice = (prop::collection::vec(1_u64..5_000_000, 0..6), 0_u64..3);
        prop::collection::vec(slice, 0..60)
    }

    proptest! {
        #[test]
        fn batches_hold_every_request_and_every_slice(slices in slices()) {
            let batches = Batches::of(&window(&slices));
            let latencies: Vec<u64> = slices.iter().flat_map(|(latencies, _)| latencies.clone()).collect();
            prop_assert_eq!(sum(&batches.successes), latencies.len() as u64);
            prop_assert_eq!(sum(&batches.sum_us), latencies.iter().sum::<u64>());
            prop_assert_eq!(sum(&batches.failures), slices.iter().map(|(_, fails)| fails).sum::<u64>());
            prop_assert_eq!(sum(&batches.slices), slices.len() as u64);
            prop_assert!(batches.len() <= 32);
            prop_assert!(sum(&batches.up_to_p50) <= sum(&batches.up_to_p95));
            prop_assert!(sum(&batches.up_to_p95) <= sum(&batches.up_to_p99));
        }

        #[test]
        fn a_cell_has_every_estimate_as_soon_as_there_is_one_success(slices in slices()) {
            let (cell, _) = Cell::measure(&window(&slices));
            let any = cell.requests > cell.failures;
            for metric in [Metric::Average, Metric::P50, Metric::P95, Metric::P99, Metric::Rate] {
                prop_assert_eq!(cell.estimate(metric).is_some(), any, "{}", metric);
                prop_assert_eq!(cell.value(metric).is_some(), any, "{}", metric);
            }
            prop_assert!(cell.failure_deff.is_finite() && cell.failure_deff >= 1.0);
        }

        #[test]
        fn numbers_of_a_damaged_file_give_finite_estimates_or_none(
            lists in prop::array::uniform7(prop::collection::vec(any::<u64>(), 6..8)),
            latencies in prop::collection::vec(any::<u64>(), 0..30),
            seconds in any::<f64>(),
        ) {
            let [successes, failures, sum_us, up_to_p50, up_to_p95, up_to_p99, slices] = lists;
            let batches = Batches { successes, failures, sum_us, up_to_p50, up_to_p95, up_to_p99, slices };
            let mut histogram = Histogram::default();
            for us in latencies {
                histogram.record(us);
            }
            let cell = Cell::of(&histogram, &batches, seconds);
            for metric in Metric::ALL {
                prop_assert!(cell.value(metric).is_none_or(f64::is_finite));
                prop_assert!(cell.estimate(metric).is_none_or(|estimate| estimate.w.is_finite()));
            }
        }
    }

    #[test]
    fn without_requests_there_is_nothing_to_estimate() {
        for slices in [window(&[]), window(&vec![(Vec::new(), 0); 10])] {
            let (cell, _) = Cell::measure(&slices);
            assert_eq!(Metric::ALL.map(|metric| cell.value(metric)), [None; 6]);
        }
    }

    #[test]
    fn a_row_that_only_fails_has_a_failure_ratio_and_no_latency() {
        let (cell, _) = Cell::measure(&window(&vec![(Vec::new(), 5); 10]));
        assert_eq!((cell.value(Metric::Failures), cell.value(Metric::P50)), (Some(1.0), None));
        assert!((cell.failure_deff - 1.0).abs() < 1e-12);
    }

    #[test]
    fn below_six_slices_requests_count_as_independent() {
        let (cell, batches) = Cell::measure(&window(&vec![(vec![100, 200], 2); 5]));
        assert_eq!((batches.len(), cell.requests, cell.failures), (5, 20, 10));
        let (average, rate) = (cell.average.unwrap(), cell.rate.unwrap());
        // ten values of 100 and 200 (middle of the bucket: half more): deviation sqrt(10 * 50^2 / 9) of 150
        assert!((average.w - (25_000.0_f64 / 9.0 / 10.0).sqrt() / 150.0).abs() < 1e-4);
        assert!((rate.w - 0.1_f64.sqrt()).abs() < 1e-12);
        assert!((cell.value(Metric::Rate).unwrap() - 8.0).abs() < 1e-12);
        assert_eq!(cell.p50.unwrap().exceeding, Some(5.0));
    }

    #[test]
    fn failures_that_come_in_a_burst_count_for_less() {
        let mut slices = vec![(vec![100; 10], 0); 60];
        let spread_out = (0..60).map(|i| (vec![100; 10], u64::from(i % 10 == 0))).collect::<Vec<_>>();
        slices[7].1 = 6;
        let deff = |slices: &[(Vec<u64>, u64)]| Cell::measure(&window(slices)).0.failure_deff;
        assert!(deff(&slices) > 4.0 && deff(&spread_out) < 1.5);
    }
}
