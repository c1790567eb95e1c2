//! The life of one virtual user: `on_start`, then task after task with waits between, then `on_stop`.

use std::rc::Rc;

use crate::clock::RunTime;
use crate::engine::backoff::Backoff;
use crate::engine::exchange::Line;
use crate::engine::thread::Thread;
use crate::plan::{RenderFault, StepPlan, UserScope, WaitState};
use crate::wire::Fault;

/// One virtual user.
struct User<'a> {
    thread: &'a Thread,
    index: u32,
    scope: UserScope,
    line: Line<'a>,
    backoff: Backoff,
}

/// What follows a list of steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flow {
    /// The user lives on.
    On,
    /// The user has nothing left to send.
    End,
}

/// Which steps are run when the run is stopping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Steps {
    /// None: no new request starts.
    OfTask,
    /// All: they are what ends a user.
    OfEnd,
}

/// Lives as user number `index` of the run, of class number `class`.
pub(super) async fn live(thread: Rc<Thread>, class: usize, index: u32) {
    let plan = thread.plan.clone();
    let spec = &plan.classes[class];
    let mut user = User {
        thread: &thread,
        index,
        scope: UserScope::new(&plan, class, index),
        line: Line { connector: &thread.connectors[spec.target], connection: None },
        backoff: Backoff::default(),
    };
    // A user's first request ends no think time, so it has no moment that it could miss: a burst of users at
    // the start would otherwise read as a generator that is late.
    let mut flow = user.run(&spec.on_start, thread.clock.now(), Steps::OfTask).await;
    let mut due = thread.clock.now();
    let mut waits = WaitState::new(spec.wait, due);
    while flow == Flow::On && thread.goes_on(index) {
        let task = user.scope.next_task(&plan);
        flow = user.run(&spec.tasks[task].steps, due, Steps::OfTask).await;
        let now = thread.clock.now();
        // A start that is caught up was due in the past; the user was ready only now.
        due = user.scope.next_due(&mut waits, now).max(now);
        if flow == Flow::On {
            thread.wait(due, index).await;
        }
    }
    user.run(&spec.on_stop, thread.clock.now(), Steps::OfEnd).await;
}

impl User<'_> {
    /// Runs steps one after the other, up to the first failure of one that does not `continue`.
    async fn run(&mut self, steps: &[StepPlan], mut due: RunTime, which: Steps) -> Flow {
        for step in steps {
            if which == Steps::OfTask && !self.thread.goes_on(self.index) {
                return Flow::On;
            }
            let request = match step.render(&self.thread.plan, &mut self.scope) {
                Ok(request) => request,
                Err(RenderFault::NoRowLeft { .. }) => return Flow::End,
                Err(RenderFault::Template { message, place }) => {
                    self.thread.exception(&message, &place);
                    self.pause().await;
                    return Flow::On;
                }
            };
            let fault = self.line.send(self.thread, step, &mut self.scope, &request, due).await;
            match fault {
                Some((fault, _)) if is_trouble(fault) => self.pause().await,
                _ => self.backoff.over(),
            }
            if fault.is_some() && !step.keep_going {
                return Flow::On;
            }
            due = self.thread.clock.now();
            if let Some(wait) = step.wait {
                due = self.scope.next_due(&mut WaitState::new(wait, due), due).max(due);
                self.thread.wait(due, self.index).await;
            }
        }
        Flow::On
    }

    /// Pauses after trouble that would otherwise come again at once.
    async fn pause(&mut self) {
        let until = self.thread.clock.now().after(self.backoff.trouble());
        self.thread.wait(until, self.index).await;
    }
}

/// Would the next attempt meet the same at once? Then a user without think time would spin.
fn is_trouble(fault: Fault) -> bool {
    matches!(fault, Fault::Resolve | Fault::Connect | Fault::Tls | Fault::Write | Fault::Read | Fault::Closed)
}
