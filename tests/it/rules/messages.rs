//! Messages on their way out: several recipients, languages, and no message twice.

use opora::domain::Kind;
use serde_json::json;

use super::{desk, last, outbox, people};

const RULES: &str = "tell transition.effect
    spread notify.compose priority = 1
    second notify.compose priority = 2";

const SCRIPT: &str = r#"
fn tell(c) {
    if c.to_is("doing") { c.notify("contact", "mail", "plain", "hello"); }
}
fn spread(c) {
    if c.record.room == "all" {
        c.compose(#{
            to: ["contact", "assignee", "boss@example.org", "assignee"],
            text: #{ en: "good day", ru: "добрый день" },
        });
    }
    if c.record.room == "too many" {
        let to = [];
        for n in 0..60 { to.push("a" + n + "@example.org"); }
        c.compose(#{ to: to });
    }
}
fn second(c) {
    if c.notice.to == "assignee" { c.compose(#{ subject: c.notice.locale + " " + c.notice.subject }); }
    if c.notice.to == "boss@example.org" { c.suppress("no_boss"); }
}
"#;

fn sent(room: &str) -> (Vec<(String, String, String)>, Vec<String>) {
    let desk = desk(RULES, SCRIPT);
    let (account, contact, agent) = people(&desk);
    let russian = json!({"locale": "ru"});
    desk.update(Kind::Contact, contact, russian).unwrap();
    let ticket = json!({"type": "fault", "title": "x", "account": account, "contact": contact,
        "assignee": agent, "room": room});
    let id = desk.create(Kind::Ticket, ticket).unwrap().id;
    desk.transition(id, "doing").unwrap();
    let mut all: Vec<_> = outbox(&desk)
        .into_iter()
        .map(|item| (item.to, item.subject, item.text))
        .collect();
    all.sort();
    (all, last(&desk, id).notes)
}

fn text(parts: [&str; 3]) -> (String, String, String) {
    let [to, subject, text] = parts.map(str::to_owned);
    (to, subject, text)
}

#[test]
fn each_recipient_gets_one_message_and_later_rules_see_each() {
    let (all, notes) = sent("all");
    assert_eq!(
        all,
        [
            text(["anna@acme.example", "plain", "добрый день"]),
            text(["igor@desk.example", "en plain", "добрый день"]),
        ]
    );
    assert_eq!(
        notes,
        [
            "notify_suppressed:no_boss:boss@example.org:plain/tell:plain/second:20",
            "notify_skipped:duplicate:igor@desk.example:plain/tell",
        ]
    );
}

#[test]
fn a_message_that_cannot_be_sent_so_goes_as_it_was_asked_for() {
    let (all, notes) = sent("too many");
    assert_eq!(all, [text(["anna@acme.example", "plain", "hello"])]);
    assert!(notes.is_empty(), "{notes:?}");
}
