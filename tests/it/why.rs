//! Why a record is as it is: which rule, which line, which condition, and who began it; also long
//! after the rules were replaced.

use opora::desk::{Silence, Why, WhyItem, WhyQuery};
use opora::domain::{Id, Kind, Value};
use serde_json::json;

use crate::support::{DEFINITIONS, TestDesk};

const MANIFEST: &str = r#"
[pack]
name = "plain"
version = "VERSION"
engine = "0.1"

[[rule]]
name = "escalate"
hook = "transition.effect"
script = "rules.rhai"
reads = ["priority", "room", "account.title"]
writes = ["weight"]
when = [
  { name = "urgent", field = "priority", in = ["high", "urgent"] },
  { field = "$to", is = "doing" },
]

[[rule]]
name = "remind"
hook = "schedule.fire"
script = "rules.rhai"

[[rule]]
name = "start"
hook = "transition.effect"
script = "rules.rhai"
when = [{ field = "$from", is = "todo" }]

[[rule]]
name = "close-light"
hook = "transition.guard"
script = "rules.rhai"
function = "close_light"
when = [{ name = "heavy", field = "weight", greater = 10 }, { field = "$to", is = "done" }]
"#;

const RULES: &str = r#"
fn escalate(c) {
    let weight = if c.record.room == "cellar" { 20 } else { 5 };
    c.because("urgent_in", `${c.record.room}`);
    c.set("weight", weight);
}
fn remind(c) {
    c.set("room", "attic");
}
fn start(c) {
    c.schedule("look", hours(2), #{});
}
fn close_light(c) {
    c.deny("too_heavy", "carry it out first");
}
"#;

fn install(desk: &TestDesk, version: &str, rules: &str) {
    let manifest = MANIFEST.replace("VERSION", version);
    let files = [
        ("pack.toml", manifest.as_str()),
        ("definitions.toml", DEFINITIONS),
        ("rules.rhai", rules),
    ];
    desk.install(&files).unwrap();
}

fn desk() -> TestDesk {
    let desk = TestDesk::bare();
    install(&desk, "0.1.0", RULES);
    desk
}

fn why(desk: &TestDesk, id: Id, field: Option<&str>) -> Why {
    let query = WhyQuery {
        kind: Kind::Ticket,
        id,
        field: field.map(str::to_owned),
        limit: 200,
        cursor: None,
    };
    let actor = opora::desk::Actor::Agent { agent: None };
    desk.desk.why(&actor, &query).unwrap()
}

fn ticket(desk: &TestDesk, priority: &str) -> Id {
    let fields = json!({"type": "fault", "title": "Pump", "priority": priority, "room": "cellar"});
    desk.create(Kind::Ticket, fields).unwrap().id
}

fn of_command<'w>(why: &'w Why, command: &str) -> &'w WhyItem {
    why.items.iter().find(|i| i.command == command).unwrap()
}

#[test]
fn a_change_names_rule_line_values_and_who_began() {
    let desk = desk();
    let id = ticket(&desk, "high");
    desk.transition(id, "doing").unwrap();
    let why = why(&desk, id, Some("weight"));
    let item = of_command(&why, "transition");
    assert_eq!(item.gap, None);
    let change = &item.changes[0];
    assert_eq!((change.field.as_str(), change.by), ("plain/weight", "rule"));
    assert_eq!(change.line, 5);
    let rule = &item.rules[change.rule.unwrap()];
    assert_eq!(rule.rule, "plain/escalate");
    let place = rule.place.as_ref().unwrap();
    assert_eq!((place.file.as_str(), place.line), ("rules.rhai", 2));
    assert_eq!(rule.same, Some(true));
    assert!(rule.used > 0 && rule.budget.unwrap() > rule.used);
    assert!(rule.reasons.iter().any(|r| r.contains("urgent_in: cellar")));
    let room = rule.read.iter().find(|r| r.field == "room").unwrap();
    assert_eq!(room.value, Some(Value::from("cellar")));
    let causes: Vec<&str> = item.causes.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(causes, ["transition", "admin"]);
}

#[test]
fn a_silent_rule_names_the_condition_and_the_value() {
    let desk = desk();
    let id = ticket(&desk, "low");
    desk.transition(id, "doing").unwrap();
    let why = why(&desk, id, Some("weight"));
    let item = of_command(&why, "transition");
    assert!(item.changes.is_empty());
    let silent = item
        .silent
        .iter()
        .find(|s| s.rule == "plain/escalate")
        .unwrap();
    assert_eq!(
        silent.silence.words(),
        "condition `urgent` (priority in high, urgent) was false: priority = low"
    );
    let Silence::Condition { line, .. } = &silent.silence else {
        panic!("{silent:?}");
    };
    assert_eq!((silent.line, *line), (7, 14));
}

#[test]
fn a_timer_leads_back_to_the_rule_that_set_it_and_to_a_person() {
    let desk = desk();
    let id = ticket(&desk, "low");
    desk.transition(id, "doing").unwrap();
    desk.clock.advance(chrono::TimeDelta::hours(3));
    assert_eq!(desk.desk.fire_due(10).unwrap(), 1);
    let why = why(&desk, id, Some("room"));
    let item = of_command(&why, "fire_timer");
    let causes: Vec<(&str, &str)> = item
        .causes
        .iter()
        .map(|c| (c.what, c.name.as_str()))
        .collect();
    assert_eq!(
        causes,
        [
            ("command", "fire_timer"),
            ("timer", "plain/look"),
            ("rule", "plain/start:11"),
            ("command", "transition"),
            ("actor", "admin"),
        ]
    );
}

#[test]
fn a_long_chain_ends_at_a_person_and_says_what_is_left_out() {
    let desk = TestDesk::bare();
    let manifest = "[pack]\nname = \"plain\"\nversion = \"1.0.0\"\nengine = \"0.1\"\n\
        [[rule]]\nname = \"start\"\nhook = \"transition.effect\"\nscript = \"rules.rhai\"\n\
        [[rule]]\nname = \"again\"\nhook = \"schedule.fire\"\nscript = \"rules.rhai\"\n";
    let rules = "fn start(c) { c.schedule(\"look\", hours(1), #{}); }\n\
        fn again(c) {\n    c.set(\"weight\", (c.record.weight ?? 0) + 1);\n    c.schedule(\"look\", hours(1), #{});\n}\n";
    let files = [
        ("pack.toml", manifest),
        ("definitions.toml", DEFINITIONS),
        ("rules.rhai", rules),
    ];
    desk.install(&files).unwrap();
    let id = ticket(&desk, "low");
    let begun = desk.transition(id, "doing").unwrap().pos;
    for _ in 0..30 {
        desk.clock.advance(chrono::TimeDelta::hours(1));
        assert_eq!(desk.desk.fire_due(10).unwrap(), 1);
    }
    let why = why(&desk, id, Some("weight"));
    assert_eq!(why.items.len(), 30);
    let (mut told, mut left) = (Vec::new(), Vec::new());
    for item in &why.items {
        let [.., command, actor] = item.causes.as_slice() else {
            panic!("{item:?}");
        };
        assert_eq!(
            (actor.what, actor.name.as_str(), actor.pos),
            ("actor", "admin", begun)
        );
        assert_eq!(
            (command.what, command.name.as_str()),
            ("command", "transition")
        );
        let commands = item.causes.iter().filter(|c| c.what == "command").count();
        let out = item.causes.iter().find(|c| c.what == "left_out");
        told.push(commands);
        left.push(out.and_then(|c| c.count).unwrap_or_default());
    }
    // Every change of the chain is told or counted, the transition included.
    let all: Vec<usize> = told.iter().zip(&left).map(|(t, l)| t + l).collect();
    assert_eq!(all, (2..=31).collect::<Vec<_>>());
    assert_eq!((told[3], left[3]), (5, 0));
    assert_eq!((told[29], left[29]), (11, 20));
}

#[test]
fn a_field_is_borne_on_by_those_that_set_it_or_said_why_not() {
    let desk = TestDesk::bare();
    let rule = |name: &str, hook: &str, more: &str| {
        format!("[[rule]]\nname = \"{name}\"\nhook = \"{hook}\"\nscript = \"rules.rhai\"\n{more}\n")
    };
    let manifest = [
        "[pack]\nname = \"plain\"\nversion = \"1.0.0\"\nengine = \"0.1\"\n".to_owned(),
        rule("level", "sla.select", "reads = [\"account\"]"),
        rule("fill", "record.defaults", "writes = [\"weight\"]"),
        rule("tidy", "record.defaults", ""),
        rule(
            "room",
            "record.defaults",
            "when = [{ field = \"room\", is = \"roof\" }]",
        ),
        rule(
            "charge",
            "assign.select",
            "when = [{ field = \"room\", is = \"roof\" }]",
        ),
        rule("check", "record.validate", ""),
    ];
    let rules = "fn level(c) { c.because(\"of_client\", \"the level of the account applies\"); }\n\
        fn fill(c) { c.because(\"usual\", \"as always\"); c.set(\"weight\", 5); }\n\
        fn tidy(c) { c.because(\"room\", \"it has one\"); c.set(\"description\", \"-\"); }\n\
        fn room(c) {}\nfn charge(c) {}\n\
        fn check(c) { c.because(\"fine\", \"all is well\"); }\n";
    let files = [
        ("pack.toml", manifest.concat()),
        ("definitions.toml", DEFINITIONS.to_owned()),
        ("rules.rhai", rules.to_owned()),
    ];
    let files = files.each_ref().map(|(name, text)| (*name, text.as_str()));
    desk.install(&files).unwrap();
    gold(&desk);
    let account = json!({"title": "Mill", "support_level": "gold"});
    let account = desk.create(Kind::Account, account).unwrap().id;
    let fields = json!({"type": "fault", "title": "Pump", "room": "cellar", "account": account});
    let id = desk.create(Kind::Ticket, fields).unwrap().id;
    let bears = |field: &str| {
        let why = why(&desk, id, Some(field));
        let item = of_command(&why, "create");
        assert_eq!(item.changes.len(), 1, "{field}: {item:?}");
        let called: Vec<String> = item.rules.iter().map(|r| r.rule.clone()).collect();
        let silent: Vec<String> = item.silent.iter().map(|r| r.rule.clone()).collect();
        (called.join(" "), silent.join(" "))
    };
    let told = |called: &str, silent: &str| (called.to_owned(), silent.to_owned());
    // It said why it leaves the level alone; who is in charge is not for it, nor for a check.
    assert_eq!(bears("support_level"), told("plain/level", "plain/room"));
    assert_eq!(bears("weight"), told("plain/fill", "plain/room"));
    assert_eq!(bears("room"), told("plain/tidy", "plain/room"));
    let query = |field: &str| WhyQuery {
        kind: Kind::Ticket,
        id,
        field: Some(field.to_owned()),
        limit: 200,
        cursor: None,
    };
    let actor = opora::desk::Actor::Agent { agent: None };
    let error = desk.desk.why(&actor, &query("wieght")).unwrap_err();
    assert_eq!(error.faults[0].code, "unknown_field");
    assert!(
        error.message.contains("did you mean `plain/weight`?"),
        "{error:?}"
    );
    // One that the record once had is known.
    desk.update(Kind::Ticket, id, json!({"weight": null}))
        .unwrap();
    let bare = DEFINITIONS.replace(
        "[[field_set.fields]]\ncode = \"weight\"\nvalue = \"int\"\n",
        "",
    );
    let head = "[pack]\nname = \"plain\"\nversion = \"2.0.0\"\nengine = \"0.1\"\n";
    desk.install(&[("pack.toml", head), ("definitions.toml", &bare)])
        .unwrap();
    let gone = desk.desk.why(&actor, &query("weight")).unwrap();
    assert_eq!(of_command(&gone, "create").changes[0].field, "plain/weight");
}

#[test]
fn old_changes_are_explained_by_the_rules_of_their_time() {
    let desk = desk();
    let (loud, quiet) = (ticket(&desk, "high"), ticket(&desk, "low"));
    desk.transition(loud, "doing").unwrap();
    desk.transition(quiet, "doing").unwrap();
    let before = (why(&desk, loud, None), why(&desk, quiet, None));
    install(&desk, "0.2.0", &RULES.replace("20", "30"));
    desk.update(
        Kind::Ticket,
        loud,
        json!({"priority": "low", "room": "roof"}),
    )
    .unwrap();
    let gone = "fn remind(c) {}\nfn start(c) {}\nfn close_light(c) {}\nfn escalate(c) {}";
    install(&desk, "0.3.0", gone);
    desk.clock.advance(chrono::TimeDelta::days(400));
    let after = (why(&desk, loud, None), why(&desk, quiet, None));
    for (then, now) in [(&before.0, &after.0), (&before.1, &after.1)] {
        let of_then = &now.items[..then.items.len()];
        assert_eq!(then.items, of_then);
    }
    let rules = of_command(&after.0, "transition").rules.iter();
    assert!(
        rules
            .clone()
            .all(|r| r.version == "0.1.0" && r.same == Some(true))
    );
    assert!(rules.count() > 0);
}

/// The support level `gold`.
fn gold(desk: &TestDesk) {
    let day = |day: &str| json!({"weekday": day, "from": 540, "to": 1080});
    let week: Vec<_> = ["Mon", "Tue", "Wed", "Thu", "Fri"].map(day).to_vec();
    let calendar = json!({"code": "days", "names": {}, "time_zone": "UTC", "version": 1,
        "exceptions": {}, "weekly": week});
    desk.create(
        Kind::Calendar,
        json!({"title": "Days", "code": "days", "definition": calendar}),
    )
    .unwrap();
    let level = json!({"code": "gold", "names": {}, "calendar": "days", "order": 1, "targets":
        [{"clock": "resolution", "duration_secs": 28_800, "warn_before_secs": []}]});
    desk.create(
        Kind::SupportLevel,
        json!({"title": "Gold", "code": "gold", "definition": level}),
    )
    .unwrap();
}

#[test]
fn due_times_come_with_their_ledger() {
    let desk = desk();
    gold(&desk);
    let fields = json!({"type": "fault", "title": "Pump", "support_level": "gold"});
    let id = desk.create(Kind::Ticket, fields).unwrap().id;
    desk.clock.advance(chrono::TimeDelta::hours(1));
    desk.transition(id, "doing").unwrap();
    desk.transition(id, "waiting").unwrap();
    desk.clock.advance(chrono::TimeDelta::hours(2));
    desk.transition(id, "doing").unwrap();
    let why = why(&desk, id, Some("resolution_due_at"));
    let [clock] = why.clocks.as_slice() else {
        panic!("{why:?}");
    };
    let spans: Vec<(bool, u64, &str)> = clock
        .ledger
        .rows
        .iter()
        .map(|row| (row.counted, row.working_secs, row.cause.as_str()))
        .collect();
    assert_eq!(
        spans,
        [
            (true, 3_600, "created"),
            (false, 7_200, "status:plain/waiting"),
            (true, 0, "status:plain/doing"),
        ]
    );
    let ledger = &clock.ledger;
    assert_eq!(
        ledger.counted_secs + ledger.remaining_secs as u64,
        ledger.target_secs
    );
    let due = desk.get(Kind::Ticket, id).instant("resolution_due_at");
    assert_eq!(
        (due, clock.field.as_deref()),
        (Some(ledger.due_at), Some("resolution_due_at"))
    );
}

#[test]
fn a_rule_sees_and_sets_only_what_it_declares() {
    let desk = TestDesk::bare();
    let manifest = r#"
[pack]
name = "plain"
version = "0.1.0"
engine = "0.1"
[[rule]]
name = "narrow"
hook = "record.defaults"
script = "rules.rhai"
reads = ["room"]
writes = ["weight"]
[[rule]]
name = "greedy"
hook = "record.defaults"
script = "rules.rhai"
writes = []
"#;
    let rules = r#"
fn narrow(c) {
    c.set("weight", if c.record.title == () && c.record.room == "hall" && c.record.status_category == () { 1 } else { 2 });
}
fn greedy(c) {
    c.set("room", "mine");
}
"#;
    desk.install(&[
        ("pack.toml", manifest),
        ("definitions.toml", DEFINITIONS),
        ("rules.rhai", rules),
    ])
    .unwrap();
    let made = desk.create(
        Kind::Ticket,
        json!({"type": "fault", "title": "Pump", "room": "hall"}),
    );
    let record = desk.get(Kind::Ticket, made.unwrap().id);
    assert_eq!(record.get("plain/weight"), Some(&Value::Int(1)));
    let made = desk.create(Kind::Ticket, json!({"type": "fault", "title": "Pump"}));
    let id = made.unwrap().id;
    assert_eq!(desk.get(Kind::Ticket, id).get("plain/room"), None);
    let why = why(&desk, id, None);
    let greedy = why.items[0]
        .rules
        .iter()
        .find(|r| r.rule == "plain/greedy")
        .unwrap();
    assert_eq!(greedy.verdict, "failed");
    assert_eq!(
        greedy.reasons,
        ["rule plain/greedy, line 6: sets `room`, which it does not declare in `writes`"]
    );
}

#[test]
fn decisions_are_replayed_with_their_lines() {
    let desk = desk();
    let id = ticket(&desk, "urgent");
    let done = desk.transition(id, "doing").unwrap();
    let actor = opora::desk::Actor::Agent { agent: None };
    let again = desk
        .desk
        .replay(&actor, done.pos, Some("plain/escalate"))
        .unwrap();
    let [again] = again.as_slice() else {
        panic!("{again:?}");
    };
    assert_eq!(again.differs, None);
    assert_eq!(again.points[0].value, "20");
    let lines: Vec<u32> = again.steps.iter().map(|s| s.line).collect();
    assert!(lines.starts_with(&[3]) && lines.contains(&5), "{lines:?}");
    assert!(
        again
            .steps
            .iter()
            .any(|s| s.text == "c.set(\"weight\", weight);")
    );
    let none = desk.desk.replay(&actor, done.pos, Some("plain/nobody"));
    assert_eq!(none.unwrap_err().code, "not_found");
}
