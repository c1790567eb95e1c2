//! The comparison as a text for people: a sentence, then a table.

use windtunnel_stats::Metric;

use crate::compare::{Comparison, Difference, MetricChange, Outcome, RowComparison, RowState, Word};

/// Columns that the text keeps to.
const WIDTH: usize = 100;

/// The whole text: what it comes to and which rows got worse, then old, new and change of each row's figures, then
/// notes. Ends with a line end.
#[must_use]
pub fn comparison_report(comparison: &Comparison) -> String {
    let mut lines = sentence(comparison);
    lines.push(String::new());
    lines.extend(wrapped("old  ", &comparison.old));
    lines.extend(wrapped("new  ", &comparison.new));
    if !comparison.rows.is_empty() {
        lines.push(String::new());
        lines.push(table_line("", "old", "new", "change", "verdict"));
    }
    for row in &comparison.rows {
        lines.extend(wrapped("", &row_name(row)));
        lines.extend(row_lines(row));
    }
    if !comparison.notes.is_empty() || comparison.rows.iter().any(|row| row.data_changed) {
        lines.push(String::new());
    }
    for note in &comparison.notes {
        lines.extend(wrapped("note: ", note));
    }
    for row in comparison.rows.iter().filter(|row| row.data_changed) {
        lines.extend(wrapped("note: ", &format!("the data of {} changed", row_name(row))));
    }
    let mut text = lines.iter().map(|line| line.trim_end()).collect::<Vec<_>>().join("\n");
    text.push('\n');
    text
}

/// What it comes to, with the rows that matter named.
fn sentence(comparison: &Comparison) -> Vec<String> {
    let name = &comparison.name;
    match comparison.outcome() {
        Outcome::Regressed => named(comparison, &Word::Regressed),
        Outcome::Improved => named(comparison, &Word::Improved),
        Outcome::Unchanged => {
            let judged =
                comparison.rows.iter().filter(|row| row.called(&Word::Unchanged).next().is_some()).count();
            let rows = if judged == 1 { "1 row".to_owned() } else { format!("{judged} rows") };
            wrapped("", &format!("{name} is unchanged: nothing beyond tolerance and chance in {rows}"))
        }
        Outcome::NotJudged => wrapped("", &format!("{name} was not judged: too few requests in every row")),
        Outcome::NothingComparable => {
            wrapped("", &format!("{name} could not be compared: {}", incomparable(comparison)))
        }
        Outcome::GeneratorLimited => {
            let why = comparison.limited.as_deref().unwrap_or("the generator was the limit");
            wrapped("", &format!("no verdict on {name}: {why}"))
        }
    }
}

/// Why no row was compared: what all rows have in common, if they do.
fn incomparable(comparison: &Comparison) -> String {
    let mut reasons: Vec<String> = comparison
        .rows
        .iter()
        .map(|row| match &row.state {
            RowState::NotComparable(differences) => {
                differences.iter().map(difference).collect::<Vec<_>>().join(", ")
            }
            _ => String::new(),
        })
        .collect();
    reasons.dedup();
    match &reasons[..] {
        [reason] if !reason.is_empty() => reason.clone(),
        _ => "no row has a counterpart that it may be compared with".to_owned(),
    }
}

/// `NAME got slower: ROW (p50 +48 %, p95 +60 %)`, the rows on lines of their own where one line has no room.
fn named(comparison: &Comparison, word: &Word) -> Vec<String> {
    let rows: Vec<(&RowComparison, Vec<&MetricChange>)> = comparison
        .rows
        .iter()
        .map(|row| (row, row.called(word).collect::<Vec<_>>()))
        .filter(|(_, changes)| !changes.is_empty())
        .collect();
    let beginning = format!("{} {}:", comparison.name, verb(&rows, word));
    let texts: Vec<String> = rows.iter().map(|(row, changes)| changes_of(row, changes)).collect();
    let one_line = format!("{beginning} {}", texts.join(", "));
    if one_line.chars().count() <= WIDTH {
        return vec![one_line];
    }
    let mut lines = wrapped("", &beginning);
    for text in texts {
        lines.extend(wrapped("  ", &text));
    }
    lines
}

fn verb(rows: &[(&RowComparison, Vec<&MetricChange>)], word: &Word) -> &'static str {
    let all = |these: &[Metric]| {
        rows.iter().flat_map(|(_, changes)| changes).all(|change| these.contains(&change.metric))
    };
    let better = *word == Word::Improved;
    if !better && rows.iter().all(|(row, _)| row.state == RowState::Silent) {
        "went silent"
    } else if all(&[Metric::Failures]) {
        if better { "fails less" } else { "fails more" }
    } else if all(&[Metric::Rate]) {
        if better { "got more throughput" } else { "lost throughput" }
    } else if all(&[Metric::Average, Metric::P50, Metric::P95, Metric::P99]) {
        if better { "got faster" } else { "got slower" }
    } else if better {
        "got better"
    } else {
        "got worse"
    }
}

fn changes_of(row: &RowComparison, changes: &[&MetricChange]) -> String {
    let texts: Vec<String> =
        changes.iter().map(|change| format!("{} {}", change.metric, change_text(change))).collect();
    format!("{} ({})", row_name(row), texts.join(", "))
}

fn row_name(row: &RowComparison) -> String {
    if row.method.is_empty() { row.name.clone() } else { format!("{} {}", row.method, row.name) }
}

fn row_lines(row: &RowComparison) -> Vec<String> {
    let counts = |counts: Option<(u64, u64)>| {
        let (requests, failures) = counts.unwrap_or_default();
        format!("{requests} requests, {failures} of them failed")
    };
    match &row.state {
        RowState::New => wrapped("  ", &format!("new: not in the old run ({})", counts(row.new_counts))),
        RowState::Gone => {
            wrapped("  ", &format!("gone: not in the new run ({} in the old)", counts(row.old_counts)))
        }
        RowState::NotComparable(differences) => {
            let texts: Vec<String> = differences.iter().map(difference).collect();
            wrapped("  ", &format!("not comparable: {}", texts.join(", ")))
        }
        RowState::Compared => metric_lines(row),
        RowState::Silent => {
            let mut lines = wrapped("  ", &format!("went silent: {}", counts(row.new_counts)));
            lines.extend(metric_lines(row));
            lines
        }
    }
}

/// One line a figure, then why some were not judged, each reason once.
fn metric_lines(row: &RowComparison) -> Vec<String> {
    let mut reasons: Vec<&str> = Vec::new();
    let mut lines: Vec<String> = Vec::new();
    for change in &row.metrics {
        let value = |value| value_text(change.metric, value);
        let word = match &change.word {
            Word::Improved => "improved",
            Word::Regressed => "regressed",
            Word::Unchanged => "unchanged",
            Word::NotJudged(reason) => {
                if !reasons.contains(&reason.as_str()) {
                    reasons.push(reason);
                }
                "not judged"
            }
        };
        let name = format!("  {}", change.metric);
        lines.push(table_line(&name, &value(change.old), &value(change.new), &change_text(change), word));
    }
    for reason in reasons {
        lines.extend(wrapped("  ", &format!("not judged: {reason}")));
    }
    lines
}

fn table_line(name: &str, old: &str, new: &str, change: &str, verdict: &str) -> String {
    format!("{name:<14}{old:>12}{new:>13}{change:>12}   {verdict}")
}

/// Three significant digits and the unit.
fn value_text(metric: Metric, value: Option<f64>) -> String {
    let Some(value) = value else { return "-".to_owned() };
    match metric {
        Metric::Failures => format!("{} %", digits(100.0 * value)),
        Metric::Rate => format!("{} /s", digits(value)),
        Metric::Average | Metric::P50 | Metric::P95 | Metric::P99 => format!("{} ms", digits(value)),
    }
}

/// Three significant digits; of what is very small only six decimals.
fn digits(value: f64) -> String {
    match value {
        value if value >= 100.0 => format!("{value:.0}"),
        value if value >= 10.0 => format!("{value:.1}"),
        value if value >= 1.0 => format!("{value:.2}"),
        value if value >= 0.1 => format!("{value:.3}"),
        value if value >= 0.01 => format!("{value:.4}"),
        value if value > 0.0 => format!("{value:.6}"),
        _ => "0".to_owned(),
    }
}

/// The change with its sign: in percent, of failures in percentage points.
fn change_text(change: &MetricChange) -> String {
    if change.metric == Metric::Failures {
        return match (change.old, change.new) {
            (Some(old), Some(new)) => format!("{} pp", signed(100.0 * (new - old))),
            _ => "-".to_owned(),
        };
    }
    change.ratio.map_or_else(|| "-".to_owned(), |ratio| format!("{} %", signed(100.0 * ratio)))
}

fn signed(percent: f64) -> String {
    let text = if percent.abs() >= 99.95 { format!("{percent:+.0}") } else { format!("{percent:+.1}") };
    if text == "-0.0" { "+0.0".to_owned() } else { text }
}

/// `users 60 -> 4`; of digests only that they changed.
fn difference(difference: &Difference) -> String {
    let Difference { what, old, new } = difference;
    let is_digest = |text: &str| text.len() >= 12 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_digest(old) && is_digest(new) {
        format!("{what} changed")
    } else {
        format!("{what} {old} -> {new}")
    }
}

/// `text` behind `beginning`, in lines of at most [`WIDTH`] columns; further lines are indented. Words longer than
/// a line are broken.
fn wrapped(beginning: &str, text: &str) -> Vec<String> {
    let indent = " ".repeat(beginning.len().max(2));
    let mut lines = Vec::new();
    let mut line = beginning.to_owned();
    let mut is_empty = true;
    for word in text.split(' ') {
        let gap = usize::from(!is_empty);
        if !is_empty && line.chars().count() + gap + word.chars().count() > WIDTH {
            lines.push(std::mem::replace(&mut line, indent.clone()));
            is_empty = true;
        }
        if !is_empty {
            line.push(' ');
        }
        for character in word.chars() {
            if line.chars().count() >= WIDTH {
                lines.push(std::mem::replace(&mut line, indent.clone()));
            }
            line.push(character);
        }
        is_empty = false;
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::{Side, Tolerances, compare};
    use crate::summary::RunRecord;
    use crate::summary::line::fixture::{Ended, header, record, spread};

    const LONG: &str = "/v1/models/revertrisk-language-agnostic:predict";

    fn run(id: &str, ended: &[Ended]) -> RunRecord {
        record(header(id), 60.0, ended)
    }

    fn report(old: &RunRecord, new: &RunRecord) -> String {
        let text = comparison_report(&compare(
            &Side::from_record(old),
            &Side::from_record(new),
            &Tolerances::default(),
        ));
        for line in text.lines() {
            assert!(line.chars().count() <= WIDTH, "{line}");
        }
        text
    }

    #[test]
    fn a_slower_run_is_told_by_its_rows() {
        let old = run("1", &spread(LONG, 600, 60.0, 180.0, 1));
        let new = run("2", &spread(LONG, 600, 60.0, 270.0, 2));
        insta::assert_snapshot!(report(&old, &new), @r"
        demo got slower:
          POST /v1/models/revertrisk-language-agnostic:predict (average +49.0 %, p50 +47.2 %, p95 +50.7 %)

        old  run 1, 2025-01-31 12:00 UTC
        new  run 2, 2025-01-31 12:00 UTC

                               old          new      change   verdict
        POST /v1/models/revertrisk-language-agnostic:predict
          average           180 ms       269 ms     +49.0 %   regressed
          p50               181 ms       267 ms     +47.2 %   regressed
          p95               212 ms       320 ms     +50.7 %   regressed
          throughput       10.0 /s      10.0 /s      +0.0 %   unchanged
          failures             0 %          0 %     +0.0 pp   unchanged
        ");
    }

    #[test]
    fn every_state_of_a_row_is_named() {
        let mut old = spread("/gone", 100, 60.0, 20.0, 1);
        let mut new = spread("/new", 100, 60.0, 20.0, 2);
        for (name, count, before, after) in
            [("/faster", 600, 40.0, 20.0), ("/few", 12, 20.0, 200.0), ("/other", 200, 9.0, 9.0)]
        {
            old.extend(spread(name, count, 60.0, before, 3));
            new.extend(spread(name, count, 60.0, after, 4));
        }
        old.extend(spread("/fails", 300, 60.0, 20.0, 5));
        let failing = spread("/fails", 300, 60.0, 20.0, 6).into_iter().enumerate();
        new.extend(failing.map(|(n, request)| if n % 9 == 0 { request.failed("HTTP 500") } else { request }));
        old.extend(spread("/silent", 300, 60.0, 20.0, 7));
        new.extend(spread("/silent", 2, 60.0, 20.0, 8));
        let (mut old, mut new) = (run("1", &old), run("2", &new));
        new.series[3].circumstances.insert("users".to_owned(), "60".to_owned());
        new.series[3].circumstances.insert("body".to_owned(), "3f2a9c0d1e2b".to_owned());
        old.series[3].circumstances.insert("body".to_owned(), "aaaa9c0d1e2b".to_owned());
        new.series[1].data = "d2".to_owned();
        insta::assert_snapshot!(report(&old, &new), @r"
        demo got worse:
          POST /fails (throughput -11.3 %, failures +11.3 pp)
          POST /silent (throughput -99.3 %)

        old  run 1, 2025-01-31 12:00 UTC
        new  run 2, 2025-01-31 12:00 UTC

                               old          new      change   verdict
        POST /new
          new: not in the old run (100 requests, 0 of them failed)
        POST /faster
          average          40.0 ms      19.8 ms     -50.4 %   improved
          p50              39.8 ms      19.7 ms     -50.6 %   improved
          p95              47.3 ms      23.5 ms     -50.3 %   improved
          throughput       10.0 /s      10.0 /s      +0.0 %   unchanged
          failures             0 %          0 %     +0.0 pp   unchanged
        POST /few
          average          20.8 ms       199 ms      +855 %   not judged
          p50              20.6 ms       205 ms      +894 %   not judged
          p95              24.0 ms       224 ms      +832 %   not judged
          throughput      0.200 /s     0.200 /s      +0.0 %   not judged
          failures             0 %          0 %     +0.0 pp   not judged
          not judged: fewer than 20 requests (old 12, new 12)
        POST /other
          not comparable: body changed, users 2 -> 60
        POST /fails
          average          19.9 ms      19.9 ms      +0.1 %   unchanged
          p50              19.8 ms      19.8 ms      +0.1 %   unchanged
          p95              23.7 ms      23.6 ms      -0.4 %   unchanged
          throughput       5.00 /s      4.43 /s     -11.3 %   regressed
          failures             0 %       11.3 %    +11.3 pp   regressed
        POST /silent
          went silent: 2 requests, 0 of them failed
          average          20.1 ms      17.9 ms     -11.1 %   not judged
          p50              20.0 ms      17.7 ms     -11.5 %   not judged
          p95              23.7 ms      18.1 ms     -23.5 %   not judged
          throughput       5.00 /s    0.0333 /s     -99.3 %   regressed
          failures             0 %          0 %     +0.0 pp   not judged
          not judged: fewer than 20 requests (old 300, new 2)
        POST /gone
          gone: not in the new run (100 requests, 0 of them failed in the old)

        note: the data of POST /faster changed
        ");
    }

    #[test]
    fn unchanged_improved_and_unjudged_runs_are_told_in_a_sentence() {
        let first = |text: String| text.lines().next().unwrap().to_owned();
        let base = run("1", &spread("/a", 600, 60.0, 180.0, 1));
        let same = run("2", &spread("/a", 600, 60.0, 181.0, 2));
        let faster = run("2", &spread("/a", 600, 60.0, 90.0, 2));
        let more = run("2", &spread("/a", 1200, 60.0, 180.0, 2));
        let less = run("2", &spread("/a", 300, 60.0, 180.0, 2));
        let few = run("2", &spread("/a", 10, 60.0, 180.0, 2));
        let mut limited = same.clone();
        (0..100).for_each(|_| limited.health.heartbeat.record(100_000));
        let mut simulated = same.clone();
        simulated.header.simulated = true;
        let texts: Vec<String> = [&same, &faster, &more, &less, &few, &limited, &simulated]
            .map(|new| first(report(&base, new)))
            .to_vec();
        insta::assert_snapshot!(texts.join("\n"), @r"
        demo is unchanged: nothing beyond tolerance and chance in 1 row
        demo got faster: POST /a (average -50.3 %, p50 -51.0 %, p95 -49.7 %)
        demo got more throughput: POST /a (throughput +100 %)
        demo lost throughput: POST /a (throughput -50.0 %)
        demo was not judged: too few requests in every row
        no verdict on demo: the generator was late by 100 ms on average, 56 % of the median latency of 179
        demo could not be compared: server real -> simulated
        ");
    }

    #[test]
    fn a_small_share_of_failures_is_not_shown_as_none() {
        let texts = [1.0 / 3.0, 0.05, 1.0 / 600.0, 1.0 / 60_000.0, 0.0]
            .map(|share| value_text(Metric::Failures, Some(share)));
        assert_eq!(texts, ["33.3 %", "5.00 %", "0.167 %", "0.001667 %", "0 %"]);
    }

    #[test]
    fn names_longer_than_the_page_are_broken_and_lose_nothing() {
        let name = format!("/{}", "x".repeat(250));
        let old = run("1", &spread(&name, 100, 60.0, 180.0, 1));
        let new = run("2", &spread(&name, 100, 60.0, 270.0, 2));
        let text = report(&old, &new);
        // Once in the sentence, once in the table.
        assert_eq!(text.matches('x').count(), 500, "{text}");
    }

    #[test]
    fn the_median_of_a_csv_is_told_with_its_note() {
        let old = run("1", &spread("/a", 600, 60.0, 180.0, 1));
        let mut side = Side::from_record(&old);
        side.label = "results/demo_stats.csv".to_owned();
        side.started = None;
        side.rows.iter_mut().for_each(|row| row.cell = None);
        let new = run("2", &spread("/a", 600, 60.0, 182.0, 2));
        let text = comparison_report(&compare(&side, &Side::from_record(&new), &Tolerances::default()));
        insta::assert_snapshot!(text, @r"
        demo is unchanged: nothing beyond tolerance and chance in 1 row

        old  results/demo_stats.csv
        new  run 2, 2025-01-31 12:00 UTC

                               old          new      change   verdict
        POST /a
          average           180 ms       181 ms      +0.4 %   unchanged
          p50               180 ms       180 ms      +0.0 %   unchanged
          p95               210 ms       220 ms      +4.8 %   unchanged
          throughput       10.0 /s      10.0 /s      +0.0 %   unchanged
          failures             0 %          0 %     +0.0 pp   unchanged

        note: a side is a CSV: all requests of the whole run are compared, failures included
        ");
    }
}
