//! Comparisons for the tests of reports.

use crate::compare::{Baseline, Comparison, Epoch, Outcome, Session, Settings, Side, compare, compare_pairs};
use crate::output::{ExitMeaning, ModuleReport};
use crate::summary::RunRecord;
use crate::summary::line::fixture::{Ended, header, record, spread};

pub(super) const LONG: &str = "/v1/models/revertrisk-language-agnostic:predict";

/// A run of a minute.
pub(super) fn run(id: &str, ended: &[Ended]) -> RunRecord {
    record(header(id), 60.0, ended)
}

/// 600 requests of `/a` in a minute, at about this many milliseconds.
pub(super) fn at(id: &str, ms: f64, seed: u32) -> RunRecord {
    run(id, &spread("/a", 600, 60.0, ms, seed))
}

/// A baseline of one session.
pub(super) fn single(record: &RunRecord) -> Baseline {
    Baseline::of_run(Side::from_record(record))
}

/// Sessions of one version, a day apart, from the day of this number in January on.
pub(super) fn epoch(id: &str, parent: Option<&str>, day: u32, records: &[RunRecord]) -> Epoch {
    let session = |(number, record): (u32, &RunRecord)| {
        let mut side = Side::from_record(record);
        let date = format!("2026-01-{:02}T12:00:00Z", day + number);
        side.started = Some(date.parse().unwrap());
        Session { id: format!("{id}{number}"), joined: false, runs: vec![side] }
    };
    Epoch {
        id: id.to_owned(),
        parent: parent.map(str::to_owned),
        opened: Some(format!("2026-01-{day:02}T12:00:00Z").parse().unwrap()),
        sessions: (0..).zip(records).map(session).collect(),
    }
}

/// A runs file with these epochs, the first being the anchor and the last the current one.
pub(super) fn runs_file(epochs: Vec<Epoch>) -> Baseline {
    let anchor = epochs.first().map(|epoch| epoch.id.clone());
    Baseline { label: "results/demo_runs.jsonl".to_owned(), epochs, anchor, ..Baseline::default() }
}

/// A runs file with so many sessions of 600 requests at about this many milliseconds.
pub(super) fn sessions(count: u32, ms: f64) -> Baseline {
    let records: Vec<RunRecord> = (0..count).map(|n| at(&format!("old{n}"), ms, 20 + n)).collect();
    runs_file(vec![epoch("e", None, 2, &records)])
}

pub(super) fn compared(baseline: &Baseline, new: &RunRecord) -> Comparison {
    compare(baseline, &[Side::from_record(new)], &Settings::default())
}

/// Beside what a CSV tells of a run.
pub(super) fn beside_csv(old: &RunRecord, new: &RunRecord) -> Comparison {
    let mut side = Side::from_record(old);
    side.label = "results/demo_stats.csv".to_owned();
    (side.run, side.session, side.module, side.started, side.env) = (None, None, None, None, None);
    side.total = None;
    for row in &mut side.rows {
        (row.cell, row.whole_cell, row.circumstances, row.data) = (None, None, None, None);
    }
    compared(&Baseline::of_run(side), new)
}

/// `first` was worse, so that the module ran a second time.
pub(super) fn confirmed(baseline: &Baseline, first: &RunRecord, second: &RunRecord) -> Comparison {
    let both = [Side::from_record(first), Side::from_record(second)];
    let mut comparison = compare(baseline, &both, &Settings::default());
    comparison.first = Some(Box::new(compared(baseline, first)));
    comparison
}

/// Pairs of runs at these many milliseconds.
pub(super) fn pairs(ms: &[(f64, f64)]) -> Comparison {
    let pair = |(number, (a, b)): (u32, &(f64, f64))| {
        (
            Side::from_record(&at(&format!("a{number}"), *a, 2 * number)),
            Side::from_record(&at(&format!("b{number}"), *b, 2 * number + 1)),
        )
    };
    let pairs: Vec<(Side, Side)> = (1..).zip(ms).map(pair).collect();
    compare_pairs(&pairs, &Settings::default(), 1)
}

/// Crept: each step is too small to be told, all of them are not.
pub(super) fn crept() -> Comparison {
    let of = |name: &str, ms: f64, seed: u32| -> Vec<RunRecord> {
        (0..4).map(|n| at(&format!("{name}{n}"), ms, seed + n)).collect()
    };
    let baseline = runs_file(vec![
        epoch("e1", None, 2, &of("first", 180.0, 40)),
        epoch("e2", Some("e1"), 10, &of("later", 214.0, 50)),
    ]);
    compared(&baseline, &at("new", 216.0, 60))
}

/// Seven rows of which the first got slower.
pub(super) fn seven_rows() -> Comparison {
    let rows = |factor: f64, seed: u32| -> Vec<Ended> {
        (0..7)
            .flat_map(|n: u32| {
                let ms = 100.0 + 20.0 * f64::from(n);
                let ms = if n == 0 { ms * factor } else { ms };
                spread(&format!("/v1/models/model-{n}:predict"), 300, 60.0, ms, seed + n)
            })
            .collect()
    };
    compared(&single(&run("1", &rows(1.0, 100))), &run("2", &rows(1.3, 200)))
}

/// Every state that a row can have.
pub(super) fn every_state() -> Comparison {
    let mut old = spread("/gone", 100, 60.0, 20.0, 1);
    let mut new = spread("/new", 100, 60.0, 20.0, 2);
    for (name, count, before, after) in
        [("/faster", 600, 40.0, 20.0), ("/few", 12, 20.0, 200.0), ("/other", 200, 9.0, 9.0)]
    {
        old.extend(spread(name, count, 60.0, before, 3));
        new.extend(spread(name, count, 60.0, after, 4));
    }
    old.extend(spread("/fails", 300, 60.0, 20.0, 5));
    new.extend(failing("/fails", 9));
    old.extend(spread("/silent", 300, 60.0, 20.0, 7));
    new.extend(spread("/silent", 2, 60.0, 20.0, 8));
    let (mut old, mut new) = (run("1", &old), run("2", &new));
    new.series[3].circumstances.insert("users".to_owned(), "60".to_owned());
    new.series[3].circumstances.insert("body".to_owned(), "3f2a9c0d1e2b".to_owned());
    old.series[3].circumstances.insert("body".to_owned(), "aaaa9c0d1e2b".to_owned());
    new.series[1].data = "d2".to_owned();
    compared(&single(&old), &new)
}

/// 300 requests of which every n-th fails.
pub(super) fn failing(name: &str, every: usize) -> Vec<Ended> {
    let requests = spread(name, 300, 60.0, 20.0, 6).into_iter().enumerate();
    requests.map(|(n, request)| if n % every == 0 { request.failed("HTTP 500") } else { request }).collect()
}

/// A run whose generator was the limit.
pub(super) fn limited() -> Comparison {
    let mut new = at("2", 181.0, 2);
    (0..100).for_each(|_| new.health.heartbeat.record(100_000));
    compared(&single(&at("1", 180.0, 1)), &new)
}

/// A run against the simulator beside one against a server.
pub(super) fn incomparable() -> Comparison {
    let mut new = at("2", 181.0, 2);
    new.header.simulated = true;
    compared(&single(&at("1", 180.0, 1)), &new)
}

/// A module that comes to this exit code by its comparison.
pub(super) fn module(code: u8, comparison: Comparison) -> ModuleReport {
    let word = match comparison.outcome() {
        Outcome::Regressed => "regressed",
        Outcome::Improved => "improved",
        Outcome::Unchanged => "unchanged",
        Outcome::Inconclusive => "inconclusive",
        Outcome::NothingComparable => "nothing is comparable with the baseline",
        Outcome::GeneratorLimited => "the load generator was the limit",
    };
    ModuleReport { word: word.to_owned(), comparison: Some(comparison), ..unjudged(code) }
}

/// A module without a comparison.
pub(super) fn unjudged(code: u8) -> ModuleReport {
    ModuleReport {
        name: "demo".to_owned(),
        word: "no baseline yet".to_owned(),
        exit: ExitMeaning { code, meaning: format!("meaning of {code}") },
        comparison: None,
        inconclusive_fails: code == 4,
        limits: Vec::new(),
    }
}

/// A name that is markup in one format or another.
pub(super) const NASTY: &str = "/a|b`c<script>&\"*x*\u{1}\u{fffe}\n]]>::error::100%,y_z";
