//! One request, ready to count.

use std::time::Duration;

use crate::clock::RunTime;
use crate::wire::Fault;

/// Index of a row of the statistics: a (module, method, name).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SeriesId(pub u16);

/// What happened to one request. Made in one place, `engine::exchange`.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// Its row.
    pub series: SeriesId,
    /// When it was meant to be sent. In a closed loop: when its user was ready to send it.
    pub due: RunTime,
    /// When its first byte was handed to the connection, or connecting began where that came first.
    pub sent: RunTime,
    /// When the first byte of the response was there; `last_byte` where none came.
    pub first_byte: RunTime,
    /// When the last byte of the response was there, or the failure was known.
    pub last_byte: RunTime,
    /// HTTP status, 0 where none came.
    pub status: u16,
    /// Why it failed; `None` for a success.
    pub fault: Option<Fault>,
    /// Bytes of the response's body.
    pub received: u64,
    /// It was sent a second time because an idle connection turned out to be closed.
    pub resent: bool,
}

impl Sample {
    /// Time from handing over the first byte (connecting included when this request had to connect)
    /// to the last byte of the response. What the closed loop reports as response time.
    #[must_use]
    pub fn response_time(&self) -> Duration {
        self.last_byte - self.sent
    }

    /// How late it was sent: `sent` minus `due`.
    #[must_use]
    pub fn send_delay(&self) -> Duration {
        self.sent - self.due
    }
}
