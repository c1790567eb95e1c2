//! The line of a runs file: what a verdict needs of one run, as one line of JSON. Described in docs/formats.md.
//!
//! Makes lines of records, writes and reads them. Which line is a baseline, and what follows from it, is the
//! business of `compare`.

mod change;
mod endpoint;
#[cfg(test)]
pub(crate) mod fixture;
mod limited;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Number, Value};

use crate::clock::RunTime;
use crate::summary::{Ending, Health, RunRecord};

pub use change::{Change, ChangeLine, Line};
pub use endpoint::{Endpoint, WholeRun};
pub use limited::limited;

/// The version of the lines that are written, and the only one that is read.
pub const VERSION: u64 = 1;

/// One run of one module.
///
/// What later versions may add is ignored on reading; what is optional here may be missing there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunLine {
    /// [`VERSION`].
    v: u64,
    /// `run`; lines of other kinds share the file.
    #[serde(default)]
    kind: Kind,
    /// The run's id.
    pub run: String,
    /// The module.
    pub module: String,
    /// The name of its baseline.
    #[serde(default)]
    pub baseline: String,
    /// When it began.
    #[serde(with = "timestamp")]
    pub started: Timestamp,
    /// From the start until the last request ended or was given up, in seconds.
    pub secs_total: f64,
    /// How it ended.
    pub ending: LineEnding,
    /// Against the simulator.
    #[serde(default)]
    pub simulated: bool,
    /// The occasion on which it was made; that of the run alone where there is none.
    #[serde(default)]
    pub session: Option<String>,
    /// The epoch, a version of the server that was accepted, of which this run is evidence; none where it is none.
    #[serde(default)]
    pub epoch: Option<String>,
    /// The epoch before that one.
    #[serde(default)]
    pub parent: Option<String>,
    /// It became evidence by itself, because nothing had changed; no anchor rests on it.
    #[serde(default)]
    pub joined: bool,
    /// The load asked for.
    #[serde(default)]
    pub load: LoadAsked,
    /// Where it was made.
    #[serde(default)]
    pub env: Environment,
    /// What is cut off before the verdict's window.
    #[serde(default)]
    pub cut: Cut,
    /// The generator's own state.
    #[serde(rename = "gen", default)]
    pub generator: Generator,
    /// Requests in flight when the stop timeout was over.
    #[serde(default)]
    pub unfinished: u64,
    /// Errors of templates.
    #[serde(default)]
    pub exceptions: u64,
    /// Variables of the module, secrets redacted.
    #[serde(default)]
    pub variables: BTreeMap<String, Value>,
    /// Other modules that ran beside this one.
    #[serde(default)]
    pub together: Vec<String>,
    /// The rows.
    pub endpoints: Vec<Endpoint>,
    /// All rows together; missing where there is one row, which is the total.
    #[serde(default)]
    pub total: Option<Endpoint>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    #[default]
    Run,
}

/// How the run of a line ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LineEnding {
    /// The run time was reached, or every user ended.
    Complete,
    /// Stopped from outside, or not at its end yet.
    Interrupted,
}

/// The load asked for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LoadAsked {
    /// Virtual users.
    pub users: u32,
    /// Users started a second.
    pub spawn_rate: f64,
    /// The run time in seconds; none where it ran until it was stopped.
    pub run_time_s: Option<f64>,
}

/// Where a run was made.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Environment {
    /// Host name of the generator.
    pub host: String,
    /// Id of its boot.
    pub boot: String,
    /// Its processor.
    pub cpu: String,
    /// Processors that it could use.
    pub cores: usize,
    /// Windtunnel's version.
    pub tool: String,
    /// The base URLs.
    pub target: String,
    /// The build of the server, where the user said which.
    pub build: Option<String>,
    /// The seed of all random choices.
    pub seed: u64,
}

/// What is cut off before the verdict's window.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Cut {
    /// From the start until the last user of the ramp was started, in seconds; none where it never was.
    pub ramp_s: Option<f64>,
    /// Warm-up after that, in seconds; none where it was not looked for.
    pub warm_s: Option<f64>,
    /// Whether it became steady; none where it was not looked for.
    pub steady: Option<bool>,
    /// Whether too little is left after the ramp and the cut.
    pub short: bool,
    /// Drift of the level of the last third against the middle third, logarithmic; none where it could not be told.
    pub drift: Option<f64>,
    /// Whether that is worth a note.
    pub drifting: bool,
}

/// What the generator knew of itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Generator {
    /// Mean lateness of its heartbeat, in microseconds.
    pub hb_mean_us: Option<f64>,
    /// The 99 % quantile of that.
    pub hb_p99_us: Option<f64>,
    /// Mean lateness of sends, in microseconds.
    pub send_mean_us: Option<f64>,
    /// The largest share of one thread's processor over any five seconds, 0 to 1.
    pub cpu_max5s: f64,
    /// Requests sent.
    pub sent: u64,
    /// It was the limit.
    pub limited: bool,
    /// Why, in words.
    pub limited_by: Option<String>,
}

impl RunLine {
    /// Whether it has too few slices of time to say how a row varies: nothing could be judged against it.
    #[must_use]
    pub fn is_short(&self) -> bool {
        self.endpoints.iter().any(|row| row.cell.short)
    }

    /// The line of a record. While the run goes on it is that of a run interrupted now.
    #[must_use]
    pub fn from_record(record: &RunRecord) -> Self {
        let header = &record.header;
        let endpoints: Vec<Endpoint> =
            record.series.iter().map(|series| Endpoint::of(record, series)).collect();
        let total = (endpoints.len() != 1).then(|| Endpoint::of(record, &record.total));
        Self {
            v: VERSION,
            kind: Kind::Run,
            run: header.id.clone(),
            module: header.module.clone(),
            baseline: header.baseline.clone(),
            started: header.started,
            secs_total: record.elapsed.as_duration().as_secs_f64(),
            ending: match record.ending {
                Some(Ending::Complete) => LineEnding::Complete,
                Some(Ending::Interrupted) | None => LineEnding::Interrupted,
            },
            simulated: header.simulated,
            session: None,
            epoch: None,
            parent: None,
            joined: false,
            load: LoadAsked {
                users: header.users,
                spawn_rate: header.spawn_rate,
                run_time_s: header.run_time.map(|time| time.as_secs_f64()),
            },
            env: Environment::of(record),
            cut: Cut::of(record),
            generator: Generator::of(record),
            unfinished: record.total.cut_off,
            exceptions: record.exceptions.iter().map(|row| row.count).sum(),
            variables: header.variables.clone(),
            together: header.together.clone(),
            endpoints,
            total,
        }
    }

    /// One line of JSON without a line end: keys sorted, floats with nine significant digits.
    #[must_use]
    pub fn to_json_line(&self) -> String {
        // Only texts are keys and every number is a JSON number, so this cannot fail.
        let mut value = serde_json::to_value(self).unwrap_or_default();
        round_floats(&mut value);
        value.sort_all_objects();
        value.to_string()
    }

    /// Reads a line; `None` for a line of another kind, which readers of runs pass over.
    ///
    /// # Errors
    /// When the line is damaged or of a version that is not known.
    pub fn parse(line: &str) -> Result<Option<Self>, LineError> {
        let value = version_of(line)?;
        if value.get("kind").and_then(Value::as_str).is_some_and(|kind| kind != "run") {
            return Ok(None);
        }
        serde_json::from_value(value).map(Some).map_err(|error| LineError::Damaged(error.to_string()))
    }

    /// Reads all runs of a file, in its order; empty lines and lines of other kinds are passed over.
    ///
    /// # Errors
    /// The number of the first line that cannot be read, counted from 1, and why.
    pub fn parse_all(text: &str) -> Result<Vec<Self>, (usize, LineError)> {
        let mut runs = Vec::new();
        for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            runs.extend(Self::parse(line).map_err(|error| (index + 1, error))?);
        }
        Ok(runs)
    }
}

/// The JSON of a line of the version that is known.
fn version_of(line: &str) -> Result<Value, LineError> {
    if is_conflict_marker(line) {
        return Err(LineError::Conflict);
    }
    let value: Value = serde_json::from_str(line)
        .map_err(|error| LineError::Damaged(format!("no JSON from column {} on", error.column())))?;
    let version = value.get("v").ok_or_else(|| LineError::Damaged("no key `v`".to_owned()))?;
    if version.as_u64() != Some(VERSION) {
        return Err(LineError::Version(version.to_string()));
    }
    Ok(value)
}

/// Does git put such a line between the sides of a conflict.
pub(crate) fn is_conflict_marker(line: &str) -> bool {
    ["<<<<<<<", "=======", ">>>>>>>", "|||||||"].iter().any(|marker| line.starts_with(marker))
}

/// A line that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LineError {
    /// Cut off, edited, or not a line of a runs file.
    #[error("the line of a run is damaged: {0}")]
    Damaged(String),
    /// Written by another version.
    #[error("a line of version {0}, but this program reads version {VERSION}")]
    Version(String),
    /// A merge that was not finished.
    #[error("the marker of a git conflict stands where the line of a run should")]
    Conflict,
}

impl LineError {
    /// How to mend it.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            Self::Damaged(_) => "restore the file with git, or remove the line",
            Self::Version(_) => "use the windtunnel that wrote it, or a newer one",
            Self::Conflict => "keep the lines of both sides and remove the markers",
        }
    }
}

impl Environment {
    fn of(record: &RunRecord) -> Self {
        let machine = &record.header.machine;
        Self {
            host: machine.host.clone(),
            boot: machine.boot.clone(),
            cpu: machine.cpu.clone(),
            cores: machine.cores,
            tool: machine.tool.clone(),
            target: record.header.target.clone(),
            build: record.header.build.clone(),
            seed: record.header.seed,
        }
    }
}

impl Cut {
    fn of(record: &RunRecord) -> Self {
        let seconds = |at: RunTime| at.as_duration().as_secs_f64();
        let steadiness = record.steadiness;
        let from = seconds(record.ramp_end.unwrap_or_default());
        Self {
            ramp_s: record.ramp_end.map(seconds),
            warm_s: steadiness.map(|_| record.warm_up_end.map_or(0.0, |end| seconds(end) - from)),
            steady: steadiness.map(|found| found.steady),
            // A ramp that never ended leaves nothing.
            short: steadiness.is_some_and(|found| found.too_short || record.ramp_end.is_none()),
            drift: steadiness.and_then(|found| found.drift),
            drifting: steadiness.is_some_and(|found| found.drifting),
        }
    }
}

impl Generator {
    fn of(record: &RunRecord) -> Self {
        let Health { heartbeat, send_delay, cpu_max_5s } = &record.health;
        let limited_by = limited(record);
        Self {
            hb_mean_us: heartbeat.mean_us(),
            hb_p99_us: heartbeat.quantile_us(0.99),
            send_mean_us: send_delay.mean_us(),
            cpu_max5s: *cpu_max_5s,
            sent: record.total.requests + record.total.cut_off,
            limited: limited_by.is_some(),
            limited_by,
        }
    }
}

/// Nine significant digits: more than any of these figures has, and few enough that a changed last bit is no
/// changed line.
fn round_floats(value: &mut Value) {
    match value {
        Value::Number(number) if number.is_f64() => {
            let rounded = number.as_f64().and_then(|float| format!("{float:.8e}").parse().ok());
            if let Some(rounded) = rounded.and_then(Number::from_f64) {
                *number = rounded;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(round_floats),
        Value::Object(entries) => entries.values_mut().for_each(round_floats),
        _ => {}
    }
}

/// A timestamp as text in RFC 3339.
mod timestamp {
    use jiff::Timestamp;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(at)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|_| D::Error::custom(format!("`{text}` is no time")))
    }
}
