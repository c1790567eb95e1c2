//! `windtunnel compare OLD NEW`: a verdict on stored results, as a table on stdout.

use windtunnel_core::compare::{Tolerances, compare as compare_sides, read_run};
use windtunnel_core::error::Problems;
use windtunnel_core::output::comparison_report;

use crate::args::CompareArgs;
use crate::command::run::judge::{Inconclusive, of_outcome};
use crate::command::{Context, print, run_store};
use crate::exit::Exit;

/// Compares, prints, and gives the exit code of the outcome.
pub(super) fn compare(args: &CompareArgs, context: &mut Context<'_>) -> Result<Exit, Problems> {
    let store = run_store();
    let mut problems = Problems::default();
    let mut read = |what: &str| read_run(what, &store).map_err(|problem| problems.0.push(problem)).ok();
    let (old, new) = (read(&args.old), read(&args.new));
    problems.into_result()?;
    let (Some(old), Some(new)) = (old, new) else { return Ok(Exit::Usage) };
    let comparison = compare_sides(&old, &new, &Tolerances::default());
    print(&comparison_report(&comparison))?;
    let inconclusive =
        if context.settings.results.inconclusive_fails { Inconclusive::Fails } else { Inconclusive::Warns };
    let (exit, word) = of_outcome(comparison.outcome(), inconclusive);
    context.console.info(word);
    Ok(exit)
}
