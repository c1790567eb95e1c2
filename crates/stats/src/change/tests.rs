use proptest::prelude::*;

use super::*;
use crate::{Histogram, Slices};

const RUN_NS: u64 = 20_000_000_000;

fn side(value: f64, w: f64, requests: u64) -> Side {
    Side { value, spread: Some(w), requests, half_step: 0.0 }
}

/// A side as a CSV gives it.
fn from_csv(value: f64, requests: u64, half_step: f64) -> Side {
    Side { value, spread: None, requests, half_step }
}

fn latency(old: Side, new: Side) -> Verdict {
    Change::of(Metric::Average, &old, &new, 0.1).verdict
}

fn failures(failures: u64, requests: u64) -> Failures {
    Failures { failures, requests }
}

fn of_failures(old: (u64, u64), new: (u64, u64)) -> Verdict {
    Change::of_failures(failures(old.0, old.1), failures(new.0, new.1), 0.1).verdict
}

/// The row of a run of 20 s with independent latencies, about 290 of them.
fn simulated(seed: u64, slowdown: f64) -> Cell {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut uniform = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        f64::from(u32::try_from(state >> 32).unwrap()) / f64::from(u32::MAX)
    };
    let mut slices = Slices::default();
    for tick in 0..80 {
        let mut ended = Histogram::default();
        for _ in 0..8 {
            // A sum of uniform draws lies around its middle like a normal one.
            let draws: f64 = (0..6).map(|_| uniform()).sum();
            if uniform() < 0.45 {
                let us = 100_000.0 * slowdown * (0.3 * (draws - 3.0)).exp();
                ended.record(format!("{us:.0}").parse().unwrap());
            }
        }
        slices.add(tick, &ended, 0);
    }
    Cell::measure(&slices.window(0, RUN_NS)).0
}

fn verdicts(old: &Cell, new: &Cell) -> Vec<Verdict> {
    let tolerances = [(Metric::Average, 0.1), (Metric::P50, 0.1), (Metric::P95, 0.2)];
    let of = |metric| (Side::of(old, metric).unwrap(), Side::of(new, metric).unwrap());
    let (old_rate, new_rate) = of(Metric::Rate);
    tolerances
        .into_iter()
        .map(|(metric, tolerance)| {
            let (old, new) = of(metric);
            Change::of(metric, &old, &new, tolerance).verdict
        })
        .chain([Change::of_rates(&old_rate, &new_rate, new.seconds, 0.1).verdict])
        .collect()
}

fn any_side() -> impl Strategy<Value = Side> {
    let value = prop_oneof![
        8 => 1e-3_f64..1e4,
        1 => Just(0.0),
        1 => Just(f64::NAN),
        1 => Just(f64::INFINITY),
        1 => Just(-1.0),
    ];
    let spread = prop_oneof![
        8 => (0.0_f64..0.3).prop_map(Some),
        1 => Just(None),
        1 => Just(Some(f64::NAN)),
        1 => Just(Some(f64::INFINITY)),
    ];
    let half_step = prop_oneof![4 => Just(0.0), 4 => 0.0_f64..50.0, 1 => Just(f64::NAN)];
    (value, spread, 0_u64..500, half_step).prop_map(|(value, spread, requests, half_step)| Side {
        value,
        spread,
        requests,
        half_step,
    })
}

fn any_metric() -> impl Strategy<Value = Metric> {
    prop::sample::select(&Metric::ALL[..5])
}

proptest! {
    #[test]
    fn what_goes_out_is_finite_whatever_comes_in(
        old in any_side(), new in any_side(), metric in any_metric(), seconds in any::<f64>(),
        tolerance in any::<f64>(),
    ) {
        let changes =
            [Change::of(metric, &old, &new, tolerance), Change::of_rates(&old, &new, seconds, tolerance)];
        for change in changes {
            prop_assert!(change.ratio.is_none_or(f64::is_finite));
            prop_assert!(change.visible.is_none_or(|visible| visible.is_finite() && visible >= 0.0));
        }
    }

    #[test]
    fn without_tolerance_swapped_sides_mirror_the_verdict(
        old in any_side(), new in any_side(), metric in any_metric(),
    ) {
        let forth = Change::of(metric, &old, &new, 0.0).verdict;
        let back = Change::of(metric, &new, &old, 0.0).verdict;
        prop_assert_eq!(matches!(forth, Verdict::NotJudged(_)), matches!(back, Verdict::NotJudged(_)));
        prop_assert!(matches!(forth, Verdict::NotJudged(_)) || forth == back.reversed());
    }

    #[test]
    fn with_tolerance_swapped_sides_never_agree_on_a_change(
        old in any_side(), new in any_side(), metric in any_metric(), tolerance in 0.0_f64..1.0,
    ) {
        let forth = Change::of(metric, &old, &new, tolerance).verdict;
        let back = Change::of(metric, &new, &old, tolerance).verdict;
        if matches!(forth, Verdict::Improved | Verdict::Regressed) {
            prop_assert_ne!(forth, back);
        }
    }

    #[test]
    fn a_row_compared_with_itself_is_unchanged(one in any_side(), metric in any_metric()) {
        let verdict = Change::of(metric, &one, &one, 0.0).verdict;
        prop_assert!(matches!(verdict, Verdict::Unchanged | Verdict::NotJudged(_)), "{verdict:?}");
    }

    #[test]
    fn failures_swapped_mirror_the_verdict(
        old in (0_u64..60, 0_u64..200), new in (0_u64..60, 0_u64..200),
    ) {
        let (old, new) = (failures(old.0, old.1), failures(new.0, new.1));
        let forth = Change::of_failures(old, new, 0.0).verdict;
        let back = Change::of_failures(new, old, 0.0).verdict;
        prop_assert_eq!(matches!(forth, Verdict::NotJudged(_)), matches!(back, Verdict::NotJudged(_)));
        prop_assert!(matches!(forth, Verdict::NotJudged(_)) || forth == back.reversed());
    }

    #[test]
    fn every_change_that_is_called_was_announced_as_visible(
        old in 10.0_f64..1000.0, rise in 0.0_f64..2.0, w in 0.0_f64..0.2, tolerance in 0.0_f64..0.5,
    ) {
        let (old, new) = (side(old, w, 100), side(old * (1.0 + rise), w, 100));
        let change = Change::of(Metric::P50, &old, &new, tolerance);
        let visible = visible_change(w, 1.0, tolerance).unwrap();
        prop_assert!((change.visible.unwrap() - visible).abs() < 1e-9);
        let called = change.verdict == Verdict::Regressed;
        prop_assert!(called == (rise > visible) || (rise - visible).abs() < 1e-9);
    }
}

#[test]
fn direction_decides_what_is_worse() {
    let (low, high) = (side(100.0, 0.01, 100), side(150.0, 0.01, 100));
    for metric in [Metric::Average, Metric::P50, Metric::P95, Metric::P99] {
        assert_eq!(Change::of(metric, &low, &high, 0.1).verdict, Verdict::Regressed, "{metric}");
        assert_eq!(Change::of(metric, &high, &low, 0.1).verdict, Verdict::Improved, "{metric}");
    }
    assert_eq!(Change::of(Metric::Rate, &low, &high, 0.1).verdict, Verdict::Improved);
    assert_eq!(Change::of(Metric::Rate, &high, &low, 0.1).verdict, Verdict::Regressed);
}

#[test]
fn the_tolerance_is_the_change_as_printed_in_both_directions() {
    let new = |value| latency(side(100.0, 0.001, 100), side(value, 0.001, 100));
    assert_eq!([new(109.9), new(110.1)], [Verdict::Unchanged, Verdict::Regressed]);
    assert_eq!([new(90.1), new(89.9)], [Verdict::Unchanged, Verdict::Improved]);
}

#[test]
fn a_change_within_three_standard_errors_is_unchanged() {
    // three standard errors of the difference: 3 * hypot(0.03, 0.04) = 0.15
    let new = |log_change: f64| latency(side(100.0, 0.03, 100), side(100.0 * log_change.exp(), 0.04, 100));
    assert_eq!([new(0.149), new(0.151)], [Verdict::Unchanged, Verdict::Regressed]);
}

#[test]
fn fewer_than_twenty_requests_on_a_side_are_not_judged() {
    let reason = Verdict::NotJudged(Reason::TooFewRequests { old: 19, new: 100 });
    assert_eq!(latency(side(1.0, 0.01, 19), side(9.0, 0.01, 100)), reason);
    assert_eq!(latency(side(1.0, 0.01, 20), side(9.0, 0.01, 20)), Verdict::Regressed);
    let reason = Verdict::NotJudged(Reason::TooFewRequests { old: 100, new: 19 });
    assert_eq!(of_failures((0, 100), (19, 19)), reason);
}

#[test]
fn a_side_from_a_csv_borrows_the_spread_of_the_other() {
    // With a quarter of the requests twice the spread: 3 * hypot(0.02, 0.04) = 0.134
    let new = |log_change: f64| {
        let change = Change::of(
            Metric::Average,
            &from_csv(100.0, 25, 0.0),
            &side(100.0 * log_change.exp(), 0.02, 100),
            0.1,
        );
        change.verdict
    };
    assert_eq!([new(0.133), new(0.135)], [Verdict::Unchanged, Verdict::Regressed]);
    let both = latency(from_csv(100.0, 100, 0.0), from_csv(900.0, 100, 0.0));
    assert_eq!(both, Verdict::NotJudged(Reason::NoSpread));
}

#[test]
fn what_rounding_may_hide_is_taken_off_the_change() {
    let rounded = |value, half_step| Side { half_step, ..side(value, 0.001, 1_000) };
    // 105 may have been printed as 100, and 115 as 120: a change of 9.5 %
    assert_eq!(latency(rounded(100.0, 5.0), rounded(120.0, 5.0)), Verdict::Unchanged);
    assert_eq!(latency(rounded(100.0, 0.0), rounded(120.0, 0.0)), Verdict::Regressed);
    assert_eq!(latency(rounded(1.0, 0.5), rounded(2.0, 0.5)), Verdict::Unchanged);
    // half a millisecond and less may be anything
    assert_eq!(latency(rounded(40.0, 0.5), rounded(0.5, 0.5)), Verdict::Improved);
    assert_eq!(latency(rounded(0.5, 0.5), rounded(0.2, 0.0)), Verdict::Unchanged);
    let steps = [99.0, 100.0, 1_000.0, 10_000.0].map(locust_half_step);
    assert_eq!(steps.map(|step| format!("{step}")), ["0.5", "5", "50", "500"]);
}

#[test]
fn a_value_that_is_none_is_not_judged() {
    for value in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let verdict = latency(side(value, 0.01, 100), side(5.0, 0.01, 100));
        assert_eq!(verdict, Verdict::NotJudged(Reason::NoValue), "{value}");
    }
}

#[test]
fn a_row_that_went_silent_has_regressed_on_rate() {
    let old = side(2.0, 0.05, 240);
    let new = |requests| side(0.05, 0.5, requests);
    assert_eq!(Change::of_rates(&old, &new(4), 10.0, 0.1).verdict, Verdict::Regressed);
    let dead = Change::of_rates(&old, &from_csv(0.0, 0, 0.0), 120.0, 0.1);
    assert_eq!((dead.verdict, dead.ratio), (Verdict::Regressed, Some(-1.0)));
    let no_successes = Cell::measure(&Slices::default().window(0, RUN_NS)).0;
    let none = Side::of(&no_successes, Metric::Rate).unwrap();
    assert_eq!(Change::of_rates(&old, &none, no_successes.seconds, 0.1).verdict, Verdict::Regressed);
    let few = |old, new| Verdict::NotJudged(Reason::TooFewRequests { old, new });
    assert_eq!(Change::of_rates(&old, &new(4), 9.9, 0.1).verdict, few(240, 4));
    assert_eq!(Change::of_rates(&old, &new(5), 10.0, 0.1).verdict, few(240, 5));
}

#[test]
fn failures_from_none_are_judged_and_none_at_all_is_unchanged() {
    assert_eq!(of_failures((0, 150), (0, 150)), Verdict::Unchanged);
    assert_eq!(of_failures((0, 150), (1, 150)), Verdict::Unchanged);
    assert_eq!(of_failures((0, 150), (15, 150)), Verdict::Regressed);
    assert_eq!(of_failures((0, 20), (20, 20)), Verdict::Regressed);
    assert_eq!(of_failures((150, 150), (150, 150)), Verdict::Unchanged);
    assert_eq!(of_failures((150, 150), (0, 150)), Verdict::Improved);
    // three standard errors are exceeded, 10 % of the old ratio are not
    assert_eq!(of_failures((500_000, 1_000_000), (540_000, 1_000_000)), Verdict::Unchanged);
    assert_eq!(
        of_failures((9, 8), (0, 150)),
        Verdict::NotJudged(Reason::TooFewRequests { old: 8, new: 150 })
    );
    assert_eq!(of_failures((90, 80), (0, 150)), Verdict::NotJudged(Reason::NoValue));
}

#[test]
fn runs_of_the_same_server_hardly_ever_differ() {
    let called = |seed: u64| {
        let verdicts = verdicts(&simulated(seed, 1.0), &simulated(seed + 1_000, 1.0));
        verdicts.iter().any(|verdict| *verdict != Verdict::Unchanged)
    };
    assert!((0..60).filter(|seed| called(*seed)).count() <= 1);
}

#[test]
fn a_server_slowed_by_half_is_always_seen() {
    for seed in 0..20 {
        let verdicts = verdicts(&simulated(seed, 1.0), &simulated(seed + 1_000, 1.5));
        assert_eq!(verdicts[..2], [Verdict::Regressed, Verdict::Regressed], "seed {seed}");
    }
}

#[test]
fn what_can_be_seen_shrinks_with_more_requests_down_to_the_tolerance() {
    let visible = |share| visible_change(0.05, share, 0.1).unwrap();
    assert!((visible(1.0) - (0.15 * 2.0_f64.sqrt()).exp_m1()).abs() < 1e-12);
    assert!(visible(0.5) > visible(1.0) && visible(1.0) > visible(4.0));
    assert!((visible_change(0.01, 1.0, 0.1).unwrap() - 0.1).abs() < 1e-12);
    let nothing = [(f64::NAN, 1.0), (0.05, 0.0), (0.05, f64::NAN), (f64::INFINITY, 1.0), (0.05, 1e-9)];
    assert_eq!(nothing.map(|(w, share)| visible_change(w, share, 0.1)), [None; 5]);
}

#[test]
fn reasons_say_what_is_missing() {
    let reason = Reason::TooFewRequests { old: 12, new: 150 };
    assert_eq!(reason.to_string(), "fewer than 20 requests (old 12, new 150)");
}
