//! The two distributions that verdicts need: Student's t, and the beta distribution behind counts.
//!
//! (docs/statistics.md 3.20.) The incomplete beta function is that of `statrs`; quantiles are found by bisection,
//! because that is exact to the last bits for every number of degrees of freedom, whole or not.

use statrs::function::beta::checked_beta_reg;

/// Where quantiles are looked for: from minus this to this.
const QUANTILE_RANGE: f64 = 1e3;
/// Halvings of that range; the limits meet long before.
const BISECTIONS: usize = 200;

/// The regularised incomplete beta function `I_x(a, b)`: the probability that a beta variable with the shapes `a`
/// and `b` (both above 0) is at most `x` (kept within 0 to 1). NaN for shapes that are no such numbers.
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

/// The quantile `p` (0 to 1, both excluded) of Student's t with `df` degrees of freedom.
#[must_use]
pub fn t_quantile(p: f64, df: f64) -> f64 {
    let (mut low, mut high) = (-QUANTILE_RANGE, QUANTILE_RANGE);
    for _ in 0..BISECTIONS {
        let middle = f64::midpoint(low, high);
        if t_above(middle, df) > 1.0 - p {
            low = middle;
        } else {
            high = middle;
        }
    }
    f64::midpoint(low, high)
}
