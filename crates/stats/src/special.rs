//! The two distributions that verdicts need: Student's t, and the beta distribution behind counts.
//!
//! (docs/statistics.md 3.20.) The incomplete beta function is that of `statrs`; quantiles of t are found from it by
//! Newton's method, for every number of degrees of freedom, whole or not.

use statrs::function::beta::checked_beta_reg;
use statrs::function::gamma::ln_gamma;

/// Quantiles lie between minus this and this.
const QUANTILE_RANGE: f64 = 1e3;
/// Steps towards a quantile at most; some ten are usual.
const MAX_STEPS: usize = 200;

/// The regularised incomplete beta function `I_x(a, b)`: the probability that a beta variable with the shapes `a`
/// and `b` (both above 0) is at most `x` (kept within 0 to 1). NaN for shapes that are no such numbers.
///
/// Good to about 1e-12 of its size for shapes up to 10,000 and to 1e-7 for shapes of millions.
#[must_use]
pub fn beta(x: f64, a: f64, b: f64) -> f64 {
    checked_beta_reg(a, b, x.clamp(0.0, 1.0)).unwrap_or(f64::NAN)
}

/// P(T > x) for Student's t with `df` degrees of freedom (above 0, need not be whole).
#[must_use]
pub fn t_above(x: f64, df: f64) -> f64 {
    if x < 0.0 {
        return 1.0 - t_above(-x, df);
    }
    if x.is_infinite() {
        return 0.0;
    }
    beta(df / (df + x * x), df / 2.0, 0.5) / 2.0
}

/// P(T < x), to the last digits that of the mirrored side: `t_above(-x, df)`.
#[must_use]
pub fn t_below(x: f64, df: f64) -> f64 {
    t_above(-x, df)
}

/// The quantile `p` (0 to 1, both excluded) of Student's t with `df` degrees of freedom, kept within -1,000 and
/// 1,000. NaN for what is no such probability.
#[must_use]
pub fn t_quantile(p: f64, df: f64) -> f64 {
    if p < 0.5 {
        return -t_quantile(1.0 - p, df);
    }
    if p.is_nan() || p >= 1.0 {
        return if p >= 1.0 { QUANTILE_RANGE } else { f64::NAN };
    }
    // Right of 0 the tail is convex, so steps from the left never pass the quantile but by rounding.
    let mut x = 0.0;
    for _ in 0..MAX_STEPS {
        let step = (t_above(x, df) - (1.0 - p)) / t_density(x, df);
        let next = (x + step).min(QUANTILE_RANGE);
        if next <= x {
            break;
        }
        x = next;
    }
    x
}

/// The density of Student's t.
fn t_density(x: f64, df: f64) -> f64 {
    let middle = (ln_gamma(f64::midpoint(df, 1.0)) - ln_gamma(df / 2.0)).exp();
    middle / (df * std::f64::consts::PI).sqrt() * (-(x * x / df).ln_1p() * f64::midpoint(df, 1.0)).exp()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn assert_relative(found: f64, expected: f64, allowed: f64) {
        assert!((found / expected - 1.0).abs() <= allowed, "found {found:e}, expected {expected:e}");
    }

    /// Values of a continued fraction carried to 25 digits.
    #[test]
    fn counts_of_any_size_are_told_apart() {
        assert_relative(beta(0.5, 50.0, 61.0), 0.852_883_145_777_854_3, 1e-12);
        assert_relative(beta(0.2, 20_500.0, 80_000.0), 8.302_235_971_531_893e-4, 1e-9);
        assert_relative(beta(0.5, 505_000.0, 500_000.0), 3.057_346_891_290_494_4e-7, 1e-8);
        assert_relative(beta(0.5, 5_005_000.0, 5_000_000.0), 0.056_968_315_484_089_53, 1e-7);
    }

    #[test]
    fn shapes_that_are_none_give_no_number() {
        assert!(beta(0.5, 0.0, 1.0).is_nan());
        assert!(beta(0.5, 1.0, f64::NAN).is_nan());
        assert!(beta(f64::NAN, 1.0, 1.0).is_nan());
        assert!(t_quantile(f64::NAN, 10.0).is_nan());
    }

    #[test]
    fn the_ends_of_the_t_distribution_are_no_special_case() {
        assert!((t_above(0.0, 10.0) - 0.5).abs() < 1e-15);
        assert_eq!((t_above(f64::INFINITY, 10.0), t_above(f64::NEG_INFINITY, 10.0)), (0.0, 1.0));
        assert_eq!((t_quantile(0.0, 10.0), t_quantile(1.0, 10.0)), (-1e3, 1e3));
        assert!(t_quantile(0.5, 10.0).abs() < 1e-15);
        // One degree of freedom is Cauchy's distribution.
        assert_relative(t_quantile(0.75, 1.0), 1.0, 1e-12);
        assert_relative(t_quantile(0.999, 1.0), 1.0 / (0.001 * std::f64::consts::PI).tan(), 1e-12);
    }

    proptest! {
        #[test]
        fn a_quantile_has_its_probability_below_it(p in 1e-6_f64..0.999_999, df in 0.5_f64..60.0) {
            let x = t_quantile(p, df);
            if x.abs() < QUANTILE_RANGE {
                prop_assert!((t_below(x, df) - p).abs() <= 1e-9 * p.min(1.0 - p), "{x}");
            }
        }

        #[test]
        fn both_sides_of_the_t_distribution_mirror_each_other(x in -50.0_f64..50.0, df in 0.5_f64..60.0) {
            prop_assert_eq!(t_below(x, df).to_bits(), t_above(-x, df).to_bits());
            prop_assert!((t_below(x, df) + t_above(x, df) - 1.0).abs() < 1e-12);
        }
    }
}
