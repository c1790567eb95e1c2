//! The command line: what was typed. What it means is decided by `settings`.
//!
//! The commands are declared here; the flags that are settings come from their table, and so do the flags
//! of Locust that are accepted without effect or refused.

// Doc comments are the help here, and people read it without Markdown.
#![allow(clippy::doc_markdown)]

mod ab;
mod baseline;

use std::ffi::OsString;

use clap::{Arg, ArgAction, ArgMatches, Args, Command, CommandFactory, FromArgMatches, Parser, Subcommand};
use windtunnel_core::error::{Problem, Problems};

use crate::exit;
use crate::settings::layer::{Layer, Origin, Sourced};
use crate::settings::sim::SIM_OPTIONS;
use crate::settings::table::{Fate, For, OTHERS, SETTINGS, Takes};

pub(crate) use ab::AbArgs;
pub(crate) use baseline::{BaselineAction, BaselineArgs, CalibrateArgs};

/// Load tests for model servers, with a verdict.
#[derive(Debug, Parser)]
#[command(
    name = "windtunnel",
    version,
    args_conflicts_with_subcommands = true,
    infer_long_args = true,
    help_expected = true,
    after_help = "Without a command, `run`. --help says more.",
    after_long_help = after_long_help()
)]
struct Cli {
    #[command(flatten)]
    run: RunArgs,
    #[command(subcommand)]
    command: Option<Action>,
}

fn after_long_help() -> String {
    format!(
        "Each option of `windtunnel sim` is also a flag --sim-OPTION of `run`, `check` and `calibrate`.\n\n{}",
        exit::HELP
    )
}

/// What is to be done.
#[derive(Debug, Subcommand)]
pub(crate) enum Action {
    /// Run modules, one after the other, and compare each with its baseline
    ///
    /// Example: windtunnel run revertrisk --csv results/revertrisk
    Run(RunArgs),
    /// Show the modules and their classes of users
    ///
    /// Example: windtunnel list revscoring
    List(NamesArgs),
    /// Check modules and show one rendered request of each task
    ///
    /// Example: windtunnel check revertrisk --sim --send
    Check(CheckArgs),
    /// Write a new module from a template
    ///
    /// Example: windtunnel new mycoolmodel
    New(NewArgs),
    /// Fetch fresh input data
    ///
    /// Example: windtunnel fetch recentchanges --wiki en --limit 30
    Fetch(FetchArgs),
    /// Compare two stored results: a verdict on NEW against OLD
    ///
    /// Each is a runs file, a CSV file, their prefix, the id of a run, or `last`.
    /// Example: windtunnel compare results/revertrisk last
    Compare(CompareArgs),
    /// Compare two versions of a server that run now, measured in turns: A B B A A B
    ///
    /// It sees smaller changes than any stored baseline: what the hour does, it does to both versions. Nothing is
    /// written under the results.
    ///
    /// Example: windtunnel ab revertrisk --a http://old:8080 --b http://new:8080
    Ab(AbArgs),
    /// Show what baselines rest on, and decide about their runs
    ///
    /// Example: windtunnel baseline list revertrisk
    Baseline(BaselineArgs),
    /// Measure an unchanged server once more, to learn how much its sessions differ
    ///
    /// The run is evidence for the baseline, whatever it looks like. Sessions lie 30 minutes apart or more, or
    /// are made on different machines; five of them, better on different days, make verdicts sharp.
    /// Example: windtunnel calibrate revertrisk
    Calibrate(CalibrateArgs),
    /// Run the simulated model server until Ctrl-C
    ///
    /// Example: windtunnel sim --address 127.0.0.1:8080 --slowdown 1.5
    Sim(SimArgs),
}

/// Arguments of `run` that are no settings.
#[derive(Debug, Default, Args)]
pub(crate) struct RunArgs {
    /// Modules, members, classes or globs: revertrisk revscoring/goodfaith [default: MODEL, else all]
    ///
    /// A class is named after its module, as in revertrisk:RevertriskMultilingual. A module that is called
    /// like a command is reached by `run NAME`.
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<String>,
    /// Show the modules and their classes instead of running them
    #[arg(short = 'l', long)]
    pub(crate) list: bool,
    #[command(flatten)]
    pub(crate) explain: ExplainArgs,
}

/// Whose reckoning is to be shown.
#[derive(Debug, Default, Args)]
pub(crate) struct ExplainArgs {
    /// Print every step of the reckoning of one figure: --explain /v1/models/a:predict p50
    ///
    /// ROW is a row's name, its method and name, or a part that only it has. METRIC is avg, p50, p95, p99, rate or
    /// fail.
    #[arg(long, num_args = 2, value_names = ["ROW", "METRIC"])]
    pub(crate) explain: Option<Vec<String>>,
}

/// Names of modules.
#[derive(Debug, Default, Args)]
pub(crate) struct NamesArgs {
    /// Modules, members, classes or globs [default: MODEL, else all]
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<String>,
}

/// Arguments of `check`.
#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    pub(crate) select: NamesArgs,
    /// Send each request once and show the response
    #[arg(long)]
    pub(crate) send: bool,
}

/// Arguments of `new`.
#[derive(Debug, Args)]
pub(crate) struct NewArgs {
    /// The name of the module: letters, digits, `_` and `-`
    pub(crate) name: String,
}

/// Arguments of `fetch`.
#[derive(Debug, Args)]
pub(crate) struct FetchArgs {
    #[command(subcommand)]
    pub(crate) what: Fetch,
}

/// What can be fetched.
#[derive(Debug, Subcommand)]
pub(crate) enum Fetch {
    /// Recent edits of a wiki from the MediaWiki API, as the table recentchanges_LANG
    ///
    /// This command alone honours http_proxy, https_proxy, all_proxy and no_proxy.
    Recentchanges(RecentChangesArgs),
}

/// Arguments of `fetch recentchanges`.
#[derive(Debug, Args)]
pub(crate) struct RecentChangesArgs {
    /// The wiki's language, as in en.wikipedia.org
    #[arg(long, value_name = "LANG", default_value = "en")]
    pub(crate) wiki: String,
    /// How many edits, 1 to 500
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u16).range(1..=500))]
    pub(crate) limit: u16,
    /// Where the API is [default: LANG.wikipedia.org, by https]
    #[arg(long, value_name = "URL")]
    pub(crate) base_url: Option<String>,
    /// The file to write [default: data/recentchanges_LANG.tsv]
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<std::path::PathBuf>,
}

/// Arguments of `compare`.
#[derive(Debug, Args)]
pub(crate) struct CompareArgs {
    /// The older result
    pub(crate) old: String,
    /// The newer result
    pub(crate) new: String,
    #[command(flatten)]
    pub(crate) explain: ExplainArgs,
}

/// Arguments of `sim` that are no options of the simulator.
#[derive(Debug, Args)]
pub(crate) struct SimArgs {
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    pub(crate) address: std::net::SocketAddr,
}

/// A command line, read.
#[derive(Debug)]
pub(crate) struct Parsed {
    /// What is to be done.
    pub(crate) action: Action,
    /// The settings among the flags.
    pub(crate) flags: Layer,
    /// Flags of Locust that have no effect.
    pub(crate) notices: Vec<String>,
}

/// A command line that ends here.
#[derive(Debug)]
pub(crate) enum Stop {
    /// Help, version, or a mistake that clap explains.
    Clap(clap::Error),
    /// Flags of Locust that are refused.
    Refused(Problems),
}

/// The commands that can stand first.
pub(crate) const COMMANDS: [&str; 10] =
    ["run", "list", "check", "new", "fetch", "compare", "ab", "baseline", "calibrate", "sim"];

/// Reads a command line, the program's name included.
pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Parsed, Stop> {
    let command = command();
    let arguments = command_first(arguments.into_iter().collect(), &command);
    let matches = command.try_get_matches_from(arguments).map_err(Stop::Clap)?;
    let cli = Cli::from_arg_matches(&matches).map_err(Stop::Clap)?;
    let mut parsed = Parsed {
        action: cli.command.unwrap_or(Action::Run(cli.run)),
        flags: Layer::new(),
        notices: Vec::new(),
    };
    let of_action = matches.subcommand().map_or(&matches, |(_, matches)| matches);
    settings_among(of_action, &parsed.action, &mut parsed.flags);
    let problems = others_among(of_action, &mut parsed.notices);
    problems.into_result().map(|()| parsed).map_err(Stop::Refused)
}

/// The whole command line, settings and Locust's other flags included.
pub(crate) fn command() -> Command {
    let mut command = with_run_flags(Cli::command());
    let others = [
        ("run", None),
        ("list", Some(For::List)),
        ("check", Some(For::Check)),
        ("new", Some(For::New)),
        ("compare", Some(For::Compare)),
        ("ab", Some(For::Ab)),
        ("baseline", Some(For::Baseline)),
        ("calibrate", Some(For::Calibrate)),
    ];
    for (name, scope) in others {
        command = command.mut_subcommand(name, |sub| match scope {
            None => with_run_flags(sub),
            Some(scope @ (For::Check | For::Calibrate)) => with_sim_flags(with_settings(sub, scope)),
            // They hold for each thing that it can be asked, and may stand behind it.
            Some(For::Baseline) => {
                baseline::with_own_help(with_settings(sub, For::Baseline)).mut_args(|flag| flag.global(true))
            }
            Some(scope) => with_settings(sub, scope),
        });
    }
    command.mut_subcommand("sim", |sub| {
        sub.args(SIM_OPTIONS.iter().map(|option| {
            flag_of(option.key, Takes::One(option.value)).long(option.name()).help(option.help)
        }))
    })
}

fn with_run_flags(command: Command) -> Command {
    with_sim_flags(with_settings(command, For::Run)).args(OTHERS.iter().map(|other| {
        let flag = flag(other.key, other.short, other.takes);
        flag.help("A flag of Locust: see docs/locust-flags.md").hide(true)
    }))
}

fn with_settings(command: Command, scope: For) -> Command {
    let settings = SETTINGS.iter().filter(|setting| setting.commands.contains(&scope));
    command.args(settings.map(|setting| {
        flag(setting.key, setting.short, setting.takes)
            .help(setting.help)
            .help_heading(setting.heading)
            .hide_short_help(!setting.common)
    }))
}

fn with_sim_flags(command: Command) -> Command {
    command.args(SIM_OPTIONS.iter().map(|option| {
        flag(option.key, None, Takes::One(option.value))
            .help(option.help)
            .help_heading("Simulated model server")
            .hide_short_help(true)
            .hide(!option.common)
    }))
}

fn flag(key: &'static str, short: Option<char>, takes: Takes) -> Arg {
    let flag = flag_of(key, takes).long(key);
    match short {
        Some(short) => flag.short(short),
        None => flag,
    }
}

fn flag_of(id: &'static str, takes: Takes) -> Arg {
    let flag = Arg::new(id);
    match takes {
        Takes::Nothing => flag.action(ArgAction::SetTrue),
        // A negative number is refused by whoever knows what it should be.
        Takes::One(name) => flag.value_name(name).action(ArgAction::Set).allow_negative_numbers(true),
        Takes::Many(name) => flag.value_name(name).action(ArgAction::Append).num_args(1..),
    }
}

fn settings_among(matches: &ArgMatches, action: &Action, layer: &mut Layer) {
    let settings = SETTINGS.iter().map(|setting| (setting.key, setting.takes));
    let options = SIM_OPTIONS.iter().map(|option| (option.key, Takes::One(option.value)));
    for (key, takes) in settings.chain(options) {
        let Some(value) = typed(matches, key, takes) else { continue };
        let flag = match action {
            Action::Sim(_) => key.trim_start_matches("sim-"),
            _ => key,
        };
        let from = Origin::Flag(format!("--{flag}"));
        layer.insert(key.to_owned(), Sourced { value, from });
    }
}

fn others_among(matches: &ArgMatches, notices: &mut Vec<String>) -> Problems {
    let mut problems = Problems::default();
    for other in OTHERS.iter().filter(|other| typed(matches, other.key, other.takes).is_some()) {
        match other.fate {
            Fate::Anyway(_) => {}
            Fate::NoEffect(why) => notices.push(format!("--{} has no effect: {why}", other.key)),
            Fate::Refused(hint) | Fate::RefusedHere(hint) => {
                problems.0.push(Problem::new(format!("--{} is not carried out", other.key)).help(hint));
            }
        }
    }
    problems
}

/// What was typed for a flag, a list joined by commas; `None` where it was not typed.
fn typed(matches: &ArgMatches, id: &str, takes: Takes) -> Option<String> {
    match takes {
        Takes::Nothing => {
            let on = matches.try_get_one::<bool>(id).ok().flatten().copied().unwrap_or(false);
            on.then(|| "true".to_owned())
        }
        Takes::One(_) => matches.try_get_one::<String>(id).ok().flatten().cloned(),
        Takes::Many(_) => {
            let values = matches.try_get_many::<String>(id).ok().flatten()?;
            Some(values.map(String::as_str).collect::<Vec<_>>().join(","))
        }
    }
}

/// Puts the command before the flags that stand in front of it, so that `windtunnel --sim run NAME` means
/// what it says. Only the first word can be a command: `run NAME` reaches a module that is named like one.
fn command_first(mut arguments: Vec<OsString>, command: &Command) -> Vec<OsString> {
    let mut at = 1;
    while let Some(text) = arguments.get(at).and_then(|argument| argument.to_str()) {
        if text == "--" {
            break;
        }
        if !text.starts_with('-') || text == "-" {
            let is_command = text == "help" || command.find_subcommand(text).is_some();
            if is_command {
                let name = arguments.remove(at);
                arguments.insert(1, name);
            }
            break;
        }
        at += 1 + values_after(text, &arguments[at + 1..], command);
    }
    arguments
}

/// How many of the arguments after the flag `text` are its values.
fn values_after(text: &str, rest: &[OsString], command: &Command) -> usize {
    let all = || command.get_arguments().chain(command.get_subcommands().flat_map(Command::get_arguments));
    let found = if let Some(long) = text.strip_prefix("--") {
        if long.contains('=') {
            return 0;
        }
        let is_long = |arg: &&Arg| arg.get_long() == Some(long);
        let is_prefix = |arg: &&Arg| arg.get_long().is_some_and(|name| name.starts_with(long));
        all().find(is_long).or_else(|| all().find(is_prefix))
    } else {
        // In `-lu 2` the first flag that takes a value ends the word; a value may follow it in the word.
        let takes_value = |arg: &&Arg| arg.get_action().takes_values();
        let of = |short: char| all().find(|arg| arg.get_short() == Some(short)).filter(takes_value);
        let value = text[1..].char_indices().find_map(|(place, short)| Some((place, short, of(short)?)));
        match value {
            Some((place, short, _)) if place + short.len_utf8() < text.len() - 1 => return 0,
            found => found.map(|(_, _, arg)| arg),
        }
    };
    let fixed = |arg: &Arg| arg.get_num_args().map(|values| (values.min_values(), values.max_values()));
    match found {
        Some(arg) if fixed(arg).is_some_and(|(least, most)| least == most && most > 1) => {
            fixed(arg).map_or(1, |(_, most)| most)
        }
        Some(arg) if arg.get_num_args().is_some_and(|values| values.max_values() > 1) => {
            rest.iter().take_while(|value| !value.to_string_lossy().starts_with('-')).count()
        }
        Some(arg) if arg.get_action().takes_values() => 1,
        _ => 0,
    }
}

#[cfg(test)]
mod tests;
