//! The constants of the comparison, and what may change them (docs/statistics.md 3.7, 3.9, 3.11, 3.12).

use crate::Metric;

/// A number for each of the metrics that are compared by logarithms: all but failures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PerMetric {
    /// For the mean latency.
    pub average: f64,
    /// For the median.
    pub p50: f64,
    /// For the 95 % quantile.
    pub p95: f64,
    /// For the 99 % quantile.
    pub p99: f64,
    /// For the throughput.
    pub rate: f64,
}

impl PerMetric {
    /// The number of a metric; 0 for failures, which have none.
    #[must_use]
    pub fn of(&self, metric: Metric) -> f64 {
        match metric {
            Metric::Average => self.average,
            Metric::P50 => self.p50,
            Metric::P95 => self.p95,
            Metric::P99 => self.p99,
            Metric::Rate => self.rate,
            Metric::Failures => 0.0,
        }
    }

    /// Sets the number of a metric; of failures there is none to set.
    pub fn set(&mut self, metric: Metric, value: f64) {
        match metric {
            Metric::Average => self.average = value,
            Metric::P50 => self.p50 = value,
            Metric::P95 => self.p95 = value,
            Metric::P99 => self.p99 = value,
            Metric::Rate => self.rate = value,
            Metric::Failures => {}
        }
    }

    fn times(self, factor: f64) -> Self {
        Self {
            average: self.average * factor,
            p50: self.p50 * factor,
            p95: self.p95 * factor,
            p99: self.p99 * factor,
            rate: self.rate * factor,
        }
    }
}

/// How much sessions of one and the same server are expected to differ, before any were measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Noise {
    /// 0.6 times the usual noise: machines of their own, nobody else on them.
    Quiet,
    /// As measured in general.
    #[default]
    Normal,
    /// 1.7 times the usual noise: shared machines.
    Noisy,
}

impl Noise {
    fn factor(self) -> f64 {
        match self {
            Self::Quiet => 0.6,
            Self::Normal => 1.0,
            Self::Noisy => 1.7,
        }
    }
}

/// The constants of a comparison.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rules {
    /// Standard deviation of a session's value among sessions of the same server, expected beforehand, on the
    /// logarithmic scale.
    pub sigma: PerMetric,
    /// The same for values relative to the median of all rows.
    pub sigma_relative: PerMetric,
    /// Smaller changes, as shares, are never called.
    pub floor: PerMetric,
    /// Changes, as shares, that must be excluded before a figure is called unchanged.
    pub margin: PerMetric,
    /// Smaller differences of failure ratios are never called.
    pub fail_floor: f64,
    /// The difference of failure ratios that must be excluded before failures are called unchanged.
    pub fail_margin: f64,
    /// The share of false discoveries that is accepted among all figures of a report.
    pub q: f64,
    /// The same for the relative test.
    pub q_relative: f64,
    /// One-sided error with which "unchanged" excludes the margin.
    pub bound: f64,
    /// The p value up to which a gross difference of failure ratios is called.
    pub gross_p: f64,
}

impl Default for Rules {
    /// The constants of docs/statistics.md 3.7.
    fn default() -> Self {
        Self {
            sigma: PerMetric { average: 0.035, p50: 0.035, p95: 0.05, p99: 0.07, rate: 0.035 },
            sigma_relative: PerMetric { average: 0.02, p50: 0.02, p95: 0.03, p99: 0.045, rate: 0.02 },
            floor: PerMetric { average: 0.05, p50: 0.05, p95: 0.1, p99: 0.15, rate: 0.05 },
            margin: PerMetric { average: 0.1, p50: 0.1, p95: 0.2, p99: 0.3, rate: 0.1 },
            fail_floor: 0.001,
            fail_margin: 0.01,
            q: 0.05,
            q_relative: 0.02,
            bound: 0.05,
            gross_p: 0.001,
        }
    }
}

impl Rules {
    /// The weight of the noise expected beforehand, in sessions.
    pub const WEIGHT: f64 = 3.0;
    /// The degrees of freedom that it stands for.
    pub const FREEDOM: f64 = 10.0;
    /// How many sessions count, the newest.
    pub const MAX_SESSIONS: usize = 20;
    /// How much of the noise between sessions is left between two runs of one session
    /// (docs/statistics.md 3.8).
    pub const PAIR_SHARE: f64 = 0.7;
    /// The fewest rows for the relative test, all of them together left out (docs/statistics.md 3.9).
    pub const MIN_ROWS: usize = 4;
    /// The fewest requests of a run for latencies and failures (docs/statistics.md 3.11).
    pub const MIN_REQUESTS: u64 = 20;
    /// The fewest requests of a judged run for its rate: a halved rate must still be judged.
    pub const MIN_FOR_RATE: u64 = 5;
    /// From so many expected requests on, silence is told from chance.
    pub const SILENT_EXPECTED: f64 = 20.0;
    /// Independent requests beyond a quantile that it needs.
    pub const MIN_BEYOND: f64 = 5.0;
    /// The same where [`STORED_SESSIONS`](Self::STORED_SESSIONS) or more are stored.
    pub const MIN_BEYOND_STORED: f64 = 3.0;
    /// How many stored sessions, of all epochs, are many.
    pub const STORED_SESSIONS: usize = 5;
    /// A difference of failure ratios so large is called whatever the other figures say, if chance is excluded.
    pub const GROSS_FAILURES: f64 = 0.05;

    /// For a baseline whose noise was not measured yet: the noise of tails (p95, p99) is taken 1.7 times as large.
    ///
    /// On a real server on a shared machine the tails of sessions differed by 6 to 12 %, which is more than the
    /// usual constants expect (docs/verdict.md); medians and rates agreed with them. A fresh installation must not
    /// report tails that its machine makes.
    #[must_use]
    pub fn with_cautious_tails(mut self) -> Self {
        let factor = Noise::Noisy.factor();
        for metric in [Metric::P95, Metric::P99] {
            self.sigma.set(metric, self.sigma.of(metric) * factor);
            self.sigma_relative.set(metric, self.sigma_relative.of(metric) * factor);
        }
        self
    }

    /// With the noise expected beforehand that `noise` stands for.
    #[must_use]
    pub fn with_noise(mut self, noise: Noise) -> Self {
        self.sigma = self.sigma.times(noise.factor());
        self.sigma_relative = self.sigma_relative.times(noise.factor());
        self
    }

    /// For one of so many looks at the same comparison: each is judged, and the first report that is not inconclusive
    /// ends it. All errors are divided by the number of looks, so that those of all looks together stay what
    /// those of a single test are (Bonferroni; docs/statistics.md 3.8). 0 counts as 1.
    #[must_use]
    pub fn with_looks(mut self, looks: usize) -> Self {
        let looks = looks.max(1) as f64;
        for error in [&mut self.q, &mut self.q_relative, &mut self.bound, &mut self.gross_p] {
            *error /= looks;
        }
        self
    }

    /// With another floor for a metric; the margin keeps its proportion to it. What is negative or no number
    /// changes nothing. For failures it is a difference of ratios.
    #[must_use]
    pub fn with_floor(mut self, metric: Metric, floor: f64) -> Self {
        if !(floor.is_finite() && floor >= 0.0) {
            return self;
        }
        if metric == Metric::Failures {
            self.fail_margin = self.fail_margin.max(2.0 * floor);
            self.fail_floor = floor;
            return self;
        }
        self.margin.set(metric, 2.0 * floor);
        self.floor.set(metric, floor);
        self
    }

    /// The floor on the logarithmic scale.
    pub(super) fn log_floor(&self, metric: Metric) -> f64 {
        self.floor.of(metric).ln_1p()
    }

    /// The margin on the logarithmic scale.
    pub(super) fn log_margin(&self, metric: Metric) -> f64 {
        self.margin.of(metric).ln_1p()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOGARITHMIC: [Metric; 5] = [Metric::Average, Metric::P50, Metric::P95, Metric::P99, Metric::Rate];

    #[test]
    fn noise_scales_what_is_expected_and_nothing_else() {
        let usual = Rules::default();
        for (noise, factor) in [(Noise::Quiet, 0.6), (Noise::Normal, 1.0), (Noise::Noisy, 1.7)] {
            let rules = usual.with_noise(noise);
            for metric in LOGARITHMIC {
                assert!((rules.sigma.of(metric) - usual.sigma.of(metric) * factor).abs() < 1e-12);
                let relative = usual.sigma_relative.of(metric) * factor;
                assert!((rules.sigma_relative.of(metric) - relative).abs() < 1e-12);
            }
            let rest = Rules { sigma: usual.sigma, sigma_relative: usual.sigma_relative, ..rules };
            assert_eq!(rest, usual);
        }
    }

    #[test]
    fn caution_is_for_tails_alone() {
        let (usual, cautious) = (Rules::default(), Rules::default().with_cautious_tails());
        for metric in LOGARITHMIC {
            let factor = if matches!(metric, Metric::P95 | Metric::P99) { 1.7 } else { 1.0 };
            assert!((cautious.sigma.of(metric) - usual.sigma.of(metric) * factor).abs() < 1e-12, "{metric}");
        }
    }

    #[test]
    fn several_looks_share_the_errors_of_one() {
        let (usual, looks) = (Rules::default(), Rules::default().with_looks(4));
        for (shared, whole) in [
            (looks.q, usual.q),
            (looks.q_relative, usual.q_relative),
            (looks.bound, usual.bound),
            (looks.gross_p, usual.gross_p),
        ] {
            assert!((4.0 * shared - whole).abs() < 1e-12);
        }
        assert_eq!((looks.sigma, looks.floor), (usual.sigma, usual.floor));
        assert_eq!((usual.with_looks(0), usual.with_looks(1)), (usual, usual));
    }

    #[test]
    fn a_floor_moves_its_margin_along() {
        let rules = Rules::default().with_floor(Metric::P50, 0.03).with_floor(Metric::P99, 0.5);
        assert!((rules.floor.p50 - 0.03).abs() < 1e-12 && (rules.margin.p50 - 0.06).abs() < 1e-12);
        assert!((rules.floor.p99 - 0.5).abs() < 1e-12 && (rules.margin.p99 - 1.0).abs() < 1e-12);
        assert!((rules.floor.p95 - 0.1).abs() < 1e-12 && (rules.margin.p95 - 0.2).abs() < 1e-12);
        assert!((rules.log_floor(Metric::P50) - 1.03_f64.ln()).abs() < 1e-12);
        assert!((rules.log_margin(Metric::P99) - 2.0_f64.ln()).abs() < 1e-12);
    }

    #[test]
    fn a_floor_of_failures_is_a_difference_of_ratios() {
        let rules = Rules::default().with_floor(Metric::Failures, 0.02);
        assert!((rules.fail_floor - 0.02).abs() < 1e-12 && (rules.fail_margin - 0.04).abs() < 1e-12);
        let small = Rules::default().with_floor(Metric::Failures, 0.0001);
        assert!((small.fail_floor - 0.0001).abs() < 1e-12 && (small.fail_margin - 0.01).abs() < 1e-12);
    }

    #[test]
    fn what_is_no_floor_changes_nothing() {
        for floor in [-0.1, f64::NAN, f64::INFINITY] {
            for metric in Metric::ALL {
                assert_eq!(Rules::default().with_floor(metric, floor), Rules::default());
            }
        }
    }

    #[test]
    fn failures_have_no_number_among_the_logarithmic_ones() {
        let mut numbers = Rules::default().floor;
        numbers.set(Metric::Failures, 7.0);
        assert_eq!((numbers, numbers.of(Metric::Failures)), (Rules::default().floor, 0.0));
    }
}
