//! The grammar of a limit: what is read, what is refused, and what is said then.

use proptest::prelude::*;

use super::*;

fn limit(text: &str) -> (LimitMetric, f64, String) {
    let limit = Limit::parse(text).unwrap();
    (limit.metric, limit.bound, limit.text)
}

/// All mistakes of a list, one a line, with their hints.
fn mistakes(text: &str) -> String {
    let line = |error: LimitError| format!("{error} [{}]\n", error.help.as_deref().unwrap_or_default());
    parse_limits(text).unwrap_err().into_iter().map(line).collect()
}

#[test]
fn limits_are_read_with_their_units() {
    use LimitMetric::{Average, Failures, Percentile, Rate};
    let read = [
        ("p95 < 300ms", Percentile(9500), 300.0, "p95 < 300ms"),
        ("p50<=1.5s", Percentile(5000), 1500.0, "p50 <= 1.5s"),
        ("p99.9 < 1m30s", Percentile(9990), 90_000.0, "p99.9 < 1m30s"),
        (" p99.99  <  0.5ms ", Percentile(9999), 0.5, "p99.99 < 0.5ms"),
        ("p1 < 2h", Percentile(100), 7_200_000.0, "p1 < 2h"),
        ("p095.00 < 1s", Percentile(9500), 1000.0, "p95 < 1s"),
        ("avg < 20ms", Average, 20.0, "avg < 20ms"),
        ("rate > 10/s", Rate, 10.0, "rate > 10/s"),
        ("rate >= 300 /  m", Rate, 5.0, "rate >= 300 / m"),
        ("failures < 1%", Failures, 0.01, "failures < 1%"),
        ("failures<=0.005", Failures, 0.005, "failures <= 0.005"),
    ];
    for (text, metric, bound, written) in read {
        assert_eq!(limit(text), (metric, bound, written.to_owned()), "{text}");
    }
}

#[test]
fn a_list_is_read_in_the_order_of_reports() {
    let limits = parse_limits("failures < 1%,, p95 < 300ms , rate > 1/s, p50 < 1s, avg < 1s,").unwrap();
    let texts: Vec<_> = limits.into_iter().map(|limit| limit.text).collect();
    assert_eq!(texts, ["avg < 1s", "p50 < 1s", "p95 < 300ms", "rate > 1/s", "failures < 1%"]);
}

#[test]
fn the_command_line_takes_the_place_of_the_same_metric_only() {
    let (module, asked) = (parse_limits("p95 < 1s, failures < 1%"), parse_limits("p95.0 < 2s, rate > 1/s"));
    let texts: Vec<_> =
        combine_limits(&module.unwrap(), &asked.unwrap()).into_iter().map(|l| l.text).collect();
    assert_eq!(texts, ["p95 < 2s", "rate > 1/s", "failures < 1%"]);
}

#[test]
fn a_name_that_is_none_gets_the_nearest() {
    insta::assert_snapshot!(mistakes("p95x < 1s, failure < 1%, median < 1s, rps > 5/s, max < 1s, < 1s"), @"
    `p95x` is nothing that can be limited [did you mean `p95`?]
    `failure` is nothing that can be limited [did you mean `failures`?]
    `median` is nothing that can be limited [did you mean `p50`?]
    `rps` is nothing that can be limited [did you mean `rate`?]
    `max` is nothing that can be limited [known are percentiles such as `p95` or `p99.9`, `avg`, `rate` and `failures`]
    `` is nothing that can be limited [known are percentiles such as `p95` or `p99.9`, `avg`, `rate` and `failures`]
    ");
    insta::assert_snapshot!(mistakes("p100 < 1s, p0.5 < 1s, p99.999 < 1s, p9.9.9 < 1s, p99. < 1s, p99999999 < 1s"), @"
    `p100` cannot be limited [percentiles go from `p1` to `p99.99`, with at most two decimals]
    `p0.5` cannot be limited [percentiles go from `p1` to `p99.99`, with at most two decimals]
    `p99.999` cannot be limited [percentiles go from `p1` to `p99.99`, with at most two decimals]
    `p9.9.9` cannot be limited [percentiles go from `p1` to `p99.99`, with at most two decimals]
    `p99.` cannot be limited [percentiles go from `p1` to `p99.99`, with at most two decimals]
    `p99999999` cannot be limited [percentiles go from `p1` to `p99.99`, with at most two decimals]
    ");
}

#[test]
fn the_worse_direction_is_refused() {
    insta::assert_snapshot!(mistakes("p95 > 300ms, rate <= 10/s, failures >= 1%, avg > fast"), @"
    `p95 > 300ms` asks for the worse: a latency is limited from above [did you mean `p95 < 300ms`?]
    `rate <= 10/s` asks for the worse: throughput is limited from below [did you mean `rate >= 10/s`?]
    `failures >= 1%` asks for the worse: failures are limited from above [did you mean `failures <= 1%`?]
    `avg > fast` asks for the worse: a latency is limited from above [write for example `avg < 300ms`]
    ");
}

#[test]
fn a_bound_that_is_none_says_what_would_be() {
    insta::assert_snapshot!(
        mistakes("p95 300ms, p90 = 1s, p95 < 300, p95 < 5%, p95 < 0s, p95 <, rate > 10, rate > 0/s, \
                  failures < 1s, failures <= 0, failures < 100%, failures < 5"), @"
    `p95 300ms` is not a limit [write for example `p95 < 300ms`, `rate > 10/s` or `failures < 1%`]
    `= 1s` is not a limit of `p90` [write for example `p90 < 300ms`]
    `p95`: `300` has no unit [write `300ms` or `300s`]
    `p95`: `5%` is not a duration; write for example `200ms`, `1.5s`, `2m` or `1h20m` []
    `p95`: `0s` is below a microsecond, the least that is measured []
    `p95`: `` is not a duration; write for example `200ms`, `1.5s`, `2m` or `1h20m` []
    `rate`: `10` is not a rate; write for example `5/s` or `300/m` []
    `rate`: a rate must be above 0, got `0/s` []
    `failures`: `1s` is not a share; write for example `10%` or `0.1` []
    `failures`: `0` cannot be shown by any run [that nothing ever fails takes endless requests; write for example `< 0.1%`]
    `failures`: `100%` is no limit: all requests may fail []
    `failures`: a share lies between 0 and 1, got `5`; write for example `10%` or `0.1` []
    ");
}

#[test]
fn a_metric_is_limited_once() {
    insta::assert_snapshot!(mistakes("p95 < 1s, p95.0 <= 2s"), @"`p95` is limited twice: `p95 < 1s` and `p95 <= 2s` []");
    insta::assert_snapshot!(mistakes(" , "), @"there is no limit in it [write for example `p95 < 300ms, failures < 1%`]");
}

/// A limit as text with any blanks in it, and what it must be read as.
fn any_limit() -> impl Strategy<Value = (String, LimitMetric, f64)> {
    let percentile = (100_u16..=9_999).prop_map(LimitMetric::Percentile);
    let metric = prop_oneof![
        percentile,
        Just(LimitMetric::Average),
        Just(LimitMetric::Rate),
        Just(LimitMetric::Failures)
    ];
    (metric, 1_u32..1_000_000, " {0,2}", " {0,2}", any::<bool>()).prop_map(|(metric, n, a, b, or_equal)| {
        let (operator, value, bound) = match metric {
            LimitMetric::Rate => (">", format!("{n}/s"), f64::from(n)),
            LimitMetric::Failures => ("<", format!("{}", f64::from(n) / 1e6), f64::from(n) / 1e6),
            _ => ("<", format!("{n}ms"), f64::from(n)),
        };
        let equal = if or_equal { "=" } else { "" };
        (format!("{a}{metric}{b}{operator}{equal}{a}{value}{b}"), metric, bound)
    })
}

proptest! {
    #[test]
    fn a_limit_reads_back_as_itself((text, metric, bound) in any_limit()) {
        let limit = Limit::parse(&text).unwrap();
        prop_assert_eq!(limit.metric, metric);
        prop_assert!((limit.bound - bound).abs() <= 1e-9 * bound, "{}", limit.bound);
        prop_assert_eq!(Limit::parse(&limit.text), Ok(limit));
    }

    #[test]
    fn the_name_of_a_metric_reads_back_as_itself((_, metric, _) in any_limit()) {
        prop_assert_eq!(LimitMetric::parse(&metric.to_string()), Ok(metric));
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in ".*") {
        let _ = (parse_limits(&text), Limit::of(&text, &text));
    }

    #[test]
    fn what_looks_like_limits_is_read_or_refused_and_every_bound_is_a_number(
        text in "((p[0-9.]{0,7}|avg|rate|failures) ?[<>=]{0,2} ?[0-9.]{0,30}(ms|s|m|h|%|/s|/h)?,?){1,3}",
    ) {
        if let Ok(limits) = parse_limits(&text) {
            prop_assert!(limits.iter().all(|limit| limit.bound.is_finite() && limit.bound > 0.0), "{limits:?}");
        }
    }
}
