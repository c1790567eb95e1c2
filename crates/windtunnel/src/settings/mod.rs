//! What a run is told, whoever said it: command line, then `WINDTUNNEL_*`, then `LOCUST_*`, then the
//! module, then `windtunnel.toml`, then `locust.conf`, then defaults.
//!
//! Every value remembers where it came from. Nothing here reads a module or starts anything.

mod clock;
pub(crate) mod environment;
pub(crate) mod layer;
pub(crate) mod load;
mod locust_conf;
pub(crate) mod sim;
pub(crate) mod table;
mod windtunnel_toml;

use std::fs;
use std::io::{self, ErrorKind};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use windtunnel_core::error::{Problem, Problems, SourceFile};
use windtunnel_core::suite::{Limit, parse_limits};
use windtunnel_core::wire::Target as BaseUrl;
use windtunnel_sim::Options as SimOptions;
use windtunnel_stats::Compat;
use windtunnel_stats::verdict::Noise;

use crate::settings::clock::Clock;
use crate::settings::environment::Environment;
use crate::settings::layer::{Layer, Layers, Origin, Sourced};
use crate::settings::load::LoadLayers;
use crate::terminal::Level;

/// All settings, by who reads them.
#[derive(Debug)]
pub(crate) struct Settings {
    /// The folder of the modules.
    pub(crate) models: PathBuf,
    /// What runs.
    pub(crate) selection: Selection,
    /// What it runs against.
    pub(crate) target: Target,
    /// The simulated model server, should it be asked for.
    pub(crate) simulator: SimOptions,
    /// How much.
    pub(crate) load: LoadLayers,
    /// With what.
    pub(crate) generator: Generator,
    /// What is written.
    pub(crate) results: Results,
    /// What is said.
    pub(crate) messages: Messages,
    /// By which runs and decisions are dated.
    pub(crate) clock: Clock,
    /// What had to be said while the settings were read.
    pub(crate) notices: Vec<String>,
}

/// What runs.
#[derive(Debug, Default)]
pub(crate) struct Selection {
    /// `MODEL`, where no name was given on the command line.
    pub(crate) model: Option<Sourced<String>>,
    /// `--tags`.
    pub(crate) tags: Vec<String>,
    /// `--exclude-tags`.
    pub(crate) exclude_tags: Vec<String>,
    /// `--together`.
    pub(crate) together: bool,
}

/// What a run is aimed at.
#[derive(Debug, Default)]
pub(crate) struct Target {
    /// `--host`.
    pub(crate) host: Option<Sourced<String>>,
    /// `--sim`.
    pub(crate) sim: bool,
    /// `--cacert`.
    pub(crate) ca_file: Option<PathBuf>,
    /// `--insecure`: who asked for it.
    pub(crate) insecure: Option<Origin>,
}

/// What generates the load.
#[derive(Debug)]
pub(crate) struct Generator {
    /// `--seed`.
    pub(crate) seed: u64,
    /// `--threads`.
    pub(crate) threads: NonZeroUsize,
}

/// What is written, and what the exit code says.
#[derive(Debug)]
pub(crate) struct Results {
    /// `--results`: the folder of the baselines.
    pub(crate) folder: PathBuf,
    /// `--csv`.
    pub(crate) csv: Option<Sourced<String>>,
    /// `--csv-full-history`.
    pub(crate) full_history: bool,
    /// `--json`.
    pub(crate) json: bool,
    /// `--json-file`.
    pub(crate) json_file: Option<String>,
    /// `--locust-compat`.
    pub(crate) compat: Compat,
    /// `--exit-code-on-error`.
    pub(crate) exit_code_on_error: u8,
    /// What stands in the way of a verdict, and what it does.
    pub(crate) doubts: Doubts,
    /// How verdicts are reached.
    pub(crate) verdicts: Verdicts,
    /// Where the comparison is written beside the terminal.
    pub(crate) reports: Reports,
}

/// How verdicts are reached.
#[derive(Clone, Debug, Default)]
pub(crate) struct Verdicts {
    /// `--noise`, where it was said.
    pub(crate) noise: Option<Noise>,
    /// Not `--no-confirm`: what looks worse is measured a second time.
    pub(crate) confirm: bool,
    /// `--server-build`.
    pub(crate) server_build: Option<String>,
    /// `--slo`, in the order of reports.
    pub(crate) slo: Option<Sourced<Vec<Limit>>>,
}

/// Where the comparison is written beside the terminal.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reports {
    /// `--markdown`.
    pub(crate) markdown: Option<PathBuf>,
    /// `--junit`.
    pub(crate) junit: Option<PathBuf>,
    /// `--report-json`.
    pub(crate) json: Option<PathBuf>,
}

/// What a run or a comparison in doubt comes to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Doubts {
    /// `--inconclusive fail`: exit code 4 instead of a warning.
    pub(crate) inconclusive_fails: bool,
    /// `--force`: a limited generator is a warning instead of exit code 4.
    pub(crate) force: bool,
}

/// What is said while it runs.
#[derive(Debug, Default)]
pub(crate) struct Messages {
    /// `--print-stats`.
    pub(crate) print_stats: bool,
    /// `--only-summary`.
    pub(crate) only_summary: bool,
    /// `--loglevel`.
    pub(crate) level: Level,
    /// `--logfile`.
    pub(crate) logfile: Option<PathBuf>,
}

impl Settings {
    /// Reads the configuration files and puts all layers together.
    ///
    /// # Errors
    /// All mistakes in flags, variables and files.
    pub(crate) fn resolve(flags: Layer, environment: &Environment) -> Result<Self, Problems> {
        let mut problems = Problems::default();
        let variables = environment::read(environment);
        problems.0.extend(variables.problems.0);
        let config = flags.get("config").or_else(|| variables.own.get("config")).cloned();
        let files = Files::read(config, &mut problems);
        let mut notices = variables.notices;
        notices.extend(files.notices);

        let asked = Layers(vec![flags, variables.own, variables.locust]);
        let layers = Layers([asked.0.clone(), vec![files.toml.clone(), files.conf.clone()]].concat());
        let load =
            LoadLayers { asked, sim_file: files.sim_load, files: Layers(vec![files.toml, files.conf]) };
        load.check(&mut problems);
        let settings = Self {
            models: path(&layers, "models").unwrap_or_else(|| "models".into()),
            selection: Selection::read(&layers, environment, &mut problems),
            target: Target::read(&layers, &mut problems),
            simulator: sim::options(&layers, &mut problems),
            load,
            generator: Generator::read(&layers, &mut problems),
            results: Results::read(&layers, &mut problems),
            messages: Messages::read(&layers, &mut problems),
            clock: Clock::read(environment, &mut problems),
            notices,
        };
        problems.into_result().map(|()| settings)
    }
}

/// The configuration files.
#[derive(Debug, Default)]
struct Files {
    toml: Layer,
    sim_load: Layer,
    conf: Layer,
    notices: Vec<String>,
}

impl Files {
    /// Reads `./windtunnel.toml` and `./locust.conf`, where they are; `config` takes the place of the one
    /// whose syntax it has, and must be there.
    fn read(config: Option<Sourced<String>>, problems: &mut Problems) -> Self {
        let named = config.map(|config| PathBuf::from(config.value));
        let is_toml = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "toml");
        let named_toml = named.clone().filter(is_toml);
        let named_conf = named.filter(|path| !is_toml(path));
        let mut files = Self::default();
        if let Some(file) = source(named_toml, "windtunnel.toml", problems) {
            let read = windtunnel_toml::read(&file);
            files.toml = read.layer;
            files.sim_load = read.sim_load;
            problems.0.extend(read.problems.0);
        }
        if let Some(file) = source(named_conf, "locust.conf", problems) {
            let read = locust_conf::read(&file);
            files.conf = read.layer;
            files.notices = read.notices;
            problems.0.extend(read.problems.0);
        }
        files
    }
}

fn source(named: Option<PathBuf>, usual: &str, problems: &mut Problems) -> Option<Arc<SourceFile>> {
    let must_be_there = named.is_some();
    let path = named.unwrap_or_else(|| PathBuf::from(usual));
    match read_text(&path) {
        Ok(text) => Some(Arc::new(SourceFile { path, text })),
        Err(error) if error.kind() == ErrorKind::NotFound && !must_be_there => None,
        Err(error) => {
            problems.0.push(Problem::in_file(path, None, format!("cannot be read: {error}")));
            None
        }
    }
}

/// The text of a file, without a byte order mark.
fn read_text(path: &Path) -> io::Result<String> {
    let text = String::from_utf8(fs::read(path)?)
        .map_err(|_| io::Error::new(ErrorKind::InvalidData, "the text is not UTF-8"))?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

impl Selection {
    fn read(layers: &Layers, environment: &Environment, problems: &mut Problems) -> Self {
        let model = ["WINDTUNNEL_MODEL", "MODEL"].into_iter().find_map(|name| {
            let value = environment.get(name)?.to_owned();
            Some(Sourced { value, from: Origin::Environment(name.to_owned()) })
        });
        Self {
            model,
            tags: layers.list("tags"),
            exclude_tags: layers.list("exclude-tags"),
            together: layers.is_on("together", problems),
        }
    }
}

impl Target {
    fn read(layers: &Layers, problems: &mut Problems) -> Self {
        let host = layers.read("host", problems, |text| {
            BaseUrl::parse(text).map(|_| text.to_owned()).map_err(|error| error.to_string())
        });
        let insecure = layers.is_on("insecure", problems).then(|| layers.get("insecure")).flatten();
        Self {
            host,
            sim: layers.is_on("sim", problems),
            ca_file: path(layers, "cacert"),
            insecure: insecure.map(|raw| raw.from.clone()),
        }
    }
}

impl Generator {
    fn read(layers: &Layers, problems: &mut Problems) -> Self {
        let cores = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        let seed = layers.read("seed", problems, |text| whole(text, "a whole number, 0 or more"));
        let threads = layers.read("threads", problems, |text| {
            let threads: NonZeroUsize = whole(text, "a whole number above 0")?;
            if threads.get() <= MAX_THREADS {
                Ok(threads)
            } else {
                Err(format!("at most {MAX_THREADS}, got `{text}`"))
            }
        });
        Self {
            seed: seed.map_or(1, |seed| seed.value),
            threads: threads.map_or(cores, |threads| threads.value),
        }
    }
}

/// More threads than any machine has cores would only cost memory.
const MAX_THREADS: usize = 1_024;

impl Results {
    fn read(layers: &Layers, problems: &mut Problems) -> Self {
        let compat = layers.read("locust-compat", problems, |text| match text {
            "2.47" => Ok(Compat::V2_47),
            "2.31" => Ok(Compat::V2_31),
            _ => Err(format!("expected 2.47 or 2.31, got `{text}`")),
        });
        let inconclusive = layers.read("inconclusive", problems, |text| match text {
            "warn" => Ok(false),
            "fail" => Ok(true),
            _ => Err(format!("expected warn or fail, got `{text}`")),
        });
        let code =
            layers.read("exit-code-on-error", problems, |text| whole(text, "an exit code between 0 and 255"));
        let csv = layers.read("csv", problems, |text| filled(text, "a prefix of file names"));
        let json_file = layers.read("json-file", problems, |text| filled(text, "the name of a file"));
        let full_history = layers.is_on("csv-full-history", problems);
        if full_history && csv.is_none() && !layers.0.iter().any(|layer| layer.contains_key("csv")) {
            problems.0.push(Problem::new("--csv-full-history needs --csv"));
        }
        Self {
            folder: path(layers, "results").unwrap_or_else(|| "results".into()),
            csv,
            full_history,
            json: layers.is_on("json", problems),
            json_file: json_file.map(|name| name.value),
            compat: compat.map(|compat| compat.value).unwrap_or_default(),
            exit_code_on_error: code.map_or(1, |code| code.value),
            doubts: Doubts {
                inconclusive_fails: inconclusive.is_some_and(|fails| fails.value),
                force: layers.is_on("force", problems),
            },
            verdicts: Verdicts::read(layers, problems),
            reports: Reports::read(layers, problems),
        }
    }
}

impl Verdicts {
    fn read(layers: &Layers, problems: &mut Problems) -> Self {
        let noise = layers.read("noise", problems, |text| match text {
            "quiet" => Ok(Noise::Quiet),
            "normal" => Ok(Noise::Normal),
            "noisy" => Ok(Noise::Noisy),
            _ => Err(format!("expected quiet, normal or noisy, got `{text}`")),
        });
        let build = layers.read("server-build", problems, |text| filled(text, "the build of the server"));
        Self {
            noise: noise.map(|noise| noise.value),
            confirm: !layers.is_on("no-confirm", problems),
            server_build: build.map(|build| build.value),
            slo: limits(layers, problems),
        }
    }
}

/// The limits of `--slo`; all mistakes in them.
fn limits(layers: &Layers, problems: &mut Problems) -> Option<Sourced<Vec<Limit>>> {
    let raw = layers.get("slo")?;
    match parse_limits(&raw.value) {
        Ok(value) => Some(Sourced { value, from: raw.from.clone() }),
        Err(errors) => {
            problems.0.extend(errors.into_iter().map(|error| {
                let problem = raw.from.problem("slo", &error);
                match error.help {
                    Some(help) => problem.help(help),
                    None => problem,
                }
            }));
            None
        }
    }
}

impl Reports {
    fn read(layers: &Layers, problems: &mut Problems) -> Self {
        let mut file = |key: &str| {
            let name = layers.read(key, problems, |text| filled(text, "the name of a file"));
            name.map(|name| PathBuf::from(name.value))
        };
        Self { markdown: file("markdown"), junit: file("junit"), json: file("report-json") }
    }
}

impl Messages {
    fn read(layers: &Layers, problems: &mut Problems) -> Self {
        Self {
            print_stats: layers.is_on("print-stats", problems),
            only_summary: layers.is_on("only-summary", problems),
            level: layers
                .read("loglevel", problems, Level::parse)
                .map(|level| level.value)
                .unwrap_or_default(),
            logfile: path(layers, "logfile"),
        }
    }
}

fn path(layers: &Layers, key: &str) -> Option<PathBuf> {
    layers.get(key).map(|raw| Path::new(&raw.value).to_owned())
}

fn filled(text: &str, expected: &str) -> Result<String, String> {
    if text.trim().is_empty() { Err(format!("expected {expected}")) } else { Ok(text.to_owned()) }
}

fn whole<T: std::str::FromStr>(text: &str, expected: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("expected {expected}, got `{text}`"))
}

#[cfg(test)]
mod test_support;
#[cfg(test)]
mod tests;
