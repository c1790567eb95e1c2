//! The shapes of what is answered without work, and of the article deployment.

use serde_json::json;

use crate::testing::{ask, ask_text, get, instant_server, post};

#[tokio::test]
async fn health_and_metadata_have_the_shapes_of_their_protocols() {
    let server = instant_server();
    for (target, answer) in [
        ("/", json!({ "status": "alive" })),
        ("/health", json!({ "status": "ok" })),
        ("/healthz", json!({ "status": "ok" })),
        ("/v2", json!({ "name": "windtunnel-sim", "version": env!("CARGO_PKG_VERSION"), "extensions": [] })),
        ("/v2/health/live", json!({ "live": true })),
        ("/v2/health/ready", json!({ "ready": true })),
        ("/v2/models", json!({ "models": [] })),
        ("/v2/models/iris/ready", json!({ "name": "iris", "ready": true })),
        (
            "/v2/models/iris",
            json!({
                "name": "iris",
                "versions": ["1"],
                "platform": "windtunnel-sim",
                "inputs": [{ "name": "input-0", "datatype": "FP32", "shape": [-1, 4] }],
                "outputs": [{ "name": "output-0", "datatype": "FP32", "shape": [-1] }],
            }),
        ),
        ("/v1/models", json!({ "models": [], "object": "list", "data": [] })),
        ("/openai/v1/models", json!({ "object": "list", "data": [] })),
    ] {
        assert_eq!(get(&server, target).await, answer, "{target}");
    }
}

#[tokio::test]
async fn any_model_is_ready() {
    let server = instant_server();
    let model = get(&server, "/v1/models/langid").await;
    assert_eq!(
        (&model["name"], &model["ready"], &model["id"]),
        (&json!("langid"), &json!(true), &json!("langid"))
    );
    let card = get(&server, "/openai/v1/models/google/gemma-2").await;
    assert_eq!((&card["id"], &card["object"]), (&json!("google/gemma-2"), &json!("model")));
}

#[tokio::test]
async fn lists_hold_the_models_that_were_asked_to_work() {
    let server = instant_server();
    get(&server, "/v1/models/never-asked").await;
    post(&server, "/v1/models/langid:predict", &json!({})).await;
    post(&server, "/v1/completions", &json!({ "model": "gemma", "prompt": "a" })).await;
    let list = get(&server, "/v1/models").await;
    assert_eq!(list["models"], json!(["gemma", "langid"]));
    let ids: Vec<&str> =
        list["data"].as_array().unwrap().iter().filter_map(|card| card["id"].as_str()).collect();
    assert_eq!(ids, ["gemma", "langid"]);
    assert_eq!(get(&server, "/v2/models").await, json!({ "models": ["gemma", "langid"] }));
}

#[tokio::test]
async fn a_version_of_a_model_is_not_implemented() {
    let server = instant_server();
    let error = json!({ "error": "versions of a model are not implemented" });
    assert_eq!(ask(&server, "POST", "/v2/models/iris/versions/1/infer", "{}").await, (501, error.clone()));
    assert_eq!(ask(&server, "GET", "/v2/models/iris/versions/1", "").await, (501, error));
}

#[tokio::test]
async fn metrics_count_what_was_served() {
    let server = instant_server();
    for _ in 0..3 {
        post(&server, "/v1/models/langid:predict", &json!({})).await;
    }
    post(&server, "/v1/models/langid:explain", &json!({})).await;
    ask(&server, "POST", "/v1/models/langid:predict", "no JSON").await;
    let (status, text) = ask_text(&server, "GET", "/metrics", "").await;
    assert_eq!(status, 200);
    for line in [
        "request_predict_seconds_count{model_name=\"langid\"} 3",
        "request_explain_seconds_count{model_name=\"langid\"} 1",
        "windtunnel_sim_requests_total{method=\"POST\",path=\"/v1/models/langid:predict\",status=\"200\"} 3",
        "windtunnel_sim_requests_total{method=\"POST\",path=\"/v1/models/langid:predict\",status=\"400\"} 1",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\nis not in\n{text}");
    }
}

#[tokio::test]
async fn the_article_deployment_answers_with_as_many_descriptions_as_beams() {
    let server = instant_server();
    let answer = get(&server, "/article?lang=en&title=Rosa%20Parks&num_beams=3").await;
    assert_eq!((&answer["lang"], &answer["title"]), (&json!("en"), &json!("Rosa Parks")));
    assert_eq!(answer["prediction"].as_array().unwrap().len(), 3);
    assert_eq!(get(&server, "/v1/models").await["models"], json!(["article-descriptions"]));
    for (target, error) in [
        ("/article", "the query has no `lang`"),
        ("/article?lang=en", "the query has no `title`"),
        ("/article?lang=en&title=a&num_beams=0", "`num_beams` must be a number from 1 to 20"),
        ("/article?lang=en&title=a&num_beams=x", "`num_beams` must be a number from 1 to 20"),
    ] {
        assert_eq!(ask(&server, "GET", target, "").await, (400, json!({ "error": error })));
    }
}

#[tokio::test]
async fn infer_answers_with_one_number_per_row() {
    let server = instant_server();
    let input = json!({ "name": "x", "shape": [2, 2], "datatype": "FP32", "data": [[1, 2], [3, 4]] });
    let answer = post(&server, "/v2/models/iris/infer", &json!({ "id": "7", "inputs": [input] })).await;
    assert_eq!((&answer["model_name"], &answer["model_version"]), (&json!("iris"), &json!("1")));
    assert_eq!(answer["id"], "7");
    let output = &answer["outputs"][0];
    assert_eq!((&output["name"], &output["datatype"]), (&json!("output-0"), &json!("FP32")));
    assert_eq!(output["shape"], json!([2]));
    assert_eq!(output["data"].as_array().unwrap().len(), 2);
}
