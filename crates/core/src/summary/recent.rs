//! The last seconds of a row: current rates and percentiles, in constant memory.

use std::collections::VecDeque;

use windtunnel_stats::LocustTimes;

/// Seconds that are kept: enough for Locust's current rates, which look twelve seconds back, and for a
/// straggler.
const KEPT: usize = 20;

/// Current figures of a row.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Current {
    /// Requests a second over the seconds [now - 12, now - 3], clipped at the start of the run, as Locust
    /// counts them: 0 in the first three seconds.
    pub requests_per_second: f64,
    /// Failures a second, likewise.
    pub failures_per_second: f64,
}

/// The last 20 seconds of a row, second by second.
#[derive(Clone, Debug, Default)]
pub struct Recent {
    seconds: VecDeque<Second>,
}

#[derive(Clone, Debug)]
struct Second {
    at: u32,
    requests: u64,
    failures: u64,
    times: LocustTimes,
}

impl Recent {
    /// Adds what ended in second `at` since the start.
    pub fn add(&mut self, at: u32, requests: u64, failures: u64, times: &LocustTimes) {
        let index = match self.seconds.binary_search_by_key(&at, |second| second.at) {
            Ok(index) => index,
            Err(0) if self.seconds.len() >= KEPT => return,
            Err(index) => {
                self.seconds
                    .insert(index, Second { at, requests: 0, failures: 0, times: LocustTimes::default() });
                if self.seconds.len() > KEPT {
                    self.seconds.pop_front();
                    index - 1
                } else {
                    index
                }
            }
        };
        let second = &mut self.seconds[index];
        second.requests += requests;
        second.failures += failures;
        second.times.merge(times);
    }

    /// Rates at second `now` since the start.
    #[must_use]
    pub fn current(&self, now: u32) -> Current {
        let Some(last) = now.checked_sub(3) else { return Current::default() };
        let first = now.saturating_sub(12);
        let seconds = f64::from(last - first + 1);
        let within = self.seconds.iter().filter(|second| (first..=last).contains(&second.at));
        let (requests, failures) =
            within.fold((0, 0), |(r, f), second| (r + second.requests, f + second.failures));
        Current {
            requests_per_second: requests as f64 / seconds,
            failures_per_second: failures as f64 / seconds,
        }
    }

    /// Response times of the ten whole seconds before `now`, all requests.
    #[must_use]
    pub fn last_ten(&self, now: u32) -> LocustTimes {
        let mut times = LocustTimes::default();
        for second in self.seconds.iter().filter(|second| (now.saturating_sub(10)..now).contains(&second.at))
        {
            times.merge(&second.times);
        }
        times
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(of: &[f64]) -> LocustTimes {
        let mut times = LocustTimes::default();
        for ms in of {
            times.record(*ms);
        }
        times
    }

    #[test]
    fn current_rates_look_at_the_ten_seconds_that_ended_three_seconds_ago() {
        let mut recent = Recent::default();
        for second in 0..30 {
            recent.add(second, u64::from(second), 1, &LocustTimes::default());
        }
        let current = recent.current(30);
        assert!((current.requests_per_second - 22.5).abs() < 1e-9, "{current:?}");
        assert!((current.failures_per_second - 1.0).abs() < 1e-9);
        assert_eq!(Recent::default().current(2), Current::default());
    }

    #[test]
    fn a_straggler_is_added_to_its_own_second() {
        let mut recent = Recent::default();
        recent.add(5, 1, 0, &times(&[10.0]));
        recent.add(7, 1, 0, &times(&[20.0]));
        recent.add(5, 1, 0, &times(&[30.0]));
        assert_eq!(recent.last_ten(7).count(), 2);
        assert_eq!(recent.last_ten(8).count(), 3);
    }

    #[test]
    fn no_more_than_twenty_seconds_are_kept() {
        let mut recent = Recent::default();
        for second in 0..1000 {
            recent.add(second, 1, 0, &LocustTimes::default());
        }
        assert_eq!(recent.seconds.len(), KEPT);
        recent.add(3, 1, 0, &LocustTimes::default());
        assert_eq!(recent.seconds.len(), KEPT);
    }
}
