//! Explanations as people read them, and that their numbers are those of the verdict.

mod agreement;
mod tested;
mod untested;

use super::*;
use crate::output::comparison::wrap::WIDTH;
use crate::output::testing::*;
use crate::summary::line::fixture::spread;

fn explained(comparison: &Comparison, row: &str, metric: &str) -> String {
    let wanted = Wanted::read(row, metric).unwrap();
    let text = explain(comparison, wanted.row_of(comparison).unwrap(), wanted.metric);
    for line in text.lines() {
        assert!(line.chars().count() <= WIDTH, "{line}");
    }
    text
}
