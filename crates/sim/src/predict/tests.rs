//! The shapes of predict and explain.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::testing::{ask, ask_text, instant_server, post, server};

const PREDICT: &str = "/v1/models/langid:predict";

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[tokio::test]
async fn a_free_body_gets_one_prediction_with_its_probabilities() {
    let answer = post(&instant_server(), PREDICT, &json!({ "rev_id": 12, "lang": "en", "text": "x" })).await;
    assert_eq!(keys(&answer), ["model_name", "model_version", "rev_id", "lang", "output"]);
    assert_eq!((&answer["model_name"], &answer["rev_id"]), (&json!("langid"), &json!(12)));
    let probabilities = &answer["output"]["probabilities"];
    let (yes, no) = (probabilities["true"].as_f64().unwrap(), probabilities["false"].as_f64().unwrap());
    assert!((yes + no - 1.0).abs() < 1e-9);
    assert_eq!(answer["output"]["prediction"], json!(yes >= no));
}

#[tokio::test]
async fn every_instance_gets_an_element_with_its_own_status() {
    let body = json!({ "instances": [{ "rev_id": 1, "image": "AAAA" }, [5.1, 3.5], 7] });
    let answer = post(&instant_server(), PREDICT, &body).await;
    let elements = answer["predictions"].as_array().unwrap();
    assert_eq!(elements.len(), 3);
    assert!(elements.iter().all(|element| element["status_code"] == 200));
    let first = ["model_name", "model_version", "rev_id", "status_code", "prediction", "probability"];
    assert_eq!(keys(&elements[0]), first);
    assert_eq!(
        post(&instant_server(), PREDICT, &json!({ "instances": [] })).await,
        json!({ "predictions": [] })
    );
}

#[tokio::test]
async fn an_error_in_200_is_one_element_with_status_500_and_a_text() {
    let server = server(|options| {
        options.latency.median = std::time::Duration::ZERO;
        options.faults.error_in_200_ratio = 1.0;
    });
    for body in [json!({ "instances": [{}, {}, {}] }), json!({ "instances": [] }), json!({ "rev_id": 1 })] {
        let answer = post(&server, PREDICT, &body).await;
        let elements = answer["predictions"].as_array().unwrap();
        let broken: Vec<&Value> = elements.iter().filter(|element| element["status_code"] != 200).collect();
        assert_eq!(broken.len(), 1, "{answer}");
        assert_eq!(broken[0]["status_code"], 500);
        assert_eq!(broken[0]["errors"], "simulated error in one instance");
    }
}

#[tokio::test]
async fn an_input_gets_embeddings() {
    let server = instant_server();
    for (input, count) in [(json!(["a", "b"]), 2), (json!("a"), 1), (json!("long ".repeat(100)), 1)] {
        let answer = post(&server, PREDICT, &json!({ "input": input })).await;
        let data = answer["data"].as_array().unwrap();
        assert_eq!(data.len(), count);
        assert!(data.iter().all(|one| one["embedding"].as_array().unwrap().len() == DIMENSIONS));
    }
    let answer = post(&server, PREDICT, &json!({ "input": { "free": "form" } })).await;
    assert!(answer["output"].is_object());
}

#[tokio::test]
async fn explain_answers_with_explanations() {
    let server = instant_server();
    let target = "/v1/models/langid:explain";
    let answer = post(&server, target, &json!({ "instances": [{}, {}] })).await;
    assert_eq!(answer["explanations"].as_array().unwrap().len(), 2);
    let answer = post(&server, target, &json!({ "rev_id": 1 })).await;
    assert_eq!(answer["explanations"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn the_same_seed_gives_the_same_answers() {
    let (one, other) = (instant_server(), instant_server());
    let body = r#"{"instances": [{}, {}]}"#;
    let first = ask_text(&one, "POST", PREDICT, body).await;
    assert_eq!(first, ask_text(&other, "POST", PREDICT, body).await);
    assert_ne!(first, ask_text(&one, "POST", PREDICT, body).await);
}

#[tokio::test]
async fn a_body_that_is_no_json_gets_400_and_the_reason() {
    let server = instant_server();
    for (body, error) in [
        ("", "the body is not JSON: EOF while parsing a value at line 1 column 0"),
        ("{\"rev_id\": 1", "the body is not JSON: EOF while parsing an object at line 1 column 12"),
        ("{} x", "the body is not JSON: trailing characters at line 1 column 4"),
        (
            r#"{"instances": "x"}"#,
            "unexpected content of the body: invalid type: string \"x\", expected a list at line 1 column 17",
        ),
        (
            "[1]",
            "unexpected content of the body: invalid type: sequence, expected a JSON object at line 1 column 1",
        ),
    ] {
        assert_eq!(ask(&server, "POST", PREDICT, body).await, (400, json!({ "error": error })));
    }
}

#[test]
fn batches_have_a_bound() {
    let most = format!(r#"{{"instances": [{}]}}"#, vec!["0"; body::MAX_BATCH].join(","));
    assert!(read(most.as_bytes()).is_ok());
    let list = vec!["0"; body::MAX_BATCH + 1].join(",");
    for key in ["instances", "input"] {
        assert_eq!(read(format!(r#"{{"{key}": [{list}]}}"#).as_bytes()).unwrap_err().status, 400);
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".*".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        let key = prop_oneof![Just("rev_id".to_owned()), Just("lang".to_owned()), ".*"];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((key, inner), 0..4).prop_map(|pairs| pairs.into_iter().collect()),
        ]
    })
}

proptest! {
    #[test]
    fn any_instances_are_counted(instances in prop::collection::vec(any_json(), 0..6)) {
        let asked = read(json!({ "instances": instances }).to_string().as_bytes());
        let Ok(Asked::Instances(echoes)) = asked else {
            return Err(TestCaseError::fail(format!("{asked:?}")));
        };
        prop_assert_eq!(echoes.len(), instances.len());
    }

    #[test]
    fn a_free_body_repeats_its_plain_fields(rev_id in any::<i64>(), other in any_json()) {
        let body = json!({ "features": other, "rev_id": rev_id });
        prop_assert_eq!(read(body.to_string().as_bytes()), Ok(Asked::Free(vec![("rev_id", json!(rev_id))])));
    }

    #[test]
    fn any_bytes_are_read_or_refused_with_400(bytes in any::<Vec<u8>>()) {
        if let Err(refusal) = read(&bytes) {
            prop_assert_eq!(refusal.status, 400);
        }
    }
}
