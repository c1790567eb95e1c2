//! One thread of the generator: its runtime, and the life of its users from ramp to stop timeout.

use std::future::pending;
use std::io;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;

use tokio::runtime::Builder;
use tokio::sync::watch;
use tokio::task::{JoinSet, LocalSet};
use windtunnel_stats::Slices;

use crate::clock::{Clock, RunTime};
use crate::engine::control::{Stop, Wish};
use crate::engine::health::{BEAT, CpuShare, thread_cpu_time};
use crate::engine::pacer::Timer;
use crate::engine::thread::{Outbox, Thread};
use crate::engine::user;
use crate::plan::{Dispatch, Plan, SpawnSchedule};
use crate::transport::Tls;

/// What a thread needs to begin.
#[derive(Debug)]
pub(super) struct Assignment {
    pub(super) plan: Arc<Plan>,
    pub(super) clock: Clock,
    pub(super) tls: Tls,
    pub(super) outbox: Outbox,
    /// How many threads there are.
    pub(super) threads: usize,
    pub(super) wishes: watch::Receiver<Wish>,
}

/// Runs this thread's share of the plan to the end.
pub(super) fn work(assignment: Assignment) -> io::Result<()> {
    let runtime = Builder::new_current_thread().enable_io().enable_time().build()?;
    let local = LocalSet::new();
    local.block_on(&runtime, async {
        let Assignment { plan, clock, tls, outbox, threads, wishes } = assignment;
        let stripe = Stripe::new(&plan, outbox.thread, threads);
        let thread = Thread::new(plan, clock, &tls, outbox);
        let mut timer = Timer::new()?;
        let result = tokio::select! {
            result = thread.pacer.drive(&mut timer) => result,
            () = beat(&thread) => Ok(()),
            () = tick(&thread) => Ok(()),
            () = lead(&thread, stripe, wishes) => Ok(()),
        };
        thread.finish();
        result
    })
}

/// Measures how late this thread gets to its work.
async fn beat(thread: &Thread) {
    let mut due = thread.clock.now();
    loop {
        due = due.after(BEAT);
        thread.pacer.until(due).await;
        let now = thread.clock.now();
        thread.heartbeat((now - due).as_nanos().try_into().unwrap_or(u64::MAX));
        // After a long stall one late beat tells it all; a row of beats in the past would tell it again.
        due = due.max(RunTime(now.0.saturating_sub(RunTime::from_duration(BEAT).0)));
    }
}

/// Hands over what was counted at every slice of the run.
async fn tick(thread: &Thread) {
    let mut cpu = CpuShare::default();
    for slice in 1.. {
        thread.pacer.until(RunTime(slice * Slices::BASE_NS)).await;
        let share = cpu.read(thread.clock.now(), thread_cpu_time());
        thread.tick(share);
    }
}

/// Starts users when they are due and ends them when the run is over.
async fn lead(thread: &Rc<Thread>, mut stripe: Stripe, mut wishes: watch::Receiver<Wish>) {
    let end = thread.plan.load.run_time.map(RunTime::from_duration);
    let mut users = JoinSet::new();
    let mut over = pin!(until(thread, end));
    loop {
        let wish = *wishes.borrow_and_update();
        if wish.stop.is_some() {
            break;
        }
        if let Some(wanted) = wish.users.filter(|wanted| *wanted != thread.wanted()) {
            stripe.restart(thread.wanted(), thread.clock.now());
            thread.want(wanted);
        }
        let next = stripe.peek(thread.wanted());
        if next.is_none() && users.is_empty() {
            break;
        }
        tokio::select! {
            () = until(thread, next.map(|user| user.start)) => {
                if let Some(user) = stripe.next(thread.wanted()) {
                    thread.user_began();
                    users.spawn_local(user::live(thread.clone(), user.class, user.index));
                }
            }
            () = &mut over => break,
            result = wishes.changed() => if result.is_err() { break },
            Some(ended) = users.join_next() => ended_user(thread, &ended),
        }
    }
    drain(thread, users, wishes).await;
}

/// Lets requests in flight finish, for the stop timeout at the most.
async fn drain(thread: &Thread, mut users: JoinSet<()>, mut wishes: watch::Receiver<Wish>) {
    thread.stop();
    let give_up = thread.clock.now().after(thread.plan.load.stop_timeout);
    let stopped_now = async { drop(wishes.wait_for(|wish| wish.stop == Some(Stop::Now)).await) };
    let all_ended = async {
        while let Some(ended) = users.join_next().await {
            ended_user(thread, &ended);
        }
    };
    tokio::select! {
        biased;
        () = all_ended => {}
        () = thread.pacer.until(give_up) => {}
        () = stopped_now => {}
    }
    // What is still on the wire is dropped here and counted as cut off.
    users.shutdown().await;
}

fn ended_user(thread: &Thread, ended: &Result<(), tokio::task::JoinError>) {
    thread.user_ended();
    if let Err(error) = ended {
        thread.exception(&format!("a virtual user ended by an internal error: {error}"), "");
    }
}

async fn until(thread: &Thread, at: Option<RunTime>) {
    match at {
        Some(at) => thread.pacer.until(at).await,
        None => pending().await,
    }
}

/// The users of one thread: number `u` lives on thread `u mod n`.
#[derive(Debug)]
struct Stripe {
    dispatch: Dispatch,
    schedule: SpawnSchedule,
    thread: u32,
    threads: u32,
    /// The next user of the whole run, and its class.
    next: Option<(u32, usize)>,
    /// Where the ramp that runs now began: user and moment.
    from: (u32, RunTime),
}

/// A user that is to start.
#[derive(Clone, Copy, Debug)]
struct Newcomer {
    index: u32,
    class: usize,
    start: RunTime,
}

impl Stripe {
    fn new(plan: &Plan, thread: usize, threads: usize) -> Self {
        let classes: Vec<_> = plan.classes.iter().map(|class| (class.weight, class.fixed_count)).collect();
        let mut stripe = Self {
            dispatch: Dispatch::new(&classes),
            schedule: SpawnSchedule::new(plan.load.spawn_rate),
            thread: u32::try_from(thread).unwrap_or(u32::MAX),
            threads: u32::try_from(threads).unwrap_or(u32::MAX),
            next: None,
            from: (0, RunTime::ZERO),
        };
        stripe.next = stripe.dispatch.next().map(|class| (0, class));
        while stripe.next.is_some_and(|(index, _)| index % stripe.threads != stripe.thread) {
            stripe.advance();
        }
        stripe
    }

    fn advance(&mut self) {
        self.next = self.next.and_then(|(index, _)| Some((index + 1, self.dispatch.next()?)));
    }

    /// The next user of this thread among the first `wanted` of the run.
    fn peek(&self, wanted: u32) -> Option<Newcomer> {
        let (index, class) = self.next.filter(|(index, _)| *index < wanted)?;
        let since = self.schedule.start_of(index.saturating_sub(self.from.0));
        Some(Newcomer { index, class, start: self.from.1.after(since) })
    }

    fn next(&mut self, wanted: u32) -> Option<Newcomer> {
        let user = self.peek(wanted)?;
        self.advance();
        while self.next.is_some_and(|(index, _)| index % self.threads != self.thread) {
            self.advance();
        }
        Some(user)
    }

    /// A new ramp begins at `now` with user number `first`.
    fn restart(&mut self, first: u32, now: RunTime) {
        self.from = (first, now);
    }
}
