//! What is said about mistakes.

use std::fmt::Write;

use super::read;

fn problems(text: &str) -> String {
    read(&[("", text)]).expect_err("there should be a mistake").to_string()
}

/// What is wrong with `keys` in an otherwise sound class.
fn wrong_keys(keys: &str) -> String {
    problems(&format!("[[user]]\nclass = \"A\"\npost = \"/x\"\n{keys}\n"))
}

/// Only the messages, one a line, with their hints.
fn messages(text: &str) -> String {
    let problems = read(&[("", text)]).expect_err("there should be a mistake");
    let mut lines = String::new();
    for problem in problems.0 {
        let line = problem.at.map_or(0, |at| at.line_column().0);
        writeln!(lines, "{line}: {} [{}]", problem.message, problem.help.unwrap_or_default()).unwrap();
    }
    lines
}

#[test]
fn broken_toml_is_shown_with_its_place_all_mistakes_at_once() {
    insta::assert_snapshot!(problems(
        "[[user]]\nclass = A\npost = /v1/x\njson = { rev_id = {{ x }} }\nname =\nenabled = True\n[load\nusers = 1\n"
    ), @r#"
    error: models/x.toml:2:9: not valid TOML: string values must be quoted, expected literal string
      2 | class = A
        |         ^
      hint: a text is written in quotes: "A"

    error: models/x.toml:3:8: not valid TOML: string values must be quoted, expected literal string
      3 | post = /v1/x
        |        ^^^^^
      hint: a text is written in quotes: "/v1/x"

    error: models/x.toml:4:20: not valid TOML: missing key for inline table element, expected key
      4 | json = { rev_id = {{ x }} }
        |                    ^
      hint: a template is written in quotes: "{{ table.column }}"

    error: models/x.toml:5:7: not valid TOML: a value is missing after `=`
      5 | name =
        |       ^

    error: models/x.toml:6:11: not valid TOML: invalid boolean, expected `true`
      6 | enabled = True
        |           ^^^^
      hint: did you mean `true`?

    error: models/x.toml:7:6: not valid TOML: unclosed table, expected `]`
      7 | [load
        |      ^
    "#);
    insta::assert_snapshot!(problems("description = \"no end\n[[user]]\nclass = \"A\"\nclass = \"B\"\n"), @r#"
    error: models/x.toml:1:22: not valid TOML: invalid basic string, expected `"`
      1 | description = "no end
        |                      ^

    error: models/x.toml:4:1: not valid TOML: duplicate key
      4 | class = "B"
        | ^^^^^
    "#);
}

#[test]
fn a_table_that_is_there_twice_is_not_called_a_text() {
    insta::assert_snapshot!(problems("[load]\nusers = 1\n[load]\nspawn_rate = 2\n"), @r"
    error: models/x.toml:3:2: not valid TOML: duplicate key
      3 | [load]
        |  ^^^^
    ");
}

#[test]
fn more_users_than_a_machine_can_be_are_refused() {
    insta::assert_snapshot!(problems("[load]\nusers = 1000001\n[[user]]\nclass = \"A\"\nget = \"/\"\n"), @r"
    error: models/x.toml:2:9: `users` may be 1000000 at most, got 1000001
      2 | users = 1000001
        |         ^^^^^^^
    ");
}

#[test]
fn an_unknown_key_names_the_nearest_or_where_it_belongs() {
    insta::assert_snapshot!(wrong_keys("hots_header = \"a\"\nusers = 3\nwibble = 1\nhost = \"x\""), @r#"
    error: models/x.toml:4:1: unknown key `hots_header` in class `A`
      4 | hots_header = "a"
        | ^^^^^^^^^^^
      hint: did you mean `host_header`?

    error: models/x.toml:5:1: unknown key `users` in class `A`
      5 | users = 3
        | ^^^^^
      hint: `users` belongs into `[load]` or `[sim]`

    error: models/x.toml:6:1: unknown key `wibble` in class `A`
      6 | wibble = 1
        | ^^^^^^
      hint: known here: `class`, `weight`, `fixed_count`, `wait`, `base_url`, `enabled`, `host_header`, `headers`, `timeout`, `on_start`, `on_stop`, `task`, `get`, `post`, `put`, `patch`, `delete`, `head`, `options`, `name`, `query`, `json`, `body`, `form`, `file`, `expect`, `save`

    error: models/x.toml:7:1: unknown key `host` in class `A`
      7 | host = "x"
        | ^^^^
      hint: `base_url` is where requests go, `host_header` is what a gateway routes by
    "#);
}

#[test]
fn a_misspelt_table_is_not_taken_for_a_key_in_the_wrong_place() {
    insta::assert_snapshot!(messages("[[users]]\nclass = \"A\"\nget = \"/\"\n"), @"1: unknown key `users` in a module [did you mean `user`?]");
    insta::assert_snapshot!(messages("users = 3\n[[user]]\nclass = \"A\"\nget = \"/\"\n"), @"1: unknown key `users` in a module [`users` belongs into `[load]` or `[sim]`]");
}

#[test]
fn a_key_of_a_later_version_is_not_called_unknown() {
    insta::assert_snapshot!(problems(
        "[[user]]\nclass = \"A\"\ncompletions = \"/v1\"\nhttp2 = true\n[load]\nrate = 5\nstages = []\n"
    ), @r#"
    error: models/x.toml:3:1: `completions` is not available in this version
      3 | completions = "/v1"
        | ^^^^^^^^^^^

    error: models/x.toml:4:1: `http2` is not available in this version
      4 | http2 = true
        | ^^^^^

    error: models/x.toml:6:1: `rate` is not available in this version
      6 | rate = 5
        | ^^^^

    error: models/x.toml:7:1: `stages` is not available in this version
      7 | stages = []
        | ^^^^^^
    "#);
}

#[test]
fn a_class_without_request_and_a_file_without_class_say_what_is_missing() {
    insta::assert_snapshot!(problems("[[user]]\nclass = \"A\"\nwait = \"1s\"\n"), @r#"
    error: models/x.toml:1:1: class `A` has no request
      1 | [[user]]
        | ^^^^^^^^
      hint: write the path behind its method, for example post = "/v1/models/x:predict"; the methods are `get`, `post`, `put`, `patch`, `delete`, `head`, `options`
    "#);
    insta::assert_snapshot!(problems("[load]\nusers = 1\n"), @r"
    error: models/x.toml: there is no `[[user]]` in this module
      hint: a module needs at least one class of users, with a request
    ");
    insta::assert_snapshot!(problems("[[user]]\npots = \"/x\"\n"), @r#"
    error: models/x.toml:1:1: a `[[user]]` needs the key `class`
      1 | [[user]]
        | ^^^^^^^^

    error: models/x.toml:2:1: unknown key `pots` in a `[[user]]`
      2 | pots = "/x"
        | ^^^^
      hint: did you mean `post`?
    "#);
}

#[test]
fn two_methods_and_two_bodies_are_refused() {
    insta::assert_snapshot!(wrong_keys("get = \"/y\"\nbody = \"a\"\njson = {}"), @r#"
    error: models/x.toml:4:1: a request has one method, and `post` is there already in line 3; got `get` too
      4 | get = "/y"
        | ^^^

    error: models/x.toml:6:1: a request has one body, and `body` is there already in line 5; got `json` too
      6 | json = {}
        | ^^^^
    "#);
}

#[test]
fn a_path_begins_with_a_slash() {
    insta::assert_snapshot!(problems(
        "[[user]]\nclass = \"A\"\nget = \"v1/x\"\n[[user]]\nclass = \"B\"\nget = \"https://x.org/v1\"\n"
    ), @r#"
    error: models/x.toml:3:7: the path of `get` must start with `/`
      3 | get = "v1/x"
        |       ^^^^^^

    error: models/x.toml:6:7: the path of `get` must start with `/`
      6 | get = "https://x.org/v1"
        |       ^^^^^^^^^^^^^^^^^^
      hint: only the path stands here; the rest of the URL is `base_url` or --host
    "#);
}

const WRONG_VALUES: &str = r#"
description = 3
baseline = ""
[[user]]
class = "1A"
weight = 0
wait = true
base_url = ["a"]
enabled = "yes"
timeout = 0
headers = "a"
expect = "response.ok"
save = { "a-b" = "x", c = 1 }
query = { a = [1, [2]], b = {} }
post = 3
tags = ["a"]
[[user]]
class = "B"
weight = 1
fixed_count = 0
wait = "5 minutes"
get = "/"
headers = { Host = "a", "a b" = "c", Content-Length = 3, A = "1", a = "2" }
expect = ["", 3, { message = "x" }]
json = { a = nan, b = 1979-05-27, c = 99999999999999999999, "{{ k }}" = 1 }
[[user]]
class = "C"
weight = -1
on_start = "x"
on_stop = { body = "x" }
get = "/"
[load]
users = 0
spawn_rate = "fast"
run_time = "0s"
stop_timeout = -1
[sim]
users = "3"
spawn_rate = 0
[compare]
tolerance = 10
p90 = "1%"
"#;

#[test]
fn values_of_the_wrong_kind_say_what_they_must_be() {
    insta::assert_snapshot!(messages(WRONG_VALUES), @r#"
    2: `description` must be a text in quotes, got the number 3 []
    3: `baseline` is empty []
    5: `1A` cannot be the name of a class; use letters, digits and `_`, the first no digit []
    6: with `weight = 0` the class has no users [`enabled = false` switches a class off until it is named]
    7: `wait` must be a wait such as "1s..5s", "200ms" or "pace 2s", got true []
    8: `base_url` must be a text in quotes, got a list []
    9: `enabled` must be true or false, got text []
    10: `timeout` must be above 0 []
    11: `headers` must be a table such as { accept = "text/plain" }, got text []
    12: `expect` must be a list of expressions such as ["response.status == 200"], got text []
    13: `a-b` cannot be used as `user.a-b`; use letters, digits and `_` []
    13: `c` must be a text in quotes, got the number 1 []
    14: `a` of `query` must be a single value or a list of them, got a list []
    14: `b` of `query` must be a single value or a list of them, got a table []
    15: `post` must be a text in quotes, got the number 3 []
    16: unknown key `tags` in a `[[user]]` [`tags` belongs into `[[user.task]]`]
    19: a class has `weight` or `fixed_count`, not both []
    20: `fixed_count` must be a whole number from 1 up, got the number 0 []
    21: `wait`: `5 minutes` is not a wait; write for example `1s..5s`, `200ms`, `pace 2s`, `pace 2s catch-up`, `throughput 5/s` or `none` []
    23: the header `host` is written as `host_header` []
    23: `a b` cannot be the name of a header []
    23: the header `Content-Length` is set by the HTTP client []
    23: the header `a` is there already []
    24: `expect` is empty []
    24: an expectation must be an expression in quotes, or a table with `that` and `message`, got the number 3 []
    24: an expectation needs the key `that` []
    25: the number nan is not a number that can be sent []
    25: a date cannot be sent; write it as text in quotes []
    25: the number 99999999999999999999 does not fit into 64 bits; write it as text in quotes []
    25: a key cannot be a template, only values can []
    28: `weight` must be a whole number from 1 up, got the number -1 []
    29: `on_start` must be a request, a table such as { post = "/path" }, or a list of them, got text []
    30: `on_stop` has no request [write the path behind its method, for example post = "/v1/models/x:predict"; the methods are `get`, `post`, `put`, `patch`, `delete`, `head`, `options`]
    33: `users` must be a whole number from 1 up, got the number 0 []
    34: `spawn_rate`: `fast` is not a rate; write for example `5/s` or `300/m` []
    35: `run_time` must be above 0 []
    36: `stop_timeout`: a duration cannot be negative, got `-1` []
    38: `users` must be a whole number from 1 up, got text []
    39: `spawn_rate` must be a number above 0, or a rate such as "5/s", got the number 0 []
    41: `tolerance`: a share lies between 0 and 1, got `10`; write for example `10%` or `0.1` []
    42: unknown key `p90` in `[compare]` [did you mean `p50`?]
    "#);
}

const WRONG_LIMITS: &str = r#"
[slo]
p95 = 300
p99.9 = "< 1s"
p90.x = "< 1s"
p50 = "> 300ms"
avg = "300ms"
rate = ["> 10/s"]
failure = "< 1%"
median = 3
"p97.0" = "< 1s"
p97 = "< 2s"
failures = "< 300%"
[[user]]
class = "C"
get = "/"
"#;

#[test]
fn limits_that_are_none_say_what_they_must_be() {
    insta::assert_snapshot!(messages(WRONG_LIMITS), @r#"
    3: `p95` must be a limit such as "< 300ms", got the number 300 []
    4: `p99` is a table here [a name with a point stands in quotes: "p99.9" = "< 1s"]
    5: `p90` must be a limit such as "< 300ms", got a table []
    6: `p50 > 300ms` asks for the worse: a latency is limited from above [did you mean `p50 < 300ms`?]
    7: `300ms` is not a limit of `avg` [write for example `avg < 300ms`]
    8: `rate` must be a limit such as "> 10/s", got a list []
    9: `failure` is nothing that can be limited [did you mean `failures`?]
    10: `median` is nothing that can be limited [did you mean `p50`?]
    12: `p97` is limited twice: `p97 < 1s` and `p97 < 2s` []
    13: `failures`: a share lies between 0 and 1, got `300%`; write for example `10%` or `0.1` []
    "#);
    insta::assert_snapshot!(problems("slo = \"p95 < 1s\"\n[[user]]\nclass = \"C\"\nget = \"/\"\n"), @r#"
    error: models/x.toml:1:7: `[slo]` must be a table, got text
      1 | slo = "p95 < 1s"
        |       ^^^^^^^^^^
      hint: write `[slo]` and below it for example p95 = "< 300ms"
    "#);
    insta::assert_snapshot!(problems("[slo]\nrate = \"< 10/s\"\nfailure = \"< 1%\"\n[[user]]\nclass = \"C\"\nget = \"/\"\n"), @r#"
    error: models/x.toml:2:8: `rate < 10/s` asks for the worse: throughput is limited from below
      2 | rate = "< 10/s"
        |        ^^^^^^^^
      hint: did you mean `rate > 10/s`?

    error: models/x.toml:3:1: `failure` is nothing that can be limited
      3 | failure = "< 1%"
        | ^^^^^^^
      hint: did you mean `failures`?
    "#);
}

const WRONG_TABLES: &str = r#"
data.file = "x"
[data.env]
file = "a.csv"
[data.a-b]
file = "a.csv"
[data.in]
file = "a.csv"
[data.ok]
file = "data/{{ env.X }}.csv"
[data.format]
file = "a.xlsx"
[data.none_given]
pick = "uniqe"
columns = ["a", "", "a", 3]
types = { a = "int" }
[data.more]
file = "a.csv"
format = "json"
at_end = "again"
columns = []
where = ""
[env.A]
default = [1]
required = 1
[env.B]
default = 1
required = true
aliases = "C"
[env.C]
aliases = ["a b"]
defualt = 3
[env.ok]
[[user]]
class = "A"
get = "/"
"#;

#[test]
fn tables_and_variables_say_what_they_must_be() {
    insta::assert_snapshot!(messages(WRONG_TABLES), @r#"
    2: `data.file` must be a table, got text [write `[data.NAME]` above its keys]
    3: `env` means something else in templates; choose another name []
    5: `a-b` cannot be used in a template; use letters, digits and `_`, the first no digit []
    7: `in` is a word of the template language; choose another name []
    10: the file of a table cannot be a template []
    12: the format of `a.xlsx` cannot be told by its name [write `format = "csv"`, or tsv, jsonl, lines]
    13: `[data.none_given]` needs the key `file` []
    14: `pick` must be one of `random`, `sequential`, `shuffle`, `unique`, `per_user`, got `uniqe` [did you mean `unique`?]
    15: a column needs a name []
    15: the column `a` is there twice []
    15: `columns` must be a list of texts, got the number 3 in it []
    16: `a` must be one of `integer`, `float`, `boolean`, `text`, got `int` []
    19: `format` must be one of `csv`, `tsv`, `jsonl`, `lines`, got `json` [did you mean `jsonl`?]
    20: `at_end` is for `pick = "unique"` only [the other ways to pick never run out of rows]
    21: `columns` is empty; leave it out where the file has a header row []
    22: `where` is empty []
    24: `default` must be a text, a number, true or false, got a list []
    25: `required` must be true or false, got the number 1 []
    28: a variable with a `default` is never unset; it cannot be `required` too []
    29: `aliases` must be a list of texts such as ["a", "b"], got text []
    31: `a b` cannot be the name of a variable []
    32: unknown key `defualt` in `[env.C]` [did you mean `default`?]
    33: `ok` is a variable and a table (at models/x.toml:9) [give one of them another name]
    "#);
}

const WRONG_TASKS: &str = r#"
[[user]]
class = "A"
name = "n"
post = "/x"
json = {}
expect = []
[[user.task]]
wait = "1s"
get = "/"
[[user.task]]
steps = [{ get = "/", weight = 1 }]
post = "/"
json = 1
wait = "1s"
[[user.task]]
steps = []
[[user.task]]
continue = true
get = "/"
[[user]]
class = "B"
[user.task]
get = "/"
[[user]]
class = "C"
task = []
"#;

#[test]
fn a_task_is_a_request_or_steps() {
    insta::assert_snapshot!(messages(WRONG_TASKS), @r"
    4: `name` cannot stand beside `task` [move it into a `[[user.task]]`]
    5: `post` cannot stand beside `task` [move it into a `[[user.task]]`]
    6: `json` cannot stand beside `task` [move it into a `[[user.task]]`]
    7: `expect` cannot stand beside `task` [move it into a `[[user.task]]`]
    9: a task has no `wait` of its own [the class's `wait` follows each task; steps may have a `wait` between them]
    12: unknown key `weight` in a step [known here: `host_header`, `headers`, `timeout`, `wait`, `continue`, `get`, `post`, `put`, `patch`, `delete`, `head`, `options`, `name`, `query`, `json`, `body`, `form`, `file`, `expect`, `save`]
    13: `post` cannot stand beside `steps` [move it into a step]
    14: `json` cannot stand beside `steps` [move it into a step]
    15: a task has no `wait` of its own [the class's `wait` follows each task; steps may have a `wait` between them]
    17: `steps` is empty []
    19: unknown key `continue` in a `[[user.task]]` [`continue` belongs into a step that others follow]
    23: `task` must be a list of tables [write `[[user.task]]` with two brackets]
    27: `task` is empty []
    ");
    insta::assert_snapshot!(messages("[user]\nclass = \"A\"\nget = \"/\"\n"), @"1: `user` must be a list of tables [write `[[user]]` with two brackets]");
    insta::assert_snapshot!(messages("user = 3\nload = 3\ndata = 4\nenv = []\n"), @r"
    1: `user` must be a list of tables [write `[[user]]` with two brackets]
    2: `[load]` must be a table, got the number 3 []
    3: `data` must be tables with names: write `[data.NAME]`, got the number 4 []
    4: `env` must be tables with names: write `[env.NAME]`, got a list []
    ");
}

#[test]
fn limits_stand_in_one_file_or_in_all_of_them_alike() {
    let class = |name: &str| format!("[[user]]\nclass = \"{name}\"\nget = \"/\"\n");
    let one = "[slo]\np95 = \"< 1s\"\nfailures = \"<1%\"\n".to_owned();
    let other = "[slo]\nfailures = \"< 1%\"\np95 = \"< 1s\"\n".to_owned();
    let module =
        read(&[("a", &class("A")), ("b", &(one.clone() + &class("B"))), ("c", &(other + &class("C")))]);
    let texts: Vec<_> = module.unwrap().limits.into_iter().map(|limit| limit.text).collect();
    assert_eq!(texts, ["p95 < 1s", "failures < 1%"]);
    let wider = "[slo]\np95 = \"< 2s\"\n".to_owned();
    let differ = read(&[("a", &(one + &class("A"))), ("b", &(wider + &class("B")))]);
    insta::assert_snapshot!(differ.unwrap_err(), @"
    error: models/x/b.toml:1:2: `[slo]` is not what it is at models/x/a.toml:1
      1 | [slo]
        |  ^^^
      hint: the files of a module share it: write it once, or in all of them alike
    ");
}

#[test]
fn files_of_a_module_may_say_the_same_but_not_otherwise() {
    let shared = "description = \"d\"\n[data.t]\nfile = \"t.csv\"\n[env.V]\ndefault = 1\n[load]\nusers = 3\n";
    let class = |name: &str| format!("{shared}[[user]]\nclass = \"{name}\"\nget = \"/\"\n");
    let module = read(&[("a", &class("A")), ("b/c", &class("B"))]).unwrap();
    let members: Vec<_> = module.users.iter().map(|user| user.member.as_deref()).collect();
    assert_eq!(members, [Some("a"), Some("b/c")]);
    assert_eq!((module.tables.len(), module.variables.len(), module.load.users), (1, 1, Some(3)));
    let other = "description = \"e\"\n[data.t]\nfile = \"t.csv\"\npick = \"shuffle\"\n[env.V]\ndefault = 2\n\
                 [data.V]\nfile = \"v.csv\"\n[load]\nusers = 4\n[[user]]\nclass = \"A\"\nget = \"/\"\n";
    insta::assert_snapshot!(read(&[("a", &class("A")), ("b/c", other)]).unwrap_err(), @r#"
    error: models/x/b/c.toml:1:15: `description` is not what it is at models/x/a.toml:1
      1 | description = "e"
        |               ^^^
      hint: the files of a module share it: write it once, or in all of them alike

    error: models/x/b/c.toml:9:2: `[load]` is not what it is at models/x/a.toml:6
      9 | [load]
        |  ^^^^
      hint: the files of a module share it: write it once, or in all of them alike

    error: models/x/b/c.toml:2:7: `[data.t]` is not what it is at models/x/a.toml:2
      2 | [data.t]
        |       ^
      hint: the files of a module share it: write it once, or in all of them alike

    error: models/x/b/c.toml:5:6: `[env.V]` is not what it is at models/x/a.toml:4
      5 | [env.V]
        |      ^
      hint: the files of a module share it: write it once, or in all of them alike

    error: models/x/b/c.toml:12:9: the class `A` is already there, at models/x/a.toml:9
      12 | class = "A"
         |         ^^^
      hint: each class of a module has its own name

    error: models/x/a.toml:4:6: `V` is a variable and a table (at models/x/b/c.toml:7)
      4 | [env.V]
        |      ^
      hint: give one of them another name
    "#);
}
