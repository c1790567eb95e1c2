//! Modules as text, and what is read from them (`format`) or said about them (`mistakes`).

mod format;
mod mistakes;

use std::path::PathBuf;

use proptest::prelude::*;

use super::*;
use crate::error::Problems;
use crate::suite::Module;

/// Reads `files`, (member, text), as one module; a single file without a member as a module of one file.
fn read(files: &[(&str, &str)]) -> Result<Module, Problems> {
    let mut parts = Vec::new();
    let mut problems = Vec::new();
    for (member, text) in files {
        let path = if member.is_empty() { "models/x.toml".into() } else { format!("models/x/{member}.toml") };
        let file = Arc::new(SourceFile { path: PathBuf::from(path), text: (*text).to_owned() });
        let (part, wrong) = read_part(&file, Some(*member).filter(|member| !member.is_empty()));
        parts.push(part);
        problems.extend(wrong);
    }
    let members = files.iter().map(|(member, _)| (*member).to_owned()).collect();
    let origin = Origin { name: "x".into(), path: "models/x.toml".into(), root: ".".into(), members };
    let (module, wrong) = merge(origin, parts, !problems.is_empty());
    problems.extend(wrong);
    Problems(problems).into_result().map(|()| module)
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in "(?s).{0,200}") {
        let _ = read(&[("", &text)]);
    }

    #[test]
    fn no_document_makes_the_reader_panic(
        lines in proptest::collection::vec((
            0..42_usize,
            prop_oneof![
                Just("1"), Just("-1"), Just("1.5"), Just("\"/x\""), Just("\"1s..2s\""), Just("true"), Just("[]"),
                Just("[\"a\", 1]"), Just("{}"), Just("{ a = 1, b = \"{{ c }}\" }"), Just("[{ get = \"/\" }]"),
                Just("1979-05-27"), Just("nan"), Just("\"\""), Just("\"10%\""), Just("\"< 10%\""),
            ],
        ), 0..12),
    ) {
        const KEYS: [&str; 42] = [
            "[[user]]\nclass", "[[user]]\nclass = \"B\"\nget", "[[user.task]]\npost", "[[user.task]]\nsteps", "wait",
            "weight", "fixed_count", "enabled", "base_url", "json", "body", "form", "file", "headers", "query",
            "expect", "save", "continue", "timeout", "host_header", "on_start", "on_stop", "tags", "name", "steps",
            "[data.t]\nfile", "[data.u]\ncolumns", "types", "pick", "at_end", "format", "[env.V]\ndefault",
            "required", "aliases", "[load]\nusers", "run_time", "[compare]\ntolerance", "rate", "infer", "nope",
            "[slo]\np95", "failures",
        ];
        let lines: Vec<String> = lines.iter().map(|(key, value)| format!("{} = {value}\n", KEYS[*key])).collect();
        let text = lines.concat();
        if let Err(problems) = read(&[("", &text)]) {
            prop_assert!(!problems.to_string().is_empty());
        }
    }
}
