//! The one door through which a run is steered from outside.

use std::sync::Arc;

use tokio::sync::watch;
use tokio::time::Instant;

/// How a run is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stop {
    /// No new request starts; those in flight get the stop timeout.
    Graceful,
    /// At once; what is in flight is reported as cut off.
    Now,
}

/// What is asked of a run from outside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wish {
    /// How to stop, if at all.
    pub(crate) stop: Option<Stop>,
    /// When a stop was asked for first.
    pub(crate) stopped: Option<Instant>,
    /// How many users, where it is not what the plan says.
    pub(crate) users: Option<u32>,
}

/// A handle that steers a run; clones steer the same run. It may be used before the run begins.
#[derive(Clone, Debug)]
pub struct Control {
    wish: Arc<watch::Sender<Wish>>,
}

impl Default for Control {
    fn default() -> Self {
        Self { wish: Arc::new(watch::Sender::new(Wish::default())) }
    }
}

impl Control {
    /// Stops the run. A stronger wish replaces a weaker one, never the other way.
    pub fn stop(&self, how: Stop) {
        self.wish.send_modify(|wish| {
            wish.stop = wish.stop.max(Some(how));
            wish.stopped.get_or_insert_with(Instant::now);
        });
    }

    /// Changes the number of users: missing ones are started at the plan's spawn rate, the youngest of too
    /// many end after their current request. Without users a run waits for more of them, or for its end.
    pub fn set_users(&self, users: u32) {
        self.wish.send_modify(|wish| wish.users = Some(users));
    }

    pub(crate) fn subscribe(&self) -> watch::Receiver<Wish> {
        self.wish.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stop_is_never_taken_back_and_keeps_its_first_moment() {
        let control = Control::default();
        let wishes = control.subscribe();
        control.stop(Stop::Now);
        let first = *wishes.borrow();
        control.stop(Stop::Graceful);
        assert_eq!(*wishes.borrow(), first);
        assert_eq!(first.stop, Some(Stop::Now));
        assert!(first.stopped.is_some());
    }
}
