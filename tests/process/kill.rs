//! Killed in the middle of writing: what was acknowledged is there once, what was not is there once
//! or not at all, and sending it again changes nothing. `OPORA_KILLS` says how often (3).

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value as Json, json};

use crate::program::{Server, post, said};

const WRITERS: u64 = 8;

/// What the server acknowledged: title by id, and whose answer never came.
#[derive(Default)]
struct Ledger {
    acknowledged: BTreeMap<String, String>,
    open: Vec<(String, Json)>,
}

#[test]
fn every_acknowledged_write_survives_once() {
    let kills = std::env::var("OPORA_KILLS").map_or(3, |n| n.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let serial = Arc::new(AtomicU64::new(0));
    let mut all = Ledger::default();
    for round in 0..kills {
        let server = Server::start(folder.path(), &[]);
        let ledger = write_until_killed(server, &serial, round);
        assert!(
            !ledger.acknowledged.is_empty(),
            "nothing was written in round {round}"
        );
        all.acknowledged.extend(ledger.acknowledged);
        all.open.extend(ledger.open);
        let server = Server::start(folder.path(), &[]);
        // Whoever got no answer asks again with the same key, and then again.
        for (key, body) in std::mem::take(&mut all.open) {
            let first = server.post("/v1/accounts", &key, &body).unwrap();
            assert_eq!(first.status, 201, "{}", first.body);
            let again = server.post("/v1/accounts", &key, &body).unwrap();
            assert_eq!(first.body["id"], again.body["id"], "one key, two records");
            note(&mut all.acknowledged, &first.body);
        }
        check(&server, &all.acknowledged);
        assert_eq!(server.stop(), 0);
    }
    let data = folder.path().to_str().unwrap();
    let verdict = said(&["verify", "--data", data]);
    assert!(verdict.contains("say the same"), "{verdict}");
    no_leftovers(folder.path());
}

fn note(acknowledged: &mut BTreeMap<String, String>, body: &Json) {
    let text = |name: &str| body[name].as_str().unwrap().to_owned();
    acknowledged.insert(text("id"), text("title"));
}

/// Writes from several threads and kills the server under them.
fn write_until_killed(server: Server, serial: &Arc<AtomicU64>, round: u64) -> Ledger {
    let ledger = Arc::new(Mutex::new(Ledger::default()));
    let dead = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..WRITERS)
        .map(|_| {
            let (agent, url, token) = server.client();
            let (ledger, serial, dead) = (ledger.clone(), serial.clone(), dead.clone());
            std::thread::spawn(move || {
                while !dead.load(Ordering::Acquire) {
                    let n = serial.fetch_add(1, Ordering::Relaxed);
                    let key = format!("key-{n}");
                    let body =
                        json!({"title": format!("Account {n}"), "code": format!("code-{n}")});
                    let answer = post(&agent, &url, &token, "/v1/accounts", &key, &body);
                    let mut ledger = ledger.lock().unwrap();
                    match answer {
                        Ok(answer) if answer.status == 201 => {
                            note(&mut ledger.acknowledged, &answer.body)
                        }
                        Ok(answer) => panic!("{}: {}", answer.status, answer.body),
                        Err(_) => {
                            ledger.open.push((key, body));
                            return;
                        }
                    }
                }
            })
        })
        .collect();
    // Another moment in every round: in the middle of a commit, between two, while the index writes.
    let moment = 300 + round * 37 % 500;
    let begun = std::time::Instant::now();
    while begun.elapsed() < Duration::from_millis(moment)
        || ledger.lock().unwrap().acknowledged.is_empty()
    {
        std::thread::yield_now();
    }
    server.kill();
    dead.store(true, Ordering::Release);
    for writer in writers {
        writer.join().unwrap();
    }
    Arc::into_inner(ledger).unwrap().into_inner().unwrap()
}

/// Every acknowledged record is listed once, and no other one is.
fn check(server: &Server, acknowledged: &BTreeMap<String, String>) {
    let mut stored = BTreeMap::new();
    let mut cursor = String::new();
    loop {
        let page = server.get(&format!("/v1/accounts?limit=200{cursor}"));
        assert_eq!(page.status, 200, "{}", page.body);
        for item in page.body["items"].as_array().unwrap() {
            let id = item["id"].as_str().unwrap().to_owned();
            let title = item["title"].as_str().unwrap().to_owned();
            assert!(stored.insert(id, title).is_none(), "{item} is listed twice");
        }
        match page.body["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(&stored, acknowledged);
    // The index catches up with what the store kept.
    let (id, title) = acknowledged.iter().next_back().unwrap();
    let path = format!(
        "/v1/search?kind=account&limit=200&q={}",
        title.replace(' ', "%20")
    );
    let begun = std::time::Instant::now();
    loop {
        let found = server.get(&path).body;
        let hits = found["hits"].as_array().cloned().unwrap_or_default();
        if hits.iter().any(|h| h["id"] == id.as_str()) {
            return;
        }
        assert!(
            begun.elapsed() < Duration::from_secs(20),
            "`{title}` is not found: {found}"
        );
        std::thread::yield_now();
    }
}

/// Nothing half-written lies about.
fn no_leftovers(folder: &Path) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(
            !name.ends_with(".new") && name != "server.json",
            "{name} is left behind"
        );
    }
}
