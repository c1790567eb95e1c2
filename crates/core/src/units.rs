//! Durations, shares and rates as people write them.
//!
//! Only the texts: what a quantity is used for, and waits, which are made of them, live in `suite`.

use std::time::Duration;

/// A text that is not the quantity it should be; says what was found and what would be accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct UnitError(pub String);

/// The units of a duration in the order in which they may follow each other, in nanoseconds.
const UNITS: [(&str, u64); 4] =
    [("h", 3_600_000_000_000), ("m", 60_000_000_000), ("s", 1_000_000_000), ("ms", 1_000_000)];

/// More decimals than this cannot change a nanosecond of an hour.
const MAX_DECIMALS: usize = 18;

/// Reads a duration: `200ms`, `1.5s`, `2m`, `1h20m`, `120` (seconds); units h, m, s, ms, each at most once
/// and in this order.
///
/// The last number may have decimals; they are cut off below a nanosecond. Spaces around the text do not
/// matter.
///
/// # Errors
/// When the text is none, is negative, or is longer than 584 years (what a run's clock can count).
pub fn parse_duration(text: &str) -> Result<Duration, UnitError> {
    let trimmed = text.trim();
    if trimmed.strip_prefix('-').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit())) {
        return Err(UnitError(format!("a duration cannot be negative, got {}", quoted(text))));
    }
    let nanos = duration_nanos(trimmed).ok_or_else(|| {
        UnitError(format!(
            "{} is not a duration; write for example `200ms`, `1.5s`, `2m` or `1h20m`",
            quoted(text)
        ))
    })?;
    match u64::try_from(nanos) {
        Ok(nanos) => Ok(Duration::from_nanos(nanos)),
        Err(_) => Err(UnitError(format!("{} is too long for a duration; it may be 584 years", quoted(text)))),
    }
}

/// The nanoseconds of a duration without surrounding space; saturates far above what a `u64` holds.
fn duration_nanos(text: &str) -> Option<u128> {
    let mut rest = text;
    let mut units = &UNITS[..];
    let mut total: u128 = 0;
    loop {
        let number = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (digits, after) = rest.split_at(number);
        let letters = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
        let (unit, next) = after.split_at(letters);
        let scale = if unit.is_empty() && number == text.len() {
            UNITS[2].1
        } else {
            let index = units.iter().position(|(name, _)| *name == unit)?;
            let scale = units[index].1;
            units = &units[index + 1..];
            scale
        };
        if digits.contains('.') && !next.is_empty() {
            return None;
        }
        total = total.saturating_add(scaled(digits, scale)?);
        if next.is_empty() {
            return Some(total);
        }
        rest = next;
    }
}

/// `digits`, a decimal number, times `scale`.
fn scaled(digits: &str, scale: u64) -> Option<u128> {
    let (whole, decimals) = match digits.split_once('.') {
        Some((_, "")) => return None,
        Some(parts) => parts,
        None => (digits, ""),
    };
    if whole.is_empty() || decimals.contains('.') {
        return None;
    }
    // Digits only, so the one thing that can fail is the size.
    let whole = whole.parse::<u128>().unwrap_or(u128::MAX).saturating_mul(u128::from(scale));
    let decimals = &decimals[..decimals.len().min(MAX_DECIMALS)];
    let mut fraction: u128 = decimals.parse().unwrap_or(0);
    fraction *= u128::from(scale);
    Some(whole.saturating_add(fraction / 10_u128.pow(u32::try_from(decimals.len()).ok()?)))
}

/// Writes a duration so that [`parse_duration`] reads it back: `1h20m`, `90s` as `1m30s`, `200ms`.
#[must_use]
pub fn format_duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let nanos = duration.subsec_nanos();
    if seconds == 0 && nanos > 0 {
        return decimal(u64::from(nanos / 1_000_000), nanos % 1_000_000, 6) + "ms";
    }
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let mut text = String::new();
    for (amount, unit) in [(hours, "h"), (minutes, "m")] {
        if amount > 0 {
            text.push_str(&amount.to_string());
            text.push_str(unit);
        }
    }
    if text.is_empty() || rest > 0 || nanos > 0 {
        text.push_str(&decimal(rest, nanos, 9));
        text.push('s');
    }
    text
}

/// `whole` with `fraction`, of `digits` decimals, without zeros at the end.
fn decimal(whole: u64, fraction: u32, digits: usize) -> String {
    if fraction == 0 {
        return whole.to_string();
    }
    let text = format!("{whole}.{fraction:0digits$}");
    text.trim_end_matches('0').to_owned()
}

/// Reads a rate such as `5/s`, `300/m`, `2.5/s` in events a second; above 0 and finite. Units s, m, h.
///
/// # Errors
/// When the text is none.
pub fn parse_rate(text: &str) -> Result<f64, UnitError> {
    let rate = text.trim().split_once('/').and_then(|(number, unit)| {
        let seconds = match unit.trim() {
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            _ => return None,
        };
        Some(plain_number(number.trim())? / seconds)
    });
    match rate {
        Some(rate) if rate > 0.0 => Ok(rate),
        Some(_) => Err(UnitError(format!("a rate must be above 0, got {}", quoted(text)))),
        None => Err(UnitError(format!("{} is not a rate; write for example `5/s` or `300/m`", quoted(text)))),
    }
}

/// Reads a share: `10%`, `0.1`.
///
/// # Errors
/// When the text is none, or not between 0 and 1.
pub fn parse_share(text: &str) -> Result<f64, UnitError> {
    let trimmed = text.trim();
    let share = match trimmed.strip_suffix('%') {
        Some(number) => plain_number(number.trim_end()).map(|percent| percent / 100.0),
        None => plain_number(trimmed),
    };
    match share {
        Some(share) if share <= 1.0 => Ok(share),
        Some(_) => Err(UnitError(format!(
            "a share lies between 0 and 1, got {}; write for example `10%` or `0.1`",
            quoted(text)
        ))),
        None => Err(UnitError(format!("{} is not a share; write for example `10%` or `0.1`", quoted(text)))),
    }
}

/// A finite number of digits with at most one point; no sign, no exponent, no `inf`.
fn plain_number(text: &str) -> Option<f64> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let number: f64 = if digits { text.parse().ok()? } else { return None };
    number.is_finite().then_some(number)
}

/// A text that was found, between backticks, on one line and not longer than a line.
pub(crate) fn quoted(text: &str) -> String {
    const LONGEST: usize = 60;
    let mut shown = String::from("`");
    for c in text.chars().take(LONGEST) {
        if c.is_control() { shown.extend(c.escape_debug()) } else { shown.push(c) }
    }
    shown.push_str(if text.chars().nth(LONGEST).is_some() { "…`" } else { "`" });
    shown
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn millis(text: &str) -> u128 {
        parse_duration(text).unwrap().as_millis()
    }

    #[test]
    fn durations_of_locust_and_of_ours_are_read() {
        let read = [
            ("120", 120_000),
            ("120s", 120_000),
            ("3m", 180_000),
            ("1h20m", 4_800_000),
            ("3h30m10s", 12_610_000),
            ("200ms", 200),
            ("1.5s", 1_500),
            ("0.5", 500),
            ("1m30s", 90_000),
            ("1m30.5s", 90_500),
            ("2h", 7_200_000),
            ("1s500ms", 1_500),
            (" 20s ", 20_000),
            ("0", 0),
        ];
        for (text, expected) in read {
            assert_eq!(millis(text), expected, "{text}");
        }
    }

    #[test]
    fn texts_that_are_no_duration_say_what_would_be() {
        for text in
            ["", "s", "1m30", "1.5m3s", "30s1m", "1s1s", "5 minutes", ".5s", "5.s", "1.2.3s", "1d", "1e3"]
        {
            let message = parse_duration(text).unwrap_err().to_string();
            assert_eq!(
                message,
                format!("`{text}` is not a duration; write for example `200ms`, `1.5s`, `2m` or `1h20m`")
            );
        }
        insta::assert_snapshot!(parse_duration("-5s").unwrap_err(), @"a duration cannot be negative, got `-5s`");
        insta::assert_snapshot!(parse_duration("99999999999999h").unwrap_err(),
            @"`99999999999999h` is too long for a duration; it may be 584 years");
    }

    #[test]
    fn durations_are_written_in_their_largest_units() {
        let written = [
            (Duration::ZERO, "0s"),
            (Duration::from_millis(200), "200ms"),
            (Duration::from_nanos(1_500), "0.0015ms"),
            (Duration::from_millis(1_500), "1.5s"),
            (Duration::from_secs(90), "1m30s"),
            (Duration::from_secs(4_800), "1h20m"),
            (Duration::from_secs(7_200), "2h"),
            (Duration::from_millis(3_600_050), "1h0.05s"),
        ];
        for (duration, text) in written {
            assert_eq!(format_duration(duration), text);
        }
    }

    #[test]
    fn rates_are_a_second() {
        assert_eq!(parse_rate("5/s"), Ok(5.0));
        assert_eq!(parse_rate("300/m"), Ok(5.0));
        assert_eq!(parse_rate(" 2.5 / s "), Ok(2.5));
        assert_eq!(parse_rate("7200/h"), Ok(2.0));
        insta::assert_snapshot!(parse_rate("5").unwrap_err(),
            @"`5` is not a rate; write for example `5/s` or `300/m`");
        insta::assert_snapshot!(parse_rate("0/s").unwrap_err(), @"a rate must be above 0, got `0/s`");
        for text in ["-1/s", "inf/s", "nan/s", "5/", "/s", "5/d", "1e3/s", "5//s"] {
            assert!(parse_rate(text).is_err(), "{text}");
        }
    }

    #[test]
    fn shares_are_percent_or_a_fraction() {
        assert_eq!(parse_share("10%"), Ok(0.1));
        assert_eq!(parse_share("2.5 %"), Ok(0.025));
        assert_eq!(parse_share("0.1"), Ok(0.1));
        assert_eq!(parse_share("100%"), Ok(1.0));
        assert_eq!(parse_share("0"), Ok(0.0));
        insta::assert_snapshot!(parse_share("10").unwrap_err(),
            @"a share lies between 0 and 1, got `10`; write for example `10%` or `0.1`");
        insta::assert_snapshot!(parse_share("ten%").unwrap_err(),
            @"`ten%` is not a share; write for example `10%` or `0.1`");
        for text in ["", "%", "-1%", "nan", "inf%", "0.1%%", "101%"] {
            assert!(parse_share(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_found_text_is_shown_on_one_short_line() {
        let message = parse_duration(&format!("a\n{}", "x".repeat(500))).unwrap_err().to_string();
        assert!(message.starts_with("`a\\nxxx") && message.contains("xx…`"), "{message}");
        assert!(message.len() < 200, "{message}");
    }

    proptest! {
        #[test]
        fn a_written_duration_reads_back_the_same(nanos: u64) {
            let duration = Duration::from_nanos(nanos);
            prop_assert_eq!(parse_duration(&format_duration(duration)), Ok(duration));
        }

        #[test]
        fn a_short_written_duration_reads_back_the_same(nanos in 0_u64..100_000_000_000) {
            let duration = Duration::from_nanos(nanos);
            prop_assert_eq!(parse_duration(&format_duration(duration)), Ok(duration));
        }

        #[test]
        fn a_written_rate_reads_back_the_same(rate in 0.001_f64..1e9) {
            prop_assert_eq!(parse_rate(&format!("{rate}/s")), Ok(rate));
        }

        #[test]
        fn a_written_share_reads_back_the_same(share in 0.0_f64..=1.0) {
            prop_assert_eq!(parse_share(&format!("{share}")), Ok(share));
        }

        #[test]
        fn no_text_makes_a_reader_panic(text in ".*") {
            let _ = (parse_duration(&text), parse_rate(&text), parse_share(&text));
        }

        #[test]
        fn no_text_like_a_quantity_makes_a_reader_panic(text in "[-+]?[0-9.]{0,45}[hms/%. ]{0,3}[0-9.]{0,30}[hms]{0,2}") {
            let _ = (parse_duration(&text), parse_rate(&text), parse_share(&text));
        }
    }
}
