//! Tables as templates see them, and the drawing of rows from them.
//!
//! A [`RowTable`] is shared by all users and never changes, but for the one counter of `unique` rows. Where
//! a user stands in a table is its [`Draw`].

mod permutation;

use std::sync::atomic::{AtomicU64, Ordering};

use fastrand::Rng;
use minijinja::Value;

use crate::plan::fingerprint::greatest_common_divisor;
use crate::plan::streams::mix;
use crate::plan::values::from_json;
use crate::suite::{AtEnd, Pick, Table};
use permutation::Permutation;

/// A table in memory, its cells ready for templates.
#[derive(Debug)]
pub(crate) struct RowTable {
    name: String,
    columns: Vec<String>,
    rows: Vec<Vec<Value>>,
    pick: Pick,
    /// Rows of a `unique` table handed out so far, over all users of the run.
    used: AtomicU64,
    digest: String,
}

/// Every row of a `unique` table was used.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NoRowLeft;

impl RowTable {
    /// `table`, drawn from as `pick` says. `digest` names its content.
    pub(crate) fn new(name: &str, table: &Table, pick: Pick, digest: String) -> Self {
        Self {
            name: name.to_owned(),
            columns: table.columns.clone(),
            rows: table.rows.iter().map(|row| row.iter().map(from_json).collect()).collect(),
            pick,
            used: AtomicU64::new(0),
            digest,
        }
    }

    /// Keeps the rows for which `keep` says so.
    ///
    /// # Errors
    /// The first error of `keep`, with the index of its row.
    pub(crate) fn retain<E>(
        &mut self,
        mut keep: impl FnMut(&[String], &[Value]) -> Result<bool, E>,
    ) -> Result<(), (usize, E)> {
        let mut kept = Vec::new();
        for (index, row) in std::mem::take(&mut self.rows).into_iter().enumerate() {
            if keep(&self.columns, &row).map_err(|error| (index, error))? {
                kept.push(row);
            }
        }
        self.rows = kept;
        Ok(())
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The number of rows.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Names the content: the file's digest, and the filter where there is one.
    pub(crate) fn digest(&self) -> &str {
        &self.digest
    }

    /// One cell; `None` when there is no such row or column.
    pub(crate) fn cell(&self, row: usize, column: &str) -> Option<Value> {
        let column = self.columns.iter().position(|name| name == column)?;
        self.rows.get(row)?.get(column).cloned()
    }

    fn next_unique(&self) -> Result<usize, NoRowLeft> {
        let taken = self.used.fetch_add(1, Ordering::Relaxed);
        let rows = self.rows.len() as u64;
        match self.pick {
            Pick::Unique { at_end: AtEnd::Stop } if taken >= rows => Err(NoRowLeft),
            _ => Ok(index(taken % rows.max(1))),
        }
    }
}

/// Where one user stands in one table.
#[derive(Clone, Debug)]
pub(crate) struct Draw {
    /// The row where this user begins; its only row with `per_user`.
    start: usize,
    /// Rows drawn so far.
    drawn: u64,
    /// What the orders of `shuffle` are made from.
    key: u64,
    /// A trial takes no row away from the users of the run.
    trial: bool,
}

impl Draw {
    /// The place of user number `user` in `table`; `key` is its own random number.
    pub(crate) fn new(table: &RowTable, user: u32, key: u64, trial: bool) -> Self {
        // Neighbouring users start far from each other, so that one does not warm a cache for the next;
        // being a permutation, it gives each of the first `len` users a row of its own.
        let start = spread(user, table.len());
        Self { start, drawn: 0, key, trial }
    }

    /// The next row of `table`.
    ///
    /// # Errors
    /// [`NoRowLeft`] when the table is `unique`, at its end, and stops there.
    pub(crate) fn next(&mut self, table: &RowTable, rng: &mut Rng) -> Result<usize, NoRowLeft> {
        let rows = table.len() as u64;
        if rows == 0 {
            return Err(NoRowLeft);
        }
        let drawn = self.drawn;
        self.drawn += 1;
        match table.pick {
            Pick::Random => Ok(rng.usize(..table.len())),
            Pick::Sequential => Ok(index((self.start as u64 + drawn) % rows)),
            Pick::PerUser => Ok(self.start),
            Pick::Shuffle => {
                // Each pass over the table has an order of its own.
                let order = Permutation::new(rows, mix(self.key ^ (drawn / rows)));
                Ok(index(order.at(drawn % rows)))
            }
            Pick::Unique { .. } if self.trial => Ok(index(drawn % rows)),
            Pick::Unique { .. } => table.next_unique(),
        }
    }
}

/// The `index`-th of `rows` starting points: all different for the first `rows` users, far apart for
/// neighbours.
fn spread(user: u32, rows: usize) -> usize {
    let rows = rows.max(1) as u64;
    // The step nearest to the golden section of `rows` that shares no divisor with it: its multiples visit
    // every row once.
    let golden = rows * 618 / 1000;
    let step = (golden.max(1)..=rows).find(|step| greatest_common_divisor(*step, rows) == 1).unwrap_or(1);
    index(u64::from(user) % rows * step % rows)
}

/// An index below the number of rows, which came from a `usize`.
fn index(row: u64) -> usize {
    usize::try_from(row).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use fastrand::Rng;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn table(rows: usize, pick: Pick) -> RowTable {
        let table = Table {
            columns: vec!["n".to_owned()],
            rows: (0..rows).map(|row| vec![json!(row)]).collect(),
            digest: "d".to_owned(),
        };
        RowTable::new("t", &table, pick, "d".to_owned())
    }

    fn draws(table: &RowTable, user: u32, count: usize) -> Vec<usize> {
        let mut draw = Draw::new(table, user, u64::from(user), false);
        let mut rng = Rng::with_seed(u64::from(user));
        (0..count).map_while(|_| draw.next(table, &mut rng).ok()).collect()
    }

    #[test]
    fn a_sequential_user_goes_round_in_the_order_of_the_file() {
        let table = table(4, Pick::Sequential);
        let first = draws(&table, 1, 1)[0];
        let expected: Vec<_> = (first..first + 9).map(|row| row % 4).collect();
        assert_eq!(draws(&table, 1, 9), expected);
    }

    #[test]
    fn as_many_users_as_rows_start_at_different_rows() {
        for rows in 1..200 {
            let table = table(rows, Pick::Sequential);
            let starts: BTreeSet<_> =
                (0..u32::try_from(rows).unwrap()).map(|user| draws(&table, user, 1)[0]).collect();
            assert_eq!(starts.len(), rows);
        }
    }

    #[test]
    fn a_row_per_user_is_kept_and_is_not_shared_while_rows_last() {
        let table = table(10, Pick::PerUser);
        let rows: BTreeSet<_> = (0..10)
            .map(|user| {
                let rows = draws(&table, user, 5);
                assert!(rows.iter().all(|row| *row == rows[0]));
                rows[0]
            })
            .collect();
        assert_eq!(rows.len(), 10);
    }

    #[test]
    fn a_trial_takes_no_unique_row_away() {
        let table = table(2, Pick::Unique { at_end: AtEnd::Stop });
        let mut trial = Draw::new(&table, 0, 0, true);
        let mut rng = Rng::with_seed(0);
        for _ in 0..5 {
            assert!(trial.next(&table, &mut rng).is_ok());
        }
        assert_eq!(draws(&table, 0, 9), [0, 1]);
    }

    #[test]
    fn a_unique_table_begins_again_where_it_should() {
        assert_eq!(draws(&table(2, Pick::Unique { at_end: AtEnd::Again }), 0, 5), [0, 1, 0, 1, 0]);
    }

    #[test]
    fn a_cell_that_is_not_there_is_none() {
        let table = table(1, Pick::Random);
        assert_eq!(table.cell(0, "n"), Some(Value::from(0)));
        assert_eq!(table.cell(0, "m"), None);
        assert_eq!(table.cell(1, "n"), None);
    }

    proptest! {
        #[test]
        fn a_shuffle_repeats_no_row_before_all_were_drawn(rows in 1usize..300, user: u32) {
            let all: Vec<_> = (0..rows).collect();
            let table = table(rows, Pick::Shuffle);
            let drawn = draws(&table, user, rows * 2);
            for pass in drawn.chunks(rows) {
                let mut pass = pass.to_vec();
                pass.sort_unstable();
                prop_assert_eq!(&pass, &all);
            }
        }

        #[test]
        fn unique_rows_are_drawn_once_over_all_users(rows in 1usize..100, turns in prop::collection::vec(0u32..4, 150)) {
            let table = table(rows, Pick::Unique { at_end: AtEnd::Stop });
            let mut users: Vec<_> = (0..4).map(|user| Draw::new(&table, user, 0, false)).collect();
            let mut rng = Rng::with_seed(0);
            let mut drawn: Vec<_> = turns
                .iter()
                .filter_map(|user| users[*user as usize].next(&table, &mut rng).ok())
                .collect();
            drawn.sort_unstable();
            prop_assert_eq!(drawn, (0..rows).collect::<Vec<_>>());
        }
    }
}
