//! That an explanation says what was judged: its rule is a second account of the one in the statistics, and must
//! never tell another story.

use super::*;
use crate::compare::METRICS;

/// The first line of the rule whose every condition holds.
fn by_rule(explanation: &str) -> Option<&str> {
    let from = explanation.find("The first of these")?;
    let rule = &explanation[from..explanation.find("    So the word is")?];
    // A formula begins at six blanks and may go on in further lines; each begins with its word.
    let words = ["regressed too", "regressed", "improved", "unchanged", "inconclusive"];
    let begins = |line: &str| words.iter().any(|word| line.trim_start().starts_with(&format!("{word}:")));
    let mut cases: Vec<String> = Vec::new();
    for line in rule.lines().filter(|line| line.starts_with("      ")) {
        match cases.last_mut() {
            Some(case) if !begins(line) => case.push_str(line),
            _ => cases.push(line.to_owned()),
        }
    }
    let holds = |case: &str| {
        let yes = case.matches("(yes)").count();
        if case.contains(", or ") { yes > 0 } else { !case.contains("(no)") }
    };
    let case = cases.iter().find(|case| holds(case))?;
    words.into_iter().find(|word| case.trim_start().starts_with(&format!("{word}:")))
}

#[test]
fn the_first_case_that_holds_is_the_word() {
    let csv = |ms| beside_csv(&at("1", 180.0, 1), &at("2", ms, 2));
    let fails = |old: usize, new: usize| {
        compared(&single(&run("1", &failing("/a", old))), &run("2", &failing("/a", new)))
    };
    let comparisons = [
        compared(&single(&at("1", 180.0, 1)), &at("2", 230.0, 2)),
        compared(&single(&at("1", 180.0, 1)), &at("2", 190.0, 2)),
        compared(&sessions(3, 180.0), &at("2", 140.0, 2)),
        compared(&sessions(5, 180.0), &at("2", 181.0, 2)),
        pairs(&[(180.0, 205.0), (181.0, 207.0), (179.0, 204.0)]),
        csv(150.0),
        csv(260.0),
        fails(300, 9),
        fails(9, 300),
        fails(40, 30),
        fails(20, 20),
        every_state(),
        seven_rows(),
    ];
    let mut seen = std::collections::BTreeMap::new();
    for comparison in &comparisons {
        for (row, of_row) in comparison.rows.iter().enumerate() {
            for metric in METRICS {
                let Some(judged) = of_row.figure(metric).and_then(|figure| figure.judged.as_ref()) else {
                    continue;
                };
                let text = explain(comparison, row, metric);
                let Some(found) = by_rule(&text) else { continue };
                let said = match judged.outcome {
                    Outcome::Judged(verdict) => verdict_text(&verdict.into()),
                    Outcome::NotJudged(_) => "not judged",
                };
                assert_eq!(found.trim_end_matches(" too"), said, "{text}");
                *seen.entry((metric == Metric::Failures, said)).or_insert(0) += 1;
            }
        }
    }
    // Each word of both rules was looked at.
    assert_eq!(seen.len(), 8, "{seen:?}");
}

#[test]
fn the_error_is_what_its_parts_come_to() {
    use windtunnel_stats::verdict::Parts;

    let comparison = compared(&sessions(3, 180.0), &at("2", 230.0, 2));
    for metric in METRICS {
        let figure = comparison.rows[0].figure(metric).unwrap();
        let Some(change) = figure.judged.as_ref().and_then(|judged| judged.change) else { continue };
        let Parts::Stored { sessions, candidates, variance, between, within_candidate, .. } = change.parts
        else {
            unreachable!()
        };
        let error = (variance / sessions as f64 + (between + within_candidate) / candidates as f64).sqrt();
        assert!((error - change.error).abs() < 1e-12, "{metric}");
        let text = explain(&comparison, 0, metric);
        assert!(text.replace("\n         ", "").contains(&steps::number(change.error)), "{text}");
    }
}
