//! Embeddings, always as lists of numbers: clients that ask for base64 accept those too.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::json;

use super::prompt::Prompts;
use super::{API, model};
use crate::body;
use crate::content;
use crate::reply::Reply;
use crate::route::Verb;
use crate::server::Server;

/// Length of an embedding if the body names none.
const DIMENSIONS: usize = 64;
/// Longest embedding.
const MAX_DIMENSIONS: usize = 4_096;
/// Numbers of one answer at most: inputs × dimensions.
const MAX_NUMBERS: usize = 500_000;

/// Answers an embeddings request.
pub(crate) async fn embeddings(server: &Server, body: Bytes) -> Result<Reply, Reply> {
    let asked: EmbeddingsBody = body::object(API, &body)?;
    drop(body);
    let name = model(asked.model)?;
    let dimensions = asked.dimensions.unwrap_or(DIMENSIONS);
    if !(1..=MAX_DIMENSIONS).contains(&dimensions) {
        let message = format!("`dimensions` must lie between 1 and {MAX_DIMENSIONS}, got {dimensions}");
        return Err(API.bad_request(&message));
    }
    let count = asked.input.count;
    if count == 0 || count.saturating_mul(dimensions) > MAX_NUMBERS {
        let most = MAX_NUMBERS / dimensions;
        let message = format!("`input` must hold 1 to {most} texts of {dimensions} dimensions, got {count}");
        return Err(API.bad_request(&message));
    }
    let tokens: u64 = asked.input.tokens.iter().sum();
    let mut random = server.serve(API, &name, Verb::Predict).await?.random;
    Ok(Reply::ok(&json!({
        "object": "list",
        "data": content::embeddings(count, dimensions, &mut random),
        "model": name,
        "usage": { "prompt_tokens": tokens, "total_tokens": tokens },
    })))
}

#[derive(Deserialize)]
struct EmbeddingsBody {
    model: Option<String>,
    input: Prompts,
    dimensions: Option<usize>,
}
