//! Annotations of GitHub Actions: workflow commands that its runner finds among the lines of a step.

use super::comparison::red_rows;
use super::comparison::undecided::undecided;
use super::comparison::words::{change_and_interval, title};
use super::reported::{ModuleReport, Standing};
use crate::compare::{Comparison, Outcome};

/// A line for each module that fails (`::error`) or is inconclusive (`::warning`), each with a line end; nothing for
/// the others. GitHub shows ten of a kind for a step, so that there is one for a module and not for a figure.
#[must_use]
pub fn github_annotations(modules: &[ModuleReport]) -> String {
    modules.iter().filter_map(annotation).collect()
}

fn annotation(module: &ModuleReport) -> Option<String> {
    let command = match module.standing() {
        Standing::Good => return None,
        Standing::Doubtful => "warning",
        Standing::Bad => "error",
    };
    let sentence = module.sentence();
    let mut lines = vec![sentence.to_string()];
    lines.extend(module.reservation());
    if let Some(comparison) = &module.comparison {
        if comparison.outcome() == Outcome::Regressed {
            lines.extend(red_figures(comparison));
            lines.extend(comparison.anchor.as_deref().map(red_figures).unwrap_or_default());
        } else {
            lines.extend(undecided(comparison, &title));
        }
    }
    Some(format!("::{command} title={}::{}\n", property(&sentence.claim), data(&lines.join("\n"))))
}

/// `POST /a p50 +20.5 % (+12.4 to +29.2 %)`.
fn red_figures(comparison: &Comparison) -> Vec<String> {
    let rows = red_rows(comparison).into_iter();
    rows.flat_map(|(row, figures)| {
        figures
            .into_iter()
            .map(move |figure| format!("{} {} {}", title(row), figure.metric, change_and_interval(figure)))
    })
    .collect()
}

/// The message of a command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property of a command, which ends at a comma or at colons.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::testing::*;

    #[test]
    fn what_the_runner_would_take_for_the_end_of_a_value_is_escaped() {
        assert_eq!(data("50 %\r\nnext: a, b"), "50 %25%0D%0Anext: a, b");
        assert_eq!(property("a: b, 5 %\n"), "a%3A b%2C 5 %25%0A");
    }

    #[test]
    fn a_regression_is_an_error_and_what_is_undecided_a_warning() {
        let slower = compared(&single(&at("1", 180.0, 1)), &at("2", 230.0, 2));
        let unclear = compared(&single(&at("1", 180.0, 1)), &at("2", 190.0, 2));
        let same = compared(&sessions(5, 180.0), &at("2", 181.0, 2));
        let modules = [module(3, slower), module(0, unclear), module(0, same)];
        insta::assert_snapshot!(github_annotations(&modules), @"
        ::error title=demo got slower::demo got slower: p50 +26 %25 (+12 to +40 %25), 1 of 1 row%0APOST /a p50 +25.6 %25 (+12.3 to +40.5 %25)
        ::warning title=demo is inconclusive::demo is inconclusive: p50 could not be decided in 1 of 1 row%0Ap50 of POST /a: this comparison sees 19 %25 or more; to see 10 %25: 3 interleaved pairs (6 runs: `windtunnel ab demo --a URL --b URL`)
        ");
    }

    #[test]
    fn whatever_makes_the_call_fail_is_an_error() {
        let failing = ModuleReport { word: "unchanged; requests failed".to_owned(), ..unjudged(1) };
        let strict = module(4, compared(&single(&at("1", 180.0, 1)), &at("2", 190.0, 2)));
        let texts = github_annotations(&[failing, strict, unjudged(0)]);
        assert_eq!(texts.matches("::error title=").count(), 2, "{texts}");
        assert_eq!(texts.lines().count(), 2, "{texts}");
    }
}
