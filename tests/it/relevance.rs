//! Articles of the demo are found by what people type, however they type it: floors for each way.

use std::collections::HashMap;
use std::path::Path;

use opora::desk::{Actor, Command, Desk, DeskOptions, Request, SearchQuery};
use opora::domain::{Id, Kind};
use opora::store::MemoryStore;
use serde_json::{Map, Value as Json};

const ADMIN: Actor = Actor::Admin { agent: None };

/// Recall in the first three hits and mean reciprocal rank in the first ten that must be reached.
const FLOORS: [(&str, Disturb, f64, f64); 5] = [
    ("plain", |q| Some(q.to_owned()), 0.9, 0.88),
    ("typo", typo, 0.9, 0.88),
    ("prefix", unfinished, 0.9, 0.88),
    ("layout", other_layout, 0.9, 0.86),
    ("yo", without_yo, 0.9, 0.88),
];

type Disturb = fn(&str) -> Option<String>;

/// Two letters exchanged inside the longest word.
fn typo(query: &str) -> Option<String> {
    let word = query.split(' ').max_by_key(|w| w.chars().count())?;
    let mut letters: Vec<char> = word.chars().collect();
    let middle = letters.len() / 2;
    if letters.len() < 5 || letters[middle] == letters[middle - 1] {
        return None;
    }
    letters.swap(middle - 1, middle);
    Some(query.replace(word, &letters.iter().collect::<String>()))
}

/// The last word cut to two thirds.
fn unfinished(query: &str) -> Option<String> {
    let (before, last) = query.rsplit_once(' ')?;
    let letters = last.chars().count();
    let cut: String = last.chars().take(letters * 2 / 3).collect();
    (letters >= 5).then(|| format!("{before} {cut}"))
}

fn other_layout(query: &str) -> Option<String> {
    let english = "qwertyuiop[]asdfghjkl;'zxcvbnm,.`";
    let russian = "йцукенгшщзхъфывапролджэячсмитьбюё";
    let (from, to) = match query.is_ascii() {
        true => (english, russian),
        false => (russian, english),
    };
    let turned = |c: char| match from.chars().position(|key| key == c) {
        Some(at) => to.chars().nth(at),
        None => (c == ' ').then_some(c),
    };
    query.chars().map(turned).collect()
}

fn without_yo(query: &str) -> Option<String> {
    if query.contains('ё') {
        return Some(query.replace('ё', "е"));
    }
    query.contains('е').then(|| query.replace('е', "ё"))
}

/// A desk with the demo's articles, and their ids by external id.
fn library(root: &Path) -> (std::sync::Arc<Desk>, HashMap<String, Id>) {
    let desk = Desk::open(
        std::sync::Arc::new(MemoryStore::new()),
        DeskOptions::default(),
    )
    .unwrap();
    let mut ids = HashMap::new();
    for locale in ["ru", "en"] {
        let folder = root.join("demo/articles").join(locale);
        let mut files: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|f| f.unwrap().path())
            .collect();
        files.sort();
        for file in files {
            let text = std::fs::read_to_string(file).unwrap();
            let (head, body) = text
                .trim_start_matches("+++\n")
                .split_once("\n+++\n")
                .unwrap();
            let head: toml::Table = toml::from_str(head).unwrap();
            let mut fields: Map<String, Json> = Map::new();
            for name in ["title", "locale", "category", "tags", "external_id"] {
                fields.insert(name.to_owned(), serde_json::to_value(&head[name]).unwrap());
            }
            fields.insert("body".to_owned(), body.trim().into());
            let create = Command::Create {
                kind: Kind::Article,
                fields,
            };
            let id = desk.run(&Request::by(ADMIN), &create).unwrap().id;
            ids.insert(head["external_id"].as_str().unwrap().to_owned(), id);
        }
    }
    (desk, ids)
}

#[test]
fn articles_are_found_however_they_are_asked_for() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (desk, ids) = library(root);
    let queries = std::fs::read_to_string(root.join("tests/relevance/queries.tsv")).unwrap();
    let at_least = Some(desk.pos());
    let mut told = Vec::new();
    let mut fallen = false;
    for (name, disturb, least_recall, least_rank) in FLOORS {
        let (mut count, mut recall, mut rank) = (0.0, 0.0, 0.0);
        let mut missed = Vec::new();
        for line in queries.lines() {
            let (query, wanted) = line.split_once('\t').unwrap();
            let Some(text) = disturb(query) else { continue };
            let query = SearchQuery {
                text: text.clone(),
                kinds: vec![Kind::Article],
                limit: 10,
                at_least,
                ..SearchQuery::default()
            };
            let hits = desk.search(&ADMIN, &query).unwrap().hits;
            let place = hits.iter().position(|hit| hit.record.id == ids[wanted]);
            count += 1.0;
            match place {
                Some(place) if place < 3 => recall += 1.0,
                _ => missed.push(text),
            }
            rank += place.map_or(0.0, |place| {
                1.0 / f64::from(u32::try_from(place + 1).unwrap())
            });
        }
        let (recall, rank) = (recall / count, rank / count);
        fallen |= recall < least_recall || rank < least_rank;
        told.push(format!("{name}: {count} queries, recall {recall:.3} (floor {least_recall}), rank {rank:.3} (floor {least_rank}), missed {missed:?}"));
    }
    assert!(!fallen, "{}", told.join("\n"));
    eprintln!("{}", told.join("\n"));
}
