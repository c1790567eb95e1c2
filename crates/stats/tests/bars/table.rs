//! The page docs/verdict-rates.md, measured.

use std::fmt::Write;

use crate::pool::{By, Change, Design, Pool, pools};
use crate::{CHANGED, SEED, UNCHANGED, against, confirmed};

/// The changes that are looked for, with the heads of their columns.
const CHANGES: [(&str, &str); 5] = [
    ("med+10", "+10 %"),
    ("med+20", "+20 %"),
    ("med+50", "+50 %"),
    ("p99+50", "p99 +50 %"),
    ("thr-20", "throughput -20 %"),
];

const HEAD: &str = "\
# How often verdicts err

Made by `make verdict-rates`. The runs are those of a queueing simulator, in the file `crates/stats/tests/bars_pool.json`:
servers of 4 to 8 workers whose service times are lognormal with a heavy tail, wander over seconds and have slow episodes,
under users who wait (closed-light), users who do not (closed-sat) and a fixed rate at 60 % utilisation (open-60), with 100 or
1,000 requests a run. Every session has a level of its own: `2 %` and `5 %` are the standard deviations between runs, and 4 % of the
runs are 12 % slower for no reason. A comparison draws sessions without replacement and one run of each: 4,000 comparisons of
the server with itself, 600 with each change. Shown are percent of reports.

\"same, red\" are false alarms. \"+c\" means with a second run to confirm a red report, as the program does. A change of the
median means that of the whole distribution; \"p99 +50 %\" is a slow path for 2 % of the requests that leaves the median as it
is; \"throughput -20 %\" is dead time outside the latencies where users wait. Interleaved pairs have no simulated
changes of their own: there latencies are made longer by the share, and the throughput stays. \"3 to 6 pairs\" asks after each pair from the third on.

";

/// The whole page.
pub(crate) fn page() -> String {
    let mut page = HEAD.to_owned();
    for (by, title, text) in [
        (
            By::Constants,
            "With the constants of the rule",
            "The noise between sessions that is expected beforehand is that of docs/statistics.md 3.7.",
        ),
        (
            By::History,
            "As the program judges a new baseline",
            "Tails are judged with caution until five sessions were measured, and with the measured noise from then on.",
        ),
    ] {
        // Writing to a text cannot fail.
        let _ =
            write!(page, "## {title}\n\n{text}\n\n| runs | compared with | same, red | same, unchanged |");
        page.extend(CHANGES.map(|(_, head)| format!(" {head} |")));
        page.push_str("\n|---|---|---|---|---|---|---|---|---|\n");
        for pool in pools() {
            rows(&mut page, &pool, by);
        }
        page.push('\n');
    }
    page.truncate(page.trim_end().len());
    page.push('\n');
    page
}

fn rows(page: &mut String, pool: &Pool, by: By) {
    let designs = [
        ("1 session", against(1)),
        ("1 session +c", confirmed(1)),
        ("3 sessions +c", confirmed(3)),
        ("5 sessions", against(5)),
        ("5 sessions +c", confirmed(5)),
        ("3 pairs", Design::Pairs(3)),
        ("3 to 6 pairs", Design::UpToPairs(6)),
    ];
    for (name, design) in designs {
        let same = pool.rates(design, Change::Nothing, by, UNCHANGED, SEED);
        let (red, unchanged) = (same.red(), same.unchanged());
        let _ = write!(page, "| {} | {name} | {red:.1} | {unchanged:.0} |", pool.name.replace('_', ", "));
        for (change, _) in CHANGES {
            let _ = match seen(pool, design, change, by) {
                Some(seen) => write!(page, " {seen:.0} |"),
                None => write!(page, " - |"),
            };
        }
        page.push('\n');
    }
}

fn seen(pool: &Pool, design: Design, change: &str, by: By) -> Option<f64> {
    let change = match (design, change) {
        (Design::Stored { .. }, change) => pool.has(change).then_some(Change::Simulated(change))?,
        (_, "med+10") => Change::Slower(0.1),
        (_, "med+20") => Change::Slower(0.2),
        (_, "med+50") => Change::Slower(0.5),
        _ => return None,
    };
    Some(pool.rates(design, change, by, CHANGED, SEED).red())
}
