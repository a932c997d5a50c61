//! A revision that runs beside the active one on live traffic: its differences are kept, nothing of
//! it is applied. It follows the journal after the commits, so no request waits for it or fails by it.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use super::candidate::{Candidate, Difference};
use super::simulate::{Simulation, Walk, judge_one};
use crate::desk::{Actor, Desk, Error, ErrorKind, Result, catalogs, codec, decide, keys};
use crate::domain::Instant;
use crate::packs::PackFiles;
use crate::store::{Batch, Expect, Pos, Snapshot, Table, Versioned};

/// Most shadows at a time.
const MAX_SHADOWS: usize = 8;
/// Differences that are kept of a shadow: the last ones.
const MAX_KEPT: usize = 200;
/// Entries of the journal that are read at a time.
const STEP: usize = 200;

/// A shadow as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Row {
    pack: String,
    version: String,
    revision: [u8; 32],
    by: String,
    #[serde(with = "chrono::serde::ts_microseconds")]
    started_at: Instant,
    reached: Pos,
    commands: u64,
    decisions: u64,
    not_replayable: u64,
    failed: u64,
    differing: u64,
    by_field: BTreeMap<String, u64>,
    by_rule: BTreeMap<String, u64>,
    kept: Vec<Difference>,
}

/// A revision that runs beside the active one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shadow {
    /// When it was started.
    pub started_at: Instant,
    /// Who started it.
    pub by: String,
    /// The position up to which it has followed.
    pub reached: Pos,
    /// What it decided otherwise: the last differences, and the counts of all.
    pub found: Simulation,
}

/// Shadows that are loaded.
#[derive(Default)]
pub struct Shadows(Mutex<BTreeMap<[u8; 32], Arc<Candidate>>>);

fn prefix() -> Vec<u8> {
    b"shadow/".to_vec()
}

fn key(pack: &str) -> Vec<u8> {
    let mut key = prefix();
    key.extend(pack.as_bytes());
    key
}

impl Row {
    fn view(self) -> Shadow {
        let all: u64 = self.by_field.values().sum();
        let told = u64::try_from(self.kept.len()).unwrap_or(0);
        Shadow {
            started_at: self.started_at,
            by: self.by,
            reached: self.reached,
            found: Simulation {
                pack: self.pack,
                version: self.version,
                revision: decide::hex(&self.revision),
                commands: self.commands,
                decisions: self.decisions,
                not_replayable: self.not_replayable,
                failed: self.failed,
                differing: self.differing,
                by_field: self.by_field,
                by_rule: self.by_rule,
                differences: self.kept,
                untold: all.saturating_sub(told),
                ..Simulation::default()
            },
        }
    }

    fn add(&mut self, found: Simulation) {
        self.commands += found.commands;
        self.decisions += found.decisions;
        self.not_replayable += found.not_replayable;
        self.failed += found.failed;
        self.differing += found.differing;
        for (field, n) in found.by_field {
            *self.by_field.entry(field).or_insert(0) += n;
        }
        for (rule, n) in found.by_rule {
            *self.by_rule.entry(rule).or_insert(0) += n;
        }
        self.kept.extend(found.differences);
        let over = self.kept.len().saturating_sub(MAX_KEPT);
        self.kept.drain(..over);
    }
}

impl Desk {
    /// Lets a revision of a pack run beside the active one from now on. One that ran beside it
    /// before is replaced.
    ///
    /// # Errors
    /// When the asker is no administrator, the pack has faults, there are too many shadows, or the
    /// store fails.
    pub fn start_shadow(&self, actor: &Actor, files: &PackFiles) -> Result<Shadow> {
        actor.require_admin("starting a shadow")?;
        let candidate = Candidate::load(self, files)?;
        let snapshot = self.store.snapshot(None)?;
        let others = shadow_rows(&*snapshot)?;
        let name = candidate.pack.name().to_owned();
        if others.len() >= MAX_SHADOWS && !others.iter().any(|(row, _)| row.pack == name) {
            return Err(Error::new(
                ErrorKind::Limit,
                "too_many_shadows",
                format!("{MAX_SHADOWS} packs have shadows already; stop one first"),
            ));
        }
        let revision = candidate.pack.revision;
        let row = Row {
            pack: name.clone(),
            version: candidate.pack.manifest.version.clone(),
            revision,
            by: actor.name(),
            started_at: self.now(),
            reached: snapshot.pos(),
            commands: 0,
            decisions: 0,
            not_replayable: 0,
            failed: 0,
            differing: 0,
            by_field: BTreeMap::new(),
            by_rule: BTreeMap::new(),
            kept: Vec::new(),
        };
        let mut batch = Batch {
            op: self.ids.next(self.now()).0,
            ..Batch::default()
        };
        batch
            .put
            .push((Table::Meta, key(&name), codec::encode(&row)?));
        let first = keys::pack_chunk(&revision, 0);
        if snapshot.get(Table::Packs, &first)?.is_none() {
            for (n, chunk) in (0_u32..).zip(files.to_chunks()) {
                let key = keys::pack_chunk(&revision, n);
                batch.put.push((Table::Packs, key, chunk));
            }
        }
        self.store.commit(vec![batch])?;
        self.shadows.0.lock().insert(revision, Arc::new(candidate));
        Ok(row.view())
    }

    /// Takes a shadow away, with what it found.
    ///
    /// # Errors
    /// When the asker is no administrator, there is none, or the store fails.
    pub fn stop_shadow(&self, actor: &Actor, pack: &str) -> Result<()> {
        actor.require_admin("stopping a shadow")?;
        let key = key(pack);
        if self.store.snapshot(None)?.get(Table::Meta, &key)?.is_none() {
            return Err(Error::not_found());
        }
        let mut batch = Batch {
            op: self.ids.next(self.now()).0,
            ..Batch::default()
        };
        batch.delete.push((Table::Meta, key));
        self.store.commit(vec![batch])?;
        Ok(())
    }

    /// The shadows with what they found so far, by pack.
    ///
    /// # Errors
    /// When the asker is no administrator, or the store fails.
    pub fn shadows(&self, actor: &Actor) -> Result<Vec<Shadow>> {
        actor.require_admin("reading shadows")?;
        let snapshot = self.store.snapshot(None)?;
        let rows = shadow_rows(&*snapshot)?;
        Ok(rows.into_iter().map(|(row, _)| row.view()).collect())
    }

    /// Lets the shadows follow what was committed; tells how many entries were looked at. Called by
    /// a thread of its own in a server.
    ///
    /// # Errors
    /// When the store fails.
    pub fn follow_shadows(&self) -> Result<usize> {
        let snapshot = self.store.snapshot(None)?;
        let mut looked = 0;
        for (mut row, version) in shadow_rows(&*snapshot)? {
            let read = self.follow_one(&*snapshot, &mut row)?;
            if read == 0 {
                continue;
            }
            looked += read;
            let mut batch = Batch {
                op: self.ids.next(self.now()).0,
                ..Batch::default()
            };
            let key = key(&row.pack);
            // Who stopped or replaced the shadow meanwhile has the last word.
            batch
                .expect
                .push((Table::Meta, key.clone(), Expect::Version(version)));
            batch.put.push((Table::Meta, key, codec::encode(&row)?));
            self.store.commit(vec![batch])?;
        }
        Ok(looked)
    }

    fn follow_one(&self, snapshot: &dyn Snapshot, row: &mut Row) -> Result<usize> {
        let mut after = row.reached;
        let (entries, filled, end) = loop {
            let entries = self.store.journal(after, STEP)?;
            let Some(last) = entries.last().map(|e| e.pos) else {
                return Ok(0);
            };
            // Rows of the store's own keeping, such as a shadow's, have no entry.
            let filled = entries.iter().filter(|e| !e.bytes.is_empty()).count();
            if filled > 0 {
                break (entries, filled, last);
            }
            after = last;
        };
        let mut found = Simulation::default();
        match self.shadow(snapshot, row) {
            Ok(candidate) => {
                let mut walk = Walk::new(self);
                for entry in entries.iter().filter(|e| !e.bytes.is_empty()) {
                    if let Some((recorded, then)) = walk.step(entry.pos, &entry.bytes)? {
                        found.commands += 1;
                        match judge_one(self, &candidate, &recorded, then)? {
                            Some(judged) => found.add(judged, usize::MAX),
                            None => found.not_replayable += 1,
                        }
                    }
                }
                found.not_replayable += walk.not_replayable;
            }
            Err(error) => {
                tracing::warn!(pack = row.pack, "a shadow cannot run: {}", error.message);
                found.not_replayable += u64::try_from(filled).unwrap_or(0);
            }
        }
        row.add(found);
        row.reached = end;
        Ok(filled)
    }

    /// The candidate of a shadow; loaded from its stored revision when this process has not yet.
    fn shadow(&self, snapshot: &dyn Snapshot, row: &Row) -> Result<Arc<Candidate>> {
        if let Some(candidate) = self.shadows.0.lock().get(&row.revision) {
            return Ok(Arc::clone(candidate));
        }
        let files = catalogs::revision_files(snapshot, &row.revision)?;
        let candidate = Arc::new(Candidate::load(self, &files)?);
        let mut kept = self.shadows.0.lock();
        if kept.len() > MAX_SHADOWS {
            kept.clear();
        }
        kept.insert(row.revision, Arc::clone(&candidate));
        Ok(candidate)
    }
}

fn shadow_rows(snapshot: &dyn Snapshot) -> Result<Vec<(Row, Pos)>> {
    let from = prefix();
    let rows = snapshot.range(
        Table::Meta,
        &from,
        &keys::after(&from),
        false,
        MAX_SHADOWS + 1,
    )?;
    let read = |row: Versioned| Ok((codec::decode(&row.bytes)?, row.version));
    rows.into_iter().map(|(_, row)| read(row)).collect()
}
