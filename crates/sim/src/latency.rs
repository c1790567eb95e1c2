//! How long the n-th serving of a model takes. Pure: no clock, no waiting.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use crate::draw::{self, Stream};
use crate::options::{Latency, MAX_LATENCY};

/// Share of servings that are outliers.
const OUTLIERS: f64 = 0.01;
/// An outlier lasts a Pareto-distributed multiple of its time: at least this ...
const OUTLIER_MIN: f64 = 2.0;
/// ... and at most this, so that one request does not make a run's maximum unreadable.
const OUTLIER_MAX: f64 = 10.0;
/// Shape of that Pareto distribution; 3 gives it a mean and a variance.
const OUTLIER_SHAPE: f64 = 3.0;

/// The times of all servings of one start.
#[derive(Clone, Debug)]
pub(crate) struct Times {
    seed: u64,
    session: u64,
    /// Median latency × slowdown × the session's level, in seconds.
    base: f64,
    spread: f64,
}

impl Times {
    /// The times of the session that `session` seeds; `seed` gives the models' levels.
    pub(crate) fn new(seed: u64, session: u64, latency: &Latency) -> Self {
        let mut random = draw::generator(session, Stream::Session, 0, 0);
        let level = (latency.session_noise * draw::normal(&mut random)).exp();
        let base = latency.median.as_secs_f64() * latency.slowdown * level;
        Self { seed, session, base, spread: latency.spread }
    }

    /// How slow a model is compared with the others: from 0.5 to 2, uniform on the logarithmic scale.
    pub(crate) fn level(&self, model: u64) -> f64 {
        let mut random = draw::generator(self.seed, Stream::Level, model, 0);
        (2.0 * random.f64() - 1.0).exp2()
    }

    /// The time of serving `number` of a model: lognormal, one in a hundred stretched; at most an hour.
    ///
    /// Without a spread there are no outliers either.
    pub(crate) fn serving(&self, model: u64, number: u64) -> Duration {
        let mut seconds = self.base * self.level(model);
        if self.spread > 0.0 {
            let mut random = draw::generator(self.session, Stream::Time, model, number);
            seconds *= (self.spread * draw::normal(&mut random)).exp();
            if random.f64() < OUTLIERS {
                let stretch = OUTLIER_MIN * draw::above_zero(&mut random).powf(-1.0 / OUTLIER_SHAPE);
                seconds *= stretch.min(OUTLIER_MAX);
            }
        }
        Duration::try_from_secs_f64(seconds).unwrap_or(MAX_LATENCY).min(MAX_LATENCY)
    }
}

/// 64 bits from the operating system: the standard library keys its hashers with them.
pub(crate) fn seed_of_the_system() -> u64 {
    RandomState::new().hash_one(0_u8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::name_hash;

    fn times(change: impl FnOnce(&mut Latency)) -> Times {
        times_of_session(1, change)
    }

    fn times_of_session(session: u64, change: impl FnOnce(&mut Latency)) -> Times {
        let mut latency = Latency::default();
        change(&mut latency);
        Times::new(1, session, &latency)
    }

    fn sorted_ms(times: &Times, model: u64, count: u64) -> Vec<f64> {
        let mut all: Vec<f64> = (0..count).map(|n| times.serving(model, n).as_secs_f64() * 1e3).collect();
        all.sort_unstable_by(f64::total_cmp);
        all
    }

    #[test]
    fn the_same_seed_model_and_number_give_the_same_time() {
        let (one, other) = (times(|_| ()), times(|_| ()));
        let model = name_hash("langid");
        for number in 0..100 {
            assert_eq!(one.serving(model, number), other.serving(model, number));
        }
        assert_ne!(one.serving(model, 0), one.serving(model, 1));
        assert_ne!(one.serving(model, 0), Times::new(2, 1, &Latency::default()).serving(model, 0));
    }

    #[test]
    fn another_session_of_the_same_seed_has_the_same_levels_but_other_times() {
        let (one, other) = (times(|_| ()), times_of_session(2, |_| ()));
        assert_eq!(one.level(7).to_bits(), other.level(7).to_bits());
        assert_ne!(one.serving(7, 0), other.serving(7, 0));
    }

    #[test]
    fn models_differ_by_at_most_a_factor_of_four() {
        let times = times(|_| ());
        let levels: Vec<f64> = (0..1_000).map(|n| times.level(name_hash(&format!("model-{n}")))).collect();
        assert!(levels.iter().all(|level| (0.5..=2.0).contains(level)));
        assert!(levels.iter().any(|level| *level < 0.6) && levels.iter().any(|level| *level > 1.8));
    }

    #[test]
    fn the_median_of_a_model_is_its_level_and_the_tail_is_light() {
        let times = times(|_| ());
        let model = name_hash("readability");
        let median = 40.0 * times.level(model);
        let all = sorted_ms(&times, model, 20_000);
        // Four standard errors of the median: 1.253 x 0.25 / sqrt(20 000), relative.
        assert!((all[10_000] / median - 1.0).abs() < 0.009, "{} against {median}", all[10_000]);
        let outliers = all.iter().filter(|ms| **ms > 2.5 * median).count();
        assert!((20..400).contains(&outliers), "{outliers}");
        assert!(all[19_999] < 40.0 * median);
    }

    #[test]
    fn a_slowdown_multiplies_every_serving() {
        let (plain, slow) = (times(|_| ()), times(|latency| latency.slowdown = 1.5));
        for number in 0..1_000 {
            let ratio = slow.serving(3, number).as_secs_f64() / plain.serving(3, number).as_secs_f64();
            assert!((ratio - 1.5).abs() < 1e-6, "{ratio}");
        }
    }

    #[test]
    fn without_spread_every_serving_of_a_model_lasts_the_same() {
        let times = times(|latency| latency.spread = 0.0);
        let expected = Duration::from_secs_f64(0.04 * times.level(9));
        assert!((0..1_000).all(|number| times.serving(9, number) == expected));
    }

    #[test]
    fn a_median_of_zero_takes_no_time() {
        let times = times(|latency| latency.median = Duration::ZERO);
        assert_eq!(times.serving(9, 0), Duration::ZERO);
    }

    #[test]
    fn the_session_level_follows_its_own_seed() {
        let with = |session| {
            times_of_session(session, |latency| {
                latency.session_noise = 0.1;
                latency.spread = 0.0;
            })
        };
        assert_eq!(with(1).serving(3, 0), with(1).serving(3, 0));
        let ratio =
            |number| with(1).serving(3, number).as_secs_f64() / with(2).serving(3, number).as_secs_f64();
        assert!((ratio(0) - 1.0).abs() > 1e-3, "two sessions are alike");
        assert!((ratio(0) - ratio(1)).abs() < 1e-6, "the level changes within a session");
    }

    #[test]
    fn without_spread_and_session_noise_two_starts_are_alike() {
        let with = |session| times_of_session(session, |latency| latency.spread = 0.0);
        assert_eq!(with(1).serving(3, 0), with(2).serving(3, 0));
    }

    #[test]
    fn a_session_without_a_seed_takes_one_from_the_system() {
        let seeds: Vec<u64> = (0..8).map(|_| seed_of_the_system()).collect();
        assert!(seeds.iter().any(|one| *one != seeds[0]), "{seeds:?}");
    }

    #[test]
    fn the_longest_serving_is_an_hour() {
        let times = times(|latency| {
            latency.median = MAX_LATENCY;
            latency.slowdown = 1_000.0;
        });
        assert_eq!(times.serving(1, 1), MAX_LATENCY);
    }
}
