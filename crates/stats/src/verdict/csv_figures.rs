//! A spread for figures of which a CSV is all that is left (docs/statistics.md 3.13).
//!
//! A CSV has percentiles but no course in time. From the percentiles follows the spread that independent requests
//! would have; requests of a server with a queue are not independent, so it is widened by an assumed factor.

use crate::Metric;

/// The design effect assumed where nothing is known of the course: a standard error twice that of independent
/// requests. Seen in runs without overload: 1 to 2.
const ASSUMED_DEFF: f64 = 4.0;

/// The figures of one row of a CSV.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CsvFigures<'a> {
    /// Requests.
    pub requests: u64,
    /// Mean latency, in any unit.
    pub average: f64,
    /// (p, value) ascending by p (0 to 1), in the unit of the average: the minimum as 0 and the maximum as 1,
    /// the percentiles between.
    pub quantiles: &'a [(f64, f64)],
}

impl CsvFigures<'_> {
    /// A relative standard error where neither side of a comparison knows better; wider than the true one rather than narrower. `None` where the figures do not give one.
    #[must_use]
    pub fn spread(&self, metric: Metric) -> Option<f64> {
        let requests = (self.requests > 0).then_some(self.requests as f64)?;
        let spread = match metric {
            Metric::Failures => return None,
            // Arrivals of a Poisson process; users who wait for their responses arrive more evenly.
            Metric::Rate => 1.0 / requests.sqrt(),
            Metric::Average => (ASSUMED_DEFF * self.variance()? / requests).sqrt() / self.average,
            Metric::P50 | Metric::P95 | Metric::P99 => {
                let p = metric.quantile()?;
                (ASSUMED_DEFF * p * (1.0 - p) / requests).sqrt() * self.slope(p)?
            }
        };
        (spread.is_finite() && spread >= 0.0).then_some(spread)
    }

    /// The largest variance that the quantiles allow: each stretch between two of them lies at its farther end.
    /// Needs the maximum; a missing minimum is 0.
    fn variance(&self) -> Option<f64> {
        let last = self.quantiles.last()?;
        if last.0 < 1.0 || self.average <= 0.0 {
            return None;
        }
        let mut variance = 0.0;
        let mut before = (0.0, 0.0);
        for (p, value) in self.quantiles {
            let farther = (before.1 - self.average).abs().max((value - self.average).abs());
            variance += (p - before.0) * farther.powi(2);
            before = (*p, *value);
        }
        Some(variance)
    }

    /// How steeply the logarithm of the quantile rises around `p`: the steepest to the next two quantiles above
    /// and the one below, extremes left out.
    fn slope(&self, p: f64) -> Option<f64> {
        let same = |other: f64| (other - p).abs() < 1e-9;
        let at = self.quantiles.iter().position(|(other, _)| same(*other))?;
        let value = self.quantiles[at].1;
        let near = self.quantiles[at.saturating_sub(1)..].iter().take(4);
        near.filter(|(other, _)| !same(*other) && *other > 0.0 && *other < 1.0)
            .map(|(other, near)| ((near.ln() - value.ln()) / (other - p)).abs())
            .filter(|slope| slope.is_finite())
            .max_by(f64::total_cmp)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Quantiles of a lognormal distribution with a sigma of 0.3 and a median of 100 ms, maximum of some hundreds.
    const LOGNORMAL: [(f64, f64); 10] = [
        (0.0, 45.0),
        (0.5, 100.0),
        (0.66, 113.2),
        (0.75, 122.4),
        (0.8, 128.7),
        (0.9, 146.9),
        (0.95, 163.8),
        (0.98, 185.2),
        (0.99, 201.0),
        (1.0, 220.0),
    ];

    fn figures(requests: u64) -> CsvFigures<'static> {
        CsvFigures { requests, average: 104.6, quantiles: &LOGNORMAL }
    }

    #[test]
    fn the_spread_is_wider_than_that_of_independent_requests_but_not_by_much() {
        // Of 400 independent requests: sigma / sqrt(n), sigma sqrt(p (1 - p) / n) / density.
        let independent = [(Metric::Average, 0.0153), (Metric::P50, 0.0188), (Metric::P95, 0.0317)];
        for (metric, w) in independent {
            let found = figures(400).spread(metric).unwrap();
            assert!(found > 1.5 * w && found < 4.0 * w, "{metric}: {found}");
        }
        assert_eq!(figures(400).spread(Metric::Rate), Some(0.05));
        assert_eq!(figures(400).spread(Metric::Failures), None);
    }

    #[test]
    fn four_times_the_requests_halve_the_spread() {
        for metric in [Metric::Average, Metric::P50, Metric::P95, Metric::Rate] {
            let (few, many) = (figures(100).spread(metric).unwrap(), figures(400).spread(metric).unwrap());
            assert!((few - 2.0 * many).abs() < 1e-12, "{metric}");
        }
    }

    #[test]
    fn figures_that_give_no_spread_give_none() {
        assert_eq!(figures(0).spread(Metric::Rate), None);
        for quantiles in [&[][..], &[(0.5, 100.0)], &[(0.5, 0.0), (0.66, 0.0)]] {
            let bare = CsvFigures { requests: 100, average: 100.0, quantiles };
            assert_eq!((bare.spread(Metric::P50), bare.spread(Metric::Average)), (None, None));
        }
        let nothing = CsvFigures { average: 0.0, ..figures(100) };
        assert_eq!(nothing.spread(Metric::Average), None);
    }
}
