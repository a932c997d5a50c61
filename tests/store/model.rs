//! Random work against each store and against plain maps, which must agree at every step.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use opora::store::{
    Batch, Expect, JournalRow, Key, OpId, Outcome, Pos, RedbStore, Row, Snapshot, Store, Table,
    Versioned,
};

use crate::disk::Disk;
use crate::kit::{OPS_KEPT, memory, op, options};
use crate::random::{Random, seed};

const STEPS: u64 = 1_500;
const TABLES: [Table; 3] = [Table::Records, Table::Index, Table::History];

/// What a store should hold.
#[derive(Debug, Clone, Default)]
struct Model {
    rows: BTreeMap<(Table, Key), Versioned>,
    journal: Vec<JournalRow>,
}

impl Model {
    /// Checks that an outcome is the right one, and does what it says was done.
    fn follow(&mut self, batch: &Batch, outcome: &Outcome) {
        let recent = self.journal.len().saturating_sub(OPS_KEPT as usize);
        // Within one group the window moves at its end, so an older operation may still be known.
        if let Some(pos) = position(&self.journal[recent..], batch.op) {
            return assert_eq!(*outcome, Outcome::Duplicate(pos));
        }
        if let Outcome::Duplicate(pos) = outcome {
            return assert_eq!(position(&self.journal, batch.op), Some(*pos));
        }
        let applied = |op| position(&self.journal, op);
        if batch.after.is_some_and(|op| applied(op).is_none()) {
            return assert_eq!(*outcome, Outcome::Orphaned);
        }
        let unexpected = batch.expect.iter().find(|(table, key, expect)| {
            let found = self.rows.get(&(*table, key.clone())).map(|row| row.version);
            match expect {
                Expect::Absent => found.is_some(),
                Expect::Version(pos) => found != Some(*pos),
                Expect::By(op) => found.is_none() || found != applied(*op),
            }
        });
        if let Some((table, key, _)) = unexpected {
            return assert_eq!(*outcome, Outcome::Conflict(*table, key.clone()));
        }
        let Outcome::Done(pos) = *outcome else {
            panic!("{outcome:?} for {batch:?}");
        };
        assert!(self.last() < pos);
        for (table, key) in &batch.delete {
            self.rows.remove(&(*table, key.clone()));
        }
        for (table, key, bytes) in &batch.put {
            self.put(pos, *table, key.clone(), bytes);
        }
        for (table, key, bytes) in &batch.put_at_pos {
            let key = [key.as_slice(), &pos.0.to_be_bytes()].concat();
            self.put(pos, *table, key, bytes);
        }
        self.journal.push(JournalRow {
            pos,
            op: batch.op,
            bytes: batch.journal.clone(),
        });
    }

    fn put(&mut self, version: Pos, table: Table, key: Key, bytes: &[u8]) {
        let bytes = bytes.to_vec();
        self.rows.insert((table, key), Versioned { version, bytes });
    }

    fn last(&self) -> Pos {
        self.journal.last().map_or(Pos::ZERO, |row| row.pos)
    }

    fn range(&self, table: Table, from: &[u8], to: &[u8], reverse: bool, limit: usize) -> Vec<Row> {
        if from >= to {
            return Vec::new();
        }
        let from = Bound::Included((table, from.to_vec()));
        let to = Bound::Excluded((table, to.to_vec()));
        let rows = self.rows.range((from, to));
        let row = |((_, key), row): (&(Table, Key), &Versioned)| (key.clone(), row.clone());
        if reverse {
            rows.rev().map(row).take(limit).collect()
        } else {
            rows.map(row).take(limit).collect()
        }
    }
}

/// The position at which an operation was applied last.
fn position(rows: &[JournalRow], op: OpId) -> Option<Pos> {
    let mut rows = rows.iter().rev();
    rows.find(|row| row.op == op).map(|row| row.pos)
}

#[test]
fn the_store_in_memory_agrees_with_plain_maps() {
    let store = memory();
    run(seed(), store, None);
}

#[test]
fn the_durable_store_agrees_with_plain_maps_across_reopening() {
    let disk = Disk::reliable();
    let open = move || -> Arc<dyn Store> {
        Arc::new(RedbStore::with_backend(disk.clone(), options()).unwrap())
    };
    run(seed(), open(), Some(&open));
}

fn run(seed: u64, mut store: Arc<dyn Store>, reopen: Option<&dyn Fn() -> Arc<dyn Store>>) {
    eprintln!("repeat with OPORA_SEED={seed}");
    let mut random = Random::new(seed);
    let mut model = Model::default();
    let mut held: Vec<(Arc<dyn Snapshot>, Model)> = Vec::new();
    for step in 0..STEPS {
        match random.below(20) {
            0..=9 => commit(&mut random, step, &*store, &mut model),
            10 => held.push((store.snapshot(Some(model.last())).unwrap(), model.clone())),
            11 if !held.is_empty() => {
                let at = random.below(held.len() as u64) as usize;
                let (snapshot, past) = held.swap_remove(at);
                compare_all(&*snapshot, &past);
            }
            12 if held.len() > 6 => held.clear(),
            13 => rewrite(&mut random, &*store, &mut model),
            14 => compare_journal(&mut random, &*store, &model),
            15 if random.one_in(6) => {
                if let Some(reopen) = reopen {
                    held.clear();
                    store.close().unwrap();
                    store = reopen();
                }
            }
            _ => compare(&mut random, &*store.snapshot(None).unwrap(), &model),
        }
    }
    compare_all(&*store.snapshot(None).unwrap(), &model);
    assert!(
        model.journal.len() as u64 > OPS_KEPT * 4,
        "too little happened"
    );
}

fn commit(random: &mut Random, step: u64, store: &dyn Store, model: &mut Model) {
    let mut batches: Vec<_> = (0..1 + random.below(4))
        .map(|nth| batch(random, step * 10 + nth, model))
        .collect();
    for at in 1..batches.len() {
        let (before, behind) = batches.split_at_mut(at);
        stand_on(random, &mut behind[0], &before[at - 1], model);
    }
    let outcomes = store.commit(batches.clone()).unwrap();
    assert_eq!(outcomes.len(), batches.len());
    for (batch, outcome) in batches.iter().zip(&outcomes) {
        model.follow(batch, outcome);
    }
}

fn batch(random: &mut Random, number: u64, model: &Model) -> Batch {
    let mut batch = Batch {
        op: some_op(random, number, model),
        ..Batch::default()
    };
    for _ in 0..random.below(4) {
        let len = if random.one_in(10) {
            9_000
        } else {
            random.below(90)
        };
        let value = random.bytes(len as usize);
        batch.put.push((table(random), key(random), value));
    }
    for _ in 0..random.below(3) {
        batch.delete.push((table(random), key(random)));
    }
    if random.one_in(3) {
        let len = random.below(30) as usize;
        batch
            .put_at_pos
            .push((Table::History, key(random), random.bytes(len)));
    }
    for _ in 0..random.below(2) {
        let (table, key) = (table(random), key(random));
        let found = model.rows.get(&(table, key.clone()));
        let by = found.and_then(|row| {
            let recent = model.journal.iter().rev().take(10);
            let mut recent = recent.filter(|entry| entry.pos == row.version);
            recent.next().map(|entry| entry.op)
        });
        let expect = match (found, random.one_in(5)) {
            (Some(_), false) if by.is_some() && random.one_in(2) => Expect::By(by.unwrap()),
            (Some(row), false) => Expect::Version(row.version),
            (None, false) | (Some(_), true) => Expect::Absent,
            (None, true) => Expect::Version(Pos(1)),
        };
        batch.expect.push((table, key, expect));
    }
    let len = random.below(200) as usize;
    batch.journal = random.bytes(len);
    batch
}

/// Lets a batch stand on the one before it in its call, at times.
fn stand_on(random: &mut Random, batch: &mut Batch, before: &Batch, model: &Model) {
    // What was applied long ago may be forgotten or not.
    if position(&model.journal, before.op).is_some() {
        return;
    }
    if random.one_in(3) {
        batch.after = Some(before.op);
    }
    if random.one_in(3)
        && let Some((table, key, _)) = before.put.last()
    {
        let by = Expect::By(before.op);
        batch.expect.push((*table, key.clone(), by));
    }
}

/// Mostly a new operation, at times one that was applied before.
fn some_op(random: &mut Random, number: u64, model: &Model) -> OpId {
    let applied = model.journal.len() as u64;
    if applied > 0 && random.one_in(8) {
        return model.journal[random.below(applied) as usize].op;
    }
    op(number)
}

fn table(random: &mut Random) -> Table {
    TABLES[random.below(TABLES.len() as u64) as usize]
}

/// One of few keys, of which some are the beginning of others.
fn key(random: &mut Random) -> Key {
    let letters = 1 + random.below(3);
    (0..letters)
        .map(|_| b"abc"[random.below(3) as usize])
        .collect()
}

fn rewrite(random: &mut Random, store: &dyn Store, model: &mut Model) {
    let applied = model.journal.len() as u64;
    if applied == 0 {
        return;
    }
    let row = &mut model.journal[random.below(applied) as usize];
    row.bytes = b"erased".to_vec();
    store
        .rewrite_journal(vec![(row.pos, row.bytes.clone())])
        .unwrap();
}

fn compare_journal(random: &mut Random, store: &dyn Store, model: &Model) {
    let after = Pos(random.below(model.last().0 + 2));
    let max = random.below(40) as usize;
    let expected = model.journal.iter().filter(|row| after < row.pos).take(max);
    let expected: Vec<_> = expected.cloned().collect();
    assert_eq!(store.journal(after, max).unwrap(), expected);
}

fn compare(random: &mut Random, snapshot: &dyn Snapshot, model: &Model) {
    assert_eq!(snapshot.pos(), model.last());
    let keys: Vec<_> = (0..5).map(|_| (table(random), key(random))).collect();
    let expected: Vec<_> = keys
        .iter()
        .map(|key| model.rows.get(key).cloned())
        .collect();
    assert_eq!(snapshot.get_many(&keys).unwrap(), expected);
    let (table, from, to) = (table(random), key(random), key(random));
    let (reverse, limit) = (random.one_in(2), random.below(12) as usize);
    assert_eq!(
        snapshot.range(table, &from, &to, reverse, limit).unwrap(),
        model.range(table, &from, &to, reverse, limit)
    );
}

fn compare_all(snapshot: &dyn Snapshot, model: &Model) {
    assert_eq!(snapshot.pos(), model.last());
    for table in TABLES {
        for reverse in [false, true] {
            assert_eq!(
                snapshot.range(table, b"", b"z", reverse, 10_000).unwrap(),
                model.range(table, b"", b"z", reverse, 10_000)
            );
        }
    }
}
