//! The shipped modules send what the load tests of LiftWing send.

mod inputs;
mod shape;
mod table;
mod variables;

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;
use windtunnel_core::clock::RunTime;
use windtunnel_core::plan::{Plan, UserScope, WaitState};
use windtunnel_core::suite::{LoadSpec, Wait};

use crate::server::{Recorded, Server};
use crate::shipped::{CLOUD_VPS, HUGGINGFACE, NOWHERE, plan, repository, selected, working_copy};
use table::{Class, TABLE};

/// A server whose answers content every module.
fn content() -> Server {
    Server::slow(Duration::from_millis(50), |_| {
        (200, r#"{"predictions": [{"status_code": 200}]}"#.to_owned())
    })
}

/// The class that sent a request, and which of its tasks; fails where the table has no such request.
fn sender(request: &Recorded) -> (&'static Class, usize) {
    let class = TABLE.iter().find(|class| class.path == request.target);
    let class = class.unwrap_or_else(|| panic!("not in the table: {request:?}"));
    assert_eq!(request.method, "POST", "{request:?}");
    assert_eq!(request.header("host"), [class.host], "{}", class.name);
    assert_eq!(request.header("content-type"), ["application/json"], "{}", class.name);
    (class, task(class, &serde_json::from_str(&request.body).unwrap()))
}

/// The task of a class whose requests have such a body.
fn task(class: &Class, body: &Value) -> usize {
    let fits: Vec<_> =
        class.bodies.iter().map(|shape| shape::fits(body, &serde_json::from_str(shape).unwrap())).collect();
    let found = fits.iter().position(Result::is_ok);
    found.unwrap_or_else(|| panic!("{}: {body} has none of the shapes: {fits:?}", class.name))
}

/// How many requests came of each task of each class.
fn by_task(requests: &[Recorded]) -> BTreeMap<(&'static str, usize), usize> {
    let mut counts = BTreeMap::new();
    for request in requests {
        let (class, task) = sender(request);
        *counts.entry((class.name, task)).or_default() += 1;
    }
    counts
}

/// All shipped classes that are switched on, compiled together under the variables of the table.
fn whole_plan() -> Plan {
    let sandbox = working_copy();
    let (huggingface, others): (Vec<_>, Vec<_>) =
        TABLE.iter().map(|class| class.module).partition(|module| *module == "huggingface");
    let mut modules = selected(&sandbox, &others.join(","), &[]);
    modules.extend(selected(&sandbox, &huggingface.join(","), &HUGGINGFACE));
    plan(modules)
}

/// The class of the plan with a line of the table.
fn with_table(plan: &Plan) -> impl Iterator<Item = (usize, &'static Class)> {
    let line = |name: &str| TABLE.iter().find(|class| class.name == name);
    let all = plan.classes.iter().enumerate();
    all.map(move |(index, class)| {
        (index, line(&class.name).unwrap_or_else(|| panic!("{} is not in the table", class.name)))
    })
}

#[test]
fn each_task_of_each_class_sends_the_request_of_the_table() {
    let (sandbox, server) = (working_copy(), content());
    let url = server.url();
    let told = sandbox.run(&["check", "--send", "-H", &url]);
    told.expect_code(0).expect_message("module `huggingface` is skipped");
    sandbox.run_with(&HUGGINGFACE, &["check", "--send", "huggingface", "-H", &url]).expect_code(0);
    let expected = TABLE.iter().flat_map(|class| (0..class.bodies.len()).map(|task| ((class.name, task), 1)));
    assert_eq!(by_task(&server.recorded()), expected.collect());
}

#[test]
fn a_run_of_all_modules_sends_nothing_but_the_requests_of_the_table() {
    let (sandbox, server) = (working_copy(), content());
    let url = server.url();
    let load = ["--together", "-u", "40", "-r", "40", "-t", "1s", "-H", url.as_str()];
    sandbox.run(&load).expect_code(0);
    let seen = by_task(&server.recorded());
    for class in TABLE.iter().filter(|class| class.module != "huggingface") {
        assert!(seen.keys().any(|(name, _)| *name == class.name), "{} sent nothing", class.name);
    }
}

#[test]
fn a_class_for_another_deployment_runs_only_when_it_is_named() {
    let named = "article_descriptions:ArticleDescriptionsCloudVPS";
    let (sandbox, server) = (working_copy(), content());
    let file = "models/article_descriptions.toml";
    let without = sandbox.read(file);
    sandbox.copy(&repository().join(file), file);
    let planned = plan(selected(&sandbox, named, &[]));
    assert_eq!(planned.targets[planned.classes[0].target].to_string(), CLOUD_VPS);
    assert_eq!(planned.classes[0].wait, Wait::Between(Duration::from_secs(1), Duration::from_secs(5)));
    sandbox.write(file, &without.replace(NOWHERE, &server.url()));
    sandbox.run_with(&[("MODEL", named)], &["check", "--send"]).expect_code(0);
    let [request] = server.recorded().try_into().unwrap();
    assert_eq!((request.method.as_str(), request.body.as_str()), ("GET", ""));
    assert_eq!(request.header("host"), [server.address.to_string()]);
    let (path, query) = request.target.split_once('?').unwrap();
    let pairs: Vec<_> = query.split('&').map(|pair| pair.split_once('=').unwrap()).collect();
    assert_eq!(path, "/article");
    assert_eq!(pairs.iter().map(|(key, _)| *key).collect::<Vec<_>>(), ["lang", "title", "num_beams"]);
    assert!(pairs.iter().all(|(_, value)| !value.is_empty() && *value != "None"), "{query}");
    assert_eq!(pairs[2].1, "3");
}

#[test]
fn weights_and_think_times_are_those_of_the_table() {
    let plan = whole_plan();
    assert_eq!(with_table(&plan).count(), TABLE.len());
    for (index, class) in with_table(&plan) {
        let planned = &plan.classes[index];
        assert_eq!(planned.weight, class.weight, "{}", class.name);
        let Some((least, most)) = class.think else {
            assert_eq!(planned.wait, Wait::None, "{}", class.name);
            continue;
        };
        let range = Duration::from_millis(least)..=Duration::from_millis(most);
        assert_eq!(planned.wait, Wait::Between(*range.start(), *range.end()), "{}", class.name);
        let mut drawn: Vec<Duration> = (0..20).flat_map(|user| waits(&plan, index, user)).collect();
        drawn.sort_unstable();
        assert!(drawn.iter().all(|wait| range.contains(wait)), "{}: {drawn:?}", class.name);
        // All of the range is used: a thousand draws come near to both ends.
        let near = Duration::from_millis((most - least) / 20);
        let (shortest, longest) = (drawn[0], drawn[drawn.len() - 1]);
        assert!(shortest < *range.start() + near, "{}: {shortest:?}", class.name);
        assert!(longest + near > *range.end(), "{}: {longest:?}", class.name);
    }
}

/// Requests that the least frequent row of a module gets, if a response takes `latency` seconds.
fn fewest_requests(plan: &Plan, load: &LoadSpec, latency: f64) -> f64 {
    let turn: f64 = plan.series.iter().map(|row| row.share * (row.mean_wait.as_secs_f64() + latency)).sum();
    let turns = f64::from(load.users.unwrap()) * load.run_time.unwrap().as_secs_f64() / turn;
    plan.series.iter().map(|row| row.share * turns).fold(f64::INFINITY, f64::min)
}

#[test]
fn every_row_of_every_module_gets_enough_requests_in_its_run_time() {
    let sandbox = working_copy();
    for selected in selected(&sandbox, "*", &HUGGINGFACE) {
        let (name, load, sim) = {
            let module = &selected.module;
            (module.name.clone(), module.load.clone(), module.sim.clone())
        };
        let plan = plan(vec![selected]);
        let real = fewest_requests(&plan, &load, 1.0);
        assert!(real >= 150.0, "{name}: {real} requests in the run time of [load], at 1 s a response");
        let simulated = fewest_requests(&plan, &sim, 0.1);
        assert!(simulated >= 300.0, "{name}: {simulated} requests in the run time of [sim]");
    }
}

/// The first waits of a user.
fn waits(plan: &Plan, class: usize, user: u32) -> Vec<Duration> {
    let mut scope = UserScope::new(plan, class, user);
    let mut state = WaitState::new(plan.classes[class].wait, RunTime::ZERO);
    let ends = (0..50).map(|task| RunTime::from_duration(Duration::from_secs(10 * task)));
    ends.map(|end| scope.next_due(&mut state, end) - end).collect()
}

#[test]
fn two_users_for_seven_models_become_seven_and_reach_them_all() {
    let (sandbox, server) = (working_copy(), content());
    let url = server.url();
    let load = ["-u", "2", "-r", "10", "-t", "1s", "-H", url.as_str()];
    let told = sandbox.run_with(&[("MODEL", "revscoring")], &load);
    told.expect_code(0).expect_message("users raised from 2 to 7");
    let requests = server.recorded();
    let seen = by_task(&requests);
    let expected: Vec<_> = TABLE.iter().filter(|class| class.module == "revscoring").collect();
    assert_eq!((seen.len(), expected.len()), (7, 7), "{seen:?}");
    assert!(requests.iter().all(|request| sender(request).0.module == "revscoring"));
}
