//! A baseline and its life: the epochs and sessions that the lines of a runs file come to.
//!
//! An epoch is a version of the server that was accepted; its sessions are the evidence on it. Epochs know the one
//! before them, so that which of them is current follows from ids and not from clocks. The order of lines means
//! nothing, but for decisions about one and the same run: the last of them holds.

mod admission;
mod history;
mod sessions;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::side::{Side, SideRow};
use crate::summary::line::{Change, Line, LineEnding, RunLine};

pub use admission::{Admission, Became, Opening, Waiting};
pub use history::{Came, History};
pub use sessions::{GAP, session_of};

/// What runs are compared with.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Baseline {
    /// Where it is from, for people.
    pub label: String,
    /// The epochs that have evidence; the current one is the last.
    pub epochs: Vec<Epoch>,
    /// The id of the epoch that is the anchor.
    pub anchor: Option<String>,
    /// Complete runs that are no evidence: inconclusive ones, and those that were dropped.
    pub others: Vec<Side>,
    /// What is to be said about it.
    pub notes: Vec<String>,
}

/// A version of the server that was accepted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Epoch {
    /// Its id: that of the run that opened it, unless that was taken.
    pub id: String,
    /// The epoch before it.
    pub parent: Option<String>,
    /// When it was opened; unknown of a CSV.
    pub opened: Option<Timestamp>,
    /// The occasions on which it was measured, oldest first.
    pub sessions: Vec<Session>,
}

/// Runs made on one occasion.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Session {
    /// Its id: that of its first run.
    pub id: String,
    /// All of its runs became evidence by themselves, because nothing had changed.
    pub joined: bool,
    /// Its runs, oldest first.
    pub runs: Vec<Side>,
}

impl Baseline {
    /// A single run: a stored one, or a CSV.
    #[must_use]
    pub fn of_run(side: Side) -> Self {
        let session =
            Session { id: side.run.clone().unwrap_or_default(), joined: false, runs: vec![side.clone()] };
        let epoch =
            Epoch { id: session.id.clone(), parent: None, opened: side.started, sessions: vec![session] };
        Self { label: side.title(), epochs: vec![epoch], ..Self::default() }
    }

    /// What the lines of a runs file come to. Interrupted runs are left out; a run that is there twice counts once.
    /// Where no line opens an epoch the newest run does.
    #[must_use]
    pub fn of_lines(label: &str, lines: &[Line]) -> Self {
        let mut runs: BTreeMap<&str, &RunLine> = BTreeMap::new();
        for line in lines {
            if let Line::Run(run) = line
                && run.ending == LineEnding::Complete
            {
                runs.entry(&run.run).or_insert(run);
            }
        }
        let decided = Decisions::of(lines, &runs);
        let mut baseline = Self { label: label.to_owned(), ..Self::default() };
        let mut epochs: BTreeMap<&str, Vec<&RunLine>> = BTreeMap::new();
        for run in runs.values() {
            match decided.epoch_of.get(run.run.as_str()).copied().flatten() {
                Some(epoch) => epochs.entry(epoch).or_default().push(run),
                None => baseline.others.push(Side::from_line(run)),
            }
        }
        baseline.others.sort_by(|a, b| (a.started, &a.run).cmp(&(b.started, &b.run)));
        let epoch = |(id, runs): (&str, Vec<&RunLine>)| Epoch {
            id: id.to_owned(),
            parent: decided.parents.get(id).copied().flatten().map(str::to_owned),
            opened: decided.opened.get(id).copied(),
            sessions: sessions::group(runs),
        };
        baseline.epochs = epochs.into_iter().map(epoch).collect();
        baseline.epochs.sort_by(|a, b| (a.opened, &a.id).cmp(&(b.opened, &b.id)));
        baseline.choose_current(&decided);
        baseline.anchor = baseline.find_anchor(&decided);
        baseline
    }

    /// Puts the current epoch last: one that no other follows. Of several, which two branches of git opened, the
    /// newest is taken, and a note says so.
    fn choose_current(&mut self, decided: &Decisions<'_>) {
        let followed: BTreeSet<&str> =
            self.epochs.iter().flat_map(|epoch| decided.ancestors(&epoch.id)).collect();
        let mut leaves: Vec<usize> =
            (0..self.epochs.len()).filter(|at| !followed.contains(self.epochs[*at].id.as_str())).collect();
        // A circle of parents, which only an edited file has, leaves no leaf.
        let Some(current) = leaves.pop().or_else(|| self.epochs.len().checked_sub(1)) else { return };
        if !leaves.is_empty() {
            let others: Vec<&str> = leaves.iter().map(|at| self.epochs[*at].id.as_str()).collect();
            self.notes.push(format!(
                "{} epochs have no successor, as after a merge of branches that each opened one: {} is used, the \
                 newest, and not {} (`windtunnel baseline accept` settles it)",
                leaves.len() + 1,
                self.epochs[current].id,
                others.join(", ")
            ));
        }
        let current = self.epochs.remove(current);
        self.epochs.push(current);
    }

    /// The epoch that was marked last, or the first one before the current.
    fn find_anchor(&self, decided: &Decisions<'_>) -> Option<String> {
        let has_evidence = |id: &str| self.epochs.iter().any(|epoch| epoch.id == id);
        if let Some(marked) = decided.anchor.filter(|id| has_evidence(id)) {
            return Some(marked.to_owned());
        }
        let current = self.current()?;
        let first = decided.ancestors(&current.id).into_iter().filter(|id| has_evidence(id)).last();
        Some(first.unwrap_or(&current.id).to_owned())
    }

    /// The epoch that counts; `None` of a baseline without evidence.
    #[must_use]
    pub fn current(&self) -> Option<&Epoch> {
        self.epochs.last()
    }

    /// The sessions of the anchor that say something else than the current epoch: those of another epoch, or, of
    /// the current one, those that did not join by themselves where others did. Empty where the anchor adds nothing.
    #[must_use]
    pub fn anchor_sessions(&self) -> Vec<&Session> {
        let Some(anchor) =
            self.anchor.as_deref().and_then(|id| self.epochs.iter().find(|epoch| epoch.id == id))
        else {
            return Vec::new();
        };
        let founding: Vec<&Session> = anchor.sessions.iter().filter(|session| !session.joined).collect();
        let is_current = self.current().is_some_and(|current| current.id == anchor.id);
        match (is_current, founding.is_empty()) {
            (true, true) => Vec::new(),
            (true, false) if founding.len() == anchor.sessions.len() => Vec::new(),
            (false, true) => anchor.sessions.iter().collect(),
            _ => founding,
        }
    }

    /// The newest run of the current epoch.
    #[must_use]
    pub fn newest(&self) -> Option<&Side> {
        let runs = self.current()?.sessions.iter().flat_map(|session| &session.runs);
        runs.max_by(|a, b| (a.started, &a.run).cmp(&(b.started, &b.run)))
    }

    /// All runs, evidence or not.
    pub fn runs(&self) -> impl Iterator<Item = &Side> {
        let evidence = self.epochs.iter().flat_map(|epoch| &epoch.sessions).flat_map(|session| &session.runs);
        evidence.chain(&self.others)
    }

    /// Leaves only the rows that `keep` wants, and says which others the newest run has.
    pub fn keep_rows(&mut self, keep: impl Fn(&SideRow) -> bool) -> Vec<String> {
        let left_out: Vec<String> = self.newest().map_or_else(Vec::new, |newest| {
            let others = newest.rows.iter().filter(|row| !keep(row));
            others.map(|row| format!("{} {}", row.method, row.name)).collect()
        });
        if left_out.is_empty() {
            return left_out;
        }
        for run in
            self.epochs.iter_mut().flat_map(|epoch| &mut epoch.sessions).flat_map(|session| &mut session.runs)
        {
            run.rows.retain(&keep);
            run.total = None;
        }
        left_out
    }

    /// What it is, for people: where it is from and how much evidence there is.
    #[must_use]
    pub fn title(&self) -> String {
        let (Some(epoch), Some(newest)) = (self.current(), self.newest()) else { return self.label.clone() };
        let Some(at) = newest.started else { return self.label.clone() };
        let date = |at: Timestamp| at.strftime("%Y-%m-%d %H:%M UTC");
        match (epoch.sessions.len(), epoch.opened) {
            (1, _) if self.label.contains(&newest.label) => self.label.clone(),
            (1, _) => format!("{}, {}, {}", self.label, newest.label, date(at)),
            (sessions, Some(opened)) => format!(
                "{}, {sessions} sessions from {} to {}",
                self.label,
                opened.strftime("%Y-%m-%d"),
                date(at)
            ),
            (sessions, None) => format!("{}, {sessions} sessions", self.label),
        }
    }
}

/// What the lines decide.
#[derive(Debug, Default)]
struct Decisions<'a> {
    /// run -> epoch.
    epoch_of: BTreeMap<&'a str, Option<&'a str>>,
    /// epoch -> the one before it.
    parents: BTreeMap<&'a str, Option<&'a str>>,
    /// epoch -> when it was opened.
    opened: BTreeMap<&'a str, Timestamp>,
    anchor: Option<&'a str>,
}

impl<'a> Decisions<'a> {
    fn of(lines: &'a [Line], runs: &BTreeMap<&'a str, &'a RunLine>) -> Self {
        let mut decided = Self::default();
        for run in runs.values().filter(|run| run.epoch.is_some()) {
            let epoch = run.epoch.as_deref();
            decided.epoch_of.insert(&run.run, epoch);
            decided.epoch(epoch.unwrap_or_default(), run.parent.as_deref(), run.started);
        }
        for line in lines {
            let Line::Change(line) = line else { continue };
            match &line.change {
                Change::Accept { run, epoch, parent } => {
                    decided.epoch_of.insert(run, Some(epoch));
                    decided.epoch(epoch, parent.as_deref(), line.at);
                }
                Change::Add { run, epoch } => _ = decided.epoch_of.insert(run, Some(epoch)),
                Change::Drop { run } => _ = decided.epoch_of.insert(run, None),
                Change::Anchor { epoch } => decided.anchor = Some(epoch),
            }
        }
        if decided.epoch_of.is_empty()
            && let Some(newest) = runs.values().max_by_key(|run| (run.started, &run.run))
        {
            decided.epoch_of.insert(&newest.run, Some(&newest.run));
            decided.epoch(&newest.run, None, newest.started);
        }
        decided
    }

    fn epoch(&mut self, id: &'a str, parent: Option<&'a str>, at: Timestamp) {
        let known = self.parents.entry(id).or_default();
        *known = known.or(parent.filter(|parent| *parent != id));
        let opened = self.opened.entry(id).or_insert(at);
        *opened = at.min(*opened);
    }

    /// The epochs before this one, the nearest first.
    fn ancestors(&self, id: &str) -> Vec<&'a str> {
        let mut found: Vec<&'a str> = Vec::new();
        let mut at = self.parents.get(id).copied().flatten();
        while let Some(parent) = at.filter(|parent| *parent != id && !found.contains(parent)) {
            found.push(parent);
            at = self.parents.get(parent).copied().flatten();
        }
        found
    }
}
