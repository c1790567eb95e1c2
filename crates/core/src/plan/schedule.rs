//! When users start and how long they wait: pure, no clock.

use std::time::Duration;

use fastrand::Rng;

use crate::clock::RunTime;
use crate::suite::{Overrun, Wait};

/// When user number 0, 1, 2 ... starts: `max(1, floor(rate))` users every `step / rate` seconds, the first
/// step at once (Locust's ramp).
#[derive(Clone, Copy, Debug)]
pub struct SpawnSchedule {
    users_per_step: u32,
    seconds_per_step: f64,
}

impl SpawnSchedule {
    /// The schedule of a spawn rate in users a second, above 0. A rate that is not above 0 never gets past
    /// its first step.
    #[must_use]
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // `as` saturates at 0 and u32::MAX
    pub fn new(spawn_rate: f64) -> Self {
        let users_per_step = (spawn_rate.floor() as u32).max(1);
        Self { users_per_step, seconds_per_step: f64::from(users_per_step) / spawn_rate }
    }

    /// When user number `index` starts, counted from the beginning of the ramp. Capped at the longest
    /// duration.
    #[must_use]
    pub fn start_of(&self, index: u32) -> Duration {
        // From the index, never by adding gaps: rounded gaps would drift.
        match index / self.users_per_step {
            0 => Duration::ZERO,
            step => {
                Duration::try_from_secs_f64(f64::from(step) * self.seconds_per_step).unwrap_or(Duration::MAX)
            }
        }
    }

    /// How many users of an endless ramp have started when it has lasted for `elapsed`.
    #[must_use]
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // `as` saturates, and makes 0 of no number
    pub fn started_by(&self, elapsed: Duration) -> u32 {
        let steps = (elapsed.as_secs_f64() / self.seconds_per_step) as u32;
        steps.saturating_add(1).saturating_mul(self.users_per_step)
    }
}

/// The waits of one user.
#[derive(Clone, Copy, Debug)]
pub struct WaitState {
    wait: Wait,
    /// When the task that ran last was due; only a pace looks at it.
    last: RunTime,
}

impl WaitState {
    /// A user that begins its first task at `start`.
    #[must_use]
    pub fn new(wait: Wait, start: RunTime) -> Self {
        Self { wait, last: start }
    }

    /// The moment at which the next task is due, after one that ended at `now`. Never before `now`, except
    /// that an overrun that is caught up may be due in the past.
    pub fn next(&mut self, now: RunTime, rng: &mut Rng) -> RunTime {
        match self.wait {
            Wait::None => now,
            Wait::Constant(wait) => now.after(wait),
            Wait::Between(shortest, longest) => now.after(between(shortest, longest, rng)),
            Wait::Pace { period, overrun } => {
                let due = self.last.after(period);
                self.last = match overrun {
                    Overrun::Shift => due.max(now),
                    Overrun::CatchUp => due,
                };
                self.last
            }
        }
    }
}

fn between(shortest: Duration, longest: Duration, rng: &mut Rng) -> Duration {
    let (shortest, longest) = (nanoseconds(shortest), nanoseconds(longest));
    Duration::from_nanos(rng.u64(shortest..=longest.max(shortest)))
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use fastrand::Rng;
    use proptest::prelude::*;

    use super::*;

    fn starts(rate: f64, users: u32) -> Vec<u128> {
        let schedule = SpawnSchedule::new(rate);
        (0..users).map(|index| schedule.start_of(index).as_millis()).collect()
    }

    #[test]
    fn a_step_holds_the_whole_users_of_the_rate() {
        assert_eq!(starts(2.5, 6), [0, 0, 800, 800, 1600, 1600]);
        assert_eq!(starts(0.5, 3), [0, 2000, 4000]);
        assert_eq!(starts(10.0, 2), [0, 0]);
        assert_eq!(starts(1.0, 3), [0, 1000, 2000]);
    }

    #[test]
    fn extreme_rates_neither_panic_nor_start_early() {
        assert_eq!(SpawnSchedule::new(f64::MAX).start_of(u32::MAX - 1), Duration::ZERO);
        assert_eq!(SpawnSchedule::new(1e-300).start_of(1), Duration::MAX);
        assert_eq!(SpawnSchedule::new(0.0).start_of(1), Duration::MAX);
        assert_eq!(SpawnSchedule::new(f64::NAN).start_of(7), Duration::MAX);
    }

    #[test]
    fn users_that_have_started_are_counted_by_the_step() {
        let started = |rate, ms| SpawnSchedule::new(rate).started_by(Duration::from_millis(ms));
        assert_eq!([0, 799, 801, 1601].map(|ms| started(2.5, ms)), [2, 2, 4, 6]);
        assert_eq!([0, 1999, 2001].map(|ms| started(0.5, ms)), [1, 1, 2]);
        assert_eq!([1e-300, 0.0, f64::NAN].map(|rate| started(rate, u64::MAX)), [1, 1, 1]);
        assert_eq!(started(f64::MAX, 1), u32::MAX);
    }

    fn ms(millis: u64) -> RunTime {
        RunTime::from_duration(Duration::from_millis(millis))
    }

    /// The due times after tasks that end at `ends`, in milliseconds.
    fn due(wait: Wait, ends: &[u64]) -> Vec<u128> {
        let mut state = WaitState::new(wait, RunTime::ZERO);
        let mut rng = Rng::with_seed(1);
        ends.iter().map(|end| state.next(ms(*end), &mut rng).as_duration().as_millis()).collect()
    }

    fn pace(overrun: Overrun) -> Wait {
        Wait::Pace { period: Duration::from_millis(500), overrun }
    }

    #[test]
    fn a_pace_that_shifts_starts_as_locust_does_after_an_overrun() {
        // The task that starts at 1.0 s ends at 1.93 s.
        assert_eq!(due(pace(Overrun::Shift), &[10, 510, 1930, 1940]), [500, 1000, 1930, 2430]);
    }

    #[test]
    fn a_pace_that_catches_up_keeps_its_schedule() {
        assert_eq!(due(pace(Overrun::CatchUp), &[10, 510, 2600, 2610]), [500, 1000, 1500, 2000]);
    }

    #[test]
    fn a_constant_wait_counts_from_the_end_of_the_task() {
        assert_eq!(due(Wait::Constant(Duration::from_millis(200)), &[30, 500]), [230, 700]);
        assert_eq!(due(Wait::None, &[30, 500]), [30, 500]);
    }

    proptest! {
        #[test]
        fn the_number_of_started_users_never_falls(rate in 0.01f64..5000.0, index in 0u32..100_000) {
            let schedule = SpawnSchedule::new(rate);
            prop_assert!(schedule.start_of(index) <= schedule.start_of(index + 1));
        }

        #[test]
        fn the_ramp_never_runs_ahead_of_its_rate_by_more_than_a_step(
            rate in 0.01f64..5000.0,
            index in 0u32..100_000,
        ) {
            let start = SpawnSchedule::new(rate).start_of(index).as_secs_f64();
            let step = rate.floor().max(1.0);
            prop_assert!(f64::from(index + 1) <= rate * start + step + 1e-3);
        }

        #[test]
        fn a_wait_between_two_bounds_stays_between_them(
            low in 0u64..10_000, more in 0u64..10_000, seed: u64,
        ) {
            let wait = Wait::Between(Duration::from_millis(low), Duration::from_millis(low + more));
            let due = WaitState::new(wait, RunTime::ZERO).next(ms(7), &mut Rng::with_seed(seed));
            prop_assert!(due >= ms(7 + low) && due <= ms(7 + low + more));
        }
    }
}
