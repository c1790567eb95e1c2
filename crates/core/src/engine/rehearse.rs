//! Sends every request of a plan once, for `check --send`: nothing is counted, everything is shown.

use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use tokio::runtime::Builder;
use tokio::task::LocalSet;

use crate::clock::Clock;
use crate::engine::exchange::{Attempt, Line, judge};
use crate::engine::{EngineError, Options};
use crate::plan::{Plan, StepPlan, UserScope};
use crate::transport::Connector;
use crate::wire::{Capture, PreparedRequest};

/// One request that was sent once.
#[derive(Debug)]
pub struct Rehearsal<'a> {
    /// Index into `Plan::classes`.
    pub class: usize,
    /// `on_start`, `on_stop`, or the task's name.
    pub task: &'a str,
    /// Position among the steps of the task.
    pub step: usize,
    /// The request, or why it could not be rendered.
    pub request: Result<PreparedRequest, String>,
    /// What came back; `None` where nothing was sent.
    pub answer: Option<Answer>,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// HTTP status, 0 where none came.
    pub status: u16,
    /// From handing over the request, connecting included, to the last byte.
    pub time: Duration,
    /// Headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// Why the request counts as failed.
    pub failure: Option<String>,
}

/// Sends each request of each task once, one user a class, in order; `show` gets each as it is done.
///
/// # Errors
/// When the system gives no runtime, or the certificates cannot be used.
pub fn rehearse(
    plan: &Plan,
    options: &Options,
    show: &mut dyn FnMut(Rehearsal<'_>),
) -> Result<(), EngineError> {
    let tls = options.tls()?;
    let runtime = Builder::new_current_thread().enable_io().enable_time().build()?;
    let clock = Clock::start();
    for (class, spec) in plan.classes.iter().enumerate() {
        let connector = Connector::new(&plan.targets[spec.target], &tls);
        let line = Line { connector: &connector, connection: None };
        let mut actor = Actor { plan, class, clock, line, scope: UserScope::new(plan, class, 0) };
        LocalSet::new().block_on(&runtime, async {
            actor.steps("on_start", &spec.on_start, show).await;
            for task in &spec.tasks {
                // Forgets the rows of the task before; which task it picks does not matter here.
                let _ = actor.scope.next_task(plan);
                actor.steps(&task.name, &task.steps, show).await;
            }
            actor.steps("on_stop", &spec.on_stop, show).await;
        });
    }
    Ok(())
}

struct Actor<'a> {
    plan: &'a Plan,
    class: usize,
    clock: Clock,
    line: Line<'a>,
    scope: UserScope,
}

impl Actor<'_> {
    async fn steps(&mut self, task: &str, steps: &[StepPlan], show: &mut dyn FnMut(Rehearsal<'_>)) {
        for (index, step) in steps.iter().enumerate() {
            let rendered = step.render(self.plan, &mut self.scope);
            let (request, answer) = match rendered {
                Err(fault) => (Err(fault.to_string()), None),
                Ok(request) => {
                    let answer = self.send(step, &request).await;
                    (Ok(request), Some(answer))
                }
            };
            let failed = answer.as_ref().is_none_or(|answer| answer.failure.is_some());
            show(Rehearsal { class: self.class, task, step: index, request, answer });
            if failed && !step.keep_going {
                return;
            }
        }
    }

    async fn send(&mut self, step: &StepPlan, request: &PreparedRequest) -> Answer {
        let request = PreparedRequest { capture: Capture::Body, ..request.clone() };
        let Attempt { sent, exchange, .. } = self.line.attempt(&self.clock, step.timeout, &request).await;
        let failure = judge(step, &mut self.scope, sent, &exchange);
        Answer {
            status: exchange.status,
            time: exchange.last_byte - sent,
            headers: exchange.headers,
            body: exchange.body,
            failure: failure.map(|(_, text)| text.into_owned()),
        }
    }
}
