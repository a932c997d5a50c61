//! What follows from a change: exactly once, with its cause, at once, and whatever happens between.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use opora::desk::{Actor, Command};
use opora::domain::{Kind, Value};
use serde_json::json;

use super::{desk, last, verdict};
use crate::support::TestDesk;

const RULE: &str = "follow record.changed fields = [\"room\"]";
const SCRIPT: &str = "fn follow(c) {
    c.set(\"weight\", (c.record.weight ?? 0) + 1);
    c.because(c.command, `${c.before?.room} to ${c.record.room}`);
}";

fn following() -> TestDesk {
    desk(RULE, SCRIPT)
}

fn weight(desk: &TestDesk, id: opora::domain::Id) -> Option<i64> {
    desk.get(Kind::Ticket, id)
        .get("plain/weight")
        .and_then(Value::as_int)
}

#[test]
fn the_cause_leads_back_to_the_change() {
    let desk = following();
    let id = desk.ticket("x");
    let pos = desk
        .update(Kind::Ticket, id, json!({"room": "cellar"}))
        .unwrap()
        .pos;
    assert_eq!(weight(&desk, id), None);
    assert_eq!(desk.desk.fire_due(10).unwrap(), 1);
    assert_eq!(desk.desk.fire_due(10).unwrap(), 0);
    let item = last(&desk, id);
    assert_eq!(
        item.cause.as_deref(),
        Some(format!("timer record.changed set at {pos}").as_str())
    );
    assert_eq!(item.rules[0].reasons, ["update:  to cellar (line 3)"]);
    assert_eq!(weight(&desk, id), Some(1));
}

#[test]
fn a_chain_that_is_cut_off_is_a_failure_of_the_rule_at_its_end() {
    let desk = desk(
        "ping record.changed fields = [\"room\"]\n pong record.changed fields = [\"weight\"]",
        "fn ping(c) { c.set(\"weight\", (c.record.weight ?? 0) + 1); }\n\
         fn pong(c) { c.set(\"room\", `r${c.record.weight}`); }",
    );
    let id = desk.ticket("x");
    desk.update(Kind::Ticket, id, json!({"room": "cellar"}))
        .unwrap();
    while 0 < desk.desk.fire_due(10).unwrap() {}
    let rules = desk.desk.hooks().unwrap().into_iter();
    let rules: Vec<_> = rules.filter_map(|s| s.rule).collect();
    let failures: u64 = rules.iter().map(|r| r.failures).sum();
    let calls: u64 = rules.iter().map(|r| r.calls).sum();
    assert_eq!((calls, failures), (8, 1));
}

#[test]
fn a_rule_sees_what_was_before_its_change_and_what_is_now() {
    let desk = following();
    let id = desk.ticket("x");
    for room in ["cellar", "attic"] {
        desk.update(Kind::Ticket, id, json!({"room": room}))
            .unwrap();
    }
    assert_eq!(desk.desk.fire_due(10).unwrap(), 2, "one for each command");
    assert_eq!(weight(&desk, id), Some(2));
    let item = last(&desk, id);
    assert_eq!(
        item.rules[0].reasons,
        ["update: cellar to attic (line 3)"],
        "the second one"
    );
}

#[test]
fn many_threads_run_it_once() {
    let desk = following();
    let ids: Vec<_> = (0..20).map(|n| desk.ticket(&n.to_string())).collect();
    for id in &ids {
        desk.update(Kind::Ticket, *id, json!({"room": "cellar"}))
            .unwrap();
    }
    let ran: usize = std::thread::scope(|scope| {
        let fire = || scope.spawn(|| desk.desk.fire_due(100).unwrap());
        let threads: Vec<_> = (0..3).map(|_| fire()).collect();
        threads.into_iter().map(|t| t.join().unwrap()).sum()
    });
    assert!(ran >= ids.len());
    assert!(ids.iter().all(|id| weight(&desk, *id) == Some(1)));
}

#[test]
fn a_deleted_record_wakes_nobody() {
    let desk = following();
    let id = desk.ticket("x");
    desk.update(Kind::Ticket, id, json!({"room": "cellar"}))
        .unwrap();
    let kind = Kind::Ticket;
    desk.run(Command::Delete { kind, id }).unwrap();
    assert_eq!(desk.desk.fire_due(10).unwrap(), 1);
    assert_eq!(desk.desk.next_timer().unwrap(), None);
}

#[test]
fn nothing_is_queued_where_no_rule_waits() {
    let desk = following();
    let id = desk.ticket("x");
    desk.update(Kind::Ticket, id, json!({"title": "y"}))
        .unwrap();
    assert_eq!(desk.desk.next_timer().unwrap(), None);
}

#[test]
fn a_waiting_thread_is_woken_at_once() {
    let desk = following();
    let id = desk.ticket("x");
    let started = Instant::now();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| desk.desk.wait_due(Duration::from_secs(60)));
        desk.update(Kind::Ticket, id, json!({"room": "cellar"}))
            .unwrap();
        waiting.join().unwrap().unwrap();
    });
    assert!(started.elapsed() < Duration::from_secs(30));
    assert_eq!(desk.desk.fire_due(10).unwrap(), 1);
}

#[test]
fn a_breach_that_a_command_finds_before_its_timer_is_told_once() {
    let desk = desk(
        "late sla.event",
        "fn late(c) { c.tag(c.event + \" \" + c.clock.name); }",
    );
    let always: Vec<_> = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
        .iter()
        .map(|day| json!({"weekday": day, "from": 0, "to": 1440}))
        .collect();
    let calendar = json!({"code": "always", "names": {}, "time_zone": "UTC", "version": 1,
        "exceptions": {}, "weekly": always});
    desk.create(
        Kind::Calendar,
        json!({"title": "always", "code": "always", "definition": calendar}),
    )
    .unwrap();
    let level = json!({"code": "gold", "names": {}, "calendar": "always", "order": 1,
        "targets": [{"clock": "reaction", "duration_secs": 3600, "warn_before_secs": []}]});
    desk.create(
        Kind::SupportLevel,
        json!({"title": "gold", "code": "gold", "definition": level}),
    )
    .unwrap();
    let new = json!({"type": "fault", "title": "x", "support_level": "gold"});
    let id = desk.create(Kind::Ticket, new).unwrap().id;
    desk.clock.advance(TimeDelta::hours(2));
    // An answer that comes late, before the thread of the timers has its turn.
    desk.run(Command::Comment {
        kind: Kind::Ticket,
        id,
        visibility: opora::domain::entry::Visibility::Public,
        text: "sorry".to_owned(),
    })
    .unwrap();
    let item = last(&desk, id);
    assert_eq!(verdict(&item, "plain/late"), "decided");
    assert_eq!(item.notes, ["sla_breached:reaction"]);
    assert_eq!(desk.desk.fire_due(10).unwrap(), 0);
    let tags = desk.get(Kind::Ticket, id).get("tags").cloned();
    assert_eq!(
        tags,
        Some(Value::List(vec![Value::from("breached reaction")]))
    );
    let seen = desk.desk.record(&Actor::System, Kind::Ticket, id, None);
    assert!(seen.unwrap().record.get("reaction_breached_at").is_some());
}
