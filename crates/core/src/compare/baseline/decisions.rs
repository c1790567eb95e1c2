//! What the lines of a runs file decide: which run is evidence of which epoch, and which epoch follows which.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::summary::line::{Change, Line, RunLine};

/// What the lines decide. The order of lines means nothing, but for decisions about one and the same run, and about
/// the anchor: the last of them holds.
#[derive(Debug, Default)]
pub(super) struct Decisions<'a> {
    /// run -> the epoch of which it is evidence, if of any.
    epoch_of: BTreeMap<&'a str, Option<&'a str>>,
    /// Runs that somebody accepted or added.
    approved: BTreeSet<&'a str>,
    /// epoch -> those before it: one, or several where it settled a merge of branches.
    parents: BTreeMap<&'a str, BTreeSet<&'a str>>,
    /// epoch -> when it was opened.
    opened: BTreeMap<&'a str, Timestamp>,
    /// Every id that a line uses for an epoch.
    named: BTreeSet<&'a str>,
    /// The epoch that was marked as the anchor.
    pub(super) anchor: Option<&'a str>,
}

impl<'a> Decisions<'a> {
    /// Those of all `lines`; `runs` are the complete runs among them by id.
    pub(super) fn of(lines: &'a [Line], runs: &BTreeMap<&'a str, &'a RunLine>) -> Self {
        let mut decided = Self::default();
        for run in runs.values() {
            if let Some(epoch) = run.epoch.as_deref() {
                decided.epoch_of.insert(&run.run, Some(epoch));
                decided.open(epoch, run.parent.as_deref(), Some(run.started));
            }
        }
        for line in lines {
            let Line::Change(line) = line else { continue };
            match &line.change {
                Change::Accept { run, epoch, parent } => {
                    decided.approve(run, epoch);
                    decided.open(epoch, parent.as_deref(), Some(line.at));
                }
                Change::Add { run, epoch } => {
                    decided.approve(run, epoch);
                    decided.open(epoch, None, None);
                }
                Change::Drop { run } => {
                    decided.epoch_of.insert(run, None);
                    decided.approved.remove(run.as_str());
                }
                Change::Anchor { epoch } => {
                    decided.named.insert(epoch);
                    decided.anchor = Some(epoch);
                }
            }
        }
        decided.found(runs);
        decided
    }

    /// Runs of versions that knew no epochs are evidence of the epoch that is called after them. Where no line knows
    /// of epochs the newest run founds one, as it was the baseline in those versions; runs that came later and did
    /// not become evidence have a session and stand back.
    fn found(&mut self, runs: &BTreeMap<&'a str, &'a RunLine>) {
        let undecided = |run: &&&'a RunLine| !self.epoch_of.contains_key(run.run.as_str());
        let founders: Vec<&'a RunLine> = if self.named.is_empty() {
            let all = runs.values().filter(undecided);
            all.max_by_key(|run| (run.session.is_none(), run.started, &run.run))
                .copied()
                .into_iter()
                .collect()
        } else {
            self.named.iter().filter_map(|id| runs.get(id)).filter(undecided).copied().collect()
        };
        for run in founders {
            self.epoch_of.insert(&run.run, Some(&run.run));
            self.open(&run.run, None, Some(run.started));
        }
    }

    fn approve(&mut self, run: &'a str, epoch: &'a str) {
        self.epoch_of.insert(run, Some(epoch));
        self.approved.insert(run);
    }

    fn open(&mut self, id: &'a str, parent: Option<&'a str>, at: Option<Timestamp>) {
        self.named.insert(id);
        if let Some(parent) = parent.filter(|parent| *parent != id) {
            self.named.insert(parent);
            self.parents.entry(id).or_default().insert(parent);
        }
        if let Some(at) = at {
            let opened = self.opened.entry(id).or_insert(at);
            *opened = at.min(*opened);
        }
    }

    /// The epoch of which a run is evidence.
    pub(super) fn epoch_of(&self, run: &str) -> Option<&'a str> {
        self.epoch_of.get(run).copied().flatten()
    }

    /// Whether somebody decided that a run is evidence: it did not become that by itself.
    pub(super) fn is_approved(&self, run: &str) -> bool {
        self.approved.contains(run)
    }

    /// When an epoch was opened.
    pub(super) fn opened(&self, id: &str) -> Option<Timestamp> {
        self.opened.get(id).copied()
    }

    /// The epoch before this one; of several the one that was opened last.
    pub(super) fn parent(&self, id: &str) -> Option<&'a str> {
        let parents = self.parents.get(id)?;
        parents.iter().copied().max_by_key(|parent| (self.opened(parent), *parent))
    }

    /// All epochs before this one. In a circle, which only an edited file has, it is not before itself.
    pub(super) fn ancestors(&self, id: &str) -> BTreeSet<&'a str> {
        let mut found = BTreeSet::new();
        let mut next: Vec<&'a str> = self.parents.get(id).into_iter().flatten().copied().collect();
        while let Some(parent) = next.pop() {
            if parent != id && found.insert(parent) {
                next.extend(self.parents.get(parent).into_iter().flatten());
            }
        }
        found
    }

    /// Every id that is in use for an epoch, whether it has evidence or not.
    pub(super) fn ids(&self) -> impl Iterator<Item = &'a str> {
        self.named.iter().copied()
    }
}
