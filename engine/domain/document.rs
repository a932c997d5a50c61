//! Documents of other systems: kinds that packs know, and the frozen picture of one that a record was
//! made from.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use super::Names;

/// Longest id of a document in bytes.
const MAX_ID_BYTES: usize = 200;
/// Longest address of a document in bytes.
const MAX_URL_BYTES: usize = 2_000;
/// Most bytes of a snapshot as JSON text.
const MAX_SNAPSHOT_BYTES: usize = 16 * 1_024;

/// A kind of document that records are made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DocumentDef {
    /// Code, `pack/name` once loaded.
    pub code: String,
    /// Names by locale.
    #[serde(default)]
    pub names: Names,
    /// Types of the records that are made from it.
    pub types: Vec<String>,
    /// Values that records get, by field.
    #[serde(default)]
    pub set: BTreeMap<String, Json>,
    /// Members of the snapshot that records get, by field; a dot leads into objects.
    #[serde(default)]
    pub map: BTreeMap<String, String>,
}

/// A document that a record is made from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// Code of its kind.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its id where it comes from.
    pub external_id: String,
    /// Where it can be read.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub url: String,
    /// What it said when the record was made.
    #[serde(default)]
    pub snapshot: Map<String, Json>,
}

impl Document {
    /// What is wrong with it: the member, and the fault.
    #[must_use]
    pub fn fault(&self) -> Option<(&'static str, String)> {
        let bytes = self.external_id.len();
        if self.external_id.trim().is_empty() || bytes > MAX_ID_BYTES {
            let message = format!("must have 1 to {MAX_ID_BYTES} bytes");
            return Some(("external_id", message));
        }
        let is_web = ["https://", "http://"]
            .iter()
            .any(|s| self.url.starts_with(s));
        if !self.url.is_empty() && (!is_web || self.url.len() > MAX_URL_BYTES) {
            let message = format!("must be an address of the web of at most {MAX_URL_BYTES} bytes");
            return Some(("url", message));
        }
        let size = serde_json::to_string(&self.snapshot).map_or(usize::MAX, |text| text.len());
        (size > MAX_SNAPSHOT_BYTES).then(|| {
            let message = format!("{size} bytes are over the limit of {MAX_SNAPSHOT_BYTES}");
            ("snapshot", message)
        })
    }

    /// The value of a member; dots lead into objects.
    #[must_use]
    pub fn member(&self, path: &str) -> Option<&Json> {
        let mut steps = path.split('.');
        let first = self.snapshot.get(steps.next()?)?;
        steps.try_fold(first, |value, step| value.get(step))
    }
}

/// Names of the engine's fields that say what a record was made from.
pub mod fields {
    /// The document as it was.
    pub const DOCUMENT: &str = "source_document";
    /// Its kind and id.
    pub const DOCUMENT_ID: &str = "source_document_id";
}
