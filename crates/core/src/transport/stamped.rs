//! A stream that notes when bytes of a response come in.
//!
//! hyper shows a response only after its own task has been scheduled; the moment of the read is the better
//! stamp, and whether any byte came at all decides if a request may be sent again.

use std::cell::Cell;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::clock::{Clock, RunTime};

/// When bytes came, since the exchange that goes on began.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Stamps {
    /// The first read that brought something.
    pub(crate) first: Option<RunTime>,
    /// The last one.
    pub(crate) last: Option<RunTime>,
}

/// Wraps a stream; the connection's owner reads the stamps.
#[derive(Debug)]
pub(crate) struct Stamped<S> {
    stream: S,
    clock: Clock,
    stamps: Rc<Cell<Stamps>>,
}

impl<S> Stamped<S> {
    pub(crate) fn new(stream: S, clock: Clock, stamps: Rc<Cell<Stamps>>) -> Self {
        Self { stream, clock, stamps }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Stamped<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let poll = Pin::new(&mut self.stream).poll_read(cx, buf);
        if buf.filled().len() > before {
            let now = self.clock.now();
            let mut stamps = self.stamps.get();
            stamps.first.get_or_insert(now);
            stamps.last = Some(now);
            self.stamps.set(stamps);
        }
        poll
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Stamped<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
