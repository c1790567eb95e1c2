//! What could not be decided, and exactly what would decide it (docs/statistics.md 3.15).

mod advice;
mod lacking;

use windtunnel_stats::Metric;
use windtunnel_stats::verdict::{Doubt, FailureChange};

use super::words::{Naming, count, differences_text, listed};
use crate::compare::{Comparison, Difference, Method, RowComparison, RowState};
use advice::advised;
use lacking::not_judged;

/// So many rows whose failures could not be decided are told one by one.
const FAILURES: usize = 3;

/// A sentence for each thing that stands between the comparison and a clear verdict, with what would remove it;
/// the weightiest first. Empty where everything is decided.
pub(in crate::output) fn undecided(comparison: &Comparison, name: Naming<'_>) -> Vec<String> {
    let has = |doubt: &Doubt| comparison.doubts.contains(doubt);
    let mut said = Vec::new();
    if has(&Doubt::Limited) {
        said.push(
            "latencies and throughput were not judged, because the load generator was the limit: use fewer \
             users, or a machine that does nothing else"
                .to_owned(),
        );
    }
    if has(&Doubt::Unsteady) {
        said.push(
            "the run never became steady: with a longer --run-time, or a server that is warm before it, its \
             level would show"
                .to_owned(),
        );
    }
    if has(&Doubt::TooShort) {
        said.push(
            "too little of the run is left after its warm-up: a longer --run-time would leave more"
                .to_owned(),
        );
    }
    said.extend(unpaired(comparison, name));
    if !has(&Doubt::Limited) {
        said.extend(advised(comparison, name));
        said.extend(failures(comparison, name));
    }
    said.extend(not_judged(comparison, name));
    said
}

/// The module's name, as a command takes it; a placeholder where a file is compared.
fn module(comparison: &Comparison) -> &str {
    let name = comparison.name.as_str();
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
    if !name.is_empty() && name.chars().all(is_name) { name } else { "NAME" }
}

fn unpaired(comparison: &Comparison, name: Naming<'_>) -> Vec<String> {
    let module = module(comparison);
    let titles = |is: fn(&RowState) -> bool| {
        let rows: Vec<&RowComparison> = comparison.rows.iter().filter(|row| is(&row.state)).collect();
        (rows.len(), of_titles(&rows, name))
    };
    // Versions that are measured in turns have no baseline that a run could be added to.
    let stored = matches!(comparison.method, Method::Stored { .. });
    let mut said = Vec::new();
    let (rows, new) = titles(|state| *state == RowState::New);
    if rows > 0 {
        let cure = format!(
            "; after a run with `--csv results/{module}`, `windtunnel baseline add {module} last` makes that run \
             evidence for later ones"
        );
        let cure = if stored { cure.as_str() } else { "" };
        said.push(format!("{new}: new, with nothing to be compared with{cure}"));
    }
    let (rows, gone) = titles(|state| *state == RowState::Gone);
    if rows > 0 {
        let cure = format!(
            "; if that is meant, `windtunnel baseline accept {module} last` begins a new epoch with this run"
        );
        let cure = if stored { cure.as_str() } else { "" };
        said.push(format!("{gone}: gone{cure}"));
    }
    said.extend(different(comparison, name));
    said
}

/// Rows of which something must be equal and is not, those with the same differences together.
fn different(comparison: &Comparison, name: Naming<'_>) -> Vec<String> {
    let module = module(comparison);
    let mut groups: Vec<(&[Difference], Vec<&RowComparison>)> = Vec::new();
    for row in &comparison.rows {
        let RowState::NotComparable(differences) = &row.state else { continue };
        match groups.iter_mut().find(|(of, _)| of == differences) {
            Some((_, rows)) => rows.push(row),
            None => groups.push((differences, vec![row])),
        }
    }
    let text = |(differences, rows): &(&[Difference], Vec<&RowComparison>)| {
        let what = format!("{}: not comparable ({})", of_titles(rows, name), differences_text(differences));
        if differences.iter().any(|difference| difference.what == "server") {
            format!("{what}; the simulator is never compared with a real server")
        } else if matches!(comparison.method, Method::Pairs { .. }) {
            what
        } else {
            format!(
                "{what}; run as the baseline was run, or let `windtunnel baseline accept {module} last` begin a \
                 new epoch with this run"
            )
        }
    };
    groups.iter().map(text).collect()
}

/// Failures that were judged and could not be decided.
fn failures(comparison: &Comparison, name: Naming<'_>) -> Vec<String> {
    let rows = comparison.doubts.iter().filter_map(|doubt| match doubt {
        Doubt::Undecided(row, Metric::Failures) => comparison.rows.get(*row),
        _ => None,
    });
    let judged = rows.filter_map(|row| {
        let change = row.figure(Metric::Failures)?.judged.as_ref()?.failures?;
        Some((row, change))
    });
    let mut judged: Vec<(&RowComparison, FailureChange)> = judged.collect();
    judged.sort_by(|(_, a), (_, b)| b.difference.total_cmp(&a.difference));
    let mut said: Vec<String> = judged
        .iter()
        .take(FAILURES)
        .map(|(row, change)| failures_text(comparison, &name(row), change))
        .collect();
    if judged.len() > FAILURES {
        let more = count(judged.len() - FAILURES, "more row");
        said.push(format!("the failures of {more} could not be decided either, and differ by less"));
    }
    said
}

fn failures_text(comparison: &Comparison, row: &str, change: &FailureChange) -> String {
    let ((failures, requests), (failed, of)) = (change.before, change.after);
    let seen = format!("failures of {row}: {failures} of {requests} before, {failed} of {of} now");
    if change.difference >= comparison.rules.fail_floor {
        return format!(
            "{seen}, which clusters of failures could make by chance; the same run once more would tell"
        );
    }
    let upper = 100.0 * change.upper;
    format!("{seen}; up to {upper:.1} points more are not excluded, which longer runs would do")
}

/// `twice`, `3 times`.
fn times(factor: f64) -> String {
    if factor <= 2.0 { "twice".to_owned() } else { format!("{factor:.0} times") }
}

/// `POST /a`, `POST /a and POST /b`, `POST /a and 6 more rows`.
fn of_titles(rows: &[&RowComparison], name: Naming<'_>) -> String {
    match rows {
        [] => String::new(),
        [first, ..] if rows.len() > 2 => format!("{} and {} more rows", name(first), rows.len() - 1),
        _ => listed(&rows.iter().map(|row| name(row)).collect::<Vec<_>>()),
    }
}
