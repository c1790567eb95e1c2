//! Reads `_stats.csv` files: ours, and those of any Locust.

/// A number as Python prints it: an integer, or a float with or without exponent. `None` for everything else,
/// infinities and `nan` included.
#[must_use]
pub fn python_number(text: &str) -> Option<f64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if !digits.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    text.parse().ok().filter(|value: &f64| value.is_finite())
}
