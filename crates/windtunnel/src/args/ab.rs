//! Arguments of `ab`.

use clap::Args;

use crate::args::{ExplainArgs, NamesArgs};

/// Arguments of `ab` that are no settings.
#[derive(Debug, Default, Args)]
pub(crate) struct AbArgs {
    #[command(flatten)]
    pub(crate) select: NamesArgs,
    /// Base URL of the old version, in place of all others
    #[arg(long, value_name = "URL", requires = "b", help_heading = "Versions")]
    pub(crate) a: Option<String>,
    /// Base URL of the new version, in place of all others
    #[arg(long, value_name = "URL", requires = "a", help_heading = "Versions")]
    pub(crate) b: Option<String>,
    /// Header of every request to the old version, as 'Host: NAME'; may be repeated
    ///
    /// It takes the place of a header of that name in the module. Values but that of Host are never printed.
    #[arg(long, value_name = "NAME: VALUE", help_heading = "Versions")]
    pub(crate) header_a: Vec<String>,
    /// Header of every request to the new version; may be repeated
    #[arg(long, value_name = "NAME: VALUE", help_heading = "Versions")]
    pub(crate) header_b: Vec<String>,
    /// Pairs of runs, at least 3
    #[arg(long, value_name = "N", default_value_t = 3, help_heading = "Pairs")]
    pub(crate) pairs: usize,
    /// Go on after these pairs until it is decided, with at most so many [default: no more]
    ///
    /// It is asked anew after each further pair, each time with its part of the error only, so that all looks
    /// together err as rarely as one.
    #[arg(long, value_name = "M", help_heading = "Pairs")]
    pub(crate) up_to: Option<usize>,
    #[command(flatten)]
    pub(crate) explain: ExplainArgs,
}
