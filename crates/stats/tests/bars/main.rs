//! The error rates of verdicts, measured on simulated runs.
//!
//! 4,000 comparisons of an unchanged server with itself and 600 of every change are drawn for each design. The limits
//! are what another implementation of the same rule measured, and three standard errors. Only fast in a release build:
//! `cargo test --release -p windtunnel-stats --test bars`.

#![allow(clippy::unwrap_used, reason = "the whole binary is a test")]

mod limits;
mod pool;
mod table;

use pool::{By, Change, Design, Pool, pools};

const UNCHANGED: usize = 4_000;
const CHANGED: usize = 600;
const SEED: u64 = 1;

/// What is asked of a design: percent of reports.
struct Bar {
    design: Design,
    /// Red reports without a change, at most.
    red: f64,
    /// Unchanged reports without a change, at least.
    unchanged: f64,
    /// Red reports with a change, at least.
    seen: &'static [(Change<'static>, f64)],
}

const fn against(sessions: usize) -> Design {
    Design::Stored { sessions, confirm: false }
}

const fn confirmed(sessions: usize) -> Design {
    Design::Stored { sessions, confirm: true }
}

const PLUS_10_OF_PAIRS: Change = Change::Slower(0.1);
const PLUS_20: Change = Change::Simulated("med+20");
const PLUS_50: Change = Change::Simulated("med+50");
const LESS: Change = Change::Simulated("thr-20");

fn pool(name: &str) -> Pool {
    pools().into_iter().find(|pool| pool.name == name).unwrap()
}

fn check(name: &str, bars: &[Bar]) {
    let pool = pool(name);
    let mut missed = Vec::new();
    for bar in bars {
        let rates = |change, comparisons| pool.rates(bar.design, change, By::Constants, comparisons, SEED);
        let same = rates(Change::Nothing, UNCHANGED);
        if same.red() > bar.red {
            missed.push(format!(
                "{:?}: {:.2} % red without a change, at most {}",
                bar.design,
                same.red(),
                bar.red
            ));
        }
        if same.unchanged() < bar.unchanged {
            let found = same.unchanged();
            missed.push(format!("{:?}: {found:.1} % unchanged, at least {}", bar.design, bar.unchanged));
        }
        for (change, least) in bar.seen {
            let seen = rates(*change, CHANGED).red();
            if seen < *least {
                missed.push(format!("{:?}: {change:?} seen in {seen:.1} %, at least {least}", bar.design));
            }
        }
    }
    assert!(missed.is_empty(), "{name}\n{}", missed.join("\n"));
}

#[test]
#[cfg_attr(debug_assertions, ignore = "takes minutes in a debug build")]
fn hundred_requests_a_run_and_quiet_sessions() {
    check(
        "closed-light_100_2",
        &[
            Bar {
                design: against(1),
                red: 2.0,
                unchanged: 0.0,
                seen: &[(PLUS_20, 22.0), (PLUS_50, 95.0), (LESS, 18.0)],
            },
            Bar {
                design: confirmed(5),
                red: 1.2,
                unchanged: 8.0,
                seen: &[(PLUS_20, 51.0), (PLUS_50, 98.0), (LESS, 36.0)],
            },
        ],
    );
}

#[test]
#[cfg_attr(debug_assertions, ignore = "takes minutes in a debug build")]
fn thousand_requests_a_run_and_quiet_sessions() {
    check(
        "closed-light_1000_2",
        &[
            Bar {
                design: against(1),
                red: 2.0,
                unchanged: 15.0,
                seen: &[(PLUS_20, 67.0), (PLUS_50, 99.0), (LESS, 90.0)],
            },
            Bar {
                design: confirmed(1),
                red: 0.5,
                unchanged: 15.0,
                seen: &[(PLUS_20, 62.0), (PLUS_50, 99.0), (LESS, 90.0)],
            },
            Bar {
                design: confirmed(3),
                red: 1.2,
                unchanged: 44.0,
                seen: &[(PLUS_20, 81.0), (PLUS_50, 99.0), (LESS, 98.0)],
            },
            Bar {
                design: against(5),
                red: 4.5,
                unchanged: 55.0,
                seen: &[(PLUS_20, 88.0), (PLUS_50, 99.0), (LESS, 98.0)],
            },
            Bar {
                design: confirmed(5),
                red: 1.6,
                unchanged: 55.0,
                seen: &[(PLUS_20, 89.0), (PLUS_50, 99.0), (LESS, 98.0)],
            },
            Bar { design: Design::Pairs(3), red: 2.6, unchanged: 81.0, seen: &[(PLUS_10_OF_PAIRS, 78.0)] },
            // All looks together err as rarely as one.
            Bar {
                design: Design::UpToPairs(6),
                red: 2.6,
                unchanged: 81.0,
                seen: &[(PLUS_10_OF_PAIRS, 78.0)],
            },
        ],
    );
}

#[test]
#[cfg_attr(debug_assertions, ignore = "takes minutes in a debug build")]
fn thousand_requests_a_run_and_restless_sessions() {
    check(
        "closed-light_1000_5",
        &[
            Bar {
                design: confirmed(1),
                red: 2.3,
                unchanged: 15.0,
                seen: &[(PLUS_20, 57.0), (PLUS_50, 98.0), (LESS, 88.0)],
            },
            Bar {
                design: against(5),
                red: 5.4,
                unchanged: 35.0,
                seen: &[(PLUS_20, 70.0), (PLUS_50, 98.0), (LESS, 98.0)],
            },
            Bar {
                design: confirmed(5),
                red: 2.4,
                unchanged: 35.0,
                seen: &[(PLUS_20, 65.0), (PLUS_50, 98.0), (LESS, 98.0)],
            },
        ],
    );
}

#[test]
#[cfg_attr(debug_assertions, ignore = "takes minutes in a debug build")]
fn a_server_at_its_limit() {
    let seen = &[(PLUS_20, 93.0), (PLUS_50, 99.0)];
    check("closed-sat_1000_2", &[Bar { design: confirmed(5), red: 1.8, unchanged: 68.0, seen }]);
}

#[test]
#[cfg_attr(debug_assertions, ignore = "takes minutes in a debug build")]
fn a_fixed_rate_with_a_queue_and_restless_sessions() {
    check(
        "open-60_1000_5",
        &[
            Bar { design: confirmed(1), red: 8.0, unchanged: 0.0, seen: &[(PLUS_20, 44.0), (PLUS_50, 84.0)] },
            Bar {
                design: confirmed(5),
                red: 4.0,
                unchanged: 17.0,
                seen: &[(PLUS_20, 39.0), (PLUS_50, 88.0)],
            },
        ],
    );
}

#[test]
#[ignore = "writes docs/verdict-rates.md: make verdict-rates"]
fn measured_rates_are_written_down() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/verdict-rates.md");
    std::fs::write(file, table::page()).unwrap();
}
