//! Each kind of report as people read it.

mod rows;
mod verdicts;

use windtunnel_stats::verdict::Doubt;

use super::*;
use crate::output::testing::*;
use crate::summary::line::fixture::spread;

fn report(comparison: &Comparison) -> String {
    let text = comparison_report(comparison);
    for line in text.lines() {
        assert!(line.chars().count() <= wrap::WIDTH, "{line}");
    }
    text
}
