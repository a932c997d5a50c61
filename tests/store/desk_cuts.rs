//! Power cuts under a whole desk: every command that was answered is there, and records, indexes,
//! guards and journal say the same. `OPORA_CUTS` sets how many.

use std::collections::BTreeMap;
use std::sync::Arc;

use opora::desk::{Actor, Command, Desk, DeskOptions, Error, IdSource, Request, VirtualClock};
use opora::domain::entry::Visibility;
use opora::domain::{Id, Kind};
use opora::packs::PackFiles;
use opora::store::RedbStore;
use serde_json::json;

use crate::disk::{Disk, Nature};
use crate::kit::options;
use crate::random::{Random, seed};

const MANIFEST: &str = "[pack]\nname = \"cut\"\nversion = \"0.1.0\"\nengine = \"0.1\"\n";
const DEFINITIONS: &str = r#"
[[type]]
code = "fault"
workflow = "work"
[[workflow]]
code = "work"
initial = "todo"
statuses = [{ code = "todo", category = "new" }, { code = "done", category = "done" }]
transitions = [{ from = "todo", to = "done" }, { from = "done", to = "todo" }]
"#;

/// What the world outside knows of the tickets.
#[derive(Default)]
struct Outside {
    /// Title and number of comments of each ticket that was answered for.
    answered: BTreeMap<Id, (String, usize)>,
    /// What was asked when the power went: it may have happened.
    pending: Option<Asked>,
    commands: u64,
}

enum Asked {
    Create,
    Rename(Id, String),
    Comment(Id),
    Move,
}

#[test]
fn power_cuts_lose_no_answered_command_of_a_desk() {
    let cuts = std::env::var("OPORA_CUTS").map_or(20, |n| n.parse().unwrap());
    let seed = seed();
    eprintln!("{cuts} cuts, repeat with OPORA_SEED={seed}");
    let mut random = Random::new(seed);
    let (mut commands, mut at_work) = (0, 0);
    for cut in 0..cuts {
        match cut_once(&mut Random::new(random.next())) {
            Ok((done, hit)) => {
                commands += done;
                at_work += u64::from(hit);
            }
            Err(violation) => panic!("cut {cut} of seed {seed}: {violation}"),
        }
    }
    eprintln!("{commands} commands answered, {at_work} cuts at work, 0 violations");
    assert!(at_work * 2 > cuts, "{at_work} of {cuts}");
}

fn open(disk: &Disk, random: &mut Random) -> Result<Arc<Desk>, String> {
    let store = RedbStore::with_backend(disk.clone(), options()).map_err(|e| e.to_string())?;
    let start = "2026-03-02T09:00:00Z".parse().unwrap();
    let options = DeskOptions {
        clock: Arc::new(VirtualClock::at(start)),
        ids: IdSource::seeded(random.next()),
        search: false,
        ..DeskOptions::default()
    };
    Desk::open(Arc::new(store), options).map_err(|e| e.to_string())
}

/// A life cut short, the check, a life after and the check again.
fn cut_once(random: &mut Random) -> Result<(u64, bool), String> {
    let disk = Disk::new(Nature {
        sector: if random.one_in(2) { 512 } else { 4_096 },
        honest: true,
    });
    disk.cut_after(40 + random.below(500));
    let Ok(desk) = open(&disk, random) else {
        return Ok((0, false));
    };
    let mut outside = Outside::default();
    let _ = live(random, &desk, &mut outside);
    let hit = disk.is_dead();
    let disk = disk.after_cut(random);
    drop(desk);
    let desk = open(&disk, random)?;
    check(&desk, &mut outside)?;
    live(random, &desk, &mut outside).map_err(|e| format!("a life after: {e}"))?;
    check(&desk, &mut outside)?;
    Ok((outside.commands, hit))
}

fn live(random: &mut Random, desk: &Desk, outside: &mut Outside) -> Result<(), Error> {
    let request = Request::by(Actor::System);
    if desk.catalog()?.pack("cut").is_none() {
        let files =
            PackFiles::from_texts(&[("pack.toml", MANIFEST), ("definitions.toml", DEFINITIONS)]);
        desk.run(&request, &Command::InstallPack { files })?;
    }
    for n in 0..40 {
        let ids: Vec<Id> = outside.answered.keys().copied().collect();
        let id = ids
            .get(random.below(ids.len().max(1) as u64) as usize)
            .copied();
        // Never twice: external ids are made of it, and those are unique.
        let title = format!("{n} {}", random.next());
        let (command, asked) = plan(random, id, &title);
        outside.pending = Some(asked);
        let reply = desk.run(&request, &command)?;
        outside.commands += 1;
        match outside.pending.take() {
            Some(Asked::Create) => {
                outside.answered.insert(reply.id, (title, 0));
            }
            Some(Asked::Rename(id, title)) => outside.answered.get_mut(&id).unwrap().0 = title,
            Some(Asked::Comment(id)) => outside.answered.get_mut(&id).unwrap().1 += 1,
            Some(Asked::Move) | None => {}
        }
    }
    Ok(())
}

fn plan(random: &mut Random, id: Option<Id>, title: &str) -> (Command, Asked) {
    let kind = Kind::Ticket;
    let object = |json: serde_json::Value| json.as_object().cloned().unwrap();
    match (random.below(4), id) {
        (1, Some(id)) => {
            let fields = object(json!({"title": title, "tags": [title]}));
            (
                Command::Update { kind, id, fields },
                Asked::Rename(id, title.to_owned()),
            )
        }
        (2, Some(id)) => {
            let text = title.to_owned();
            let visibility = Visibility::Public;
            (
                Command::Comment {
                    kind,
                    id,
                    visibility,
                    text,
                },
                Asked::Comment(id),
            )
        }
        (3, Some(id)) => {
            let to = if random.one_in(2) { "done" } else { "todo" }.to_owned();
            let fields = serde_json::Map::new();
            (
                Command::Transition {
                    kind,
                    id,
                    to,
                    fields,
                },
                Asked::Move,
            )
        }
        _ => {
            let fields = object(json!({"type": "fault", "title": title, "external_id": title}));
            let fields = if random.one_in(2) {
                fields
            } else {
                object(json!({"type": "fault", "title": title}))
            };
            (Command::Create { kind, fields }, Asked::Create)
        }
    }
}

/// Compares a desk with what the world outside knows.
fn check(desk: &Desk, outside: &mut Outside) -> Result<(), String> {
    let verified = desk.verify().map_err(|e| e.to_string())?;
    if !verified.faults.is_empty() {
        return Err(verified.faults.join("; "));
    }
    let pending = outside.pending.take();
    let may_be_one_more = u64::from(matches!(pending, Some(Asked::Create)));
    let known = outside.answered.len() as u64;
    if verified.records < known || verified.records > known + may_be_one_more {
        return Err(format!(
            "{} records, {known} were answered for",
            verified.records
        ));
    }
    for (id, (title, comments)) in &mut outside.answered {
        let page = desk
            .record(&Actor::System, Kind::Ticket, *id, None)
            .map_err(|e| format!("ticket {id}, which was answered for: {e}"))?;
        match &pending {
            Some(Asked::Rename(other, new)) if other == id && page.record.title() == new => {
                title.clone_from(new);
            }
            _ if page.record.title() == title => {}
            _ => return Err(format!("{:?} instead of {title:?}", page.record.title())),
        }
        let entries = desk.entries(&Actor::System, Kind::Ticket, *id, None, 200);
        let count = entries.map_err(|e| e.to_string())?.items.len();
        let one_more = matches!(&pending, Some(Asked::Comment(other)) if other == id);
        if count != *comments && !(one_more && count == *comments + 1) {
            return Err(format!("{count} comments, {comments} were answered for"));
        }
        *comments = count;
    }
    // A ticket that was made without an answer is one from now on.
    if verified.records > known {
        let query = opora::desk::ListQuery::newest(Kind::Ticket, 200);
        let all = desk
            .list(&Actor::System, &query)
            .map_err(|e| e.to_string())?;
        for page in all.items {
            let title = page.record.title().to_owned();
            outside.answered.entry(page.record.id).or_insert((title, 0));
        }
    }
    Ok(())
}
