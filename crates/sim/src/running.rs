//! Listening, accepting, and the thread of a started simulator. What is answered is decided elsewhere.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;
use tokio::task::LocalSet;

use crate::counts::{Counts, Ledger};
use crate::options::Options;
use crate::server::Server;

/// Connections that may wait to be accepted. The system's own default of 128 would make clients that connect
/// all at once repeat their handshake a second later.
const BACKLOG: u32 = 4_096;
/// How long accepting rests after an error, which is nearly always a lack of file descriptors.
const ACCEPT_REST: Duration = Duration::from_millis(50);

/// The simulated model server.
#[derive(Debug)]
pub struct Simulator;

impl Simulator {
    /// Starts a simulator on a thread of its own and returns once it listens.
    ///
    /// # Errors
    /// Invalid options ([`io::ErrorKind::InvalidInput`], all mistakes in its text), an address that cannot be
    /// listened on, or no resources for a thread.
    pub fn start(options: Options) -> io::Result<Running> {
        validate(&options)?;
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let entered = runtime.enter();
        let listener = listen(options.address)?;
        drop(entered);
        let address = listener.local_addr()?;
        let ledger = Ledger::default();
        let (stop, stopped) = oneshot::channel();
        let thread = {
            let ledger = ledger.clone();
            thread::Builder::new()
                .name("windtunnel-sim".to_owned())
                .spawn(move || run(&runtime, &options, ledger, &listener, stopped))?
        };
        Ok(Running { address, ledger, stop: Some(stop), thread: Some(thread) })
    }

    /// Serves on the caller's own runtime until `until` ends, then drops what is in flight.
    ///
    /// `listening` is called once, with the address that was bound.
    ///
    /// # Errors
    /// Invalid options or an address that cannot be listened on, as [`start`](Self::start).
    pub async fn serve(
        options: Options,
        listening: impl FnOnce(SocketAddr),
        until: impl Future<Output = ()>,
    ) -> io::Result<Counts> {
        validate(&options)?;
        let listener = listen(options.address)?;
        listening(listener.local_addr()?);
        let ledger = Ledger::default();
        serve(&options, ledger.clone(), &listener, until).await;
        Ok(ledger.counts())
    }
}

/// A simulator that was started. Dropping it stops it.
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    ledger: Ledger,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Running {
    /// Where it listens, with the port that was taken.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The requests so far. Every answer that a client has read is in them.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.ledger.counts()
    }

    /// Stops accepting, closes every connection, ends the thread, and returns the final counts. A request in
    /// flight gets no answer and counts as abandoned.
    #[expect(clippy::must_use_candidate, reason = "it stops whether or not the counts are wanted")]
    pub fn stop(mut self) -> Counts {
        self.end();
        self.ledger.counts()
    }

    fn end(&mut self) {
        // The receiver is gone if the thread ended already: then there is nothing to stop.
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic of the thread was printed by itself; the counts are valid all the same.
            let _ = thread.join();
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
    }
}

fn validate(options: &Options) -> io::Result<()> {
    options.validate().map_err(|errors| {
        let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
        io::Error::new(io::ErrorKind::InvalidInput, texts.join("; "))
    })
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // A restart must not wait for the connections of the last start to be forgotten.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

fn run(
    runtime: &Runtime,
    options: &Options,
    ledger: Ledger,
    listener: &TcpListener,
    stopped: oneshot::Receiver<()>,
) {
    runtime.block_on(serve(options, ledger, listener, async {
        // Nothing is ever sent: the sender's end is the sign.
        let _ = stopped.await;
    }));
}

async fn serve(options: &Options, ledger: Ledger, listener: &TcpListener, until: impl Future<Output = ()>) {
    let server = Rc::new(Server::new(options, ledger));
    let connections = LocalSet::new();
    let accepting = connections.run_until(accept(server, listener));
    tokio::select! {
        () = until => {}
        () = accepting => {}
    }
}

/// Accepts for ever; each connection is a task of the local set.
async fn accept(server: Rc<Server>, listener: &TcpListener) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                tokio::task::spawn_local(connection(Rc::clone(&server), stream));
            }
            Err(_) => tokio::time::sleep(ACCEPT_REST).await,
        }
    }
}

async fn connection(server: Rc<Server>, stream: TcpStream) {
    // Without it an answer can be held back until the client confirms the one before. A stream that refuses is
    // closed already, and the next read will say so.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| {
        let server = Rc::clone(&server);
        async move { server.answer(request).await }
    });
    // What a connection ends with is the client's affair: it sees it. Idle ones are never closed from here.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}
