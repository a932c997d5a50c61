//! Asking for a rating, and what follows from the answer.

use chrono::TimeDelta;
use opora::desk::{Command, Error, ErrorKind, Reply};
use opora::domain::{Id, Kind, Value};
use serde_json::{Value as Json, json};

use super::{desk, last, outbox, people, set_by};
use crate::support::{TestDesk, fields};

const SCRIPT: &str = "fn rate(c) {
    if c.is_reply() {
        let score = c.score ?? c.answer(\"speed\").score;
        if score <= 2 { c.means(\"dissatisfied\"); c.transition(\"doing\"); c.tag(\"unhappy\"); }
        else { c.means_weighted(\"satisfied\", score * 100); }
        return;
    }
    if c.record.priority == \"low\" { c.skip(\"not_worth_it\"); return; }
    if c.asked_before > 0 { c.skip(\"asked_before\"); return; }
    c.ask(#{ template: \"service\", delay: hours(1), valid: days(7), scale: 5,
        subject: \"Rate us\", text: \"Here: {link} please\" });
}";

fn rated(with: Json) -> (TestDesk, Id) {
    let desk = desk("rate survey.logic", SCRIPT);
    people(&desk);
    let mut asked = json!({"type": "fault", "title": "x", "account": "acme", "contact": "anna", "solution": "bulb"});
    asked.as_object_mut().unwrap().extend(fields(with));
    let id = desk.create(Kind::Ticket, asked).unwrap().id;
    desk.transition(id, "doing").unwrap();
    desk.transition(id, "done").unwrap();
    (desk, id)
}

fn token(desk: &TestDesk) -> String {
    let text = outbox(desk).pop().unwrap().text;
    let after = text.split("/r/").nth(1).unwrap();
    after.split(' ').next().unwrap().to_owned()
}

fn answer(desk: &TestDesk, token: &str, score: Option<i64>, answers: Json) -> Result<Reply, Error> {
    desk.run(Command::AnswerSurvey {
        token: token.to_owned(),
        score,
        comment: "thanks".to_owned(),
        answers: fields(answers),
    })
}

#[test]
fn a_survey_is_sent_after_its_delay_and_answered_once() {
    let (desk, id) = rated(json!({}));
    assert!(outbox(&desk).is_empty());
    desk.clock.advance(TimeDelta::hours(1));
    assert_eq!(desk.desk.fire_due(10).unwrap(), 1);
    let sent = outbox(&desk).remove(0);
    assert_eq!(
        (sent.to.as_str(), sent.subject.as_str()),
        ("anna@acme.example", "Rate us")
    );
    assert_eq!(last(&desk, id).notes, ["survey_sent"]);
    let token = token(&desk);
    let shown = desk.desk.survey(&token).unwrap();
    assert_eq!(
        (shown.questions.len(), shown.scale, shown.answered),
        (2, 5, false)
    );
    let reply = answer(&desk, &token, Some(5), json!({"speed": 4, "words": "fast"})).unwrap();
    assert_eq!(reply.id, id);
    let ticket = desk.get(Kind::Ticket, id);
    assert_eq!(ticket.text("satisfaction"), Some("satisfied"));
    assert_eq!(ticket.get("satisfaction_score"), Some(&Value::Int(5)));
    assert_eq!(ticket.text("satisfaction_comment"), Some("thanks"));
    let item = last(&desk, id);
    assert_eq!(item.notes, ["survey_weighted:500"]);
    assert_eq!(set_by(&item, "satisfaction"), "plain/rate:5");
    let again = answer(&desk, &token, Some(1), json!({})).unwrap_err();
    assert_eq!(
        (again.kind, again.code),
        (ErrorKind::Conflict, "survey_answered")
    );
    assert!(desk.desk.survey(&token).unwrap().answered);
}

#[test]
fn answers_are_checked_one_by_one() {
    let (desk, _) = rated(json!({}));
    desk.clock.advance(TimeDelta::hours(1));
    desk.desk.fire_due(10).unwrap();
    let token = token(&desk);
    let code = |score, answers| {
        answer(&desk, &token, score, answers).unwrap_err().faults[0]
            .code
            .clone()
    };
    assert_eq!(code(Some(6), json!({})), "malformed");
    assert_eq!(code(Some(0), json!({})), "malformed");
    assert_eq!(code(None, json!({})), "malformed");
    assert_eq!(code(None, json!({"words": "only"})), "malformed");
    assert_eq!(code(Some(3), json!({"speed": 9})), "malformed");
    assert_eq!(code(Some(3), json!({"words": 3})), "malformed");
    assert_eq!(code(Some(3), json!({"price": 3})), "unknown_question");
    assert_eq!(
        answer(&desk, "no such token", Some(3), json!({}))
            .unwrap_err()
            .kind,
        ErrorKind::NotFound
    );
    answer(&desk, &token, None, json!({"speed": 5})).unwrap();
}

#[test]
fn a_bad_rating_opens_the_ticket_again_in_the_same_change() {
    let (desk, id) = rated(json!({}));
    desk.clock.advance(TimeDelta::hours(1));
    desk.desk.fire_due(10).unwrap();
    answer(&desk, &token(&desk), Some(1), json!({})).unwrap();
    let ticket = desk.get(Kind::Ticket, id);
    assert_eq!(ticket.status(), Some("plain/doing"));
    assert_eq!(ticket.text("satisfaction"), Some("dissatisfied"));
    assert_eq!(set_by(&last(&desk, id), "status"), "plain/rate:4");
}

#[test]
fn a_survey_is_skipped_with_a_reason() {
    let (desk, id) = rated(json!({"priority": "low"}));
    assert_eq!(last(&desk, id).notes, ["survey_skipped:not_worth_it"]);
    assert_eq!(desk.desk.next_timer().unwrap(), None);
    let (desk, id) = rated(json!({"contact": null}));
    assert_eq!(last(&desk, id).notes, ["survey_skipped:no_address"]);
}

#[test]
fn a_ticket_opened_again_before_the_delay_is_not_asked_about_and_may_be_later() {
    let (desk, id) = rated(json!({}));
    desk.transition(id, "doing").unwrap();
    desk.clock.advance(TimeDelta::hours(2));
    desk.desk.fire_due(10).unwrap();
    assert_eq!(last(&desk, id).notes, ["survey_skipped:opened_again"]);
    assert!(outbox(&desk).is_empty());
    desk.transition(id, "done").unwrap();
    assert!(last(&desk, id).notes.is_empty(), "nobody was asked yet");
    desk.clock.advance(TimeDelta::hours(2));
    desk.desk.fire_due(10).unwrap();
    assert_eq!(outbox(&desk).len(), 1);
    desk.transition(id, "doing").unwrap();
    desk.transition(id, "done").unwrap();
    assert_eq!(last(&desk, id).notes, ["survey_skipped:asked_before"]);
}

#[test]
fn a_survey_expires() {
    let (desk, id) = rated(json!({}));
    desk.clock.advance(TimeDelta::hours(1));
    desk.desk.fire_due(10).unwrap();
    let token = token(&desk);
    desk.clock
        .advance(TimeDelta::days(7) + TimeDelta::seconds(1));
    let error = answer(&desk, &token, Some(5), json!({})).unwrap_err();
    assert_eq!(error.code, "survey_expired");
    assert_eq!(desk.get(Kind::Ticket, id).get("satisfaction_score"), None);
}
