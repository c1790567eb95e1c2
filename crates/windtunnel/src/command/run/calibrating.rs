//! What a calibration has to know of its job before anything is sent: whether the run would be one more session of
//! what the baseline measured.

use std::collections::BTreeSet;

use windtunnel_core::compare::SideRow;
use windtunnel_core::plan::SeriesPlan;
use windtunnel_core::summary::line::Environment;

use crate::command::run::job::{Job, is_a_part};
use crate::command::run::machine::machine;

impl Job {
    /// Whether all classes of its modules run.
    pub(in crate::command) fn is_whole(&self) -> bool {
        !self.modules.iter().any(is_a_part)
    }

    /// Whether the baseline of its first module has an epoch that runs are compared with: there is one, and it is no
    /// CSV alone.
    pub(in crate::command) fn has_epoch(&self) -> bool {
        let newest = self.baselines.first().and_then(|baseline| baseline.as_ref()?.newest());
        newest.is_some_and(|run| run.run.is_some())
    }

    /// Where a run of a module that began now would be made.
    pub(in crate::command) fn environment(&self, module: usize, build: Option<&str>) -> Environment {
        let machine = machine();
        Environment {
            host: machine.host,
            boot: machine.boot,
            target: self.targets(module),
            build: build.map(str::to_owned),
            ..Environment::default()
        }
    }

    /// What keeps a run of its first module from being compared with the baseline row by row: the first such row, and
    /// why.
    pub(in crate::command) fn incomparable(&self) -> Option<String> {
        let old = self.baselines.first()?.as_ref()?.newest()?;
        let planned: Vec<&SeriesPlan> = self.plan.series.iter().filter(|row| row.module == 0).collect();
        let is_gone = |row: &&SideRow| {
            !planned.iter().any(|planned| (&planned.method, &planned.name) == (&row.method, &row.name))
        };
        if let Some(gone) = old.rows.iter().find(is_gone) {
            return Some(format!("{} {} does not run", gone.method, gone.name));
        }
        planned.into_iter().find_map(|row| {
            let title = format!("{} {}", row.method, row.name);
            let Some(before) = old.row(&row.method, &row.name) else {
                return Some(format!("{title} is new"));
            };
            let before = before.circumstances.as_ref()?;
            let keys: BTreeSet<&String> = before.keys().chain(row.circumstances.keys()).collect();
            let changed = keys.into_iter().filter(|key| before.get(*key) != row.circumstances.get(*key));
            let changed: Vec<&str> = changed.map(String::as_str).collect();
            (!changed.is_empty()).then(|| format!("{} of {title} changed", changed.join(", ")))
        })
    }
}
