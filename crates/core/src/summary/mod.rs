//! What was measured: recorders merged at ticks, and the record of a run that comes of it.
//!
//! A [`RunRecord`] grows while the run goes on and is complete when it has ended; outputs and comparison read
//! it and nothing else. No formats here but the line of the runs file ([`line`]).

mod collect;
pub mod line;
mod recent;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use windtunnel_stats::{Histogram, LocustTimes, Slices, Steadiness, Window};

use crate::clock::RunTime;

pub use collect::{Collector, Row};
pub use recent::{Current, Recent};

/// Everything that a report may say about one module's run.
#[derive(Clone, Debug)]
pub struct RunRecord {
    /// What was known before the run.
    pub header: Header,
    /// When the last user of the ramp was started; the verdict's window begins here, or at `warm_up_end`. `None`:
    /// never.
    pub ramp_end: Option<RunTime>,
    /// Where the warm-up after the ramp ends, which is cut off too; known at the end, `None` where nothing is cut.
    pub warm_up_end: Option<RunTime>,
    /// How steady the run was from the end of the ramp on; known at the end.
    pub steadiness: Option<Steadiness>,
    /// How far the run has come; at the end, when the last request finished or was given up.
    pub elapsed: RunTime,
    /// The end of the verdict's window: the run time, or when the run was stopped.
    pub window_end: RunTime,
    /// How it ended; `None` while it runs.
    pub ending: Option<Ending>,
    /// Users that live now.
    pub users: u32,
    /// One for each row of the plan, in the plan's order, rows without requests included.
    pub series: Vec<SeriesSummary>,
    /// All rows together ("Aggregated").
    pub total: SeriesSummary,
    /// Distinct failures in the order of their first occurrence, bounded; the rest is in a row "other".
    pub failures: Vec<FailureRow>,
    /// Errors of templates during the run, by distinct text, in the order of first occurrence, bounded.
    pub exceptions: Vec<ExceptionRow>,
    /// The generator's own state.
    pub health: Health,
}

/// What is known of a run before it begins.
#[derive(Clone, Debug)]
pub struct Header {
    /// The run's id: sortable by start, unique.
    pub id: String,
    /// The module.
    pub module: String,
    /// The name of its baseline.
    pub baseline: String,
    /// The wall-clock anchor of [`RunTime::ZERO`].
    pub started: Timestamp,
    /// The load asked for.
    pub users: u32,
    /// Users a second.
    pub spawn_rate: f64,
    /// The run time asked for.
    pub run_time: Option<Duration>,
    /// The base URLs, joined by `, `.
    pub target: String,
    /// The build of the server, where the user said which.
    pub build: Option<String>,
    /// The seed.
    pub seed: u64,
    /// Variables of the module, secrets redacted.
    pub variables: BTreeMap<String, Value>,
    /// Other modules that ran beside this one (`--together`), sorted.
    pub together: Vec<String>,
    /// Against the simulator.
    pub simulated: bool,
    /// The generator's machine.
    pub machine: Machine,
}

/// The machine that generated the load.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Machine {
    /// Host name.
    pub host: String,
    /// An id of the boot, empty where the system has none.
    pub boot: String,
    /// The processor's name.
    pub cpu: String,
    /// Processors that the process may use.
    pub cores: usize,
    /// Windtunnel's version.
    pub tool: String,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The run time was reached, or every user ended by itself.
    Complete,
    /// Stopped from outside: SIGINT, SIGTERM.
    Interrupted,
}

/// One row of the statistics.
#[derive(Clone, Debug, Default)]
pub struct SeriesSummary {
    /// The method; empty in the total.
    pub method: String,
    /// The row's name; `Aggregated` in the total.
    pub name: String,
    /// From the plan; empty in the total.
    pub circumstances: BTreeMap<String, String>,
    /// From the plan; empty in the total.
    pub data: String,
    /// Requests that ended, failures included, to the very last.
    pub requests: u64,
    /// Those that failed.
    pub failures: u64,
    /// Requests still in flight when the stop timeout was over.
    pub cut_off: u64,
    /// Requests sent a second time because an idle connection was closed.
    pub resent: u64,
    /// Response times of all requests, failures included, as Locust keeps them.
    pub times: LocustTimes,
    /// Response times of successes in the verdict's window, in microseconds.
    pub latency: Histogram,
    /// Response times of all failures of the run, in microseconds.
    pub failed: Histogram,
    /// The verdict's window cut into slices by completion.
    pub slices: Slices,
    /// Bytes of bodies received.
    pub received: u64,
    /// Responses by HTTP status; 0 stands for none.
    pub statuses: BTreeMap<u16, u64>,
    /// When the last request ended.
    pub last_request: Option<RunTime>,
    /// Requests by second of completion since the start, for `--json`; the last 86,400 seconds.
    pub per_second: BTreeMap<u32, (u32, u32)>,
    /// The last 20 seconds, for current rates and percentiles.
    pub recent: Recent,
}

/// One distinct failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailureRow {
    /// The row's method.
    pub method: String,
    /// The row's name.
    pub name: String,
    /// The readable text.
    pub error: String,
    /// How often.
    pub occurrences: u64,
    /// First time.
    pub first_seen: RunTime,
    /// Last time.
    pub last_seen: RunTime,
}

/// One distinct error of a template during the run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExceptionRow {
    /// How often.
    pub count: u64,
    /// One line.
    pub message: String,
    /// Where: file and line, class, task.
    pub traceback: String,
}

/// What the generator knows of itself (docs/statistics.md 3.16).
#[derive(Clone, Debug, Default)]
pub struct Health {
    /// Lateness of a 10 ms heartbeat, all threads, microseconds.
    pub heartbeat: Histogram,
    /// `sent - due` of requests, microseconds.
    pub send_delay: Histogram,
    /// The largest share of one thread's processor used over any five seconds, 0 to 1.
    pub cpu_max_5s: f64,
}

impl RunRecord {
    /// The wall-clock time of a moment of the run.
    #[must_use]
    pub fn wall(&self, at: RunTime) -> Timestamp {
        self.header.started.checked_add(at.as_duration()).unwrap_or(self.header.started)
    }

    /// Where the verdict's window begins.
    #[must_use]
    pub fn window_start(&self) -> RunTime {
        self.warm_up_end.or(self.ramp_end).unwrap_or_default()
    }

    /// The verdict's window of a row.
    #[must_use]
    pub fn window_of(&self, series: &SeriesSummary) -> Window {
        series.slices.window(self.window_start().0, self.window_end.0)
    }

    /// Looks for the end of the warm-up, in all rows together, and notes how steady the run was after its ramp
    /// (docs/statistics.md 3.3). The cut holds for every row.
    pub fn cut_warm_up(&mut self) {
        let from = self.ramp_end.unwrap_or_default();
        let window = self.total.slices.window(from.0, self.window_end.0);
        let steadiness = Steadiness::of(&window.slices);
        self.steadiness = Some(steadiness);
        self.warm_up_end = (steadiness.cut > 0).then(|| {
            let width = Duration::from_secs_f64(window.width_seconds);
            let width = RunTime::from_duration(width).0.max(1);
            RunTime((from.0.div_ceil(width) + steadiness.cut as u64) * width)
        });
    }

    /// Seconds from the start to the end of the last request: Locust's denominator of all rates. 0 when
    /// nothing ended.
    #[must_use]
    pub fn locust_seconds(&self) -> f64 {
        self.total.last_request.map_or(0.0, |at| at.as_duration().as_secs_f64())
    }
}

/// The live picture that observers get once a second and at the end.
#[derive(Debug)]
pub struct Snapshot<'a> {
    /// What the run is doing.
    pub phase: Phase,
    /// Since the first spawn.
    pub elapsed: RunTime,
    /// Until the run time is over; `None` without run time.
    pub remaining: Option<Duration>,
    /// Users that live now, over all modules.
    pub users: u32,
    /// One record for each module of the plan.
    pub records: &'a [RunRecord],
}

/// What a run is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Users are being started.
    Spawning,
    /// All users run.
    Running,
    /// No new request starts; those in flight may finish.
    Stopping,
    /// Over.
    Ended,
}
