//! Where baselines lie and where a run writes its files. Looks at paths and links, opens nothing.

use std::path::{Component, Path, PathBuf};

use windtunnel_core::error::Problem;

use crate::settings::Results;

/// The folder below the results that belongs to simulated runs.
const SIM: &str = "sim";

/// Where things lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::command) struct Places {
    /// The folder of the baselines.
    pub(in crate::command) baselines: PathBuf,
    /// `--csv`.
    pub(in crate::command) csv: Option<Csv>,
    /// What had to be changed.
    pub(in crate::command) notice: Option<String>,
}

/// What `--csv` means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::command) enum Csv {
    /// A folder that gets one set of files a module, named after its baseline.
    Folder(PathBuf),
    /// The prefix of one set with the rows of all modules.
    Prefix(PathBuf),
}

impl Places {
    /// Decides. A simulated run keeps to `sim/` below the results, a real one keeps out of it; `is_folder`
    /// says of a path whether it is one.
    pub(super) fn choose(
        results: &Results,
        simulated: bool,
        is_folder: impl Fn(&Path) -> bool,
    ) -> Result<Self, Problem> {
        let folder = &results.folder;
        let sim = Self::folder(folder, true);
        let mut notice = None;
        let csv = match &results.csv {
            None => None,
            Some(csv) => {
                let asked = Path::new(&csv.value);
                let names_folder = csv.value.ends_with('/') || is_folder(asked);
                let lies_in = if names_folder { asked } else { asked.parent().unwrap_or(Path::new("")) };
                let moved = if simulated && same(lies_in, folder) {
                    let moved = if names_folder {
                        sim.clone()
                    } else {
                        sim.join(asked.file_name().unwrap_or_default())
                    };
                    notice = Some(format!(
                        "with --sim the files go to {} instead of {}, so that results of a real server stay",
                        moved.display(),
                        asked.display()
                    ));
                    moved
                } else if !simulated && same(lies_in, &sim) {
                    return Err(csv
                        .from
                        .problem("csv", format!("{} is for runs with --sim", sim.display()))
                        .help(format!("choose a prefix in {}", folder.display())));
                } else {
                    asked.to_owned()
                };
                Some(if names_folder { Csv::Folder(moved) } else { Csv::Prefix(moved) })
            }
        };
        Ok(Self { baselines: Self::folder(folder, simulated), csv, notice })
    }

    /// The folder of the baselines below that of all results.
    pub(in crate::command) fn folder(results: &Path, simulated: bool) -> PathBuf {
        if simulated { results.join(SIM) } else { results.to_owned() }
    }

    /// The prefix of the files that a module has for itself: one of all modules in a folder, or the only module.
    pub(super) fn of_module(&self, baseline: &str) -> Option<PathBuf> {
        match self.csv.as_ref()? {
            Csv::Folder(folder) => Some(folder.join(baseline)),
            Csv::Prefix(prefix) => Some(prefix.clone()),
        }
    }

    /// The prefix of a module's baseline.
    pub(in crate::command) fn baseline(&self, name: &str) -> PathBuf {
        self.baselines.join(name)
    }

    /// Does this prefix lie among the baselines, where only whole and valid runs belong.
    pub(super) fn is_among_baselines(&self, prefix: &Path) -> bool {
        same(prefix.parent().unwrap_or(Path::new("")), &self.baselines)
    }

    /// Is this prefix the baseline called `name`.
    pub(super) fn is_baseline(&self, prefix: &Path, name: &str) -> bool {
        same(prefix, &self.baseline(name))
    }
}

/// Do two paths lead to the same place: `./results/` and `results` do, and a link and what it leads to.
fn same(one: &Path, other: &Path) -> bool {
    resolved(one) == resolved(other)
}

/// The path from the root, links followed as far as it exists, the rest without `.` and `..`.
fn resolved(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let there = path.ancestors().find_map(|part| Some((part, part.canonicalize().ok()?)));
    let (part, mut resolved) = there.unwrap_or((Path::new(""), PathBuf::new()));
    for component in path.strip_prefix(part).unwrap_or(&path).components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => _ = resolved.pop(),
            other => resolved.push(other),
        }
    }
    resolved
}

#[cfg(test)]
mod tests {
    use windtunnel_stats::Compat;

    use super::*;
    use crate::settings::layer::{Origin, Sourced};
    use crate::settings::{Doubts, Reports, Verdicts};

    fn places(csv: Option<&str>, simulated: bool) -> Result<Places, Problem> {
        let from = Origin::Flag("--csv".to_owned());
        let results = Results {
            folder: "results".into(),
            csv: csv.map(|csv| Sourced { value: csv.to_owned(), from }),
            full_history: false,
            json: false,
            json_file: None,
            compat: Compat::V2_47,
            exit_code_on_error: 1,
            doubts: Doubts::default(),
            verdicts: Verdicts::default(),
            reports: Reports::default(),
        };
        Places::choose(&results, simulated, |path| path == Path::new("results"))
    }

    #[test]
    fn a_prefix_and_a_folder_are_told_apart() {
        let csv = |text| places(Some(text), false).unwrap().csv.unwrap();
        assert_eq!(csv("results/x"), Csv::Prefix("results/x".into()));
        assert_eq!(csv("results/"), Csv::Folder("results/".into()));
        assert_eq!(csv("results"), Csv::Folder("results".into()));
        assert_eq!(csv("elsewhere/"), Csv::Folder("elsewhere/".into()));
        assert_eq!(csv("x"), Csv::Prefix("x".into()));
    }

    #[test]
    fn a_simulated_run_never_touches_a_real_baseline() {
        for text in ["results/x", "./results/x", "other/../results/x"] {
            let places = places(Some(text), true).unwrap();
            assert_eq!(places.csv, Some(Csv::Prefix("results/sim/x".into())), "{text}");
            assert!(places.notice.unwrap().contains("results/sim/x"), "{text}");
        }
        assert_eq!(places(Some("results/"), true).unwrap().csv, Some(Csv::Folder("results/sim".into())));
        let own = places(Some("results/sim/x"), true).unwrap();
        assert_eq!((own.csv, own.notice), (Some(Csv::Prefix("results/sim/x".into())), None));
        assert_eq!(places(Some("/tmp/x"), true).unwrap().csv, Some(Csv::Prefix("/tmp/x".into())));
    }

    #[test]
    fn a_real_run_never_touches_a_simulated_baseline() {
        let problem = places(Some("results/sim/x"), false).unwrap_err();
        assert!(problem.to_string().starts_with("--csv: results/sim is for runs with --sim"), "{problem}");
    }

    #[test]
    fn a_link_to_the_baselines_is_no_way_around_them() {
        let root = tempfile::tempdir().unwrap();
        let (real, link) = (root.path().join("real"), root.path().join("link"));
        std::fs::create_dir(&real).unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        let places = Places { baselines: link.clone(), csv: None, notice: None };
        assert!(places.is_among_baselines(&real.join("x")) && places.is_baseline(&link.join("x"), "x"));
        assert!(places.is_baseline(&real.join("x"), "x") && !places.is_baseline(&real.join("y"), "x"));
        assert!(same(&real.join("not/../there/yet"), &link.join("there/yet")));
    }

    #[test]
    fn baselines_of_simulated_runs_lie_in_a_folder_of_their_own() {
        assert_eq!(places(None, false).unwrap().baseline("x"), Path::new("results/x"));
        let places = places(None, true).unwrap();
        assert_eq!(places.baseline("x"), Path::new("results/sim/x"));
        assert!(places.is_baseline(Path::new("./results/sim/x"), "x"));
        assert!(!places.is_baseline(Path::new("results/x"), "x"));
        assert!(places.is_among_baselines(Path::new("results/sim/other")));
        assert!(!places.is_among_baselines(Path::new("results/x")));
    }
}
