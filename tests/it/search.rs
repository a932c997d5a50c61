//! Search and sorted lists over the journal.

use std::sync::Arc;

use opora::desk::{
    Actor, Command, Condition, Desk, DeskOptions, ListQuery, Request, SearchQuery, VirtualClock,
};
use opora::domain::entry::Visibility;
use opora::domain::{Id, Kind};
use opora::packs::PackFiles;
use opora::store::{MemoryStore, Pos, Store};
use serde_json::{Value as Json, json};

use crate::support::{DEFINITIONS, MANIFEST, at, fields};

struct Searching {
    desk: Arc<Desk>,
    store: Arc<dyn Store>,
}

fn open(store: &Arc<dyn Store>, dir: Option<&std::path::Path>) -> Arc<Desk> {
    let options = DeskOptions {
        clock: Arc::new(VirtualClock::at(at("2026-03-02T09:00:00Z"))),
        search_dir: dir.map(std::path::Path::to_path_buf),
        ..DeskOptions::default()
    };
    Desk::open(Arc::clone(store), options).unwrap()
}

fn searching(dir: Option<&std::path::Path>) -> Searching {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let desk = open(&store, dir);
    let files =
        PackFiles::from_texts(&[("pack.toml", MANIFEST), ("definitions.toml", DEFINITIONS)]);
    let searching = Searching { desk, store };
    searching.run(&Command::InstallPack { files });
    searching
}

impl Searching {
    fn run(&self, command: &Command) -> (Id, Pos) {
        let reply = self
            .desk
            .run(&Request::by(Actor::Admin { agent: None }), command)
            .unwrap();
        (reply.id, reply.pos)
    }

    fn create(&self, kind: Kind, json: Json) -> (Id, Pos) {
        self.run(&Command::Create {
            kind,
            fields: fields(json),
        })
    }

    fn find(&self, actor: &Actor, text: &str, at_least: Pos) -> Vec<(Id, String)> {
        let query = SearchQuery {
            text: text.to_owned(),
            limit: 10,
            at_least: Some(at_least),
            ..SearchQuery::default()
        };
        let hits = self.desk.search(actor, &query).unwrap().hits;
        hits.into_iter().map(|h| (h.record.id, h.snippet)).collect()
    }
}

#[test]
fn what_was_written_is_found_at_its_position_with_its_word_forms_marked() {
    let desk = searching(None);
    let (id, _) = desk.create(
        Kind::Article,
        json!({"title": "Замятие бумаги", "locale": "ru", "status": "published",
               "body": "Если принтер зажевал бумагу, откройте заднюю крышку."}),
    );
    let (_, pos) = desk.create(Kind::Article, json!({"title": "Other", "body": "nothing"}));
    let found = desk.find(&Actor::System, "бумага принтера", pos);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].0, id);
    assert!(found[0].1.contains("<mark>"), "{}", found[0].1);
}

#[test]
fn internal_words_are_found_by_agents_only() {
    let desk = searching(None);
    let (account, _) = desk.create(Kind::Account, json!({"title": "A"}));
    let (contact, _) = desk.create(
        Kind::Contact,
        json!({"title": "C", "account": account.to_string()}),
    );
    let customer = Actor::Contact { contact, account };
    let (id, _) = desk.create(
        Kind::Ticket,
        json!({"type": "fault", "title": "lamp", "account": account.to_string()}),
    );
    let comment = |visibility, text: &str| Command::Comment {
        kind: Kind::Ticket,
        id,
        visibility,
        text: text.to_owned(),
    };
    desk.run(&comment(Visibility::Public, "visible words"));
    let (_, pos) = desk.run(&comment(Visibility::Internal, "hidden words"));
    assert_eq!(desk.find(&Actor::System, "hidden", pos).len(), 1);
    assert_eq!(desk.find(&customer, "hidden", pos).len(), 0);
    assert_eq!(desk.find(&customer, "visible", pos).len(), 1);
    let stranger = Actor::Contact {
        contact: Id::MIN,
        account: Id::MIN,
    };
    assert_eq!(desk.find(&stranger, "visible", pos).len(), 0);
}

#[test]
fn lists_sort_by_a_packs_field_with_filters_and_pages() {
    let desk = searching(None);
    let mut pos = Pos::ZERO;
    for n in 0..30_i64 {
        let weight = n * 7 % 30;
        let room = if n % 2 == 0 { "east" } else { "west" };
        let asked = json!({"type": "fault", "title": "t", "room": room, "weight": weight});
        pos = desk.create(Kind::Ticket, asked).1;
    }
    let mut query = ListQuery::newest(Kind::Ticket, 4);
    query.filters = vec![
        ("room".to_owned(), Condition::In(vec!["east".to_owned()])),
        ("status".to_owned(), Condition::In(vec!["todo".to_owned()])),
        (
            "weight".to_owned(),
            Condition::Between(Some("3".to_owned()), None),
        ),
    ];
    query.sort = Some(("weight".to_owned(), true));
    query.at_least = Some(pos);
    let mut weights = Vec::new();
    loop {
        let page = desk.desk.list(&Actor::System, &query).unwrap();
        let weight = |r: &opora::domain::Record| r.get("plain/weight").unwrap().as_int().unwrap();
        weights.extend(page.items.iter().map(|p| weight(&p.record)));
        query.cursor = page.next;
        if query.cursor.is_none() {
            break;
        }
    }
    let mut expected: Vec<i64> = (0..30)
        .filter(|n| n % 2 == 0)
        .map(|n| n * 7 % 30)
        .filter(|w| *w >= 3)
        .collect();
    expected.sort_unstable_by(|a, b| b.cmp(a));
    assert_eq!(weights, expected);
}

/// What is created in one instant comes in one order, whoever answers: the store or the index.
#[test]
fn a_list_has_the_same_pages_from_the_store_and_from_the_index() {
    let desk = searching(None);
    let mut pos = Pos::ZERO;
    for n in 0..23 {
        let asked = json!({"type": "fault", "title": n.to_string()});
        pos = desk.create(Kind::Ticket, asked).1;
    }
    let pages = |query: &ListQuery| {
        let mut query = query.clone();
        let mut pages: Vec<Vec<Id>> = Vec::new();
        loop {
            let page = desk.desk.list(&Actor::System, &query).unwrap();
            pages.push(page.items.iter().map(|item| item.record.id).collect());
            query.cursor = page.next;
            if query.cursor.is_none() {
                return pages;
            }
        }
    };
    let stored = ListQuery {
        at_least: Some(pos),
        ..ListQuery::newest(Kind::Ticket, 5)
    };
    let since = Condition::Between(Some("2026-03-01".to_owned()), None);
    let filtered = ListQuery {
        filters: vec![("created_at".to_owned(), since)],
        ..stored.clone()
    };
    let sorted = |descending| ListQuery {
        sort: Some(("created_at".to_owned(), descending)),
        ..stored.clone()
    };
    let newest = pages(&stored);
    assert_eq!(
        newest.iter().map(Vec::len).collect::<Vec<_>>(),
        [5, 5, 5, 5, 3]
    );
    assert_eq!(pages(&filtered), newest);
    assert_eq!(pages(&sorted(true)), newest);
    let mut oldest = newest.concat();
    oldest.reverse();
    assert_eq!(pages(&sorted(false)).concat(), oldest);
}

#[test]
fn a_lost_index_folder_is_built_again_from_the_store() {
    let dir = tempfile::tempdir().unwrap();
    let first = searching(Some(dir.path()));
    let (id, pos) = first.create(Kind::Article, json!({"title": "Кофемашина", "body": "b"}));
    assert_eq!(first.find(&Actor::System, "кофемашины", pos).len(), 1);
    let Searching { desk, store } = first;
    drop(desk);
    std::fs::remove_dir_all(dir.path()).unwrap();
    let again = Searching {
        desk: open(&store, Some(dir.path())),
        store,
    };
    assert_eq!(again.find(&Actor::System, "кофемашина", pos)[0].0, id);
}
