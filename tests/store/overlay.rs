//! Batches laid over a snapshot look as they do once they are committed, and can be committed so.

use std::sync::Arc;

use opora::store::{Batch, Expect, Key, Outcome, Overlay, Pos, Row, Snapshot, Span, Store, Table};

use crate::kit::{memory, op, redb};
use crate::random::{Random, seed};

const ROUNDS: u64 = 300;
const TABLES: [Table; 3] = [Table::Records, Table::Index, Table::History];

#[test]
fn an_overlay_on_the_store_in_memory_shows_what_a_commit_leaves() {
    run(memory);
}

#[test]
fn an_overlay_on_the_durable_store_shows_what_a_commit_leaves() {
    run(redb);
}

/// In each round some batches are laid over one store and committed one by one to its twin; then
/// those that were laid over are committed together.
fn run(store: fn() -> Arc<dyn Store>) {
    let seed = seed();
    eprintln!("repeat with OPORA_SEED={seed}");
    let mut random = Random::new(seed);
    let (laid, twin) = (store(), store());
    let mut number = 0;
    for _ in 0..ROUNDS {
        let mut overlay = Overlay::new(laid.snapshot(None).unwrap());
        let (mut positions, mut batches) = (Vec::new(), Vec::new());
        for _ in 0..random.below(5) {
            number += 1;
            let mut batch = batch(&mut random, number, &overlay);
            let mut apart = batch.clone();
            apart.expect.clear();
            positions.extend(positions_of(&twin.commit(vec![apart]).unwrap()));
            overlay.stand(&mut batch);
            overlay.lay(&batch);
            batches.push(batch);
            let twin = twin.snapshot(None).unwrap();
            compare(&mut random, &overlay, &*twin, &positions);
        }
        assert_eq!(overlay.first(), batches.first().map(|batch| batch.op));
        let outcomes = laid.commit(batches).unwrap();
        assert_eq!(positions_of(&outcomes), positions);
        let (laid, twin) = (laid.snapshot(None).unwrap(), twin.snapshot(None).unwrap());
        for table in TABLES {
            let all = |snapshot: &dyn Snapshot| snapshot.range(table, b"", b"z", false, 10_000);
            assert_eq!(all(&*laid).unwrap(), all(&*twin).unwrap());
        }
    }
}

fn positions_of(outcomes: &[Outcome]) -> Vec<Pos> {
    let position = |outcome: &Outcome| match outcome {
        Outcome::Done(pos) => *pos,
        other => panic!("not applied: {other:?}"),
    };
    outcomes.iter().map(position).collect()
}

/// A batch decided on a view: what it expects is so there.
fn batch(random: &mut Random, number: u64, view: &Overlay) -> Batch {
    let mut batch = Batch {
        op: op(number),
        ..Batch::default()
    };
    for _ in 0..random.below(6) {
        let len = random.below(9) as usize;
        let row = (table(random), key(random), random.bytes(len));
        batch.put.push(row);
    }
    for _ in 0..random.below(8) {
        batch.delete.push((table(random), key(random)));
    }
    for _ in 0..random.below(2) {
        // As long as the longest key: until it is committed, what ends with a position stands
        // behind all rows that begin with the same.
        let key = [key(random), b"aa".to_vec()].concat()[..3].to_vec();
        batch.put_at_pos.push((Table::History, key, vec![7]));
    }
    for _ in 0..random.below(4) {
        let (table, key) = (table(random), key(random));
        let row = view.get(table, &key).unwrap();
        let expect = row.map_or(Expect::Absent, |row| Expect::Version(row.version));
        batch.expect.push((table, key, expect));
    }
    batch
}

fn table(random: &mut Random) -> Table {
    TABLES[random.below(TABLES.len() as u64) as usize]
}

/// One of few keys, of which some are the beginning of others.
fn key(random: &mut Random) -> Key {
    let letters = 1 + random.below(3);
    (0..letters)
        .map(|_| b"abcd"[random.below(4) as usize])
        .collect()
}

fn compare(random: &mut Random, overlay: &Overlay, twin: &dyn Snapshot, positions: &[Pos]) {
    let keys: Vec<_> = (0..6).map(|_| (table(random), key(random))).collect();
    let spans: Vec<_> = (0..3).map(|_| span(random)).collect();
    let (rows, parts) = overlay.read(&keys, &spans).unwrap();
    let (twin_rows, twin_parts) = twin.read(&keys, &spans).unwrap();
    let known = |row: Option<_>| row.map(|row| settled((Key::new(), row), positions).1);
    let rows: Vec<_> = rows.into_iter().map(known).collect();
    assert_eq!(rows, twin_rows);
    let parts: Vec<_> = parts.into_iter().map(|p| all(p, positions)).collect();
    assert_eq!(parts, twin_parts);
    let singly: Vec<_> = keys
        .iter()
        .map(|(table, key)| known(overlay.get(*table, key).unwrap()))
        .collect();
    assert_eq!(singly, twin_rows);
    for _ in 0..4 {
        let Span {
            table,
            from,
            to,
            limit,
        } = span(random);
        let reverse = random.one_in(2);
        let seen = overlay.range(table, &from, &to, reverse, limit).unwrap();
        assert_eq!(
            all(seen, positions),
            twin.range(table, &from, &to, reverse, limit).unwrap(),
            "{table:?} {from:?} {to:?} {reverse} {limit}"
        );
    }
    // Over the limit it says so as the store does.
    assert!(overlay.range(TABLES[0], b"", b"z", false, 10_001).is_err());
}

fn span(random: &mut Random) -> Span {
    Span {
        table: table(random),
        from: key(random),
        to: key(random),
        limit: random.below(9) as usize,
    }
}

fn all(rows: Vec<Row>, positions: &[Pos]) -> Vec<Row> {
    let rows = rows.into_iter();
    rows.map(|row| settled(row, positions)).collect()
}

/// A row with the position that its batch got, in its version and at the end of its key.
fn settled((mut key, mut row): Row, positions: &[Pos]) -> Row {
    if row.version.is_provisional() {
        let place = (row.version.0 & u64::from(u32::MAX)) as usize;
        if let Some(head) = key.strip_suffix(&row.version.0.to_be_bytes()) {
            key = [head, &positions[place].0.to_be_bytes()].concat();
        }
        row.version = positions[place];
    }
    (key, row)
}

#[test]
fn a_read_goes_on_where_too_many_rows_are_hidden() {
    let store = memory();
    let mut full = Batch {
        op: op(1),
        ..Batch::default()
    };
    for number in 0..15_000_u32 {
        let key = number.to_be_bytes().to_vec();
        full.put.push((Table::Records, key, Vec::new()));
    }
    let rows: Vec<_> = full.put.iter().map(|row| (row.0, row.1.clone())).collect();
    store.commit(vec![full]).unwrap();
    for (reverse, first) in [(false, 12_000_u32), (true, 2_999)] {
        let mut overlay = Overlay::new(store.snapshot(None).unwrap());
        let mut hiding = Batch {
            op: op(2),
            ..Batch::default()
        };
        hiding.delete = match reverse {
            false => rows[..12_000].to_vec(),
            true => rows[3_000..].to_vec(),
        };
        overlay.lay(&hiding);
        let found = overlay.range(Table::Records, &[], &[255; 4], reverse, 5);
        let found: Vec<_> = found.unwrap().into_iter().map(|(key, _)| key).collect();
        let expected = (0..5).map(|n| match reverse {
            false => (first + n).to_be_bytes().to_vec(),
            true => (first - n).to_be_bytes().to_vec(),
        });
        assert_eq!(found, expected.collect::<Vec<_>>());
    }
}
