//! The simulated model server: known, scripted behaviour, for demos and tests.
//!
//! It stands in for a cluster of KServe and OpenAI-compatible model servers behind one address. Any model
//! name exists and any `Host` is right. What it answers is plausible and means nothing; when it answers is
//! drawn from a seed, so that a client's measurements can be held against a known truth.
//!
//! ```no_run
//! use windtunnel_sim::{Options, Simulator};
//!
//! let running = Simulator::start(Options::default())?;
//! println!("send requests to http://{}", running.address());
//! let counts = running.stop();
//! println!("{} requests answered", counts.total());
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! # Endpoints
//!
//! | path | method | answer |
//! |---|---|---|
//! | `/` | GET | `{"status":"alive"}` |
//! | `/health`, `/healthz` | GET | `{"status":"ok"}` |
//! | `/metrics` | GET | Prometheus text: KServe's histograms by model, requests by path and status |
//! | `/v1/models` | GET | models that were asked so far, as KServe and as OpenAI list them |
//! | `/v1/models/X` | GET | a ready model |
//! | `/v1/models/X:predict`, `:explain` | POST | one element per instance; or one prediction; or embeddings |
//! | `/v2`, `/v2/health/live`, `/v2/health/ready`, `/v2/models` | GET | metadata, health |
//! | `/v2/models/X`, `/v2/models/X/ready` | GET | metadata of a model, readiness |
//! | `/v2/models/X/infer` | POST | one number per row of the first input (JSON tensors only) |
//! | `/openai/v1/models`, `/openai/v1/models/X` | GET | models |
//! | `/openai/v1/completions`, `chat/completions`, `embeddings`; the same under `/v1` | POST | texts, vectors, usage |
//! | `/article?lang=&title=&num_beams=` | GET | descriptions of an article |
//!
//! HEAD is answered as GET. Another method gets 405, another path 404, both in JSON. A body that is not what
//! the endpoint takes gets 400 with the reason, one of more than [`MAX_BODY_BYTES`] gets 413, `stream: true`
//! and binary tensors get 400, versions of a model 501. What is no HTTP is refused by hyper, and not counted.
//!
//! # Time
//!
//! Every POST above, and `/article`, is work: it takes one of the model's workers ([`Options::workers`]), waits
//! for one in the order of arrival if all are busy, and is refused with 503 if the queue is full. The n-th
//! well-formed request of a model always gets the same serving time and the same fate, whatever happens to
//! other models; refused requests have a number too. Serving times are lognormal around the model's own level,
//! with one outlier in a hundred ([`Latency`]); they do not depend on what was sent. They are kept by tokio's
//! timer, which counts whole milliseconds and rounds up: a client sees up to 1 ms more, plus its own way there
//! and back. Everything else is answered at once.
//!
//! # Bounds
//!
//! One thread; memory that does not grow with the length of a run. Kept by name are 256 models and
//! [`MAX_PATHS`] paths, the rest is counted as [`OTHER`]. Each connection holds at most one body while it is
//! read, and a few fields of it while it waits.
//!
//! # Safety
//!
//! It speaks plain HTTP, asks nobody who they are, and listens on loopback unless the caller names another
//! address ([`Options::address`]): on such an address everybody who reaches it may use it.

#![allow(clippy::doc_markdown, reason = "KServe and OpenAI are names of products, not of code")]

mod article;
mod body;
mod content;
mod counts;
mod draw;
mod faults;
mod glance;
mod histogram;
mod infer;
mod latency;
mod metadata;
mod metrics;
mod models;
mod openai;
mod options;
mod predict;
mod reply;
mod route;
mod running;
mod server;
#[cfg(test)]
mod testing;

pub use body::MAX_BODY_BYTES;
pub use counts::{Counts, MAX_PATH_BYTES, MAX_PATHS, OTHER, RequestCount};
pub use options::{
    Faults, Latency, MAX_LATENCY, MAX_SIGMA, MAX_SLOWDOWN, MAX_WORKERS, Options, OptionsError,
};
pub use running::{Running, Simulator};
