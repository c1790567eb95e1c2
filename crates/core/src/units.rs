//! Durations, shares and rates as people write them.

use std::time::Duration;

/// A text that is not the quantity it should be; says what was found and what would be accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct UnitError(pub String);

/// Reads a duration: `200ms`, `1.5s`, `2m`, `1h20m`, `120` (seconds); units h, m, s, ms, each at most once
/// and in this order.
///
/// # Errors
/// When the text is none, is negative or does not fit.
pub fn parse_duration(text: &str) -> Result<Duration, UnitError> {
    todo!("{text}")
}

/// Writes a duration so that [`parse_duration`] reads it back: `1h20m`, `90s` as `1m30s`, `200ms`.
#[must_use]
pub fn format_duration(duration: Duration) -> String {
    todo!("{duration:?}")
}

/// Reads a rate such as `5/s`, `300/m`, `2.5/s` in events a second; above 0 and finite.
///
/// # Errors
/// When the text is none.
pub fn parse_rate(text: &str) -> Result<f64, UnitError> {
    todo!("{text}")
}

/// Reads a share: `10%`, `0.1`.
///
/// # Errors
/// When the text is none, or not between 0 and 1.
pub fn parse_share(text: &str) -> Result<f64, UnitError> {
    todo!("{text}")
}
