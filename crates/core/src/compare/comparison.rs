//! What a comparison found, row by row, as reports need it: every number is here, so that they compute none.

use windtunnel_stats::Metric;
use windtunnel_stats::verdict::advice::{Advice, advise};
use windtunnel_stats::verdict::{Doubt, Judged, Rules, Verdict};

use super::Side;

/// Which requests are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// Successes in the verdict's window; both sides know it.
    Window,
    /// All requests of the whole run, failures included, rounded as Locust rounds: a side is a CSV.
    WholeRun,
}

/// How the two sides were measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Against stored sessions, so many of the epoch.
    Stored {
        /// Sessions of the epoch.
        sessions: usize,
    },
    /// In interleaved pairs of runs, so many.
    Pairs {
        /// Pairs.
        pairs: usize,
    },
}

/// Two versions of a server, row by row.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// What is compared, for people: a module, or a file.
    pub name: String,
    /// The old side, for people.
    pub old: String,
    /// The new side, for people.
    pub new: String,
    /// Which requests are compared.
    pub basis: Basis,
    /// How the sides were measured.
    pub method: Method,
    /// The rows of the new side in its order, then all of them together where there are several, then those that
    /// are gone.
    pub rows: Vec<RowComparison>,
    /// What the judged figures come to; see [`outcome`](Self::outcome).
    pub verdict: Verdict,
    /// What stands between the figures and a clear verdict; the rows are indexes into `rows`.
    pub doubts: Vec<Doubt>,
    /// What else is to be known: changed data, duration, machine; what was used instead of a baseline.
    pub notes: Vec<String>,
    /// Why the new run's generator was the limit, if it was. Nothing but failures is judged then.
    pub limited: Option<String>,
    /// The constants that were used.
    pub rules: Rules,
    /// The same new side against the anchor, where that says something else than the current epoch.
    pub anchor: Option<Box<Comparison>>,
    /// Where the new side was measured a second time because it looked worse: what the first time alone said.
    pub first: Option<Box<Comparison>>,
}

/// What a comparison comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Something got worse, since the baseline or since the anchor.
    Regressed,
    /// Something got better, and nothing worse.
    Improved,
    /// Neither, and a change as large as the margins is excluded.
    Unchanged,
    /// Something could not be decided.
    Inconclusive,
    /// No row has a counterpart that it may be compared with.
    NothingComparable,
    /// The generator was the limit, so that nothing can be said of the server; failures did not get worse.
    GeneratorLimited,
}

/// One row on both sides.
#[derive(Clone, Debug, PartialEq)]
pub struct RowComparison {
    /// The method; empty for all rows together.
    pub method: String,
    /// The row's name; `Aggregated` for all rows together.
    pub name: String,
    /// Whether it was compared at all.
    pub state: RowState,
    /// One for each of [`METRICS`](super::METRICS) where the row is compared; else empty.
    pub figures: Vec<Figure>,
    /// Its data is not what it was.
    pub data_changed: bool,
    /// (requests, failures) of the whole newest old run; of all old runs that were made in turns.
    pub old_counts: Option<(u64, u64)>,
    /// (requests, failures) of the whole new runs.
    pub new_counts: Option<(u64, u64)>,
}

/// What became of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowState {
    /// It is on both sides and was compared.
    Compared,
    /// It has no counterpart on the old side.
    New,
    /// It has no counterpart on the new side.
    Gone,
    /// It is on both sides, but something that must be equal is not.
    NotComparable(Vec<Difference>),
}

/// Something that must be equal and is not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What: `users`, `body`, `wait` ...
    pub what: String,
    /// On the old side.
    pub old: String,
    /// On the new side.
    pub new: String,
}

/// One figure on both sides.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// Which.
    pub metric: Metric,
    /// On the old side: milliseconds, requests a second, or a share of failures; none where there is no value. Of
    /// several sessions their mean (of logarithms).
    pub old: Option<f64>,
    /// On the new side.
    pub new: Option<f64>,
    /// `new / old - 1`, where that is a number; of failures `new - old`.
    pub change: Option<f64>,
    /// The 95 % interval of `change`, lower end first; none of failures and of what was not judged.
    pub interval: Option<(f64, f64)>,
    /// What it means.
    pub word: Word,
    /// The reckoning; none of a figure that is only shown.
    pub judged: Option<Judged>,
}

/// What a change means, by the direction of its metric.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word {
    /// Better, beyond the floor and beyond chance.
    Improved,
    /// Worse, beyond the floor and beyond chance.
    Regressed,
    /// A change as large as the margin is excluded.
    Unchanged,
    /// None of these can be said.
    Inconclusive,
    /// Nothing can be said; why.
    NotJudged(String),
    /// It is for people to read and not judged.
    Shown,
}

impl From<Verdict> for Word {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Improved => Self::Improved,
            Verdict::Regressed => Self::Regressed,
            Verdict::Unchanged => Self::Unchanged,
            Verdict::Inconclusive => Self::Inconclusive,
        }
    }
}

impl Comparison {
    /// What it comes to, the anchor included.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        let comparable = self.rows.iter().any(|row| row.state == RowState::Compared);
        if self.verdict == Verdict::Regressed || self.crept() {
            Outcome::Regressed
        } else if !comparable {
            Outcome::NothingComparable
        } else if self.limited.is_some() {
            Outcome::GeneratorLimited
        } else {
            match self.verdict {
                Verdict::Regressed => Outcome::Regressed,
                Verdict::Improved => Outcome::Improved,
                Verdict::Unchanged => Outcome::Unchanged,
                Verdict::Inconclusive => Outcome::Inconclusive,
            }
        }
    }

    /// Whether it is red only since the anchor: nothing got worse since the baseline, but it added up.
    #[must_use]
    pub fn crept(&self) -> bool {
        let since_anchor = self.anchor.as_ref().is_some_and(|anchor| anchor.verdict == Verdict::Regressed);
        since_anchor && self.verdict != Verdict::Regressed
    }

    /// Whether every row of the new run that has failures has a baseline with as many: see
    /// [`RowComparison::failures_covered`]. True where nothing failed.
    #[must_use]
    pub fn failures_covered(&self) -> bool {
        self.rows.iter().all(RowComparison::failures_covered)
    }

    /// For each figure that could not be decided, in the order of the doubts, what would decide it: index of the
    /// row, metric, advice.
    #[must_use]
    pub fn advice(&self) -> Vec<(usize, Metric, Advice)> {
        let undecided = self.doubts.iter().filter_map(|doubt| match doubt {
            Doubt::Undecided(row, metric) | Doubt::SuspiciousTail(row, metric) => Some((*row, *metric)),
            _ => None,
        });
        undecided
            .filter_map(|(row, metric)| {
                let change = self.rows.get(row)?.figure(metric)?.judged.as_ref()?.change?;
                Some((row, metric, advise(&change, metric, &self.rules)))
            })
            .collect()
    }
}

impl RowComparison {
    /// The figure of a metric.
    #[must_use]
    pub fn figure(&self, metric: Metric) -> Option<&Figure> {
        self.figures.iter().find(|figure| figure.metric == metric)
    }

    /// The figures that are called `word`.
    pub fn called(&self, word: &Word) -> impl Iterator<Item = &Figure> {
        self.figures.iter().filter(move |figure| figure.word == *word)
    }

    /// Whether hardly a request ended in the new run where many were to be expected.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        let rate = self.figure(Metric::Rate);
        rate.is_some_and(|figure| {
            figure.word == Word::Regressed
                && figure.judged.as_ref().is_some_and(|judged| judged.change.is_none())
        })
    }

    /// Whether the new run's failures in this row are known from its baseline: nothing failed, or requests failed
    /// there too and their share did not get worse.
    #[must_use]
    pub fn failures_covered(&self) -> bool {
        let Some((requests, failures)) = self.new_counts.filter(|(_, failures)| *failures > 0) else {
            return true;
        };
        let (Some((old_requests, old_failures)), RowState::Compared) =
            (self.old_counts.filter(|(_, failures)| *failures > 0), &self.state)
        else {
            return false;
        };
        match self.figure(Metric::Failures).map(|figure| &figure.word) {
            Some(Word::Improved | Word::Unchanged) => true,
            Some(Word::Regressed) => false,
            // a / b <= c / d without division
            Some(Word::Inconclusive | Word::NotJudged(_) | Word::Shown) | None => {
                u128::from(failures) * u128::from(old_requests)
                    <= u128::from(old_failures) * u128::from(requests)
            }
        }
    }

    /// The method and the name in one text, for people.
    #[must_use]
    pub fn title(&self) -> String {
        if self.method.is_empty() { self.name.clone() } else { format!("{} {}", self.method, self.name) }
    }
}

/// The title of the new side.
pub(super) fn title_of(sides: &[Side]) -> String {
    match sides {
        [one] => one.title(),
        _ => sides.iter().map(|side| side.label.clone()).collect::<Vec<_>>().join(" and "),
    }
}
