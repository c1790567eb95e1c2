//! `--explain`: every step of the reckoning behind one figure, with its numbers.
//!
//! The numbers are those of the comparison; each step cites its section of docs/statistics.md, so that it can be
//! followed by hand. Nothing is judged here.

mod change;
mod failures;
mod steps;
#[cfg(test)]
mod tests;
mod wanted;

use windtunnel_stats::Metric;
use windtunnel_stats::verdict::{Judged, NotJudged, Outcome};

use super::comparison::said;
use super::comparison::sentence::anchor_name;
use super::comparison::words::{change_and_interval, title, value_text, verdict_text};
use super::comparison::wrap::{page, wrapped};
use crate::compare::{Comparison, Figure, RowComparison, RowState, Word};
use steps::Steps;

pub use wanted::Wanted;

/// How the figure of a row was judged, for the terminal, at most 100 columns wide. Where it got worse since the
/// anchor, that reckoning follows. Ends with a line end; empty for a row that is not there.
#[must_use]
pub fn explain(comparison: &Comparison, row: usize, metric: Metric) -> String {
    let Some(explained) = comparison.rows.get(row) else { return String::new() };
    let mut lines = reckoning(comparison, explained, metric);
    if let Some(anchor) = comparison.anchor.as_deref()
        && let Some(since) = anchor
            .rows
            .iter()
            .find(|other| (&other.method, &other.name) == (&explained.method, &explained.name))
        && since.figure(metric).is_some_and(|figure| figure.word == Word::Regressed)
    {
        lines.push(String::new());
        lines.extend(wrapped("", &format!("The same against {}:", anchor_name(anchor))));
        lines.push(String::new());
        lines.extend(reckoning(anchor, since, metric));
    }
    page(&lines)
}

fn reckoning(comparison: &Comparison, row: &RowComparison, metric: Metric) -> Vec<String> {
    let Some(figure) = row.figure(metric).filter(|_| row.state == RowState::Compared) else {
        let why = said(row).unwrap_or_else(|| "it has no figures".to_owned());
        return wrapped("", &format!("{}, {metric}: there is nothing to reckon: {why}", title(row)));
    };
    let mut lines = wrapped("", &headline(row, figure));
    let mut steps = Steps::default();
    match &figure.judged {
        None => shown(&mut steps, comparison, metric),
        Some(judged) => match (&judged.change, &judged.failures) {
            (Some(change), _) => change::explain(&mut steps, comparison, figure, change),
            (None, Some(change)) => failures::explain(&mut steps, comparison, figure, change),
            (None, None) => without_test(&mut steps, row, figure, judged),
        },
    }
    take_back(&mut steps, figure);
    lines.push(String::new());
    lines.extend(steps.into_lines());
    lines
}

/// `POST /a, p50: 180 ms -> 217 ms, +20.5 % (+12.4 to +29.2 %): regressed`.
fn headline(row: &RowComparison, figure: &Figure) -> String {
    let value = |value| value_text(figure.metric, value);
    let word = match &figure.word {
        Word::Shown => "shown only",
        word => verdict_text(word),
    };
    format!(
        "{}, {}: {} -> {}, {}: {word}",
        title(row),
        figure.metric,
        value(figure.old),
        value(figure.new),
        change_and_interval(figure)
    )
}

/// A figure that is for people to read.
fn shown(steps: &mut Steps, comparison: &Comparison, metric: Metric) {
    steps.begin("Is it judged", "3.1, 3.13");
    if metric == Metric::Average {
        steps.say(
            "No. The average is shown; one slow request moves it as much as many fast ones. It is judged only in \
             place of a median that a CSV has rounded too coarsely.",
        );
    } else {
        steps.say(&format!(
            "No. A side is a CSV whose {metric} is rounded so coarsely that its rounding could hide or make a \
             change; the average, which a CSV has exactly, is judged in its place."
        ));
    }
    let judged = if metric == Metric::Average { Metric::P50 } else { Metric::Average };
    let all = comparison.rows.iter().filter_map(|row| row.figure(judged));
    if all.into_iter().any(|figure| figure.judged.is_some()) {
        steps.say(&format!("`--explain ROW {}` explains the figure that is judged.", judged.key()));
    }
}

/// A figure for which there was too little, or hardly anything where there ought to be much.
fn without_test(steps: &mut Steps, row: &RowComparison, figure: &Figure, judged: &Judged) {
    steps.begin("Is there enough to judge it", "3.11");
    match judged.outcome {
        Outcome::Judged(_) => {
            let (before, after) = (row.old_counts.unwrap_or_default(), row.new_counts.unwrap_or_default());
            steps.say(&format!(
                "Hardly a request ended: {} of {} succeeded, where the baseline had {} of {}. At the baseline's \
                 lowest rate ({}) at least 20 were to be expected in the same time, and there are fewer than 5, \
                 or none that succeeded. That needs no test: the row went silent.",
                after.0 - after.1.min(after.0),
                after.0,
                before.0 - before.1.min(before.0),
                before.0,
                value_text(Metric::Rate, figure.old)
            ));
        }
        Outcome::NotJudged(why) => {
            steps.say(&match why {
                NotJudged::TooFewRequests { before, after, needed } => format!(
                    "No. It needs {needed} requests in each run; the smallest run of the baseline has {before}, \
                     the smallest now {after}."
                ),
                NotJudged::TooFewBeyond { found, needed } => format!(
                    "No. A quantile rests on the requests beyond it. Requests follow each other, so that fewer \
                     of them count as independent: {found:.1} do beyond {}, and {needed:.0} are needed.",
                    figure.metric
                ),
                NotJudged::TooShort => {
                    "No. How a figure varies inside a run is seen in at least six slices of time.".to_owned()
                }
                NotJudged::NoValue => {
                    "No. One side has no value: not a request succeeded, or a CSV does not have the column."
                        .to_owned()
                }
            });
            steps.say("So it is not judged. That does not make the run invalid.");
        }
    }
}

/// Where the word is not the one that the reckoning came to.
fn take_back(steps: &mut Steps, figure: &Figure) {
    let Some(judged) = &figure.judged else { return };
    if judged.change.is_some_and(|change| change.limited) {
        steps.begin("Was the load generator the limit", "3.16");
        steps.say(
            "Yes. What it measured says nothing of the server, so the word above is taken back: inconclusive. \
             Failures keep theirs.",
        );
    } else if let (Outcome::Judged(_), Word::NotJudged(why)) = (judged.outcome, &figure.word) {
        steps.begin("Are failures in it", "3.13");
        steps.say(&format!(
            "Yes: {why}. A server that fails at once would look fast, so the word above is taken back: not judged."
        ));
    }
}
