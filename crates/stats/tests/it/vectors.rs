//! Worked examples that were computed by another implementation of the same formulas.

use serde_json::Value;
use windtunnel_stats::cell::{Cell, Estimate};
use windtunnel_stats::special::{t_above, t_quantile};
use windtunnel_stats::verdict::compare_failures;
use windtunnel_stats::{Histogram, Metric, Slice, Steadiness, Window};

pub(crate) fn vectors() -> Value {
    serde_json::from_str(include_str!("../vectors.json")).unwrap()
}

fn examples(part: &str) -> Vec<Value> {
    vectors()[part].as_array().unwrap().clone()
}

fn whole(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("no whole number: {value}"))
}

/// Equal to 1e-9 of its size.
fn assert_close(found: f64, expected: &Value, what: &str) {
    let expected = expected.as_f64().unwrap();
    let allowed = 1e-9 * expected.abs().max(1e-3);
    assert!((found - expected).abs() <= allowed, "{what}: {found}, expected {expected}");
}

fn window(example: &Value) -> Window {
    let slice = |value: &Value| Slice {
        hist: value["hist"]
            .as_array()
            .unwrap()
            .iter()
            .map(|pair| (u16::try_from(whole(&pair[0])).unwrap(), u32::try_from(whole(&pair[1])).unwrap()))
            .collect(),
        fails: whole(&value["fails"]),
        sum_us: whole(&value["sum_us"]),
    };
    let slices: Vec<Slice> = example["slices"].as_array().unwrap().iter().map(slice).collect();
    let width_seconds = example["secs"].as_f64().unwrap() / slices.len() as f64;
    Window { slices, width_seconds }
}

#[test]
fn buckets_and_their_edges_are_those_of_the_examples() {
    for example in examples("quantiles") {
        let bucket = Histogram::bucket_of(whole(&example["us"]));
        assert_eq!(bucket as u64, whole(&example["bucket"]), "{example}");
        let (low, high) = Histogram::edges(bucket);
        assert_eq!((low, high), (whole(&example["edges"][0]), whole(&example["edges"][1])), "{example}");
    }
}

#[test]
fn cells_are_those_of_the_examples() {
    for example in examples("cells") {
        let (cell, batches) = Cell::measure(&window(&example));
        let (name, expected) = (&example["name"], &example["cell"]);
        assert_eq!(
            (cell.requests, cell.failures),
            (whole(&expected["n"]), whole(&expected["fails"])),
            "{name}"
        );
        assert_close(cell.seconds, &expected["secs"], "seconds");
        assert_close(cell.failure_deff, &expected["fdeff"], &format!("{name} fdeff"));
        for metric in [Metric::Average, Metric::P50, Metric::P95, Metric::P99, Metric::Rate] {
            let key = metric.key();
            let Estimate { y, w, exceeding } = cell.estimate(metric).unwrap();
            assert_close(y, &expected["y"][key], &format!("{name} y {key}"));
            assert_close(w, &expected["w"][key], &format!("{name} w {key}"));
            if let Some(exceeding) = exceeding {
                assert_close(exceeding, &expected["exc"][key], &format!("{name} exc {key}"));
            }
        }
        let again = Cell::of(&window(&example).histogram(), &batches, cell.seconds);
        assert_eq!(again, cell, "{name} from its batches");
    }
}

#[test]
fn warm_up_and_drift_are_those_of_the_examples() {
    for example in examples("cells") {
        let name = &example["name"];
        let found = Steadiness::of(&window(&example).slices);
        assert_eq!(found.cut as u64, whole(&example["warmup_cut"][0]), "{name}");
        assert_eq!(!found.steady, example["warmup_cut"][1].as_bool().unwrap(), "{name}");
        assert_close(found.drift.unwrap_or(0.0), &example["drifting"][0], "drift");
        assert_eq!(found.drifting, example["drifting"][1].as_bool().unwrap(), "{name}");
    }
}

/// Equal to 1e-9 of its size, however small it is.
fn assert_relative(found: f64, expected: &Value, what: &Value) {
    let expected = expected.as_f64().unwrap();
    assert!((found - expected).abs() <= 1e-9 * expected.abs(), "{what}: {found}, expected {expected}");
}

#[test]
fn the_t_distribution_is_that_of_the_examples() {
    let examples = examples("stats");
    assert_eq!(examples.len(), 40);
    for example in examples {
        let number = |key: &str| example[key].as_f64().unwrap();
        let found = match example["fn"].as_str().unwrap() {
            "t_sf" => t_above(number("x"), number("df")),
            "t_ppf" => t_quantile(number("p"), number("df")),
            other => panic!("unknown function {other}"),
        };
        assert_relative(found, &example["value"], &example);
    }
}

#[test]
fn failures_are_compared_as_in_the_examples() {
    let examples = examples("fail");
    assert_eq!(examples.len(), 5);
    for example in examples {
        let count = |index: usize| whole(&example["args"][index]);
        let clustering = example["args"][4].as_f64().unwrap();
        let found = compare_failures((count(0), count(1)), (count(2), count(3)), clustering);
        assert_relative(found.worse.p, &example["up"], &example);
        assert_relative(found.better.p, &example["down"], &example);
        assert_relative(found.upper, &example["upper"], &example);
    }
}

#[test]
fn no_part_of_the_examples_is_left_out() {
    let vectors = vectors();
    let mut parts: Vec<&String> = vectors.as_object().unwrap().keys().collect();
    parts.sort();
    assert_eq!(parts, ["cells", "config", "fail", "judge", "quantiles", "stats"]);
}
