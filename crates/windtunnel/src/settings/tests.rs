//! The layers of the settings, put together.

use std::ffi::OsString;

use super::*;
use crate::settings::test_support::layer;

fn environment(variables: &[(&str, &str)]) -> Environment {
    variables.iter().map(|(name, value)| (OsString::from(name), OsString::from(value))).collect()
}

/// Settings of flags, variables and one configuration file, which takes the place of the usual ones.
fn resolve(flags: &[(&str, &str)], variables: &[(&str, &str)], toml: &str) -> Result<Settings, Problems> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("windtunnel.toml");
    std::fs::write(&file, toml).unwrap();
    let mut flags = layer(flags);
    let from = Origin::Flag("--config".to_owned());
    flags.insert("config".to_owned(), Sourced { value: file.to_string_lossy().into_owned(), from });
    Settings::resolve(flags, &environment(variables))
}

#[test]
fn command_line_own_environment_locust_environment_and_file_win_in_this_order() {
    let toml = "host = \"http://file\"\n";
    let host = |flags: &[(&str, &str)], variables: &[(&str, &str)]| {
        resolve(flags, variables, toml).unwrap().target.host.unwrap().value
    };
    let both = [("LOCUST_HOST", "http://locust"), ("WINDTUNNEL_HOST", "http://own")];
    assert_eq!(host(&[("host", "http://flag")], &both), "http://flag");
    assert_eq!(host(&[], &both), "http://own");
    assert_eq!(host(&[], &both[..1]), "http://locust");
    assert_eq!(host(&[], &[("HOST", "http://variable-of-modules")]), "http://file");
}

#[test]
fn a_value_remembers_where_it_came_from() {
    let settings = resolve(&[], &[("LOCUST_HOST", "http://h")], "").unwrap();
    assert_eq!(settings.target.host.unwrap().from.to_string(), "LOCUST_HOST");
}

#[test]
fn all_mistakes_are_told_at_once() {
    let flags = [("threads", "0"), ("seed", "x"), ("host", "h"), ("exit-code-on-error", "256")];
    let problems = resolve(&flags, &[("WINDTUNNEL_INCONCLUSIVE", "maybe")], "userz = 1\n").unwrap_err();
    assert_eq!(problems.0.len(), 6, "{problems}");
    let text = problems.to_string();
    assert!(text.contains("--threads: expected a whole number above 0, got `0`"), "{text}");
    assert!(text.contains("WINDTUNNEL_INCONCLUSIVE: expected warn or fail, got `maybe`"), "{text}");
    assert!(text.contains("did you mean `users`?"), "{text}");
}

#[test]
fn limits_are_read_wherever_they_were_asked_for_and_all_mistakes_in_them_are_told() {
    let limits = |flags: &[(&str, &str)], variables: &[(&str, &str)], toml: &str| {
        let slo = resolve(flags, variables, toml).unwrap().results.verdicts.slo.unwrap();
        let texts: Vec<String> = slo.value.into_iter().map(|limit| limit.text).collect();
        format!("{} ({})", texts.join(", "), slo.from)
    };
    let toml = "slo = \"p95 < 1s\"\n";
    let variables = [("WINDTUNNEL_SLO", "failures < 1%, rate > 5/s")];
    assert_eq!(limits(&[("slo", "p99<=2s")], &variables, toml), "p99 <= 2s (--slo)");
    assert_eq!(limits(&[], &variables, toml), "rate > 5/s, failures < 1% (WINDTUNNEL_SLO)");
    assert!(limits(&[], &[], toml).starts_with("p95 < 1s ("));
    let problems = resolve(&[("slo", "p95 > 1s, failure < 1%")], &[], "").unwrap_err();
    insta::assert_snapshot!(problems, @"
    error: --slo: `p95 > 1s` asks for the worse: a latency is limited from above
      hint: did you mean `p95 < 1s`?

    error: --slo: `failure` is nothing that can be limited
      hint: did you mean `failures`?
    ");
    assert_eq!(resolve(&[("slo", " ")], &[], "").unwrap_err().0.len(), 1);
    let problems = resolve(&[], &[], "sim = {}\nslo = \"p95 < 1\"\n").unwrap_err().to_string();
    assert!(problems.contains("windtunnel.toml:2:7: `slo`: `p95`: `1` has no unit"), "{problems}");
}

#[test]
fn defaults_are_those_of_the_help() {
    let settings = resolve(&[], &[], "").unwrap();
    assert_eq!(settings.models, Path::new("models"));
    assert_eq!(settings.results.folder, Path::new("results"));
    assert_eq!(settings.results.exit_code_on_error, 1);
    assert_eq!(settings.results.compat, Compat::V2_47);
    assert_eq!(settings.generator.seed, 1);
    assert!(!settings.target.sim && settings.results.doubts == Doubts::default());
}

#[test]
fn a_full_history_without_files_is_refused() {
    let problems = resolve(&[("csv-full-history", "true")], &[], "").unwrap_err();
    assert_eq!(problems.to_string(), "error: --csv-full-history needs --csv");
}

#[test]
fn options_of_the_simulator_come_from_flags_and_from_its_section() {
    let toml = "[sim]\nslowdown = 2\nfailures = \"5%\"\n";
    let settings = resolve(&[("sim", "true"), ("sim-slowdown", "1.5")], &[], toml).unwrap();
    assert!(settings.target.sim);
    let options = settings.simulator;
    assert!((options.latency.slowdown - 1.5).abs() < 1e-12);
    assert!((options.faults.failure_ratio - 0.05).abs() < 1e-12);
    let problems = resolve(&[("sim-slowdown", "0")], &[], "").unwrap_err();
    assert!(problems.to_string().contains("slowdown must be above 0"), "{problems}");
}

#[test]
fn the_help_tells_the_simulators_own_defaults() {
    let defaults = SimOptions::default();
    let help = |key: &str| sim::SIM_OPTIONS.iter().find(|option| option.key == key).unwrap().help;
    for (key, default) in [
        ("sim-workers", defaults.workers.to_string()),
        ("sim-queue", defaults.queue_limit.to_string()),
        ("sim-median", format!("{:?}", defaults.latency.median)),
        ("sim-spread", defaults.latency.spread.to_string()),
    ] {
        assert!(help(key).ends_with(&format!("[default: {default}]")), "{key}: {default}");
    }
}

#[test]
fn a_name_of_a_file_that_is_empty_is_refused() {
    let problems = resolve(&[("json-file", " ")], &[], "").unwrap_err();
    assert_eq!(problems.to_string(), "error: --json-file: expected the name of a file");
}

#[test]
fn a_mistake_in_a_file_names_the_key_as_it_stands_there() {
    let problems = resolve(&[], &[], "spawn_rate = 0\n").unwrap_err();
    assert!(problems.to_string().contains("`spawn_rate`: expected"), "{problems}");
}

#[test]
fn model_selects_and_an_own_name_goes_before_it() {
    let model = |variables: &[(&str, &str)]| {
        resolve(&[], variables, "").unwrap().selection.model.map(|model| model.value)
    };
    assert_eq!(model(&[("MODEL", "a")]).as_deref(), Some("a"));
    assert_eq!(model(&[("MODEL", "a"), ("WINDTUNNEL_MODEL", "b")]).as_deref(), Some("b"));
    assert_eq!(model(&[("MODEL", "")]), None);
}

#[test]
fn a_configuration_file_that_was_named_must_be_there() {
    let flags = layer(&[("config", "no/such/file.toml")]);
    let problems = Settings::resolve(flags, &environment(&[])).unwrap_err();
    assert!(problems.to_string().starts_with("error: no/such/file.toml: cannot be read"), "{problems}");
}
