//! A revision that drops or renames what records use: they move, or the upgrade is refused.

use std::sync::Arc;

use opora::desk::{Actor, Command, Desk, DeskOptions, IdSource, ListQuery, PackChange, Request};
use opora::domain::sla::ClockState;
use opora::domain::{Id, Kind, Value};
use opora::packs::Given;
use opora::store::{MemoryStore, Store};
use serde_json::{Map, json};

use super::{FIRST, REPLACED, change, first, install, manifest, second};
use crate::support::{TestDesk, at};

fn defect(desk: &TestDesk, n: usize) -> Id {
    let made = desk.create(
        Kind::Ticket,
        json!({"type": "defect", "title": format!("Broken {n}"), "room": "214",
            "badge": format!("B-{n}"), "severity": "high", "marks": ["old", "wet"]}),
    );
    made.unwrap().id
}

fn with_levels(desk: &TestDesk) {
    let hours = json!({"code": "always", "names": {}, "time_zone": "UTC", "exceptions": {},
        "version": 1, "weekly": [{"weekday": "Mon", "from": 0, "to": 1440}]});
    desk.create(
        Kind::Calendar,
        json!({"title": "A", "code": "always", "definition": hours}),
    )
    .unwrap();
    let level = json!({"code": "gold", "names": {}, "calendar": "always", "order": 1, "targets": [
        {"clock": "resolution", "duration_secs": 14_400, "warn_before_secs": []}]});
    desk.create(
        Kind::SupportLevel,
        json!({"title": "G", "code": "gold", "definition": level}),
    )
    .unwrap();
}

#[test]
fn records_move_to_what_takes_the_place_of_old_codes() {
    let desk = first();
    with_levels(&desk);
    let id = defect(&desk, 1);
    desk.update(Kind::Ticket, id, json!({"support_level": "gold"}))
        .unwrap();
    desk.transition(id, "bench").unwrap();
    desk.clock.advance(chrono::TimeDelta::hours(1));
    desk.transition(id, "parts").unwrap();
    let paused = desk.desk.clocks(&Actor::System, id).unwrap();
    assert_eq!(paused[0].state, ClockState::Paused);
    desk.clock.advance(chrono::TimeDelta::hours(2));
    let before = desk.desk.pos();
    install(&desk, &manifest("2.0.0", REPLACED), &second()).unwrap();
    let ticket = desk.get(Kind::Ticket, id);
    assert_eq!(ticket.type_code(), Some("shop/fault"));
    assert_eq!(ticket.status(), Some("shop/stuck"));
    assert_eq!(ticket.text("shop/place"), Some("214"));
    assert_eq!(ticket.get("shop/room"), None);
    assert_eq!(ticket.text("shop/severity"), Some("urgent"));
    let marks = Value::List(vec![Value::from("worn"), Value::from("wet")]);
    assert_eq!(ticket.get("shop/marks"), Some(&marks));
    // The new status stops no clock: it runs on from the moment of the move, with three hours left.
    let clock = desk.desk.clocks(&Actor::System, id).unwrap().remove(0);
    assert_eq!(clock.state, ClockState::Running);
    assert_eq!(clock.due_at, at("2026-03-02T15:00:00Z"));
    assert_eq!(ticket.instant("resolution_due_at"), Some(clock.due_at));
    // The past stays as it was, and the move stands in the history.
    let then = desk
        .desk
        .record_at(Kind::Ticket, id, before)
        .unwrap()
        .unwrap();
    assert_eq!(then.type_code(), Some("shop/defect"));
    let history = desk
        .desk
        .history(&Actor::System, Kind::Ticket, id, None, 50)
        .unwrap();
    assert_eq!(history.items.last().unwrap().command, "install_pack");
    // It is found by its new codes, its badge is still its own, and it goes on.
    let found = |field: &str, code: &str| {
        let mut query = ListQuery::newest(Kind::Ticket, 10);
        let one = opora::desk::Condition::In(vec![code.to_owned()]);
        query.filters.push((field.to_owned(), one));
        desk.desk.list(&Actor::System, &query).unwrap().items.len()
    };
    assert_eq!(
        (found("type", "shop/fault"), found("type", "shop/defect")),
        (1, 0)
    );
    assert_eq!(
        (found("status", "shop/stuck"), found("shop/place", "214")),
        (1, 1)
    );
    let again = json!({"type": "fault", "title": "x", "badge": "B-1"});
    assert_eq!(
        desk.create(Kind::Ticket, again).unwrap_err().code,
        "not_unique"
    );
    desk.transition(id, "bench").unwrap();
    desk.clock.advance(chrono::TimeDelta::hours(4));
    while desk.desk.fire_due(10).unwrap() > 0 {}
    let late = desk.desk.clocks(&Actor::System, id).unwrap().remove(0);
    assert_eq!(late.breached_at, Some(at("2026-03-02T15:00:00Z")));
}

#[test]
fn what_nothing_replaces_is_listed_with_its_numbers() {
    let desk = first();
    for n in 0..3 {
        let id = defect(&desk, n);
        if n > 0 {
            desk.transition(id, "bench").unwrap();
            desk.transition(id, "parts").unwrap();
        }
    }
    let error = install(&desk, &manifest("2.0.0", ""), &second()).unwrap_err();
    assert_eq!(error.code, "in_use");
    let told: Vec<(String, bool)> = error
        .faults
        .iter()
        .map(|f| (f.field.clone().unwrap(), f.message.contains("3 records")))
        .collect();
    let expected = [
        ("shop/defect", true),
        ("shop/parts", false),
        ("shop/room", true),
        ("shop/marks:old", true),
        ("shop/severity:high", true),
    ];
    assert_eq!(told, expected.map(|(code, all)| (code.to_owned(), all)));
    assert!(error.faults[1].message.contains("2 records"), "{error:?}");
    assert_eq!(
        desk.get(Kind::Ticket, defect(&desk, 9)).type_code(),
        Some("shop/defect")
    );
    // What nobody uses may go without a word, and a type in use may rest.
    let less = FIRST
        .replace("{ code = \"low\" }, ", "")
        .replace("code = \"defect\"", "code = \"defect\"\nactive = false");
    install(&desk, &manifest("1.1.0", ""), &less).unwrap();
    let refused = desk.create(Kind::Ticket, json!({"type": "defect", "title": "x"}));
    assert!(
        refused
            .unwrap_err()
            .message
            .contains("takes no new records")
    );
}

#[test]
fn a_move_that_does_not_fit_is_refused_as_a_whole() {
    let desk = first();
    let id = defect(&desk, 1);
    let before = desk.get(Kind::Ticket, id);
    // The new field takes no such values, and the heir of the type has another workflow.
    let numbers = second().replace(
        "code = \"place\", value = \"text\"",
        "code = \"place\", value = \"int\"",
    );
    let error = install(&desk, &manifest("2.0.0", REPLACED), &numbers).unwrap_err();
    assert!(
        error
            .message
            .contains("has a value of `shop/room` that `shop/place` does not take"),
        "{error:?}"
    );
    let other = second().replace(
        "code = \"fault\"\nworkflow = \"work\"",
        "code = \"fault\"\nworkflow = \"quick\"",
    ) + "[[workflow]]\ncode = \"quick\"\ninitial = \"open\"\nstatuses = [{ code = \"open\", category = \"open\" }, \
           { code = \"shut\", category = \"done\" }]\ntransitions = [{ from = \"open\", to = \"shut\" }]\n";
    let error = install(&desk, &manifest("2.0.0", REPLACED), &other).unwrap_err();
    assert!(
        error
            .message
            .contains("`shop/todo`, which workflow `shop/quick`"),
        "{error:?}"
    );
    let gone = second().replace("code = \"claim\"", "code = \"wish\"");
    let error = install(&desk, &manifest("2.0.0", REPLACED), &gone).unwrap_err();
    assert_eq!(error.code, "reserved");
    assert_eq!(desk.get(Kind::Ticket, id), before);
}

#[test]
fn indexes_and_clocks_follow_a_definition_that_keeps_its_code() {
    let desk = first();
    with_levels(&desk);
    let id = defect(&desk, 1);
    desk.update(Kind::Ticket, id, json!({"support_level": "gold"}))
        .unwrap();
    desk.transition(id, "bench").unwrap();
    let other = FIRST
        .replace("value = \"text\", indexed = true", "value = \"text\"")
        .replace(
            "code = \"badge\", value = \"text\", unique = true",
            "code = \"badge\", value = \"text\", indexed = true",
        )
        .replace(
            "{ code = \"bench\", category = \"open\" }",
            "{ code = \"bench\", category = \"done\" }",
        );
    install(&desk, &manifest("1.1.0", ""), &other).unwrap();
    let ticket = desk.get(Kind::Ticket, id);
    assert_eq!(ticket.instant("closed_at"), Some(desk.desk.now()));
    let clock = desk.desk.clocks(&Actor::System, id).unwrap().remove(0);
    assert_eq!(clock.state, ClockState::Met);
    let mut query = ListQuery::newest(Kind::Ticket, 10);
    let one = opora::desk::Condition::In(vec!["B-1".to_owned()]);
    query.filters.push(("shop/badge".to_owned(), one));
    assert_eq!(
        desk.desk.list(&Actor::System, &query).unwrap().items.len(),
        1
    );
    // Values that shall be unique and are not are told before anything happens.
    let twin = json!({"type": "defect", "title": "x", "badge": "B-1"});
    desk.create(Kind::Ticket, twin).unwrap();
    let error = install(&desk, &manifest("1.2.0", ""), FIRST).unwrap_err();
    assert!(error.message.contains("shall be unique"), "{error:?}");
}

fn reopened(store: &Arc<dyn Store>, seed: u64) -> TestDesk {
    let clock = Arc::new(opora::desk::VirtualClock::at(at("2026-03-02T09:00:00Z")));
    let options = DeskOptions {
        clock: clock.clone(),
        ids: IdSource::seeded(seed),
        search: false,
        ..DeskOptions::default()
    };
    let desk = Desk::open(Arc::clone(store), options).unwrap();
    TestDesk { desk, clock }
}

/// Every ticket is known to the rules in force and has its own values, moved or not.
fn check_each(desk: &TestDesk, ids: &[Id]) -> usize {
    let catalog = desk.desk.catalog().unwrap();
    let mut moved = 0;
    for (n, id) in ids.iter().enumerate() {
        let ticket = desk.get(Kind::Ticket, *id);
        let code = ticket.type_code().unwrap();
        assert!(catalog.type_def(code).is_some(), "{code}");
        let flow = catalog.workflow(Kind::Ticket, Some(code)).unwrap();
        assert!(flow.status(ticket.status().unwrap()).is_some());
        for name in ticket.fields.keys() {
            assert!(
                catalog.field(Kind::Ticket, Some(code), name).is_some(),
                "{code} {name}"
            );
        }
        assert_eq!(ticket.text("shop/badge"), Some(format!("B-{n}").as_str()));
        let new = code == "shop/fault";
        let (place, level) = if new {
            ("shop/place", "urgent")
        } else {
            ("shop/room", "high")
        };
        assert_eq!(ticket.text(place), Some("214"));
        assert_eq!(ticket.text("shop/severity"), Some(level));
        moved += usize::from(new);
    }
    moved
}

#[test]
fn many_records_move_in_steps_that_a_kill_does_not_undo() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let desk = reopened(&store, 1);
    install(&desk, &manifest("1.0.0", ""), FIRST).unwrap();
    let mut ids: Vec<Id> = (0..950).map(|n| defect(&desk, n)).collect();
    install(&desk, &manifest("2.0.0", REPLACED), &second()).unwrap();
    assert!(desk.desk.packs().unwrap()[0].moving);
    assert_eq!(check_each(&desk, &ids), 0);
    // Another change waits; a stopped desk goes on where it stood.
    let error = change(&desk, "shop", PackChange::Disable).unwrap_err();
    assert_eq!(error.code, "pack_moving");
    assert!(desk.desk.move_records(1).unwrap());
    let one = check_each(&desk, &ids);
    assert!(one > 0 && one < 500, "{one}");
    drop(desk);
    let desk = reopened(&store, 2);
    assert_eq!(check_each(&desk, &ids), one);
    // A record that has not moved does so before anything is done with it; new ones are new.
    let last = *ids.last().unwrap();
    assert_eq!(
        desk.get(Kind::Ticket, last).type_code(),
        Some("shop/defect")
    );
    desk.transition(last, "bench").unwrap();
    desk.transition(last, "stuck").unwrap();
    assert_eq!(desk.get(Kind::Ticket, last).type_code(), Some("shop/fault"));
    let new = json!({"type": "fault", "title": "New", "badge": "B-950", "place": "214", "severity": "urgent"});
    ids.push(desk.create(Kind::Ticket, new).unwrap().id);
    let twin = json!({"type": "fault", "title": "x", "badge": "B-940"});
    assert_eq!(
        desk.create(Kind::Ticket, twin).unwrap_err().code,
        "not_unique"
    );
    let old = json!({"type": "defect", "title": "x"});
    assert!(
        desk.create(Kind::Ticket, old)
            .unwrap_err()
            .message
            .contains("no new records")
    );
    assert!(desk.desk.verify().unwrap().faults.is_empty());
    // The timers' thread does the rest.
    for _ in 0..10 {
        desk.desk.fire_due(10).unwrap();
    }
    assert!(!desk.desk.packs().unwrap()[0].moving);
    assert_eq!(check_each(&desk, &ids), ids.len());
    assert!(
        desk.desk
            .catalog()
            .unwrap()
            .type_def("shop/defect")
            .is_none()
    );
    // And all the way back, since each new code took the place of one old one.
    let back = PackChange::RollBack {
        to: None,
        grants: Given::Nothing,
    };
    change(&desk, "shop", back).unwrap();
    while desk.desk.move_records(1).unwrap() {
        assert!(desk.desk.verify().unwrap().faults.is_empty());
    }
    assert_eq!(check_each(&desk, &ids), 0);
    assert_eq!(desk.get(Kind::Ticket, last).status(), Some("shop/parts"));
}

#[test]
fn commands_at_the_same_time_lose_nothing() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let desk = reopened(&store, 1);
    install(&desk, &manifest("1.0.0", ""), FIRST).unwrap();
    let ids: Vec<Id> = (0..900).map(|n| defect(&desk, n)).collect();
    install(&desk, &manifest("2.0.0", REPLACED), &second()).unwrap();
    std::thread::scope(|scope| {
        for part in ids.chunks(300) {
            let desk = &desk.desk;
            scope.spawn(move || {
                for id in part.iter().step_by(7) {
                    let command = Command::Transition {
                        kind: Kind::Ticket,
                        id: *id,
                        to: "bench".to_owned(),
                        fields: Map::new(),
                    };
                    desk.run(&Request::by(Actor::System), &command).unwrap();
                }
            });
        }
        while desk.desk.move_records(1).unwrap() {}
    });
    assert_eq!(check_each(&desk, &ids), ids.len());
    let on_bench = ids
        .iter()
        .filter(|id| desk.get(Kind::Ticket, **id).status() == Some("shop/bench"));
    assert_eq!(
        on_bench.count(),
        ids.chunks(300)
            .map(|p| p.iter().step_by(7).count())
            .sum::<usize>()
    );
}
