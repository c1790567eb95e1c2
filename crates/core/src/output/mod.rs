//! Writes results: one file a format. Never computes a statistic, never decides anything.

mod baseline_list;
mod calibration;
mod comparison;
pub mod console;
mod files;
mod locust_csv;
mod locust_json;
pub mod python;
mod rows;
mod runs_file;
mod store;
#[cfg(test)]
mod tests;

pub use baseline_list::baseline_list;
pub use calibration::{calibration_report, differ_by_more};
pub use comparison::comparison_report;
pub use files::{CsvOptions, ResultFiles};
pub use locust_csv::{History, HistoryWriter, exceptions_csv, failures_csv, stats_csv};
pub use locust_json::locust_json;
pub use runs_file::RunsFile;
pub use store::{KEPT_RUNS, store_run};
