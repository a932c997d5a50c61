//! The active rule set: built from the store when it changes, kept until then.

use std::sync::Arc;

use parking_lot::Mutex;

use super::active::{ActivePacks, PackEvent};
use super::decide;
use super::journal::RuleName;
use super::{Error, ErrorKind, Result, codec, keys};
use crate::packs::{self, Catalog, Hosts, Loaded, PackFiles, bridge};
use crate::store::{Key, Pos, Snapshot, Table, Versioned};

/// Most chunks of one revision: what fits in a pack's size limit.
const MAX_CHUNKS: usize = 2_000;
/// Most events of a pack that are looked through.
const MAX_EVENTS: usize = 10_000;

/// Keeps compiled catalogs by the bytes of their list of active packs.
#[derive(Default)]
pub struct Catalogs {
    kept: Mutex<Vec<(Vec<u8>, Arc<Catalog>)>>,
}

impl Catalogs {
    /// The catalog of a list of active packs; compiled now if it is new.
    pub fn get(
        &self,
        snapshot: &dyn Snapshot,
        row: Option<&Versioned>,
        hosts: &dyn Hosts,
    ) -> Result<Arc<Catalog>> {
        let bytes = row.map(|r| r.bytes.as_slice()).unwrap_or_default();
        let mut kept = self.kept.lock();
        if let Some((_, catalog)) = kept.iter().find(|(b, _)| b == bytes) {
            return Ok(Arc::clone(catalog));
        }
        // The lock is held meanwhile: others wait for the same catalog instead of compiling it too.
        let catalog = Arc::new(read(snapshot, bytes, hosts)?);
        keep(&mut kept, bytes, &catalog);
        Ok(catalog)
    }

    /// The catalog that was active last, as far as this node knows.
    pub fn last(&self) -> Option<Arc<Catalog>> {
        self.kept
            .lock()
            .last()
            .map(|(_, catalog)| Arc::clone(catalog))
    }

    /// Keeps a catalog that is about to become active.
    pub fn prepare(&self, row: &[u8], catalog: &Arc<Catalog>) {
        keep(&mut self.kept.lock(), row, catalog);
    }

    /// The total order of the rules of a prepared catalog.
    pub fn rule_names(&self, row: &[u8]) -> Vec<RuleName> {
        let kept = self.kept.lock();
        let found = kept.iter().find(|(b, _)| b == row);
        found
            .map(|(_, catalog)| decide::rule_names(catalog))
            .unwrap_or_default()
    }
}

/// The active one, the one before and one being prepared are enough.
fn keep(kept: &mut Vec<(Vec<u8>, Arc<Catalog>)>, row: &[u8], catalog: &Arc<Catalog>) {
    kept.retain(|(b, _)| b != row);
    kept.push((row.to_vec(), Arc::clone(catalog)));
    if kept.len() > 3 {
        kept.remove(0);
    }
}

/// Compiles the catalog of a list of active packs.
pub fn read(snapshot: &dyn Snapshot, bytes: &[u8], hosts: &dyn Hosts) -> Result<Catalog> {
    if bytes.is_empty() {
        return Ok(Catalog::empty());
    }
    let active = ActivePacks::decode(bytes)?;
    let mut moving = None;
    let mut loaded = Vec::new();
    for (name, revision) in &active.packs {
        let mut pack = load(snapshot, name, revision, hosts)?;
        if let Some(renamed) = active.renamed(name) {
            pack.renamed = renamed.into();
        }
        if let Some(set) = active.options(name) {
            pack = pack.keeping(set).0;
        }
        if let Some(state) = active.state(name) {
            pack = pack.with_state(state.grants.clone(), state.disabled);
            if let Some(old) = &state.moving {
                moving = Some(Arc::new(load(snapshot, name, old, hosts)?));
            }
        }
        loaded.push(Arc::new(pack));
    }
    bridge::assemble(&loaded, &active.local, moving.as_ref()).map_err(decide::pack_faults)
}

fn load(
    snapshot: &dyn Snapshot,
    name: &str,
    revision: &[u8; 32],
    hosts: &dyn Hosts,
) -> Result<Loaded> {
    let files = revision_files(snapshot, revision)?;
    packs::load_installed(&files, hosts).map_err(|faults| {
        let text: Vec<String> = faults.iter().map(ToString::to_string).collect();
        Error::internal(format!(
            "pack `{name}` was installed and no longer loads with this build: {}",
            text.join("; ")
        ))
    })
}

/// What happened to a pack, newest first, with the positions.
pub fn events(snapshot: &dyn Snapshot, name: &str, max: usize) -> Result<Vec<(Pos, PackEvent)>> {
    let from = keys::pack_log(name);
    let to = keys::after(&from);
    let rows = snapshot.range(Table::Packs, &from, &to, true, max)?;
    let event = |(_, row): (Key, Versioned)| Ok((row.version, codec::decode(&row.bytes)?));
    rows.into_iter().map(event).collect()
}

/// A revision of a pack by its version or the beginning of its hash, the newest that fits; without
/// either, the one before `active`.
pub fn revision_named(
    snapshot: &dyn Snapshot,
    name: &str,
    to: Option<&str>,
    active: Option<[u8; 32]>,
) -> Result<[u8; 32]> {
    let events = events(snapshot, name, MAX_EVENTS)?;
    let found = match to {
        None => before(&events, active),
        Some(to) => {
            let is_hash =
                |event: &PackEvent| to.len() >= 6 && decide::hex(&event.revision).starts_with(to);
            let mut all = events.iter().map(|(_, event)| event);
            let found = all.find(|event| event.version == to || is_hash(event));
            found.map(|event| event.revision)
        }
    };
    if let Some(found) = found {
        return Ok(found);
    }
    match (to, active) {
        (Some(to), Some(now)) if to.len() >= 6 && decide::hex(&now).starts_with(to) => Ok(now),
        _ => Err(Error::new(
            ErrorKind::NotFound,
            "no_such_revision",
            format!("pack `{name}` has no such earlier revision; its history lists them"),
        )),
    }
}

/// The revision that was active before the present one came. Going back takes away what came since,
/// so that going back twice leads further and not back again.
fn before(events: &[(Pos, PackEvent)], active: Option<[u8; 32]>) -> Option<[u8; 32]> {
    let mut came: Vec<[u8; 32]> = Vec::new();
    for (_, event) in events.iter().rev() {
        match event.what.as_str() {
            "rolled_back" if came.contains(&event.revision) => {
                while came.last().is_some_and(|last| *last != event.revision) {
                    came.pop();
                }
            }
            "installed" | "upgraded" | "rolled_back" if came.last() != Some(&event.revision) => {
                came.push(event.revision);
            }
            _ => {}
        }
    }
    let last = came.pop()?;
    if Some(last) == active {
        came.pop()
    } else {
        Some(last)
    }
}

/// The files of a stored revision.
pub fn revision_files(snapshot: &dyn Snapshot, revision: &[u8; 32]) -> Result<PackFiles> {
    let from = keys::pack_chunk(revision, 0);
    let to = keys::pack_chunk(revision, u32::MAX);
    let rows = snapshot.range(Table::Packs, &from, &to, false, MAX_CHUNKS)?;
    let files = PackFiles::from_chunks(rows.into_iter().map(|(_, row)| row.bytes))
        .map_err(|fault| decide::pack_faults(vec![fault]))?;
    if files.hash() != *revision {
        return Err(Error::new(
            ErrorKind::Internal,
            "corrupt",
            "the stored files of a pack are not those that were installed",
        ));
    }
    Ok(files)
}
