//! Which runs were made on one occasion (docs/statistics.md 3.1).

use jiff::{SignedDuration, Timestamp};

use crate::compare::baseline::Session;
use crate::compare::side::Side;
use crate::summary::line::{Environment, RunLine};

/// A run that begins later than this after the end of another one belongs to another session.
pub const GAP: SignedDuration = SignedDuration::from_mins(30);

/// The session of a run made at `started` in `env`, among earlier `runs`: the id of the session of the nearest run
/// that is of the same occasion, if any. It is where no more than [`GAP`] lies between them and the machine, its
/// boot, the base URL and the build of the server are the same.
///
/// A clock that was set back makes runs overlap that did not; they count as one occasion then, which is the careful
/// side: less evidence.
#[must_use]
pub fn session_of<'a>(
    started: Timestamp,
    env: &Environment,
    runs: impl Iterator<Item = &'a Side>,
) -> Option<String> {
    let distance = |run: &Side| {
        let (begin, end) = (run.started?, run.ended?);
        let gap = if started > end {
            started.duration_since(end)
        } else if started < begin {
            begin.duration_since(started)
        } else {
            SignedDuration::ZERO
        };
        (gap <= GAP && run.env.as_ref().is_some_and(|other| same_occasion(env, other))).then_some(gap)
    };
    let nearest = runs.filter_map(|run| Some((distance(run)?, run))).min_by_key(|(gap, _)| *gap);
    nearest.and_then(|(_, run)| run.session.clone())
}

fn same_occasion(one: &Environment, other: &Environment) -> bool {
    one.host == other.host
        && one.boot == other.boot
        && one.target == other.target
        && (one.build == other.build || one.build.is_none() || other.build.is_none())
}

/// Groups the runs of an epoch by their session, oldest first.
pub(super) fn group(mut runs: Vec<&RunLine>) -> Vec<Session> {
    runs.sort_by(|a, b| (a.started, &a.run).cmp(&(b.started, &b.run)));
    let mut sessions: Vec<Session> = Vec::new();
    for run in runs {
        let id = run.session.as_deref().unwrap_or(&run.run);
        let side = Side::from_line(run);
        match sessions.iter_mut().find(|session| session.id == id) {
            Some(session) => {
                session.joined &= run.joined;
                session.runs.push(side);
            }
            None => sessions.push(Session { id: id.to_owned(), joined: run.joined, runs: vec![side] }),
        }
    }
    sessions
}
