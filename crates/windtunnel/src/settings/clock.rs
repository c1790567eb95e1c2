//! The wall clock by which runs and decisions are dated. Nothing is measured with it.

use std::cell::OnceCell;
use std::time::Instant;

use jiff::Timestamp;
use windtunnel_core::error::Problems;

use crate::settings::environment::Environment;
use crate::settings::layer::Origin;

/// The variable that puts another time in the place of now, for tests and rehearsals.
pub(crate) const VARIABLE: &str = "WINDTUNNEL_CLOCK";

/// The wall clock. One that was set shows its time when it is first looked at, and goes on from there, so that what is
/// dated later in the same call has a later date.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    set: Option<Timestamp>,
    first: OnceCell<Instant>,
}

impl Clock {
    /// That of the system, or of the environment.
    pub(crate) fn read(environment: &Environment, problems: &mut Problems) -> Self {
        let set = environment.get(VARIABLE).and_then(|text| {
            let from = || Origin::Environment(VARIABLE.to_owned());
            let wrong = |_| {
                let message = format!("expected a time such as 2026-01-31T12:00:00Z, got `{text}`");
                problems.0.push(from().problem("clock", message));
            };
            text.parse().map_err(wrong).ok()
        });
        Self { set, first: OnceCell::new() }
    }

    /// Now.
    pub(crate) fn now(&self) -> Timestamp {
        let Some(set) = self.set else { return Timestamp::now() };
        let passed = self.first.get_or_init(Instant::now).elapsed();
        set.checked_add(passed).unwrap_or(set)
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::*;

    fn read(text: &str) -> (Clock, Problems) {
        let mut problems = Problems::default();
        let environment = [(OsString::from(VARIABLE), OsString::from(text))].into_iter().collect();
        (Clock::read(&environment, &mut problems), problems)
    }

    #[test]
    fn a_clock_that_was_set_shows_its_time_and_never_goes_back() {
        let (clock, problems) = read("2026-01-31T12:00:00Z");
        assert!(problems.0.is_empty());
        let (first, second) = (clock.now(), clock.now());
        assert_eq!(first.strftime("%FT%T").to_string(), "2026-01-31T12:00:00");
        assert!(first <= second);
    }

    #[test]
    fn what_is_no_time_is_a_mistake() {
        let (_, problems) = read("noon");
        let expected = "error: WINDTUNNEL_CLOCK: expected a time such as 2026-01-31T12:00:00Z, got `noon`";
        assert_eq!(problems.to_string(), expected);
    }
}
