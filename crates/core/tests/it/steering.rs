//! Ending a run, and changing it while it goes on.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::Duration;

use windtunnel_core::engine::{Control, Stop};
use windtunnel_core::plan::Load;
use windtunnel_core::summary::{Ending, Phase};

use crate::server::{Do, Server};
use crate::setup::{load, plan, plan_of, run, run_observed, run_with};

/// One class whose users tell the server who they are.
const WHO: &str = "[[user]]\nclass = \"A\"\nwait = \"1ms\"\nget = \"/{{ user.index }}\"\nname = \"/\"\n";

#[test]
fn users_that_were_sent_away_come_back() {
    /// What the server has seen since the number of users was changed last.
    #[derive(Default)]
    struct Seen {
        change: usize,
        users: BTreeSet<String>,
        alone: u32,
    }
    let control = Control::default();
    let steer = control.clone();
    let seen = Mutex::new(Seen::default());
    let server = Server::start(move |request, number| {
        let mut seen = seen.lock().unwrap();
        // Requests in flight when the others were sent away do not count.
        seen.alone = if request.what == "GET /0" { seen.alone + 1 } else { 0 };
        seen.users.insert(request.what.clone());
        let all = seen.users.len() == 4;
        match seen.change {
            0 if all => (seen.change, seen.alone) = (1, 0),
            1 if seen.alone == 50 => (seen.change, seen.users) = (2, BTreeSet::new()),
            2 if all => seen.change = 3,
            // So that a failing test ends.
            _ if number < 20_000 => return Do::Answer(200, "{}"),
            _ => steer.stop(Stop::Graceful),
        }
        match seen.change {
            1 => steer.set_users(1),
            2 => steer.set_users(4),
            _ => steer.stop(Stop::Graceful),
        }
        Do::Answer(200, if seen.change == 3 { "done" } else { "{}" })
    });
    let plan = plan(WHO, &format!("http://{}", server.address), load(4, None));
    let record = run_with(&plan, 2, &control);
    assert!(server.seen().len() < 20_000, "the others did not come back: {:?}", server.counts());
    assert_eq!(record.total.requests, server.seen().len() as u64);
}

#[test]
fn a_run_without_users_waits_for_users_or_its_end() {
    let control = Control::default();
    let steer = control.clone();
    let server = Server::start(move |_, number| {
        match number {
            20 => steer.set_users(0),
            40.. => steer.stop(Stop::Graceful),
            _ => {}
        }
        Do::Answer(200, "{}")
    });
    let plan = plan(WHO, &format!("http://{}", server.address), load(2, None));
    let were_none = Cell::new(false);
    let record = run_observed(&plan, 2, &control, &mut |snapshot| {
        if snapshot.users == 0 && snapshot.phase != Phase::Ended {
            were_none.set(true);
            control.set_users(2);
        }
    })
    .remove(0);
    assert!(were_none.get());
    assert_eq!(record.ending, Some(Ending::Interrupted));
    assert!(record.total.requests > 40, "{}", record.total.requests);
}

#[test]
fn no_request_starts_after_the_run_time_though_the_thread_was_busy_when_it_passed() {
    // Judging the first step takes longer than the run; nothing else of the thread gets a turn meanwhile.
    let slow = "range(100000) | map('string') | join('') | length > 0";
    let expects = format!("\"{slow}\", ").repeat(40);
    let module = format!(
        "[[user]]\nclass = \"A\"\n[[user.task]]\nsteps = [{{ get = \"/a\", expect = [{expects}] }}, {{ get = \"/b\" }}]\n"
    );
    let server = Server::start(|_, _| Do::Answer(200, "{}"));
    let record = run(&module, &server, load(1, Some(100)), 1);
    assert_eq!(server.counts().get("GET /b"), None);
    assert_eq!(record.total.failures, 0, "{:?}", record.failures);
}

#[test]
fn what_on_start_could_not_save_any_more_is_no_error_of_on_stop() {
    let control = Control::default();
    let steer = control.clone();
    let server = Server::start(move |_, _| {
        steer.stop(Stop::Graceful);
        Do::Answer(200, r#"{"value": 1}"#)
    });
    let module = r#"
        [[user]]
        class = "A"
        get = "/a"
        on_start = [
            { post = "/login", save = { token = "response.json.value" } },
            { post = "/draft", save = { draft = "response.json.value" } },
        ]
        on_stop = [
            { delete = "/draft/{{ user.draft }}", name = "/draft" },
            { post = "/logout", json = { token = "{{ user.token }}" } },
        ]
    "#;
    let record = run_with(&plan(module, &format!("http://{}", server.address), load(1, None)), 1, &control);
    assert!(record.exceptions.is_empty(), "{:?}", record.exceptions);
    let seen: Vec<_> = server.seen().into_iter().map(|seen| seen.what).collect();
    assert_eq!(seen, ["POST /login", "POST /logout"]);
}

#[test]
fn a_run_stopped_before_it_began_sends_nothing_and_measures_no_time() {
    let control = Control::default();
    control.stop(Stop::Graceful);
    let server = Server::start(|_, _| Do::Answer(200, "{}"));
    let plan = plan(WHO, &format!("http://{}", server.address), load(2, Some(60_000)));
    let record = run_with(&plan, 2, &control);
    assert_eq!(record.ending, Some(Ending::Interrupted));
    assert_eq!(record.window_end.as_duration(), Duration::ZERO);
    assert_eq!(server.seen().len(), 0);
}

#[test]
fn errors_of_templates_are_counted_for_the_module_that_they_stand_in() {
    let good = "[[user]]\nclass = \"Good\"\nwait = \"5ms\"\nget = \"/\"\n";
    let bad = r#"
        [[user]]
        class = "Bad"
        post = "/bad"
        json = { x = "{{ user.x }}" }
        save = { x = "1" }
    "#;
    for modules in [[("a", good), ("a-b", bad)], [("a", bad), ("b", good)]] {
        let control = Control::default();
        let steer = control.clone();
        let server = Server::start(move |_, number| {
            if number == 20 {
                steer.stop(Stop::Graceful);
            }
            Do::Answer(200, "{}")
        });
        let plan = plan_of(&modules, &format!("http://{}", server.address), load(2, None));
        let records = run_observed(&plan, 1, &control, &mut |_| {});
        for (record, (name, text)) in records.iter().zip(modules) {
            assert_eq!(record.exceptions.is_empty(), text == good, "{name}: {:?}", record.exceptions);
        }
    }
}

#[test]
fn users_that_wait_do_not_hold_up_the_end() {
    let control = Control::default();
    let steer = control.clone();
    let server = Server::start(move |_, number| {
        if number == 2 {
            steer.stop(Stop::Graceful);
        }
        Do::Answer(200, "{}")
    });
    let module = "[[user]]\nclass = \"A\"\nwait = \"100h\"\nget = \"/a\"\n";
    let long = Load { stop_timeout: Duration::from_secs(3600), ..load(3, None) };
    let plan = plan(module, &format!("http://{}", server.address), long);
    let record = run_with(&plan, 2, &control);
    assert_eq!((record.total.requests, record.total.cut_off), (3, 0));
    assert!(record.elapsed.as_duration() < Duration::from_secs(3600));
}
