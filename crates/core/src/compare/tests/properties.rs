//! What holds for comparisons whatever was measured.

use proptest::prelude::*;

use super::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// Between two single runs.
    #[test]
    fn swapping_the_sides_mirrors_what_got_worse_and_what_got_better(
        old in 100.0..300.0_f64, new in 100.0..300.0_f64, counts in (30..400_u32, 30..400_u32),
        csv in (any::<bool>(), any::<bool>()),
    ) {
        let record = |id: &str, ms, count| run_of(id, &spread("/a", count, SECONDS, ms, count));
        let of = |record: &RunRecord, csv| if csv { as_csv(record, "a") } else { side(record) };
        let (old, new) = (of(&record("1", old, counts.0), csv.0), of(&record("2", new, counts.1), csv.1));
        let (there, back) = (verdict(&old, &new), verdict(&new, &old));
        for metric in METRICS {
            let (there, back) = (word(&there, metric), word(&back, metric));
            prop_assert_eq!(there == Word::Regressed, back == Word::Improved, "{}", metric);
            prop_assert_eq!(there == Word::Improved, back == Word::Regressed, "{}", metric);
            prop_assert_eq!(there == Word::Shown, back == Word::Shown, "{}", metric);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn the_order_of_rows_and_sessions_does_not_matter(
        levels in prop::collection::vec(100.0..200.0_f64, 2..4), shift in 0.8..1.4_f64,
        order in Just(vec![0, 1, 2, 3]).prop_shuffle(),
    ) {
        let run = |id: &str, factor: f64, rows: &[usize]| {
            let ended: Vec<Ended> = rows
                .iter()
                .flat_map(|row| spread(&format!("/{row}"), 60, SECONDS, 50.0 * (*row as f64 + 1.0) * factor, 3))
                .collect();
            side(&run_of(id, &ended))
        };
        let baseline = |rows: &[usize]| {
            let sessions = levels.iter().enumerate().map(|(n, level)| {
                let id = format!("r{n}");
                Session { runs: vec![run(&id, level / 100.0, rows)], id, joined: false }
            });
            let epoch = Epoch { sessions: sessions.collect(), ..Epoch::default() };
            Baseline { epochs: vec![epoch], ..Baseline::default() }
        };
        let in_order = [0, 1, 2, 3];
        let there = compare(&baseline(&in_order), &[run("new", shift, &in_order)], &Settings::default());
        let other = compare(&baseline(&order), &[run("new", shift, &order)], &Settings::default());
        prop_assert_eq!(there.verdict, other.verdict);
        for row in &there.rows {
            let other = other.rows.iter().find(|other| other.title() == row.title()).unwrap();
            for (figure, other) in row.figures.iter().zip(&other.figures) {
                prop_assert_eq!(&figure.word, &other.word);
            }
        }
    }
}
