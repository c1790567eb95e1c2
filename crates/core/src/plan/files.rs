//! Files that requests carry: read before the run, never in it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use minijinja::Value;

use crate::plan::fingerprint::digest_of;

/// Bytes of all files of a module together, at most. All of them are kept in memory, images also as base64.
const MOST_BYTES: u64 = 256 << 20;

/// Files in memory, by their path as the module names it.
#[derive(Default)]
pub(crate) struct FileStore {
    /// What `file_base64` and `random_file` give: objects with `name`, `path`, `base64`.
    encoded: BTreeMap<String, Value>,
    folders: BTreeMap<String, Vec<Value>>,
    /// What `file = ` sends.
    bodies: BTreeMap<String, Bytes>,
}

impl FileStore {
    /// The file object of `path`.
    pub(crate) fn file(&self, path: &str) -> Result<Value, String> {
        self.encoded.get(path).cloned().ok_or_else(|| not_read(path))
    }

    /// The file objects of `folder`, at least one.
    pub(crate) fn folder(&self, folder: &str) -> Result<&[Value], String> {
        self.folders.get(folder).map(Vec::as_slice).ok_or_else(|| not_read(folder))
    }

    /// The content of `path`.
    pub(crate) fn body(&self, path: &str) -> Result<Bytes, String> {
        self.bodies.get(path).cloned().ok_or_else(|| not_read(path))
    }
}

fn not_read(path: &str) -> String {
    format!("`{path}` was not read before the run: name files by a text, a variable or a column of one table")
}

/// Reads the files of one module and remembers them.
pub(crate) struct FileReader {
    root: PathBuf,
    store: FileStore,
    digests: BTreeMap<String, String>,
    touched: BTreeSet<String>,
    bytes: u64,
}

impl FileReader {
    /// Paths are relative to `root`.
    pub(crate) fn new(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
            store: FileStore::default(),
            digests: BTreeMap::new(),
            touched: BTreeSet::new(),
            bytes: 0,
        }
    }

    /// What was read.
    pub(crate) fn finish(self) -> FileStore {
        self.store
    }

    /// Digests of the files that were asked for since the last call.
    pub(crate) fn take_touched(&mut self) -> BTreeSet<String> {
        let touched = std::mem::take(&mut self.touched);
        touched.iter().filter_map(|path| self.digests.get(path).cloned()).collect()
    }

    /// The file object of `path`.
    ///
    /// # Errors
    /// In words, when it cannot be read or the module's files are too large together.
    pub(crate) fn file(&mut self, path: &str) -> Result<Value, String> {
        self.touched.insert(path.to_owned());
        if let Some(file) = self.store.encoded.get(path) {
            return Ok(file.clone());
        }
        let content = self.read(path)?;
        let name = Path::new(path).file_name().map(|name| name.to_string_lossy().into_owned());
        let file = Value::from_pairs([
            ("name", Value::from(name.unwrap_or_default())),
            ("path", Value::from(path)),
            ("base64", Value::from(STANDARD.encode(content))),
        ]);
        self.store.encoded.insert(path.to_owned(), file.clone());
        Ok(file)
    }

    /// The content of `path`.
    ///
    /// # Errors
    /// As [`Self::file`].
    pub(crate) fn body(&mut self, path: &str) -> Result<Bytes, String> {
        self.touched.insert(path.to_owned());
        if let Some(body) = self.store.bodies.get(path) {
            return Ok(body.clone());
        }
        let body = Bytes::from(self.read(path)?);
        self.store.bodies.insert(path.to_owned(), body.clone());
        Ok(body)
    }

    /// The file objects of the files directly in `folder`, by name; hidden ones are passed over.
    ///
    /// # Errors
    /// As [`Self::file`], and when there is none.
    pub(crate) fn folder(&mut self, folder: &str) -> Result<&[Value], String> {
        if !self.store.folders.contains_key(folder) {
            let paths = self.list(folder)?;
            let files: Result<Vec<_>, _> = paths.iter().map(|path| self.file(path)).collect();
            self.store.folders.insert(folder.to_owned(), files?);
        }
        let files = self.store.folder(folder)?;
        // A folder is touched as a whole, whichever of its files is drawn.
        self.touched.extend(
            files.iter().filter_map(|file| {
                file.get_attr("path").ok().and_then(|path| path.as_str().map(str::to_owned))
            }),
        );
        Ok(files)
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, String> {
        let path = self.root.join(folder);
        let cannot = |error: io::Error| format!("cannot read the folder `{}`: {error}", path.display());
        let mut paths = Vec::new();
        for entry in fs::read_dir(&path).map_err(cannot)? {
            let entry = entry.map_err(cannot)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if !name.starts_with('.') && entry.path().is_file() {
                paths.push(format!("{}/{name}", folder.trim_end_matches('/')));
            }
        }
        if paths.is_empty() {
            return Err(format!("the folder `{}` holds no files", path.display()));
        }
        paths.sort_unstable();
        Ok(paths)
    }

    fn read(&mut self, path: &str) -> Result<Vec<u8>, String> {
        let full = self.root.join(path);
        let cannot = |error: io::Error| format!("cannot read the file `{}`: {error}", full.display());
        let left = MOST_BYTES - self.bytes;
        let mut content = Vec::new();
        let file = fs::File::open(&full).map_err(cannot)?;
        // One byte more than may be, so that too much is noticed without reading all of it.
        file.take(left + 1).read_to_end(&mut content).map_err(cannot)?;
        let length = content.len() as u64;
        if length > left {
            let limit = MOST_BYTES >> 20;
            return Err(format!("with `{}`, the files of the module exceed {limit} MiB", full.display()));
        }
        self.bytes += length;
        self.digests.insert(path.to_owned(), digest_of([content.as_slice()]));
        Ok(content)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("images")).unwrap();
        for (name, content) in files {
            fs::write(folder.path().join("images").join(name), content).unwrap();
        }
        folder
    }

    #[test]
    fn a_folder_gives_its_visible_files_by_name() {
        let folder = folder(&[("b.png", "b"), ("a.png", "a"), (".hidden", "h")]);
        let mut reader = FileReader::new(folder.path());
        let files = reader.folder("images/").unwrap();
        let names: Vec<_> = files.iter().map(|file| file.get_attr("path").unwrap().to_string()).collect();
        assert_eq!(names, ["images/a.png", "images/b.png"]);
        assert_eq!(files[0].get_attr("base64").unwrap().as_str(), Some("YQ=="));
        assert_eq!(files[0].get_attr("name").unwrap().as_str(), Some("a.png"));
        assert_eq!(reader.take_touched().len(), 2);
        assert_eq!(reader.take_touched().len(), 0);
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let folder = folder(&[]);
        let mut reader = FileReader::new(folder.path());
        assert!(reader.folder("images").unwrap_err().contains("holds no files"));
        assert!(reader.folder("imagse").unwrap_err().contains("imagse"));
        assert!(reader.file("none.png").unwrap_err().contains("none.png"));
    }

    #[test]
    fn the_store_knows_only_what_was_read() {
        let folder = folder(&[("a.png", "a")]);
        let mut reader = FileReader::new(folder.path());
        reader.body("images/a.png").unwrap();
        let store = reader.finish();
        assert_eq!(store.body("images/a.png").unwrap(), "a");
        assert!(store.file("images/a.png").unwrap_err().contains("not read before the run"));
    }
}
