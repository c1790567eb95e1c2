//! The commands of the README do what it says. They are read from its code blocks, so that a changed README
//! changes the test.

use std::fs;
use std::process::Command;

use crate::sandbox::{Ended, Sandbox, ended};
use crate::server::Server;
use crate::shipped::{repository, working_copy};

/// A command of the README.
#[derive(Debug)]
struct Told {
    /// As it stands there, `windtunnel` for what runs it without being installed.
    text: String,
    variables: Vec<(String, String)>,
    words: Vec<String>,
    /// The exit code that its output ends with, where output is shown.
    exit: Option<i32>,
}

impl Told {
    fn read(line: &str) -> Self {
        let line = line.split("  ").next().unwrap().split(" #").next().unwrap();
        let text = line.replace("cargo run --release --", "windtunnel").trim().to_owned();
        let is_variable = |word: &&str| word.contains('=') && !word.starts_with('-');
        let variables = text.split(' ').take_while(is_variable).map(|word| word.split_once('=').unwrap());
        let variables: Vec<_> = variables.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let words = text.split(' ').skip(variables.len()).map(str::to_owned).collect();
        Self { text, variables, words, exit: None }
    }

    fn arguments(&self) -> Vec<&str> {
        self.words[1..].iter().map(String::as_str).collect()
    }

    /// Runs it with further arguments and settings from the environment.
    fn run(&self, sandbox: &Sandbox, more: &[&str], settings: &[(&str, &str)]) -> Ended {
        assert_eq!(self.words[0], "windtunnel", "{}", self.text);
        let variables = self.variables.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let variables: Vec<_> = variables.chain(settings.iter().copied()).collect();
        sandbox.run_with(&variables, &[&self.arguments()[..], more].concat())
    }
}

/// The commands of all code blocks, each once: lines behind a `$` where output follows (up to the next heading,
/// with words between), else lines that begin with a program or a variable. What stands behind two blanks is an
/// explanation.
fn commands() -> Vec<Told> {
    let readme = fs::read_to_string(repository().join("README.md")).unwrap();
    let mut commands: Vec<Told> = Vec::new();
    let mut in_output = false;
    for line in readme.lines() {
        let Some(code) = line.strip_prefix("    ") else {
            in_output &= !line.starts_with('#');
            continue;
        };
        let begins = |word: &str| code.starts_with(word);
        if let Some(command) = code.strip_prefix("$ ") {
            in_output = true;
            commands.push(Told::read(command));
        } else if in_output {
            let exit = code.split_once("(exit code ").map(|(_, rest)| rest.trim_end_matches(')'));
            if let (Some(exit), Some(last)) = (exit, commands.last_mut()) {
                last.exit = Some(exit.parse().unwrap());
            }
        } else if begins("windtunnel") || begins("cargo") || begins("make") || begins("MODEL") {
            commands.push(Told::read(code));
        }
    }
    let mut once: Vec<Told> = Vec::new();
    for command in commands {
        match once.iter_mut().find(|other| other.text == command.text) {
            Some(other) => other.exit = other.exit.or(command.exit),
            None => once.push(command),
        }
    }
    once
}

/// What a newcomer types first.
const HEADLINE: &str = "MODEL=revertrisk windtunnel --sim";

/// A working copy with the committed baselines of simulated runs.
fn with_baselines() -> Sandbox {
    let sandbox = working_copy();
    sandbox.copy(&repository().join("results"), "results");
    sandbox
}

#[test]
fn the_first_command_ends_with_a_verdict_that_is_no_alarm() {
    let (commands, sandbox) = (commands(), with_baselines());
    let headline = &commands[0];
    assert_eq!((headline.text.as_str(), headline.exit), (HEADLINE, Some(0)));
    let ended = headline.run(&sandbox, &[], &[("WINDTUNNEL_FORCE", "false")]);
    if ended.code == Some(4) {
        // A machine too busy to measure says so; a verdict would then be about the machine.
        ended.expect_message("the load generator was the limit");
        return;
    }
    ended.expect_code(0);
    // Chance decides about a tail that looks worse: then it says so, and what would decide.
    let known = ["revertrisk: unchanged (exit code 0)", "revertrisk: inconclusive (exit code 0)"];
    assert!(known.iter().any(|word| ended.stdout.contains(word)), "{}", ended.stdout);
    assert!(ended.stdout.contains("5 sessions from"), "{}", ended.stdout);
    // Another verdict over the same runs.
    let told = commands.iter().find(|command| command.text == "windtunnel compare OLD NEW").unwrap();
    let compared = sandbox.run(&[told.words[1].as_str(), "results/sim/revertrisk", "last"]);
    compared.expect_code(0).expect_message("revertrisk is ");
}

#[test]
fn commands_whose_output_is_shown_end_as_shown() {
    let sandbox = with_baselines();
    let commands = commands();
    let shown = commands.iter().filter(|command| command.exit.is_some() && command.text != HEADLINE);
    for command in shown {
        assert!(command.text.contains("--sim"), "{} would go to a real server", command.text);
        let ended = command.run(&sandbox, &[], &[("WINDTUNNEL_RUN_TIME", "7s")]);
        ended.expect_code(command.exit.unwrap());
    }
}

#[test]
fn all_other_commands_run_as_written() {
    let sandbox = working_copy();
    let commands = commands();
    assert!(commands.len() > 15, "{commands:#?}");
    // Where they need a network or would run for minutes: the simulator and a moment. Few users, so that
    // nothing is judged by a moment.
    let settings = [("WINDTUNNEL_SIM", "true"), ("WINDTUNNEL_RUN_TIME", "300ms"), ("WINDTUNNEL_USERS", "8")];
    for command in commands.iter().filter(|command| command.exit.is_none()) {
        match (command.words[0].as_str(), command.words.get(1).map(String::as_str)) {
            ("make", _) => make(command),
            (_, Some("compare")) => {}
            (_, Some("fetch")) => {
                let change = r#"{"revid": 7, "title": "A title"}"#;
                let answer = format!(r#"{{"query": {{"recentchanges": [{change}]}}}}"#);
                let server = Server::start(move |_| (200, answer.clone()));
                command.run(&sandbox, &["--base-url", &server.url()], &[]).expect_code(0);
                assert_eq!(server.recorded().len(), 1);
            }
            _ => {
                let ended = command.run(&sandbox, &[], &settings);
                assert_eq!(ended.code, Some(0), "{}: {ended:#?}", command.text);
            }
        }
    }
}

/// What `make` would do, without doing it.
fn make(command: &Told) {
    let mut make = Command::new("make");
    make.arg("-n").args(command.arguments()).current_dir(repository()).env_clear();
    make.env("PATH", std::env::var_os("PATH").unwrap());
    make.envs(command.variables.iter().map(|(name, value)| (name, value)));
    let ended = ended(make.output().unwrap());
    ended.expect_code(0);
    for (name, value) in &command.variables {
        assert_eq!(name, "MODEL_LOCUST_DIR");
        ended.expect_message(&format!("MODEL=\"{value}\" cargo run --release"));
        ended.expect_message(&format!("--csv \"results/{value}\""));
    }
}
