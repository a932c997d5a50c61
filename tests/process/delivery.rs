//! Mails that leave over a real connection, and mails that come in through the program's pipe.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use opora::delivery::{Courier, Round, SmtpOptions, SmtpSink};
use opora::desk::{
    Actor, Command as Change, DeliveryState, Desk, DeskOptions, Queue, Request, VirtualClock,
};
use opora::domain::{Id, Kind};
use opora::packs::PackFiles;
use opora::store::MemoryStore;
use serde_json::{Value as Json, json};

use crate::program::{Server, opora, said};
use crate::smtp::{MailServer, Mails};

const PACK: &str = "[pack]\nname = \"tiny\"\nversion = \"1.0.0\"\nengine = \"0.1\"\n";
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

/// Waits until something is so, at most twenty seconds.
#[track_caller]
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(20), "{what}");
        std::thread::park_timeout(Duration::from_millis(50));
    }
}

fn subjects(mails: &Mails) -> Vec<String> {
    let taken = mails.taken.lock().unwrap();
    let subject = |mail: &String| {
        let mut lines = mail.lines();
        lines.find_map(|l| l.strip_prefix("Subject: ").map(str::to_owned))
    };
    taken.iter().filter_map(subject).collect()
}

/// A desk on a virtual clock with a courier to a mail server.
pub(super) struct Post {
    desk: Arc<Desk>,
    clock: Arc<VirtualClock>,
    courier: Courier,
    ticket: Id,
}

impl Post {
    pub fn new(options: SmtpOptions) -> Self {
        let start = "2026-03-02T09:00:00Z".parse().unwrap();
        let clock = Arc::new(VirtualClock::at(start));
        let options_of_desk = DeskOptions {
            clock: clock.clone(),
            search: false,
            ..DeskOptions::default()
        };
        let desk = Desk::open(Arc::new(MemoryStore::new()), options_of_desk).unwrap();
        let run = |command| {
            let request = Request::by(Actor::Admin { agent: None });
            desk.run(&request, &command).unwrap()
        };
        run(Change::InstallPack {
            files: PackFiles::from_texts(&[("pack.toml", PACK), ("definitions.toml", DEFINITIONS)]),
        });
        run(Change::ChangeSettings {
            changes: json!({"sender": "help@desk.example"})
                .as_object()
                .cloned()
                .unwrap(),
        });
        let fields = json!({"type": "ask", "title": "It does not print"});
        let ticket = run(Change::Create {
            kind: Kind::Ticket,
            fields: fields.as_object().cloned().unwrap(),
        });
        let sink = Box::new(SmtpSink::new(options).unwrap());
        Self {
            courier: Courier::new(desk.clone(), Queue::Mail, sink, "node"),
            desk,
            clock,
            ticket: ticket.id,
        }
    }

    pub fn send(&self, to: &str, subject: &str) -> Id {
        self.clock.advance(TimeDelta::seconds(1));
        let command = Change::Send {
            kind: Kind::Ticket,
            id: self.ticket,
            channel: "mail".to_owned(),
            to: Some(to.to_owned()),
            subject: subject.to_owned(),
            text: "Добрый день!\n.\n..\nдо свидания".to_owned(),
            attachments: Vec::new(),
        };
        let request = Request::by(Actor::Agent { agent: None });
        self.desk.run(&request, &command).unwrap().entry.unwrap()
    }

    pub fn rounds(&mut self) -> Round {
        loop {
            match self.courier.round().unwrap() {
                Round::Moved(_) => {}
                other => return other,
            }
        }
    }

    pub fn state(&self, message: Id) -> (DeliveryState, String) {
        let page = self.desk.outbox_page(&Actor::System, message).unwrap();
        let delivery = page.delivery.unwrap();
        (delivery.state, delivery.reason)
    }
}

#[test]
fn refused_for_now_is_tried_again_and_refused_for_good_is_told() {
    let server = MailServer::start(0, Arc::default());
    let mails = server.mails.clone();
    *mails.refusals.lock().unwrap() = vec![
        ("busy@x.example".to_owned(), 451, 2),
        ("nobody@x.example".to_owned(), 550, 9),
    ];
    let mut post = Post::new(SmtpOptions::plain("127.0.0.1", server.address.port()));
    let gone = post.send("nobody@x.example", "gone");
    let busy = post.send("busy@x.example", "busy");
    post.send("anna@x.example", "behind");
    assert_eq!(post.rounds(), Round::Idle);
    assert_eq!(subjects(&mails), Vec::<String>::new());
    let failed = (DeliveryState::Failed, "550 as the test wants it".to_owned());
    assert_eq!(post.state(gone), failed);
    assert_eq!(
        post.state(busy),
        (DeliveryState::Queued, "451 as the test wants it".to_owned())
    );
    for _ in 0..3 {
        post.clock.advance(TimeDelta::seconds(100));
        post.rounds();
    }
    assert_eq!(subjects(&mails), ["busy [#1]", "behind [#1]"]);
    assert_eq!(post.state(busy).0, DeliveryState::Sent);
    let body = mails.taken.lock().unwrap()[0].clone();
    let read = mail_parser::MessageParser::default()
        .parse(body.as_bytes())
        .unwrap();
    assert_eq!(
        read.body_text(0).unwrap().trim_end(),
        "Добрый день!\r\n.\r\n..\r\nдо свидания"
    );
    server.stop();
}

#[test]
fn a_server_that_is_down_loses_nothing_and_keeps_the_order() {
    let server = MailServer::start(0, Arc::default());
    let port = server.address.port();
    let mails = server.mails.clone();
    let mut post = Post::new(SmtpOptions::plain("127.0.0.1", port));
    post.send("anna@x.example", "m0");
    post.rounds();
    server.stop();
    let sent: Vec<Id> = (1..6)
        .map(|n| post.send("anna@x.example", &format!("m{n}")))
        .collect();
    assert_eq!(post.rounds(), Round::Down);
    post.clock.advance(TimeDelta::hours(7));
    assert_eq!(post.rounds(), Round::Down);
    let server = MailServer::start(port, mails.clone());
    post.clock.advance(TimeDelta::minutes(2));
    assert_eq!(post.rounds(), Round::Idle);
    let wanted: Vec<String> = (0..6).map(|n| format!("m{n} [#1]")).collect();
    assert_eq!(subjects(&mails), wanted);
    for message in sent {
        assert_eq!(post.state(message).0, DeliveryState::Sent);
    }
    server.stop();
}

#[test]
fn a_login_is_used_and_a_wrong_one_fails_no_mail() {
    let server = MailServer::start(0, Arc::default());
    *server.mails.login.lock().unwrap() = Some(("desk".to_owned(), "secret".to_owned()));
    let mut options = SmtpOptions::plain("127.0.0.1", server.address.port());
    options.login = Some(("desk".to_owned(), "wrong".to_owned()));
    let mut post = Post::new(options.clone());
    let message = post.send("anna@x.example", "Hello");
    assert_eq!(post.rounds(), Round::Down);
    assert_eq!(post.state(message).0, DeliveryState::Queued);
    options.login = Some(("desk".to_owned(), "secret".to_owned()));
    let sink = Box::new(SmtpSink::new(options.clone()).unwrap());
    post.courier = Courier::new(post.desk.clone(), Queue::Mail, sink, "node");
    assert_eq!(post.rounds(), Round::Idle);
    assert_eq!(subjects(&server.mails), ["Hello [#1]"]);
    // A password is never sent in the clear to another machine.
    options.host = "mail.example".to_owned();
    assert!(SmtpSink::new(options).is_err());
    server.stop();
}

fn desk(folder: &Path) -> (std::path::PathBuf, String) {
    let pack = folder.join("tiny");
    std::fs::create_dir(&pack).unwrap();
    std::fs::write(pack.join("pack.toml"), PACK).unwrap();
    std::fs::write(pack.join("definitions.toml"), DEFINITIONS).unwrap();
    (folder.join("desk"), pack.to_str().unwrap().to_owned())
}

fn made(server: &Server, path: &str, body: &Json) -> Json {
    let answer = server.post(path, "", body).unwrap();
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.body
}

/// A ticket with a customer, and a message that is sent to it.
fn written(server: &Server, subject: &str) -> (String, String) {
    let contact = json!({"title": "Anna", "mails": ["anna@mill.example"]});
    let contact = made(server, "/v1/contacts", &contact);
    let ticket = json!({"type": "ask", "title": "x", "contact": contact["id"]});
    let ticket = made(server, "/v1/tickets", &ticket);
    let id = ticket["id"].as_str().unwrap().to_owned();
    let body = json!({
        "channel": "mail", "direction": "out", "send": true, "subject": subject, "text": "Hello",
    });
    let message = made(server, &format!("/v1/tickets/{id}/messages"), &body);
    assert_eq!(message["delivery"]["state"], "queued", "{message}");
    (id, message["id"].as_str().unwrap().to_owned())
}

fn state(server: &Server, ticket: &str) -> Json {
    let page = server.get(&format!("/v1/tickets/{ticket}/messages")).body;
    page["items"][0]["delivery"]["state"].clone()
}

#[test]
fn a_desk_without_a_mail_server_writes_its_mails_as_files() {
    let folder = tempfile::tempdir().unwrap();
    let (data, pack) = desk(folder.path());
    let server = Server::start(&data, &[]);
    said(&["pack", "install", &pack, "--data", data.to_str().unwrap()]);
    let (ticket, message) = written(&server, "Hello");
    until("the mail is written", || state(&server, &ticket) == "sent");
    let mail = std::fs::read_to_string(data.join(format!("mails/{message}.eml"))).unwrap();
    assert!(mail.contains("Subject: Hello [#1]\r\n"), "{mail}");
    assert_eq!(server.stop(), 0);
}

#[test]
fn the_server_delivers_to_a_mail_server_that_comes_late() {
    let folder = tempfile::tempdir().unwrap();
    let (data, pack) = desk(folder.path());
    // A port where nobody listens yet.
    let mail_server = MailServer::start(0, Arc::default());
    let (port, mails) = (mail_server.address.port(), mail_server.mails.clone());
    mail_server.stop();
    let config = folder.path().join("opora.toml");
    let text =
        format!("[mail]\nsmtp_host = \"127.0.0.1\"\nsmtp_port = {port}\nsmtp_tls = \"none\"\n");
    std::fs::write(&config, text).unwrap();
    let flags = ["--config", config.to_str().unwrap()];
    let server = Server::start(&data, &flags);
    said(&["pack", "install", &pack, "--data", data.to_str().unwrap()]);
    let (agent, url, token) = server.client();
    let set = agent
        .patch(format!("{url}/v1/settings"))
        .header("Authorization", format!("Bearer {token}"));
    set.send_json(json!({"sender": "help@desk.example"}))
        .unwrap();
    let (ticket, _) = written(&server, "Hello");
    assert_eq!(state(&server, &ticket), "queued");
    // Killed and started again, it still knows.
    server.kill();
    let mail_server = MailServer::start(port, mails.clone());
    let server = Server::start(&data, &flags);
    until("the mail is taken", || state(&server, &ticket) == "sent");
    assert_eq!(subjects(&mails), ["Hello [#1]"]);
    assert_eq!(server.stop(), 0);
    mail_server.stop();
}

fn pipe(data: &Path, mail: &str) -> Option<i32> {
    let mut child = Command::new(env!("CARGO_BIN_EXE_opora"))
        .args(["intake", "mail", "--data"])
        .arg(data)
        .env_remove("OPORA_URL")
        .env_remove("OPORA_TOKEN")
        .stdin(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(mail.as_bytes()).unwrap();
    drop(input);
    child.wait().unwrap().code()
}

#[test]
fn a_mail_servers_pipe_hands_mails_in() {
    let folder = tempfile::tempdir().unwrap();
    let (data, pack) = desk(folder.path());
    let mail =
        "From: Anna <anna@mill.example>\nMessage-ID: <m@mill.example>\nSubject: Hi\n\nHelp\n";
    assert_eq!(pipe(&data, mail), Some(75), "there is no desk");
    let server = Server::start(&data, &[]);
    said(&["pack", "install", &pack, "--data", data.to_str().unwrap()]);
    assert_eq!(pipe(&data, mail), Some(0));
    assert_eq!(pipe(&data, mail), Some(0), "a second time has no effect");
    assert_eq!(pipe(&data, "no mail"), Some(65));
    assert_eq!(pipe(&data, ""), Some(65));
    let inbox = server.get("/v1/inbox").body;
    assert_eq!(inbox["items"].as_array().unwrap().len(), 1, "{inbox}");
    assert_eq!(inbox["items"][0]["inquiry"]["title"], "Hi");
    let url = &server.url;
    let wrong = opora(&["intake", "mail", "--url", url, "--token", "wrong"]);
    assert_eq!(wrong.status.code(), Some(65), "nothing came on the input");
    assert_eq!(server.stop(), 0);
    assert_eq!(pipe(&data, mail), Some(75), "the server has stopped");
}
