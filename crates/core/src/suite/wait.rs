//! Waits as people write them. When a wait is over is decided in `plan`.

use std::fmt;
use std::time::Duration;

use crate::suite::{Overrun, Wait};
use crate::units::{UnitError, format_duration, parse_duration, parse_rate, quoted};

/// Reads a wait: `1s..5s`, `200ms`, `none`, `pace 2s`, `throughput 5/s`, the last two also with `catch-up`
/// at the end, by which late starts are caught up.
///
/// A throughput is the pace of its reciprocal, and a wait of no time is [`Wait::None`].
///
/// # Errors
/// When the text is none, the first end of a range is above the second, or a pace is 0.
pub fn parse_wait(text: &str) -> Result<Wait, UnitError> {
    let words: Vec<&str> = text.split_whitespace().collect();
    match words[..] {
        ["none"] => Ok(Wait::None),
        ["pace", period] => pace(parse_duration(period)?, Overrun::Shift, text),
        ["pace", period, "catch-up"] => pace(parse_duration(period)?, Overrun::CatchUp, text),
        ["throughput", rate] => pace(period_of(rate)?, Overrun::Shift, text),
        ["throughput", rate, "catch-up"] => pace(period_of(rate)?, Overrun::CatchUp, text),
        _ => match text.split_once("..") {
            Some((least, most)) => between(least, most, text),
            None => parse_duration(text).map(constant).map_err(|_| not_a_wait(text)),
        },
    }
}

fn pace(period: Duration, overrun: Overrun, text: &str) -> Result<Wait, UnitError> {
    if period.is_zero() {
        return Err(UnitError(format!(
            "{} would start tasks without end; from one start to the next must be above 0",
            quoted(text)
        )));
    }
    Ok(Wait::Pace { period, overrun })
}

fn period_of(rate: &str) -> Result<Duration, UnitError> {
    let period = 1.0 / parse_rate(rate)?;
    // The bound is that of `parse_duration`: what a run's clock can count.
    Duration::try_from_secs_f64(period)
        .ok()
        .filter(|period| u64::try_from(period.as_nanos()).is_ok())
        .ok_or_else(|| UnitError(format!("{} is too slow for a throughput", quoted(rate))))
}

fn between(least: &str, most: &str, text: &str) -> Result<Wait, UnitError> {
    let (Ok(least), Ok(most)) = (parse_duration(least), parse_duration(most)) else {
        return Err(not_a_wait(text));
    };
    if least > most {
        return Err(UnitError(format!(
            "{} begins above its end; the shorter time stands first, for example `1s..5s`",
            quoted(text)
        )));
    }
    Ok(if least == most { constant(least) } else { Wait::Between(least, most) })
}

fn constant(time: Duration) -> Wait {
    if time.is_zero() { Wait::None } else { Wait::Constant(time) }
}

fn not_a_wait(text: &str) -> UnitError {
    UnitError(format!(
        "{} is not a wait; write for example `1s..5s`, `200ms`, `pace 2s`, `pace 2s catch-up`, \
         `throughput 5/s` or `none`",
        quoted(text)
    ))
}

/// As [`parse_wait`] reads it; a throughput as the pace that it is.
impl fmt::Display for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Constant(time) => f.write_str(&format_duration(*time)),
            Self::Between(least, most) => {
                write!(f, "{}..{}", format_duration(*least), format_duration(*most))
            }
            Self::Pace { period, overrun } => {
                write!(f, "pace {}", format_duration(*period))?;
                f.write_str(if *overrun == Overrun::CatchUp { " catch-up" } else { "" })
            }
        }
    }
}

impl Wait {
    /// In words, for the announcement of a run; of a pace, what becomes of an overrun.
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            Self::None => "no wait".to_owned(),
            Self::Constant(time) => format!("wait {}", format_duration(*time)),
            Self::Between(least, most) => {
                format!("wait {} to {}", format_duration(*least), format_duration(*most))
            }
            Self::Pace { period, overrun } => {
                let overrun = match overrun {
                    Overrun::Shift => "a late task moves the schedule, nothing is caught up",
                    Overrun::CatchUp => "late tasks are caught up",
                };
                format!("a task every {} ({overrun})", format_duration(*period))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MS: fn(u64) -> Duration = Duration::from_millis;

    fn paced(ms: u64, overrun: Overrun) -> Wait {
        Wait::Pace { period: MS(ms), overrun }
    }

    #[test]
    fn every_form_of_a_wait_is_read() {
        let read = [
            ("none", Wait::None),
            ("0s", Wait::None),
            ("200ms", Wait::Constant(MS(200))),
            ("2", Wait::Constant(MS(2000))),
            ("1s..5s", Wait::Between(MS(1000), MS(5000))),
            ("0s .. 100ms", Wait::Between(MS(0), MS(100))),
            ("0.1..0.3", Wait::Between(MS(100), MS(300))),
            ("3s..3s", Wait::Constant(MS(3000))),
            ("pace 2s", paced(2000, Overrun::Shift)),
            ("pace 2s catch-up", paced(2000, Overrun::CatchUp)),
            ("throughput 5/s", paced(200, Overrun::Shift)),
            (" throughput  30/m  catch-up ", paced(2000, Overrun::CatchUp)),
        ];
        for (text, wait) in read {
            assert_eq!(parse_wait(text), Ok(wait), "{text}");
        }
    }

    #[test]
    fn texts_that_are_no_wait_say_what_would_be() {
        let message = |text| parse_wait(text).unwrap_err().to_string();
        insta::assert_snapshot!(message("1s-5s"), @"`1s-5s` is not a wait; write for example `1s..5s`, `200ms`, `pace 2s`, `pace 2s catch-up`, `throughput 5/s` or `none`");
        insta::assert_snapshot!(message("5s..1s"), @"`5s..1s` begins above its end; the shorter time stands first, for example `1s..5s`");
        insta::assert_snapshot!(message("pace 0s"), @"`pace 0s` would start tasks without end; from one start to the next must be above 0");
        insta::assert_snapshot!(message("throughput 5"), @"`5` is not a rate; write for example `5/s` or `300/m`");
        insta::assert_snapshot!(message("throughput 0.000000000000000001/h"), @"`0.000000000000000001/h` is too slow for a throughput");
        for text in
            ["", "..", "1s..", "pace", "pace 1s catchup", "1s...5s", "throughput 99999999999999999999/s"]
        {
            assert!(parse_wait(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_description_says_whether_overruns_are_caught_up() {
        let described = |text| parse_wait(text).unwrap().describe();
        assert_eq!(described("none"), "no wait");
        assert_eq!(described("1s..5s"), "wait 1s to 5s");
        assert_eq!(
            described("pace 2s"),
            "a task every 2s (a late task moves the schedule, nothing is caught up)"
        );
        assert_eq!(described("throughput 5/s catch-up"), "a task every 200ms (late tasks are caught up)");
    }

    proptest! {
        #[test]
        fn a_written_wait_reads_back_the_same(kind in 0..4, a: u64, b: u64, late: bool) {
            let (least, most) = (Duration::from_nanos(a.min(b)), Duration::from_nanos(a.max(b)));
            let wait = match kind {
                0 => Wait::None,
                1 if !most.is_zero() => Wait::Constant(most),
                2 if least < most => Wait::Between(least, most),
                _ if most.is_zero() => Wait::None,
                _ => Wait::Pace { period: most, overrun: if late { Overrun::CatchUp } else { Overrun::Shift } },
            };
            prop_assert_eq!(parse_wait(&wait.to_string()), Ok(wait));
        }

        #[test]
        fn no_text_makes_the_reader_panic(text in ".*", rate in "throughput [0-9.]{1,40}/[smh]( catch-up)?") {
            let _ = (parse_wait(&text), parse_wait(&rate));
        }
    }
}
