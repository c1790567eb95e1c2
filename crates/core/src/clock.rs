//! The one clock of a run: monotonic, in nanoseconds since its start.
//!
//! A wall-clock time exists once per run, as an anchor in its record; nothing is measured with it.

use std::ops::Sub;
use std::time::Duration;

use tokio::time::Instant;

/// A moment of a run: nanoseconds since its start, on the monotonic clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunTime(pub u64);

impl RunTime {
    /// The start of the run.
    pub const ZERO: Self = Self(0);

    /// The moment `after` the start, capped at 584 years.
    #[must_use]
    pub fn from_duration(after: Duration) -> Self {
        Self(u64::try_from(after.as_nanos()).unwrap_or(u64::MAX))
    }

    /// The time since the start.
    #[must_use]
    pub const fn as_duration(self) -> Duration {
        Duration::from_nanos(self.0)
    }

    /// The time since `earlier`; zero when `earlier` is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    /// This moment moved by `by` into the future, capped.
    #[must_use]
    pub fn after(self, by: Duration) -> Self {
        Self(self.0.saturating_add(Self::from_duration(by).0))
    }
}

impl Sub for RunTime {
    type Output = Duration;

    fn sub(self, earlier: Self) -> Duration {
        self.since(earlier)
    }
}

/// Reads the time of a run.
///
/// It counts with tokio's `Instant`, which is the operating system's monotonic clock, except in tests that
/// pause tokio's time.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start: Instant,
}

impl Clock {
    /// A clock whose zero is now.
    #[must_use]
    pub fn start() -> Self {
        Self { start: Instant::now() }
    }

    /// Now, as a moment of the run.
    #[must_use]
    pub fn now(&self) -> RunTime {
        self.moment(Instant::now())
    }

    /// `instant` as a moment of the run; the start when it was before it.
    #[must_use]
    pub fn moment(&self, instant: Instant) -> RunTime {
        RunTime::from_duration(instant.saturating_duration_since(self.start))
    }

    /// The instant at which the run reaches `at`.
    #[must_use]
    pub fn instant(&self, at: RunTime) -> Instant {
        self.start + at.as_duration()
    }
}
