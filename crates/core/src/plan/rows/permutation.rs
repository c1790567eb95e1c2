//! A shuffled order of any length that takes no memory.
//!
//! Shuffling a list for every user would cost users times rows; a table of a million rows would not fit.
//! A Feistel network is a bijection on the numbers of an even count of bits; where it leaves the range,
//! it is applied again until it is back inside (cycle walking), which keeps it a bijection on the range.

use crate::plan::streams::mix;

const ROUNDS: u64 = 4;

/// An order of the numbers 0 to `len` - 1, chosen by a key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Permutation {
    len: u64,
    key: u64,
    half_bits: u32,
}

impl Permutation {
    /// The order that `key` chooses; `len` is at least 1 and below 2^62.
    pub(crate) fn new(len: u64, key: u64) -> Self {
        let bits = u64::BITS - len.saturating_sub(1).leading_zeros();
        Self { len, key, half_bits: bits.div_ceil(2).max(1) }
    }

    /// The number at `position`, which is below `len`.
    pub(crate) fn at(&self, position: u64) -> u64 {
        // More than a quarter of the network's numbers are in the range, so this ends after a few steps;
        // it ends at all because the walk is a cycle through `position`.
        let mut number = self.network(position);
        while number >= self.len {
            number = self.network(number);
        }
        number
    }

    fn network(&self, number: u64) -> u64 {
        let mask = (1 << self.half_bits) - 1;
        let (mut left, mut right) = (number >> self.half_bits, number & mask);
        for round in 0..ROUNDS {
            (left, right) = (right, left ^ (mix(self.key ^ mix(right ^ (round << 32))) & mask));
        }
        (left << self.half_bits) | right
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn different_keys_give_different_orders() {
        let order = |key| (0..100).map(|at| Permutation::new(100, key).at(at)).collect::<Vec<_>>();
        assert_ne!(order(1), order(2));
        assert_ne!(order(1), (0..100).collect::<Vec<_>>());
    }

    proptest! {
        #[test]
        fn every_number_of_the_range_comes_once(len in 1u64..2000, key: u64) {
            let order = Permutation::new(len, key);
            let mut numbers: Vec<_> = (0..len).map(|position| order.at(position)).collect();
            numbers.sort_unstable();
            prop_assert_eq!(numbers, (0..len).collect::<Vec<_>>());
        }
    }
}
