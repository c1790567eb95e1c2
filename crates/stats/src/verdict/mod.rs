//! Did a server get worse: sessions of one version against sessions of another, and what may be said of it.
//!
//! The run, not the request, is the unit of evidence: runs of one and the same server differ by more than their
//! requests explain. The formulas stand in docs/statistics.md, whose sections are cited here; docs/verdict.md
//! explains them without statistics. All logarithms are natural, and worse is always the positive direction.
//! No rows' names, no files and no words for people here: whoever compares runs pairs rows and tells the result.

pub mod advice;
pub mod csv;
mod csv_figures;
mod evidence;
mod failures;
mod judge;
mod measured;
mod multiplicity;
mod pairs;
mod relative;
mod report;
mod rules;
mod samples;
mod stored;
#[cfg(test)]
mod testing;

pub use csv_figures::CsvFigures;
pub use evidence::{Evidence, Paired, Rounding, Row, Session, Slack, Stored};
pub use failures::compare_failures;
pub use judge::judge;
pub use measured::{Measured, MeasuredNoise};
pub use report::{
    Change, Doubt, FailureChange, Judged, NotJudged, Outcome, Parts, Rank, Relative, Report, RowReport,
    Verdict,
};
pub use rules::{Noise, PerMetric, Rules};
