//! What is answered without work: that the server lives, which models there are, what they take.
//!
//! Every name is a ready model. Lists hold the models that were asked to work so far.

use hyper::StatusCode;
use serde_json::{Value, json};

use crate::content;
use crate::models::Models;
use crate::reply::{Api, Reply, SERVER_NAME};
use crate::route::Endpoint;

/// Answers a request for metadata or health; 404 for endpoints that are neither.
pub(crate) fn answer(models: &Models, endpoint: &Endpoint<'_>) -> Reply {
    match endpoint {
        Endpoint::Alive => Reply::ok(&json!({ "status": "alive" })),
        Endpoint::Health => Reply::ok(&json!({ "status": "ok" })),
        Endpoint::Live => Reply::ok(&json!({ "live": true })),
        Endpoint::Ready => Reply::ok(&json!({ "ready": true })),
        Endpoint::Server => {
            Reply::ok(&json!({ "name": SERVER_NAME, "version": env!("CARGO_PKG_VERSION"), "extensions": [] }))
        }
        // KServe and OpenAI share this path: the answer holds both lists.
        Endpoint::Models => {
            let names = models.names();
            let data: Vec<Value> = names.iter().map(|name| card(name)).collect();
            Reply::ok(&json!({ "models": names, "object": "list", "data": data }))
        }
        Endpoint::Model(name) => {
            let mut both = card(name);
            both["name"] = json!(name);
            both["ready"] = json!(true);
            Reply::ok(&both)
        }
        Endpoint::ServerModels => Reply::ok(&json!({ "models": models.names() })),
        Endpoint::ModelReady(name) => Reply::ok(&json!({ "name": name, "ready": true })),
        Endpoint::Metadata(name) => Reply::ok(&json!({
            "name": name,
            "versions": [content::MODEL_VERSION],
            "platform": SERVER_NAME,
            "inputs": [{ "name": "input-0", "datatype": "FP32", "shape": [-1, 4] }],
            "outputs": [{ "name": "output-0", "datatype": "FP32", "shape": [-1] }],
        })),
        // KServe's Python server knows the path of versions and refuses it.
        Endpoint::Version => {
            Api::KServe.error(StatusCode::NOT_IMPLEMENTED, "versions of a model are not implemented")
        }
        Endpoint::OpenAiModels => {
            let data: Vec<Value> = models.names().iter().map(|name| card(name)).collect();
            Reply::ok(&json!({ "object": "list", "data": data }))
        }
        Endpoint::OpenAiModel(name) => Reply::ok(&card(name)),
        _ => Api::KServe.error(StatusCode::NOT_FOUND, "there is nothing at this path"),
    }
}

/// A model as OpenAI describes it.
fn card(name: &str) -> Value {
    json!({ "id": name, "object": "model", "created": content::created(), "owned_by": SERVER_NAME })
}

#[cfg(test)]
mod tests;
