//! From a rendered request to a sample: the only place where what was due, the row and the wire meet.

use std::borrow::Cow;
use std::time::Duration;

use http::StatusCode;
use tokio::time::timeout;

use crate::clock::{Clock, RunTime};
use crate::engine::thread::Thread;
use crate::plan::{Response, StepPlan, UserScope};
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
pub(super) struct Attempt {
    pub(super) sent: RunTime,
    pub(super) exchange: Exchange,
    resent: bool,
}

/// What became of a request, as far as its user cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It succeeded.
    Success,
    /// It failed.
    Failure,
    /// It failed without a byte of response, and not for lack of time: the next one would meet the same at
    /// once.
    Silence,
}

impl Outcome {
    fn of(fault: Option<Fault>, first_byte: Option<RunTime>) -> Self {
        match (fault, first_byte) {
            (None, _) => Self::Success,
            (Some(Fault::Timeout), _) | (_, Some(_)) => Self::Failure,
            (Some(_), None) => Self::Silence,
        }
    }
}

impl Line<'_> {
    /// Sends `request` of `step`, judges the response and counts it.
    pub(super) async fn send(
        &mut self,
        thread: &Thread,
        step: &StepPlan,
        scope: &mut UserScope,
        request: &PreparedRequest,
        due: RunTime,
    ) -> Outcome {
        let in_flight = thread.begin(step.series);
        let Attempt { sent, exchange, resent } = self.attempt(&thread.clock, step.timeout, request).await;
        let fault = judge(step, scope, sent, &exchange);
        let sample = Sample {
            series: step.series,
            due: due.min(sent),
            sent,
            first_byte: exchange.first_byte.unwrap_or(exchange.last_byte),
            last_byte: exchange.last_byte,
            status: exchange.status,
            fault: fault.as_ref().map(|(fault, _)| *fault),
            received: exchange.received,
            resent,
        };
        in_flight.end();
        thread.record(&sample, fault.as_ref().map(|(_, text)| text.as_ref()));
        Outcome::of(sample.fault, exchange.first_byte)
    }

    /// Sends within `limit`, a second time where an idle connection was found closed.
    pub(super) async fn attempt(
        &mut self,
        clock: &Clock,
        limit: Duration,
        request: &PreparedRequest,
    ) -> Attempt {
        let sent = clock.now();
        let mut resent = false;
        let exchange = match timeout(limit, self.exchange(clock, request, &mut resent)).await {
            Ok(Ok(exchange)) => exchange,
            Ok(Err(failure)) => Exchange::unanswered(clock.now(), Some(failure)),
            Err(_) => {
                let text = format!("timeout: no whole response within {} s", limit.as_secs_f64());
                Exchange::unanswered(clock.now(), Some(Failure { fault: Fault::Timeout, text: text.into() }))
            }
        };
        Attempt { sent, exchange, resent }
    }

    async fn exchange(
        &mut self,
        clock: &Clock,
        request: &PreparedRequest,
        resent: &mut bool,
    ) -> Result<Exchange, Failure> {
        // Not put back before the response is whole: one that is given up in between takes it with it.
        if let Some(connection) = self.connection.take().filter(|connection| !connection.is_closed()) {
            let sent = clock.now();
            let exchange = self.over(connection, clock, request).await;
            if !is_stale(&exchange, sent) {
                return Ok(exchange);
            }
            *resent = true;
        }
        let connection = self.connector.connect(clock).await?;
        Ok(self.over(connection, clock, request).await)
    }

    /// Sends over `connection`, and keeps it where another request may follow.
    async fn over(
        &mut self,
        mut connection: Connection,
        clock: &Clock,
        request: &PreparedRequest,
    ) -> Exchange {
        let exchange = connection.exchange(request, clock).await;
        if exchange.reusable {
            self.connection = Some(connection);
        }
        exchange
    }
}

/// A server that had closed an idle connection says so as soon as it gets the request: after one round trip.
/// What breaks later broke while the server worked on the request.
const AT_ONCE: Duration = Duration::from_secs(1);

/// Did an idle connection, on which a request was sent at `sent`, turn out to be closed, before one byte of a
/// response came?
fn is_stale(exchange: &Exchange, sent: RunTime) -> bool {
    exchange.first_byte.is_none()
        && exchange.last_byte - sent < AT_ONCE
        && exchange
            .failure
            .as_ref()
            .is_some_and(|failure| matches!(failure.fault, Fault::Closed | Fault::Read | Fault::Write))
}

/// Why this exchange counts as failed, if it does; saves what the step saves where it does not.
pub(super) fn judge(
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
    step.judge(scope, &response).err().map(|text| (Fault::Expectation, text.into()))
}

fn status_text(status: u16) -> Cow<'static, str> {
    match StatusCode::from_u16(status).ok().and_then(|code| code.canonical_reason()) {
        Some(reason) => format!("HTTP {status} {reason}").into(),
        None => format!("HTTP {status}").into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_server_that_says_nothing_makes_a_user_pause() {
        let byte = Some(RunTime::ZERO);
        assert_eq!(Outcome::of(None, byte), Outcome::Success);
        assert_eq!(Outcome::of(Some(Fault::Closed), None), Outcome::Silence);
        assert_eq!(Outcome::of(Some(Fault::Connect), None), Outcome::Silence);
        // An answer that was broken off is an answer, if a bad one; a timeout was a pause.
        assert_eq!(Outcome::of(Some(Fault::Closed), byte), Outcome::Failure);
        assert_eq!(Outcome::of(Some(Fault::Timeout), None), Outcome::Failure);
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_that_breaks_while_the_server_works_was_not_idle() {
        let clock = Clock::start();
        let closed = || {
            Exchange::unanswered(clock.now(), Some(Failure { fault: Fault::Closed, text: "closed".into() }))
        };
        assert!(is_stale(&closed(), clock.now()));
        let sent = clock.now();
        tokio::time::advance(AT_ONCE).await;
        assert!(!is_stale(&closed(), sent));
        let answered = Exchange { first_byte: Some(clock.now()), ..closed() };
        assert!(!is_stale(&answered, clock.now()));
        let refused = Exchange::unanswered(
            clock.now(),
            Some(Failure { fault: Fault::Connect, text: "refused".into() }),
        );
        assert!(!is_stale(&refused, clock.now()));
    }
}
