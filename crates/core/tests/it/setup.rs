//! Modules from text, and whole runs of them.

use std::fs;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use windtunnel_core::engine::{self, Control, Options};
use windtunnel_core::plan::{Asked, Load, Plan, PlannedModule, SelectedModule, compile};
use windtunnel_core::suite::{Suite, Variables};
use windtunnel_core::summary::{Header, Machine, RunRecord, Snapshot};

use crate::server::Server;

/// Users at a spawn rate that starts them at once, for so many milliseconds.
pub(crate) fn load(users: u32, run_time: Option<u64>) -> Load {
    Load {
        users,
        spawn_rate: 1000.0,
        run_time: run_time.map(Duration::from_millis),
        stop_timeout: Duration::from_secs(30),
    }
}

/// The plan of one module, called `m`.
pub(crate) fn plan(module: &str, base_url: &str, load: Load) -> Arc<Plan> {
    plan_of(&[("m", module)], base_url, load)
}

/// The plan of modules that run side by side: name and text of each.
pub(crate) fn plan_of(modules: &[(&str, &str)], base_url: &str, load: Load) -> Arc<Plan> {
    let folder = tempfile::tempdir().unwrap();
    let models = folder.path().join("models");
    fs::create_dir(&models).unwrap();
    for (name, text) in modules {
        fs::write(models.join(format!("{name}.toml")), text).unwrap();
    }
    let suite = Suite::open(&models).unwrap();
    let selected = modules.iter().map(|(name, _)| {
        let module = suite.load(name).unwrap();
        SelectedModule { users: vec![true; module.users.len()], module, variables: Variables::default() }
    });
    let asked = Asked {
        modules: selected.collect(),
        base_url: Some(base_url.to_owned()),
        base_url_override: None,
        headers: Vec::new(),
        load,
        seed: 1,
        tags: Vec::new(),
        exclude_tags: Vec::new(),
    };
    Arc::new(compile(&asked).unwrap_or_else(|problems| panic!("{problems}")))
}

fn headers(plan: &Plan) -> Vec<Header> {
    let header = |module: &PlannedModule| Header {
        id: "test".to_owned(),
        module: module.name.clone(),
        baseline: module.baseline.clone(),
        started: Timestamp::UNIX_EPOCH,
        users: plan.load.users,
        spawn_rate: plan.load.spawn_rate,
        run_time: plan.load.run_time,
        target: String::new(),
        build: None,
        seed: plan.seed,
        variables: std::collections::BTreeMap::new(),
        together: Vec::new(),
        simulated: false,
        machine: Machine::default(),
    };
    plan.modules.iter().map(header).collect()
}

/// Runs a plan; the records of its modules.
pub(crate) fn run_observed(
    plan: &Arc<Plan>,
    threads: usize,
    control: &Control,
    observe: &mut dyn FnMut(&Snapshot<'_>),
) -> Vec<RunRecord> {
    let options = Options { threads: NonZeroUsize::new(threads).unwrap(), insecure: false, ca_file: None };
    engine::run(plan, headers(plan), &options, control, observe).unwrap()
}

/// Runs a plan of one module.
pub(crate) fn run_with(plan: &Arc<Plan>, threads: usize, control: &Control) -> RunRecord {
    run_observed(plan, threads, control, &mut |_| {}).remove(0)
}

/// Runs one module against `server` to its end.
pub(crate) fn run(module: &str, server: &Server, load: Load, threads: usize) -> RunRecord {
    run_with(&plan(module, &format!("http://{}", server.address), load), threads, &Control::default())
}
