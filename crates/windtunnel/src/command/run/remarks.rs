//! What is said of a run beside its figures.

use windtunnel_core::summary::RunRecord;

use crate::terminal::Console;

/// Says what happened in a run that its reader would not expect.
pub(in crate::command) fn remarks(record: &RunRecord, console: &mut Console) {
    let total = &record.total;
    if total.cut_off > 0 {
        console.warning(format_args!(
            "{} requests were cut off: they took longer than the stop timeout",
            total.cut_off
        ));
    }
    if total.resent > 0 {
        console.info(format_args!(
            "{} requests were sent a second time, because the server had closed an idle connection",
            total.resent
        ));
    }
    if let Some(exception) = record.exceptions.first() {
        console.warning(format_args!(
            "templates failed {} times during the run; the first: {} ({})",
            record.exceptions.iter().map(|row| row.count).sum::<u64>(),
            exception.message,
            exception.traceback
        ));
    }
}
