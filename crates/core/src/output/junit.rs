//! The report as JUnit XML: a suite for each module, a case for each row and metric that is judged.
//!
//! What got worse is a failure, with the whole reckoning as its text. What could not be judged or decided is skipped,
//! with the reason. Whatever else makes the module fail is a case of its own, so that the file is never green where
//! the exit code is not.

use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};
use windtunnel_stats::verdict::Doubt;

use super::comparison::words::{change_and_interval, title, value_text};
use super::comparison::{anchor_text, red_rows, said};
use super::explain;
use super::reported::{ModuleReport, Standing};
use crate::compare::LimitState;
use crate::compare::{Comparison, Figure, Outcome, RowComparison, Word};

/// The document. Ends with a line end.
#[must_use]
pub fn junit(modules: &[ModuleReport]) -> String {
    let suites: Vec<Suite> = modules.iter().map(Suite::of).collect();
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    // Writing into memory cannot fail.
    let _ = write(&mut writer, &suites);
    String::from_utf8_lossy(&writer.into_inner()).into_owned() + "\n"
}

/// How a case ended.
#[derive(Clone, Debug, PartialEq, Eq)]
enum End {
    Passed,
    /// Message and text.
    Failed(String, String),
    /// Why.
    Skipped(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Case {
    name: String,
    end: End,
}

#[derive(Clone, Debug)]
struct Suite {
    name: String,
    cases: Vec<Case>,
}

impl Suite {
    fn of(module: &ModuleReport) -> Self {
        let mut cases = Vec::new();
        if let Some(comparison) = &module.comparison {
            for (index, row) in comparison.rows.iter().enumerate() {
                cases.extend(row_cases(module, comparison, index, row));
            }
            cases.extend(comparison.anchor.as_deref().map(since_anchor).unwrap_or_default());
        }
        cases.extend(module.limits.iter().map(|limit| Case {
            name: format!("{} {}", limit.row, limit.limit),
            end: match limit.state {
                LimitState::Kept => End::Passed,
                LimitState::Missed => End::Failed(limit.text.clone(), limit.text.clone()),
                LimitState::NotEnough => End::Skipped(limit.text.clone()),
            },
        }));
        let mut suite = Self { name: module.name.clone(), cases };
        suite.cases.extend(suite.verdict_of(module));
        suite
    }

    /// The case of the module itself, where no other one says what it comes to.
    fn verdict_of(&self, module: &ModuleReport) -> Option<Case> {
        let is_told = self.count(|end| matches!(end, End::Failed(..))) > 0;
        let end = match module.standing() {
            Standing::Bad if !is_told => {
                let text =
                    format!("{}\nexit code {}: {}", module.sentence(), module.exit.code, module.exit.meaning);
                End::Failed(module.word.clone(), text)
            }
            _ if self.cases.is_empty() => End::Skipped(module.word.clone()),
            _ => return None,
        };
        Some(Case { name: "verdict".to_owned(), end })
    }

    fn count(&self, is: impl Fn(&End) -> bool) -> usize {
        self.cases.iter().filter(|case| is(&case.end)).count()
    }
}

fn row_cases(module: &ModuleReport, comparison: &Comparison, index: usize, row: &RowComparison) -> Vec<Case> {
    if row.figures.is_empty() {
        let why = said(row).unwrap_or_else(|| "no figures".to_owned());
        return vec![Case { name: title(row), end: End::Skipped(why) }];
    }
    let judged = row.figures.iter().filter(|figure| figure.word != Word::Shown);
    judged
        .map(|figure| Case {
            name: format!("{} {}", title(row), figure.metric),
            end: match &figure.word {
                Word::Improved | Word::Unchanged | Word::Shown => End::Passed,
                Word::Regressed => {
                    End::Failed(message(row, figure), explain(comparison, index, figure.metric))
                }
                Word::NotJudged(why) => End::Skipped(format!("not judged: {why}")),
                Word::Inconclusive => inconclusive(module, comparison, index, figure),
            },
        })
        .collect()
}

/// Skipped, or failed where it is what makes the module fail.
fn inconclusive(module: &ModuleReport, comparison: &Comparison, row: usize, figure: &Figure) -> End {
    let is_doubt = comparison.doubts.iter().any(|doubt| match doubt {
        Doubt::Undecided(at, metric) | Doubt::SuspiciousTail(at, metric) => {
            (*at, *metric) == (row, figure.metric)
        }
        _ => false,
    });
    let why = format!("inconclusive: {}", change_and_interval(figure));
    if is_doubt && module.inconclusive_fails && comparison.outcome() == Outcome::Inconclusive {
        End::Failed(why, explain(comparison, row, figure.metric))
    } else {
        End::Skipped(why)
    }
}

/// `p50 of POST /a got worse: 180 ms -> 217 ms, +20.5 % (+12.4 to +29.2 %)`.
fn message(row: &RowComparison, figure: &Figure) -> String {
    let value = |value| value_text(figure.metric, value);
    format!(
        "{} of {} got worse: {} -> {}, {}",
        figure.metric,
        title(row),
        value(figure.old),
        value(figure.new),
        change_and_interval(figure)
    )
}

/// What got worse since the anchor.
fn since_anchor(anchor: &Comparison) -> Vec<Case> {
    let case = |row: &RowComparison, figure: &Figure| Case {
        name: format!("{} {} since the anchor", title(row), figure.metric),
        end: End::Failed(
            format!("{}: {}", anchor_text(anchor), message(row, figure)),
            anchor
                .rows
                .iter()
                .position(|other| std::ptr::eq(other, row))
                .map_or_else(String::new, |index| explain(anchor, index, figure.metric)),
        ),
    };
    let red = red_rows(anchor);
    red.iter().flat_map(|(row, figures)| figures.iter().map(|figure| case(row, figure))).collect()
}

fn write(writer: &mut Writer<Vec<u8>>, suites: &[Suite]) -> io::Result<()> {
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let count = |is: fn(&End) -> bool| suites.iter().map(|suite| suite.count(is)).sum::<usize>();
    let [tests, failures, skipped] = counts(count);
    writer
        .create_element("testsuites")
        .with_attributes([("name", "windtunnel"), ("tests", tests.as_str())])
        .with_attributes([("failures", failures.as_str()), ("errors", "0"), ("skipped", skipped.as_str())])
        .write_inner_content(|writer| suites.iter().try_for_each(|suite| write_suite(writer, suite)))?;
    Ok(())
}

/// Numbers of cases, of failures, of what was skipped.
fn counts(count: impl Fn(fn(&End) -> bool) -> usize) -> [String; 3] {
    let is: [fn(&End) -> bool; 3] =
        [|_| true, |end| matches!(end, End::Failed(..)), |end| matches!(end, End::Skipped(_))];
    is.map(|is| count(is).to_string())
}

fn write_suite(writer: &mut Writer<Vec<u8>>, suite: &Suite) -> io::Result<()> {
    let [tests, failures, skipped] = counts(|is| suite.count(is));
    let name = allowed(&suite.name);
    writer
        .create_element("testsuite")
        .with_attributes([("name", name.as_str()), ("tests", tests.as_str())])
        .with_attributes([("failures", failures.as_str()), ("errors", "0"), ("skipped", skipped.as_str())])
        .write_inner_content(|writer| {
            suite.cases.iter().try_for_each(|case| write_case(writer, &name, case))
        })?;
    Ok(())
}

fn write_case(writer: &mut Writer<Vec<u8>>, class: &str, case: &Case) -> io::Result<()> {
    let name = allowed(&case.name);
    let element =
        writer.create_element("testcase").with_attributes([("classname", class), ("name", name.as_str())]);
    match &case.end {
        End::Passed => element.write_empty()?,
        End::Skipped(why) => element.write_inner_content(|writer| {
            writer
                .create_element("skipped")
                .with_attribute(("message", allowed(why).as_str()))
                .write_empty()?;
            Ok(())
        })?,
        End::Failed(message, text) => element.write_inner_content(|writer| {
            let message = allowed(message);
            let failure = writer.create_element("failure");
            let failure = failure.with_attributes([("message", message.as_str()), ("type", "verdict")]);
            failure.write_text_content(BytesText::new(&allowed_lines(text)))?;
            Ok(())
        })?,
    };
    Ok(())
}

/// In an attribute: on one line, without the characters that XML 1.0 forbids even as references.
fn allowed(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { permitted(c) }).collect()
}

/// In a text: with its line ends.
fn allowed_lines(text: &str) -> String {
    text.chars().map(permitted).collect()
}

/// The production `Char` of XML 1.0; what is none becomes the replacement character.
fn permitted(character: char) -> char {
    match character {
        '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'.. => character,
        _ => char::REPLACEMENT_CHARACTER,
    }
}

#[cfg(test)]
mod tests;
