//! Which rows of two versions belong together, and which of them may be compared.

use std::collections::BTreeMap;

use windtunnel_stats::verdict::Evidence;

use super::evidence::find;
use crate::compare::comparison::{Basis, Difference, RowComparison, RowState};
use crate::compare::side::{Side, SideRow};

/// A row with what is known about it.
pub(super) struct Matched {
    pub(super) row: RowComparison,
    pub(super) is_total: bool,
    pub(super) evidence: Option<Evidence>,
}

impl Matched {
    fn new(row: &SideRow, state: RowState) -> Self {
        let row = RowComparison {
            method: row.method.clone(),
            name: row.name.clone(),
            state,
            figures: Vec::new(),
            data_changed: false,
            old_counts: None,
            new_counts: None,
        };
        Self { row, is_total: false, evidence: None }
    }
}

/// [`pair_rows`] with a single old run.
pub(super) fn match_rows(
    old: &Side,
    candidate: &[Side],
    basis: Basis,
    known: impl Fn(&SideRow, bool) -> Option<Evidence>,
) -> Vec<Matched> {
    pair_rows(&[old], candidate, basis, known)
}

/// Finds the counterpart of every row of the candidate among the old runs, oldest first, and gathers evidence where
/// they may be compared. All rows together are compared where every row is.
///
/// The counterpart is that of the newest run in which the row may be compared. A row is gone when the newest run has
/// it and the candidate has not.
pub(super) fn pair_rows(
    old: &[&Side],
    candidate: &[Side],
    basis: Basis,
    known: impl Fn(&SideRow, bool) -> Option<Evidence>,
) -> Vec<Matched> {
    let Some(new) = candidate.first() else { return Vec::new() };
    let counts = |row: &SideRow| (row.requests, row.failures);
    let mut rows: Vec<Matched> = Vec::new();
    for row in &new.rows {
        let mut matched = Matched::new(row, RowState::New);
        matched.row.new_counts = Some(sum_counts(candidate, |side| side.row(&row.method, &row.name)));
        if let Some((run, before)) = counterpart(old, new, row) {
            matched.row.old_counts = Some(counts(before));
            matched.row.data_changed = before.data.is_some() && row.data.is_some() && before.data != row.data;
            let differences: Vec<Difference> =
                different_servers(run, new).into_iter().chain(differences(before, row)).collect();
            if differences.is_empty() {
                matched.evidence = known(row, false);
            } else {
                matched.row.state = RowState::NotComparable(differences);
            }
            if matched.evidence.is_some() {
                matched.row.state = RowState::Compared;
            }
        }
        rows.push(matched);
    }
    let newest = old.last().into_iter().flat_map(|newest| &newest.rows);
    let gone: Vec<&SideRow> = newest.filter(|row| new.row(&row.method, &row.name).is_none()).collect();
    let all_compared = gone.is_empty() && rows.iter().all(|row| row.evidence.is_some());
    if let (true, true, Some(total)) = (all_compared, rows.len() > 1 && basis == Basis::Window, &new.total)
        && let Some(before) = old.iter().rev().find_map(|side| find(side, new, total, true))
        && let Some(evidence) = known(total, true)
    {
        let mut matched = Matched::new(total, RowState::Compared);
        matched.row.old_counts = Some(counts(before));
        matched.row.new_counts = Some(sum_counts(candidate, |side| side.total.as_ref()));
        rows.push(Matched { is_total: true, evidence: Some(evidence), ..matched });
    }
    rows.extend(gone.into_iter().map(|row| {
        let mut matched = Matched::new(row, RowState::Gone);
        matched.row.old_counts = Some(counts(row));
        matched
    }));
    rows
}

/// The counterpart of a row in the newest run in which it may be compared, or else in the newest that has it.
fn counterpart<'a>(old: &[&'a Side], new: &Side, row: &SideRow) -> Option<(&'a Side, &'a SideRow)> {
    let newest = || old.iter().rev().copied();
    let comparable = newest().find_map(|side| Some((side, find(side, new, row, false)?)));
    comparable.or_else(|| newest().find_map(|side| Some((side, side.row(&row.method, &row.name)?))))
}

fn sum_counts<'a>(sides: &'a [Side], of: impl Fn(&'a Side) -> Option<&'a SideRow>) -> (u64, u64) {
    let rows = sides.iter().filter_map(of);
    rows.fold((0, 0), |sum, row| (sum.0 + row.requests, sum.1 + row.failures))
}

/// The simulator is never compared with a real server.
fn different_servers(old: &Side, new: &Side) -> Option<Difference> {
    let name = |simulated| if simulated { "simulated".to_owned() } else { "real".to_owned() };
    match (old.simulated, new.simulated) {
        (Some(old), Some(new)) if old != new => {
            Some(Difference { what: "server".to_owned(), old: name(old), new: name(new) })
        }
        _ => None,
    }
}

fn differences(old: &SideRow, new: &SideRow) -> Vec<Difference> {
    let (Some(before), Some(after)) = (&old.circumstances, &new.circumstances) else { return Vec::new() };
    let mut keys: Vec<&String> = before.keys().chain(after.keys()).collect();
    keys.sort();
    keys.dedup();
    let text =
        |side: &BTreeMap<String, String>, key| side.get(key).cloned().unwrap_or_else(|| "none".to_owned());
    keys.into_iter()
        .filter(|key| before.get(*key) != after.get(*key))
        .map(|key| Difference { what: key.clone(), old: text(before, key), new: text(after, key) })
        .collect()
}
