//! `windtunnel run`: modules one after the other, each compared with its baseline.
//!
//! Everything that can be wrong is found before the first request. A module's results are complete before the
//! next one begins.

mod announce;
mod confirm;
mod files;
mod job;
pub(super) mod judge;
mod machine;
mod places;
pub(super) mod prepare;
mod session;

use std::path::Path;

use windtunnel_core::engine::{Control, Options};
use windtunnel_core::error::{Problem, Problems};

use crate::args::RunArgs;
use crate::command::{Context, select};
use crate::exit::Exit;
use crate::signals::Interrupt;
use files::Outputs;
use job::Job;
use places::Places;
use session::Session;

/// Runs the selected modules, all where none is named.
pub(super) fn run(args: &RunArgs, context: &mut Context<'_>) -> Result<Exit, Problems> {
    let modules = select::modules(&args.names, context)?;
    let settings = &context.settings;
    let places = Places::choose(&settings.results, settings.target.sim, Path::is_dir)?;
    let simulator = prepare::simulator(context)?;
    let base_urls = prepare::BaseUrls::of(context, simulator.as_ref());
    let jobs = job::prepare(modules, &base_urls, &places, context)?;
    let options = generator(context);
    options.tls().map_err(|error| Problem::new(error.to_string()))?;

    // From here on there are files to be left in order: signals no longer end the program.
    let control = Control::default();
    let interrupt = Interrupt::install(control.clone())
        .map_err(|error| Problem::new(format!("cannot wait for signals: {error}")))?;
    if context.settings.results.json {
        context.console.leave_stdout_to_data();
    }
    let outputs = Outputs::open(&places, &jobs, &context.settings.results)?;
    say_first(&jobs, &places, context);
    Session {
        context,
        places,
        base_urls,
        options,
        control,
        interrupt,
        outputs,
        exit: Exit::Success,
        records: vec![],
        rejected: vec![],
    }
    .run(&jobs)
}

/// How load is generated, as the settings have it.
pub(super) fn generator(context: &Context<'_>) -> Options {
    let settings = &context.settings;
    Options {
        threads: settings.generator.threads,
        insecure: settings.target.insecure.is_some(),
        ca_file: settings.target.ca_file.clone(),
    }
}

/// What holds for all jobs.
fn say_first(jobs: &[Job], places: &Places, context: &mut Context<'_>) {
    if let Some(notice) = &places.notice {
        context.console.info(notice);
    }
    if let Some(from) = &context.settings.target.insecure {
        context.console.warning(format_args!(
            "certificates are NOT verified ({from}): whoever is on the way can read and change everything"
        ));
    }
    if jobs.len() > 1 {
        let names: Vec<String> = jobs.iter().map(Job::name).collect();
        let time = jobs.iter().filter_map(|job| job.plan.load.run_time).sum();
        let time = windtunnel_core::units::format_duration(time);
        context.console.info(format_args!(
            "{} modules one after the other, {time} in all: {}",
            names.len(),
            names.join(", ")
        ));
    }
}
