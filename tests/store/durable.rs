//! What only the durable store promises: the file, reopening it, sharing commits, failing well.

use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use opora::store::{Batch, OpenOptions, Outcome, Pos, RedbStore, Store, StoreError, Table};
use redb::{Database, TableDefinition};

use crate::disk::Disk;
use crate::kit::{apply, batch, commit, keys, options, text};

const LONG: Duration = Duration::from_secs(20);

fn open(disk: &Disk) -> RedbStore {
    RedbStore::with_backend(disk.clone(), options()).unwrap()
}

#[test]
fn everything_is_there_after_reopening() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("desk.redb");
    let store = RedbStore::open(&path, OpenOptions::default()).unwrap();
    let pos = apply(
        &store,
        batch(1).put(Table::Records, "a", "1").journal("one"),
    );
    apply(
        &store,
        batch(2)
            .put(Table::Index, "i", "")
            .at_pos(Table::History, "h", ""),
    );
    let before = store.health().unwrap();
    store.close().unwrap();

    let store = RedbStore::open(&path, OpenOptions::default()).unwrap();
    assert_eq!(text(&store, Table::Records, "a").as_deref(), Some("1"));
    assert_eq!(keys(&store, Table::Index, "", "z"), ["i"]);
    assert_eq!(commit(&store, batch(1)), Outcome::Duplicate(pos));
    let journal = store.journal(Pos::ZERO, 10).unwrap();
    assert_eq!(journal.len(), 2);
    assert_eq!(journal[0].bytes, b"one");
    let after = store.health().unwrap();
    assert_eq!(
        (after.last, after.live_bytes),
        (before.last, before.live_bytes)
    );
    assert!(apply(&store, batch(3)) > before.last);
    let file_bytes = std::fs::metadata(&path).unwrap().len();
    assert_eq!(store.health().unwrap().file_bytes, file_bytes);
}

#[test]
fn dropping_a_store_closes_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("desk.redb");
    drop(RedbStore::open(&path, OpenOptions::default()).unwrap());
    assert!(RedbStore::open(&path, OpenOptions::default()).is_ok());
}

#[test]
fn live_bytes_are_known_after_a_crash() {
    let disk = Disk::reliable();
    let store = open(&disk);
    apply(
        &store,
        batch(1).put(Table::Records, "a", &"v".repeat(5_000)),
    );
    let counted = store.health().unwrap().live_bytes;
    let crashed = disk.after_cut(&mut crate::random::Random::new(1));
    let again = open(&crashed).health().unwrap().live_bytes;
    assert!(again.abs_diff(counted) < 200, "{counted} {again}");
}

#[test]
fn numbers_go_on_after_a_clean_close_without_a_gap() {
    let disk = Disk::reliable();
    let store = open(&disk);
    let first = store.numbers("ticket", 7).unwrap();
    store.close().unwrap();
    let store = open(&disk);
    assert_eq!(store.numbers("ticket", 1).unwrap(), first + 7);
    assert_eq!(store.numbers("other", 1).unwrap(), 1);
}

#[test]
fn numbers_are_never_used_again_after_a_crash() {
    let mut disk = Disk::reliable();
    let mut last = 0;
    for life in 0..5 {
        let store = open(&disk);
        for _ in 0..700 {
            let number = store.numbers("ticket", 1).unwrap();
            assert!(number > last, "{number} after {last} in life {life}");
            last = number;
        }
        disk = disk.after_cut(&mut crate::random::Random::new(life));
    }
    assert!(
        last < 3_500 + 5 * 2_000,
        "a crash lost too many numbers: {last}"
    );
}

#[test]
fn handing_out_numbers_seldom_syncs() {
    let disk = Disk::reliable();
    let store = open(&disk);
    let before = disk.syncs();
    for _ in 0..10_000 {
        store.numbers("ticket", 1).unwrap();
    }
    store.close().unwrap();
    assert!(disk.syncs() - before < 40, "{}", disk.syncs() - before);
}

#[test]
fn a_lease_ends_with_the_process_and_its_epoch_rises() {
    let disk = Disk::reliable();
    let store = open(&disk);
    let before = store.lease("timers", "one", LONG).unwrap().unwrap();
    store.close().unwrap();
    let store = open(&disk);
    assert_eq!(commit(&store, batch(1).fence(&before)), Outcome::Fenced);
    let after = store.lease("timers", "two", LONG).unwrap().unwrap();
    assert!(before.epoch < after.epoch);
}

#[test]
fn a_store_in_use_is_busy_and_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("desk.redb");
    let _first = RedbStore::open(&path, OpenOptions::default()).unwrap();
    let error = RedbStore::open(&path, OpenOptions::default()).unwrap_err();
    assert!(matches!(error, StoreError::Busy(_)), "{error:?}");
    let message = error.to_string();
    assert!(
        message.contains("desk.redb") && message.contains("server"),
        "{message}"
    );
}

#[test]
fn a_file_of_a_newer_build_is_refused_untouched() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("desk.redb");
    let store = RedbStore::open(&path, OpenOptions::default()).unwrap();
    apply(&store, batch(1).put(Table::Records, "a", "1"));
    store.close().unwrap();
    set_format(&path, 2);
    let error = RedbStore::open(&path, OpenOptions::default()).unwrap_err();
    let newer = matches!(
        error,
        StoreError::TooNew {
            found: 2,
            supported: 1
        }
    );
    assert!(newer, "{error:?}");
    set_format(&path, 1);
    let store = RedbStore::open(&path, OpenOptions::default()).unwrap();
    assert_eq!(text(&store, Table::Records, "a").as_deref(), Some("1"));
}

fn set_format(path: &std::path::Path, format: u64) {
    const SETTINGS: TableDefinition<'_, &str, u64> = TableDefinition::new("settings");
    let db = Database::open(path).unwrap();
    let txn = db.begin_write().unwrap();
    txn.open_table(SETTINGS)
        .unwrap()
        .insert("format", format)
        .unwrap();
    txn.commit().unwrap();
}

#[test]
fn a_foreign_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.txt");
    std::fs::write(&path, "not a database, ".repeat(1_000)).unwrap();
    let error = RedbStore::open(&path, OpenOptions::default()).unwrap_err();
    assert!(matches!(error, StoreError::Corrupt(_)), "{error:?}");
    assert!(error.to_string().contains("notes.txt"));
    assert!(std::fs::read(&path).unwrap().starts_with(b"not a database"));
}

#[test]
fn a_foreign_database_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("other.redb");
    let db = Database::create(&path).unwrap();
    let txn = db.begin_write().unwrap();
    txn.open_table(TableDefinition::<u64, u64>::new("other"))
        .unwrap();
    txn.commit().unwrap();
    drop(db);
    let error = RedbStore::open(&path, OpenOptions::default()).unwrap_err();
    assert!(matches!(error, StoreError::Corrupt(_)), "{error:?}");
}

#[test]
fn a_creation_cut_short_is_begun_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("desk.redb");
    std::fs::write(folder.path().join("desk.redb.new"), [0; 5_000]).unwrap();
    let store = RedbStore::open(&path, OpenOptions::default()).unwrap();
    apply(&store, batch(1).put(Table::Records, "a", "1"));
    store.close().unwrap();
    let names: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names, ["desk.redb"]);
    let store = RedbStore::open(&path, OpenOptions::default()).unwrap();
    assert_eq!(text(&store, Table::Records, "a").as_deref(), Some("1"));
}

#[test]
fn of_many_that_create_one_store_one_gets_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("desk.redb");
    let start = Arc::new(Barrier::new(8));
    let threads: Vec<_> = (0..8)
        .map(|_| {
            let (path, start) = (path.clone(), Arc::clone(&start));
            thread::spawn(move || {
                start.wait();
                RedbStore::open(&path, OpenOptions::default())
            })
        })
        .collect();
    let opened: Vec<_> = threads
        .into_iter()
        .map(|thread| thread.join().unwrap())
        .collect();
    assert_eq!(
        opened.iter().filter(|result| result.is_ok()).count(),
        1,
        "{opened:?}"
    );
    let refused = opened.iter().filter_map(|result| result.as_ref().err());
    assert!(
        refused
            .clone()
            .all(|error| matches!(error, StoreError::Busy(_))),
        "{opened:?}"
    );
    let store = opened
        .iter()
        .find_map(|result| result.as_ref().ok())
        .unwrap();
    apply(store, batch(1).put(Table::Records, "a", "1"));
    store.close().unwrap();
    let store = RedbStore::open(&path, OpenOptions::default()).unwrap();
    assert_eq!(text(&store, Table::Records, "a").as_deref(), Some("1"));
}

#[test]
fn a_missing_folder_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("none").join("desk.redb");
    let error = RedbStore::open(&path, OpenOptions::default()).unwrap_err();
    assert!(matches!(error, StoreError::Io(_)), "{error:?}");
    assert!(error.to_string().contains("desk.redb"), "{error}");
}

#[test]
fn one_call_costs_one_sync() {
    let disk = Disk::reliable();
    let store = open(&disk);
    apply(&store, batch(1));
    let (syncs, commits) = (disk.syncs(), store.health().unwrap().commits);
    let batches: Vec<_> = (2..200).map(|number| batch(number).done()).collect();
    assert_eq!(store.commit(batches).unwrap().len(), 198);
    assert_eq!(disk.syncs() - syncs, 1);
    assert_eq!(store.health().unwrap().commits - commits, 1);
}

#[test]
fn a_call_larger_than_a_group_is_cut_and_stays_in_order() {
    let disk = Disk::reliable();
    let store = open(&disk);
    let batches: Vec<_> = (0..3_000).map(|number| batch(number).done()).collect();
    let outcomes = store.commit(batches).unwrap();
    let positions: Vec<_> = outcomes
        .iter()
        .map(|outcome| match outcome {
            Outcome::Done(pos) => *pos,
            other => panic!("{other:?}"),
        })
        .collect();
    assert!(positions.is_sorted());
    assert_eq!(store.health().unwrap().commits, 3);
}

#[test]
fn what_changes_nothing_costs_no_sync() {
    let disk = Disk::reliable();
    let store = open(&disk);
    apply(&store, batch(1).put(Table::Guards, "a", ""));
    store.lease("timers", "one", LONG).unwrap();
    let syncs = disk.syncs();
    assert!(matches!(commit(&store, batch(1)), Outcome::Duplicate(_)));
    let conflict = commit(&store, batch(2).absent(Table::Guards, "a"));
    assert!(matches!(conflict, Outcome::Conflict(..)));
    store.lease("timers", "one", LONG).unwrap();
    store.rewrite_journal(vec![(Pos(99), Vec::new())]).unwrap();
    assert_eq!(disk.syncs(), syncs);
}

#[test]
fn waiting_callers_share_commits() {
    let disk = Disk::reliable();
    let store = Arc::new(open(&disk));
    let start = Arc::new(Barrier::new(16));
    let threads: Vec<_> = (0..16)
        .map(|thread| {
            let (store, start) = (Arc::clone(&store), Arc::clone(&start));
            thread::spawn(move || {
                start.wait();
                for turn in 0..50 {
                    // Half of them fight for one key, so that groups hold conflicts too.
                    let number = thread * 1_000 + turn;
                    let claim = batch(number).absent(Table::Guards, &turn.to_string()).put(
                        Table::Guards,
                        &turn.to_string(),
                        "",
                    );
                    let own = batch(number).put(Table::Records, &number.to_string(), "");
                    commit(&*store, if thread % 2 == 0 { claim } else { own });
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    // 8 threads with rows of their own, and each of 50 claims won once.
    assert_eq!(store.journal(Pos::ZERO, 1_000).unwrap().len(), 450);
    assert_eq!(keys(&*store, Table::Guards, "", "z").len(), 50);
    assert!(store.health().unwrap().commits < 450);
}

#[test]
fn a_commit_that_fails_is_unknown_and_what_follows_is_refused() {
    let disk = Disk::reliable();
    let store = open(&disk);
    apply(&store, batch(1).put(Table::Records, "a", "1"));
    disk.fail_syncs();
    let batches: Vec<Batch> = vec![
        batch(2).put(Table::Records, "a", "2").done(),
        batch(3).done(),
    ];
    assert_eq!(
        store.commit(batches).unwrap(),
        [Outcome::Unknown, Outcome::Unknown]
    );
    let after = store.commit(vec![batch(4).done()]);
    assert!(matches!(after, Err(StoreError::Io(_))), "{after:?}");
    assert!(store.numbers("ticket", 1).is_err());
    assert!(store.lease("timers", "one", LONG).is_err());
    // What was durable before is still read.
    assert_eq!(text(&store, Table::Records, "a").as_deref(), Some("1"));
    assert!(store.close().is_err());
    let closed = store.commit(vec![batch(5).done()]);
    assert!(matches!(closed, Err(StoreError::Closed)), "{closed:?}");
}

#[test]
fn a_mostly_dead_file_is_compacted_when_opened() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("desk.redb");
    let store = RedbStore::open(&path, OpenOptions::default()).unwrap();
    let value = "v".repeat(90_000);
    // A row at the end keeps the file from being trimmed by the close alone.
    for number in 0..400 {
        apply(
            &store,
            batch(number).put(Table::Blobs, &number.to_string(), &value),
        );
    }
    let deletions = (0..390).map(|number| {
        batch(1_000 + number)
            .delete(Table::Blobs, &number.to_string())
            .done()
    });
    store.commit(deletions.collect()).unwrap();
    store.close().unwrap();
    let options = OpenOptions {
        compact: false,
        ..OpenOptions::default()
    };
    let store = RedbStore::open(&path, options).unwrap();
    let before = store.health().unwrap();
    assert!(before.live_bytes * 2 < before.file_bytes, "{before:?}");
    store.close().unwrap();
    let store = RedbStore::open(&path, OpenOptions::default()).unwrap();
    let after = store.health().unwrap();
    assert!(
        after.file_bytes * 2 < before.file_bytes,
        "{before:?} {after:?}"
    );
    assert_eq!(keys(&store, Table::Blobs, "", "z").len(), 10);
}
