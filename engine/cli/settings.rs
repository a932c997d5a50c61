//! Settings: from flags, else the environment, else a TOML file, else the default.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use serde::Deserialize;

use super::deliver::{MailArgs, MailFile, MailPlace, WebhookArgs, WebhookFile};
#[cfg(feature = "embeddings")]
use super::embeddings::{EmbeddingsArgs, EmbeddingsFile};
use super::failure::{Failure, Outcome};
use crate::delivery::Reach;

/// Flags that every subcommand takes.
#[derive(Debug, Clone, Default, Args)]
pub struct Shared {
    /// TOML file with settings.
    #[arg(long, env = "OPORA_CONFIG", value_name = "FILE", global = true)]
    config: Option<PathBuf>,
    /// What is logged: `error`, `warn`, `info`, `debug`, or a filter such as `opora=debug`.
    #[arg(long, env = "OPORA_LOG", value_name = "FILTER", global = true)]
    log: Option<String>,
    /// How it is logged.
    #[arg(long, env = "OPORA_LOG_FORMAT", value_name = "FORMAT", global = true)]
    log_format: Option<LogFormat>,
}

/// Flags of `opora serve`.
#[derive(Debug, Clone, Default, Args)]
pub struct ServeArgs {
    /// Folder of the desk.
    #[arg(long, env = "OPORA_DATA", value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Address to listen on; port 0 takes any free one.
    #[arg(long, env = "OPORA_LISTEN", value_name = "ADDR")]
    pub listen: Option<SocketAddr>,
    /// Address under which customers reach the server, for links in messages.
    #[arg(long, env = "OPORA_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<String>,
    /// Path under which customers reach the portal's routes; `/portal` when not given.
    #[arg(long, env = "OPORA_PORTAL_PATH", value_name = "PATH")]
    pub portal_path: Option<String>,
    /// Most connections at once.
    #[arg(long, env = "OPORA_MAX_CONNECTIONS", value_name = "N")]
    pub max_connections: Option<usize>,
    /// Longest wait for requests under way when the server stops, in seconds.
    #[arg(long, env = "OPORA_DRAIN_SECONDS", value_name = "N")]
    pub drain_seconds: Option<u64>,
    /// Folder of a pack, or of packs, that is installed whenever a file in it is saved; for work on
    /// packs. They get all that they ask for.
    #[arg(long, value_name = "DIR")]
    pub watch: Vec<PathBuf>,
    /// Where mails go.
    #[command(flatten)]
    pub mail: MailArgs,
    /// Where webhooks may lead.
    #[command(flatten)]
    pub webhooks: WebhookArgs,
    /// The model that gives meaning to searches.
    #[cfg(feature = "embeddings")]
    #[command(flatten)]
    pub embeddings: EmbeddingsArgs,
}

/// How it is logged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// Lines for people.
    #[default]
    Text,
    /// A JSON object a line.
    Json,
}

/// The settings file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    data: Option<PathBuf>,
    listen: Option<SocketAddr>,
    public_url: Option<String>,
    portal_path: Option<String>,
    max_connections: Option<usize>,
    drain_seconds: Option<u64>,
    log: Option<String>,
    log_format: Option<LogFormat>,
    mail: Option<MailFile>,
    webhooks: Option<WebhookFile>,
    #[cfg(feature = "embeddings")]
    embeddings: Option<EmbeddingsFile>,
}

/// What holds in the end.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Folder of the desk.
    pub data: Option<PathBuf>,
    /// Address to listen on.
    pub listen: SocketAddr,
    /// Address under which customers reach the server.
    pub public_url: Option<String>,
    /// Path under which the portal's routes are served.
    pub portal_path: String,
    /// Most connections at once.
    pub max_connections: usize,
    /// Longest wait for requests under way when the server stops.
    pub drain: Duration,
    /// What is logged.
    pub log: Option<String>,
    /// How it is logged.
    pub log_format: LogFormat,
    /// Where mails go.
    pub mail: MailPlace,
    /// Where webhooks may lead.
    pub webhooks: Reach,
    /// The model that gives meaning to searches.
    #[cfg(feature = "embeddings")]
    pub embeddings: Option<crate::embeddings::EmbeddingsOptions>,
}

impl Settings {
    /// The settings of a server.
    ///
    /// # Errors
    /// When the settings file cannot be read.
    pub fn of(args: &ServeArgs, shared: &Shared) -> Outcome<Self> {
        let file = shared.file()?;
        let seconds = args.drain_seconds.or(file.drain_seconds).unwrap_or(20);
        Ok(Self {
            data: args.data.clone().or(file.data),
            listen: args
                .listen
                .or(file.listen)
                .unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8080))),
            public_url: args.public_url.clone().or(file.public_url),
            portal_path: portal_path(args.portal_path.clone().or(file.portal_path))?,
            max_connections: args
                .max_connections
                .or(file.max_connections)
                .unwrap_or(4_096)
                .max(1),
            drain: Duration::from_secs(seconds),
            log: shared.log.clone().or(file.log),
            log_format: shared.log_format.or(file.log_format).unwrap_or_default(),
            mail: MailPlace::of(&args.mail, file.mail.unwrap_or_default())?,
            webhooks: args.webhooks.reach(&file.webhooks.unwrap_or_default()),
            #[cfg(feature = "embeddings")]
            embeddings: args
                .embeddings
                .options(file.embeddings.unwrap_or_default())?,
        })
    }

    /// The settings of a subcommand that serves nothing.
    ///
    /// # Errors
    /// When the settings file cannot be read.
    pub fn of_client(shared: &Shared) -> Outcome<Self> {
        let mut settings = Self::of(&ServeArgs::default(), shared)?;
        settings.log.get_or_insert_with(|| "warn".to_owned());
        Ok(settings)
    }
}

/// A path of plain words, so that it neither holds parameters nor hides other routes.
fn portal_path(given: Option<String>) -> Outcome<String> {
    let path = given.unwrap_or_else(|| "/portal".to_owned());
    let plain = |c: char| c.is_ascii_alphanumeric() || "/-_".contains(c);
    let fits = path.starts_with('/') && path.len() > 1 && path.chars().all(plain);
    if !fits || path.starts_with("/v1") || path.contains("//") {
        return Err(Failure::new(format!(
            "`{path}` is no path for the portal; write one such as /portal"
        )));
    }
    Ok(path)
}

impl Shared {
    fn file(&self) -> Outcome<File> {
        let Some(path) = &self.config else {
            return Ok(File::default());
        };
        let text = std::fs::read_to_string(path).map_err(|e| Failure::file(path, &e))?;
        toml::from_str(&text).map_err(|e| Failure::file(path, &e))
    }

    /// The folder that the settings file names.
    ///
    /// # Errors
    /// When the settings file cannot be read.
    pub fn data(&self) -> Outcome<Option<PathBuf>> {
        Ok(self.file()?.data)
    }
}
