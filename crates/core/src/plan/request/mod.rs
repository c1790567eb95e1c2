//! One step, compiled: how its request is rendered and its response judged.

mod body;
mod header_override;
mod headers;
mod judge;
mod pairs;
mod path;

#[cfg(test)]
mod tests;

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method};
use minijinja::Value;

use crate::plan::template::Failure;
use crate::plan::{Plan, UserScope};
use crate::sample::SeriesId;
use crate::suite::Wait;
use crate::wire::{Capture, PreparedRequest};

pub(crate) use body::{BodyPlan, content_type};
pub use header_override::{HeaderOverride, HeaderOverrideError};
pub(crate) use headers::HeaderPlan;
pub(crate) use judge::{Judgement, ResponseState};
pub(crate) use path::{PathPlan, PathShape};

/// A request of a task, compiled.
#[derive(Debug)]
pub struct StepPlan {
    /// Its row.
    pub series: SeriesId,
    /// Of the whole request, connecting included.
    pub timeout: Duration,
    /// The wait after it, before the next step.
    pub wait: Option<Wait>,
    /// A failure does not stop the steps after it.
    pub keep_going: bool,
    pub(crate) request: RequestPlan,
    pub(crate) judgement: Judgement,
    /// File and line, class and task, for faults.
    pub(crate) place: String,
}

/// What an expectation sees of a response.
#[derive(Debug)]
pub struct Response<'a> {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: &'a HeaderMap,
    /// The whole body.
    pub body: &'a Bytes,
    /// The response time.
    pub time: Duration,
}

/// Why a request could not be rendered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RenderFault {
    /// A template failed.
    #[error("{message}")]
    Template {
        /// One line.
        message: String,
        /// Where it stands: file and line, class and task.
        place: String,
    },
    /// A table picked `unique` has no row left: the user ends.
    #[error("every row of `{table}` was used")]
    NoRowLeft {
        /// The table.
        table: String,
    },
}

impl StepPlan {
    /// Renders the request for this user. Cheap where nothing in it varies.
    ///
    /// # Errors
    /// When a template fails on the values of now, or no row is left.
    pub fn render(&self, plan: &Plan, user: &mut UserScope) -> Result<PreparedRequest, RenderFault> {
        if let Some(prepared) = &self.request.prepared {
            return Ok(prepared.clone());
        }
        let rendered = user.evaluate(|root| self.request.render(root));
        if let Some(table) = user.state().take_exhausted() {
            return Err(RenderFault::NoRowLeft { table });
        }
        rendered.map_err(|failure| RenderFault::Template {
            message: plan.redact(&failure.message),
            place: self.place.clone(),
        })
    }

    /// Does a status of 400 or more fail the request by itself: not when an expectation names the status.
    #[must_use]
    pub fn fails_on_status(&self) -> bool {
        !self.judgement.names_status()
    }

    /// Judges a response by the expectations, then saves what `save` asks for.
    ///
    /// # Errors
    /// The text of the first expectation that is false, or of the value that could not be saved: one line
    /// of bounded length, without the values of secret variables.
    pub fn judge(&self, user: &mut UserScope, response: &Response<'_>) -> Result<(), String> {
        self.judgement.judge(user, response)
    }
}

/// A request, compiled.
#[derive(Debug)]
pub(crate) struct RequestPlan {
    pub(crate) method: Method,
    pub(crate) path: PathPlan,
    pub(crate) headers: HeaderPlan,
    pub(crate) body: BodyPlan,
    pub(crate) capture: Capture,
    /// The request itself, when it is the same for all users.
    pub(crate) prepared: Option<PreparedRequest>,
}

impl RequestPlan {
    /// Renders all parts in the context `root`.
    pub(crate) fn render(&self, root: &Value) -> Result<PreparedRequest, Failure> {
        Ok(PreparedRequest {
            method: self.method.clone(),
            path: self.path.render(root)?,
            headers: self.headers.render(root)?,
            body: self.body.render(root)?,
            capture: self.capture,
        })
    }

    /// Keeps the parts of `rendered` that are the same for all users.
    pub(crate) fn freeze(&mut self, rendered: &PreparedRequest) {
        if self.body.is_constant() {
            self.body = BodyPlan::Fixed(rendered.body.clone());
        }
        if self.path.is_constant() {
            self.path.fix(rendered.path.clone());
        }
        if self.body.is_constant() && self.path.is_constant() && self.headers.is_constant() {
            self.prepared = Some(rendered.clone());
        }
    }
}
