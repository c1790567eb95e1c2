//! The exit codes, all of them, and which one wins.

use std::process::ExitCode;

/// How the program ended. In the order of precedence: where several hold, the greatest wins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// 0: unchanged, improved, no baseline yet, or inconclusive with a warning.
    #[default]
    Success,
    /// 1, or what `--exit-code-on-error` says: requests failed and no baseline has the same failure ratio.
    RequestsFailed,
    /// 4: no verdict is possible: nothing measured, the generator was the limit, not comparable, or
    /// inconclusive, or a limit undecided, under `--inconclusive fail`.
    NoVerdict,
    /// 3: a regression, failures included, or a limit missed.
    Regression,
    /// 130: interrupted by SIGINT or SIGTERM; what was measured is written, nothing becomes a baseline.
    Interrupted,
    /// 2: usage or configuration, and results that could not be written.
    Usage,
}

/// The list for the help.
pub(crate) const HELP: &str = "\
Exit codes:
  0    unchanged, improved, no baseline yet, or inconclusive with a warning
  1    requests failed and no baseline has the same failure ratio
  2    usage or configuration, or results that could not be written
  3    regression, failures included, or a limit of [slo] or --slo missed
  4    no verdict is possible
  130  interrupted: everything measured is written, nothing becomes a baseline
  Where several hold: 2, 130, 3, 4, 1.";

impl Exit {
    /// The number, with `on_error` for requests that failed.
    #[must_use]
    pub const fn code(self, on_error: u8) -> u8 {
        match self {
            Self::Success => 0,
            Self::RequestsFailed => on_error,
            Self::Usage => 2,
            Self::Regression => 3,
            Self::NoVerdict => 4,
            Self::Interrupted => 130,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_several_hold_the_order_is_2_130_3_4_1() {
        use Exit::{Interrupted, NoVerdict, Regression, RequestsFailed, Success, Usage};
        let mut all = [Success, Usage, NoVerdict, RequestsFailed, Interrupted, Regression];
        all.sort_unstable_by(|a, b| b.cmp(a));
        assert_eq!(all.map(|exit| exit.code(1)), [2, 130, 3, 4, 1, 0]);
    }

    #[test]
    fn only_failed_requests_take_the_code_of_the_flag() {
        assert_eq!(Exit::RequestsFailed.code(0), 0);
        assert_eq!(Exit::Regression.code(7), 3);
    }
}
