//! Many figures in one report: which p values are too small for chance (docs/statistics.md 3.12).
//!
//! Y. Benjamini, Y. Hochberg: "Controlling the false discovery rate", J. R. Stat. Soc. B 57 (1995).

use crate::verdict::Rank;

/// Ranks the p values of one family, in their order. The largest i with `p_(i) <= q i / M` in ascending order is
/// looked for, and the first i are rejected. A p value that is no number counts as 1.
pub(super) fn rank(values: &[f64], q: f64) -> Vec<Rank> {
    let known = |p: f64| if p.is_nan() { 1.0 } else { p };
    let family = values.len();
    let mut order: Vec<usize> = (0..family).collect();
    order.sort_by(|a, b| known(values[*a]).total_cmp(&known(values[*b])));
    let passes = |place: usize| known(values[order[place]]) <= q * (place as f64 + 1.0) / family as f64;
    let rejected = (0..family).rev().find(|place| passes(*place)).map_or(0, |place| place + 1);
    let nothing = Rank { p: 1.0, rank: 0, family, q, rejected: false };
    let mut ranks = vec![nothing; family];
    for (place, index) in order.into_iter().enumerate() {
        ranks[index] =
            Rank { p: known(values[index]), rank: place + 1, family, q, rejected: place < rejected };
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rejected(values: &[f64]) -> Vec<bool> {
        rank(values, 0.05).iter().map(|rank| rank.rejected).collect()
    }

    #[test]
    fn the_largest_that_passes_takes_all_smaller_ones_with_it() {
        assert_eq!(rejected(&[0.04, 0.5, 0.005]), [false, false, true]);
        // 0.03 > 0.05 / 3, but 0.049 <= 0.05 takes it along.
        assert_eq!(rejected(&[0.049, 0.03, 0.02]), [true, true, true]);
        assert_eq!(rejected(&[f64::NAN, 0.01]), [false, true]);
        assert_eq!(rejected(&[]), Vec::<bool>::new());
    }
}
