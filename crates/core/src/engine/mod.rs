//! Runs a plan: users on one thread a core, over `transport`, into `record`, and the collector of `summary`.
//!
//! Nothing here prints, compares or reads a module file. Each thread has its own runtime, users, connections
//! and recorder; the calling thread collects what they hand over and shows it to an observer.

mod backoff;
mod control;
mod exchange;
mod health;
mod pacer;
mod rehearse;
mod stripe;
mod thread;
mod user;
mod worker;

use std::io;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::watch;

use crate::clock::{Clock, RunTime};
use crate::engine::control::Wish;
use crate::engine::thread::{INTERVALS, Outbox};
use crate::engine::worker::{Assignment, Machinery};
use crate::plan::{Plan, SpawnSchedule};
use crate::record::Interval;
use crate::summary::{Collector, Ending, Header, Phase, Row, RunRecord, SeriesSummary, Snapshot};
use crate::transport::{Tls, TlsError};

pub use control::{Control, Stop};
pub use rehearse::{Answer, Rehearsal, rehearse};

/// How a run is carried out, beside what the plan says.
#[derive(Clone, Debug)]
pub struct Options {
    /// Threads that generate load.
    pub threads: NonZeroUsize,
    /// `--insecure`: certificates are not verified.
    pub insecure: bool,
    /// `--cacert`: authorities trusted beside the operating system's.
    pub ca_file: Option<PathBuf>,
}

/// A run that could not begin or go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// TLS cannot be set up, mostly because of the file of `--cacert`.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// A thread, a timer or a descriptor could not be made.
    #[error("cannot run the load generator: {0}")]
    System(#[from] io::Error),
}

impl Options {
    /// Whom these options trust. Called before the run too, so that a bad file is found early.
    ///
    /// # Errors
    /// When the file of authorities cannot be used.
    pub fn tls(&self) -> Result<Tls, TlsError> {
        if self.insecure { Tls::insecure() } else { Tls::verified(self.ca_file.as_deref()) }
    }
}

/// Runs `plan` to its end, calling `observe` once a second and at the end, on the calling thread.
///
/// `headers` has one entry for each module of the plan.
///
/// # Errors
/// When the generator cannot start. Trouble with the server is never an error here.
pub fn run(
    plan: &Arc<Plan>,
    headers: Vec<Header>,
    options: &Options,
    control: &Control,
    observe: &mut dyn FnMut(&Snapshot<'_>),
) -> Result<Vec<RunRecord>, EngineError> {
    let tls = options.tls()?;
    // More threads than users would have nothing to do.
    let threads = options.threads.get().min(plan.load.users.max(1) as usize);
    let collector = Collector::new(headers, rows(plan), threads);
    let clock = Clock::start();
    let crew = Crew::start(plan, clock, &tls, threads, control)?;
    let mut watch = Watch { plan, clock, wishes: control.subscribe(), collector };
    let result = watch.until_the_end(&crew, observe);
    crew.join()?;
    result?;
    Ok(watch.finish(observe))
}

fn rows(plan: &Plan) -> Vec<Row> {
    plan.series
        .iter()
        .map(|series| Row {
            record: series.module,
            summary: SeriesSummary {
                method: series.method.clone(),
                name: series.name.clone(),
                circumstances: series.circumstances.clone(),
                data: series.data.clone(),
                ..SeriesSummary::default()
            },
        })
        .collect()
}

/// The threads of a run and the channels to them.
struct Crew {
    handles: Vec<JoinHandle<io::Result<()>>>,
    full: Receiver<(usize, Box<Interval>)>,
    empty: Vec<Sender<Box<Interval>>>,
}

impl Crew {
    fn start(
        plan: &Arc<Plan>,
        clock: Clock,
        tls: &Tls,
        threads: usize,
        control: &Control,
    ) -> Result<Self, EngineError> {
        let (full_sender, full) = sync_channel(threads * (INTERVALS + 1));
        let mut crew = Self { handles: Vec::new(), full, empty: Vec::new() };
        let mut assignments = Vec::new();
        for thread in 0..threads {
            let (empty, empty_receiver) = channel();
            for _ in 1..INTERVALS {
                drop(empty.send(Box::new(Interval::new(plan.series.len()))));
            }
            assignments.push(Assignment {
                plan: plan.clone(),
                clock,
                tls: tls.clone(),
                outbox: Outbox { thread, full: full_sender.clone(), empty: empty_receiver },
                threads,
                wishes: control.subscribe(),
                machinery: Machinery::new()?,
            });
            crew.empty.push(empty);
        }
        for (thread, assignment) in assignments.into_iter().enumerate() {
            let builder = std::thread::Builder::new().name(format!("load-{thread}"));
            let spawned = builder.spawn(move || worker::work(assignment));
            // The threads that run already must not go on by themselves.
            crew.handles.push(spawned.inspect_err(|_| control.stop(Stop::Now))?);
        }
        Ok(crew)
    }

    fn join(self) -> Result<(), EngineError> {
        for handle in self.handles {
            handle.join().map_err(|_| io::Error::other("a thread ended by an internal error"))??;
        }
        Ok(())
    }
}

/// The calling thread's view of a run.
struct Watch<'a> {
    plan: &'a Plan,
    clock: Clock,
    wishes: watch::Receiver<Wish>,
    collector: Collector,
}

impl Watch<'_> {
    /// Merges what comes until every thread has ended.
    fn until_the_end(
        &mut self,
        crew: &Crew,
        observe: &mut dyn FnMut(&Snapshot<'_>),
    ) -> Result<(), EngineError> {
        let mut next = RunTime::from_duration(Duration::from_secs(1));
        loop {
            match crew.full.recv_timeout(next - self.clock.now()) {
                Ok((thread, mut interval)) => {
                    self.collector.merge(thread, &interval);
                    interval.clear();
                    // A thread that has ended needs it no more.
                    drop(crew.empty[thread].send(interval));
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            }
            let now = self.clock.now();
            if now >= next {
                self.show(now, observe);
                // The next whole second, however long it took to look at this one.
                next = RunTime::from_duration(Duration::from_secs(now.as_duration().as_secs() + 1));
            }
        }
    }

    fn show(&mut self, now: RunTime, observe: &mut dyn FnMut(&Snapshot<'_>)) {
        self.collector.advance(now);
        if now >= self.ramp_end() {
            self.collector.ramp_ended(self.ramp_end());
        }
        observe(&Snapshot {
            phase: self.phase(now),
            elapsed: now,
            remaining: self.plan.load.run_time.map(|run_time| run_time.saturating_sub(now.as_duration())),
            users: self.collector.users(),
            records: self.collector.records(),
        });
    }

    fn ramp_end(&self) -> RunTime {
        let last = self.plan.load.users.saturating_sub(1);
        RunTime::from_duration(SpawnSchedule::new(self.plan.load.spawn_rate).start_of(last))
    }

    /// When a stop was asked for from outside.
    fn stopped(&self) -> Option<RunTime> {
        self.wishes.borrow().stopped.map(|at| self.clock.moment(at))
    }

    fn phase(&self, now: RunTime) -> Phase {
        let over = self.plan.load.run_time.is_some_and(|run_time| now.as_duration() >= run_time);
        if over || self.stopped().is_some() {
            Phase::Stopping
        } else if now < self.ramp_end() {
            Phase::Spawning
        } else {
            Phase::Running
        }
    }

    fn finish(mut self, observe: &mut dyn FnMut(&Snapshot<'_>)) -> Vec<RunRecord> {
        let elapsed = self.clock.now();
        let planned = self.plan.load.run_time.map_or(elapsed, RunTime::from_duration);
        let stopped = self.stopped();
        let window_end = planned.min(stopped.unwrap_or(elapsed)).min(elapsed);
        if window_end >= self.ramp_end() {
            self.collector.ramp_ended(self.ramp_end());
        }
        let ending = match stopped {
            Some(at) if at < planned || self.plan.load.run_time.is_none() => Ending::Interrupted,
            _ => Ending::Complete,
        };
        let records = self.collector.finish(ending, window_end, elapsed);
        observe(&Snapshot {
            phase: Phase::Ended,
            elapsed,
            remaining: Some(Duration::ZERO),
            users: 0,
            records: &records,
        });
        records
    }
}
