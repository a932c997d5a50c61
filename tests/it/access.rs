//! What agents and customers may see when rules say so: on every way to a record.

use std::sync::Arc;

use opora::desk::{
    Actor, Command, Condition, Desk, DeskOptions, ErrorKind, ListQuery, Request, SearchQuery,
};
use opora::domain::entry::Visibility;
use opora::domain::{Id, Kind};
use opora::packs::PackFiles;
use opora::store::{MemoryStore, Pos, Store};
use serde_json::{Value as Json, json};

use crate::support::{DEFINITIONS, MANIFEST, fields};

/// A desk with search, whose pack says by the body of a rule what may be seen.
struct Guarded {
    desk: Arc<Desk>,
}

impl Guarded {
    fn new(body: &str) -> Self {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
        let desk = Desk::open(store, DeskOptions::default()).unwrap();
        let guarded = Self { desk };
        guarded.rule(body);
        guarded
    }

    fn rule(&self, body: &str) {
        let manifest = format!(
            "{MANIFEST}\n[[rule]]\nname = \"sight\"\nhook = \"access.filter\"\nscript = \"rules.rhai\"\n"
        );
        let rules = format!("fn sight(c) {{\n{body}\n}}");
        self.admin(&Command::InstallPack {
            files: PackFiles::from_texts(&[
                ("pack.toml", &manifest),
                ("definitions.toml", DEFINITIONS),
                ("rules.rhai", &rules),
            ]),
        });
    }

    fn admin(&self, command: &Command) -> (Id, Pos) {
        let request = Request::by(Actor::Admin { agent: None });
        let reply = self.desk.run(&request, command).unwrap();
        (reply.id, reply.pos)
    }

    fn create(&self, kind: Kind, json: Json) -> Id {
        self.admin(&Command::Create {
            kind,
            fields: fields(json),
        })
        .0
    }

    fn agent(&self, code: &str, team: &str) -> Actor {
        self.create(Kind::Team, json!({"code": team, "title": team}));
        let agent = json!({"code": code, "title": code, "team": team});
        Actor::Agent {
            agent: Some(self.create(Kind::Agent, agent)),
        }
    }

    fn ticket(&self, room: &str, weight: i64) -> Id {
        let asked = json!({"type": "fault", "title": "lamp", "room": room, "weight": weight});
        self.create(Kind::Ticket, asked)
    }

    fn listed(&self, actor: &Actor, sort: Option<(String, bool)>) -> Vec<Id> {
        let query = ListQuery {
            sort,
            at_least: Some(self.desk.pos()),
            ..ListQuery::newest(Kind::Ticket, 200)
        };
        let items = self.desk.list(actor, &query).unwrap().items;
        let mut ids: Vec<Id> = items.into_iter().map(|p| p.record.id).collect();
        ids.sort_unstable();
        ids
    }

    fn found(&self, actor: &Actor, text: &str) -> Vec<(Id, String)> {
        let query = SearchQuery {
            text: text.to_owned(),
            limit: 50,
            at_least: Some(self.desk.pos()),
            ..SearchQuery::default()
        };
        let hits = self.desk.search(actor, &query).unwrap().hits;
        hits.into_iter().map(|h| (h.record.id, h.snippet)).collect()
    }
}

const OWN_ROOM: &str = "c.only(#{field: \"room\", equals: c.record.code});";

#[test]
fn a_record_that_no_rule_lets_through_is_absent_on_every_way() {
    let desk = Guarded::new(OWN_ROOM);
    let east = desk.agent("east", "t1");
    let (own, foreign) = (desk.ticket("east", 1), desk.ticket("west", 2));
    let note = Command::Comment {
        kind: Kind::Ticket,
        id: foreign,
        visibility: Visibility::Internal,
        text: "whisper".to_owned(),
    };
    let (_, pos) = desk.admin(&note);

    assert!(desk.desk.record(&east, Kind::Ticket, own, None).is_ok());
    let kinds = [
        desk.desk
            .record(&east, Kind::Ticket, foreign, None)
            .map(drop),
        desk.desk.form(&east, Kind::Ticket, foreign).map(drop),
        desk.desk
            .history(&east, Kind::Ticket, foreign, None, 10)
            .map(drop),
        desk.desk
            .entries(&east, Kind::Ticket, foreign, None, 10)
            .map(drop),
        desk.desk.clocks(&east, foreign).map(drop),
        desk.desk.run(&Request::by(east.clone()), &note).map(drop),
        desk.desk
            .run(
                &Request::by(east.clone()),
                &Command::Link {
                    kind: Kind::Ticket,
                    id: foreign,
                    relation: "related".to_owned(),
                    to_kind: Kind::Ticket,
                    to: own,
                },
            )
            .map(drop),
    ];
    for (n, result) in kinds.into_iter().enumerate() {
        assert_eq!(result.unwrap_err().kind, ErrorKind::NotFound, "way {n}");
    }
    assert_eq!(desk.listed(&east, None), [own]);
    assert_eq!(
        desk.listed(&east, Some(("weight".to_owned(), false))),
        [own]
    );
    assert_eq!(desk.found(&east, "lamp").len(), 1);
    assert!(desk.found(&east, "whisper").is_empty());
    let events = desk.desk.events(&east, Pos(pos.0 - 1), 10).unwrap();
    assert!(
        events
            .iter()
            .all(|e| e.records.is_empty() && e.entries.is_empty()),
        "{events:?}"
    );

    let admin = Actor::Admin { agent: None };
    assert_eq!(desk.listed(&admin, None).len(), 2);
    assert_eq!(desk.found(&admin, "whisper").len(), 1);
}

#[test]
fn a_masked_field_is_no_field() {
    let desk = Guarded::new("c.mask(\"weight\"); c.mask(\"room\");");
    let agent = desk.agent("east", "t1");
    let id = desk.ticket("damp cellar", 77);
    let change = Command::Update {
        kind: Kind::Ticket,
        id,
        fields: fields(json!({"weight": 78})),
    };
    let (_, pos) = desk.admin(&change);

    let shown = desk
        .desk
        .record(&agent, Kind::Ticket, id, None)
        .unwrap()
        .record;
    assert!(shown.get("plain/weight").is_none() && shown.get("plain/room").is_none());
    assert!(shown.get("title").is_some());
    let form = desk.desk.form(&agent, Kind::Ticket, id).unwrap();
    assert!(
        form.fields
            .iter()
            .all(|f| !f.def.code.starts_with("plain/"))
    );
    let history = desk
        .desk
        .history(&agent, Kind::Ticket, id, None, 10)
        .unwrap();
    let told = format!("{history:?}");
    assert!(
        !told.contains("plain/weight") && !told.contains("cellar"),
        "{told}"
    );
    let events = desk.desk.events(&agent, Pos(pos.0 - 1), 10).unwrap();
    assert!(!format!("{events:?}").contains("weight"), "{events:?}");

    let asked = |name: &str| ListQuery {
        filters: vec![(name.to_owned(), Condition::In(vec!["78".to_owned()]))],
        ..ListQuery::newest(Kind::Ticket, 10)
    };
    for name in ["weight", "plain/weight"] {
        let error = desk.desk.list(&agent, &asked(name)).unwrap_err();
        assert_eq!(error.faults[0].code, "unknown_field", "{name}");
    }
    let sorted = ListQuery {
        sort: Some(("weight".to_owned(), false)),
        ..ListQuery::newest(Kind::Ticket, 10)
    };
    assert_eq!(
        desk.desk.list(&agent, &sorted).unwrap_err().kind,
        ErrorKind::Invalid
    );
    let error = desk
        .desk
        .run(&Request::by(agent.clone()), &change)
        .unwrap_err();
    assert_eq!(error.faults[0].code, "unknown_field");

    assert_eq!(desk.found(&Actor::Admin { agent: None }, "cellar").len(), 1);
    assert!(desk.found(&agent, "cellar").is_empty());
    let (_, snippet) = desk.found(&agent, "lamp").remove(0);
    assert!(!snippet.contains("cellar"), "{snippet}");
}

#[test]
fn a_masked_description_is_not_searched_and_not_in_snippets() {
    let desk = Guarded::new("c.mask(\"description\");");
    let agent = desk.agent("east", "t1");
    let asked = json!({"type": "fault", "title": "lamp", "description": "lamp at the vault"});
    desk.create(Kind::Ticket, asked);
    assert!(desk.found(&agent, "vault").is_empty());
    let found = desk.found(&agent, "lamp");
    assert_eq!(found.len(), 1);
    assert!(!found[0].1.contains("vault"), "{}", found[0].1);
    assert_eq!(desk.found(&Actor::Admin { agent: None }, "vault").len(), 1);
}

#[test]
fn a_rule_that_breaks_lets_nothing_through_and_keeps_its_words_to_itself() {
    for body in [
        "throw \"secret\";",
        "loop {}",
        "c.only(#{field: \"weight\".sub_string(0), equals: 1});",
        "c.only(#{field: \"nothing\".sub_string(0), equals: 1});",
        "c.only(#{field: \"number\", equals: \"many\"});",
        "c.mask(\"nothing\".sub_string(0));",
    ] {
        let desk = Guarded::new(body);
        let agent = desk.agent("east", "t1");
        let id = desk.ticket("east", 1);
        let error = desk
            .desk
            .record(&agent, Kind::Ticket, id, None)
            .unwrap_err();
        assert_eq!(
            (error.kind, error.code),
            (ErrorKind::Forbidden, "access_unknown"),
            "{body}"
        );
        assert!(!error.message.contains("secret"));
        let query = ListQuery::newest(Kind::Ticket, 10);
        assert_eq!(
            desk.desk.list(&agent, &query).unwrap_err().code,
            "access_unknown"
        );
        let admin = Actor::Admin { agent: None };
        assert!(desk.desk.record(&admin, Kind::Ticket, id, None).is_ok());
        let steps = desk.desk.hooks().unwrap().into_iter();
        let rule = steps.filter_map(|s| s.rule).next().unwrap();
        assert_eq!((rule.calls, rule.failures), (2, 2), "{body}");
        let failing = desk.desk.health().unwrap().failing_rules;
        assert_eq!(failing[0].rule, "plain/sight", "{body}");
        assert!(failing[0].message.contains("rules.rhai") || failing[0].message.contains("sight:"));
    }
}

#[test]
fn reads_are_counted_and_a_rule_that_breaks_while_reading_is_suspended_for_good() {
    let desk = Guarded::new("c.only(#{field: \"room\", equals: \"east\"});");
    let ticket = desk.ticket("east", 1);
    let agents: Vec<Actor> = (0..3)
        .map(|n| desk.agent(&format!("a{n}"), &format!("t{n}")))
        .collect();
    let state = || {
        let steps = desk.desk.hooks().unwrap().into_iter();
        steps.filter_map(|s| s.rule).next().unwrap()
    };
    assert_eq!((state().calls, state().last_verdict), (0, None));
    let read = |agent: &Actor| desk.desk.record(agent, Kind::Ticket, ticket, None);
    read(&agents[0]).unwrap();
    let seen = state();
    assert_eq!((seen.calls, seen.last_verdict), (1, Some("decided")));
    assert!(0 < seen.most_used && seen.most_used < seen.budget);

    desk.rule("throw \"no\";");
    for agent in &agents {
        assert_eq!(read(agent).unwrap_err().code, "access_unknown");
    }
    let seen = state();
    assert_eq!((seen.calls, seen.failures, seen.suspended), (3, 3, true));
    assert_eq!(seen.last_verdict, Some("failed"));
    // Nobody wrote anything since; the thread of timers writes it down.
    let suspended = || {
        let events = desk.desk.events(&Actor::System, Pos::ZERO, 1_000).unwrap();
        events
            .iter()
            .filter(|e| e.command == "suspend_rule")
            .count()
    };
    assert_eq!(suspended(), 0);
    desk.desk.fire_due(10).unwrap();
    assert_eq!(suspended(), 1);
}

#[test]
fn a_rule_may_be_for_a_role() {
    let desk = Guarded::new("");
    let manifest = |when: &str| {
        format!(
            "{MANIFEST}\n[[rule]]\nname = \"sight\"\nhook = \"access.filter\"\n\
             script = \"rules.rhai\"\nwhen = [{when}]\n"
        )
    };
    let install = |when: &str| {
        let manifest = manifest(when);
        let files = PackFiles::from_texts(&[
            ("pack.toml", &manifest),
            ("definitions.toml", DEFINITIONS),
            (
                "rules.rhai",
                "fn sight(c) { c.only(#{field: \"room\", equals: \"east\"}); }",
            ),
        ]);
        let request = Request::by(Actor::Admin { agent: None });
        desk.desk.run(&request, &Command::InstallPack { files })
    };
    let agent = desk.agent("a", "t");
    let ticket = desk.ticket("west", 1);
    let sees = || desk.desk.record(&agent, Kind::Ticket, ticket, None).is_ok();
    install("{ field = \"$actor_role\", is = \"contact\" }").unwrap();
    assert!(sees());
    install("{ field = \"$actor_role\", is = \"agent\" }").unwrap();
    assert!(!sees());
    let error = install("{ field = \"team\", is_set = true }").unwrap_err();
    assert!(error.message.contains("`$actor_role` only"), "{error}");
}

#[test]
fn a_rule_binds_the_records_of_its_own_types_only() {
    let desk = Guarded::new(OWN_ROOM);
    let agent = desk.agent("east", "t1");
    let other = MANIFEST.replace("\"plain\"", "\"other\"");
    desk.admin(&Command::InstallPack {
        files: PackFiles::from_texts(&[("pack.toml", &other), ("definitions.toml", DEFINITIONS)]),
    });
    desk.ticket_of("plain/fault", "west");
    let free = desk.ticket_of("other/fault", "west");
    assert_eq!(desk.listed(&agent, None), [free]);
    assert_eq!(
        desk.listed(&agent, Some(("created_at".to_owned(), true))),
        [free]
    );
    let account = desk.create(Kind::Account, json!({"title": "Mill"}));
    assert!(
        desk.desk
            .record(&agent, Kind::Account, account, None)
            .is_ok()
    );
}

impl Guarded {
    fn ticket_of(&self, type_code: &str, room: &str) -> Id {
        self.create(
            Kind::Ticket,
            json!({"type": type_code, "title": "t", "room": room}),
        )
    }
}

#[test]
fn who_cannot_see_a_record_cannot_name_it() {
    let desk = Guarded::new("");
    let manifest = format!(
        "{MANIFEST}\n[[rule]]\nname = \"accounts\"\nhook = \"access.filter\"\nkind = \"account\"\nscript = \"rules.rhai\"\n"
    );
    desk.admin(&Command::InstallPack {
        files: PackFiles::from_texts(&[
            ("pack.toml", &manifest),
            ("definitions.toml", DEFINITIONS),
            (
                "rules.rhai",
                "fn accounts(c) { c.only(#{field: \"inn\", one_of: [\"1\", \"2\"]}); }",
            ),
        ]),
    });
    let agent = desk.agent("east", "t1");
    let open = desk.create(Kind::Account, json!({"title": "Open", "inn": "2"}));
    let closed = desk.create(Kind::Account, json!({"title": "Closed", "inn": "3"}));
    let create = |account: Id| Command::Create {
        kind: Kind::Ticket,
        fields: fields(json!({"type": "fault", "title": "t", "account": account.to_string()})),
    };
    let run = |account| desk.desk.run(&Request::by(agent.clone()), &create(account));
    assert!(run(open).is_ok());
    let error = run(closed).unwrap_err();
    let absent = run(Id::MIN).unwrap_err();
    assert_eq!(error.faults[0].code, absent.faults[0].code);
    assert_eq!(error.faults[0].code, "unknown_record");
}

/// A condition as a rule writes it, and what it means, said independently.
type Oracle = Box<dyn Fn(&Known) -> bool>;

/// Number and room of a ticket.
type Known = (i64, Option<&'static str>);

struct Chance(u64);

impl Chance {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }

    fn leaf(&mut self) -> (String, Oracle) {
        let room = ["east", "west", "attic"][self.below(3) as usize];
        let n = self.below(14) as i64;
        match self.below(5) {
            0 => (
                format!("#{{field: \"room\", equals: \"{room}\"}}"),
                Box::new(move |t| t.1 == Some(room)),
            ),
            1 => (
                "#{field: \"room\", equals: ()}".to_owned(),
                Box::new(|t| t.1.is_none()),
            ),
            2 => (
                format!("#{{field: \"room\", one_of: [\"{room}\", \"east\"]}}"),
                Box::new(move |t| t.1 == Some(room) || t.1 == Some("east")),
            ),
            3 => (
                format!("#{{field: \"number\", from: {n}}}"),
                Box::new(move |t| t.0 >= n),
            ),
            _ => (
                format!("#{{field: \"number\", from: 3, to: {n}}}"),
                Box::new(move |t| t.0 >= 3 && t.0 < n),
            ),
        }
    }

    fn condition(&mut self, depth: u64) -> (String, Oracle) {
        if depth == 0 {
            return self.leaf();
        }
        let ((a, left), (b, right)) = (self.condition(depth - 1), self.condition(depth - 1));
        match self.below(4) {
            0 => (
                format!("#{{all: [{a}, {b}]}}"),
                Box::new(move |t| left(t) && right(t)),
            ),
            1 => (
                format!("#{{any: [{a}, {b}]}}"),
                Box::new(move |t| left(t) || right(t)),
            ),
            2 => (format!("#{{not: {a}}}"), Box::new(move |t| !left(t))),
            _ => (a, left),
        }
    }
}

#[test]
fn ranges_search_and_reading_let_the_same_records_through() {
    let desk = Guarded::new("");
    let agent = desk.agent("east", "t1");
    let rooms = [Some("east"), Some("west"), None, Some("attic")];
    let tickets: Vec<(Id, Known)> = (0..12_usize)
        .map(|n| {
            let room = rooms[n % rooms.len()];
            let mut asked = json!({"type": "fault", "title": "lamp", "weight": n});
            if let Some(room) = room {
                asked["room"] = json!(room);
            }
            let id = desk.create(Kind::Ticket, asked);
            let record = desk
                .desk
                .record(&Actor::System, Kind::Ticket, id, None)
                .unwrap()
                .record;
            (id, (record.number().unwrap(), room))
        })
        .collect();
    for seed in 0..60 {
        let mut chance = Chance(seed);
        let depth = seed % 3;
        let (condition, oracle) = chance.condition(depth);
        desk.rule(&format!("c.only({condition});"));
        let mut expected: Vec<Id> = tickets
            .iter()
            .filter(|(_, t)| oracle(t))
            .map(|(id, _)| *id)
            .collect();
        expected.sort_unstable();
        let mut read: Vec<Id> = tickets
            .iter()
            .map(|(id, _)| *id)
            .filter(|id| desk.desk.record(&agent, Kind::Ticket, *id, None).is_ok())
            .collect();
        read.sort_unstable();
        assert_eq!(read, expected, "seed {seed}: reading by {condition}");
        assert_eq!(
            desk.listed(&agent, None),
            expected,
            "seed {seed}: listing by {condition}"
        );
        let sorted = desk.listed(&agent, Some(("weight".to_owned(), true)));
        assert_eq!(sorted, expected, "seed {seed}: sorting by {condition}");
        let mut found: Vec<Id> = desk
            .found(&agent, "lamp")
            .into_iter()
            .map(|f| f.0)
            .collect();
        found.sort_unstable();
        assert_eq!(found, expected, "seed {seed}: searching by {condition}");
    }
}
