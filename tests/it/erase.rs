//! A person that was erased is nowhere: not in the store's file, its journal, the outbox or the index.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use opora::delivery::{Courier, Sink, Verdict};
use opora::desk::{
    Actor, Command, Desk, DeskOptions, Erased, ErrorKind, Letter, Queue, Request, SearchQuery,
    TuningChange, VirtualClock,
};
use opora::domain::entry::{Direction, EntryBody, Visibility};
use opora::domain::{Id, Kind, Value};
use opora::packs::PackFiles;
use opora::store::{OpenOptions, Pos, RedbStore};
use serde_json::{Value as Json, json};

use crate::support::{DEFINITIONS, MANIFEST, at, fields};

/// What tells of the person, in every form that it was given.
const TOLD: [&str; 6] = [
    "Аврора Лебединская",
    "aurora@lake.example",
    "+7 495 123-98-76",
    "the safe opens with 7731",
    "my diary of the winter",
    "skype.aurora",
];

const RULES: &str = r#"
fn tell(c) {
    if c.from == "" {
        c.because("who", c.related.contact?.title ?? "nobody");
        c.notify("contact", "mail", `For ${c.related.contact?.title ?? ""}`, c.record.description ?? "");
    }
}
"#;
const TELL: &str = r#"
[[rule]]
name = "tell"
hook = "transition.effect"
script = "rules.rhai"
reads = ["contact"]
"#;

struct House {
    folder: tempfile::TempDir,
    desk: Arc<Desk>,
}

fn open(folder: &Path) -> Arc<Desk> {
    let store = RedbStore::open(folder.join("opora.redb"), OpenOptions::default()).unwrap();
    let options = DeskOptions {
        clock: Arc::new(VirtualClock::at(at("2026-03-02T09:00:00Z"))),
        search_dir: Some(folder.join("index")),
        ..DeskOptions::default()
    };
    Desk::open(Arc::new(store), options).unwrap()
}

impl House {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let desk = open(folder.path());
        let house = Self { folder, desk };
        let manifest = format!("{MANIFEST}{TELL}");
        let files = PackFiles::from_texts(&[
            ("pack.toml", &manifest),
            ("definitions.toml", DEFINITIONS),
            ("rules.rhai", RULES),
        ]);
        house.run(Command::InstallPack { files });
        house
    }

    fn run(&self, command: Command) -> Id {
        self.run_as(&Actor::Admin { agent: None }, command)
    }

    fn run_as(&self, actor: &Actor, command: Command) -> Id {
        let request = Request::by(actor.clone());
        self.desk.run(&request, &command).unwrap().id
    }

    fn create(&self, kind: Kind, json: Json) -> Id {
        self.run(Command::Create {
            kind,
            fields: fields(json),
        })
    }

    fn update(&self, kind: Kind, id: Id, json: Json) {
        self.run(Command::Update {
            kind,
            id,
            fields: fields(json),
        });
    }

    fn erase(&self, contact: Id) -> Erased {
        let request = Request::by(Actor::Admin { agent: None });
        self.desk.erase_person(&request, contact).unwrap().1
    }

    /// Closes and opens everything.
    fn reopen(&mut self) {
        self.desk.close().unwrap();
        // The old desk lets go of its files before the new one takes them.
        self.desk = {
            let spare = tempfile::tempdir().unwrap();
            open(spare.path())
        };
        self.desk = open(self.folder.path());
    }

    fn settle(&self) {
        let last = self.desk.pos();
        for _ in 0..400 {
            let health = self.desk.health().unwrap();
            if !health.rebuilding && health.indexed >= Some(last) {
                return;
            }
            std::thread::park_timeout(Duration::from_millis(25));
        }
        panic!("the index does not follow");
    }

    /// Every row of the journal as bytes.
    fn faults(&self) {
        let verified = self.desk.verify().unwrap();
        assert_eq!(verified.faults, Vec::<String>::new());
        let checked = self.desk.check_decisions().unwrap();
        assert_eq!(checked.faults, Vec::<String>::new());
    }
}

/// Where a text stands in the files of a folder.
fn found(folder: &Path, text: &str) -> Vec<String> {
    let mut places = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for file in std::fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            if path.is_dir() {
                open.push(path);
                continue;
            }
            let bytes = std::fs::read(&path).unwrap();
            if bytes.windows(text.len()).any(|w| w == text.as_bytes()) {
                places.push(path.display().to_string());
            }
        }
    }
    places
}

/// A desk with a person that left traces everywhere, and another one beside.
fn lived() -> (House, Id, Id, Id) {
    let house = House::new();
    let account = house.create(Kind::Account, json!({"title": "Lake"}));
    let person = json!({
        "title": TOLD[0], "account": account, "mails": [TOLD[1]], "phones": [TOLD[2]],
        "other_contacts": [TOLD[5]], "portal": true, "locale": "ru",
    });
    let contact = house.create(Kind::Contact, person);
    let other =
        json!({"title": "Boris Godwin", "account": account, "mails": ["boris@lake.example"]});
    let other = house.create(Kind::Contact, other);
    let ticket = house.create(
        Kind::Ticket,
        json!({"type": "fault", "title": "No light", "account": account, "contact": contact,
            "description": TOLD[4]}),
    );
    let as_contact = Actor::Contact { contact, account };
    let comment = |text: &str| Command::Comment {
        kind: Kind::Ticket,
        id: ticket,
        visibility: Visibility::Public,
        text: text.to_owned(),
    };
    house.run_as(&as_contact, comment(TOLD[3]));
    house.run(comment("Boris Godwin will look at it"));
    house.run(comment(&format!("call {} at {}", TOLD[0], TOLD[2])));
    house.run(Command::Message {
        kind: Kind::Ticket,
        id: ticket,
        channel: "mail".to_owned(),
        direction: Direction::In,
        subject: format!("from {}", TOLD[0]),
        text: TOLD[3].to_owned(),
        external_id: Some("m-1".to_owned()),
    });
    house.run_as(
        &as_contact,
        Command::Attach {
            kind: Kind::Ticket,
            id: ticket,
            name: "diary.txt".to_owned(),
            media_type: "text/plain".to_owned(),
            content: TOLD[4].as_bytes().to_vec(),
            visibility: Visibility::Public,
        },
    );
    // Said of it elsewhere, and said before of the ticket.
    house.create(
        Kind::Lead,
        json!({"title": format!("Sell to {}", TOLD[0]), "person": TOLD[0], "mails": [TOLD[1]]}),
    );
    house.update(Kind::Ticket, ticket, json!({"description": "shorter"}));
    let mut request = Request::by(Actor::Admin { agent: None });
    request.idempotency_key = Some("once".to_owned());
    let fields = fields(json!({"position": TOLD[5]}));
    let command = Command::Update {
        kind: Kind::Contact,
        id: contact,
        fields,
    };
    house.desk.run(&request, &command).unwrap();
    // What it said of an article, and what somebody else said of it.
    let article = house.create(
        Kind::Article,
        json!({"title": "Light", "body": "Change the bulb", "status": "published"}),
    );
    let vote = |comment: &str| Command::Vote {
        id: article,
        helpful: Some(false),
        comment: comment.to_owned(),
    };
    house.run_as(&as_contact, vote(&format!("{} says no", TOLD[5])));
    let agent = house.create(Kind::Agent, json!({"title": "Olga", "code": "olga"}));
    let as_agent = Actor::Agent { agent: Some(agent) };
    house.run_as(
        &as_agent,
        vote(&format!("{} did not understand it", TOLD[0])),
    );
    // Why a letter to somebody else did not arrive, and what is searched for.
    let sent = Command::Send {
        kind: Kind::Ticket,
        id: ticket,
        channel: "mail".to_owned(),
        to: Some("boris@lake.example".to_owned()),
        subject: "Light".to_owned(),
        text: "It is on again".to_owned(),
        attachments: Vec::new(),
    };
    house.run(sent);
    let mut courier = Courier::new(house.desk.clone(), Queue::Mail, Box::new(Forwarded), "node");
    courier.round().unwrap();
    house.settle();
    for n in 0..5 {
        let asker = Actor::Agent {
            agent: Some(house.create(Kind::Agent, json!({"title": format!("Agent {n}")}))),
        };
        let query = SearchQuery {
            text: TOLD[1].to_owned(),
            kinds: vec![Kind::Article],
            limit: 10,
            ..SearchQuery::default()
        };
        house.desk.search(&asker, &query).unwrap();
    }
    house.desk.keep_lessons(true).unwrap();
    house.run(Command::TuneSearch {
        change: TuningChange::SaveSynonyms {
            id: None,
            locale: None,
            words: vec![TOLD[0].to_lowercase(), "lamp woman".to_owned()],
            means: Vec::new(),
        },
    });
    (house, contact, other, ticket)
}

/// A mail server that tells where a mailbox leads.
struct Forwarded;

impl Sink for Forwarded {
    fn takes(&self, _: &str) -> bool {
        true
    }

    fn send(&mut self, _: &Letter) -> Verdict {
        Verdict::Never(format!("550 forwarded to {}, who is not here", TOLD[1]))
    }
}

#[test]
fn an_erased_person_is_nowhere_and_all_else_stays() {
    let (mut house, contact, other, ticket) = lived();
    house.settle();
    for told in TOLD {
        assert!(
            !found(house.folder.path(), told).is_empty(),
            "`{told}` was never there"
        );
    }
    let erased = house.erase(contact);
    assert!(
        0 < erased.records && 0 < erased.entries && 0 < erased.journal,
        "{erased:?}"
    );
    house.settle();
    house.faults();
    let record = |kind, id| {
        house
            .desk
            .record(&Actor::System, kind, id, None)
            .unwrap()
            .record
    };
    let person = record(Kind::Contact, contact);
    assert_eq!(person.title(), "[erased]");
    assert!(person.get("mails").is_none() && person.get("erased_at").is_some());
    assert_eq!(record(Kind::Contact, other).title(), "Boris Godwin");
    // Shape, links and counts stay.
    let kept = record(Kind::Ticket, ticket);
    assert_eq!(
        (kept.title(), kept.reference("contact")),
        ("No light", Some(contact))
    );
    let entries = house
        .desk
        .entries(&Actor::System, Kind::Ticket, ticket, None, 50);
    let texts: Vec<String> = entries
        .unwrap()
        .items
        .into_iter()
        .map(|page| match page.entry.body {
            EntryBody::Comment { text, .. } | EntryBody::Message { text, .. } => text,
            EntryBody::Attachment { name, size, .. } => format!("{name} of {size}"),
            other => format!("{other:?}"),
        })
        .collect();
    assert_eq!(
        texts,
        [
            "[erased]",
            "Boris Godwin will look at it",
            "call [erased] at [erased]",
            "[erased]",
            "[erased] of 0",
            "[erased]"
        ]
    );
    let history = house
        .desk
        .history(&Actor::System, Kind::Ticket, ticket, None, 50);
    let first = &history.unwrap().items[0];
    let description = first
        .changes
        .iter()
        .find(|c| c.field == "description")
        .unwrap();
    assert_eq!(description.new, Some(Value::from("[erased]")));
    // Nobody finds it.
    let query = SearchQuery {
        text: "Лебединская".to_owned(),
        kinds: vec![Kind::Contact, Kind::Lead, Kind::Ticket],
        limit: 10,
        ..SearchQuery::default()
    };
    assert_eq!(
        house
            .desk
            .search(&Actor::System, &query)
            .unwrap()
            .hits
            .len(),
        0
    );
    // After the next start not even dead bytes of the file tell of it.
    house.reopen();
    house.settle();
    for told in TOLD {
        assert_eq!(
            found(house.folder.path(), told),
            Vec::<String>::new(),
            "`{told}`"
        );
        let lower = told.to_lowercase();
        assert_eq!(
            found(house.folder.path(), &lower),
            Vec::<String>::new(),
            "`{lower}`"
        );
    }
    house.faults();
}

#[test]
fn a_decision_that_saw_an_erased_person_says_so() {
    let (house, contact, _, ticket) = lived();
    let history = house
        .desk
        .history(&Actor::System, Kind::Ticket, ticket, None, 50);
    let made = history.unwrap().items[0].pos;
    assert!(house.desk.replay(&Actor::System, made, None).is_ok());
    let before = house.desk.check_decisions().unwrap();
    assert_eq!(before.not_replayable, 0);
    house.erase(contact);
    let error = house.desk.replay(&Actor::System, made, None).unwrap_err();
    assert_eq!(error.code, "not_replayable");
    assert!(error.message.contains("erased"), "{}", error.message);
    let after = house.desk.check_decisions().unwrap();
    assert_eq!(after.faults, Vec::<String>::new());
    assert!(0 < after.not_replayable);
    let at = house
        .desk
        .record_at(Kind::Ticket, ticket, made)
        .unwrap()
        .unwrap();
    assert_eq!(at.text("description"), Some("[erased]"));
    assert_ne!(made, Pos::ZERO);
}

#[test]
fn erasing_again_finds_nothing_and_needs_an_administrator() {
    let (house, contact, _, _) = lived();
    let agent = Request::by(Actor::Agent { agent: None });
    let refused = house.desk.erase_person(&agent, contact).unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Forbidden);
    let admin = Request::by(Actor::Admin { agent: None });
    let absent = house.desk.erase_person(&admin, Id::MIN).unwrap_err();
    assert_eq!(absent.kind, ErrorKind::NotFound);
    house.erase(contact);
    let again = house.erase(contact);
    assert_eq!((again.entries, again.rows), (0, 0), "{again:?}");
    house.faults();
    let record = house
        .desk
        .record(&Actor::System, Kind::Contact, contact, None);
    assert_eq!(record.unwrap().record.title(), "[erased]");
}

/// What tells of an agent.
const OF_AGENT: [&str; 4] = [
    "Ольга Морозова-Зимняя",
    "olga.morozova@desk.example",
    "olga.morozova",
    "+7 812 555-44-33",
];

#[test]
fn an_erased_agent_is_nowhere_and_what_it_did_stays_under_its_id() {
    let (mut house, contact, _, ticket) = lived();
    let agent = house.create(
        Kind::Agent,
        json!({"title": OF_AGENT[0], "mail": OF_AGENT[1], "code": OF_AGENT[2]}),
    );
    let actor = Actor::Agent { agent: Some(agent) };
    let comment = |text: String| Command::Comment {
        kind: Kind::Ticket,
        id: ticket,
        visibility: Visibility::Public,
        text,
    };
    house.run_as(&actor, comment(format!("It is done. {}", OF_AGENT[0])));
    house.run(comment(format!("Thanks, {}!", OF_AGENT[0])));
    house.update(Kind::Agent, agent, json!({"external_id": OF_AGENT[3]}));
    let waits = Command::Send {
        kind: Kind::Ticket,
        id: ticket,
        channel: "mail".to_owned(),
        to: Some("boris@lake.example".to_owned()),
        subject: "Light".to_owned(),
        text: format!("The light is on. {}", OF_AGENT[0]),
        attachments: Vec::new(),
    };
    let message = house
        .desk
        .run(&Request::by(actor.clone()), &waits)
        .unwrap()
        .entry
        .unwrap();
    house.settle();
    let token = house.run(Command::CreateToken {
        actor: actor.clone(),
        note: "phone".to_owned(),
        hash: [9; 32],
    });
    assert!(house.desk.token(&[9; 32]).unwrap().is_some(), "{token}");
    for told in OF_AGENT {
        assert!(!found(house.folder.path(), told).is_empty(), "`{told}`");
    }
    let admin = Request::by(Actor::Admin { agent: None });
    let (_, erased) = house.desk.erase_agent(&admin, agent).unwrap();
    assert!(0 < erased.entries && 0 < erased.journal, "{erased:?}");
    let nobody = house.desk.erase_agent(&admin, contact).unwrap_err();
    assert_eq!(nobody.kind, ErrorKind::NotFound);
    assert!(house.desk.token(&[9; 32]).unwrap().is_none());
    house.settle();
    house.faults();
    let read = house.desk.record(&Actor::System, Kind::Agent, agent, None);
    let record = read.unwrap().record;
    assert_eq!(record.title(), "[erased]");
    assert_eq!(record.get("active"), Some(&Value::Bool(false)));
    // What was done is known by whom; what an agent wrote for a customer is still said and sent.
    let entries = house
        .desk
        .entries(&Actor::System, Kind::Ticket, ticket, None, 50);
    let entries = entries.unwrap().items;
    let own: Vec<_> = entries
        .iter()
        .filter(|e| e.entry.author == actor.name())
        .collect();
    assert_eq!(own.len(), 2);
    let said = |text: &str| {
        entries
            .iter()
            .any(|e| matches!(&e.entry.body, EntryBody::Comment { text: t, .. } if t == text))
    };
    assert!(said("It is done. [erased]") && said("Thanks, [erased]!"));
    let page = house.desk.outbox_page(&Actor::System, message).unwrap();
    assert_eq!(page.item.text, "The light is on. [erased]");
    house.reopen();
    house.settle();
    for told in OF_AGENT {
        for told in [told.to_owned(), told.to_lowercase()] {
            let places = found(house.folder.path(), &told);
            assert_eq!(places, Vec::<String>::new(), "`{told}`");
        }
    }
    house.faults();
}
