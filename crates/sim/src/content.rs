//! Plausible contents of answers, drawn from a given generator: shares, vectors, words, ids.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

/// The version that every model claims to have.
pub(crate) const MODEL_VERSION: &str = "1";

const WORDS: [&str; 16] = [
    "air", "flow", "lift", "drag", "wing", "over", "under", "the", "a", "of", "and", "turns", "moves",
    "slowly", "smooth", "stream",
];

/// A probability with four digits.
pub(crate) fn share(random: &mut fastrand::Rng) -> f64 {
    f64::from(random.u32(0..=10_000)) / 1e4
}

/// A probability and its complement, with four digits each.
pub(crate) fn shares(random: &mut fastrand::Rng) -> (f64, f64) {
    let part = random.u32(0..=10_000);
    (f64::from(part) / 1e4, f64::from(10_000 - part) / 1e4)
}

/// Numbers from -1 to 1 with four digits.
pub(crate) fn vector(len: usize, random: &mut fastrand::Rng) -> Vec<f64> {
    (0..len).map(|_| f64::from(random.i32(-10_000..=10_000)) / 1e4).collect()
}

/// `count` embeddings as OpenAI lists them.
pub(crate) fn embeddings(count: usize, dimensions: usize, random: &mut fastrand::Rng) -> Vec<Value> {
    (0..count)
        .map(
            |index| json!({ "object": "embedding", "index": index, "embedding": vector(dimensions, random) }),
        )
        .collect()
}

/// A text of `count` words.
pub(crate) fn words(count: u32, random: &mut fastrand::Rng) -> String {
    let mut text = String::with_capacity(count as usize * 6);
    for _ in 0..count {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(WORDS[random.usize(..WORDS.len())]);
    }
    text
}

/// An id of 32 hexadecimal digits.
pub(crate) fn id(random: &mut fastrand::Rng) -> String {
    format!("{:032x}", random.u128(..))
}

/// Now, in whole seconds since 1970, as OpenAI's `created`.
pub(crate) fn created() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_as_many_words_as_asked_for() {
        let mut random = fastrand::Rng::with_seed(1);
        for count in [0, 1, 2, 500] {
            assert_eq!(words(count, &mut random).split_whitespace().count(), count as usize);
        }
    }

    #[test]
    fn shares_sum_up_to_one_and_vectors_stay_in_range() {
        let mut random = fastrand::Rng::with_seed(1);
        for _ in 0..1_000 {
            let (yes, no) = shares(&mut random);
            assert!((yes + no - 1.0).abs() < 1e-12);
            assert!((0.0..=1.0).contains(&share(&mut random)));
        }
        assert!(vector(1_000, &mut random).iter().all(|x| (-1.0..=1.0).contains(x)));
    }
}
