use std::fs;

use percent_encoding::percent_decode_str;
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use crate::plan::testing::{Suite, bodies, first_request, post, post_json, template, text};
use crate::plan::{HeaderOverride, Plan, RenderFault, UserScope};
use crate::suite::{AtEnd, BodySpec, Pick, RequestSpec};

/// A request whose only row holds `cells` in columns `a`, `b`, ...
fn with_row(request: RequestSpec, cells: &[Json]) -> Suite {
    let columns = ["a", "b", "c"];
    Suite::of(vec![request]).table("t", Pick::Random, &columns[..cells.len()], &[cells])
}

fn path_of(path: &str, cell: &str) -> String {
    let plan = with_row(post(path), &[json!(cell)]).plan();
    first_request(&plan).path.to_string()
}

#[test]
fn what_a_row_puts_into_a_path_cannot_leave_its_place() {
    assert_eq!(path_of("/w/{{ t.a }}/x", "50% ?#é/ü"), "/base/w/50%25%20%3F%23%C3%A9/%C3%BC/x");
    assert_eq!(path_of("/w?q={{ t.a }}&n=1", "a&b=c d+/?"), "/base/w?q=a%26b%3Dc%20d%2B%2F%3F&n=1");
}

#[test]
fn what_the_author_wrote_stays_but_for_what_a_url_cannot_hold() {
    assert_eq!(
        path_of("/a%2Fb/{x y}/ö?q=a b&r=%20{{ t.a }}", "v"),
        "/base/a%2Fb/%7Bx%20y%7D/%C3%B6?q=a%20b&r=%20v"
    );
    assert_eq!(path_of("/{{ t.a | safe }}", "p%20q?r=1"), "/base/p%20q?r=1");
}

#[test]
fn a_query_is_added_behind_the_written_one() {
    let query = json!({"lang": "{{ t.a }}", "num_beams": 3, "debug": true, "x": ["1", "{{ t.b }}"]});
    let Json::Object(entries) = query else { unreachable!() };
    let query = entries.iter().map(|(name, value)| (name.clone(), template(value))).collect();
    let request = RequestSpec { method: "GET".to_owned(), query, ..post("/article?v=2") };
    let plan = with_row(request, &[json!("en-gb"), json!(["2", 3])]).plan();
    let request = first_request(&plan);
    assert_eq!(request.path, "/base/article?v=2&lang=en-gb&num_beams=3&debug=true&x=1&x=2&x=3");
    assert!(!request.headers.contains_key("content-type"));
}

#[test]
fn control_bytes_are_refused_in_paths_and_headers() {
    let (_, message) = with_row(post("/{{ t.a }}"), &[json!("a\nb")]).problem();
    assert_eq!(message, "a value in the path holds a control character");
    let request = RequestSpec { headers: vec![(text("x-a"), text("{{ t.a }}"))], ..post("/") };
    let (at, message) = with_row(request, &[json!("a\r\nHost: evil")]).problem();
    assert_eq!(message, "the header `x-a` holds a control character after rendering");
    assert_eq!(at, "'{{ t.a }}'");
    let request = RequestSpec { host_header: Some(text("{{ t.a }}")), ..post("/") };
    assert!(with_row(request, &[json!("a b")]).problem().1.contains("is not a host name"));
}

#[test]
fn a_path_that_is_none_is_told_with_the_fix() {
    assert!(Suite::of(vec![post("v1/models")]).problem().1.contains("begins with `/`"));
    assert!(Suite::of(vec![post("https://h/v1")]).problem().1.contains("whole URL"));
    assert!(Suite::of(vec![post("/a#b")]).problem().1.contains("never sent"));
    assert!(
        Suite::of(vec![post("/a{% if true %}?b{% endif %}")]).problem().1.contains("inside of a template")
    );
    assert!(with_row(post("{{ t.a }}"), &[json!("x")]).problem().1.contains("begin with `/`"));
}

#[test]
fn headers_given_win_over_those_of_every_request() {
    let headers = vec![
        (text("Content-Type"), text("application/vnd.api+json")),
        (text("USER-AGENT"), text("mine")),
        (text("x-a"), text("1")),
        (text("X-A"), text("{{ t.a }}")),
        (text("Authorization"), text("Bearer x")),
    ];
    let request = RequestSpec { headers, ..post_json("/", &json!({})) };
    let request = first_request(&with_row(request, &[json!("é")]).plan());
    assert_eq!(request.headers["content-type"], "application/vnd.api+json");
    assert_eq!(request.headers["user-agent"], "mine");
    assert_eq!(request.headers.get_all("x-a").iter().count(), 1);
    assert_eq!(request.headers["x-a"].as_bytes(), "é".as_bytes());
    assert!(request.headers["authorization"].is_sensitive());
    assert_eq!(request.headers["host"], "gateway:8080");
}

#[test]
fn headers_of_the_command_line_win_over_all_others_and_change_nothing_that_is_compared() {
    let request = || RequestSpec {
        host_header: Some(text("model.example")),
        headers: vec![(text("x-a"), text("{{ t.a }}")), (text("x-b"), text("1"))],
        ..post_json("/", &json!({}))
    };
    let compiled = |headers: &[&str]| {
        let mut suite = with_row(request(), &[json!("x")]);
        let parsed = headers.iter().map(|header| HeaderOverride::parse(header).unwrap());
        suite.asked.headers = parsed.collect();
        suite.plan()
    };
    let (plain, other) = (compiled(&[]), compiled(&["Host: canary.example", "X-A: y", "x-new: z"]));
    let sent = first_request(&other);
    let header = |name: &str| sent.headers.get_all(name).iter().collect::<Vec<_>>();
    for (name, value) in [("host", "canary.example"), ("x-a", "y"), ("x-b", "1"), ("x-new", "z")] {
        assert_eq!(header(name), [value], "{name}");
    }
    assert!(header("x-new")[0].is_sensitive() && !header("host")[0].is_sensitive());
    assert_eq!(first_request(&plain).headers["host"], "model.example");
    assert_eq!(plain.series[0].circumstances, other.series[0].circumstances);
}

#[test]
fn credentials_of_the_command_line_are_blotted_out() {
    let mut suite = Suite::of(vec![post("/")]);
    suite.asked.headers = vec![HeaderOverride::parse("Authorization: Bearer s3cret").unwrap()];
    assert_eq!(suite.plan().redact("unknown token s3cret"), "unknown token ***");
}

#[test]
fn each_kind_of_body_has_its_media_type() {
    let kind = |body: BodySpec| {
        let request = first_request(&Suite::of(vec![RequestSpec { body, ..post("/") }]).plan());
        let media = request.headers.get("content-type").map(|value| value.to_str().unwrap().to_owned());
        (media.unwrap_or_default(), String::from_utf8(request.body.to_vec()).unwrap())
    };
    let pair = |media: &str, body: &str| (media.to_owned(), body.to_owned());
    assert_eq!(kind(BodySpec::None), pair("", ""));
    assert_eq!(kind(BodySpec::Text(text("a\n"))), pair("text/plain; charset=utf-8", "a\n"));
    assert_eq!(
        kind(BodySpec::Json(template(&json!([1, 2.0, "x"])))),
        pair("application/json", "[1,2.0,\"x\"]")
    );
    let form = vec![("a b".to_owned(), template(&json!("c d&é"))), ("n".to_owned(), template(&json!(1)))];
    assert_eq!(kind(BodySpec::Form(form)), pair("application/x-www-form-urlencoded", "a+b=c+d%26%C3%A9&n=1"));
}

#[test]
fn a_json_text_must_be_json_when_it_is_rendered() {
    let request =
        || RequestSpec { body: BodySpec::Json(template(&json!("{\"a\": {{ t.a }}}"))), ..post("/") };
    assert_eq!(first_request(&with_row(request(), &[json!(1)]).plan()).body, "{\"a\": 1}");
    let (_, message) = with_row(request(), &[json!("x")]).problem();
    assert_eq!(message, "the body is not JSON after rendering: expected value at line 1 column 7");
    // So is every row, not only the first one.
    let rows: [&[Json]; 4] = [&[json!(1)], &[json!(2)], &[json!("x")], &[json!(4)]];
    let (at, message) = Suite::of(vec![request()]).table("t", Pick::Random, &["a"], &rows).problem();
    assert!(at.contains("{{ t.a }}"), "{at}");
    assert_eq!(
        message,
        "the body is not JSON after rendering: expected value at line 1 column 7 (with row 3 of `t`)"
    );
    // A whole value is written as JSON.
    let request = RequestSpec { body: BodySpec::Json(template(&json!("{{ t }}"))), ..post("/") };
    let plan = with_row(request, &[json!("x"), json!(null)]).plan();
    assert_eq!(first_request(&plan).body, r#"{"a":"x","b":null}"#);
}

#[test]
fn rows_of_a_batch_are_objects() {
    let request = post_json(
        "/",
        &json!({"instances": "{{ t.rows(3) }}", "n": "{{ t.rows(2) | map(attribute='a') | list }}"}),
    );
    let body = bodies(&with_row(request, &[json!(7), json!("x")]).plan(), 0, 1).remove(0);
    assert_eq!(body, r#"{"instances":[{"a":7,"b":"x"},{"a":7,"b":"x"},{"a":7,"b":"x"}],"n":[7,7]}"#);
    for wrong in [
        "{{ t.rows() }}",
        "{{ t.rows(0) }}",
        "{{ t.rows(1, 2) }}",
        "{{ t.rows('x') }}",
        "{{ t.rows(1000000) }}",
    ] {
        with_row(post_json("/", &json!([wrong])), &[json!(7)]).problem();
    }
}

#[test]
fn columns_of_a_table_are_of_one_row_until_the_task_ends() {
    let rows: Vec<Vec<Json>> = (0..100).map(|row| vec![json!(row), json!(row)]).collect();
    let rows: Vec<&[Json]> = rows.iter().map(Vec::as_slice).collect();
    let request = post_json("/", &json!(["{{ t.a }}", "{{ t.b }}"]));
    let plan = Suite::of(vec![request]).table("t", Pick::Random, &["a", "b"], &rows).plan();
    let drawn = bodies(&plan, 0, 50);
    for body in &drawn {
        let pair: (i64, i64) = serde_json::from_str(body).unwrap();
        assert_eq!(pair.0, pair.1);
    }
    assert!(drawn.iter().any(|body| *body != drawn[0]));
}

#[test]
fn the_same_seed_gives_each_user_the_same_requests() {
    let rows: Vec<Vec<Json>> = (0..100).map(|row| vec![json!(row)]).collect();
    let rows: Vec<&[Json]> = rows.iter().map(Vec::as_slice).collect();
    let requests = || {
        let varied = json!([
            "{{ t.a }}",
            "{{ random_int(1, 1000000) }}",
            "{{ counter() }}",
            "{{ repeat('a', 1, 9) }}"
        ]);
        vec![post_json("/a", &varied), post_json("/b", &varied)]
    };
    let build = |seed| {
        let mut suite = Suite::of(requests()).table("t", Pick::Shuffle, &["a"], &rows);
        suite.asked.seed = seed;
        suite.plan()
    };
    let (once, again, other) = (build(1), build(1), build(2));
    assert_eq!(bodies(&once, 3, 30), bodies(&again, 3, 30));
    assert_ne!(bodies(&once, 3, 30), bodies(&once, 4, 30));
    assert_ne!(bodies(&once, 3, 30), bodies(&other, 3, 30));
}

#[test]
fn what_must_differ_from_run_to_run_does() {
    let build = || Suite::of(vec![post_json("/", &json!(["{{ salt() }}", "{{ uuid() }}"]))]).plan();
    let (once, again) = (build(), build());
    let of = |plan| serde_json::from_str::<Vec<String>>(&bodies(plan, 0, 1)[0]).unwrap();
    assert_ne!(of(&once)[0], of(&again)[0]);
    assert_ne!(of(&once)[1], of(&again)[1]);
    assert_eq!(of(&once)[0], of(&once)[0]);
    assert_eq!(once.series[0].circumstances, again.series[0].circumstances);
}

#[test]
fn a_unique_table_at_its_end_ends_the_user() {
    let request = post_json("/", &json!(["{{ t.a }}"]));
    let plan = Suite::of(vec![request])
        .table("t", Pick::Unique { at_end: AtEnd::Stop }, &["a"], &[&[json!(1)], &[json!(2)]])
        .plan();
    // Trying the templates has taken no row.
    assert_eq!(bodies(&plan, 0, 1), ["[1]"]);
    assert_eq!(bodies(&plan, 1, 1), ["[2]"]);
    let mut user = UserScope::new(&plan, 0, 2);
    let fault = plan.classes[0].tasks[0].steps[0].render(&plan, &mut user).unwrap_err();
    assert_eq!(fault, RenderFault::NoRowLeft { table: "t".to_owned() });
}

#[test]
fn files_are_read_before_the_run() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("logos")).unwrap();
    fs::write(folder.path().join("logos/a.png"), "a").unwrap();
    fs::write(folder.path().join("logos/b.png"), "bb").unwrap();
    let image =
        json!({"name": "{{ random_file('logos').name }}", "image": "{{ random_file('logos').base64 }}"});
    let by_row = json!(["{{ file_base64('logos/' ~ t.a) }}"]);
    let requests = vec![post_json("/", &image), post_json("/", &by_row)];
    let rows: [&[Json]; 2] = [&[json!("a.png")], &[json!("b.png")]];
    let mut suite = Suite::of(requests).table("t", Pick::Random, &["a"], &rows);
    suite.last().module.root = folder.path().to_owned();
    let plan = suite.plan();
    drop(folder);
    for body in bodies(&plan, 0, 40) {
        let known = [
            r#"{"name":"a.png","image":"YQ=="}"#,
            r#"{"name":"b.png","image":"YmI="}"#,
            r#"["YQ=="]"#,
            r#"["YmI="]"#,
        ];
        assert!(known.contains(&body.as_str()), "{body}");
    }
    assert_ne!(plan.series[0].data, Suite::of(vec![post("/")]).plan().series[0].data);
}

#[test]
fn a_file_is_sent_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("x.png"), [0, 255]).unwrap();
    let build = |name: &str| {
        let mut suite =
            with_row(RequestSpec { body: BodySpec::File(text(name)), ..post("/") }, &[json!("x")]);
        suite.last().module.root = folder.path().to_owned();
        suite
    };
    for name in ["x.png", "{{ t.a }}.png"] {
        let request = first_request(&build(name).plan());
        assert_eq!(request.body.as_ref(), [0, 255]);
        assert_eq!(request.headers["content-type"], "image/png");
    }
    assert!(build("y.png").problem().1.contains("y.png"));
}

#[test]
fn functions_called_wrongly_are_found_before_the_run() {
    for (call, message) in [
        ("random_int(1)", "missing argument in `random_int(1)`"),
        ("random_int(1, 2, 3)", "too many arguments in `random_int(1, 2, 3)`"),
        ("random_int('a', 2)", "cannot convert string to i64"),
        ("random_int(2, 1)", "`random_int(2, 1)`: the first number is above the second"),
        ("choice([])", "`choice` takes a list that is not empty"),
        ("choice('abc')", "`choice` takes a list, not a text"),
        ("repeat('x', 1, 99999999)", "`repeat(..., 1, 99999999)` may exceed 64 MiB"),
        ("radom_int(1, 2)", "there is no `radom_int`; did you mean `random_int`?"),
        ("1 | nofilter", "filter nofilter is unknown"),
    ] {
        let suite = Suite::of(vec![post_json("/", &json!({"a": format!("{{{{ {call} }}}}")}))]);
        assert_eq!(suite.problem().1, message);
    }
}

#[test]
fn functions_give_what_they_promise() {
    let request = json!({
        "int": "{{ random_int(3, 5) }}", "float": "{{ random_float(0, 0.5) }}", "choice": "{{ choice([1, 2]) }}",
        "repeat": "{{ repeat('a b', 2, 3) }}", "uuid": "{{ uuid() }}", "now": "{{ now() }}",
        "s": "{{ timestamp() }}", "ms": "{{ timestamp_ms() }}", "n": "{{ counter() }}",
    });
    let plan = Suite::of(vec![post_json("/", &request)]).plan();
    for (index, body) in bodies(&plan, 0, 50).iter().enumerate() {
        let body: Json = serde_json::from_str(body).unwrap();
        assert!((3..=5).contains(&body["int"].as_i64().unwrap()));
        assert!((0.0..0.5).contains(&body["float"].as_f64().unwrap()));
        assert!([1, 2].contains(&body["choice"].as_i64().unwrap()));
        assert!(["a b a b", "a b a b a b"].contains(&body["repeat"].as_str().unwrap()));
        let uuid = body["uuid"].as_str().unwrap();
        assert_eq!((uuid.len(), &uuid[14..15], uuid.matches('-').count()), (36, "4", 4));
        assert!(body["now"].as_str().unwrap().parse::<jiff::Timestamp>().is_ok());
        assert!(body["ms"].as_i64().unwrap() / 1000 - body["s"].as_i64().unwrap() < 2);
        assert_eq!(body["n"], index + 1);
    }
}

#[test]
fn an_unset_variable_is_told_by_its_name() {
    let build = |path: &str| Suite::of(vec![post(path)]).variable("NS", None, false);
    let (at, message) = build("/{{ env.NS }}").problem();
    assert_eq!(at, "env.NS");
    assert!(message.starts_with("the variable NS is not set"), "{message}");
    assert_eq!(first_request(&build("/{{ env.NS | default('x') }}").plan()).path, "/base/x");
}

#[test]
fn a_syntax_error_is_marked_in_the_line_where_it_stands() {
    let body = BodySpec::Text(text("first\n{% if x %}\n'{{ t.a }}"));
    let (at, message) = with_row(RequestSpec { body, ..post("/") }, &[json!(1)]).problem();
    assert_eq!(message, "template: unexpected end of input, expected end of block");
    assert_eq!(at, "}}");
}

#[test]
fn rows_are_named_by_the_path_template_where_the_path_varies() {
    let plan = with_row(post("/v1/models/{{ t.a }}:predict?x={{ t.a }}"), &[json!("m")]).plan();
    assert_eq!(plan.series[0].name, "/v1/models/{{ t.a }}:predict");
    let request = RequestSpec { name: Some(text("predict {{ env.M }}")), ..post("/v1/{{ t.a }}") };
    let plan = with_row(request, &[json!("m")]).variable("M", Some(json!("g")), false).plan();
    assert_eq!(plan.series[0].name, "predict g");
    let request = RequestSpec { name: Some(text("predict {{ t.a }}")), ..post("/v1") };
    assert!(with_row(request, &[json!("m")]).problem().1.contains("only `env`"));
}

#[test]
fn plans_are_shared_by_threads_and_users_move_between_them() {
    fn shared<T: Send + Sync>() {}
    fn moved<T: Send>() {}
    shared::<Plan>();
    moved::<UserScope>();
}

proptest! {
    #[test]
    fn exactly_one_expression_keeps_the_type(integer: i64, float in -1e300f64..1e300, flag: bool) {
        let request = post_json("/", &json!(["{{ t.a }}", "{{t.b}}", "{{- t.c -}}", "{{ t.a }}!"]));
        let plan = with_row(request, &[json!(integer), json!(float), json!(flag)]).plan();
        let expected = json!([integer, float, flag, format!("{integer}!")]);
        prop_assert_eq!(&bodies(&plan, 0, 1)[0], &expected.to_string());
    }

    #[test]
    fn json_bodies_hold_any_text_of_a_row(cell: String, key in "[a-z\"\\\\é\n]{1,5}") {
        let body = json!({&key: "{{ t.a }}", "two": "-{{ t.a }}-", "list": ["{{ t }}"]});
        let plan = with_row(post_json("/", &body), &[json!(cell)]).plan();
        let expected = json!({&key: cell, "two": format!("-{cell}-"), "list": [{"a": cell}]});
        prop_assert_eq!(&bodies(&plan, 0, 1)[0], &expected.to_string());
    }

    #[test]
    fn encoded_values_decode_to_themselves(cell in "[^\\pC]{0,20}") {
        let path = path_of("/p/{{ t.a }}?q={{ t.a }}", &cell);
        let (path, query) = path.split_once('?').unwrap();
        let decoded = |text: &str| percent_decode_str(text).decode_utf8().unwrap().into_owned();
        prop_assert_eq!(decoded(path.strip_prefix("/base/p/").unwrap()), &cell[..]);
        prop_assert_eq!(decoded(query.strip_prefix("q=").unwrap()), &cell[..]);
        prop_assert!(path.is_ascii() && !path.contains(' '));
    }
}
