//! The modules that the guides show are modules.

use std::fs;

use crate::sandbox::Sandbox;
use crate::shipped::{repository, working_copy};

/// The `toml` blocks of a guide.
fn blocks(guide: &str) -> Vec<String> {
    let text = fs::read_to_string(repository().join("docs").join(guide)).unwrap();
    let begun = text.split("```toml\n").skip(1);
    begun.map(|block| block.split("```").next().unwrap().to_owned()).collect()
}

/// The variables without which a module does not run.
fn required(module: &str) -> Vec<String> {
    let module: toml::Table = module.parse().unwrap();
    let variables = module.get("env").and_then(toml::Value::as_table).into_iter().flatten();
    let required =
        variables.filter(|(_, spec)| spec.get("required").and_then(toml::Value::as_bool) == Some(true));
    required.map(|(name, _)| name.clone()).collect()
}

/// Checks all blocks at once, each as a module of its own.
fn check(sandbox: &Sandbox, guide: &str, least: usize) {
    let blocks = blocks(guide);
    assert!(blocks.len() >= least, "{guide} has {} blocks", blocks.len());
    let mut variables = Vec::new();
    let mut arguments = vec!["check".to_owned()];
    for (number, block) in blocks.iter().enumerate() {
        let name = format!("block_{}", number + 1);
        sandbox.write(&format!("models/{name}.toml"), block);
        variables.extend(required(block).into_iter().map(|name| (name, "text")));
        arguments.push(name);
    }
    let variables: Vec<_> = variables.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let told = sandbox.run_with(&variables, &arguments);
    told.expect_code(0).expect_message(&format!("{} module", blocks.len()));
    assert!(!told.stderr.contains("skipped"), "{}", told.stderr);
}

#[test]
fn every_module_of_writing_a_module_is_one() {
    check(&working_copy(), "writing-a-module.md", 7);
}

#[test]
fn every_module_of_coming_from_locust_is_one() {
    check(&working_copy(), "coming-from-locust.md", 1);
}
