//! A started simulator over TCP, spoken to byte by byte: no HTTP client stands between the test and the wire.

#![allow(clippy::unwrap_used, reason = "this is a test")]

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc;
use std::time::Duration;

use windtunnel_sim::{Latency, MAX_BODY_BYTES, Options, Running, Simulator};

const PREDICT: &str = "/v1/models/langid:predict";

fn options(median: Duration) -> Options {
    Options { latency: Latency { median, ..Latency::default() }, ..Options::default() }
}

fn start(median: Duration) -> Running {
    Simulator::start(options(median)).expect("a free port on loopback")
}

/// A connection that is kept alive.
struct Client(BufReader<TcpStream>);

impl Client {
    fn connect(address: SocketAddr) -> Self {
        Self(BufReader::new(TcpStream::connect(address).expect("the simulator listens")))
    }

    fn send(&mut self, text: &str) {
        self.0.get_mut().write_all(text.as_bytes()).unwrap();
    }

    fn post(&mut self, path: &str, body: &str) -> (u16, String) {
        let length = body.len();
        self.send(&format!(
            "POST {path} HTTP/1.1\r\nHost: any.host\r\nContent-Length: {length}\r\n\r\n{body}"
        ));
        self.response()
    }

    fn get(&mut self, path: &str) -> (u16, String) {
        self.send(&format!("GET {path} HTTP/1.1\r\nHost: any.host\r\n\r\n"));
        self.response()
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    /// Status and body of the next response.
    fn response(&mut self) -> (u16, String) {
        let status = self.line().split(' ').nth(1).expect("a status line").parse().unwrap();
        let mut length = 0;
        loop {
            let line = self.line().to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix("content-length: ") {
                length = value.parse().unwrap();
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).unwrap();
        (status, String::from_utf8(body).unwrap())
    }
}

/// Asks again until something shows, each time by a round trip.
fn until(mut shows: impl FnMut() -> bool) {
    assert!((0..1_000_000).any(|_| shows()), "it never shows");
}

/// Sends a request that will not be answered for an hour, and returns once a worker has it.
fn hang(running: &Running) -> Client {
    let mut client = Client::connect(running.address());
    client.send(&format!("POST {PREDICT} HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{{}}"));
    let mut observer = Client::connect(running.address());
    until(|| observer.get("/v2/models").1 == r#"{"models":["langid"]}"#);
    client
}

#[test]
fn a_connection_carries_many_requests_and_all_are_counted() {
    let running = start(Duration::ZERO);
    assert!(running.address().ip().is_loopback());
    let mut client = Client::connect(running.address());
    for _ in 0..50 {
        assert_eq!(client.post(&format!("{PREDICT}?debug=1"), r#"{"rev_id": 1}"#).0, 200);
    }
    assert_eq!(client.get("/").1, r#"{"status":"alive"}"#);
    assert_eq!(client.post("/nowhere", &"x".repeat(100_000)).0, 404);
    assert_eq!(client.post(PREDICT, "no JSON").0, 400);
    assert_eq!(running.counts().with_status("POST", PREDICT, 200), 50);
    let counts = running.stop();
    assert_eq!(counts.answered("POST", PREDICT), 51);
    assert_eq!(counts.with_status("POST", "/nowhere", 404), 1);
    assert_eq!(counts.total(), 53);
}

#[test]
fn after_a_stop_nobody_listens() {
    let running = start(Duration::ZERO);
    let address = running.address();
    let mut idle = Client::connect(address);
    idle.get("/");
    running.stop();
    assert_eq!(TcpStream::connect(address).unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
    assert_eq!(idle.0.read(&mut [0]).unwrap(), 0);
}

#[test]
fn a_request_in_flight_at_the_stop_is_abandoned() {
    let running = start(Duration::from_secs(3_600));
    let mut client = hang(&running);
    let counts = running.stop();
    assert_eq!((counts.answered("POST", PREDICT), counts.abandoned("POST", PREDICT)), (0, 1));
    assert_eq!(client.0.read(&mut [0]).unwrap(), 0);
}

#[test]
fn dropping_stops_too() {
    let running = start(Duration::from_secs(3_600));
    let mut client = hang(&running);
    drop(running);
    assert_eq!(client.0.read(&mut [0]).unwrap(), 0);
}

#[test]
fn a_client_that_hangs_up_gives_its_worker_back() {
    let mut options = options(Duration::from_secs(3_600));
    (options.workers, options.queue_limit) = (1, 0);
    let running = Simulator::start(options).unwrap();
    let client = hang(&running);
    assert_eq!(Client::connect(running.address()).post(PREDICT, "{}").0, 503);
    drop(client);
    let mut observer = Client::connect(running.address());
    until(|| {
        observer.get("/");
        running.counts().abandoned("POST", PREDICT) == 1
    });
    // Were the worker still taken, this would be refused instead of hanging until the stop.
    let mut next = Client::connect(running.address());
    next.send(&format!("POST {PREDICT} HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{{}}"));
    drop(next);
    until(|| {
        observer.get("/");
        running.counts().abandoned("POST", PREDICT) == 2
    });
    assert_eq!(running.counts().with_status("POST", PREDICT, 503), 1);
}

#[test]
fn what_is_no_http_is_refused_and_harms_nobody() {
    let running = start(Duration::ZERO);
    for garbage in [
        "\0\u{1}\u{2} nonsense\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
    ] {
        let mut client = Client::connect(running.address());
        client.send(garbage);
        let mut answer = String::new();
        client.0.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    }
    // A body that ends before its length, and chunks that are none.
    for broken in ["Content-Length: 10\r\n\r\n{}", "Transfer-Encoding: chunked\r\n\r\nxyz\r\n"] {
        let mut client = Client::connect(running.address());
        client.send(&format!("POST {PREDICT} HTTP/1.1\r\nHost: h\r\n{broken}"));
        client.0.get_mut().shutdown(std::net::Shutdown::Write).unwrap();
        client.0.read_to_end(&mut Vec::new()).unwrap();
    }
    assert_eq!(Client::connect(running.address()).post(PREDICT, "{}").0, 200);
    let counts = running.stop();
    assert_eq!((counts.answered("POST", PREDICT), counts.abandoned("POST", PREDICT)), (1, 2));
}

#[test]
fn a_body_beyond_the_limit_gets_413_also_while_the_client_still_sends() {
    let running = start(Duration::ZERO);
    let mut client = Client::connect(running.address());
    let (status, body) = client.post(PREDICT, &" ".repeat(MAX_BODY_BYTES + 1));
    assert_eq!((status, body.as_str()), (413, r#"{"error":"the body is longer than 33554432 bytes"}"#));
    assert_eq!(client.0.read(&mut [0]).unwrap(), 0);
    assert_eq!(Client::connect(running.address()).post(PREDICT, "{}").0, 200);
}

#[test]
fn a_serve_in_the_foreground_ends_when_told() {
    let (told, address) = mpsc::channel();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let client = std::thread::spawn(move || {
        let address = address.recv().unwrap();
        assert_eq!(Client::connect(address).post(PREDICT, "{}").0, 200);
        stop.send(()).unwrap();
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let counts = runtime
        .block_on(Simulator::serve(options(Duration::ZERO), |address| told.send(address).unwrap(), async {
            let _ = stopped.await;
        }))
        .unwrap();
    client.join().unwrap();
    assert_eq!(counts.total(), 1);
}

#[test]
fn invalid_options_and_taken_addresses_are_errors() {
    let mut wrong = options(Duration::ZERO);
    (wrong.workers, wrong.latency.slowdown) = (0, -1.0);
    let error = Simulator::start(wrong).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    assert_eq!(
        error.to_string(),
        "the number of workers must lie between 1 and 65536, got 0; \
         the slowdown must be above 0 and at most 1000, got -1"
    );
    let running = start(Duration::ZERO);
    let taken = Options { address: running.address(), ..Options::default() };
    assert_eq!(Simulator::start(taken).unwrap_err().kind(), io::ErrorKind::AddrInUse);
}
