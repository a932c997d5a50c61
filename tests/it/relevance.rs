//! Articles of the demo are found by what people type, however they type it: floors for each way.

use std::collections::HashMap;
use std::path::Path;

use opora::desk::{Actor, Command, Desk, DeskOptions, Request, SearchQuery};
use opora::domain::{Id, Kind};
use opora::store::MemoryStore;
use serde_json::{Map, Value as Json};

const ADMIN: Actor = Actor::Admin { agent: None };

/// Queries by file and the change made to each, with the recall in the first three hits and the mean
/// reciprocal rank in the first ten that must be reached.
const FLOORS: [(&str, &str, Disturb, f64, f64); 7] = [
    ("plain", "queries.tsv", |q| Some(q.to_owned()), 0.9, 0.88),
    ("typo", "queries.tsv", typo, 0.9, 0.88),
    ("prefix", "queries.tsv", unfinished, 0.9, 0.88),
    ("layout", "queries.tsv", other_layout, 0.9, 0.86),
    (
        "word in the other layout",
        "queries.tsv",
        word_in_other_layout,
        0.9,
        0.88,
    ),
    ("yo", "queries.tsv", without_yo, 0.9, 0.88),
    ("forms", "forms.tsv", |q| Some(q.to_owned()), 0.9, 0.88),
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

/// Only the longest word in the other layout: half of a text is typed before its writer looks up.
fn word_in_other_layout(query: &str) -> Option<String> {
    let word = query.split(' ').max_by_key(|w| w.chars().count())?;
    Some(query.replace(word, &other_layout(word)?))
}

fn without_yo(query: &str) -> Option<String> {
    if query.contains('ё') {
        return Some(query.replace('ё', "е"));
    }
    query.contains('е').then(|| query.replace('е', "ё"))
}

struct Library {
    desk: std::sync::Arc<Desk>,
    /// The demo's articles by external id.
    ids: HashMap<String, Id>,
    /// What they say, in lower case.
    texts: HashMap<Id, String>,
}

fn library(root: &Path) -> Library {
    let desk = Desk::open(
        std::sync::Arc::new(MemoryStore::new()),
        DeskOptions::default(),
    )
    .unwrap();
    let (mut ids, mut texts) = (HashMap::new(), HashMap::new());
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
            texts.insert(id, text.to_lowercase());
            ids.insert(head["external_id"].as_str().unwrap().to_owned(), id);
        }
    }
    Library { desk, ids, texts }
}

impl Library {
    /// The first ten articles for a text.
    fn ask(&self, text: &str) -> Vec<Id> {
        let query = SearchQuery {
            text: text.to_owned(),
            kinds: vec![Kind::Article],
            limit: 10,
            at_least: Some(self.desk.pos()),
            ..SearchQuery::default()
        };
        let hits = self.desk.search(&ADMIN, &query).unwrap().hits;
        hits.iter().map(|hit| hit.record.id).collect()
    }
}

#[test]
fn articles_are_found_however_they_are_asked_for() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let library = library(root);
    let mut told = Vec::new();
    let mut fallen = false;
    for (name, file, disturb, least_recall, least_rank) in FLOORS {
        let queries = std::fs::read_to_string(root.join("tests/relevance").join(file)).unwrap();
        let (mut count, mut recall, mut rank) = (0.0, 0.0, 0.0);
        let mut missed = Vec::new();
        for line in queries.lines() {
            let (query, wanted) = line.split_once('\t').unwrap();
            let Some(text) = disturb(query) else { continue };
            let hits = library.ask(&text);
            let place = hits.iter().position(|hit| *hit == library.ids[wanted]);
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

#[test]
fn a_code_finds_the_articles_that_have_it_before_all_others() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let library = library(root);
    let codes = std::fs::read_to_string(root.join("tests/relevance/codes.txt")).unwrap();
    for code in codes.lines() {
        let sought = code.to_lowercase();
        let has = |text: &String| text.contains(&sought);
        let having = library.texts.iter().filter(|(_, text)| has(text));
        let having: std::collections::BTreeSet<Id> = having.map(|(id, _)| *id).collect();
        assert!(!having.is_empty(), "no article has {code}");
        let found = library.ask(code).into_iter().take(having.len()).collect();
        assert_eq!(having, found, "{code}");
    }
}
