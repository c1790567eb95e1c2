//! The figures of a row as people read them: values, change, interval, word.

use windtunnel_stats::Metric;
use windtunnel_stats::cell::Cell;
use windtunnel_stats::verdict::{Evidence, Judged, NotJudged, Outcome, RowReport};

use crate::compare::METRICS;
use crate::compare::comparison::{Figure, Word};

/// The figures of a judged row, in the order of reports.
pub(super) fn figures(mut report: RowReport, evidence: &Evidence) -> Vec<Figure> {
    METRICS
        .into_iter()
        .map(|metric| {
            let at = report.figures.iter().position(|figure| figure.metric == metric);
            figure(metric, at.map(|at| report.figures.swap_remove(at)), evidence)
        })
        .collect()
}

fn figure(metric: Metric, judged: Option<Judged>, evidence: &Evidence) -> Figure {
    let (old, new) = values(metric, evidence);
    let change = match (old, new) {
        (Some(old), Some(new)) if metric == Metric::Failures => Some(new - old),
        (Some(old), Some(new)) if old > 0.0 => Some(new / old - 1.0).filter(|change| change.is_finite()),
        _ => None,
    };
    let interval = judged.as_ref().and_then(|judged| judged.change).map(|change| {
        let (low, high) = change.interval;
        // Less throughput is worse: there the positive direction is that of a fall.
        if metric == Metric::Rate {
            ((-high).exp_m1(), (-low).exp_m1())
        } else {
            (low.exp_m1(), high.exp_m1())
        }
    });
    let word = judged.as_ref().map_or(Word::Shown, |judged| match judged.outcome {
        Outcome::Judged(verdict) => Word::from(verdict),
        Outcome::NotJudged(why) => Word::NotJudged(reason(why, metric)),
    });
    Figure { metric, old, new, change, interval, word, judged }
}

/// The values before and after, in the units of [`Figure`]: of several sessions the mean of the logarithms, of
/// failures the share of all requests.
fn values(metric: Metric, evidence: &Evidence) -> (Option<f64>, Option<f64>) {
    match evidence {
        Evidence::Stored(stored) => {
            let of = |sessions: &[windtunnel_stats::verdict::Session]| {
                let runs: Vec<Vec<&Cell>> =
                    sessions.iter().map(|session| session.runs.iter().collect()).collect();
                value(metric, &runs)
            };
            (of(&stored.baseline), of(&stored.candidate))
        }
        Evidence::Paired(paired) => {
            let (before, after): (Vec<_>, Vec<_>) =
                paired.pairs.iter().map(|(a, b)| (vec![a], vec![b])).unzip();
            (value(metric, &before), value(metric, &after))
        }
    }
}

fn value(metric: Metric, sessions: &[Vec<&Cell>]) -> Option<f64> {
    if metric == Metric::Failures {
        let sum = |of: fn(&Cell) -> u64| sessions.iter().flatten().map(|run| of(run)).sum::<u64>();
        let requests = sum(|run| run.requests);
        return (requests > 0).then(|| sum(|run| run.failures) as f64 / requests as f64);
    }
    let means: Vec<f64> = sessions
        .iter()
        .filter_map(|runs| {
            mean(runs.iter().filter_map(|run| run.estimate(metric)).map(|estimate| estimate.y))
        })
        .collect();
    let y = mean(means.into_iter());
    match metric {
        // A row that went silent has a rate all the same.
        Metric::Rate => y.map(|y| (-y).exp()).or_else(|| (!sessions.is_empty()).then_some(0.0)),
        _ => y.map(|y| y.exp() * 1e3),
    }
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    (count > 0.0).then(|| sum / count)
}

/// Why a figure was not judged, for people.
fn reason(why: NotJudged, metric: Metric) -> String {
    match why {
        NotJudged::TooFewRequests { before, after, needed } => {
            format!("fewer than {needed} requests (old {before}, new {after})")
        }
        NotJudged::TooFewBeyond { found, needed } => {
            format!("only {found:.1} independent requests lie beyond {metric}; {needed:.0} are needed")
        }
        NotJudged::TooShort => "fewer than six slices of time to see how it varies".to_owned(),
        NotJudged::NoValue => "no value to compare".to_owned(),
    }
}
