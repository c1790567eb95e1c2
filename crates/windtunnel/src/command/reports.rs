//! Where comparisons go beside the terminal: the files of `--markdown`, `--junit` and `--report-json`, annotations
//! where GitHub Actions is detected, and the explanation that `--explain` asks for.
//!
//! Files are opened before the first request and written once, at the end, for all modules of a call. What they say
//! is worded by the library.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use windtunnel_core::compare::{Comparison, LimitResult};
use windtunnel_core::error::{Problem, Problems};
use windtunnel_core::output::{
    ExitMeaning, ModuleReport, Wanted, comparison_report, explain, github_annotations, junit, limit_reports,
    markdown, report_json,
};

use crate::args::ExplainArgs;
use crate::command::{Context, unwritable};
use crate::exit::Exit;
use crate::settings;

/// The reports of one call of the program. By default there are none, for commands that only measure.
#[derive(Debug, Default)]
pub(in crate::command) struct Reports {
    /// Comparisons are what the command is for: others are told of them.
    are_wanted: bool,
    files: Vec<(Format, ReportFile)>,
    modules: Vec<ModuleReport>,
    explain: Option<Wanted>,
}

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Markdown,
    Junit,
    Json,
}

impl Format {
    fn flag(self) -> &'static str {
        match self {
            Self::Markdown => "--markdown",
            Self::Junit => "--junit",
            Self::Json => "--report-json",
        }
    }
}

impl Reports {
    /// Opens the files, and so proves that they can be written, and reads what is to be explained.
    pub(in crate::command) fn open(
        settings: &settings::Reports,
        explain: &ExplainArgs,
    ) -> Result<Self, Problems> {
        let explain = match explain.explain.as_deref() {
            Some([row, metric]) => Some(Wanted::read(row, metric)?),
            _ => None,
        };
        let mut problems = Problems::default();
        let asked = [
            (Format::Markdown, &settings.markdown),
            (Format::Junit, &settings.junit),
            (Format::Json, &settings.json),
        ];
        let mut files: Vec<(Format, ReportFile)> = Vec::new();
        for (format, path) in asked {
            let Some(path) = path else { continue };
            if let Some((other, _)) = files.iter().find(|(_, file)| file.path == *path) {
                let (one, two, path) = (other.flag(), format.flag(), path.display());
                problems.0.push(Problem::new(format!("{one} and {two} name the same file: {path}")));
                continue;
            }
            match ReportFile::open(path) {
                Ok(file) => files.push((format, file)),
                Err(problem) => problems.0.push(problem),
            }
        }
        problems.into_result().map(|()| Self { are_wanted: true, files, modules: Vec::new(), explain })
    }

    /// Sees to it that what is to be explained is a row of one of the modules: `rows` has (method, name) of each.
    ///
    /// # Errors
    /// It is in none of them, or the text fits more than one row of a module.
    pub(in crate::command) fn check_rows(&self, rows: &[Vec<(String, String)>]) -> Result<(), Problem> {
        let Some(wanted) = &self.explain else { return Ok(()) };
        let by_module: Vec<Vec<(&str, &str)>> = rows.iter().map(|rows| with_total(rows)).collect();
        if by_module.iter().any(|rows| wanted.choose(rows).is_ok()) {
            return Ok(());
        }
        let mut all: Vec<(&str, &str)> = by_module.concat();
        all.sort_unstable();
        all.dedup();
        wanted.choose(&all).map(|_| ())
    }

    /// Sees to it that what is to be explained is a row of this comparison.
    ///
    /// # Errors
    /// As [`check_rows`](Self::check_rows).
    pub(in crate::command) fn check(&self, comparison: &Comparison) -> Result<(), Problem> {
        self.explain.as_ref().map_or(Ok(()), |wanted| wanted.row_of(comparison).map(|_| ()))
    }

    /// A comparison for the terminal, with the reckoning that is to be explained where it is one of its rows.
    pub(in crate::command) fn show(&self, comparison: &Comparison) -> String {
        let report = comparison_report(comparison);
        let explained = self.explain.as_ref().and_then(|wanted| {
            let row = wanted.row_of(comparison).ok()?;
            Some(explain(comparison, row, wanted.metric))
        });
        match explained {
            Some(explained) => format!("{report}\n{explained}"),
            None => report,
        }
    }

    /// Takes what a module comes to, for the files.
    pub(in crate::command) fn add(
        &mut self,
        name: &str,
        comparison: Option<&Comparison>,
        limits: &[LimitResult],
        (exit, word): (Exit, &str),
        context: &mut Context<'_>,
    ) {
        if let (Some(wanted), None) = (&self.explain, comparison) {
            let what = format!("{} of {}", wanted.metric, wanted.row);
            context.console.info(format_args!("{name}: there is nothing to explain of {what}: {word}"));
        }
        let results = &context.settings.results;
        self.modules.push(ModuleReport {
            name: name.to_owned(),
            word: word.to_owned(),
            exit: meaning(exit, results.exit_code_on_error),
            comparison: comparison.cloned(),
            inconclusive_fails: results.doubts.inconclusive_fails,
            limits: limit_reports(limits),
        });
    }

    /// Writes the files, and tells GitHub where it listens. Gives the exit code, that of usage where a file could not
    /// be written.
    pub(in crate::command) fn finish(&mut self, exit: Exit, context: &mut Context<'_>) -> Exit {
        let mut exit = exit;
        let as_whole = meaning(exit, context.settings.results.exit_code_on_error);
        for (format, file) in self.files.drain(..) {
            let text = match format {
                Format::Markdown => markdown(&self.modules),
                Format::Junit => junit(&self.modules),
                Format::Json => report_json(&self.modules, &as_whole, env!("CARGO_PKG_VERSION")),
            };
            let path = file.path.clone();
            match file.finish(&text) {
                Ok(()) => context.console.info(format_args!("the report is in {}", path.display())),
                Err(problem) => {
                    context.console.problems(&problem.into());
                    exit = exit.max(Exit::Usage);
                }
            }
        }
        self.tell_github(context);
        exit
    }

    fn tell_github(&self, context: &mut Context<'_>) {
        let environment = context.environment;
        let listens = environment.get("GITHUB_ACTIONS") == Some("true");
        if !listens || !self.are_wanted || self.modules.is_empty() {
            return;
        }
        // The runner reads both streams; stdout may be data for somebody else.
        context.console.table(&github_annotations(&self.modules));
        let Some(path) = environment.get("GITHUB_STEP_SUMMARY").map(Path::new) else { return };
        let text = format!("{}\n", markdown(&self.modules));
        let appended = OpenOptions::new()
            .create(true)
            .append(true)
            .open(path)
            .and_then(|mut file| file.write_all(text.as_bytes()));
        if let Err(error) = appended {
            // It is GitHub's file, for which nobody here asked.
            context.console.warning(unwritable(path, &error));
        }
    }
}

/// The rows, and all of them together where there are several.
fn with_total(rows: &[(String, String)]) -> Vec<(&str, &str)> {
    let total = (rows.len() > 1).then_some(("", "Aggregated"));
    rows.iter().map(|(method, name)| (method.as_str(), name.as_str())).chain(total).collect()
}

fn meaning(exit: Exit, on_error: u8) -> ExitMeaning {
    let meaning = match exit {
        Exit::Success => "nothing is known to have got worse",
        Exit::RequestsFailed => "requests failed that no baseline expects",
        Exit::NoVerdict => "no verdict is possible",
        Exit::Regression => "something got worse, or a limit is missed",
        Exit::Interrupted => "interrupted",
        Exit::Usage => "usage or configuration, or results that could not be written",
    };
    ExitMeaning { code: exit.code(on_error), meaning: meaning.to_owned() }
}

/// A file that grows beside its name; what is not used leaves nothing behind.
#[derive(Debug)]
struct ReportFile {
    path: PathBuf,
    /// Where it grows; none where it is no regular file, as `/dev/stdout`, and once it is in place.
    partial: Option<PathBuf>,
    /// The folders that were made for it, the deepest first.
    made: Vec<PathBuf>,
    file: File,
}

impl ReportFile {
    fn open(path: &Path) -> Result<Self, Problem> {
        let known = fs::metadata(path).ok();
        if known.as_ref().is_some_and(fs::Metadata::is_dir) {
            return Err(Problem::in_file(path, None, "cannot be written: it is a folder"));
        }
        let path = path.to_owned();
        if known.is_some_and(|known| !known.is_file()) {
            let file =
                OpenOptions::new().write(true).open(&path).map_err(|error| unwritable(&path, &error))?;
            return Ok(Self { path, partial: None, made: Vec::new(), file });
        }
        let mut partial = path.as_os_str().to_owned();
        partial.push(".partial");
        let partial = PathBuf::from(partial);
        let folders = path.ancestors().skip(1).filter(|folder| !folder.as_os_str().is_empty());
        let made: Vec<PathBuf> = folders.filter(|folder| !folder.exists()).map(Path::to_owned).collect();
        let made_folders = made.first().map_or(Ok(()), fs::create_dir_all);
        match made_folders.and_then(|()| File::create(&partial)) {
            Ok(file) => Ok(Self { path, partial: Some(partial), made, file }),
            Err(error) => {
                remove(&made);
                Err(unwritable(&partial, &error))
            }
        }
    }

    fn finish(mut self, text: &str) -> Result<(), Problem> {
        let written = self.file.write_all(text.as_bytes()).and_then(|()| match &self.partial {
            Some(partial) => fs::rename(partial, &self.path),
            None => Ok(()),
        });
        if written.is_ok() {
            self.partial = None;
        }
        written.map_err(|error| unwritable(&self.path, &error))
    }
}

impl Drop for ReportFile {
    fn drop(&mut self) {
        if let Some(partial) = &self.partial {
            // What cannot be removed stays as it is; nobody took it for a report.
            let _ = fs::remove_file(partial);
            remove(&self.made);
        }
    }
}

/// Removes folders that are empty.
fn remove(folders: &[PathBuf]) {
    for folder in folders {
        let _ = fs::remove_dir(folder);
    }
}
