//! `windtunnel check`: what is shown, what is sent, and what is hidden.

use crate::running::{module, with_modules};
use crate::sandbox::Sandbox;
use crate::server::Server;

const SECRETIVE: &str = r#"
[env.KEY]
secret = true
required = true

[[user]]
class = "A"
headers = { Authorization = "Bearer {{ env.KEY }}", X-Trace = "t-{{ env.KEY }}" }
on_start = [{ post = "/login", json = { key = "{{ env.KEY }}" }, save = { token = "response.json.token" } }]

[[user.task]]
get = "/items?token={{ user.token }}"
"#;

#[test]
fn a_request_of_each_task_is_shown_and_nothing_is_sent() {
    let sandbox = with_modules(&["a", "b"]);
    let server = Server::start(|_| (200, "{}".to_owned()));
    let told = sandbox.run(&["check", "-H", &server.url()]);
    told.expect_code(0).expect_message("2 modules checked");
    for text in ["POST /v1/models/a:predict HTTP/1.1", "POST /v1/models/b:predict HTTP/1.1", "{\"x\":1}"] {
        assert!(told.stdout.contains(text), "{}", told.stdout);
    }
    assert!(server.recorded().is_empty());
}

#[test]
fn a_module_can_be_right_without_a_base_url() {
    with_modules(&["a"]).run(&["check"]).expect_code(0);
}

#[test]
fn each_request_is_sent_once_and_its_response_shown() {
    let sandbox = with_modules(&["a"]);
    let server = Server::start(|_| (200, "{\"answer\": 42}".to_owned()));
    let told = sandbox.run(&["check", "--send", "-H", &server.url()]);
    told.expect_code(0);
    assert!(told.stdout.contains("200 OK") && told.stdout.contains("{\"answer\": 42}"), "{}", told.stdout);
    assert_eq!(server.recorded().len(), 1);
    let broken = Server::start(|_| (503, "busy".to_owned()));
    let told = sandbox.run(&["check", "--send", "-H", &broken.url()]);
    told.expect_code(1);
    assert!(
        told.stdout.contains("503 Service Unavailable") && told.stdout.contains("failed: "),
        "{}",
        told.stdout
    );
}

#[test]
fn secrets_are_sent_but_never_shown() {
    let sandbox = Sandbox::new();
    sandbox.write("models/a.toml", SECRETIVE);
    let server = Server::start(|_| (200, "{\"token\": \"t0k3n\"}".to_owned()));
    let url = server.url();
    for arguments in [&["check", "a", "-H", &url][..], &["check", "a", "--send", "-H", &url]] {
        let told = sandbox.run_with(&[("KEY", "s3cret")], arguments);
        told.expect_code(0);
        assert!(!told.stdout.contains("s3cret") && !told.stderr.contains("s3cret"), "{told:#?}");
        assert!(told.stdout.contains("authorization: ***"), "{}", told.stdout);
    }
    let sent = server.recorded();
    assert_eq!(sent[0].header("authorization"), ["Bearer s3cret"]);
    assert_eq!(sent[1].target, "/items?token=t0k3n");
}

const TALKATIVE: &str = r#"
baseline = "base-{{ env.KEY }}"
[env.KEY]
secret = true
required = true
[env.URL]
required = true

[[user]]
class = "A"
base_url = "{{ env.URL }}/{{ env.KEY | urlencode }}"
wait = "20ms"
headers = { X-Trace = "t-{{ env.KEY }}" }
post = "/a/{{ env.KEY }}"
query = { key = "{{ env.KEY }}" }
json = { key = "{{ env.KEY }}" }
expect = [{ that = "response.status == 299", message = "{{ env.KEY }} and {{ response.text }}" }]

[[user]]
class = "B"
base_url = "{{ env.URL }}"
wait = "20ms"
name = "row of {{ env.KEY }}"
post = "/b"
form = { key = "{{ env.KEY }}" }
save = { no = "response.json.no.such.thing ~ env.KEY" }
"#;

#[test]
fn a_secret_is_in_nothing_that_is_printed_or_written_whatever_form_it_has() {
    let sandbox = Sandbox::new();
    sandbox.write("models/a.toml", TALKATIVE);
    let server = Server::start(|request| (200, format!("{} {}", request.target, request.body)));
    let variables = [("KEY", "s3cret \"+/é"), ("URL", &server.url())];
    sandbox.run_with(&variables, &["check"]).expect_code(0);
    let load =
        ["-u", "4", "-r", "4", "-t", "1s", "--csv", "out/x", "--json-file", "out/x", "--logfile", "log"];
    for arguments in [&["list"][..], &["check"], &["check", "--send"], &load] {
        let told = sandbox.run_with(&variables, arguments);
        assert!(!told.stdout.contains("s3cret") && !told.stderr.contains("s3cret"), "{told:#?}");
    }
    assert!(server.recorded().iter().any(|request| request.target.contains("s3cret")));
    let files = sandbox.files();
    assert!(files.iter().any(|file| file.starts_with(".windtunnel/runs/")), "{files:?}");
    for file in files {
        assert!(!file.contains("s3cret") && !sandbox.read(&file).contains("s3cret"), "{file}");
    }
    let told = sandbox.run_with(&[("KEY", "s3cret"), ("URL", "no url of s3cret")], &["check"]);
    assert!(!told.expect_code(2).stderr.contains("s3cret"), "{told:#?}");
}

#[test]
fn all_mistakes_are_told_at_once() {
    let sandbox = with_modules(&["good"]);
    sandbox.write("models/one.toml", &module("one").replace("x = 1", "x = \"{{ nothing }}\""));
    sandbox.write("models/two.toml", &module("two").replace("x = 1", "x = \"{{ 1 + }}\""));
    let told = sandbox.run(&["check"]);
    told.expect_code(2).expect_message("models/one.toml:5").expect_message("models/two.toml:5");
    assert_eq!(told.stdout, "");
}

#[test]
fn a_new_module_passes_check_and_runs_at_once() {
    let sandbox = Sandbox::new();
    sandbox.run(&["new", "mine"]).expect_code(0);
    let told = sandbox.run(&["check", "mine"]);
    told.expect_code(0);
    assert!(told.stdout.contains("POST /v1/models/mine:predict"), "{}", told.stdout);
    sandbox.run(&["check", "mine", "--sim", "--send"]).expect_code(0);
    let load = ["mine", "--sim", "--sim-median", "400ms", "-t", "3s", "--csv", "results/sim/mine"];
    sandbox.run(&load).expect_code(0).expect_message("this run is the new baseline");
}
