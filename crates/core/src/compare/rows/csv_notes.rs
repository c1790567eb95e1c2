//! What is said where a side is a CSV (docs/statistics.md 3.13).

use windtunnel_stats::Metric;
use windtunnel_stats::verdict::advice::advise;

use crate::compare::comparison::Comparison;
use crate::compare::side::Side;

/// How many sessions are advised where no number of them would be enough.
const SESSIONS: usize = 5;

/// The notes. `rounded`: of some row the average was judged instead of the median.
pub(super) fn csv_notes(old: &Side, new: &Side, rounded: bool, comparison: &Comparison) -> Vec<String> {
    let mut notes =
        vec!["a side is a CSV: all requests of the whole run are compared, failures included".to_owned()];
    let rounding = "its percentiles are rounded, and what that hides is taken off every change";
    notes.push(if rounded {
        format!("{rounding}; it hides more than 2 % of a median, so that the average is judged instead")
    } else {
        rounding.to_owned()
    });
    match (old.knows_window(), new.knows_window()) {
        (false, _) => notes.push(more_sessions(old, new, comparison)),
        (true, _) => {
            notes.push(format!("{} has no spread information: that of the old side is used", new.label));
        }
    }
    notes
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
    // `None` beats every number here: nothing is enough then.
    let needed =
        needed.map(|sessions| sessions.unwrap_or(usize::MAX)).max().filter(|most| *most < usize::MAX);
    let margin = 100.0 * comparison.rules.margin.of(Metric::P50);
    let name = new.module.as_deref().unwrap_or("NAME");
    let advice = match needed {
        Some(sessions) => {
            format!(
                "store {sessions} sessions (`windtunnel calibrate {name}`) to see a change of {margin:.0} %"
            )
        }
        None => {
            format!("store {SESSIONS} sessions, of longer runs (`windtunnel calibrate {name}`), to see more")
        }
    };
    format!("{} is a baseline without spread information: {assumed}; {advice}", old.label)
}
