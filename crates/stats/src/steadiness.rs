//! Where a run's warm-up ends, and whether the level stands still after it.
//!
//! Works on the slices of all rows together; the cut holds for every row. MSER: K. P. White, "An effective
//! truncation heuristic for bias reduction in simulation output", Simulation 69 (1997); the acceptance test and the
//! constants are those of docs/formats.md.

use crate::{Histogram, Slice};

/// How many groups the level is looked at in.
const MAX_GROUPS: usize = 64;
/// With fewer groups nothing is cut.
const MIN_GROUPS: usize = 8;
/// With fewer groups no drift is looked for.
const MIN_DRIFT_GROUPS: usize = 24;
/// Standard errors by which the level before the cut must differ from that after it.
const CUT_ERRORS: f64 = 2.5;
/// Standard errors by which the last third must differ from the middle third.
const DRIFT_ERRORS: f64 = 3.0;
/// The smallest drift that is worth a note: 4 %.
const MIN_DRIFT: f64 = 1.04;

/// What is known of a run's course.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Steadiness {
    /// How many slices at the beginning are warm-up and to be left out; 0 when none stands out.
    pub cut: usize,
    /// False when half of the run would have to be cut: it never became steady.
    pub steady: bool,
    /// The level of the last third against the middle third, as a difference of logarithms; `None` with too few
    /// groups to say.
    pub drift: Option<f64>,
    /// Whether the drift is worth a note. It never changes a verdict.
    pub drifting: bool,
    /// Whether fewer than six slices, or fewer than half of them, stay after the cut.
    pub too_short: bool,
}

impl Steadiness {
    /// Looks at the slices of all rows together, from the end of the ramp.
    #[must_use]
    pub fn of(slices: &[Slice]) -> Self {
        let groups = group_count(slices);
        let levels = levels(slices, groups);
        let (before, steady) = warm_up(&levels.iter().map(|(_, level)| *level).collect::<Vec<_>>());
        let cut = if before == 0 { 0 } else { (levels[before].0 * slices.len()).div_ceil(groups) };
        let (drift, drifting) = drift(&levels);
        let kept = slices.len() - cut;
        Self { cut, steady, drift, drifting, too_short: kept < 6 || 2 * kept < slices.len() }
    }
}

/// At most 64 groups, fewer where they would hold fewer than five requests each.
fn group_count(slices: &[Slice]) -> usize {
    let requests: u64 = slices.iter().map(|slice| slice.successes() + slice.fails).sum();
    let mut groups = MAX_GROUPS.min(slices.len());
    while groups > MIN_GROUPS && requests < 5 * groups as u64 {
        groups = MIN_GROUPS.max(groups / 2);
    }
    groups
}

/// (group, mean of `ln` of the bucket midpoints) of the groups that hold successes.
fn levels(slices: &[Slice], groups: usize) -> Vec<(usize, f64)> {
    let mut sums = vec![(0.0, 0.0); groups];
    for (index, slice) in slices.iter().enumerate() {
        let (sum, count) = &mut sums[index * groups / slices.len()];
        for (bucket, n) in &slice.hist {
            *sum += f64::from(*n) * Histogram::midpoint(usize::from(*bucket)).ln();
            *count += f64::from(*n);
        }
    }
    let with_successes = sums.iter().enumerate().filter(|(_, (_, count))| *count > 0.0);
    with_successes.map(|(group, (sum, count))| (group, sum / count)).collect()
}

/// How many levels at the beginning are warm-up, and whether the rest is steady.
fn warm_up(levels: &[f64]) -> (usize, bool) {
    if levels.len() < MIN_GROUPS {
        return (0, true);
    }
    let last = levels.len() / 2;
    let mut best = (0, f64::INFINITY);
    for before in 0..=last {
        let rest = &levels[before..];
        let score = squares(rest) / (rest.len() as f64).powi(2);
        if score < best.1 {
            best = (before, score);
        }
    }
    let before = best.0;
    if before == 0 || !stands_out(&levels[..before], &levels[before..]) {
        return (0, true);
    }
    (before, before < last)
}

fn stands_out(before: &[f64], after: &[f64]) -> bool {
    let deviation = (squares(after) / (after.len() as f64 - 1.0)).sqrt();
    let error = deviation * (1.0 / before.len() as f64 + 1.0 / after.len() as f64).sqrt();
    (mean(before) - mean(after)).abs() > CUT_ERRORS * error
}

/// The last third against the middle third, four means each.
fn drift(levels: &[(usize, f64)]) -> (Option<f64>, bool) {
    if levels.len() < MIN_DRIFT_GROUPS {
        return (None, false);
    }
    let third = levels.len() / 3;
    let quarters = |part: &[(usize, f64)]| -> Vec<f64> {
        let levels: Vec<f64> = part.iter().map(|(_, level)| *level).collect();
        levels.chunks_exact(levels.len() / 4).take(4).map(mean).collect()
    };
    let (middle, end) = (quarters(&levels[third..2 * third]), quarters(&levels[2 * third..]));
    let difference = mean(&end) - mean(&middle);
    let error = ((squares(&middle) + squares(&end)) / 3.0 / 4.0).sqrt();
    let size = difference.abs();
    (Some(difference), size > MIN_DRIFT.ln() && size > DRIFT_ERRORS * error)
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Sum of the squared deviations from the mean.
fn squares(values: &[f64]) -> f64 {
    let mean = mean(values);
    values.iter().map(|value| (value - mean).powi(2)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 100 slices of ten requests each, of the latency that `level_us` gives.
    fn run(level_us: impl Fn(u64) -> u64) -> Vec<Slice> {
        let slice = |index: u64| {
            let us = level_us(index);
            let bucket = u16::try_from(Histogram::bucket_of(us)).unwrap();
            Slice { hist: vec![(bucket, 10)], fails: 0, sum_us: 10 * us }
        };
        (0..100).map(slice).collect()
    }

    /// Small deterministic differences, so that deviations are not zero.
    fn wobble(index: u64) -> u64 {
        (index * 7_919) % 2_000
    }

    #[test]
    fn a_slow_beginning_is_cut_off() {
        let found = Steadiness::of(&run(|i| if i < 10 { 300_000 } else { 100_000 + wobble(i) }));
        assert_eq!((found.cut, found.steady, found.too_short), (10, true, false));
    }

    #[test]
    fn a_level_run_keeps_all_of_its_slices() {
        let found = Steadiness::of(&run(|i| 100_000 + wobble(i)));
        assert_eq!((found.cut, found.steady, found.drifting), (0, true, false));
    }

    #[test]
    fn a_run_that_is_slow_for_half_of_its_time_never_became_steady() {
        let found = Steadiness::of(&run(|i| if i < 50 { 300_000 } else { 100_000 + wobble(i) }));
        assert!(!found.steady);
    }

    #[test]
    fn a_level_that_rises_at_the_end_drifts() {
        let found = Steadiness::of(&run(|i| if i < 66 { 100_000 } else { 120_000 } + wobble(i)));
        assert!(found.drifting && found.drift.is_some_and(|drift| (drift - 0.18).abs() < 0.02));
    }

    #[test]
    fn runs_with_hardly_any_slices_are_too_short_and_not_cut() {
        for len in 0..8 {
            let found = Steadiness::of(&run(|i| if i < 2 { 300_000 } else { 100_000 })[..len]);
            assert_eq!((found.cut, found.steady, found.drift), (0, true, None), "{len} slices");
            assert_eq!(found.too_short, len < 6, "{len} slices");
        }
    }

    #[test]
    fn slices_without_successes_are_left_out_of_the_level() {
        let mut slices = run(|i| if i < 10 { 300_000 } else { 100_000 + wobble(i) });
        for slice in &mut slices[..5] {
            *slice = Slice { fails: 10, ..Slice::default() };
        }
        assert_eq!(Steadiness::of(&slices).cut, 10);
        let dead = vec![Slice { fails: 3, ..Slice::default() }; 50];
        assert_eq!(Steadiness::of(&dead).cut, 0);
    }

    /// The level of three simulated runs, reckoned by another implementation.
    #[test]
    fn levels_are_those_of_the_examples() {
        let vectors: serde_json::Value = serde_json::from_str(include_str!("../tests/vectors.json")).unwrap();
        for example in vectors["cells"].as_array().unwrap() {
            let slices: Vec<Slice> = example["slices"]
                .as_array()
                .unwrap()
                .iter()
                .map(|slice| Slice {
                    hist: serde_json::from_value(slice["hist"].clone()).unwrap(),
                    fails: slice["fails"].as_u64().unwrap(),
                    sum_us: slice["sum_us"].as_u64().unwrap(),
                })
                .collect();
            let found = levels(&slices, group_count(&slices));
            let expected: Vec<f64> = serde_json::from_value(example["level_series"].clone()).unwrap();
            assert_eq!(found.len(), expected.len(), "{}", example["name"]);
            for ((_, found), expected) in found.iter().zip(expected) {
                assert!((found - expected).abs() <= 1e-9 * expected.abs(), "{found}, expected {expected}");
            }
        }
    }
}
