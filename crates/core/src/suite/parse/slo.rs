//! Reading `[slo]`: the grammar of a limit is that of [`limits`](crate::suite::limits).

use toml::de::DeValue;

use super::fields::{Context, Entry, found};
use crate::error::Located;
use crate::suite::limits::{Limit, LimitError, LimitMetric, twice};

/// Reads `[slo]`; the limits in the order of reports.
pub(super) fn limits(cx: &mut Context, entry: Entry) -> Option<Located<Vec<Limit>>> {
    let DeValue::Table(table) = entry.value.get_ref() else {
        let message = format!("`[slo]` must be a table, got {}", found(entry.value.get_ref()));
        let problem = cx.at(entry.value.span()).problem(message);
        cx.report(problem.help("write `[slo]` and below it for example p95 = \"< 300ms\""));
        return None;
    };
    let mut limits: Vec<Limit> = Vec::new();
    for (key, value) in table {
        let entry = Entry { key, value };
        let Some(limit) = limit(cx, entry) else { continue };
        match limits.iter().find(|other| other.metric == limit.metric) {
            Some(other) => report(cx, entry, twice(other, &limit)),
            None => limits.push(limit),
        }
    }
    limits.sort_by_key(|limit| limit.metric);
    Some(Located::new(limits, cx.at(entry.key.span())))
}

/// Reads one entry.
fn limit(cx: &mut Context, entry: Entry) -> Option<Limit> {
    let name = entry.name();
    match entry.value.get_ref() {
        DeValue::String(bound) => Limit::of(name, bound).map_err(|error| report(cx, entry, error)).ok(),
        // The point of p99.9 without quotes makes a table of it.
        DeValue::Table(inner)
            if is_percentile_without_quotes(name, inner.iter().map(|(key, _)| &**key.get_ref())) =>
        {
            let problem = cx.at(entry.key.span()).problem(format!("`{name}` is a table here"));
            cx.report(problem.help(format!("a name with a point stands in quotes: \"{name}.9\" = \"< 1s\"")));
            None
        }
        other => {
            match LimitMetric::parse(name) {
                Ok(metric) => {
                    let message = format!(
                        "`{name}` must be a limit such as \"{}\", got {}",
                        metric.example(),
                        found(other)
                    );
                    cx.wrong(entry.value.span(), message);
                }
                Err(error) => report(cx, entry, error),
            }
            None
        }
    }
}

fn is_percentile_without_quotes<'a>(name: &str, mut inner: impl Iterator<Item = &'a str>) -> bool {
    matches!(LimitMetric::parse(name), Ok(LimitMetric::Percentile(_)))
        && inner.all(|key| key.bytes().all(|byte| byte.is_ascii_digit()))
}

fn report(cx: &mut Context, entry: Entry, error: LimitError) {
    let place = if error.in_metric { entry.key.span() } else { entry.value.span() };
    let problem = cx.at(place).problem(error.message);
    cx.report(match error.help {
        Some(help) => problem.help(help),
        None => problem,
    });
}
