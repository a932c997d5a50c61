//! What administrators set for the whole desk.

use serde::{Deserialize, Serialize};

use super::{Actor, Desk, Result, codec, keys};
use crate::domain::Record;
use crate::store::{Key, Table};

/// What administrators set for the whole desk.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// Name under which messages leave.
    pub service_name: Option<String>,
    /// Address from which messages leave.
    pub sender: Option<String>,
    /// Whether anybody reads published articles for everybody, without a token. It lies in a row of
    /// its own.
    #[serde(skip)]
    pub public_articles: bool,
    /// Language of texts for which nobody's is known. It lies in a row of its own.
    #[serde(skip)]
    pub language: Option<String>,
}

impl Settings {
    /// Whom messages are from: `Name <address>`.
    #[must_use]
    pub fn from(&self) -> Option<String> {
        let sender = self.sender.as_ref()?;
        Some(match &self.service_name {
            Some(name) => format!("\"{}\" <{sender}>", name.replace(['"', '\\'], "")),
            None => sender.clone(),
        })
    }
}

/// Where it stands that anybody reads articles: there is a row, or there is none.
pub fn public_articles_key() -> Key {
    b"settings/public_articles".to_vec()
}

/// Where the language of the desk stands, if it has one.
pub fn language_key() -> Key {
    b"settings/language".to_vec()
}

/// Where the settings stand.
pub fn settings_key() -> Key {
    b"settings".to_vec()
}

impl Desk {
    /// The settings of the desk.
    ///
    /// # Errors
    /// When the store fails.
    pub fn settings(&self) -> Result<Settings> {
        let snapshot = self.store.snapshot(None)?;
        let wanted = [settings_key(), public_articles_key(), language_key()];
        let wanted = wanted.map(|key| (Table::Meta, key));
        let mut rows = snapshot.get_many(&wanted)?.into_iter();
        let mut settings: Settings = match rows.next().flatten() {
            Some(row) => codec::decode(&row.bytes)?,
            None => Settings::default(),
        };
        settings.public_articles = rows.next().flatten().is_some();
        let language = rows.next().flatten();
        settings.language = language.map(|row| codec::decode(&row.bytes)).transpose()?;
        Ok(settings)
    }

    /// The language of whoever asks: of its record, else of the desk.
    ///
    /// # Errors
    /// When the store fails.
    pub fn language_of(&self, actor: &Actor) -> Result<Option<String>> {
        let snapshot = self.store.snapshot(None)?;
        if let Some((kind, id)) = actor.record()
            && let Some(row) = snapshot.get(Table::Records, &keys::record(kind, id))?
        {
            let record: Record = codec::decode(&row.bytes)?;
            if let Some(own) = record.text("locale") {
                return Ok(Some(own.to_owned()));
            }
        }
        let row = snapshot.get(Table::Meta, &language_key())?;
        row.map(|row| codec::decode(&row.bytes)).transpose()
    }

    /// Whether anybody reads published articles for everybody, without a token.
    ///
    /// # Errors
    /// When the store fails.
    pub fn has_public_articles(&self) -> Result<bool> {
        let snapshot = self.store.snapshot(None)?;
        Ok(snapshot.get(Table::Meta, &public_articles_key())?.is_some())
    }
}
