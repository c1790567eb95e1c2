//! Numbers and verdicts as people read them. Rounds, and computes nothing else.

use windtunnel_stats::Metric;

use crate::compare::{Difference, Figure, Method, RowComparison, Word};

/// What stands where there is no value.
pub(in crate::output) const NOTHING: &str = "-";

/// Three significant digits and the unit.
pub(in crate::output) fn value_text(metric: Metric, value: Option<f64>) -> String {
    let Some(value) = value else { return NOTHING.to_owned() };
    match metric {
        Metric::Failures => format!("{} %", digits(100.0 * value)),
        Metric::Rate => format!("{} /s", digits(value)),
        Metric::Average | Metric::P50 | Metric::P95 | Metric::P99 => format!("{} ms", digits(value)),
    }
}

/// Three significant digits; of what is very small only six decimals.
fn digits(value: f64) -> String {
    match value {
        value if value >= 100.0 => format!("{value:.0}"),
        value if value >= 10.0 => format!("{value:.1}"),
        value if value >= 1.0 => format!("{value:.2}"),
        value if value >= 0.1 => format!("{value:.3}"),
        value if value >= 0.01 => format!("{value:.4}"),
        value if value > 0.0 => format!("{value:.6}"),
        _ => "0".to_owned(),
    }
}

/// The change with its sign: in percent, of failures in percentage points.
pub(in crate::output) fn change_text(figure: &Figure) -> String {
    let unit = if figure.metric == Metric::Failures { "pp" } else { "%" };
    figure.change.map_or_else(|| NOTHING.to_owned(), |change| format!("{} {unit}", signed(100.0 * change)))
}

/// `+5.4 to +38.0 %`.
pub(in crate::output) fn interval_text(figure: &Figure) -> String {
    range(figure, signed).unwrap_or_else(|| NOTHING.to_owned())
}

/// `+20.6 % (+5.4 to +38.0 %)`; only the change where there is no interval.
pub(in crate::output) fn change_and_interval(figure: &Figure) -> String {
    let interval = range(figure, signed).map(|range| format!(" ({range})")).unwrap_or_default();
    format!("{}{interval}", change_text(figure))
}

/// `p50 +21 % (+5 to +38 %)`, in whole percent: what a sentence has room for.
pub(in crate::output) fn short_change(figure: &Figure) -> String {
    let metric = figure.metric;
    match figure.change {
        Some(change) if metric != Metric::Failures => {
            let interval = range(figure, whole).map(|range| format!(" ({range})")).unwrap_or_default();
            format!("{metric} {} %{interval}", whole(100.0 * change))
        }
        _ => format!("{metric} {}", change_text(figure)),
    }
}

fn range(figure: &Figure, number: fn(f64) -> String) -> Option<String> {
    let (low, high) = figure.interval.filter(|(low, high)| low.is_finite() && high.is_finite())?;
    Some(format!("{} to {} %", number(100.0 * low), number(100.0 * high)))
}

/// With its sign and one decimal, without where it is large.
pub(in crate::output) fn signed(percent: f64) -> String {
    let text = if percent.abs() >= 99.95 { format!("{percent:+.0}") } else { format!("{percent:+.1}") };
    if text == "-0.0" { "+0.0".to_owned() } else { text }
}

/// With its sign and no decimals, one where it is very small.
fn whole(percent: f64) -> String {
    let text = if percent.abs() < 0.95 { signed(percent) } else { format!("{percent:+.0}") };
    if text == "+0.0" { "+0".to_owned() } else { text }
}

/// A share in percent, without its sign: `21 %`, and `2.5 %` where whole percents would say too little.
pub(in crate::output) fn percent(share: f64) -> String {
    let percent = 100.0 * share;
    let rounded = (10.0 * percent).round() / 10.0;
    let is_whole = (rounded - rounded.round()).abs() < 1e-9;
    if percent >= 9.95 || is_whole { format!("{percent:.0} %") } else { format!("{percent:.1} %") }
}

/// The word of a figure; empty for what is only shown.
pub(in crate::output) fn verdict_text(word: &Word) -> &'static str {
    match word {
        Word::Improved => "improved",
        Word::Regressed => "regressed",
        Word::Unchanged => "unchanged",
        Word::Inconclusive => "inconclusive",
        Word::NotJudged(_) => "not judged",
        Word::Shown => "",
    }
}

/// `users 60 -> 4`; of digests only that they changed.
pub(in crate::output) fn difference_text(difference: &Difference) -> String {
    let Difference { what, old, new } = difference;
    let is_digest = |text: &str| text.len() >= 12 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_digest(old) && is_digest(new) {
        format!("{what} changed")
    } else {
        format!("{what} {old} -> {new}")
    }
}

/// What all differences of a row come to.
pub(in crate::output) fn differences_text(differences: &[Difference]) -> String {
    differences.iter().map(difference_text).collect::<Vec<_>>().join(", ")
}

/// `1 row`, `7 rows`.
pub(in crate::output) fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// `a, b and c`.
pub(in crate::output) fn listed(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// What the two sides are called: versions that are measured in turns have no baseline.
pub(in crate::output) fn sides(method: Method) -> (&'static str, &'static str) {
    match method {
        Method::Stored { .. } => ("baseline", "now"),
        Method::Pairs { .. } => ("old", "new"),
    }
}

/// How a kind of report writes the name of a row.
pub(in crate::output) type Naming<'a> = &'a dyn Fn(&RowComparison) -> String;

/// The row's name as people read it: a line end in it must not break the page.
pub(in crate::output) fn title(row: &RowComparison) -> String {
    printable(&row.title())
}

/// `text` with blanks in place of line ends and other control characters.
pub(in crate::output) fn printable(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect()
}

/// Is it all rows together.
pub(in crate::output) fn is_total(row: &RowComparison) -> bool {
    row.method.is_empty() && row.name == "Aggregated"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_share_of_failures_is_not_shown_as_none() {
        let texts = [1.0 / 3.0, 0.05, 1.0 / 600.0, 1.0 / 60_000.0, 0.0]
            .map(|share| value_text(Metric::Failures, Some(share)));
        assert_eq!(texts, ["33.3 %", "5.00 %", "0.167 %", "0.001667 %", "0 %"]);
    }

    #[test]
    fn percents_have_the_digits_that_they_need() {
        assert_eq!([0.1, 0.2137, 0.025, 0.05, 1.5].map(percent), ["10 %", "21 %", "2.5 %", "5 %", "150 %"]);
        assert_eq!([0.0, -0.04, 0.5, -3.2, 20.6].map(whole), ["+0", "+0", "+0.5", "-3", "+21"]);
    }

    #[test]
    fn what_is_no_number_is_not_printed_as_one() {
        let figure = Figure {
            metric: Metric::P50,
            old: Some(0.2),
            new: Some(0.2),
            change: Some(0.0),
            interval: Some((-0.1, f64::INFINITY)),
            word: Word::Inconclusive,
            judged: None,
        };
        assert_eq!(interval_text(&figure), "-");
        assert_eq!(short_change(&figure), "p50 +0 %");
    }
}
