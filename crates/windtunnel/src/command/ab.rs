//! `windtunnel ab`: two versions of a server that both run now, measured in turns and compared.
//!
//! The runs are kept like any others; nothing is written under the results, and no baseline is judged or changed.

mod pairs;
mod turns;
mod version;

use windtunnel_core::engine::Control;
use windtunnel_core::error::{Problem, Problems};

use crate::args::AbArgs;
use crate::command::reports::Reports;
use crate::command::run::job::{self, Job};
use crate::command::run::places::Places;
use crate::command::run::{generator, warn_insecure};
use crate::command::{Context, select};
use crate::exit::Exit;
use crate::settings::layer::Origin;
use crate::signals::Interrupt;
use pairs::Pairs;
use turns::Turns;
use version::Version;

/// Measures the selected modules against both versions, all where none is named.
pub(super) fn ab(args: &AbArgs, context: &mut Context<'_>) -> Result<Exit, Problems> {
    if std::mem::take(&mut context.settings.target.sim) {
        let why = "`ab` goes to the versions that it is told, with the load of a real run";
        context.console.warning(format_args!("the setting `sim` has no effect: {why}"));
    }
    warn_of_host(args, context);
    let mut problems = Problems::default();
    let pairs = Pairs::read(args).map_err(|found| problems.0.push(found)).ok();
    let versions = version::read(args, context).map_err(|found| problems.0.extend(found.0)).ok();
    problems.into_result()?;
    let (Some(pairs), Some(versions)) = (pairs, versions) else { return Ok(Exit::Usage) };
    let jobs = jobs(args, &versions, context)?;
    let options = generator(context);
    options.tls().map_err(|error| Problem::new(error.to_string()))?;

    let control = Control::default();
    let interrupt = Interrupt::install(control.clone())
        .map_err(|error| Problem::new(format!("cannot wait for signals: {error}")))?;
    warn_insecure(context);
    let reports = Reports::open(&context.settings.results.reports, &args.explain)?;
    reports.check_rows(&jobs.iter().flat_map(Job::rows).collect::<Vec<_>>())?;
    Turns { context, versions, pairs, options, control, interrupt, reports }.run(&jobs)
}

/// A base URL that was typed and never used is a mistake somewhere.
fn warn_of_host(args: &AbArgs, context: &mut Context<'_>) {
    if let Some(host) = &context.settings.target.host
        && let (Some(_), Origin::Flag(flag)) = (&args.a, &host.from)
    {
        context.console.warning(format_args!("{flag} has no effect: --a and --b go before all base URLs"));
    }
}

/// The modules, compiled for the first version; for the second one they hold the same mistakes.
fn jobs(args: &AbArgs, versions: &[Version; 2], context: &mut Context<'_>) -> Result<Vec<Job>, Problems> {
    let modules = select::modules(&args.select.names, context)?;
    let baselines = context.settings.results.folder.clone();
    let places = Places { baselines, csv: None, notice: None };
    let jobs = job::prepare(modules, &versions[0].base_urls, &places, context)?;
    let endless = |job: &&Job| job.plan.load.run_time.is_none();
    if let Some(job) = jobs.iter().find(endless) {
        let message = format!("without a run time the first run of `{}` never ends", job.name());
        let help = "say --run-time 120s, or `run_time` in [load] of the module or in windtunnel.toml";
        return Err(Problem::new(message).help(help).into());
    }
    Ok(jobs)
}
