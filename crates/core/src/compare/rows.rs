//! Pairs the rows of the sides, gathers what is known about each, and has it judged.

mod evidence;
mod figures;

use std::collections::BTreeMap;

use windtunnel_stats::Metric;
use windtunnel_stats::verdict::{
    Doubt, Evidence, MeasuredNoise, Noise, Paired, Report, Row, Rules, Stored, Verdict, judge,
};

use super::Settings;
use super::baseline::{Baseline, Session};
use super::comparison::{Basis, Comparison, Difference, Method, RowComparison, RowState, Word, title_of};
use super::side::{Side, SideRow, changed_surroundings};
pub(super) use evidence::Known;
use figures::figures;

/// Compares `candidate` (one run, or two of one session) with a baseline and, where it says something else, with its
/// anchor. An empty candidate compares as nothing.
#[must_use]
pub fn compare(baseline: &Baseline, candidate: &[Side], settings: &Settings) -> Comparison {
    let current: Vec<&Session> =
        baseline.current().map_or_else(Vec::new, |epoch| epoch.sessions.iter().collect());
    let before = baseline.epochs.len().saturating_sub(1);
    let earlier: Vec<Vec<&Session>> =
        baseline.epochs[..before].iter().map(|epoch| epoch.sessions.iter().collect()).collect();
    let mut comparison = Against { label: baseline.title(), sessions: &current, others: &earlier }
        .compare(candidate, settings);
    comparison.notes.splice(0..0, baseline.notes.iter().cloned());
    let anchor = baseline.anchor_sessions();
    if !anchor.is_empty() && comparison.basis == Basis::Window {
        // The spread inside the other epochs counts here as well, that of the current one included.
        let others: Vec<Vec<&Session>> = baseline
            .epochs
            .iter()
            .filter(|epoch| Some(&epoch.id) != baseline.anchor.as_ref())
            .map(|epoch| epoch.sessions.iter().collect())
            .collect();
        let label = anchor_title(&anchor);
        let against = Against { label, sessions: &anchor, others: &others };
        comparison.anchor = Some(Box::new(against.compare(candidate, settings)));
    }
    comparison
}

fn anchor_title(sessions: &[&Session]) -> String {
    let first = sessions.iter().flat_map(|session| &session.runs).filter_map(|run| run.started).min();
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
    let matched = match_rows(old, &[new.clone()], Basis::Window, |row, _| find(row));
    let mut comparison = conclude(matched, &rules, doubts_of(&all_new, Basis::Window), Basis::Window);
    let limited = pairs.iter().flat_map(|(a, b)| [a, b]).find_map(|side| side.limited.clone());
    comparison.limited = limited;
    comparison.method = Method::Pairs { pairs: pairs.len() };
    comparison.name = new.module.clone().unwrap_or_else(|| new.label.clone());
    let labels = |sides: &[&Side]| sides.iter().map(|side| side.label.clone()).collect::<Vec<_>>().join(", ");
    (comparison.old, comparison.new) = (labels(&all_old), labels(&all_new));
    comparison.notes = changed_surroundings(old, new);
    comparison
}

/// What a candidate is compared with.
struct Against<'a> {
    label: String,
    sessions: &'a [&'a Session],
    others: &'a [Vec<&'a Session>],
}

impl Against<'_> {
    fn compare(&self, candidate: &[Side], settings: &Settings) -> Comparison {
        let nothing = Side::default();
        let newest_runs = self.sessions.iter().flat_map(|session| &session.runs);
        let old = newest_runs.max_by_key(|run| run.started).unwrap_or(&nothing);
        let new = candidate.first().unwrap_or(&nothing);
        let all_know = candidate.iter().all(Side::knows_window)
            && self.sessions.iter().flat_map(|session| &session.runs).all(Side::knows_window);
        let basis = if all_know { Basis::Window } else { Basis::WholeRun };
        let known = Known { sessions: self.sessions, others: self.others, candidate, basis };
        let matched = match_rows(old, candidate, basis, |row, is_total| known.about(row, is_total));
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
        let sides: Vec<&Side> = candidate.iter().collect();
        let mut comparison = conclude(matched, &rules, doubts_of(&sides, basis), basis);
        comparison.method = Method::Stored { sessions: self.sessions.len() };
        comparison.name =
            new.module.clone().or_else(|| old.module.clone()).unwrap_or_else(|| new.label.clone());
        comparison.old.clone_from(&self.label);
        comparison.new = title_of(candidate);
        comparison.limited = candidate.iter().find_map(|side| side.limited.clone());
        comparison.notes = old.notes.clone();
        comparison.notes.extend(candidate.iter().flat_map(|side| side.notes.iter().cloned()));
        comparison.notes.extend(changed_surroundings(old, new));
        if basis == Basis::WholeRun {
            comparison.notes.push(
                "a side is a CSV: all requests of the whole run are compared, failures included; percentiles are \
                 rounded, and how much its runs differ is not known"
                    .to_owned(),
            );
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

/// A row with what is known about it.
struct Matched {
    row: RowComparison,
    is_total: bool,
    evidence: Option<Evidence>,
}

/// Finds the counterpart of every row of the candidate among the old side's, and gathers evidence where they may be
/// compared. All rows together are compared where every row is.
fn match_rows(
    old: &Side,
    candidate: &[Side],
    basis: Basis,
    known: impl Fn(&SideRow, bool) -> Option<Evidence>,
) -> Vec<Matched> {
    let Some(new) = candidate.first() else { return Vec::new() };
    let server = different_servers(old, new);
    let mut rows: Vec<Matched> = Vec::new();
    for row in &new.rows {
        let counts = |row: &SideRow| (row.requests, row.failures);
        let mut matched = RowComparison {
            method: row.method.clone(),
            name: row.name.clone(),
            state: RowState::New,
            figures: Vec::new(),
            data_changed: false,
            old_counts: None,
            new_counts: Some(sum_counts(candidate, row)),
        };
        let mut evidence = None;
        if let Some(before) = old.row(&row.method, &row.name) {
            matched.old_counts = Some(counts(before));
            matched.data_changed = before.data.is_some() && row.data.is_some() && before.data != row.data;
            let differences: Vec<Difference> =
                server.iter().cloned().chain(differences(before, row)).collect();
            if differences.is_empty() {
                matched.state = RowState::Compared;
                evidence = known(row, false);
            } else {
                matched.state = RowState::NotComparable(differences);
            }
        }
        rows.push(Matched { row: matched, is_total: false, evidence });
    }
    let gone: Vec<&SideRow> =
        old.rows.iter().filter(|row| new.row(&row.method, &row.name).is_none()).collect();
    let all_compared = gone.is_empty() && rows.iter().all(|row| row.evidence.is_some());
    if let (true, true, Some(total)) = (all_compared, rows.len() > 1 && basis == Basis::Window, &new.total)
        && let Some(before) = &old.total
        && let Some(evidence) = known(total, true)
    {
        rows.push(Matched {
            row: RowComparison {
                method: String::new(),
                name: total.name.clone(),
                state: RowState::Compared,
                figures: Vec::new(),
                data_changed: false,
                old_counts: Some((before.requests, before.failures)),
                new_counts: Some((total.requests, total.failures)),
            },
            is_total: true,
            evidence: Some(evidence),
        });
    }
    rows.extend(gone.into_iter().map(|row| Matched {
        row: RowComparison {
            method: row.method.clone(),
            name: row.name.clone(),
            state: RowState::Gone,
            figures: Vec::new(),
            data_changed: false,
            old_counts: Some((row.requests, row.failures)),
            new_counts: None,
        },
        is_total: false,
        evidence: None,
    }));
    rows
}

fn sum_counts(candidate: &[Side], row: &SideRow) -> (u64, u64) {
    let rows = candidate.iter().filter_map(|side| side.row(&row.method, &row.name));
    rows.fold((0, 0), |sum, row| (sum.0 + row.requests, sum.1 + row.failures))
}

/// Judges what is known, and puts the words to the rows.
fn conclude(matched: Vec<Matched>, rules: &Rules, mut doubts: Vec<Doubt>, basis: Basis) -> Comparison {
    if matched.iter().any(|row| row.row.state != RowState::Compared) {
        doubts.push(Doubt::Unpaired);
    }
    let mut places = Vec::new();
    let mut judged_rows = Vec::new();
    for (index, row) in matched.iter().enumerate() {
        if let Some(evidence) = &row.evidence {
            places.push(index);
            judged_rows.push(Row { aggregated: row.is_total, evidence: evidence.clone() });
        }
    }
    let mut report = judge(&judged_rows, rules, &doubts);
    for doubt in &mut report.doubts {
        if let Doubt::Undecided(row, _) | Doubt::SuspiciousTail(row, _) = doubt {
            *row = places[*row];
        }
    }
    let Report { verdict, rows: found, doubts } = report;
    let mut rows: Vec<RowComparison> = matched.into_iter().map(|row| row.row).collect();
    for ((place, found), judged) in places.into_iter().zip(found).zip(judged_rows) {
        rows[place].figures = figures(found, &judged.evidence);
        // Failures are in the figures of a CSV: a server that fails at once must not look fast.
        if basis == Basis::WholeRun {
            take_back_improvements(&mut rows[place]);
        }
    }
    let improved = rows.iter().any(|row| row.called(&Word::Improved).next().is_some());
    let verdict = if verdict == Verdict::Improved && !improved { Verdict::Inconclusive } else { verdict };
    Comparison {
        name: String::new(),
        old: String::new(),
        new: String::new(),
        basis,
        method: Method::Stored { sessions: 0 },
        rows,
        verdict,
        doubts,
        notes: Vec::new(),
        limited: None,
        rules: *rules,
        anchor: None,
        first: None,
    }
}

fn take_back_improvements(row: &mut RowComparison) {
    let fails_more = row.figure(Metric::Failures).is_some_and(|failures| {
        failures.word == Word::Regressed
            || failures.word == Word::Inconclusive && failures.change.is_some_and(|change| change > 0.0)
    });
    for figure in row.figures.iter_mut().filter(|figure| fails_more && figure.word == Word::Improved) {
        figure.word = Word::NotJudged("failures are in it, and there are more of them".to_owned());
    }
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
