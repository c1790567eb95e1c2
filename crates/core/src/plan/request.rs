//! One step, compiled: how its request is rendered and its response judged.

use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;

use crate::plan::{Plan, UserScope};
use crate::sample::SeriesId;
use crate::suite::Wait;
use crate::wire::PreparedRequest;

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
    /// Renders the request for this user.
    ///
    /// # Errors
    /// When a template fails on the values of now, or no row is left.
    pub fn render(&self, plan: &Plan, user: &mut UserScope) -> Result<PreparedRequest, RenderFault> {
        todo!("{plan:?} {user:?}")
    }

    /// Does a status of 400 or more fail the request by itself: not when an expectation names the status.
    #[must_use]
    pub fn fails_on_status(&self) -> bool {
        todo!()
    }

    /// Judges a response by the expectations, then saves what `save` asks for.
    ///
    /// # Errors
    /// The text of the first expectation that is false, or of the value that could not be saved.
    pub fn judge(&self, plan: &Plan, user: &mut UserScope, response: &Response<'_>) -> Result<(), String> {
        todo!("{plan:?} {user:?} {response:?}")
    }
}
