//! Webhooks over a real connection: what is sent, how it is signed, when it is tried again.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};

use chrono::TimeDelta;
use opora::delivery::{Caller, Courier, Feed, Reach, Round, secret_text};
use opora::desk::{
    Actor, Command, DeliveryState, Desk, DeskOptions, Queue, Request, VirtualClock, WebhookChange,
    WebhookPage, WebhookSecret,
};
use opora::domain::{Id, Kind};
use opora::packs::PackFiles;
use opora::store::MemoryStore;
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};

const PACK: &str = r#"
[pack]
name = "tiny"
version = "1.0.0"
engine = "0.1"

[capabilities]
effects = ["webhook"]

[[rule]]
name = "tell"
hook = "transition.effect"
script = "rules.rhai"
"#;
const RULES: &str = r#"
fn tell(c) {
    c.webhook("erp", #{ number: c.record.number });
}
"#;
const DEFINITIONS: &str = r#"
[[type]]
code = "ask"
workflow = "ask"
[[workflow]]
code = "ask"
initial = "new"
statuses = [{ code = "new", category = "new" }, { code = "done", category = "done" }]
transitions = [{ from = "new", to = "done" }]
"#;
const SECRET: [u8; 32] = [7; 32];

/// A request that a receiver got.
#[derive(Debug, Clone)]
struct Got {
    path: String,
    headers: BTreeMap<String, String>,
    body: String,
}

impl Got {
    fn json(&self) -> Json {
        serde_json::from_str(&self.body).unwrap()
    }

    fn kind(&self) -> String {
        self.json()["type"].as_str().unwrap().to_owned()
    }
}

/// A program that is told.
struct Receiver {
    address: SocketAddr,
    got: Arc<Mutex<Vec<Got>>>,
    /// What it answers to the next requests; 200 when nothing is left.
    answers: Arc<Mutex<Vec<(u16, &'static str)>>>,
    /// Whether requests to paths that begin with `/slow` wait for their answer.
    held: Arc<(Mutex<bool>, Condvar)>,
}

impl Receiver {
    fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let got = Arc::new(Mutex::new(Vec::new()));
        let answers: Arc<Mutex<Vec<(u16, &'static str)>>> = Arc::default();
        let held: Arc<(Mutex<bool>, Condvar)> = Arc::default();
        let (kept, said, holds) = (got.clone(), answers.clone(), held.clone());
        // It ends with the test's process.
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (kept, said, holds) = (kept.clone(), said.clone(), holds.clone());
                std::thread::spawn(move || serve(stream.unwrap(), &kept, &said, &holds));
            }
        });
        Self {
            address,
            got,
            answers,
            held,
        }
    }

    fn hold(&self, is_held: bool) {
        *self.held.0.lock().unwrap() = is_held;
        self.held.1.notify_all();
    }

    /// Who was told what, by path.
    fn told(&self, path: &str) -> Vec<Json> {
        let all = self.all().into_iter().filter(|got| got.path == path);
        all.map(|got| got.json()["data"].clone()).collect()
    }

    fn answer(&self, all: &[(u16, &'static str)]) {
        *self.answers.lock().unwrap() = all.iter().rev().copied().collect();
    }

    fn all(&self) -> Vec<Got> {
        self.got.lock().unwrap().clone()
    }

    fn kinds(&self) -> Vec<String> {
        self.all().iter().map(Got::kind).collect()
    }
}

fn serve(
    stream: TcpStream,
    kept: &Mutex<Vec<Got>>,
    said: &Mutex<Vec<(u16, &'static str)>>,
    held: &(Mutex<bool>, Condvar),
) -> Option<()> {
    let mut out = stream.try_clone().unwrap();
    let mut lines = BufReader::new(stream);
    loop {
        let mut line = String::new();
        if lines.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let path = line.split(' ').nth(1)?.to_owned();
        let mut headers = BTreeMap::new();
        loop {
            let mut line = String::new();
            lines.read_line(&mut line).ok()?;
            let Some((name, value)) = line.trim_end().split_once(": ") else {
                break;
            };
            headers.insert(name.to_ascii_lowercase(), value.to_owned());
        }
        let length: usize = headers.get("content-length")?.parse().ok()?;
        let mut body = vec![0; length];
        lines.read_exact(&mut body).ok()?;
        let body = String::from_utf8(body).unwrap();
        if path.starts_with("/slow") {
            let free = held
                .1
                .wait_while(held.0.lock().unwrap(), |is_held| *is_held);
            drop(free.unwrap());
        }
        kept.lock().unwrap().push(Got {
            path,
            headers,
            body,
        });
        let (status, more) = said.lock().unwrap().pop().unwrap_or((200, ""));
        let answer = format!("HTTP/1.1 {status} x\r\n{more}Content-Length: 0\r\n\r\n");
        out.write_all(answer.as_bytes()).ok()?;
    }
}

struct Post {
    desk: Arc<Desk>,
    clock: Arc<VirtualClock>,
    receiver: Receiver,
    courier: Courier,
    feed: Feed,
}

impl Post {
    fn new() -> Self {
        let start = "2026-03-02T09:00:00Z".parse().unwrap();
        let clock = Arc::new(VirtualClock::at(start));
        let options = DeskOptions {
            clock: clock.clone(),
            search: false,
            ..DeskOptions::default()
        };
        let desk = Desk::open(Arc::new(MemoryStore::new()), options).unwrap();
        let reach = Reach {
            http: true,
            private: true,
        };
        let sink = Box::new(Caller::new(desk.clone(), reach));
        let post = Self {
            receiver: Receiver::start(),
            courier: Courier::new(desk.clone(), Queue::Webhook, sink, "node"),
            feed: Feed::new(desk.clone(), reach, "node"),
            desk,
            clock,
        };
        post.run(Command::InstallPack {
            files: PackFiles::from_texts(&[
                ("pack.toml", PACK),
                ("definitions.toml", DEFINITIONS),
                ("rules.rhai", RULES),
            ]),
        });
        post
    }

    fn run(&self, command: Command) -> Id {
        self.clock.advance(TimeDelta::seconds(1));
        let request = Request::by(Actor::Admin { agent: None });
        self.desk.run(&request, &command).unwrap().id
    }

    fn webhook(&self, name: &str, path: &str, events: &[&str]) {
        self.run(Command::SaveWebhook {
            name: name.to_owned(),
            change: Box::new(WebhookChange {
                url: Some(format!("http://{}{path}", self.receiver.address)),
                events: Some(events.iter().map(|e| (*e).to_owned()).collect()),
                enabled: None,
                secret: Some(WebhookSecret(SECRET)),
                is_new: true,
            }),
        });
    }

    fn page(&self, name: &str) -> WebhookPage {
        self.desk.webhook(&Actor::System, name).unwrap()
    }

    fn ticket(&self) -> Id {
        let fields = json!({"type": "ask", "title": "It does not print"});
        self.run(Command::Create {
            kind: Kind::Ticket,
            fields: fields.as_object().cloned().unwrap(),
        })
    }

    fn finish(&self, ticket: Id) {
        self.run(Command::Transition {
            kind: Kind::Ticket,
            id: ticket,
            to: "done".to_owned(),
            fields: serde_json::Map::new(),
        });
    }

    fn rounds(&mut self) {
        for _ in 0..400 {
            let moved = |round| matches!(round, Round::Moved(_));
            let (one, two) = (self.courier.round().unwrap(), self.feed.round().unwrap());
            if !moved(one) && !moved(two) {
                return;
            }
        }
        panic!("nothing comes to rest");
    }
}

/// HMAC-SHA256 as RFC 2104 writes it, so that no mistake is shared with the engine.
fn hmac(key: &[u8; 32], text: &[u8]) -> Vec<u8> {
    let pad = |with: u8| {
        let mut block = [with; 64];
        for (place, byte) in key.iter().enumerate() {
            block[place] ^= byte;
        }
        block
    };
    let inner = Sha256::new()
        .chain_update(pad(0x36))
        .chain_update(text)
        .finalize();
    let outer = Sha256::new()
        .chain_update(pad(0x5c))
        .chain_update(inner)
        .finalize();
    outer.to_vec()
}

/// The bytes of a base64 text.
fn unbase(text: &str) -> Vec<u8> {
    let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut group, mut bits, mut bytes) = (0_u32, 0, Vec::new());
    for letter in text.trim_end_matches('=').chars() {
        group = group << 6 | u32::try_from(letters.find(letter).unwrap()).unwrap();
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(group >> bits & 0xff).unwrap());
        }
    }
    bytes
}

#[track_caller]
fn is_signed(got: &Got) {
    let id = &got.headers["webhook-id"];
    let timestamp = &got.headers["webhook-timestamp"];
    let signature = &got.headers["webhook-signature"];
    let text = format!("{id}.{timestamp}.{}", got.body);
    let secret = unbase(secret_text(&SECRET).strip_prefix("whsec_").unwrap());
    assert_eq!(secret, SECRET);
    let wanted = hmac(&SECRET, text.as_bytes());
    assert_eq!(unbase(signature.strip_prefix("v1,").unwrap()), wanted);
}

#[test]
fn events_are_told_in_their_order_and_signed() {
    let mut post = Post::new();
    let before = post.ticket();
    post.webhook("erp", "/hooks?a=b", &["ticket.*"]);
    let ticket = post.ticket();
    post.finish(ticket);
    post.rounds();
    let all = post.receiver.all();
    let told: Vec<(String, String)> = all
        .iter()
        .filter(|got| got.kind() != "rule.call")
        .map(|got| {
            (
                got.kind(),
                got.json()["data"]["id"].as_str().unwrap().to_owned(),
            )
        })
        .collect();
    let one = |what: &str| (format!("ticket.{what}"), ticket.to_string());
    assert_eq!(told, [one("created"), one("changed")]);
    assert!(!told.iter().any(|(_, id)| *id == before.to_string()));
    for got in &all {
        assert_eq!(got.path, "/hooks?a=b");
        assert_eq!(got.headers["content-type"], "application/json");
        is_signed(got);
    }
    let changed = all.iter().find(|got| got.kind() == "ticket.changed");
    let changed = changed.unwrap().json();
    let fields = changed["data"]["fields"].as_array().unwrap();
    assert!(fields.contains(&json!("status")), "{changed}");
    // What a rule asked for goes there too, with what it said.
    let mut calls = all.iter().filter(|got| got.kind() == "rule.call");
    assert!(calls.any(|got| got.json()["data"]["call"]["number"] == 2));
    post.rounds();
    assert_eq!(post.receiver.all().len(), all.len());
}

#[test]
fn what_fails_is_told_again_under_its_id_and_nothing_is_lost() {
    let mut post = Post::new();
    post.webhook("events", "/", &["ticket.created"]);
    post.receiver.answer(&[(503, ""), (429, "")]);
    let tickets: Vec<Id> = (0..3).map(|_| post.ticket()).collect();
    post.rounds();
    assert_eq!(post.receiver.all().len(), 1);
    let page = post.page("events");
    assert_eq!(page.progress.attempts, 1);
    assert!(page.progress.last_error.starts_with("503"), "{page:?}");
    post.clock.advance(TimeDelta::seconds(31));
    post.rounds();
    post.clock.advance(TimeDelta::seconds(91));
    post.rounds();
    let all = post.receiver.all();
    let ids: Vec<&str> = all
        .iter()
        .map(|g| g.headers["webhook-id"].as_str())
        .collect();
    assert_eq!((ids[0], ids[1]), (ids[1], ids[2]));
    let told: Vec<Json> = all[2..]
        .iter()
        .map(|g| g.json()["data"]["id"].clone())
        .collect();
    assert_eq!(told, tickets.iter().map(|t| json!(t)).collect::<Vec<_>>());
    assert_eq!(post.page("events").progress.attempts, 0);
}

#[test]
fn a_refusal_is_passed_over_and_one_that_is_gone_is_called_no_more() {
    let mut post = Post::new();
    post.webhook("events", "/", &["ticket.created"]);
    post.receiver.answer(&[
        (422, ""),
        (302, "Location: http://127.0.0.1:9/\r\n"),
        (410, ""),
    ]);
    for _ in 0..4 {
        post.ticket();
    }
    post.rounds();
    assert_eq!(post.receiver.all().len(), 3);
    let page = post.page("events");
    assert!(!page.webhook.enabled);
    assert_eq!(page.progress.refused, 3);
    // Switched on again it goes on where it stopped.
    post.run(Command::SaveWebhook {
        name: "events".to_owned(),
        change: Box::new(WebhookChange {
            url: None,
            events: None,
            enabled: Some(true),
            secret: None,
            is_new: false,
        }),
    });
    post.rounds();
    assert_eq!(post.receiver.all().len(), 4);
}

#[test]
fn one_that_never_answers_is_switched_off_in_the_end() {
    let mut post = Post::new();
    post.webhook("events", "/", &["ticket.created"]);
    post.receiver.answer(&[(500, ""); 20]);
    post.ticket();
    for _ in 0..20 {
        post.rounds();
        post.clock.advance(TimeDelta::hours(13));
    }
    assert_eq!(post.receiver.all().len(), 12);
    assert!(!post.page("events").webhook.enabled);
}

#[test]
fn calls_of_rules_and_messages_of_its_channel_reach_a_webhook() {
    let mut post = Post::new();
    let ticket = post.ticket();
    post.finish(ticket);
    post.rounds();
    // Nobody is called so: the ticket says it.
    let page = opora::desk::OutboxQuery {
        undelivered: true,
        limit: 10,
        ..Default::default()
    };
    let failed = post.desk.outbox_pages(&Actor::System, &page).unwrap();
    let reason = &failed.items[0].delivery.as_ref().unwrap().reason;
    assert_eq!(reason, "there is no webhook `erp`");
    post.webhook("sms", "/sms", &[]);
    let sent = post.desk.run(
        &Request::by(Actor::Agent { agent: None }),
        &Command::Send {
            kind: Kind::Ticket,
            id: ticket,
            channel: "sms".to_owned(),
            to: Some("+7 495 787-40-08".to_owned()),
            subject: String::new(),
            text: "Готово".to_owned(),
            attachments: Vec::new(),
        },
    );
    let message = sent.unwrap().entry.unwrap();
    post.rounds();
    assert_eq!(post.receiver.kinds(), ["message.sms"]);
    let got = &post.receiver.all()[0];
    assert_eq!(got.headers["webhook-id"], message.to_string());
    assert_eq!(got.json()["data"]["text"], "Готово");
    is_signed(got);
    let page = post.desk.outbox_page(&Actor::System, message).unwrap();
    assert_eq!(page.delivery.unwrap().state, DeliveryState::Sent);
    // A channel that nothing carries is said, not lost.
    let sent = post.desk.run(
        &Request::by(Actor::Agent { agent: None }),
        &Command::Send {
            kind: Kind::Ticket,
            id: ticket,
            channel: "pigeon".to_owned(),
            to: Some("roof".to_owned()),
            subject: String::new(),
            text: "Готово".to_owned(),
            attachments: Vec::new(),
        },
    );
    let message = sent.unwrap().entry.unwrap();
    post.rounds();
    let page = post.desk.outbox_page(&Actor::System, message).unwrap();
    assert_eq!(page.delivery.unwrap().state, DeliveryState::NotSent);
}

/// Rounds until something is so.
#[track_caller]
fn until(post: &mut Post, what: &str, is_so: impl Fn(&Post) -> bool) {
    for _ in 0..400 {
        post.courier.round().unwrap();
        post.feed.round().unwrap();
        if is_so(post) {
            return;
        }
    }
    panic!("{what}");
}

#[test]
fn one_that_does_not_answer_holds_up_nobody_else() {
    let mut post = Post::new();
    for name in ["slow", "fast"] {
        post.webhook(name, &format!("/{name}"), &["ticket.created"]);
    }
    post.receiver.hold(true);
    let tickets: Vec<Id> = (0..30).map(|_| post.ticket()).collect();
    let text = |channel: &str, text: String| Command::Send {
        kind: Kind::Ticket,
        id: tickets[0],
        channel: channel.to_owned(),
        to: Some("anna".to_owned()),
        subject: String::new(),
        text,
        attachments: Vec::new(),
    };
    for n in 0..5 {
        for channel in ["slow", "fast"] {
            post.run(text(channel, n.to_string()));
        }
    }
    // Everything for one, while the other has not answered once.
    until(&mut post, "the fast one is not told", |post| {
        post.receiver.told("/fast").len() == 30 + 5
    });
    assert_eq!(post.receiver.told("/slow").len(), 0);
    let later = post.ticket();
    until(&mut post, "what comes later is not told", |post| {
        post.receiver.told("/fast").last().unwrap()["id"] == json!(later)
    });
    post.receiver.hold(false);
    post.rounds();
    // Each has its events, and its messages about the ticket, in their order and once.
    for path in ["/slow", "/fast"] {
        let told = post.receiver.told(path);
        let ids: Vec<&Json> = told.iter().filter_map(|data| data.get("id")).collect();
        let mut wanted: Vec<Json> = tickets.iter().map(|id| json!(id)).collect();
        wanted.push(json!(later));
        assert_eq!(ids, wanted.iter().collect::<Vec<_>>(), "{path}");
        let texts: Vec<&Json> = told.iter().filter_map(|data| data.get("text")).collect();
        assert_eq!(texts, ["0", "1", "2", "3", "4"], "{path}");
    }
}
