//! Evidence for the tests of this module.

use crate::Metric;
use crate::cell::{Cell, Estimate};
use crate::verdict::{Session, Stored};

/// An ordinary run of 60 s with 1,000 requests: 0.1 s in the median, 16.7 requests a second, a spread of 2 %.
pub(super) fn cell() -> Cell {
    let estimate = |y: f64, w, exceeding| Estimate::checked(y, w, exceeding);
    Cell {
        requests: 1000,
        failures: 0,
        seconds: 60.0,
        average: estimate(0.11_f64.ln(), 0.02, None),
        p50: estimate(0.1_f64.ln(), 0.02, Some(400.0)),
        p95: estimate(0.2_f64.ln(), 0.03, Some(40.0)),
        p99: estimate(0.4_f64.ln(), 0.06, Some(9.0)),
        rate: estimate(-(1000.0_f64 / 60.0).ln(), 0.02, None),
        failure_deff: 1.0,
        short: false,
    }
}

/// The run with `by` added to a metric's y; nothing happens to what has no estimate.
pub(super) fn moved(run: &Cell, metric: Metric, by: f64) -> Cell {
    let mut run = run.clone();
    let estimate = match metric {
        Metric::Average => &mut run.average,
        Metric::P50 => &mut run.p50,
        Metric::P95 => &mut run.p95,
        Metric::P99 => &mut run.p99,
        Metric::Rate => &mut run.rate,
        Metric::Failures => return run,
    };
    *estimate = estimate.map(|estimate| Estimate { y: estimate.y + by, ..estimate });
    run
}

/// A session of one run.
pub(super) fn session(id: usize, run: &Cell) -> Session {
    Session { id, runs: vec![run.clone()] }
}

/// A row of one epoch.
pub(super) fn stored(baseline: Vec<Session>, candidate: Vec<Session>) -> Stored {
    Stored { baseline, earlier: Vec::new(), candidate, rounding: None }
}
