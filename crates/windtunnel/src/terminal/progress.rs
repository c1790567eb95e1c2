//! What is shown while a run goes on: one line that is redrawn, plain lines, or Locust's tables.

use std::io::stderr;
use std::time::Duration;

use windtunnel_core::summary::{Phase, Snapshot};
use windtunnel_stats::LocustTimes;

use crate::terminal::Console;
use crate::terminal::console::{can_redraw, columns};

/// Seconds between two plain lines where there is no terminal.
const LINE_SECONDS: u64 = 10;
/// Seconds between two tables of `--print-stats`, as in Locust.
const TABLE_SECONDS: u64 = 2;

/// How progress is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    /// Not at all.
    Silent,
    /// One line, redrawn each second.
    Line,
    /// A line every ten seconds.
    Lines,
    /// A table every two seconds.
    Tables,
}

/// Shows the snapshots of a run.
#[derive(Debug)]
pub(crate) struct Progress {
    style: Style,
    name: String,
    /// The second at which something is shown next.
    due: u64,
}

impl Progress {
    /// Progress of the run called `name`.
    pub(crate) fn new(name: String, only_summary: bool, print_stats: bool) -> Self {
        let style = match (only_summary, print_stats) {
            (true, _) => Style::Silent,
            (false, true) => Style::Tables,
            (false, false) if can_redraw() => Style::Line,
            (false, false) => Style::Lines,
        };
        let due = match style {
            Style::Tables => TABLE_SECONDS,
            Style::Lines => LINE_SECONDS,
            Style::Silent | Style::Line => 0,
        };
        Self { style, name, due }
    }

    /// Shows a snapshot, when it is time to; `table` makes the text of the tables.
    pub(crate) fn show(
        &mut self,
        snapshot: &Snapshot<'_>,
        console: &mut Console,
        table: impl FnOnce() -> String,
    ) {
        let second = snapshot.elapsed.as_duration().as_secs();
        if self.style == Style::Silent || snapshot.phase == Phase::Ended || second < self.due {
            return;
        }
        match self.style {
            Style::Line => {
                let width = columns(stderr()).unwrap_or(80).saturating_sub(1);
                console.line(&fit(&fields(&self.name, snapshot), width));
            }
            Style::Lines => {
                self.due = second + LINE_SECONDS;
                console.info(fields(&self.name, snapshot).join(", "));
            }
            Style::Tables => {
                self.due = second + TABLE_SECONDS;
                console.table(&table());
            }
            Style::Silent => {}
        }
    }
}

/// The parts of the line, the most important first.
fn fields(name: &str, snapshot: &Snapshot<'_>) -> Vec<String> {
    let second = snapshot.elapsed.as_duration().as_secs();
    let now = u32::try_from(second).unwrap_or(u32::MAX);
    let mut times = LocustTimes::default();
    let (mut requests, mut failures) = (0, 0);
    for record in snapshot.records {
        times.merge(&record.total.recent.last_ten(now));
        requests += record.total.requests;
        failures += record.total.failures;
    }
    let rate = times.count() as f64 / second.clamp(1, 10) as f64;
    let when = match (snapshot.phase, snapshot.remaining) {
        (Phase::Stopping | Phase::Ended, _) => "stopping".to_owned(),
        (_, Some(remaining)) => format!("{} left", clock(remaining)),
        (_, None) => clock(snapshot.elapsed.as_duration()),
    };
    let mut fields = vec![
        format!("{name}: {when}"),
        format!("{rate:.1} requests/s"),
        counted(failures, "failure"),
        counted(u64::from(snapshot.users), "user"),
    ];
    if let (Some(p50), Some(p95)) = (times.percentile(0.5), times.percentile(0.95)) {
        fields.push(format!("p50 {p50} ms"));
        fields.push(format!("p95 {p95} ms"));
    }
    fields.push(counted(requests, "request"));
    fields
}

fn counted(count: u64, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

/// As many fields as the terminal has room for; the first one is cut if it must be.
fn fit(fields: &[String], width: usize) -> String {
    let mut line = String::new();
    for field in fields {
        let separator = if line.is_empty() { "" } else { "  " };
        if line.chars().count() + separator.len() + field.chars().count() > width {
            break;
        }
        line.push_str(separator);
        line.push_str(field);
    }
    match (line.is_empty(), fields.first()) {
        (true, Some(first)) => first.chars().take(width).collect(),
        _ => line,
    }
}

/// `m:ss` or `h:mm:ss`, rounded up, so that it says 0:00 only at the end.
fn clock(time: Duration) -> String {
    let seconds = time.as_secs() + u64::from(time.subsec_nanos() > 0);
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_narrow_terminal_gets_the_most_important_fields() {
        let fields = ["one: 0:10 left".to_owned(), "3.0 requests/s".to_owned(), "0 failures".to_owned()];
        assert_eq!(fit(&fields, 200), "one: 0:10 left  3.0 requests/s  0 failures");
        assert_eq!(fit(&fields, 41), "one: 0:10 left  3.0 requests/s");
        assert_eq!(fit(&fields, 5), "one: ");
        assert_eq!(fit(&fields, 0), "");
    }

    #[test]
    fn the_time_left_is_rounded_up() {
        assert_eq!(clock(Duration::from_millis(59_001)), "1:00");
        assert_eq!(clock(Duration::ZERO), "0:00");
        assert_eq!(clock(Duration::from_secs(3_725)), "1:02:05");
    }

    #[test]
    fn one_is_not_plural() {
        assert_eq!((counted(1, "user"), counted(0, "user")), ("1 user".to_owned(), "0 users".to_owned()));
    }
}
