//! Writes results: one file a format. Never computes a statistic, never decides anything.

mod comparison;
pub mod console;
mod files;
mod limits;
mod locust_csv;
mod locust_json;
pub mod python;
mod rows;
mod store;
#[cfg(test)]
mod tests;

pub use comparison::comparison_report;
pub use files::{CsvOptions, ResultFiles};
pub use limits::limits_report;
pub use locust_csv::{History, HistoryWriter, exceptions_csv, failures_csv, stats_csv};
pub use locust_json::locust_json;
pub use store::{KEPT_RUNS, store_run};
