//! Finding the modules under a folder and reading their files.
//!
//! All file access of modules is here; what the texts mean is `parse`'s business. Data files are opened by
//! `data` when a plan needs them.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::{Problem, Problems, SourceFile, nearest};
use crate::suite::Module;
use crate::suite::parse::{Origin, merge, read_part};

/// The folder of modules: names first, content when asked for.
#[derive(Clone, Debug)]
pub struct Suite {
    /// The folder, `models/` by default.
    pub folder: PathBuf,
    /// (name, path) of every entry that is a module, sorted by name.
    pub entries: Vec<(String, PathBuf)>,
}

/// A folder of modules that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SuiteError {
    /// It is not there or cannot be listed.
    #[error("cannot read the folder of modules `{}`: {source}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Two entries have the same name (`x.toml` beside `x/`).
    #[error("`{}` and `{}` are both module `{name}`; rename one of them", first.display(), second.display())]
    Twice {
        /// The name.
        name: String,
        /// One entry.
        first: PathBuf,
        /// The other.
        second: PathBuf,
    },
}

impl Suite {
    /// Lists the modules under `folder`. Names starting with `_` or `.`, folders without a module file and
    /// other files are passed over.
    ///
    /// # Errors
    /// When the folder cannot be listed or two entries have one name.
    pub fn open(folder: &Path) -> Result<Self, SuiteError> {
        let unreadable = |source| SuiteError::Folder { path: shown(folder), source };
        let mut entries: Vec<(String, PathBuf)> = Vec::new();
        for (name, path) in children(folder).map_err(unreadable)? {
            if path.is_dir() {
                if holds_a_module(&path) {
                    entries.push((name, path));
                }
            } else if let Some(stem) = name.strip_suffix(".toml") {
                entries.push((stem.to_owned(), path));
            }
        }
        entries.sort();
        if let Some(pair) = entries.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            let name = pair[0].0.clone();
            return Err(SuiteError::Twice { name, first: shown(&pair[0].1), second: shown(&pair[1].1) });
        }
        Ok(Self { folder: folder.to_owned(), entries })
    }

    /// The folder that holds the folder of modules: paths of data files are relative to it.
    #[must_use]
    pub fn root(&self) -> PathBuf {
        match (self.folder.file_name(), self.folder.parent()) {
            (Some(_), Some(parent)) if parent.as_os_str().is_empty() => PathBuf::from("."),
            (Some(_), Some(parent)) => parent.to_owned(),
            // `.`, `..` and paths that end so: the name is known to the file system only.
            _ => self.folder.join(".."),
        }
    }

    /// Reads one module, all its files.
    ///
    /// # Errors
    /// All mistakes in its files, in the order of the files.
    pub fn load(&self, name: &str) -> Result<Module, Problems> {
        let Some((_, path)) = self.entries.iter().find(|(entry, _)| entry == name) else {
            return Err(self.unknown_module(name).into());
        };
        let mut reading = Reading::default();
        if path.is_dir() {
            reading.folder(path, "", &mut Vec::new());
        } else {
            reading.file(path, None);
        }
        let Reading { files, mut problems, mut order } = reading;
        let mut parts = Vec::new();
        let mut members = Vec::new();
        for (member, file) in files {
            let (part, wrong) = read_part(&file, member.as_deref());
            problems.extend(wrong);
            parts.push(part);
            members.extend(member);
        }
        let unread = !problems.is_empty();
        let origin = Origin { name: name.to_owned(), path: shown(path), root: self.root(), members };
        let (module, wrong) = merge(origin, parts, unread);
        problems.extend(wrong);
        order.push(shown(path));
        problems.sort_by_key(|problem| position(problem, &order));
        Problems(problems).into_result().map(|()| module)
    }

    /// The mistake of naming a module that is not there: those there are, and the nearest.
    pub(in crate::suite) fn unknown_module(&self, name: &str) -> Problem {
        let names: Vec<&str> = self.entries.iter().map(|(name, _)| name.as_str()).collect();
        if names.is_empty() {
            return Problem::new(self.no_module());
        }
        let problem = Problem::new(format!("no module `{name}` in `{}`", shown(&self.folder).display()));
        let there_are = names.join(", ");
        match nearest(name, names) {
            Some(near) => problem.help(format!("did you mean `{near}`? There are: {there_are}")),
            None => problem.help(format!("there are: {there_are}")),
        }
    }

    /// What to say where no module is there at all.
    pub(in crate::suite) fn no_module(&self) -> String {
        format!("there is no module in `{}`; `windtunnel new NAME` writes one", shown(&self.folder).display())
    }
}

/// The files of a module as they are read: one after the other, by name.
#[derive(Default)]
struct Reading {
    /// Those that could be read, with their member.
    files: Vec<(Option<String>, Arc<SourceFile>)>,
    problems: Vec<Problem>,
    /// The shown paths of all, in order.
    order: Vec<PathBuf>,
}

impl Reading {
    /// Reads the module files in `folder` and below; `above` holds the folders that it lies in.
    fn folder(&mut self, folder: &Path, prefix: &str, above: &mut Vec<PathBuf>) {
        let listed = fs::canonicalize(folder).and_then(|real| Ok((real, children(folder)?)));
        let (real, children) = match listed {
            Ok(listed) => listed,
            Err(error) => return self.unreadable(folder, &format!("cannot read the folder: {error}")),
        };
        if above.contains(&real) {
            return self.unreadable(folder, "the symbolic link leads back to a folder that it lies in");
        }
        above.push(real);
        for (name, path) in children {
            if path.is_dir() {
                self.folder(&path, &format!("{prefix}{name}/"), above);
            } else if let Some(stem) = name.strip_suffix(".toml") {
                self.file(&path, Some(format!("{prefix}{stem}")));
            }
        }
        above.pop();
    }

    fn file(&mut self, path: &Path, member: Option<String>) {
        match read_text(path) {
            Ok(text) => {
                let file = SourceFile { path: shown(path), text };
                self.order.push(file.path.clone());
                self.files.push((member, Arc::new(file)));
            }
            Err(problem) => {
                self.order.push(shown(path));
                self.problems.push(problem);
            }
        }
    }

    fn unreadable(&mut self, path: &Path, why: &str) {
        self.order.push(shown(path));
        self.problems.push(Problem::in_file(shown(path), None, why));
    }
}

/// Where a problem stands among the files, and in its file.
fn position(problem: &Problem, order: &[PathBuf]) -> (usize, usize) {
    let (path, start) = match (&problem.at, &problem.file) {
        (Some(at), _) => (&at.file.path, at.span.start),
        (None, Some((path, _))) => (path, 0),
        (None, None) => return (usize::MAX, 0),
    };
    (order.iter().position(|other| other == path).unwrap_or(usize::MAX), start)
}

/// The text of a file of the user, without a byte order mark.
fn read_text(path: &Path) -> Result<String, Problem> {
    let wrong = |line, message: String| Problem::in_file(shown(path), line, message);
    let bytes = read_file(path).map_err(|error| wrong(None, format!("cannot read the file: {error}")))?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let line = line_at(error.as_bytes(), error.utf8_error().valid_up_to());
        wrong(Some(line), "the text is not UTF-8".to_owned()).help("save the file as UTF-8")
    })?;
    match text.strip_prefix('\u{feff}') {
        Some(rest) => Ok(rest.to_owned()),
        None => Ok(text),
    }
}

/// The number of the line that holds byte `at`, counted from 1.
pub(in crate::suite) fn line_at(bytes: &[u8], at: usize) -> usize {
    bytes[..at].split(|byte| *byte == b'\n').count()
}

/// The content of a file, which must be one: reading a device or a pipe might never end.
pub(in crate::suite) fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    let metadata = match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound && path.is_symlink() => {
            return Err(io::Error::new(error.kind(), "the symbolic link leads to nothing"));
        }
        metadata => metadata?,
    };
    if metadata.is_dir() {
        return Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a folder"));
    }
    if !metadata.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a file"));
    }
    fs::read(path)
}

/// The entries of a folder that may belong to modules, sorted by name.
fn children(folder: &Path) -> io::Result<Vec<(String, PathBuf)>> {
    let mut children = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if !name.starts_with(['_', '.']) {
            children.push((name, entry.path()));
        }
    }
    children.sort();
    Ok(children)
}

/// Is there a module file in `folder` or below? A folder that cannot be read may hold one; so that it is told
/// when the module is read, it counts.
fn holds_a_module(folder: &Path) -> bool {
    let mut left = vec![folder.to_owned()];
    // Links may lead to a folder again and again, and back to it.
    let mut seen = BTreeSet::new();
    while let Some(folder) = left.pop() {
        let (Ok(real), Ok(children)) = (fs::canonicalize(&folder), children(&folder)) else { return true };
        if !seen.insert(real) {
            continue;
        }
        for (name, path) in children {
            if path.is_dir() {
                left.push(path);
            } else if name.strip_suffix(".toml").is_some() {
                return true;
            }
        }
    }
    false
}

/// A path as it is shown: relative to the working directory where it lies in it.
pub(in crate::suite) fn shown(path: &Path) -> PathBuf {
    let here = std::env::current_dir().unwrap_or_default();
    let below = path.strip_prefix(&here).ok().filter(|_| path.is_absolute());
    let short = below.or_else(|| path.strip_prefix(".").ok()).unwrap_or(path);
    if short.as_os_str().is_empty() { path.to_owned() } else { short.to_owned() }
}
