//! What looks worse is measured once more: the modules of a job whose first run is red run again under the same
//! circumstances, and both runs are judged together (docs/statistics.md 3.14). Most false alarms end here.

use windtunnel_core::compare::Outcome;
use windtunnel_core::error::Problem;
use windtunnel_core::output::store_run;
use windtunnel_core::summary::line::RunLine;
use windtunnel_core::summary::{Ending, RunRecord};

use crate::command::run::job::Job;
use crate::command::run::judge::{Judgement, judge};
use crate::command::run::session::Session;
use crate::command::run_store;

impl Session<'_, '_> {
    /// Judges the first run of each module of a job, and measures once more where one of them looks worse. The
    /// judgements are those over all runs.
    pub(super) fn judge_all(
        &mut self,
        index: usize,
        job: &Job,
        records: &[RunRecord],
    ) -> Result<Vec<Judgement>, Problem> {
        let mut judgements: Vec<Judgement> =
            (0..records.len()).map(|module| self.judge(job, module, &[&records[module]])).collect();
        let red: Vec<usize> = (0..records.len()).filter(|module| is_red(&judgements[*module])).collect();
        let confirms = job.confirms(&self.context.settings.results.verdicts);
        if red.is_empty() || !confirms || self.interrupt.happened() {
            return Ok(judgements);
        }
        let names: Vec<&str> = red.iter().map(|module| records[*module].header.module.as_str()).collect();
        self.context.console.warning(format_args!(
            "{}: looks worse than the baseline; measured once more before it is called so",
            names.join(", ")
        ));
        let again = job.again(&self.base_urls, self.context)?;
        let seconds = self.measure(index, &again, false)?;
        for (module, second) in seconds.iter().enumerate().filter(|(module, _)| red.contains(module)) {
            let name = &second.header.module;
            if let Err(problem) = store_run(&run_store(), second, &RunLine::from_record(second)) {
                self.context.console.warning(problem);
            }
            if second.ending != Some(Ending::Complete) || self.interrupt.happened() {
                self.context.console.warning(format_args!("{name}: the second run was interrupted"));
                judgements[module] = Judgement::interrupted();
                continue;
            }
            let mut both = self.judge(job, module, &[&records[module], second]);
            let is_usable = second.total.requests > 0 && both.rejected.is_none();
            let first = judgements[module].comparison.take();
            if is_usable {
                if let Some(comparison) = &mut both.comparison {
                    comparison.first = first.map(Box::new);
                }
                both.second = Some(second.clone());
                judgements[module] = both;
            } else {
                judgements[module].comparison = first;
                let why = both.rejected.unwrap_or_else(|| "nothing was measured".to_owned());
                self.context
                    .console
                    .warning(format_args!("{name}: the second run cannot confirm the first: {why}"));
            }
        }
        Ok(judgements)
    }

    fn judge(&self, job: &Job, module: usize, records: &[&RunRecord]) -> Judgement {
        let results = &self.context.settings.results;
        let settings = job.settings(module, &results.verdicts);
        judge(records, job.baselines[module].as_ref(), &settings, results.doubts)
    }
}

fn is_red(judgement: &Judgement) -> bool {
    let outcome = judgement.comparison.as_ref().map(windtunnel_core::compare::Comparison::outcome);
    judgement.rejected.is_none() && outcome == Some(Outcome::Regressed)
}
