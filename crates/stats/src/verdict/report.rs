//! What a comparison found: verdicts, and every number on the way to them.

use crate::Metric;
use crate::verdict::Slack;

/// What may be said of a figure, or of a whole report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// Worse, beyond the floor and beyond chance.
    Regressed,
    /// Better, beyond the floor and beyond chance.
    Improved,
    /// A change as large as the margin is excluded.
    Unchanged,
    /// None of these can be said.
    Inconclusive,
}

/// What a comparison found.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// What may be said of all of it.
    pub verdict: Verdict,
    /// In the order of the rows that were judged.
    pub rows: Vec<RowReport>,
    /// What stands between the report and a clear verdict; also given when it is red.
    pub doubts: Vec<Doubt>,
}

/// What was found about one row.
#[derive(Clone, Debug, PartialEq)]
pub struct RowReport {
    /// The metrics that were looked at, in the order of reports.
    pub figures: Vec<Judged>,
    /// It does not make the report inconclusive: it has less than 1 % of the requests, or it is all rows together,
    /// whose median lies between those of rows of different speed and moves with the mixture.
    pub minor: bool,
}

/// Why a report says less than its figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// Figures of these rows could not be decided: index of the row, metric.
    Undecided(usize, Metric),
    /// A tail looks worse by more than the floor, but not beyond chance: index of the row, metric.
    SuspiciousTail(usize, Metric),
    /// The run never became steady.
    Unsteady,
    /// Too little of the run is left after its warm-up.
    TooShort,
    /// The generator was the limit.
    Limited,
    /// Rows exist on one side only, or must not be compared.
    Unpaired,
}

/// One figure of one row.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// Which.
    pub metric: Metric,
    /// What may be said of it.
    pub outcome: Outcome,
    /// The reckoning of a latency or of a throughput that was judged.
    pub change: Option<Change>,
    /// The reckoning of failures that were judged.
    pub failures: Option<FailureChange>,
}

/// What may be said of a figure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Outcome {
    /// It was judged.
    Judged(Verdict),
    /// It was not.
    NotJudged(NotJudged),
}

/// Why a figure was not judged (docs/statistics.md 3.11).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum NotJudged {
    /// Too few requests on one side: (before, after), at least so many needed.
    TooFewRequests {
        /// The fewest of a run before.
        before: u64,
        /// The fewest of a run after.
        after: u64,
        /// Needed in each.
        needed: u64,
    },
    /// Too few independent requests beyond the quantile.
    TooFewBeyond {
        /// How many there are.
        found: f64,
        /// How many are needed.
        needed: f64,
    },
    /// The run is shorter than six slices.
    TooShort,
    /// One side has no value: no success, or a latency of zero.
    NoValue,
}

/// A place among the p values of a family (docs/statistics.md 3.12).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rank {
    /// The p value.
    pub p: f64,
    /// Its place in ascending order, from 1.
    pub rank: usize,
    /// How many there are.
    pub family: usize,
    /// The rate of false discoveries of the family.
    pub q: f64,
    /// It is among those that chance does not explain.
    pub rejected: bool,
}

/// The reckoning of a latency or a throughput.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    /// The change d; positive is worse.
    pub difference: f64,
    /// What rounding hides of it.
    pub slack: Slack,
    /// Its standard error.
    pub error: f64,
    /// Degrees of freedom of that error.
    pub freedom: f64,
    /// The 95 % interval of the change, not adjusted for the number of figures.
    pub interval: (f64, f64),
    /// What the change is below with 95 % confidence.
    pub upper: f64,
    /// Could it look so bad by chance.
    pub worse: Rank,
    /// Could it look so good by chance.
    pub better: Rank,
    /// The test against the other rows, where there are enough of them.
    pub relative: Option<Relative>,
    /// The change (a share, such as 0.21) that a comparison like this one sees in about four of five cases.
    pub visible: f64,
    /// What the error is made of.
    pub parts: Parts,
    /// The verdict of the figures alone was taken back, because the generator was the limit.
    pub limited: bool,
}

/// The test relative to the median of all rows (docs/statistics.md 3.9).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Relative {
    /// The change beyond that of the other rows.
    pub difference: f64,
    /// Its standard error.
    pub error: f64,
    /// Could it look so bad by chance.
    pub worse: Rank,
    /// Could it look so good by chance.
    pub better: Rank,
}

/// What a standard error is made of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Parts {
    /// Stored sessions (docs/statistics.md 3.7).
    Stored {
        /// Sessions of the current epoch, K.
        sessions: usize,
        /// Sessions that are judged, L.
        candidates: usize,
        /// Degrees of freedom that all epochs add, f.
        freedom: f64,
        /// The noise expected beforehand, sigma0.
        sigma: f64,
        /// The squared deviations of all sessions from the means of their epochs, SS.
        squares: f64,
        /// Variance of one session's value, S2.
        variance: f64,
        /// That part of it which lies between sessions.
        between: f64,
        /// That part which lies inside the stored sessions, wb2.
        within: f64,
        /// The variance inside the judged sessions, wc2.
        within_candidate: f64,
    },
    /// Interleaved pairs (docs/statistics.md 3.8).
    Pairs {
        /// How many, m.
        pairs: usize,
        /// The variance expected beforehand, pi0.
        prior: f64,
        /// The squared deviations of the pairs' differences from their mean.
        squares: f64,
        /// Variance of one pair's difference, S2.
        variance: f64,
    },
}

/// The reckoning of failures (docs/statistics.md 3.10).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FailureChange {
    /// (failures, requests) before.
    pub before: (u64, u64),
    /// (failures, requests) after.
    pub after: (u64, u64),
    /// The difference of the ratios; positive is worse.
    pub difference: f64,
    /// By how much failures come in clusters, D: each counts for one D-th.
    pub clustering: f64,
    /// Could there be so many by chance.
    pub worse: Rank,
    /// Could there be so few by chance.
    pub better: Rank,
    /// The p value of "more" were failures independent.
    pub independent: f64,
    /// What the difference is below with 95 % confidence.
    pub upper: f64,
}

impl Report {
    /// The figures of all rows that came to `verdict`: (index of the row, figure).
    pub fn found(&self, verdict: Verdict) -> impl Iterator<Item = (usize, &Judged)> {
        let figures = self.rows.iter().enumerate();
        figures
            .flat_map(|(row, report)| report.figures.iter().map(move |figure| (row, figure)))
            .filter(move |(_, figure)| figure.outcome == Outcome::Judged(verdict))
    }
}

impl RowReport {
    /// The figure of a metric.
    #[must_use]
    pub fn figure(&self, metric: Metric) -> Option<&Judged> {
        self.figures.iter().find(|figure| figure.metric == metric)
    }
}

impl Judged {
    /// Whether it was judged and came to `verdict`.
    #[must_use]
    pub fn is(&self, verdict: Verdict) -> bool {
        self.outcome == Outcome::Judged(verdict)
    }
}
