//! Runs files that two branches wrote to, merged by taking the lines of both.

use proptest::prelude::*;

use super::*;

/// Two branches that each opened an epoch after the same one.
fn merged() -> Vec<Line> {
    let first = opening("r1", None);
    vec![of_run(first), of_run(opening("r2", Some("r1"))), of_run(opening("r3", Some("r1")))]
}

#[test]
fn of_two_epochs_without_successor_the_newest_is_used_and_that_is_said() {
    let mut lines = merged();
    let baseline = Baseline::of_lines("x", &lines);
    assert_eq!(baseline.current().unwrap().id, "r3");
    assert_eq!(baseline.rivals, ["r2"]);
    assert_eq!(
        baseline.notes,
        [
            "2 epochs have no successor, as after a merge of branches that each opened one: r3 is used, the newest, \
          and not r2 (`windtunnel baseline accept` settles it)"
        ]
    );
    // All of them know what the noise is.
    assert_eq!(state(&lines), "r1 [r1], r2 [r2], r3 [r3] |  | r1");
    lines.push(of_run(joining("r4", "r2")));
    assert_eq!(state(&lines), "r1 [r1], r2 [r2][r4*], r3 [r3] |  | r1");
}

#[test]
fn accepting_a_run_settles_a_merge() {
    let mut lines = merged();
    lines.push(of_run(other("r4")));
    let baseline = Baseline::of_lines("x", &lines);
    lines.extend(baseline.accepting("r4", minute(600)).into_iter().map(Line::Change));
    let baseline = Baseline::of_lines("x", &lines);
    assert_eq!(baseline.notes, [""; 0]);
    assert_eq!(baseline.current().unwrap().id, "r4");
    assert_eq!(baseline.current().unwrap().parent.as_deref(), Some("r3"));
    // So does accepting what is current already.
    let mut lines = merged();
    let baseline = Baseline::of_lines("x", &lines);
    lines.extend(baseline.accepting("r3", minute(600)).into_iter().map(Line::Change));
    assert_eq!(state(&lines), "r1 [r1], r2 [r2], r3-2 [r3] |  | r1");
    assert_eq!(Baseline::of_lines("x", &lines).notes, [""; 0]);
}

#[test]
fn two_branches_that_accept_the_same_run_agree() {
    let mut lines = merged();
    lines.extend([accept("r1", "r1-2", Some("r2")), accept("r1", "r1-2", Some("r3"))]);
    assert_eq!(state(&lines), "r2 [r2], r3 [r3], r1-2 [r1] |  | r2");
    assert_eq!(Baseline::of_lines("x", &lines).rivals, [""; 0]);
}

#[test]
fn a_run_that_one_branch_dropped_and_the_other_built_on_is_no_evidence_and_no_end() {
    let lines = [of_run(opening("r1", None)), of_run(opening("r2", Some("r1"))), drop("r1")];
    assert_eq!(state(&lines), "r2 [r2] | r1 | r2");
}

/// A line by which lines are told apart whose order counts: the run of a decision, or the anchor.
fn subject(line: &Line) -> Option<&str> {
    let Line::Change(line) = line else { return None };
    Some(match &line.change {
        Change::Accept { run, .. } | Change::Add { run, .. } | Change::Drop { run } => run,
        Change::Anchor { .. } => "the anchor",
    })
}

/// `order` is a permutation of the indexes of `lines`. Decisions about one and the same thing keep their order.
fn shuffled(lines: &[Line], order: &[usize]) -> Vec<Line> {
    let mut shuffled: Vec<Line> = order.iter().map(|index| lines[*index].clone()).collect();
    let subjects: BTreeSet<&str> = lines.iter().filter_map(subject).collect();
    for about in subjects {
        let mut in_order = lines.iter().filter(|line| subject(line) == Some(about));
        for line in shuffled.iter_mut().filter(|line| subject(line) == Some(about)) {
            line.clone_from(in_order.next().unwrap());
        }
    }
    shuffled
}

fn id() -> impl Strategy<Value = String> {
    (1..8_u32).prop_map(|number| format!("r{number}"))
}

fn line() -> impl Strategy<Value = Line> {
    let run = (
        id(),
        prop::option::of(id()),
        prop::option::of(id()),
        prop::option::of(id()),
        any::<bool>(),
        0..9_i64,
    );
    let run = run.prop_map(|(id, session, epoch, parent, joined, hour)| {
        let made = with(legacy(&id), |line| {
            (line.session, line.epoch, line.parent) = (session, epoch, parent);
            (line.joined, line.started) = (joined, minute(60 * hour));
        });
        of_run(made)
    });
    let change = prop_oneof![
        (id(), id(), prop::option::of(id())).prop_map(|(run, epoch, parent)| Change::Accept {
            run,
            epoch,
            parent
        }),
        (id(), id()).prop_map(|(run, epoch)| Change::Add { run, epoch }),
        id().prop_map(|run| Change::Drop { run }),
        id().prop_map(|epoch| Change::Anchor { epoch }),
    ];
    let change = (change, 0..9_i64)
        .prop_map(|(change, hour)| Line::Change(ChangeLine::new(minute(60 * hour), change)));
    prop_oneof![3 => run, 2 => change]
}

/// Without circles: an epoch follows only those of smaller ids.
fn without_circles(mut lines: Vec<Line>) -> Vec<Line> {
    let smaller = |parent: &mut Option<String>, epoch: Option<&String>| {
        *parent = parent.take().filter(|parent| Some(parent) < epoch);
    };
    for line in &mut lines {
        match line {
            Line::Run(run) => smaller(&mut run.parent, run.epoch.as_ref()),
            Line::Change(ChangeLine { change: Change::Accept { epoch, parent, .. }, .. }) => {
                smaller(parent, Some(epoch));
            }
            Line::Change(_) => {}
        }
    }
    lines
}

fn lines_and_order() -> impl Strategy<Value = (Vec<Line>, Vec<usize>)> {
    prop::collection::vec(line(), 0..14).prop_flat_map(|lines| {
        let order: Vec<usize> = (0..lines.len()).collect();
        (Just(lines), Just(order).prop_shuffle())
    })
}

proptest! {
    #[test]
    fn the_order_of_lines_means_nothing((lines, order) in lines_and_order()) {
        let (baseline, other) =
            (Baseline::of_lines("x", &lines), Baseline::of_lines("x", &shuffled(&lines, &order)));
        prop_assert_eq!(baseline, other);
    }

    #[test]
    fn a_line_that_is_there_twice_counts_once((lines, _) in lines_and_order(), at in any::<prop::sample::Index>()) {
        prop_assume!(!lines.is_empty());
        let mut twice = lines.clone();
        let again = at.get(&lines).clone();
        prop_assume!(subject(&again).is_none());
        twice.push(again);
        prop_assert_eq!(Baseline::of_lines("x", &lines), Baseline::of_lines("x", &twice));
    }

    #[test]
    fn a_run_is_evidence_of_one_epoch_at_most_and_an_anchor_has_evidence((lines, _) in lines_and_order()) {
        let baseline = Baseline::of_lines("x", &lines);
        let mut ids: Vec<&str> = baseline.runs().filter_map(|run| run.run.as_deref()).collect();
        let all: BTreeSet<&str> = lines.iter().filter_map(|line| match line {
            Line::Run(run) => Some(run.run.as_str()),
            Line::Change(_) => None,
        }).collect();
        ids.sort_unstable();
        prop_assert_eq!(ids, all.into_iter().collect::<Vec<_>>());
        let has_evidence = |id: &str| baseline.epochs.iter().any(|epoch| epoch.id == *id);
        prop_assert_eq!(baseline.anchor.as_deref().map(has_evidence), baseline.current().map(|_| true));
        prop_assert!(baseline.epochs.iter().flat_map(|epoch| &epoch.sessions).all(|session| !session.runs.is_empty()));
    }

    #[test]
    fn accepting_a_run_leaves_one_end((lines, _) in lines_and_order(), run in id()) {
        let known = lines.iter().any(|line| matches!(line, Line::Run(known) if known.run == run));
        prop_assume!(known);
        let mut lines = without_circles(lines);
        let baseline = Baseline::of_lines("x", &lines);
        let id = baseline.epoch_id(&run);
        lines.extend(baseline.accepting(&run, minute(600)).into_iter().map(Line::Change));
        let baseline = Baseline::of_lines("x", &lines);
        prop_assert_eq!(&baseline.current().unwrap().id, &id);
        prop_assert_eq!(&baseline.rivals, &Vec::<String>::new());
    }
}
