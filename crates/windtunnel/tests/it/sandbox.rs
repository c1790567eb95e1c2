//! A working directory of its own for each test, and the program run in it with a clean environment.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// A temporary working directory.
pub(crate) struct Sandbox {
    folder: TempDir,
}

/// How a run of the program ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Sandbox {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file, and the folders that it lies in.
    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Copies a file or a folder with all that it holds.
    pub(crate) fn copy(&self, source: &Path, name: &str) {
        copy(source, &self.path(name));
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// All files, as paths relative to the working directory, sorted; of folders those that are empty, with a
    /// slash at the end.
    pub(crate) fn files(&self) -> Vec<String> {
        let mut files = Vec::new();
        collect(self.folder.path(), self.folder.path(), &mut files);
        files.sort_unstable();
        files
    }

    /// The program, ready to be started.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_windtunnel"));
        command.args(arguments).current_dir(self.folder.path()).env_clear();
        // A busy machine makes the generator late, which is true but not what these tests are about.
        command.env("WINDTUNNEL_FORCE", "true");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs the program to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        self.run_with(&[], arguments)
    }

    /// Runs the program to its end, with variables in its environment.
    pub(crate) fn run_with(&self, variables: &[(&str, &str)], arguments: &[&str]) -> Ended {
        ended(self.command(arguments).envs(variables.iter().copied()).output().unwrap())
    }
}

/// What a process left behind.
pub(crate) fn ended(output: std::process::Output) -> Ended {
    Ended {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

impl Ended {
    /// Fails the test, with all that was printed, unless the exit code is this one.
    #[track_caller]
    pub(crate) fn expect_code(&self, code: i32) -> &Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        self
    }

    /// Fails the test unless this text was printed.
    #[track_caller]
    pub(crate) fn expect_message(&self, text: &str) -> &Self {
        let is_there = self.stderr.contains(text) || self.stdout.contains(text);
        assert!(is_there, "`{text}` is missing:\n{}{}", self.stderr, self.stdout);
        self
    }
}

fn copy(source: &Path, target: &Path) {
    if source.is_dir() {
        fs::create_dir_all(target).unwrap();
        for entry in fs::read_dir(source).unwrap() {
            let entry = entry.unwrap();
            copy(&entry.path(), &target.join(entry.file_name()));
        }
    } else {
        fs::copy(source, target).unwrap();
    }
}

fn collect(root: &Path, folder: &Path, files: &mut Vec<String>) {
    let relative = |path: &Path| path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
    let mut is_empty = folder != root;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        is_empty = false;
        if path.is_dir() {
            collect(root, &path, files);
        } else {
            files.push(relative(&path));
        }
    }
    if is_empty {
        files.push(relative(folder) + "/");
    }
}
