//! Options that administrators set.

use opora::desk::{Actor, PackChange, PackOption};
use opora::domain::{Id, Kind, Value};
use opora::packs::{Given, PackFiles};
use serde_json::{Value as Json, json};

use super::{FIRST, change, manifest};
use crate::support::TestDesk;

const HEAD: &str = r#"
[options.room]
value = "cellar"
names = { en = "Room" }
[options.limit]
value = 3
[options.rooms]
value = ["a"]
[options.since]
value = 2026-01-01
[[rule]]
name = "place"
hook = "record.defaults"
script = "rules.rhai"
when = [{ field = "$option.limit", less = 10 }]
"#;
const SCRIPT: &str = "fn place(c) { c.set(\"room\", c.options.room); }";

fn installed(desk: &TestDesk, version: &str, head: &str) {
    let head = manifest(version, head);
    let files = PackFiles::from_texts(&[
        ("pack.toml", head.as_str()),
        ("definitions.toml", FIRST),
        ("rules.rhai", SCRIPT),
    ]);
    let grants = Given::All;
    change(desk, "", PackChange::Install { files, grants }).unwrap();
}

fn set(desk: &TestDesk, values: Json) -> opora::desk::Result<opora::desk::Reply> {
    let values = crate::support::fields(values);
    change(desk, "shop", PackChange::SetOptions { values })
}

fn room(desk: &TestDesk) -> Option<String> {
    let fields = json!({"type": "defect", "title": "x"});
    let id: Id = desk.create(Kind::Ticket, fields).unwrap().id;
    let record = desk.get(Kind::Ticket, id);
    record.text("shop/room").map(str::to_owned)
}

fn option(desk: &TestDesk, name: &str) -> PackOption {
    let all = desk.desk.pack_options("shop").unwrap();
    all.into_iter().find(|o| o.name == name).unwrap()
}

#[test]
fn rules_go_by_what_was_set_and_upgrades_keep_it() {
    let desk = TestDesk::bare();
    installed(&desk, "1.0.0", HEAD);
    assert_eq!(room(&desk).as_deref(), Some("cellar"));
    let before = desk.desk.pos();
    set(
        &desk,
        json!({"room": "attic", "since": "2026-05-01", "rooms": ["b", "c"]}),
    )
    .unwrap();
    assert_eq!(room(&desk).as_deref(), Some("attic"));
    let since = option(&desk, "since");
    assert_eq!(since.value.to_json(), json!("2026-05-01"));
    assert_eq!((since.kind, since.is_set), ("date", true));
    assert_eq!(since.own.to_json(), json!("2026-01-01"));
    // What was decided before is made again as it was.
    for again in desk.desk.replay(&Actor::System, before, None).unwrap() {
        assert_eq!(again.differs, None, "{again:?}");
    }
    // What an upgrade would lose is told before.
    let plan = |head: &str| {
        let head = manifest("1.1.0", head);
        let files = [
            ("pack.toml", head.as_str()),
            ("definitions.toml", FIRST),
            ("rules.rhai", SCRIPT),
        ];
        let plan = desk.desk.plan_pack(&PackFiles::from_texts(&files));
        plan.unwrap().warnings.join("\n")
    };
    assert_eq!(plan(HEAD), "");
    let told = plan(&HEAD.replace("value = [\"a\"]", "value = 1"));
    assert!(
        told.contains("option `rooms`, which was set to [\"b\",\"c\"]"),
        "{told}"
    );
    // Another revision keeps it, and loses what it has no place for.
    installed(
        &desk,
        "1.1.0",
        &HEAD.replace("value = [\"a\"]", "value = 1"),
    );
    assert_eq!(room(&desk).as_deref(), Some("attic"));
    assert_eq!(option(&desk, "rooms").value, Value::Int(1));
    assert!(!option(&desk, "rooms").is_set);
    let rest = PackChange::Disable;
    change(&desk, "shop", rest).unwrap();
    change(&desk, "shop", PackChange::Enable).unwrap();
    assert_eq!(room(&desk).as_deref(), Some("attic"));
    // Conditions look at them, too.
    set(&desk, json!({"limit": 10})).unwrap();
    assert_eq!(room(&desk), None);
    set(&desk, json!({"limit": null, "room": null})).unwrap();
    assert_eq!(room(&desk).as_deref(), Some("cellar"));
    let told: Vec<String> = desk
        .desk
        .pack_events("shop")
        .unwrap()
        .into_iter()
        .map(|e| e.what)
        .collect();
    assert_eq!(
        told,
        [
            "options_set",
            "options_set",
            "enabled",
            "disabled",
            "upgraded",
            "options_set",
            "installed"
        ]
    );
}

#[test]
fn all_are_set_or_none_and_what_is_wrong_is_told_by_name() {
    let desk = TestDesk::bare();
    installed(&desk, "1.0.0", HEAD);
    let wrong =
        json!({"rom": "x", "limit": "many", "rooms": [1], "since": "soon", "room": "attic"});
    let error = set(&desk, wrong).unwrap_err();
    let told: Vec<(&str, &str)> = error
        .faults
        .iter()
        .map(|f| (f.field.as_deref().unwrap(), f.message.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            ("limit", "must be of type int, such as 3"),
            (
                "rom",
                "pack `shop` has no such option; did you mean `room`?"
            ),
            ("rooms", "must be of type text, such as \"a\""),
            ("since", "must be of type date, such as \"2026-01-01\""),
        ]
    );
    assert_eq!(room(&desk).as_deref(), Some("cellar"));
    let agent = Actor::Contact {
        contact: Id::MIN,
        account: Id::MIN,
    };
    let command = opora::desk::Command::ChangePack {
        name: "shop".to_owned(),
        change: PackChange::SetOptions {
            values: crate::support::fields(json!({"room": "x"})),
        },
    };
    let refused = desk.desk.run(&opora::desk::Request::by(agent), &command);
    assert_eq!(refused.unwrap_err().code, "forbidden");
    let values = crate::support::fields(json!({"room": "x"}));
    let absent = change(&desk, "nobody", PackChange::SetOptions { values });
    assert_eq!(absent.unwrap_err().code, "not_found");
}
