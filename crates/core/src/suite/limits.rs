//! Limits as people write them: `p95 < 300ms`. One grammar for `[slo]` and for `--slo`.
//!
//! Only what a limit says. Whether a run kept it is decided in `compare`.

#[cfg(test)]
mod tests;

use std::fmt;

use crate::error::nearest;
use crate::units::{parse_duration, parse_rate, parse_share, quoted};

/// A limit that a run must keep.
#[derive(Clone, Debug, PartialEq)]
pub struct Limit {
    /// What is limited.
    pub metric: LimitMetric,
    /// Where the limit lies, always above 0: milliseconds of a latency, successes a second, failed requests as a
    /// share of all (below 1).
    pub bound: f64,
    /// The whole limit as it was written, with single blanks: `p95 < 300ms`. Reads back as the same limit.
    pub text: String,
}

/// What can be limited, in the order of reports. Throughput is limited from below, everything else from above.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LimitMetric {
    /// `avg`: the mean latency of a row's successes.
    Average,
    /// `p1` to `p99.99`: a percentile of a row's successes, in hundredths of a percent (9500 is p95).
    Percentile(u16),
    /// `rate`: successes a second of all rows together.
    Rate,
    /// `failures`: the share of a row's requests that failed.
    Failures,
}

/// A text that is no limit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct LimitError {
    /// Whether the name of the metric is wrong, and not what follows it.
    pub in_metric: bool,
    /// What is wrong.
    pub message: String,
    /// How to mend it, where that can be said.
    pub help: Option<String>,
}

impl LimitError {
    fn metric(message: impl Into<String>) -> Self {
        Self { in_metric: true, message: message.into(), help: None }
    }

    fn bound(message: impl Into<String>) -> Self {
        Self { in_metric: false, message: message.into(), help: None }
    }

    fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }
}

/// Names that other tools use.
const SYNONYMS: &[(&str, &str)] = &[
    ("average", "avg"),
    ("mean", "avg"),
    ("median", "p50"),
    ("throughput", "rate"),
    ("rps", "rate"),
    ("qps", "rate"),
    ("fail", "failures"),
    ("errors", "failures"),
    ("error_rate", "failures"),
    ("fail_ratio", "failures"),
];

/// Names of which the nearest is suggested.
const KNOWN: &[&str] = &["avg", "p50", "p90", "p95", "p99", "p99.9", "rate", "failures"];

impl LimitMetric {
    /// Reads a name.
    ///
    /// # Errors
    /// When nothing is called so, or a percentile is not one of p1 to p99.99.
    pub fn parse(name: &str) -> Result<Self, LimitError> {
        match name {
            "avg" => return Ok(Self::Average),
            "rate" => return Ok(Self::Rate),
            "failures" => return Ok(Self::Failures),
            _ => {}
        }
        if let Some(percent) = name.strip_prefix('p')
            && percent.starts_with(|c: char| c.is_ascii_digit())
            && percent.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
        {
            return percentile(percent).map(Self::Percentile).ok_or_else(|| {
                let what = quoted(name);
                LimitError::metric(format!("{what} cannot be limited"))
                    .help("percentiles go from `p1` to `p99.99`, with at most two decimals")
            });
        }
        let error = LimitError::metric(format!("{} is nothing that can be limited", quoted(name)));
        let synonym = SYNONYMS.iter().find(|(word, _)| *word == name).map(|(_, meant)| *meant);
        Err(match synonym.or_else(|| nearest(name, KNOWN.iter().copied())) {
            Some(near) => error.help(format!("did you mean `{near}`?")),
            None => {
                error.help("known are percentiles such as `p95` or `p99.9`, `avg`, `rate` and `failures`")
            }
        })
    }

    /// The percentile as a share, 0.95 for p95; none of the others.
    #[must_use]
    pub fn quantile(self) -> Option<f64> {
        match self {
            Self::Percentile(hundredths) => Some(f64::from(hundredths) / 1e4),
            Self::Average | Self::Rate | Self::Failures => None,
        }
    }

    /// A limit of it, for messages.
    #[must_use]
    pub fn example(self) -> &'static str {
        match self {
            Self::Average | Self::Percentile(_) => "< 300ms",
            Self::Rate => "> 10/s",
            Self::Failures => "< 1%",
        }
    }
}

/// The hundredths of a percentile between 1 and 99.99.
fn percentile(text: &str) -> Option<u16> {
    let (whole, decimals) = match text.split_once('.') {
        Some((_, "")) => return None,
        Some(parts) => parts,
        None => (text, ""),
    };
    if decimals.len() > 2 {
        return None;
    }
    let whole: u16 = whole.parse().ok()?;
    // `text` is of digits and points: what cannot be read has a second point.
    let decimals: u16 = format!("{decimals:0<2}").parse().ok()?;
    (1..=99).contains(&whole).then(|| 100 * whole + decimals)
}

/// The name as it is written: `avg`, `p95`, `p99.9`, `rate`, `failures`.
impl fmt::Display for LimitMetric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Average => f.pad("avg"),
            Self::Rate => f.pad("rate"),
            Self::Failures => f.pad("failures"),
            Self::Percentile(hundredths) => {
                let (whole, decimals) = (hundredths / 100, hundredths % 100);
                let decimals = if decimals == 0 { String::new() } else { format!(".{decimals:02}") };
                f.pad(&format!("p{whole}{}", decimals.trim_end_matches('0')))
            }
        }
    }
}

impl Limit {
    /// Reads one limit, such as `p95 < 300ms`.
    ///
    /// # Errors
    /// When the metric is unknown, the comparison is missing or asks for the worse direction, or the bound is no
    /// quantity of the metric.
    pub fn parse(text: &str) -> Result<Self, LimitError> {
        let Some(at) = text.find(['<', '>', '=']) else {
            let error = LimitError::bound(format!("{} is not a limit", quoted(text.trim())));
            return Err(error.help("write for example `p95 < 300ms`, `rate > 10/s` or `failures < 1%`"));
        };
        Self::of(text[..at].trim(), &text[at..])
    }

    /// Reads a limit of the metric `name`; `bound` is the rest of it, such as `< 300ms`.
    ///
    /// # Errors
    /// As of [`parse`](Self::parse).
    pub fn of(name: &str, bound: &str) -> Result<Self, LimitError> {
        let metric = LimitMetric::parse(name)?;
        let bound = bound.trim();
        let operator = ["<=", ">=", "<", ">"].into_iter().find(|operator| bound.starts_with(operator));
        let Some(operator) = operator else {
            let error = LimitError::bound(format!("{} is not a limit of `{metric}`", quoted(bound)));
            return Err(error.help(format!("write for example `{metric} {}`", metric.example())));
        };
        let value = bound[operator.len()..].split_whitespace().collect::<Vec<_>>().join(" ");
        let is_lower_bound = operator.starts_with('>');
        if is_lower_bound != (metric == LimitMetric::Rate) {
            return Err(wrong_direction(metric, operator, &value));
        }
        let named = |error: LimitError| LimitError { message: format!("`{metric}`: {error}"), ..error };
        let bound = metric.read_bound(&value).map_err(named)?;
        Ok(Self { metric, bound, text: format!("{metric} {operator} {value}") })
    }
}

fn wrong_direction(metric: LimitMetric, operator: &str, value: &str) -> LimitError {
    let (what_is, right) = match metric {
        LimitMetric::Rate => ("throughput is limited from below", operator.replace('<', ">")),
        LimitMetric::Failures => ("failures are limited from above", operator.replace('>', "<")),
        LimitMetric::Average | LimitMetric::Percentile(_) => {
            ("a latency is limited from above", operator.replace('>', "<"))
        }
    };
    let what = quoted(&format!("{metric} {operator} {value}"));
    let error = LimitError::bound(format!("{what} asks for the worse: {what_is}"));
    // With a value that is none either there is nothing to write.
    match metric.read_bound(value) {
        Ok(_) => error.help(format!("did you mean `{metric} {right} {value}`?")),
        Err(_) => error.help(format!("write for example `{metric} {}`", metric.example())),
    }
}

impl LimitMetric {
    /// Reads what stands behind the comparison.
    fn read_bound(self, value: &str) -> Result<f64, LimitError> {
        let wrong = |error: crate::units::UnitError| LimitError::bound(error.to_string());
        match self {
            Self::Average | Self::Percentile(_) => milliseconds(value),
            Self::Rate => parse_rate(value).map_err(wrong).and_then(|rate| {
                // A rate an hour can be too small for a number.
                if rate.is_normal() { Ok(rate) } else { Err(LimitError::bound("a rate must be above 0")) }
            }),
            Self::Failures => {
                let share = parse_share(value).map_err(wrong)?;
                if share <= 0.0 {
                    let error = LimitError::bound(format!("{} cannot be shown by any run", quoted(value)));
                    return Err(error
                        .help("that nothing ever fails takes endless requests; write for example `< 0.1%`"));
                }
                if share >= 1.0 {
                    return Err(LimitError::bound(format!(
                        "{} is no limit: all requests may fail",
                        quoted(value)
                    )));
                }
                Ok(share)
            }
        }
    }
}

/// A latency with its unit. Elsewhere a number alone is of seconds; as a limit on a latency it would as often be
/// meant as milliseconds, and a limit a thousand times too wide is always kept.
fn milliseconds(value: &str) -> Result<f64, LimitError> {
    let duration = parse_duration(value).map_err(|error| LimitError::bound(error.to_string()))?;
    if !value.ends_with(|c: char| c.is_ascii_alphabetic()) {
        let error = LimitError::bound(format!("{} has no unit", quoted(value)));
        return Err(error.help(format!("write `{value}ms` or `{value}s`")));
    }
    if duration.as_micros() == 0 {
        return Err(LimitError::bound(format!(
            "{} is below a microsecond, the least that is measured",
            quoted(value)
        )));
    }
    Ok(duration.as_secs_f64() * 1e3)
}

/// Reads a comma list of limits, such as `p95 < 300ms, failures < 1%`, in the order of reports. Nothing between two
/// commas is passed over.
///
/// # Errors
/// Every mistake in it: see [`Limit::parse`]; also two limits of one metric, and no limit at all.
pub fn parse_limits(text: &str) -> Result<Vec<Limit>, Vec<LimitError>> {
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    let mut limits: Vec<Limit> = Vec::new();
    let mut errors = Vec::new();
    for read in parts.map(Limit::parse) {
        match read {
            Ok(limit) => match limits.iter().find(|other| other.metric == limit.metric) {
                Some(other) => errors.push(twice(other, &limit)),
                None => limits.push(limit),
            },
            Err(error) => errors.push(error),
        }
    }
    if limits.is_empty() && errors.is_empty() {
        let error = LimitError::bound("there is no limit in it");
        errors.push(error.help("write for example `p95 < 300ms, failures < 1%`"));
    }
    limits.sort_by_key(|limit| limit.metric);
    if errors.is_empty() { Ok(limits) } else { Err(errors) }
}

/// The mistake of limiting a metric twice.
pub(in crate::suite) fn twice(first: &Limit, second: &Limit) -> LimitError {
    LimitError::metric(format!("`{}` is limited twice: `{}` and `{}`", first.metric, first.text, second.text))
}

/// The limits of a module with those of the command line, which take the place of the module's where they are of the
/// same metric; in the order of reports.
#[must_use]
pub fn combine_limits(module: &[Limit], asked: &[Limit]) -> Vec<Limit> {
    let stays = |limit: &&Limit| !asked.iter().any(|other| other.metric == limit.metric);
    let mut limits: Vec<Limit> = module.iter().filter(stays).chain(asked).cloned().collect();
    limits.sort_by_key(|limit| limit.metric);
    limits
}
