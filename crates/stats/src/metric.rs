//! The figures that two runs are compared by, and which way each of them is good.

use std::fmt;

/// A figure of one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Metric {
    /// Mean latency.
    Average,
    /// Median latency.
    P50,
    /// 95 % of the latencies are at most this.
    P95,
    /// 99 % of the latencies are at most this.
    P99,
    /// Requests per second.
    Rate,
    /// Failed requests divided by all.
    Failures,
}

/// Which way a figure is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Less is better.
    LowerIsBetter,
    /// More is better.
    HigherIsBetter,
}

impl Metric {
    /// All of them, in the order of reports.
    pub const ALL: [Self; 6] = [Self::Average, Self::P50, Self::P95, Self::P99, Self::Rate, Self::Failures];

    /// Which way it is good: only more throughput is better.
    #[must_use]
    pub fn direction(self) -> Direction {
        match self {
            Self::Rate => Direction::HigherIsBetter,
            Self::Average | Self::P50 | Self::P95 | Self::P99 | Self::Failures => Direction::LowerIsBetter,
        }
    }

    /// The quantile that it is (0 to 1); `None` for what is no quantile.
    #[must_use]
    pub fn quantile(self) -> Option<f64> {
        match self {
            Self::P50 => Some(0.5),
            Self::P95 => Some(0.95),
            Self::P99 => Some(0.99),
            Self::Average | Self::Rate | Self::Failures => None,
        }
    }

    /// Its key in files: `avg`, `p50`, `p95`, `p99`, `rate`, `fail`.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Average => "avg",
            Self::P50 => "p50",
            Self::P95 => "p95",
            Self::P99 => "p99",
            Self::Rate => "rate",
            Self::Failures => "fail",
        }
    }
}

impl fmt::Display for Metric {
    /// Its name for people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Average => "average",
            Self::P50 => "p50",
            Self::P95 => "p95",
            Self::P99 => "p99",
            Self::Rate => "throughput",
            Self::Failures => "failures",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_more_throughput_is_better() {
        let higher = Metric::ALL.into_iter().filter(|m| m.direction() == Direction::HigherIsBetter);
        assert_eq!(higher.collect::<Vec<_>>(), [Metric::Rate]);
    }
}
