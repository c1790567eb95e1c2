//! Mistakes of the user: exit code 2, a message that names the fix, nothing sent, nothing written.

use crate::running::{healthy, module, with_modules};
use crate::sandbox::{Ended, Sandbox};
use crate::server::Server;

/// Runs and sees to it that nothing was sent and no file was made.
pub(crate) fn refused(
    sandbox: &Sandbox,
    server: &Server,
    variables: &[(&str, &str)],
    arguments: &[&str],
) -> Ended {
    let before = sandbox.files();
    let ended = sandbox.run_with(variables, arguments);
    ended.expect_code(2);
    assert!(server.recorded().is_empty(), "{:?}", server.recorded());
    assert_eq!(sandbox.files(), before);
    assert_eq!(ended.stdout, "");
    assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
    ended
}

#[test]
fn unknown_modules_are_named_with_those_there_are() {
    let (sandbox, server) = (with_modules(&["revertrisk", "langid"]), healthy());
    let url = server.url();
    let told = refused(&sandbox, &server, &[], &["revertrisks", "-H", &url, "-t", "1s"]);
    told.expect_message("revertrisks").expect_message("langid, revertrisk").expect_message("did you mean");
    let told = refused(&sandbox, &server, &[("MODEL", "nix")], &["-H", &url, "-t", "1s"]);
    told.expect_message("MODEL").expect_message("nix");
}

#[test]
fn a_misspelt_command_is_named() {
    let (sandbox, server) = (with_modules(&["a"]), healthy());
    refused(&sandbox, &server, &[], &["chekc", "-t", "1s"]).expect_message("`windtunnel check` is a command");
}

#[test]
fn a_missing_base_url_is_asked_for() {
    let (sandbox, server) = (with_modules(&["a"]), healthy());
    let told = refused(&sandbox, &server, &[("HOST", &server.url())], &["a", "-t", "1s"]);
    told.expect_message("--host");
}

#[test]
fn mistakes_of_several_modules_are_told_at_once() {
    let (sandbox, server) = (with_modules(&["good"]), healthy());
    sandbox.write("models/one.toml", &module("one").replace("wait", "wiat"));
    sandbox.write("models/two.toml", &module("two").replace("10ms", "10 parsecs"));
    let url = server.url();
    let told = refused(&sandbox, &server, &[], &["-H", &url, "-t", "1s"]);
    told.expect_message("models/one.toml:3:1").expect_message("models/two.toml:3:8").expect_message("`wait`");
}

#[test]
fn a_required_variable_that_is_unset_is_an_error_where_the_module_was_named_and_a_skip_elsewhere() {
    let (sandbox, server) = (with_modules(&["a"]), healthy());
    let needs = format!("{}\n[env.MODEL_NAME]\nrequired = true\nhelp = \"the model\"\n", module("needs"));
    sandbox.write("models/needs.toml", &needs);
    let url = server.url();
    let told = refused(&sandbox, &server, &[], &["needs", "-H", &url, "-t", "1s"]);
    told.expect_message("MODEL_NAME").expect_message("the model");
    let told = sandbox.run(&["-H", &url, "-t", "1s"]);
    told.expect_message("module `needs` is skipped").expect_message("MODEL_NAME");
    assert!(server.recorded().iter().all(|request| request.target.contains("/a:")));
}

#[test]
fn several_modules_need_a_run_time() {
    let (sandbox, server) = (with_modules(&["a", "b"]), healthy());
    let url = server.url();
    refused(&sandbox, &server, &[], &["-H", &url]).expect_message("--run-time");
}

#[test]
fn results_that_cannot_be_written_are_found_before_the_run() {
    let (sandbox, server) = (with_modules(&["a", "b"]), healthy());
    sandbox.write("results", "a file");
    sandbox.write("taken/b_stats.csv/folder", "");
    let url = server.url();
    refused(&sandbox, &server, &[], &["a", "-H", &url, "-t", "1s", "--csv", "results/a"])
        .expect_message("results");
    refused(&sandbox, &server, &[], &["-H", &url, "-t", "1s", "--csv", "taken/"])
        .expect_message("taken/b_stats.csv");
    refused(&sandbox, &server, &[], &["a", "-H", &url, "-t", "1s", "--json-file", "results/x"])
        .expect_message("results/x.json");
}

#[test]
fn a_damaged_baseline_is_named_with_its_line() {
    let (sandbox, server) = (with_modules(&["a"]), healthy());
    sandbox.write("results/a_runs.jsonl", "{\"v\":1,\n");
    let url = server.url();
    let told = refused(&sandbox, &server, &[], &["a", "-H", &url, "-t", "1s", "--csv", "results/a"]);
    told.expect_message("results/a_runs.jsonl:1");
}

#[test]
fn a_real_run_does_not_write_into_the_folder_of_simulated_ones() {
    let (sandbox, server) = (with_modules(&["a"]), healthy());
    let url = server.url();
    let told = refused(&sandbox, &server, &[], &["a", "-H", &url, "-t", "1s", "--csv", "results/sim/a"]);
    told.expect_message("--csv: results/sim is for runs with --sim");
}

#[test]
fn a_file_of_authorities_that_is_none_is_found_before_the_run() {
    let (sandbox, server) = (with_modules(&["a"]), healthy());
    sandbox.write("ca.pem", "no certificate");
    let url = server.url();
    let told = refused(&sandbox, &server, &[], &["a", "-H", &url, "-t", "1s", "--cacert", "ca.pem"]);
    told.expect_message("ca.pem");
}

#[test]
fn a_tag_that_no_task_has_is_named() {
    let (sandbox, server) = (with_modules(&["a"]), healthy());
    let url = server.url();
    let told = refused(&sandbox, &server, &[], &["-H", &url, "-t", "1s", "--tags", "a"]);
    told.expect_message("no task has the tag `a`").expect_message("before --tags");
}

#[test]
fn two_modules_with_one_baseline_are_refused() {
    let (sandbox, server) = (with_modules(&["a"]), healthy());
    sandbox.write("models/b.toml", &format!("baseline = \"a\"\n{}", module("b")));
    let url = server.url();
    let told = refused(&sandbox, &server, &[], &["-H", &url, "-t", "1s"]);
    told.expect_message("modules `a` and `b` have the same baseline `a`");
}

#[test]
fn a_folder_without_modules_says_how_to_begin() {
    let (sandbox, server) = (Sandbox::new(), healthy());
    refused(&sandbox, &server, &[], &["-t", "1s"]).expect_message("windtunnel new NAME");
}
