//! The runs of both versions in turns, and what they come to.

use std::collections::BTreeSet;
use std::io::stdout;

use windtunnel_core::compare::{Comparison, Outcome, Side, compare_pairs};
use windtunnel_core::engine::{self, Control, Options};
use windtunnel_core::error::{Problem, Problems};
use windtunnel_core::output::console::{Rates, error_report, name_width, stats_table};
use windtunnel_core::output::store_run;
use windtunnel_core::summary::line::RunLine;
use windtunnel_core::summary::{Ending, RunRecord};

use crate::command::ab::pairs::{FEWEST, Pairs};
use crate::command::ab::version::Version;
use crate::command::reports::Reports;
use crate::command::run::job::{Job, Simulated};
use crate::command::run::judge::of_comparison;
use crate::command::run::machine::machine;
use crate::command::run::remarks::remarks;
use crate::command::{Context, run_store};
use crate::exit::Exit;
use crate::signals::Interrupt;
use crate::terminal::{Progress, columns};

/// One call of `windtunnel ab`.
pub(super) struct Turns<'a, 'e> {
    pub(super) context: &'a mut Context<'e>,
    /// A and B.
    pub(super) versions: [Version; 2],
    pub(super) pairs: Pairs,
    pub(super) options: Options,
    pub(super) control: Control,
    pub(super) interrupt: Interrupt,
    pub(super) reports: Reports,
}

/// What was measured of one job.
#[derive(Debug, Default)]
struct Measured {
    /// The complete pairs, A first; in each the sides of all modules.
    pairs: Vec<[Vec<Side>; 2]>,
    /// The modules in some run of which templates failed.
    templates_failed: BTreeSet<usize>,
    /// The failures that were shown, by version: in each of its runs they would be the same.
    shown: BTreeSet<(usize, String)>,
    /// Why it ended before its time.
    cut: Option<Cut>,
}

/// Why there are fewer pairs than were asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Cut {
    /// By a signal.
    Interrupted,
    /// A run says nothing of the server.
    NoVerdict(String),
}

/// What a module comes to.
#[derive(Debug)]
struct Concluded {
    exit: Exit,
    /// In a few words.
    word: String,
    comparison: Option<Comparison>,
}

impl Turns<'_, '_> {
    /// Measures the jobs one after the other; a signal ends the one that runs and leaves out the others.
    pub(super) fn run(mut self, jobs: &[Job]) -> Result<Exit, Problems> {
        let mut exit = Exit::Success;
        let mut lines = Vec::new();
        for (index, job) in jobs.iter().enumerate() {
            if self.interrupt.happened() {
                exit = exit.max(Exit::Interrupted);
                let left: Vec<String> = jobs[index..].iter().map(Job::name).collect();
                self.context.console.warning(format_args!("interrupted: not run: {}", left.join(", ")));
                for module in jobs[index..].iter().flat_map(|job| &job.plan.modules) {
                    let word = (Exit::Interrupted, "interrupted: not run");
                    self.reports.add(&module.name, None, &[], word, self.context);
                }
                break;
            }
            let concluded = match self.job(job) {
                Ok(concluded) => concluded,
                Err(problem) => {
                    self.reports.finish(Exit::Usage, self.context);
                    return Err(problem.into());
                }
            };
            for (module, concluded) in job.plan.modules.iter().zip(concluded) {
                exit = exit.max(concluded.exit);
                lines.push(self.report(&module.name, &concluded));
            }
        }
        if lines.len() > 1 {
            self.context.console.result(&format!("\n{}\n", lines.join("\n")));
        }
        Ok(self.reports.finish(exit, self.context))
    }

    /// Prints what a module comes to; the line that says it in short.
    fn report(&mut self, name: &str, concluded: &Concluded) -> String {
        let (comparison, word) = (concluded.comparison.as_ref(), (concluded.exit, concluded.word.as_str()));
        self.reports.add(name, comparison, &[], word, self.context);
        let console = &mut self.context.console;
        if let Some(comparison) = comparison {
            console.result(&format!("\n{}\n", self.reports.show(comparison)));
        }
        let code = concluded.exit.code(self.context.settings.results.exit_code_on_error);
        let line = format!("{name}: {} (exit code {code})", concluded.word);
        console.result(&format!("{line}\n"));
        line
    }

    fn job(&mut self, job: &Job) -> Result<Vec<Concluded>, Problem> {
        self.announce(job);
        let mut measured = Measured::default();
        while measured.pairs.len() < self.pairs.most && measured.cut.is_none() {
            self.pair(job, &mut measured)?;
            if self.pairs.asks_after(measured.pairs.len()) && self.is_decided(job, &measured) {
                break;
            }
        }
        if self.interrupt.happened() {
            measured.cut = Some(Cut::Interrupted);
        }
        Ok((0..job.plan.modules.len()).map(|module| self.conclude(job, module, &measured)).collect())
    }

    fn announce(&mut self, job: &Job) {
        let mut turns: Vec<String> = self
            .versions
            .iter()
            .map(|version| format!("{} is {}", version.letter, version.place(&job.plan)))
            .collect();
        turns.extend(self.pairs.announcement(job.plan.load.run_time.unwrap_or_default()));
        let asked = (self.pairs.least, self.pairs.looks());
        let verdicts = &self.context.settings.results.verdicts;
        let text = job.announcement_of_turns(&turns, asked, &self.versions[0].base_urls, verdicts);
        self.context.console.info(text);
        for notice in &job.plan.notices {
            self.context.console.warning(notice);
        }
    }

    /// Measures both versions once; what is not complete is no pair.
    fn pair(&mut self, job: &Job, measured: &mut Measured) -> Result<(), Problem> {
        let pair = measured.pairs.len();
        let mut sides: [Vec<Side>; 2] = Default::default();
        for version in Pairs::order(pair) {
            if self.interrupt.happened() {
                measured.cut = Some(Cut::Interrupted);
                return Ok(());
            }
            let title = format!("{}, {}", self.versions[version].letter, self.pairs.place(pair));
            let records = self.measure(job, version, &format!("{} {title}", job.name()))?;
            for (module, record) in records.iter().enumerate() {
                if !record.exceptions.is_empty() {
                    measured.templates_failed.insert(module);
                }
                self.show_failures(record, version, measured);
                match self.keep(record, &title) {
                    Ok(side) => sides[version].push(side),
                    Err(cut) => _ = measured.cut.get_or_insert(cut),
                }
            }
            if let Some(cut) = &measured.cut {
                if let Cut::NoVerdict(why) = cut {
                    self.context.console.warning(format_args!("{why}: the runs after it are left out"));
                }
                return Ok(());
            }
        }
        measured.pairs.push(sides);
        Ok(())
    }

    /// One run of one version, compiled anew, so that both get the same rows, and texts that no cache knows.
    fn measure(&mut self, job: &Job, version: usize, title: &str) -> Result<Vec<RunRecord>, Problem> {
        let job = job.again(&self.versions[version].base_urls, self.context)?;
        let headers = job.headers(&machine(), Simulated::No, self.context.settings.clock.now(), None);
        let messages = &self.context.settings.messages;
        let mut progress = Progress::new(title.to_owned(), messages.only_summary, messages.print_stats);
        let compat = self.context.settings.results.compat;
        let console = &mut self.context.console;
        let interrupt = &self.interrupt;
        let mut told_interrupt = false;
        let result = engine::run(&job.plan, headers, &self.options, &self.control, &mut |snapshot| {
            if interrupt.happened() && !told_interrupt {
                told_interrupt = true;
                console.warning("interrupted: requests in flight may finish; once more stops at once");
            }
            let width = name_width(columns(stdout()));
            progress.show(snapshot, console, || stats_table(snapshot.records, Rates::Current, compat, width));
        });
        console.clear_line();
        result.map_err(|error| Problem::new(error.to_string()))
    }

    /// Stores a run and says what was seen; what it is as a side of the comparison, or why it can be none.
    fn keep(&mut self, record: &RunRecord, title: &str) -> Result<Side, Cut> {
        let console = &mut self.context.console;
        let line = RunLine::from_record(record);
        let stored = match store_run(&run_store(), record, &line) {
            Ok(_) => format!("stored as run {}", line.run),
            Err(problem) => {
                console.warning(problem);
                "not stored".to_owned()
            }
        };
        let name = &record.header.module;
        console.info(format_args!("{name} {title}: {}; {stored}", seen(record)));
        remarks(record, console);
        if record.ending != Some(Ending::Complete) {
            return Err(Cut::Interrupted);
        }
        if record.total.requests == 0 {
            return Err(Cut::NoVerdict(format!("nothing was measured: no request ended ({name} {title})")));
        }
        let mut side = Side::from_line(&line);
        if let Some(limited) = &side.limited {
            if !self.context.settings.results.doubts.force {
                return Err(Cut::NoVerdict(format!(
                    "the load generator was the limit: {limited} ({name} {title})"
                )));
            }
            console.warning(format_args!("{limited}; judged all the same, because of --force"));
            side.limited = None;
        }
        Ok(side)
    }

    /// The table of failures, where a version fails in a way that it did not before.
    fn show_failures(&mut self, record: &RunRecord, version: usize, measured: &mut Measured) {
        let mut is_new = false;
        for row in &record.failures {
            let failure = format!("{} {}: {}", row.method, row.name, row.error);
            is_new |= measured.shown.insert((version, failure));
        }
        if is_new {
            let width = name_width(columns(stdout()));
            self.context.console.result(&error_report(std::slice::from_ref(record), width));
        }
    }

    /// Whether more pairs would change nothing, for every module.
    fn is_decided(&self, job: &Job, measured: &Measured) -> bool {
        let mut modules = 0..job.plan.modules.len();
        measured.cut.is_none()
            && modules.all(|module| self.compare(job, module, measured).outcome() != Outcome::Inconclusive)
    }

    fn compare(&self, job: &Job, module: usize, measured: &Measured) -> Comparison {
        let of_module = |pair: &[Vec<Side>; 2]| (pair[0][module].clone(), pair[1][module].clone());
        let pairs: Vec<(Side, Side)> = measured.pairs.iter().map(of_module).collect();
        let settings = job.settings(module, &self.context.settings.results.verdicts);
        compare_pairs(&pairs, &settings, self.pairs.looks())
    }

    /// Judges the complete pairs, where there are enough of them.
    fn conclude(&self, job: &Job, module: usize, measured: &Measured) -> Concluded {
        let count = measured.pairs.len();
        let interrupted = measured.cut == Some(Cut::Interrupted);
        if let Some(Cut::NoVerdict(why)) = &measured.cut {
            return Concluded { exit: Exit::NoVerdict, word: why.clone(), comparison: None };
        }
        if count < FEWEST {
            let word =
                format!("interrupted: no verdict, which needs {FEWEST} complete pairs and has {count}");
            return Concluded { exit: Exit::Interrupted, word, comparison: None };
        }
        let mut comparison = self.compare(job, module, measured);
        let is_decided = comparison.outcome() != Outcome::Inconclusive;
        let [a, b] = &self.versions;
        for (text, version) in [(&mut comparison.old, a), (&mut comparison.new, b)] {
            *text = format!("{}, {}: {text}", version.letter, version.place(&job.plan));
        }
        comparison.notes.extend(self.pairs.note(count, is_decided));
        let (mut exit, mut word) = of_comparison(&comparison, self.context.settings.results.doubts);
        if measured.templates_failed.contains(&module) && exit < Exit::RequestsFailed {
            exit = Exit::RequestsFailed;
            word += "; templates failed";
        }
        if interrupted {
            let note = format!("interrupted: judged by the {count} complete pairs of {}", self.pairs.most);
            comparison.notes.push(note);
            exit = Exit::Interrupted;
            word = format!("interrupted; {count} complete pairs: {word}");
        }
        Concluded { exit, word, comparison: Some(comparison) }
    }
}

/// A run in one line.
fn seen(record: &RunRecord) -> String {
    let total = &record.total;
    let counts = format!("{} requests, {} failures", total.requests, total.failures);
    match (total.times.percentile(0.5), total.times.percentile(0.95)) {
        (Some(p50), Some(p95)) => format!("{counts}, p50 {p50} ms, p95 {p95} ms"),
        _ => counts,
    }
}
