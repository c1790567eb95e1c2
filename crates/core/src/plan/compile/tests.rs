use std::time::Duration;

use serde_json::json;

use crate::plan::UserScope;
use crate::plan::testing::{Suite, bodies, class, expect, first_request, module, post, post_json, text};
use crate::suite::{Pick, RequestSpec, UserSpec, Wait};

fn revisions(suite: Suite) -> Suite {
    let rows: Vec<Vec<_>> =
        (0..40).map(|row| vec![json!("en"), json!(9_007_199_254_740_993_i64 + row)]).collect();
    let rows: Vec<&[_]> = rows.iter().map(Vec::as_slice).collect();
    suite.table("revisions", Pick::Random, &["lang", "rev_id"], &rows)
}

#[test]
fn a_request_goes_out_as_the_module_says() {
    let mut request = post_json(
        "/v1/models/revertrisk:predict",
        &json!({"rev_id": "{{ revisions.rev_id }}", "lang": "{{ revisions.lang }}", "n": 3}),
    );
    request.host_header = Some(text("revertrisk.wikimedia.org"));
    let plan = revisions(Suite::of(vec![request])).plan();
    let request = first_request(&plan);
    assert_eq!(request.method, "POST");
    assert_eq!(request.path, "/base/v1/models/revertrisk:predict");
    assert_eq!(request.headers.get_all("host").iter().count(), 1);
    assert_eq!(request.headers["host"], "revertrisk.wikimedia.org");
    assert_eq!(request.headers["content-type"], "application/json");
    assert_eq!(request.headers["accept"], "*/*");
    let body = String::from_utf8(request.body.to_vec()).unwrap();
    assert!(body.starts_with(r#"{"rev_id":90071992547"#), "{body}");
    assert!(body.ends_with(r#","lang":"en","n":3}"#), "{body}");
    assert_eq!(plan.series[0].name, "/v1/models/revertrisk:predict");
}

#[test]
fn users_below_the_number_of_classes_are_raised_with_a_notice() {
    let classes = (0..7).map(|n| class(&format!("C{n}"), vec![post("/a")])).collect();
    let plan = Suite::new(module("m", classes)).plan();
    assert_eq!(plan.load.users, 7);
    assert_eq!(plan.notices, ["users raised from 2 to 7, so that each of the 7 classes sends requests"]);
}

#[test]
fn a_light_class_gets_a_user_too() {
    let heavy = UserSpec { weight: 5, ..class("A", vec![post("/a")]) };
    let plan = Suite::new(module("m", vec![heavy, class("B", vec![post("/b")])])).plan();
    // Locust's order for 5:1 is A A B.
    assert_eq!(plan.load.users, 3);
}

#[test]
fn classes_are_sorted_by_name() {
    let plan =
        Suite::new(module("m", vec![class("B", vec![post("/b")]), class("A", vec![post("/a")])])).plan();
    let names: Vec<_> = plan.classes.iter().map(|class| class.name.as_str()).collect();
    assert_eq!(names, ["A", "B"]);
    // Rows follow their classes.
    let row = &plan.series[usize::from(plan.classes[1].tasks[0].steps[0].series.0)];
    assert_eq!(row.name, "/b");
}

#[test]
fn tags_select_as_locust_does_and_an_empty_class_is_left_out() {
    let tagged = |name: &str, tags: &[&str]| {
        let mut class = class(name, vec![post("/a"), post("/b")]);
        class.tasks[0].tags = tags.iter().map(|tag| (*tag).to_owned()).collect();
        class
    };
    let mut suite = Suite::new(module("m", vec![tagged("A", &["x", "y"]), tagged("B", &[])]));
    suite.asked.tags = vec!["x".to_owned()];
    let plan = suite.plan();
    assert_eq!(plan.classes.len(), 1);
    assert_eq!(plan.classes[0].tasks.len(), 1);
    assert_eq!(plan.notices, ["class B is left out: the tags leave it without a task"]);
    suite.asked.exclude_tags = vec!["y".to_owned()];
    assert!(suite.problem().1.starts_with("nothing is left to run"));
}

#[test]
fn a_missing_host_says_how_to_give_one() {
    let mut suite = Suite::of(vec![post("/a")]);
    suite.asked.base_url = None;
    let problems = suite.compile().unwrap_err();
    let text = problems.to_string();
    for way in ["--host", "LOCUST_HOST", "windtunnel.toml", "class Class has no base URL"] {
        assert!(text.contains(way), "{text}");
    }
    suite.asked.base_url_override = Some("http://127.0.0.1:1234".to_owned());
    assert_eq!(suite.plan().targets[0].to_string(), "http://127.0.0.1:1234");
}

#[test]
fn a_class_with_a_base_url_of_its_own_goes_there() {
    let other =
        UserSpec { base_url: Some(text("https://{{ env.WHERE }}/p")), ..class("B", vec![post("/b")]) };
    let suite = Suite::new(module("m", vec![class("A", vec![post("/a")]), other])).variable(
        "WHERE",
        Some(json!("cloud.example")),
        false,
    );
    let plan = suite.plan();
    assert_eq!(plan.targets[plan.classes[1].target].to_string(), "https://cloud.example/p");
    let request = plan.classes[1].tasks[0].steps[0].render(&plan, &mut UserScope::new(&plan, 1, 0)).unwrap();
    assert_eq!(request.path, "/p/b");
    assert_eq!(request.headers["host"], "cloud.example");
}

#[test]
fn all_mistakes_are_told_at_once_where_they_stand() {
    let mut request =
        post_json("/a/{{ revisions.langg }}", &json!({"a": "{{ nothing.x }}", "b": "{{ env.HOSST }}"}));
    request.headers =
        vec![(text("Host"), text("h")), (text("content-length"), text("3")), (text("bad name"), text("x"))];
    request.expect = vec![expect("response.stauts == 200", None)];
    let mut suite = revisions(Suite::of(vec![request])).variable("HOST", Some(json!("h")), false);
    suite.asked.base_url = Some("gateway".to_owned());
    let problems = suite.problems();
    let expected = [
        ("", "`gateway`"),
        ("revisions.langg", "table `revisions` has no column `langg`; did you mean `lang`?"),
        ("nothing", "there is no table, function or other name `nothing`"),
        ("env.HOSST", "there is no variable `HOSST`; did you mean `HOST`?"),
        ("'Host'", "not set among the headers"),
        ("'content-length'", "written by windtunnel itself"),
        ("'bad name'", "not the name of a header"),
        ("response.stauts", "`response` has no `stauts`; did you mean `status`?"),
    ];
    for (marked, message) in expected {
        let found = problems.iter().any(|(at, text)| at == marked && text.contains(message));
        assert!(found, "({marked}, {message}) in {problems:#?}");
    }
}

#[test]
fn the_circumstances_of_a_row_are_its_own_plan() {
    let build = |json: serde_json::Value, wait: Wait| {
        let user = UserSpec { wait, ..class("A", vec![post_json("/a", &json)]) };
        Suite::new(module("m", vec![user])).plan().series[0].circumstances.clone()
    };
    let base = build(json!({"a": 1}), Wait::None);
    assert!(base.contains_key("path") && base.contains_key("method"));
    assert_eq!(base, build(json!({"a": 1}), Wait::None));
    assert_ne!(base["body"], build(json!({"a": 2}), Wait::None)["body"]);
    assert_ne!(base["body"], build(json!({"a": "1"}), Wait::None)["body"]);
    let waiting = build(json!({"a": 1}), Wait::Between(Duration::from_millis(100), Duration::from_secs(5)));
    assert_eq!(waiting["wait"], "100ms..5000ms");
    assert_eq!(base["users"], "2");
    assert_eq!(base["weight"], "1");
}

#[test]
fn what_changes_the_request_or_its_rate_is_among_the_circumstances() {
    let circumstances = |change: &dyn Fn(&mut UserSpec)| {
        let mut class = class("A", vec![post("/a"), post("/b")]);
        change(&mut class);
        let suite = Suite::new(module("m", vec![class])).variable("KEY", Some(json!("hunter2")), true);
        suite.plan().series[0].circumstances.clone()
    };
    let headers = |headers: &'static [(&str, &str)]| {
        circumstances(&move |class| {
            class.tasks[0].steps[0].headers =
                headers.iter().map(|(name, value)| (text(name), text(value))).collect();
        })
    };
    let plain = circumstances(&|_| {});
    assert!(!plain.contains_key("headers"));
    let accept = headers(&[("Accept", "text/event-stream")]);
    assert_ne!(plain, accept);
    assert_ne!(accept, headers(&[("Accept", "application/json")]));
    // The later one of the same name is sent, whatever its case and order.
    assert_eq!(accept, headers(&[("accept", "*/*"), ("ACCEPT", "text/event-stream")]));
    assert_eq!(headers(&[("a", "1"), ("b", "2")]), headers(&[("b", "2"), ("a", "1")]));
    // Who asks does not change what is asked.
    assert_eq!(plain, headers(&[("Authorization", "Bearer x"), ("x-key", "{{ env.KEY }}")]));
    let paused =
        circumstances(&|class| class.tasks[1].steps[0].wait = Some(Wait::Constant(Duration::from_secs(2))));
    assert_eq!((plain["wait"].as_str(), paused["wait"].as_str()), ("none", "none, 2000ms between steps"));
}

#[test]
fn on_start_reads_nothing_that_it_did_not_save_before() {
    let login = |header: &str| RequestSpec {
        headers: vec![(text("authorization"), text(header))],
        save: vec![(text("token"), text("response.json.token"))],
        ..post("/login")
    };
    let suite = |first: RequestSpec, second: RequestSpec| {
        let task = RequestSpec {
            headers: vec![(text("authorization"), text("Bearer {{ user.token }}"))],
            ..post("/a")
        };
        let mut class = class("A", vec![task]);
        class.on_start = vec![first, second];
        Suite::new(module("m", vec![class]))
    };
    let profile = || post("/profile/{{ user.token }}");
    let problems = suite(login("Bearer {{ user.token }}"), profile()).compile().unwrap_err();
    assert_eq!(problems.0.len(), 1, "{problems}");
    assert_eq!(problems.0[0].message, "`token` is not saved yet when on_start sends this request");
    assert!(
        problems.0[0].help.as_ref().is_some_and(|help| help.contains("`{{ user.token | default('') }}`"))
    );
    suite(login("Bearer {{ user.token | default('') }}"), profile()).plan();
    suite(login("Bearer x"), profile()).plan();
    let saved_by_the_task = RequestSpec {
        save: vec![(text("id"), text("response.json.id"))],
        ..post("/{{ user.id | default(0) }}")
    };
    let mut class = class("A", vec![saved_by_the_task]);
    class.on_start = vec![post("/{{ user.id }}")];
    class.on_stop = vec![post("/{{ user.id }}")];
    let (at, message) = Suite::new(module("m", vec![class])).problem();
    assert_eq!(
        (at.as_str(), message.as_str()),
        ("user.id", "`id` is not saved yet when on_start sends this request")
    );
}

#[test]
fn a_variable_that_changes_the_request_changes_its_circumstances() {
    let build = |model: &str, secret: bool| {
        let request = post_json(
            "/{{ revisions.lang }}/{{ env.MODEL }}",
            &json!({"m": "{{ env.MODEL }} {{ revisions.lang }}"}),
        );
        let suite = revisions(Suite::of(vec![request])).variable("MODEL", Some(json!(model)), secret);
        suite.plan().series.remove(0)
    };
    let (a, b) = (build("a", false), build("b", false));
    assert_eq!(a.name, "/{{ revisions.lang }}/a");
    assert_ne!(a.circumstances["path"], b.circumstances["path"]);
    assert_ne!(a.circumstances["body"], b.circumstances["body"]);
    assert_eq!(build("a", true).circumstances, build("b", true).circumstances);
}

#[test]
fn shares_follow_users_and_tasks() {
    let user = UserSpec { weight: 3, ..class("A", vec![post("/a1"), post("/a2")]) };
    let mut suite = Suite::new(module("m", vec![user, class("B", vec![post("/b")])]));
    suite.asked.load.users = 4;
    let plan = suite.plan();
    let shares: Vec<_> = plan.series.iter().map(|row| (row.name.as_str(), row.share)).collect();
    assert_eq!(shares, [("/a1", 0.375), ("/a2", 0.375), ("/b", 0.25)]);
    assert_eq!(plan.series[0].circumstances["weight"], "1/2");
    assert_eq!(plan.series[0].circumstances["users"], "3");
}

#[test]
fn steps_of_one_method_and_name_share_a_row() {
    let plan = Suite::of(vec![post_json("/a", &json!(1)), post_json("/a?x=1", &json!(2)), post("/b")]).plan();
    assert_eq!(plan.series.len(), 2);
    assert!((plan.series[0].share - 2.0 / 3.0).abs() < 1e-9);
}

#[test]
fn a_baseline_is_named_by_variables() {
    let mut suite = Suite::of(vec![post("/a")]).variable("MODEL", Some(json!("google/gemma")), false);
    suite.last().module.baseline = Some(text("hf-{{ env.MODEL }}"));
    assert_eq!(suite.plan().modules[0].baseline, "hf-google_gemma");
    suite.last().module.baseline = Some(text("hf-{{ random_int(1, 2) }}"));
    assert!(suite.problem().1.contains("only `env` is the same for all users"));
}

#[test]
fn secrets_stand_in_nothing_that_is_kept() {
    let mut request = post("/a/{{ env.KEY }}");
    request.headers = vec![(text("x-token"), text("k {{ env.KEY }}"))];
    let plan = Suite::of(vec![request]).variable("KEY", Some(json!("hunter2")), true).plan();
    assert!(!format!("{:?} {:?}", plan.series, plan.modules).contains("hunter2"));
    assert_eq!(plan.modules[0].variables["KEY"], json!("***"));
    assert!(first_request(&plan).headers["x-token"].is_sensitive());
    assert_eq!(plan.redact("Bearer hunter2"), "Bearer ***");
}

#[test]
fn a_secret_is_blotted_out_in_every_form_that_a_request_gives_it() {
    let request = post("/a");
    let suite = Suite::of(vec![request]).variable("KEY", Some(json!("s3 cret/+\"x")), true);
    let plan = suite.variable("LONGER", Some(json!("s3 cret/+\"xyz")), true).plan();
    for text in [
        "s3 cret/+\"x",
        "s3 cret/+\\\"x",
        "s3%20cret/+%22x",
        "s3%20cret%2F%2B%22x",
        "s3+cret%2F%2B%22x",
        "s3%20cret/%2B%22x",
    ] {
        assert_eq!(plan.redact(&format!("<{text}> <{text}yz>")), "<***> <***>");
    }
}

#[test]
fn classes_of_one_name_in_two_modules_get_names_of_their_own() {
    let suite = Suite::new(module("m", vec![class("A", vec![post("/a")])]))
        .with(module("n", vec![class("A", vec![post("/a")])]));
    let plan = suite.plan();
    let names: Vec<_> = plan.classes.iter().map(|class| class.name.as_str()).collect();
    assert_eq!(names, ["m:A", "n:A"]);
    assert_eq!(plan.series.len(), 2);
    let twice = module("m", vec![class("A", vec![post("/a")]), class("A", vec![post("/a")])]);
    assert!(Suite::new(twice).problem().1.contains("two classes called `A`"));
}

#[test]
fn a_filter_leaves_out_rows_and_says_what_is_wrong() {
    let build = |filter: &str| {
        let request = post_json("/a", &json!(["{{ t.lang }}"]));
        let rows: [&[_]; 3] = [&[json!("en")], &[json!("de")], &[json!("en")]];
        Suite::of(vec![request]).table("t", Pick::Sequential, &["lang"], &rows).filter(filter)
    };
    assert_eq!(bodies(&build("lang not in ['en']").plan(), 0, 3), ["[\"de\"]"; 3]);
    assert!(build("lang == 'fr'").problem().1.contains("no row left"));
    assert_eq!(
        build("lnag == 'fr'").problem(),
        ("lnag".to_owned(), "there is no column `lnag`; did you mean `lang`?".to_owned())
    );
    assert!(build("lang ==").problem().1.contains("unexpected end of input"));
}

#[test]
fn a_weight_that_would_take_a_crowd_is_said_instead() {
    let heavy = UserSpec { weight: 1_000_000, ..class("A", vec![post("/a")]) };
    let plan = Suite::new(module("m", vec![heavy, class("B", vec![post("/b")])])).plan();
    assert_eq!(plan.load.users, 2);
    assert_eq!(plan.notices, ["class B gets none of the 2 users: its weight is too small beside the others"]);
}

#[test]
fn a_class_behind_a_crowd_of_fixed_count_is_said_to_go_without() {
    let fixed = UserSpec { fixed_count: Some(500), ..class("A", vec![post("/a")]) };
    let plan = Suite::new(module("m", vec![fixed, class("B", vec![post("/b")])])).plan();
    assert_eq!(plan.notices, ["class B gets none of the 2 users: classes of fixed count come first"]);
}

#[test]
fn fixed_counts_alone_bound_the_users() {
    let fixed = UserSpec { fixed_count: Some(3), ..class("A", vec![post("/a")]) };
    let mut suite = Suite::new(module("m", vec![fixed]));
    suite.asked.load.users = 10;
    let plan = suite.plan();
    assert_eq!(plan.load.users, 3);
    assert_eq!(plan.notices, ["only 3 users run: every class has a fixed count"]);
}

#[test]
fn a_mistake_of_a_class_is_told_once_for_all_its_requests() {
    let host = text("{{ env.NONE }}");
    let request = |path| RequestSpec { host_header: Some(host.clone()), ..post(path) };
    let (at, message) = Suite::of(vec![request("/a"), request("/b")]).problem();
    assert_eq!((at.as_str(), message.as_str()), ("env.NONE", "there is no variable `NONE`"));
}

#[test]
fn a_folder_that_cannot_be_read_is_told_where_it_is_named() {
    let image = json!({"image": "{{ random_file('no/such/folder').base64 }}"});
    let (at, message) = Suite::of(vec![post_json("/a", &image)]).problem();
    assert_eq!(at, "random_file('no/such/folder')");
    assert!(message.starts_with("cannot read the folder `no/such/folder`"), "{message}");
}

#[test]
fn names_that_templates_need_cannot_be_tables() {
    let suite = Suite::of(vec![post("/a")]).table("choice", Pick::Random, &["a"], &[&[json!(1)]]);
    assert!(suite.problem().1.starts_with("`choice` cannot be the name of a table"));
}

#[test]
fn a_bare_name_is_told_how_it_is_written() {
    let suite = revisions(Suite::of(vec![post("/{{ lang }}")])).variable("HOST", Some(json!("h")), false);
    let problems = suite.compile().unwrap_err().to_string();
    assert!(problems.contains("columns are written `revisions.lang`"), "{problems}");
}
