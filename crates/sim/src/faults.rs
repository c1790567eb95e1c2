//! What goes wrong with the n-th request of a model. Pure, like the times.

use std::time::Duration;

use crate::draw::{self, Stream};
use crate::options::Faults;

/// How a serving ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Well.
    Fine,
    /// With 500.
    Failure,
    /// With 200 and an error inside, where the kind of request has room for one.
    ErrorIn200,
}

/// The fate of one serving.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fate {
    /// How it ends.
    pub(crate) outcome: Outcome,
    /// How much longer than its time it keeps its worker.
    pub(crate) stall: Duration,
}

/// The fate of request `number` of a model.
pub(crate) fn fate(seed: u64, faults: &Faults, model: u64, number: u64) -> Fate {
    let mut random = draw::generator(seed, Stream::Fault, model, number);
    let share = random.f64();
    let outcome = if share < faults.failure_ratio {
        Outcome::Failure
    } else if share < faults.failure_ratio + faults.error_in_200_ratio {
        Outcome::ErrorIn200
    } else {
        Outcome::Fine
    };
    let stall = if random.f64() < faults.stall_ratio { faults.stall_duration } else { Duration::ZERO };
    Fate { outcome, stall }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcomes(faults: &Faults, outcome: Outcome) -> usize {
        (0..10_000).filter(|number| fate(1, faults, 5, *number).outcome == outcome).count()
    }

    #[test]
    fn shares_are_those_asked_for() {
        let faults = Faults { failure_ratio: 0.1, error_in_200_ratio: 0.2, ..Faults::default() };
        // Four standard deviations of a binomial count.
        assert!(outcomes(&faults, Outcome::Failure).abs_diff(1_000) < 120);
        assert!(outcomes(&faults, Outcome::ErrorIn200).abs_diff(2_000) < 160);
    }

    #[test]
    fn a_ratio_of_one_spares_nobody_and_of_zero_everybody() {
        let all = Faults { failure_ratio: 1.0, ..Faults::default() };
        assert_eq!(outcomes(&all, Outcome::Failure), 10_000);
        let inside = Faults { error_in_200_ratio: 1.0, ..Faults::default() };
        assert_eq!(outcomes(&inside, Outcome::ErrorIn200), 10_000);
        assert_eq!(outcomes(&Faults::default(), Outcome::Fine), 10_000);
    }

    #[test]
    fn stalls_come_as_often_as_asked_and_last_as_long() {
        let second = Duration::from_secs(1);
        let faults = Faults { stall_ratio: 0.05, stall_duration: second, ..Faults::default() };
        let stalls: Vec<Duration> = (0..10_000).map(|n| fate(1, &faults, 5, n).stall).collect();
        let stalled = stalls.iter().filter(|stall| **stall == second).count();
        assert!(stalled.abs_diff(500) < 88, "{stalled}");
        assert_eq!(stalls.iter().filter(|stall| stall.is_zero()).count(), 10_000 - stalled);
    }
}
