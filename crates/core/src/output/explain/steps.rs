//! Numbered steps, each with its section, sentences and formulas.

use crate::output::comparison::wrap::wrapped;

/// The steps of an explanation.
#[derive(Debug, Default)]
pub(super) struct Steps {
    lines: Vec<String>,
    number: usize,
}

impl Steps {
    /// Begins a step; `sections` are those of docs/statistics.md.
    pub(super) fn begin(&mut self, title: &str, sections: &str) {
        self.number += 1;
        if self.number > 1 {
            self.lines.push(String::new());
        }
        let number = format!("{:>2}. ", self.number);
        self.lines.extend(wrapped(&number, &format!("{title} (docs/statistics.md {sections})")));
    }

    /// A sentence of the step.
    pub(super) fn say(&mut self, text: &str) {
        self.lines.extend(wrapped("    ", text));
    }

    /// A formula with its numbers: its name, how it is made, what it comes to.
    pub(super) fn formula(&mut self, text: &str) {
        self.lines.extend(wrapped("      ", text));
    }

    pub(super) fn into_lines(self) -> Vec<String> {
        self.lines
    }
}

/// Five significant digits, with an exponent where there would be many zeros.
pub(super) fn number(value: f64) -> String {
    let size = value.abs();
    if !value.is_finite() {
        return "unlimited".to_owned();
    }
    if size > 0.0 && size < 1e-5 {
        return format!("{value:.3e}");
    }
    // The decimals that leave five digits: between 0 and 9.
    let decimals = (0..=9).rev().find(|decimals| size * 10_f64.powi(*decimals) < 99_999.5).unwrap_or(0);
    let decimals = usize::try_from(decimals).unwrap_or_default();
    let text = format!("{value:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// The same with its sign.
pub(super) fn signed(value: f64) -> String {
    let text = number(value);
    if text.starts_with('-') || !value.is_finite() { text } else { format!("+{text}") }
}

/// `yes` or `no`.
pub(super) fn yes(holds: bool) -> &'static str {
    if holds { "yes" } else { "no" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_five_digits() {
        let values = [0.001_528_64, 0.18727, 110.734, 3.0, 0.0, -0.05, 123_456.7, 1e-9, f64::INFINITY];
        let texts = values.map(number);
        let expected =
            ["0.0015286", "0.18727", "110.73", "3", "0", "-0.05", "123457", "1.000e-9", "unlimited"];
        assert_eq!(texts, expected);
        assert_eq!([0.1, -0.1].map(signed), ["+0.1", "-0.1"]);
    }
}
