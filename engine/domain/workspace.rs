//! Workspaces: what people at a desk work with, as a list of lists.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Kind, Names};

/// Most entries of a workspace.
pub const MAX_ENTRIES: usize = 40;
/// Most conditions of an entry.
pub const MAX_CONDITIONS: usize = 20;

/// A workspace that a pack defines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkspaceDef {
    /// Code, `pack/name` once loaded.
    pub code: String,
    /// Names by locale.
    #[serde(default)]
    pub names: Names,
    /// What it holds, in the order it is shown.
    pub entries: Vec<WorkspaceEntry>,
}

/// One list of a workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkspaceEntry {
    /// Code, unique in the workspace.
    pub code: String,
    /// Names by locale.
    #[serde(default)]
    pub names: Names,
    /// What is listed.
    pub list: Listed,
    /// Conditions by field that the listed records meet.
    #[serde(default, rename = "where")]
    pub holds: BTreeMap<String, String>,
}

/// What an entry lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Listed {
    /// Records of a kind.
    Records(Kind),
    /// Inquiries that are not registered yet.
    Inbox,
    /// Reports.
    Reports,
}

const INBOX: &str = "inbox";
const REPORTS: &str = "reports";

impl TryFrom<String> for Listed {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        match name.as_str() {
            INBOX => Ok(Self::Inbox),
            REPORTS => Ok(Self::Reports),
            other => Kind::named(other).map(Self::Records).ok_or_else(|| {
                let short: String = other.chars().take(64).collect();
                format!("`{short}` is no kind of record, nor `{INBOX}` or `{REPORTS}`")
            }),
        }
    }
}

impl From<Listed> for String {
    fn from(listed: Listed) -> Self {
        match listed {
            Listed::Records(kind) => kind.name(),
            Listed::Inbox => INBOX,
            Listed::Reports => REPORTS,
        }
        .to_owned()
    }
}
