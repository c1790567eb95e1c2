//! When users start and how long they wait: pure, no clock.

use std::time::Duration;

use fastrand::Rng;

use crate::clock::RunTime;
use crate::suite::Wait;

/// When user number 0, 1, 2 ... starts: `max(1, floor(rate))` users every `step / rate` seconds, the first
/// step at once (Locust's ramp).
#[derive(Clone, Copy, Debug)]
pub struct SpawnSchedule {}

impl SpawnSchedule {
    /// The schedule of a spawn rate in users a second, above 0.
    #[must_use]
    pub fn new(spawn_rate: f64) -> Self {
        todo!("{spawn_rate}")
    }

    /// When user number `index` starts, counted from the beginning of the ramp.
    #[must_use]
    pub fn start_of(&self, index: u32) -> Duration {
        todo!("{index}")
    }
}

/// The waits of one user.
#[derive(Clone, Copy, Debug)]
pub struct WaitState {}

impl WaitState {
    /// A user that begins its first task at `start`.
    #[must_use]
    pub fn new(wait: Wait, start: RunTime) -> Self {
        todo!("{wait:?} {start:?}")
    }

    /// The moment at which the next task is due, after one that ended at `now`. Never before `now`, except
    /// that an overrun that is caught up may be due in the past.
    pub fn next(&mut self, now: RunTime, rng: &mut Rng) -> RunTime {
        todo!("{now:?} {rng:?}")
    }
}
