//! The engine inside another program, without HTTP: `cargo run --example embed`.
//!
//! Opens a desk on a file, installs a pack with two rules, and works one ticket: a rule refuses to
//! close it, the program mends what the rule asks for, and the history names the rules' lines.

use std::io::Write;
use std::sync::Arc;

use opora::desk::{Actor, Command, Desk, DeskOptions, Reply, Request, Result, SearchQuery};
use opora::domain::{Id, Kind};
use opora::packs::PackFiles;
use opora::store::{OpenOptions, RedbStore};
use serde_json::{Map, Value, json};

const MANIFEST: &str = r#"
pack = { name = "repair", version = "1.0.0", engine = "0.1", names = { en = "Repairs" } }
rule = [
  { name = "say-what-was-done", hook = "transition.guard", script = "rules.rhai" },
  { name = "mark-quick-work", hook = "transition.effect", script = "rules.rhai" },
]
"#;

const DEFINITIONS: &str = r#"
type = [{ code = "fault", workflow = "work", field_sets = ["work"] }]
field_set = [
  { code = "work", fields = [{ code = "minutes", value = "int" }, { code = "quick", value = "bool" }] },
]

[[workflow]]
code = "work"
initial = "open"
statuses = [{ code = "open", category = "open" }, { code = "done", category = "done" }]
transitions = [{ from = "open", to = "done" }, { from = "done", to = "open" }]
"#;

const RULES: &str = r#"
fn say_what_was_done(c) {
    if c.to_category == "done" && c.record.solution == () {
        c.deny_field("solution", "solution_needed", "say what was done before you close");
    }
}

fn mark_quick_work(c) {
    if c.to_category == "done" && c.record.minutes != () {
        c.set("quick", c.record.minutes <= 15);
    }
}
"#;

fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let mut out = std::io::stdout().lock();
    let folder = tempfile::tempdir()?;
    let store = RedbStore::open(folder.path().join("desk.redb"), OpenOptions::default())?;
    let desk = Desk::open(Arc::new(store), DeskOptions::default())?;
    let files = [
        ("pack.toml", MANIFEST),
        ("definitions.toml", DEFINITIONS),
        ("rules.rhai", RULES),
    ];
    let files = PackFiles::from_texts(&files);
    run(&desk, Command::InstallPack { files })?;

    let fields = object(json!({ "type": "repair/fault", "title": "Beamer stays dark" }));
    let kind = Kind::Ticket;
    let id = run(&desk, Command::Create { kind, fields })?.id;
    if let Err(error) = close(&desk, id, json!({ "minutes": 10 })) {
        for fault in &error.faults {
            let rule = fault.rule.as_deref().unwrap_or("the engine");
            writeln!(out, "{} ({rule}): {}", error.code, fault.message)?;
        }
    }
    let answer = json!({ "minutes": 10, "solution": "Changed the lamp and the cable" });
    let closed = close(&desk, id, answer)?;
    writeln!(out, "closed at position {}", closed.pos)?;

    let query = SearchQuery {
        text: "cables".to_owned(),
        limit: 10,
        at_least: Some(closed.pos),
        ..SearchQuery::default()
    };
    for hit in desk.search(&Actor::System, &query)?.hits {
        writeln!(out, "found: {} ({})", hit.record.title(), hit.snippet)?;
    }
    for change in desk.history(&Actor::System, kind, id, None, 50)?.items {
        writeln!(out, "{} by {}", change.command, change.actor)?;
        for field in change.changes {
            let value = field.new.map_or(Value::Null, |v| v.to_json());
            writeln!(out, "  {} = {value}, by {}", field.field, field.by)?;
        }
    }
    Ok(desk.close()?)
}

fn run(desk: &Desk, command: Command) -> Result<Reply> {
    desk.run(&Request::by(Actor::Admin { agent: None }), &command)
}

fn close(desk: &Desk, id: Id, fields: Value) -> Result<Reply> {
    let (kind, to) = (Kind::Ticket, "done".to_owned());
    let fields = object(fields);
    run(
        desk,
        Command::Transition {
            kind,
            id,
            to,
            fields,
        },
    )
}

fn object(json: Value) -> Map<String, Value> {
    json.as_object().cloned().unwrap_or_default()
}
