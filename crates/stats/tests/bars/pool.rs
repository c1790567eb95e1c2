//! Simulated runs, and comparisons drawn from them.
//!
//! `bars_pool.json` holds runs of a queueing simulator: 90 sessions of six runs of an unchanged server for each kind of
//! load, and 90 sessions of two runs for each kind of change. What was simulated is said in docs/verdict-rates.md.

use std::collections::BTreeMap;

use fastrand::Rng;
use serde::Deserialize;
use windtunnel_stats::Metric;
use windtunnel_stats::cell::{Cell, Estimate};
use windtunnel_stats::verdict::{
    Evidence, MeasuredNoise, Paired, Report, Row, Rules, Session, Stored, Verdict, judge,
};

/// The runs of one session.
type Runs = Vec<Cell>;

/// Runs under one kind of load.
pub(crate) struct Pool {
    /// Load, requests a run and noise, such as `closed-light_1000_2`.
    pub(crate) name: String,
    unchanged: Vec<Runs>,
    changed: BTreeMap<String, Vec<Runs>>,
}

/// How a change is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Design {
    /// A run against so many stored sessions of one run each.
    Stored {
        /// How many.
        sessions: usize,
        /// A red report is judged again with a second run of the judged session.
        confirm: bool,
    },
    /// So many pairs of runs, A B B A A B.
    Pairs(usize),
    /// Pairs that are judged after the third and after each further one, up to so many, until a report is not
    /// inconclusive.
    UpToPairs(usize),
}

/// What the judged runs are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Change<'a> {
    /// Runs of the unchanged server.
    Nothing,
    /// Runs of the simulator with this change.
    Simulated(&'a str),
    /// Runs of the unchanged server, all of whose latencies are made longer by this share.
    Slower(f64),
}

/// By which rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    /// The constants of the rule.
    Constants,
    /// Those that the program takes for the stored sessions of the comparison.
    History,
}

/// How the reports of many comparisons came out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rates {
    /// How many reports there were.
    pub reports: usize,
    /// Regressed.
    pub red: usize,
    /// Unchanged.
    pub unchanged: usize,
}

impl Rates {
    /// Red reports in percent.
    pub(crate) fn red(&self) -> f64 {
        100.0 * self.red as f64 / self.reports as f64
    }

    /// Unchanged reports in percent.
    pub(crate) fn unchanged(&self) -> f64 {
        100.0 * self.unchanged as f64 / self.reports as f64
    }

    fn count(&mut self, verdict: Verdict) {
        self.reports += 1;
        self.red += usize::from(verdict == Verdict::Regressed);
        self.unchanged += usize::from(verdict == Verdict::Unchanged);
    }
}

/// All pools, in the order of the file.
pub(crate) fn pools() -> Vec<Pool> {
    let File { pools } = serde_json::from_str(include_str!("../bars_pool.json")).unwrap();
    let cells = |sessions: Vec<Vec<Run>>| -> Vec<Runs> {
        sessions.into_iter().map(|runs| runs.into_iter().map(Cell::from).collect()).collect()
    };
    let pool = |(name, effects): (String, BTreeMap<String, Vec<Vec<Run>>>)| {
        let mut changed: BTreeMap<String, Vec<Runs>> =
            effects.into_iter().map(|(effect, sessions)| (effect, cells(sessions))).collect();
        Pool { name, unchanged: changed.remove("none").unwrap(), changed }
    };
    pools.into_iter().map(pool).collect()
}

impl Pool {
    /// Whether the simulator has runs with this change.
    pub(crate) fn has(&self, change: &str) -> bool {
        self.changed.contains_key(change)
    }

    /// Draws comparisons and judges them. The same seed gives the same comparisons.
    pub(crate) fn rates(
        &self,
        design: Design,
        change: Change,
        by: By,
        comparisons: usize,
        seed: u64,
    ) -> Rates {
        let mut rng = Rng::with_seed(seed);
        let mut rates = Rates::default();
        for _ in 0..comparisons {
            let verdict = match design {
                Design::Stored { sessions, confirm } => {
                    self.judge_stored(&mut rng, sessions, confirm, change, by)
                }
                Design::Pairs(pairs) => self.judge_pairs(&mut rng, pairs..=pairs, change, by),
                Design::UpToPairs(most) => self.judge_pairs(&mut rng, 3..=most, change, by),
            };
            rates.count(verdict);
        }
        rates
    }

    fn judge_stored(&self, rng: &mut Rng, sessions: usize, confirm: bool, change: Change, by: By) -> Verdict {
        let drawn = rng.choose_multiple(self.unchanged.iter(), sessions + 1);
        // What is drawn comes in the order of the file or at random; nothing may depend on which session is judged.
        let mut drawn: Vec<&Runs> = drawn;
        rng.shuffle(&mut drawn);
        let candidate = match change {
            Change::Simulated(name) => rng.choice(&self.changed[name]).unwrap(),
            Change::Nothing | Change::Slower(_) => drawn[sessions],
        };
        let mut candidate: Vec<Cell> =
            rng.choose_multiple(candidate.iter(), 2).into_iter().map(|run| changed(run, change)).collect();
        rng.shuffle(&mut candidate);
        let one = |(id, runs): (usize, &&Runs)| {
            let run = &runs[rng.usize(..runs.len())];
            Session { id, runs: vec![run.clone()] }
        };
        let baseline: Vec<Session> = drawn[..sessions].iter().enumerate().map(one).collect();
        let of = |runs: &[Cell]| Stored {
            baseline: baseline.clone(),
            candidate: vec![Session { id: sessions, runs: runs.to_vec() }],
            ..Stored::default()
        };
        let first = of(&candidate[..1]);
        let rules = match by {
            By::Constants => Rules::default(),
            By::History => Rules::of_history(None, &MeasuredNoise::of(&[&first])),
        };
        let verdict = report(Evidence::Stored(first), &rules).verdict;
        if confirm && verdict == Verdict::Regressed {
            return report(Evidence::Stored(of(&candidate)), &rules).verdict;
        }
        verdict
    }

    /// Judges after each of these numbers of pairs. The noise of a session is the same in both runs of a pair, so
    /// further sessions may give further pairs.
    fn judge_pairs(
        &self,
        rng: &mut Rng,
        looks: std::ops::RangeInclusive<usize>,
        change: Change,
        by: By,
    ) -> Verdict {
        let sessions = rng.choose_multiple(self.unchanged.iter(), looks.end().div_ceil(3));
        let mut pairs = Vec::new();
        for session in sessions {
            let mut runs: Vec<&Cell> = session.iter().collect();
            rng.shuffle(&mut runs);
            let pair = |pair: &[&Cell]| (pair[0].clone(), changed(pair[1], change));
            pairs.extend(runs.chunks_exact(2).map(pair));
        }
        let rules = match by {
            By::Constants => Rules::default(),
            By::History => Rules::of_history(None, &MeasuredNoise::default()),
        };
        let rules = rules.with_looks(looks.clone().count());
        let mut verdicts = looks.map(|count| {
            let pairs = pairs[..count].to_vec();
            report(Evidence::Paired(Paired { pairs }), &rules).verdict
        });
        verdicts.find(|verdict| *verdict != Verdict::Inconclusive).unwrap_or(Verdict::Inconclusive)
    }
}

/// A run whose latencies grew. Its throughput stays, so that the change is seen in the latencies or not at all.
fn changed(run: &Cell, change: Change) -> Cell {
    let Change::Slower(share) = change else { return run.clone() };
    let slower = |of: Option<Estimate>| of.map(|of| Estimate { y: of.y + share.ln_1p(), ..of });
    Cell {
        average: slower(run.average),
        p50: slower(run.p50),
        p95: slower(run.p95),
        p99: slower(run.p99),
        ..run.clone()
    }
}

fn report(evidence: Evidence, rules: &Rules) -> Report {
    judge(&[Row { aggregated: false, evidence }], rules, &[])
}

#[derive(Deserialize)]
struct File {
    pools: BTreeMap<String, BTreeMap<String, Vec<Vec<Run>>>>,
}

/// Requests, failures, seconds, y, w, exc, fdeff.
#[derive(Deserialize)]
struct Run(u64, u64, f64, Numbers, Numbers, Numbers, f64);

type Numbers = BTreeMap<String, f64>;

impl From<Run> for Cell {
    fn from(Run(requests, failures, seconds, y, w, exceeding, failure_deff): Run) -> Self {
        let estimate = |metric: Metric| {
            let key = metric.key();
            Estimate::checked(*y.get(key)?, *w.get(key)?, exceeding.get(key).copied())
        };
        Self {
            requests,
            failures,
            seconds,
            average: estimate(Metric::Average),
            p50: estimate(Metric::P50),
            p95: estimate(Metric::P95),
            p99: estimate(Metric::P99),
            rate: estimate(Metric::Rate),
            failure_deff,
            short: false,
        }
    }
}
