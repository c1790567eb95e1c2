//! Random numbers that depend on nothing but what they are for.
//!
//! Each draw has a generator of its own, seeded from the simulator's seed, the model and the number of the
//! request. So the answer to a model's n-th request does not depend on what other models were asked in
//! between, nor on the order in which servings end.

use std::f64::consts::TAU;

/// What a generator is for: the streams of one request do not share their numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Stream {
    /// A model's level.
    Level = 1,
    /// The level of a start.
    Session = 2,
    /// How long a serving takes.
    Time = 3,
    /// Whether and how it goes wrong.
    Fault = 4,
    /// What the answer holds.
    Content = 5,
}

/// The generator of `stream` for request number `number` of the model whose name hashes to `model`.
pub(crate) fn generator(seed: u64, stream: Stream, model: u64, number: u64) -> fastrand::Rng {
    let mixed = [stream as u64, model, number].into_iter().fold(mix(seed), |state, part| mix(state ^ part));
    fastrand::Rng::with_seed(mixed)
}

/// Hash of a name: FNV-1a, 64 bits (Fowler, Noll, Vo). The standard library's hasher promises no stable result.
pub(crate) fn name_hash(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// One step of splitmix64 (Steele, Lea, Flood 2014): neighbouring numbers give unrelated seeds.
fn mix(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A standard normal number (Box, Muller 1958).
pub(crate) fn normal(random: &mut fastrand::Rng) -> f64 {
    (-2.0 * above_zero(random).ln()).sqrt() * (TAU * random.f64()).cos()
}

/// Uniform in (0, 1]: fit for a logarithm or a negative power.
pub(crate) fn above_zero(random: &mut fastrand::Rng) -> f64 {
    1.0 - random.f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generators_of_different_seeds_streams_models_and_numbers_differ() {
        let first = |seed, stream, model, number| generator(seed, stream, model, number).u64(..);
        let base = first(1, Stream::Time, 2, 3);
        assert_eq!(base, first(1, Stream::Time, 2, 3));
        for other in [
            first(2, Stream::Time, 2, 3),
            first(1, Stream::Fault, 2, 3),
            first(1, Stream::Time, 3, 3),
            first(1, Stream::Time, 2, 4),
        ] {
            assert_ne!(base, other);
        }
    }

    #[test]
    fn normal_numbers_have_mean_zero_and_variance_one() {
        let count = 20_000_u32;
        let draws: Vec<f64> =
            (0..count).map(|n| normal(&mut generator(7, Stream::Time, 0, n.into()))).collect();
        let mean = draws.iter().sum::<f64>() / f64::from(count);
        let variance = draws.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / f64::from(count);
        // Four standard errors: 1/sqrt(n) of the mean, sqrt(2/n) of the variance.
        assert!(mean.abs() < 0.028, "mean {mean}");
        assert!((variance - 1.0).abs() < 0.04, "variance {variance}");
    }

    #[test]
    fn names_hash_as_published() {
        // Test vectors of the FNV authors.
        assert_eq!(name_hash(""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(name_hash("foobar"), 0x8594_4171_f739_67e8);
    }
}
