//! The noise between sessions that stored sessions of one and the same server show, and what follows from it.

use crate::Metric;
use crate::verdict::stored::{Values, mean};
use crate::verdict::{Noise, Rules, Stored};

/// The noise of one metric.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measured {
    /// Standard deviation between sessions on the logarithmic scale, without what lies inside them.
    pub deviation: f64,
    /// Degrees of freedom: sessions beyond the first of each epoch.
    pub freedom: f64,
}

/// The noise between sessions, pooled over rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MeasuredNoise {
    by_metric: Vec<(Metric, Measured)>,
}

impl Measured {
    /// From so many degrees of freedom on a measured noise counts: five sessions of one epoch.
    pub const ENOUGH: f64 = 4.0;

    fn is_enough(self) -> bool {
        self.freedom >= Self::ENOUGH
    }
}

impl MeasuredNoise {
    /// Of all stored sessions of all rows: the variance of the sessions' values in their epochs, pooled over the
    /// rows, less what the variance inside the sessions contributes to it. Rows of one session are not independent
    /// of each other, so the degrees of freedom are those of one row.
    #[must_use]
    pub fn of(rows: &[&Stored]) -> Self {
        let metrics = [Metric::Average, Metric::P50, Metric::P95, Metric::P99, Metric::Rate];
        let measured = |metric| Some((metric, of_metric(rows, metric)?));
        Self { by_metric: metrics.into_iter().filter_map(measured).collect() }
    }

    /// That of a metric; `None` where no epoch has two sessions.
    #[must_use]
    pub fn metric(&self, metric: Metric) -> Option<Measured> {
        self.by_metric.iter().find(|(of, _)| *of == metric).map(|(_, measured)| *measured)
    }

    /// Whether there are enough sessions for the measured noise to count: five of one version, or as much.
    #[must_use]
    pub fn is_enough(&self) -> bool {
        self.metric(Metric::P50).is_some_and(Measured::is_enough)
    }
}

fn of_metric(rows: &[&Stored], metric: Metric) -> Option<Measured> {
    let (mut squares, mut pooled, mut freedom) = (0.0, 0.0, 0.0_f64);
    for row in rows {
        let Some(values) = Values::baseline_of(row, metric) else { continue };
        let mut of_row = 0.0;
        for epoch in &values.epochs {
            let (mean, sessions) = (mean(epoch), epoch.len() as f64);
            let within: f64 = epoch.iter().map(|value| value.within).sum();
            // The squares of n sessions hold n - 1 times the noise and (n - 1) / n of all that lies inside.
            squares += epoch.iter().map(|value| (value.y - mean).powi(2)).sum::<f64>();
            squares -= within * (sessions - 1.0) / sessions;
            of_row += sessions - 1.0;
        }
        pooled += of_row;
        freedom = freedom.max(of_row);
    }
    if pooled < 1.0 {
        return None;
    }
    Some(Measured { deviation: (squares / pooled).max(0.0).sqrt(), freedom })
}

impl Rules {
    /// The rules for a baseline of which `measured` is known. `noise` is what the user said of it, if anything.
    ///
    /// Where enough was measured of a metric it replaces what is expected beforehand if it is larger; a handful of
    /// quiet sessions does not prove that a machine is quiet, and what they show enters each test anyway. Before
    /// that, and unless the user spoke, tails are judged with caution. The measured sessions enter twice, in the
    /// expected noise and in the test, but only ever to widen it: nothing is red that these sessions would not make
    /// red without it.
    #[must_use]
    pub fn of_history(noise: Option<Noise>, measured: &MeasuredNoise) -> Self {
        let usual = Self::default().with_noise(noise.unwrap_or_default());
        let cautious = if noise.is_none() { usual.with_cautious_tails() } else { usual };
        let mut rules = usual;
        for metric in [Metric::Average, Metric::P50, Metric::P95, Metric::P99, Metric::Rate] {
            let (of, relative) = match measured.metric(metric).filter(|found| found.is_enough()) {
                Some(found) => {
                    let expected = usual.sigma.of(metric);
                    let of = expected.max(found.deviation);
                    (of, usual.sigma_relative.of(metric) * of / expected)
                }
                None => (cautious.sigma.of(metric), cautious.sigma_relative.of(metric)),
            };
            rules.sigma.set(metric, of);
            rules.sigma_relative.set(metric, relative);
        }
        rules
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::testing::{cell, moved, session, stored};

    /// A row whose sessions lie at these distances from 0.1 s, in every metric.
    fn row(epochs: &[&[f64]]) -> Stored {
        let mut id = 0;
        let mut sessions = |moves: &[f64]| {
            let session = |by: &f64| {
                id += 1;
                let all = [Metric::Average, Metric::P50, Metric::P95, Metric::P99, Metric::Rate];
                session(id, &all.iter().fold(cell(), |run, metric| moved(&run, *metric, *by)))
            };
            moves.iter().map(session).collect::<Vec<_>>()
        };
        let mut epochs: Vec<_> = epochs.iter().map(|moves| sessions(moves)).collect();
        let baseline = epochs.pop().unwrap();
        Stored { earlier: epochs, ..stored(baseline, Vec::new()) }
    }

    const FIVE: [f64; 5] = [-0.2, -0.1, 0.0, 0.1, 0.2];

    #[test]
    fn noise_is_what_sessions_differ_by_beyond_their_own_spread() {
        let noise = MeasuredNoise::of(&[&row(&[&FIVE])]);
        let found = noise.metric(Metric::P50).unwrap();
        // Squares 0.1 over four degrees of freedom, less 0.02 squared.
        assert!((found.deviation - (0.025_f64 - 0.0004).sqrt()).abs() < 1e-12, "{found:?}");
        assert!((found.freedom - 4.0).abs() < 1e-12 && noise.is_enough());
    }

    #[test]
    fn epochs_are_measured_each_from_its_own_mean() {
        let apart = MeasuredNoise::of(&[&row(&[&[3.0, 3.1, 3.2], &[-0.1, 0.0, 0.1]])]);
        let found = apart.metric(Metric::Rate).unwrap();
        assert!((found.deviation - (0.04_f64 / 4.0 - 0.0004).sqrt()).abs() < 1e-12, "{found:?}");
        assert!(apart.is_enough());
        assert!(!MeasuredNoise::of(&[&row(&[&[0.1], &[0.2], &[0.3, 0.4]])]).is_enough());
    }

    #[test]
    fn rows_of_the_same_sessions_are_no_more_sessions() {
        let (one, two) = (row(&[&[-0.1, 0.1]]), row(&[&[-0.3, 0.3]]));
        let noise = MeasuredNoise::of(&[&one, &two]);
        let found = noise.metric(Metric::P50).unwrap();
        assert!((found.freedom - 1.0).abs() < 1e-12);
        assert!((found.deviation - (0.2_f64 / 2.0 - 0.0004).sqrt()).abs() < 1e-12);
    }

    #[test]
    fn one_session_or_none_shows_no_noise() {
        for rows in [vec![], vec![row(&[&[0.1]])], vec![row(&[&[]])]] {
            let noise = MeasuredNoise::of(&rows.iter().collect::<Vec<_>>());
            assert_eq!(noise.metric(Metric::P50), None);
            assert!(!noise.is_enough());
        }
        // Sessions closer together than their own spread allows.
        let found = MeasuredNoise::of(&[&row(&[&[0.0; 5]])]).metric(Metric::P99).unwrap();
        assert!(found.deviation.abs() < 1e-12);
    }

    #[test]
    fn only_a_larger_noise_replaces_what_was_expected() {
        let loud = Rules::of_history(None, &MeasuredNoise::of(&[&row(&[&FIVE])]));
        let usual = Rules::default();
        assert!((loud.sigma.p50 - 0.0246_f64.sqrt()).abs() < 1e-12);
        let ratio = loud.sigma.p50 / usual.sigma.p50;
        assert!((loud.sigma_relative.p50 - usual.sigma_relative.p50 * ratio).abs() < 1e-12);
        let quiet = Rules::of_history(None, &MeasuredNoise::of(&[&row(&[&[0.0; 5]])]));
        assert_eq!(quiet, usual);
    }

    #[test]
    fn tails_are_judged_with_caution_until_five_sessions_were_measured() {
        let usual = Rules::default();
        for measured in [MeasuredNoise::default(), MeasuredNoise::of(&[&row(&[&FIVE[..4]])])] {
            let rules = Rules::of_history(None, &measured);
            assert_eq!((rules.sigma.p50, rules.sigma.rate), (usual.sigma.p50, usual.sigma.rate));
            assert!((rules.sigma.p95 - 0.085).abs() < 1e-12 && (rules.sigma.p99 - 0.119).abs() < 1e-12);
            let spoken = Rules::of_history(Some(Noise::Normal), &measured);
            assert_eq!(spoken, usual);
        }
        assert_eq!(
            Rules::of_history(Some(Noise::Quiet), &MeasuredNoise::default()),
            usual.with_noise(Noise::Quiet)
        );
    }

    #[test]
    fn a_metric_of_which_too_little_is_known_keeps_its_caution() {
        let mut few = row(&[&[0.0; 5]]);
        for session in &mut few.baseline[..2] {
            session.runs[0].p99 = None;
        }
        let rules = Rules::of_history(None, &MeasuredNoise::of(&[&few]));
        assert!((rules.sigma.p95 - 0.05).abs() < 1e-12);
        assert!((rules.sigma.p99 - 0.119).abs() < 1e-12);
    }
}
