//! A small HTTP server whose every answer a test writes, on a port that the system chooses.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::thread;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;

/// A request as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    /// Method and path: `POST /x`.
    pub(crate) what: String,
    /// The head, whole.
    pub(crate) head: String,
    /// The body.
    pub(crate) body: Vec<u8>,
}

/// What the server does with a request.
pub(crate) enum Do {
    /// Answers with status and body, keeping the connection.
    Answer(u16, &'static str),
    /// Answers 200 and closes without having said so.
    AnswerAndClose,
    /// Answers 200, says that the connection is closed, and closes it.
    SayAndClose,
    /// Closes without an answer.
    Close,
    /// Never answers.
    Hang,
}

/// A running server; it ends with the process.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Server {
    /// Starts a server; `script` gets each request with its number, counted from 0.
    pub(crate) fn start(script: impl Fn(&Seen, usize) -> Do + Send + 'static) -> Self {
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let runtime = Builder::new_current_thread().enable_io().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let log = seen.clone();
        thread::spawn(move || {
            let local = tokio::task::LocalSet::new();
            local.block_on(&runtime, async move {
                let script = std::rc::Rc::new(script);
                while let Ok((stream, _)) = listener.accept().await {
                    let (script, log) = (script.clone(), log.clone());
                    tokio::task::spawn_local(async move {
                        drop(converse(stream, &*script, &log).await);
                    });
                }
            });
        });
        Self { address, seen }
    }

    /// The requests so far, in the order in which they came.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// How many of each method and path came.
    pub(crate) fn counts(&self) -> BTreeMap<String, u64> {
        let mut counts = BTreeMap::new();
        for seen in self.seen() {
            *counts.entry(seen.what).or_default() += 1;
        }
        counts
    }
}

async fn converse(
    mut stream: TcpStream,
    script: &dyn Fn(&Seen, usize) -> Do,
    log: &Mutex<Vec<Seen>>,
) -> std::io::Result<()> {
    let mut buffer = Vec::new();
    while let Some(seen) = read_request(&mut stream, &mut buffer).await? {
        let number = {
            let mut log = log.lock().unwrap();
            log.push(seen.clone());
            log.len() - 1
        };
        match script(&seen, number) {
            Do::Answer(status, body) => answer(&mut stream, status, body).await?,
            Do::AnswerAndClose => return answer(&mut stream, 200, "{}").await,
            Do::SayAndClose => {
                let text = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}";
                return stream.write_all(text.as_bytes()).await;
            }
            Do::Close => return Ok(()),
            Do::Hang => std::future::pending().await,
        }
    }
    Ok(())
}

async fn answer(stream: &mut TcpStream, status: u16, body: &str) -> std::io::Result<()> {
    let text = format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    stream.write_all(text.as_bytes()).await
}

async fn read_request(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> std::io::Result<Option<Seen>> {
    let head_end = loop {
        if let Some(at) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        if stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    };
    let head = String::from_utf8_lossy(&buffer[..head_end]).into_owned();
    let length = head
        .lines()
        .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok())
        .unwrap_or(0);
    while buffer.len() < head_end + length {
        if stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    }
    let body = buffer[head_end..head_end + length].to_vec();
    buffer.drain(..head_end + length);
    let what = head.split(" HTTP/").next().unwrap_or_default().to_owned();
    Ok(Some(Seen { what, head, body }))
}
