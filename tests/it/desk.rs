//! Commands and what they leave behind.

use opora::desk::{Actor, Command, Condition, ErrorKind, ListQuery, Request};
use opora::domain::entry::Visibility;
use opora::domain::{Kind, Value};
use serde_json::json;

use crate::support::{TestDesk, at, fields};

#[test]
fn a_desk_without_packs_says_how_to_get_ticket_types() {
    let desk = TestDesk::bare();
    let error = desk
        .create(Kind::Ticket, json!({"title": "x"}))
        .unwrap_err();
    assert_eq!(error.code, "no_ticket_types");
    assert!(error.message.contains("opora pack install"));
}

#[test]
fn articles_and_parties_work_without_any_pack() {
    let desk = TestDesk::bare();
    let account = desk
        .create(Kind::Account, json!({"title": "Заря"}))
        .unwrap()
        .id;
    desk.create(
        Kind::Contact,
        json!({"title": "Anna", "account": account.to_string()}),
    )
    .unwrap();
    let article = desk
        .create(
            Kind::Article,
            json!({"title": "Printer", "body": "…", "status": "published"}),
        )
        .unwrap();
    let record = desk.get(Kind::Article, article.id);
    assert_eq!(record.status(), Some("published"));
    assert!(record.instant("closed_at").is_some());
}

#[test]
fn a_ticket_gets_number_status_and_times() {
    let desk = TestDesk::plain();
    let id = desk.ticket("no light");
    let ticket = desk.get(Kind::Ticket, id);
    assert_eq!(ticket.number(), Some(1));
    assert_eq!(ticket.status(), Some("plain/todo"));
    assert_eq!(ticket.type_code(), Some("plain/fault"));
    assert_eq!(ticket.text("priority"), Some("normal"));
    assert_eq!(
        ticket.instant("created_at"),
        Some(at("2026-03-02T09:00:00Z"))
    );
}

#[test]
fn all_faults_of_an_input_are_named_together() {
    let desk = TestDesk::plain();
    let asked = json!({"type": "fault", "titel": "x", "priority": "huge", "number": 4, "room": 5});
    let error = desk.create(Kind::Ticket, asked).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Invalid);
    let codes: Vec<_> = error.faults.iter().map(|f| f.code.as_str()).collect();
    assert_eq!(
        codes,
        ["readonly", "malformed", "malformed", "unknown_field"]
    );
    assert!(
        error.message.contains("did you mean `title`?"),
        "{}",
        error.message
    );
}

#[test]
fn a_transition_outside_the_workflow_is_refused_and_says_where_it_leads() {
    let desk = TestDesk::plain();
    let id = desk.ticket("a");
    let error = desk.transition(id, "done").unwrap_err();
    assert_eq!(
        (error.kind, error.code),
        (ErrorKind::Conflict, "transition_not_allowed")
    );
    assert!(error.message.contains("plain/doing"), "{}", error.message);
}

#[test]
fn a_transition_needs_the_fields_it_requires() {
    let desk = TestDesk::plain();
    let id = desk.ticket("a");
    desk.transition(id, "doing").unwrap();
    assert_eq!(
        desk.transition(id, "done").unwrap_err().code,
        "fields_required"
    );
    let done = Command::Transition {
        kind: Kind::Ticket,
        id,
        to: "done".to_owned(),
        fields: fields(json!({"solution": "new bulb"})),
    };
    desk.run(done).unwrap();
    let ticket = desk.get(Kind::Ticket, id);
    assert!(ticket.instant("closed_at").is_some());
    desk.transition(id, "doing").unwrap();
    assert!(desk.get(Kind::Ticket, id).instant("closed_at").is_none());
}

#[test]
fn a_stale_version_is_refused_and_nothing_changes() {
    let desk = TestDesk::plain();
    let first = desk
        .create(Kind::Ticket, json!({"type": "fault", "title": "a"}))
        .unwrap();
    desk.update(Kind::Ticket, first.id, json!({"title": "b"}))
        .unwrap();
    let mut request = Request::by(Actor::Admin { agent: None });
    request.if_match = Some(first.pos);
    let asked = fields(json!({"title": "c"}));
    let update = Command::Update {
        kind: Kind::Ticket,
        id: first.id,
        fields: asked,
    };
    let error = desk.desk.run(&request, &update).unwrap_err();
    assert_eq!(
        (error.kind, error.code),
        (ErrorKind::Stale, "stale_version")
    );
    assert_eq!(desk.get(Kind::Ticket, first.id).title(), "b");
}

#[test]
fn an_idempotency_key_has_one_effect_and_binds_its_request() {
    let desk = TestDesk::plain();
    let mut request = Request::by(Actor::Admin { agent: None });
    request.idempotency_key = Some("k1".to_owned());
    let create = |title: &str| Command::Create {
        kind: Kind::Ticket,
        fields: fields(json!({"type": "fault", "title": title})),
    };
    let first = desk.desk.run(&request, &create("a")).unwrap();
    let again = desk.desk.run(&request, &create("a")).unwrap();
    assert_eq!(
        (first.id, first.pos, first.replayed),
        (again.id, again.pos, false)
    );
    assert!(again.replayed);
    let other = desk.desk.run(&request, &create("b")).unwrap_err();
    assert_eq!(other.code, "idempotency_key_reused");
    desk.clock.advance(chrono::TimeDelta::hours(25));
    assert_eq!(desk.desk.sweep_replies(100).unwrap(), 1);
    assert!(!desk.desk.run(&request, &create("b")).unwrap().replayed);
}

#[test]
fn unique_values_are_refused_by_name() {
    let desk = TestDesk::bare();
    desk.create(Kind::Account, json!({"title": "A", "code": "acme"}))
        .unwrap();
    let error = desk
        .create(Kind::Account, json!({"title": "B", "code": "ACME"}))
        .unwrap_err();
    assert_eq!(
        (error.kind, error.code),
        (ErrorKind::Conflict, "not_unique")
    );
    assert_eq!(error.faults[0].field.as_deref(), Some("code"));
}

#[test]
fn a_customer_sees_its_own_and_a_foreign_id_is_like_an_absent_one() {
    let desk = TestDesk::plain();
    let mut contacts = Vec::new();
    for name in ["a", "b"] {
        let account = desk
            .create(Kind::Account, json!({"title": name}))
            .unwrap()
            .id;
        let asked = json!({"title": name, "account": account.to_string()});
        let contact = desk.create(Kind::Contact, asked).unwrap().id;
        contacts.push(Actor::Contact { contact, account });
    }
    let by = |n: usize| Request::by(contacts[n].clone());
    let create = Command::Create {
        kind: Kind::Ticket,
        fields: fields(json!({"type": "fault", "title": "mine"})),
    };
    let id = desk.desk.run(&by(0), &create).unwrap().id;
    assert!(
        desk.desk
            .record(&contacts[0], Kind::Ticket, id, None)
            .is_ok()
    );
    let foreign = desk
        .desk
        .record(&contacts[1], Kind::Ticket, id, None)
        .unwrap_err();
    let absent = desk
        .desk
        .record(&contacts[1], Kind::Ticket, opora::domain::Id::MIN, None);
    assert_eq!(foreign, absent.unwrap_err());
    let secret = Command::Comment {
        kind: Kind::Ticket,
        id,
        visibility: Visibility::Internal,
        text: "not for you".to_owned(),
    };
    desk.run(secret.clone()).unwrap();
    assert_eq!(
        desk.desk.run(&by(0), &secret).unwrap_err().kind,
        ErrorKind::Forbidden
    );
    let seen = desk
        .desk
        .entries(&contacts[0], Kind::Ticket, id, None, 10)
        .unwrap();
    assert!(seen.items.is_empty());
    let list = |n: usize| {
        let query = ListQuery::newest(Kind::Ticket, 10);
        desk.desk.list(&contacts[n], &query).unwrap().items.len()
    };
    assert_eq!((list(0), list(1)), (1, 0));
}

#[test]
fn lists_walk_the_indexes_page_by_page() {
    let desk = TestDesk::plain();
    for n in 0..25 {
        let room = if n % 2 == 0 { "east" } else { "west" };
        let asked = json!({"type": "fault", "title": n.to_string(), "room": room});
        desk.create(Kind::Ticket, asked).unwrap();
        desk.clock.advance(chrono::TimeDelta::seconds(1));
    }
    let mut query = ListQuery::newest(Kind::Ticket, 4);
    query.filters = vec![
        ("room".to_owned(), Condition::In(vec!["east".to_owned()])),
        (
            "category_of_status".to_owned(),
            Condition::In(vec!["new".to_owned()]),
        ),
    ];
    let mut titles = Vec::new();
    loop {
        let page = desk.desk.list(&Actor::System, &query).unwrap();
        titles.extend(
            page.items
                .iter()
                .map(|p| p.record.title().parse::<i64>().unwrap()),
        );
        query.cursor = page.next;
        if query.cursor.is_none() {
            break;
        }
    }
    let expected: Vec<i64> = (0..25).rev().filter(|n| n % 2 == 0).collect();
    assert_eq!(titles, expected);
}

#[test]
fn a_field_added_while_running_is_writable_at_once_and_enforced() {
    let desk = TestDesk::plain();
    let id = desk.ticket("a");
    assert!(
        desk.update(Kind::Ticket, id, json!({"version": "8.3"}))
            .is_err()
    );
    let mut field = opora::domain::FieldDef::new("version", opora::domain::ValueType::Int);
    field.indexed = true;
    let define = Command::DefineField {
        kind: Kind::Ticket,
        type_code: Some("fault".to_owned()),
        field: Box::new(field),
        replaced: std::collections::BTreeMap::new(),
    };
    desk.run(define).unwrap();
    let wrong = desk
        .update(Kind::Ticket, id, json!({"local/version": "x"}))
        .unwrap_err();
    assert_eq!(wrong.faults[0].code, "malformed");
    desk.update(Kind::Ticket, id, json!({"local/version": 8}))
        .unwrap();
    assert_eq!(
        desk.get(Kind::Ticket, id).get("local/version"),
        Some(&Value::Int(8))
    );
}

#[test]
fn a_pack_that_drops_what_is_in_use_is_refused() {
    let desk = TestDesk::plain();
    desk.ticket("a");
    let smaller = crate::support::DEFINITIONS.replace("\"fault\"\nnames", "\"other\"\nnames");
    let error = desk
        .install(&[
            ("pack.toml", crate::support::MANIFEST),
            ("definitions.toml", &smaller),
        ])
        .unwrap_err();
    assert_eq!(error.code, "in_use", "{error}");
}

#[test]
fn attachments_come_back_byte_for_byte() {
    let desk = TestDesk::plain();
    let id = desk.ticket("a");
    // Larger than a batch of the store may be.
    let content: Vec<u8> = (0..12_000_000_u32).map(|n| (n * 7 % 251) as u8).collect();
    let attach = Command::Attach {
        kind: Kind::Ticket,
        id,
        name: "фото.jpg".to_owned(),
        media_type: "image/jpeg".to_owned(),
        content: content.clone(),
        visibility: Visibility::Public,
    };
    let entry = desk.run(attach).unwrap().entry.unwrap();
    let read = desk
        .desk
        .attachment(&Actor::System, Kind::Ticket, id, entry)
        .unwrap();
    assert_eq!(read.1, content);
}

#[test]
fn history_tells_who_changed_what_from_what_to_what() {
    let desk = TestDesk::plain();
    let id = desk.ticket("a");
    desk.update(Kind::Ticket, id, json!({"title": "b"}))
        .unwrap();
    let history = desk
        .desk
        .history(&Actor::System, Kind::Ticket, id, None, 10)
        .unwrap();
    assert_eq!(history.items.len(), 2);
    let change = history.items[1]
        .changes
        .iter()
        .find(|c| c.field == "title")
        .unwrap();
    assert_eq!(
        (change.old.clone(), change.new.clone()),
        (Some("a".into()), Some("b".into()))
    );
    assert_eq!(change.by, "asked");
    assert_eq!(history.items[1].actor, "admin");
    let then = desk
        .desk
        .record_at(Kind::Ticket, id, history.items[0].pos)
        .unwrap()
        .unwrap();
    assert_eq!(then.title(), "a");
}

#[test]
fn sixty_four_writers_on_one_ticket_all_get_through() {
    let desk = TestDesk::plain();
    let id = desk.ticket("a");
    std::thread::scope(|scope| {
        for n in 0..64 {
            let desk = &desk;
            scope.spawn(move || {
                for m in 0..3 {
                    let comment = Command::Comment {
                        kind: Kind::Ticket,
                        id,
                        visibility: Visibility::Public,
                        text: format!("{n}.{m}"),
                    };
                    desk.run(comment).unwrap();
                }
            });
        }
    });
    let entries = desk
        .desk
        .entries(&Actor::System, Kind::Ticket, id, None, 200)
        .unwrap();
    assert_eq!(entries.items.len(), 192);
}

#[test]
fn numbers_are_unique_under_concurrency() {
    let desk = TestDesk::plain();
    let numbers = std::sync::Mutex::new(std::collections::BTreeSet::new());
    std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                for _ in 0..10 {
                    let id = desk.ticket("a");
                    let number = desk.get(Kind::Ticket, id).number().unwrap();
                    assert!(
                        numbers.lock().unwrap().insert(number),
                        "{number} was given twice"
                    );
                }
            });
        }
    });
}

#[test]
fn a_customer_cannot_ask_for_what_it_may_not_see() {
    let desk = TestDesk::plain();
    let customer = Actor::Contact {
        contact: opora::domain::Id::MIN,
        account: opora::domain::Id::MIN,
    };
    let mut query = ListQuery::newest(Kind::Ticket, 10);
    query.filters = vec![("level_by_hand".to_owned(), Condition::Present(true))];
    let error = desk.desk.list(&customer, &query).unwrap_err();
    assert_eq!(error.faults[0].code, "unknown_field");
}
