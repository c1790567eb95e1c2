//! The shapes of the OpenAI endpoints, under both prefixes.

use serde_json::{Value, json};

use crate::testing::{ask, instant_server, post};

/// The text of the error in a 400.
async fn refusal(target: &str, body: Value) -> String {
    let (status, answer) = ask(&instant_server(), "POST", target, &body.to_string()).await;
    assert_eq!((status, &answer["error"]["type"]), (400, &json!("invalid_request_error")), "{answer}");
    answer["error"]["message"].as_str().unwrap().to_owned()
}

fn words(text: &Value) -> u64 {
    text.as_str().unwrap().split_whitespace().count() as u64
}

#[tokio::test]
async fn completions_have_text_and_usage() {
    let server = instant_server();
    for prefix in ["/openai/v1", "/v1"] {
        let body = json!({ "model": "gemma", "prompt": "Once upon a time", "max_tokens": 5 });
        let answer = post(&server, &format!("{prefix}/completions"), &body).await;
        assert_eq!((&answer["object"], &answer["model"]), (&json!("text_completion"), &json!("gemma")));
        assert!(answer["id"].as_str().unwrap().starts_with("cmpl-"));
        let choice = &answer["choices"][0];
        let tokens = words(&choice["text"]);
        assert!((1..=5).contains(&tokens));
        let usage = json!({ "prompt_tokens": 4, "completion_tokens": tokens, "total_tokens": 4 + tokens });
        assert_eq!(answer["usage"], usage);
    }
}

#[tokio::test]
async fn a_model_stops_by_itself_or_at_the_limit() {
    let server = instant_server();
    let mut reasons = std::collections::BTreeSet::new();
    for _ in 0..50 {
        let body = json!({ "model": "m", "prompt": "a", "max_tokens": 120 });
        let choice = post(&server, "/v1/completions", &body).await["choices"][0].take();
        let tokens = words(&choice["text"]);
        let reason = choice["finish_reason"].as_str().unwrap().to_owned();
        assert!(if reason == "length" { tokens == 120 } else { tokens <= 120 }, "{reason} at {tokens}");
        reasons.insert(reason);
    }
    assert_eq!(reasons.into_iter().collect::<Vec<_>>(), ["length", "stop"]);
    let body = json!({ "model": "m", "prompt": "a", "max_tokens": 2000, "ignore_eos": true });
    assert_eq!(words(&post(&server, "/v1/completions", &body).await["choices"][0]["text"]), 2000);
}

#[tokio::test]
async fn every_prompt_gets_n_choices() {
    let body = json!({ "model": "m", "prompt": ["a b", "c"], "n": 3 });
    let answer = post(&instant_server(), "/v1/completions", &body).await;
    let indices: Vec<u64> =
        answer["choices"].as_array().unwrap().iter().filter_map(|choice| choice["index"].as_u64()).collect();
    assert_eq!(indices, [0, 1, 2, 3, 4, 5]);
    assert_eq!(answer["usage"]["prompt_tokens"], 3);
}

#[tokio::test]
async fn chats_answer_as_the_assistant() {
    let server = instant_server();
    for prefix in ["/openai/v1", "/v1"] {
        let messages = json!([
            { "role": "system", "content": "Be brief." },
            { "role": "user", "content": [{ "type": "text", "text": "What is lift?" }] },
        ]);
        let body = json!({ "model": "gemma", "messages": messages, "max_completion_tokens": 7 });
        let answer = post(&server, &format!("{prefix}/chat/completions"), &body).await;
        assert_eq!(answer["object"], "chat.completion");
        assert!(answer["id"].as_str().unwrap().starts_with("chatcmpl-"));
        let message = &answer["choices"][0]["message"];
        assert_eq!(message["role"], "assistant");
        let tokens = words(&message["content"]);
        let usage = json!({ "prompt_tokens": 5, "completion_tokens": tokens, "total_tokens": 5 + tokens });
        assert_eq!(answer["usage"], usage);
    }
}

#[tokio::test]
async fn embeddings_have_one_vector_per_input() {
    let server = instant_server();
    for prefix in ["/openai/v1", "/v1"] {
        let body = json!({ "model": "qwen", "input": ["one two", "three"], "dimensions": 8 });
        let answer = post(&server, &format!("{prefix}/embeddings"), &body).await;
        let data = answer["data"].as_array().unwrap();
        assert_eq!(data.len(), 2);
        assert_eq!((&data[1]["object"], &data[1]["index"]), (&json!("embedding"), &json!(1)));
        assert!(data.iter().all(|one| one["embedding"].as_array().unwrap().len() == 8));
        assert_eq!(answer["usage"], json!({ "prompt_tokens": 3, "total_tokens": 3 }));
    }
}

#[tokio::test]
async fn what_cannot_be_done_is_refused_with_the_reason() {
    let completion = |change: Value| {
        let mut body = json!({ "model": "m", "prompt": "a" });
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        refusal("/openai/v1/completions", body)
    };
    let unavailable = "`stream` is not available in this version";
    assert_eq!(completion(json!({ "stream": true })).await, unavailable);
    assert_eq!(completion(json!({ "model": null })).await, "the body names no `model`");
    assert_eq!(completion(json!({ "prompt": null })).await, "the body has no `prompt`");
    assert_eq!(completion(json!({ "prompt": [] })).await, "`prompt` is an empty list");
    assert_eq!(
        completion(json!({ "max_tokens": 0 })).await,
        "`max_tokens` must lie between 1 and 16384, got 0"
    );
    assert_eq!(completion(json!({ "n": 200 })).await, "prompts × `n` must lie between 1 and 128, got 200");
    let messages = json!([{ "role": "user", "content": "a" }]);
    let chat = json!({ "model": "m", "messages": messages, "stream": true });
    assert_eq!(refusal("/v1/chat/completions", chat).await, unavailable);
    let empty = json!({ "model": "m", "messages": [] });
    assert_eq!(refusal("/v1/chat/completions", empty).await, "`messages` is an empty list");
    assert_eq!(
        refusal("/v1/embeddings", json!({ "model": "m", "input": [] })).await,
        "`input` must hold 1 to 7812 texts of 64 dimensions, got 0"
    );
}
