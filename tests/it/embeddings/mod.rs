//! Articles in order by meaning, with a model that knows three things.

mod asked;
mod model;
#[cfg(feature = "server")]
mod over_http;

use std::sync::Arc;
use std::time::{Duration, Instant};

use opora::desk::{
    Actor, Command, Desk, DeskOptions, EmbeddingsHealth, IdSource, Request, SearchHits,
    SearchQuery, VirtualClock,
};
use opora::domain::{Id, Kind};
use opora::embeddings::EmbeddingsOptions;
use opora::store::{MemoryStore, Store};
use serde_json::{Value as Json, json};

use crate::support::{at, fields};
use model::Model;

/// Articles about nothing that the model knows, and all of them.
const OTHERS: usize = 10;
const FILLED: usize = OTHERS + 2;

/// A desk with a model.
struct Library {
    desk: Arc<Desk>,
    model: Arc<Model>,
}

impl Library {
    fn new() -> Self {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
        Self::on(&store, None, Model::new())
    }

    fn on(store: &Arc<dyn Store>, folder: Option<&std::path::Path>, model: Arc<Model>) -> Self {
        let embedder = Arc::clone(&model) as _;
        let options = DeskOptions {
            clock: Arc::new(VirtualClock::at(at("2026-03-02T09:00:00Z"))),
            ids: IdSource::seeded(5),
            search_dir: folder.map(std::path::Path::to_path_buf),
            embeddings: Some(EmbeddingsOptions {
                embedder,
                patience: Duration::from_secs(5),
            }),
            ..DeskOptions::default()
        };
        let desk = Desk::open(Arc::clone(store), options).unwrap();
        Self { desk, model }
    }

    fn run(&self, command: &Command) -> Id {
        let by = Request::by(Actor::Admin { agent: None });
        self.desk.run(&by, command).unwrap().id
    }

    fn article(&self, title: &str, body: &str, more: Json) -> Id {
        let mut all = fields(json!({"title": title, "body": body, "status": "published"}));
        all.extend(fields(more));
        self.run(&Command::Create {
            kind: Kind::Article,
            fields: all,
        })
    }

    fn update(&self, id: Id, json: Json) {
        self.run(&Command::Update {
            kind: Kind::Article,
            id,
            fields: fields(json),
        });
    }

    /// Articles about three things among others about none, all of which have the words of the
    /// questions. By words the first comes first.
    fn filled() -> (Self, [Id; 3]) {
        let library = Self::new();
        let ids = [
            library.article("Работа с утра", "Начало работы. Работа, работа.", json!({})),
            library.article(
                "Печать",
                "Картридж, тонер и бумага для работы с утра.",
                json!({}),
            ),
            library.article("Доступ", "Пароль и вход для работы с утра.", json!({})),
        ];
        for n in 1..OTHERS {
            let body = format!("Порядок {n} для работы с утра");
            library.article("Прочее", &body, json!({}));
        }
        library.caught_up(FILLED);
        (library, ids)
    }

    fn health(&self) -> EmbeddingsHealth {
        self.desk.health().unwrap().embeddings.unwrap()
    }

    /// Waits until so many articles have a vector and none waits for one.
    fn caught_up(&self, made: usize) {
        let pos = self.desk.pos();
        let reached = || {
            let health = self.desk.health().unwrap();
            let embeddings = health.embeddings.unwrap();
            health.indexed >= Some(pos) && (embeddings.made, embeddings.waiting) == (made, 0)
        };
        eventually(reached);
    }

    fn search(&self, actor: &Actor, query: SearchQuery) -> SearchHits {
        let query = SearchQuery {
            at_least: Some(self.desk.pos()),
            limit: 20,
            ..query
        };
        self.desk.search(actor, &query).unwrap()
    }

    fn found(&self, text: &str) -> (Vec<Id>, bool) {
        let found = self.search(&Actor::System, articles(text));
        let ids = found.hits.iter().map(|hit| hit.record.id).collect();
        (ids, found.by_meaning)
    }
}

fn articles(text: &str) -> SearchQuery {
    SearchQuery {
        text: text.to_owned(),
        kinds: vec![Kind::Article],
        ..SearchQuery::default()
    }
}

fn eventually(mut holds: impl FnMut() -> bool) {
    let until = Instant::now() + Duration::from_secs(30);
    while !holds() {
        assert!(Instant::now() < until, "it never held");
        std::thread::park_timeout(Duration::from_millis(20));
    }
}

#[test]
fn an_article_that_says_the_same_in_other_words_comes_first() {
    let (library, [work, print, access]) = Library::filled();
    assert_eq!(library.found("принтер для работы с утра").0[0], print);
    assert_eq!(library.found("учётная запись для работы").0[0], access);
    // Nothing that the model knows.
    assert_eq!(library.found("работа с утра").0[0], work);
}

#[test]
fn an_article_that_changes_gets_its_vector_anew_and_another_change_does_not() {
    let (library, [_, print, access]) = Library::filled();
    let asked = library.model.texts();
    library.update(access, json!({"external_id": "kb-3"}));
    library.update(print, json!({"body": "Пароль и вход для работы с утра."}));
    library.update(
        access,
        json!({"body": "Картридж, тонер и бумага для работы с утра."}),
    );
    let swapped = || library.found("принтер для работы").0.first() == Some(&access);
    eventually(swapped);
    library.caught_up(FILLED);
    assert!(
        library.model.texts() <= asked + 3,
        "only new texts are asked for"
    );
    let asked = library.model.texts();
    library.update(access, json!({"external_id": "kb-4"}));
    library.caught_up(FILLED);
    assert_eq!(library.model.texts(), asked);
}

#[test]
fn the_vector_of_an_article_that_is_gone_goes_too() {
    let (library, [_, print, _]) = Library::filled();
    library.run(&Command::Delete {
        kind: Kind::Article,
        id: print,
    });
    library.caught_up(FILLED - 1);
}

#[test]
fn vectors_outlive_the_desk_and_another_model_makes_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let open = |model| Library::on(&store, Some(folder.path()), model);
    let library = open(Model::new());
    library.article("Печать", "Картридж для работы.", json!({}));
    library.article("Доступ", "Пароль для работы.", json!({}));
    library.caught_up(2);
    drop(library);

    let library = open(Model::new());
    library.caught_up(2);
    assert_eq!(library.model.texts(), 0, "they were kept");
    assert!(library.found("принтер для работы").1);
    drop(library);

    let library = open(Model::named("another"));
    eventually(|| library.model.texts() == 2);
    library.caught_up(2);
}

#[test]
fn a_model_that_fails_leaves_the_order_of_words() {
    let (library, [work, _, _]) = Library::filled();
    library.model.break_down();
    let (found, by_meaning) = library.found("принтер с утра, работа");
    assert_eq!((found[0], by_meaning), (work, false));
    assert!(library.health().failing);
    // It is not asked again at once: searches would wait for nothing.
    let asked = library.model.queries();
    assert!(!library.found("учётная запись для работы").1);
    assert_eq!(library.model.queries(), asked);
}

#[test]
fn a_query_is_asked_for_once() {
    let (library, _) = Library::filled();
    for _ in 0..3 {
        assert!(library.found("принтер для работы").1);
    }
    assert_eq!(library.model.queries(), 1);
}
