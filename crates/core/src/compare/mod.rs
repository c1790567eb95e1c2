//! Is this run better or worse than that one: reading baselines, comparing rows, and the verdict.
//!
//! Reads records and files of results; never prints and never writes.

mod locust_csv;

pub use locust_csv::python_number;
