//! One run as a comparison sees it, from wherever it was read.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use windtunnel_stats::Metric;
use windtunnel_stats::cell::{Cell, Estimate};
use windtunnel_stats::verdict::CsvFigures;
use windtunnel_stats::verdict::Rounding;
use windtunnel_stats::verdict::csv::CsvRow;

use crate::summary::RunRecord;
use crate::summary::line::{Endpoint, Environment, LineEnding, RunLine};

/// By how much requests are taken to follow each other, and failures to come in clusters, where nothing is known of a
/// run's course.
const ASSUMED_DEFF: f64 = 4.0;

/// One run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Side {
    /// Where it is from, for people: `run ID`, or a file.
    pub label: String,
    /// Its id; none of a CSV.
    pub run: Option<String>,
    /// Its session: the id of the first run of the occasion on which it was made; none of a CSV.
    pub session: Option<String>,
    /// The module; unknown of a CSV.
    pub module: Option<String>,
    /// When the run began; unknown of a CSV.
    pub started: Option<Timestamp>,
    /// When its last request ended; unknown of a CSV.
    pub ended: Option<Timestamp>,
    /// It became evidence by itself, because nothing had changed.
    pub joined: bool,
    /// Against the simulator; unknown of a CSV.
    pub simulated: Option<bool>,
    /// How long it was to run, or ran until it was stopped, in seconds; unknown of a CSV.
    pub run_time_s: Option<f64>,
    /// Users started a second; unknown of a CSV.
    pub spawn_rate: Option<f64>,
    /// Variables of the module; unknown of a CSV.
    pub variables: Option<BTreeMap<String, Value>>,
    /// Other modules that ran beside it; unknown of a CSV.
    pub together: Option<Vec<String>>,
    /// Where it was made; unknown of a CSV.
    pub env: Option<Environment>,
    /// Why its generator was the limit, if it was.
    pub limited: Option<String>,
    /// It never became steady.
    pub unsteady: bool,
    /// Too little of it is left after its warm-up.
    pub short: bool,
    /// The rows, without the total.
    pub rows: Vec<SideRow>,
    /// All rows together; none where there is one row, and unknown of a CSV.
    pub total: Option<SideRow>,
    /// What is to be said about the run itself.
    pub notes: Vec<String>,
}

/// One row of a [`Side`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SideRow {
    /// The method.
    pub method: String,
    /// The row's name.
    pub name: String,
    /// Requests of the whole run, failures included.
    pub requests: u64,
    /// Those that failed.
    pub failures: u64,
    /// What must be equal; unknown of a CSV.
    pub circumstances: Option<BTreeMap<String, String>>,
    /// Digest of its data; unknown of a CSV.
    pub data: Option<String>,
    /// All requests of the whole run, as in a CSV.
    pub whole: WholeFigures,
    /// Successes of the verdict's window; unknown of a CSV.
    pub cell: Option<Cell>,
    /// All requests of the whole run, unrounded and with their spread; unknown of a CSV.
    pub whole_cell: Option<Cell>,
}

/// Figures over all requests of the whole run, failures included.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WholeFigures {
    /// Mean response time in milliseconds; none without requests.
    pub average_ms: Option<f64>,
    /// (p, milliseconds) ascending: percentiles as Locust rounds them, the unrounded minimum as 0 and maximum as 1
    /// where they are known.
    pub quantiles: Vec<(f64, f64)>,
    /// Requests a second.
    pub rate: f64,
    /// The seconds that the rate divided by.
    pub seconds: f64,
}

impl WholeFigures {
    /// The percentile `p` in milliseconds.
    pub(super) fn quantile(&self, p: f64) -> Option<f64> {
        self.quantiles.iter().find(|(at, _)| (at - p).abs() < 1e-9).map(|(_, ms)| *ms)
    }
}

impl Side {
    /// The side of a run that was just made.
    #[must_use]
    pub fn from_record(record: &RunRecord) -> Self {
        Self::from_line(&RunLine::from_record(record))
    }

    /// The side of a line.
    #[must_use]
    pub fn from_line(line: &RunLine) -> Self {
        let label = format!("run {}", line.run);
        let (run_time_s, mut notes) = match line.ending {
            LineEnding::Complete => (line.load.run_time_s.unwrap_or(line.secs_total), Vec::new()),
            LineEnding::Interrupted => {
                let note = format!("{label} was interrupted after {:.0} s", line.secs_total);
                (line.secs_total, vec![note])
            }
        };
        if let (true, Some(drift)) = (line.cut.drifting, line.cut.drift) {
            let percent = 100.0 * drift.exp_m1();
            notes.push(format!(
                "{label} drifted: latencies of its last third were {percent:+.0} % off those before"
            ));
        }
        let length = SignedDuration::try_from_secs_f64(line.secs_total).unwrap_or_default();
        Self {
            label,
            run: Some(line.run.clone()),
            session: Some(line.session.clone().unwrap_or_else(|| line.run.clone())),
            module: Some(line.module.clone()),
            started: Some(line.started),
            ended: Some(line.started.checked_add(length).unwrap_or(line.started)),
            joined: line.joined,
            simulated: Some(line.simulated),
            run_time_s: Some(run_time_s),
            spawn_rate: Some(line.load.spawn_rate).filter(|rate| *rate > 0.0),
            variables: Some(line.variables.clone()),
            together: Some(line.together.clone()),
            env: Some(line.env.clone()),
            limited: line.generator.limited.then(|| {
                line.generator.limited_by.clone().unwrap_or_else(|| "the generator was the limit".to_owned())
            }),
            unsteady: line.cut.steady == Some(false),
            short: line.cut.short,
            rows: line.endpoints.iter().map(SideRow::from).collect(),
            total: line.total.as_ref().map(SideRow::from),
            notes,
        }
    }

    /// The row of this method and name.
    #[must_use]
    pub fn row(&self, method: &str, name: &str) -> Option<&SideRow> {
        self.rows.iter().find(|row| row.method == method && row.name == name)
    }

    /// Whether its rows know the verdict's window.
    pub(super) fn knows_window(&self) -> bool {
        self.rows.iter().all(|row| row.cell.is_some())
    }

    /// The seconds from its start to its last response, which is all that a CSV tells of its run time.
    pub(super) fn measured_s(&self) -> f64 {
        self.rows.iter().map(|row| row.whole.seconds).fold(0.0, f64::max)
    }

    /// What it is, for people.
    #[must_use]
    pub fn title(&self) -> String {
        match self.started {
            Some(at) => format!("{}, {}", self.label, at.strftime("%Y-%m-%d %H:%M UTC")),
            None => self.label.clone(),
        }
    }
}

impl SideRow {
    /// The row as a CSV has it.
    pub(super) fn csv_row(&self) -> CsvRow {
        CsvRow {
            requests: self.requests,
            failures: self.failures,
            average_ms: self.whole.average_ms,
            p50_ms: self.whole.quantile(0.5),
            p95_ms: self.whole.quantile(0.95),
            p99_ms: self.whole.quantile(0.99),
            rate: self.whole.rate,
        }
    }

    /// The whole run's cell where the spread is known; else `None`, and [`csv_row`](Self::csv_row) is all there is.
    /// Lines of versions that did not keep it have the figures of their CSV, as wide as the window.
    pub(super) fn known_whole(&self) -> Option<Cell> {
        self.whole_cell.clone().or_else(|| self.cell.as_ref().map(|cell| self.csv_row().as_wide_as(cell).0))
    }

    /// What the rounding of its whole run's figures hides; nothing where they are known exactly.
    pub(super) fn rounding(&self) -> Rounding {
        if self.whole_cell.is_some() { Rounding::default() } else { self.csv_row().rounding() }
    }

    /// The whole run's cell with a spread for want of a better one: that which the percentiles of a CSV allow.
    pub(super) fn assumed_whole(&self) -> Cell {
        let average = self.whole.average_ms.unwrap_or_default();
        let figures = CsvFigures { requests: self.requests, average, quantiles: &self.whole.quantiles };
        let estimate = |metric: Metric, value: Option<f64>| {
            let w = figures.spread(metric)?;
            let exceeding = metric.quantile().map(|p| self.requests as f64 * (1.0 - p) / ASSUMED_DEFF);
            Estimate::checked(value?.ln(), w, exceeding)
        };
        let latency = |metric: Metric| {
            let ms = metric.quantile().map_or(self.whole.average_ms, |p| self.whole.quantile(p));
            estimate(metric, ms.map(|ms| ms / 1e3))
        };
        Cell {
            requests: self.requests,
            failures: self.failures,
            seconds: self.whole.seconds,
            average: latency(Metric::Average),
            p50: latency(Metric::P50),
            p95: latency(Metric::P95),
            p99: latency(Metric::P99),
            rate: estimate(Metric::Rate, (self.whole.rate > 0.0).then(|| 1.0 / self.whole.rate)),
            failure_deff: if self.failures > 0 { ASSUMED_DEFF } else { 1.0 },
            short: false,
        }
    }
}

impl From<&Endpoint> for SideRow {
    fn from(row: &Endpoint) -> Self {
        let whole = &row.whole;
        let quantiles = [(0.5, whole.p50_ms), (0.95, whole.p95_ms)];
        Self {
            method: row.method.clone(),
            name: row.row.clone(),
            requests: row.requests,
            failures: row.failures,
            circumstances: Some(row.circumstances.clone()).filter(|map| !map.is_empty()),
            data: Some(row.data.clone()).filter(|data| !data.is_empty()),
            whole: WholeFigures {
                average_ms: whole.avg_ms,
                quantiles: quantiles.into_iter().filter_map(|(p, ms)| Some((p, ms? as f64))).collect(),
                rate: if whole.secs > 0.0 { row.requests as f64 / whole.secs } else { 0.0 },
                seconds: whole.secs,
            },
            cell: Some(row.cell.clone()),
            whole_cell: row.whole_cell.clone(),
        }
    }
}
