//! The table of ARCHITECTURE.md: which module of this crate may import which, and which crate which.

use std::fs;
use std::path::{Path, PathBuf};

/// `module` may use exactly these siblings.
const ALLOWED: &[(&str, &[&str])] = &[
    ("units", &[]),
    ("clock", &[]),
    ("error", &[]),
    ("suite", &["units", "error"]),
    ("wire", &[]),
    ("plan", &["suite", "wire", "units", "clock", "error", "sample"]),
    ("transport", &["wire", "clock", "error"]),
    ("sample", &["clock", "wire"]),
    ("record", &["sample", "clock", "wire"]),
    ("summary", &["record", "sample", "clock", "wire"]),
    ("engine", &["plan", "transport", "sample", "record", "summary", "clock", "wire"]),
    ("compare", &["suite", "summary", "error", "units", "clock"]),
    ("output", &["suite", "summary", "compare", "units", "error", "clock"]),
];

/// Which crates of this workspace each crate may name.
const CRATES: &[(&str, &[&str])] = &[
    ("stats", &[]),
    ("sim", &[]),
    ("core", &["windtunnel-stats"]),
    ("windtunnel", &["windtunnel-core", "windtunnel-sim", "windtunnel-stats"]),
];

/// Crates that numbers and plans must never see: whoever has no runtime cannot open a socket.
const FORBIDDEN: &[(&str, &[&str])] = &[
    ("suite", &["tokio", "hyper", "minijinja", "windtunnel_stats"]),
    ("plan", &["tokio", "hyper", "rustls", "windtunnel_stats"]),
    ("wire", &["tokio", "hyper"]),
    ("transport", &["minijinja", "windtunnel_stats"]),
    ("record", &["tokio", "hyper"]),
    ("compare", &["tokio", "hyper"]),
    ("output", &["tokio", "hyper", "minijinja"]),
];

fn source_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn rust_files(path: &Path) -> Vec<PathBuf> {
    if path.is_file() {
        return vec![path.to_owned()];
    }
    let mut files: Vec<PathBuf> =
        fs::read_dir(path).unwrap().flat_map(|entry| rust_files(&entry.unwrap().path())).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "rs"));
    files.sort();
    files
}

fn files_of(module: &str) -> Vec<PathBuf> {
    let folder = source_folder();
    let single = folder.join(format!("{module}.rs"));
    let files = if single.exists() { vec![single] } else { rust_files(&folder.join(module)) };
    assert!(!files.is_empty(), "no files of module {module}");
    files
}

/// The first path segment after `prefix` wherever a line of code names it.
fn names_after(file: &Path, prefix: &str) -> Vec<(usize, String)> {
    let text = fs::read_to_string(file).unwrap();
    let code = text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//"));
    code.flat_map(|(number, line)| {
        line.match_indices(prefix)
            .map(move |(at, _)| {
                let rest = &line[at + prefix.len()..];
                let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
                (number + 1, rest[..end].to_owned())
            })
            .collect::<Vec<_>>()
    })
    .collect()
}

#[test]
fn modules_import_only_what_they_may() {
    let mut wrong = Vec::new();
    for (module, allowed) in ALLOWED {
        for file in files_of(module) {
            for (line, target) in names_after(&file, "crate::") {
                if target != *module && !allowed.contains(&target.as_str()) {
                    wrong.push(format!("{}:{line}: {module} -> {target}", file.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "forbidden imports:\n{}", wrong.join("\n"));
}

#[test]
fn modules_keep_away_from_crates_that_are_not_theirs() {
    let mut wrong = Vec::new();
    for (module, forbidden) in FORBIDDEN {
        for file in files_of(module) {
            for name in *forbidden {
                for (line, _) in names_after(&file, &format!("{name}::")) {
                    wrong.push(format!("{}:{line}: {module} -> {name}", file.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "forbidden crates:\n{}", wrong.join("\n"));
}

#[test]
fn every_module_is_in_the_table() {
    let text = fs::read_to_string(source_folder().join("lib.rs")).unwrap();
    let modules: Vec<&str> =
        text.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    assert_eq!(modules.len(), ALLOWED.len());
    assert!(modules.iter().all(|module| ALLOWED.iter().any(|(known, _)| known == module)), "{modules:?}");
}

#[test]
fn crates_depend_only_on_what_they_may() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for (name, allowed) in CRATES {
        let manifest = fs::read_to_string(crates.join(name).join("Cargo.toml")).unwrap();
        let ours = manifest.lines().filter(|line| line.starts_with("windtunnel-"));
        for line in ours {
            let dependency = line.split(['.', ' ', '=']).next().unwrap();
            assert!(allowed.contains(&dependency), "crate {name} must not depend on {dependency}");
        }
    }
}

#[test]
fn the_table_in_the_architecture_document_is_this_one() {
    let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ARCHITECTURE.md");
    let text = fs::read_to_string(document).unwrap();
    for (module, allowed) in ALLOWED {
        let row = format!(
            "| `{module}` | {} |",
            if allowed.is_empty() { "-".to_owned() } else { allowed.join(", ") }
        );
        assert!(text.contains(&row), "ARCHITECTURE.md lacks the row: {row}");
    }
}
