//! What a run of a module comes to: its exit code, in a word, and whether it may be a baseline.
//!
//! The comparison itself is the library's; here stands what follows from it.

use windtunnel_core::compare::{
    Baseline, Comparison, LimitResult, LimitState, Outcome, Settings, Side, compare, judge_limits,
};
use windtunnel_core::suite::Limit;
use windtunnel_core::summary::line;
use windtunnel_core::summary::{Ending, RunRecord};

use crate::exit::Exit;
use crate::settings::Doubts;

/// What a run of a module comes to.
#[derive(Debug)]
pub(super) struct Judgement {
    /// The exit code that it asks for.
    pub(super) exit: Exit,
    /// Why, in a few words.
    pub(super) word: String,
    /// The comparison with the baseline, where there was one and the run was not interrupted.
    pub(super) comparison: Option<Comparison>,
    /// Why the run may not become a baseline, if it may not.
    pub(super) rejected: Option<String>,
    /// Why it would have been rejected without `--force`.
    pub(super) forced: Option<String>,
    /// The run that was made because the first one looked worse, where both were judged.
    pub(super) second: Option<RunRecord>,
    /// What became of the module's limits.
    pub(super) limits: Vec<LimitResult>,
}

impl Judgement {
    /// That of a run which was interrupted.
    pub(super) fn interrupted() -> Self {
        rejected(Exit::Interrupted, "interrupted", None)
    }

    /// The same, with what became of the limits of the run, the first one where there were two. A missed limit asks
    /// for the exit code of a regression and keeps no result from being written.
    pub(super) fn with_limits(mut self, record: &RunRecord, limits: &[Limit], doubts: Doubts) -> Self {
        let limited = line::limited(record).filter(|_| !doubts.force);
        self.limits = judge_limits(record, limits, limited.as_deref());
        let worst = self.limits.iter().map(|result| result.state).max();
        let those: Vec<&str> = self
            .limits
            .iter()
            .filter(|result| Some(result.state) == worst)
            .map(|result| result.limit.text.as_str())
            .collect();
        let those = those.join(", ");
        match worst {
            Some(LimitState::Missed) => {
                self.exit = self.exit.max(Exit::Regression);
                self.word = format!("{}; limits missed: {those}", self.word);
            }
            Some(LimitState::NotEnough) => {
                if doubts.inconclusive_fails {
                    self.exit = self.exit.max(Exit::NoVerdict);
                }
                self.word = format!("{}; not enough evidence for limits: {those}", self.word);
            }
            Some(LimitState::Kept) | None => {}
        }
        self
    }
}

/// Judges the runs of one session: the one, or also a second that was made because the first looked worse.
pub(super) fn judge(
    records: &[&RunRecord],
    baseline: Option<&Baseline>,
    settings: &Settings,
    doubts: Doubts,
) -> Judgement {
    if records.iter().any(|record| record.ending != Some(Ending::Complete)) {
        return Judgement::interrupted();
    }
    if records.iter().any(|record| record.total.requests == 0) {
        return rejected(Exit::NoVerdict, "nothing was measured: no request ended", None);
    }
    let mut sides: Vec<Side> = records.iter().map(|record| Side::from_record(record)).collect();
    let limited = sides.iter().find_map(|side| side.limited.clone());
    if doubts.force {
        for side in &mut sides {
            side.limited = None;
        }
    }
    let comparison = baseline.map(|baseline| compare(baseline, &sides, settings));
    let (mut exit, mut word) = match &comparison {
        Some(comparison) => of_comparison(comparison, doubts),
        None if records.iter().any(|record| record.total.failures > 0) => uncovered("no baseline yet"),
        None => (Exit::Success, "no baseline yet".to_owned()),
    };
    if records.iter().any(|record| !record.exceptions.is_empty()) && exit < Exit::RequestsFailed {
        exit = Exit::RequestsFailed;
        word = format!("{word}; templates failed");
    }
    match &limited {
        Some(limited) if !doubts.force => {
            let exit = exit.max(Exit::NoVerdict);
            rejected(exit, &format!("the load generator was the limit: {limited}"), comparison)
        }
        _ => Judgement {
            exit,
            word,
            comparison,
            rejected: None,
            forced: limited,
            second: None,
            limits: Vec::new(),
        },
    }
}

/// The exit code of a comparison, and why.
pub(in crate::command) fn of_comparison(comparison: &Comparison, doubts: Doubts) -> (Exit, String) {
    let (exit, word) = match comparison.outcome() {
        Outcome::Regressed => (Exit::Regression, "regressed"),
        Outcome::Improved => (Exit::Success, "improved"),
        Outcome::Unchanged => (Exit::Success, "unchanged"),
        Outcome::Inconclusive if doubts.inconclusive_fails => (Exit::NoVerdict, "inconclusive"),
        Outcome::Inconclusive => (Exit::Success, "inconclusive"),
        Outcome::NothingComparable => (Exit::NoVerdict, "nothing is comparable with the baseline"),
        Outcome::GeneratorLimited => (Exit::NoVerdict, "the load generator was the limit"),
    };
    if exit < Exit::RequestsFailed && !comparison.failures_covered() {
        return uncovered(word);
    }
    (exit, word.to_owned())
}

/// What a run otherwise comes to, and requests failed.
fn uncovered(word: &str) -> (Exit, String) {
    (Exit::RequestsFailed, format!("{word}; requests failed that no baseline expects"))
}

fn rejected(exit: Exit, reason: &str, comparison: Option<Comparison>) -> Judgement {
    Judgement {
        exit,
        word: reason.to_owned(),
        comparison,
        rejected: Some(reason.to_owned()),
        forced: None,
        second: None,
        limits: Vec::new(),
    }
}
