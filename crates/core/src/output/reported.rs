//! What the modules of one call come to, as the reports in files show it.

use crate::compare::{Comparison, LimitState, Outcome};
use crate::output::comparison::sentence::{Sentence, sentence};

/// What one module comes to.
#[derive(Clone, Debug, PartialEq)]
pub struct ModuleReport {
    /// The module's name.
    pub name: String,
    /// What it comes to in a few words: `regressed`, `no baseline yet`.
    pub word: String,
    /// The exit code that it alone asks for.
    pub exit: ExitMeaning,
    /// The comparison, where there was one.
    pub comparison: Option<Comparison>,
    /// An inconclusive comparison fails (`--inconclusive fail`).
    pub inconclusive_fails: bool,
    /// What became of its limits.
    pub limits: Vec<LimitReport>,
}

/// An exit code and what it stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExitMeaning {
    /// The code.
    pub code: u8,
    /// In a few words.
    pub meaning: String,
}

/// What became of a limit for a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitReport {
    /// The row: method and name.
    pub row: String,
    /// The limit as it is written: `p95 < 300ms`.
    pub limit: String,
    /// Whether it was kept.
    pub state: LimitState,
    /// What was found, for people.
    pub text: String,
}

/// What a reader has to do about a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// Nothing.
    Good,
    /// Look at it: the comparison is inconclusive, or a limit undecided, but it does not fail.
    Doubtful,
    /// It fails.
    Bad,
}

impl ModuleReport {
    /// What it comes to in one sentence.
    pub(super) fn sentence(&self) -> Sentence {
        match &self.comparison {
            Some(comparison) => sentence(comparison),
            None => Sentence { claim: self.name.clone(), grounds: self.word.clone() },
        }
    }

    /// What the sentence does not say: why the module fails although its comparison does not.
    pub(super) fn reservation(&self) -> Option<String> {
        let said = match self.comparison.as_ref().map(Comparison::outcome) {
            None | Some(Outcome::Regressed | Outcome::NothingComparable | Outcome::GeneratorLimited) => true,
            Some(Outcome::Inconclusive) => self.inconclusive_fails || self.exit.code == 0,
            Some(Outcome::Improved | Outcome::Unchanged) => self.exit.code == 0,
        };
        (!said).then(|| format!("exit code {}: {}", self.exit.code, self.word))
    }

    pub(super) fn standing(&self) -> Standing {
        let outcome = self.comparison.as_ref().map(Comparison::outcome);
        let undecided = self.limits.iter().any(|limit| limit.state == LimitState::NotEnough);
        match outcome {
            _ if self.exit.code != 0 => Standing::Bad,
            Some(Outcome::Inconclusive) => Standing::Doubtful,
            _ if undecided => Standing::Doubtful,
            _ => Standing::Good,
        }
    }
}
