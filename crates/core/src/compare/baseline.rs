//! A baseline and its life: the epochs and sessions that the lines of a runs file come to.
//!
//! An epoch is a version of the server that was accepted; its sessions are the evidence on it. Epochs know the one
//! before them, so that which of them is current follows from ids and not from clocks. The order of lines means
//! nothing, but for decisions about one and the same run, and about the anchor: the last of them holds.

mod admission;
mod decisions;
mod history;
mod sessions;

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::side::{Side, SideRow};
use crate::summary::line::{Change, ChangeLine, Line, LineEnding, RunLine};
use decisions::Decisions;

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
    /// Epochs that no other follows, beside the current one: branches of git opened one each, and were merged.
    pub rivals: Vec<String>,
    /// Ids that are in use for epochs, whether these have evidence or not.
    pub taken: BTreeSet<String>,
}

/// A version of the server that was accepted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Epoch {
    /// Its id: that of the run that opened it, unless that was taken.
    pub id: String,
    /// The epoch before it; of several, which it settled, the newest.
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
        let id = side.run.clone().unwrap_or_default();
        let (label, opened) = (side.title(), side.started);
        let session = Session { id: id.clone(), joined: false, runs: vec![side] };
        let epoch = Epoch { id, parent: None, opened, sessions: vec![session] };
        Self { label, epochs: vec![epoch], ..Self::default() }
    }

    /// What the lines of a runs file come to. Interrupted runs are left out; a run that is there twice counts once.
    /// Where no line opens an epoch the newest run does.
    #[must_use]
    pub fn of_lines(label: &str, lines: &[Line]) -> Self {
        let runs = complete_runs(lines);
        let decided = Decisions::of(lines, &runs);
        let mut baseline = Self {
            label: label.to_owned(),
            taken: decided.ids().map(str::to_owned).collect(),
            ..Self::default()
        };
        let mut epochs: BTreeMap<&str, Vec<Side>> = BTreeMap::new();
        for run in runs.values() {
            let mut side = Side::from_line(run);
            side.joined &= !decided.is_approved(&run.run);
            match decided.epoch_of(&run.run) {
                Some(epoch) => epochs.entry(epoch).or_default().push(side),
                None => baseline.others.push(side),
            }
        }
        baseline.others.sort_by(by_start);
        let epoch = |(id, runs): (&str, Vec<Side>)| Epoch {
            id: id.to_owned(),
            parent: decided.parent(id).map(str::to_owned),
            opened: decided.opened(id).or_else(|| runs.iter().filter_map(|run| run.started).min()),
            sessions: sessions::group(runs),
        };
        baseline.epochs = epochs.into_iter().map(epoch).collect();
        baseline.epochs.sort_by(|a, b| (a.opened, &a.id).cmp(&(b.opened, &b.id)));
        baseline.choose_current(&decided);
        baseline.find_anchor(&decided);
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
        self.rivals = leaves.iter().map(|at| self.epochs[*at].id.clone()).collect();
        if !self.rivals.is_empty() {
            self.notes.push(format!(
                "{} epochs have no successor, as after a merge of branches that each opened one: {} is used, the \
                 newest, and not {} (`windtunnel baseline accept` settles it)",
                self.rivals.len() + 1,
                self.epochs[current].id,
                self.rivals.join(", ")
            ));
        }
        let current = self.epochs.remove(current);
        self.epochs.push(current);
    }

    /// The epoch that was marked last, or the first one before the current.
    fn find_anchor(&mut self, decided: &Decisions<'_>) {
        let Some(current) = self.current() else { return };
        let has_evidence = |id: &str| self.epochs.iter().any(|epoch| epoch.id == id);
        let before = |id: &str| decided.ancestors(id).into_iter().any(has_evidence);
        let ancestors = decided.ancestors(&current.id);
        let first =
            self.epochs.iter().find(|epoch| ancestors.contains(epoch.id.as_str()) && !before(&epoch.id));
        let first = first.unwrap_or(current).id.clone();
        match decided.anchor {
            Some(marked) if has_evidence(marked) => self.anchor = Some(marked.to_owned()),
            Some(marked) => {
                self.notes
                    .push(format!("the anchor {marked} has no evidence any more: {first} is used instead"));
                self.anchor = Some(first);
            }
            None => self.anchor = Some(first),
        }
    }

    /// The id of an epoch that `run` opens: its own, or with a number behind it where that is taken, as by an old
    /// run that is accepted again.
    #[must_use]
    pub fn epoch_id(&self, run: &str) -> String {
        let numbered = (2..).map(|number: u64| format!("{run}-{number}"));
        let mut ids = std::iter::once(run.to_owned()).chain(numbered);
        ids.find(|id| !self.taken.contains(id)).unwrap_or_default()
    }

    /// The decisions by which `run` opens an epoch: one for each epoch that no other follows yet, so that the new one
    /// follows all of them and a merge of branches is settled.
    #[must_use]
    pub fn accepting(&self, run: &str, at: Timestamp) -> Vec<ChangeLine> {
        let epoch = self.epoch_id(run);
        let accept = |parent: Option<&String>| {
            let (run, epoch, parent) = (run.to_owned(), epoch.clone(), parent.cloned());
            ChangeLine::new(at, Change::Accept { run, epoch, parent })
        };
        let Some(current) = self.current() else { return vec![accept(None)] };
        [&current.id].into_iter().chain(&self.rivals).map(|parent| accept(Some(parent))).collect()
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
        let runs = self.anchor_runs();
        let anchor = self.anchor_epoch().into_iter().flat_map(|epoch| &epoch.sessions);
        anchor.filter(|session| runs.iter().flatten().any(|run| session.runs.contains(run))).collect()
    }

    /// The runs of [`anchor_sessions`](Self::anchor_sessions), without those that joined by themselves where there
    /// are others: what creeps must not move its own anchor.
    pub(super) fn anchor_runs(&self) -> Vec<Vec<&Side>> {
        let Some(anchor) = self.anchor_epoch() else { return Vec::new() };
        let of = |keep: fn(&&Side) -> bool| -> Vec<Vec<&Side>> {
            let sessions = anchor.sessions.iter().map(|session| session.runs.iter().filter(keep).collect());
            sessions.filter(|runs: &Vec<&Side>| !runs.is_empty()).collect()
        };
        let (all, founding) = (of(|_| true), of(|run| !run.joined));
        let is_current = self.current().is_some_and(|current| current.id == anchor.id);
        match (is_current, founding.is_empty()) {
            (true, false) if founding == all => Vec::new(),
            (true, true) => Vec::new(),
            (false, true) => all,
            _ => founding,
        }
    }

    fn anchor_epoch(&self) -> Option<&Epoch> {
        let anchor = self.anchor.as_deref()?;
        self.epochs.iter().find(|epoch| epoch.id == anchor)
    }

    /// The newest run of the current epoch.
    #[must_use]
    pub fn newest(&self) -> Option<&Side> {
        let runs = self.current()?.sessions.iter().flat_map(|session| &session.runs);
        runs.max_by(|a, b| by_start(a, b))
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

/// The order of runs in time, by id where two began at the same moment.
pub(super) fn by_start(a: &Side, b: &Side) -> Ordering {
    (a.started, &a.run).cmp(&(b.started, &b.run))
}

/// The complete runs of `lines` by id. Of two lines of one run, which only an edited file has different, the one that
/// makes it evidence counts.
fn complete_runs(lines: &[Line]) -> BTreeMap<&str, &RunLine> {
    let mut runs: BTreeMap<&str, &RunLine> = BTreeMap::new();
    let rank = |run: &RunLine| (run.epoch.is_some(), run.to_json_line());
    for line in lines {
        let Line::Run(run) = line else { continue };
        if run.ending != LineEnding::Complete {
            continue;
        }
        let known = runs.entry(&run.run).or_insert(run);
        if *known != &**run && rank(run) > rank(known) {
            *known = run;
        }
    }
    runs
}
