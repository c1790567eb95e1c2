//! Compares runs with stored sessions, or in pairs: finds what belongs together and has it judged.

mod conclusion;
mod csv_notes;
mod evidence;
mod figures;
mod pairing;
#[cfg(test)]
mod pairs_tests;

use std::collections::BTreeSet;

use windtunnel_stats::verdict::{Doubt, Evidence, MeasuredNoise, Noise, Paired, Rules, Stored};

use super::Settings;
use super::baseline::{Baseline, Epoch, by_start};
use super::comparison::{Basis, Comparison, Method, RowComparison, title_of};
use super::side::{Side, SideRow};
use super::surroundings::{changed_surroundings, doubtful};
use conclusion::conclude;
use csv_notes::csv_notes;
pub(super) use evidence::{Known, Runs};
use pairing::{match_rows, pair_rows};

/// Compares `candidate` (one run, or two of one session) with a baseline and, where it says something else, with its
/// anchor. An empty candidate compares as nothing.
///
/// A run that is itself part of the baseline is left out of it, where that leaves something.
#[must_use]
pub fn compare(baseline: &Baseline, candidate: &[Side], settings: &Settings) -> Comparison {
    let (others, current) = baseline.epochs.split_at(baseline.epochs.len().saturating_sub(1));
    let current: Vec<Runs<'_>> = current.iter().flat_map(runs_of).collect();
    let sessions = without(&current, candidate);
    let with_itself = sessions.is_empty() && !current.is_empty();
    let against = Against {
        label: baseline.title(),
        sessions: if with_itself { current } else { sessions },
        others: others.iter().map(|epoch| without(&runs_of(epoch), candidate)).collect(),
    };
    let mut comparison = against.compare(candidate, settings);
    comparison.notes.splice(0..0, baseline.notes.iter().cloned());
    if with_itself {
        comparison.notes.push("a run is compared with itself: the baseline has no other".to_owned());
    }
    let anchor = without(&baseline.anchor_runs(), candidate);
    if !anchor.is_empty() && comparison.basis == Basis::Window {
        // The spread inside the other epochs counts here as well, that of the current one included.
        let others = baseline.epochs.iter().filter(|epoch| Some(&epoch.id) != baseline.anchor.as_ref());
        let others = others.map(|epoch| without(&runs_of(epoch), candidate)).collect();
        let against = Against { label: anchor_title(&anchor), sessions: anchor, others };
        comparison.anchor = Some(Box::new(against.compare(candidate, settings)));
    }
    comparison
}

/// The runs of an epoch by session.
pub(super) fn runs_of(epoch: &Epoch) -> Vec<Runs<'_>> {
    epoch.sessions.iter().map(|session| session.runs.iter().collect()).collect()
}

/// `sessions` without the runs that are judged, and without what is empty then.
fn without<'a>(sessions: &[Runs<'a>], candidate: &[Side]) -> Vec<Runs<'a>> {
    let judged: BTreeSet<&str> = candidate.iter().filter_map(|side| side.run.as_deref()).collect();
    let is_judged = |run: &Side| run.run.as_deref().is_some_and(|id| judged.contains(id));
    let others = sessions.iter().map(|runs| runs.iter().copied().filter(|run| !is_judged(run)).collect());
    others.filter(|runs: &Runs<'_>| !runs.is_empty()).collect()
}

fn anchor_title(sessions: &[Runs<'_>]) -> String {
    let first = sessions.iter().flatten().filter_map(|run| run.started).min();
    let count = sessions.len();
    let count = if count == 1 { "1 session".to_owned() } else { format!("{count} sessions") };
    match first {
        Some(at) => format!("the anchor of {}, {count}", at.strftime("%Y-%m-%d")),
        None => format!("the anchor, {count}"),
    }
}

/// Compares two versions that were measured in turns: (A, B) of each pair. After each of `looks` pairs it may be
/// asked again, and the error over all of them is that of one comparison.
#[must_use]
pub fn compare_pairs(pairs: &[(Side, Side)], settings: &Settings, looks: usize) -> Comparison {
    let rules = Rules::default().with_noise(settings.noise.unwrap_or(Noise::Normal)).with_looks(looks);
    let rules = settings.tolerances.applied_to(rules);
    let nothing = Side::default();
    let (old, new) = pairs.last().map_or((&nothing, &nothing), |(old, new)| (old, new));
    let all_old: Vec<&Side> = pairs.iter().map(|(old, _)| old).collect();
    let all_new: Vec<&Side> = pairs.iter().map(|(_, new)| new).collect();
    let all: Vec<&Side> = pairs.iter().flat_map(|(old, new)| [old, new]).collect();
    let find = |row: &SideRow| {
        let cells = pairs.iter().map(|(a, b)| {
            let cell = |side: &Side| {
                let row = if row.method.is_empty() {
                    side.total.as_ref()
                } else {
                    side.row(&row.method, &row.name)
                };
                row.and_then(|row| row.cell.clone())
            };
            Some((cell(a)?, cell(b)?))
        });
        cells.collect::<Option<Vec<_>>>().map(|pairs| Evidence::Paired(Paired { pairs }))
    };
    let mut matched = match_rows(old, std::slice::from_ref(new), Basis::Window, |row, _| find(row));
    for row in matched.iter_mut().map(|matched| &mut matched.row) {
        row.old_counts = row.old_counts.map(|_| counts_of(&all_old, row));
        row.new_counts = row.new_counts.map(|_| counts_of(&all_new, row));
    }
    // Both versions were measured just now: what puts a run of either in doubt puts the comparison in doubt.
    let mut comparison = conclude(matched, &rules, doubts_of(&all, Basis::Window), Basis::Window);
    comparison.limited = all.iter().find_map(|side| side.limited.clone());
    comparison.method = Method::Pairs { pairs: pairs.len() };
    comparison.name = new.module.clone().unwrap_or_else(|| new.label.clone());
    let labels = |sides: &[&Side]| sides.iter().map(|side| side.label.clone()).collect::<Vec<_>>().join(", ");
    (comparison.old, comparison.new) = (labels(&all_old), labels(&all_new));
    // What changed around them is what was asked for: the base URL.
    comparison.notes = all.iter().flat_map(|side| side.notes.iter().cloned()).collect();
    comparison
}

/// (requests, failures) of a row in all of these runs.
fn counts_of(sides: &[&Side], row: &RowComparison) -> (u64, u64) {
    let find = |side: &&Side| {
        let found =
            if row.method.is_empty() { side.total.as_ref() } else { side.row(&row.method, &row.name) };
        found.map(|row| (row.requests, row.failures))
    };
    sides.iter().filter_map(find).fold((0, 0), |sum, row| (sum.0 + row.0, sum.1 + row.1))
}

/// What a candidate is compared with.
struct Against<'a> {
    label: String,
    sessions: Vec<Runs<'a>>,
    others: Vec<Vec<Runs<'a>>>,
}

impl Against<'_> {
    fn compare(&self, candidate: &[Side], settings: &Settings) -> Comparison {
        let mut runs: Vec<&Side> = self.sessions.iter().flatten().copied().collect();
        runs.sort_by(|a, b| by_start(a, b));
        let nothing = Side::default();
        let old = runs.last().copied().unwrap_or(&nothing);
        let new = candidate.first().unwrap_or(&nothing);
        let all_know = candidate.iter().chain(runs.iter().copied()).all(Side::knows_window);
        let basis = if all_know { Basis::Window } else { Basis::WholeRun };
        let known = Known { sessions: &self.sessions, others: &self.others, candidate, basis };
        let matched = pair_rows(&runs, candidate, basis, |row, is_total| known.about(row, is_total));
        let stored: Vec<&Stored> = matched
            .iter()
            .filter(|row| !row.is_total)
            .filter_map(|row| match &row.evidence {
                Some(Evidence::Stored(stored)) => Some(stored),
                _ => None,
            })
            .collect();
        let rules = Rules::of_history(settings.noise, &MeasuredNoise::of(&stored));
        let rules = settings.tolerances.applied_to(rules);
        let rounded = stored.iter().any(|row| row.rounding.is_some_and(|rounding| rounding.average_instead));
        let sides: Vec<&Side> = candidate.iter().collect();
        let mut comparison = conclude(matched, &rules, doubts_of(&sides, basis), basis);
        comparison.method = Method::Stored { sessions: self.sessions.len() };
        comparison.name =
            new.module.clone().or_else(|| old.module.clone()).unwrap_or_else(|| new.label.clone());
        comparison.old.clone_from(&self.label);
        comparison.new = title_of(candidate);
        comparison.limited = candidate.iter().find_map(|side| side.limited.clone());
        comparison.notes.clone_from(&old.notes);
        comparison.notes.extend(candidate.iter().flat_map(|side| side.notes.iter().cloned()));
        comparison.notes.extend(changed_surroundings(old, new));
        comparison.notes.extend(doubtful(&runs));
        if basis == Basis::WholeRun {
            comparison.notes.extend(csv_notes(old, new, rounded, &comparison));
        }
        comparison
    }
}

/// What the judged runs themselves put in doubt.
fn doubts_of(sides: &[&Side], basis: Basis) -> Vec<Doubt> {
    let window = basis == Basis::Window;
    let any = |holds: fn(&Side) -> bool| sides.iter().any(|side| holds(side));
    let mut doubts = Vec::new();
    for (doubt, holds) in [
        (Doubt::Unsteady, window && any(|side| side.unsteady)),
        (Doubt::TooShort, window && any(|side| side.short)),
        (Doubt::Limited, any(|side| side.limited.is_some())),
    ] {
        if holds {
            doubts.push(doubt);
        }
    }
    doubts
}
