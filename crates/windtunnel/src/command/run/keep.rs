//! What is kept of a run: its files, its place in the life of the baseline, its copy in the run store.

use std::path::Path;

use windtunnel_core::compare::{Admission, Became, History, Opening, Waiting};
use windtunnel_core::output::{RunsFile, store_run};
use windtunnel_core::summary::RunRecord;
use windtunnel_core::summary::line::RunLine;

use crate::command::run::files::{Set, lines};
use crate::command::run::judge::Judgement;
use crate::command::run::session::Session;
use crate::command::{Context, run_store};
use crate::exit::Exit;

/// What runs are made for.
#[derive(Debug)]
pub(in crate::command) enum Purpose {
    /// To be compared with the baseline, and with `--csv` to become one.
    Compare,
    /// To learn how much sessions of one server differ: evidence whatever it looks like. With the runs file that it
    /// goes to, where it does not write the CSV files as well.
    Calibrate(Option<RunsFile>),
}

impl Purpose {
    /// The exit code and the word of a run. A calibration that was added is none of the things that a run can come to,
    /// but for requests that fail.
    pub(super) fn outcome(&self, judgement: &Judgement, admission: Option<&Admission>) -> (Exit, String) {
        let word = &judgement.word;
        match (self, admission.map(|admission| &admission.became)) {
            (Self::Compare, _) => (judgement.exit, word.clone()),
            (Self::Calibrate(_), None) => (judgement.exit, format!("not added: {word}")),
            (Self::Calibrate(_), Some(Became::Waiting(_))) => {
                (Exit::NoVerdict, "not added: it is too short".to_owned())
            }
            (Self::Calibrate(_), Some(became)) => {
                let exit = match judgement.exit {
                    Exit::RequestsFailed => Exit::RequestsFailed,
                    _ => Exit::Success,
                };
                match became {
                    Became::Evidence { sessions, .. } => {
                        (exit, format!("added as session {sessions}; against those before it: {word}"))
                    }
                    _ => (exit, "added as the first session".to_owned()),
                }
            }
        }
    }
}

impl Session<'_, '_> {
    /// Puts the files in place and says what became of the baseline, and stores the run. What it became, where it is
    /// of the baseline.
    pub(super) fn keep(
        &mut self,
        record: &RunRecord,
        judgement: &Judgement,
        set: Option<Set>,
        history: &History,
    ) -> Option<Admission> {
        let name = &record.header.module;
        self.rejected.extend(judgement.rejected.iter().map(|reason| format!("{name}: {reason}")));
        let records: Vec<&RunRecord> = std::iter::once(record).chain(&judgement.second).collect();
        let mut runs = stamped(&records, history);
        let is_baseline = match (&set, &self.purpose) {
            (Some(set), _) => set.is_baseline,
            (None, purpose) => matches!(purpose, Purpose::Calibrate(_)),
        };
        let comparison = judgement.comparison.as_ref();
        let admission = (is_baseline && judgement.rejected.is_none()).then(|| match &self.purpose {
            Purpose::Compare => history.admit(comparison, &mut runs),
            Purpose::Calibrate(_) => history.admit_unchanged(comparison, &mut runs),
        });
        match set {
            Some(set) => self.put_files(record, judgement, set, admission.as_ref(), &runs),
            None => self.add_lines(record, admission.as_ref(), &runs),
        }
        self.store(record, &runs[0]);
        self.context.console.info(format_args!("stored as run {}", record.header.id));
        self.lines.extend(runs.into_iter().take(1));
        admission
    }

    fn put_files(
        &mut self,
        record: &RunRecord,
        judgement: &Judgement,
        set: Set,
        admission: Option<&Admission>,
        runs: &[RunLine],
    ) {
        let rejected = judgement.rejected.as_deref();
        let prefix = self.places.baseline(&record.header.baseline);
        // Elsewhere stands what the CSV is of, and no evidence.
        let runs = if admission.is_some() { runs } else { &runs[..1] };
        let beside = admission.map_or(&[][..], |admission| &admission.beside);
        let what = admission.map_or_else(|| "results are in".to_owned(), what_it_is);
        let is_baseline = set.is_baseline;
        match set.finish(std::slice::from_ref(record), runs, beside, rejected, &what) {
            Ok(text) => self.context.console.info(text),
            Err(problem) => return self.failed(problem),
        }
        if let Some(admission) = admission {
            self.explain(admission, &runs[0], &prefix);
        } else if !is_baseline && rejected.is_none() {
            self.context.console.info(format_args!(
                "the baseline of {} is {}, which stays as it was",
                record.header.module,
                prefix.display()
            ));
        }
    }

    /// Adds a calibration to the runs file alone.
    fn add_lines(&mut self, record: &RunRecord, admission: Option<&Admission>, runs: &[RunLine]) {
        let (Purpose::Calibrate(Some(file)), Some(admission)) = (&self.purpose, admission) else { return };
        if let Became::Waiting(_) = admission.became {
            return;
        }
        let prefix = self.places.baseline(&record.header.baseline);
        if let Err(problem) = file.append(&lines(runs, &admission.beside)) {
            return self.failed(problem);
        }
        let what = what_it_is(admission);
        self.context.console.info(format_args!("{what} {}_runs.jsonl", prefix.display()));
        self.explain(admission, &runs[0], &prefix);
    }

    /// What follows from what a run became, and how to undo or to change it.
    fn explain(&mut self, admission: &Admission, line: &RunLine, prefix: &Path) {
        let name = &line.baseline;
        let command = |words: &str| baseline_command(words, self.context);
        let run = &line.run;
        let mut told: Vec<String> = Vec::new();
        match &admission.became {
            Became::Epoch { why, parent, anchor } => {
                told.extend(why_opened(*why));
                if line.is_short() {
                    told.push(
                        "it is too short to say how it varies, and runs cannot be judged against it: give it a longer \
                         --run-time"
                            .to_owned(),
                    );
                }
                if parent.is_some() {
                    let files = ["stats", "stats_history", "failures", "exceptions"].join(",");
                    let prefix = quoted(&prefix.display().to_string());
                    told.push(format!(
                        "to undo it: git checkout -- {prefix}_{{{files}}}.csv {prefix}_runs.jsonl"
                    ));
                }
                if let Some(anchor) = anchor {
                    told.push(format!(
                        "runs go on being compared with the anchor too, the epoch {anchor}, until `{}` moves it",
                        command(&format!("anchor {name}"))
                    ));
                }
            }
            Became::Evidence { .. } => {
                if let Purpose::Calibrate(_) = self.purpose {
                    told.push(format!(
                        "a calibration is evidence whatever it looks like, as you say that the server did not change; \
                         `{}` takes it out",
                        command(&format!("drop {name} {run}"))
                    ));
                }
                if let Some(other) = &admission.same_occasion {
                    told.push(format!(
                        "it was made on the same occasion as run {other} (less than 30 minutes apart, from the same \
                         machine), so that both count as one session"
                    ));
                }
            }
            Became::Waiting(waiting) => {
                let runs = std::iter::once(run).chain(admission.second.iter());
                let runs = runs.cloned().collect::<Vec<_>>().join(" ");
                let add = command(&format!("add {name} {runs}"));
                told.push(match waiting {
                    Waiting::TooShort => "it is too short to say how it varies, so that nothing could be judged against \
                                          it; give it a longer --run-time"
                        .to_owned(),
                    Waiting::Inconclusive => format!(
                        "whether anything changed could not be decided; if you know that nothing did, `{add}` makes it \
                         count"
                    ),
                    Waiting::OtherBuild { known, new } => format!(
                        "nothing changed, but it is of build {new}, and the baseline of build {known}: `{add}` makes it \
                         count as the same version, `{}` as the next one",
                        command(&format!("accept {name} {run}"))
                    ),
                });
            }
        }
        for line in told {
            self.context.console.info(format_args!("  {line}"));
        }
    }

    /// Puts a run in the run store.
    pub(super) fn store(&mut self, record: &RunRecord, line: &RunLine) {
        if let Err(problem) = store_run(&run_store(), record, line) {
            self.context.console.warning(problem);
        }
    }
}

/// The lines of runs of one occasion, with their session.
pub(super) fn stamped(records: &[&RunRecord], history: &History) -> Vec<RunLine> {
    let mut runs: Vec<RunLine> = records.iter().map(|record| RunLine::from_record(record)).collect();
    history.stamp(&mut runs);
    runs
}

/// What a run is now, as the beginning of a sentence that goes on with its files.
fn what_it_is(admission: &Admission) -> String {
    match &admission.became {
        Became::Epoch { .. } => "this run is the new baseline:".to_owned(),
        Became::Evidence { sessions: 1, .. } => "this run is more evidence for the baseline:".to_owned(),
        Became::Evidence { sessions, .. } => {
            format!("this run is more evidence for the baseline, {sessions} sessions now:")
        }
        Became::Waiting(_) => "this run is kept, but is no evidence for the baseline yet:".to_owned(),
    }
}

fn why_opened(why: Opening) -> Option<String> {
    let because = match why {
        Opening::First => return None,
        Opening::Csv => {
            return Some("it takes the place of a CSV of which nothing but its figures was known".to_owned());
        }
        Opening::Regressed => "it got worse",
        Opening::Improved => "it got better",
        Opening::Incomparable => "it cannot be compared with what was there",
    };
    Some(format!(
        "{because}, and --csv asks for it as the baseline: it opens a new epoch, with which later runs are compared"
    ))
}

/// A command of `windtunnel baseline` as it has to be typed under these settings.
pub(in crate::command) fn baseline_command(words: &str, context: &Context<'_>) -> String {
    let settings = &context.settings;
    let mut text = format!("windtunnel baseline {words}");
    if settings.target.sim {
        text.push_str(" --sim");
    }
    if settings.results.folder != Path::new("results") {
        let folder = quoted(&settings.results.folder.display().to_string());
        text.push_str(" --results ");
        text.push_str(&folder);
    }
    text
}

/// `text` as one word of a shell.
fn quoted(text: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "/._-+@%".contains(c);
    if text.chars().all(is_plain) { text.to_owned() } else { format!("'{}'", text.replace('\'', "'\\''")) }
}
