//! What the users of one thread share: clock, waits, connectors, and the recorder that all of them fill.

use std::cell::{Cell, RefCell};
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender};

use tokio::sync::Notify;

use crate::clock::{Clock, RunTime};
use crate::engine::pacer::Pacer;
use crate::plan::Plan;
use crate::record::{Interval, Recorder};
use crate::sample::{Sample, SeriesId};
use crate::transport::{Connector, Tls};

/// Intervals of one thread that exist at the same time: one is filled, the others are on their way.
pub(super) const INTERVALS: usize = 5;

/// Where a thread's intervals go, and where emptied ones come back.
#[derive(Debug)]
pub(super) struct Outbox {
    /// The thread's number.
    pub(super) thread: usize,
    /// To the collector; room for all intervals of all threads.
    pub(super) full: SyncSender<(usize, Box<Interval>)>,
    /// Back from the collector.
    pub(super) empty: Receiver<Box<Interval>>,
}

/// One thread of the generator.
#[derive(Debug)]
pub(super) struct Thread {
    pub(super) plan: Arc<Plan>,
    pub(super) clock: Clock,
    pub(super) pacer: Pacer,
    /// By index into `Plan::targets`.
    pub(super) connectors: Vec<Connector>,
    recorder: RefCell<Recorder>,
    outbox: Outbox,
    /// By `SeriesId`: requests on the wire.
    in_flight: RefCell<Vec<u64>>,
    /// Users of this thread that live.
    users: Cell<u32>,
    cpu_max_5s: Cell<f64>,
    /// The run time, where there is one: no request starts from then on.
    pub(super) end: Option<RunTime>,
    stopping: Cell<bool>,
    /// Users that wait are to look whether they go on.
    called: Notify,
}

/// A request on the wire; one that is dropped without [`end`](Self::end) stays counted as in flight.
#[derive(Debug)]
pub(super) struct InFlight<'a> {
    thread: &'a Thread,
    series: SeriesId,
}

impl InFlight<'_> {
    pub(super) fn end(self) {
        self.thread.in_flight.borrow_mut()[usize::from(self.series.0)] -= 1;
    }
}

impl Thread {
    pub(super) fn new(plan: Arc<Plan>, clock: Clock, tls: &Tls, outbox: Outbox) -> Rc<Self> {
        Rc::new(Self {
            connectors: plan.targets.iter().map(|target| Connector::new(target, tls)).collect(),
            recorder: RefCell::new(Recorder::new(plan.series.len())),
            in_flight: RefCell::new(vec![0; plan.series.len()]),
            end: plan.load.run_time.map(RunTime::from_duration),
            plan,
            clock,
            pacer: Pacer::new(clock),
            outbox,
            users: Cell::new(0),
            cpu_max_5s: Cell::new(0.0),
            stopping: Cell::new(false),
            called: Notify::new(),
        })
    }

    /// A request of `series` goes on the wire.
    pub(super) fn begin(&self, series: SeriesId) -> InFlight<'_> {
        self.in_flight.borrow_mut()[usize::from(series.0)] += 1;
        InFlight { thread: self, series }
    }

    pub(super) fn record(&self, sample: &Sample, failure: Option<&str>) {
        let mut recorder = self.recorder.borrow_mut();
        if recorder.is_past(sample.last_byte) {
            self.hand_over(&mut recorder, sample.last_byte);
        }
        recorder.record(sample, failure);
    }

    /// An error of a template of module number `module`.
    pub(super) fn exception(&self, module: usize, message: &str, place: &str) {
        self.recorder.borrow_mut().exception(module, message, place);
    }

    pub(super) fn heartbeat(&self, late_ns: u64) {
        self.recorder.borrow_mut().heartbeat(late_ns);
    }

    /// A quarter of a second is over: hands over what was counted, busy or idle.
    pub(super) fn tick(&self, cpu_max_5s: f64) {
        self.cpu_max_5s.set(cpu_max_5s);
        let mut recorder = self.recorder.borrow_mut();
        let now = self.clock.now();
        if recorder.is_past(now) {
            self.hand_over(&mut recorder, now);
        }
    }

    /// Hands over the current interval, unless the collector has kept all empty ones: then the thread goes
    /// on adding to the one it has, late but without loss and without growing.
    fn hand_over(&self, recorder: &mut Recorder, at: RunTime) {
        if let Ok(empty) = self.outbox.empty.try_recv() {
            recorder.state(self.users.get(), self.cpu_max_5s.get());
            self.send(recorder.swap(empty, at));
        }
    }

    fn send(&self, interval: Box<Interval>) {
        // The collector outlives the threads; where it has gone there is nobody to tell.
        drop(self.outbox.full.send((self.outbox.thread, interval)));
    }

    /// Counts what is still on the wire as cut off and hands over the last interval.
    pub(super) fn finish(&self) {
        let mut recorder = self.recorder.borrow_mut();
        for (series, requests) in (0..).map(SeriesId).zip(self.in_flight.borrow().iter()) {
            recorder.cut_off(series, *requests);
        }
        recorder.state(0, self.cpu_max_5s.get());
        let empty = Box::new(Interval::new(self.plan.series.len()));
        self.send(recorder.swap(empty, self.clock.now()));
    }

    pub(super) fn user_began(&self) {
        self.users.set(self.users.get() + 1);
    }

    pub(super) fn user_ended(&self) {
        self.users.set(self.users.get().saturating_sub(1));
    }

    /// No new request starts from now on.
    pub(super) fn stop(&self) {
        self.stopping.set(true);
        self.call();
    }

    /// Makes users that wait look whether they go on.
    pub(super) fn call(&self) {
        self.called.notify_waiters();
    }

    /// May a user start another request, unless it is `sent_away`?
    pub(super) fn goes_on(&self, sent_away: &Cell<bool>) -> bool {
        // The clock is asked because this thread may be late to notice the end.
        !self.stopping.get() && !sent_away.get() && self.end.is_none_or(|end| self.clock.now() < end)
    }

    /// Waits until `due`, or until a user that may be `sent_away` does not go on.
    pub(super) async fn wait(&self, due: RunTime, sent_away: &Cell<bool>) {
        let mut over = pin!(self.pacer.until(due));
        loop {
            let called = self.called.notified();
            if !self.goes_on(sent_away) {
                return;
            }
            tokio::select! {
                biased;
                () = &mut over => return,
                () = called => {}
            }
        }
    }
}
