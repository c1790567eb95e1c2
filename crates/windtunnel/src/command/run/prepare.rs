//! Everything before the first request: the simulator, base URLs, and plans.

use std::time::Duration;

use windtunnel_core::error::{Problem, Problems};
use windtunnel_core::plan::{Asked, HeaderOverride, Plan, SelectedModule, compile};
use windtunnel_core::suite::Module;
use windtunnel_sim::{Running, Simulator};

use crate::command::Context;
use crate::settings::layer::Origin;
use crate::settings::load::ChosenLoad;

/// The simulated model server on a free port of the loopback interface, where `--sim` asks for it.
pub(in crate::command) fn simulator(context: &Context<'_>) -> Result<Option<Running>, Problem> {
    if !context.settings.target.sim {
        return Ok(None);
    }
    let running = Simulator::start(context.settings.simulator.clone());
    let cannot = |error| Problem::new(format!("cannot start the simulated model server: {error}"));
    running.map(Some).map_err(cannot)
}

/// Where requests go.
#[derive(Clone, Debug)]
pub(in crate::command) struct BaseUrls {
    /// For classes without one of their own.
    pub(in crate::command) usual: Option<String>,
    /// Goes before all others.
    pub(in crate::command) instead: Option<String>,
    /// Set on every request, in place of what its module says.
    pub(in crate::command) headers: Vec<HeaderOverride>,
    /// Who set the usual one.
    pub(in crate::command) from: Origin,
}

impl BaseUrls {
    /// Those of the settings, and of the simulator where there is one.
    pub(in crate::command) fn of(context: &Context<'_>, simulator: Option<&Running>) -> Self {
        let host = context.settings.target.host.clone();
        let (usual, from) = host.map_or((None, Origin::Default), |host| (Some(host.value), host.from));
        let instead = simulator.map(|running| format!("http://{}", running.address()));
        Self { usual, instead, headers: Vec::new(), from }
    }
}

/// The plan of modules that run side by side, usually one, and the load that was chosen for them.
pub(in crate::command) fn plan(
    modules: &[SelectedModule],
    base_urls: &BaseUrls,
    context: &Context<'_>,
) -> Result<(Plan, ChosenLoad), Problems> {
    let settings = &context.settings;
    let written: Vec<&Module> = modules.iter().map(|selected| &selected.module).collect();
    let load = settings.load.choose(&written, settings.target.sim);
    let asked = Asked {
        modules: modules.to_vec(),
        base_url: base_urls.usual.clone(),
        base_url_override: base_urls.instead.clone(),
        headers: base_urls.headers.clone(),
        load: load.to_load(),
        seed: settings.generator.seed,
        tags: settings.selection.tags.clone(),
        exclude_tags: settings.selection.exclude_tags.clone(),
    };
    compile(&asked).map(|plan| (plan, load))
}

/// Several runs one after the other must end by themselves.
pub(super) fn check_run_times(
    run_times: impl Iterator<Item = (String, Option<Duration>)>,
) -> Result<(), Problem> {
    let all: Vec<_> = run_times.collect();
    let endless: Vec<&str> =
        all.iter().filter(|(_, run_time)| run_time.is_none()).map(|(name, _)| name.as_str()).collect();
    if all.len() < 2 || endless.is_empty() {
        return Ok(());
    }
    let names = endless.join(", ");
    Err(Problem::new(format!("without a run time these modules run for ever and the others never: {names}"))
        .help("say --run-time 120s, or `run_time` in [load] of the module or in windtunnel.toml"))
}
