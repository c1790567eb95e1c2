//! `GET /metrics` in the Prometheus text format: KServe's histograms by model, and requests by path and status.
//!
//! `request_predict_seconds` counts every serving that a worker finished (predict, infer, completions, chat,
//! embeddings, article), failed ones included, the wait in the queue left out; refused and abandoned requests
//! are not in it. `request_explain_seconds` likewise.

use std::fmt::{self, Write};

use crate::histogram::Histogram;
use crate::reply::Reply;
use crate::route::Verb;
use crate::server::Server;

/// The metrics as they are now. The request that asks for them is not in them yet.
pub(crate) fn answer(server: &Server) -> Reply {
    let mut text = String::new();
    // Writing to a text cannot fail.
    let _ = write_all(server, &mut text);
    Reply::metrics(text)
}

fn write_all(server: &Server, text: &mut String) -> fmt::Result {
    write_times(server, Verb::Predict, "request_predict_seconds", "predict", text)?;
    write_times(server, Verb::Explain, "request_explain_seconds", "explain", text)?;
    write_waiting(server, text)?;
    write_requests(server, text)
}

fn write_times(server: &Server, verb: Verb, metric: &str, what: &str, text: &mut String) -> fmt::Result {
    writeln!(text, "# HELP {metric} time that workers spent on {what} requests")?;
    writeln!(text, "# TYPE {metric} histogram")?;
    let mut result = Ok(());
    server.models.each(|name, model| {
        let histogram = model.histogram(verb).borrow();
        if result.is_ok() && histogram.count() > 0 {
            result = write_histogram(metric, &escape(name), &histogram, text);
        }
    });
    result
}

fn write_histogram(metric: &str, name: &str, histogram: &Histogram, text: &mut String) -> fmt::Result {
    let count = histogram.count();
    for (bound, within) in histogram.cumulative() {
        // Prometheus clients write whole bounds with a decimal point.
        writeln!(text, "{metric}_bucket{{model_name=\"{name}\",le=\"{bound:?}\"}} {within}")?;
    }
    writeln!(text, "{metric}_bucket{{model_name=\"{name}\",le=\"+Inf\"}} {count}")?;
    writeln!(text, "{metric}_sum{{model_name=\"{name}\"}} {}", histogram.sum())?;
    writeln!(text, "{metric}_count{{model_name=\"{name}\"}} {count}")
}

fn write_waiting(server: &Server, text: &mut String) -> fmt::Result {
    let metric = "windtunnel_sim_waiting";
    writeln!(text, "# HELP {metric} requests that wait for a worker")?;
    writeln!(text, "# TYPE {metric} gauge")?;
    let mut result = Ok(());
    server.models.each(|name, model| {
        if result.is_ok() {
            let name = escape(name);
            result = writeln!(text, "{metric}{{model_name=\"{name}\"}} {}", model.waiting());
        }
    });
    result
}

fn write_requests(server: &Server, text: &mut String) -> fmt::Result {
    let metric = "windtunnel_sim_requests_total";
    writeln!(text, "# HELP {metric} requests answered")?;
    writeln!(text, "# TYPE {metric} counter")?;
    for request in server.ledger.counts().requests {
        let (method, path) = (&request.method, escape(&request.path));
        for (status, count) in &request.answered {
            writeln!(text, "{metric}{{method=\"{method}\",path=\"{path}\",status=\"{status}\"}} {count}")?;
        }
    }
    Ok(())
}

/// A label's value as the format quotes it.
fn escape(label: &str) -> String {
    label.replace('\\', r"\\").replace('"', "\\\"").replace('\n', r"\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::counts::Ledger;
    use crate::options::Options;
    use hyper::{Method, StatusCode};
    use std::time::Duration;

    #[test]
    fn the_text_has_a_histogram_per_model_and_a_counter_per_path_and_status() {
        let server = Server::new(&Options::default(), Ledger::default());
        let model = server.models.get("lang\"id");
        model.served(Verb::Predict, Duration::from_millis(30));
        model.served(Verb::Predict, Duration::from_millis(1_200));
        server.ledger.open(&Method::POST, "/v1/models/langid:predict").answered(StatusCode::OK);
        let text = String::from_utf8(answer(&server).body).unwrap();
        let expected = r#"# HELP request_predict_seconds time that workers spent on predict requests
# TYPE request_predict_seconds histogram
request_predict_seconds_bucket{model_name="lang\"id",le="0.005"} 0
request_predict_seconds_bucket{model_name="lang\"id",le="0.01"} 0
request_predict_seconds_bucket{model_name="lang\"id",le="0.025"} 0
request_predict_seconds_bucket{model_name="lang\"id",le="0.05"} 1
request_predict_seconds_bucket{model_name="lang\"id",le="0.075"} 1
request_predict_seconds_bucket{model_name="lang\"id",le="0.1"} 1
request_predict_seconds_bucket{model_name="lang\"id",le="0.25"} 1
request_predict_seconds_bucket{model_name="lang\"id",le="0.5"} 1
request_predict_seconds_bucket{model_name="lang\"id",le="0.75"} 1
request_predict_seconds_bucket{model_name="lang\"id",le="1.0"} 1
request_predict_seconds_bucket{model_name="lang\"id",le="2.5"} 2
request_predict_seconds_bucket{model_name="lang\"id",le="5.0"} 2
request_predict_seconds_bucket{model_name="lang\"id",le="7.5"} 2
request_predict_seconds_bucket{model_name="lang\"id",le="10.0"} 2
request_predict_seconds_bucket{model_name="lang\"id",le="+Inf"} 2
request_predict_seconds_sum{model_name="lang\"id"} 1.23
request_predict_seconds_count{model_name="lang\"id"} 2
# HELP request_explain_seconds time that workers spent on explain requests
# TYPE request_explain_seconds histogram
# HELP windtunnel_sim_waiting requests that wait for a worker
# TYPE windtunnel_sim_waiting gauge
windtunnel_sim_waiting{model_name="lang\"id"} 0
# HELP windtunnel_sim_requests_total requests answered
# TYPE windtunnel_sim_requests_total counter
windtunnel_sim_requests_total{method="POST",path="/v1/models/langid:predict",status="200"} 1
"#;
        assert_eq!(text, expected);
    }
}
