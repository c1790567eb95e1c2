//! Whole runs against a scripted server: what it saw is what is reported, whatever happens.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use windtunnel_core::engine::{Control, Stop};
use windtunnel_core::plan::Load;
use windtunnel_core::summary::{Ending, RunRecord};

use crate::server::{Do, Server};
use crate::setup::{load, plan, run, run_with};

/// Requests by `METHOD name`, as reported.
fn reported(record: &RunRecord) -> Vec<(String, u64)> {
    record.series.iter().map(|row| (format!("{} {}", row.method, row.name), row.requests)).collect()
}

#[test]
fn what_the_server_counted_is_what_is_reported_row_by_row() {
    let server = Server::start(|_, _| Do::Answer(200, "{}"));
    let module = r#"
        [[user]]
        class = "A"
        wait = "1ms..3ms"
        post = "/a"
        json = { x = 1 }

        [[user]]
        class = "B"
        weight = 2
        [[user.task]]
        weight = 3
        get = "/b"
        [[user.task]]
        put = "/c"
        body = "text"
    "#;
    for threads in [1, 3] {
        let before = server.counts();
        let record = run(module, &server, load(7, Some(300)), threads);
        assert_eq!(record.ending, Some(Ending::Complete));
        for (row, requests) in reported(&record) {
            let counted = server.counts()[&row] - before.get(&row).copied().unwrap_or(0);
            assert_eq!(requests, counted, "{row}");
            assert!(requests > 0, "{row}");
        }
        let total = &record.total;
        assert_eq!(total.requests, record.series.iter().map(|row| row.requests).sum::<u64>());
        assert_eq!((total.failures, total.cut_off), (0, 0));
        assert_eq!(total.times.count(), total.requests);
    }
}

#[test]
fn a_run_that_is_stopped_from_outside_reports_everything_and_says_so() {
    let control = Control::default();
    let stop = control.clone();
    let server = Server::start(move |_, number| {
        if number == 50 {
            stop.stop(Stop::Graceful);
        }
        Do::Answer(200, "{}")
    });
    let module = "[[user]]\nclass = \"A\"\nget = \"/a\"\n";
    let plan = plan(module, &format!("http://{}", server.address), load(4, None));
    let record = run_with(&plan, 2, &control);
    assert_eq!(record.ending, Some(Ending::Interrupted));
    assert_eq!(record.total.requests, server.seen().len() as u64);
}

#[test]
fn requests_in_flight_at_the_end_are_cut_off_after_the_stop_timeout_and_said() {
    let server = Server::start(|_, _| Do::Hang);
    let module = "[[user]]\nclass = \"A\"\nget = \"/a\"\n";
    let short = Load { stop_timeout: Duration::from_millis(50), ..load(3, Some(100)) };
    let record = run(module, &server, short, 2);
    assert_eq!((record.total.requests, record.total.cut_off), (0, 3));
}

#[test]
fn a_second_stop_ends_requests_in_flight_at_once() {
    let control = Control::default();
    let stop = control.clone();
    let server = Server::start(move |_, number| {
        if number == 2 {
            stop.stop(Stop::Now);
        }
        Do::Hang
    });
    let module = "[[user]]\nclass = \"A\"\nget = \"/a\"\ntimeout = \"1h\"\n";
    let plan = plan(module, &format!("http://{}", server.address), load(3, None));
    let record = run_with(&plan, 1, &control);
    assert_eq!((record.total.requests, record.total.cut_off), (0, 3));
}

#[test]
fn a_server_that_is_not_there_is_not_hammered() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = closed.local_addr().unwrap();
    drop(closed);
    let module = "[[user]]\nclass = \"A\"\nget = \"/a\"\n";
    let record =
        run_with(&plan(module, &format!("http://{address}"), load(2, Some(400))), 1, &Control::default());
    // Pauses of 50, 100, 200 and 400 ms: at most four attempts a user in 400 ms, however fast the machine.
    assert!((2..=8).contains(&record.total.requests), "{}", record.total.requests);
    assert_eq!(record.total.failures, record.total.requests);
    assert_eq!(record.failures.len(), 1);
    assert_eq!(record.failures[0].error, format!("connection refused by {address}"));
}

#[test]
fn a_connection_closed_while_idle_is_opened_again_without_a_failure() {
    let server = Server::start(|_, _| Do::AnswerAndClose);
    let module = "[[user]]\nclass = \"A\"\nwait = \"1ms..2ms\"\nget = \"/a\"\n";
    let record = run(module, &server, load(2, Some(200)), 1);
    assert_eq!(record.total.failures, 0, "{:?}", record.failures);
    assert!(record.total.requests > 2);
    // A request that was sent twice reached a closed connection the first time, so the server saw it once.
    assert_eq!(record.total.requests, server.seen().len() as u64);
}

#[test]
fn a_server_that_closes_without_an_answer_is_a_failure_after_one_more_try() {
    // The first request on a connection is answered, the second makes the server close.
    let server = Server::start(|_, number| if number == 0 { Do::Answer(200, "{}") } else { Do::Close });
    let module = "[[user]]\nclass = \"A\"\nget = \"/a\"\n";
    let record = run(module, &server, load(1, Some(30)), 1);
    let row = &record.series[0];
    assert_eq!((row.requests, row.failures, row.resent), (2, 1, 1));
    assert_eq!(server.seen().len() as u64, row.requests + row.resent);
    assert_eq!(record.failures[0].error, "connection closed without a response");
}

#[test]
fn a_timeout_is_a_failure_with_its_limit_in_the_text() {
    let server = Server::start(|_, _| Do::Hang);
    let module = "[[user]]\nclass = \"A\"\nget = \"/a\"\ntimeout = \"20ms\"\n";
    let record = run(module, &server, load(1, Some(100)), 1);
    assert!(record.total.failures > 0);
    assert_eq!(record.failures[0].error, "timeout: no whole response within 0.02 s");
    assert_eq!(record.total.statuses.keys().collect::<Vec<_>>(), [&0]);
}

#[test]
fn each_user_sends_the_same_whatever_the_number_of_threads_and_the_trouble_of_the_server() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rows.csv");
    let rows: Vec<_> = (0..500).map(|row| row.to_string()).collect();
    fs::write(&file, format!("id\n{}\n", rows.join("\n"))).unwrap();
    let module = format!(
        r#"
        [data.rows]
        file = {:?}
        [[user]]
        class = "A"
        wait = "1ms..2ms"
        [[user.task]]
        name = "two"
        steps = [
            {{ post = "/one", json = ["{{{{ user.index }}}}", "{{{{ rows.id }}}}", "{{{{ random_int(1, 1000000) }}}}"] }},
            {{ post = "/two", json = ["{{{{ random_int(1, 10) }}}}"] }},
        ]
        [[user.task]]
        weight = 2
        post = "/other"
        json = ["{{{{ user.index }}}}", "{{{{ rows.id }}}}", "{{{{ random_int(1, 1000000) }}}}"]
        "#,
        file.display().to_string()
    );
    // What each user sends first in its tasks; the server fails every so many of them.
    let sent = |threads: usize, failing: usize| {
        let server =
            Server::start(move |_, number| Do::Answer(if number % failing == 0 { 500 } else { 200 }, "{}"));
        run(&module, &server, load(5, Some(150)), threads);
        let mut by_user: BTreeMap<u64, Vec<String>> = BTreeMap::new();
        for seen in server.seen().into_iter().filter(|seen| seen.what != "POST /two") {
            let body: (u64, u64, u64) = serde_json::from_slice(&seen.body).unwrap();
            by_user.entry(body.0).or_default().push(format!("{} {body:?}", seen.what));
        }
        by_user
    };
    let (one, three) = (sent(1, 3), sent(3, 2));
    assert_eq!(one.len(), 5);
    for (user, requests) in &one {
        let common = requests.len().min(three[user].len());
        assert!(common > 1, "user {user}");
        assert_eq!(requests[..common], three[user][..common], "user {user}");
    }
}

#[test]
fn what_on_start_saves_is_in_scope_until_on_stop() {
    let server = Server::start(|seen, _| match seen.what.as_str() {
        "POST /login" => Do::Answer(200, r#"{"token": "t-1"}"#),
        _ => Do::Answer(200, "{}"),
    });
    let module = r#"
        [[user]]
        class = "A"
        wait = "5ms"
        on_start = { post = "/login", json = { name = "x" }, save = { token = "response.json.token" } }
        on_stop = { post = "/logout", json = { token = "{{ user.token }}" } }
        [[user.task]]
        get = "/a"
        headers = { authorization = "Bearer {{ user.token }}" }
    "#;
    let record = run(module, &server, load(2, Some(100)), 1);
    assert_eq!(record.total.failures, 0, "{:?}", record.failures);
    assert!(record.exceptions.is_empty(), "{:?}", record.exceptions);
    let counts = server.counts();
    assert_eq!((counts["POST /login"], counts["POST /logout"]), (2, 2));
    for seen in server.seen() {
        match seen.what.as_str() {
            "GET /a" => assert!(seen.head.contains("Authorization: Bearer t-1\r\n"), "{}", seen.head),
            "POST /logout" => assert_eq!(seen.body, br#"{"token":"t-1"}"#),
            _ => {}
        }
    }
}

#[test]
fn steps_stop_at_the_first_failure_unless_it_may_continue() {
    let server = Server::start(|seen, _| Do::Answer(if seen.what.contains("bad") { 500 } else { 200 }, "{}"));
    let module = r#"
        [[user]]
        class = "A"
        wait = "10ms"
        [[user.task]]
        steps = [
            { get = "/first-bad", continue = true },
            { get = "/second" },
            { get = "/third-bad" },
            { get = "/never" },
        ]
    "#;
    let record = run(module, &server, load(1, Some(60)), 1);
    let counts = server.counts();
    assert_eq!(counts["GET /first-bad"], counts["GET /second"]);
    assert_eq!(counts["GET /second"], counts["GET /third-bad"]);
    assert!(!counts.contains_key("GET /never"));
    assert_eq!(record.series.len(), 4);
    assert_eq!(record.failures[0].error, "HTTP 500 Internal Server Error");
}

#[test]
fn an_expectation_that_is_false_fails_a_request_of_status_200() {
    let server =
        Server::start(|_, number| Do::Answer(200, if number % 2 == 0 { r#"{"ok": true}"# } else { "[]" }));
    let module = r#"
        [[user]]
        class = "A"
        get = "/a"
        expect = [{ that = "response.json.ok", message = "not ok" }]
    "#;
    let record = run(module, &server, load(1, Some(60)), 1);
    let row = &record.series[0];
    assert_eq!(row.failures, row.requests / 2);
    assert_eq!(row.statuses[&200], row.requests);
}

#[test]
fn the_number_of_users_can_be_changed_while_a_run_goes_on() {
    let control = Control::default();
    let change = control.clone();
    let server = Server::start(move |_, number| {
        match number {
            10 => change.set_users(6),
            400 => change.stop(Stop::Graceful),
            _ => {}
        }
        Do::Answer(200, "{}")
    });
    let module =
        "[[user]]\nclass = \"A\"\nwait = \"1ms\"\nget = \"/a?user={{ user.index }}\"\nname = \"/a\"\n";
    let plan = plan(module, &format!("http://{}", server.address), load(2, None));
    let record = run_with(&plan, 2, &control);
    assert_eq!(record.total.requests, server.seen().len() as u64);
    let users = server.counts().len();
    assert_eq!(users, 6, "{:?}", server.counts());
}

#[test]
fn users_that_have_no_row_left_end_the_run_early() {
    let server = Server::start(|_, _| Do::Answer(200, "{}"));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rows.csv");
    fs::write(&file, "id\n1\n2\n3\n4\n5\n").unwrap();
    let module = format!(
        "[data.rows]\nfile = {:?}\npick = \"unique\"\n[[user]]\nclass = \"A\"\nget = \"/a/{{{{ rows.id }}}}\"\nname = \"/a\"\n",
        file.display().to_string()
    );
    let record = run(&module, &server, load(2, Some(60_000)), 2);
    assert_eq!(record.ending, Some(Ending::Complete));
    assert_eq!(record.total.requests, 5);
    assert_eq!(server.counts().len(), 5);
    assert!(record.window_end.as_duration() < Duration::from_secs(60));
}
