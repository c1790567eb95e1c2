//! The OpenAI protocol: completions, chat completions, embeddings; no streams yet.
//!
//! A token is a word here. A model stops by itself after a number of tokens drawn per choice, or at
//! `max_tokens`; the time of a serving does not depend on it.

mod complete;
mod embed;
mod prompt;
#[cfg(test)]
mod tests;

pub(crate) use complete::{chat, completions};
pub(crate) use embed::embeddings;

use crate::reply::{Api, Reply};

const API: Api = Api::OpenAi;

/// The model that a body names.
fn model(named: Option<String>) -> Result<String, Reply> {
    named.filter(|name| !name.is_empty()).ok_or_else(|| API.bad_request("the body names no `model`"))
}
