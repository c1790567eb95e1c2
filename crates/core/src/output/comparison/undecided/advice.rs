//! What would decide figures that were tested and could not be decided (docs/statistics.md 3.15).

use windtunnel_stats::Metric;
use windtunnel_stats::verdict::Parts;
use windtunnel_stats::verdict::advice::Advice;

use super::{module, of_titles, times};
use crate::compare::{Comparison, Method, RowComparison};
use crate::output::comparison::sentence::metrics;
use crate::output::comparison::words::{Naming, count, percent};

/// So many different pieces of advice are given, those for the worst figures.
const ADVICE: usize = 4;

/// Figures that the same would decide.
struct Group {
    rows: Vec<usize>,
    metrics: Vec<Metric>,
    advice: Advice,
    /// The smallest and the largest change that is visible in them.
    visible: (f64, f64),
    /// The runs themselves are what hides a change, more than the noise between them.
    short: bool,
}

/// One sentence for each distinct advice, that of the worst figure first.
pub(super) fn advised(comparison: &Comparison, name: Naming<'_>) -> Vec<String> {
    let offers = |advice: &Advice| (advice.sessions, advice.pairs, advice.longer);
    let same = |a: &Advice, b: &Advice| percent(a.target) == percent(b.target) && offers(a) == offers(b);
    let mut all = comparison.advice();
    // By how many times the visible change is larger than that which ought to be seen.
    let badness = |advice: &Advice| advice.visible / advice.target.max(f64::MIN_POSITIVE);
    all.sort_by(|(_, _, a), (_, _, b)| badness(b).total_cmp(&badness(a)));
    let mut groups: Vec<Group> = Vec::new();
    for (row, metric, advice) in all {
        let visible = (advice.visible, advice.visible);
        match groups.iter_mut().find(|group| same(&group.advice, &advice)) {
            Some(group) => {
                if !group.rows.contains(&row) {
                    group.rows.push(row);
                }
                group.metrics.push(metric);
                group.visible = (group.visible.0.min(advice.visible), group.visible.1.max(advice.visible));
            }
            None => groups.push(Group {
                rows: vec![row],
                metrics: vec![metric],
                advice,
                visible,
                short: hidden_by_the_run(comparison, row, metric),
            }),
        }
    }
    let left: usize = groups.iter().skip(ADVICE).map(|group| group.metrics.len()).sum();
    let mut said: Vec<String> =
        groups.iter().take(ADVICE).map(|group| advice_text(comparison, group, name)).collect();
    if left > 0 {
        said.push(format!(
            "{} more could not be decided and need less than these; `--explain ROW METRIC` tells of each",
            count(left, "figure")
        ));
    }
    said
}

fn advice_text(comparison: &Comparison, group: &Group, name: Naming<'_>) -> String {
    let rows: Vec<&RowComparison> = group.rows.iter().filter_map(|row| comparison.rows.get(*row)).collect();
    let (low, high) = (percent(group.visible.0), percent(group.visible.1));
    let sees = match comparison.method {
        Method::Stored { .. } => "this comparison sees".to_owned(),
        Method::Pairs { pairs } => format!("{pairs} pairs see"),
    };
    let visible = if low == high { high } else { format!("{} to {high}", low.trim_end_matches(" %")) };
    format!(
        "{} of {}: {sees} {visible} or more; {}",
        metrics(group.metrics.iter().copied()),
        of_titles(&rows, name),
        offers_text(comparison, group)
    )
}

/// `3 interleaved pairs (6 runs, ...) see 10 %, or 5 stored sessions in all (...)`.
fn offers_text(comparison: &Comparison, group: &Group) -> String {
    let advice = &group.advice;
    let name = module(comparison);
    let mut offers = Vec::new();
    if let Some(pairs) = advice.pairs {
        offers.push(format!(
            "{pairs} interleaved pairs ({} runs: `windtunnel ab {name} --a URL --b URL`)",
            2 * pairs
        ));
    }
    if let Some(sessions) = advice.sessions {
        offers.push(format!(
            "{sessions} stored sessions in all (`windtunnel calibrate {name}` adds one a call)"
        ));
    }
    if let Some(longer) = advice.longer {
        offers.push(format!("runs {} as long", times(longer.into())));
    }
    let target = percent(advice.target);
    match offers.split_last() {
        None => {
            let cure = if group.short { "longer runs come first" } else { "the runs differ too much" };
            format!("not even {} would see {target}: {cure}", most(comparison.method))
        }
        Some((only, [])) => format!("to see {target}: {only}"),
        Some((last, others)) => format!("to see {target}: {}, or {last}", others.join(", ")),
    }
}

/// The most that is ever offered.
fn most(method: Method) -> &'static str {
    match method {
        Method::Stored { .. } => "20 stored sessions or 15 interleaved pairs",
        Method::Pairs { .. } => "15 pairs",
    }
}

fn hidden_by_the_run(comparison: &Comparison, row: usize, metric: Metric) -> bool {
    let figure = comparison.rows.get(row).and_then(|row| row.figure(metric));
    let change = figure.and_then(|figure| figure.judged.as_ref()?.change);
    change.is_some_and(|change| match change.parts {
        Parts::Stored { between, within_candidate, .. } => within_candidate > between,
        Parts::Pairs { .. } => false,
    })
}
