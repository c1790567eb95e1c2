//! Reading `[load]`, `[sim]` and `[compare]`.

use super::fields::{Context, Entry, Fields};
use crate::error::Located;
use crate::suite::{LoadSpec, MAX_USERS, TolerancesSpec};

/// The metrics that may have a tolerance of their own.
const METRICS: &[&str] = &["avg", "p50", "p95", "p99", "rate", "failures"];

/// Reads `[load]` or `[sim]`.
pub(super) fn load(cx: &mut Context, entry: Entry) -> Option<Located<LoadSpec>> {
    let mut fields = Fields::of(cx, entry.value, format!("`[{}]`", entry.name()))?;
    let load = LoadSpec {
        users: fields.get(cx, "users", users),
        spawn_rate: fields.get(cx, "spawn_rate", Context::rate),
        run_time: fields.get(cx, "run_time", Context::some_time),
        stop_timeout: fields.get(cx, "stop_timeout", Context::duration),
    };
    fields.finish(cx);
    Some(Located::new(load, cx.at(entry.key.span())))
}

fn users(cx: &mut Context, entry: Entry) -> Option<u32> {
    let users = cx.count(entry)?;
    if users > MAX_USERS {
        cx.wrong(entry.value.span(), format!("`users` may be {MAX_USERS} at most, got {users}"));
        return None;
    }
    Some(users)
}

/// Reads `[compare]`.
pub(super) fn tolerances(cx: &mut Context, entry: Entry) -> Option<Located<TolerancesSpec>> {
    let mut fields = Fields::of(cx, entry.value, "`[compare]`")?;
    let mut tolerances =
        TolerancesSpec { all: fields.get(cx, "tolerance", Context::share), ..Default::default() };
    for &metric in METRICS {
        if let Some(tolerance) = fields.get(cx, metric, Context::share) {
            tolerances.by_metric.insert(metric.to_owned(), tolerance);
        }
    }
    fields.finish(cx);
    Some(Located::new(tolerances, cx.at(entry.key.span())))
}
