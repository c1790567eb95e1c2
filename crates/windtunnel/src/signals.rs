//! SIGINT and SIGTERM: the first stops a run gracefully, the second at once.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Sender};

use tokio::runtime::{Builder, Runtime};
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
        std::thread::Builder::new()
            .name("signals".to_owned())
            .spawn(move || steer_until_the_end(&control, &seen, &ready))?;
        installed.recv().map_err(io::Error::other)??;
        Ok(interrupt)
    }

    /// Has a signal come.
    pub(crate) fn happened(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

fn steer_until_the_end(control: &Control, seen: &AtomicBool, ready: &Sender<io::Result<()>>) {
    let (runtime, mut signals) = match listen() {
        Ok(listening) => listening,
        Err(error) => {
            // Whoever installs is waiting for this; if not, nobody is left to be told.
            let _ = ready.send(Err(error));
            return;
        }
    };
    let _ = ready.send(Ok(()));
    runtime.block_on(async {
        while signals.next().await {
            let again = seen.swap(true, Ordering::AcqRel);
            control.stop(if again { Stop::Now } else { Stop::Graceful });
        }
    });
}

fn listen() -> io::Result<(Runtime, Signals)> {
    let runtime = Builder::new_current_thread().enable_io().build()?;
    let entered = runtime.enter();
    let signals = both()?;
    drop(entered);
    Ok((runtime, signals))
}

/// Both signals.
#[derive(Debug)]
pub(crate) struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

/// Catches both signals from now on. Must be called inside a tokio runtime.
///
/// # Errors
/// When the system refuses.
pub(crate) fn both() -> io::Result<Signals> {
    Ok(Signals { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
}

impl Signals {
    /// Waits for the next signal; false when no more can come.
    async fn next(&mut self) -> bool {
        let came = tokio::select! {
            came = self.interrupt.recv() => came,
            came = self.terminate.recv() => came,
        };
        came.is_some()
    }

    /// Waits for the first signal.
    pub(crate) async fn wait(mut self) {
        self.next().await;
    }
}
