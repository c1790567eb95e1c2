//! Every key of the format, read.

use std::time::Duration;

use super::read;
use crate::suite::{
    AtEnd, BodySpec, ColumnType, Module, Overrun, Pick, RequestSpec, TableFormat, Template, Wait,
};

fn module(text: &str) -> Module {
    read(&[("", text)]).unwrap_or_else(|problems| panic!("{problems}"))
}

fn text(template: &Template) -> &str {
    match template {
        Template::Text(text) => &text.value,
        other => panic!("{other:?} is no text"),
    }
}

const REVERTRISK: &str = r#"
[data.revisions]
file = "data/revisions_lang_and_id.tsv"      # relative to the folder that holds models/
columns = ["lang", "rev_id"]                 # the file has no header row

[[user]]
class = "RevertriskLanguageAgnostic"
wait = "1s..5s"
host_header = "revertrisk-language-agnostic.revertrisk.wikimedia.org"
post = "/v1/models/revertrisk-language-agnostic:predict"
json = { rev_id = "{{ revisions.rev_id }}", lang = "{{ revisions.lang }}" }
"#;

#[test]
fn a_module_with_one_request_is_read() {
    let module = module(REVERTRISK);
    let table = &module.tables[0];
    assert_eq!(table.name.value, "revisions");
    assert_eq!(table.file.value, "data/revisions_lang_and_id.tsv");
    let columns: Vec<_> = table.columns.iter().flatten().map(|column| column.value.as_str()).collect();
    assert_eq!(columns, ["lang", "rev_id"]);
    assert_eq!((table.format, table.pick), (None, Pick::Random));
    let user = &module.users[0];
    assert_eq!(user.class.value, "RevertriskLanguageAgnostic");
    assert_eq!(user.wait, Wait::Between(Duration::from_secs(1), Duration::from_secs(5)));
    assert_eq!((user.weight, user.fixed_count, user.enabled, &user.member), (1, None, true, &None));
    assert_eq!((user.tasks.len(), user.tasks[0].steps.len()), (1, 1));
    let request = &user.tasks[0].steps[0];
    assert_eq!(request.method, "POST");
    assert_eq!(request.path.value, "/v1/models/revertrisk-language-agnostic:predict");
    assert_eq!(request.timeout, Duration::from_secs(60));
    assert_eq!(
        request.host_header.as_ref().unwrap().value,
        "revertrisk-language-agnostic.revertrisk.wikimedia.org"
    );
    let BodySpec::Json(Template::Table(fields)) = &request.body else { panic!("{:?}", request.body) };
    let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), text(value))).collect();
    assert_eq!(fields, [("rev_id", "{{ revisions.rev_id }}"), ("lang", "{{ revisions.lang }}")]);
}

const EVERYTHING: &str = r#"
description = "Everything at once"
baseline = "x-{{ env.MODEL_NAME }}"

[env.MODEL_NAME]
default = "gemma2"
aliases = ["NAME"]
help = "the model"

[env.TOKEN]
required = true
secret = true

[env.MAX_LENGTH]
default = 350

[data.questions]
file = "data/questions.txt"
format = "lines"
types = { line = "text" }
where = "line | length < 100"
pick = "unique"
at_end = "again"

[load]
users = 20
spawn_rate = "300/m"
run_time = 120
stop_timeout = "30s"

[sim]
run_time = "20s"

[compare]
tolerance = "10%"
p95 = 0.2

[slo]
failures = "<= 0.5%"
p95 = "<300ms"
"p99.9" = "< 1.5s"
rate = "> 10/s"

[[user]]
class = "Chatty"
weight = 3
wait = "pace 2s catch-up"
base_url = "https://example.org/lw"
host_header = "chatty.example.org"
headers = { accept = "application/json", X-Try = 1 }
timeout = "5s"
on_start = { post = "/login", body = "{{ env.TOKEN }}", save = { token = "response.json.token" } }
on_stop = [{ delete = "/session", continue = true }, { get = "/bye" }]

[[user.task]]
name = "ask"
weight = 2
tags = ["slow", "main"]
get = "/ask"
query = { q = "{{ questions.line }}", n = 3 }
headers = { Accept = "text/plain" }
expect = [
  "response.status in [200, 404]",
  { that = "response.time_ms < 500", message = "took {{ response.time_ms }}" },
]

[[user.task]]
name = "talk"
timeout = 9
steps = [
  { name = "open", put = "/talk", form = { a = true }, wait = "200ms", continue = true },
  { patch = "/talk", file = "data/talk.bin", timeout = 1.5 },
]

[[user]]
class = "Idle"
fixed_count = 2
enabled = false
head = "/"
"#;

#[test]
fn everything_around_the_users_is_read() {
    let module = module(EVERYTHING);
    assert_eq!(module.description.as_deref(), Some("Everything at once"));
    assert_eq!(module.baseline.unwrap().value, "x-{{ env.MODEL_NAME }}");
    let variables: Vec<_> = module
        .variables
        .iter()
        .map(|v| (v.name.value.as_str(), v.default.clone(), v.required, v.secret, v.aliases.join(",")))
        .collect();
    assert_eq!(
        variables,
        [
            ("MODEL_NAME", Some("gemma2".into()), false, false, "NAME".to_owned()),
            ("TOKEN", None, true, true, String::new()),
            ("MAX_LENGTH", Some(350.into()), false, false, String::new()),
        ]
    );
    let table = &module.tables[0];
    assert_eq!(table.format, Some(TableFormat::Lines));
    assert_eq!((table.types[0].0.value.as_str(), table.types[0].1), ("line", ColumnType::Text));
    assert_eq!(table.filter.as_ref().unwrap().value, "line | length < 100");
    assert_eq!(table.pick, Pick::Unique { at_end: AtEnd::Again });
    assert_eq!((module.load.users, module.load.spawn_rate), (Some(20), Some(5.0)));
    assert_eq!(module.load.run_time, Some(Duration::from_secs(120)));
    assert_eq!(module.load.stop_timeout, Some(Duration::from_secs(30)));
    assert_eq!((module.sim.users, module.sim.run_time), (None, Some(Duration::from_secs(20))));
    assert_eq!(module.tolerances.all, Some(0.1));
    let limits: Vec<_> = module.limits.iter().map(|limit| (limit.text.as_str(), limit.bound)).collect();
    assert_eq!(
        limits,
        [
            ("p95 < 300ms", 300.0),
            ("p99.9 < 1.5s", 1500.0),
            ("rate > 10/s", 10.0),
            ("failures <= 0.5%", 0.005)
        ]
    );
    assert_eq!(module.tolerances.by_metric.into_iter().collect::<Vec<_>>(), [("p95".to_owned(), 0.2)]);
}

#[test]
fn what_a_class_says_holds_for_all_its_requests_unless_they_say_otherwise() {
    let module = module(EVERYTHING);
    let chatty = &module.users[0];
    let shape = |request: &RequestSpec| {
        let headers: Vec<_> =
            request.headers.iter().map(|(name, value)| format!("{}: {}", name.value, value.value)).collect();
        let host = request.host_header.as_ref().map_or("", |host| &host.value);
        format!(
            "{} {} {} {host} {}",
            request.method,
            request.path.value,
            headers.join(", "),
            request.timeout.as_millis()
        )
    };
    let all: Vec<_> = chatty
        .on_start
        .iter()
        .chain(&chatty.on_stop)
        .chain(chatty.tasks.iter().flat_map(|task| &task.steps))
        .map(shape)
        .collect();
    assert_eq!(
        all,
        [
            "POST /login accept: application/json, X-Try: 1 chatty.example.org 5000",
            "DELETE /session accept: application/json, X-Try: 1 chatty.example.org 5000",
            "GET /bye accept: application/json, X-Try: 1 chatty.example.org 5000",
            "GET /ask X-Try: 1, Accept: text/plain chatty.example.org 5000",
            "PUT /talk accept: application/json, X-Try: 1 chatty.example.org 9000",
            "PATCH /talk accept: application/json, X-Try: 1 chatty.example.org 1500",
        ]
    );
}

#[test]
fn classes_tasks_and_steps_are_read() {
    let module = module(EVERYTHING);
    let [chatty, idle] = &module.users[..] else { panic!("two classes") };
    assert_eq!(chatty.wait, Wait::Pace { period: Duration::from_secs(2), overrun: Overrun::CatchUp });
    assert_eq!((chatty.weight, idle.fixed_count, idle.enabled), (3, Some(2), false));
    assert_eq!(chatty.base_url.as_ref().unwrap().value, "https://example.org/lw");
    assert_eq!(chatty.on_start[0].save[0].0.value, "token");
    assert_eq!(chatty.on_stop.iter().map(|request| request.keep_going).collect::<Vec<_>>(), [true, false]);
    let [ask, talk] = &chatty.tasks[..] else { panic!("two tasks") };
    assert_eq!((ask.name.as_deref(), ask.weight, ask.tags.join(",")), (Some("ask"), 2, "slow,main".into()));
    let request = &ask.steps[0];
    assert_eq!(request.name.as_ref().unwrap().value, "ask");
    assert!(matches!(request.query[1], (ref name, Template::Integer(3)) if name == "n"));
    assert_eq!(request.expect[0].that.value, "response.status in [200, 404]");
    assert_eq!(request.expect[1].message.as_ref().unwrap().value, "took {{ response.time_ms }}");
    assert_eq!(talk.name.as_deref(), Some("talk"));
    let [open, rest] = &talk.steps[..] else { panic!("two steps") };
    assert_eq!(open.wait, Some(Wait::Constant(Duration::from_millis(200))));
    assert!(open.keep_going && !rest.keep_going);
    assert!(matches!(&open.body, BodySpec::Form(pairs) if matches!(pairs[0].1, Template::Boolean(true))));
    assert!(matches!(&rest.body, BodySpec::File(file) if file.value == "data/talk.bin"));
    assert_eq!(idle.tasks[0].steps[0].method, "HEAD");
}
