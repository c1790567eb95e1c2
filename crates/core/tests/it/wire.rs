//! What goes over the wire: bytes of requests, and which connection they take.

use windtunnel_core::engine::{Control, Stop};
use windtunnel_core::summary::RunRecord;

use crate::server::{Do, Server};
use crate::setup::{load, plan, run_with};

/// Runs a class that sends `request` to a server that does `what`, until it has seen `requests`.
fn run_for(requests: usize, request: &str, what: fn() -> Do) -> (RunRecord, Server) {
    let control = Control::default();
    let steer = control.clone();
    let server = Server::start(move |_, number| {
        if number + 1 == requests {
            steer.stop(Stop::Graceful);
        }
        what()
    });
    let module = format!("[[user]]\nclass = \"A\"\n{request} = \"/a\"\n");
    let plan = plan(&module, &format!("http://{}", server.address), load(1, None));
    (run_with(&plan, 1, &control), server)
}

#[test]
fn a_method_that_carries_a_body_says_that_there_is_none() {
    let head = |method: &str| {
        let (_, server) = run_for(1, method, || Do::Answer(200, "{}"));
        server.seen().remove(0).head
    };
    for method in ["post", "put", "patch"] {
        let head = head(method);
        assert!(head.contains("\r\nContent-Length: 0\r\n"), "{head}");
    }
    for method in ["get", "delete", "options"] {
        let head = head(method);
        assert!(!head.to_lowercase().contains("content-length"), "{head}");
    }
}

#[test]
fn a_connection_that_the_server_said_it_closes_is_not_tried_again() {
    let (record, server) = run_for(10, "get", || Do::SayAndClose);
    assert_eq!((record.total.failures, record.total.resent), (0, 0), "{:?}", record.failures);
    assert_eq!(record.total.requests, server.seen().len() as u64);
}
