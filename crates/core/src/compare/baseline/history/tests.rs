//! The life of a baseline, line by line.

use super::*;
use crate::compare::baseline::{Admission, Became, Opening, Waiting};
use crate::compare::{Comparison, Settings, Side, compare};
use crate::summary::line::fixture::{header, record, spread};

const DAY: &str = "2026-01-31";

/// A run of 60 s that began at this time of the day, with latencies about `ms`; the same ones each time.
fn run(id: &str, time: &str, ms: f64) -> RunLine {
    let mut header = header(id);
    header.started = at(time);
    RunLine::from_record(&record(header, 60.0, &spread("/a", 600, 60.0, ms, 1)))
}

fn of_build(build: &str, run: RunLine) -> RunLine {
    let mut run = run;
    run.env.build = Some(build.to_owned());
    run
}

fn at(time: &str) -> Timestamp {
    format!("{DAY}T{time}:00Z").parse().unwrap()
}

/// A runs file, as it grows.
#[derive(Default)]
struct File(Vec<Line>);

impl File {
    fn history(&self) -> History {
        // Through the text, as it would be.
        let text: Vec<String> = self.0.iter().map(Line::to_json_line).collect();
        History::new(Line::parse_all(&text.join("\n")).unwrap())
    }

    /// Compares a run with the file, if there is anything in it, and lets it in.
    fn admit(&mut self, run: &RunLine) -> Admission {
        self.admit_all(std::slice::from_ref(run))
    }

    fn admit_all(&mut self, runs: &[RunLine]) -> Admission {
        let (history, mut runs) = (self.history(), runs.to_vec());
        let admission = history.admit(comparison(&history, &runs).as_ref(), &mut runs);
        self.write(&admission, runs);
        admission
    }

    fn calibrate(&mut self, run: &RunLine) -> Admission {
        let (history, mut runs) = (self.history(), vec![run.clone()]);
        let admission = history.admit_unchanged(comparison(&history, &runs).as_ref(), &mut runs);
        self.write(&admission, runs);
        admission
    }

    fn write(&mut self, admission: &Admission, runs: Vec<RunLine>) {
        self.0.extend(runs.into_iter().map(|run| Line::Run(Box::new(run))));
        self.0.extend(admission.beside.clone());
    }

    fn decide(&mut self, decide: impl FnOnce(&History) -> Vec<Line>) {
        let lines = decide(&self.history());
        self.0.extend(lines);
    }

    /// The epochs with their sessions and runs, the current one last.
    fn epochs(&self) -> Vec<String> {
        let baseline = self.history().baseline().clone();
        let session = |session: &crate::compare::Session| {
            let runs: Vec<&str> = session.runs.iter().filter_map(|run| run.run.as_deref()).collect();
            runs.join("+")
        };
        let epoch = |epoch: &Epoch| {
            format!("{}: {}", epoch.id, epoch.sessions.iter().map(session).collect::<Vec<_>>().join(" "))
        };
        baseline.epochs.iter().map(epoch).collect()
    }

    fn came(&self, id: &str) -> Came {
        let history = self.history();
        history.came(history.run(id).unwrap())
    }
}

fn comparison(history: &History, runs: &[RunLine]) -> Option<Comparison> {
    let sides: Vec<Side> = runs.iter().map(Side::from_line).collect();
    history.baseline().current()?;
    Some(compare(history.baseline(), &sides, &Settings::default()))
}

#[test]
fn the_first_run_opens_an_epoch_and_unchanged_ones_join_it_by_occasion() {
    let mut file = File::default();
    let admission = file.admit(&run("a", "10:00", 100.0));
    assert_eq!(admission.became, Became::Epoch { why: Opening::First, parent: None, anchor: None });
    let admission = file.admit(&run("b", "10:20", 100.0));
    assert_eq!(admission.became, Became::Evidence { epoch: "a".to_owned(), sessions: 1 });
    assert_eq!(admission.same_occasion.as_deref(), Some("a"));
    let admission = file.admit(&run("c", "12:00", 100.0));
    assert_eq!(admission.became, Became::Evidence { epoch: "a".to_owned(), sessions: 2 });
    assert_eq!(admission.same_occasion, None);
    assert_eq!(file.epochs(), ["a: a+b c"]);
    assert_eq!(["a", "b", "c"].map(|id| file.came(id)), [Came::Opened, Came::Joined, Came::Joined]);
    // What joined by itself is no anchor.
    let history = file.history();
    let anchor: Vec<&str> =
        history.baseline().anchor_sessions().iter().map(|session| session.id.as_str()).collect();
    assert_eq!(anchor, ["a"]);
}

#[test]
fn another_address_is_another_occasion_as_that_of_each_start_of_the_simulator() {
    let mut file = File::default();
    let elsewhere = |run: RunLine, target: &str| {
        let mut run = run;
        (run.env.target, run.simulated) = (target.to_owned(), true);
        run
    };
    file.admit(&elsewhere(run("a", "10:00", 100.0), "http://127.0.0.1:1111"));
    file.admit(&elsewhere(run("b", "10:02", 100.0), "http://127.0.0.1:2222"));
    assert_eq!(file.epochs(), ["a: a b"]);
    let history = file.history();
    let env = |target: &str| elsewhere(run("c", "10:04", 100.0), target).env;
    assert_eq!(history.occasion(at("10:04"), &env("http://127.0.0.1:3333")), None);
    let known = history.occasion(at("10:04"), &env("http://127.0.0.1:2222"));
    assert_eq!(known, Some(("b", "2026-01-31T10:33:01Z".parse().unwrap())));
}

#[test]
fn what_changed_opens_an_epoch_that_follows_and_the_anchor_stays() {
    let mut file = File::default();
    file.admit(&run("a", "10:00", 100.0));
    let admission = file.admit(&run("b", "11:00", 200.0));
    let of = |why, parent: &str| Became::Epoch {
        why,
        parent: Some(parent.to_owned()),
        anchor: Some("a".to_owned()),
    };
    assert_eq!(admission.became, of(Opening::Regressed, "a"));
    // Better than the epoch before, and as good as the anchor.
    assert_eq!(file.admit(&run("c", "12:00", 100.0)).became, of(Opening::Improved, "b"));
    let mut other = run("d", "13:00", 100.0);
    other.endpoints[0].circumstances.insert("users".to_owned(), "9".to_owned());
    assert_eq!(file.admit(&other).became, of(Opening::Incomparable, "c"));
    assert_eq!(file.epochs(), ["a: a", "b: b", "c: c", "d: d"]);
    file.decide(|history| history.anchor(history.find_epoch(None).unwrap(), at("14:00")));
    assert_eq!(file.history().baseline().anchor.as_deref(), Some("d"));
    assert_eq!(file.history().anchor(file.history().find_epoch(Some("d")).unwrap(), at("15:00")), []);
}

#[test]
fn an_inconclusive_run_waits_until_it_is_added() {
    let mut file = File::default();
    file.admit(&run("a", "10:00", 100.0));
    assert_eq!(file.admit(&run("b", "11:00", 107.0)).became, Became::Waiting(Waiting::Inconclusive));
    assert_eq!((file.epochs(), file.came("b")), (vec!["a: a".to_owned()], Came::Waiting));
    file.decide(|history| history.add(history.run("b").unwrap(), at("12:00")).unwrap());
    assert_eq!((file.epochs(), file.came("b")), (vec!["a: a b".to_owned()], Came::Added));
    let twice = file.history().add(file.history().run("b").unwrap(), at("12:00")).unwrap_err();
    assert_eq!(twice.message, "run b is evidence of the current epoch already");
    file.decide(|history| history.drop_run("b", at("13:00")).unwrap());
    assert_eq!((file.epochs(), file.came("b")), (vec!["a: a".to_owned()], Came::Dropped));
    assert!(file.history().drop_run("b", at("13:00")).is_err());
}

#[test]
fn another_build_waits_although_nothing_changed_unless_it_is_known() {
    let mut file = File::default();
    let (one, two) = (|run| of_build("one", run), |run| of_build("two", run));
    file.admit(&run("a", "10:00", 100.0));
    // Builds differ only where both are known.
    assert!(matches!(file.admit(&two(run("b", "11:00", 100.0))).became, Became::Evidence { .. }));
    let waiting = Waiting::OtherBuild { known: "two".to_owned(), new: "one".to_owned() };
    assert_eq!(file.admit(&one(run("c", "12:00", 100.0))).became, Became::Waiting(waiting));
    assert!(matches!(file.admit(&run("d", "13:00", 100.0)).became, Became::Evidence { .. }));
    file.decide(|history| history.add(history.run("c").unwrap(), at("14:00")).unwrap());
    assert!(matches!(file.admit(&one(run("e", "15:00", 100.0))).became, Became::Evidence { .. }));
    assert_eq!(file.epochs(), ["a: a b c d e"]);
}

#[test]
fn two_runs_judged_together_are_one_session_of_whatever_they_come_to() {
    let mut file = File::default();
    file.admit(&run("a", "10:00", 100.0));
    file.admit_all(&[run("b", "11:00", 200.0), run("c", "11:10", 200.0)]);
    assert_eq!(file.epochs(), ["a: a", "b: b+c"]);
    assert_eq!(["b", "c"].map(|id| file.came(id)), [Came::Opened, Came::Opened]);
}

#[test]
fn a_calibration_is_evidence_whatever_it_looks_like() {
    let mut file = File::default();
    assert!(matches!(
        file.calibrate(&run("a", "10:00", 100.0)).became,
        Became::Epoch { why: Opening::First, .. }
    ));
    let admission = file.calibrate(&run("b", "11:00", 200.0));
    assert_eq!(admission.became, Became::Evidence { epoch: "a".to_owned(), sessions: 2 });
    assert_eq!((file.came("a"), file.came("b")), (Came::Opened, Came::Calibrated));
    // It is part of the anchor, unlike what joined by itself.
    assert_eq!(file.history().baseline().anchor_sessions().len(), 0);
}

#[test]
fn a_new_epoch_follows_both_that_branches_opened_before_they_were_merged() {
    let mut file = File::default();
    file.admit(&run("a", "10:00", 100.0));
    let mut branches = [file.0.clone(), file.0.clone()].map(File);
    branches[0].admit(&run("b", "11:00", 200.0));
    branches[1].admit(&run("c", "12:00", 400.0));
    file.0.extend([branches[0].0[1].clone(), branches[1].0[1].clone()]);
    assert_eq!(file.history().baseline().rivals, ["b"]);
    file.admit(&run("d", "13:00", 100.0));
    assert_eq!(file.epochs().last().unwrap(), "d: d");
    assert_eq!(file.history().baseline().rivals, [""; 0]);
    assert_eq!(file.came("d"), Came::Opened);
}

#[test]
fn what_is_too_short_waits_although_somebody_says_that_nothing_changed() {
    let mut file = File::default();
    file.calibrate(&run("a", "10:00", 100.0));
    let mut short = run("b", "11:00", 100.0);
    short.endpoints[0].cell.short = true;
    let mut runs = [short];
    let history = file.history();
    let admission = history.admit_unchanged(comparison(&history, &runs).as_ref(), &mut runs);
    assert_eq!((admission.became, &runs[0].epoch), (Became::Waiting(Waiting::TooShort), &None));
}

#[test]
fn an_epoch_that_no_line_speaks_of_goes_on() {
    let old = || Line::Run(Box::new(run("a", "10:00", 100.0)));
    let mut file = File(vec![old()]);
    file.admit(&run("b", "11:00", 100.0));
    assert_eq!(file.epochs(), ["a: a b"]);
    assert_eq!(file.came("a"), Came::Opened);
    let mut file = File(vec![old()]);
    file.admit(&run("b", "11:00", 107.0));
    assert_eq!(file.epochs(), ["a: a"]);
    let mut file = File(vec![old()]);
    file.decide(|history| history.accept(&run("z", "09:00", 100.0), at("12:00")).unwrap());
    assert_eq!(file.epochs(), ["a: a", "z: z"]);
    let mut file = File(vec![old()]);
    file.decide(|history| history.drop_run("a", at("12:00")).unwrap());
    assert_eq!(file.epochs(), [""; 0]);
}

#[test]
fn a_run_from_elsewhere_is_accepted_with_its_line_and_gets_the_session_of_its_occasion() {
    let mut file = File::default();
    let mut elsewhere = of_build("x", run("a", "10:00", 100.0));
    (elsewhere.epoch, elsewhere.joined) = (Some("of another file".to_owned()), true);
    file.decide(|history| history.accept(&elsewhere, at("10:30")).unwrap());
    file.decide(|history| history.add(&run("b", "10:20", 100.0), at("10:31")).unwrap());
    assert_eq!(file.epochs(), ["a: a+b"]);
    assert_eq!([file.came("a"), file.came("b")], [Came::Accepted, Came::Added]);
}

#[test]
fn what_cannot_be_decided_is_refused() {
    let mut file = File::default();
    let mut interrupted = run("a", "10:00", 100.0);
    interrupted.ending = LineEnding::Interrupted;
    let history = file.history();
    for refused in [history.accept(&interrupted, at("11:00")), history.add(&interrupted, at("11:00"))] {
        assert_eq!(refused.unwrap_err().message, "run a was interrupted, and can be no evidence");
    }
    let alone = history.add(&run("b", "10:00", 100.0), at("11:00")).unwrap_err();
    assert!(alone.message.starts_with("there is no epoch"), "{alone}");
    assert!(history.find_epoch(None).is_err());
    file.admit(&run("2026-b", "10:00", 100.0));
    file.admit(&run("2026-c", "11:00", 200.0));
    let history = file.history();
    let same = history.accept(history.run("2026-c").unwrap(), at("12:00")).unwrap_err();
    assert_eq!(same.message, "run 2026-c is what the current epoch rests on already");
    assert_eq!(history.find_epoch(Some("2026-b")).unwrap().id, "2026-b");
    assert!(history.find_epoch(Some("2026")).unwrap_err().help.unwrap().contains("2026-b, 2026-c"));
    assert!(history.find_epoch(Some("2026-d")).unwrap_err().help.unwrap().contains("did you mean"));
}

#[test]
fn a_run_that_opened_an_epoch_once_opens_another_under_a_new_id() {
    let mut file = File::default();
    file.admit(&run("a", "10:00", 100.0));
    file.admit(&run("b", "11:00", 200.0));
    file.decide(|history| history.accept(history.run("a").unwrap(), at("12:00")).unwrap());
    assert_eq!(file.epochs(), ["b: b", "a-2: a"]);
    // The run that opened the epoch is taken out: what was before it counts again.
    file.decide(|history| history.drop_run("a", at("13:00")).unwrap());
    assert_eq!(file.epochs(), ["b: b"]);
}
