//! Variants of reports: what readers saved of their questions.

use serde::{Deserialize, Serialize};

use super::unknown;
use crate::desk::{Actor, Desk, Error, Result, codec, keys};
use crate::domain::{Id, Instant};
use crate::store::{Key, Table};

/// Most variants of a report that are listed.
const MAX_LISTED: usize = 1_000;

/// A saved question to a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Variant {
    /// Identity.
    pub id: Id,
    /// Full code of the report.
    pub report: String,
    /// Name for people.
    pub name: String,
    /// Whose it is: `agent:ID`, `admin`.
    pub owner: String,
    /// Whether others may use it.
    pub shared: bool,
    /// What is asked, as JSON text of a [`super::ReportSpec`].
    pub spec: String,
    /// When it was saved last.
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub saved_at: Instant,
}

impl Variant {
    /// Whether the asker may use it.
    #[must_use]
    pub fn is_open_to(&self, actor: &Actor) -> bool {
        self.shared || self.owner == actor.name()
    }
}

/// Where a variant stands.
pub fn key(report: &str, id: Id) -> Key {
    let mut key = of_report(report);
    key.extend(id.as_bytes());
    key
}

fn of_report(report: &str) -> Key {
    let mut key = b"report/v/".to_vec();
    key.extend(report.as_bytes());
    key.push(0);
    key
}

impl Desk {
    /// The variants of a report that are the asker's or shared, oldest first.
    ///
    /// # Errors
    /// When there is no such report, or the store fails.
    pub fn variants(&self, actor: &Actor, report: &str) -> Result<Vec<Variant>> {
        actor.require_agent("reading reports")?;
        let catalog = self.catalog()?;
        let def = catalog
            .report(report)
            .ok_or_else(|| unknown(&catalog, report))?;
        let from = of_report(&def.code);
        let snapshot = self.store.snapshot(None)?;
        let rows = snapshot.range(Table::Meta, &from, &keys::after(&from), false, MAX_LISTED)?;
        let mut found = Vec::new();
        for (_, row) in rows {
            let variant: Variant = codec::decode(&row.bytes)?;
            if variant.is_open_to(actor) {
                found.push(variant);
            }
        }
        Ok(found)
    }

    /// A variant of a report.
    ///
    /// # Errors
    /// When there is none that the asker may use, or the store fails.
    pub fn variant(&self, actor: &Actor, report: &str, id: Id) -> Result<Variant> {
        actor.require_agent("reading reports")?;
        let catalog = self.catalog()?;
        let def = catalog
            .report(report)
            .ok_or_else(|| unknown(&catalog, report))?;
        let snapshot = self.store.snapshot(None)?;
        let row = snapshot.get(Table::Meta, &key(&def.code, id))?;
        let variant: Option<Variant> = row.map(|row| codec::decode(&row.bytes)).transpose()?;
        variant
            .filter(|v| v.is_open_to(actor))
            .ok_or_else(Error::not_found)
    }
}
