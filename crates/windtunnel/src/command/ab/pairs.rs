//! How many pairs of runs, in which order, and when the comparison is asked.

use std::time::Duration;

use windtunnel_core::error::Problem;
use windtunnel_core::units::format_duration;

use crate::args::AbArgs;

/// With fewer, how much runs of one version differ is hardly known.
pub(super) const FEWEST: usize = 3;
/// More than anybody waits for: a typing mistake.
const MOST: usize = 100;

/// The plan of pairs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pairs {
    /// After so many it is asked for the first time.
    pub(super) least: usize,
    /// After so many it is asked for the last time.
    pub(super) most: usize,
}

impl Pairs {
    /// `--pairs` and `--up-to`.
    pub(super) fn read(args: &AbArgs) -> Result<Self, Problem> {
        let least = args.pairs;
        if !(FEWEST..=MOST).contains(&least) {
            let message = format!("--pairs: expected a number from {FEWEST} to {MOST}, got `{least}`");
            let help = "how much runs of one version differ is learned from the pairs: fewer than three tell nothing";
            return Err(Problem::new(message).help(help));
        }
        let most = args.up_to.unwrap_or(least);
        if !(least..=MOST).contains(&most) {
            let message =
                format!("--up-to: expected a number from {least} (--pairs) to {MOST}, got `{most}`");
            return Err(Problem::new(message));
        }
        Ok(Self { least, most })
    }

    /// How often it is asked at most.
    pub(super) fn looks(self) -> usize {
        self.most - self.least + 1
    }

    /// Whether it is asked after so many pairs if it goes on, and not only at its end.
    pub(super) fn asks_after(self, pairs: usize) -> bool {
        (self.least..self.most).contains(&pairs)
    }

    /// Which version runs first and which second in pair number `pair`, from 0: A B B A A B, so that a straight drift
    /// does the same to both.
    pub(super) fn order(pair: usize) -> [usize; 2] {
        if pair.is_multiple_of(2) { [0, 1] } else { [1, 0] }
    }

    /// Pair number `pair`, from 0, in words.
    pub(super) fn place(self, pair: usize) -> String {
        let at_most = if self.looks() > 1 { "at most " } else { "" };
        format!("pair {} of {at_most}{}", pair + 1, self.most)
    }

    /// What is said beforehand: how many runs in what order, and how long they take, each of this length.
    pub(super) fn announcement(self, run_time: Duration) -> Vec<String> {
        let letters = (0..self.most.min(FEWEST)).flat_map(Self::order).map(|version| ["A", "B"][version]);
        let mut order = letters.collect::<Vec<_>>().join(" ");
        if self.most > FEWEST {
            order += " ...";
        }
        let time = |pairs: usize| {
            let runs = u32::try_from(2 * pairs).unwrap_or(u32::MAX);
            format_duration(run_time.saturating_mul(runs))
        };
        let range = |of: &dyn Fn(usize) -> String| match (of(self.least), of(self.most)) {
            (least, most) if least == most => least,
            (least, most) => format!("{least} to {most}"),
        };
        let pairs = range(&|pairs| pairs.to_string());
        let runs = range(&|pairs| (2 * pairs).to_string());
        let mut lines = vec![format!("{order}: {pairs} pairs, {runs} runs, {} in all", range(&time))];
        if self.looks() > 1 {
            let least = self.least;
            lines.push(format!(
                "it ends as soon as it is decided, after pair {least} at the earliest; {}",
                self.rule()
            ));
        }
        lines
    }

    /// What is said afterwards of when it was asked; `None` where it was asked once, as always.
    pub(super) fn note(self, pairs: usize, decided: bool) -> Option<String> {
        let most = self.most;
        let when = if decided {
            format!("decided after {pairs} of at most {most} pairs")
        } else {
            format!("not decided after {pairs} of at most {most} pairs")
        };
        (self.looks() > 1).then(|| format!("{when}; {}", self.rule()))
    }

    /// The error of several looks, in words: that of `Rules::with_looks`.
    fn rule(self) -> String {
        let looks = self.looks();
        format!(
            "each of {looks} looks has 1/{looks} of the error, so that together they err as rarely as one"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: usize, up_to: Option<usize>) -> Result<Pairs, String> {
        Pairs::read(&AbArgs { pairs, up_to, ..AbArgs::default() }).map_err(|problem| problem.message)
    }

    #[test]
    fn there_are_three_pairs_or_more_and_no_fewer_at_the_end_than_at_first() {
        assert_eq!(read(3, None), Ok(Pairs { least: 3, most: 3 }));
        assert_eq!(read(4, Some(6)), Ok(Pairs { least: 4, most: 6 }));
        for (pairs, up_to) in [(0, None), (2, None), (2, Some(6)), (101, None), (4, Some(3)), (3, Some(101))]
        {
            assert!(read(pairs, up_to).is_err(), "{pairs} {up_to:?}");
        }
    }

    #[test]
    fn each_version_is_first_as_often_as_second_and_a_straight_drift_cancels() {
        let order: Vec<usize> = (0..4).flat_map(Pairs::order).collect();
        assert_eq!(order, [0, 1, 1, 0, 0, 1, 1, 0]);
        let places = |version: usize| order.iter().enumerate().filter(move |(_, of)| **of == version);
        let sum = |version| places(version).map(|(place, _)| place).sum::<usize>();
        assert_eq!(sum(0), sum(1));
    }

    #[test]
    fn it_is_asked_from_the_least_to_the_most() {
        let pairs = Pairs { least: 3, most: 6 };
        assert_eq!(pairs.looks(), 4);
        let asked: Vec<usize> = (1..=6).filter(|count| pairs.asks_after(*count)).collect();
        // After the sixth it ends anyway.
        assert_eq!(asked, [3, 4, 5]);
        assert_eq!(pairs.place(1), "pair 2 of at most 6");
    }

    #[test]
    fn what_is_said_tells_order_time_and_error() {
        let said = |least, most| Pairs { least, most }.announcement(Duration::from_secs(20)).join("\n");
        insta::assert_snapshot!(said(3, 3), @"A B B A A B: 3 pairs, 6 runs, 2m in all");
        insta::assert_snapshot!(said(3, 6), @r"
        A B B A A B ...: 3 to 6 pairs, 6 to 12 runs, 2m to 4m in all
        it ends as soon as it is decided, after pair 3 at the earliest; each of 4 looks has 1/4 of the error, so that together they err as rarely as one
        ");
        assert_eq!(Pairs { least: 3, most: 3 }.note(3, true), None);
        insta::assert_snapshot!(Pairs { least: 3, most: 6 }.note(4, true).unwrap(), @"decided after 4 of at most 6 pairs; each of 4 looks has 1/4 of the error, so that together they err as rarely as one");
        assert!(Pairs { least: 3, most: 6 }.note(6, false).unwrap().starts_with("not decided after 6"));
    }
}
