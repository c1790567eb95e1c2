//! SIGINT and SIGTERM: the first stops a run gracefully, the second at once.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;

use tokio::signal::unix::{Signal, SignalKind, signal};
use windtunnel_core::engine::{Control, Stop};

/// Has the program been asked to stop.
#[derive(Clone, Debug)]
pub(crate) struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// From now on signals steer `control` instead of ending the program.
    ///
    /// # Errors
    /// When the thread that waits for signals cannot be started.
    pub(crate) fn install(control: Control) -> io::Result<Self> {
        let interrupt = Self(Arc::new(AtomicBool::new(false)));
        let seen = Arc::clone(&interrupt.0);
        let (ready, installed) = mpsc::channel();
        std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build();
            let signals = runtime.and_then(|runtime| {
                let both = runtime.block_on(async { both_signals() })?;
                Ok((runtime, both))
            });
            match signals {
                Ok((runtime, both)) => {
                    // The receiver is gone only when the program is.
                    let _ = ready.send(Ok(()));
                    runtime.block_on(steer(both, &control, &seen));
                }
                Err(error) => {
                    let _ = ready.send(Err(error));
                }
            }
        })?;
        installed.recv().map_err(io::Error::other)??;
        Ok(interrupt)
    }

    /// Has a signal come.
    pub(crate) fn happened(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

async fn steer((mut interrupt, mut terminate): (Signal, Signal), control: &Control, seen: &AtomicBool) {
    loop {
        tokio::select! {
            signal = interrupt.recv() => if signal.is_none() { return },
            signal = terminate.recv() => if signal.is_none() { return },
        }
        let again = seen.swap(true, Ordering::AcqRel);
        control.stop(if again { Stop::Now } else { Stop::Graceful });
    }
}

fn both_signals() -> io::Result<(Signal, Signal)> {
    Ok((signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?))
}

/// Waits for SIGINT or SIGTERM.
///
/// # Errors
/// When signals cannot be waited for.
pub(crate) async fn stopped() -> io::Result<()> {
    let (mut interrupt, mut terminate) = both_signals()?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    Ok(())
}
