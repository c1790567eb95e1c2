//! What a baseline says before anything is measured: how much its sessions differ, and what a run can see against it.

use windtunnel_stats::Metric;
use windtunnel_stats::verdict::advice::{foresee, foresee_pairs};
use windtunnel_stats::verdict::{Evidence, MeasuredNoise, Rules, Stored};

use super::Settings;
use super::baseline::{Baseline, Session};
use super::comparison::Basis;
use super::rows::Known;
use super::side::Side;

/// The evidence of a baseline, by row.
#[derive(Clone, Debug)]
pub struct Foresight {
    rows: Vec<Evident>,
    noise: MeasuredNoise,
    rules: Rules,
}

#[derive(Clone, Debug)]
struct Evident {
    method: String,
    name: String,
    stored: Stored,
    /// Requests of a run, on average over the sessions, in the verdict's window.
    requests: f64,
}

impl Foresight {
    /// Of the rows of the newest run; sessions in which a row was measured otherwise are left out. Empty for a
    /// baseline that is only a CSV.
    #[must_use]
    pub fn of(baseline: &Baseline, settings: &Settings) -> Self {
        let rows = baseline.newest().map_or_else(Vec::new, |newest| rows(baseline, newest));
        let stored: Vec<&Stored> = rows.iter().map(|row| &row.stored).collect();
        let noise = MeasuredNoise::of(&stored);
        let rules = settings.tolerances.applied_to(Rules::of_history(settings.noise, &noise));
        Self { rows, noise, rules }
    }

    /// How much sessions differ, pooled over the rows.
    #[must_use]
    pub fn noise(&self) -> &MeasuredNoise {
        &self.noise
    }

    /// The constants that a comparison with this baseline uses.
    #[must_use]
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// The change, as a share, that one more run sees in a figure of a row in about four of five cases, when it gets
    /// so many requests there; `None` where nothing is known of the row.
    #[must_use]
    pub fn visible(&self, method: &str, name: &str, metric: Metric, requests: f64) -> Option<f64> {
        let row = self.row(method, name)?;
        foresee(&row.stored, metric, requests / row.requests, &self.rules)
    }

    /// The same for so many interleaved pairs of runs.
    #[must_use]
    pub fn visible_in_pairs(
        &self,
        method: &str,
        name: &str,
        metric: Metric,
        requests: f64,
        pairs: usize,
    ) -> Option<f64> {
        let row = self.row(method, name)?;
        foresee_pairs(&row.stored, metric, requests / row.requests, pairs, &self.rules)
    }

    fn row(&self, method: &str, name: &str) -> Option<&Evident> {
        self.rows.iter().find(|row| row.method == method && row.name == name)
    }
}

fn rows(baseline: &Baseline, newest: &Side) -> Vec<Evident> {
    if !baseline.runs().all(Side::knows_window) {
        return Vec::new();
    }
    let sessions: Vec<&Session> =
        baseline.current().map_or_else(Vec::new, |epoch| epoch.sessions.iter().collect());
    let before = baseline.epochs.len().saturating_sub(1);
    let others: Vec<Vec<&Session>> =
        baseline.epochs[..before].iter().map(|epoch| epoch.sessions.iter().collect()).collect();
    let candidate = [newest.clone()];
    let known = Known { sessions: &sessions, others: &others, candidate: &candidate, basis: Basis::Window };
    newest
        .rows
        .iter()
        .filter_map(|row| {
            let Some(Evidence::Stored(mut stored)) = known.about(row, false) else { return None };
            stored.candidate.clear();
            let runs = || stored.baseline.iter().flat_map(|session| &session.runs);
            let requests = runs().map(|run| run.requests as f64).sum::<f64>() / runs().count() as f64;
            Some(Evident { method: row.method.clone(), name: row.name.clone(), stored, requests })
        })
        .collect()
}
