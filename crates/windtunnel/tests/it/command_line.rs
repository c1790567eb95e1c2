//! Help, mistakes in flags and settings, and where they are told.

use crate::sandbox::Sandbox;

#[test]
fn the_short_help_is_this() {
    let told = Sandbox::new().run(&["-h"]);
    told.expect_code(0);
    insta::assert_snapshot!(told.stdout, @r"
    Load tests for model servers, with a verdict

    Usage: windtunnel [OPTIONS] [NAME]...
           windtunnel <COMMAND>

    Commands:
      run        Run modules, one after the other, and compare each with its baseline
      list       Show the modules and their classes of users
      check      Check modules and show one rendered request of each task
      new        Write a new module from a template
      fetch      Fetch fresh input data
      compare    Compare two stored results: a verdict on NEW against OLD
      ab         Compare two versions of a server that run now, measured in turns: A B B A A B
      baseline   Show what baselines rest on, and decide about their runs
      calibrate  Measure an unchanged server once more, to learn how much its sessions differ
      sim        Run the simulated model server until Ctrl-C
      help       Print this message or the help of the given subcommand(s)

    Arguments:
      [NAME]...  Modules, members, classes or globs: revertrisk revscoring/goodfaith [default: MODEL, else all]

    Options:
      -l, --list                    Show the modules and their classes instead of running them
          --explain <ROW> <METRIC>  Print every step of the reckoning of one figure: --explain /v1/models/a:predict p50
      -h, --help                    Print help (see more with '--help')
      -V, --version                 Print version

    Load:
      -u, --users <N>          Virtual users at the peak [default: 1]
      -r, --spawn-rate <RATE>  Users started a second [default: 1]
      -t, --run-time <TIME>    How long, from the start of the first user: 90s, 20m, 1h30m [default: until Ctrl-C]

    Target:
      -H, --host <URL>  Base URL, for classes without one of their own: https://gateway:30443
          --sim         Run against the built-in simulated model server, with its own load and baselines

    Selection:
          --models <DIR>  Folder of the modules [default: models]

    Results:
          --results <DIR>  Folder of the baselines [default: results]
          --csv <PREFIX>   Write Locust's four CSV files; at results/NAME this run becomes the new baseline
          --json           Print the results as Locust's JSON to stdout

    Messages:
          --only-summary  Print nothing while it runs, only the tables at the end

    Without a command, `run`. --help says more.
    ");
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
fn names_that_name_nothing_do_not_run_everything() {
    let sandbox = crate::running::with_modules(&["a"]);
    for names in [&["list", ""][..], &["list", ","], &["", "-t", "1s", "--sim"], &["check", " , "]] {
        sandbox.run(names).expect_code(2).expect_message("names no module");
    }
    sandbox.run_with(&[("MODEL", ",")], &["list"]).expect_code(2).expect_message("MODEL: ");
    sandbox.run_with(&[("MODEL", "")], &["list"]).expect_code(0);
}

#[test]
fn a_negative_number_is_refused_by_whoever_knows_what_it_should_be() {
    let sandbox = crate::running::with_modules(&["a"]);
    let told = sandbox.run(&["a", "-u", "-1", "--sim"]);
    told.expect_code(2).expect_message("--users: expected a whole number above 0, got `-1`");
    sandbox.run(&["a", "-u", "1000001"]).expect_code(2).expect_message("at most 1000000");
    sandbox.run(&["sim", "--median", "-5"]).expect_code(2).expect_message("cannot be negative");
}

#[test]
fn configuration_files_may_begin_with_a_byte_order_mark_and_are_utf_8() {
    let sandbox = crate::running::with_modules(&["a"]);
    sandbox.write("locust.conf", "\u{feff}[locust]\nusers = 2\n");
    sandbox.write("windtunnel.toml", "\u{feff}spawn_rate = 2\n");
    sandbox.run(&["list"]).expect_code(0);
    std::fs::write(sandbox.path("locust.conf"), b"# \xff\n").unwrap();
    sandbox
        .run(&["list"])
        .expect_code(2)
        .expect_message("locust.conf: cannot be read: the text is not UTF-8");
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

#[test]
fn modules_are_listed_with_their_classes_and_variables() {
    let sandbox = Sandbox::new();
    let text = r#"
description = "what it does"

[env.HOST]
default = "edit-check"
help = "the model server's name"

[env.KEY]
required = true
secret = true

[[user]]
class = "One"
weight = 3
post = "/one"

[[user]]
class = "Two"
enabled = false
fixed_count = 2
task = [{ get = "/two" }, { get = "/three" }]
"#;
    sandbox.write("models/mine.toml", text);
    sandbox.write("models/group/part.toml", "[[user]]\nclass = \"Part\"\nget = \"/part\"\n");
    sandbox.write("models/_not_one.toml", "");
    for arguments in [&["list"][..], &["--list"], &["-l"]] {
        let told = sandbox.run(arguments);
        told.expect_code(0);
        insta::allow_duplicates! {
            insta::assert_snapshot!(told.stdout, @r"
            group
              part:Part  weight 1   GET /part
            mine         what it does
              One        weight 3   POST /one
              Two        count 2    GET /two and 1 more  (only when named)
              HOST       the model server's name [default: edit-check]
              KEY        [required]
            ");
        }
    }
}
