//! The index's folder: generations, the clean-stop marker, and whether what is there can be used.
//!
//! `current` names the generation in use; a rebuild makes the next one beside it and replaces
//! `current` when it is whole. A clean stop syncs the files and leaves a marker with their sizes
//! and times; without it, or when a file differs from it, every checksum is verified.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};
use tantivy::store::{Compressor, ZstdCompressor};
use tantivy::{Index, IndexSettings};

use super::directory::{NoSyncDirectory, replace_file};
use super::error::{SearchError, SearchResult};
use super::schema::{FORMAT, Fields, register, schema};

const CURRENT: &str = "current";
const MARKER: &str = "clean.json";
const META: &str = "meta.json";
/// How hard the texts that are kept for snippets are compressed, by zstd: they are half of an index,
/// and every commit and search pays for it.
const TEXTS_LEVEL: i32 = 1;

/// Where the index lives; in memory without a root.
#[derive(Debug)]
pub(super) struct Folder {
    root: Option<PathBuf>,
}

/// One index, on its own in a folder or in memory.
pub(super) struct Generation {
    pub(super) index: Index,
    pub(super) fields: Fields,
    pub(super) path: Option<PathBuf>,
    /// Journal position of the last commit when it was opened.
    pub(super) position: u64,
    /// [`super::Source::rules`] by which its documents were made.
    pub(super) rules: u64,
}

/// What each commit carries.
#[derive(Serialize, Deserialize)]
struct Payload {
    format: u32,
    position: u64,
    #[serde(default)]
    rules: u64,
}

/// Size and modification time in nanoseconds of each file.
type Listing = BTreeMap<String, (u64, u128)>;

#[derive(Serialize, Deserialize)]
struct Marker {
    files: Listing,
}

/// The payload of a commit that has seen `position`, of documents made by `rules`.
pub(super) fn payload(position: u64, rules: u64) -> String {
    let payload = Payload {
        format: FORMAT,
        position,
        rules,
    };
    serde_json::to_string(&payload).unwrap_or_default()
}

/// Runs what reads index files: tantivy panics on some damage where it should refuse.
pub(super) fn caught<T>(read: impl FnOnce() -> SearchResult<T>) -> SearchResult<T> {
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| {
        Err(SearchError::Unavailable(String::from(
            "an index file is damaged",
        )))
    })
}

impl Folder {
    pub(super) fn new(root: Option<&Path>) -> SearchResult<Self> {
        if let Some(root) = root {
            fs::create_dir_all(root)?;
        }
        Ok(Self {
            root: root.map(Path::to_path_buf),
        })
    }

    /// Opens the generation in use if it is whole and of this format.
    pub(super) fn open_current(&self) -> SearchResult<Generation> {
        let damaged = |what: &str| SearchError::Unavailable(what.to_owned());
        let Some(root) = &self.root else {
            return Err(damaged("an index in memory starts empty"));
        };
        let name =
            fs::read_to_string(root.join(CURRENT)).map_err(|_| damaged("there is no index yet"))?;
        if generation_number(&name).is_none() {
            return Err(damaged("the name of the current index is damaged"));
        }
        let path = root.join(&name);
        let clean = take_marker(&path)
            .is_some_and(|marker| list_files(&path).is_ok_and(|files| files == marker.files));
        caught(|| {
            let index = Index::open(NoSyncDirectory::new(&path))?;
            let (schema, fields) = schema();
            let metas = index.load_metas()?;
            let payload: Payload = metas
                .payload
                .as_deref()
                .and_then(|text| serde_json::from_str(text).ok())
                .ok_or_else(|| damaged("the index has no position"))?;
            if payload.format != FORMAT || index.schema() != schema {
                return Err(damaged("the index was written in another format"));
            }
            register(&index);
            if !clean {
                validate(&index, &path)?;
            }
            Ok(Generation {
                index,
                fields,
                path: Some(path.clone()),
                position: payload.position,
                rules: payload.rules,
            })
        })
    }

    /// Makes the next generation, empty.
    pub(super) fn create(&self) -> SearchResult<Generation> {
        let (schema, fields) = schema();
        let Some(root) = &self.root else {
            return Ok(in_memory());
        };
        fs::create_dir_all(root)?;
        let newest = generations(root)?.into_iter().max().unwrap_or_default();
        let path = root.join(format!("g{}", newest + 1));
        fs::create_dir(&path)?;
        let index = Index::create(
            NoSyncDirectory::new(&path),
            schema,
            IndexSettings {
                docstore_compression: Compressor::Zstd(ZstdCompressor {
                    compression_level: Some(TEXTS_LEVEL),
                }),
                ..IndexSettings::default()
            },
        )?;
        register(&index);
        Ok(Generation {
            index,
            fields,
            path: Some(path),
            position: 0,
            rules: 0,
        })
    }

    /// Makes a generation the current one and removes the others.
    pub(super) fn publish(&self, generation: &Generation) -> SearchResult<()> {
        let (Some(root), Some(path)) = (&self.root, &generation.path) else {
            return Ok(());
        };
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        replace_file(&root.join(CURRENT), name.as_bytes(), false)?;
        self.remove_others(Some(path));
        Ok(())
    }

    /// Removes what an interrupted rebuild left, and every generation but `keep`.
    pub(super) fn remove_others(&self, keep: Option<&Path>) {
        let Some(root) = &self.root else {
            return;
        };
        for number in generations(root).unwrap_or_default() {
            let path = root.join(format!("g{number}"));
            if Some(path.as_path()) != keep
                && let Err(error) = fs::remove_dir_all(&path)
            {
                tracing::warn!(%error, "an old search index could not be removed");
            }
        }
    }

    /// Syncs a generation that is no longer written and leaves the clean-stop marker.
    pub(super) fn mark_clean(&self, generation: &Generation) -> SearchResult<()> {
        let (Some(root), Some(path)) = (&self.root, &generation.path) else {
            return Ok(());
        };
        let files = list_files(path)?;
        for name in files.keys() {
            File::open(path.join(name))?.sync_data()?;
        }
        File::open(root.join(CURRENT))?.sync_data()?;
        let marker = serde_json::to_vec(&Marker { files }).map_err(io::Error::other)?;
        replace_file(&path.join(MARKER), &marker, true)?;
        sync_folder(path)?;
        sync_folder(root)?;
        Ok(())
    }
}

/// An empty index in memory: what is searched while there is no other.
pub(super) fn in_memory() -> Generation {
    let (schema, fields) = schema();
    let index = Index::create_in_ram(schema);
    register(&index);
    Generation {
        index,
        fields,
        path: None,
        position: 0,
        rules: 0,
    }
}

impl Generation {
    /// Whether the files in use are there and as they were at the last look. Index files never
    /// change once they are written, so any change is damage.
    pub(super) fn is_whole(&self, seen: &mut BTreeMap<String, (u64, u128)>) -> bool {
        let Some(path) = &self.path else {
            return true;
        };
        // A merge may end between the two readings, so a doubt is looked at once more.
        self.compare(path, seen) || self.compare(path, seen)
    }

    fn compare(&self, path: &Path, seen: &mut Listing) -> bool {
        let Ok(ids) = caught(|| Ok(self.index.searchable_segment_ids()?)) else {
            return false;
        };
        let Ok(mut files) = list_files(path) else {
            return false;
        };
        let names: Vec<String> = ids.iter().map(|id| id.uuid_string()).collect();
        files.retain(|file, _| names.iter().any(|name| file.starts_with(name.as_str())));
        let whole = seen
            .iter()
            .filter(|(file, _)| names.iter().any(|name| file.starts_with(name.as_str())))
            // Deletions are in files that a newer one replaces.
            .all(|(file, state)| match files.get(file) {
                Some(now) => now == state,
                None => file.ends_with(".del"),
            });
        let present = names
            .iter()
            .all(|name| files.keys().any(|file| file.starts_with(name.as_str())));
        if whole && present {
            *seen = files;
        }
        whole && present
    }

    /// Bytes of the files.
    pub(super) fn bytes(&self) -> u64 {
        let files = self.path.as_deref().map(list_files);
        match files {
            Some(Ok(files)) => files.values().map(|(len, _)| len).sum(),
            _ => 0,
        }
    }
}

fn generation_number(name: &str) -> Option<u64> {
    name.strip_prefix('g')?.parse().ok()
}

fn generations(root: &Path) -> SearchResult<Vec<u64>> {
    let mut numbers = Vec::new();
    for entry in fs::read_dir(root)? {
        let entry = entry?;
        numbers.extend(generation_number(&entry.file_name().to_string_lossy()));
    }
    Ok(numbers)
}

/// Every file but locks and the marker.
fn list_files(path: &Path) -> io::Result<Listing> {
    let mut files = Listing::new();
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name == MARKER || name.ends_with(".lock") || name.ends_with(".new") {
            continue;
        }
        let metadata = match entry.metadata() {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        let time = metadata.modified()?.duration_since(UNIX_EPOCH);
        files.insert(name, (metadata.len(), time.unwrap_or_default().as_nanos()));
    }
    Ok(files)
}

/// Reads the marker and removes it: from now on the files change.
fn take_marker(path: &Path) -> Option<Marker> {
    let file = path.join(MARKER);
    let bytes = fs::read(&file).ok()?;
    fs::remove_file(&file).ok()?;
    serde_json::from_slice(&bytes).ok()
}

/// Verifies the checksum of every file of the segments in use.
fn validate(index: &Index, path: &Path) -> SearchResult<()> {
    let ids = index.searchable_segment_ids()?;
    let names: Vec<String> = ids.iter().map(|id| id.uuid_string()).collect();
    for file in list_files(path)?.into_keys() {
        if names.iter().any(|name| file.starts_with(name.as_str()))
            && !index
                .directory()
                .validate_checksum(Path::new(&file))
                .map_err(tantivy::TantivyError::from)?
        {
            return Err(SearchError::Unavailable(format!("`{file}` is damaged")));
        }
    }
    Ok(())
}

fn sync_folder(path: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(path)?.sync_all()?;
    }
    Ok(())
}

/// Whether the folder still has its commit file; a cheap look between two thorough ones.
pub(super) fn has_commit(generation: &Generation) -> bool {
    generation
        .path
        .as_ref()
        .is_none_or(|path| path.join(META).exists())
}
