//! A server that records what it is asked, on a free port of the loopback interface.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Condvar, Mutex, mpsc};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Recorded {
    pub(crate) method: String,
    /// Path and query, or a whole URL where the client took this server for a proxy.
    pub(crate) target: String,
    /// Names in lower case, in the order of the wire.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Recorded {
    /// All values of a header.
    pub(crate) fn header(&self, name: &str) -> Vec<&str> {
        let named = self.headers.iter().filter(|(header, _)| header == name);
        named.map(|(_, value)| value.as_str()).collect()
    }
}

type Answer = dyn Fn(&Recorded) -> (u16, String) + Send + Sync;

/// What came so far, and a bell for those who wait for more.
#[derive(Default)]
struct Log {
    requests: Mutex<Vec<Recorded>>,
    more: Condvar,
}

/// Answers and records until it is dropped.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    log: Arc<Log>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Server {
    /// Starts a server that answers each request with a status and a body, at once.
    pub(crate) fn start(answer: impl Fn(&Recorded) -> (u16, String) + Send + Sync + 'static) -> Self {
        Self::slow(Duration::ZERO, answer)
    }

    /// Starts a server whose answers take this long, a tenth more or less: were they all alike, users would go on in
    /// step, and a run would tell little more than one of them.
    pub(crate) fn slow(
        delay: Duration,
        answer: impl Fn(&Recorded) -> (u16, String) + Send + Sync + 'static,
    ) -> Self {
        let log = Arc::new(Log::default());
        let (stop, stopped) = oneshot::channel();
        let (ready, address) = mpsc::channel();
        let of_thread = Arc::clone(&log);
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                ready.send(listener.local_addr().unwrap()).unwrap();
                tokio::select! {
                    () = serve(&listener, delay, Arc::new(answer), of_thread) => {}
                    _ = stopped => {}
                }
            });
        });
        Self { address: address.recv().unwrap(), log, stop: Some(stop), thread: Some(thread) }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What was asked so far.
    pub(crate) fn recorded(&self) -> Vec<Recorded> {
        self.log.requests.lock().unwrap().clone()
    }

    /// Waits until so many requests have come.
    pub(crate) fn wait_for(&self, count: usize) {
        let requests = self.log.requests.lock().unwrap();
        drop(self.log.more.wait_while(requests, |requests| requests.len() < count).unwrap());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

async fn serve(listener: &TcpListener, delay: Duration, answer: Arc<Answer>, log: Arc<Log>) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let (answer, log) = (Arc::clone(&answer), Arc::clone(&log));
        let service = service_fn(move |request: Request<hyper::body::Incoming>| {
            let (answer, log) = (Arc::clone(&answer), Arc::clone(&log));
            async move {
                let request = record(request).await;
                let number = {
                    let mut requests = log.requests.lock().unwrap();
                    requests.push(request.clone());
                    requests.len()
                };
                log.more.notify_all();
                tokio::time::sleep(delay.mul_f64(varied(number))).await;
                let (status, body) = answer(&request);
                let response = Response::builder().status(status).header("content-type", "application/json");
                Ok::<_, Infallible>(response.body(Full::new(Bytes::from(body))).unwrap())
            }
        });
        // A client that goes away in the middle is what some tests do.
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

/// 0.9 to 1.1, spread evenly over any numbers that follow each other (multiples of the golden section).
fn varied(number: usize) -> f64 {
    0.9 + 0.2 * (number as f64 * 0.618_033_988_749_895).fract()
}

async fn record(request: Request<hyper::body::Incoming>) -> Recorded {
    let (head, body) = request.into_parts();
    let headers = head.headers.iter().map(|(name, value)| {
        (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    });
    Recorded {
        method: head.method.to_string(),
        target: head.uri.to_string(),
        headers: headers.collect(),
        body: String::from_utf8_lossy(
            &body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default(),
        )
        .into_owned(),
    }
}
