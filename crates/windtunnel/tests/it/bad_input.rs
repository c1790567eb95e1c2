//! Bad input: exit code 2, a message that names place and fix, nothing sent, nothing written.

use crate::running::{healthy, with_modules};
use crate::sandbox::{Ended, Sandbox};
use crate::usage::refused;

/// A working directory with data of every bad kind.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    for (name, text) in [
        ("good.csv", "lang,rev_id\nen,1\nde,2\n"),
        ("quoted.csv", "lang,rev_id\nen,1\n\"d\"\"e\",2\n"),
        ("empty.csv", ""),
        ("header.csv", "lang,rev_id\n"),
        ("ragged.csv", "lang,rev_id\nen,1\nde\n"),
        ("gap.csv", "lang,rev_id\nen,1\nde,\n"),
    ] {
        sandbox.write(&format!("data/{name}"), text);
    }
    sandbox
}

const USER: &str = "[[user]]\nclass = \"A\"\npost = \"/a\"\n";
const JSON: &str = "[[user]]\nclass = \"A\"\npost = \"/a\"\njson = ";

/// A run of the module `bad` that is refused.
fn bad(module: &str, expected: &[&str]) {
    let (sandbox, server) = (sandbox(), healthy());
    sandbox.write("models/bad.toml", module);
    let url = server.url();
    let run = ["bad", "-t", "1s", "-H", &url, "--csv", "results/bad", "--json-file", "out/x"];
    says(&refused(&sandbox, &server, &[], &run), expected);
    // `check` says the same.
    says(&refused(&sandbox, &server, &[], &["check", "bad", "-H", &url]), expected);
}

fn says(told: &Ended, expected: &[&str]) {
    for text in expected {
        told.expect_message(text);
    }
}

#[test]
fn mistakes_in_a_module_are_told_with_their_place_and_what_would_be_right() {
    bad("[[user]\nclass = \"A\"\n", &["models/bad.toml:1:8: not valid TOML", "expected `]`", "1 | [[user]"]);
    bad(&format!("{USER}wiat = \"1s\"\n"), &["models/bad.toml:4:1: unknown key `wiat`", "mean `wait`"]);
    bad(&format!("{USER}wait = \"10 parsecs\"\n"), &["models/bad.toml:4:8: ", "for example `1s..5s`"]);
    bad(&format!("{USER}timeout = \"-1s\"\n"), &["models/bad.toml:4:11: ", "cannot be negative"]);
    bad(&format!("{USER}weight = \"three\"\n"), &["models/bad.toml:4:10: ", "a whole number from 1 up"]);
    bad(
        &format!("{USER}rate = \"5/s\"\n"),
        &["models/bad.toml:4:1: `rate` is not available in this version"],
    );
    bad(
        &format!("{USER}\n[load]\nrun_time = \"soon\"\nusers = 0\n"),
        &["models/bad.toml:6:12: ", "for example `200ms`", "models/bad.toml:7:9: `users` must be"],
    );
}

#[test]
fn mistakes_in_templates_are_told_with_their_place_and_what_is_there() {
    bad(&format!("{JSON}{{ x = \"{{{{ 1 + }}}}\" }}\n"), &["models/bad.toml:4:22: template: unexpected end"]);
    bad(
        &format!("{JSON}{{ x = \"{{{{ nix.lang }}}}\" }}\n"),
        &["models/bad.toml:4:18: ", "other name `nix`"],
    );
    bad(
        &format!("{JSON}{{ x = \"{{{{ random_file('data/logos').base64 }}}}\" }}\n"),
        &["models/bad.toml:4:18: cannot read the folder `./data/logos`: No such file or directory"],
    );
    bad(
        &format!("{JSON}{{ x = \"{{{{ random_file('data/good.csv').name }}}}\" }}\n"),
        &["models/bad.toml:4:18: cannot read the folder `./data/good.csv`: Not a directory"],
    );
}

/// A module that reads a table.
fn reading(file: &str, json: &str) -> String {
    format!("[data.t]\nfile = \"data/{file}.csv\"\n\n{JSON}{json}\n")
}

#[test]
fn mistakes_in_data_are_told_with_the_line_of_the_file() {
    let lang = "{ x = \"{{ t.lang }}\" }";
    bad(&reading("empty", lang), &["data/empty.csv: the file is empty"]);
    bad(&reading("header", lang), &["data/header.csv: the file has a header row and no other rows"]);
    bad(
        &reading("ragged", lang),
        &["data/ragged.csv:3: the row has 1 cell, but the header row has 2", "hint:"],
    );
    bad(&reading("gap", "{ x = \"{{ t.rev_id }}\" }"), &["data/gap.csv:3: "]);
    bad(&reading("godo", lang), &["models/bad.toml:2:8: cannot read", "did you mean `good.csv`"]);
    let missing = reading("good", "{ x = \"{{ t.langg }}\" }");
    bad(&missing, &["models/bad.toml:7:18: table `t` has no column `langg`; did you mean `lang`?"]);
    let filtered = reading("good", lang).replace("\n\n", "\nwhere = \"rev_id > 2\"\n\n");
    bad(&filtered, &["models/bad.toml:3:9: table `t` has no row left"]);
}

#[test]
fn a_body_that_is_no_json_for_one_row_of_many_is_found_before_the_run() {
    bad(
        &reading("quoted", "'{\"lang\": \"{{ t.lang }}\"}'"),
        &["models/bad.toml:7:8: the body is not JSON after rendering", "(with row 2 of `t`)"],
    );
}

#[test]
fn values_of_flags_and_variables_say_what_they_must_be() {
    let (sandbox, server) = (with_modules(&["a"]), healthy());
    let typed = format!("[env.COUNT]\ndefault = 3\n\n{}", sandbox.read("models/a.toml"));
    sandbox.write("models/typed.toml", &typed);
    let url = server.url();
    for (flag, value, expected) in [
        ("--run-time", "soon", "--run-time: `soon` is not a duration; write for example"),
        ("--users", "many", "--users: expected a whole number above 0, got `many`"),
        ("--users", "0", "--users: expected a whole number above 0"),
        ("--spawn-rate", "-1", "--spawn-rate: expected a number of users a second above 0"),
        ("--stop-timeout", "x", "--stop-timeout: `x` is not a duration"),
        ("--threads", "0", "--threads: expected a whole number above 0"),
        ("--seed", "1.5", "--seed: expected a whole number"),
        ("--host", "gateway:80", "gateway:80"),
        ("--cacert", "none.pem", "cannot use the certificates in `none.pem`"),
        ("--logfile", "no/folder", "no/folder: cannot be written"),
    ] {
        let flag = format!("{flag}={value}");
        let variables = [("WINDTUNNEL_HOST", url.as_str()), ("WINDTUNNEL_RUN_TIME", "1s")];
        refused(&sandbox, &server, &variables, &["a", "--csv", "results/a", &flag]).expect_message(expected);
    }
    let variables = [("COUNT", "x")];
    refused(&sandbox, &server, &variables, &["typed", "-t", "1s", "-H", &url])
        .expect_message("module `typed`: the environment variable COUNT must be a whole number, got `x`");
}

#[test]
fn a_baseline_whose_table_was_cut_is_named_with_its_line() {
    let (sandbox, server) = (with_modules(&["a"]), healthy());
    let header = "Type,Name,Request Count,Failure Count,Average Response Time,Requests/s,50%,95%\n";
    sandbox.write("results/a_stats.csv", &format!("{header}POST,/v1/models/a:predict,30,0,10."));
    let url = server.url();
    for more in [&[][..], &["--csv", "results/a"], &["--csv", "elsewhere/x"]] {
        let run = [&["a", "-t", "1s", "-H", &url], more].concat();
        refused(&sandbox, &server, &[], &run)
            .expect_message("results/a_stats.csv:2: 5 columns, but the header has 8");
    }
}
