//! The error rates of limits: a share that is exactly as high as allowed must hardly ever be called kept, or missed.

use fastrand::Rng;
use windtunnel_stats::limits::{Kept, over, share};
use windtunnel_stats::{Histogram, Slice, Window};

const RUNS: usize = 4_000;
const SLICES: usize = 240;
/// 1 % is the error of the bound. That clustering is itself an estimate, from some thirty batches, adds half as much
/// where requests come in clusters; then three standard errors.
const MOST: f64 = 0.021;

/// A run whose requests are slow with the probability `allowed` in the long run: in every slice alike, or only in one of
/// ten slices, which is bad in itself.
fn window(rng: &mut Rng, per_slice: usize, allowed: f64, clustered: bool) -> Window {
    let slice = |_| {
        let bad = !clustered || rng.f64() < 0.1;
        let probability = if clustered { 10.0 * allowed } else { allowed };
        let mut histogram = Histogram::default();
        for _ in 0..per_slice {
            let slow = bad && rng.f64() < probability;
            histogram.record(if slow { 900 } else { 100 + rng.u64(..50) });
        }
        let counts = histogram.buckets();
        let hist = counts.map(|(bucket, n)| (u16::try_from(bucket).unwrap(), u32::try_from(n).unwrap()));
        Slice { hist: hist.collect(), fails: 0, sum_us: histogram.sum_us() }
    };
    Window { slices: (0..SLICES).map(slice).collect(), width_seconds: 0.25 }
}

#[test]
#[cfg_attr(debug_assertions, ignore = "takes minutes in a debug build")]
fn a_limit_that_is_just_kept_is_hardly_ever_called_kept_or_missed() {
    let mut rng = Rng::with_seed(1);
    for (per_slice, allowed, clustered) in
        [(4, 0.05, false), (4, 0.05, true), (20, 0.01, false), (20, 0.01, true)]
    {
        let (mut kept, mut missed) = (0_u32, 0_u32);
        for _ in 0..RUNS {
            let found = over(&window(&mut rng, per_slice, allowed, clustered), 500.0, 1.0 - allowed);
            match share(found.over, found.total, found.deff, allowed) {
                Kept::Kept => kept += 1,
                Kept::Missed => missed += 1,
                Kept::NotEnough { .. } => {}
            }
        }
        let of = |count: u32| f64::from(count) / RUNS as f64;
        let what = format!("{per_slice} a slice, {allowed} allowed, clustered: {clustered}");
        assert!(of(kept) <= MOST && of(missed) <= MOST, "{what}: {} kept, {} missed", of(kept), of(missed));
    }
}
