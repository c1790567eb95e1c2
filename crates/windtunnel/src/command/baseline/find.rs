//! Which baseline and which run are meant.

use std::collections::BTreeSet;
use std::path::PathBuf;

use windtunnel_core::compare::{History, RunStore};
use windtunnel_core::error::{Problem, Problems, nearest};
use windtunnel_core::suite::Suite;
use windtunnel_core::summary::line::RunLine;

use crate::command::run::places::Places;
use crate::command::run::prepare::{self, BaseUrls};
use crate::command::{Context, run_store, select};
use crate::settings::layer::Origin;

/// A baseline that was named.
#[derive(Debug)]
pub(super) struct Named {
    /// Its name.
    pub(super) name: String,
    /// The prefix of its files.
    pub(super) prefix: PathBuf,
}

/// Where a run may be from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum From {
    /// The runs file alone.
    File,
    /// The runs file or the run store.
    Anywhere,
}

/// The folder of the baselines.
pub(super) fn folder(context: &Context<'_>) -> PathBuf {
    Places::folder(&context.settings.results.folder, context.settings.target.sim)
}

/// The names of all baselines, sorted.
pub(super) fn all(context: &Context<'_>) -> Vec<String> {
    let entries = std::fs::read_dir(folder(context)).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| {
        let file = entry.file_name().into_string().ok()?;
        let name = file.strip_suffix("_runs.jsonl").or_else(|| file.strip_suffix("_stats.csv"))?;
        (!name.ends_with(".rejected")).then(|| name.to_owned())
    });
    names.collect::<BTreeSet<_>>().into_iter().collect()
}

impl Named {
    /// The baseline of this name, else that of the module of this name, which need not have one yet.
    pub(super) fn find(name: &str, context: &mut Context<'_>) -> Result<Self, Problems> {
        let known = all(context);
        let modules = Suite::open(&context.settings.models).map(|suite| suite.entries).unwrap_or_default();
        let baseline = if known.iter().any(|known| known == name) {
            name.to_owned()
        } else if modules.iter().any(|(module, _)| module == name) {
            of_module(name, context).map_err(|problems| with_known(problems, name, &known))?
        } else {
            let problem = Problem::new(format!("there is neither a baseline nor a module called `{name}`"));
            let names = known.iter().map(String::as_str).chain(modules.iter().map(|(name, _)| name.as_str()));
            return Err(match nearest(name, names) {
                Some(near) => problem.help(format!("did you mean `{near}`?")),
                None if known.is_empty() => problem,
                None => problem.help(format!("the baselines are {}", known.join(", "))),
            }
            .into());
        };
        Ok(Self { prefix: folder(context).join(&baseline), name: baseline })
    }

    /// Where it is, in a few words.
    pub(super) fn what(&self) -> String {
        let prefix = self.prefix.display().to_string();
        let is_there = |suffix: &str| PathBuf::from(format!("{prefix}{suffix}")).exists();
        match (is_there("_runs.jsonl"), is_there("_stats.csv")) {
            (true, _) => format!("{prefix}_runs.jsonl"),
            (false, true) => format!("{prefix}_stats.csv, a CSV without runs"),
            (false, false) => "no baseline yet".to_owned(),
        }
    }

    /// The run that is meant by an id, the beginning of one, or `last`.
    pub(super) fn run(
        &self,
        what: &str,
        history: &History,
        from: From,
        context: &Context<'_>,
    ) -> Result<RunLine, Problem> {
        let store = (from == From::Anywhere).then(run_store);
        let simulated = context.settings.target.sim;
        if what == "last" {
            return self.last(history, store.as_ref(), simulated);
        }
        let ids = ids(history, store.as_ref());
        let begins: Vec<&String> = ids.iter().filter(|id| !what.is_empty() && id.starts_with(what)).collect();
        let id = match begins[..] {
            _ if ids.contains(what) => what,
            [id] => id,
            [] => return Err(self.unknown(what, history, from)),
            _ => {
                let several: Vec<&str> = begins.iter().take(5).map(|id| id.as_str()).collect();
                let problem = Problem::new(format!("`{what}` is the beginning of more than one run"));
                return Err(problem.help(format!("say which: {}", several.join(", "))));
            }
        };
        match (history.run(id), store) {
            (Some(run), _) => Ok(run.clone()),
            (None, Some(store)) => self.stored(id, &store, simulated),
            (None, None) => Err(self.unknown(what, history, from)),
        }
    }

    /// The run that began last.
    fn last(&self, history: &History, store: Option<&RunStore>, simulated: bool) -> Result<RunLine, Problem> {
        let of_file = history.runs().into_iter().cloned();
        let stored = store.map(RunStore::list).unwrap_or_default().into_iter().rev();
        // What is damaged there is not meant: nobody named it.
        let stored = stored
            .filter_map(|(_, _, path)| RunStore::read(&path).ok())
            .map(|stored| stored.line)
            .find(|run| run.baseline == self.name && run.simulated == simulated);
        let newest = of_file.chain(stored).max_by(|a, b| (a.started, &a.run).cmp(&(b.started, &b.run)));
        newest.ok_or_else(|| Problem::new(format!("there is no run of {}", self.name)))
    }

    /// A run of the store, which must be of this baseline.
    fn stored(&self, id: &str, store: &RunStore, simulated: bool) -> Result<RunLine, Problem> {
        let paths = store.list().into_iter().filter(|(stored, _, _)| stored == id);
        let runs: Result<Vec<RunLine>, Problem> =
            paths.map(|(_, _, path)| RunStore::read(&path).map(|stored| stored.line)).collect();
        let runs = runs?;
        let Some(run) = runs.iter().find(|run| run.baseline == self.name) else {
            let others: Vec<&str> = runs.iter().map(|run| run.baseline.as_str()).collect();
            let message = format!("run {id} is of {}, and not of {}", others.join(", "), self.name);
            return Err(Problem::new(message));
        };
        match (run.simulated, simulated) {
            (true, false) => {
                let problem = Problem::new(format!("run {id} was made against the simulator"));
                Err(problem.help("say --sim to decide about baselines of simulated runs"))
            }
            (false, true) => {
                let problem = Problem::new(format!("run {id} was made against a real server"));
                Err(problem.help("leave out --sim"))
            }
            _ => Ok(run.clone()),
        }
    }

    fn unknown(&self, what: &str, history: &History, from: From) -> Problem {
        let place = if from == From::File { "" } else { " and none in the run store" };
        let problem =
            Problem::new(format!("there is no run `{what}` in the baseline of {}{place}", self.name));
        let ids: Vec<&str> = history.runs().into_iter().rev().map(|run| run.run.as_str()).collect();
        match nearest(what, ids.iter().copied()) {
            Some(near) => problem.help(format!("did you mean {near}?")),
            None if ids.is_empty() => problem,
            None => {
                let newest: Vec<&str> = ids.into_iter().take(5).collect();
                problem.help(format!("the newest are {}", newest.join(", ")))
            }
        }
    }
}

/// All ids that could be meant: those of the file, and those in the store, which may be of other modules.
fn ids(history: &History, store: Option<&RunStore>) -> BTreeSet<String> {
    let stored = store.map(RunStore::list).unwrap_or_default().into_iter().map(|(id, _, _)| id);
    stored.chain(history.runs().into_iter().map(|run| run.run.clone())).collect()
}

/// The mistakes of a module whose baseline is named by variables, with the baselines that it seems to have.
fn with_known(problems: Problems, name: &str, known: &[String]) -> Problems {
    let seem: Vec<&str> = known.iter().map(String::as_str).filter(|known| known.starts_with(name)).collect();
    if seem.is_empty() {
        return problems;
    }
    let help = format!("or name a baseline: {}", seem.join(", "));
    Problems(problems.0.into_iter().map(|problem| problem.help(help.clone())).collect())
}

/// The name of a module's baseline, in which variables may stand.
fn of_module(name: &str, context: &mut Context<'_>) -> Result<String, Problems> {
    let modules = select::modules(&[name.to_owned()], context)?;
    // Nothing is sent; the URL stands for the one that nobody has to say here.
    let nowhere = Some("http://localhost".to_owned());
    let base_urls = BaseUrls { usual: None, instead: nowhere, headers: Vec::new(), from: Origin::Default };
    let (plan, _) = prepare::plan(&modules, &base_urls, context)?;
    Ok(plan.modules.first().map_or_else(|| name.to_owned(), |module| module.baseline.clone()))
}
