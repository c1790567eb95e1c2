//! What a comparison comes to, in one sentence.

use std::fmt;

use windtunnel_stats::Metric;
use windtunnel_stats::verdict::{Doubt, Verdict};

use super::words::{count, differences_text, is_total, listed, percent, short_change};
use crate::compare::{Comparison, Figure, METRICS, Outcome, RowComparison, RowState, Word};

/// `revertrisk got slower: p50 +21 % (+5 to +38 %), 1 of 2 rows; confirmed by a second run`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::output) struct Sentence {
    /// `revertrisk got slower`.
    pub(in crate::output) claim: String,
    /// What it rests on; empty where there is nothing to be said.
    pub(in crate::output) grounds: String,
}

impl fmt::Display for Sentence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.claim)?;
        if self.grounds.is_empty() { Ok(()) } else { write!(f, ": {}", self.grounds) }
    }
}

/// What `comparison` comes to.
pub(in crate::output) fn sentence(comparison: &Comparison) -> Sentence {
    let name = &comparison.name;
    let (claim, grounds) = match comparison.outcome() {
        Outcome::Regressed if comparison.crept() => crept(comparison),
        Outcome::Regressed => {
            (format!("{name} {}", verb(comparison, &Word::Regressed)), changes(comparison, &Word::Regressed))
        }
        Outcome::Improved => {
            (format!("{name} {}", verb(comparison, &Word::Improved)), changes(comparison, &Word::Improved))
        }
        Outcome::Unchanged => (format!("{name} is unchanged"), excluded(comparison)),
        Outcome::Inconclusive => (format!("{name} is inconclusive"), inconclusive(comparison)),
        Outcome::NothingComparable => (format!("{name} could not be compared"), incomparable(comparison)),
        Outcome::GeneratorLimited => {
            let why = comparison.limited.clone();
            let why = why.unwrap_or_else(|| "the load generator was the limit".to_owned());
            (format!("no verdict on {name}"), why)
        }
    };
    let grounds = [Some(grounds).filter(|grounds| !grounds.is_empty()), confirmation(comparison)];
    Sentence { claim, grounds: grounds.into_iter().flatten().collect::<Vec<_>>().join("; ") }
}

/// What the second run did to the verdict of the first, where there was one.
fn confirmation(comparison: &Comparison) -> Option<String> {
    let first = comparison.first.as_deref()?;
    if comparison.outcome() == Outcome::Regressed {
        return Some("confirmed by a second run".to_owned());
    }
    let figures = strongest(first, &Word::Regressed);
    let figures: Vec<String> = figures.iter().map(|figure| short_of(figure)).collect();
    let looked = match verb(first, &Word::Regressed) {
        "got slower" => "looked slower",
        "lost throughput" => "looked as if throughput was lost",
        "fails more" => "looked as if more failed",
        "went silent" => "looked silent",
        _ => "looked worse",
    };
    let why = if figures.is_empty() { String::new() } else { format!(" ({})", figures.join(", ")) };
    Some(format!("a first run alone {looked}{why}; with a second run that is not confirmed"))
}

/// The change without its interval.
fn short_of(figure: &Figure) -> String {
    short_change(&Figure { interval: None, ..figure.clone() })
}

/// Slower only since the anchor.
fn crept(comparison: &Comparison) -> (String, String) {
    let name = &comparison.name;
    let Some(anchor) = comparison.anchor.as_deref() else {
        return (format!("{name} crept"), String::new());
    };
    let since = anchor_name(anchor);
    let now = match comparison.verdict {
        Verdict::Improved => "better than the baseline",
        Verdict::Unchanged => "unchanged since the baseline",
        _ => "inconclusive since the baseline",
    };
    let (figures, rows) = (figures_text(anchor, &Word::Regressed), rows_text(anchor, &Word::Regressed));
    (format!("{name} crept"), format!("{figures} since {since}, {rows}, though it is {now}"))
}

/// `the anchor of 2026-01-02`, without how many sessions it has.
pub(in crate::output) fn anchor_name(anchor: &Comparison) -> &str {
    anchor.old.split_once(", ").map_or(anchor.old.as_str(), |(name, _)| name)
}

/// The rows of the module itself that were compared.
fn own_rows(comparison: &Comparison) -> impl Iterator<Item = &RowComparison> {
    comparison.rows.iter().filter(|row| row.state == RowState::Compared && !is_total(row))
}

/// `k of n rows`, those that `has` picks.
fn of_rows(comparison: &Comparison, has: impl Fn(usize, &RowComparison) -> bool) -> String {
    let own = || {
        let rows = comparison.rows.iter().enumerate();
        rows.filter(|(_, row)| row.state == RowState::Compared && !is_total(row))
    };
    let (all, found) = (own().count(), own().filter(|(index, row)| has(*index, row)).count());
    if found == 0 && all > 0 {
        return "all rows together, though no single one".to_owned();
    }
    format!("{found} of {}", count(all, "row"))
}

/// The strongest figure of each metric that is called `word`, in the order of reports.
pub(in crate::output) fn strongest<'a>(comparison: &'a Comparison, word: &Word) -> Vec<&'a Figure> {
    let strength = |figure: &Figure| {
        let change = figure.change.unwrap_or_default();
        let worse = if figure.metric == Metric::Rate { -change } else { change };
        if *word == Word::Improved { -worse } else { worse }
    };
    let of_metric = |metric: Metric| {
        let figures = comparison.rows.iter().flat_map(|row| row.called(word));
        figures.filter(|figure| figure.metric == metric).max_by(|a, b| strength(a).total_cmp(&strength(b)))
    };
    METRICS.into_iter().filter_map(of_metric).collect()
}

/// `p50 +21 % (+5 to +38 %), 1 of 2 rows`.
fn changes(comparison: &Comparison, word: &Word) -> String {
    let rows = rows_text(comparison, word);
    if *word == Word::Regressed && verb(comparison, word) == "went silent" {
        return format!("hardly a request ended in {rows}");
    }
    format!("{}, {rows}", figures_text(comparison, word))
}

/// How many rows have a figure that is called `word`.
fn rows_text(comparison: &Comparison, word: &Word) -> String {
    of_rows(comparison, |_, row| row.called(word).next().is_some())
}

/// `p50 +21 % (+5 to +38 %)`; of several rows the strongest change of each metric.
fn figures_text(comparison: &Comparison, word: &Word) -> String {
    let figures: Vec<String> = strongest(comparison, word).into_iter().map(short_change).collect();
    let figures = figures.join(", ");
    let rows = own_rows(comparison).filter(|row| row.called(word).next().is_some()).count();
    match word {
        _ if rows < 2 => figures,
        Word::Improved => format!("{figures} at best"),
        _ => format!("{figures} at worst"),
    }
}

/// What the figures that are called `word` have in common.
fn verb(comparison: &Comparison, word: &Word) -> &'static str {
    let rows: Vec<&RowComparison> =
        comparison.rows.iter().filter(|row| row.called(word).next().is_some()).collect();
    let all = |these: &[Metric]| {
        rows.iter().flat_map(|row| row.called(word)).all(|figure| these.contains(&figure.metric))
    };
    let better = *word == Word::Improved;
    if !better && !rows.is_empty() && rows.iter().all(|row| row.is_silent() || is_total(row)) {
        "went silent"
    } else if all(&[Metric::Failures]) {
        if better { "fails less" } else { "fails more" }
    } else if all(&[Metric::Rate]) {
        if better { "got more throughput" } else { "lost throughput" }
    } else if all(&[Metric::Average, Metric::P50, Metric::P95, Metric::P99]) {
        if better { "got faster" } else { "got slower" }
    } else if better {
        "got better"
    } else {
        "got worse"
    }
}

/// What "unchanged" excludes: a slowdown by the margin of the median, or of the average that stands in for it.
fn excluded(comparison: &Comparison) -> String {
    let level = |metric| {
        let rows = own_rows(comparison)
            .filter(|row| row.figure(metric).is_some_and(|figure| figure.word == Word::Unchanged))
            .count();
        (rows > 0).then_some((metric, rows))
    };
    let levels: Vec<(Metric, usize)> = [Metric::P50, Metric::Average].into_iter().filter_map(level).collect();
    let texts: Vec<String> = levels
        .iter()
        .map(|(metric, rows)| {
            let name = if *metric == Metric::P50 { "median" } else { "average" };
            let margin = percent(comparison.rules.margin.of(*metric));
            format!("a slowdown of the {name} by {margin} or more is excluded in {}", count(*rows, "row"))
        })
        .collect();
    listed(&texts)
}

/// Why no clear word could be said, the weightiest reason first.
fn inconclusive(comparison: &Comparison) -> String {
    let doubts = &comparison.doubts;
    let mut reasons = Vec::new();
    if doubts.contains(&Doubt::Unsteady) {
        reasons.push("the run never became steady".to_owned());
    }
    if doubts.contains(&Doubt::TooShort) {
        reasons.push("too little of the run is left after its warm-up".to_owned());
    }
    reasons.extend(unpaired(comparison));
    reasons.extend(undecided(comparison));
    reasons.extend(suspicious(comparison));
    if reasons.is_empty() {
        reasons.push("no figure could be decided".to_owned());
    }
    reasons.join("; ")
}

/// `1 row is new, 2 rows are gone`.
fn unpaired(comparison: &Comparison) -> Option<String> {
    let text = |word: &str, is: fn(&RowState) -> bool| {
        let rows = comparison.rows.iter().filter(|row| is(&row.state)).count();
        let are = if rows == 1 { "is" } else { "are" };
        (rows > 0).then(|| format!("{} {are} {word}", count(rows, "row")))
    };
    let texts = [
        text("new", |state| *state == RowState::New),
        text("gone", |state| *state == RowState::Gone),
        text("not comparable", |state| matches!(state, RowState::NotComparable(_))),
    ];
    let texts: Vec<String> = texts.into_iter().flatten().collect();
    (!texts.is_empty()).then(|| texts.join(", "))
}

fn undecided(comparison: &Comparison) -> Option<String> {
    let cells: Vec<(usize, Metric)> = comparison
        .doubts
        .iter()
        .filter_map(|doubt| match doubt {
            Doubt::Undecided(row, metric) => Some((*row, *metric)),
            _ => None,
        })
        .collect();
    if cells.is_empty() {
        return None;
    }
    let rows = of_rows(comparison, |index, _| cells.iter().any(|(row, _)| *row == index));
    let judged = cells.iter().any(|(row, metric)| {
        let figure = comparison.rows.get(*row).and_then(|row| row.figure(*metric));
        figure.is_some_and(|figure| figure.word == Word::Inconclusive)
    });
    if !judged {
        return Some(format!("too few requests in {rows}"));
    }
    Some(format!("{} could not be decided in {rows}", metrics(cells.into_iter().map(|(_, metric)| metric))))
}

fn suspicious(comparison: &Comparison) -> Option<String> {
    let tails = comparison.doubts.iter().filter_map(|doubt| match doubt {
        Doubt::SuspiciousTail(row, metric) => comparison.rows.get(*row)?.figure(*metric),
        _ => None,
    });
    let worst = tails.max_by(|a, b| a.change.unwrap_or_default().total_cmp(&b.change.unwrap_or_default()))?;
    Some(format!("{} looks worse, which may be chance", short_of(worst)))
}

/// Metrics in the order of reports, each once.
pub(in crate::output) fn metrics(found: impl Iterator<Item = Metric>) -> String {
    let found: Vec<Metric> = found.collect();
    let names: Vec<String> = METRICS
        .into_iter()
        .filter(|metric| found.contains(metric))
        .map(|metric| metric.to_string())
        .collect();
    listed(&names)
}

/// Why no row was compared: what all rows have in common, if they do.
fn incomparable(comparison: &Comparison) -> String {
    let mut reasons: Vec<String> = comparison
        .rows
        .iter()
        .map(|row| match &row.state {
            RowState::NotComparable(differences) => differences_text(differences),
            _ => String::new(),
        })
        .collect();
    reasons.dedup();
    match &reasons[..] {
        [reason] if !reason.is_empty() => reason.clone(),
        _ => "no row has a counterpart that it may be compared with".to_owned(),
    }
}
