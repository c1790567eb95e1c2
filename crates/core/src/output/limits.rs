//! Limits as a text for people: a sentence, then each limit with the rows that decide it.

use windtunnel_stats::Metric;

use super::comparison::words::value_text;
use super::comparison::wrap::wrapped;
use super::reported::LimitReport;
use crate::compare::{LimitResult, LimitRow, LimitState};
use crate::suite::LimitMetric;

/// Requests count for less where they follow each other: from this share on it goes without saying.
const NEARLY_ALL: f64 = 0.8;

/// What became of a module's limits; empty where there is none, else with a line end. Of a limit that is kept the
/// worst row is shown, of another one each row that does not keep it.
#[must_use]
pub fn limits_report(module: &str, results: &[LimitResult]) -> String {
    if results.is_empty() {
        return String::new();
    }
    let mut lines = wrapped("", &sentence(module, results));
    let width = results.iter().map(|result| result.limit.text.chars().count()).max().unwrap_or_default();
    for result in results {
        lines.push(format!("  {:<width$}   {}", result.limit.text, state(result.state)));
        lines.extend(rows(result).iter().flat_map(|text| wrapped("    ", text)));
    }
    lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect()
}

/// The same for the reports in files: each row under each limit.
#[must_use]
pub fn limit_reports(results: &[LimitResult]) -> Vec<LimitReport> {
    let of_row = |result: &LimitResult, row: &LimitRow| LimitReport {
        row: row.title(),
        limit: result.limit.text.clone(),
        state: row.state,
        text: measured_text(result, row),
    };
    results.iter().flat_map(|result| result.rows.iter().map(move |row| of_row(result, row))).collect()
}

/// The name of a state, for people.
fn state(state: LimitState) -> &'static str {
    match state {
        LimitState::Kept => "kept",
        LimitState::NotEnough => "not enough evidence",
        LimitState::Missed => "missed",
    }
}

/// What they come to together.
fn sentence(module: &str, results: &[LimitResult]) -> String {
    let in_state = |state: LimitState| {
        let those = results.iter().filter(|result| result.state == state);
        those.map(|result| result.limit.text.as_str()).collect::<Vec<_>>()
    };
    let (missed, open, all) = (in_state(LimitState::Missed), in_state(LimitState::NotEnough), results.len());
    let of_all = |some: &[&str]| match all {
        1 => format!("its limit {}", some[0]),
        _ => format!("{} of its {all} limits: {}", some.len(), some.join(", ")),
    };
    match (&missed[..], &open[..]) {
        ([], []) if all == 1 => format!("{module} keeps its limit {}", results[0].limit.text),
        ([], []) => format!("{module} keeps its {all} limits"),
        ([], open) => format!("{module}: not enough evidence for {}", of_all(open)),
        (missed, _) => format!("{module} misses {}", of_all(missed)),
    }
}

/// The rows that decide, each in a line, and what keeps them from deciding.
fn rows(result: &LimitResult) -> Vec<String> {
    let deciding = result.rows_in(result.state);
    // That every row keeps it says the worst of them; of another limit each row that does not keep it counts.
    let shown = if result.state == LimitState::Kept { deciding.len().min(1) } else { deciding.len() };
    let mut lines: Vec<String> = deciding[..shown].iter().map(|row| row_text(result, row)).collect();
    let undecided = result.rows_in(LimitState::NotEnough).len();
    if result.state == LimitState::Missed && undecided > 0 {
        let rows =
            if undecided == 1 { "1 more row has".to_owned() } else { format!("{undecided} more rows have") };
        lines.push(format!("{rows} not enough evidence"));
    }
    if let Some(why) = &result.limited {
        lines.push(format!("a miss is not called one: {why}"));
    }
    lines
}

/// One row: where, and what was measured there.
fn row_text(result: &LimitResult, row: &LimitRow) -> String {
    format!("{}: {}", row.title(), measured_text(result, row))
}

/// What was measured of a row, out of how many, and what would decide.
fn measured_text(result: &LimitResult, row: &LimitRow) -> String {
    let is_failures = result.limit.metric == LimitMetric::Failures;
    let Some(value) = row.value else {
        let nothing = if is_failures { "no request" } else { "no success" };
        return format!("{nothing} was measured{}", further(row));
    };
    let value = value_text(like(result.limit.metric), Some(value));
    let counts = row.over.map_or_else(String::new, |over| {
        let what = if is_failures { "failed" } else { "were over it" };
        format!(", {} of {} requests {what}", commas(&format!("{over:.0}")), grouped(row.requests))
    });
    let worth = row.independent.filter(|some| *some < NEARLY_ALL * row.requests as f64);
    let worth =
        worth.map_or_else(String::new, |some| format!(" (they say as much as {some:.0} independent ones)"));
    format!("{value}{counts}{worth}{}", further(row))
}

/// What would decide a row that is undecided.
fn further(row: &LimitRow) -> String {
    if row.short {
        return "; too little of the run is left after its ramp and warm-up to see how it varies".to_owned();
    }
    let Some(further) = row.further.filter(|_| row.state == LimitState::NotEnough) else {
        return String::new();
    };
    let time = row.further_seconds.map(|seconds| format!(" ({} more at this rate)", time_text(seconds)));
    format!("; about {} more requests would decide{}", grouped(rounded(further)), time.unwrap_or_default())
}

/// A metric of comparisons whose values are written alike.
fn like(metric: LimitMetric) -> Metric {
    match metric {
        LimitMetric::Average | LimitMetric::Percentile(_) => Metric::Average,
        LimitMetric::Rate => Metric::Rate,
        LimitMetric::Failures => Metric::Failures,
    }
}

/// Two significant digits, rounded up: an estimate should not look like a count.
fn rounded(count: u64) -> u64 {
    let step = 10_u64.pow(count.max(1).ilog10().saturating_sub(1));
    count.div_ceil(step).saturating_mul(step)
}

/// A whole number with commas between thousands.
fn grouped(count: u64) -> String {
    commas(&count.to_string())
}

fn commas(text: &str) -> String {
    let with_comma = |(at, digit): (usize, char)| {
        let comma = (at > 0 && (text.len() - at).is_multiple_of(3)).then_some(',');
        comma.into_iter().chain([digit])
    };
    text.chars().enumerate().flat_map(with_comma).collect()
}

/// A time in its largest unit that leaves something to count.
fn time_text(seconds: f64) -> String {
    let (count, unit) = match seconds.ceil() {
        seconds if seconds < 90.0 => (seconds, "second"),
        seconds if seconds < 90.0 * 60.0 => (seconds / 60.0, "minute"),
        seconds if seconds < 48.0 * 3600.0 => (seconds / 3600.0, "hour"),
        seconds => (seconds / 86_400.0, "day"),
    };
    let count = count.ceil();
    format!("{count:.0} {unit}{}", if count > 1.0 { "s" } else { "" })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::suite::Limit;

    fn row(name: &str, state: LimitState, value: f64, over: u32) -> LimitRow {
        LimitRow {
            method: "POST".to_owned(),
            name: name.to_owned(),
            state,
            minor: false,
            short: false,
            value: Some(value),
            requests: 1_400,
            over: Some(f64::from(over)),
            independent: Some(1_400.0),
            further: None,
            further_seconds: None,
        }
    }

    fn undecided(name: &str, further: Option<u64>) -> LimitRow {
        let further_seconds = further.map(|further| further as f64 / 3.0);
        LimitRow { further, further_seconds, ..row(name, LimitState::NotEnough, 830.0, 0) }
    }

    fn result(limit: &str, rows: Vec<LimitRow>) -> LimitResult {
        let state = rows.iter().map(|row| row.state).max().unwrap();
        LimitResult { limit: Limit::parse(limit).unwrap(), state, rows, limited: None }
    }

    #[test]
    fn each_limit_is_shown_with_the_rows_that_decide_it() {
        let all = [
            result(
                "p95 < 300ms",
                vec![
                    row("/v1/models/a:predict", LimitState::Missed, 412.3, 123),
                    row("/v1/models/b:predict", LimitState::Kept, 120.0, 3),
                    row("/v1/models/c:predict", LimitState::Missed, 350.0, 98),
                    undecided("/v1/models/d:predict", Some(12)),
                ],
            ),
            result(
                "p99 < 2s",
                vec![
                    row("/v1/models/a:predict", LimitState::Kept, 830.2, 2),
                    row("/v1/models/b:predict", LimitState::Kept, 140.0, 0),
                ],
            ),
            result(
                "p99.9 < 5s",
                vec![
                    LimitRow { independent: Some(350.4), ..undecided("/v1/models/a:predict", Some(3_203)) },
                    undecided("/v1/models/b:predict", None),
                    LimitRow {
                        value: None,
                        requests: 0,
                        over: Some(0.0),
                        independent: Some(0.0),
                        further_seconds: None,
                        ..undecided("/v1/models/c:predict", Some(4_603))
                    },
                ],
            ),
            result(
                "rate > 10/s",
                vec![LimitRow {
                    method: String::new(),
                    over: None,
                    independent: None,
                    ..row("Aggregated", LimitState::Kept, 23.14, 0)
                }],
            ),
            result("failures < 1%", vec![row("/v1/models/a:predict", LimitState::Missed, 0.032, 45)]),
        ];
        insta::assert_snapshot!(limits_report("demo", &all), @"
        demo misses 2 of its 5 limits: p95 < 300ms, failures < 1%
          p95 < 300ms     missed
            POST /v1/models/a:predict: 412 ms, 123 of 1,400 requests were over it
            POST /v1/models/c:predict: 350 ms, 98 of 1,400 requests were over it
            1 more row has not enough evidence
          p99 < 2s        kept
            POST /v1/models/a:predict: 830 ms, 2 of 1,400 requests were over it
          p99.9 < 5s      not enough evidence
            POST /v1/models/c:predict: no success was measured; about 4,700 more requests would decide
            POST /v1/models/a:predict: 830 ms, 0 of 1,400 requests were over it (they say as much as 350
            independent ones); about 3,300 more requests would decide (18 minutes more at this rate)
            POST /v1/models/b:predict: 830 ms, 0 of 1,400 requests were over it
          rate > 10/s     kept
            Aggregated: 23.1 /s
          failures < 1%   missed
            POST /v1/models/a:predict: 3.20 %, 45 of 1,400 requests failed
        ");
    }

    #[test]
    fn the_sentence_says_what_they_come_to() {
        let kept = result("p95 < 300ms", vec![row("/a", LimitState::Kept, 120.0, 3)]);
        let missed = result("failures < 1%", vec![row("/a", LimitState::Missed, 0.5, 700)]);
        let open = result("p99.9 < 1s", vec![undecided("/a", Some(4_000))]);
        let said = |results: &[&LimitResult]| {
            sentence("demo", &results.iter().map(|r| (*r).clone()).collect::<Vec<_>>())
        };
        assert_eq!(said(&[&kept]), "demo keeps its limit p95 < 300ms");
        assert_eq!(said(&[&kept, &kept]), "demo keeps its 2 limits");
        assert_eq!(said(&[&missed]), "demo misses its limit failures < 1%");
        assert_eq!(said(&[&open]), "demo: not enough evidence for its limit p99.9 < 1s");
        assert_eq!(said(&[&kept, &open]), "demo: not enough evidence for 1 of its 2 limits: p99.9 < 1s");
        assert_eq!(said(&[&kept, &open, &missed]), "demo misses 1 of its 3 limits: failures < 1%");
        assert_eq!(limits_report("demo", &[]), "");
    }

    #[test]
    fn a_miss_of_a_limited_generator_says_why_it_is_none() {
        let why = Some("the generator was late by 12 ms on average".to_owned());
        let result = LimitResult { limited: why, ..result("p95 < 300ms", vec![undecided("/a", None)]) };
        insta::assert_snapshot!(limits_report("demo", &[result]), @"
        demo: not enough evidence for its limit p95 < 300ms
          p95 < 300ms   not enough evidence
            POST /a: 830 ms, 0 of 1,400 requests were over it
            a miss is not called one: the generator was late by 12 ms on average
        ");
    }

    #[test]
    fn a_run_that_is_too_short_says_so() {
        let short = LimitRow { short: true, ..undecided("/a", None) };
        insta::assert_snapshot!(limits_report("demo", &[result("p95 < 2s", vec![short])]), @"
        demo: not enough evidence for its limit p95 < 2s
          p95 < 2s   not enough evidence
            POST /a: 830 ms, 0 of 1,400 requests were over it; too little of the run is left after its ramp
            and warm-up to see how it varies
        ");
    }

    #[test]
    fn counts_and_times_are_written_for_people() {
        assert_eq!([0, 7, 99, 101, 1_387, 20_000].map(rounded), [0, 7, 99, 110, 1_400, 20_000]);
        assert_eq!([0, 999, 1_000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
        let times = [0.2, 89.0, 90.0, 420.0, 5_400.0, 200_000.0].map(time_text);
        assert_eq!(times, ["1 second", "89 seconds", "2 minutes", "7 minutes", "2 hours", "3 days"]);
    }

    proptest! {
        #[test]
        fn rounding_adds_a_tenth_at_most(count: u64) {
            let up = rounded(count);
            prop_assert!(up >= count && up - count <= count / 10 + 1);
        }

        #[test]
        fn grouped_digits_are_those_of_the_number(count: u64) {
            prop_assert_eq!(grouped(count).replace(',', "").parse::<u64>().unwrap(), count);
        }
    }
}
