//! What stored sessions and new runs know about one row.

use windtunnel_stats::Metric;
use windtunnel_stats::cell::{Cell, Estimate};
use windtunnel_stats::verdict::{self, Evidence, Rounding, Stored};

use crate::compare::comparison::Basis;
use crate::compare::side::{Side, SideRow};

/// The number under which the candidate's session stands among the others.
const CANDIDATE: usize = usize::MAX;

/// The runs of one occasion.
pub(in crate::compare) type Runs<'a> = Vec<&'a Side>;

/// All runs of a comparison with stored sessions.
pub(in crate::compare) struct Known<'a> {
    /// Sessions of the epoch that is compared with, oldest first.
    pub(in crate::compare) sessions: &'a [Runs<'a>],
    /// Those of other epochs.
    pub(in crate::compare) others: &'a [Vec<Runs<'a>>],
    /// The runs that are judged, one session.
    pub(in crate::compare) candidate: &'a [Side],
    /// Which requests.
    pub(in crate::compare) basis: Basis,
}

impl Known<'_> {
    /// What is known about a row of the candidate; sessions in which it may not be compared are left out. `None`
    /// where no session is left.
    pub(in crate::compare) fn about(&self, row: &SideRow, is_total: bool) -> Option<Evidence> {
        let new = self.candidate.first()?;
        let rows: Vec<&SideRow> =
            self.candidate.iter().filter_map(|side| find(side, new, row, is_total)).collect();
        let mut before = self.sessions.iter().flatten().filter_map(|side| find(side, new, row, is_total));
        let shapes = Shapes::of(before.next_back()?, rows.first()?, self.basis);
        let mut number = 0;
        let mut stored = |sessions: &[Runs<'_>]| -> Vec<verdict::Session> {
            let mut found = Vec::new();
            for session in sessions {
                let runs = session.iter().filter_map(|side| find(side, new, row, is_total));
                let runs: Vec<Cell> = runs.filter_map(|row| shapes.cell(row)).collect();
                if !runs.is_empty() {
                    found.push(verdict::Session { id: number, runs });
                }
                // Counted also where the row is missing: the numbers tell which sessions are the same.
                number += 1;
            }
            found
        };
        let baseline = stored(self.sessions);
        let earlier: Vec<Vec<verdict::Session>> = self.others.iter().map(|epoch| stored(epoch)).collect();
        let runs: Vec<Cell> = rows.iter().filter_map(|row| shapes.cell(row)).collect();
        if baseline.is_empty() || runs.is_empty() {
            return None;
        }
        Some(Evidence::Stored(Stored {
            baseline,
            earlier: earlier.into_iter().filter(|epoch| !epoch.is_empty()).collect(),
            candidate: vec![verdict::Session { id: CANDIDATE, runs }],
            rounding: shapes.rounding,
        }))
    }
}

/// The counterpart in a run of a row of the candidate `new`, where the two may be compared. All rows together may be
/// where every row may.
pub(super) fn find<'a>(side: &'a Side, new: &Side, row: &SideRow, is_total: bool) -> Option<&'a SideRow> {
    if is_total {
        let same = new.rows.len() == side.rows.len()
            && new.rows.iter().all(|row| find(side, new, row, false).is_some());
        return side.total.as_ref().filter(|_| same);
    }
    if side.simulated.zip(new.simulated).is_some_and(|(one, other)| one != other) {
        return None;
    }
    side.row(&row.method, &row.name).filter(|found| match (&found.circumstances, &row.circumstances) {
        (Some(one), Some(other)) => one == other,
        _ => true,
    })
}

/// Where a side is a CSV: how wide figures without spread are taken to be, and what rounding hides.
struct Shapes {
    basis: Basis,
    /// As wide as this, of whichever side knows its spread.
    whole: Option<Cell>,
    rounding: Option<Rounding>,
}

impl Shapes {
    fn of(old: &SideRow, new: &SideRow, basis: Basis) -> Self {
        if basis == Basis::Window {
            return Self { basis, whole: None, rounding: None };
        }
        let known = new.known_whole().or_else(|| old.known_whole());
        let whole = known.unwrap_or_else(|| wider(&new.assumed_whole(), &old.assumed_whole()));
        let rounding = old.rounding().and_of_candidate(&new.rounding());
        Self { basis, whole: Some(whole), rounding: Some(rounding) }
    }

    fn cell(&self, row: &SideRow) -> Option<Cell> {
        let as_wide = || self.whole.as_ref().map(|shape| row.csv_row().as_wide_as(shape).0);
        match self.basis {
            Basis::Window => row.cell.clone(),
            Basis::WholeRun => row.known_whole().or_else(as_wide),
        }
    }
}

/// `one` with the spread of `other`, for its number of requests, where that is wider: where both are guesses, the
/// careful one is taken, and it does not matter which side is the new one.
fn wider(one: &Cell, other: &Cell) -> Cell {
    let scale = other.requests as f64 / one.requests as f64;
    let estimate = |metric: Metric| {
        let scaled = other.estimate(metric).and_then(|of| {
            Estimate::checked(of.y, of.w * scale.sqrt(), of.exceeding.map(|exceeding| exceeding / scale))
        });
        match (one.estimate(metric), scaled) {
            (Some(one), Some(other)) => Some(Estimate { w: one.w.max(other.w), ..one }),
            (one, other) => one.or(other),
        }
    };
    Cell {
        average: estimate(Metric::Average),
        p50: estimate(Metric::P50),
        p95: estimate(Metric::P95),
        p99: estimate(Metric::P99),
        rate: estimate(Metric::Rate),
        failure_deff: one.failure_deff.max(other.failure_deff),
        ..*one
    }
}
