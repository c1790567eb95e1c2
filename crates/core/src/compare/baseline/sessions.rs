//! Which runs were made on one occasion (docs/statistics.md 3.1).

use jiff::{SignedDuration, Timestamp};

use crate::compare::baseline::{Session, by_start};
use crate::compare::side::Side;
use crate::summary::line::Environment;

/// A run that begins later than this after the end of another one belongs to another session.
pub const GAP: SignedDuration = SignedDuration::from_mins(30);
/// A run that seems to have begun earlier than one that was made before it is of the same occasion up to here. Beyond,
/// the other one's date was wrong, and must not take all later runs into its session.
const SET_BACK: SignedDuration = SignedDuration::from_hours(24);

/// The session of a run made at `started` in `env`, among `runs` that were made before: the id of the session of the
/// nearest run that is of the same occasion, if any. It is where no more than [`GAP`] lies between them and the
/// machine, its boot, the base URL and the build of the server are the same.
///
/// A simulator of `--sim` listens on another port at each start, so that each of its runs is an occasion of its own: its
/// level is drawn anew.
///
/// Where the clock was set back in between, how much time passed is not known; they count as one occasion then, which
/// is the careful side: less evidence.
#[must_use]
pub fn session_of<'a>(
    started: Timestamp,
    env: &Environment,
    runs: impl Iterator<Item = &'a Side>,
) -> Option<String> {
    let distance = |run: &Side| {
        let (begin, end) = (run.started?, run.ended?);
        let gap = started.duration_since(end).max(SignedDuration::ZERO);
        let near = gap <= GAP && begin.duration_since(started) <= SET_BACK;
        (near && same_occasion(env, run)).then_some(gap)
    };
    let nearest = runs.filter_map(|run| Some((distance(run)?, run))).min_by_key(|(gap, _)| *gap);
    nearest.and_then(|(_, run)| run.session.clone())
}

fn same_occasion(env: &Environment, run: &Side) -> bool {
    let Some(other) = &run.env else { return false };
    let same_build = env.build == other.build || env.build.is_none() || other.build.is_none();
    env.host == other.host && env.boot == other.boot && env.target == other.target && same_build
}

/// Groups the runs of an epoch by their session, oldest first.
pub(super) fn group(mut runs: Vec<Side>) -> Vec<Session> {
    runs.sort_by(by_start);
    let mut sessions: Vec<Session> = Vec::new();
    for run in runs {
        let id = run.session.clone().or_else(|| run.run.clone()).unwrap_or_default();
        match sessions.iter_mut().find(|session| session.id == id) {
            Some(session) => {
                session.joined &= run.joined;
                session.runs.push(run);
            }
            None => sessions.push(Session { id, joined: run.joined, runs: vec![run] }),
        }
    }
    sessions
}
