//! `--report-json`: every number of the comparisons, for programs. docs/report.schema.json describes it.
//!
//! Values have their units in their keys: `_ms`, `_per_s`, `_share` (0 to 1), `_ratio` (a change: 0.21 is +21 %),
//! `_log` (natural logarithms, worse is positive). What is no finite number is `null`.

mod comparison;
mod reckoning;
#[cfg(test)]
mod tests;

use serde::Serialize;

use super::reported::{ExitMeaning, LimitReport, ModuleReport};
use crate::compare::LimitState;
use comparison::ComparisonJson;

/// The version of the schema. It grows when a key changes its meaning or goes; new keys leave it as it is.
pub const REPORT_VERSION: u32 = 1;

/// The document, indented. Ends with a line end. `exit` is that of the whole call, `tool` the version of the program.
#[must_use]
pub fn report_json(modules: &[ModuleReport], exit: &ExitMeaning, tool: &str) -> String {
    let document = Document {
        schema: "windtunnel-report",
        version: REPORT_VERSION,
        tool,
        exit: ExitJson::of(exit),
        modules: modules.iter().map(ModuleJson::of).collect(),
    };
    // Texts, numbers and lists always have a JSON form.
    serde_json::to_string_pretty(&document).unwrap_or_default() + "\n"
}

/// A number where it is one.
fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

/// Both ends where both are numbers.
fn finite_range((low, high): (f64, f64)) -> Option<[f64; 2]> {
    Some([finite(low)?, finite(high)?])
}

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    version: u32,
    tool: &'a str,
    exit: ExitJson<'a>,
    modules: Vec<ModuleJson<'a>>,
}

#[derive(Serialize)]
struct ExitJson<'a> {
    code: u8,
    meaning: &'a str,
}

impl<'a> ExitJson<'a> {
    fn of(exit: &'a ExitMeaning) -> Self {
        Self { code: exit.code, meaning: &exit.meaning }
    }
}

#[derive(Serialize)]
struct ModuleJson<'a> {
    name: &'a str,
    word: &'a str,
    sentence: String,
    exit: ExitJson<'a>,
    comparison: Option<ComparisonJson<'a>>,
    limits: Vec<LimitJson<'a>>,
}

impl<'a> ModuleJson<'a> {
    fn of(module: &'a ModuleReport) -> Self {
        Self {
            name: &module.name,
            word: &module.word,
            sentence: module.sentence().to_string(),
            exit: ExitJson::of(&module.exit),
            comparison: module.comparison.as_ref().map(ComparisonJson::of),
            limits: module.limits.iter().map(LimitJson::of).collect(),
        }
    }
}

#[derive(Serialize)]
struct LimitJson<'a> {
    row: &'a str,
    limit: &'a str,
    state: &'static str,
    text: &'a str,
}

impl<'a> LimitJson<'a> {
    fn of(limit: &'a LimitReport) -> Self {
        let state = match limit.state {
            LimitState::Kept => "kept",
            LimitState::Missed => "missed",
            LimitState::NotEnough => "not_enough_evidence",
        };
        Self { row: &limit.row, limit: &limit.limit, state, text: &limit.text }
    }
}
