//! Trouble of the server is data: each kind has a text of its own in `_failures.csv`, and the number of texts
//! is bounded.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};

use rustix::process::{Pid, Signal, kill_process};

use crate::sandbox::{Sandbox, ended};
use crate::server::Server;

/// What the server does on a path, and the text that stands for it.
const TROUBLE: &[(&str, &str)] = &[
    ("/refused", "connection refused by 127.0.0.1:"),
    ("/no-tls", "TLS: the server closed the connection during the handshake"),
    ("/reset", "connection reset without a response"),
    ("/closed", "connection closed without a response"),
    ("/half-a-head", "connection closed in the middle of the response's head"),
    ("/half-a-body", "connection closed before the announced length of the body was reached"),
    ("/half-a-chunk", "connection closed in the middle of the response's body"),
    ("/hangs", "timeout: no whole response within 0.2 s"),
    ("/malformed", "malformed response: "),
    ("/404", "HTTP 404 Not Found"),
    ("/503", "HTTP 503 Service Unavailable"),
    ("/no-json", "the response is not JSON"),
];

/// The bytes of an answer; after it the connection is closed.
fn answer(path: &str) -> &'static str {
    match path {
        "/half-a-head" => "HTTP/1.1 200 OK\r\nContent-",
        "/half-a-body" => "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}",
        "/half-a-chunk" => "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
        "/malformed" => "SSH-2.0-OpenSSH_9.6\r\n\r\n",
        "/404" => "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
        "/503" => "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n",
        "/no-json" => "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>",
        _ => "",
    }
}

/// Starts a server that gives nothing but trouble; it ends with the process.
fn troublemaker() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let stream = stream.unwrap();
            std::thread::spawn(move || trouble(&stream));
        }
    });
    address
}

/// Answers one request and closes the connection.
fn trouble(mut stream: &TcpStream) {
    let mut first = [0; 64];
    let length = stream.peek(&mut first).unwrap_or_default();
    let path = String::from_utf8_lossy(&first[..length]).split(' ').nth(1).unwrap_or_default().to_owned();
    if path == "/reset" {
        // Closing a connection with unread bytes resets it.
        return;
    }
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    while path.starts_with('/') && reader.read_line(&mut line).is_ok_and(|length| length > 2) {
        line.clear();
    }
    if path != "/hangs" {
        // The client may have gone; it says so itself.
        let _ = stream.write_all(answer(&path).as_bytes());
        let _ = stream.shutdown(Shutdown::Write);
    }
    let _ = reader.read_to_end(&mut Vec::new());
}

/// A class for each kind of trouble.
fn module(closed_port: &str, plain: &str) -> String {
    let class = |(number, (path, _)): (usize, &(&str, &str))| {
        let more = match *path {
            "/refused" => format!("base_url = \"http://{closed_port}\""),
            "/no-tls" => format!("base_url = \"https://{plain}\""),
            "/hangs" => "timeout = \"200ms\"".to_owned(),
            "/no-json" => "expect = [\"response.json.x == 1\"]".to_owned(),
            _ => String::new(),
        };
        format!("[[user]]\nclass = \"C{number:02}\"\nwait = \"100ms\"\nget = \"{path}\"\n{more}\n\n")
    };
    TROUBLE.iter().enumerate().map(class).collect()
}

#[test]
fn each_kind_of_trouble_has_a_text_of_its_own() {
    let sandbox = Sandbox::new();
    let plain = troublemaker().to_string();
    let gone = Server::start(|_| (200, String::new())).address.to_string();
    sandbox.write("models/m.toml", &module(&gone, &plain));
    let url = format!("http://{plain}");
    let told = sandbox.run(&["m", "-u", "12", "-r", "100", "-t", "1s", "-H", &url, "--csv", "x"]);
    told.expect_code(1);
    assert!(!told.stderr.contains("panicked"), "{}", told.stderr);
    let failures = sandbox.read("x_failures.csv");
    let by_path: BTreeMap<&str, &str> = failures
        .lines()
        .skip(1)
        .map(|line| line.split_once(',').unwrap().1.split_once(',').unwrap())
        .collect();
    assert_eq!(failures.lines().count() - 1, TROUBLE.len(), "one text for one kind:\n{failures}");
    for (path, text) in TROUBLE {
        assert!(by_path[path].trim_start_matches('"').starts_with(text), "{path}: {}", by_path[path]);
    }
    // Failures without a byte of response: nobody hammers a dead server.
    let stats = sandbox.read("x_stats.csv");
    let count = |path| crate::running::request_count(&stats, path);
    assert!((1..20).contains(&count("/refused")), "{stats}");
}

#[test]
fn texts_that_differ_each_time_are_bounded() {
    let sandbox = Sandbox::new();
    let server = Server::start(|request| (200, format!("{{\"problem\": \"{}\"}}", request.target)));
    let module = r#"
        [[user]]
        class = "A"
        get = "/a/{{ user.index }}/{{ counter() }}"
        name = "/a"
        expect = [{ that = "response.json.problem == ''", message = "{{ response.json.problem }}" }]
    "#;
    sandbox.write("models/m.toml", module);
    let url = server.url();
    let arguments = ["m", "-u", "4", "-r", "100", "-t", "10m", "-H", &url, "--csv", "x"];
    let child = sandbox.command(&arguments).spawn().unwrap();
    server.wait_for(3_000);
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    ended(child.wait_with_output().unwrap()).expect_code(130);
    let failures = sandbox.read("x_failures.csv");
    let counts: Vec<usize> =
        failures.lines().skip(1).map(|line| line.split(',').nth(3).unwrap().parse().unwrap()).collect();
    assert_eq!(counts.iter().sum::<usize>(), server.recorded().len());
    // A thousand of a run, and the rest of a row.
    assert!(counts.len() <= 1_001, "{} rows", counts.len());
    assert!(failures.contains("other failures (too many different texts)"), "{failures}");
}
