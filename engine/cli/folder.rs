//! The folder of a desk: what lies where, and how it is opened.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::failure::{Failure, Outcome};
use super::out;
use super::settings::Settings;
use crate::api::{hash_of, secret_text};
use crate::desk::{Actor, Clock, Command, Desk, DeskOptions, IdSource, Request, SystemClock};
use crate::store::{OpenOptions, RedbStore, StoreError};

/// The folder of a desk.
#[derive(Debug, Clone)]
pub struct Folder(PathBuf);

/// Where a running server is found.
#[derive(Debug, Serialize, Deserialize)]
pub struct ServerFile {
    /// Its address: `http://127.0.0.1:8080`.
    pub url: String,
    /// Its process.
    pub pid: u32,
}

/// What a desk takes from around it.
pub struct Around {
    /// Its clock.
    pub clock: Arc<dyn Clock>,
    /// Prefix of survey links.
    pub survey_link: String,
    /// The model that gives meaning to searches.
    #[cfg(feature = "embeddings")]
    pub embeddings: Option<crate::embeddings::EmbeddingsOptions>,
}

impl Around {
    /// A clock, a prefix of survey links, and nothing else.
    #[must_use]
    pub const fn new(clock: Arc<dyn Clock>, survey_link: String) -> Self {
        Self {
            clock,
            survey_link,
            #[cfg(feature = "embeddings")]
            embeddings: None,
        }
    }

    /// With the model that settings name.
    #[cfg(feature = "embeddings")]
    #[must_use]
    pub fn with_model_of(mut self, settings: &Settings) -> Self {
        self.embeddings.clone_from(&settings.embeddings);
        self
    }

    /// As it is: this build takes no model.
    #[cfg(not(feature = "embeddings"))]
    #[must_use]
    pub const fn with_model_of(self, _: &Settings) -> Self {
        self
    }

    fn set(self, options: &mut DeskOptions) {
        options.clock = self.clock;
        options.survey_link = self.survey_link;
        #[cfg(feature = "embeddings")]
        {
            options.embeddings = self.embeddings;
        }
    }
}

/// How a desk is opened.
pub enum Opening {
    /// With everything.
    Whole(Around),
    /// As `Whole`, and ready before slow plugins are.
    Serving(Around),
    /// Without the search index: for what needs none.
    WithoutSearch,
}

impl Folder {
    /// The folder at `path`, made when it does not exist, for its owner alone.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn at(path: &Path) -> Outcome<Self> {
        if !path.is_dir() {
            fs::create_dir_all(path).map_err(|e| Failure::file(path, &e))?;
            private(path, 0o700)?;
        }
        Ok(Self(path.to_owned()))
    }

    /// A folder that must exist.
    ///
    /// # Errors
    /// When it holds no desk.
    pub fn existing(path: &Path) -> Outcome<Self> {
        let folder = Self(path.to_owned());
        if folder.store_file().is_file() {
            return Ok(folder);
        }
        Err(Failure::new(format!(
            "`{}` holds no desk; `opora serve --data {0}` makes one",
            path.display()
        )))
    }

    /// A file in it.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    fn store_file(&self) -> PathBuf {
        self.file("opora.redb")
    }

    /// Opens the desk.
    ///
    /// # Errors
    /// When another process holds it, or it cannot be opened.
    pub fn open(&self, opening: Opening) -> Outcome<Arc<Desk>> {
        match self.try_open(opening)? {
            Some(desk) => Ok(desk),
            None => Err(Failure::new(format!(
                "the desk in `{}` is in use by another process",
                self.0.display()
            ))),
        }
    }

    /// Opens the desk; nothing when another process holds it.
    ///
    /// # Errors
    /// When it cannot be opened for another reason.
    pub fn try_open(&self, opening: Opening) -> Outcome<Option<Arc<Desk>>> {
        let path = self.store_file();
        let store = match RedbStore::open(&path, OpenOptions::default()) {
            Ok(store) => store,
            Err(StoreError::Busy(_)) => return Ok(None),
            Err(e) => return Err(Failure::file(&path, &e)),
        };
        let mut options = DeskOptions {
            ids: IdSource::random(),
            plugin_cache: Some(self.file("plugin-cache")),
            search_dir: Some(self.file("search")),
            ..DeskOptions::default()
        };
        match opening {
            Opening::Whole(around) => around.set(&mut options),
            Opening::Serving(around) => {
                around.set(&mut options);
                options.compile_behind = true;
            }
            Opening::WithoutSearch => {
                options.clock = Arc::new(SystemClock::with_offset(self.demo_offset()));
                options.search = false;
            }
        }
        Ok(Some(Desk::open(Arc::new(store), options)?))
    }

    /// What a demo's clock is ahead of real time; nothing in a desk for real use.
    fn demo_offset(&self) -> chrono::TimeDelta {
        let text = fs::read_to_string(self.file("demo.json")).unwrap_or_default();
        let json: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
        let seconds = json.get("offset_seconds").and_then(|s| s.as_i64());
        chrono::TimeDelta::seconds(seconds.unwrap_or(0))
    }

    /// Makes the first administrator's token, when the desk has no token at all. Who owns the folder
    /// owns the desk: revoking every token and starting again gives a new one.
    ///
    /// # Errors
    /// When the token cannot be made or written.
    pub fn bootstrap(&self, desk: &Desk) -> Outcome<bool> {
        if !desk.tokens(&Actor::System, None, 1)?.items.is_empty() {
            return Ok(false);
        }
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)
            .map_err(|e| Failure::new(format!("the machine gives no entropy: {e}")))?;
        let secret = secret_text(&bytes);
        // The file first: a token nobody knows would keep the next start from making another.
        let path = self.file("admin-token");
        write_private(&path, secret.as_bytes())?;
        let command = Command::CreateToken {
            actor: Actor::Admin { agent: None },
            note: "first administrator".to_owned(),
            hash: hash_of(&secret),
        };
        desk.run(&Request::by(Actor::System), &command)?;
        out::say(&format!(
            "a token for the first administrator was written to {}",
            path.display()
        ))?;
        Ok(true)
    }

    /// The first administrator's token, as far as the file is still there.
    #[must_use]
    pub fn admin_token(&self) -> Option<String> {
        let text = fs::read_to_string(self.file("admin-token")).ok()?;
        Some(text.trim().to_owned())
    }

    /// Where the running server is.
    ///
    /// # Errors
    /// When there is no such file: the folder is held by something else than a server.
    pub fn server(&self) -> Outcome<ServerFile> {
        let path = self.file("server.json");
        let text = fs::read_to_string(&path).map_err(|e| {
            Failure::new(format!(
                "another process holds the desk and `{}` cannot be read ({e}); give --url",
                path.display()
            ))
        })?;
        serde_json::from_str(&text).map_err(|e| Failure::file(&path, &e))
    }
}

/// Writes a file for its owner alone, whole or not at all.
///
/// # Errors
/// When it cannot be written.
pub fn write_private(path: &Path, bytes: &[u8]) -> Outcome<()> {
    let failed = |e: std::io::Error| Failure::file(path, &e);
    let parent = path.parent().unwrap_or(Path::new("."));
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let temporary = parent.join(format!(".{name}.new"));
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&temporary).map_err(failed)?;
    private(&temporary, 0o600)?;
    file.write_all(bytes).map_err(failed)?;
    file.sync_all().map_err(failed)?;
    fs::rename(&temporary, path).map_err(failed)?;
    // The new name, too, must outlive a power cut.
    fs::File::open(parent)
        .and_then(|dir| dir.sync_all())
        .map_err(failed)
}

#[cfg(unix)]
fn private(path: &Path, mode: u32) -> Outcome<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).map_err(|e| Failure::file(path, &e))
}

#[cfg(not(unix))]
fn private(_: &Path, _: u32) -> Outcome<()> {
    Ok(())
}
