//! `_stats.csv` files, read as they are and as they should not be.

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;

/// A run and its CSV.
static SIDES: LazyLock<(Side, Side)> = LazyLock::new(|| (side(&usual("1")), as_csv(&usual("1"), "b")));

const HEADER: &str = "Type,Name,Request Count,Failure Count,Average Response Time,Requests/s,50%,95%\n";

fn read(text: &str) -> Side {
    read_stats_csv(Path::new("x"), text).unwrap()
}

#[test]
fn csv_files_of_both_locusts_are_read_with_either_line_end_and_further_columns() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/locust");
    for version in ["2.31", "2.47"] {
        let text = fs::read_to_string(golden.join(version).join("run_stats.csv")).unwrap();
        let side = read(&text);
        assert_eq!(side.rows.len(), 10);
        let row = &side.rows[1];
        assert_eq!((row.method.as_str(), row.name.as_str()), ("GET", "/article?lang=en,de"));
        assert_eq!((row.requests, row.failures), (53, 8));
        assert_eq!(row.whole.quantile(0.95), Some(8000.0));
        assert!((row.whole.seconds - 16.390_625).abs() < 1e-9);
        let with_lf = read(&format!("\u{feff}{}", text.replace("\r\n", "\n")));
        assert_eq!(with_lf.rows, side.rows);
        let wider = text.replace("\r\n", ",more\n");
        assert_eq!(read(&wider).rows, side.rows);
    }
}

#[test]
fn an_empty_row_of_a_csv_has_no_figures() {
    let row = &read(&format!("{HEADER}GET,/,0,0,0.0,0.0,N/A,N/A\n")).rows[0];
    assert_eq!((row.whole.average_ms, row.whole.quantiles.len(), row.whole.seconds), (None, 0, 0.0));
}

#[test]
fn a_damaged_csv_is_an_error_with_its_line() {
    for (text, line, message) in [
        ("", 1, "not a _stats.csv of Locust: it is empty"),
        ("<html>", 1, "there is no column `Type`"),
        (
            "Type,Name,Request Cnt,Failure Count,Average Response Time,Requests/s,50%,95%\n",
            1,
            "there is no column `Request Count`; the nearest is `Request Cnt`",
        ),
        (&format!("{HEADER}POST,/a,30,0,10.0\n"), 2, "5 columns, but the header has 8"),
        (&format!("{HEADER}<<<<<<< HEAD\n"), 2, "the marker of a git conflict"),
        (&format!("<<<<<<< HEAD\n{HEADER}"), 1, "the marker of a git conflict"),
        (&format!("{HEADER}P,/a,3,0,1,1,1,1\n").replace('\n', "\r\n").replace("3,0", "3"), 2, "7 columns"),
        (
            &format!("{HEADER}P,/a,3,0,1,1,1,1\nP,\"/\nb\",x,0,1,1,1,1\n").replace('\n', "\r\n"),
            3,
            "`Request Count`",
        ),
        (
            &format!("{HEADER}POST,/a,many,0,10.0,1,1,1\n"),
            2,
            "`Request Count` should be a whole number, found `many`",
        ),
        (
            &format!("{HEADER}POST,/a,30,0,nan,1,1,1\n"),
            2,
            "`Average Response Time` should be a number that is not negative, found `nan`",
        ),
        (&format!("{HEADER}POST,/a,30,31,1,1,1,1\n"), 2, "31 failures of 30 requests"),
        (&format!("{HEADER}\nP,/a,3,1,1,1,1,1\nP,/a,3,1,1,1,1,1\n"), 4, "the row `P /a` is there twice"),
    ] {
        let problem = read_stats_csv(Path::new("x"), text).unwrap_err();
        assert_eq!(problem.file, Some(("x".into(), Some(line))), "{problem}");
        assert!(problem.message.contains(message) && problem.help.is_some(), "{problem}");
    }
}

#[test]
fn numbers_of_python_are_read_and_nothing_else() {
    for (text, value) in
        [("0", 0.0), ("210", 210.0), ("210.0", 210.0), ("4.2e-05", 4.2e-5), ("1e+16", 1e16), ("-1.5", -1.5)]
    {
        assert_eq!(python_number(text), Some(value), "{text}");
    }
    for text in [
        "", "-", "N/A", "nan", "inf", "-inf", "infinity", "1,5", " 1", "1 ", "0x10", "1_000", "1e999", ".5",
        "+1",
    ] {
        assert_eq!(python_number(text), None, "{text}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_the_readers_panic(text in "\\PC{0,80}(\n\\PC{0,80}){0,3}") {
        let _ = python_number(&text);
        let _ = read_stats_csv(Path::new("x"), &text);
        let _ = read_stats_csv(Path::new("x"), &format!("{HEADER}{text}"));
    }

    /// Whatever a CSV says, a comparison with it ends with a word for every figure.
    #[test]
    fn no_figures_of_a_csv_make_a_comparison_panic(
        requests in 0..2000_u64, failed in 0.0..=1.0_f64, figures in prop::array::uniform4(prop_oneof![
            Just("0".to_owned()), Just("N/A".to_owned()), (0..100_000_u32).prop_map(|n| n.to_string()),
            any::<f64>().prop_map(|n| n.abs().to_string()),
        ]),
        against_csv in any::<bool>(),
    ) {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let failures = (requests as f64 * failed) as u64;
        let row = format!("POST,/a,{requests},{failures},{}\n", figures.join(","));
        let Ok(csv) = read_stats_csv(Path::new("x"), &format!("{HEADER}{row}")) else { return Ok(()) };
        let run = if against_csv { &SIDES.1 } else { &SIDES.0 };
        for (old, new) in [(&csv, run), (run, &csv)] {
            let comparison = verdict(old, new);
            prop_assert_eq!(comparison.rows[0].figures.len(), METRICS.len());
            for figure in &comparison.rows[0].figures {
                prop_assert!(figure.change.is_none_or(f64::is_finite));
            }
        }
    }
}
