//! One row of a run, as a line keeps it.

use std::collections::BTreeMap;
use std::io::{Read, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use serde::{Deserialize, Serialize};
use windtunnel_stats::cell::{Batches, Cell, Estimate};
use windtunnel_stats::{Histogram, Metric, Slices};

use crate::summary::{RunRecord, SeriesSummary};

/// The most bytes that encoded counts can have: each of them and each gap takes at most ten.
const MAX_COUNTS: u64 = 20 * (Histogram::MAX_BUCKET as u64 + 1);

/// One row, or all of them together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(into = "EndpointText", try_from = "EndpointText")]
pub struct Endpoint {
    /// The method; empty in the total.
    pub method: String,
    /// The row's name; `Aggregated` in the total.
    pub row: String,
    /// What a comparison needs to be equal.
    pub circumstances: BTreeMap<String, String>,
    /// Digest of its data.
    pub data: String,
    /// Requests of the whole run, failures included: what the CSV counts.
    pub requests: u64,
    /// Those that failed.
    pub failures: u64,
    /// Requests that never ended.
    pub unfinished: u64,
    /// Requests sent a second time.
    pub resent: u64,
    /// The whole run, failures included, as in the CSV.
    pub whole: WholeRun,
    /// Latencies of successes in the verdict's window, in microseconds.
    pub latency: Histogram,
    /// The window in batches of time.
    pub batches: Batches,
    /// What a comparison reads.
    pub cell: Cell,
    /// The whole run without cut and with the latencies of failures, as a CSV has it: what a comparison with a CSV
    /// reads. `None` where nothing ended.
    pub whole_cell: Option<Cell>,
}

/// The figures of a row in `_stats.csv`: all requests of the whole run, failures included, times rounded as Locust
/// rounds them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct WholeRun {
    /// Mean response time in milliseconds, not rounded; none without requests.
    pub avg_ms: Option<f64>,
    /// Median in milliseconds.
    pub p50_ms: Option<u64>,
    /// 95 % percentile in milliseconds.
    pub p95_ms: Option<u64>,
    /// Seconds that rates divide by.
    pub secs: f64,
}

impl Endpoint {
    pub(super) fn of(record: &RunRecord, series: &SeriesSummary) -> Self {
        let window = record.window_of(series);
        let (cell, batches) = Cell::measure(&window);
        Self {
            method: series.method.clone(),
            row: series.name.clone(),
            circumstances: series.circumstances.clone(),
            data: series.data.clone(),
            requests: series.requests,
            failures: series.failures,
            unfinished: series.cut_off,
            resent: series.resent,
            whole: WholeRun {
                avg_ms: (series.times.count() > 0).then(|| series.times.average_ms()),
                p50_ms: series.times.percentile(0.5),
                p95_ms: series.times.percentile(0.95),
                secs: record.locust_seconds(),
            },
            latency: window.histogram(),
            batches,
            cell,
            whole_cell: whole_cell(record, series),
        }
    }

    /// The method and the name in one text, for people.
    #[must_use]
    pub fn name(&self) -> String {
        if self.method.is_empty() { self.row.clone() } else { format!("{} {}", self.method, self.row) }
    }
}

/// The cell of all requests of the run, latencies of failures included.
///
/// How failures spread over the run is not kept, so by how much requests follow each other is that of the successes;
/// how steeply the latencies rise around a quantile is that of all of them. `None` where nothing ended; without a
/// success there are no latencies and no rate in it.
fn whole_cell(record: &RunRecord, series: &SeriesSummary) -> Option<Cell> {
    let window = series.slices.window(0, record.elapsed.max(record.window_end).0);
    let successes = Cell::measure(&window).0;
    let succeeded = window.histogram();
    let mut all = succeeded.clone();
    all.merge(&series.failed);
    let count = all.count() as f64;
    if count <= 0.0 {
        return None;
    }
    let seconds = record.locust_seconds();
    let quantile = |metric: Metric| {
        let p = metric.quantile()?;
        let deff = succeeded.count() as f64 * (1.0 - p) / successes.estimate(metric)?.exceeding?;
        let delta = (deff * p * (1.0 - p) / count).sqrt();
        let at = |p: f64| Some(all.quantile_us(p.clamp(0.0, 1.0))?.ln());
        Estimate::checked(
            (all.quantile_us(p)? / 1e6).ln(),
            (at(p + delta)? - at(p - delta)?) / 2.0,
            Some(count * (1.0 - p) / deff),
        )
    };
    let average = || {
        let (mean, of_successes) = (all.mean_us()?, succeeded.mean_us()?);
        // What the successes vary by, and what the share of failures does to the mean of both.
        let share = series.failed.count() as f64 / count;
        let own = (1.0 - share) * of_successes * successes.average?.w;
        let apart = series.failed.mean_us().map_or(0.0, |failed| of_successes - failed);
        let mixture = share * (1.0 - share) * apart * apart * successes.failure_deff / count;
        Estimate::checked((mean / 1e6).ln(), (own * own + mixture).sqrt() / mean, None)
    };
    Some(Cell {
        requests: series.requests,
        failures: series.failures,
        seconds,
        average: average(),
        p50: quantile(Metric::P50),
        p95: quantile(Metric::P95),
        p99: quantile(Metric::P99),
        rate: successes
            .rate
            .and_then(|rate| Estimate::checked(-(series.requests as f64 / seconds).ln(), rate.w, None)),
        failure_deff: successes.failure_deff,
        short: is_short(seconds),
    })
}

/// Whether a whole run has fewer than six slices.
fn is_short(seconds: f64) -> bool {
    seconds < 6.0 * Slices::BASE_NS as f64 / 1e9
}

/// An [`Endpoint`] as it stands in the line.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct EndpointText {
    #[serde(default)]
    name: String,
    method: String,
    row: String,
    #[serde(default)]
    circumstances: BTreeMap<String, String>,
    #[serde(default)]
    data: String,
    requests: u64,
    failures: u64,
    #[serde(default)]
    unfinished: u64,
    #[serde(default)]
    resent: u64,
    all: WholeRun,
    secs: f64,
    n: u64,
    fails: u64,
    sum_us: u64,
    hist: String,
    batches: BatchesText,
    cell: CellText,
    /// `n`, `fails` and `secs` of it are those of the whole run.
    #[serde(default)]
    whole: Option<CellText>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct BatchesText {
    c: Vec<u64>,
    f: Vec<u64>,
    s_us: Vec<u64>,
    le50: Vec<u64>,
    le95: Vec<u64>,
    le99: Vec<u64>,
    slices: Vec<u64>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct CellText {
    y: BTreeMap<String, f64>,
    w: BTreeMap<String, f64>,
    exc: BTreeMap<String, f64>,
    fdeff: f64,
}

impl From<Endpoint> for EndpointText {
    fn from(row: Endpoint) -> Self {
        let batches = row.batches.clone();
        Self {
            name: row.name(),
            secs: row.cell.seconds,
            n: row.cell.requests,
            fails: row.cell.failures,
            sum_us: row.latency.sum_us(),
            hist: deflate(&row.latency.encode()),
            batches: BatchesText {
                c: batches.successes,
                f: batches.failures,
                s_us: batches.sum_us,
                le50: batches.up_to_p50,
                le95: batches.up_to_p95,
                le99: batches.up_to_p99,
                slices: batches.slices,
            },
            cell: CellText::from(&row.cell),
            whole: row.whole_cell.as_ref().map(CellText::from),
            method: row.method,
            row: row.row,
            circumstances: row.circumstances,
            data: row.data,
            requests: row.requests,
            failures: row.failures,
            unfinished: row.unfinished,
            resent: row.resent,
            all: row.whole,
        }
    }
}

impl TryFrom<EndpointText> for Endpoint {
    type Error = String;

    fn try_from(text: EndpointText) -> Result<Self, String> {
        let of_row = |what: &str| format!("{what} of `{} {}`", text.method, text.row);
        let bytes = inflate(&text.hist).ok_or_else(|| of_row("cannot unpack `hist`"))?;
        let latency = Histogram::decode(&bytes, text.sum_us)
            .map_err(|error| of_row(&format!("cannot read `hist`: {error};")))?;
        if latency.count().checked_add(text.fails) != Some(text.n) {
            return Err(of_row("`n` is not the sum of `hist` and `fails`"));
        }
        let batches = Batches {
            successes: text.batches.c,
            failures: text.batches.f,
            sum_us: text.batches.s_us,
            up_to_p50: text.batches.le50,
            up_to_p95: text.batches.le95,
            up_to_p99: text.batches.le99,
            slices: text.batches.slices,
        };
        if batches.len() != batches.slices.len() {
            return Err(format!("lists of different length in `batches` of `{} {}`", text.method, text.row));
        }
        Ok(Self {
            cell: text.cell.cell(text.n, text.fails, text.secs, batches.is_short()),
            whole_cell: text
                .whole
                .map(|cell| cell.cell(text.requests, text.failures, text.all.secs, is_short(text.all.secs))),
            method: text.method,
            row: text.row,
            circumstances: text.circumstances,
            data: text.data,
            requests: text.requests,
            failures: text.failures,
            unfinished: text.unfinished,
            resent: text.resent,
            whole: text.all,
            latency,
            batches,
        })
    }
}

impl From<&Cell> for CellText {
    fn from(cell: &Cell) -> Self {
        let mut text =
            Self { y: BTreeMap::new(), w: BTreeMap::new(), exc: BTreeMap::new(), fdeff: cell.failure_deff };
        for metric in Metric::ALL {
            let Some(estimate) = cell.estimate(metric) else { continue };
            text.y.insert(metric.key().to_owned(), estimate.y);
            text.w.insert(metric.key().to_owned(), estimate.w);
            if let Some(exceeding) = estimate.exceeding {
                text.exc.insert(metric.key().to_owned(), exceeding);
            }
        }
        text
    }
}

impl CellText {
    fn cell(&self, requests: u64, failures: u64, seconds: f64, short: bool) -> Cell {
        let estimate = |metric: Metric| {
            let key = metric.key();
            Estimate::checked(*self.y.get(key)?, *self.w.get(key)?, self.exc.get(key).copied())
        };
        Cell {
            requests,
            failures,
            seconds,
            average: estimate(Metric::Average),
            p50: estimate(Metric::P50),
            p95: estimate(Metric::P95),
            p99: estimate(Metric::P99),
            rate: estimate(Metric::Rate),
            failure_deff: self.fdeff,
            short,
        }
    }
}

fn deflate(bytes: &[u8]) -> String {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    // Writing into memory cannot fail.
    let packed = encoder.write_all(bytes).and_then(|()| encoder.finish()).unwrap_or_default();
    STANDARD.encode(packed)
}

fn inflate(text: &str) -> Option<Vec<u8>> {
    let packed = STANDARD.decode(text).ok()?;
    let mut bytes = Vec::new();
    // Bounded: a few packed bytes can stand for gigabytes.
    DeflateDecoder::new(&*packed).take(MAX_COUNTS).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}
