//! The words of a comparison: what is known about its rows is judged, and the rows are told of it.

use windtunnel_stats::Metric;
use windtunnel_stats::verdict::{Doubt, Report, Row, Rules, Verdict, judge};

use super::figures::figures;
use super::pairing::Matched;
use crate::compare::comparison::{Basis, Comparison, Method, RowComparison, RowState, Word};

/// Judges what is known, and puts the words to the rows.
pub(super) fn conclude(
    matched: Vec<Matched>,
    rules: &Rules,
    mut doubts: Vec<Doubt>,
    basis: Basis,
) -> Comparison {
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

/// Failures are among the figures of a CSV: a server that fails at once, more than before, must not look fast.
fn take_back_improvements(row: &mut RowComparison) {
    let fails_more = row.figure(Metric::Failures).is_some_and(|failures| match failures.word {
        Word::Regressed => true,
        Word::Inconclusive | Word::NotJudged(_) => failures.change.is_some_and(|change| change > 0.0),
        _ => false,
    });
    for figure in row.figures.iter_mut().filter(|figure| fails_more && figure.word == Word::Improved) {
        figure.word = Word::NotJudged("failures are in it, and there are more of them".to_owned());
    }
}
