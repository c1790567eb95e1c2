//! The files that a run of the program writes: opened before the first request, given up or put in place at the
//! end.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use windtunnel_core::error::{Problem, Problems};
use windtunnel_core::output::{CsvOptions, History, ResultFiles, locust_json};
use windtunnel_core::summary::RunRecord;
use windtunnel_core::summary::line::{Line, RunLine};
use windtunnel_stats::Compat;

use crate::command::run::job::Job;
use crate::command::run::places::{Csv, Places};
use crate::command::unwritable;
use crate::settings::Results;

/// One set of Locust's files, and the runs file beside it.
#[derive(Debug)]
pub(super) struct Set {
    /// `--csv`, or the folder's path for the module.
    pub(super) prefix: PathBuf,
    /// It is the baseline of its only module.
    pub(super) is_baseline: bool,
    /// It lies among the baselines, so that an invalid run must not take its name.
    guarded: bool,
    files: ResultFiles,
}

/// All that is written.
#[derive(Debug)]
pub(super) struct Outputs {
    /// A set for each module of each job, in order; `None` for those without one.
    pub(super) by_module: Vec<Vec<Option<Set>>>,
    /// The set that all modules share.
    pub(super) shared: Option<Set>,
    /// `--json-file`.
    json: Option<JsonFile>,
    compat: Compat,
}

impl Outputs {
    /// Opens everything, and so proves that it can be written. What was opened before a mistake is removed again.
    pub(super) fn open(places: &Places, jobs: &[Job], results: &Results) -> Result<Self, Problems> {
        let history = if results.full_history { History::Full } else { History::Aggregated };
        let options = CsvOptions { compat: results.compat, history };
        let mut outputs = Self { by_module: Vec::new(), shared: None, json: None, compat: results.compat };
        match outputs.open_all(places, jobs, results, options) {
            Ok(()) => Ok(outputs),
            Err(problem) => {
                outputs.discard();
                Err(problem.into())
            }
        }
    }

    fn open_all(
        &mut self,
        places: &Places,
        jobs: &[Job],
        results: &Results,
        options: CsvOptions,
    ) -> Result<(), Problem> {
        let count: usize = jobs.iter().map(|job| job.plan.modules.len()).sum();
        for job in jobs {
            self.by_module.push(Vec::new());
            for module in &job.plan.modules {
                let shared = count > 1 && matches!(places.csv, Some(Csv::Prefix(_)));
                let prefix = places.of_module(&module.baseline).filter(|_| !shared);
                let set = prefix.map(|prefix| Set::open(prefix, Some(&module.baseline), places, options));
                let set = set.transpose()?;
                if let Some(sets) = self.by_module.last_mut() {
                    sets.push(set);
                }
            }
        }
        if let (Some(Csv::Prefix(prefix)), true) = (&places.csv, count > 1) {
            self.shared = Some(Set::open(prefix.clone(), None, places, options)?);
        }
        self.json = results.json_file.as_deref().map(JsonFile::open).transpose()?;
        Ok(())
    }

    /// Writes the JSON file of `--json-file`.
    pub(super) fn write_json(&mut self, records: &[RunRecord]) -> Result<(), Problem> {
        match self.json.take() {
            Some(json) => json.finish(&locust_json(records, self.compat)),
            None => Ok(()),
        }
    }

    /// Removes what was opened and not used.
    pub(super) fn discard(&mut self) {
        let sets = self.by_module.drain(..).flatten().flatten().chain(self.shared.take());
        sets.for_each(|set| set.files.discard());
        if let Some(json) = self.json.take() {
            json.discard();
        }
    }
}

impl Set {
    fn open(
        prefix: PathBuf,
        baseline: Option<&str>,
        places: &Places,
        options: CsvOptions,
    ) -> Result<Self, Problem> {
        let files = ResultFiles::open(&prefix, options)?;
        let is_baseline = baseline.is_some_and(|name| places.is_baseline(&prefix, name));
        let guarded = places.is_among_baselines(&prefix);
        Ok(Self { prefix, is_baseline, guarded, files })
    }

    /// Brings the files up to date; once a second.
    pub(super) fn update(&mut self, records: &[RunRecord]) -> Result<(), Problem> {
        self.files.update(records)
    }

    /// Puts the files in place, with the lines of these runs and what has to stand beside them. An invalid run, with
    /// its reason in `rejected`, keeps out of the baselines: there its files lie beside, with the reason. The text
    /// says where they are, behind the words `what` for files that took their place.
    pub(super) fn finish(
        self,
        records: &[RunRecord],
        runs: &[RunLine],
        beside: &[Line],
        rejected: Option<&str>,
        what: &str,
    ) -> Result<String, Problem> {
        let prefix = self.prefix.display().to_string();
        if let Some(reason) = rejected.filter(|_| self.guarded) {
            self.files.reject(records, runs, reason)?;
            return Ok(format!("results are in {prefix}.rejected_*, and no baseline: {reason}"));
        }
        self.files.accept(records, &lines(runs, beside))?;
        Ok(format!("{what} {prefix}_stats.csv, {prefix}_runs.jsonl and beside them"))
    }
}

/// The lines of runs, and what has to stand beside them.
pub(super) fn lines(runs: &[RunLine], beside: &[Line]) -> Vec<Line> {
    let runs = runs.iter().map(|run| Line::Run(Box::new(run.clone())));
    runs.chain(beside.iter().cloned()).collect()
}

/// The file of `--json-file`, grown beside its name.
#[derive(Debug)]
struct JsonFile {
    path: PathBuf,
    partial: PathBuf,
    file: File,
}

impl JsonFile {
    /// As in Locust, `.json` is added to the name, always.
    fn open(name: &str) -> Result<Self, Problem> {
        let path = PathBuf::from(format!("{name}.json"));
        let partial = PathBuf::from(format!("{name}.json.partial"));
        let create = |path: &Path| {
            if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
                fs::create_dir_all(folder)?;
            }
            File::create(path)
        };
        let file = create(&partial).map_err(|error| unwritable(&partial, &error))?;
        Ok(Self { path, partial, file })
    }

    fn finish(mut self, text: &str) -> Result<(), Problem> {
        let written =
            self.file.write_all(text.as_bytes()).and_then(|()| fs::rename(&self.partial, &self.path));
        written.map_err(|error| unwritable(&self.path, &error))
    }

    fn discard(self) {
        // It held nothing; what cannot be removed stays as an empty file.
        let _ = fs::remove_file(&self.partial);
    }
}
