//! Rules of real packs, through the desk.

mod changed;
mod choices;
mod effects;
mod guards;
mod messages;
mod surveys;
mod timers;
mod trips;

use opora::desk::{Actor, HistoryItem, Result};
use opora::domain::{Id, Kind};
use serde_json::json;

use crate::support::{DEFINITIONS, MANIFEST, TestDesk};

/// Fields that the rules of these tests use, beside those of the plain pack.
const FIELDS: &str = r#"
[[field_set.fields]]
code = "stamp"
value = "text"
readonly = true
[[field_set.fields]]
code = "level"
value = "enum"
options = [{ code = "low" }, { code = "mid" }, { code = "high" }]

[[type]]
code = "call"
kind = "activity"
workflow = "calls"

[[workflow]]
code = "calls"
initial = "planned"
statuses = [{ code = "planned", category = "new" }, { code = "called", category = "done" }]
transitions = [{ from = "planned", to = "called" }]

[[survey]]
code = "service"
[[survey.questions]]
code = "speed"
[[survey.questions]]
code = "words"
is_text = true
"#;

/// A desk with the plain pack and these rules: `name hook [key = value, …]` a line each.
pub fn desk(rules: &str, script: &str) -> TestDesk {
    let desk = TestDesk::bare();
    install(&desk, rules, script).unwrap();
    desk
}

pub fn install(desk: &TestDesk, rules: &str, script: &str) -> Result<()> {
    let mut manifest = MANIFEST.to_owned();
    for line in rules.lines().map(str::trim).filter(|l| !l.is_empty()) {
        let mut words = line.splitn(3, ' ');
        let (name, hook) = (words.next().unwrap(), words.next().unwrap());
        let keys = words.next().unwrap_or_default().replace(", ", "\n");
        manifest += &format!(
            "\n[[rule]]\nname = \"{name}\"\nhook = \"{hook}\"\nscript = \"rules.rhai\"\n{keys}\n"
        );
    }
    let definitions = format!("{DEFINITIONS}{FIELDS}");
    let files = [
        ("pack.toml", manifest.as_str()),
        ("definitions.toml", &definitions),
        ("rules.rhai", script),
    ];
    desk.install(&files).map(|_| ())
}

/// The newest change of a ticket.
pub fn last(desk: &TestDesk, id: Id) -> HistoryItem {
    let page = desk
        .desk
        .history(&Actor::System, Kind::Ticket, id, None, 200);
    page.unwrap().items.pop().unwrap()
}

/// What a rule said in a change.
pub fn verdict(item: &HistoryItem, rule: &str) -> String {
    let run = item.rules.iter().find(|r| r.rule == rule);
    run.map_or("not_called", |r| r.verdict.as_str()).to_owned()
}

/// Who set a field in a change.
pub fn set_by(item: &HistoryItem, field: &str) -> String {
    let change = item.changes.iter().find(|c| c.field == field);
    change.map_or("nobody", |c| c.by.as_str()).to_owned()
}

/// An account, its contact with an address, and an agent.
pub fn people(desk: &TestDesk) -> (Id, Id, Id) {
    let account = desk.create(Kind::Account, json!({"title": "ACME", "code": "acme"}));
    let contact = json!({
        "title": "Anna", "code": "anna", "account": "acme", "mails": ["anna@acme.example"]
    });
    let agent = json!({"title": "Igor", "code": "igor", "mail": "igor@desk.example"});
    (
        account.unwrap().id,
        desk.create(Kind::Contact, contact).unwrap().id,
        desk.create(Kind::Agent, agent).unwrap().id,
    )
}

pub fn outbox(desk: &TestDesk) -> Vec<opora::desk::OutboxItem> {
    let page = desk.desk.outbox(&Actor::System, None, 200).unwrap();
    page.items.into_iter().rev().collect()
}
