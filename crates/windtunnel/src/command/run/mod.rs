//! `windtunnel run`: modules one after the other, each compared with its baseline.
//!
//! Everything that can be wrong is found before the first request. A module's results are complete before the
//! next one begins.

mod announce;
mod calibrating;
mod confirm;
mod files;
pub(super) mod job;
pub(super) mod judge;
pub(super) mod keep;
pub(super) mod machine;
pub(super) mod places;
pub(super) mod prepare;
pub(super) mod remarks;
mod session;

use std::path::Path;

use windtunnel_core::engine::{Control, Options};
use windtunnel_core::error::{Problem, Problems};
use windtunnel_core::plan::SelectedModule;
use windtunnel_sim::Running;

use crate::args::{ExplainArgs, RunArgs};
use crate::command::reports::Reports;
use crate::command::{Context, select};
use crate::exit::Exit;
use crate::signals::Interrupt;
use files::Outputs;
use job::Job;
use keep::Purpose;
use places::Places;
use session::Session;

/// Runs the selected modules, all where none is named.
pub(super) fn run(args: &RunArgs, context: &mut Context<'_>) -> Result<Exit, Problems> {
    let modules = select::modules(&args.names, context)?;
    Prepared::of(modules, context)?.start(Purpose::Compare, Some(&args.explain), context)
}

/// Runs that are ready to go: everything was checked, and nothing sent or written.
pub(super) struct Prepared {
    pub(super) places: Places,
    pub(super) jobs: Vec<Job>,
    /// Serves as long as it lives.
    _simulator: Option<Running>,
    base_urls: prepare::BaseUrls,
    options: Options,
}

impl Prepared {
    /// Finds every mistake that can be found before the first request.
    pub(super) fn of(modules: Vec<SelectedModule>, context: &Context<'_>) -> Result<Self, Problems> {
        let settings = &context.settings;
        let places = Places::choose(&settings.results, settings.target.sim, Path::is_dir)?;
        let simulator = prepare::simulator(context)?;
        let base_urls = prepare::BaseUrls::of(context, simulator.as_ref());
        let jobs = job::prepare(modules, &base_urls, &places, context)?;
        let options = generator(context);
        options.tls().map_err(|error| Problem::new(error.to_string()))?;
        Ok(Self { places, jobs, _simulator: simulator, base_urls, options })
    }

    /// Runs. Without `explain` comparisons are not what the command is for: there are none beside the terminal.
    pub(super) fn start(
        self,
        purpose: Purpose,
        explain: Option<&ExplainArgs>,
        context: &mut Context<'_>,
    ) -> Result<Exit, Problems> {
        // From here on there are files to be left in order: signals no longer end the program.
        let control = Control::default();
        let interrupt = Interrupt::install(control.clone())
            .map_err(|error| Problem::new(format!("cannot wait for signals: {error}")))?;
        if context.settings.results.json {
            context.console.leave_stdout_to_data();
        }
        let reports = match explain {
            Some(explain) => Reports::open(&context.settings.results.reports, explain)?,
            None => Reports::default(),
        };
        reports.check_rows(&self.jobs.iter().flat_map(Job::rows).collect::<Vec<_>>())?;
        let outputs = Outputs::open(&self.places, &self.jobs, &context.settings.results)?;
        say_first(&self.jobs, &self.places, context);
        let Self { places, base_urls, options, .. } = self;
        Session {
            context,
            places,
            base_urls,
            options,
            control,
            interrupt,
            outputs,
            reports,
            exit: Exit::Success,
            purpose,
            records: vec![],
            lines: vec![],
            rejected: vec![],
        }
        .run(&self.jobs)
    }
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
    warn_insecure(context);
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

/// Certificates that are not verified are said at every start.
pub(super) fn warn_insecure(context: &mut Context<'_>) {
    if let Some(from) = &context.settings.target.insecure {
        context.console.warning(format_args!(
            "certificates are NOT verified ({from}): whoever is on the way can read and change everything"
        ));
    }
}
