//! What is said where a side is a CSV (docs/statistics.md 3.13).

use windtunnel_stats::Metric;
use windtunnel_stats::verdict::advice::advise;

use crate::compare::comparison::Comparison;
use crate::compare::side::Side;

/// How many sessions are advised where no number of them is sure to be enough: then they are what is measured by.
const SESSIONS: usize = 5;

/// The notes. `rounded`: of some row the average was judged instead of the median.
pub(super) fn csv_notes(old: &Side, new: &Side, rounded: bool, comparison: &Comparison) -> Vec<String> {
    let mut whole =
        "a side is a CSV: all requests of the whole run are compared, failures included; percentiles are \
                     rounded, and what that hides is taken off every change"
            .to_owned();
    if rounded {
        whole.push_str(", and where it is more than 2 % of a median the average is judged instead");
    }
    let spread = if old.knows_window() {
        format!("{} has no spread information: that of the old side is used", new.label)
    } else {
        more_sessions(old, new, comparison)
    };
    vec![whole, spread]
}

/// That the baseline has no spread, and how many stored sessions would see a change as large as the margin.
fn more_sessions(old: &Side, new: &Side, comparison: &Comparison) -> String {
    let assumed = if new.knows_window() {
        "its requests are taken to vary as those of the new run do"
    } else {
        "how its requests vary is guessed from the percentiles, with caution"
    };
    let needed = [Metric::Average, Metric::P50, Metric::Rate].into_iter().flat_map(|metric| {
        let judged =
            comparison.rows.iter().filter_map(move |row| row.figure(metric)?.judged.as_ref()?.change);
        judged.map(move |change| advise(&change, metric, &comparison.rules).sessions)
    });
    // One figure for which no number is enough beats every number.
    let needed =
        needed.map(|sessions| sessions.unwrap_or(usize::MAX)).max().filter(|most| *most < usize::MAX);
    let sessions = needed.unwrap_or(SESSIONS);
    let name = new.module.as_deref().unwrap_or("NAME");
    let aim = match needed {
        Some(_) => format!("to see a change of {:.0} %", 100.0 * comparison.rules.margin.of(Metric::P50)),
        None => "on different days, to see more".to_owned(),
    };
    format!(
        "{} is a baseline without spread information: {assumed}; store {sessions} sessions (`windtunnel calibrate \
         {name}`), {aim}",
        old.label
    )
}
