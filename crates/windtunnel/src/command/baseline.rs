//! `windtunnel baseline`: what baselines rest on, and decisions about their runs. A decision adds a line to the runs
//! file of a baseline; nothing is run, and no CSV is touched.

mod find;

use std::collections::BTreeMap;
use std::fmt::Write;

use windtunnel_core::compare::{Comparison, History, RowState, Settings, Side, Word, compare, read_baseline};
use windtunnel_core::error::{Problem, Problems};
use windtunnel_core::output::{RunsFile, baseline_list, comparison_report};
use windtunnel_core::summary::line::{Line, RunLine};
use windtunnel_stats::verdict::Verdict;

use crate::args::BaselineAction;
use crate::command::compare::tolerances;
use crate::command::{Context, print};
use crate::exit::Exit;
use find::Named;

/// Lists or decides.
pub(super) fn baseline(action: &BaselineAction, context: &mut Context<'_>) -> Result<Exit, Problems> {
    match action {
        BaselineAction::List(args) => list(&args.names, context)?,
        BaselineAction::Accept { name, run } => accept(name, run, context)?,
        BaselineAction::Add { name, runs } => add(name, runs, context)?,
        BaselineAction::Anchor { name, epoch } => anchor(name, epoch.as_deref(), context)?,
        BaselineAction::Drop { name, run } => drop_run(name, run, context)?,
    }
    Ok(Exit::Success)
}

/// Prints baselines, all where none is named.
fn list(names: &[String], context: &mut Context<'_>) -> Result<(), Problems> {
    let names: Vec<String> = if names.is_empty() { find::all(context) } else { names.to_vec() };
    if names.is_empty() {
        let folder = find::folder(context);
        context.console.info(format_args!("there is no baseline in {}", folder.display()));
    }
    let mut texts = Vec::new();
    for name in &names {
        let found = Named::find(name, context)?;
        let history = History::read(&found.prefix)?;
        let mut text = format!("{}: {}\n{}", found.name, found.what(), baseline_list(&history));
        // Writing to a text cannot fail.
        for note in history.baseline().notes.iter().cloned().chain(in_the_way(&found)?) {
            let _ = writeln!(text, "  {note}");
        }
        texts.push(text);
    }
    print(&texts.join("\n"))
}

/// Opens a new epoch with a run of the runs file or of the run store.
fn accept(name: &str, run: &str, context: &mut Context<'_>) -> Result<(), Problems> {
    let decision = Decision::begin(name, context)?;
    let run = decision.named.run(run, &decision.history, find::From::Anywhere, context)?;
    valid(&run, context)?;
    let lines = decision.history.accept(&run, context.settings.clock.now())?;
    decision.carry_out(&lines, &format!("run {} opens a new epoch", run.run))
}

/// Makes runs evidence of the current epoch, unless they are red against it.
fn add(name: &str, runs: &[String], context: &mut Context<'_>) -> Result<(), Problems> {
    let decision = Decision::begin(name, context)?;
    let mut after = decision.history.clone();
    let (mut lines, mut added) = (Vec::new(), Vec::new());
    for run in runs {
        let run = decision.named.run(run, &decision.history, find::From::Anywhere, context)?;
        valid(&run, context)?;
        let new = after.add(&run, context.settings.clock.now())?;
        after.extend(new.iter().cloned());
        lines.extend(new);
        added.push(run);
    }
    unchanged(&added, &decision.history, context)?;
    let ids: Vec<&str> = added.iter().map(|run| run.run.as_str()).collect();
    let (runs, verb) = if ids.len() == 1 { ("run", "is") } else { ("runs", "are") };
    let mut text = format!("{runs} {} {verb} evidence of the current epoch", ids.join(", "));
    for run in &added {
        text.extend(same_occasion(run, &decision.history, &after));
    }
    decision.carry_out(&lines, &text)
}

/// Marks the current epoch or another one as the anchor.
fn anchor(name: &str, epoch: Option<&str>, context: &mut Context<'_>) -> Result<(), Problems> {
    let decision = Decision::begin(name, context)?;
    let epoch = decision.history.find_epoch(epoch)?;
    let lines = decision.history.anchor(epoch, context.settings.clock.now());
    let is = if lines.is_empty() { "is already" } else { "is" };
    decision.carry_out(
        &lines,
        &format!("the epoch {} {is} the anchor, with which runs are compared too", epoch.id),
    )
}

/// Takes a run out of the evidence.
fn drop_run(name: &str, run: &str, context: &mut Context<'_>) -> Result<(), Problems> {
    let decision = Decision::begin(name, context)?;
    let run = decision.named.run(run, &decision.history, find::From::File, context)?;
    let lines = decision.history.drop_run(&run.run, context.settings.clock.now())?;
    decision.carry_out(&lines, &format!("run {} is no evidence any more", run.run))
}

/// A decision about a baseline, to which nobody else adds meanwhile.
struct Decision {
    named: Named,
    file: RunsFile,
    history: History,
}

impl Decision {
    fn begin(name: &str, context: &mut Context<'_>) -> Result<Self, Problems> {
        let named = Named::find(name, context)?;
        let file = RunsFile::open(&named.prefix)?;
        let history = History::read(&named.prefix)?;
        Ok(Self { named, file, history })
    }

    /// Writes the lines, and says what was decided and what the baseline is now.
    fn carry_out(&self, lines: &[Line], decided: &str) -> Result<(), Problems> {
        if !lines.is_empty() {
            self.file.append(lines)?;
        }
        let history = History::read(&self.named.prefix)?;
        let mut text = format!("{decided}\n{}\n", state(&self.named.name, &history));
        if let Some(why) = in_the_way(&self.named)? {
            let _ = writeln!(text, "{why}");
        }
        print(&text)
    }
}

/// What a baseline is, in a sentence.
fn state(name: &str, history: &History) -> String {
    let baseline = history.baseline();
    let Some(epoch) = baseline.current() else {
        return format!("{name} has no baseline now: no run is evidence");
    };
    let counted = |count: usize, what: &str| match count {
        1 => format!("1 {what}"),
        count => format!("{count} {what}s"),
    };
    let anchor = match &baseline.anchor {
        Some(anchor) if *anchor != epoch.id => format!("; the anchor is {anchor}"),
        _ => String::new(),
    };
    format!(
        "the baseline of {name} is the epoch {} now: {}, {}{anchor}",
        epoch.id,
        counted(epoch.sessions.len(), "session"),
        counted(epoch.runs().count(), "run")
    )
}

/// Why runs are compared with something else than the runs file says: a CSV that is of none of its runs.
fn in_the_way(named: &Named) -> Result<Option<String>, Problem> {
    let prefix = &named.prefix;
    let (folder, name) = (prefix.parent().unwrap_or(prefix), &named.name);
    let used = read_baseline(folder, name)?;
    let is_csv = used.as_ref().is_some_and(|used| used.newest().is_some_and(|run| run.run.is_none()));
    Ok(is_csv.then(|| {
        let prefix = prefix.display();
        format!(
            "{prefix}_stats.csv is of no run of {prefix}_runs.jsonl, and it is what runs are compared with; remove it, \
             or make a new baseline with --csv {prefix}"
        )
    }))
}

/// Refuses a run that measured nothing, or the generator, or too little.
fn valid(run: &RunLine, context: &Context<'_>) -> Result<(), Problem> {
    if run.endpoints.iter().all(|row| row.requests == 0) {
        return Err(Problem::new(format!("run {} measured nothing", run.run)));
    }
    if context.settings.results.doubts.force {
        return Ok(());
    }
    let message = match &run.generator.limited_by {
        Some(limited) => format!("the load generator was the limit of run {}: {limited}", run.run),
        None if run.is_short() => {
            format!("run {} is too short to say how it varies: nothing could be judged against it", run.run)
        }
        None => return Ok(()),
    };
    Err(Problem::new(message).help("--force takes it all the same"))
}

/// Refuses runs that are red against the current epoch, or cannot be compared with it, unless they are forced. Runs of
/// one session are judged together.
fn unchanged(runs: &[RunLine], history: &History, context: &mut Context<'_>) -> Result<(), Problems> {
    let Some(module) = runs.first().map(|run| run.module.clone()) else { return Ok(()) };
    let settings = Settings {
        tolerances: tolerances(Some(&module), context),
        noise: context.settings.results.verdicts.noise,
    };
    let mut sessions: BTreeMap<&str, Vec<Side>> = BTreeMap::new();
    for run in runs {
        let mut side = Side::from_line(run);
        side.limited = None;
        sessions.entry(run.session.as_deref().unwrap_or(&run.run)).or_default().push(side);
    }
    let force = context.settings.results.doubts.force;
    for sides in sessions.values().filter(|_| !force) {
        let comparison = compare(history.baseline(), sides, &settings);
        if let Some(problem) = refusal(&comparison) {
            print(&comparison_report(&comparison))?;
            return Err(problem.help("--force adds it all the same").into());
        }
    }
    Ok(())
}

/// Why runs of which this is the comparison with the current epoch are no evidence of it.
fn refusal(comparison: &Comparison) -> Option<Problem> {
    let rows: Vec<String> = comparison
        .rows
        .iter()
        .filter(|row| row.state != RowState::Compared)
        .map(windtunnel_core::compare::RowComparison::title)
        .collect();
    if !rows.is_empty() {
        let rows = rows.join(", ");
        return Some(Problem::new(format!(
            "{} cannot be compared with the current epoch: {rows}",
            comparison.new
        )));
    }
    (comparison.verdict == Verdict::Regressed).then(|| {
        let worse = comparison.rows.iter().filter(|row| row.called(&Word::Regressed).next().is_some());
        let rows: Vec<String> = worse.map(windtunnel_core::compare::RowComparison::title).collect();
        Problem::new(format!("{} is worse than the current epoch: {}", comparison.new, rows.join(", ")))
    })
}

/// What is to be said of a run that shares its session with another one of the epoch.
fn same_occasion(run: &RunLine, before: &History, after: &History) -> Option<String> {
    let stamped = after.run(&run.run)?;
    let session = stamped.session.as_deref().unwrap_or(&stamped.run);
    let epoch = before.baseline().current()?;
    let other = epoch.sessions.iter().find(|known| known.id == session)?.runs.last()?.run.as_deref()?;
    Some(format!("\nrun {} was made on the same occasion as run {other}: both count as one session", run.run))
}
