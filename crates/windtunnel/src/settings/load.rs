//! The load of a run: what the command line, the environment, the modules and the files say, key by key.

use std::time::Duration;

use windtunnel_core::error::Problems;
use windtunnel_core::plan::Load;
use windtunnel_core::suite::{LoadSpec, MAX_USERS, Module};
use windtunnel_core::units::parse_duration;

use crate::settings::layer::{Layer, Layers, Origin, Sourced};

/// How long requests in flight may take after the end, where nothing else is said.
const STOP_TIMEOUT: Duration = Duration::from_secs(30);

/// Where loads are written, in the order in which they win: `asked`, with `--sim` the module's `[sim]` and
/// `sim_file`, the module's `[load]`, `files`, the defaults.
#[derive(Debug, Default)]
pub(crate) struct LoadLayers {
    /// Command line and environment.
    pub(crate) asked: Layers,
    /// `[sim]` of `windtunnel.toml`.
    pub(crate) sim_file: Layer,
    /// `windtunnel.toml` and `locust.conf`.
    pub(crate) files: Layers,
}

/// A load with the origin of each value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ChosenLoad {
    /// Virtual users.
    pub(crate) users: Sourced<u32>,
    /// Users started a second.
    pub(crate) spawn_rate: Sourced<f64>,
    /// From the first spawn; `None` for ever.
    pub(crate) run_time: Option<Sourced<Duration>>,
    /// How long requests in flight may take after the end.
    pub(crate) stop_timeout: Sourced<Duration>,
}

impl ChosenLoad {
    /// The load as the plan has it.
    pub(crate) fn to_load(&self) -> Load {
        Load {
            users: self.users.value,
            spawn_rate: self.spawn_rate.value,
            run_time: self.run_time.as_ref().map(|time| time.value),
            stop_timeout: self.stop_timeout.value,
        }
    }
}

impl LoadLayers {
    /// Reads every value once, so that a mistake is told even where a module's own value goes before it.
    pub(crate) fn check(&self, problems: &mut Problems) {
        let sim_file = Layers(vec![self.sim_file.clone()]);
        for layers in [&self.asked, &sim_file, &self.files] {
            layers.read("users", problems, users);
            layers.read("spawn-rate", problems, spawn_rate);
            layers.read("run-time", problems, run_time);
            layers.read("stop-timeout", problems, duration);
        }
    }

    /// The load of modules that run side by side, usually one. What their own sections say is put together:
    /// users and spawn rates are added, the longest times hold.
    pub(crate) fn choose(&self, modules: &[&Module], simulated: bool) -> ChosenLoad {
        let choice = Choice { layers: self, modules, simulated };
        ChosenLoad {
            users: choice
                .of("users", users, |load| load.users, u32::saturating_add)
                .unwrap_or(Sourced::default(1)),
            spawn_rate: choice
                .of("spawn-rate", spawn_rate, |load| load.spawn_rate, |a, b| a + b)
                .unwrap_or(Sourced::default(1.0)),
            run_time: choice.of("run-time", run_time, |load| load.run_time, Duration::max),
            stop_timeout: choice
                .of("stop-timeout", duration, |load| load.stop_timeout, Duration::max)
                .unwrap_or(Sourced::default(STOP_TIMEOUT)),
        }
    }
}

struct Choice<'a> {
    layers: &'a LoadLayers,
    modules: &'a [&'a Module],
    simulated: bool,
}

impl Choice<'_> {
    fn of<T: Copy>(
        &self,
        key: &str,
        read: fn(&str) -> Result<T, String>,
        field: fn(&LoadSpec) -> Option<T>,
        join: fn(T, T) -> T,
    ) -> Option<Sourced<T>> {
        let typed =
            |raw: &Sourced<String>| Some(Sourced { value: read(&raw.value).ok()?, from: raw.from.clone() });
        self.layers
            .asked
            .get(key)
            .and_then(typed)
            .or_else(|| self.of_modules(|module| self.of_module(module, key, &typed, field), join))
            .or_else(|| self.layers.files.get(key).and_then(typed))
    }

    /// What one module gets from its own sections, and with `--sim` from `[sim]` of `windtunnel.toml`.
    fn of_module<T: Copy>(
        &self,
        module: &Module,
        key: &str,
        typed: &dyn Fn(&Sourced<String>) -> Option<Sourced<T>>,
        field: fn(&LoadSpec) -> Option<T>,
    ) -> Option<Sourced<T>> {
        let section = |name: &str, load: &LoadSpec| {
            let from = Origin::Module(format!("[{name}] of {}", module.path.display()));
            field(load).map(|value| Sourced { value, from })
        };
        let simulated =
            || section("sim", &module.sim).or_else(|| self.layers.sim_file.get(key).and_then(typed));
        let simulated = if self.simulated { simulated() } else { None };
        simulated.or_else(|| section("load", &module.load))
    }

    fn of_modules<T: Copy>(
        &self,
        of_module: impl Fn(&Module) -> Option<Sourced<T>>,
        join: fn(T, T) -> T,
    ) -> Option<Sourced<T>> {
        let said = self.modules.iter().filter_map(|module| of_module(module));
        said.reduce(|a, b| Sourced {
            value: join(a.value, b.value),
            from: if a.from == b.from { a.from } else { Origin::Module("the modules together".to_owned()) },
        })
    }
}

fn users(text: &str) -> Result<u32, String> {
    match text.parse::<u64>() {
        Ok(users @ 1..) => {
            let users = u32::try_from(users).ok().filter(|users| *users <= MAX_USERS);
            users.ok_or_else(|| format!("at most {MAX_USERS}, got `{text}`"))
        }
        _ => Err(format!("expected a whole number above 0, got `{text}`")),
    }
}

fn spawn_rate(text: &str) -> Result<f64, String> {
    let rate = text.parse::<f64>().ok().filter(|rate| rate.is_finite() && *rate > 0.0);
    rate.ok_or_else(|| format!("expected a number of users a second above 0, got `{text}`"))
}

fn run_time(text: &str) -> Result<Duration, String> {
    let time = duration(text)?;
    if time.is_zero() { Err(format!("expected a time above 0, got `{text}`")) } else { Ok(time) }
}

fn duration(text: &str) -> Result<Duration, String> {
    parse_duration(text).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::test_support::{layer, module};

    fn layers(asked: &[(&str, &str)], sim: &[(&str, &str)], files: &[(&str, &str)]) -> LoadLayers {
        LoadLayers {
            asked: Layers(vec![layer(asked)]),
            sim_file: layer(sim),
            files: Layers(vec![layer(files)]),
        }
    }

    fn spec(users: Option<u32>, seconds: Option<u64>) -> LoadSpec {
        LoadSpec { users, run_time: seconds.map(Duration::from_secs), ..LoadSpec::default() }
    }

    #[test]
    fn command_line_goes_before_module_and_module_before_files() {
        let mut one = module("one");
        one.load = spec(Some(5), None);
        let layers = layers(&[("spawn-rate", "10")], &[], &[("users", "2"), ("run-time", "120s")]);
        let load = layers.choose(&[&one], false);
        assert_eq!(load.users.value, 5);
        assert_eq!(load.users.from.to_string(), "[load] of models/one.toml");
        assert!((load.spawn_rate.value - 10.0).abs() < 1e-12);
        assert_eq!(load.run_time.unwrap().value, Duration::from_secs(120));
        assert_eq!(load.stop_timeout, Sourced::default(STOP_TIMEOUT));
    }

    #[test]
    fn with_sim_its_sections_go_before_load_key_by_key() {
        let mut one = module("one");
        one.load = spec(Some(5), Some(600));
        one.sim = spec(Some(60), None);
        let layers = layers(&[], &[("users", "40"), ("run-time", "20s")], &[("run-time", "120s")]);
        let simulated = layers.choose(&[&one], true);
        assert_eq!(simulated.users.value, 60);
        assert_eq!(simulated.run_time.unwrap().value, Duration::from_secs(20));
        let real = layers.choose(&[&one], false);
        assert_eq!((real.users.value, real.run_time.unwrap().value), (5, Duration::from_secs(600)));
    }

    #[test]
    fn modules_side_by_side_add_their_users_and_run_as_long_as_the_longest() {
        let (mut one, mut two) = (module("one"), module("two"));
        one.load = spec(Some(5), Some(60));
        two.load = spec(Some(7), Some(90));
        let load = LoadLayers::default().choose(&[&one, &two], false);
        assert_eq!(load.users.value, 12);
        assert_eq!(load.run_time.unwrap().value, Duration::from_secs(90));
    }

    #[test]
    fn values_that_mean_nothing_are_refused_even_where_a_module_goes_before_them() {
        let layers = layers(&[("users", "0"), ("run-time", "0s")], &[], &[("spawn-rate", "nan")]);
        let mut problems = Problems::default();
        layers.check(&mut problems);
        assert_eq!(problems.0.len(), 3, "{problems}");
    }
}
