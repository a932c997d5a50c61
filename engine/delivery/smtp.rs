//! Mails over SMTP: one connection for as long as there is something to send.

use std::error::Error as _;
use std::time::Duration;

use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{
    Certificate, CertificateStore, SmtpConnection, TlsParameters,
};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::{Error, SMTP_PORT, SUBMISSION_PORT, SUBMISSIONS_PORT};

use super::{Composed, Sink, Verdict, compose};
use crate::desk::Letter;

/// How the connection to a mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tls {
    /// Not at all: for a server on the same machine.
    None,
    /// After `STARTTLS`; a server that does not offer it gets nothing.
    StartTls,
    /// From the first byte.
    Wrapped,
}

/// Where mails go.
#[derive(Debug, Clone)]
pub struct SmtpOptions {
    /// Name or address of the server.
    pub host: String,
    /// Port; none: the usual one.
    pub port: Option<u16>,
    /// How the connection is protected.
    pub tls: Tls,
    /// Certificates of the authority that the server's is signed by, PEM; none: the public ones.
    pub authority: Option<Vec<u8>>,
    /// User and password.
    pub login: Option<(String, String)>,
    /// The name that the desk gives itself; none: its address on that connection.
    pub hello: Option<String>,
    /// Longest wait for an answer.
    pub timeout: Duration,
}

impl SmtpOptions {
    /// A server without protection and login.
    #[must_use]
    pub fn plain(host: &str, port: u16) -> Self {
        Self {
            host: host.to_owned(),
            port: Some(port),
            tls: Tls::None,
            authority: None,
            login: None,
            hello: None,
            timeout: Duration::from_secs(30),
        }
    }

    fn port(&self) -> u16 {
        self.port.unwrap_or(match self.tls {
            Tls::None => SMTP_PORT,
            Tls::StartTls => SUBMISSION_PORT,
            Tls::Wrapped => SUBMISSIONS_PORT,
        })
    }
}

/// Hands mails to a mail server.
pub struct SmtpSink {
    options: SmtpOptions,
    hello: ClientId,
    tls: Option<TlsParameters>,
    open: Option<SmtpConnection>,
}

impl SmtpSink {
    /// A sink to a server, which is not contacted yet.
    ///
    /// # Errors
    /// When the options contradict each other, in words.
    pub fn new(options: SmtpOptions) -> Result<Self, String> {
        let tls = match options.tls {
            Tls::None => {
                if options.login.is_some() && !is_local(&options.host) {
                    return Err(
                        "a password is not sent in the clear: set smtp tls to `starttls` or `wrapped`"
                            .to_owned(),
                    );
                }
                None
            }
            Tls::StartTls | Tls::Wrapped => {
                Some(trusting(&options).map_err(|e| format!("TLS to `{}`: {e}", options.host))?)
            }
        };
        let hello = match &options.hello {
            Some(name) => ClientId::Domain(name.clone()),
            None => ClientId::default(),
        };
        Ok(Self {
            options,
            hello,
            tls,
            open: None,
        })
    }

    /// The open connection, or a new one.
    fn connection(&mut self) -> Result<SmtpConnection, Error> {
        if let Some(open) = self.open.take() {
            return Ok(open);
        }
        let place = (self.options.host.as_str(), self.options.port());
        let timeout = Some(self.options.timeout);
        let wrapped = match self.options.tls {
            Tls::Wrapped => self.tls.as_ref(),
            Tls::None | Tls::StartTls => None,
        };
        let mut open = SmtpConnection::connect(place, timeout, &self.hello, wrapped, None)?;
        if let (Tls::StartTls, Some(tls)) = (self.options.tls, &self.tls) {
            open.starttls(tls, &self.hello)?;
        }
        if let Some((user, password)) = &self.options.login {
            let login = Credentials::new(user.clone(), password.clone());
            open.auth(&[Mechanism::Plain, Mechanism::Login], &login)?;
        }
        Ok(open)
    }

    fn hand_over(&mut self, mail: &Composed) -> Verdict {
        let envelope = match mail.envelope() {
            Ok(envelope) => envelope,
            Err(why) => return Verdict::Never(why),
        };
        let mut open = match self.connection() {
            Ok(open) => open,
            // Whatever keeps us from the server is no fault of this mail.
            Err(e) => return Verdict::Down(in_words(&e)),
        };
        match open.send(&envelope, &mail.bytes) {
            Ok(said) => {
                let said: Vec<&str> = said.message().collect();
                self.open = Some(open);
                Verdict::Taken(said.join(" "))
            }
            Err(e) => {
                let verdict = judged(&e);
                if !open.has_broken() {
                    open.abort();
                }
                verdict
            }
        }
    }
}

/// What the server's certificate is checked against.
fn trusting(options: &SmtpOptions) -> Result<TlsParameters, String> {
    let made = TlsParameters::builder(options.host.clone());
    let Some(pem) = &options.authority else {
        return made.build().map_err(|e| e.to_string());
    };
    let mark: &[u8] = b"-----BEGIN CERTIFICATE-----";
    if !pem.windows(mark.len()).any(|part| part == mark) {
        return Err("the file of the authority holds no certificate (PEM)".to_owned());
    }
    let authority = Certificate::from_pem(pem);
    let authority = authority.map_err(|e| format!("the authority's certificate: {e}"))?;
    let made = made.certificate_store(CertificateStore::None);
    let made = made.add_root_certificate(authority);
    made.build().map_err(|e| e.to_string())
}

/// What a failure to hand over one mail means for it.
fn judged(e: &Error) -> Verdict {
    let why = in_words(e);
    match e.status().map(u16::from) {
        // The server closes, or wants a login: no mail has a fault.
        Some(421 | 530 | 535) => Verdict::Down(why),
        Some(500..) => Verdict::Never(why),
        Some(_) => Verdict::Later(why),
        // The mail needs what the server cannot do.
        None if e.is_client() => Verdict::Never(why),
        None => Verdict::Down(why),
    }
}

/// An error with what caused it.
fn in_words(e: &Error) -> String {
    match (e.status(), e.source()) {
        (Some(code), Some(said)) => format!("{code} {said}"),
        _ => e.to_string(),
    }
}

fn is_local(host: &str) -> bool {
    host == "localhost"
        || host
            .parse()
            .is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
}

impl Sink for SmtpSink {
    fn takes(&self, channel: &str) -> bool {
        channel == "mail"
    }

    fn send(&mut self, letter: &Letter) -> Verdict {
        if letter.sender.is_none() {
            let why = "the desk has no address to send from: set `sender` in the settings";
            return Verdict::Down(why.to_owned());
        }
        match compose(letter) {
            Ok(mail) => self.hand_over(&mail),
            Err(why) => Verdict::Never(why),
        }
    }

    fn rest(&mut self) {
        if let Some(mut open) = self.open.take() {
            open.abort();
        }
    }
}
