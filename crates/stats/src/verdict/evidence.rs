//! What is known about the rows of two versions of a server: sessions of runs, or pairs of runs.

use crate::Metric;
use crate::cell::Cell;

/// The runs of one occasion, as far as one row is concerned.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Session {
    /// Tells which sessions of different rows are the same occasion.
    pub id: usize,
    /// What its runs know, at least one.
    pub runs: Vec<Cell>,
}

/// A row that is compared with stored sessions.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stored {
    /// The sessions of the current epoch, oldest first.
    pub baseline: Vec<Session>,
    /// Those of other epochs, oldest first: only the spread inside each of them counts.
    pub earlier: Vec<Vec<Session>>,
    /// The sessions that are judged; usually one.
    pub candidate: Vec<Session>,
    /// Where the baseline is a CSV: what its rounding hides.
    pub rounding: Option<Rounding>,
}

/// A row of two versions that were measured in turns.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Paired {
    /// (A, B) of each pair, in the order of time.
    pub pairs: Vec<(Cell, Cell)>,
}

/// What is known about a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Evidence {
    /// Stored sessions.
    Stored(Stored),
    /// Pairs.
    Paired(Paired),
}

/// One row of a report.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// It is all rows together ("Aggregated"), which is no row of its own in the relative test.
    pub aggregated: bool,
    /// What is known about it.
    pub evidence: Evidence,
}

/// How far the true figure may lie from a rounded one, on the logarithmic scale, both at least 0
/// (docs/statistics.md 3.13).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Slack {
    /// By how much the change may really be smaller than it looks.
    pub low: f64,
    /// By how much it may really be larger.
    pub high: f64,
}

/// What the rounding of a CSV means for each metric.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rounding {
    /// Of the median.
    pub p50: Slack,
    /// Of the 95 % quantile.
    pub p95: Slack,
    /// Of the 99 % quantile.
    pub p99: Slack,
    /// The median is so coarse that the average, which is printed exactly, is judged instead.
    pub average_instead: bool,
}

impl Rounding {
    /// The slack of a metric; none for figures that are printed exactly.
    #[must_use]
    pub fn of(&self, metric: Metric) -> Slack {
        match metric {
            Metric::P50 => self.p50,
            Metric::P95 => self.p95,
            Metric::P99 => self.p99,
            Metric::Average | Metric::Rate | Metric::Failures => Slack::default(),
        }
    }
}

impl Evidence {
    /// All runs before the change.
    pub(super) fn before(&self) -> Vec<&Cell> {
        match self {
            Self::Stored(stored) => stored.baseline.iter().flat_map(|session| &session.runs).collect(),
            Self::Paired(paired) => paired.pairs.iter().map(|(before, _)| before).collect(),
        }
    }

    /// All runs that are judged.
    pub(super) fn after(&self) -> Vec<&Cell> {
        match self {
            Self::Stored(stored) => stored.candidate.iter().flat_map(|session| &session.runs).collect(),
            Self::Paired(paired) => paired.pairs.iter().map(|(_, after)| after).collect(),
        }
    }

    /// Stored sessions of all epochs.
    pub(super) fn sessions(&self) -> usize {
        match self {
            Self::Stored(stored) => {
                stored.baseline.len() + stored.earlier.iter().map(Vec::len).sum::<usize>()
            }
            Self::Paired(_) => 0,
        }
    }

    /// What rounding hides.
    pub(super) fn rounding(&self) -> Option<&Rounding> {
        match self {
            Self::Stored(stored) => stored.rounding.as_ref(),
            Self::Paired(_) => None,
        }
    }

    /// The metrics that are judged, in the order of reports.
    pub(super) fn metrics(&self) -> [Metric; 5] {
        let level = match self.rounding() {
            Some(rounding) if rounding.average_instead => Metric::Average,
            _ => Metric::P50,
        };
        [level, Metric::P95, Metric::P99, Metric::Rate, Metric::Failures]
    }
}
