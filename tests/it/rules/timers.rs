//! Timers of rules: set, replaced, removed, fired once.

use chrono::TimeDelta;
use opora::desk::{Actor, Command, Request};
use opora::domain::{Kind, Value};
use serde_json::json;

use super::{desk, last, set_by, verdict};
use crate::support::{TestDesk, at};

const SCRIPT: &str = "fn set_off(c) {
    if c.to_is(\"doing\") { c.schedule(\"look\", hours(2), #{n: 1}); c.schedule(\"late\", days(3)); }
    if c.to_is(\"waiting\") { c.schedule(\"look\", hours(5), #{n: 2}); c.unschedule(\"late\"); }
}
fn fire(c) {
    c.set(\"weight\", (c.record.weight ?? 0) + 1);
    c.because(c.timer, `n ${c.data?.n ?? 0}`);
    if c.record.room == \"again\" && c.record.weight < 2 { c.schedule(\"look\", hours(1)); }
    if c.record.room == \"broken\" { c.transition(\"no_such\".sub_string(0)); }
}";

fn ticking() -> TestDesk {
    desk("set-off transition.effect\n fire schedule.fire", SCRIPT)
}

fn weight(desk: &TestDesk, id: opora::domain::Id) -> Option<i64> {
    desk.get(Kind::Ticket, id)
        .get("plain/weight")
        .and_then(Value::as_int)
}

#[test]
fn a_timer_fires_once_at_its_time_with_its_data_and_cause() {
    let desk = ticking();
    let id = desk.ticket("x");
    desk.transition(id, "doing").unwrap();
    assert_eq!(
        desk.desk.next_timer().unwrap(),
        Some(at("2026-03-02T11:00:00Z"))
    );
    desk.clock.advance(TimeDelta::minutes(119));
    assert_eq!(desk.desk.fire_due(10).unwrap(), 0);
    desk.clock.advance(TimeDelta::minutes(1));
    assert_eq!(desk.desk.fire_due(10).unwrap(), 1);
    assert_eq!(desk.desk.fire_due(10).unwrap(), 0);
    assert_eq!(weight(&desk, id), Some(1));
    let item = last(&desk, id);
    assert_eq!(
        (item.command.as_str(), item.actor.as_str()),
        ("fire_timer", "system")
    );
    assert!(
        item.cause
            .as_deref()
            .unwrap()
            .starts_with("timer plain/look set at")
    );
    assert_eq!(item.rules[0].reasons, ["look: n 1 (line 7)"]);
    assert_eq!(set_by(&item, "plain/weight"), "plain/fire:6");
}

#[test]
fn timers_are_replaced_and_removed_by_name() {
    let desk = ticking();
    let id = desk.ticket("x");
    desk.transition(id, "doing").unwrap();
    desk.transition(id, "waiting").unwrap();
    assert_eq!(
        desk.desk.next_timer().unwrap(),
        Some(at("2026-03-02T14:00:00Z"))
    );
    desk.clock.advance(TimeDelta::days(30));
    assert_eq!(desk.desk.fire_due(10).unwrap(), 1);
    assert_eq!(last(&desk, id).rules[0].reasons, ["look: n 2 (line 7)"]);
    assert_eq!(desk.desk.next_timer().unwrap(), None);
}

#[test]
fn a_clock_that_was_moved_far_fires_each_in_order_and_what_they_set_too() {
    let desk = ticking();
    let asked = json!({"type": "fault", "title": "x", "room": "again"});
    let id = desk.create(Kind::Ticket, asked).unwrap().id;
    desk.transition(id, "doing").unwrap();
    desk.clock.advance(TimeDelta::days(3_000));
    assert_eq!(desk.desk.fire_due(10).unwrap(), 2, "look and late");
    assert_eq!(weight(&desk, id), Some(2));
    desk.clock.advance(TimeDelta::hours(1));
    assert_eq!(desk.desk.fire_due(10).unwrap(), 1, "what look set");
    assert_eq!(weight(&desk, id), Some(3));
    assert_eq!(desk.desk.next_timer().unwrap(), None);
}

#[test]
fn many_who_fire_at_once_fire_once() {
    let desk = ticking();
    let tickets: Vec<_> = (0..20).map(|n| desk.ticket(&n.to_string())).collect();
    for id in &tickets {
        desk.transition(*id, "doing").unwrap();
    }
    desk.clock.advance(TimeDelta::hours(2));
    let fired: usize = std::thread::scope(|scope| {
        let fire = || scope.spawn(|| desk.desk.fire_due(100).unwrap());
        let threads = [fire(), fire(), fire(), fire()];
        threads.into_iter().map(|t| t.join().unwrap()).sum()
    });
    for id in &tickets {
        assert_eq!(weight(&desk, *id), Some(1));
    }
    assert!(fired >= 20, "{fired}");
}

#[test]
fn a_timer_whose_effects_are_refused_goes_with_a_note_in_the_journal() {
    let desk = ticking();
    let asked = json!({"type": "fault", "title": "x", "room": "broken"});
    let id = desk.create(Kind::Ticket, asked).unwrap().id;
    desk.transition(id, "doing").unwrap();
    desk.clock.advance(TimeDelta::hours(2));
    assert_eq!(desk.desk.fire_due(10).unwrap(), 1);
    assert_eq!(weight(&desk, id), None);
    let item = last(&desk, id);
    assert_eq!(verdict(&item, "plain/fire"), "failed");
}

#[test]
fn a_timer_that_a_guard_refuses_goes_and_does_not_stop_others() {
    let desk = desk(
        "set-off transition.effect\n fire schedule.fire\n check record.validate",
        &format!(
            "{SCRIPT}\nfn check(c) {{ if c.record.weight == 1 && c.record.title == \"bad\" {{ c.deny(\"one\", \"no one\"); }} }}"
        ),
    );
    let bad = desk.ticket("bad");
    let good = desk.ticket("good");
    for id in [bad, good] {
        desk.transition(id, "doing").unwrap();
    }
    desk.clock.advance(TimeDelta::hours(2));
    assert_eq!(desk.desk.fire_due(10).unwrap(), 2);
    assert_eq!((weight(&desk, bad), weight(&desk, good)), (None, Some(1)));
    assert_eq!(desk.desk.fire_due(10).unwrap(), 0);
    let events = desk
        .desk
        .events(&Actor::System, opora::store::Pos::ZERO, 1_000)
        .unwrap();
    assert_eq!(
        events.iter().filter(|e| e.command == "fire_timer").count(),
        2
    );
}

#[test]
fn timers_of_a_deleted_record_go_with_it() {
    let desk = ticking();
    let id = desk.ticket("x");
    desk.transition(id, "doing").unwrap();
    let delete = Command::Delete {
        kind: Kind::Ticket,
        id,
    };
    desk.desk.run(&Request::by(Actor::System), &delete).unwrap();
    assert_eq!(desk.desk.next_timer().unwrap(), None);
}
