//! What is printed where: results and data on stdout, messages and progress on stderr.
//!
//! Nothing else in the program writes to either. A broken pipe is no error: whoever reads has seen enough.

mod console;
mod progress;

use std::io::{self, ErrorKind, Write};

pub(crate) use console::{Console, Level, columns};
pub(crate) use progress::Progress;

/// Writes data to stdout.
///
/// # Errors
/// When it cannot be written for another reason than a reader that is gone.
pub(crate) fn print(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error),
        _ => Ok(()),
    }
}
