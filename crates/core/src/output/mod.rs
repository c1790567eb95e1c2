//! Writes results: one file a format. Never computes a statistic, never decides anything.

mod comparison;
pub mod console;
mod explain;
mod files;
mod locust_csv;
mod locust_json;
pub mod python;
mod rows;
mod store;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use comparison::comparison_report;
pub use explain::{Wanted, explain};
pub use files::{CsvOptions, ResultFiles};
pub use locust_csv::{History, HistoryWriter, exceptions_csv, failures_csv, stats_csv};
pub use locust_json::locust_json;
pub use store::{KEPT_RUNS, store_run};
