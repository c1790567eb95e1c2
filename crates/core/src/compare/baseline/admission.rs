//! What becomes of a new run that takes the place of a baseline's CSV: it opens an epoch, joins the current one as
//! evidence, or waits for somebody to decide. Decides from the verdict and stamps the lines; writes nothing.

use super::{Epoch, History};
use crate::compare::comparison::{Basis, Comparison, Outcome};
use crate::summary::line::{Line, RunLine};

/// What became of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Admission {
    /// What it is now.
    pub became: Became,
    /// An earlier run of its epoch that was made on the same occasion, so that both count as one session.
    pub same_occasion: Option<String>,
    /// The run that was judged together with it, if there was one: what it became holds for both.
    pub second: Option<String>,
    /// What has to stand in the runs file beside the lines of the runs: a new epoch follows all that no other follows,
    /// as after a merge of branches that each opened one, and a line of a run names only one of them.
    pub beside: Vec<Line>,
}

/// What a run is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Became {
    /// It opened an epoch, whose id is the run's.
    Epoch {
        /// Why.
        why: Opening,
        /// The epoch before it.
        parent: Option<String>,
        /// The epoch that is the anchor, where it is another one.
        anchor: Option<String>,
    },
    /// It is evidence of the current epoch.
    Evidence {
        /// The epoch.
        epoch: String,
        /// Its sessions, this one included.
        sessions: usize,
    },
    /// It is in the runs file, and no evidence until somebody decides so.
    Waiting(Waiting),
}

/// Why an epoch was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    /// There was no baseline.
    First,
    /// The baseline was only a CSV.
    Csv,
    /// Something got worse, and whoever ran it wants that for a baseline.
    Regressed,
    /// Something got better.
    Improved,
    /// Nothing can be compared with the epoch before.
    Incomparable,
}

/// Why a run is no evidence yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Waiting {
    /// Whether something changed could not be decided.
    Inconclusive,
    /// It is too short to say how it varies: nothing could be judged beside it.
    TooShort,
    /// Nothing changed, but it is another build of the server than that of the epoch.
    OtherBuild {
        /// The build of the newest run of the epoch whose build is known.
        known: String,
        /// That of the run.
        new: String,
    },
}

impl Admission {
    fn of(became: Became, same_occasion: Option<String>, runs: &[RunLine]) -> Self {
        let second = runs.get(1).map(|run| run.run.clone());
        Self { became, same_occasion, second, beside: Vec::new() }
    }
}

impl History {
    /// Decides what a run becomes that was asked to be the baseline, and stamps its line; or those of two runs of one
    /// session that were judged together. `comparison` is that with the baseline, where there was one.
    pub fn admit(&self, comparison: Option<&Comparison>, runs: &mut [RunLine]) -> Admission {
        let (Some(comparison), Some(current)) = (comparison, self.baseline().current()) else {
            let why = if comparison.is_some() { Opening::Csv } else { Opening::First };
            return self.open(why, runs);
        };
        if comparison.basis == Basis::WholeRun {
            return self.open(Opening::Csv, runs);
        }
        match comparison.outcome() {
            Outcome::Regressed => self.open(Opening::Regressed, runs),
            Outcome::Improved => self.open(Opening::Improved, runs),
            Outcome::NothingComparable => self.open(Opening::Incomparable, runs),
            Outcome::Inconclusive if runs.iter().any(RunLine::is_short) => self.wait(Waiting::TooShort, runs),
            Outcome::Inconclusive | Outcome::GeneratorLimited => self.wait(Waiting::Inconclusive, runs),
            Outcome::Unchanged => match other_build(current, runs) {
                Some(waiting) => self.wait(waiting, runs),
                None => self.join(current, true, runs),
            },
        }
    }

    /// The same for a run of which somebody says that the server did not change: it is evidence whatever it looks
    /// like. Where there is no epoch, or the baseline in use is only a CSV, it opens one.
    pub fn admit_unchanged(&self, comparison: Option<&Comparison>, runs: &mut [RunLine]) -> Admission {
        let (Some(comparison), Some(current)) = (comparison, self.baseline().current()) else {
            let why = if comparison.is_some() { Opening::Csv } else { Opening::First };
            return self.open(why, runs);
        };
        match comparison.basis {
            Basis::WholeRun => self.open(Opening::Csv, runs),
            Basis::Window if runs.iter().any(RunLine::is_short) => self.wait(Waiting::TooShort, runs),
            Basis::Window => self.join(current, false, runs),
        }
    }

    fn open(&self, why: Opening, runs: &mut [RunLine]) -> Admission {
        let parent = self.baseline().current().map(|epoch| epoch.id.clone());
        let id = runs.first().map(|run| run.run.clone()).unwrap_or_default();
        self.stamp_all(runs, Some(&id), false);
        for run in runs.iter_mut() {
            run.parent.clone_from(&parent);
        }
        // Before it, an epoch that has no parent is the anchor of all that follow.
        let anchor = parent.as_ref().and(self.baseline().anchor.clone());
        let beside = runs.first().into_iter().flat_map(|run| {
            let follows = self.baseline().accepting(&run.run, run.started);
            follows.into_iter().skip(1).map(Line::Change)
        });
        let beside = beside.collect();
        Admission { beside, ..Admission::of(Became::Epoch { why, parent, anchor }, None, runs) }
    }

    fn join(&self, current: &Epoch, joined: bool, runs: &mut [RunLine]) -> Admission {
        self.stamp_all(runs, Some(&current.id), joined);
        let session = runs.first().and_then(|run| run.session.as_deref());
        let same = current.sessions.iter().find(|known| Some(known.id.as_str()) == session);
        let sessions = current.sessions.len() + usize::from(same.is_none());
        let same_occasion = same.and_then(|session| session.runs.last()?.run.clone());
        let became = Became::Evidence { epoch: current.id.clone(), sessions };
        Admission::of(became, same_occasion, runs)
    }

    fn wait(&self, waiting: Waiting, runs: &mut [RunLine]) -> Admission {
        self.stamp_all(runs, None, false);
        Admission::of(Became::Waiting(waiting), None, runs)
    }

    fn stamp_all(&self, runs: &mut [RunLine], epoch: Option<&str>, joined: bool) {
        self.stamp(runs);
        for run in runs {
            run.epoch = epoch.map(str::to_owned);
            run.joined = joined;
        }
    }
}

/// Whether the runs are of a build that none of the epoch's runs is known to be of.
fn other_build(current: &Epoch, runs: &[RunLine]) -> Option<Waiting> {
    let new = runs.iter().find_map(|run| run.env.build.clone())?;
    let mut builds: Vec<(_, &String)> =
        current.runs().filter_map(|side| Some((side.started, side.env.as_ref()?.build.as_ref()?))).collect();
    builds.sort();
    let (_, known) = builds.last()?;
    let is_known = builds.iter().any(|(_, build)| **build == new);
    (!is_known).then(|| Waiting::OtherBuild { known: (*known).clone(), new })
}
