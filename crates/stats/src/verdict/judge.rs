//! From evidence to verdicts: which figures can be judged, the tests, the families, and the words
//! (docs/statistics.md 3.12).

use std::collections::BTreeMap;

use crate::Metric;
use crate::verdict::multiplicity::rank;
use crate::verdict::report::{Change, Doubt, FailureChange, Judged, NotJudged, Outcome, Report, RowReport};
use crate::verdict::samples::{Obstacle, obstacle};
use crate::verdict::stored::{Test, Values};
use crate::verdict::{Evidence, Rank, Row, Rules, Slack, Verdict, failures, pairs, relative, stored};

/// With less than this share of the requests a row does not make a report inconclusive,
const MINOR: f64 = 0.01;
/// nor with less than this part of an equal share, where there are so many rows that 1 % is usual.
const MINOR_OF_EQUAL: f64 = 0.5;
/// The p value below which failures are worth a second look.
const SUSPICIOUS_P: f64 = 0.025;

/// Judges all rows of a report together: they are one family of tests. `doubts` is what else stands between the
/// judged runs and a clear verdict.
#[must_use]
pub fn judge(rows: &[Row], rules: &Rules, doubts: &[Doubt]) -> Report {
    let mut figures: Vec<Vec<Judged>> = rows.iter().map(|row| reckon(row, rules)).collect();
    add_relative_tests(rows, &mut figures, rules);
    rank_families(&mut figures, rules);
    for judged in figures.iter_mut().flatten() {
        speak(judged, rules);
        if doubts.contains(&Doubt::Limited) {
            take_back(judged);
        }
    }
    let minor = minor(rows);
    let sum_of_rows = |row: &Row| row.aggregated && rows.len() > 1;
    let minor = minor.into_iter().zip(rows).map(|(minor, row)| minor || sum_of_rows(row));
    let rows: Vec<RowReport> =
        figures.into_iter().zip(minor).map(|(figures, minor)| RowReport { figures, minor }).collect();
    conclude(rows, rules, doubts)
}

/// The tests of one row, without families and words.
fn reckon(row: &Row, rules: &Rules) -> Vec<Judged> {
    let evidence = &row.evidence;
    evidence
        .metrics()
        .into_iter()
        .map(|metric| {
            let nothing = Judged {
                metric,
                outcome: Outcome::NotJudged(NotJudged::NoValue),
                change: None,
                failures: None,
            };
            match obstacle(evidence, metric) {
                Some(Obstacle::NotJudged(why)) => Judged { outcome: Outcome::NotJudged(why), ..nothing },
                Some(Obstacle::Silent) => Judged { outcome: Outcome::Judged(Verdict::Regressed), ..nothing },
                None if metric == Metric::Failures => Judged {
                    outcome: Outcome::Judged(Verdict::Inconclusive),
                    failures: Some(failures::compare(evidence)),
                    ..nothing
                },
                None => match test(evidence, metric, rules) {
                    Some((test, slack)) => Judged {
                        outcome: Outcome::Judged(Verdict::Inconclusive),
                        change: Some(test.change(slack, rules)),
                        ..nothing
                    },
                    None => nothing,
                },
            }
        })
        .collect()
}

fn test(evidence: &Evidence, metric: Metric, rules: &Rules) -> Option<(Test, Slack)> {
    let sigma = rules.sigma.of(metric);
    match evidence {
        Evidence::Stored(row) => {
            let slack = row.rounding.map(|rounding| rounding.of(metric)).unwrap_or_default();
            Some((stored::test(&Values::of(row, metric)?, sigma), slack))
        }
        Evidence::Paired(row) => Some((pairs::test(row, metric, sigma)?, Slack::default())),
    }
}

/// The relative tests of all metrics, which are two families of their own.
fn add_relative_tests(rows: &[Row], figures: &mut [Vec<Judged>], rules: &Rules) {
    let mut places: Vec<(usize, usize)> = Vec::new();
    let mut tests = Vec::new();
    for metric in [Metric::P50, Metric::P95, Metric::P99, Metric::Rate] {
        let mut eligible = Vec::new();
        let mut values = Vec::new();
        for (index, row) in rows.iter().enumerate().filter(|(_, row)| !row.aggregated) {
            let place =
                figures[index].iter().position(|figure| figure.metric == metric && figure.change.is_some());
            let (Some(place), Evidence::Stored(stored)) = (place, &row.evidence) else { continue };
            if stored.rounding.is_none()
                && let Some(of_row) = Values::of(stored, metric)
            {
                eligible.push((index, place));
                values.push(of_row);
            }
        }
        let found = relative::compare(&values, metric, rules).into_iter().zip(eligible);
        for (test, place) in found.filter_map(|(test, place)| Some((test?, place))) {
            tests.push(test);
            places.push(place);
        }
    }
    let p =
        |of: fn(&crate::verdict::Relative) -> Rank| tests.iter().map(|test| of(test).p).collect::<Vec<_>>();
    let (worse, better) = (p(|test| test.worse), p(|test| test.better));
    let ranks = rank(&worse, rules.q_relative).into_iter().zip(rank(&better, rules.q_relative));
    for (((row, place), mut test), (worse, better)) in places.into_iter().zip(tests).zip(ranks) {
        (test.worse, test.better) = (worse, better);
        if let Some(change) = &mut figures[row][place].change {
            change.relative = Some(test);
        }
    }
}

/// One family for worse and one for better, of all figures of all rows. A row that went silent is no test.
fn rank_families(figures: &mut [Vec<Judged>], rules: &Rules) {
    fn ranks(figure: &mut Judged) -> Option<(&mut Rank, &mut Rank)> {
        match (&mut figure.change, &mut figure.failures) {
            (Some(change), _) => Some((&mut change.worse, &mut change.better)),
            (None, Some(change)) => Some((&mut change.worse, &mut change.better)),
            (None, None) => None,
        }
    }
    let mut all: Vec<_> = figures.iter_mut().flatten().filter_map(ranks).collect();
    let (worse, better): (Vec<f64>, Vec<f64>) = all.iter().map(|(worse, better)| (worse.p, better.p)).unzip();
    let ranked = rank(&worse, rules.q).into_iter().zip(rank(&better, rules.q));
    for (slot, (worse, better)) in all.iter_mut().zip(ranked) {
        (*slot.0, *slot.1) = (worse, better);
    }
}

/// Finds the word of a figure that was tested.
fn speak(judged: &mut Judged, rules: &Rules) {
    if let Some(change) = &judged.change {
        judged.outcome = Outcome::Judged(word(change, judged.metric, rules));
    } else if let Some(change) = &judged.failures {
        judged.outcome = Outcome::Judged(word_of_failures(change, rules));
    }
}

fn word(change: &Change, metric: Metric, rules: &Rules) -> Verdict {
    let (floor, margin) = (rules.log_floor(metric), rules.log_margin(metric));
    let (low, high) = (change.difference - change.slack.low, change.difference + change.slack.high);
    let relative = |rejected: fn(&crate::verdict::Relative) -> bool, size: f64| {
        change.relative.as_ref().is_some_and(|test| rejected(test) && test.difference * size >= floor)
    };
    if (change.worse.rejected || relative(|test| test.worse.rejected, 1.0)) && low >= floor {
        Verdict::Regressed
    } else if (change.better.rejected || relative(|test| test.better.rejected, -1.0)) && high <= -floor {
        Verdict::Improved
    } else if change.upper < margin {
        Verdict::Unchanged
    } else {
        Verdict::Inconclusive
    }
}

fn word_of_failures(change: &FailureChange, rules: &Rules) -> Verdict {
    let floor = rules.fail_floor;
    let grows = change.difference >= floor;
    let huge = change.difference >= Rules::GROSS_FAILURES.max(floor) && change.independent <= rules.gross_p;
    if (change.worse.rejected && grows) || huge {
        Verdict::Regressed
    } else if change.better.rejected && change.difference <= -floor {
        Verdict::Improved
    } else if change.independent <= SUSPICIOUS_P && grows {
        Verdict::Inconclusive
    } else if change.upper < rules.fail_margin || change.after.0 == 0 {
        Verdict::Unchanged
    } else {
        Verdict::Inconclusive
    }
}

/// What a limited generator measured says nothing about the server, but for failures.
fn take_back(judged: &mut Judged) {
    if judged.metric == Metric::Failures {
        return;
    }
    if let Outcome::Judged(verdict) = &mut judged.outcome {
        *verdict = Verdict::Inconclusive;
    }
    if let Some(change) = &mut judged.change {
        change.limited = true;
    }
}

/// Which rows have hardly any of the requests, before and after. Of many rows of one size none is minor: a report
/// would be clear of which every row is undecided.
fn minor(rows: &[Row]) -> Vec<bool> {
    let requests = |row: &Row| {
        let sum = |cells: Vec<&crate::cell::Cell>| cells.iter().map(|run| run.requests).sum::<u64>() as f64;
        (sum(row.evidence.before()), sum(row.evidence.after()))
    };
    let counts: Vec<(f64, f64)> = rows.iter().map(requests).collect();
    let own = || rows.iter().zip(&counts).filter(|(row, _)| !row.aggregated);
    let (before, after) = own().fold((0.0, 0.0), |sum, (_, count)| (sum.0 + count.0, sum.1 + count.1));
    let share = |part: f64, whole: f64| if whole > 0.0 { part / whole } else { 1.0 };
    let limit = MINOR.min(MINOR_OF_EQUAL / own().count().max(1) as f64);
    counts.iter().map(|count| share(count.0, before).max(share(count.1, after)) < limit).collect()
}

/// The verdict over all rows.
fn conclude(rows: Vec<RowReport>, rules: &Rules, doubts: &[Doubt]) -> Report {
    let mut doubts = doubts.to_vec();
    let mut count: BTreeMap<Verdict, usize> = BTreeMap::new();
    for (index, row) in rows.iter().enumerate() {
        for figure in &row.figures {
            if let Outcome::Judged(verdict) = figure.outcome {
                *count.entry(verdict).or_default() += 1;
            }
            doubts.extend((!row.minor).then(|| doubt(index, figure, rules)).flatten());
        }
    }
    let found = |verdict| count.contains_key(&verdict);
    let verdict = if found(Verdict::Regressed) {
        Verdict::Regressed
    } else if !doubts.is_empty() || count.is_empty() {
        Verdict::Inconclusive
    } else if found(Verdict::Improved) {
        Verdict::Improved
    } else {
        Verdict::Unchanged
    };
    Report { verdict, rows, doubts }
}

fn doubt(row: usize, figure: &Judged, rules: &Rules) -> Option<Doubt> {
    let metric = figure.metric;
    let undecided = !matches!(
        figure.outcome,
        Outcome::Judged(Verdict::Regressed | Verdict::Improved | Verdict::Unchanged)
    );
    if !undecided {
        return None;
    }
    if matches!(metric, Metric::P95 | Metric::P99) {
        let change = figure.change.as_ref()?;
        let suspicious = change.difference >= rules.log_floor(metric);
        return suspicious.then_some(Doubt::SuspiciousTail(row, metric));
    }
    Some(Doubt::Undecided(row, metric))
}

#[cfg(test)]
mod tests;
