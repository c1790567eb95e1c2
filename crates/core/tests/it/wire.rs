//! What goes over the wire: bytes of requests, and which connection they take.

use crate::server::{Do, Server};
use crate::setup::{load, run};

/// The heads of the requests that one run of `module` sends.
fn heads(module: &str) -> Vec<String> {
    let server = Server::start(|_, _| Do::Answer(200, "{}"));
    run(module, &server, load(1, Some(50)), 1);
    server.seen().into_iter().map(|seen| seen.head).collect()
}

#[test]
fn a_method_that_carries_a_body_says_that_there_is_none() {
    for method in ["post", "put", "patch"] {
        let heads = heads(&format!("[[user]]\nclass = \"A\"\nwait = \"1h\"\n{method} = \"/a\"\n"));
        assert!(heads[0].contains("\r\nContent-Length: 0\r\n"), "{}", heads[0]);
    }
    for method in ["get", "delete", "head", "options"] {
        let heads = heads(&format!("[[user]]\nclass = \"A\"\nwait = \"1h\"\n{method} = \"/a\"\n"));
        assert!(!heads[0].to_lowercase().contains("content-length"), "{}", heads[0]);
    }
}

#[test]
fn a_connection_that_the_server_said_it_closes_is_not_tried_again() {
    let server = Server::start(|_, _| Do::SayAndClose);
    let record = run("[[user]]\nclass = \"A\"\nget = \"/a\"\n", &server, load(2, Some(100)), 1);
    assert!(record.total.requests > 4);
    assert_eq!((record.total.failures, record.total.resent), (0, 0), "{:?}", record.failures);
    assert_eq!(record.total.requests, server.seen().len() as u64);
}
