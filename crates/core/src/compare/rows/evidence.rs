//! What stored sessions and new runs know about one row.

use windtunnel_stats::cell::Cell;
use windtunnel_stats::verdict::{self, Evidence, Rounding, Stored};

use crate::compare::baseline::Session;
use crate::compare::comparison::Basis;
use crate::compare::side::{Side, SideRow};

/// The number under which the candidate's session stands among the others.
const CANDIDATE: usize = usize::MAX;

/// All runs of a comparison with stored sessions.
pub(in crate::compare) struct Known<'a> {
    /// Those of the epoch that is compared with.
    pub(in crate::compare) sessions: &'a [&'a Session],
    /// Those of other epochs.
    pub(in crate::compare) others: &'a [Vec<&'a Session>],
    /// The runs that are judged, one session.
    pub(in crate::compare) candidate: &'a [Side],
    /// Which requests.
    pub(in crate::compare) basis: Basis,
}

impl Known<'_> {
    /// What is known about a row of the candidate; sessions in which it may not be compared are left out. `None`
    /// where no session is left.
    pub(in crate::compare) fn about(&self, row: &SideRow, is_total: bool) -> Option<Evidence> {
        let rows: Vec<&SideRow> =
            self.candidate.iter().filter_map(|side| find(side, row, is_total, self.candidate)).collect();
        let before: Vec<&SideRow> = self
            .sessions
            .iter()
            .flat_map(|session| &session.runs)
            .filter_map(|side| find(side, row, is_total, self.candidate))
            .collect();
        let (first, newest) = (rows.first()?, before.last()?);
        let shapes = Shapes::of(newest, first, self.basis);
        let mut number = 0;
        let mut stored = |sessions: &[&Session]| -> Vec<verdict::Session> {
            let mut found = Vec::new();
            for session in sessions {
                let runs = session.runs.iter().filter_map(|side| find(side, row, is_total, self.candidate));
                let runs: Vec<Cell> = runs.filter_map(|row| shapes.old(row)).collect();
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
        let runs: Vec<Cell> = rows.iter().filter_map(|row| shapes.new(row)).collect();
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

/// The counterpart of `row` in a run, where the two may be compared.
fn find<'a>(side: &'a Side, row: &SideRow, is_total: bool, candidate: &[Side]) -> Option<&'a SideRow> {
    if is_total {
        let new = candidate.first()?;
        let same = new.rows.len() == side.rows.len()
            && new.rows.iter().all(|row| find(side, row, false, candidate).is_some());
        return side.total.as_ref().filter(|_| same);
    }
    side.row(&row.method, &row.name).filter(|found| match (&found.circumstances, &row.circumstances) {
        (Some(one), Some(other)) => one == other,
        _ => true,
    })
}

/// How wide figures without spread are taken to be, and what rounding hides.
struct Shapes {
    basis: Basis,
    /// The spread of the whole run, of whichever side knows it.
    whole: Option<Cell>,
    rounding: Option<Rounding>,
}

impl Shapes {
    fn of(old: &SideRow, new: &SideRow, basis: Basis) -> Self {
        if basis == Basis::Window {
            return Self { basis, whole: None, rounding: None };
        }
        let exact = |row: &SideRow| row.known_whole().is_some();
        let of_old = if exact(old) { Rounding::default() } else { old.csv_row().rounding() };
        let of_new = if exact(new) { Rounding::default() } else { new.csv_row().rounding() };
        let whole = new.known_whole().or_else(|| old.known_whole());
        let whole = whole.or_else(|| Some(new.assumed_whole()));
        Self { basis, whole, rounding: Some(of_old.and_of_candidate(&of_new)) }
    }

    fn old(&self, row: &SideRow) -> Option<Cell> {
        match self.basis {
            Basis::Window => row.cell.clone(),
            Basis::WholeRun => self.whole_of(row),
        }
    }

    fn new(&self, row: &SideRow) -> Option<Cell> {
        self.old(row)
    }

    fn whole_of(&self, row: &SideRow) -> Option<Cell> {
        let from_csv = || self.whole.as_ref().map(|shape| row.csv_row().as_wide_as(shape).0);
        row.known_whole().or_else(from_csv)
    }
}
