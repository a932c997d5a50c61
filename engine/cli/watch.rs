//! `opora serve --watch`: folders of packs are installed when they are saved.
//!
//! Folders are looked at twice a second instead of asking the system to tell: editors save in many
//! ways, network file systems and containers tell nothing, and the folders are small. A change counts
//! once it has stood still for a moment, so that half-saved files are not read.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Weak};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

use super::failure::{Failure, Outcome};
use super::{out, pack};
use crate::desk::{Actor, Command, Desk, PackChange, Request};
use crate::packs::{Given, PackFiles, pack_name};

/// Time between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Deepest folder and most files that are looked at.
const MAX_DEPTH: usize = 8;
const MAX_FILES: usize = 10_000;

/// Path, time of the last change and size of each file.
type Stamp = Vec<(PathBuf, Option<SystemTime>, u64)>;

/// The thread that watches; it ends when this is dropped.
pub struct Watch {
    stop: mpsc::Sender<()>,
    thread: Option<JoinHandle<()>>,
}

impl Watch {
    /// Begins to watch; what is not installed yet is installed first.
    ///
    /// # Errors
    /// When one of the folders is none.
    pub fn start(desk: &Arc<Desk>, folders: &[PathBuf]) -> Outcome<Option<Self>> {
        if folders.is_empty() {
            return Ok(None);
        }
        check(folders)?;
        let mut watcher = Watcher {
            folders: folders.to_vec(),
            seen: BTreeMap::new(),
        };
        // What is there is installed before anybody is served; the second look finds it settled.
        watcher.look(desk);
        watcher.look(desk);
        // The desk is closed by its server: the thread must not keep it.
        let weak = Arc::downgrade(desk);
        let (stop, stopped) = mpsc::channel();
        let thread = std::thread::Builder::new()
            .name("opora-watch".to_owned())
            .spawn(move || watch(&mut watcher, &weak, &stopped))
            .map_err(|e| Failure::new(format!("folders cannot be watched: {e}")))?;
        Ok(Some(Self {
            stop,
            thread: Some(thread),
        }))
    }
}

/// Whether folders can be watched.
///
/// # Errors
/// When one of them is none.
pub fn check(folders: &[PathBuf]) -> Outcome<()> {
    match folders.iter().find(|folder| !folder.is_dir()) {
        None => Ok(()),
        Some(none) => Err(Failure::new(format!(
            "`{}` is no folder to watch",
            none.display()
        ))),
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // The thread may have ended on its own: then nobody hears this, which is as well.
        let _ = self.stop.send(());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread that watches folders broke");
        }
    }
}

fn watch(watcher: &mut Watcher, desk: &Weak<Desk>, stopped: &mpsc::Receiver<()>) {
    loop {
        match stopped.recv_timeout(LOOK_EVERY) {
            Err(RecvTimeoutError::Timeout) => {}
            Ok(()) | Err(RecvTimeoutError::Disconnected) => return,
        }
        match desk.upgrade() {
            Some(desk) => watcher.look(&desk),
            None => return,
        }
    }
}

/// What is known of a pack's folder.
#[derive(Default)]
struct Seen {
    stamp: Stamp,
    /// Whether this stamp was dealt with.
    done: bool,
    /// The revision that was installed from here last.
    own: Option<[u8; 32]>,
    /// Somebody else changed the pack: nothing is written over.
    given_up: bool,
    /// What was told last was a failure.
    failed: bool,
    /// It was not there when it was looked for last.
    gone: bool,
}

struct Watcher {
    folders: Vec<PathBuf>,
    seen: BTreeMap<PathBuf, Seen>,
}

impl Watcher {
    fn look(&mut self, desk: &Desk) {
        let there: Vec<PathBuf> = self.folders.iter().flat_map(|f| packs_in(f)).collect();
        for (folder, seen) in &mut self.seen {
            let gone = !there.contains(folder);
            if gone && !seen.gone {
                tell(&format!(
                    "watch: {} is gone, what ran before runs on; `opora pack remove` takes a pack away",
                    folder.display()
                ));
            }
            if seen.gone && !gone {
                seen.done = false;
            }
            seen.gone = gone;
        }
        for folder in there {
            let mut stamp = Stamp::new();
            stamp_of(&folder, 0, &mut stamp);
            let seen = self.seen.entry(folder.clone()).or_default();
            if seen.stamp != stamp {
                seen.stamp = stamp;
                seen.done = false;
            } else if !seen.done && !seen.given_up {
                seen.done = true;
                let had_failed = std::mem::take(&mut seen.failed);
                match install(desk, &folder, seen) {
                    Ok(Some(line)) => tell(&line),
                    // Whoever was told of a slip is told that it is mended.
                    Ok(None) if had_failed => {
                        tell(&format!("watch: {} is again what runs", folder.display()))
                    }
                    Ok(None) => {}
                    Err(failure) => {
                        seen.failed = true;
                        tell(&format!(
                            "watch: {} is not installed, what ran before runs on:\n{failure}",
                            folder.display()
                        ));
                    }
                }
            }
        }
    }
}

fn tell(said: &str) {
    tracing::debug!("{said}");
    if let Err(failure) = out::say(said) {
        tracing::warn!("{failure}");
    }
}

/// Installs a folder when its files are others than those that run.
fn install(desk: &Desk, folder: &Path, seen: &mut Seen) -> Outcome<Option<String>> {
    let files = PackFiles::read_dir(folder).map_err(|faults| Failure::of_pack(folder, &faults))?;
    let faults = desk.pack_faults(&files)?;
    if !faults.is_empty() {
        return Err(pack::faulty(folder, &files, &faults));
    }
    let name = pack_name(&files).unwrap_or_default();
    let revision = files.hash();
    if let Some(foreign) = others_work(desk, &name, revision, seen)? {
        seen.given_up = true;
        return Err(Failure::new(foreign));
    }
    if active(desk, &name)? == Some(revision) {
        seen.own = Some(revision);
        return Ok(None);
    }
    let grants = Given::All;
    let command = Command::ChangePack {
        name: name.clone(),
        change: PackChange::Install { files, grants },
    };
    let reply = desk.run(&Request::by(Actor::System), &command)?;
    seen.own = Some(revision);
    let warnings = desk.pack_warnings(&name)?.into_iter();
    let warnings: String = warnings.map(|w| format!("\nwatch: warning: {w}")).collect();
    let rests = desk.catalog()?.pack(&name).is_some_and(|p| p.disabled);
    let runs = match rests {
        true => format!("is installed and rests as before; `opora pack enable {name}` lets it run"),
        false => format!("runs as in {}", folder.display()),
    };
    Ok(Some(format!(
        "watch: {name} {runs}, from position {}{warnings}",
        reply.pos
    )))
}

fn active(desk: &Desk, name: &str) -> Outcome<Option<[u8; 32]>> {
    let catalog = desk.catalog()?;
    Ok(catalog.pack(name).map(|pack| pack.revision))
}

/// Whether the pack runs a revision that somebody made over the API: that is not written over.
fn others_work(
    desk: &Desk,
    name: &str,
    revision: [u8; 32],
    seen: &Seen,
) -> Outcome<Option<String>> {
    let Some(now) = active(desk, name)? else {
        return Ok(None);
    };
    if now == revision || Some(now) == seen.own {
        return Ok(None);
    }
    let events = desk.pack_events(name)?;
    let Some(event) = events.first() else {
        return Ok(None);
    };
    let actor = event.actor.as_deref().unwrap_or("system");
    if actor == "system" {
        return Ok(None);
    }
    let at = event.at.map_or(String::new(), |at| format!(" at {at}"));
    Ok(Some(format!(
        "pack `{name}` runs version {} that {actor} made{at}; `opora pack export {name} DIR` writes \
         it to files. The folder is not watched any more",
        event.version
    )))
}

/// The folder itself when it is a pack, else the packs in it.
fn packs_in(folder: &Path) -> Vec<PathBuf> {
    if folder.join("pack.toml").is_file() {
        return vec![folder.to_owned()];
    }
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut packs: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| path.join("pack.toml").is_file())
        .collect();
    packs.sort();
    packs
}

fn stamp_of(folder: &Path, depth: usize, stamp: &mut Stamp) {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut entries: Vec<fs::DirEntry> = entries.collect();
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name();
        let skipped = name.to_string_lossy().starts_with('.') || name == "target";
        let Ok(meta) = entry.metadata() else { continue };
        if skipped || stamp.len() >= MAX_FILES {
            continue;
        }
        if meta.is_dir() && depth < MAX_DEPTH {
            stamp_of(&entry.path(), depth + 1, stamp);
        } else if meta.is_file() {
            stamp.push((entry.path(), meta.modified().ok(), meta.len()));
        }
    }
}
