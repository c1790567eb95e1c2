//! How long a user pauses after it could not even send, so that nothing spins.

use std::time::Duration;

/// The first pause.
const FIRST: Duration = Duration::from_millis(50);

/// No pause is longer.
const LONGEST: Duration = Duration::from_secs(5);

/// The pauses of one user: doubled from 50 ms to 5 s while trouble goes on, over at the first success.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Backoff {
    troubles: u32,
}

impl Backoff {
    /// Trouble came: how long to pause.
    pub(crate) fn trouble(&mut self) -> Duration {
        let pause = FIRST.saturating_mul(1 << self.troubles.min(10)).min(LONGEST);
        self.troubles = self.troubles.saturating_add(1);
        pause
    }

    /// Trouble is over.
    pub(crate) fn over(&mut self) {
        self.troubles = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_five_seconds_and_start_again_after_a_success() {
        let mut backoff = Backoff::default();
        let pauses: Vec<u128> = (0..9).map(|_| backoff.trouble().as_millis()).collect();
        assert_eq!(pauses, [50, 100, 200, 400, 800, 1600, 3200, 5000, 5000]);
        backoff.over();
        assert_eq!(backoff.trouble(), FIRST);
    }
}
