//! A case in a whole desk: it harms its own pack and nobody else.

use std::sync::Arc;

use opora::desk::{Actor, Command, Desk, DeskOptions, Error, IdSource, Request, VirtualClock};
use opora::domain::{Id, Kind};
use opora::hooks::Hook;
use opora::packs::PackFiles;
use opora::store::{MemoryStore, Store};
use serde_json::json;

use super::corpus::{Case, PACK, RULE};

/// A pack that does its work, with a rule of its own.
const CALM: &str = "\
[pack]
name = \"calm\"
version = \"1.0.0\"
engine = \"0.1\"
names = { en = \"Calm\", ru = \"Спокойный\" }
[[rule]]
name = \"urgent\"
hook = \"record.defaults\"
script = \"rules.rhai\"
";
const CALM_SCRIPT: &str = "fn urgent(c) { c.set(\"priority\", \"high\"); }";
const CALM_DEFINITIONS: &str = include_str!("definitions.toml");

/// Whether the desk tells of a case what its runner told, and goes on with the rest.
pub fn check(case: &Case, ends: &str, text: &str) -> Result<(), String> {
    let desk = open();
    let calm = PackFiles::from_texts(&[
        ("pack.toml", CALM),
        ("definitions.toml", CALM_DEFINITIONS),
        ("rules.rhai", CALM_SCRIPT),
    ]);
    install(&desk, calm).map_err(|e| format!("the calm pack: {e}"))?;
    let installed = install(&desk, case.pack());
    if ends == "refused" {
        let error = installed.err().ok_or("it was installed")?;
        if error.faults.is_empty() {
            return Err(format!("no fault is told: {error}"));
        }
    } else {
        installed.map_err(|e| format!("cannot be installed: {e}"))?;
        attack(&desk, case, ends, text)?;
    }
    let id = create(&desk, "calm/fault").map_err(|e| format!("the calm pack suffers: {e}"))?;
    let seen = desk.record(&Actor::System, Kind::Ticket, id, None);
    let seen = seen.map_err(|e| e.to_string())?;
    match seen.record.text("priority") {
        Some("high") => Ok(()),
        other => Err(format!("the calm rule did not run: {other:?}")),
    }
}

fn attack(desk: &Desk, case: &Case, ends: &str, said: &str) -> Result<(), String> {
    let fault = format!("{PACK}/fault");
    let rule = format!("{PACK}/{RULE}");
    match case.hook() {
        Hook::RecordValidate => {
            let created = create(desk, &fault);
            if ends == "answers" {
                return Ok(());
            }
            let error = created.err().ok_or("the guard let it through")?;
            let told = error.faults.iter().any(|f| {
                f.code == "rule_broken" && f.rule.as_ref() == Some(&rule) && tells(&f.message, said)
            });
            if !told {
                return Err(format!("the refusal does not tell whose it was: {error}"));
            }
        }
        Hook::TransitionEffect => {
            let id = create(desk, &fault).map_err(|e| e.to_string())?;
            let to = "doing".to_owned();
            let fields = serde_json::Map::new();
            let kind = Kind::Ticket;
            let start = Command::Transition {
                kind,
                id,
                to,
                fields,
            };
            run(desk, &start).map_err(|e| format!("the effect refused: {e}"))?;
            let history = desk.history(&Actor::System, kind, id, None, 1);
            let history = history.map_err(|e| e.to_string())?;
            let runs = history.items.first().map(|item| item.rules.clone());
            let told = runs.unwrap_or_default().iter().any(|run| {
                run.rule == rule
                    && run.verdict == "failed"
                    && run.reasons.iter().any(|r| tells(r, said))
            });
            if !told {
                return Err("the journal does not tell of it".to_owned());
            }
        }
        Hook::AccessFilter => {
            let id = create(desk, &fault).map_err(|e| e.to_string())?;
            let agent = Actor::Agent { agent: None };
            let error = desk.record(&agent, Kind::Ticket, id, None).err();
            let code = error.map(|e| e.code);
            if code != Some("access_unknown") {
                return Err(format!("access was not closed: {code:?}"));
            }
        }
        other => return Err(format!("the desk's part of {other} is not written")),
    }
    let failing = desk.health().map_err(|e| e.to_string())?.failing_rules;
    let known = failing
        .iter()
        .any(|f| f.rule == rule && tells(&f.message, said));
    if known || ends == "answers" {
        Ok(())
    } else {
        Err(format!("the health does not tell of it: {failing:?}"))
    }
}

fn open() -> Arc<Desk> {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let options = DeskOptions {
        clock: Arc::new(VirtualClock::at(
            "2026-03-02T09:00:00Z".parse().expect("an instant"),
        )),
        ids: IdSource::seeded(7),
        search: false,
        ..DeskOptions::default()
    };
    Desk::open(store, options).expect("a desk")
}

fn run(desk: &Desk, command: &Command) -> Result<Id, Error> {
    let request = Request::by(Actor::Admin { agent: None });
    Ok(desk.run(&request, command)?.id)
}

fn install(desk: &Desk, files: PackFiles) -> Result<Id, Error> {
    run(desk, &Command::InstallPack { files })
}

fn create(desk: &Desk, kind: &str) -> Result<Id, Error> {
    let fields = json!({"type": kind, "title": "lamp"});
    let fields = fields.as_object().cloned().expect("an object");
    let command = Command::Create {
        kind: Kind::Ticket,
        fields,
    };
    run(desk, &command)
}

/// Whether a message is the one that the runner gave. On a slow machine the clock may have been
/// faster.
fn tells(message: &str, said: &str) -> bool {
    // The desk cuts long messages.
    let first = said.lines().next().unwrap_or_default();
    let first: String = first.chars().take(300).collect();
    // Where a script was is found by running it again for a while: on a busy machine, about where. And
    // what uses up nearly all its time may use up its operations before.
    let (file, why) = first.split_once(".rhai:").unwrap_or(("", &first));
    let why = why.trim_start_matches(|c: char| c.is_ascii_digit() || c == ':');
    (message.contains(file) && message.contains(why))
        || (message.contains(PACK) && [message, said].iter().any(|s| s.contains("took too long")))
}
