//! The options of the simulated model server: `--sim-NAME` of a run, `--NAME` of `windtunnel sim`, and the
//! keys of `[sim]` in `windtunnel.toml`.

use std::fmt::Display;
use std::str::FromStr;

use windtunnel_core::error::{Problem, Problems};
use windtunnel_core::units::{parse_duration, parse_share};
use windtunnel_sim::Options;

use crate::settings::layer::Layers;

/// One option of the simulator.
#[derive(Debug)]
pub(crate) struct SimOption {
    /// Its key among the settings, `sim-NAME`: the flag of a run.
    pub(crate) key: &'static str,
    /// The name of its value in the help.
    pub(crate) value: &'static str,
    /// Its help.
    pub(crate) help: &'static str,
    /// Shown in the help of a run too, not only in that of `windtunnel sim`.
    pub(crate) common: bool,
    /// Reads the value into the options.
    set: fn(&mut Options, &str) -> Result<(), String>,
}

impl SimOption {
    /// The flag of `windtunnel sim`, and with `_` instead of `-` the key in `[sim]`.
    pub(crate) fn name(&self) -> &'static str {
        self.key.trim_start_matches("sim-")
    }
}

/// All options, in the order of the help.
pub(crate) const SIM_OPTIONS: &[SimOption] = &[
    SimOption {
        key: "sim-slowdown",
        value: "FACTOR",
        help: "Multiply every serving's time: 1.5 is half as slow again [default: 1]",
        common: true,
        set: |options, text| number(text).map(|value| options.latency.slowdown = value),
    },
    SimOption {
        key: "sim-failures",
        value: "SHARE",
        help: "Share of requests answered with 500: 0.05 or 5% [default: 0]",
        common: true,
        set: |options, text| share(text).map(|value| options.faults.failure_ratio = value),
    },
    SimOption {
        key: "sim-errors-in-200",
        value: "SHARE",
        help: "Share of predictions answered with 200 and an error inside [default: 0]",
        common: false,
        set: |options, text| share(text).map(|value| options.faults.error_in_200_ratio = value),
    },
    SimOption {
        key: "sim-stalls",
        value: "SHARE",
        help: "Share of requests that keep their worker longer, see stall-time [default: 0]",
        common: false,
        set: |options, text| share(text).map(|value| options.faults.stall_ratio = value),
    },
    SimOption {
        key: "sim-stall-time",
        value: "TIME",
        help: "How long a stall lasts [default: 0s]",
        common: false,
        set: |options, text| time(text).map(|value| options.faults.stall_duration = value),
    },
    SimOption {
        key: "sim-noise",
        value: "SIGMA",
        help: "How much two starts differ: deviation of the logarithm of a level drawn at the start [default: 0]",
        common: false,
        set: |options, text| number(text).map(|value| options.latency.session_noise = value),
    },
    SimOption {
        key: "sim-session-seed",
        value: "N",
        help: "Seed of what differs from start to start: times, faults, that level [default: from the system]",
        common: false,
        set: |options, text| number(text).map(|value| options.session_seed = Some(value)),
    },
    SimOption {
        key: "sim-median",
        value: "TIME",
        help: "Median time of a serving over all models [default: 40ms]",
        common: false,
        set: |options, text| time(text).map(|value| options.latency.median = value),
    },
    SimOption {
        key: "sim-spread",
        value: "SIGMA",
        help: "Deviation of the logarithm of a serving's time [default: 0.25]",
        common: false,
        set: |options, text| number(text).map(|value| options.latency.spread = value),
    },
    SimOption {
        key: "sim-workers",
        value: "N",
        help: "Requests that a model serves at the same time [default: 32]",
        common: false,
        set: |options, text| number(text).map(|value| options.workers = value),
    },
    SimOption {
        key: "sim-queue",
        value: "N",
        help: "Requests of a model that may wait for a worker; one more gets 503 [default: 100]",
        common: false,
        set: |options, text| number(text).map(|value| options.queue_limit = value),
    },
    SimOption {
        key: "sim-seed",
        value: "N",
        help: "Seed of times, faults and answers [default: 1]",
        common: true,
        set: |options, text| number(text).map(|value| options.seed = value),
    },
];

/// The simulator's options from the keys `sim-NAME`; mistakes go to `problems`.
pub(crate) fn options(layers: &Layers, problems: &mut Problems) -> Options {
    let mut options = Options::default();
    let before = problems.0.len();
    for option in SIM_OPTIONS {
        if let Some(raw) = layers.get(option.key)
            && let Err(message) = (option.set)(&mut options, &raw.value)
        {
            problems.0.push(raw.from.problem(option.key, message));
        }
    }
    if problems.0.len() == before
        && let Err(errors) = options.validate()
    {
        problems
            .0
            .extend(errors.iter().map(|error| Problem::new(format!("the simulated model server: {error}"))));
    }
    options
}

fn number<T: FromStr<Err: Display>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("expected a number that fits, got `{text}`"))
}

fn share(text: &str) -> Result<f64, String> {
    parse_share(text).map_err(|error| error.to_string())
}

fn time(text: &str) -> Result<std::time::Duration, String> {
    parse_duration(text).map_err(|error| error.to_string())
}
