//! The command line, typed in all its forms.

use std::collections::BTreeSet;

use super::*;
use crate::settings::table::Locust;

fn parsed(line: &str) -> Parsed {
    parse(words(line)).unwrap_or_else(|stop| panic!("{line}: {stop:?}"))
}

fn words(line: &str) -> Vec<OsString> {
    std::iter::once("windtunnel").chain(line.split_whitespace()).map(OsString::from).collect()
}

fn refused(line: &str) -> String {
    match parse(words(line)) {
        Err(Stop::Refused(problems)) => problems.to_string(),
        Err(Stop::Clap(error)) => error.to_string(),
        Ok(parsed) => panic!("{line}: {parsed:?}"),
    }
}

fn names(parsed: &Parsed) -> &[String] {
    match &parsed.action {
        Action::Run(args) => &args.names,
        Action::List(args) => &args.names,
        Action::Check(args) => &args.select.names,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_command_line_is_consistent() {
    command().debug_assert();
    let names: BTreeSet<String> = command().get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
    assert_eq!(names, COMMANDS.map(str::to_owned).into());
}

#[test]
fn a_name_without_a_command_runs() {
    for line in ["revertrisk -u 2", "-u 2 revertrisk", "run revertrisk -u2", "-u 2 run revertrisk"] {
        let parsed = parsed(line);
        assert!(matches!(parsed.action, Action::Run(_)), "{line}");
        assert_eq!(names(&parsed), ["revertrisk"], "{line}");
        assert_eq!(parsed.flags["users"].value, "2", "{line}");
    }
}

#[test]
fn flags_may_stand_before_the_command() {
    let parsed = parsed("--sim --models there -T a b -H http://h check x --send");
    assert!(matches!(&parsed.action, Action::Check(args) if args.send));
    assert_eq!(parsed.flags["models"].value, "there");
    assert_eq!(parsed.flags["tags"].value, "a,b");
}

#[test]
fn a_flag_that_may_be_repeated_takes_one_value_each_time() {
    let words = ["windtunnel", "--header-b", "Host: b", "--header-b", "x: 1", "ab", "m", "--up-to", "4"];
    let parsed = parse(words.map(OsString::from)).unwrap();
    let Action::Ab(args) = parsed.action else { panic!("{:?}", parsed.action) };
    assert_eq!(
        (args.select.names, args.header_b),
        (vec!["m".to_owned()], vec!["Host: b".into(), "x: 1".into()])
    );
    assert_eq!((args.pairs, args.up_to), (3, Some(4)));
}

#[test]
fn what_is_to_be_explained_takes_two_values_wherever_it_stands() {
    let explained = |line: &str| match parsed(line).action {
        Action::Run(args) => (args.names, args.explain.explain),
        Action::Compare(args) => (vec![args.old, args.new], args.explain.explain),
        other => panic!("{other:?}"),
    };
    let both = Some(vec!["/a".to_owned(), "p50".to_owned()]);
    for line in
        ["x --explain /a p50", "--explain /a p50 x", "run x --explain /a p50", "--explain /a p50 run x"]
    {
        assert_eq!(explained(line), (vec!["x".to_owned()], both.clone()), "{line}");
    }
    let (names, explain) = explained("--explain /a p50 compare old new");
    assert_eq!((names, explain), (vec!["old".to_owned(), "new".to_owned()], both));
    assert!(refused("run x --explain /a").contains("--explain"));
}

#[test]
fn a_module_named_like_a_command_is_reached_by_run() {
    assert_eq!(names(&parsed("run list")), ["list"]);
    assert_eq!(names(&parsed("run run")), ["run"]);
    assert_eq!(names(&parsed("revertrisk list")), ["revertrisk", "list"]);
}

#[test]
fn a_value_that_looks_like_a_command_stays_a_value() {
    let parsed = parsed("--csv list -H check -u 3 langid");
    assert_eq!(names(&parsed), ["langid"]);
    assert_eq!(parsed.flags["csv"].value, "list");
    assert_eq!(parsed.flags["host"].value, "check");
}

#[test]
fn values_of_flags_remember_their_flag() {
    let parsed = parsed("sim --slowdown 1.5");
    assert_eq!(parsed.flags["sim-slowdown"].from.to_string(), "--slowdown");
}

#[test]
fn a_misspelt_flag_is_refused_with_a_suggestion() {
    let text = refused("--user-count 3");
    assert!(text.contains("unexpected argument '--user-count'"), "{text}");
    assert!(refused("--run-tmie 3").contains("--run-time"), "no suggestion");
}

#[test]
fn unambiguous_beginnings_of_flags_are_understood_as_in_locust() {
    let parsed = parsed("--run-t 5 --user 3");
    assert_eq!((parsed.flags["run-time"].value.as_str(), parsed.flags["users"].value.as_str()), ("5", "3"));
}

#[test]
fn every_other_flag_of_locust_is_accepted_or_refused_with_a_hint() {
    for other in OTHERS {
        let value = if other.takes == Takes::Nothing { "" } else { "1" };
        let lines =
            [Some(format!("--{} {value}", other.key)), other.short.map(|short| format!("-{short} {value}"))];
        for line in lines.into_iter().flatten() {
            match (other.fate, parse(words(&line))) {
                (Fate::Anyway(_), Ok(parsed)) => assert!(parsed.notices.is_empty(), "{line}"),
                (Fate::NoEffect(_), Ok(parsed)) => assert_eq!(parsed.notices.len(), 1, "{line}"),
                (Fate::Refused(hint) | Fate::RefusedHere(hint), Err(Stop::Refused(problems))) => {
                    assert!(problems.to_string().contains(hint), "{line}");
                }
                (fate, result) => panic!("{line}: {fate:?} {result:?}"),
            }
        }
    }
}

/// The table of docs/locust-flags.md.
fn locust_flags() -> String {
    let mut rows: Vec<(String, String)> = Vec::new();
    let mut row = |key: &str, short: Option<char>, env: &str, what: &str, note: &str| {
        let flag = short.map_or_else(|| format!("`--{key}`"), |short| format!("`-{short}`, `--{key}`"));
        let env = if env.is_empty() { String::new() } else { format!("`{env}`") };
        rows.push((key.to_owned(), format!("| {flag} | {env} | {what} | {note} |\n")));
    };
    for setting in SETTINGS {
        let env = match setting.locust {
            Locust::No => continue,
            Locust::Flag => "",
            Locust::FlagAnd(name) => name,
        };
        row(setting.key, setting.short, env, "works", setting.help);
    }
    row("list", Some('l'), "", "works", "Show the modules and their classes; also the command `list`");
    row("version", Some('V'), "", "works", "Print the version");
    row("help", Some('h'), "", "works", "Print the help");
    for other in OTHERS {
        let (what, note) = match other.fate {
            Fate::Anyway(note) | Fate::NoEffect(note) => ("no effect", note),
            Fate::Refused(note) | Fate::RefusedHere(note) => ("refused", note),
        };
        row(other.key, other.short, other.env, what, note);
    }
    rows.sort();
    rows.into_iter().map(|(_, row)| row).collect()
}

#[test]
fn the_documented_table_of_locust_flags_is_that_of_the_code() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/locust-flags.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let head = "| flag | environment | here | note |\n|---|---|---|---|\n";
    let (before, rest) = text.split_once(head).expect("the table's head");
    let (table, after) = rest.split_once("\n\n").expect("an empty line after the table");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        let whole = format!("{before}{head}{}\n{after}", locust_flags());
        std::fs::write(&path, whole).unwrap();
    } else {
        assert_eq!(format!("{table}\n"), locust_flags(), "set UPDATE_GOLDEN=1 to rewrite {}", path.display());
    }
}

#[test]
fn every_flag_of_locust_2_47_is_in_the_tables() {
    let flags = "locustfile config host users spawn-rate run-time stop-timeout headless headful autostart \
        autoquit config-users tags exclude-tags csv csv-full-history html json json-file print-stats \
        only-summary reset-stats exit-code-on-error loglevel logfile skip-log-setup master master-bind-host \
        master-bind-port expect-workers expect-workers-max-wait enable-rebalancing worker master-host \
        master-port processes show-task-ratio show-task-ratio-json equal-weights profile otel web-host \
        web-port web-base-path web-login tls-cert tls-key class-picker web-auth slave expect-slaves legacy-ui";
    for flag in flags.split_whitespace() {
        let known = SETTINGS.iter().any(|setting| setting.key == flag && setting.locust != Locust::No)
            || OTHERS.iter().any(|other| other.key == flag);
        assert!(known, "{flag}");
    }
}

#[test]
fn the_short_help_fits_a_screen() {
    let help = command().render_help().to_string();
    assert!(help.lines().count() <= 50, "{} lines:\n{help}", help.lines().count());
}
