//! Messages that leave, on the virtual clock, into a sink of memory: order, attempts, what is given
//! up, and what a mail looks like. Then mails that come in.

use std::sync::{Arc, Mutex};

use chrono::TimeDelta;
use opora::delivery::{Courier, Halt, Round, Sink, Verdict, compose, incoming};
use opora::desk::{
    Actor, Command, DeliveryState, Letter, OutboxItem, OutboxPage, OutboxQuery, Queue, Request,
};
use opora::domain::entry::EntryBody;
use opora::domain::{Id, Kind};
use serde_json::{Map, Value as Json, json};

use crate::support::{DEFINITIONS, MANIFEST, TestDesk};

/// A sink that answers as it is told, and keeps what it took.
#[derive(Clone, Default)]
struct Memory {
    taken: Arc<Mutex<Vec<Letter>>>,
    tried: Arc<Mutex<Vec<String>>>,
    /// What is said to letters whose subject begins so; all others are taken.
    answers: Arc<Mutex<Vec<(String, Verdict)>>>,
}

impl Memory {
    fn say(&self, subject: &str, verdict: Verdict) {
        let mut answers = self.answers.lock().unwrap();
        answers.retain(|(begins, _)| begins != subject);
        answers.push((subject.to_owned(), verdict));
    }

    fn take_all(&self) {
        self.answers.lock().unwrap().clear();
    }

    fn subjects(&self) -> Vec<String> {
        let taken = self.taken.lock().unwrap();
        taken.iter().map(|l| l.item.subject.clone()).collect()
    }

    fn letter(&self, at: usize) -> Letter {
        self.taken.lock().unwrap()[at].clone()
    }
}

impl Sink for Memory {
    fn takes(&self, channel: &str) -> bool {
        channel == "mail"
    }

    fn send(&mut self, letter: &Letter) -> Verdict {
        let subject = &letter.item.subject;
        self.tried.lock().unwrap().push(subject.clone());
        let answers = self.answers.lock().unwrap();
        let told = answers
            .iter()
            .find(|(begins, _)| subject.starts_with(begins));
        if let Some((_, verdict)) = told {
            return verdict.clone();
        }
        self.taken.lock().unwrap().push(letter.clone());
        Verdict::Taken("250 ok".to_owned())
    }
}

struct Post {
    desk: TestDesk,
    sink: Memory,
    courier: Courier,
    contact: Id,
    account: Id,
}

impl Post {
    fn new() -> Self {
        let desk = TestDesk::plain();
        let settings = json!({"service_name": "Служба", "sender": "help@desk.example"});
        desk.run(Command::ChangeSettings {
            changes: settings.as_object().cloned().unwrap(),
        })
        .unwrap();
        let account = desk
            .create(Kind::Account, json!({"title": "Mill"}))
            .unwrap()
            .id;
        let contact = desk
            .create(
                Kind::Contact,
                json!({"title": "Anna", "account": account, "mails": ["anna@mill.example"]}),
            )
            .unwrap()
            .id;
        let sink = Memory::default();
        let courier = Courier::new(
            desk.desk.clone(),
            Queue::Mail,
            Box::new(sink.clone()),
            "node-1",
        );
        Self {
            desk,
            sink,
            courier,
            contact,
            account,
        }
    }

    fn ticket(&self) -> Id {
        let fields = json!({
            "type": "fault", "title": "It does not print",
            "contact": self.contact, "account": self.account,
        });
        self.desk.create(Kind::Ticket, fields).unwrap().id
    }

    fn send(&self, ticket: Id, subject: &str) -> Id {
        self.desk.clock.advance(TimeDelta::seconds(1));
        self.try_to_send(ticket, subject, Vec::new()).unwrap()
    }

    fn try_to_send(&self, ticket: Id, subject: &str, files: Vec<Id>) -> opora::desk::Result<Id> {
        let command = Command::Send {
            kind: Kind::Ticket,
            id: ticket,
            channel: "mail".to_owned(),
            to: None,
            subject: subject.to_owned(),
            text: "Здравствуйте!".to_owned(),
            attachments: files,
        };
        Ok(self.desk.run(command)?.entry.unwrap())
    }

    fn rounds(&mut self) {
        for _ in 0..20 {
            if !matches!(self.courier.round().unwrap(), Round::Moved(_)) {
                return;
            }
        }
        panic!("the courier never comes to rest");
    }

    fn page(&self, message: Id) -> OutboxPage {
        self.desk.desk.outbox_page(&Actor::System, message).unwrap()
    }

    fn state(&self, message: Id) -> (DeliveryState, u16, String) {
        let delivery = self.page(message).delivery.unwrap();
        (delivery.state, delivery.attempts, delivery.reason)
    }

    fn notes(&self, ticket: Id) -> Vec<String> {
        let page = self
            .desk
            .desk
            .history(&Actor::System, Kind::Ticket, ticket, None, 200)
            .unwrap();
        page.items.into_iter().flat_map(|i| i.notes).collect()
    }

    fn receive(&self, mail: &str) -> Json {
        let event = incoming::read(mail.replace('\n', "\r\n").as_bytes()).unwrap();
        let command = Command::Receive {
            event: Box::new(event),
        };
        self.desk.clock.advance(TimeDelta::seconds(1));
        let reply = self.desk.run(command).unwrap();
        serde_json::from_str(&reply.result.unwrap()).unwrap()
    }

    fn texts(&self, kind: Kind, id: Id) -> Vec<String> {
        let page = self
            .desk
            .desk
            .entries(&Actor::System, kind, id, None, 200)
            .unwrap();
        let said = page.items.into_iter().filter_map(|p| match p.entry.body {
            EntryBody::Message { text, .. } => Some(text),
            EntryBody::Attachment { name, .. } => Some(format!("file {name}")),
            _ => None,
        });
        said.collect()
    }
}

#[test]
fn a_message_is_sent_once_and_its_state_is_told() {
    let mut post = Post::new();
    let ticket = post.ticket();
    let message = post.send(ticket, "Hello");
    assert_eq!(post.state(message).0, DeliveryState::Queued);
    post.rounds();
    assert_eq!(post.sink.subjects(), ["Hello"]);
    let sent = (DeliveryState::Sent, 1, "250 ok".to_owned());
    assert_eq!(post.state(message), sent);
    post.rounds();
    assert_eq!(post.sink.subjects().len(), 1);
    let known = post.desk.desk.deliveries(&[message]).unwrap();
    assert_eq!(known[&message].state, DeliveryState::Sent);
}

#[test]
fn what_is_refused_for_now_holds_up_its_ticket_and_no_other() {
    let mut post = Post::new();
    let (one, two) = (post.ticket(), post.ticket());
    post.sink
        .say("first", Verdict::Later("451 later".to_owned()));
    let first = post.send(one, "first");
    let second = post.send(one, "second");
    post.send(two, "other");
    post.rounds();
    assert_eq!(post.sink.subjects(), ["other"]);
    let (state, attempts, reason) = post.state(first);
    assert_eq!((state, attempts), (DeliveryState::Queued, 1));
    assert_eq!(reason, "451 later");
    assert_eq!(post.state(second).1, 0);
    // What comes meanwhile waits behind it.
    post.send(one, "third");
    post.rounds();
    assert_eq!(post.sink.tried.lock().unwrap().len(), 2);
    post.sink.take_all();
    post.desk.clock.advance(TimeDelta::seconds(31));
    post.rounds();
    assert_eq!(post.sink.subjects(), ["other", "first", "second", "third"]);
}

#[test]
fn delays_grow_and_a_message_is_given_up_and_tried_anew_by_hand() {
    let mut post = Post::new();
    let ticket = post.ticket();
    post.sink
        .say("Hello", Verdict::Later("451 later".to_owned()));
    let message = post.send(ticket, "Hello");
    let mut waits = Vec::new();
    loop {
        post.rounds();
        let delivery = post.page(message).delivery.unwrap();
        let Some(next) = delivery.next_at else { break };
        let wait = next - post.desk.desk.now();
        waits.push(wait.num_seconds());
        post.desk.clock.advance(wait);
    }
    assert_eq!(waits[..4], [30, 90, 270, 810]);
    let (state, attempts, reason) = post.state(message);
    assert_eq!((state, attempts), (DeliveryState::Failed, 12));
    assert_eq!(reason, "given up after 12 attempts: 451 later");
    let note = "delivery_failed:mail:anna@mill.example:given up after 12 attempts: 451 later";
    assert!(
        post.notes(ticket).contains(&note.to_owned()),
        "{:?}",
        post.notes(ticket)
    );
    let failed = OutboxQuery {
        undelivered: true,
        limit: 10,
        ..OutboxQuery::default()
    };
    let listed = post
        .desk
        .desk
        .outbox_pages(&Actor::System, &failed)
        .unwrap();
    assert_eq!(listed.items.len(), 1);
    assert_eq!(listed.items[0].item.id, message);
    // Whoever is no administrator has no say.
    let retry = Command::RetryDelivery { message };
    let agent = Request::by(Actor::Agent { agent: None });
    assert_eq!(
        post.desk.desk.run(&agent, &retry).unwrap_err().code,
        "forbidden"
    );
    post.sink.take_all();
    post.desk.run(retry.clone()).unwrap();
    let listed = post
        .desk
        .desk
        .outbox_pages(&Actor::System, &failed)
        .unwrap();
    assert_eq!(listed.items.len(), 0);
    post.rounds();
    assert_eq!(post.state(message).0, DeliveryState::Sent);
    assert_eq!(post.desk.run(retry).unwrap_err().code, "not_undelivered");
}

#[test]
fn what_is_refused_for_good_lets_the_next_one_go() {
    let mut post = Post::new();
    let ticket = post.ticket();
    post.sink
        .say("first", Verdict::Never("550 no such user".to_owned()));
    let first = post.send(ticket, "first");
    post.send(ticket, "second");
    post.rounds();
    assert_eq!(post.sink.subjects(), ["second"]);
    let failed = (DeliveryState::Failed, 1, "550 no such user".to_owned());
    assert_eq!(post.state(first), failed);
}

#[test]
fn a_server_that_is_down_costs_no_attempt_and_no_order() {
    let mut post = Post::new();
    let ticket = post.ticket();
    post.sink
        .say("", Verdict::Down("connection refused".to_owned()));
    let messages: Vec<Id> = (0..5)
        .map(|n| post.send(ticket, &format!("m{n}")))
        .collect();
    for _ in 0..10 {
        assert_eq!(post.courier.round().unwrap(), Round::Down);
        post.desk.clock.advance(TimeDelta::seconds(61));
    }
    // A rest is a rest: the sink was asked once in each, and only about the first message.
    assert_eq!(post.sink.tried.lock().unwrap().len(), 10);
    post.sink.take_all();
    post.rounds();
    assert_eq!(post.sink.subjects(), ["m0", "m1", "m2", "m3", "m4"]);
    assert_eq!(post.state(messages[0]).1, 1);
}

#[test]
fn what_waited_for_too_long_is_not_sent() {
    let mut post = Post::new();
    let ticket = post.ticket();
    let message = post.send(ticket, "Hello");
    post.desk.clock.advance(TimeDelta::days(6));
    post.rounds();
    let (state, _, reason) = post.state(message);
    assert_eq!(state, DeliveryState::Failed);
    assert!(reason.starts_with("expired"), "{reason}");
    assert!(post.sink.subjects().is_empty());
}

#[test]
fn one_node_at_a_time_delivers() {
    let mut post = Post::new();
    let ticket = post.ticket();
    let sink = Box::new(post.sink.clone());
    let mut other = Courier::new(post.desk.desk.clone(), Queue::Mail, sink, "node-2");
    post.rounds();
    post.send(ticket, "Hello");
    assert_eq!(other.round().unwrap(), Round::Elsewhere);
    post.rounds();
    assert_eq!(post.sink.subjects(), ["Hello"]);
}

#[test]
fn a_round_ends_after_the_message_under_way() {
    struct Last(Memory, Halt);
    impl Sink for Last {
        fn takes(&self, channel: &str) -> bool {
            self.0.takes(channel)
        }

        fn send(&mut self, letter: &Letter) -> Verdict {
            self.1.store(true, std::sync::atomic::Ordering::Release);
            self.0.send(letter)
        }
    }
    let post = Post::new();
    let ticket = post.ticket();
    let first = post.send(ticket, "first");
    let second = post.send(ticket, "second");
    let halt = Halt::default();
    let sink = Box::new(Last(post.sink.clone(), halt.clone()));
    let courier = Courier::new(post.desk.desk.clone(), Queue::Mail, sink, "node-1");
    courier.until(&halt).round().unwrap();
    assert_eq!(post.sink.subjects(), ["first"]);
    assert_eq!(post.state(first).0, DeliveryState::Sent);
    assert_eq!(post.state(second).0, DeliveryState::Queued);
}

#[test]
fn only_the_engine_tells_what_was_delivered() {
    let post = Post::new();
    let told = post.desk.run(Command::Deliver {
        lease: None,
        results: Vec::new(),
    });
    assert_eq!(told.unwrap_err().code, "forbidden");
}

// rows: S4.9
#[test]
fn mails_leave_under_the_name_that_is_set_now() {
    let mut post = Post::new();
    let ticket = post.ticket();
    let from = |post: &mut Post, at: usize| {
        post.send(ticket, "Ответ");
        post.rounds();
        let mail = compose(&post.sink.letter(at)).unwrap();
        let back = mail_parser::MessageParser::default().parse(&mail.bytes);
        let back = back.unwrap();
        let from = back.from().and_then(|from| from.first()).unwrap();
        let name = from.name().map(str::to_owned);
        (name, from.address().map(str::to_owned))
    };
    let (name, mail) = (Some("Служба".to_owned()), "help@desk.example");
    assert_eq!(from(&mut post, 0), (name, Some(mail.to_owned())));
    let changed = json!({"service_name": "Поддержка, \"Альфа\"", "sender": "care@desk.example"});
    let change = Command::ChangeSettings {
        changes: changed.as_object().cloned().unwrap(),
    };
    let agent = Request::by(Actor::Agent { agent: None });
    let refused = post.desk.desk.run(&agent, &change).unwrap_err();
    assert_eq!(refused.code, "forbidden");
    post.desk.run(change).unwrap();
    let (name, mail) = ("Поддержка, \"Альфа\"".to_owned(), "care@desk.example");
    assert_eq!(from(&mut post, 1), (Some(name), Some(mail.to_owned())));
}

#[test]
fn a_mail_has_its_headers_in_order() {
    let mut post = Post::new();
    let ticket = post.ticket();
    let file = post
        .desk
        .run(Command::Attach {
            kind: Kind::Ticket,
            id: ticket,
            name: "отчёт.txt".to_owned(),
            media_type: "text/plain".to_owned(),
            content: b"12345".to_vec(),
            visibility: opora::domain::entry::Visibility::Public,
        })
        .unwrap()
        .entry
        .unwrap();
    post.receive(
        "From: Anna <anna@mill.example>\nMessage-ID: <q-1@mill.example>\n\
         Subject: Question [#1]\n\nWhen?\n",
    );
    let message = post
        .try_to_send(ticket, "Ответ по обращению", vec![file])
        .unwrap();
    post.rounds();
    let letter = post.sink.letter(0);
    let mail = compose(&letter).unwrap();
    let text = String::from_utf8(mail.bytes.clone()).unwrap();
    assert!(text.is_ascii());
    let id = format!("opora.{message}.{ticket}@desk.example");
    let wanted = [
        "From: =?utf-8?b?0KHQu9GD0LbQsdCw?= <help@desk.example>",
        "To: anna@mill.example",
        &format!("Message-ID: <{id}>"),
        "In-Reply-To: <q-1@mill.example>",
        "References: <q-1@mill.example>",
        "MIME-Version: 1.0",
    ];
    for line in wanted {
        assert!(
            text.contains(&format!("{line}\r\n")),
            "{line} is not in\n{text}"
        );
    }
    assert!(!text.contains("Auto-Submitted"), "{text}");
    // Read as a stranger's program reads it.
    let back = mail_parser::MessageParser::default()
        .parse(&mail.bytes)
        .unwrap();
    assert_eq!(back.subject(), Some("Ответ по обращению [#1]"));
    assert_eq!(back.body_text(0).unwrap().trim(), "Здравствуйте!");
    // Both forms, the plainer one first, and the file beside them.
    let html = back.body_html(0).unwrap();
    assert!(html.contains("<p>Здравствуйте!</p>"), "{html}");
    let at = |part: &str| {
        text.find(part)
            .unwrap_or_else(|| panic!("no {part} in\n{text}"))
    };
    let (mixed, both) = (at("multipart/mixed"), at("multipart/alternative"));
    let (plain, page) = (at("text/plain; charset=utf-8"), at("text/html"));
    assert!(mixed < both && both < plain && plain < page, "{text}");
    let parts: Vec<_> = back.attachments().collect();
    assert_eq!(parts.len(), 1);
    assert_eq!(parts[0].contents(), b"12345");
    use mail_parser::MimeHeaders;
    assert_eq!(parts[0].attachment_name(), Some("отчёт.txt"));
    assert_eq!(back.message_id(), Some(id.as_str()));
}

#[test]
fn what_nobody_wrote_says_so() {
    let post = Post::new();
    let ticket = post.ticket();
    let item = OutboxItem {
        id: ticket,
        at: post.desk.desk.now(),
        kind: Kind::Ticket,
        record: ticket,
        channel: "mail".to_owned(),
        to: "anna@mill.example".to_owned(),
        subject: "Обращение №1: принято".to_owned(),
        text: "Текст".to_owned(),
        rule: "plain/notice".to_owned(),
    };
    let letter = Letter {
        item,
        service_name: None,
        sender: Some("help@desk.example".to_owned()),
        html: None,
        number: Some(1),
        thread: Vec::new(),
        answers: None,
        automatic: true,
        files: Vec::new(),
    };
    let mail = compose(&letter).unwrap();
    let text = String::from_utf8(mail.bytes.clone()).unwrap();
    assert!(
        text.contains("Auto-Submitted: auto-generated\r\n"),
        "{text}"
    );
    let back = mail_parser::MessageParser::default()
        .parse(&mail.bytes)
        .unwrap();
    // The number stands there already.
    assert_eq!(back.subject(), Some("Обращение №1: принято"));
    // Nobody adds a header to a mail by a line's end in a subject.
    let mut evil = letter.clone();
    evil.item.subject = "x\r\nBcc: all@mill.example".to_owned();
    let mail = compose(&evil).unwrap();
    let text = String::from_utf8(mail.bytes).unwrap();
    assert!(!text.contains("\r\nBcc:"), "{text}");
    let mut nobody = letter;
    nobody.item.to = "no address".to_owned();
    assert!(compose(&nobody).is_err());
}

const SAYING: &str = r#"
[[rule]]
name = "say"
hook = "transition.effect"
script = "rules.rhai"

[[rule]]
name = "dress"
hook = "notify.compose"
script = "rules.rhai"

[[rule]]
name = "zz_correct"
hook = "notify.compose"
script = "rules.rhai"
"#;
const SAYINGS: &str = r#"
fn say(c) {
    for text in ["plain", "dressed", "corrected"] { c.notify("contact", "mail", text, text); }
}
fn dress(c) {
    if c.notice.text != "plain" {
        c.compose(#{html: "<h1>" + c.notice.text + "</h1><script>alert(1)</script>"});
    }
}
fn zz_correct(c) {
    if c.notice.text == "corrected" { c.compose(#{text: "quite another"}); }
}
"#;

#[test]
fn a_rule_gives_the_html_of_a_mail_and_the_text_stays_beside_it() {
    let mut post = Post::new();
    let manifest = MANIFEST.replace("0.1.0\"\nengine", "0.2.0\"\nengine") + SAYING;
    let files = [
        ("pack.toml", manifest.as_str()),
        ("definitions.toml", DEFINITIONS),
        ("rules.rhai", SAYINGS),
    ];
    post.desk.install(&files).unwrap();
    post.ticket();
    post.rounds();
    assert_eq!(post.sink.subjects(), ["plain", "dressed", "corrected"]);
    let given: Vec<bool> = (0..3).map(|n| post.sink.letter(n).html.is_some()).collect();
    // What another rule says instead takes the HTML away that said it before.
    assert_eq!(given, [false, true, false]);
    let mail = compose(&post.sink.letter(1)).unwrap();
    let back = mail_parser::MessageParser::default()
        .parse(&mail.bytes)
        .unwrap();
    assert_eq!(back.body_text(0).unwrap().trim(), "dressed");
    let html = back.body_html(0).unwrap();
    assert!(
        html.contains("<h1>dressed</h1>") && !html.contains("alert"),
        "{html}"
    );
    let verified = post.desk.desk.verify().unwrap();
    assert_eq!(verified.faults, Vec::<String>::new());
}

#[test]
fn what_cannot_be_sent_is_refused_at_once() {
    let post = Post::new();
    let ticket = post.desk.ticket("nobody's");
    let code = |result: opora::desk::Result<Id>| {
        let error = result.unwrap_err();
        error
            .faults
            .first()
            .map(|f| f.code.clone())
            .unwrap_or_default()
    };
    assert_eq!(
        code(post.try_to_send(ticket, "x", Vec::new())),
        "no_address"
    );
    let ticket = post.ticket();
    assert_eq!(
        code(post.try_to_send(ticket, "x", vec![ticket])),
        "unknown_record"
    );
    assert_eq!(
        code(post.try_to_send(ticket, "x\r\nBcc: y@z", Vec::new())),
        "malformed"
    );
}

fn from_anna(more: &str, text: &str) -> String {
    format!("From: Anna <anna@mill.example>\nTo: help@desk.example\n{more}\n\n{text}\n")
}

fn outcome(told: &Json) -> (&str, Option<Id>) {
    let result = &told["result"];
    let id = result["id"].as_str().and_then(|id| id.parse().ok());
    (told["ignored"].as_str().unwrap_or(""), id)
}

#[test]
fn an_answer_finds_its_ticket() {
    let mut post = Post::new();
    let ticket = post.ticket();
    let message = post.send(ticket, "Hello");
    post.rounds();
    // By the mail it answers, whoever writes and whatever the subject says.
    let id = format!("opora.{message}.{ticket}@desk.example");
    let answer = format!(
        "From: Boris <boris@else.example>\nMessage-ID: <r-1@x>\nSubject: Re: y\n\
         In-Reply-To: <{id}>\n\nThank you\n"
    );
    post.receive(&answer);
    assert!(
        post.texts(Kind::Ticket, ticket)
            .contains(&"Thank you".to_owned())
    );
    // By a mail of the conversation.
    let more = "Message-ID: <r-2@x>\nSubject: Re: y\nReferences: <r-0@x> <r-1@x>";
    post.receive(&from_anna(more, "And more"));
    assert!(
        post.texts(Kind::Ticket, ticket)
            .contains(&"And more".to_owned())
    );
    // By the number, from who has to do with it.
    post.receive(&from_anna(
        "Message-ID: <r-3@x>\nSubject: About #1",
        "By number",
    ));
    assert!(
        post.texts(Kind::Ticket, ticket)
            .contains(&"By number".to_owned())
    );
    // The same mail again has no effect.
    let again = post.receive(&answer);
    assert_eq!(again["duplicate"], true);
    assert_eq!(post.texts(Kind::Ticket, ticket).len(), 4);
}

#[test]
fn a_number_alone_opens_no_foreign_ticket() {
    let post = Post::new();
    let ticket = post.ticket();
    let told = post.receive(
        "From: Eve <eve@evil.example>\nMessage-ID: <e-1@x>\nSubject: Re: [#1]\n\nLet me in\n",
    );
    let inquiry: Id = told["inquiry"].as_str().unwrap().parse().unwrap();
    assert_eq!(post.texts(Kind::Ticket, ticket).len(), 0);
    assert_eq!(post.texts(Kind::Inquiry, inquiry), ["Let me in"]);
    // Nor does an id that was made up.
    let made_up = format!(
        "From: Eve <eve@evil.example>\nMessage-ID: <e-2@x>\nSubject: y\n\
         In-Reply-To: <opora.{ticket}.{ticket}@desk.example>\n\nLet me in\n"
    );
    assert!(post.receive(&made_up)["inquiry"].is_string());
    // A colleague of the customer has to do with it.
    post.desk
        .create(
            Kind::Contact,
            json!({"title": "Ivan", "account": post.account, "mails": ["ivan@home.example"]}),
        )
        .unwrap();
    post.receive("From: Ivan <ivan@home.example>\nMessage-ID: <i-1@x>\nSubject: #1\n\nMe too\n");
    assert_eq!(post.texts(Kind::Ticket, ticket), ["Me too"]);
}

// rows: S1.27 S3.24
#[test]
fn a_stranger_makes_an_inquiry_with_text_and_files() {
    let post = Post::new();
    let mail = "From: =?UTF-8?B?0JHQvtGA0LjRgQ==?= <boris@new.example>\nTo: sale@desk.example\n\
                Message-ID: <n-1@new.example>\nSubject: =?UTF-8?B?0JLQvtC/0YDQvtGB?=\n\
                MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n\
                --b\nContent-Type: text/plain; charset=utf-8\n\nHow much?\n\
                --b\nContent-Type: text/csv; name=list.csv\nContent-Disposition: attachment\n\n1;2\n\
                --b--\n";
    let told = post.receive(mail);
    let inquiry: Id = told["inquiry"].as_str().unwrap().parse().unwrap();
    let record = post.desk.get(Kind::Inquiry, inquiry);
    assert_eq!(record.title(), "Вопрос");
    assert_eq!(record.text("channel"), Some("mail"));
    assert_eq!(record.text("sent_to"), Some("sale@desk.example"));
    assert_eq!(record.text("source_ref"), Some("n-1@new.example"));
    assert_eq!(record.text("person"), Some("Борис"));
    assert_eq!(
        post.texts(Kind::Inquiry, inquiry),
        ["How much?", "file list.csv"]
    );
    // What it becomes has them too, and the conversation goes on there.
    let mut ask = opora::desk::Acceptance {
        type_code: Some("fault".to_owned()),
        new_contact: Some(Map::new()),
        ..opora::desk::Acceptance::default()
    };
    ask.fields.insert("title".to_owned(), json!("Price"));
    let accepted = post.desk.run(Command::Accept {
        inquiry: Some(inquiry),
        ask: Box::new(ask),
    });
    let ticket = accepted.unwrap().id;
    assert_eq!(
        post.texts(Kind::Ticket, ticket),
        ["How much?", "file list.csv"]
    );
    let more = "From: boris@new.example\nMessage-ID: <n-2@new.example>\nSubject: Re: y\n\
                In-Reply-To: <n-1@new.example>\n\nStill there?\n";
    post.receive(more);
    assert!(
        post.texts(Kind::Ticket, ticket)
            .contains(&"Still there?".to_owned())
    );
}

#[test]
fn programs_are_not_answered_and_make_no_inquiries() {
    let mut post = Post::new();
    let ticket = post.ticket();
    let message = post.send(ticket, "Hello");
    post.rounds();
    let away = "Message-ID: <a-1@x>\nSubject: Away\nAuto-Submitted: auto-replied";
    let told = post.receive(&from_anna(away, "I am away"));
    assert_eq!(outcome(&told), ("automatic_reply", None));
    // One that belongs to a conversation is kept there.
    let id = format!("opora.{message}.{ticket}@desk.example");
    let of_it = format!("{away}\nIn-Reply-To: <{id}>").replace("a-1", "a-2");
    post.receive(&from_anna(&of_it, "I am away"));
    assert_eq!(
        post.texts(Kind::Ticket, ticket),
        ["Здравствуйте!", "I am away"]
    );
    // What the desk wrote itself comes back: a loop.
    let own = format!("From: x@y.example\nMessage-ID: <{id}>\nSubject: Hello\n\nz\n");
    assert_eq!(outcome(&post.receive(&own)), ("loop", None));
    let own = "From: help@desk.example\nMessage-ID: <q@x>\nSubject: Hello\n\nz\n";
    assert_eq!(outcome(&post.receive(own)), ("loop", None));
}

#[test]
fn a_bounce_marks_the_message_that_came_back() {
    let mut post = Post::new();
    let ticket = post.ticket();
    let message = post.send(ticket, "Hello");
    let bounce = |id: &str, action: &str| {
        format!(
            "From: MAILER-DAEMON@mx.example\nMessage-ID: <{id}@mx>\nSubject: Undelivered\n\
             MIME-Version: 1.0\n\
             Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n\
             --b\nContent-Type: message/delivery-status\n\n\
             Final-Recipient: rfc822; anna@mill.example\nAction: {action}\nStatus: 5.1.1\n\
             Diagnostic-Code: smtp; 550 no such user\n\n\
             --b\nContent-Type: text/rfc822-headers\n\n\
             Message-ID: <opora.{message}.{ticket}@desk.example>\nSubject: Hello\n\n--b--\n"
        )
    };
    // What has not left cannot come back.
    let told = post.receive(&bounce("b-0", "failed"));
    assert_eq!(told["bounced"], Json::Null, "{told}");
    post.rounds();
    post.receive(&bounce("b-1", "delayed"));
    assert_eq!(post.state(message).0, DeliveryState::Sent);
    let told = post.receive(&bounce("b-2", "failed"));
    assert_eq!(told["bounced"], json!(message), "{told}");
    let (state, _, reason) = post.state(message);
    assert_eq!(state, DeliveryState::Failed);
    assert!(reason.contains("550 no such user"), "{reason}");
    let notes = post.notes(ticket);
    assert!(
        notes
            .iter()
            .any(|n| n.starts_with("delivery_failed:mail:anna@")),
        "{notes:?}"
    );
    assert!(post.texts(Kind::Ticket, ticket).len() == 1);
}
