//! Mails over TLS to a mail server of other makers (aiosmtpd, in Python): STARTTLS and TLS from the
//! first byte, with a certificate of an authority that is made for the test.
//!
//! Needs a Python with `aiosmtpd` and `trustme`: the one that `OPORA_TEST_PYTHON` names, which must
//! have them, else `python3`. Where that has none, the tests say so and prove nothing; `.ci/run` makes
//! one.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use opora::delivery::{Round, SmtpOptions, Tls};
use opora::desk::DeliveryState;
use serde_json::Value as Json;

use crate::delivery::Post;

/// The mail server, and what it says.
struct MailServer {
    child: Child,
    said: Receiver<Json>,
    ports: Json,
    folder: tempfile::TempDir,
}

impl MailServer {
    /// None where there is no Python with what it needs.
    fn start() -> Option<Self> {
        let named = std::env::var("OPORA_TEST_PYTHON").ok();
        let python = named.clone().unwrap_or_else(|| "python3".to_owned());
        let has = Command::new(&python)
            .args(["-c", "import aiosmtpd, trustme"])
            .stderr(Stdio::null())
            .status();
        let has = has.is_ok_and(|status| status.success());
        if !has {
            assert!(named.is_none(), "`{python}` has no aiosmtpd and trustme");
            eprintln!("skipped: `{python}` has no aiosmtpd and trustme");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/process/smtp_tls.py");
        let mut child = Command::new(&python)
            .arg(script)
            .arg(folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let (sender, said) = channel();
        std::thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                let _ = sender.send(serde_json::from_str(&line).unwrap());
            }
        });
        let ports = said.recv_timeout(Duration::from_secs(60)).unwrap();
        Some(Self {
            child,
            said,
            ports,
            folder,
        })
    }

    fn options(&self, port: &str, tls: Tls, authority: Option<&str>) -> SmtpOptions {
        let port = u16::try_from(self.ports[port].as_u64().unwrap()).unwrap();
        let file = authority.map(|name| self.folder.path().join(format!("{name}.pem")));
        SmtpOptions {
            tls,
            authority: file.map(|file| std::fs::read(file).unwrap()),
            login: Some(("desk".to_owned(), "secret".to_owned())),
            ..SmtpOptions::plain("127.0.0.1", port)
        }
    }

    fn took(&self) -> Option<Json> {
        self.said.recv_timeout(Duration::from_secs(1)).ok()
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn mails_go_over_tls_to_a_server_that_its_authority_vouches_for() {
    let Some(server) = MailServer::start() else {
        return;
    };
    for (port, tls) in [("starttls", Tls::StartTls), ("wrapped", Tls::Wrapped)] {
        let mut post = Post::new(server.options(port, tls, Some("authority")));
        let first = post.send("anna@x.example", "Привет");
        let second = post.send("anna@x.example", "again");
        assert_eq!(
            post.rounds(),
            Round::Idle,
            "{port}: {:?}",
            post.state(first)
        );
        let sent = (DeliveryState::Sent, "taken".to_owned());
        assert_eq!(
            (post.state(first), post.state(second)),
            (sent.clone(), sent)
        );
        let taken = server.took().unwrap();
        assert_eq!(taken["tls"], true, "{taken}");
        assert_eq!(taken["to"], serde_json::json!(["anna@x.example"]));
        let mail = taken["mail"].as_str().unwrap();
        let read = mail_parser::MessageParser::default().parse(mail).unwrap();
        assert_eq!(read.subject(), Some("Привет [#1]"));
        // In both forms, and the HTML is made of the text.
        assert!(read.body_text(0).unwrap().starts_with("Добрый день!"));
        assert!(read.body_html(0).unwrap().contains("<p>Добрый день!<br>"));
        assert!(server.took().is_some());
    }
}

#[test]
fn a_server_that_nobody_vouches_for_gets_nothing() {
    let Some(server) = MailServer::start() else {
        return;
    };
    let cases = [
        (
            "starttls",
            Tls::StartTls,
            Some("other"),
            "a foreign authority",
        ),
        (
            "wrapped",
            Tls::Wrapped,
            Some("other"),
            "a foreign authority",
        ),
        ("wrapped", Tls::Wrapped, None, "only public authorities"),
        (
            "foreign",
            Tls::Wrapped,
            Some("authority"),
            "a name of somebody else",
        ),
        ("plain", Tls::StartTls, Some("authority"), "no STARTTLS"),
    ];
    for (port, tls, authority, why) in cases {
        let mut post = Post::new(server.options(port, tls, authority));
        let message = post.send("anna@x.example", "Hello");
        assert_eq!(post.rounds(), Round::Down, "{port}: {why}");
        // It waits, and costs no attempt.
        assert_eq!(
            post.state(message).0,
            DeliveryState::Queued,
            "{port}: {why}"
        );
    }
    assert_eq!(server.took(), None);
}

#[test]
fn a_file_without_a_certificate_is_said() {
    let mut options = SmtpOptions::plain("127.0.0.1", 25);
    options.tls = Tls::Wrapped;
    options.authority = Some(b"no certificate".to_vec());
    let error = opora::delivery::SmtpSink::new(options).err().unwrap();
    assert!(error.contains("holds no certificate"), "{error}");
}
