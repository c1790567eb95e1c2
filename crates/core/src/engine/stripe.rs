//! Which users live on one thread, and when they start: pure, so that no thread has to ask another.

use crate::clock::RunTime;
use crate::plan::{Dispatch, Plan, SpawnSchedule};

/// The users of one thread: number `u` of the run lives on thread `u mod n`.
#[derive(Debug)]
pub(super) struct Stripe {
    /// The classes of all users of the run, from the first on.
    classes: Dispatch,
    /// The same, behind `next`.
    rest: Dispatch,
    /// The next user of this thread, and its class; `None` where there are no more users to be had.
    next: Option<(u32, usize)>,
    schedule: SpawnSchedule,
    ramp: Ramp,
    /// Users of the whole run that may live: numbers from here on may not.
    wanted: u32,
    thread: u32,
    threads: u32,
}

/// A time in which users are started.
#[derive(Clone, Copy, Debug)]
struct Ramp {
    /// The first user that it starts.
    first: u32,
    began: RunTime,
}

/// A user that is to start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Newcomer {
    /// Its number in the run.
    pub(super) index: u32,
    /// Index into `Plan::classes`.
    pub(super) class: usize,
    /// When.
    pub(super) start: RunTime,
}

impl Stripe {
    /// The users that thread number `thread` of `threads` has by the plan.
    pub(super) fn new(plan: &Plan, thread: usize, threads: usize) -> Self {
        let classes: Vec<_> = plan.classes.iter().map(|class| (class.weight, class.fixed_count)).collect();
        let schedule = SpawnSchedule::new(plan.load.spawn_rate);
        Self::of(Dispatch::new(&classes), schedule, plan.load.users, thread, threads)
    }

    fn of(classes: Dispatch, schedule: SpawnSchedule, wanted: u32, thread: usize, threads: usize) -> Self {
        let mut stripe = Self {
            rest: classes.clone(),
            classes,
            next: None,
            schedule,
            ramp: Ramp { first: 0, began: RunTime::ZERO },
            wanted,
            thread: u32::try_from(thread).unwrap_or(u32::MAX),
            threads: u32::try_from(threads).unwrap_or(u32::MAX),
        };
        stripe.rewind(0);
        stripe
    }

    /// Users of the whole run that may live.
    pub(super) fn wanted(&self) -> u32 {
        self.wanted
    }

    /// May any user live on this thread?
    pub(super) fn has_room(&self) -> bool {
        self.thread < self.wanted
    }

    /// The next user of this thread.
    pub(super) fn peek(&self) -> Option<Newcomer> {
        let (index, class) = self.next.filter(|(index, _)| *index < self.wanted)?;
        let after = self.schedule.start_of(index.saturating_sub(self.ramp.first));
        Some(Newcomer { index, class, start: self.ramp.began.after(after) })
    }

    /// Takes the next user of this thread.
    pub(super) fn take(&mut self) -> Option<Newcomer> {
        let user = self.peek()?;
        self.advance();
        Some(user)
    }

    /// From now on `wanted` users may live. A ramp goes on where the one before it was; users from number
    /// `wanted` on that have started already may start once more when they are wanted again.
    pub(super) fn resize(&mut self, wanted: u32, now: RunTime) {
        let started = self.ramp.first.saturating_add(self.schedule.started_by(now - self.ramp.began));
        self.ramp = Ramp { first: started.min(self.wanted).min(wanted), began: now };
        if self.next.is_none_or(|(index, _)| index > wanted) {
            self.rewind(wanted);
        }
        self.wanted = wanted;
    }

    /// The next user is this thread's first one from number `from` on.
    fn rewind(&mut self, from: u32) {
        self.rest = self.classes.clone();
        self.next = self.rest.next().map(|class| (0, class));
        while self.next.is_some_and(|(index, _)| index < from || index % self.threads != self.thread) {
            self.step();
        }
    }

    fn advance(&mut self) {
        self.step();
        while self.next.is_some_and(|(index, _)| index % self.threads != self.thread) {
            self.step();
        }
    }

    /// One user of the run further.
    fn step(&mut self) {
        let rest = &mut self.rest;
        self.next = self.next.and_then(|(index, _)| Some((index.checked_add(1)?, rest.next()?)));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn at(ms: u64) -> RunTime {
        RunTime::from_duration(Duration::from_millis(ms))
    }

    /// Thread `thread` of two, one class, ten users a second.
    fn stripe(thread: usize, wanted: u32, fixed: Option<u32>) -> Stripe {
        Stripe::of(Dispatch::new(&[(1, fixed)]), SpawnSchedule::new(10.0), wanted, thread, 2)
    }

    /// The number and the start in milliseconds of all users that are to come.
    fn starts(stripe: &mut Stripe) -> Vec<(u32, u128)> {
        let next = || stripe.take().map(|user| (user.index, user.start.as_duration().as_millis()));
        std::iter::from_fn(next).collect()
    }

    #[test]
    fn threads_have_every_other_user_at_the_moments_of_the_one_ramp() {
        assert_eq!(starts(&mut stripe(0, 25, None))[4..7], [(8, 0), (10, 1000), (12, 1000)]);
        assert_eq!(starts(&mut stripe(1, 5, None)), [(1, 0), (3, 0)]);
    }

    #[test]
    fn users_wanted_in_the_middle_of_a_ramp_do_not_start_at_once() {
        let mut stripe = stripe(0, 100, None);
        while stripe.peek().is_some_and(|user| user.start <= at(500)) {
            stripe.take();
        }
        stripe.resize(200, at(500));
        // Ten users have started; the ramp goes on with the next ten.
        assert_eq!(starts(&mut stripe)[4..7], [(18, 500), (20, 1500), (22, 1500)]);
    }

    #[test]
    fn users_sent_away_start_again_when_they_are_wanted_again() {
        let mut stripe = stripe(1, 8, None);
        assert_eq!(starts(&mut stripe).len(), 4);
        stripe.resize(2, at(5000));
        assert_eq!(stripe.peek(), None);
        stripe.resize(6, at(9000));
        assert_eq!(starts(&mut stripe), [(3, 9000), (5, 9000)]);
        stripe.resize(0, at(9500));
        assert!(!stripe.has_room());
        stripe.resize(3, at(9600));
        assert_eq!(starts(&mut stripe), [(1, 9600)]);
    }

    #[test]
    fn a_smaller_number_in_the_middle_of_a_ramp_passes_no_user_over() {
        let mut stripe = stripe(0, 100, None);
        stripe.take();
        stripe.resize(50, at(10));
        assert_eq!(starts(&mut stripe).first(), Some(&(2, 10)));
    }

    #[test]
    fn classes_of_fixed_count_have_no_more_users_than_that() {
        let mut stripe = stripe(0, 3, Some(3));
        assert_eq!(starts(&mut stripe), [(0, 0), (2, 0)]);
        stripe.resize(9, at(100));
        assert_eq!(stripe.peek(), None);
        stripe.resize(1, at(200));
        stripe.resize(9, at(300));
        assert_eq!(starts(&mut stripe), [(2, 300)]);
    }
}
