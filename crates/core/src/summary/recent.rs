//! The last seconds of a row: current rates and percentiles, in constant memory.

use windtunnel_stats::LocustTimes;

/// Current figures of a row.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Current {
    /// Requests a second over the seconds [now - 12, now - 3], as Locust counts.
    pub requests_per_second: f64,
    /// Failures a second, likewise.
    pub failures_per_second: f64,
}

/// The last 20 seconds of a row, second by second.
#[derive(Clone, Debug, Default)]
pub struct Recent {
    seconds: std::collections::VecDeque<(u32, u32, u32, LocustTimes)>,
}

impl Recent {
    /// Rates at second `now` since the start.
    #[must_use]
    pub fn current(&self, now: u32) -> Current {
        todo!("{now} {:?}", self.seconds)
    }

    /// Response times of the last ten seconds before `now`, all requests.
    #[must_use]
    pub fn last_ten(&self, now: u32) -> LocustTimes {
        todo!("{now}")
    }
}
