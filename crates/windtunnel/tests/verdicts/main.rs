//! Verdicts end to end: the program against its simulated model server, whose level differs from start to start, with
//! sessions dated by an injected clock. Takes minutes and a release build: `make bench-verdicts`, which writes
//! docs/verdict-end-to-end.md.
//!
//! Each bar is set so that a build whose verdicts err as rarely as docs/verdict-rates.md says misses it less than once
//! in a thousand runs.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "the whole binary is a test")]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

/// Noise between the sessions of the simulated server: the standard deviation of the logarithm of its level.
const NOISE: &str = "0.02";
/// How often a correct build may miss a bar.
const ALLOWED_MISSES: f64 = 0.001;

/// What is measured.
struct Scenario {
    name: &'static str,
    /// What the bar is computed from: the probability of a red report.
    red: Rate,
    baselines: u32,
    sessions: u32,
    /// Comparisons with each baseline.
    comparisons: u32,
    users: u32,
    wait: &'static str,
    seconds: u32,
    /// Of the changed server.
    changes: &'static [&'static str],
}

/// What is known of the probability of a red report.
enum Rate {
    /// At most so much: an unchanged server.
    AtMost(f64),
    /// At least so much: a change that must be seen.
    AtLeast(f64),
}

const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "the same server",
        red: Rate::AtMost(0.012),
        baselines: 10,
        sessions: 3,
        comparisons: 4,
        users: 64,
        wait: "50ms..150ms",
        seconds: 3,
        changes: &[],
    },
    Scenario {
        name: "20 % slower",
        red: Rate::AtLeast(0.81),
        baselines: 4,
        sessions: 3,
        comparisons: 3,
        users: 64,
        wait: "50ms..150ms",
        seconds: 3,
        changes: &["--sim-slowdown", "1.2"],
    },
    Scenario {
        name: "a slow path for 2 % of 10,000 requests",
        red: Rate::AtLeast(0.78),
        baselines: 2,
        sessions: 3,
        comparisons: 4,
        users: 192,
        wait: "50ms..150ms",
        seconds: 9,
        changes: &["--sim-stalls", "0.02", "--sim-stall-time", "120ms"],
    },
    Scenario {
        name: "throughput down by 20 % (users without wait)",
        red: Rate::AtLeast(0.9),
        baselines: 3,
        sessions: 3,
        comparisons: 3,
        users: 16,
        wait: "none",
        seconds: 3,
        changes: &["--sim-slowdown", "1.25"],
    },
    Scenario {
        name: "failures from 0 to 5 %",
        red: Rate::AtLeast(0.98),
        baselines: 2,
        sessions: 3,
        comparisons: 4,
        users: 64,
        wait: "50ms..150ms",
        seconds: 3,
        changes: &["--sim-failures", "0.05"],
    },
];

/// The exit codes of some comparisons.
#[derive(Default)]
struct Counts {
    unchanged: u32,
    red: u32,
    inconclusive: u32,
    /// The generator was the limit, or worse.
    other: u32,
}

impl Counts {
    fn total(&self) -> u32 {
        self.unchanged + self.red + self.inconclusive
    }
}

/// A folder with one module and its results, and a calendar.
struct Bench {
    folder: tempfile::TempDir,
    day: u32,
}

impl Bench {
    fn new(scenario: &Scenario) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let class = |name: &str| {
            format!(
                "[[user]]\nclass = \"{name}\"\nwait = \"{}\"\npost = \"/v1/models/{}:predict\"\njson = {{ x = 1 }}\n\n",
                scenario.wait,
                name.to_lowercase()
            )
        };
        fs::create_dir(folder.path().join("models")).unwrap();
        let module = class("Alpha") + &class("Beta");
        fs::write(folder.path().join("models/bench.toml"), module).unwrap();
        Self { folder, day: 0 }
    }

    /// Runs the program a day later than the last time; its exit code and what it printed.
    fn windtunnel(&mut self, scenario: &Scenario, arguments: &[&str]) -> (i32, String) {
        self.day += 1;
        let date = format!("2026-{:02}-{:02}T12:00:00Z", 1 + self.day / 28, 1 + self.day % 28);
        let output = Command::new(env!("CARGO_BIN_EXE_windtunnel"))
            .args(arguments)
            .args(["--sim", "--sim-noise", NOISE, "--sim-median", "20ms", "--sim-workers", "256"])
            .args(["-u", &scenario.users.to_string(), "-r", "1000", "-t", &format!("{}s", scenario.seconds)])
            .arg("--only-summary")
            .current_dir(self.folder.path())
            .env("WINDTUNNEL_CLOCK", date)
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        (output.status.code().unwrap_or(-1), text.into_owned())
    }
}

fn measure(scenario: &Scenario) -> Counts {
    let mut counts = Counts::default();
    for _ in 0..scenario.baselines {
        let mut bench = Bench::new(scenario);
        for _ in 0..scenario.sessions {
            let (code, text) = bench.windtunnel(scenario, &["calibrate", "bench"]);
            assert_eq!(code, 0, "{}: {text}", scenario.name);
        }
        for _ in 0..scenario.comparisons {
            let arguments = [&["run", "bench", "--inconclusive", "fail"], scenario.changes].concat();
            let (code, text) = bench.windtunnel(scenario, &arguments);
            match code {
                0 | 1 => counts.unchanged += 1,
                3 => counts.red += 1,
                4 if text.contains("generator was the limit") => counts.other += 1,
                4 => counts.inconclusive += 1,
                _ => panic!("{}: exit code {code}: {text}", scenario.name),
            }
        }
    }
    counts
}

/// The probability of at most `k` successes in `n` tries of probability `p`.
fn at_most(k: u32, n: u32, p: f64) -> f64 {
    let mut term = (1.0 - p).powi(i32::try_from(n).unwrap());
    let mut sum = term;
    for i in 0..k {
        term *= f64::from(n - i) / f64::from(i + 1) * p / (1.0 - p);
        sum += term;
    }
    sum
}

/// The bar: most red reports of an unchanged server, or fewest of a changed one.
fn bar(red: &Rate, comparisons: u32) -> u32 {
    match *red {
        Rate::AtMost(p) => {
            (0..comparisons).find(|k| at_most(*k, comparisons, p) > 1.0 - ALLOWED_MISSES).unwrap()
        }
        Rate::AtLeast(p) => (0..comparisons).find(|k| at_most(*k, comparisons, p) >= ALLOWED_MISSES).unwrap(),
    }
}

#[test]
#[ignore = "takes minutes and needs a release build and a quiet machine: make bench-verdicts"]
fn verdicts_are_right_end_to_end() {
    let mut table = String::from(
        "| server | stored sessions | comparisons | regressed | bar | unchanged or improved | inconclusive | generator limited |\n\
         |---|---|---|---|---|---|---|---|\n",
    );
    let mut missed = Vec::new();
    for scenario in SCENARIOS {
        let counts = measure(scenario);
        let bar = bar(&scenario.red, counts.total());
        let (kept, shown) = match scenario.red {
            Rate::AtMost(_) => (counts.red <= bar, format!("at most {bar}")),
            Rate::AtLeast(_) => (counts.red >= bar, format!("at least {bar}")),
        };
        if !kept {
            missed.push(scenario.name);
        }
        let line = format!(
            "| {} | {} | {} | {} | {shown} | {} | {} | {} |",
            scenario.name,
            scenario.sessions,
            counts.total() + counts.other,
            counts.red,
            counts.unchanged,
            counts.inconclusive,
            counts.other
        );
        eprintln!("{line}");
        writeln!(table, "{line}").unwrap();
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/verdict-end-to-end.md");
    fs::write(&file, page(&table)).unwrap();
    assert!(missed.is_empty(), "missed: {missed:?}; see {}", file.display());
}

fn page(table: &str) -> String {
    format!(
        "# Verdicts, end to end\n\n\
         Made by `make bench-verdicts`: the program, built for release, against its own simulated model server. Every\n\
         run starts a new server, whose level differs from start to start (standard deviation of its logarithm:\n\
         {NOISE}); sessions are a day apart by an injected clock. A module of two classes; each baseline is made of its\n\
         sessions with `windtunnel calibrate`, then compared with several runs, each confirmed by a second run where it\n\
         looked worse. The bars are set so that a build that errs as [verdict-rates.md](verdict-rates.md) says misses\n\
         one less than once in a thousand times.\n\n{table}"
    )
}

#[test]
fn the_bars_are_those_of_the_binomial_distribution() {
    // Forty fair coins: fewer than eleven heads have a probability of 0.0011.
    assert!((at_most(10, 40, 0.5) - 0.001_11).abs() < 1e-5);
    assert_eq!(bar(&Rate::AtMost(0.0), 40), 0);
    assert_eq!(bar(&Rate::AtMost(0.012), 40), 4);
    assert_eq!(bar(&Rate::AtLeast(0.81), 12), 5);
}
