//! The jobs of one call of the program, run one after the other, each reported before the next begins.

use std::io::stdout;

use windtunnel_core::compare::Admission;
use windtunnel_core::engine::{self, Control, Options};
use windtunnel_core::error::{Problem, Problems};
use windtunnel_core::output::console::{Rates, error_report, name_width, percentile_table, stats_table};
use windtunnel_core::output::{limits_report, locust_json};
use windtunnel_core::summary::line::RunLine;
use windtunnel_core::summary::{Ending, RunRecord, Snapshot};
use windtunnel_stats::Compat;

use crate::command::reports::Reports;
use crate::command::run::files::{Outputs, Set};
use crate::command::run::job::{Job, Simulated};
use crate::command::run::judge::Judgement;
use crate::command::run::keep::Purpose;
use crate::command::run::machine::machine;
use crate::command::run::places::Places;
use crate::command::run::prepare::BaseUrls;
use crate::command::run::remarks::remarks;
use crate::command::{Context, print};
use crate::exit::Exit;
use crate::signals::Interrupt;
use crate::terminal::{Console, Progress, columns};

/// One call of `windtunnel run`.
pub(super) struct Session<'a, 'e> {
    pub(super) context: &'a mut Context<'e>,
    pub(super) places: Places,
    pub(super) base_urls: BaseUrls,
    pub(super) options: Options,
    pub(super) control: Control,
    pub(super) interrupt: Interrupt,
    pub(super) outputs: Outputs,
    pub(super) reports: Reports,
    /// The worst so far.
    pub(super) exit: Exit,
    /// What the runs are made for.
    pub(super) purpose: Purpose,
    /// All records so far.
    pub(super) records: Vec<RunRecord>,
    /// Their lines.
    pub(super) lines: Vec<RunLine>,
    /// Why some of them are invalid.
    pub(super) rejected: Vec<String>,
}

impl Session<'_, '_> {
    /// Runs the jobs; a signal ends the one that runs and leaves out the others.
    pub(super) fn run(mut self, jobs: &[Job]) -> Result<Exit, Problems> {
        let mut lines = Vec::new();
        for (index, job) in jobs.iter().enumerate() {
            if self.interrupt.happened() {
                self.exit = self.exit.max(Exit::Interrupted);
                let left: Vec<String> = jobs[index..].iter().map(Job::name).collect();
                let left = left.join(", ");
                self.context.console.warning(format_args!("interrupted: not run: {left}"));
                self.rejected.push(format!("interrupted: not run: {left}"));
                for module in jobs[index..].iter().flat_map(|job| &job.plan.modules) {
                    let word = (Exit::Interrupted, "interrupted: not run");
                    self.reports.add(&module.name, None, &[], word, self.context);
                }
                break;
            }
            match self.job(index, job) {
                Ok(words) => lines.extend(words),
                Err(problem) => {
                    self.outputs.discard();
                    self.reports.finish(Exit::Usage, self.context);
                    return Err(problem.into());
                }
            }
        }
        let finished = self.finish();
        if lines.len() > 1 {
            self.context.console.result(&format!("\n{}\n", lines.join("\n")));
        }
        let exit = self.reports.finish(self.exit, self.context);
        finished.map(|()| exit)
    }

    /// Runs one job and reports it; a line for each of its modules.
    fn job(&mut self, index: usize, job: &Job) -> Result<Vec<String>, Problem> {
        let verdicts = &self.context.settings.results.verdicts;
        let text = job.announcement(&self.base_urls, &self.places, verdicts);
        self.context.console.info(text);
        for notice in &job.plan.notices {
            self.context.console.warning(notice);
        }
        let mut records = self.measure(index, job, true)?;
        if self.interrupt.happened() {
            // Also where the signal came after the run time was over: whoever interrupts wants no new baseline.
            for record in &mut records {
                record.ending = Some(Ending::Interrupted);
            }
        }
        self.tables(&records);
        let judgements = self.judge_all(index, job, &records)?;
        let doubts = self.context.settings.results.doubts;
        let sets = std::mem::take(&mut self.outputs.by_module[index]);
        let mut lines = Vec::new();
        for (module, ((record, judgement), set)) in records.iter().zip(judgements).zip(sets).enumerate() {
            let judgement = judgement.with_limits(record, &job.limits[module], doubts);
            self.report(record, &judgement);
            let admission = self.keep(record, &judgement, set, &job.histories[module]);
            lines.push(self.conclude(record, &judgement, admission.as_ref()));
        }
        self.records.extend(records);
        Ok(lines)
    }

    /// Measures; the records of the job, one for each of its modules. Only a first run grows files.
    pub(super) fn measure(
        &mut self,
        index: usize,
        job: &Job,
        with_files: bool,
    ) -> Result<Vec<RunRecord>, Problem> {
        let settings = &self.context.settings;
        let simulated = if settings.target.sim { Simulated::Yes } else { Simulated::No };
        let build = settings.results.verdicts.server_build.as_deref();
        let headers = job.headers(&machine(), simulated, settings.clock.now(), build);
        let messages = &settings.messages;
        let mut watch = Watch {
            progress: Progress::new(job.name(), messages.only_summary, messages.print_stats),
            compat: settings.results.compat,
            console: &mut self.context.console,
            interrupt: &self.interrupt,
            sets: if with_files { &mut self.outputs.by_module[index] } else { &mut [] },
            shared: self.outputs.shared.as_mut().filter(|_| with_files),
            earlier: self.records.len(),
            records: &mut self.records,
            told_interrupt: false,
            told_unwritable: false,
        };
        let result = engine::run(&job.plan, headers, &self.options, &self.control, &mut |snapshot| {
            watch.observe(snapshot);
        });
        self.context.console.clear_line();
        result.map_err(|error| Problem::new(error.to_string()))
    }

    fn tables(&mut self, records: &[RunRecord]) {
        let compat = self.context.settings.results.compat;
        let width = name_width(columns(stdout()));
        let mut text = String::from("\n");
        text.push_str(&stats_table(records, Rates::WholeRun, compat, width));
        text.push_str(&percentile_table(records, width));
        text.push_str(&error_report(records, width));
        self.context.console.result(&text);
    }

    /// Counts the exit code; a line that says what the module comes to.
    fn conclude(
        &mut self,
        record: &RunRecord,
        judgement: &Judgement,
        admission: Option<&Admission>,
    ) -> String {
        let (exit, word) = self.purpose.outcome(judgement, admission);
        self.exit = self.exit.max(exit);
        let word_and_exit = (exit, word.as_str());
        let comparison = judgement.comparison.as_ref();
        self.reports.add(&record.header.module, comparison, &judgement.limits, word_and_exit, self.context);
        let on_error = self.context.settings.results.exit_code_on_error;
        let line = format!("{}: {word} (exit code {})", record.header.module, exit.code(on_error));
        self.context.console.result(&format!("{line}\n"));
        line
    }

    fn report(&mut self, record: &RunRecord, judgement: &Judgement) {
        if let Some(comparison) = &judgement.comparison {
            self.context.console.result(&(self.reports.show(comparison) + "\n"));
        }
        if !judgement.limits.is_empty() {
            let text = limits_report(&record.header.module, &judgement.limits);
            self.context.console.result(&(text + "\n"));
        }
        if let Some(forced) = &judgement.forced {
            self.context.console.warning(format_args!("{forced}; judged all the same, because of --force"));
        }
        remarks(record, &mut self.context.console);
    }

    /// What all modules share: the set of one prefix, and JSON.
    fn finish(&mut self) -> Result<(), Problems> {
        if let Some(set) = self.outputs.shared.take() {
            let reasons = self.rejected.join("; ");
            let rejected = Some(reasons.as_str()).filter(|reasons| !reasons.is_empty());
            match set.finish(&self.records, &self.lines, &[], rejected, "results are in") {
                Ok(text) => self.context.console.info(text),
                Err(problem) => self.failed(problem),
            }
        }
        if let Err(problem) = self.outputs.write_json(&self.records) {
            self.failed(problem);
        }
        self.outputs.discard();
        if self.context.settings.results.json {
            print(&(locust_json(&self.records, self.context.settings.results.compat) + "\n"))?;
        }
        Ok(())
    }

    /// A result that could not be written: the others still are, and the exit code says so.
    pub(super) fn failed(&mut self, problem: Problem) {
        self.context.console.problems(&problem.into());
        self.exit = self.exit.max(Exit::Usage);
    }
}

/// What looks on while a job runs: it shows progress and keeps the partial files up to date.
struct Watch<'a> {
    progress: Progress,
    compat: Compat,
    console: &'a mut Console,
    interrupt: &'a Interrupt,
    sets: &'a mut [Option<Set>],
    shared: Option<&'a mut Set>,
    /// The records of earlier jobs, whose rows stay in the shared set.
    records: &'a mut Vec<RunRecord>,
    /// How many those are.
    earlier: usize,
    told_interrupt: bool,
    told_unwritable: bool,
}

impl Watch<'_> {
    fn observe(&mut self, snapshot: &Snapshot<'_>) {
        if self.interrupt.happened() && !self.told_interrupt {
            self.told_interrupt = true;
            self.console.warning("interrupted: requests in flight may finish; once more stops at once");
        }
        let compat = self.compat;
        let table = || stats_table(snapshot.records, Rates::Current, compat, name_width(columns(stdout())));
        self.progress.show(snapshot, self.console, table);
        if let Err(problem) = self.update(snapshot.records)
            && !self.told_unwritable
        {
            self.told_unwritable = true;
            self.console.warning(problem);
        }
    }

    /// Brings every set up to date, also after one that could not be; the first problem.
    fn update(&mut self, records: &[RunRecord]) -> Result<(), Problem> {
        let mut result = Ok(());
        for (set, record) in self.sets.iter_mut().zip(records) {
            if let Some(set) = set {
                result = result.and(set.update(std::slice::from_ref(record)));
            }
        }
        if let Some(set) = &mut self.shared {
            self.records.extend(records.iter().cloned());
            result = result.and(set.update(self.records));
            self.records.truncate(self.earlier);
        }
        result
    }
}
