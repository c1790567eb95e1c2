//! What a simulator is asked to do: plain data, checked once before anything starts.
//!
//! Where the values come from (flags, a settings file, a test) is not known here.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

/// Most workers a model may have.
pub const MAX_WORKERS: usize = 65_536;
/// Longest median latency and longest stall.
pub const MAX_LATENCY: Duration = Duration::from_secs(3_600);
/// Largest `spread` and `session_noise`: at 3, one serving in a thousand already takes 10 000 medians.
pub const MAX_SIGMA: f64 = 3.0;
/// Largest `slowdown`.
pub const MAX_SLOWDOWN: f64 = 1_000.0;

/// Everything a simulator can be told.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Where to listen; port 0 takes a free one. The default is loopback, and nothing in this crate widens
    /// it: an address that other machines reach is used only because the caller wrote it.
    pub address: SocketAddr,
    /// Seeds what is the same from start to start: the models' levels and the contents of the answers.
    pub seed: u64,
    /// Seeds what differs from start to start: the servings' times, the faults and the session's level.
    /// `None` takes a seed from the operating system, so that two starts differ as two measurements of a real
    /// server do; with one, two simulators treat the n-th request of a model alike.
    pub session_seed: Option<u64>,
    /// Requests that one model serves at the same time, at least 1. Every model has its own workers, as every
    /// KServe model has its own pod: load on one model does not slow another.
    pub workers: usize,
    /// Requests of one model that may wait for a worker. One more is answered with 503 at once; 0 means that
    /// nothing waits.
    pub queue_limit: usize,
    /// How long a serving takes.
    pub latency: Latency,
    /// What goes wrong on purpose.
    pub faults: Faults,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            seed: 1,
            session_seed: None,
            // At 40 ms a model serves about 800 requests/s: 80 users who think 1 to 5 s ask for 26, and 20 who
            // start at once do not queue.
            workers: 32,
            queue_limit: 100,
            latency: Latency::default(),
            faults: Faults::default(),
        }
    }
}

/// How long a serving takes: from the moment a worker takes a request to the moment its answer is ready.
///
/// The wait for a worker comes on top. A serving lasts `median` × the model's level × `slowdown` × the
/// session's level × exp(`spread` · N(0, 1)).
#[derive(Clone, Debug, PartialEq)]
pub struct Latency {
    /// The median over all models, at most [`MAX_LATENCY`]. A model's own median lies between a half and the
    /// double of it, fixed by the seed and the model's name. Zero answers as fast as the machine can.
    pub median: Duration,
    /// Standard deviation of the logarithm of a serving's time, 0 to [`MAX_SIGMA`]. Above 0, one serving in a
    /// hundred is an outlier of two to ten times its time; at 0 all servings of a model last the same.
    pub spread: f64,
    /// Multiplies every serving, above 0 and at most [`MAX_SLOWDOWN`]: 1.5 is a server made half as slow again.
    pub slowdown: f64,
    /// Standard deviation of the logarithm of a level drawn once per start, 0 to [`MAX_SIGMA`]: what makes two
    /// measurements of one and the same server differ. 0 (the default) draws none.
    pub session_noise: f64,
}

impl Default for Latency {
    fn default() -> Self {
        Self { median: Duration::from_millis(40), spread: 0.25, slowdown: 1.0, session_noise: 0.0 }
    }
}

/// Faults drawn per work request, from the session's seed. All off by default.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Faults {
    /// Share of work requests answered with 500, after their full serving time.
    pub failure_ratio: f64,
    /// Share of v1 predict and explain requests whose answer is HTTP 200 and carries an element with
    /// `status_code` 500 and a text in `errors`. Other kinds of requests know no such answer and stay well.
    /// Together with `failure_ratio` at most 1: no request gets both.
    pub error_in_200_ratio: f64,
    /// Share of work requests that keep their worker for `stall_duration` longer.
    pub stall_ratio: f64,
    /// How long a stall lasts, at most [`MAX_LATENCY`]; neither slowdown nor levels change it.
    pub stall_duration: Duration,
}

/// An option outside its range.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum OptionsError {
    /// A share is not a number from 0 to 1.
    #[error("the {option} must lie between 0 and 1, got {found}")]
    Ratio {
        /// The option, in words.
        option: &'static str,
        /// Its value.
        found: f64,
    },
    /// Failures and errors inside 200 together exceed every request.
    #[error(
        "the failure ratio and the error-in-200 ratio must together be at most 1, got {failure} + {error_in_200}"
    )]
    RatiosTogether {
        /// The failure ratio.
        failure: f64,
        /// The error-in-200 ratio.
        error_in_200: f64,
    },
    /// A standard deviation of a logarithm is negative, too large or not a number.
    #[error("the {option} must lie between 0 and {MAX_SIGMA}, got {found}")]
    Sigma {
        /// The option, in words.
        option: &'static str,
        /// Its value.
        found: f64,
    },
    /// The slowdown is not a factor that can be carried out.
    #[error("the slowdown must be above 0 and at most {MAX_SLOWDOWN}, got {found}")]
    Slowdown {
        /// Its value.
        found: f64,
    },
    /// No worker, or more than there can be.
    #[error("the number of workers must lie between 1 and {MAX_WORKERS}, got {found}")]
    Workers {
        /// Its value.
        found: usize,
    },
    /// A time is longer than [`MAX_LATENCY`].
    #[error("the {option} must be at most {} s, got {} s", MAX_LATENCY.as_secs(), found.as_secs_f64())]
    TooLong {
        /// The option, in words.
        option: &'static str,
        /// Its value.
        found: Duration,
    },
}

impl Options {
    /// Checks every range.
    ///
    /// # Errors
    /// All mistakes, in the order of the fields.
    pub fn validate(&self) -> Result<(), Vec<OptionsError>> {
        let mut errors = Vec::new();
        if !(1..=MAX_WORKERS).contains(&self.workers) {
            errors.push(OptionsError::Workers { found: self.workers });
        }
        self.latency.check(&mut errors);
        self.faults.check(&mut errors);
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }
}

impl Latency {
    fn check(&self, errors: &mut Vec<OptionsError>) {
        check_time("median latency", self.median, errors);
        check_sigma("spread", self.spread, errors);
        if !(self.slowdown > 0.0 && self.slowdown <= MAX_SLOWDOWN) {
            errors.push(OptionsError::Slowdown { found: self.slowdown });
        }
        check_sigma("session noise", self.session_noise, errors);
    }
}

impl Faults {
    fn check(&self, errors: &mut Vec<OptionsError>) {
        let before = errors.len();
        check_ratio("failure ratio", self.failure_ratio, errors);
        check_ratio("error-in-200 ratio", self.error_in_200_ratio, errors);
        if errors.len() == before && self.failure_ratio + self.error_in_200_ratio > 1.0 {
            errors.push(OptionsError::RatiosTogether {
                failure: self.failure_ratio,
                error_in_200: self.error_in_200_ratio,
            });
        }
        check_ratio("stall ratio", self.stall_ratio, errors);
        check_time("stall duration", self.stall_duration, errors);
    }
}

// The ranges are asked for, not their complements: NaN lies in none.
fn check_ratio(option: &'static str, found: f64, errors: &mut Vec<OptionsError>) {
    if !(0.0..=1.0).contains(&found) {
        errors.push(OptionsError::Ratio { option, found });
    }
}

fn check_sigma(option: &'static str, found: f64, errors: &mut Vec<OptionsError>) {
    if !(0.0..=MAX_SIGMA).contains(&found) {
        errors.push(OptionsError::Sigma { option, found });
    }
}

fn check_time(option: &'static str, found: Duration, errors: &mut Vec<OptionsError>) {
    if found > MAX_LATENCY {
        errors.push(OptionsError::TooLong { option, found });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(options: &Options) -> Vec<String> {
        options.validate().unwrap_err().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_defaults_are_valid_and_listen_on_loopback() {
        let options = Options::default();
        assert_eq!(options.validate(), Ok(()));
        assert_eq!(options.address, "127.0.0.1:0".parse().unwrap());
    }

    #[test]
    fn all_mistakes_are_told_at_once_and_in_order() {
        let options = Options {
            workers: 0,
            latency: Latency {
                median: Duration::from_secs(4_000),
                spread: -0.5,
                slowdown: 0.0,
                session_noise: f64::NAN,
            },
            faults: Faults {
                failure_ratio: 1.5,
                error_in_200_ratio: -0.1,
                stall_ratio: f64::INFINITY,
                stall_duration: Duration::from_millis(3_600_500),
            },
            ..Options::default()
        };
        assert_eq!(
            messages(&options),
            [
                "the number of workers must lie between 1 and 65536, got 0",
                "the median latency must be at most 3600 s, got 4000 s",
                "the spread must lie between 0 and 3, got -0.5",
                "the slowdown must be above 0 and at most 1000, got 0",
                "the session noise must lie between 0 and 3, got NaN",
                "the failure ratio must lie between 0 and 1, got 1.5",
                "the error-in-200 ratio must lie between 0 and 1, got -0.1",
                "the stall ratio must lie between 0 and 1, got inf",
                "the stall duration must be at most 3600 s, got 3600.5 s",
            ]
        );
    }

    #[test]
    fn failures_and_errors_inside_200_share_one_whole() {
        let mut options = Options::default();
        options.faults.failure_ratio = 0.75;
        options.faults.error_in_200_ratio = 0.25;
        assert_eq!(options.validate(), Ok(()));
        options.faults.error_in_200_ratio = 0.5;
        assert_eq!(
            messages(&options),
            ["the failure ratio and the error-in-200 ratio must together be at most 1, got 0.75 + 0.5"]
        );
    }
}
