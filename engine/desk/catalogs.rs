//! The active rule set: built from the store when it changes, kept until then.

use std::sync::Arc;

use parking_lot::Mutex;

use super::decide::{self, ActivePacks};
use super::journal::RuleName;
use super::{Error, ErrorKind, Result, codec, keys};
use crate::packs::{self, Catalog, Hosts, PackFiles};
use crate::store::{Snapshot, Table, Versioned};

/// Most chunks of one revision: what fits in a pack's size limit.
const MAX_CHUNKS: usize = 2_000;

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
    let active: ActivePacks = codec::decode(bytes)?;
    let mut loaded = Vec::new();
    for (name, revision) in &active.packs {
        let files = revision_files(snapshot, revision)?;
        let pack = packs::load_installed(&files, hosts).map_err(|faults| {
            let text: Vec<String> = faults.iter().map(ToString::to_string).collect();
            Error::internal(format!(
                "pack `{name}` was installed and no longer loads with this build: {}",
                text.join("; ")
            ))
        })?;
        loaded.push(Arc::new(pack));
    }
    Catalog::build(&loaded, &active.local).map_err(decide::pack_faults)
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
