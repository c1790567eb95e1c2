//! Completions and chat completions.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use super::prompt::{Content, Prompts};
use super::{API, model};
use crate::body::{self, Batch};
use crate::content;
use crate::draw;
use crate::reply::Reply;
use crate::route::Verb;
use crate::server::Server;

/// Most tokens of one choice.
const MAX_TOKENS: u32 = 16_384;
/// Most choices of one answer: prompts × `n`.
const MAX_CHOICES: u64 = 128;
/// Where a completion ends that names no `max_tokens`, as OpenAI has it; a chat ends by itself.
const COMPLETION_TOKENS: u32 = 16;
/// Tokens after which a model stops by itself: lognormal with this median ...
const NATURAL_TOKENS: f64 = 120.0;
/// ... and this standard deviation of the logarithm.
const NATURAL_SPREAD: f64 = 0.8;

/// Answers a completions request.
pub(crate) async fn completions(server: &Server, body: Bytes) -> Result<Reply, Reply> {
    let asked: Wish = body::object(API, &body)?;
    drop(body);
    let prompts = asked.prompt.as_ref().ok_or_else(|| API.bad_request("the body has no `prompt`"))?;
    if prompts.count == 0 {
        return Err(API.bad_request("`prompt` is an empty list"));
    }
    let (tokens, count) = (prompts.tokens.iter().sum(), prompts.count);
    let order = asked.order(tokens, count, COMPLETION_TOKENS)?;
    let random = server.serve(API, &order.model, Verb::Predict).await?.random;
    Ok(order.fill("cmpl", "text_completion", random, |index, text, reason| {
        json!({ "index": index, "text": text, "logprobs": null, "finish_reason": reason })
    }))
}

/// Answers a chat completions request.
pub(crate) async fn chat(server: &Server, body: Bytes) -> Result<Reply, Reply> {
    let mut asked: Wish = body::object(API, &body)?;
    drop(body);
    let messages = asked.messages.take().ok_or_else(|| API.bad_request("the body has no `messages`"))?;
    let messages = messages.bounded(API, "messages")?;
    if messages.is_empty() {
        return Err(API.bad_request("`messages` is an empty list"));
    }
    let tokens = messages.iter().filter_map(|message| message.content.as_ref()).map(|content| content.tokens);
    let order = asked.order(tokens.sum(), 1, MAX_TOKENS)?;
    let random = server.serve(API, &order.model, Verb::Predict).await?.random;
    Ok(order.fill("chatcmpl", "chat.completion", random, |index, text, reason| {
        let message = json!({ "role": "assistant", "content": text });
        json!({ "index": index, "message": message, "logprobs": null, "finish_reason": reason })
    }))
}

/// The body of either; what it says beyond this has no effect.
#[derive(Deserialize)]
struct Wish {
    model: Option<String>,
    prompt: Option<Prompts>,
    messages: Option<Batch<Message>>,
    max_tokens: Option<u32>,
    max_completion_tokens: Option<u32>,
    n: Option<u32>,
    stream: Option<bool>,
    ignore_eos: Option<bool>,
}

#[derive(Deserialize)]
struct Message {
    #[serde(rename = "role")]
    _role: String,
    content: Option<Content>,
}

/// What is to be generated, within bounds.
struct Order {
    model: String,
    prompt_tokens: u64,
    choices: u64,
    max_tokens: u32,
    /// Whether the model goes on to `max_tokens` in any case.
    ignore_end: bool,
}

impl Wish {
    fn order(self, prompt_tokens: u64, prompts: usize, max_tokens: u32) -> Result<Order, Reply> {
        if self.stream == Some(true) {
            return Err(API.bad_request("`stream` is not available in this version"));
        }
        let model = model(self.model)?;
        let max_tokens = self.max_completion_tokens.or(self.max_tokens).unwrap_or(max_tokens);
        if !(1..=MAX_TOKENS).contains(&max_tokens) {
            let message = format!("`max_tokens` must lie between 1 and {MAX_TOKENS}, got {max_tokens}");
            return Err(API.bad_request(&message));
        }
        let choices = (prompts as u64).saturating_mul(u64::from(self.n.unwrap_or(1)));
        if !(1..=MAX_CHOICES).contains(&choices) {
            let message = format!("prompts × `n` must lie between 1 and {MAX_CHOICES}, got {choices}");
            return Err(API.bad_request(&message));
        }
        let ignore_end = self.ignore_eos == Some(true);
        Ok(Order { model, prompt_tokens, choices, max_tokens, ignore_end })
    }
}

impl Order {
    /// The answer; `choice` makes one of its choices from index, text and reason to stop.
    fn fill(
        self,
        id: &str,
        object: &str,
        mut random: fastrand::Rng,
        choice: impl Fn(u64, String, &'static str) -> Value,
    ) -> Reply {
        let id = format!("{id}-{}", content::id(&mut random));
        let mut completion_tokens = 0;
        let choices: Vec<Value> = (0..self.choices)
            .map(|index| {
                let (tokens, reason) = self.length(&mut random);
                completion_tokens += u64::from(tokens);
                choice(index, content::words(tokens, &mut random), reason)
            })
            .collect();
        Reply::ok(&json!({
            "id": id,
            "object": object,
            "created": content::created(),
            "model": self.model,
            "choices": choices,
            "usage": {
                "prompt_tokens": self.prompt_tokens,
                "completion_tokens": completion_tokens,
                "total_tokens": self.prompt_tokens + completion_tokens,
            },
        }))
    }

    /// How many tokens a choice gets, and why no more.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to the range of u32"
    )]
    fn length(&self, random: &mut fastrand::Rng) -> (u32, &'static str) {
        let drawn = NATURAL_TOKENS * (NATURAL_SPREAD * draw::normal(random)).exp();
        let natural = drawn.round().clamp(1.0, f64::from(MAX_TOKENS)) as u32;
        if self.ignore_end || natural > self.max_tokens {
            (self.max_tokens, "length")
        } else {
            (natural, "stop")
        }
    }
}
