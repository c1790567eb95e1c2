//! Is a limit kept, by as many requests as there are.
//!
//! A share (requests over a latency, failures) is decided by the bound by which the load generator of the inference
//! benchmarks of `MLCommons` stops early ("Inference Rules", appendix on early stopping), in both directions; a mean by Student's t over the batches of
//! the run. The error of each answer is at most 1 % where requests are independent; where they follow each other their
//! number is reduced to that of independent ones by the design effect (docs/statistics.md 3.6).

use crate::cell::Batches;
use crate::special::{beta, t_above, t_quantile};
use crate::{Histogram, Slice, Window};

/// The error of "kept" and that of "missed".
const ERROR: f64 = 0.01;
/// The fewest slices that show how a run varies.
const MIN_SLICES: usize = 6;
/// How slow requests cluster is looked at where at least so many of them are seen: a handful cannot show it.
const MIN_SEEN: f64 = 20.0;
/// More requests than this will never be sent: where they would be needed, no number is.
const ENDLESS: f64 = 1e8;

/// What is known of a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// It is kept: what was seen would be less than 1 % likely if it were only just missed.
    Kept,
    /// It is missed: what was seen would be less than 1 % likely if it were only just kept.
    Missed,
    /// Neither.
    NotEnough {
        /// How many more requests would decide if they came as those so far; none where no reasonable number would.
        further: Option<u64>,
    },
}

/// How many successes are over a latency.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Over {
    /// Those over it. Of a bucket that it lies in, the part above, so that the share agrees with the quantile.
    pub over: f64,
    /// All successes.
    pub total: f64,
    /// By how much their clustering in time widens the variance of that share; at least 1, and infinite where the
    /// window has fewer than six slices, so that it cannot be seen.
    pub deff: f64,
}

/// Counts the successes of a window that are over `limit_us` microseconds. The design effect is the largest of that at
/// the limit, that at the quantile `p` that is limited, and that at the latency which at least twenty requests exceed:
/// where hardly any is over the limit, they do not show how they would cluster.
#[must_use]
pub fn over(window: &Window, limit_us: f64, p: f64) -> Over {
    let whole = window.histogram();
    let total = whole.count() as f64;
    let over = above(whole.buckets().map(|(bucket, count)| (bucket, count as f64)), limit_us);
    let at = |p: f64| whole.quantile_us(p).map_or(1.0, |quantile| deff(window, quantile));
    let seen = 1.0 - over.max(MIN_SEEN).min(total / 2.0) / total;
    Over { over, total, deff: deff(window, limit_us).max(at(p)).max(at(seen)) }
}

/// How many of these are above a latency.
fn above(buckets: impl Iterator<Item = (usize, f64)>, us: f64) -> f64 {
    let part = |(bucket, count): (usize, f64)| {
        let (low, high) = Histogram::edges(bucket);
        let (low, high) = (low as f64, high as f64);
        count * ((high - us) / (high - low)).clamp(0.0, 1.0)
    };
    buckets.map(part).sum()
}

/// The design effect of the share above a latency, from the batches of a [`Cell`](crate::cell::Cell).
fn deff(window: &Window, us: f64) -> f64 {
    let slices = &window.slices;
    let batches = Batches::of(window).len();
    if batches < MIN_SLICES {
        return f64::INFINITY;
    }
    let of_slice = |slice: &Slice| {
        let counts = slice.hist.iter().map(|(bucket, count)| (usize::from(*bucket), f64::from(*count)));
        (above(counts, us), slice.successes() as f64)
    };
    let mut sums = vec![(0.0, 0.0); batches];
    for (index, slice) in slices.iter().enumerate() {
        let (over, all) = of_slice(slice);
        let sum = &mut sums[index * batches / slices.len()];
        *sum = (sum.0 + over, sum.1 + all);
    }
    let (over, total) = sums.iter().fold((0.0, 0.0), |all, sum| (all.0 + sum.0, all.1 + sum.1));
    let share = over / total;
    let independent = share * (1.0 - share) * total;
    let squares: f64 = sums.iter().map(|(over, all)| (over - all * share).powi(2)).sum();
    let len = batches as f64;
    let found = len / (len - 1.0) * squares / independent;
    // No number where nothing or everything is above.
    if found.is_finite() { found.max(1.0) } else { 1.0 }
}

/// Is the share of requests over a limit at most `allowed` (between 0 and 1, both excluded)? `over` of `total` requests
/// were, which count as `total / deff` independent ones.
///
/// With n independent requests and t over the limit it is kept when P[B(n, allowed) <= t] <= 1 %, and missed when
/// P[B(n, allowed) >= t] <= 1 %; B is the binomial distribution, through the incomplete beta function for parts of
/// requests.
#[must_use]
pub fn share(over: f64, total: f64, deff: f64, allowed: f64) -> Kept {
    let deff = deff.max(1.0);
    let decide = |total: f64, over: f64| {
        let (n, t) = (total / deff, over / deff);
        if n > t && beta(1.0 - allowed, n - t, t + 1.0) <= ERROR {
            Some(Kept::Kept)
        } else if t > 0.0 && beta(allowed, t, n - t + 1.0) <= ERROR {
            Some(Kept::Missed)
        } else {
            None
        }
    };
    let ratio = if total > 0.0 { over / total } else { 0.0 };
    decide(total, over).unwrap_or_else(|| {
        let further = first_from(total, |total| decide(total, total * ratio).is_some());
        Kept::NotEnough { further: further.map(|first| whole(first - total)) }
    })
}

/// The first whole number of requests above `total` that decides: from one that does, halved down to it.
fn first_from(total: f64, decides: impl Fn(f64) -> bool) -> Option<f64> {
    if !total.is_finite() {
        return None;
    }
    let mut low = total.floor();
    let mut step = 1.0;
    while !decides(low + step) {
        low += step;
        step *= 2.0;
        if low > ENDLESS {
            return None;
        }
    }
    let mut high = low + step;
    while high - low > 1.0 {
        let middle = f64::midpoint(low, high).floor();
        if decides(middle) { high = middle } else { low = middle }
    }
    Some(high)
}

/// Is a mean below a limit? Both are logarithms of which the positive direction is the worse one, `w` is the standard
/// error of the estimate over so many batches, and `requests` is what it was made of.
///
/// Undecided with fewer than six batches. For requests to come the standard error is taken to shrink with the root of
/// their number.
#[must_use]
pub fn mean(estimate: f64, w: f64, batches: usize, requests: f64, limit: f64) -> Kept {
    let room = limit - estimate;
    if batches < MIN_SLICES || room == 0.0 || !(room.is_finite() && w >= 0.0) {
        return Kept::NotEnough { further: None };
    }
    let df = batches as f64 - 1.0;
    // Without any spread the ratio is infinite, and decides.
    if t_above((room / w).abs(), df) <= ERROR {
        return if room > 0.0 { Kept::Kept } else { Kept::Missed };
    }
    let needed = requests * (t_quantile(1.0 - ERROR, df) * w / room).powi(2);
    Kept::NotEnough { further: (needed <= ENDLESS).then(|| whole(needed - requests).max(1)) }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // `as` saturates, and makes 0 of no number
fn whole(count: f64) -> u64 {
    count.ceil() as u64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn window(slices: &[Vec<u64>]) -> Window {
        let slice = |values: &Vec<u64>| {
            let mut slice = Slice::default();
            for us in values {
                let bucket = u16::try_from(Histogram::bucket_of(*us)).unwrap();
                slice.merge(&Slice { hist: vec![(bucket, 1)], fails: 0, sum_us: *us });
            }
            slice
        };
        Window { slices: slices.iter().map(slice).collect(), width_seconds: 0.25 }
    }

    #[test]
    fn the_fewest_requests_are_those_of_the_published_bound() {
        // Over the limit: 0, 1, 2, 5, 10.
        let table = [
            (0.5, [7, 11, 14, 22, 35]),
            (0.9, [44, 64, 81, 127, 197]),
            (0.95, [90, 130, 165, 259, 398]),
            (0.97, [152, 219, 277, 433, 667]),
            (0.99, [459, 662, 838, 1_307, 2_010]),
        ];
        for (p, least) in table {
            for (over, needed) in [0.0, 1.0, 2.0, 5.0, 10.0].into_iter().zip(least) {
                let needed = f64::from(needed);
                assert_eq!(share(over, needed, 1.0, 1.0 - p), Kept::Kept, "{p} {over}");
                assert_ne!(share(over, needed - 1.0, 1.0, 1.0 - p), Kept::Kept, "{p} {over}");
            }
        }
        assert_eq!(share(0.0, 0.0, 1.0, 0.01), Kept::NotEnough { further: Some(459) });
        assert_eq!(share(0.0, 0.0, 1.0, 0.001), Kept::NotEnough { further: Some(4_603) });
        assert_eq!(share(0.0, 400.0, 1.0, 0.01), Kept::NotEnough { further: Some(59) });
    }

    #[test]
    fn clustered_requests_count_for_fewer() {
        assert_eq!(share(0.0, 459.0 * 4.0, 4.0, 0.01), Kept::Kept);
        // 458.2 independent ones are what it takes.
        assert_eq!(share(0.0, 459.0, 4.0, 0.01), Kept::NotEnough { further: Some(1_374) });
        // 30 of 1,000 would miss 1 %; as 10 of 333 they do not quite, and as 3 of 100 by far not.
        assert_eq!(share(30.0, 1_000.0, 1.0, 0.01), Kept::Missed);
        assert!(matches!(share(30.0, 1_000.0, 10.0, 0.01), Kept::NotEnough { further: Some(_) }));
    }

    #[test]
    fn what_lies_at_the_limit_is_never_decided() {
        assert_eq!(share(50.0, 1_000.0, 1.0, 0.05), Kept::NotEnough { further: None });
        assert_eq!(mean(1.0, 0.1, 32, 1_000.0, 1.0), Kept::NotEnough { further: None });
    }

    #[test]
    fn a_mean_is_decided_by_its_batches() {
        // t_{0.99, 31} is 2.453.
        assert_eq!(mean(1.0, 0.1, 32, 900.0, 1.246), Kept::Kept);
        assert_eq!(mean(1.0, 0.1, 32, 900.0, 0.754), Kept::Missed);
        // Half of the room needs four times the requests.
        let Kept::NotEnough { further: Some(further) } = mean(1.0, 0.1, 32, 900.0, 1.0 + 0.2453 / 2.0) else {
            panic!("undecided")
        };
        assert!((2_690..2_710).contains(&further), "{further}");
        assert_eq!(mean(1.0, 0.0, 6, 900.0, 1.001), Kept::Kept);
        assert_eq!(mean(1.0, 0.0, 5, 900.0, 2.0), Kept::NotEnough { further: None });
    }

    #[test]
    fn the_part_of_a_bucket_above_the_limit_is_over_it() {
        let found = over(&window(&vec![vec![100, 200_000, 200_000, 400_000]; 10]), 200_500.0, 0.5);
        let (low, high) = Histogram::edges(Histogram::bucket_of(200_000));
        let part = (high as f64 - 200_500.0) / (high - low) as f64;
        assert!((found.over - (10.0 + 20.0 * part)).abs() < 1e-9 && part > 0.0, "{found:?}");
        assert_eq!((found.total, found.deff), (40.0, 1.0));
    }

    #[test]
    fn a_slow_episode_counts_for_less_than_slow_requests_here_and_there() {
        let mut episode = vec![vec![100; 20]; 60];
        episode[30] = vec![500; 20];
        let mut scattered = vec![vec![100; 20]; 60];
        scattered.iter_mut().step_by(3).for_each(|slice| slice[0] = 500);
        let (one, other) = (over(&window(&episode), 300.0, 0.99), over(&window(&scattered), 300.0, 0.99));
        assert_eq!((one.over, other.over), (20.0, 20.0));
        assert!(one.deff > 10.0 && other.deff < 1.5, "{one:?} {other:?}");
        // Above all latencies there is nothing to see; the clustering below is what is known.
        assert!(over(&window(&episode), 9_000.0, 0.985).deff > 10.0);
    }

    #[test]
    fn nothing_is_over_where_nothing_is() {
        for (slices, deff) in [(Vec::new(), f64::INFINITY), (vec![Vec::new(); 10], 1.0)] {
            assert_eq!(over(&window(&slices), 100.0, 0.95), Over { over: 0.0, total: 0.0, deff });
        }
    }

    #[test]
    fn how_requests_cluster_cannot_be_seen_in_five_slices() {
        let found = over(&window(&vec![vec![100; 1_000]; 5]), 300.0, 0.99);
        assert_eq!(share(found.over, found.total, found.deff, 0.01), Kept::NotEnough { further: None });
    }

    proptest! {
        #[test]
        fn the_further_requests_decide_and_one_fewer_does_not(
            total in 0_u32..5_000, ratio in 0.0_f64..1.0, allowed in 0.001_f64..0.6, deff in 1.0_f64..8.0,
        ) {
            let total = f64::from(total);
            if let Kept::NotEnough { further: Some(further) } = share(ratio * total, total, deff, allowed) {
                let ratio = if total > 0.0 { ratio } else { 0.0 };
                let at = |total: f64| share(ratio * total, total, deff, allowed);
                let all = total + further as f64;
                prop_assert!(further > 0);
                prop_assert!(matches!(at(all), Kept::Kept | Kept::Missed));
                let is_first = further == 1 || matches!(at(all - 1.0), Kept::NotEnough { .. });
                prop_assert!(is_first);
            }
        }

        #[test]
        fn a_limit_is_kept_only_below_it_and_missed_only_above(
            over in 0_u32..500, more in 0_u32..5_000, deff in 1.0_f64..8.0, allowed in 0.001_f64..0.999,
        ) {
            let (over, total) = (f64::from(over), f64::from(over + more));
            match share(over, total, deff, allowed) {
                Kept::Kept => prop_assert!(over < allowed * total),
                Kept::Missed => prop_assert!(over > allowed * total),
                Kept::NotEnough { .. } => {}
            }
        }

        #[test]
        fn fewer_over_the_limit_never_make_it_worse(
            over in 1_u32..500, more in 0_u32..5_000, deff in 1.0_f64..8.0, allowed in 0.001_f64..0.999,
        ) {
            let rank = |kept: Kept| match kept {
                Kept::Kept => 0,
                Kept::NotEnough { .. } => 1,
                Kept::Missed => 2,
            };
            let total = f64::from(over + more);
            let at = |over: u32| rank(share(f64::from(over), total, deff, allowed));
            prop_assert!(at(over - 1) <= at(over));
        }

        #[test]
        fn any_numbers_give_an_answer(a: f64, b: f64, c: f64, d: f64, batches in 0_usize..40) {
            let _ = (share(a, b, c, d), mean(a, b, batches, c, d));
        }

        #[test]
        fn the_share_over_a_latency_agrees_with_the_quantile(
            values in prop::collection::vec(1_u64..1_000_000, 20..80), p in 0.05_f64..0.95,
        ) {
            let slices: Vec<Vec<u64>> = values.chunks(4).map(<[u64]>::to_vec).collect();
            let window = window(&slices);
            let quantile = window.histogram().quantile_us(p).unwrap();
            let found = over(&window, quantile, p);
            prop_assert!((found.over / found.total - (1.0 - p)).abs() < 1e-6, "{found:?}");
        }
    }
}
