//! The threads that deliver: settings of the sinks, and couriers that work until the server stops.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::Duration;

use clap::{Args, ValueEnum};
use parking_lot::{Condvar, Mutex};
use serde::Deserialize;

use super::failure::{Failure, Outcome};
use super::folder::Folder;
use crate::delivery::{
    Caller, Courier, Feed, FileSink, Halt, Reach, Round, Sink, SmtpOptions, SmtpSink, Tls,
};
use crate::desk::{Desk, Queue, Result};

/// Shortest time between two looks into a queue.
const BREATH: Duration = Duration::from_millis(100);
/// Longest wait for a commit.
const NAP: Duration = Duration::from_millis(500);
/// Wait after the desk failed.
const AFTER_FAILURE: Duration = Duration::from_secs(2);
/// Longest wait for an answer of a mail server, in seconds, when nobody says.
const TIMEOUT_SECS: u64 = 30;

/// Where mails go.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailTo {
    /// A file each, in a folder.
    #[default]
    Files,
    /// A mail server.
    Smtp,
    /// Nowhere: they wait.
    Nowhere,
}

/// How the connection to the mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Protection {
    /// Not at all.
    None,
    /// By STARTTLS.
    Starttls,
    /// From the first byte.
    Wrapped,
}

/// Flags about mail.
#[derive(Debug, Clone, Default, Args)]
pub struct MailArgs {
    /// Where mails go; to a mail server when one is named, else into files.
    #[arg(long, env = "OPORA_MAIL_TO", value_name = "WHERE")]
    mail_to: Option<MailTo>,
    /// Folder for mails as files; `mails` in the desk's folder when not given.
    #[arg(long, env = "OPORA_MAIL_FOLDER", value_name = "DIR")]
    mail_folder: Option<PathBuf>,
    /// Mail server.
    #[arg(long, env = "OPORA_SMTP_HOST", value_name = "HOST")]
    smtp_host: Option<String>,
    /// Its port; 587 with STARTTLS, 465 wrapped, 25 without TLS when not given.
    #[arg(long, env = "OPORA_SMTP_PORT", value_name = "PORT")]
    smtp_port: Option<u16>,
    /// How the connection is protected; `starttls` when not given, `none` for this machine.
    #[arg(long, env = "OPORA_SMTP_TLS", value_name = "MODE")]
    smtp_tls: Option<Protection>,
    /// File with the certificate of the authority that signs the mail server's, PEM; the public ones
    /// when not given.
    #[arg(long, env = "OPORA_SMTP_CA", value_name = "FILE")]
    smtp_ca: Option<PathBuf>,
    /// User at the mail server.
    #[arg(long, env = "OPORA_SMTP_USER", value_name = "NAME")]
    smtp_user: Option<String>,
    /// Its password; better given in the environment or the settings file.
    #[arg(
        long,
        env = "OPORA_SMTP_PASSWORD",
        value_name = "TEXT",
        hide_env_values = true
    )]
    smtp_password: Option<String>,
    /// The name that the desk gives itself at the mail server.
    #[arg(long, env = "OPORA_SMTP_HELLO", value_name = "NAME")]
    smtp_hello: Option<String>,
    /// Longest wait for an answer of the mail server, in seconds.
    #[arg(long, env = "OPORA_SMTP_TIMEOUT_SECONDS", value_name = "N")]
    smtp_timeout_seconds: Option<u64>,
}

/// The table `[mail]` of the settings file.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MailFile {
    to: Option<MailTo>,
    folder: Option<PathBuf>,
    smtp_host: Option<String>,
    smtp_port: Option<u16>,
    smtp_tls: Option<Protection>,
    smtp_ca: Option<PathBuf>,
    smtp_user: Option<String>,
    smtp_password: Option<String>,
    smtp_hello: Option<String>,
    smtp_timeout_seconds: Option<u64>,
}

/// Flags about webhooks.
#[derive(Debug, Clone, Default, Args)]
pub struct WebhookArgs {
    /// Allow webhooks whose address begins with `http://`.
    #[arg(long, env = "OPORA_WEBHOOKS_HTTP")]
    webhooks_http: bool,
    /// Allow webhooks on this machine and in private networks.
    #[arg(long, env = "OPORA_WEBHOOKS_PRIVATE")]
    webhooks_private: bool,
}

/// The table `[webhooks]` of the settings file.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WebhookFile {
    http: bool,
    private: bool,
}

impl WebhookArgs {
    /// Where webhooks may lead by flags, environment and settings file.
    #[must_use]
    pub const fn reach(&self, file: &WebhookFile) -> Reach {
        Reach {
            http: self.webhooks_http || file.http,
            private: self.webhooks_private || file.private,
        }
    }
}

/// Where mails go, in the end.
#[derive(Debug, Clone)]
pub enum MailPlace {
    /// Into files of this folder; none: `mails` in the desk's.
    Files(Option<PathBuf>),
    /// To a mail server.
    Smtp(Box<SmtpOptions>),
    /// Nowhere.
    Nowhere,
}

impl MailPlace {
    /// Where mails go by flags, environment and settings file.
    ///
    /// # Errors
    /// When a mail server is wanted and none is named.
    pub fn of(args: &MailArgs, file: MailFile) -> Outcome<Self> {
        let host = args.smtp_host.clone().or(file.smtp_host);
        let usual = match host {
            Some(_) => MailTo::Smtp,
            None => MailTo::Files,
        };
        match args.mail_to.or(file.to).unwrap_or(usual) {
            MailTo::Nowhere => return Ok(Self::Nowhere),
            MailTo::Files => {
                return Ok(Self::Files(args.mail_folder.clone().or(file.folder)));
            }
            MailTo::Smtp => {}
        }
        let Some(host) = host else {
            return Err(Failure::new(
                "name the mail server: `--smtp-host HOST`, or `smtp_host` in the table `mail`",
            ));
        };
        let user = args.smtp_user.clone().or(file.smtp_user);
        let password = args.smtp_password.clone().or(file.smtp_password);
        let login = match (user, password) {
            (Some(user), Some(password)) => Some((user, password)),
            (None, None) => None,
            _ => return Err(Failure::new("a login is a user and a password: give both")),
        };
        let tls = args.smtp_tls.or(file.smtp_tls);
        let authority = args.smtp_ca.clone().or(file.smtp_ca);
        let authority = authority.map(|path| {
            let read = std::fs::read(&path);
            read.map_err(|e| Failure::new(format!("`smtp_ca` `{}`: {e}", path.display())))
        });
        let seconds = args.smtp_timeout_seconds.or(file.smtp_timeout_seconds);
        Ok(Self::Smtp(Box::new(SmtpOptions {
            port: args.smtp_port.or(file.smtp_port),
            tls: match tls.unwrap_or(Protection::Starttls) {
                Protection::None => Tls::None,
                Protection::Starttls => Tls::StartTls,
                Protection::Wrapped => Tls::Wrapped,
            },
            authority: authority.transpose()?,
            login,
            hello: args.smtp_hello.clone().or(file.smtp_hello),
            timeout: Duration::from_secs(seconds.unwrap_or(TIMEOUT_SECS).clamp(1, 60)),
            host,
        })))
    }

    fn sink(&self, folder: &Folder) -> Outcome<Option<Box<dyn Sink>>> {
        Ok(match self {
            Self::Nowhere => None,
            Self::Files(named) => {
                let place = named.clone().unwrap_or_else(|| folder.file("mails"));
                Some(Box::new(FileSink::new(place)))
            }
            Self::Smtp(options) => {
                let sink = SmtpSink::new(SmtpOptions::clone(options)).map_err(Failure::new)?;
                Some(Box::new(sink))
            }
        })
    }
}

/// The threads that deliver.
pub struct Couriers {
    stop: Arc<Stop>,
    threads: Vec<JoinHandle<()>>,
}

impl Couriers {
    /// Starts the couriers of a desk.
    ///
    /// # Errors
    /// When a sink cannot be made, or a thread cannot be started.
    pub fn start(
        desk: &Arc<Desk>,
        folder: &Folder,
        (mail, webhooks): (&MailPlace, Reach),
    ) -> Outcome<Self> {
        let mut started = Self {
            stop: Arc::new(Stop::default()),
            threads: Vec::new(),
        };
        let node = format!("{}-{}", std::process::id(), desk.now().timestamp_micros());
        if let Some(sink) = mail.sink(folder)? {
            let courier = Courier::new(Arc::clone(desk), Queue::Mail, sink, &node);
            let mut courier = courier.until(&started.stop.halt);
            started.spawn("opora-mail", desk, move || courier.round())?;
        }
        let sink = Box::new(Caller::new(Arc::clone(desk), webhooks));
        let courier = Courier::new(Arc::clone(desk), Queue::Webhook, sink, &node);
        let mut courier = courier.until(&started.stop.halt);
        let feed = Feed::new(Arc::clone(desk), webhooks, &node);
        let mut feed = feed.until(&started.stop.halt);
        started.spawn("opora-webhooks", desk, move || courier.round())?;
        started.spawn("opora-events", desk, move || feed.round())?;
        Ok(started)
    }

    fn spawn(
        &mut self,
        name: &str,
        desk: &Arc<Desk>,
        round: impl FnMut() -> Result<Round> + Send + 'static,
    ) -> Outcome<()> {
        let (desk, stop) = (Arc::clone(desk), Arc::clone(&self.stop));
        let thread = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || work(&desk, round, &stop))
            .map_err(|e| Failure::new(format!("nothing can be delivered: {e}")))?;
        self.threads.push(thread);
        Ok(())
    }

    /// Ends the threads; what is being sent is sent.
    pub fn stop(self) {
        self.stop.now();
        for thread in self.threads {
            if thread.join().is_err() {
                tracing::error!("a delivery thread broke");
            }
        }
    }
}

fn work(desk: &Desk, mut round: impl FnMut() -> Result<Round>, stop: &Stop) {
    loop {
        let seen = desk.pos();
        let pause = match round() {
            Ok(Round::Moved(_)) => Duration::ZERO,
            Ok(Round::Idle | Round::Elsewhere | Round::Down) => BREATH,
            Err(e) => {
                tracing::error!(
                    code = e.code,
                    "a delivery could not be noted: {}",
                    e.message
                );
                AFTER_FAILURE
            }
        };
        if stop.is_now(pause) {
            return;
        }
        if !pause.is_zero() {
            // What is queued is committed: nothing new is due before that, or before time passes.
            let _ = desk.wait(seen, NAP);
        }
    }
}

/// Tells threads to end.
#[derive(Default)]
struct Stop {
    /// Ends what threads have begun.
    halt: Halt,
    is_now: Mutex<bool>,
    changed: Condvar,
}

impl Stop {
    fn now(&self) {
        self.halt.store(true, Ordering::Release);
        *self.is_now.lock() = true;
        self.changed.notify_all();
    }

    /// Whether to end; waits for it at most so long.
    fn is_now(&self, most: Duration) -> bool {
        let mut is_now = self.is_now.lock();
        if !*is_now && !most.is_zero() {
            // Woken or not: the answer stands in the lock.
            let _ = self.changed.wait_for(&mut is_now, most);
        }
        *is_now
    }
}
