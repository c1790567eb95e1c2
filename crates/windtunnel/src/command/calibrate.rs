//! `windtunnel calibrate NAME`: one more session of a server of which the user says that it did not change. What its
//! sessions differ by is the noise that every verdict has to reckon with.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use windtunnel_core::compare::{Baseline, Foresight, GAP, read_baseline};
use windtunnel_core::error::{Problem, Problems};
use windtunnel_core::output::{RunsFile, calibration_report, differ_by_more};

use crate::args::CalibrateArgs;
use crate::command::run::Prepared;
use crate::command::run::keep::Purpose;
use crate::command::run::places::Csv;
use crate::command::{Context, select};
use crate::exit::Exit;

/// So many sessions are recommended.
const SESSIONS: usize = 5;
/// From sessions on that differ by more than this share, interleaved pairs are recommended.
const NOISY: f64 = 0.06;

/// Runs the module and adds the run to its baseline, then says what is known now.
pub(super) fn calibrate(args: &CalibrateArgs, context: &mut Context<'_>) -> Result<Exit, Problems> {
    let results = &mut context.settings.results;
    // Its files are those of the baseline, and what it looks like by itself decides nothing.
    (results.csv, results.full_history, results.verdicts.confirm) = (None, false, false);
    context.settings.selection.together = false;
    let modules = select::modules(std::slice::from_ref(&args.name), context)?;
    if modules.len() != 1 {
        let names: Vec<&str> = modules.iter().map(|selected| selected.module.name.as_str()).collect();
        let message = format!("`{}` names {} modules: {}", args.name, names.len(), names.join(", "));
        return Err(Problem::new(message).help("calibrate one after the other").into());
    }
    let mut prepared = Prepared::of(modules, context)?;
    let name = prepared.jobs[0].plan.modules[0].baseline.clone();
    let prefix = prepared.places.baseline(&name);
    comparable(&prepared, &args.name, &prefix)?;
    too_early(&prepared, &prefix, context)?;
    let purpose = if prepared.jobs[0].has_epoch() {
        Purpose::Calibrate(Some(RunsFile::open(&prefix)?))
    } else {
        prepared.places.csv = Some(Csv::Prefix(prefix.clone()));
        Purpose::Calibrate(None)
    };
    let settings = prepared.jobs[0].settings(0, &context.settings.results.verdicts);
    let exit = prepared.start(purpose, None, context)?;
    let folder = prefix.parent().unwrap_or(Path::new(""));
    if let Some(baseline) = read_baseline(folder, &name)? {
        let foresight = Foresight::of(&baseline, &settings);
        context.console.result(&format!("\n{}", calibration_report(&name, &baseline, &foresight)));
        for line in advice(&args.name, &baseline, &foresight, context) {
            context.console.result(&format!("  {line}\n"));
        }
    }
    Ok(exit)
}

/// The mistake of another load, or only a part of the module: such a run is no session of what was measured before.
fn comparable(prepared: &Prepared, name: &str, prefix: &Path) -> Result<(), Problem> {
    let job = &prepared.jobs[0];
    if !job.is_whole() {
        let problem =
            Problem::new(format!("`{name}` is a part of a module, and baselines are of whole ones"));
        return Err(problem.help(format!("calibrate {}", job.plan.modules[0].name)));
    }
    match job.incomparable().filter(|_| job.has_epoch()) {
        None => Ok(()),
        Some(why) => {
            let prefix = prefix.display();
            let message = format!("this run could not be compared with the baseline {prefix}: {why}");
            let help = format!(
                "calibrate with the load of the baseline, or begin a new one: windtunnel run {name} --csv {prefix}"
            );
            Err(Problem::new(message).help(help))
        }
    }
}

/// The mistake of calling again on the same occasion, which would add no session.
fn too_early(prepared: &Prepared, prefix: &Path, context: &Context<'_>) -> Result<(), Problem> {
    let now = context.settings.clock.now();
    let build = context.settings.results.verdicts.server_build.as_deref();
    let job = &prepared.jobs[0];
    let Some((run, next)) = job.histories[0].occasion(now, &job.environment(0, build)) else {
        return Ok(());
    };
    let message = format!(
        "too early: this would be the occasion of run {run} of {}_runs.jsonl once more, and add no session",
        prefix.display()
    );
    let (next, minutes) = (clock(next), minutes(next.duration_since(now)));
    Err(Problem::new(message)
        .help(format!("call again from {next} on, in {minutes}, or from another machine")))
}

/// What to do next.
fn advice(name: &str, baseline: &Baseline, foresight: &Foresight, context: &Context<'_>) -> Vec<String> {
    let mut advice = Vec::new();
    let sessions = baseline.current().map_or(0, |epoch| epoch.sessions.len());
    let next = baseline.newest().and_then(|run| run.ended).map(|ended| ended + GAP);
    let is_simulated = context.settings.target.sim;
    let sim = if is_simulated { " --sim" } else { "" };
    let again = match next {
        _ if is_simulated => {
            "at any time, since every start of the simulator is an occasion of its own".to_owned()
        }
        Some(next) => {
            format!("from {} on, better on another day", clock(next + SignedDuration::from_secs(1)))
        }
        None => "on another day".to_owned(),
    };
    if sessions < SESSIONS {
        advice.push(format!(
            "{SESSIONS} sessions are recommended: call `windtunnel calibrate {name}{sim}` again {again}"
        ));
    } else {
        advice.push(format!("enough sessions are stored; another one can be added {again}"));
    }
    if differ_by_more(foresight.noise(), NOISY) {
        advice.push(format!(
            "sessions differ by more than {:.0} %: measure two versions in turns (`windtunnel ab`), or say --noise noisy",
            100.0 * NOISY
        ));
    }
    advice
}

/// The minute in which `at` lies or that begins next.
fn clock(at: Timestamp) -> String {
    let up = at + SignedDuration::from_secs((60 - at.as_second().rem_euclid(60)) % 60);
    up.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

fn minutes(duration: SignedDuration) -> String {
    match duration.as_secs().div_euclid(60) + 1 {
        1 => "1 minute".to_owned(),
        minutes => format!("{minutes} minutes"),
    }
}
