//! The life of one virtual user: `on_start`, then task after task with waits between, then `on_stop`.

use std::cell::Cell;
use std::rc::Rc;

use crate::clock::RunTime;
use crate::engine::backoff::Backoff;
use crate::engine::exchange::{Line, Outcome};
use crate::engine::thread::Thread;
use crate::plan::{RenderFault, StepPlan, UserScope, WaitState};

/// One virtual user.
struct User<'a> {
    thread: &'a Thread,
    /// Index into `Plan::modules`.
    module: usize,
    scope: UserScope,
    line: Line<'a>,
    backoff: Backoff,
    sent_away: &'a Cell<bool>,
}

/// What follows a list of steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flow {
    /// The user lives on.
    On,
    /// The user may start no more requests; not all steps were run.
    Cut,
    /// The user has nothing left to send.
    End,
}

/// Which steps they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Steps {
    /// Of a life: none starts when the run is stopping.
    Life,
    /// Of `on_stop`: all are run, for they are what ends a user.
    End,
    /// Of `on_stop` after a life in which no task came to its end: what was never saved cannot be asked for.
    EarlyEnd,
}

/// Lives as user number `index` of the run, of class number `class`, until it is `sent_away`.
pub(super) async fn live(thread: Rc<Thread>, class: usize, index: u32, sent_away: Rc<Cell<bool>>) {
    let plan = thread.plan.clone();
    let spec = &plan.classes[class];
    let mut user = User {
        thread: &thread,
        module: spec.module,
        scope: UserScope::new(&plan, class, index),
        line: Line { connector: &thread.connectors[spec.target], connection: None },
        backoff: Backoff::default(),
        sent_away: &sent_away,
    };
    let mut end = Steps::EarlyEnd;
    // A user's first request ends no think time, so it has no moment that it could miss: a burst of users at
    // the start would otherwise read as a generator that is late.
    let mut flow = user.run(&spec.on_start, thread.clock.now(), Steps::Life).await;
    let mut due = thread.clock.now();
    let mut waits = WaitState::new(spec.wait, due);
    while flow == Flow::On && thread.goes_on(&sent_away) {
        let task = user.scope.next_task(&plan);
        flow = user.run(&spec.tasks[task].steps, due, Steps::Life).await;
        if flow == Flow::On {
            end = Steps::End;
            let now = thread.clock.now();
            // A start that is caught up was due in the past; the user was ready only now.
            due = user.scope.next_due(&mut waits, now).max(now);
            thread.wait(due, &sent_away).await;
        }
    }
    user.run(&spec.on_stop, thread.clock.now(), end).await;
}

impl User<'_> {
    /// Runs steps one after the other, up to the first failure of one that does not `continue`.
    async fn run(&mut self, steps: &[StepPlan], mut due: RunTime, which: Steps) -> Flow {
        for step in steps {
            if which == Steps::Life && !self.thread.goes_on(self.sent_away) {
                return Flow::Cut;
            }
            let outcome = match step.render(&self.thread.plan, &mut self.scope) {
                Ok(request) => self.line.send(self.thread, step, &mut self.scope, &request, due).await,
                Err(RenderFault::NoRowLeft { .. }) => return Flow::End,
                Err(RenderFault::Template { .. }) if which == Steps::EarlyEnd => continue,
                Err(RenderFault::Template { message, place }) => {
                    self.thread.exception(self.module, &message, &place);
                    Outcome::Silence
                }
            };
            match outcome {
                Outcome::Silence => self.pause().await,
                Outcome::Success | Outcome::Failure => self.backoff.over(),
            }
            if outcome != Outcome::Success && !step.keep_going {
                return Flow::On;
            }
            if let Some(wait) = step.wait {
                let mut waits = WaitState::new(wait, due);
                let now = self.thread.clock.now();
                let until = self.scope.next_due(&mut waits, now).max(now);
                self.thread.wait(until, self.sent_away).await;
                due = until;
            } else {
                due = self.thread.clock.now();
            }
        }
        Flow::On
    }

    /// Pauses after trouble that would otherwise come again at once.
    async fn pause(&mut self) {
        let until = self.thread.clock.now().after(self.backoff.trouble());
        self.thread.wait(until, self.sent_away).await;
    }
}
