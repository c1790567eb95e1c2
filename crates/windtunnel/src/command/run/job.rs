//! A job: the modules that run side by side (one, unless `--together`), ready to go.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use windtunnel_core::compare::{Baseline, Foresight, History, Settings, SideRow, Tolerances, read_baseline};
use windtunnel_core::error::{Problem, Problems};
use windtunnel_core::plan::{Plan, PlannedModule, SelectedModule};
use windtunnel_core::suite::{Limit, combine_limits};
use windtunnel_core::summary::{Header, Machine};

use windtunnel_stats::Metric;

use crate::command::Context;
use crate::command::run::announce::{Announced, Announcement};
use crate::command::run::machine::run_id;
use crate::command::run::places::Places;
use crate::command::run::prepare::{self, BaseUrls};
use crate::settings::Verdicts;
use crate::settings::layer::Origin;
use crate::settings::load::ChosenLoad;

/// Modules that run side by side.
#[derive(Debug)]
pub(in crate::command) struct Job {
    /// The run.
    pub(in crate::command) plan: Arc<Plan>,
    /// Its load, with origins.
    load: ChosenLoad,
    /// The modules as they were selected.
    pub(super) modules: Vec<SelectedModule>,
    /// For each module of the plan its baseline, read before anything is written.
    pub(in crate::command) baselines: Vec<Option<Baseline>>,
    /// For each module the runs file of its baseline, whatever a CSV beside it says.
    pub(in crate::command) histories: Vec<History>,
    /// For each module of the plan the limits that it is judged by: those of `[slo]` and of `--slo`.
    pub(super) limits: Vec<Vec<Limit>>,
}

/// Compiles all jobs and reads all baselines: every mistake is found before the first request.
pub(in crate::command) fn prepare(
    modules: Vec<SelectedModule>,
    base_urls: &BaseUrls,
    places: &Places,
    context: &Context<'_>,
) -> Result<Vec<Job>, Problems> {
    let groups: Vec<Vec<SelectedModule>> = if context.settings.selection.together {
        vec![modules]
    } else {
        modules.into_iter().map(|module| vec![module]).collect()
    };
    let mut problems = Problems::default();
    let mut jobs = Vec::new();
    for modules in groups {
        match Job::prepare(modules, base_urls, places, context) {
            Ok(job) => jobs.push(job),
            Err(mistakes) => problems.0.extend(mistakes.0),
        }
    }
    problems.0.extend(shared_baselines(&jobs));
    let run_times = jobs.iter().map(|job| (job.name(), job.plan.load.run_time));
    problems.0.extend(prepare::check_run_times(run_times).err());
    problems.into_result().map(|()| jobs)
}

/// Two modules with one baseline would overwrite each other's.
fn shared_baselines(jobs: &[Job]) -> Vec<Problem> {
    let all: Vec<_> = jobs.iter().flat_map(|job| &job.plan.modules).collect();
    let mut problems = Vec::new();
    for (index, module) in all.iter().enumerate() {
        if let Some(other) = all[..index].iter().find(|other| other.baseline == module.baseline) {
            let (one, two, baseline) = (&other.name, &module.name, &module.baseline);
            let message = format!("modules `{one}` and `{two}` have the same baseline `{baseline}`");
            problems.push(Problem::new(message).help("change `baseline` in one of them"));
        }
    }
    problems
}

impl Job {
    fn prepare(
        modules: Vec<SelectedModule>,
        base_urls: &BaseUrls,
        places: &Places,
        context: &Context<'_>,
    ) -> Result<Self, Problems> {
        let (plan, load) = prepare::plan(&modules, base_urls, context)?;
        let mut problems = Problems::default();
        let (mut baselines, mut histories) = (Vec::new(), Vec::new());
        let selection = &context.settings.selection;
        let by_tags = !selection.tags.is_empty() || !selection.exclude_tags.is_empty();
        for (index, selected) in modules.iter().enumerate() {
            let name = &plan.modules[index].baseline;
            let history = History::read(&places.baseline(name));
            match history.and_then(|history| Ok((history, read_baseline(&places.baselines, name)?))) {
                Ok((history, mut baseline)) => {
                    if let Some(baseline) = baseline.as_mut().filter(|_| by_tags || is_a_part(selected)) {
                        let left_out = leave_out(baseline, &plan, index);
                        problems.0.extend(loss(&plan.modules[index], &left_out, places));
                    }
                    baselines.push(baseline);
                    histories.push(history);
                }
                Err(problem) => problems.0.push(problem),
            }
        }
        let asked = context.settings.results.verdicts.slo.as_ref().map_or(&[][..], |slo| &slo.value);
        let limits = plan.modules.iter().map(|module| combine_limits(&module.limits, asked)).collect();
        problems.into_result().map(|()| Self {
            plan: Arc::new(plan),
            load,
            modules,
            baselines,
            histories,
            limits,
        })
    }

    /// The same once more: compiled anew, so that rows which are used once begin from the first again.
    pub(in crate::command) fn again(
        &self,
        base_urls: &BaseUrls,
        context: &Context<'_>,
    ) -> Result<Self, Problem> {
        let (plan, load) = prepare::plan(&self.modules, base_urls, context)
            .map_err(|problems| Problem::new(problems.to_string()))?;
        Ok(Self {
            plan: Arc::new(plan),
            load,
            modules: self.modules.clone(),
            baselines: self.baselines.clone(),
            histories: self.histories.clone(),
            limits: self.limits.clone(),
        })
    }

    /// The modules' names.
    pub(in crate::command) fn name(&self) -> String {
        let names: Vec<&str> = self.plan.modules.iter().map(|module| module.name.as_str()).collect();
        names.join(", ")
    }

    /// (method, name) of the rows of each module.
    pub(in crate::command) fn rows(&self) -> Vec<Vec<(String, String)>> {
        let of_module = |module: usize| {
            let rows = self.plan.series.iter().filter(|row| row.module == module);
            rows.map(|row| (row.method.clone(), row.name.clone())).collect()
        };
        (0..self.plan.modules.len()).map(of_module).collect()
    }

    /// What is said before it runs.
    pub(super) fn announcement(&self, base_urls: &BaseUrls, places: &Places, verdicts: &Verdicts) -> String {
        let baselines: Vec<String> =
            (0..self.plan.modules.len()).map(|module| self.baseline_text(module, places)).collect();
        let foresights = self.foresights(verdicts);
        let visible = |row: usize, requests: f64| {
            let row = &self.plan.series[row];
            foresights[row.module].as_ref()?.visible(&row.method, &row.name, Metric::P50, requests)
        };
        let limits: Vec<Announced> =
            (0..self.plan.modules.len()).map(|module| self.announced_limits(module, verdicts)).collect();
        let announcement = Announcement {
            plan: &self.plan,
            load: &self.load,
            modules: &self.modules,
            base_urls,
            latencies: &self.earlier_latencies(),
            visible: &visible,
            confirms: self.confirms(verdicts),
            baselines: &baselines,
            limits: &limits,
        };
        self.plan.redact(&announcement.text())
    }

    /// The same before its modules are measured in turns: `turns`, a line each, says where they go and in what order;
    /// the comparison is asked `looks` times, for the first time after so many pairs.
    pub(in crate::command) fn announcement_of_turns(
        &self,
        turns: &[String],
        (pairs, looks): (usize, usize),
        base_urls: &BaseUrls,
        verdicts: &Verdicts,
    ) -> String {
        let foresights = self.foresights(verdicts).into_iter();
        let foresights: Vec<Option<Foresight>> =
            foresights.map(|foresight| foresight.map(|foresight| foresight.with_looks(looks))).collect();
        let visible = |row: usize, requests: f64| {
            let row = &self.plan.series[row];
            let foresight = foresights[row.module].as_ref()?;
            foresight.visible_in_pairs(&row.method, &row.name, Metric::P50, requests, pairs)
        };
        let announcement = Announcement {
            plan: &self.plan,
            load: &self.load,
            modules: &self.modules,
            base_urls,
            latencies: &self.earlier_latencies(),
            visible: &visible,
            confirms: false,
            baselines: &[],
            limits: &[],
        };
        self.plan.redact(&announcement.text_of_turns(turns))
    }

    /// What the baseline of each module says of runs to come.
    fn foresights(&self, verdicts: &Verdicts) -> Vec<Option<Foresight>> {
        let of_module = |(module, baseline): (usize, &Option<Baseline>)| {
            baseline.as_ref().map(|baseline| Foresight::of(baseline, &self.settings(module, verdicts)))
        };
        self.baselines.iter().enumerate().map(of_module).collect()
    }

    /// The limits of a module, each with whoever asked for it.
    fn announced_limits(&self, module: usize, verdicts: &Verdicts) -> Announced {
        let asked = verdicts.slo.as_ref();
        let own = Origin::Module(format!("[slo] of {}", self.modules[module].module.path.display()));
        let from = |limit: &Limit| match asked {
            Some(asked) if asked.value.contains(limit) => asked.from.clone(),
            _ => own.clone(),
        };
        self.limits[module].iter().map(|limit| (limit.clone(), from(limit))).collect()
    }

    fn baseline_text(&self, module: usize, places: &Places) -> String {
        if let Some(baseline) = &self.baselines[module] {
            return baseline.title();
        }
        let prefix = places.baseline(&self.plan.modules[module].baseline);
        format!("none yet (--csv {} makes a run one)", prefix.display())
    }

    /// Whether what looks worse is measured a second time: where there is a baseline, and the run ends by itself.
    pub(super) fn confirms(&self, verdicts: &Verdicts) -> bool {
        verdicts.confirm && self.plan.load.run_time.is_some() && self.baselines.iter().any(Option::is_some)
    }

    /// For each row of the plan the mean latency that the baseline knows.
    fn earlier_latencies(&self) -> Vec<Option<Duration>> {
        (0..self.plan.series.len()).map(|row| self.earlier_latency(row)).collect()
    }

    /// The mean latency that the baseline knows of a row of the plan.
    fn earlier_latency(&self, row: usize) -> Option<Duration> {
        let row = &self.plan.series[row];
        let old = self.baselines[row.module].as_ref()?.newest()?.row(&row.method, &row.name)?;
        Duration::try_from_secs_f64(old.whole.average_ms? / 1e3).ok()
    }

    /// What the comparison of a module is told.
    pub(in crate::command) fn settings(&self, module: usize, verdicts: &Verdicts) -> Settings {
        let spec = &self.plan.modules[module].tolerances;
        Settings { tolerances: Tolerances::new(spec.all, &spec.by_metric), noise: verdicts.noise }
    }

    /// What the records say about this run, one for each module.
    pub(in crate::command) fn headers(
        &self,
        machine: &Machine,
        simulated: Simulated,
        started: Timestamp,
        build: Option<&str>,
    ) -> Vec<Header> {
        let id = run_id(started);
        let header = |(index, module): (usize, &PlannedModule)| Header {
            id: id.clone(),
            module: module.name.clone(),
            baseline: module.baseline.clone(),
            started,
            users: self.plan.load.users,
            spawn_rate: self.plan.load.spawn_rate,
            run_time: self.plan.load.run_time,
            target: self.targets(index),
            build: build.map(str::to_owned),
            seed: self.plan.seed,
            variables: module.variables.clone(),
            together: self.beside(&module.name),
            simulated: simulated == Simulated::Yes,
            machine: machine.clone(),
        };
        self.plan.modules.iter().enumerate().map(header).collect()
    }

    /// The base URLs of a module's classes, each once.
    pub(super) fn targets(&self, module: usize) -> String {
        let classes = self.plan.classes.iter().filter(|class| class.module == module);
        let used: BTreeSet<usize> = classes.map(|class| class.target).collect();
        let texts: Vec<String> = used.iter().map(|target| self.plan.targets[*target].to_string()).collect();
        self.plan.redact(&texts.join(", "))
    }

    fn beside(&self, name: &str) -> Vec<String> {
        let others = self.plan.modules.iter().map(|module| &module.name).filter(|other| *other != name);
        let mut others: Vec<String> = others.cloned().collect();
        others.sort_unstable();
        others
    }
}

/// Does a class that runs with the whole module not run.
pub(super) fn is_a_part(selected: &SelectedModule) -> bool {
    selected.module.users.iter().zip(&selected.users).any(|(user, runs)| user.enabled && !runs)
}

/// Takes the rows out of a baseline that a part of its module does not have, and notes them; gives their names.
fn leave_out(baseline: &mut Baseline, plan: &Plan, module: usize) -> Vec<String> {
    let runs = |row: &SideRow| {
        let mut of_module = plan.series.iter().filter(|planned| planned.module == module);
        of_module.any(|planned| (&planned.method, &planned.name) == (&row.method, &row.name))
    };
    let names = baseline.keep_rows(runs);
    if !names.is_empty() {
        baseline.notes.push(format!("a part of the module, not run: {}", names.join(", ")));
    }
    names
}

/// The mistake of putting a part of a module in the place of the whole one's baseline.
fn loss(module: &PlannedModule, left_out: &[String], places: &Places) -> Option<Problem> {
    let prefix = places.of_module(&module.baseline)?;
    if left_out.is_empty() || !places.is_baseline(&prefix, &module.baseline) {
        return None;
    }
    let (prefix, rows) = (prefix.display(), left_out.join(", "));
    let message = format!(
        "this run is a part of module `{}`, and its baseline {prefix} would lose rows: {rows}",
        module.name
    );
    Some(Problem::new(message).help(format!("run the whole module, or say --csv {prefix}_part")))
}

/// Is the server the simulator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::command) enum Simulated {
    /// It is.
    Yes,
    /// It is not.
    No,
}
