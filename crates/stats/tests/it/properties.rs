//! What holds for verdicts whatever the runs look like.

use proptest::prelude::*;
use windtunnel_stats::cell::{Cell, Estimate};
use windtunnel_stats::special::t_quantile;
use windtunnel_stats::verdict::{
    Doubt, Evidence, Outcome, Paired, Report, Row, Rules, Session, Stored, Verdict, judge,
};
use windtunnel_stats::{Histogram, Metric, Slice, Window};

/// The run before and the run after of a row.
type Pair = (Cell, Cell);

const LATENCIES: [Metric; 3] = [Metric::P50, Metric::P95, Metric::P99];

fn estimate() -> impl Strategy<Value = Option<Estimate>> {
    let some = (-1.0_f64..1.0, prop_oneof![Just(0.0), 0.001_f64..0.2], 0.0_f64..200.0)
        .prop_map(|(y, w, exceeding)| Estimate { y, w, exceeding: Some(exceeding) });
    prop::option::weighted(0.95, some)
}

prop_compose! {
    fn cell()(
        requests in 5_u64..3_000, failing in prop_oneof![Just(0.0), 0.0_f64..0.3],
        (average, p50, p95, p99) in (estimate(), estimate(), estimate(), estimate()),
        rate in estimate(), failure_deff in prop_oneof![Just(1.0), 1.0_f64..10.0],
    ) -> Cell {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let failures = (requests as f64 * failing) as u64;
        Cell { requests, failures, seconds: 60.0, average, p50, p95, p99, rate, failure_deff, short: false }
    }
}

/// Shifts every estimate by its own amount.
fn moved(cell: &Cell, by: [f64; 4]) -> Cell {
    let shift = |of: Option<Estimate>, by: f64| of.map(|of| Estimate { y: of.y + by, ..of });
    Cell {
        p50: shift(cell.p50, by[0]),
        p95: shift(cell.p95, by[1]),
        p99: shift(cell.p99, by[2]),
        rate: shift(cell.rate, by[3]),
        ..cell.clone()
    }
}

/// Runs after that differ from those before by up to 50 %, with a spread and numbers of their own.
fn pair() -> impl Strategy<Value = Pair> {
    (cell(), cell(), prop::array::uniform4(-0.5_f64..0.5), any::<bool>()).prop_map(|(a, other, by, alike)| {
        let b = if alike { moved(&a, by) } else { other };
        (a, b)
    })
}

fn pairs() -> impl Strategy<Value = Vec<Pair>> {
    prop::collection::vec(pair(), 1..7)
}

/// One session of one run on each side.
fn row((before, after): &Pair) -> Row {
    let session = |id, run: &Cell| vec![Session { id, runs: vec![run.clone()] }];
    let evidence = Evidence::Stored(Stored {
        baseline: session(0, before),
        candidate: session(1, after),
        ..Stored::default()
    });
    Row { aggregated: false, evidence }
}

fn report(pairs: &[Pair]) -> Report {
    judge(&pairs.iter().map(row).collect::<Vec<_>>(), &Rules::default(), &[])
}

/// All words of a report, row by row.
fn words(report: &Report) -> Vec<Vec<(Metric, Outcome)>> {
    let of = |row: &windtunnel_stats::verdict::RowReport| {
        row.figures.iter().map(|figure| (figure.metric, figure.outcome)).collect()
    };
    report.rows.iter().map(of).collect()
}

/// 1 for worse, -1 for better, 0 for neither; unchanged asks only whether it got worse, so that it has no mirror image
/// of its own. `None` for what is not judged.
fn called(outcome: Outcome) -> Option<i8> {
    match outcome {
        Outcome::Judged(Verdict::Regressed) => Some(1),
        Outcome::Judged(Verdict::Improved) => Some(-1),
        Outcome::Judged(Verdict::Unchanged | Verdict::Inconclusive) => Some(0),
        Outcome::NotJudged(_) => None,
    }
}

proptest! {
    #[test]
    fn what_got_worse_there_got_better_back(pairs in pairs()) {
        let back: Vec<Pair> = pairs.iter().map(|(a, b)| (b.clone(), a.clone())).collect();
        let (there, back) = (report(&pairs), report(&back));
        for (there, back) in there.rows.iter().zip(&back.rows) {
            for metric in LATENCIES.into_iter().chain([Metric::Rate]) {
                let (a, b) = (there.figure(metric).unwrap(), back.figure(metric).unwrap());
                prop_assert_eq!(called(a.outcome), called(b.outcome).map(|word| -word), "{:?}\n{:?}", a, b);
                // Unchanged there and back is a change that is small both ways.
                if let (Some(change), true) = (a.change, a.is(Verdict::Unchanged) && b.is(Verdict::Unchanged)) {
                    let reach = t_quantile(0.95, change.freedom) * change.error;
                    let margin = Rules::default().margin.of(metric).ln_1p();
                    prop_assert!(change.difference.abs() + reach < margin);
                }
            }
        }
        if there.verdict == Verdict::Regressed && back.verdict == Verdict::Unchanged {
            let only_failures = there.found(Verdict::Regressed).all(|(_, f)| f.metric == Metric::Failures);
            prop_assert!(only_failures, "a red report is no unchanged one when looked at from the other side");
        }
    }

    #[test]
    fn the_order_of_rows_does_not_matter((plain, shuffled) in pairs().prop_flat_map(|pairs| {
        let numbered: Vec<(usize, Pair)> = pairs.into_iter().enumerate().collect();
        (Just(numbered.clone()), Just(numbered).prop_shuffle())
    })) {
        let of = |numbered: &[(usize, Pair)]| {
            let report = report(&numbered.iter().map(|(_, pair)| pair.clone()).collect::<Vec<_>>());
            let mut words: Vec<_> =
                numbered.iter().map(|(number, _)| *number).zip(words(&report)).collect();
            words.sort_by_key(|(number, _)| *number);
            let mut doubts: Vec<_> = report.doubts.iter().map(|doubt| match doubt {
                Doubt::Undecided(row, metric) => (numbered[*row].0, *metric, false),
                Doubt::SuspiciousTail(row, metric) => (numbered[*row].0, *metric, true),
                other => panic!("{other:?}"),
            }).collect();
            doubts.sort_unstable();
            (report.verdict, words, doubts)
        };
        prop_assert_eq!(of(&plain), of(&shuffled));
    }

    #[test]
    fn a_constant_factor_of_all_latencies_does_not_matter(pairs in pairs(), k in -8_i32..8) {
        let by = f64::from(k) * std::f64::consts::LN_2;
        let scale = |run: &Cell| moved(run, [by, by, by, 0.0]);
        let scaled: Vec<Pair> = pairs.iter().map(|(a, b)| (scale(a), scale(b))).collect();
        prop_assert_eq!(words(&report(&pairs)), words(&report(&scaled)));
    }

    #[test]
    fn a_power_of_two_of_all_latencies_does_not_matter_from_the_first_count_on(
        runs in prop::collection::vec((latencies(), latencies()), 1..3), k in 1_u32..8,
    ) {
        let of = |factor: u64| {
            let measure = |run: &Vec<Vec<u64>>| Cell::measure(&window(run, factor)).0;
            report(&runs.iter().map(|(a, b)| (measure(a), measure(b))).collect::<Vec<_>>())
        };
        prop_assert_eq!(words(&of(1)), words(&of(1 << k)));
    }

    #[test]
    fn every_report_has_words_and_numbers(pairs in pairs(), paired in any::<bool>()) {
        let rows: Vec<Row> = if paired {
            let evidence = Evidence::Paired(Paired { pairs: pairs.clone() });
            vec![Row { aggregated: false, evidence }]
        } else {
            pairs.iter().map(row).collect()
        };
        let report = judge(&rows, &Rules::default(), &[]);
        for figure in report.rows.iter().flat_map(|row| &row.figures) {
            let Some(change) = figure.change else { continue };
            for number in [change.difference, change.error, change.upper, change.visible, change.interval.0] {
                prop_assert!(number.is_finite(), "{figure:?}");
            }
            for p in [change.worse.p, change.better.p] {
                prop_assert!((0.0..=1.0).contains(&p), "{figure:?}");
            }
            prop_assert!(change.interval.0 <= change.difference && change.difference <= change.interval.1);
        }
    }

    #[test]
    fn more_rows_that_did_not_change_never_make_one_of_few_red(pair in pair(), others in 1_usize..3) {
        let alone = report(std::slice::from_ref(&pair));
        let calm = (pair.0.clone(), pair.0.clone());
        // Three at most, so that there is no relative test, which may well see more.
        let with = report(&[vec![pair], vec![calm; others]].concat());
        for (alone, with) in alone.rows[0].figures.iter().zip(&with.rows[0].figures) {
            prop_assert!(alone.is(Verdict::Regressed) || !with.is(Verdict::Regressed));
        }
    }
}

/// Latencies in microseconds of at least 128, slice by slice: from there on buckets double exactly.
fn latencies() -> impl Strategy<Value = Vec<Vec<u64>>> {
    let level = prop_oneof![Just(200_u64), Just(1_000), Just(1_100), Just(50_000)];
    (level, 8_usize..20).prop_flat_map(|(level, slices)| {
        let latency = (80_u64..130, 0_u64..20)
            .prop_map(move |(part, rare)| (level * part / 100 * if rare == 0 { 5 } else { 1 }).max(128));
        prop::collection::vec(prop::collection::vec(latency, 2..12), slices)
    })
}

fn window(run: &[Vec<u64>], factor: u64) -> Window {
    let slice = |latencies: &Vec<u64>| {
        let mut histogram = Histogram::default();
        for us in latencies {
            histogram.record(us * factor);
        }
        let counts = histogram.buckets();
        let hist = counts.map(|(bucket, n)| (u16::try_from(bucket).unwrap(), u32::try_from(n).unwrap()));
        Slice { hist: hist.collect(), fails: 0, sum_us: histogram.sum_us() }
    };
    Window { slices: run.iter().map(slice).collect(), width_seconds: 0.25 }
}
