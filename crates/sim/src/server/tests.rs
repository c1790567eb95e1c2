//! When answers come, and with which status. Time is tokio's paused clock: nothing here waits.

use serde_json::json;

use super::*;
use crate::testing::{ask, ask_text, get, server};

const PREDICT: &str = "/v1/models/langid:predict";

/// The time that one predict request takes.
async fn timed(server: &Server, target: &str) -> (u16, Duration) {
    let began = Instant::now();
    let (status, _) = ask_text(server, "POST", target, "{}").await;
    (status, began.elapsed())
}

/// Whether a wait is the time drawn, rounded up to the timer's next millisecond.
fn is_about(found: Duration, expected: Duration) -> bool {
    found.checked_sub(expected).is_some_and(|over| over <= Duration::from_millis(1))
}

/// The time of a serving of langid where all of them last the same.
fn level() -> Duration {
    let mut latency = Options::default().latency;
    latency.spread = 0.0;
    Times::new(Options::default().seed, 1, &latency).serving(draw::name_hash("langid"), 0)
}

#[tokio::test(start_paused = true)]
async fn servings_take_the_times_of_their_seed() {
    let server = server(|options| options.seed = 7);
    let times = Times::new(7, 1, &Options::default().latency);
    for number in 0..50 {
        let expected = times.serving(draw::name_hash("langid"), number);
        let (status, found) = timed(&server, PREDICT).await;
        assert_eq!(status, 200);
        assert!(is_about(found, expected), "{found:?} instead of {expected:?}");
        // What other models are asked in between makes no difference.
        timed(&server, "/v1/models/other:predict").await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_slowdown_multiplies_the_times() {
    let plain = Times::new(1, 1, &Options::default().latency);
    let slow = server(|options| options.latency.slowdown = 1.5);
    for number in 0..50 {
        let expected = plain.serving(draw::name_hash("langid"), number).mul_f64(1.5);
        let (_, found) = timed(&slow, PREDICT).await;
        assert!(is_about(found + Duration::from_micros(1), expected), "{found:?}, expected {expected:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn with_two_workers_the_third_request_waits_for_one() {
    let server = server(|options| {
        options.workers = 2;
        options.latency.spread = 0.0;
    });
    let ((_, first), (_, second), (_, third)) =
        tokio::join!(timed(&server, PREDICT), timed(&server, PREDICT), timed(&server, PREDICT));
    assert!(is_about(first, level()) && is_about(second, level()), "{first:?} {second:?}");
    assert!(is_about(third, first + level()), "{third:?}");
}

#[tokio::test(start_paused = true)]
async fn a_request_beyond_the_queue_gets_503_at_once() {
    let server = server(|options| {
        options.workers = 1;
        options.queue_limit = 1;
    });
    let (first, second, third) =
        tokio::join!(timed(&server, PREDICT), timed(&server, PREDICT), timed(&server, PREDICT));
    assert_eq!((first.0, second.0, third), (200, 200, (503, Duration::ZERO)));
    let (serving, refusal) = tokio::join!(
        async { tokio::join!(timed(&server, PREDICT), timed(&server, PREDICT)) },
        ask(&server, "POST", PREDICT, "{}")
    );
    assert_eq!((serving.0.0, serving.1.0), (200, 200));
    assert_eq!(refusal, (503, json!({ "error": "all 1 workers are busy and 1 requests are waiting" })));
    assert_eq!(timed(&server, PREDICT).await.0, 200);
}

#[tokio::test(start_paused = true)]
async fn a_busy_model_delays_neither_other_models_nor_health() {
    let server = server(|options| {
        options.workers = 1;
        options.latency.spread = 0.0;
    });
    let began = Instant::now();
    let (_, _, other, health) = tokio::join!(
        timed(&server, PREDICT),
        timed(&server, PREDICT),
        timed(&server, "/v1/models/readability:predict"),
        async {
            get(&server, "/v2/health/ready").await;
            began.elapsed()
        }
    );
    let expected = Times::new(1, 1, &crate::Latency { spread: 0.0, ..crate::Latency::default() })
        .serving(draw::name_hash("readability"), 0);
    assert!(is_about(other.1, expected), "{other:?}");
    assert_eq!(health, Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_failure_ratio_of_one_fails_every_work_request_after_its_time() {
    let server = server(|options| {
        options.faults.failure_ratio = 1.0;
        options.latency.spread = 0.0;
    });
    for _ in 0..20 {
        let (status, found) = timed(&server, PREDICT).await;
        assert_eq!(status, 500);
        assert!(is_about(found, level()));
    }
    let answer = ask(&server, "POST", PREDICT, "{}").await;
    assert_eq!(answer, (500, json!({ "error": "simulated failure" })));
    let completion = ask(&server, "POST", "/v1/completions", r#"{"model": "m", "prompt": "a"}"#).await;
    let error = json!({
        "message": "simulated failure", "type": "internal_server_error", "param": null, "code": 500,
    });
    assert_eq!(completion, (500, json!({ "error": error })));
    assert_eq!(get(&server, "/").await, json!({ "status": "alive" }));
}

#[tokio::test(start_paused = true)]
async fn a_stall_keeps_the_worker_longer() {
    let stall = Duration::from_secs(3);
    let server = server(|options| {
        options.workers = 1;
        options.latency.spread = 0.0;
        options.faults.stall_ratio = 1.0;
        options.faults.stall_duration = stall;
    });
    let ((_, first), (_, second)) = tokio::join!(timed(&server, PREDICT), timed(&server, PREDICT));
    assert!(is_about(first, level() + stall), "{first:?}");
    assert!(second >= 2 * (level() + stall), "{second:?}");
}

#[tokio::test(start_paused = true)]
async fn two_sessions_differ_by_their_level() {
    let session = |seed| {
        server(|options| {
            options.latency.spread = 0.0;
            options.latency.session_noise = 0.3;
            options.session_seed = Some(seed);
        })
    };
    let (one, other) = (session(1), session(2));
    let (first, second) = (timed(&one, PREDICT).await.1, timed(&other, PREDICT).await.1);
    assert_ne!(first, second);
    assert_eq!((timed(&one, PREDICT).await.1, timed(&other, PREDICT).await.1), (first, second));
}

#[tokio::test(start_paused = true)]
async fn every_answer_is_counted_once() {
    let server = server(|options| options.faults.failure_ratio = 0.3);
    let mut seen = std::collections::BTreeMap::new();
    for _ in 0..200 {
        let (status, _) = timed(&server, PREDICT).await;
        *seen.entry(status).or_insert(0_u64) += 1;
    }
    ask(&server, "POST", PREDICT, "no JSON").await;
    seen.insert(400, 1);
    ask(&server, "GET", "/nowhere", "").await;
    let counts = server.ledger.counts();
    assert_eq!(counts.requests.iter().find(|request| request.path == PREDICT).unwrap().answered, seen);
    assert_eq!(counts.total(), 202);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_dropped_counts_as_abandoned_and_frees_its_worker() {
    let server = server(|options| options.workers = 1);
    {
        let mut request = Box::pin(timed(&server, PREDICT));
        tokio::select! {
            biased;
            _ = &mut request => panic!("a serving takes time"),
            () = std::future::ready(()) => {}
        }
    }
    let counts = server.ledger.counts();
    assert_eq!((counts.answered("POST", PREDICT), counts.abandoned("POST", PREDICT)), (0, 1));
    assert_eq!(timed(&server, PREDICT).await.0, 200);
}

#[tokio::test]
async fn unknown_paths_and_wrong_methods_are_told_apart() {
    let server = crate::testing::instant_server();
    let nothing = json!({ "error": "there is nothing at this path" });
    assert_eq!(ask(&server, "GET", "/nowhere", "").await, (404, nothing.clone()));
    assert_eq!(ask(&server, "POST", "/nowhere", "{}").await, (404, nothing));
    let wrong = json!({ "error": "method not allowed" });
    assert_eq!(ask(&server, "GET", PREDICT, "").await, (405, wrong.clone()));
    assert_eq!(ask(&server, "POST", "/v1/models/langid", "{}").await, (405, wrong.clone()));
    assert_eq!(ask(&server, "DELETE", "/", "").await, (405, wrong));
    assert_eq!(ask(&server, "HEAD", "/v1/models/langid", "").await.0, 200);
}
