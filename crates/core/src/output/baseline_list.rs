//! The epochs of a baseline with their sessions and runs, as a text for people.

use std::fmt::Write;

use windtunnel_stats::Metric;

use crate::compare::{Came, Epoch, History, Side};

/// The epochs, the current one first, then the runs that are no evidence; each line indented. Empty where there is no
/// run. Ends with a line end.
#[must_use]
pub fn baseline_list(history: &History) -> String {
    let baseline = history.baseline();
    let mut text = String::new();
    for (at, epoch) in baseline.epochs.iter().rev().enumerate() {
        text += &heading(epoch, at == 0, baseline.anchor.as_ref() == Some(&epoch.id));
        for (number, session) in (1..).zip(&epoch.sessions) {
            // Writing to a text cannot fail.
            let _ = writeln!(text, "    session {number}");
            for run in &session.runs {
                text += &line(history, run);
            }
        }
    }
    // Interrupted ones are no part of a baseline, but of the file.
    let interrupted = history.runs().into_iter().filter(|run| history.came(run) == Came::Interrupted);
    let others: Vec<Side> = baseline.others.iter().cloned().chain(interrupted.map(Side::from_line)).collect();
    if !others.is_empty() {
        text += "  no evidence\n";
        for run in &others {
            text += &line(history, run);
        }
    }
    text
}

fn heading(epoch: &Epoch, is_current: bool, is_anchor: bool) -> String {
    let mut what = Vec::new();
    if is_current {
        what.push("current".to_owned());
    }
    if is_anchor {
        what.push("anchor".to_owned());
    }
    if let Some(parent) = &epoch.parent {
        what.push(format!("follows {parent}"));
    }
    let what = if what.is_empty() { String::new() } else { format!(": {}", what.join(", ")) };
    format!("  epoch {}{what}\n", epoch.id)
}

fn line(history: &History, run: &Side) -> String {
    let id = run.run.as_deref().unwrap_or_default();
    let at = run.started.map(|at| at.strftime("%Y-%m-%d %H:%M UTC").to_string()).unwrap_or_default();
    let requests: u64 = run.rows.iter().map(|row| row.requests).sum();
    let how = history.run(id).map_or("", |line| word(history.came(line)));
    let build = run.env.as_ref().and_then(|env| env.build.as_deref());
    let build = build.map(|build| format!("build {build}")).unwrap_or_default();
    let line =
        format!("      {id}  {at}  {requests:>7} requests  p50 {:>8}  {how:<11}  {build}", median(run));
    line.trim_end().to_owned() + "\n"
}

/// The median of all rows together.
fn median(run: &Side) -> String {
    let total = run.total.as_ref().or(run.rows.first());
    let estimate = total.and_then(|row| row.cell.as_ref()?.estimate(Metric::P50));
    match estimate.map(|estimate| estimate.y.exp() * 1e3) {
        None => "-".to_owned(),
        Some(ms) if ms >= 100.0 => format!("{ms:.0} ms"),
        Some(ms) if ms >= 10.0 => format!("{ms:.1} ms"),
        Some(ms) => format!("{ms:.2} ms"),
    }
}

const fn word(came: Came) -> &'static str {
    match came {
        Came::Opened => "opened it",
        Came::Joined => "joined",
        Came::Calibrated => "calibration",
        Came::Accepted => "accepted",
        Came::Added => "added",
        Came::Waiting => "waits",
        Came::Dropped => "dropped",
        Came::Interrupted => "interrupted",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summary::line::fixture::{header, record, spread};
    use crate::summary::line::{Line, LineEnding, RunLine};

    fn run(time: &str, ms: f64) -> RunLine {
        let mut header = header(&format!("20260131T{time}0000Z-abcdef"));
        header.started = format!("2026-01-31T{time}:00:00Z").parse().unwrap();
        header.build = Some("v1".to_owned());
        RunLine::from_record(&record(header, 60.0, &spread("/a", 600, 60.0, ms, 1)))
    }

    fn with(mut history: History, lines: Vec<Line>) -> History {
        history.extend(lines);
        history
    }

    #[test]
    fn a_list_shows_epochs_sessions_and_runs_and_how_each_of_them_came() {
        let at = "2026-01-31T23:00:00Z".parse().unwrap();
        let line = |run: RunLine| Line::Run(Box::new(run));
        let mut first = run("10", 8.25);
        let mut joined = run("12", 41.5);
        (first.epoch, joined.epoch, joined.joined) = (Some(first.run.clone()), Some(first.run.clone()), true);
        let mut interrupted = run("13", 41.5);
        interrupted.ending = LineEnding::Interrupted;
        interrupted.env.build = None;
        let history =
            History::new(vec![line(first), line(joined), line(interrupted), line(run("14", 412.0))]);
        let history = with(history.clone(), history.accept(&run("15", 410.0), at).unwrap());
        let history = with(history.clone(), history.add(&run("16", 410.0), at).unwrap());
        let history = with(history.clone(), history.drop_run(&run("12", 0.0).run, at).unwrap());
        insta::assert_snapshot!(baseline_list(&history), @r"
        epoch 20260131T150000Z-abcdef: current, follows 20260131T100000Z-abcdef
          session 1
            20260131T150000Z-abcdef  2026-01-31 15:00 UTC      600 requests  p50   413 ms  accepted     build v1
          session 2
            20260131T160000Z-abcdef  2026-01-31 16:00 UTC      600 requests  p50   413 ms  added        build v1
        epoch 20260131T100000Z-abcdef: anchor
          session 1
            20260131T100000Z-abcdef  2026-01-31 10:00 UTC      600 requests  p50  8.30 ms  opened it    build v1
        no evidence
            20260131T120000Z-abcdef  2026-01-31 12:00 UTC      600 requests  p50  41.8 ms  dropped      build v1
            20260131T140000Z-abcdef  2026-01-31 14:00 UTC      600 requests  p50   415 ms  waits        build v1
            20260131T130000Z-abcdef  2026-01-31 13:00 UTC      600 requests  p50  41.8 ms  interrupted
        ");
        assert_eq!(baseline_list(&History::default()), "");
    }
}
