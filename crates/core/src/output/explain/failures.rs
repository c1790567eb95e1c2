//! The reckoning of failures.

use windtunnel_stats::verdict::{FailureChange, Rules};

use super::change::{rank, so};
use super::steps::{Steps, number, signed, yes};
use crate::compare::{Comparison, Figure, Word};
use crate::output::comparison::words::count;

/// Below this p of independent failures a large difference is called whatever the other figures say (3.12).
const GROSS_P: f64 = 0.001;
/// Below this one more failures are worth a second look (3.12).
const SUSPICIOUS_P: f64 = 0.025;

/// Every step from the counts to the word.
pub(super) fn explain(steps: &mut Steps, comparison: &Comparison, figure: &Figure, change: &FailureChange) {
    let ((f0, n0), (f1, n1)) = (change.before, change.after);
    let share = |(failures, requests): (u64, u64)| number(failures as f64 / requests as f64);
    steps.begin("The counts", "3.10");
    steps.say("All failures and all requests of all runs of each side.");
    steps.formula(&format!(
        "baseline {f0} of {n0} = {}, now {f1} of {n1} = {}, difference {}",
        share(change.before),
        share(change.after),
        signed(change.difference)
    ));

    steps.begin("Do failures come in clusters", "3.10");
    steps.say(
        "One restart fails many requests at once, which are one event and not many. D is by how much failures vary \
         more over time, or between the baseline's runs, than independent ones would; each counts for one D-th.",
    );
    let part = |count: u64| number(count as f64 / change.clustering);
    steps.formula(&format!(
        "D = {}: {} of {} and {} of {} count",
        number(change.clustering),
        part(f0),
        part(n0),
        part(f1),
        part(n1)
    ));

    steps.begin("Could it be chance", "3.10");
    let pi = n1 as f64 / (n0 as f64 + n1 as f64);
    steps.say(&format!(
        "If nothing had changed, each failure would fall to the new runs with the probability {}, their part of \
         all requests. p(worse) is how probable at least so many are there, p(better) at most so many; I is the \
         incomplete beta function, a0 and a1 the counts above.",
        number(pi)
    ));
    steps.formula(&format!(
        "p(worse) = I({}; {}, {} + 1) = {}",
        number(pi),
        part(f1),
        part(f0),
        number(change.worse.p)
    ));
    steps.formula(&format!(
        "p(better) = I({}; {}, {} + 1) = {}",
        number(1.0 - pi),
        part(f0),
        part(f1),
        number(change.better.p)
    ));
    steps.formula(&format!("p(worse) without clusters, D = 1: {}", number(change.independent)));

    steps.begin("Many figures are looked at", "3.12");
    steps.say(&format!(
        "As for all {} of the report, p is compared with q times its rank among them, divided by their number.",
        count(change.worse.family, "figure")
    ));
    rank(steps, "worse", &change.worse);
    rank(steps, "better", &change.better);

    steps.begin("How many more may there be", "3.10");
    steps.say(
        "What the difference is below with 95 % confidence (Newcombe's bound, from Wilson's intervals).",
    );
    steps.formula(&format!("up to {}", signed(change.upper)));
    rule(steps, comparison, figure, change);
}

/// The rule that finds the word, case by case.
fn rule(steps: &mut Steps, comparison: &Comparison, figure: &Figure, change: &FailureChange) {
    let rules = &comparison.rules;
    let floor = rules.fail_floor;
    let gross = Rules::GROSS_FAILURES.max(floor);
    let d = change.difference;
    steps.begin("The word", "3.12");
    steps.say(&format!(
        "A difference below the floor of {} is never called. The first of these that holds is the word:",
        number(floor)
    ));
    steps.formula(&format!(
        "regressed: chance is excluded ({}), and {} >= {} ({})",
        yes(change.worse.rejected),
        signed(d),
        number(floor),
        yes(d >= floor)
    ));
    steps.formula(&format!(
        "regressed too: {} >= {} ({}), and p without clusters {} <= {} ({})",
        signed(d),
        number(gross),
        yes(d >= gross),
        number(change.independent),
        number(GROSS_P),
        yes(change.independent <= GROSS_P)
    ));
    steps.formula(&format!(
        "improved: chance is excluded ({}), and {} <= {} ({})",
        yes(change.better.rejected),
        signed(d),
        signed(-floor),
        yes(d <= -floor)
    ));
    steps.formula(&format!(
        "inconclusive: p without clusters {} <= {} ({}), and {} >= {} ({})",
        number(change.independent),
        number(SUSPICIOUS_P),
        yes(change.independent <= SUSPICIOUS_P),
        signed(d),
        number(floor),
        yes(d >= floor)
    ));
    steps.formula(&format!(
        "unchanged: up to {} is below {} ({}), or nothing failed now ({})",
        signed(change.upper),
        number(rules.fail_margin),
        yes(change.upper < rules.fail_margin),
        yes(change.after.0 == 0)
    ));
    steps.formula("inconclusive: none of these");
    so(steps, figure);
    if figure.word == Word::Unchanged && change.after.0 == 0 && change.after.1 > 0 {
        steps.say(&format!(
            "Failures rarer than 3 in {} requests ({}) cannot be seen in so many.",
            change.after.1,
            number(3.0 / change.after.1 as f64)
        ));
    }
}
