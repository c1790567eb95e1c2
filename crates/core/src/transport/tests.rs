//! What a server can do to a connection, byte by byte, and the text that a user reads of it.

use std::net::SocketAddr;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::LocalSet;

use crate::clock::Clock;
use crate::transport::{Connection, Connector, Exchange, Failure, Tls};
use crate::wire::{Capture, Fault, PreparedRequest, Target};

/// How the server ends a connection after its bytes.
#[derive(Clone, Copy)]
enum End {
    Close,
    Reset,
    KeepOpen,
}

fn request(method: Method, capture: Capture) -> PreparedRequest {
    let mut headers = HeaderMap::new();
    headers.insert("host", HeaderValue::from_static("model.example"));
    PreparedRequest {
        method,
        path: "/v1/models/x:predict".parse().unwrap(),
        headers,
        body: Bytes::from_static(b"{}"),
        capture,
    }
}

fn connector(address: SocketAddr) -> Connector {
    let target = Target::parse(&format!("http://{address}")).unwrap();
    Connector::new(&target, &Tls::verified(None).unwrap())
}

/// Reads one request's head and its two bytes of body.
async fn read_request(stream: &mut TcpStream) -> Vec<u8> {
    let mut seen = Vec::new();
    while !seen.ends_with(b"{}") {
        if stream.read_buf(&mut seen).await.unwrap() == 0 {
            break;
        }
    }
    seen
}

/// A server that answers each connection's first request with `bytes` and ends it.
async fn serve(listener: TcpListener, bytes: &'static [u8], end: End) {
    let mut kept = Vec::new();
    while let Ok((mut stream, _)) = listener.accept().await {
        read_request(&mut stream).await;
        stream.write_all(bytes).await.unwrap();
        match end {
            End::Close => {}
            End::Reset => stream.set_zero_linger().unwrap(),
            End::KeepOpen => kept.push(stream),
        }
    }
}

async fn exchange_with(bytes: &'static [u8], end: End) -> Exchange {
    exchange_of(Method::POST, bytes, end).await
}

async fn exchange_of(method: Method, bytes: &'static [u8], end: End) -> Exchange {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let clock = Clock::start();
    LocalSet::new()
        .run_until(async move {
            tokio::task::spawn_local(serve(listener, bytes, end));
            let mut connection = connector(address).connect(&clock).await.unwrap();
            connection.exchange(&request(method, Capture::Body), &clock).await
        })
        .await
}

async fn failure_of(bytes: &'static [u8], end: End) -> (Fault, String) {
    let exchange = exchange_with(bytes, end).await;
    assert!(!exchange.reusable);
    let Failure { fault, text } = exchange.failure.expect("a failure");
    (fault, text.into_owned())
}

#[tokio::test]
async fn a_response_of_known_length_is_read_whole_and_the_connection_stays() {
    let exchange =
        exchange_with(b"HTTP/1.1 200 OK\r\nX-A: b\r\nContent-Length: 5\r\n\r\nhello", End::KeepOpen).await;
    assert_eq!((exchange.status, exchange.received, &exchange.body[..]), (200, 5, &b"hello"[..]));
    assert_eq!(exchange.headers["x-a"], "b");
    assert!(exchange.reusable && exchange.failure.is_none());
    assert!(exchange.first_byte.unwrap() <= exchange.last_byte);
}

#[tokio::test]
async fn a_chunked_response_is_read_whole() {
    let bytes = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
    let exchange = exchange_with(bytes, End::KeepOpen).await;
    assert_eq!((exchange.received, &exchange.body[..]), (5, &b"abcde"[..]));
    assert!(exchange.reusable);
}

#[tokio::test]
async fn a_response_that_ends_with_the_connection_is_whole_but_not_reusable() {
    let exchange = exchange_with(b"HTTP/1.0 200 OK\r\n\r\nall of it", End::Close).await;
    assert_eq!(&exchange.body[..], b"all of it");
    assert!(exchange.failure.is_none() && !exchange.reusable);
}

#[tokio::test]
async fn a_response_that_has_no_body_by_rule_is_whole_and_the_connection_stays() {
    let cases: [(Method, &[u8], u16); 3] = [
        (Method::HEAD, b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 200),
        (Method::GET, b"HTTP/1.1 204 No Content\r\n\r\n", 204),
        (Method::GET, b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", 304),
    ];
    for (method, bytes, status) in cases {
        let exchange = exchange_of(method, bytes, End::KeepOpen).await;
        assert_eq!((exchange.status, exchange.received), (status, 0));
        assert!(exchange.reusable && exchange.failure.is_none(), "{:?}", exchange.failure);
    }
}

#[tokio::test]
async fn a_server_that_switches_protocols_is_a_failure() {
    let exchange =
        exchange_with(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", End::KeepOpen).await;
    assert!(!exchange.reusable);
    assert_eq!(exchange.failure.map(|failure| failure.fault), Some(Fault::Protocol));
}

#[tokio::test]
async fn a_response_longer_than_announced_ends_where_it_said_and_the_connection_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let clock = Clock::start();
    LocalSet::new()
        .run_until(async move {
            let bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok and more";
            tokio::task::spawn_local(serve(listener, bytes, End::KeepOpen));
            let mut connection = connector(address).connect(&clock).await.unwrap();
            let exchange = connection.exchange(&request(Method::POST, Capture::Body), &clock).await;
            assert_eq!((exchange.received, &exchange.body[..]), (2, &b"ok"[..]));
            assert!(exchange.failure.is_none());
            while !connection.is_closed() {
                tokio::task::yield_now().await;
            }
        })
        .await;
}

#[tokio::test]
async fn an_informational_response_is_passed_over() {
    let bytes = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    assert_eq!(exchange_with(bytes, End::KeepOpen).await.status, 200);
}

#[tokio::test]
async fn each_way_to_close_early_has_a_text_of_its_own() {
    let cases: [(&[u8], &str); 5] = [
        (b"", "connection closed without a response"),
        (b"HTTP/1.1 200 OK\r\nConte", "connection closed in the middle of the response's head"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
            "connection closed before the announced length of the body was reached",
        ),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
            "connection closed in the middle of the response's body",
        ),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\nabc",
            "connection closed in the middle of the response's body",
        ),
    ];
    for (bytes, text) in cases {
        assert_eq!(failure_of(bytes, End::Close).await, (Fault::Closed, text.to_owned()));
    }
}

#[tokio::test]
async fn a_reset_is_told_from_a_close() {
    let (fault, text) = failure_of(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort", End::Reset).await;
    assert_eq!(
        (fault, text.as_str()),
        (Fault::Read, "connection reset in the middle of the response's body")
    );
}

#[tokio::test]
async fn what_is_no_http_is_called_malformed() {
    for bytes in [
        &b"SSH-2.0-OpenSSH_9.6\r\n"[..],
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: five\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n",
    ] {
        let (fault, text) = failure_of(bytes, End::Close).await;
        assert_eq!(fault, Fault::Protocol, "{text}");
        assert!(text.starts_with("malformed response: "), "{text}");
    }
}

#[tokio::test]
async fn a_refused_connection_names_the_address() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let failure = connector(address).connect(&Clock::start()).await.map(drop).unwrap_err();
    assert_eq!(failure.fault, Fault::Connect);
    assert_eq!(failure.text, format!("connection refused by {address}"));
}

#[tokio::test]
async fn a_connection_closed_while_idle_is_known_to_be_closed() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let clock = Clock::start();
    LocalSet::new()
        .run_until(async move {
            let bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
            tokio::task::spawn_local(serve(listener, bytes, End::Close));
            let mut connection = connector(address).connect(&clock).await.unwrap();
            let request = request(Method::POST, Capture::Nothing);
            assert!(connection.exchange(&request, &clock).await.failure.is_none());
            while !connection.is_closed() {
                tokio::task::yield_now().await;
            }
            let second = connection.exchange(&request, &clock).await;
            assert_eq!(second.failure.unwrap().fault, Fault::Closed);
            assert!(second.first_byte.is_none());
        })
        .await;
}

#[tokio::test]
async fn the_request_on_the_wire_has_one_host_and_the_path_as_given() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let clock = Clock::start();
    let seen = LocalSet::new()
        .run_until(async move {
            let server = tokio::task::spawn_local(async move {
                let (mut stream, _) = listener.accept().await.unwrap();
                let seen = read_request(&mut stream).await;
                stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.unwrap();
                seen
            });
            let mut connection = connector(address).connect(&clock).await.unwrap();
            let exchange = connection.exchange(&request(Method::POST, Capture::Nothing), &clock).await;
            assert_eq!(exchange.status, 204);
            server.await.unwrap()
        })
        .await;
    let text = String::from_utf8(seen).unwrap();
    assert_eq!(
        text,
        "POST /v1/models/x:predict HTTP/1.1\r\nHost: model.example\r\nContent-Length: 2\r\n\r\n{}"
    );
}

mod tls {
    use std::sync::Arc;

    use rcgen::{CertifiedKey, generate_simple_self_signed};
    use rustls::ServerConfig;
    use rustls::crypto::ring;
    use rustls::pki_types::PrivateKeyDer;
    use tokio_rustls::TlsAcceptor;

    use super::*;

    /// A TLS server with a certificate for `name`; answers one request a connection.
    async fn serve_tls(listener: TcpListener, certified: CertifiedKey<rcgen::KeyPair>) {
        let key = PrivateKeyDer::Pkcs8(certified.signing_key.serialize_der().into());
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certified.cert.der().clone()], key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let mut seen = Vec::new();
            while !seen.ends_with(b"{}") && stream.read_buf(&mut seen).await.unwrap_or(0) > 0 {}
            drop(stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await);
            drop(stream.shutdown().await);
        }
    }

    /// Connects by `https://localhost` to a server whose certificate names `name`.
    async fn connect(name: &str, trust: impl Fn(&std::path::Path) -> Tls) -> Result<Exchange, Failure> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let certified = generate_simple_self_signed([name.to_owned()]).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ca.pem");
        std::fs::write(&file, certified.cert.pem()).unwrap();
        let clock = Clock::start();
        LocalSet::new()
            .run_until(async {
                tokio::task::spawn_local(serve_tls(listener, certified));
                // The address keeps the test off the resolver; the name on the certificate is the address's.
                let target = Target::parse(&format!("https://127.0.0.1:{port}")).unwrap();
                let mut connection: Connection =
                    Connector::new(&target, &trust(&file)).connect(&clock).await?;
                Ok(connection.exchange(&request(Method::POST, Capture::Body), &clock).await)
            })
            .await
    }

    #[tokio::test]
    async fn a_certificate_of_an_added_authority_is_trusted_whatever_the_host_header_says() {
        let exchange = connect("127.0.0.1", |file| Tls::verified(Some(file)).unwrap()).await.unwrap();
        assert_eq!((exchange.status, &exchange.body[..]), (200, &b"ok"[..]));
    }

    #[tokio::test]
    async fn an_unknown_authority_is_named_as_the_reason() {
        let failure = connect("127.0.0.1", |_| Tls::verified(None).unwrap()).await.unwrap_err();
        assert_eq!(failure.fault, Fault::Tls);
        assert!(failure.text.contains("--cacert"), "{}", failure.text);
    }

    #[tokio::test]
    async fn the_certificate_must_name_the_host_of_the_url_not_the_host_header() {
        let failure = connect("model.example", |file| Tls::verified(Some(file)).unwrap()).await.unwrap_err();
        assert_eq!(failure.fault, Fault::Tls);
        assert!(failure.text.contains("127.0.0.1"), "{}", failure.text);
    }

    #[tokio::test]
    async fn insecure_accepts_any_certificate() {
        let exchange = connect("model.example", |_| Tls::insecure().unwrap()).await.unwrap();
        assert_eq!(exchange.status, 200);
    }

    #[tokio::test]
    async fn a_server_that_speaks_no_tls_fails_with_a_readable_text() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let clock = Clock::start();
        let failure = LocalSet::new()
            .run_until(async {
                tokio::task::spawn_local(async move {
                    let (mut stream, _) = listener.accept().await.unwrap();
                    drop(stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await);
                });
                let target = Target::parse(&format!("https://127.0.0.1:{port}")).unwrap();
                Connector::new(&target, &Tls::insecure().unwrap()).connect(&clock).await.map(drop)
            })
            .await
            .unwrap_err();
        assert_eq!(failure.fault, Fault::Tls);
        assert!(failure.text.starts_with("TLS: "), "{}", failure.text);
    }

    #[test]
    fn a_file_without_certificates_is_refused_with_its_path() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("empty.pem");
        std::fs::write(&file, "nothing here\n").unwrap();
        let error = Tls::verified(Some(&file)).unwrap_err().to_string();
        assert!(error.contains("empty.pem") && error.contains("no PEM certificate"), "{error}");
        assert!(Tls::verified(Some(&folder.path().join("missing.pem"))).is_err());
    }
}
