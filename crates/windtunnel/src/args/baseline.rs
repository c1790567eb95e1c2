//! Arguments of `windtunnel baseline` and `windtunnel calibrate`.

use clap::{Args, Command, Subcommand};

/// Arguments of `baseline`.
#[derive(Debug, Args)]
pub(crate) struct BaselineArgs {
    #[command(subcommand)]
    pub(crate) what: BaselineAction,
}

/// What can be asked of a baseline, and decided about its runs. NAME is a module or a baseline.
#[derive(Debug, Subcommand)]
pub(crate) enum BaselineAction {
    /// Show epochs, sessions and runs
    ///
    /// An epoch is a version of the server that was accepted; its sessions are what runs are compared with.
    List(BaselineNamesArgs),
    /// Open a new epoch with a run: what it measured is the baseline from now on
    Accept {
        /// A module, or a baseline
        name: String,
        /// A run of the baseline or of the run store: its id, the beginning of it, or `last`
        run: String,
    },
    /// Make runs evidence of the current epoch, as an inconclusive one that is known to be of the same server
    ///
    /// A run that is worse than the epoch, or cannot be compared with it, is refused without --force. Runs of one
    /// session are judged together.
    Add {
        /// A module, or a baseline
        name: String,
        /// Runs of the baseline or of the run store: an id, the beginning of one, or `last`
        #[arg(value_name = "RUN", required = true)]
        runs: Vec<String>,
    },
    /// Mark an epoch as the anchor, with which runs are compared beside the current one
    Anchor {
        /// A module, or a baseline
        name: String,
        /// The id of an epoch, or the beginning of it [default: the current one]
        epoch: Option<String>,
    },
    /// Take a run out of the evidence
    Drop {
        /// A module, or a baseline
        name: String,
        /// A run of the baseline: its id, the beginning of it, or `last`
        run: String,
    },
}

/// Names of baselines.
#[derive(Debug, Args)]
pub(crate) struct BaselineNamesArgs {
    /// Modules or baselines [default: all baselines]
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<String>,
}

/// Arguments of `calibrate` that are no settings.
#[derive(Debug, Args)]
pub(crate) struct CalibrateArgs {
    /// The module
    pub(crate) name: String,
}

/// What settings mean here, where nothing runs.
pub(super) fn with_own_help(command: Command) -> Command {
    command
        .mut_arg("sim", |flag| {
            flag.help("The baselines of runs against the simulator, which lie in a folder of their own")
        })
        .mut_arg("force", |flag| {
            flag.help(
                "Take a run that is refused: worse, not comparable, too short, or limited by its generator",
            )
        })
}
