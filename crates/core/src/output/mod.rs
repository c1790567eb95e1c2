//! Writes results: one file a format. Never computes a statistic, never decides anything.

mod annotations;
mod baseline_list;
mod calibration;
mod comparison;
pub mod console;
mod explain;
mod files;
mod junit;
mod limits;
mod locust_csv;
mod locust_json;
mod markdown;
pub mod python;
mod report_json;
mod reported;
mod rows;
mod runs_file;
mod store;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use annotations::github_annotations;
pub use baseline_list::baseline_list;
pub use calibration::{calibration_report, differ_by_more};
pub use comparison::comparison_report;
pub use explain::{Wanted, explain};
pub use files::{CsvOptions, ResultFiles};
pub use junit::junit;
pub use limits::{limit_reports, limits_report};
pub use locust_csv::{History, HistoryWriter, exceptions_csv, failures_csv, stats_csv};
pub use locust_json::locust_json;
pub use markdown::markdown;
pub use report_json::{REPORT_VERSION, report_json};
pub use reported::{ExitMeaning, LimitReport, ModuleReport};
pub use runs_file::RunsFile;
pub use store::{KEPT_RUNS, store_run};
