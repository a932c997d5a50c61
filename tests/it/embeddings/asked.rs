//! Where meaning counts, and where it does not.

use opora::desk::{Actor, LikeQuery, SearchQuery};
use opora::domain::Kind;
use serde_json::json;

use super::{FILLED, Library, articles};

const CUSTOMER: Actor = Actor::Contact {
    contact: opora::domain::Id::MIN,
    account: opora::domain::Id::MIN,
};

#[test]
fn a_ticket_is_suggested_the_article_that_means_its_trouble() {
    let (library, [_, print, _]) = Library::filled();
    let query = LikeQuery {
        title: "Принтер".to_owned(),
        text: "Нужен с утра для работы".to_owned(),
        limit: 5,
        at_least: Some(library.desk.pos()),
        ..LikeQuery::default()
    };
    let found = library.desk.suggestions(&Actor::System, &query).unwrap();
    let first = &found.articles[0];
    assert_eq!(first.record.id, print);
    assert!(first.why.similarity.unwrap() > 0.9, "{:?}", first.why);
}

#[test]
fn it_is_told_what_meaning_gave() {
    let (library, [_, print, _]) = Library::filled();
    let query = SearchQuery {
        explain: true,
        ..articles("принтер для работы с утра")
    };
    let found = library.search(&Actor::System, query);
    let hit = &found.hits[0];
    assert_eq!(hit.record.id, print);
    let of = hit.explained.as_ref().unwrap();
    let meaning = of.meaning.unwrap();
    assert!(meaning.gave > 0.0 && meaning.similarity > 0.9, "{of:?}");
    assert!((hit.score - (of.base * of.factor + meaning.gave)).abs() < 1e-4);
}

#[test]
fn a_customer_is_found_no_more_than_without() {
    let (library, [_, print, _]) = Library::filled();
    let body = "Принтер: пароль мастера для работы с утра";
    let secret = library.article("Картридж", body, json!({"status": "draft"}));
    library.caught_up(FILLED + 1);
    let found = library.search(&CUSTOMER, articles("принтер для работы с утра"));
    assert!(found.by_meaning);
    let ids: Vec<_> = found.hits.iter().map(|hit| hit.record.id).collect();
    assert_eq!(ids[0], print);
    assert_eq!(ids.len(), FILLED);
    assert!(!ids.contains(&secret));
}

#[test]
fn codes_phrases_single_words_and_other_kinds_are_not_asked_about() {
    let (library, _) = Library::filled();
    let others = [
        articles("работы"),
        articles("ошибка 0x80070005 для работы"),
        articles("\"для работы\" утра"),
        articles("принтер для работы -бумага"),
        SearchQuery {
            kinds: vec![Kind::Article, Kind::Ticket],
            ..articles("принтер для работы")
        },
    ];
    for query in others {
        let text = query.text.clone();
        assert!(!library.search(&Actor::System, query).by_meaning, "{text}");
    }
    assert_eq!(library.model.queries(), 0);
}
