//! Writes results: one file a format. Never computes a statistic, never decides anything.

pub mod console;
mod files;
mod locust_csv;
mod locust_json;
pub mod python;
mod rows;
#[cfg(test)]
mod tests;

pub use files::{CsvOptions, ResultFiles};
pub use locust_csv::{History, HistoryWriter, exceptions_csv, failures_csv, stats_csv};
pub use locust_json::locust_json;
