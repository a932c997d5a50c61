//! Many callers on one record: decided one after another, committed together.

mod watched;

use std::collections::BTreeSet;
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use opora::desk::{Actor, Command, ErrorKind, Queue, Reply, Request, Result};
use opora::domain::entry::{Direction, EntryBody, Visibility};
use opora::domain::{Id, Kind, Value};
use opora::store::Pos;
use serde_json::{Map, json};

use self::watched::Watched;
use crate::support::{DEFINITIONS, MANIFEST, TestDesk, fields};

/// Counts comments in a field, so that each decision shows what it stood on.
const RULES: &str = r#"
fn count(c) {
    if c.entry.text == "break" { throw "broken"; }
    let n = c.record.weight;
    c.set("weight", if n == () { 1 } else { n + 1 });
}

fn light(c) {
    if c.record.room == "refused" { c.deny("too_far", "not in that room"); }
}
"#;

const RULE_ROWS: &str = r#"
[[rule]]
name = "count"
hook = "interaction.event"
script = "rules.rhai"

[[rule]]
name = "light"
hook = "record.validate"
script = "rules.rhai"
"#;

struct Crowd {
    desk: TestDesk,
    store: Arc<Watched>,
    ticket: Id,
}

impl Crowd {
    fn new() -> Self {
        let store = Arc::new(Watched::default());
        let desk = TestDesk::on(store.clone());
        desk.install(&[
            ("pack.toml", &format!("{MANIFEST}{RULE_ROWS}")),
            ("definitions.toml", DEFINITIONS),
            ("rules.rhai", RULES),
        ])
        .unwrap();
        let ticket = desk.ticket("no light");
        Self {
            desk,
            store,
            ticket,
        }
    }

    fn comment(&self, text: &str) -> Command {
        Command::Comment {
            kind: Kind::Ticket,
            id: self.ticket,
            visibility: Visibility::Internal,
            text: text.to_owned(),
        }
    }

    fn update(&self, values: serde_json::Value) -> Command {
        Command::Update {
            kind: Kind::Ticket,
            id: self.ticket,
            fields: fields(values),
        }
    }

    /// Texts of the ticket's comments, oldest first.
    fn texts(&self) -> Vec<String> {
        let entries = self
            .desk
            .desk
            .entries(&Actor::System, Kind::Ticket, self.ticket, None, 200)
            .unwrap();
        let text = |page: opora::desk::EntryPage| match page.entry.body {
            EntryBody::Comment { text, .. } | EntryBody::Message { text, .. } => text,
            other => format!("{other:?}"),
        };
        entries.items.into_iter().map(text).collect()
    }

    fn version(&self) -> Pos {
        let desk = &self.desk.desk;
        let view = desk.record(&Actor::System, Kind::Ticket, self.ticket, None);
        view.unwrap().version
    }

    fn weight(&self) -> i64 {
        let ticket = self.desk.get(Kind::Ticket, self.ticket);
        match ticket.get("plain/weight") {
            Some(Value::Int(weight)) => *weight,
            other => panic!("{other:?}"),
        }
    }

    /// Runs commands at once, all of which stand in the ticket's queue when the first is decided.
    fn run(&self, work: Vec<(Request, Command)>) -> Vec<Result<Reply>> {
        let (desk, store) = (&*self.desk.desk, &*self.store);
        let run = |command: Command| desk.run(&admin(), &command);
        thread::scope(|scope| {
            // The first stands at the head of the queue, and is held up there.
            store.hold_next();
            let first = scope.spawn(|| run(self.comment("first")));
            store.await_held();
            let spawn = |(request, command)| scope.spawn(move || desk.run(&request, &command));
            let all: Vec<_> = work.into_iter().map(spawn).collect();
            #[expect(
                clippy::disallowed_methods,
                reason = "nothing outside tells who queues; fewer than all would do"
            )]
            thread::sleep(Duration::from_millis(500));
            store.let_go();
            first.join().unwrap().unwrap();
            all.into_iter().map(|one| one.join().unwrap()).collect()
        })
    }
}

fn admin() -> Request {
    Request::by(Actor::Admin { agent: None })
}

fn with_key(key: &str) -> Request {
    Request {
        idempotency_key: Some(key.to_owned()),
        ..admin()
    }
}

#[test]
fn what_many_say_at_once_is_there_once_and_in_few_commits() {
    let crowd = Crowd::new();
    let before = crowd.store.commits();
    let start = Barrier::new(64);
    let replies: Vec<Reply> = thread::scope(|scope| {
        let (crowd, start) = (&crowd, &start);
        let callers: Vec<_> = (0..64)
            .map(|caller| {
                scope.spawn(move || {
                    start.wait();
                    let say = |n| crowd.comment(&format!("{caller} {n}"));
                    (0..3)
                        .map(|n| crowd.desk.desk.run(&admin(), &say(n)).unwrap())
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        let replies = callers
            .into_iter()
            .flat_map(|caller| caller.join().unwrap());
        replies.collect()
    });
    let said: BTreeSet<String> = crowd.texts().into_iter().collect();
    assert_eq!((said.len(), crowd.texts().len()), (192, 192));
    assert_eq!(crowd.weight(), 192, "each decision stood on the one before");
    let positions: BTreeSet<Pos> = replies.iter().map(|reply| reply.pos).collect();
    assert_eq!(positions.len(), 192);
    assert_eq!(positions.last(), Some(&crowd.desk.desk.pos()));
    let entries: BTreeSet<_> = replies.iter().map(|reply| reply.entry).collect();
    assert_eq!(entries.len(), 192);
    let commits = crowd.store.commits() - before;
    assert!(commits < 150, "{commits} commits for 192 comments");
    assert!(crowd.store.most() <= 64, "{}", crowd.store.most());
}

#[test]
fn who_is_refused_is_answered_alone_and_the_others_go_on() {
    let crowd = Crowd::new();
    let commands = (0..30).map(|n| match n % 5 {
        0 => crowd.comment(&n.to_string()),
        1 => crowd.update(json!({"room": "refused"})),
        2 => crowd.update(json!({"weight": "heavy"})),
        3 => Command::Transition {
            kind: Kind::Ticket,
            id: crowd.ticket,
            to: "done".to_owned(),
            fields: Map::new(),
        },
        _ => crowd.comment("break"),
    });
    let work: Vec<_> = commands.map(|command| (admin(), command)).collect();
    let results = crowd.run(work);
    for (n, result) in results.iter().enumerate() {
        let code = result.as_ref().map_err(|error| error.code);
        match n % 5 {
            1 | 2 => assert_eq!(code.unwrap_err(), "invalid", "{n}"),
            3 => assert_eq!(code.unwrap_err(), "transition_not_allowed", "{n}"),
            _ => assert!(code.is_ok(), "{n}: {code:?}"),
        }
    }
    assert!(crowd.store.most() > 3, "{}", crowd.store.most());
    assert_eq!(crowd.texts().len(), 1 + 12);
    // A broken effect is left out, and its rule suspended after twenty in a row at most.
    assert_eq!(crowd.weight(), 1 + 6);
}

#[test]
fn of_those_who_expect_a_version_one_wins() {
    let crowd = Crowd::new();
    let begun = crowd.version();
    // The one before them has moved the version on: nobody wins, and each is told the true one.
    let expecting = |version: Pos| Request {
        if_match: Some(version),
        ..admin()
    };
    let work = |version, from: usize| {
        let asked = move |n: usize| (expecting(version), n);
        (from..from + 12)
            .map(asked)
            .map(|(request, n)| (request, crowd.update(json!({"room": n.to_string()}))))
    };
    let mut mixed: Vec<_> = work(begun, 0).collect();
    for n in 0..6 {
        mixed.insert(n * 3, (admin(), crowd.comment(&n.to_string())));
    }
    let results = crowd.run(mixed);
    let last = crowd.desk.desk.pos();
    let stale = results.iter().filter_map(|result| result.as_ref().err());
    let mut refused = 0;
    for error in stale {
        assert_eq!(
            (error.kind, error.code),
            (ErrorKind::Stale, "stale_version")
        );
        let mut numbers = error.message.split(|c: char| !c.is_ascii_digit());
        let told: u64 = numbers.find(|n| !n.is_empty()).unwrap().parse().unwrap();
        assert!(told <= last.0, "{}", error.message);
        refused += 1;
    }
    assert_eq!(refused, 12);
    // Of those who expect what is there, one wins.
    let now = crowd.version();
    let start = Barrier::new(12);
    let won = thread::scope(|scope| {
        let all: Vec<_> = work(now, 20)
            .map(|(request, command)| {
                let (desk, start) = (&crowd.desk.desk, &start);
                scope.spawn(move || {
                    start.wait();
                    desk.run(&request, &command).is_ok()
                })
            })
            .collect();
        let won = all.into_iter().map(|one| one.join().unwrap());
        won.filter(|won| *won).count()
    });
    assert_eq!(won, 1);
}

#[test]
fn the_same_key_twice_in_one_group_has_one_effect() {
    let crowd = Crowd::new();
    let mut work: Vec<_> = (0..8)
        .map(|_| (with_key("k"), crowd.comment("once")))
        .collect();
    work.push((with_key("k"), crowd.comment("another")));
    work.extend((0..4).map(|n| (with_key(&n.to_string()), crowd.comment(&n.to_string()))));
    let mut results = crowd.run(work);
    let own = results.split_off(9);
    assert!(own.iter().all(|r| r.as_ref().is_ok_and(|r| !r.replayed)));
    let taken = results.iter().filter_map(|r| r.as_ref().err());
    let taken: Vec<_> = taken.map(|error| error.code).collect();
    let answers: Vec<&Reply> = results.iter().flatten().collect();
    let once = crowd.texts().iter().filter(|text| *text == "once").count();
    let other = crowd.texts().iter().filter(|t| *t == "another").count();
    assert_eq!(once + other, 1, "whichever came first");
    assert_eq!(answers.len() + taken.len(), 9);
    assert!(taken.iter().all(|code| *code == "idempotency_key_reused"));
    assert_eq!(taken.len(), if once == 1 { 1 } else { 8 });
    assert_eq!(answers.iter().filter(|reply| !reply.replayed).count(), 1);
    let same: BTreeSet<_> = answers
        .iter()
        .map(|reply| (reply.entry, reply.pos))
        .collect();
    assert_eq!(same.len(), 1);
    assert!(answers[0].pos <= crowd.desk.desk.pos());
}

#[test]
fn a_batch_that_loses_elsewhere_takes_nobody_along() {
    let crowd = Crowd::new();
    let other = crowd.desk.ticket("another");
    let message = |id, text: &str| Command::Message {
        kind: Kind::Ticket,
        id,
        channel: "mail".to_owned(),
        direction: Direction::In,
        subject: "s".to_owned(),
        text: text.to_owned(),
        external_id: Some("<1@x>".to_owned()),
    };
    // Between the decision and its commit another ticket takes the message's id.
    let desk = Arc::clone(&crowd.desk.desk);
    let elsewhere = message(other, "elsewhere");
    crowd.store.meddle(move |_| {
        desk.run(&admin(), &elsewhere).unwrap();
    });
    let mut work: Vec<_> = (0..20)
        .map(|n| (admin(), crowd.comment(&n.to_string())))
        .collect();
    work.insert(5, (admin(), message(crowd.ticket, "here")));
    let results = crowd.run(work);
    for (n, result) in results.iter().enumerate().filter(|(n, _)| *n != 5) {
        assert!(result.is_ok(), "{n}: {result:?}");
    }
    assert!(crowd.store.most() > 3, "{}", crowd.store.most());
    let said: BTreeSet<String> = crowd.texts().into_iter().collect();
    assert!((0..20).all(|n| said.contains(&n.to_string())), "{said:?}");
    assert!(!said.contains("here"), "that id was taken");
}

#[test]
fn a_store_that_fails_is_told_to_all_and_nobody_is_left_waiting() {
    let crowd = Crowd::new();
    crowd.store.fail_next();
    let work = (0..20).map(|n| (admin(), crowd.comment(&n.to_string())));
    let results = crowd.run(work.collect());
    let failed = results.iter().filter(|result| result.is_err()).count();
    assert!((2..=20).contains(&failed), "{failed}");
    assert_eq!(crowd.texts().len(), 1 + 20 - failed);
}

#[test]
fn changes_of_all_kinds_stand_on_each_other() {
    let crowd = Crowd::new();
    let other = crowd.desk.ticket("another");
    let transition = |to: &str| Command::Transition {
        kind: Kind::Ticket,
        id: crowd.ticket,
        to: to.to_owned(),
        fields: fields(json!({"solution": "s"})),
    };
    let mut work = Vec::new();
    for n in 0..8 {
        work.push(crowd.comment(&n.to_string()));
        work.push(crowd.update(json!({"room": format!("r{n}"), "tags": [format!("t{n}")]})));
        work.push(transition(if n % 2 == 0 { "doing" } else { "waiting" }));
        work.push(Command::Link {
            kind: Kind::Ticket,
            id: crowd.ticket,
            relation: format!("relates{n}"),
            to_kind: Kind::Ticket,
            to: other,
        });
        work.push(Command::Delete {
            kind: Kind::Ticket,
            id: Id::MIN,
        });
        work.push(Command::Send {
            kind: Kind::Ticket,
            id: crowd.ticket,
            channel: "mail".to_owned(),
            to: Some("anna@mill.example".to_owned()),
            subject: format!("sent {n}"),
            text: "It is done".to_owned(),
            attachments: Vec::new(),
        });
    }
    let work: Vec<_> = work.into_iter().map(|c| (admin(), c)).collect();
    let results = crowd.run(work);
    for (n, result) in results.iter().enumerate() {
        let code = result.as_ref().map_err(|error| error.code);
        match n % 6 {
            0 | 1 | 3 | 5 => assert!(code.is_ok(), "{n}: {code:?}"),
            2 => assert!(
                code.is_ok() || code == Err("transition_not_allowed"),
                "{code:?}"
            ),
            _ => assert_eq!(code.unwrap_err(), "not_found"),
        }
    }
    assert_eq!(crowd.weight(), 1 + 8 + 8, "comments and what was sent");
    let queued = crowd.desk.desk.due_deliveries(Queue::Mail, 100).unwrap();
    let subjects: BTreeSet<_> = queued.into_iter().map(|due| due.item.subject).collect();
    assert_eq!(subjects, (0..8).map(|n| format!("sent {n}")).collect());
    let sent = crowd
        .texts()
        .into_iter()
        .filter(|text| text == "It is done");
    assert_eq!(sent.count(), 8);
    assert!(crowd.store.most() > 3, "{}", crowd.store.most());
}
