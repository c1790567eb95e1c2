//! `windtunnel compare OLD NEW`: a verdict on stored results, as a table on stdout.

use windtunnel_core::compare::{Settings, Tolerances, compare as compare_sides, read_old, read_run};
use windtunnel_core::error::Problems;
use windtunnel_core::suite::Suite;

use crate::args::CompareArgs;
use crate::command::reports::Reports;
use crate::command::run::judge::of_comparison;
use crate::command::{Context, print, run_store};
use crate::exit::Exit;

/// Compares, prints, and gives the exit code of the outcome.
pub(super) fn compare(args: &CompareArgs, context: &mut Context<'_>) -> Result<Exit, Problems> {
    let store = run_store();
    let mut problems = Problems::default();
    let old = read_old(&args.old, &store).map_err(|problem| problems.0.push(problem)).ok();
    let new = read_run(&args.new, &store).map_err(|problem| problems.0.push(problem)).ok();
    problems.into_result()?;
    let (Some(old), Some(mut new)) = (old, new) else { return Ok(Exit::Usage) };
    let doubts = context.settings.results.doubts;
    if doubts.force
        && let Some(limited) = new.limited.take()
    {
        context.console.warning(format_args!("{limited}; judged all the same, because of --force"));
    }
    let old_module = old.newest().and_then(|run| run.module.as_deref());
    let module = new.module.as_deref().or(old_module);
    let settings =
        Settings { tolerances: tolerances(module, context), noise: context.settings.results.verdicts.noise };
    let comparison = compare_sides(&old, std::slice::from_ref(&new), &settings);
    let mut reports = Reports::open(&context.settings.results.reports, &args.explain)?;
    reports.check(&comparison)?;
    print(&reports.show(&comparison))?;
    let (exit, word) = of_comparison(&comparison, doubts);
    context.console.info(&word);
    reports.add(&comparison.name, Some(&comparison), &[], (exit, &word), context);
    Ok(reports.finish(exit, context))
}

/// Those of the module, where one of the sides names one that is there; else the usual ones.
pub(super) fn tolerances(module: Option<&str>, context: &mut Context<'_>) -> Tolerances {
    let (Some(name), Ok(suite)) = (module, Suite::open(&context.settings.models)) else {
        return Tolerances::default();
    };
    if !suite.entries.iter().any(|(entry, _)| entry == name) {
        return Tolerances::default();
    }
    let Ok(module) = suite.load(name) else {
        context.console.warning(format_args!(
            "module `{name}` has mistakes, so that the usual tolerances are used; see `windtunnel check {name}`"
        ));
        return Tolerances::default();
    };
    Tolerances::new(module.tolerances.all, &module.tolerances.by_metric)
}
