//! The noise between sessions that stored sessions of one and the same server show, and what follows from it.

use crate::Metric;
use crate::verdict::stored::{Values, mean};
use crate::verdict::{Noise, Rules, Stored};

/// From so many degrees of freedom on a measured noise counts: five sessions of one epoch.
const ENOUGH: f64 = 4.0;

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

impl MeasuredNoise {
    /// Of all stored sessions of all rows: the variance of the sessions' values in their epochs, pooled over the
    /// rows, less the mean variance inside the sessions. Rows of one session are not independent of each other, so
    /// the degrees of freedom are those of one row.
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
        self.metric(Metric::P50).is_some_and(|measured| measured.freedom >= ENOUGH)
    }
}

fn of_metric(rows: &[&Stored], metric: Metric) -> Option<Measured> {
    let (mut squares, mut pooled, mut within, mut sessions) = (0.0, 0.0, 0.0, 0.0);
    let mut freedom = 0.0_f64;
    for row in rows {
        let Some(values) = Values::baseline_of(row, metric) else { continue };
        let mut of_row = 0.0;
        for epoch in &values.epochs {
            let mean = mean(epoch);
            squares += epoch.iter().map(|value| (value.y - mean).powi(2)).sum::<f64>();
            within += epoch.iter().map(|value| value.within).sum::<f64>();
            sessions += epoch.len() as f64;
            of_row += epoch.len() as f64 - 1.0;
        }
        pooled += of_row;
        freedom = freedom.max(of_row);
    }
    if pooled < 1.0 {
        return None;
    }
    let between = (squares / pooled - within / sessions).max(0.0);
    Some(Measured { deviation: between.sqrt(), freedom })
}

impl Rules {
    /// The rules for a baseline of which `measured` is known. `noise` is what the user said of it, if anything.
    ///
    /// Where enough was measured it replaces what is expected beforehand if it is larger; a handful of quiet
    /// sessions does not prove that a machine is quiet. Before that, and unless the user spoke, tails are judged
    /// with caution.
    #[must_use]
    pub fn of_history(noise: Option<Noise>, measured: &MeasuredNoise) -> Self {
        let mut rules = Self::default().with_noise(noise.unwrap_or_default());
        if !measured.is_enough() {
            return if noise.is_none() { rules.with_cautious_tails() } else { rules };
        }
        for (metric, found) in &measured.by_metric {
            let expected = rules.sigma.of(*metric);
            if found.deviation > expected {
                let relative = rules.sigma_relative.of(*metric) * found.deviation / expected;
                rules.sigma.set(*metric, found.deviation);
                rules.sigma_relative.set(*metric, relative);
            }
        }
        rules
    }
}
