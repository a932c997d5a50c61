//! What was set before an upgrade and comes due after it: timers of rules, surveys, recurrences.

use chrono::TimeDelta;
use opora::desk::{Command, PackChange};
use opora::domain::{Id, Kind, Value};
use opora::packs::{Given, PackFiles};
use serde_json::json;

use super::{FIRST, REPLACED, change, manifest, second};
use crate::rules::{last, outbox, people};
use crate::support::TestDesk;

const RULES: &str = r#"
[capabilities]
effects = ["ask", "schedule", "tag", "transition", "unschedule"]
[[rule]]
name = "sets"
hook = "transition.effect"
script = "rules.rhai"
[[rule]]
name = "fires"
hook = "schedule.fire"
script = "rules.rhai"
[[rule]]
name = "asks"
hook = "survey.logic"
script = "rules.rhai"
"#;

const SURVEY: &str = "
[[survey]]
code = \"after\"
[[survey.questions]]
code = \"speed\"
";

const SCRIPT: &str = r##"
fn sets(c) {
    if c.to_is("bench") { c.schedule("remind", hours(2), #{ to: "shop/parts", "shop/room": "12", deep: ["shop/defect"] }); }
    if c.to_is("done") { c.unschedule("remind"); }
}
fn fires(c) {
    c.because(c.timer, `${c.data}`);
    if c.timer == "remind" { c.transition(c.data.to); }
}
fn asks(c) {
    if c.is_reply() { c.because(c.template, `speed ${c.answer("speed").score}`); c.tag("answered"); return; }
    c.ask(#{ template: "after", delay: hours(1), valid: days(7), scale: 5, subject: "Rate us", text: "Here: {link} please" });
}
"##;

fn pack(version: &str, more: &str, definitions: &str, script: &str) -> PackFiles {
    PackFiles::from_texts(&[
        ("pack.toml", &manifest(version, &format!("{more}\n{RULES}"))),
        ("definitions.toml", definitions),
        ("rules.rhai", script),
    ])
}

fn first_pack() -> PackFiles {
    pack("1.0.0", "", &format!("{FIRST}{SURVEY}"), SCRIPT)
}

/// The second version calls the timer and the survey otherwise, too.
fn second_pack(version: &str) -> PackFiles {
    let replaced =
        format!("{REPLACED}timer = {{ remind = \"nudge\" }}\nsurvey = {{ after = \"visit\" }}\n");
    let definitions = format!("{}{}", second(), SURVEY.replace("after", "visit"));
    let script = SCRIPT.replace("\"remind\"", "\"nudge\"");
    let script = script.replace("template: \"after\"", "template: \"visit\"");
    let script = script
        .replace("shop/parts", "shop/stuck")
        .replace("shop/room", "shop/place")
        .replace("shop/defect", "shop/fault");
    pack(version, &replaced, &definitions, &script)
}

fn install(desk: &TestDesk, files: PackFiles) {
    let grants = Given::All;
    change(desk, "", PackChange::Install { files, grants }).unwrap();
}

fn on_the_bench(desk: &TestDesk) -> Id {
    let made = desk.create(Kind::Ticket, json!({"type": "defect", "title": "Broken"}));
    let id = made.unwrap().id;
    desk.transition(id, "bench").unwrap();
    id
}

fn desk_with(files: PackFiles) -> TestDesk {
    let desk = TestDesk::bare();
    install(&desk, files);
    desk
}

fn reasons(desk: &TestDesk, id: Id) -> Vec<String> {
    let runs = last(desk, id).rules;
    runs.into_iter().flat_map(|run| run.reasons).collect()
}

#[test]
fn a_timer_set_before_comes_due_by_its_new_name_with_the_codes_of_today() {
    let desk = desk_with(first_pack());
    let id = on_the_bench(&desk);
    install(&desk, second_pack("2.0.0"));
    // What was set before one upgrade goes through every later one.
    install(&desk, second_pack("2.1.0"));
    desk.clock.advance(TimeDelta::hours(2));
    assert_eq!(desk.desk.fire_due(10).unwrap(), 1);
    assert_eq!(desk.get(Kind::Ticket, id).status(), Some("shop/stuck"));
    let said = reasons(&desk, id).join(" ");
    for part in ["nudge", "shop/stuck", "shop/place", "shop/fault"] {
        assert!(said.contains(part), "{part} in {said}");
    }
    assert!(!said.contains("shop/room"), "{said}");
}

#[test]
fn a_timer_set_before_is_replaced_and_removed_by_its_new_name() {
    let desk = desk_with(first_pack());
    let (one, other) = (on_the_bench(&desk), on_the_bench(&desk));
    install(&desk, second_pack("2.0.0"));
    desk.transition(one, "done").unwrap();
    desk.transition(other, "stuck").unwrap();
    desk.clock.advance(TimeDelta::hours(1));
    desk.transition(other, "bench").unwrap();
    // The survey of the one, and the timer of the other as it was set anew.
    desk.clock.advance(TimeDelta::minutes(90));
    desk.desk.fire_due(10).unwrap();
    assert_eq!(desk.get(Kind::Ticket, other).status(), Some("shop/bench"));
    assert_eq!(desk.get(Kind::Ticket, one).status(), Some("shop/done"));
    desk.clock.advance(TimeDelta::minutes(30));
    assert_eq!(desk.desk.fire_due(10).unwrap(), 1);
    assert_eq!(desk.get(Kind::Ticket, other).status(), Some("shop/stuck"));
}

#[test]
fn on_the_way_back_a_timer_goes_by_its_old_name() {
    let desk = desk_with(first_pack());
    install(&desk, second_pack("2.0.0"));
    let id = on_the_bench_of_the_second(&desk);
    let back = PackChange::RollBack {
        to: None,
        grants: Given::All,
    };
    change(&desk, "shop", back).unwrap();
    desk.clock.advance(TimeDelta::hours(2));
    assert_eq!(desk.desk.fire_due(10).unwrap(), 1);
    assert_eq!(desk.get(Kind::Ticket, id).status(), Some("shop/parts"));
    assert!(reasons(&desk, id).join(" ").contains("remind"));
}

fn on_the_bench_of_the_second(desk: &TestDesk) -> Id {
    let made = desk.create(Kind::Ticket, json!({"type": "fault", "title": "Broken"}));
    let id = made.unwrap().id;
    desk.transition(id, "bench").unwrap();
    id
}

#[test]
fn a_survey_asked_before_is_answered_by_the_questions_of_today() {
    let desk = desk_with(first_pack());
    people(&desk);
    let fields = json!({"type": "defect", "title": "x", "account": "acme", "contact": "anna"});
    let id = desk.create(Kind::Ticket, fields).unwrap().id;
    desk.transition(id, "bench").unwrap();
    desk.transition(id, "done").unwrap();
    // It is planned by one revision, sent by the next and answered under the one after that.
    install(&desk, second_pack("2.0.0"));
    desk.clock.advance(TimeDelta::hours(1));
    desk.desk.fire_due(10).unwrap();
    install(&desk, second_pack("2.1.0"));
    let text = outbox(&desk).pop().unwrap().text;
    let token = text.split("/r/").nth(1).unwrap();
    let token = token.split(' ').next().unwrap().to_owned();
    assert_eq!(desk.desk.survey(&token).unwrap().questions.len(), 1);
    let answers = json!({"speed": 4});
    desk.run(Command::AnswerSurvey {
        token,
        score: None,
        comment: String::new(),
        answers: answers.as_object().cloned().unwrap(),
    })
    .unwrap();
    let said = reasons(&desk, id).join(" ");
    assert!(said.contains("shop/visit: speed 4"), "{said}");
}

#[test]
fn a_recurrence_goes_on_with_tickets_of_the_new_type() {
    let desk = desk_with(first_pack());
    let hours = json!({"code": "always", "names": {}, "time_zone": "UTC", "exceptions": {},
        "version": 1, "weekly": [{"weekday": "Mon", "from": 0, "to": 1440}]});
    let calendar = json!({"title": "A", "code": "always", "definition": hours});
    desk.create(Kind::Calendar, calendar).unwrap();
    let template = json!({"type": "defect", "title": "Check {date}", "room": "7",
        "severity": "high", "marks": ["old", "wet"]});
    let recurrence = json!({"title": "Daily", "rule": "FREQ=DAILY", "starts_on": "2026-03-03",
        "calendar": "always", "template": template});
    let id = desk.create(Kind::Recurrence, recurrence).unwrap().id;
    install(&desk, second_pack("2.0.0"));
    desk.clock.advance(TimeDelta::days(1));
    desk.desk.fire_due(10).unwrap();
    let recurrence = desk.get(Kind::Recurrence, id);
    assert_eq!(recurrence.text("last_error"), None);
    let made = recurrence.get("last_ticket").and_then(Value::as_ref_id);
    let ticket = desk.get(Kind::Ticket, made.unwrap());
    assert_eq!(ticket.type_code(), Some("shop/fault"));
    assert_eq!(ticket.text("shop/place"), Some("7"));
    assert_eq!(ticket.text("shop/severity"), Some("urgent"));
}
