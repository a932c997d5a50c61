//! Short ways to make stores and batches.

use std::sync::Arc;

use opora::store::{
    Batch, Expect, Lease, MemoryStore, OpId, OpenOptions, Outcome, Pos, RedbStore, Snapshot, Store,
    Table,
};
use redb::backends::InMemoryBackend;

/// How many operations the stores under test remember.
pub const OPS_KEPT: u64 = 50;

pub fn memory() -> Arc<dyn Store> {
    Arc::new(MemoryStore::with_ops_kept(OPS_KEPT))
}

pub fn options() -> OpenOptions {
    OpenOptions {
        cache_bytes: 8 << 20,
        ops_kept: OPS_KEPT,
        ..OpenOptions::default()
    }
}

pub fn redb() -> Arc<dyn Store> {
    Arc::new(RedbStore::with_backend(InMemoryBackend::new(), options()).unwrap())
}

pub fn op(number: u64) -> OpId {
    u128::from(number).to_be_bytes()
}

/// Builds a batch in one expression.
pub struct Build(Batch);

pub fn batch(number: u64) -> Build {
    Build(Batch {
        op: op(number),
        ..Batch::default()
    })
}

impl Build {
    pub fn put(mut self, table: Table, key: &str, value: &str) -> Self {
        self.0.put.push((table, key.into(), value.into()));
        self
    }

    pub fn delete(mut self, table: Table, key: &str) -> Self {
        self.0.delete.push((table, key.into()));
        self
    }

    pub fn at_pos(mut self, table: Table, key: &str, value: &str) -> Self {
        self.0.put_at_pos.push((table, key.into(), value.into()));
        self
    }

    pub fn absent(mut self, table: Table, key: &str) -> Self {
        self.0.expect.push((table, key.into(), Expect::Absent));
        self
    }

    pub fn version(mut self, table: Table, key: &str, pos: Pos) -> Self {
        self.0
            .expect
            .push((table, key.into(), Expect::Version(pos)));
        self
    }

    pub fn by(mut self, table: Table, key: &str, number: u64) -> Self {
        self.0
            .expect
            .push((table, key.into(), Expect::By(op(number))));
        self
    }

    pub fn after(mut self, number: u64) -> Self {
        self.0.after = Some(op(number));
        self
    }

    pub fn fence(mut self, lease: &Lease) -> Self {
        self.0.fence = Some(lease.clone());
        self
    }

    pub fn journal(mut self, entry: &str) -> Self {
        self.0.journal = entry.into();
        self
    }

    pub fn done(self) -> Batch {
        self.0
    }
}

/// Commits one batch and returns its outcome.
pub fn commit(store: &dyn Store, batch: Build) -> Outcome {
    let mut outcomes = store.commit(vec![batch.done()]).unwrap();
    assert_eq!(outcomes.len(), 1);
    outcomes.remove(0)
}

/// Commits one batch that must be applied, and returns its position.
#[track_caller]
pub fn apply(store: &dyn Store, batch: Build) -> Pos {
    match commit(store, batch) {
        Outcome::Done(pos) => pos,
        other => panic!("not applied: {other:?}"),
    }
}

/// The text of a row in the newest state.
pub fn text(store: &dyn Store, table: Table, key: &str) -> Option<String> {
    text_in(&*store.snapshot(None).unwrap(), table, key)
}

/// The text of a row in a snapshot.
pub fn text_in(snapshot: &dyn Snapshot, table: Table, key: &str) -> Option<String> {
    let row = snapshot.get(table, key.as_bytes()).unwrap()?;
    Some(String::from_utf8(row.bytes).unwrap())
}

/// Keys of a range in the newest state.
pub fn keys(store: &dyn Store, table: Table, from: &str, to: &str) -> Vec<String> {
    let snapshot = store.snapshot(None).unwrap();
    snapshot
        .range(table, from.as_bytes(), to.as_bytes(), false, 1_000)
        .unwrap()
        .into_iter()
        .map(|(key, _)| String::from_utf8(key).unwrap())
        .collect()
}
