//! One thread of the generator: its runtime, and the life of its users from ramp to stop timeout.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::future::pending;
use std::io;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;
use tokio::task::coop::consume_budget;
use tokio::task::{JoinSet, LocalSet};
use windtunnel_stats::Slices;

use crate::clock::{Clock, RunTime};
use crate::engine::control::{Stop, Wish};
use crate::engine::health::{BEAT, CpuShare, thread_cpu_time};
use crate::engine::pacer::Timer;
use crate::engine::stripe::Stripe;
use crate::engine::thread::{Outbox, Thread};
use crate::engine::user;
use crate::plan::Plan;
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
    pub(super) machinery: Machinery,
}

/// What a thread needs of the operating system: made before any thread starts, so that where there is not
/// enough of it nothing is sent.
#[derive(Debug)]
pub(super) struct Machinery {
    runtime: Runtime,
    timer: Timer,
}

impl Machinery {
    /// # Errors
    /// When the system gives no descriptor for events or for the timer.
    pub(super) fn new() -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_io().enable_time().build()?;
        let entered = runtime.enter();
        let timer = Timer::new()?;
        drop(entered);
        Ok(Self { runtime, timer })
    }
}

/// Runs this thread's share of the plan to the end.
pub(super) fn work(assignment: Assignment) -> io::Result<()> {
    let Assignment { plan, clock, tls, outbox, threads, wishes, machinery } = assignment;
    let Machinery { runtime, mut timer } = machinery;
    let local = LocalSet::new();
    let result = local.block_on(&runtime, async {
        let stripe = Stripe::new(&plan, outbox.thread, threads);
        let thread = Thread::new(plan, clock, &tls, outbox);
        let result = tokio::select! {
            result = thread.pacer.drive(&mut timer) => result,
            () = beat(&thread) => Ok(()),
            () = tick(&thread) => Ok(()),
            () = lead(&thread, stripe, wishes) => Ok(()),
        };
        thread.finish();
        result
    });
    drop((local, timer));
    // A name that is still being resolved does not hold up the end.
    runtime.shutdown_background();
    result
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
    let mut users = JoinSet::new();
    // By number; set when the user is sent away. Numbers whose users have ended are overwritten or stay unused.
    let mut sent_away: BTreeMap<u32, Rc<Cell<bool>>> = BTreeMap::new();
    let mut over = pin!(until(thread, thread.end));
    loop {
        let wish = *wishes.borrow_and_update();
        if wish.stop.is_some() {
            break;
        }
        if let Some(wanted) = wish.users.filter(|wanted| *wanted != stripe.wanted()) {
            stripe.resize(wanted, thread.clock.now());
            sent_away.split_off(&wanted).into_values().for_each(|flag| flag.set(true));
            thread.call();
        }
        let next = stripe.peek();
        // All have ended by themselves. Where none may live, more may be wanted later.
        if next.is_none() && users.is_empty() && stripe.has_room() {
            break;
        }
        tokio::select! {
            () = until(thread, next.map(|user| user.start)) => {
                if let Some(user) = stripe.take() {
                    let flag = Rc::new(Cell::new(false));
                    sent_away.insert(user.index, flag.clone());
                    thread.user_began();
                    users.spawn_local(user::live(thread.clone(), user.class, user.index, flag));
                    // Many users that are due at once leave the others, and the ticks, their turn.
                    consume_budget().await;
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
        // Whose user it was is not known; this is no mistake of a module.
        thread.exception(0, &format!("a virtual user ended by an internal error: {error}"), "");
    }
}

async fn until(thread: &Thread, at: Option<RunTime>) {
    match at {
        Some(at) => thread.pacer.until(at).await,
        None => pending().await,
    }
}
