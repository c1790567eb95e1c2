//! From a rendered request to a sample: the only place where what was due, the row and the wire meet.

use std::borrow::Cow;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use tokio::time::timeout;

use crate::clock::RunTime;
use crate::engine::thread::Thread;
use crate::plan::{Plan, Response, StepPlan, UserScope};
use crate::sample::Sample;
use crate::transport::{Connection, Connector, Exchange, Failure};
use crate::wire::{Fault, PreparedRequest};

/// A failure with its text.
pub(super) type FaultText = (Fault, Cow<'static, str>);

/// What a user has on the wire: its connection and where it leads.
#[derive(Debug)]
pub(super) struct Line<'a> {
    pub(super) connector: &'a Connector,
    pub(super) connection: Option<Connection>,
}

/// One request, sent and answered or not.
struct Attempt {
    sent: RunTime,
    exchange: Exchange,
    resent: bool,
}

impl Line<'_> {
    /// Sends `request` of `step`, judges the response, counts it, and returns why it failed.
    pub(super) async fn send(
        &mut self,
        thread: &Thread,
        step: &StepPlan,
        scope: &mut UserScope,
        request: &PreparedRequest,
        due: RunTime,
    ) -> Option<FaultText> {
        let in_flight = thread.begin(step.series);
        let attempt = self.attempt(thread, step, request).await;
        let fault = judge(&thread.plan, step, scope, attempt.sent, &attempt.exchange);
        let exchange = &attempt.exchange;
        let sample = Sample {
            series: step.series,
            due: due.min(attempt.sent),
            sent: attempt.sent,
            first_byte: exchange.first_byte.unwrap_or(exchange.last_byte),
            last_byte: exchange.last_byte,
            status: exchange.status,
            fault: fault.as_ref().map(|(fault, _)| *fault),
            received: exchange.received,
            resent: attempt.resent,
        };
        in_flight.end();
        thread.record(&sample, fault.as_ref().map(|(_, text)| text.as_ref()));
        fault
    }

    /// Sends within the step's timeout, a second time where an idle connection was found closed.
    async fn attempt(&mut self, thread: &Thread, step: &StepPlan, request: &PreparedRequest) -> Attempt {
        let sent = thread.clock.now();
        let mut resent = false;
        let exchange = match timeout(step.timeout, self.exchange(thread, request, &mut resent)).await {
            Ok(Ok(exchange)) => exchange,
            Ok(Err(failure)) => unanswered(thread, failure),
            Err(_) => {
                self.connection = None;
                let text = format!("timeout: no whole response within {} s", step.timeout.as_secs_f64());
                unanswered(thread, Failure { fault: Fault::Timeout, text: text.into() })
            }
        };
        Attempt { sent, exchange, resent }
    }

    async fn exchange(
        &mut self,
        thread: &Thread,
        request: &PreparedRequest,
        resent: &mut bool,
    ) -> Result<Exchange, Failure> {
        let mut reused = self.connection.take().filter(|connection| !connection.is_closed());
        loop {
            let was_used = reused.is_some();
            let mut connection = match reused.take() {
                Some(connection) => connection,
                None => self.connector.connect(&thread.clock).await?,
            };
            let exchange = connection.exchange(request, &thread.clock).await;
            if exchange.reusable {
                self.connection = Some(connection);
            }
            if was_used && is_stale(&exchange) {
                *resent = true;
                continue;
            }
            return Ok(exchange);
        }
    }
}

/// Did an idle connection turn out to be closed, before one byte of a response came?
fn is_stale(exchange: &Exchange) -> bool {
    exchange.first_byte.is_none()
        && exchange
            .failure
            .as_ref()
            .is_some_and(|failure| matches!(failure.fault, Fault::Closed | Fault::Read | Fault::Write))
}

fn unanswered(thread: &Thread, failure: Failure) -> Exchange {
    Exchange {
        first_byte: None,
        last_byte: thread.clock.now(),
        status: 0,
        received: 0,
        headers: HeaderMap::new(),
        body: Bytes::new(),
        cut: false,
        failure: Some(failure),
        reusable: false,
    }
}

/// Why this exchange counts as failed, if it does; saves what the step saves where it does not.
pub(super) fn judge(
    plan: &Plan,
    step: &StepPlan,
    scope: &mut UserScope,
    sent: RunTime,
    exchange: &Exchange,
) -> Option<FaultText> {
    if let Some(failure) = &exchange.failure {
        return Some((failure.fault, failure.text.clone()));
    }
    if exchange.status >= 400 && step.fails_on_status() {
        return Some((Fault::Status, status_text(exchange.status)));
    }
    if exchange.cut {
        let text = "the response is longer than 64 MiB, too long to be judged by the expectations";
        return Some((Fault::Expectation, text.into()));
    }
    let response = Response {
        status: exchange.status,
        headers: &exchange.headers,
        body: &exchange.body,
        time: exchange.last_byte - sent,
    };
    step.judge(plan, scope, &response).err().map(|text| (Fault::Expectation, text.into()))
}

fn status_text(status: u16) -> Cow<'static, str> {
    match StatusCode::from_u16(status).ok().and_then(|code| code.canonical_reason()) {
        Some(reason) => format!("HTTP {status} {reason}").into(),
        None => format!("HTTP {status}").into(),
    }
}
