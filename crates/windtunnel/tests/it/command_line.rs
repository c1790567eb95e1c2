//! Help, mistakes in flags and settings, and where they are told.

use crate::sandbox::Sandbox;

#[test]
fn the_short_help_is_this() {
    let told = Sandbox::new().run(&["-h"]);
    told.expect_code(0);
    insta::assert_snapshot!(told.stdout, @"");
}

#[test]
fn the_version_is_printed() {
    let told = Sandbox::new().run(&["-V"]);
    told.expect_code(0);
    assert_eq!(told.stdout, format!("windtunnel {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn exit_codes_are_in_the_long_help() {
    let told = Sandbox::new().run(&["--help"]);
    assert!(told.stdout.contains("Where several hold: 2, 130, 3, 4, 1."), "{}", told.stdout);
}

#[test]
fn a_misspelt_flag_ends_with_a_suggestion() {
    let told = Sandbox::new().run(&["--user-s", "3"]);
    told.expect_code(2).expect_message("--users");
    assert_eq!(told.stdout, "");
}

#[test]
fn a_flag_that_is_not_carried_out_ends_with_a_hint() {
    let told = Sandbox::new().run(&["--master"]);
    told.expect_code(2).expect_message("--master is not carried out").expect_message("hint:");
}

#[test]
fn a_mistake_in_windtunnel_toml_is_shown_with_its_line() {
    let sandbox = Sandbox::new();
    sandbox.write("windtunnel.toml", "users = 1\nrun_tme = \"1m\"\n");
    let told = sandbox.run(&["list"]);
    told.expect_code(2).expect_message("windtunnel.toml:2:1").expect_message("did you mean `run_time`?");
}

#[test]
fn a_mistake_in_locust_conf_is_shown_with_its_line() {
    let sandbox = Sandbox::new();
    sandbox.write("locust.conf", "[locust]\nnum_users = 9\n");
    sandbox.run(&["list"]).expect_code(2).expect_message("locust.conf:2:1");
}

#[test]
fn a_variable_that_makes_no_sense_is_named() {
    let told = Sandbox::new().run_with(&[("LOCUST_USERS", "many")], &["list"]);
    told.expect_code(2).expect_message("LOCUST_USERS: expected a whole number above 0, got `many`");
}
