//! What administrators set for the whole desk.

use serde::{Deserialize, Serialize};

use super::{Desk, Result, codec};
use crate::store::{Key, Table};

/// What administrators set for the whole desk.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// Name under which messages leave.
    pub service_name: Option<String>,
    /// Address from which messages leave.
    pub sender: Option<String>,
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
        match snapshot.get(Table::Meta, &settings_key())? {
            Some(row) => codec::decode(&row.bytes),
            None => Ok(Settings::default()),
        }
    }
}
