//! What a thread of the generator knows about itself: is it the limit?

use std::collections::VecDeque;
use std::time::Duration;

use crate::clock::RunTime;

/// How often the heartbeat beats: docs/statistics.md 3.16, and docs/formats.md, `gen`.
pub(crate) const BEAT: Duration = Duration::from_millis(10);

/// The stretch over which the processor's share is judged.
const STRETCH: Duration = Duration::from_secs(5);

/// The share of a processor that this thread used, over the busiest five seconds.
#[derive(Debug, Default)]
pub(crate) struct CpuShare {
    /// (moment, processor time so far) of the last five seconds.
    readings: VecDeque<(RunTime, Duration)>,
    max: f64,
}

impl CpuShare {
    /// Adds a reading of the thread's processor clock; returns the largest share so far, 0 before the first
    /// five seconds are over.
    pub(crate) fn read(&mut self, now: RunTime, used: Duration) -> f64 {
        self.readings.push_back((now, used));
        while let Some((at, before)) = self.readings.front().copied() {
            let wall = now - at;
            if wall < STRETCH {
                break;
            }
            self.max = self.max.max(used.saturating_sub(before).as_secs_f64() / wall.as_secs_f64());
            self.readings.pop_front();
        }
        self.max
    }
}

/// Processor time that the calling thread has used.
pub(crate) fn thread_cpu_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.try_into().unwrap_or_default(), time.tv_nsec.try_into().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_is_that_of_the_busiest_five_seconds() {
        let mut share = CpuShare::default();
        let mut used = Duration::ZERO;
        let mut max = 0.0;
        for tick in 0..100_u64 {
            if (40..60).contains(&tick) {
                used += Duration::from_millis(200);
            }
            max = share.read(RunTime::from_duration(Duration::from_millis(250 * tick)), used);
        }
        assert!((max - 0.8).abs() < 1e-9, "{max}");
    }
}
