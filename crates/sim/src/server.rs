//! From a request to its answer, and the time in between. Knows no sockets: a test calls it directly.
//!
//! Work (predict, explain, infer, completions, chat, embeddings, article) takes a worker of its model and a
//! serving time. Health, metadata and metrics are answered at once, also when every worker is busy.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Body;
use hyper::{Method, Request, Response, StatusCode, Uri};
use tokio::time::{Instant, sleep};

use crate::body::{self, Unread};
use crate::counts::Ledger;
use crate::draw::{self, Stream};
use crate::faults::{self, Outcome};
use crate::latency::{Times, seed_of_the_system};
use crate::models::Models;
use crate::options::{Faults, Options};
use crate::reply::{Api, Reply};
use crate::route::{self, Endpoint, Verb};
use crate::{article, infer, metadata, metrics, openai, predict};

/// One start of the simulator.
#[derive(Debug)]
pub(crate) struct Server {
    seed: u64,
    session: u64,
    times: Times,
    faults: Faults,
    pub(crate) models: Models,
    pub(crate) ledger: Ledger,
}

/// A request whose client went away before the answer.
#[derive(Debug, thiserror::Error)]
#[error("the client went away")]
pub(crate) struct Abandoned;

/// A serving that ended well enough to have an answer.
#[derive(Debug)]
pub(crate) struct Served {
    /// Whether the answer should carry an error in spite of its status, if it has room for one.
    pub(crate) error_inside: bool,
    /// Draws what the answer holds.
    pub(crate) random: fastrand::Rng,
}

impl Server {
    /// A server that was asked nothing yet. The options must be valid.
    pub(crate) fn new(options: &Options, ledger: Ledger) -> Self {
        let session = options.session_seed.unwrap_or_else(seed_of_the_system);
        Self {
            seed: options.seed,
            session,
            times: Times::new(options.seed, session, &options.latency),
            faults: options.faults.clone(),
            models: Models::new(options.workers, options.queue_limit),
            ledger,
        }
    }

    /// Answers one request, and counts it.
    pub(crate) async fn answer<B>(&self, request: Request<B>) -> Result<Response<Full<Bytes>>, Abandoned>
    where
        B: Body<Error: Into<Box<dyn std::error::Error + Send + Sync>>>,
    {
        let (head, body) = request.into_parts();
        let account = self.ledger.open(&head.method, head.uri.path());
        let endpoint = route::find(head.uri.path());
        // Also a request that will be refused is read to its end: its connection can go on.
        let reply = match body::read(body).await {
            Ok(body) => self.respond(&head.method, &head.uri, endpoint, body).await,
            Err(Unread::TooLong) => body::too_long(endpoint.map_or(Api::KServe, |found| found.api())),
            Err(Unread::Broken) => return Err(Abandoned),
        };
        account.answered(reply.status);
        Ok(reply.into_response())
    }

    async fn respond(
        &self,
        method: &Method,
        uri: &Uri,
        endpoint: Option<Endpoint<'_>>,
        body: Bytes,
    ) -> Reply {
        let Some(endpoint) = endpoint else {
            return Api::KServe.error(StatusCode::NOT_FOUND, "there is nothing at this path");
        };
        let allow = endpoint.allow();
        if !allow.split(", ").any(|allowed| method.as_str() == allowed) {
            return Reply::wrong_method(allow);
        }
        let answered = match &endpoint {
            Endpoint::Work(verb, name) => predict::answer(self, *verb, name, body).await,
            Endpoint::Infer(name) => infer::answer(self, name, body).await,
            Endpoint::Completions => openai::completions(self, body).await,
            Endpoint::Chat => openai::chat(self, body).await,
            Endpoint::Embeddings => openai::embeddings(self, body).await,
            Endpoint::Article => article::answer(self, uri.query().unwrap_or_default()).await,
            Endpoint::Metrics => Ok(metrics::answer(self)),
            _ => Ok(metadata::answer(&self.models, &endpoint)),
        };
        answered.unwrap_or_else(|refusal| refusal)
    }

    /// Waits for a worker of the model, then keeps it for the serving's time.
    ///
    /// Tokio's timer counts whole milliseconds and rounds up: a serving lasts up to 1 ms longer than drawn,
    /// and one of no time at all does not wait.
    ///
    /// # Errors
    /// The answer instead: 503 when the queue is full, 500 when the serving was drawn to fail.
    pub(crate) async fn serve(&self, api: Api, name: &str, verb: Verb) -> Result<Served, Reply> {
        let model = self.models.get(name);
        let hash = draw::name_hash(name);
        let number = model.arrive();
        let fate = faults::fate(self.session, &self.faults, hash, number);
        let time = self.times.serving(hash, number) + fate.stall;
        let worker = match self.models.worker(&model).await {
            Ok(worker) => worker,
            Err(full) => return Err(api.error(StatusCode::SERVICE_UNAVAILABLE, &full.to_string())),
        };
        let began = Instant::now();
        if time > Duration::ZERO {
            sleep(time).await;
        }
        model.served(verb, began.elapsed());
        drop(worker);
        if fate.outcome == Outcome::Failure {
            return Err(api.error(StatusCode::INTERNAL_SERVER_ERROR, "simulated failure"));
        }
        Ok(Served {
            error_inside: fate.outcome == Outcome::ErrorIn200,
            random: draw::generator(self.seed, Stream::Content, hash, number),
        })
    }
}

#[cfg(test)]
mod tests;
