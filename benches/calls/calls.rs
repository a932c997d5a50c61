//! Time and allocations of a hook call, and of a whole command.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use opora::desk::Actor;
use opora::domain::{Id, Kind, Value};
use opora::hooks::{
    ActorView, AgentProfile, AgentView, Call, Detail, Hook, LevelView, RecordView, Rule,
};
use opora::packs::Catalog;
use opora_benches::kit::{Bed, Fallible, Mode, median, micros};
use stats_alloc::Region;

use super::ALLOCATOR;

/// Agents that assignment chooses from.
const AGENTS: u64 = 40;

/// Calls of the shipped rules on one ticket of the support pack.
pub fn cost(bed: &Bed, mode: &Mode) -> Fallible<()> {
    let catalog = bed.desk.catalog()?;
    let ticket = Subject::new(bed)?;
    for hook in Hook::ALL {
        for rule in catalog.rules_for(hook, Kind::Ticket, Some("support-1c/error")) {
            for (name, detail) in details(bed, hook) {
                hook_call(name, rule, &ticket.call(bed, &catalog, rule, detail), mode)?;
            }
        }
    }
    commands(bed, mode)
}

/// Allocations of whole commands.
fn commands(bed: &Bed, mode: &Mode) -> Fallible<()> {
    let rounds = mode.pick(200, 5);
    let mut ids = Vec::new();
    for number in 0..rounds {
        ids.push((bed.ticket(number)?.id, number));
    }
    let report = |name: &str, work: &dyn Fn(Id, u64) -> Fallible<()>| -> Fallible<()> {
        let region = Region::new(ALLOCATOR);
        for (id, number) in &ids {
            work(*id, *number)?;
        }
        let change = region.change();
        println!(
            "{name:<12} in all           {} allocations, {} B, the commit included",
            change.allocations as u64 / rounds,
            change.bytes_allocated as u64 / rounds
        );
        Ok(())
    };
    report("a create", &|_, number| bed.ticket(number).map(drop))?;
    report("an update", &|id, number| bed.update(id, number).map(drop))?;
    report("a comment", &|id, number| bed.comment(id, number).map(drop))?;
    report("a transition", &|id, number| {
        bed.begin(id, number).map(drop)
    })?;
    report("a close", &|id, number| bed.finish(id, number).map(drop))
}

/// What a hook may be called with, by a name of it.
fn details(bed: &Bed, hook: Hook) -> Vec<(&'static str, Detail)> {
    let to = |to: &str, to_category| Detail::Transition {
        from: "support-1c/todo".to_owned(),
        to: to.to_owned(),
        to_category,
    };
    match hook {
        Hook::AssignSelect => vec![("40 agents", agents())],
        Hook::SlaSelect => vec![(
            "2 levels",
            Detail::SlaSelect {
                levels: ["bronze", "critical"]
                    .map(|code| LevelView {
                        id: bed.contact(1),
                        code: code.to_owned(),
                    })
                    .into(),
            },
        )],
        Hook::TransitionGuard | Hook::TransitionEffect => {
            vec![("to waiting", to("support-1c/waiting", "waiting"))]
        }
        Hook::SurveyLogic => vec![
            (
                "done",
                Detail::SurveyDone {
                    address: Some("client@client.example".to_owned()),
                    asked_before: 0,
                },
            ),
            (
                "reply",
                Detail::SurveyReply {
                    template: "support-1c/service".to_owned(),
                    score: Some(4),
                    scale: 5,
                    comment: "quick and polite".to_owned(),
                    answers: Vec::new(),
                },
            ),
        ],
        Hook::RecordDefaults | Hook::RecordValidate | Hook::FormRules => vec![("", Detail::None)],
        _ => Vec::new(),
    }
}

fn agents() -> Detail {
    let agent = |n: u64| AgentView {
        load: i64::try_from(n % 7).unwrap_or(0),
        name: format!("Agent {n}").into(),
        profile: Arc::new(AgentProfile {
            id: Id::MIN,
            code: format!("agent{n}"),
            team: None,
            team_code: "desk".to_owned(),
            skills: vec!["printers".to_owned()],
        }),
    };
    Detail::Assign {
        agents: (0..AGENTS).map(agent).collect(),
        teams: Arc::new([("desk".to_owned(), Id::MIN)]),
    }
}

fn hook_call(name: &str, rule: &Rule, call: &Call, mode: &Mode) -> Fallible<()> {
    let turns: u32 = mode.pick(5_000, 50);
    let run = || rule.runner.call(call);
    let used = run().map_err(|failure| failure.message)?.usage.used;
    let region = Region::new(ALLOCATOR);
    drop(run());
    let change = region.change();
    let mut times = Vec::new();
    for _ in 0..5 {
        let started = Instant::now();
        for _ in 0..turns {
            drop(run());
        }
        times.push(micros(started.elapsed()) / f64::from(turns));
    }
    println!(
        "hook call, {:<18} {:>6.1} us, {:>3} allocations, {:>6} B, {used} used ({} {name})",
        rule.hook.name(),
        median(times),
        change.allocations,
        change.bytes_allocated,
        rule.id(),
    );
    Ok(())
}

/// A ticket that rules are called on, with the records that it refers to.
struct Subject {
    record: Arc<RecordView>,
    related: Arc<BTreeMap<String, Arc<RecordView>>>,
}

impl Subject {
    fn new(bed: &Bed) -> Fallible<Self> {
        let error = (0..).find(|number| {
            bed.ticket_fields(*number)
                .get("type")
                .is_some_and(|code| code == "support-1c/error")
        });
        let made = bed.ticket(error.unwrap_or(0))?;
        let view = |kind, id| -> Fallible<Arc<RecordView>> {
            let record = bed.desk.record(&Actor::System, kind, id, None)?.record;
            Ok(Arc::new(RecordView {
                id,
                kind,
                fields: record.fields,
                category: Some("new"),
            }))
        };
        let record = view(Kind::Ticket, made.id)?;
        let mut related = BTreeMap::new();
        for (name, kind) in [("account", Kind::Account), ("contact", Kind::Contact)] {
            if let Some(Value::Ref(id)) = record.fields.get(name) {
                related.insert(name.to_owned(), view(kind, *id)?);
            }
        }
        Ok(Self {
            record,
            related: Arc::new(related),
        })
    }

    fn call(&self, bed: &Bed, catalog: &Catalog, rule: &Rule, detail: Detail) -> Call {
        Call {
            hook: rule.hook,
            pack: Arc::clone(&rule.pack),
            now: bed.desk.now(),
            actor: ActorView {
                role: "agent".to_owned(),
                id: None,
                locale: "ru".to_owned(),
            },
            record: Arc::clone(&self.record),
            before: Some(Arc::clone(&self.record)),
            asked: Arc::default(),
            related: Arc::clone(&self.related),
            options: catalog.options(&rule.pack).cloned().unwrap_or_default(),
            detail,
        }
    }
}
