//! The files of a pack: reading a folder, hashing, and cutting into rows for the store.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::fault::{Faults, PackFault};
use super::manifest::plugin_path;

/// Most files of a pack.
pub const MAX_FILES: usize = 500;
/// Greatest size of a pack in bytes.
pub const MAX_PACK_BYTES: usize = 40 * 1024 * 1024;
/// Greatest size of a text file in bytes.
pub const MAX_TEXT_BYTES: usize = 1024 * 1024;
/// Longest path of a file in bytes.
pub const MAX_PATH_BYTES: usize = 200;
/// Greatest size of a row that [`PackFiles::to_chunks`] makes, in bytes.
pub const CHUNK_BYTES: usize = 64 * 1024;
/// Deepest folder inside a pack.
const MAX_DEPTH: usize = 8;
/// Most entries looked at in one folder.
const MAX_ENTRIES: usize = 10_000;

/// Folders whose every file belongs to the pack.
const WHOLE_FOLDERS: [&str; 3] = ["locales", "templates", "tests"];
/// Folders that hold sources and build artefacts.
const SKIPPED_FOLDERS: [&str; 3] = ["target", "src", "node_modules"];
/// Files of a plugin's build that would pass for a pack's own.
const SKIPPED_FILES: [&str; 2] = ["Cargo.toml", "Cargo.lock"];
const TEXT_ENDINGS: [&str; 4] = ["rhai", "toml", "md", "txt"];

/// First bytes of an encoded pack; the last one is the format.
const MAGIC: &[u8; 4] = b"OPK\x01";

/// The files of a pack by their path inside it, with `/` between folders.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PackFiles {
    /// Contents by path.
    pub files: BTreeMap<String, Vec<u8>>,
}

impl PackFiles {
    /// Files given as texts, as an embedding program or a test has them.
    #[must_use]
    pub fn from_texts(texts: &[(&str, &str)]) -> Self {
        let entry = |(path, text): &(&str, &str)| ((*path).to_owned(), text.as_bytes().to_vec());
        Self {
            files: texts.iter().map(entry).collect(),
        }
    }

    /// Reads a pack's folder. Hidden files, sources and build artefacts are left out.
    ///
    /// # Errors
    /// When the folder cannot be read, holds symbolic links, or is over a limit.
    pub fn read_dir(dir: &Path) -> Result<Self, Vec<PackFault>> {
        let name = dir
            .file_name()
            .map_or_else(String::new, |n| n.to_string_lossy().into_owned());
        let mut reader = Reader {
            pack: name,
            root: dir,
            found: Self::default(),
            bytes: 0,
            faults: Faults::default(),
        };
        reader.folder("", 0);
        reader.plugin();
        let Reader {
            pack,
            found,
            mut faults,
            ..
        } = reader;
        faults.extend(found.check(&pack));
        faults.or(found)
    }

    /// The text of a file; nothing when it is absent or not UTF-8.
    #[must_use]
    pub fn text(&self, path: &str) -> Option<&str> {
        self.files
            .get(path)
            .and_then(|bytes| std::str::from_utf8(bytes).ok())
    }

    /// SHA-256 over the sorted names, lengths and contents: the name of the revision.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        let mut hasher = Sha256::new();
        self.encode(|bytes| hasher.update(bytes));
        hasher.finalize().into()
    }

    /// The files as rows of at most [`CHUNK_BYTES`], for the store.
    #[must_use]
    pub fn to_chunks(&self) -> Vec<Vec<u8>> {
        let mut all = Vec::new();
        self.encode(|bytes| all.extend_from_slice(bytes));
        all.chunks(CHUNK_BYTES).map(<[u8]>::to_vec).collect()
    }

    /// The files out of the rows that [`PackFiles::to_chunks`] made, in their order.
    ///
    /// # Errors
    /// When the rows are incomplete, damaged or of a later format.
    pub fn from_chunks<I>(chunks: I) -> Result<Self, PackFault>
    where
        I: IntoIterator,
        I::Item: AsRef<[u8]>,
    {
        let fault = |message: &str| PackFault::of_file("", "", message);
        let mut all: Vec<u8> = Vec::new();
        for chunk in chunks {
            all.extend_from_slice(chunk.as_ref());
            // Paths and lengths come on top of the contents.
            if all.len() > MAX_PACK_BYTES + MAX_FILES * (MAX_PATH_BYTES + 16) {
                return Err(fault("the stored pack is over the size limit"));
            }
        }
        decode(&all).ok_or_else(|| fault("the stored pack is damaged or of a later format"))
    }

    /// What is wrong with paths, sizes and encodings.
    #[must_use]
    pub fn check(&self, pack: &str) -> Vec<PackFault> {
        let mut faults = Faults::default();
        if self.files.len() > MAX_FILES {
            let message = format!(
                "{} files are over the limit of {MAX_FILES}",
                self.files.len()
            );
            faults.push(PackFault::of_file(pack, "pack.toml", message));
        }
        let total: usize = self.files.values().map(Vec::len).sum();
        if total > MAX_PACK_BYTES {
            let message =
                format!("{total} bytes are over the limit of {MAX_PACK_BYTES} for a pack");
            faults.push(PackFault::of_file(pack, "pack.toml", message));
        }
        for (path, bytes) in &self.files {
            if let Some(message) = path_fault(path) {
                let shown: String = path.chars().take(80).collect();
                faults.push(PackFault::of_file(pack, &shown, message));
            } else if !path.ends_with(".wasm") {
                faults.extend(text_fault(pack, path, bytes));
            }
        }
        faults.into_vec()
    }

    fn encode(&self, mut put: impl FnMut(&[u8])) {
        put(MAGIC);
        for (path, bytes) in &self.files {
            put(&(path.len() as u64).to_le_bytes());
            put(path.as_bytes());
            put(&(bytes.len() as u64).to_le_bytes());
            put(bytes);
        }
    }
}

fn decode(all: &[u8]) -> Option<PackFiles> {
    let mut rest = all.strip_prefix(MAGIC.as_slice())?;
    let mut found = PackFiles::default();
    while !rest.is_empty() {
        let path = take(&mut rest)?;
        let path = String::from_utf8(path.to_vec()).ok()?;
        let bytes = take(&mut rest)?.to_vec();
        found.files.insert(path, bytes);
    }
    Some(found)
}

fn take<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (len, after) = rest.split_first_chunk::<8>()?;
    let len = usize::try_from(u64::from_le_bytes(*len)).ok()?;
    let (bytes, after) = after.split_at_checked(len)?;
    *rest = after;
    Some(bytes)
}

/// What is wrong with a path inside a pack.
fn path_fault(path: &str) -> Option<String> {
    if path.is_empty() || path.len() > MAX_PATH_BYTES {
        return Some(format!("a path must have 1 to {MAX_PATH_BYTES} bytes"));
    }
    if path.starts_with('/') || path.contains('\\') || path.contains(':') {
        return Some("a path must be relative, with `/` between folders".to_owned());
    }
    if path.chars().any(char::is_control) {
        return Some("a path may not hold control characters".to_owned());
    }
    path.split('/')
        .any(|part| part.is_empty() || part.starts_with('.'))
        .then(|| "a path may not hold `..`, hidden or empty parts".to_owned())
}

fn text_fault(pack: &str, path: &str, bytes: &[u8]) -> Option<PackFault> {
    if bytes.len() > MAX_TEXT_BYTES {
        let message = format!(
            "{} bytes are over the limit of {MAX_TEXT_BYTES} for a text file",
            bytes.len()
        );
        return Some(PackFault::of_file(pack, path, message));
    }
    std::str::from_utf8(bytes)
        .is_err()
        .then(|| PackFault::of_file(pack, path, "is not UTF-8 text; save it as UTF-8"))
}

/// Reads a folder, remembering what went wrong.
struct Reader<'a> {
    pack: String,
    root: &'a Path,
    found: PackFiles,
    bytes: usize,
    faults: Faults,
}

impl Reader<'_> {
    fn fault(&mut self, path: &str, message: impl Into<String>) {
        self.faults
            .push(PackFault::of_file(&self.pack, path, message));
    }

    fn folder(&mut self, inside: &str, depth: usize) {
        if depth > MAX_DEPTH {
            self.fault(inside, format!("folders nest deeper than {MAX_DEPTH}"));
            return;
        }
        let entries = match fs::read_dir(self.root.join(inside)) {
            Ok(entries) => entries,
            Err(e) => {
                self.fault(inside, format!("the folder cannot be read: {e}"));
                return;
            }
        };
        // The listing's order is the file system's: sorted, so that limits hit the same file always.
        let mut names: Vec<(String, fs::FileType)> = Vec::new();
        for entry in entries.take(MAX_ENTRIES).flatten() {
            if let (Ok(name), Ok(kind)) = (entry.file_name().into_string(), entry.file_type()) {
                names.push((name, kind));
            }
        }
        names.sort_by(|a, b| a.0.cmp(&b.0));
        for (name, kind) in names {
            let path = if inside.is_empty() {
                name.clone()
            } else {
                format!("{inside}/{name}")
            };
            if name.starts_with('.') || self.faults.is_full() {
                continue;
            }
            if kind.is_dir() {
                if !SKIPPED_FOLDERS.contains(&name.as_str()) {
                    self.folder(&path, depth + 1);
                }
            } else if is_wanted(&path, &name) {
                if kind.is_symlink() {
                    self.fault(&path, "is a symbolic link; copy the file into the pack");
                } else {
                    self.file(&path, MAX_TEXT_BYTES);
                }
            }
        }
    }

    fn file(&mut self, path: &str, limit: usize) {
        if self.found.files.len() >= MAX_FILES {
            self.fault(
                "pack.toml",
                format!("more files than the limit of {MAX_FILES}"),
            );
            return;
        }
        let full = self.root.join(path);
        let size =
            fs::metadata(&full).map_or(0, |m| usize::try_from(m.len()).unwrap_or(usize::MAX));
        if size > limit {
            self.fault(path, format!("{size} bytes are over the limit of {limit}"));
            return;
        }
        self.bytes = self.bytes.saturating_add(size);
        if self.bytes > MAX_PACK_BYTES {
            self.fault(
                path,
                format!("with it the pack is over the limit of {MAX_PACK_BYTES} bytes"),
            );
            return;
        }
        match fs::read(&full) {
            Ok(bytes) => {
                self.found.files.insert(path.to_owned(), bytes);
            }
            Err(e) => self.fault(path, format!("cannot be read: {e}")),
        }
    }

    /// Of the components only the one that the manifest names belongs to the pack.
    fn plugin(&mut self) {
        let Some(path) = self.found.text("pack.toml").and_then(plugin_path) else {
            return;
        };
        if path_fault(&path).is_none() && self.root.join(&path).is_file() {
            self.file(&path, MAX_PACK_BYTES);
        }
    }
}

fn is_wanted(path: &str, name: &str) -> bool {
    let top = path.split('/').next().unwrap_or_default();
    if path != name && WHOLE_FOLDERS.contains(&top) {
        return !path.ends_with(".wasm");
    }
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    TEXT_ENDINGS.contains(&ending) && !SKIPPED_FILES.contains(&name)
}
