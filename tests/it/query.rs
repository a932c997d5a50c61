//! The language of the search box and facets, on a desk with rights.

use std::collections::BTreeMap;
use std::sync::Arc;

use opora::desk::{
    Actor, Command, Desk, DeskOptions, Request, SearchHits, SearchQuery, Understood, VirtualClock,
};
use opora::domain::{Id, Kind, Record, Value};
use opora::packs::PackFiles;
use opora::store::{MemoryStore, Store};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use crate::support::{DEFINITIONS, MANIFEST, at, fields};

struct Library {
    desk: Arc<Desk>,
    customer: Actor,
    agent: Actor,
    names: BTreeMap<Id, &'static str>,
}

const ADMIN: Actor = Actor::Admin { agent: None };

impl Library {
    fn new(rule: Option<&str>) -> Self {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
        let options = DeskOptions {
            clock: Arc::new(VirtualClock::at(at("2026-03-02T09:00:00Z"))),
            ..DeskOptions::default()
        };
        let desk = Desk::open(store, options).unwrap();
        let mut files = vec![("pack.toml", MANIFEST.to_owned())];
        files.push(("definitions.toml", DEFINITIONS.to_owned()));
        if let Some(body) = rule {
            files[0].1 +=
                "\n[[rule]]\nname = \"sight\"\nhook = \"access.filter\"\nscript = \"rules.rhai\"\n";
            files.push(("rules.rhai", format!("fn sight(c) {{\n{body}\n}}")));
        }
        let files: Vec<(&str, &str)> = files.iter().map(|(n, t)| (*n, t.as_str())).collect();
        let mut library = Self {
            desk,
            customer: ADMIN,
            agent: ADMIN,
            names: BTreeMap::new(),
        };
        let files = PackFiles::from_texts(&files);
        library.run(&Command::InstallPack { files });
        library.fill();
        library
    }

    fn fill(&mut self) {
        let make = |library: &Self, kind, json| library.create(kind, json);
        let own = make(
            self,
            Kind::Account,
            json!({"title": "Ромашка", "code": "R1"}),
        );
        let other = make(self, Kind::Account, json!({"title": "Василёк"}));
        let asked = json!({"title": "Anna", "account": own.to_string()});
        let contact = make(self, Kind::Contact, asked);
        self.customer = Actor::Contact {
            contact,
            account: own,
        };
        let ivan = make(
            self,
            Kind::Agent,
            json!({"title": "Иванов Пётр", "code": "ivan"}),
        );
        self.agent = Actor::Agent { agent: Some(ivan) };
        let press = make(
            self,
            Kind::Product,
            json!({"title": "Press", "code": "PR-1"}),
        );
        let mut names = BTreeMap::new();
        let mut add = |name, kind, json| {
            names.insert(self.create(kind, json), name);
        };
        let article = |title: &str, more: Json| {
            let mut json = json!({"title": title, "body": "lamp body", "status": "published"});
            json.as_object_mut().unwrap().extend(fields(more));
            json
        };
        add(
            "ru",
            Kind::Article,
            article(
                "Лампа не горит",
                json!({"locale": "ru", "category": "Свет", "tags": ["lamp", "Дом"], "product": press.to_string()}),
            ),
        );
        add(
            "en",
            Kind::Article,
            article(
                "Lamp is dark",
                json!({"category": "light", "tags": ["lamp"]}),
            ),
        );
        add(
            "draft",
            Kind::Article,
            article(
                "Lamp draft",
                json!({"status": "draft", "category": "light"}),
            ),
        );
        add(
            "inner",
            Kind::Article,
            article(
                "Lamp inside",
                json!({"audience": "internal", "category": "secret"}),
            ),
        );
        let ticket = |account: Id, more: Json| {
            let mut json =
                json!({"type": "fault", "title": "lamp fault", "account": account.to_string()});
            json.as_object_mut().unwrap().extend(fields(more));
            json
        };
        add(
            "own",
            Kind::Ticket,
            ticket(
                own,
                json!({"assignee": ivan.to_string(), "priority": "high", "room": "east"}),
            ),
        );
        add(
            "free",
            Kind::Ticket,
            ticket(
                own,
                json!({"priority": "low", "products": [press.to_string()], "room": "west"}),
            ),
        );
        add(
            "other",
            Kind::Ticket,
            ticket(other, json!({"category": "light", "room": "east"})),
        );
        self.names = names;
    }

    fn run(&self, command: &Command) -> Id {
        self.desk.run(&Request::by(ADMIN), command).unwrap().id
    }

    fn create(&self, kind: Kind, json: Json) -> Id {
        self.run(&Command::Create {
            kind,
            fields: fields(json),
        })
    }

    fn search(&self, actor: &Actor, text: &str, facets: &[&str]) -> SearchHits {
        let query = SearchQuery {
            text: text.to_owned(),
            limit: 50,
            at_least: Some(self.desk.pos()),
            facets: facets.iter().map(|f| (*f).to_owned()).collect(),
            ..SearchQuery::default()
        };
        self.desk.search(actor, &query).unwrap()
    }

    /// Names of what is found, in the order of names, and what was understood.
    fn ask(&self, actor: &Actor, text: &str) -> (String, Vec<Understood>) {
        let found = self.search(actor, text, &[]);
        let mut names: Vec<_> = found
            .hits
            .iter()
            .map(|h| self.names[&h.record.id])
            .collect();
        names.sort_unstable();
        (names.join(" "), found.understood)
    }

    fn found(&self, actor: &Actor, text: &str) -> String {
        self.ask(actor, text).0
    }
}

#[test]
fn fields_are_read_by_their_codes_and_names() {
    let library = Library::new(None);
    let found = |text: &str| library.found(&library.agent, text);
    assert_eq!(found("lamp"), "draft en free inner other own ru");
    assert_eq!(found("lamp -title:лампа -draft"), "en free inner other own");
    assert_eq!(found("status:draft"), "draft");
    assert_eq!(found("статус:черновик"), "draft");
    assert_eq!(
        found("состояние:Черновик,опубликована kind:article"),
        "draft en inner ru"
    );
    assert_eq!(found("-status:published"), "draft free other own");
    assert_eq!(found("вид:статьи -status:published"), "draft");
    assert_eq!(found("assignee:me"), "own");
    assert_eq!(found("ответственный:иванов"), "own");
    assert_eq!(found("исполнитель:нет вид:заявки"), "free other");
    assert_eq!(found("assignee:ivan"), "own");
    assert_eq!(found("клиент:ромашка priority:High"), "own");
    assert_eq!(found("account:R1 приоритет:низкий"), "free");
    assert_eq!(found("tag:lamp"), "en ru");
    assert_eq!(found("метка:дом"), "ru");
    assert_eq!(found("category:LIGHT"), "draft en other");
    assert_eq!(found("рубрика:свет"), "ru");
    assert_eq!(found("locale:ru"), "ru");
    assert_eq!(found("product:PR-1"), "free ru");
    assert_eq!(found("продукт:press"), "free ru");
    assert_eq!(found("room:east"), "other own");
    assert_eq!(found("title:\"is dark\""), "en");
    assert_eq!(found("type:fault number:2..3"), "free other");
    assert_eq!(found("created:2026-03-02 kind:ticket"), "free other own");
    assert_eq!(found("created:>2026-03-02"), "");
    assert_eq!(found("обновлено:7д title:dark"), "en");
    assert_eq!(found("created:>7d"), "");
    assert_eq!(found("\"lamp is\" status:published"), "en");
    assert_eq!(found("audience:internal"), "inner");
}

#[test]
fn values_are_read_as_people_write_them() {
    let library = Library::new(None);
    let found = |text: &str| library.found(&library.agent, text);
    assert_eq!(found("created:02.03.2026 kind:ticket"), "free other own");
    assert_eq!(found("создано:03.03.2026"), "");
    assert_eq!(found("язык:русский"), "ru");
    assert_eq!(found("статус: черновик"), "draft");
    assert_eq!(found("status: draft lamp"), "draft");
    assert_eq!(found("клиент: «Ромашка»"), "free own");
    let (_, told) = library.ask(&library.agent, "тема: lamp");
    assert_eq!(told[0].what, "words", "a subject of a mail");
    let (_, told) = library.ask(&library.agent, "status: flying");
    assert_eq!(told[0].text, "status: flying");
    for (code, title, parent) in [("house", "House", None), ("light", "Light", Some("house"))] {
        let json =
            json!({"code": code, "title": title, "name_ru": format!("{title}ы"), "parent": parent});
        library.create(Kind::Category, json);
    }
    assert_eq!(found("категория:Houseы kind:article"), "draft en");
    assert_eq!(found("category:light kind:article"), "draft en");
    // Nobody is nobody's assignee, and an empty exclusion is none.
    assert_eq!(library.found(&ADMIN, "assignee:me"), "");
    assert_eq!(found("-\"\""), "");
    // A blank text restricts nothing.
    assert_eq!(found("  "), "draft en free inner other own ru");
}

#[test]
fn a_field_orders_what_is_found_page_by_page() {
    let library = Library::new(Some("c.mask(\"priority\");"));
    let page = |sort: &str, descending: bool, cursor: Option<String>| {
        let query = SearchQuery {
            text: "lamp kind:ticket".to_owned(),
            kinds: vec![Kind::Ticket],
            limit: 1,
            at_least: Some(library.desk.pos()),
            sort: Some((sort.to_owned(), descending)),
            cursor,
            explain: true,
            ..SearchQuery::default()
        };
        library.desk.search(&library.agent, &query)
    };
    let all = |sort: &str, descending: bool| {
        let (mut names, mut cursor) = (Vec::new(), None);
        loop {
            let found = page(sort, descending, cursor.take()).unwrap();
            for hit in &found.hits {
                let explained = hit.explained.as_ref().unwrap();
                assert!(0.0 < hit.score && 0.0 < explained.base, "{hit:?}");
                names.push(library.names[&hit.record.id]);
            }
            cursor = found.next;
            if cursor.is_none() {
                return names.join(" ");
            }
        }
    };
    assert_eq!(all("number", false), "own free other");
    assert_eq!(all("number", true), "other free own");
    assert_eq!(all("room", false), "own other free");
    // A cursor of one order is none of another, and what is hidden orders nothing.
    let next = page("number", false, None).unwrap().next;
    assert_eq!(page("number", true, next).unwrap_err().code, "bad_cursor");
    let faults = page("priority", false, None).unwrap_err().faults;
    assert_eq!(faults[0].code, "unknown_field");
    let mixed = |sort: &str| {
        let query = SearchQuery {
            text: "lamp".to_owned(),
            limit: 50,
            at_least: Some(library.desk.pos()),
            sort: Some((sort.to_owned(), true)),
            ..SearchQuery::default()
        };
        library.desk.search(&library.agent, &query)
    };
    assert_eq!(mixed("updated_at").unwrap().hits.len(), 7);
    assert!(mixed("room").is_err(), "articles have no room");
}

#[test]
fn what_was_understood_is_told() {
    let library = Library::new(None);
    let told = |text: &str| -> Vec<String> {
        let (_, understood) = library.ask(&library.agent, text);
        let show = |u: &Understood| {
            let not = if u.negated { "-" } else { "" };
            let field = u.field.as_deref().unwrap_or_default();
            format!("{not}{} {field}[{}]{}", u.what, u.values.join("|"), u.text)
        };
        understood.iter().map(show).collect()
    };
    assert_eq!(told("lamp  post"), ["words []lamp post"]);
    assert_eq!(
        told("lamp статус:черновик -dark \"a lamp\" foo:bar status:flying"),
        [
            "words []lamp foo:bar status:flying",
            "field status[draft]статус:черновик",
            "-word [dark]-dark",
            "phrase [a lamp]\"a lamp\"",
        ]
    );
    let pasted = "the lamp went out at a -low voltage of the mains";
    assert_eq!(told(pasted), [format!("words []{pasted}")]);
    assert_eq!(
        told("created:2026-01"),
        ["field created_at[2026-01-01T00:00:00Z..2026-02-01T00:00:00Z]created:2026-01"]
    );
    let (_, understood) = library.ask(&library.agent, "\"dark lamp\" lamp");
    assert!(understood.iter().any(|u| u.relaxed), "{understood:?}");
    let (found, understood) = library.ask(&library.agent, "\"lamp is\"");
    assert!(understood.iter().all(|u| !u.relaxed), "{understood:?}");
    assert_eq!(found, "en");
}

#[test]
fn a_customer_asks_within_what_it_may_see() {
    let library = Library::new(None);
    let found = |text: &str| library.found(&library.customer, text);
    assert_eq!(found("lamp"), "en free own ru");
    assert_eq!(found("status:draft"), "");
    assert_eq!(found("category:secret"), "");
    assert_eq!(found("-category:light lamp"), "free own ru");
    // Whom it may not list it cannot name by words either: that stays text.
    let (_, told) = library.ask(&library.customer, "assignee:иванов");
    assert_eq!(told[0].what, "words");
    // A field that rules hide is no field.
    let masked = Library::new(Some("c.mask(\"room\");"));
    let (found, told) = masked.ask(&masked.agent, "room:east");
    assert_eq!((found.as_str(), told[0].what), ("", "words"));
}

/// Counts by reading every record that the caller's own search gives.
fn counted(records: &[Record], names: &[&str]) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for record in records {
        for name in names {
            let values = match record.get(name) {
                Some(Value::List(items)) => items.clone(),
                Some(value) => vec![value.clone()],
                None => Vec::new(),
            };
            for value in values {
                let text = value.to_json().as_str().unwrap().to_owned();
                *counts.entry(text).or_insert(0) += 1;
            }
        }
    }
    counts
}

#[test]
fn facets_count_what_the_caller_may_read_and_no_more() {
    let rules = [
        None,
        Some("c.only(#{field: \"priority\", equals: \"high\"});"),
        Some("c.mask(\"priority\"); c.mask(\"assignee\");"),
    ];
    let wanted = [
        "type", "status", "category", "product", "locale", "audience", "assignee", "priority",
        "tags",
    ];
    for rule in rules {
        let library = Library::new(rule);
        for actor in [&ADMIN, &library.agent, &library.customer] {
            for text in [
                "lamp",
                "status:published",
                "lamp kind:ticket",
                "-category:light",
                "nothing",
            ] {
                let found = library.search(actor, text, &wanted);
                let records: Vec<Record> = found.hits.into_iter().map(|h| h.record).collect();
                for (facet, name) in found.facets.iter().zip(wanted) {
                    assert_eq!(facet.field, name);
                    let own = if name == "product" {
                        vec!["product", "products"]
                    } else {
                        vec![name]
                    };
                    let counts = facet.values.iter().map(|v| (v.value.clone(), v.count));
                    let counts: BTreeMap<String, u64> = counts.collect();
                    assert_eq!(counts, counted(&records, &own), "{name} {text} {actor:?}");
                }
            }
        }
    }
    let library = Library::new(None);
    let found = library.search(&library.agent, "lamp", &["status", "assignee"]);
    let named = |facet: usize, locale: &str| {
        let values = found.facets[facet].values.iter();
        let name = values.map(|v| v.names.get(locale).unwrap_or("?").to_owned());
        name.collect::<Vec<_>>()
    };
    assert!(named(0, "ru").contains(&"Черновик".to_owned()), "{found:?}");
    assert_eq!(named(1, "en"), ["Иванов Пётр"]);
    // A customer sees the id of who works on its ticket, and not the record behind it.
    let found = library.search(&library.customer, "lamp", &["assignee"]);
    assert_eq!(found.facets[0].values[0].names.get("en"), None);
}

#[test]
fn any_text_gives_an_answer() {
    let library = Library::new(None);
    let strange = "(?s)[-\"«»:.,/\\\\>< a-cа-в0-9]{0,40}|(status|тип|created|-title|kind|product|number|tag|foo):[-\"<>.,0-9a-zа-я ]{0,12}( lamp)?|\\PC{0,60}";
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(300));
    let ran = runner.run(&strange, |text| {
        for actor in [&library.agent, &library.customer] {
            let query = SearchQuery {
                text: text.clone(),
                limit: 5,
                facets: vec!["status".to_owned()],
                ..SearchQuery::default()
            };
            let answer = library.desk.search(actor, &query);
            prop_assert!(answer.is_ok(), "{:?}", answer);
        }
        Ok(())
    });
    ran.unwrap();
    let long = "\"lamp ".repeat(100_000);
    library.search(&library.agent, &long, &[]);
}
