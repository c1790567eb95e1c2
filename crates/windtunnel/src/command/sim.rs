//! `windtunnel sim`: the simulated model server in the foreground.

use windtunnel_core::error::{Problem, Problems};
use windtunnel_sim::Simulator;

use crate::args::SimArgs;
use crate::command::{Context, print};
use crate::exit::Exit;
use crate::signals;

/// Serves until SIGINT or SIGTERM; the address is the first line on stdout.
pub(super) fn sim(args: &SimArgs, context: &mut Context<'_>) -> Result<Exit, Problems> {
    let mut options = context.settings.simulator.clone();
    options.address = args.address;
    let cannot = |error: std::io::Error| Problem::new(format!("cannot serve on {}: {error}", args.address));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(cannot)?;
    if !args.address.ip().is_loopback() {
        context.console.warning(format_args!("every machine that reaches {} may use it", args.address));
    }
    let mut printed = Ok(());
    let counts = runtime
        .block_on(async {
            let stopped = signals::both()?;
            let listening = |address| printed = print(&format!("http://{address}\n"));
            Simulator::serve(options, listening, stopped.wait()).await
        })
        .map_err(cannot)?;
    printed?;
    context.console.info(format_args!("{} requests answered", counts.total()));
    Ok(Exit::Success)
}
