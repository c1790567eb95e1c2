//! Distinct texts of failures, bounded.

use std::collections::HashMap;

use crate::clock::RunTime;

/// How many distinct texts one row of one interval keeps; later ones are counted as [`OTHER`]. How many a whole
/// run keeps is the collector's affair.
pub const MAX_TEXTS: usize = 100;

/// What texts beyond [`MAX_TEXTS`] are counted as.
pub const OTHER: &str = "other failures (too many different texts)";

/// How often one text came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FailureCount {
    /// Occurrences.
    pub count: u64,
    /// The first.
    pub first: RunTime,
    /// The last.
    pub last: RunTime,
}

impl FailureCount {
    /// Adds what another thread or interval counted.
    pub fn merge(&mut self, other: Self) {
        self.count += other.count;
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
    }
}

/// Failures of one row by text.
#[derive(Debug, Default)]
pub struct FailureTexts(HashMap<Box<str>, FailureCount>);

impl FailureTexts {
    /// Counts `text` at `at`.
    pub fn count(&mut self, text: &str, at: RunTime) {
        self.add(text, FailureCount { count: 1, first: at, last: at });
    }

    /// Adds a count under `text`, or under [`OTHER`] where there is no room for another text.
    pub fn add(&mut self, text: &str, count: FailureCount) {
        if let Some(known) = self.0.get_mut(text) {
            known.merge(count);
        } else if self.0.len() < MAX_TEXTS || text == OTHER {
            self.0.insert(text.into(), count);
        } else {
            self.add(OTHER, count);
        }
    }

    /// Text and count, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, FailureCount)> {
        self.0.iter().map(|(text, count)| (&**text, *count))
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_beyond_the_bound_are_counted_as_other() {
        let mut texts = FailureTexts::default();
        for n in 0..MAX_TEXTS as u64 + 7 {
            texts.count(&format!("text {n}"), RunTime(n));
        }
        let other = texts.iter().find(|(text, _)| *text == OTHER).unwrap().1;
        assert_eq!(other, FailureCount { count: 7, first: RunTime(100), last: RunTime(106) });
        assert_eq!(texts.iter().map(|(_, count)| count.count).sum::<u64>(), MAX_TEXTS as u64 + 7);
    }
}
