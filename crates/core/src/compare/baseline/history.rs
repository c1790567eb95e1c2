//! The lines of a runs file together with what they come to, and what may be decided about their runs. A decision is
//! a line more: nothing that stands there is ever changed, and nothing is written here.

use std::collections::BTreeSet;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};

use super::{Baseline, Epoch, GAP, session_of};
use crate::compare::read::read_history;
use crate::error::{Problem, nearest};
use crate::summary::line::{Change, ChangeLine, Environment, Line, LineEnding, RunLine};

/// A runs file.
#[derive(Clone, Debug, Default)]
pub struct History {
    lines: Vec<Line>,
    baseline: Baseline,
}

/// How a run came to be what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Came {
    /// It opened an epoch, or was made on the occasion that did.
    Opened,
    /// It became evidence by itself, because nothing had changed.
    Joined,
    /// It was made to learn how much sessions of one server differ.
    Calibrated,
    /// Somebody decided that it opens an epoch.
    Accepted,
    /// Somebody decided that it is evidence.
    Added,
    /// It is no evidence until somebody decides so.
    Waiting,
    /// Somebody decided that it is no evidence any more.
    Dropped,
    /// It was interrupted, and can be no evidence.
    Interrupted,
}

impl History {
    /// What these lines come to.
    #[must_use]
    pub fn new(lines: Vec<Line>) -> Self {
        let baseline = Baseline::of_lines("", &lines);
        Self { lines, baseline }
    }

    /// Reads the runs file of a prefix; empty where there is none.
    ///
    /// # Errors
    /// When the file cannot be read or is damaged.
    pub fn read(prefix: &Path) -> Result<Self, Problem> {
        read_history(prefix).map(Self::new)
    }

    /// Adds lines, as those of a decision.
    pub fn extend(&mut self, lines: impl IntoIterator<Item = Line>) {
        self.lines.extend(lines);
        self.baseline = Baseline::of_lines("", &self.lines);
    }

    /// The epochs and sessions, whatever a CSV beside them says.
    #[must_use]
    pub fn baseline(&self) -> &Baseline {
        &self.baseline
    }

    /// All runs in the order of the file, each once, interrupted ones included.
    #[must_use]
    pub fn runs(&self) -> Vec<&RunLine> {
        let mut seen = BTreeSet::new();
        let runs = self.lines.iter().filter_map(|line| match line {
            Line::Run(run) => Some(&**run),
            Line::Change(_) => None,
        });
        runs.filter(|run| seen.insert(&run.run)).collect()
    }

    /// The run with this id.
    #[must_use]
    pub fn run(&self, id: &str) -> Option<&RunLine> {
        self.runs().into_iter().find(|run| run.run == id)
    }

    /// The epoch of which a run is evidence.
    #[must_use]
    pub fn epoch_of(&self, run: &str) -> Option<&Epoch> {
        self.baseline.epochs.iter().find(|epoch| epoch.has(run))
    }

    /// How a run of the file came to be what it is.
    #[must_use]
    pub fn came(&self, run: &RunLine) -> Came {
        if run.ending != LineEnding::Complete {
            return Came::Interrupted;
        }
        match (self.decision(&run.run), run.epoch.as_deref()) {
            (Some(Change::Drop { .. }), _) => Came::Dropped,
            (Some(Change::Add { .. }), _) => Came::Added,
            (Some(Change::Accept { .. }), _) => Came::Accepted,
            (Some(Change::Anchor { .. }) | None, None) if self.epoch_of(&run.run).is_some() => Came::Opened,
            (Some(Change::Anchor { .. }) | None, None) => Came::Waiting,
            (Some(Change::Anchor { .. }) | None, Some(_)) if run.joined => Came::Joined,
            (Some(Change::Anchor { .. }) | None, Some(epoch)) => {
                let opener = self.run(epoch).and_then(|opener| opener.session.as_ref());
                let same = run.run == epoch || opener.is_some() && opener == run.session.as_ref();
                if same { Came::Opened } else { Came::Calibrated }
            }
        }
    }

    /// The last decision about a run. What was written together with a run that opened an epoch is none.
    fn decision(&self, id: &str) -> Option<&Change> {
        let decisions = self.lines.iter().filter_map(|line| match line {
            Line::Change(line) => Some(line),
            Line::Run(_) => None,
        });
        let mut about = decisions.filter(|line| match &line.change {
            Change::Accept { run, .. } => run == id && self.run(run).is_none_or(|run| run.started != line.at),
            Change::Add { run, .. } | Change::Drop { run } => run == id,
            Change::Anchor { .. } => false,
        });
        about.next_back().map(|line| &line.change)
    }

    /// Gives runs of one occasion their session: that of an earlier run made on the same one, or that of the first.
    pub fn stamp(&self, runs: &mut [RunLine]) {
        let Some(first) = runs.first() else { return };
        let others = self.baseline.runs().filter(|other| other.run.as_ref() != Some(&first.run));
        let session = session_of(first.started, &first.env, others).unwrap_or_else(|| first.run.clone());
        for run in runs {
            run.session = Some(session.clone());
        }
    }

    /// Where a run made at `started` in `env` would be of an occasion that the current epoch has already, and so add no
    /// session: the newest run of that occasion, and when another one begins.
    #[must_use]
    pub fn occasion(&self, started: Timestamp, env: &Environment) -> Option<(&str, Timestamp)> {
        let current = self.baseline.current()?;
        let known = |at| {
            let id = session_of(at, env, self.baseline.runs())?;
            current.sessions.iter().find(|session| session.id == id)
        };
        let newest = known(started)?.runs.last()?.run.as_deref()?;
        let second = SignedDuration::from_secs(1);
        let ends = self.baseline.runs().filter_map(|run| run.ended?.checked_add(GAP + second).ok());
        let mut others: Vec<Timestamp> = ends.filter(|at| *at > started && known(*at).is_none()).collect();
        others.sort_unstable();
        Some((newest, *others.first()?))
    }

    /// The lines by which a run, of this file or from elsewhere, opens a new epoch.
    ///
    /// # Errors
    /// When it was interrupted, or is all that the current epoch rests on.
    pub fn accept(&self, run: &RunLine, at: Timestamp) -> Result<Vec<Line>, Problem> {
        complete(run)?;
        if let Some(current) = self.baseline.current()
            && current.runs().all(|side| side.run.as_ref() == Some(&run.run))
        {
            let message = format!("run {} is what the current epoch rests on already", run.run);
            return Err(Problem::new(message));
        }
        Ok(self.decide(run, self.baseline.accepting(&run.run, at)))
    }

    /// The lines by which a run, of this file or from elsewhere, becomes evidence of the current epoch.
    ///
    /// # Errors
    /// When it was interrupted, is evidence of it already, or there is no epoch.
    pub fn add(&self, run: &RunLine, at: Timestamp) -> Result<Vec<Line>, Problem> {
        complete(run)?;
        let Some(current) = self.baseline.current() else {
            let message = format!("there is no epoch that run {} could be evidence of", run.run);
            return Err(Problem::new(message).help("`windtunnel baseline accept` opens one with it"));
        };
        if current.has(&run.run) {
            return Err(Problem::new(format!("run {} is evidence of the current epoch already", run.run)));
        }
        let add = Change::Add { run: run.run.clone(), epoch: current.id.clone() };
        Ok(self.decide(run, vec![ChangeLine::new(at, add)]))
    }

    /// The line by which a run is no evidence any more.
    ///
    /// # Errors
    /// When it is none as it is.
    pub fn drop_run(&self, run: &str, at: Timestamp) -> Result<Vec<Line>, Problem> {
        if self.epoch_of(run).is_none() {
            return Err(Problem::new(format!("run {run} is no evidence as it is")));
        }
        Ok(vec![Line::Change(ChangeLine::new(at, Change::Drop { run: run.to_owned() }))])
    }

    /// The lines by which an epoch is marked as the anchor; none where it was marked already.
    #[must_use]
    pub fn anchor(&self, epoch: &Epoch, at: Timestamp) -> Vec<Line> {
        let mut marks = self.lines.iter().filter_map(|line| match line {
            Line::Change(ChangeLine { change: Change::Anchor { epoch }, .. }) => Some(epoch),
            _ => None,
        });
        if marks.next_back() == Some(&epoch.id) {
            return Vec::new();
        }
        vec![Line::Change(ChangeLine::new(at, Change::Anchor { epoch: epoch.id.clone() }))]
    }

    /// The epoch with this id or the only one whose id begins so; the current one where nothing is said.
    ///
    /// # Errors
    /// When there is none, or more than one.
    pub fn find_epoch(&self, id: Option<&str>) -> Result<&Epoch, Problem> {
        let epochs = &self.baseline.epochs;
        let Some(id) = id else {
            return self.baseline.current().ok_or_else(|| Problem::new("there is no epoch with evidence"));
        };
        if let Some(epoch) = epochs.iter().find(|epoch| epoch.id == id) {
            return Ok(epoch);
        }
        let begins: Vec<&Epoch> =
            epochs.iter().filter(|epoch| !id.is_empty() && epoch.id.starts_with(id)).collect();
        match begins[..] {
            [epoch] => Ok(epoch),
            [] => {
                let known: Vec<&str> = epochs.iter().map(|epoch| epoch.id.as_str()).collect();
                let problem = Problem::new(format!("there is no epoch `{id}` with evidence"));
                Err(match nearest(id, known.iter().copied()) {
                    Some(near) => problem.help(format!("did you mean {near}?")),
                    None => problem.help(format!("the epochs are {}", known.join(", "))),
                })
            }
            _ => {
                let several: Vec<&str> = begins.iter().map(|epoch| epoch.id.as_str()).collect();
                let problem = Problem::new(format!("`{id}` is the beginning of more than one epoch"));
                Err(problem.help(format!("say which: {}", several.join(", "))))
            }
        }
    }

    /// The decisions about a run, and before them its line where it is from elsewhere: what it was there does not count
    /// here.
    fn decide(&self, run: &RunLine, decisions: Vec<ChangeLine>) -> Vec<Line> {
        let mut lines = Vec::new();
        if self.run(&run.run).is_none() {
            let mut run = run.clone();
            (run.epoch, run.parent, run.joined) = (None, None, false);
            self.stamp(std::slice::from_mut(&mut run));
            lines.push(Line::Run(Box::new(run)));
        }
        lines.extend(decisions.into_iter().map(Line::Change));
        lines
    }
}

impl Epoch {
    /// All runs, session by session.
    pub fn runs(&self) -> impl Iterator<Item = &crate::compare::Side> {
        self.sessions.iter().flat_map(|session| &session.runs)
    }

    /// Whether this run is evidence of it.
    #[must_use]
    pub fn has(&self, run: &str) -> bool {
        self.runs().any(|side| side.run.as_deref() == Some(run))
    }
}

fn complete(run: &RunLine) -> Result<(), Problem> {
    if run.ending == LineEnding::Complete {
        return Ok(());
    }
    let message = format!("run {} was interrupted, and can be no evidence", run.run);
    Err(Problem::new(message).help("run the module again to its end"))
}

#[cfg(test)]
mod tests;
