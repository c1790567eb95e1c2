//! The words of figures and reports.

use super::*;
use crate::cell::{Cell, Estimate};
use crate::verdict::testing::{cell, moved, session, stored};
use crate::verdict::{Paired, Rounding, Session};

/// A row whose runs are `before`, five sessions of it, and `after`.
fn row(before: &Cell, after: &Cell) -> Row {
    let baseline = (0..5).map(|id| session(id, before)).collect();
    Row { aggregated: false, evidence: Evidence::Stored(stored(baseline, vec![session(9, after)])) }
}

/// The report of one row.
fn of(before: &Cell, after: &Cell) -> Report {
    judge(&[row(before, after)], &Rules::default(), &[])
}

fn outcome(report: &Report, row: usize, metric: Metric) -> Outcome {
    report.rows[row].figure(metric).unwrap().outcome
}

fn word_of(before: &Cell, after: &Cell, metric: Metric) -> Verdict {
    let Outcome::Judged(verdict) = outcome(&of(before, after), 0, metric) else { panic!("not judged") };
    verdict
}

/// With hardly any spread, so that differences are what they seem.
fn exact(by: f64) -> Cell {
    let p50 = Estimate::checked(0.1_f64.ln() + by, 1e-4, Some(400.0));
    Cell { p50, ..cell() }
}

fn failing(failures: u64) -> Cell {
    Cell { failures, ..cell() }
}

/// Sessions of no noise at all leave a quarter of the expected noise between sessions.
fn steady(by: f64) -> Verdict {
    let sessions = (0..20).map(|id| session(id, &exact(0.0))).collect();
    let evidence = Evidence::Stored(stored(sessions, vec![session(99, &exact(by))]));
    let quiet = Rules {
        sigma: crate::verdict::PerMetric { p50: 0.001, ..Rules::default().sigma },
        ..Rules::default()
    };
    let report = judge(&[Row { aggregated: false, evidence }], &quiet, &[]);
    let Outcome::Judged(verdict) = outcome(&report, 0, Metric::P50) else { panic!("not judged") };
    verdict
}

#[test]
fn below_the_floor_nothing_is_called_however_certain_it_is() {
    assert_eq!(steady(1.049_f64.ln()), Verdict::Unchanged);
    assert_eq!(steady(1.051_f64.ln()), Verdict::Regressed);
    assert_eq!(steady(-(1.051_f64.ln())), Verdict::Improved);
    assert_eq!(steady(-(1.049_f64.ln())), Verdict::Unchanged);
}

#[test]
fn unchanged_needs_the_margin_to_be_excluded() {
    assert_eq!(word_of(&cell(), &cell(), Metric::P50), Verdict::Unchanged);
    let wide = Cell { p50: Estimate::checked(0.1_f64.ln(), 0.1, Some(400.0)), ..cell() };
    assert_eq!(word_of(&cell(), &wide, Metric::P50), Verdict::Inconclusive);
    // Much better is not unchanged, and not improved by chance either.
    let better = moved(&wide, Metric::P50, -0.15);
    assert_eq!(word_of(&cell(), &better, Metric::P50), Verdict::Unchanged);
}

#[test]
fn less_throughput_is_worse_and_more_is_better() {
    let slower = moved(&cell(), Metric::Rate, 0.3);
    assert_eq!(word_of(&cell(), &slower, Metric::Rate), Verdict::Regressed);
    assert_eq!(word_of(&slower, &cell(), Metric::Rate), Verdict::Improved);
}

#[test]
fn one_red_figure_makes_a_report_red() {
    let slow = moved(&cell(), Metric::P50, 0.3);
    let report = judge(&[row(&cell(), &cell()), row(&cell(), &slow)], &Rules::default(), &[]);
    assert_eq!(report.verdict, Verdict::Regressed);
    let red: Vec<_> = report.found(Verdict::Regressed).map(|(row, figure)| (row, figure.metric)).collect();
    assert_eq!(red, [(1, Metric::P50)]);
}

#[test]
fn a_report_is_clear_only_without_doubts() {
    let fast = moved(&cell(), Metric::P50, -0.3);
    assert_eq!(of(&cell(), &cell()).verdict, Verdict::Unchanged);
    assert_eq!(of(&cell(), &fast).verdict, Verdict::Improved);
    for doubt in [Doubt::Unsteady, Doubt::TooShort, Doubt::Unpaired] {
        let judged = |after: &Cell| judge(&[row(&cell(), after)], &Rules::default(), &[doubt]);
        assert_eq!(judged(&cell()).verdict, Verdict::Inconclusive);
        assert_eq!(judged(&fast).verdict, Verdict::Inconclusive);
        assert_eq!(judged(&cell()).doubts, [doubt]);
        let slow = moved(&cell(), Metric::P50, 0.3);
        assert_eq!(judged(&slow).verdict, Verdict::Regressed);
    }
}

#[test]
fn a_median_that_is_not_judged_leaves_the_report_undecided() {
    let lost = Cell { p50: None, ..cell() };
    let report = of(&cell(), &lost);
    assert_eq!(outcome(&report, 0, Metric::P50), Outcome::NotJudged(NotJudged::NoValue));
    assert_eq!(report.doubts, [Doubt::Undecided(0, Metric::P50)]);
    assert_eq!(report.verdict, Verdict::Inconclusive);
    // Of tails that cannot be judged nothing is asked.
    let no_tail = Cell { p95: None, p99: None, ..cell() };
    assert_eq!(of(&cell(), &no_tail).verdict, Verdict::Unchanged);
}

#[test]
fn an_undecided_tail_matters_only_where_it_looks_worse() {
    let wide = |by: f64| {
        let p99 = Estimate::checked(0.4_f64.ln() + by, 0.3, Some(9.0));
        Cell { p99, ..cell() }
    };
    assert_eq!(of(&cell(), &wide(0.1)).verdict, Verdict::Unchanged);
    let suspicious = of(&cell(), &wide(0.15));
    assert_eq!(suspicious.doubts, [Doubt::SuspiciousTail(0, Metric::P99)]);
    assert_eq!(suspicious.verdict, Verdict::Inconclusive);
}

#[test]
fn a_row_that_went_silent_is_red() {
    let silent = Cell { requests: 0, p50: None, p95: None, p99: None, rate: None, ..cell() };
    let report = of(&cell(), &silent);
    assert_eq!(outcome(&report, 0, Metric::Rate), Outcome::Judged(Verdict::Regressed));
    assert_eq!(report.verdict, Verdict::Regressed);
    assert!(report.rows[0].figure(Metric::Rate).unwrap().change.is_none());
    let dead = Cell { failures: 1000, p50: None, p95: None, p99: None, rate: None, ..cell() };
    let report = of(&cell(), &dead);
    assert!(
        [Metric::Rate, Metric::Failures]
            .iter()
            .all(|metric| outcome(&report, 0, *metric) == Outcome::Judged(Verdict::Regressed))
    );
}

#[test]
fn what_a_limited_generator_measured_is_taken_back_but_for_failures() {
    let slow = Cell { failures: 200, ..moved(&cell(), Metric::P50, 0.5) };
    let report = judge(&[row(&cell(), &slow)], &Rules::default(), &[Doubt::Limited]);
    for figure in &report.rows[0].figures {
        let expected =
            if figure.metric == Metric::Failures { Verdict::Regressed } else { Verdict::Inconclusive };
        assert!(figure.is(expected), "{figure:?}");
    }
    assert!(report.rows[0].figure(Metric::P50).unwrap().change.unwrap().limited);
    let plain = judge(&[row(&cell(), &cell())], &Rules::default(), &[Doubt::Limited]);
    assert_eq!(plain.verdict, Verdict::Inconclusive);
}

#[test]
fn failures_are_called_beyond_chance_and_beyond_the_floor() {
    let word = |before, after| word_of(&failing(before), &failing(after), Metric::Failures);
    assert_eq!(word(0, 12), Verdict::Regressed);
    assert_eq!(word(30, 0), Verdict::Improved);
    assert_eq!(word(0, 0), Verdict::Unchanged);
    assert_eq!(word(5, 5), Verdict::Unchanged);
    // One more of a thousand: fewer than 1 % more, but no proof of it where many fail anyway.
    assert_eq!(word(300, 301), Verdict::Inconclusive);
}

#[test]
fn no_failure_at_all_is_unchanged_however_few_requests_there_are() {
    let few = Cell { requests: 25, ..cell() };
    assert_eq!(word_of(&few, &few, Metric::Failures), Verdict::Unchanged);
}

#[test]
fn failures_in_clusters_are_worth_a_second_look() {
    // Beyond chance only if they were independent.
    let burst = Cell { failure_deff: 9.0, ..failing(12) };
    let report = of(&failing(0), &burst);
    assert_eq!(outcome(&report, 0, Metric::Failures), Outcome::Judged(Verdict::Inconclusive));
    // Unless they are so many that nobody asks.
    let outage = Cell { failure_deff: 60.0, ..failing(60) };
    let report = of(&failing(0), &outage);
    let failures = report.rows[0].figure(Metric::Failures).unwrap();
    assert!(!failures.failures.unwrap().worse.rejected && failures.is(Verdict::Regressed));
}

#[test]
fn a_row_with_hardly_any_requests_does_not_hide_the_others() {
    let rare = Cell { requests: 9, p50: None, ..cell() };
    let report = judge(&[row(&cell(), &cell()), row(&rare, &rare)], &Rules::default(), &[]);
    assert_eq!((report.rows[0].minor, report.rows[1].minor), (false, true));
    assert_eq!(report.verdict, Verdict::Unchanged);
    // It can still be red: nothing comes any more of what was asked for.
    let vanished = judge(&[row(&cell(), &cell()), row(&cell(), &rare)], &Rules::default(), &[]);
    assert!(!vanished.rows[1].minor);
}

#[test]
fn of_many_equal_rows_none_is_minor() {
    let rows = vec![row(&Cell { p50: None, ..cell() }, &cell()); 150];
    let report = judge(&rows, &Rules::default(), &[]);
    assert!(report.rows.iter().all(|row| !row.minor));
    assert_eq!(report.verdict, Verdict::Inconclusive);
}

#[test]
fn all_rows_together_are_part_of_the_family_and_leave_nothing_undecided() {
    let all = Row { aggregated: true, ..row(&cell(), &cell()) };
    let report = judge(&[row(&cell(), &cell()), all], &Rules::default(), &[]);
    assert_eq!((report.rows[0].minor, report.rows[1].minor), (false, true));
    let change = report.rows[0].figure(Metric::P50).unwrap().change.unwrap();
    assert_eq!((change.worse.family, change.better.family), (10, 10));
    // Where they are the only row they are judged like any other.
    let alone = Row { aggregated: true, ..row(&cell(), &cell()) };
    assert!(!judge(&[alone], &Rules::default(), &[]).rows[0].minor);
}

#[test]
fn relative_tests_need_four_rows_of_their_own() {
    let relative = |rows: &[Row]| {
        let report = judge(rows, &Rules::default(), &[]);
        report
            .rows
            .iter()
            .map(|row| row.figure(Metric::P50).unwrap().change.unwrap().relative.is_some())
            .collect()
    };
    let one = row(&cell(), &cell());
    let all = Row { aggregated: true, ..one.clone() };
    let of: Vec<bool> = relative(&[vec![one.clone(); 4], vec![all.clone()]].concat());
    assert_eq!(of, [true, true, true, true, false]);
    let of: Vec<bool> = relative(&[vec![one.clone(); 3], vec![all]].concat());
    assert_eq!(of, [false; 4]);
    let mut of_csv = one.clone();
    if let Evidence::Stored(stored) = &mut of_csv.evidence {
        stored.rounding = Some(Rounding::default());
    }
    let of: Vec<bool> = relative(&[one.clone(), one.clone(), one, of_csv]);
    assert_eq!(of, [false; 4]);
}

#[test]
fn nothing_to_judge_is_inconclusive_and_no_panic() {
    let rules = Rules::default();
    assert_eq!(judge(&[], &rules, &[]).verdict, Verdict::Inconclusive);
    let nothing = Cell { requests: 0, seconds: 0.0, p50: None, p95: None, p99: None, rate: None, ..cell() };
    for evidence in [
        Evidence::Stored(crate::verdict::Stored::default()),
        Evidence::Stored(stored(vec![Session::default()], vec![Session::default()])),
        Evidence::Stored(stored(vec![session(0, &nothing)], vec![session(1, &nothing)])),
        Evidence::Paired(Paired::default()),
        Evidence::Paired(Paired { pairs: vec![(nothing.clone(), nothing.clone())] }),
    ] {
        let report = judge(&[Row { aggregated: false, evidence }], &rules, &[]);
        assert_eq!(report.verdict, Verdict::Inconclusive);
        assert!(report.rows[0].figures.iter().all(|f| matches!(f.outcome, Outcome::NotJudged(_))));
    }
}

#[test]
fn one_request_decides_nothing() {
    let one = Cell { requests: 1, ..cell() };
    let report = of(&one, &one);
    assert!(report.rows[0].figures.iter().all(|f| matches!(f.outcome, Outcome::NotJudged(_))));
    assert_eq!(report.verdict, Verdict::Inconclusive);
}
