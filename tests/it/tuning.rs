//! What administrators say to the search: synonyms, stop words and pinned articles, at once.

use std::sync::Arc;

use opora::desk::{
    Actor, Command, Condition, Desk, DeskOptions, Error, Request, SearchHits, SearchQuery,
    SuggestQuery, TuningChange, VirtualClock,
};
use opora::domain::{Id, Kind};
use opora::store::{MemoryStore, Pos};
use serde_json::{Value as Json, json};

use crate::support::{at, fields};

const ADMIN: Actor = Actor::Admin { agent: None };
const CUSTOMER: Actor = Actor::Contact {
    contact: Id::MIN,
    account: Id::MIN,
};

struct Library {
    desk: Arc<Desk>,
    clock: Arc<VirtualClock>,
}

impl Library {
    fn new() -> Self {
        let clock = Arc::new(VirtualClock::at(at("2026-03-02T09:00:00Z")));
        let options = DeskOptions {
            clock: Arc::clone(&clock) as _,
            ..DeskOptions::default()
        };
        let desk = Desk::open(Arc::new(MemoryStore::new()), options).unwrap();
        Self { desk, clock }
    }

    fn run(&self, command: &Command) -> Result<Id, Error> {
        let reply = self.desk.run(&Request::by(ADMIN), command)?;
        Ok(reply.id)
    }

    fn article(&self, title: &str, body: &str, more: Json) -> Id {
        let mut all = fields(json!({"title": title, "body": body, "status": "published"}));
        all.extend(fields(more));
        let create = Command::Create {
            kind: Kind::Article,
            fields: all,
        };
        self.run(&create).unwrap()
    }

    fn tune(&self, change: TuningChange) -> Result<Id, Error> {
        self.run(&Command::TuneSearch { change })
    }

    fn synonyms(&self, locale: Option<&str>, words: &[&str], means: &[&str]) -> Id {
        let change = TuningChange::SaveSynonyms {
            id: None,
            locale: locale.map(str::to_owned),
            words: owned(words),
            means: owned(means),
        };
        self.tune(change).unwrap()
    }

    fn pin(&self, queries: &[&str], articles: &[Id], days: (Option<&str>, Option<&str>)) -> Id {
        let day = |text: Option<&str>| text.map(|t| t.parse().unwrap());
        let change = TuningChange::SavePin {
            id: None,
            locale: None,
            queries: owned(queries),
            articles: articles.to_vec(),
            days: (day(days.0), day(days.1)),
        };
        self.tune(change).unwrap()
    }

    fn search(&self, query: SearchQuery) -> SearchHits {
        self.by(&ADMIN, query)
    }

    fn by(&self, actor: &Actor, query: SearchQuery) -> SearchHits {
        let query = SearchQuery {
            at_least: Some(self.desk.pos()),
            ..query
        };
        self.desk.search(actor, &query).unwrap()
    }

    fn found(&self, text: &str) -> Vec<Id> {
        ids(&self.search(ask(text)))
    }

    /// How the best hit was found.
    fn how(&self, text: &str) -> Vec<(String, &'static str, String)> {
        let hits = self.search(ask(text)).hits;
        let matches = hits.into_iter().next().unwrap().matches.into_iter();
        matches.map(|m| (m.word, m.how, m.found)).collect()
    }
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|t| (*t).to_owned()).collect()
}

fn ask(text: &str) -> SearchQuery {
    SearchQuery {
        text: text.to_owned(),
        limit: 10,
        ..SearchQuery::default()
    }
}

fn ids(found: &SearchHits) -> Vec<Id> {
    found.hits.iter().map(|hit| hit.record.id).collect()
}

#[test]
fn synonyms_of_several_words_and_in_any_form() {
    let library = Library::new();
    let device = library.article(
        "Сканирование",
        "На многофункциональном устройстве откройте крышку.",
        json!({}),
    );
    let other = library.article("Прочее", "Любое устройство в офисе.", json!({}));
    let mail = library.article("Mailboxes", "Set up your email here.", json!({}));
    assert!(library.found("мфу").is_empty());
    let set = library.synonyms(None, &["МФУ", "многофункциональное устройство"], &[]);
    library.synonyms(None, &["электронная почта"], &["email"]);

    // All words of the synonym are needed, in any form; the hit says what it was found by.
    assert_eq!(library.found("мфу"), [device]);
    let told = library.how("мфу");
    let found = "многофункциональном устройстве".to_owned();
    assert_eq!(told, [("мфу".to_owned(), "synonym", found)]);
    let snippet = library.search(ask("мфу")).hits[0].snippet.clone();
    assert!(snippet.contains("<mark>устройстве</mark>"), "{snippet}");
    // Several words that stand for one, in another form; what only has one of them has less.
    assert_eq!(library.found("настройка электронной почты"), [mail]);
    let told = library.how("электронной почтой");
    assert_eq!(
        told,
        [
            ("электронной".to_owned(), "synonym", "email".to_owned()),
            ("почтой".to_owned(), "synonym", "email".to_owned()),
        ]
    );
    // One way only.
    assert_eq!(library.found("email"), [mail]);
    library.article("Почта", "Электронная почта работает.", json!({}));
    assert_eq!(library.found("email"), [mail]);
    // What has the word itself comes first, and without the synonyms all is as before.
    let own = library.article("МФУ", "Руководство к МФУ.", json!({}));
    assert_eq!(library.found("мфу"), [own, device]);
    assert_eq!(library.found("устройство").len(), 2);
    let suggest = SuggestQuery {
        text: "мфу".to_owned(),
        limit: 5,
        ..SuggestQuery::default()
    };
    library.article("Многофункциональное устройство", "x", json!({}));
    let suggest = SuggestQuery {
        at_least: Some(library.desk.pos()),
        ..suggest
    };
    let titles = library.desk.suggest(&ADMIN, &suggest).unwrap().titles;
    assert_eq!(titles.len(), 2);
    library
        .tune(TuningChange::DeleteSynonyms { id: set })
        .unwrap();
    assert_eq!(library.found("мфу"), [own]);
    let _ = other;
}

#[test]
fn synonyms_of_a_language_hold_for_queries_that_may_be_in_it() {
    let library = Library::new();
    let chips = library.article("Fries", "Fries are ready.", json!({"locale": "en"}));
    library.synonyms(Some("en"), &["chip"], &["fries"]);
    assert_eq!(library.found("chips"), [chips]);
    let of = |locale: &str| {
        let filter = ("locale".to_owned(), Condition::In(vec![locale.to_owned()]));
        let query = SearchQuery {
            kinds: vec![Kind::Article],
            filters: vec![filter],
            ..ask("chips")
        };
        ids(&library.search(query))
    };
    assert_eq!(of("en"), [chips]);
    assert_eq!(library.found("chips locale:en"), [chips]);
    library.synonyms(Some("ru"), &["crisp"], &["fries"]);
    assert!(library.found("crisp locale:en").is_empty());
    assert_eq!(library.found("crisp"), [chips]);
}

#[test]
fn stop_words_say_nothing_unless_there_are_no_others() {
    let library = Library::new();
    let printer = library.article("Принтер", "Печать документов.", json!({}));
    let how = library.article("Как как как", "Как это делается?", json!({}));
    assert_eq!(library.found("как принтер").len(), 2);
    let stop = |words: &[&str]| TuningChange::SetStopWords {
        locale: "ru".to_owned(),
        words: owned(words),
    };
    library.tune(stop(&["как", "это"])).unwrap();
    assert_eq!(library.found("как принтер"), [printer]);
    assert_eq!(library.found("Как"), [how]);
    assert_eq!(library.found("как это"), [how]);
    assert_eq!(library.found("\"это делается\" принтер"), [how]);
    library.tune(stop(&[])).unwrap();
    assert!(library.desk.stop_words(&ADMIN).unwrap().is_empty());
    assert_eq!(library.found("как принтер").len(), 2);
}

#[test]
fn pinned_articles_come_first_for_those_who_may_read_them() {
    let library = Library::new();
    let near: Vec<Id> = (0..5)
        .map(|n| {
            library.article(
                &format!("Пароль {n}"),
                "Сменить пароль.",
                json!({"locale": "ru"}),
            )
        })
        .collect();
    let vpn = library.article("Доступ", "Через VPN.", json!({"locale": "ru"}));
    let secret = library.article("Секрет", "x", json!({"audience": "internal"}));
    library.pin(
        &["сменить пароль", "forgot password"],
        &[secret, vpn, near[3]],
        (None, None),
    );

    let found = library.search(ask("Пароли сменить"));
    assert_eq!(ids(&found)[..3], [secret, vpn, near[3]]);
    assert_eq!(found.hits.len(), 7, "none comes twice");
    let pinned: Vec<bool> = found.hits.iter().map(|hit| hit.pinned).collect();
    assert_eq!(pinned, [true, true, true, false, false, false, false]);
    // What its words found is told of a pinned one, too.
    assert!(found.hits[2].snippet.contains("<mark>"));
    assert_eq!(library.found("forgot password"), [secret, vpn, near[3]]);
    assert_eq!(library.found("пароль").len(), 5, "another query");
    // A customer finds what it may read, and a filter holds for pins as well.
    let customer = library.by(&CUSTOMER, ask("сменить пароль"));
    assert_eq!(ids(&customer)[..2], [vpn, near[3]]);
    assert_eq!(library.found("сменить пароль locale:ru")[0], vpn);
    assert_eq!(customer.hits.len(), 6);

    // Page by page it is the same list, whatever the limit.
    let whole = ids(&found);
    for limit in 1..=4 {
        let mut pages = Vec::new();
        let mut cursor = None;
        loop {
            let query = SearchQuery {
                limit,
                cursor,
                ..ask("Пароли сменить")
            };
            let page = library.search(query);
            assert!(page.hits.len() <= limit);
            pages.extend(ids(&page));
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(pages, whole, "by {limit}");
    }
}

#[test]
fn pins_hold_on_their_days() {
    let library = Library::new();
    let sale = library.article("Распродажа", "x", json!({}));
    let days = (Some("2026-03-03"), Some("2026-03-04"));
    let pin = library.pin(&["цены"], &[sale], days);
    for (day, holds) in [("02", false), ("03", true), ("04", true), ("05", false)] {
        library
            .clock
            .advance_to(at(&format!("2026-03-{day}T23:30:00Z")));
        assert_eq!(!library.found("цена").is_empty(), holds, "{day}");
    }
    library.tune(TuningChange::DeletePin { id: pin }).unwrap();
    assert!(library.desk.pins(&ADMIN).unwrap().is_empty());
}

#[test]
fn what_cannot_be_is_refused_and_nothing_is_kept() {
    let library = Library::new();
    let article = library.article("A", "b", json!({}));
    let synonyms =
        |words: &[&str], means: &[&str], locale: Option<&str>| TuningChange::SaveSynonyms {
            id: None,
            locale: locale.map(str::to_owned),
            words: owned(words),
            means: owned(means),
        };
    let pin = |queries: &[&str], articles: &[Id]| TuningChange::SavePin {
        id: None,
        locale: None,
        queries: owned(queries),
        articles: articles.to_vec(),
        days: (None, None),
    };
    let long = "x".repeat(101);
    let many: Vec<String> = (0..21).map(|n| format!("w{n}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let backwards = TuningChange::SavePin {
        id: None,
        locale: None,
        queries: owned(&["a"]),
        articles: vec![article],
        days: (
            Some("2026-03-03".parse().unwrap()),
            Some("2026-03-02".parse().unwrap()),
        ),
    };
    let stop = |locale: &str, word: &str| TuningChange::SetStopWords {
        locale: locale.to_owned(),
        words: owned(&[word]),
    };
    let wrong = [
        synonyms(&["alone"], &[], None),
        synonyms(&["Same", "same"], &[], None),
        synonyms(&[], &["a", "b"], None),
        synonyms(&["a", "?!"], &[], None),
        synonyms(&["a", &long], &[], None),
        synonyms(&many, &[], None),
        synonyms(&["a", "b"], &[], Some("русский")),
        stop("ru", "two words"),
        stop("", "a"),
        pin(&["a"], &[]),
        pin(&[], &[article]),
        pin(&["a"], &[Id::MIN]),
        backwards,
    ];
    for change in wrong {
        let told = format!("{change:?}");
        let error = library.tune(change).unwrap_err();
        assert_eq!(error.code, "invalid", "{told}");
    }
    let gone = library
        .tune(TuningChange::DeletePin { id: Id::MIN })
        .unwrap_err();
    assert_eq!(gone.code, "not_found");
    let request = Request::by(Actor::Agent { agent: None });
    let command = Command::TuneSearch {
        change: pin(&["a"], &[article]),
    };
    assert_eq!(
        library.desk.run(&request, &command).unwrap_err().code,
        "forbidden"
    );
    assert!(library.desk.synonyms(&ADMIN).unwrap().is_empty());
    assert!(library.desk.pins(&ADMIN).unwrap().is_empty());
    assert!(library.desk.pins(&CUSTOMER).is_err());
    assert!(Pos::ZERO < library.desk.pos());
}
