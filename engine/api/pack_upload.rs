//! The files of a pack as JSON: text as text, everything else in base64.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::desk::Error;
use crate::packs::{Given, PackFiles};

/// What `If-Match` says where a pack is changed.
pub(super) const IF_REVISION: &str = "Revision of the pack that must be active, its hash in quotes: the ETag of the pack and of its files. Otherwise 412 `stale_version`, with who installed which revision and when.";

/// The files of a pack.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PackUpload {
    /// Files by their path inside the pack.
    pub files: BTreeMap<String, UploadFile>,
    /// What the pack may do of what it asks for: names of capabilities, or the one word `all`.
    /// Without it, a pack that asks for more than is harmless and granted already is refused.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grants: Vec<String>,
}

/// What an administrator grants.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PackGrants {
    /// Names of capabilities, or the one word `all`.
    pub grants: Vec<String>,
}

/// Which revision to go back to.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PackRollback {
    /// A version, or the beginning of a revision's hash; without it, the revision before.
    pub to: Option<String>,
    /// Names of capabilities, or the one word `all`.
    pub grants: Vec<String>,
}

/// One file: as text, or in base64 when it is none.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub enum UploadFile {
    /// A text file.
    Text(String),
    /// Any file, in base64 (RFC 4648, with padding).
    Base64(String),
}

impl PackUpload {
    /// Files as they are sent: text as text, everything else in base64.
    #[must_use]
    pub fn of(files: PackFiles) -> Self {
        let files = files.files.into_iter().map(|(path, bytes)| {
            let file = match String::from_utf8(bytes) {
                Ok(text) => UploadFile::Text(text),
                Err(e) => UploadFile::Base64(crate::base64::encode(e.as_bytes())),
            };
            (path, file)
        });
        Self {
            files: files.collect(),
            grants: Vec::new(),
        }
    }

    /// The files with what is granted to them.
    #[must_use]
    pub fn granting(mut self, grants: Vec<String>) -> Self {
        self.grants = grants;
        self
    }

    /// What is granted, and the files.
    ///
    /// # Errors
    /// When a file is no base64.
    pub fn into_files(self) -> Result<(Given, PackFiles), Error> {
        let mut files = PackFiles::default();
        for (path, file) in self.files {
            let bytes = match file {
                UploadFile::Text(text) => text.into_bytes(),
                UploadFile::Base64(text) => crate::base64::decode(&text).ok_or_else(|| {
                    Error::field(&path, "unexpected", "is not base64 with padding")
                })?,
            };
            files.files.insert(path, bytes);
        }
        Ok((Given::of(&self.grants), files))
    }
}
