//! The numbers of Windtunnel.
//!
//! Pure functions and plain data: no clock, no I/O, no async, and no idea what a request is. Formulas cite
//! the sections of `docs/formats.md` and `docs/statistics.md` or the published source they come from.

pub mod cell;
mod histogram;
pub mod limits;
mod locust;
mod metric;
mod slices;
pub mod special;
mod steadiness;
pub mod verdict;

pub use histogram::{Histogram, HistogramError};
pub use locust::{Compat, LocustTimes, Median};
pub use metric::{Direction, Metric};
pub use slices::{Slice, Slices, Window};
pub use steadiness::Steadiness;
