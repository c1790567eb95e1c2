//! Lines written, read, damaged.

mod changes;
mod whole;

use std::sync::LazyLock;
use std::time::Duration;

use proptest::prelude::*;

use super::fixture::{Ended, header, record};
use super::*;
use crate::clock::RunTime;

fn ended() -> Vec<Ended> {
    (0..600_u32)
        .map(|n| {
            let at = f64::from(n) / 10.0;
            let ms = 20.0 + f64::from(n * 7919 % 131);
            let request = Ended::new(at, "POST", if n % 3 == 0 { "/a:predict" } else { "/b:predict" }, ms);
            if n % 50 == 0 { request.failed("HTTP 500") } else { request }
        })
        .collect()
}

fn line() -> RunLine {
    RunLine::from_record(&record(header("20250131T120000Z-1"), 60.0, &ended()))
}

/// The text of [`line`], made once.
static TEXT: LazyLock<String> = LazyLock::new(|| line().to_json_line());

fn read(text: &str) -> RunLine {
    RunLine::parse(text).unwrap().unwrap()
}

#[test]
fn a_line_is_what_docs_formats_describes() {
    let ended: Vec<Ended> =
        (0..40_u32).map(|n| Ended::new(f64::from(n) / 10.0, "POST", "/a", f64::from(10 + n % 3))).collect();
    let mut record = record(header("20250131T120000Z-1"), 4.0, &ended);
    record.header.variables = BTreeMap::from([("MODEL_NAME".to_owned(), "gemma2".into())]);
    let value: Value = serde_json::from_str(&RunLine::from_record(&record).to_json_line()).unwrap();
    let text = serde_json::to_string_pretty(&value).unwrap();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/run_line.json");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(path, format!("{text}\n")).unwrap();
    }
    assert_eq!(text, std::fs::read_to_string(path).unwrap().trim_end());
}

#[test]
fn a_line_that_is_read_is_written_the_same() {
    let text = line().to_json_line();
    let again = read(&text);
    assert_eq!(again.to_json_line(), text);
    assert_eq!(again.endpoints[0].latency, line().endpoints[0].latency);
    assert_eq!(again.endpoints[0].batches, line().endpoints[0].batches);
    assert!(!text.contains('\n'));
}

#[test]
fn keys_are_sorted_at_every_depth() {
    fn check(value: &Value) {
        match value {
            Value::Object(entries) => {
                assert!(entries.keys().is_sorted(), "{:?}", entries.keys().collect::<Vec<_>>());
                entries.values().for_each(check);
            }
            Value::Array(items) => items.iter().for_each(check),
            _ => {}
        }
    }
    let mut line = line();
    line.variables.insert("B".to_owned(), serde_json::json!({"z": 1, "a": {"y": 1, "b": 2}}));
    check(&serde_json::from_str(&line.to_json_line()).unwrap());
}

#[test]
fn floats_have_at_most_nine_significant_digits() {
    let mut line = line();
    line.secs_total = 1.0 / 3.0;
    assert!(line.to_json_line().contains("\"secs_total\":0.333333333,"));
}

#[test]
fn a_line_of_a_minute_with_two_rows_is_small_enough_to_commit() {
    let size = line().to_json_line().len();
    assert!(size < 9_000, "{size} bytes");
}

#[test]
fn the_total_is_left_out_where_one_row_is_all_there_is() {
    let one = record(header("1"), 60.0, &[Ended::new(1.0, "GET", "/", 10.0)]);
    assert_eq!(RunLine::from_record(&one).total, None);
    let total = line().total.unwrap();
    assert_eq!((total.requests, total.name()), (600, "Aggregated".to_owned()));
}

#[test]
fn a_row_counts_the_whole_run_and_keeps_the_window_apart() {
    let mut record = record(header("1"), 60.0, &ended());
    record.ramp_end = Some(RunTime::from_duration(Duration::from_secs(30)));
    let line = RunLine::from_record(&record);
    let row = &line.endpoints[1];
    assert_eq!((row.requests, row.failures), (400, 8));
    assert_eq!((row.cell.requests, row.cell.failures), (200, 4));
    assert!((row.cell.seconds - 30.0).abs() < 1e-9);
    assert_eq!(line.cut.ramp_s, Some(30.0));
}

#[test]
fn unknown_keys_are_ignored_and_optional_ones_may_be_missing() {
    let mut value: Value = serde_json::from_str(&line().to_json_line()).unwrap();
    value["colour"] = "green".into();
    value["endpoints"][0]["taste"] = 7.into();
    for key in
        ["kind", "session", "gen", "env", "load", "cut", "total", "variables", "unfinished", "simulated"]
    {
        value.as_object_mut().unwrap().remove(key);
    }
    let read = read(&value.to_string());
    assert_eq!(read.endpoints, self::read(&line().to_json_line()).endpoints);
    assert_eq!(read.generator, Generator::default());
}

#[test]
fn lines_of_other_kinds_and_empty_lines_are_passed_over() {
    let text = format!("{{\"v\":1,\"kind\":\"accept\",\"epoch\":\"e2\"}}\n\n{}\n", line().to_json_line());
    assert_eq!(RunLine::parse_all(&text).unwrap().len(), 1);
}

#[test]
fn an_unknown_version_is_refused_whatever_else_the_line_holds() {
    for text in ["{\"v\":2}", "{\"v\":2,\"kind\":\"other\"}", "{\"v\":\"1\"}"] {
        let error = RunLine::parse(text).unwrap_err();
        assert!(matches!(error, LineError::Version(_)), "{text}: {error}");
    }
    assert_eq!(
        RunLine::parse("{\"v\":2}").unwrap_err().to_string(),
        "a line of version 2, but this program reads version 1"
    );
}

#[test]
fn damage_is_named_with_its_line() {
    let whole = line().to_json_line();
    for (damaged, message) in [
        (whole[..whole.len() / 2].to_owned(), "no JSON from column"),
        ("[1]".to_owned(), "no key `v`"),
        (whole.replace("\"run\":", "\"ran\":"), "missing field `run`"),
        (whole.replace("2025-01-31", "2025-13-31"), "`2025-13-31T12:00:00Z` is no time"),
        (whole.replace("\"hist\":\"", "\"hist\":\"!"), "cannot unpack `hist` of `POST"),
        (whole.replace("\"fails\":12", "\"fails\":13"), "is not the sum"),
        (whole.replacen("\"le50\":[", "\"le50\":[7,", 1), "lists of different length"),
    ] {
        assert_ne!(damaged, whole);
        let (number, error) = RunLine::parse_all(&format!("{whole}\n\n{damaged}\n{whole}\n")).unwrap_err();
        assert_eq!(number, 3);
        assert!(error.to_string().contains(message), "{error}");
    }
    let (number, error) = RunLine::parse_all(&format!("{whole}\n<<<<<<< HEAD\n{whole}\n")).unwrap_err();
    assert_eq!((number, error), (2, LineError::Conflict));
}

proptest! {
    #[test]
    fn every_run_is_read_back_as_it_was_written(
        requests in prop::collection::vec((0.0..30.0_f64, 0.001..100_000.0_f64, 0_u8..4, any::<bool>()), 0..80),
        ramp in prop::option::of(0.0..40.0_f64),
        variable in "\\PC*",
    ) {
        let ended: Vec<Ended> = requests
            .into_iter()
            .map(|(at, ms, row, failed)| {
                let request = Ended::new(at, "POST", &format!("/row{row}"), ms);
                if failed { request.failed("x") } else { request }
            })
            .collect();
        let mut record = record(header("1"), 30.0, &ended);
        record.ramp_end = ramp.map(|at| RunTime::from_duration(Duration::from_secs_f64(at)));
        record.header.variables.insert("V".to_owned(), variable.into());
        let line = RunLine::from_record(&record);
        let text = line.to_json_line();
        let read = RunLine::parse(&text).unwrap().unwrap();
        prop_assert_eq!(read.to_json_line(), text);
        for (read, written) in read.endpoints.iter().zip(&line.endpoints) {
            prop_assert_eq!((read.requests, read.failures), (written.requests, written.failures));
            prop_assert_eq!(&read.latency, &written.latency);
        }
    }

    #[test]
    fn no_line_makes_the_reader_panic(text in "\\PC{0,200}", at in 0..4000_usize, junk in "[0-9a-z\",:{}\\[\\]-]{0,3}") {
        let _ = RunLine::parse(&text);
        let mut line = TEXT.clone();
        let at = at.min(line.len());
        line.replace_range(at..(at + junk.len()).min(line.len()), &junk);
        let _ = RunLine::parse(&line);
    }
}

fn health(lateness_us: u64, cpu: f64, p50_ms: f64) -> RunRecord {
    let ended: Vec<Ended> = (0..100).map(|n| Ended::new(f64::from(n) / 10.0, "GET", "/", p50_ms)).collect();
    let mut record = record(header("1"), 10.0, &ended);
    (0..100).for_each(|_| record.health.heartbeat.record(lateness_us));
    record.health.cpu_max_5s = cpu;
    record
}

#[test]
fn the_generator_is_limited_when_its_lateness_shows_in_the_latency() {
    assert_eq!(
        limited(&health(2000, 0.1, 50.0)).unwrap(),
        "the generator was late by 2.0 ms on average, 4 % of the median latency of 50 ms"
    );
    assert_eq!(limited(&health(2000, 0.1, 200.0)), None);
}

#[test]
fn below_a_millisecond_of_mean_lateness_nothing_is_limited() {
    assert_eq!(limited(&health(900, 1.0, 1.0)), None);
}

#[test]
fn a_busy_processor_and_a_ragged_heartbeat_limit_too() {
    assert_eq!(
        limited(&health(1500, 0.97, 300.0)).unwrap(),
        "a thread of the generator used 97 % of its processor"
    );
    let mut ragged = health(0, 0.1, 300.0);
    (0..2).for_each(|_| ragged.health.heartbeat.record(100_000));
    assert!(limited(&ragged).unwrap().contains("heartbeat was late by 100 ms (p99)"));
}

#[test]
fn the_line_says_why_the_generator_was_limited() {
    let line = RunLine::from_record(&health(2000, 0.1, 50.0));
    assert!(line.generator.limited);
    assert!(line.generator.limited_by.unwrap().starts_with("the generator was late"));
}
