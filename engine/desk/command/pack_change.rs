//! A change of a pack that is asked for.

use crate::packs::{Given, Loaded, PackFiles};

/// A change of a pack.
#[derive(Debug, Clone)]
pub enum PackChange {
    /// Install files, with what is granted to them.
    Install {
        /// The files.
        files: PackFiles,
        /// What the administrator grants.
        grants: Given,
    },
    /// Install the draft, which is gone then. The request's `if_match` is the draft's version.
    ActivateDraft {
        /// What the administrator grants.
        grants: Given,
    },
    /// Make an earlier revision the active one.
    RollBack {
        /// Its version, or the beginning of its hash; none: the one before.
        to: Option<String>,
        /// What the administrator grants.
        grants: Given,
    },
    /// Let its rules rest and its types take no new records.
    Disable,
    /// Let it run again.
    Enable,
    /// Say anew what it may do.
    Grant {
        /// What the administrator grants.
        grants: Given,
    },
    /// Set options of it, by name; null gives one back the value that the pack has for it.
    SetOptions {
        /// The values.
        values: serde_json::Map<String, serde_json::Value>,
    },
    /// Keep files as its draft. The request's `if_match` is the version of the draft before.
    SaveDraft {
        /// The files.
        files: PackFiles,
    },
    /// Throw its draft away.
    DropDraft,
    /// Move the next records to its new revision.
    Move,
}

impl PackChange {
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Install { .. } | Self::ActivateDraft { .. } => "install_pack",
            Self::RollBack { .. } => "roll_back_pack",
            Self::Disable => "disable_pack",
            Self::Enable => "enable_pack",
            Self::Grant { .. } => "grant_pack",
            Self::SetOptions { .. } => "set_pack_options",
            Self::SaveDraft { .. } => "save_pack_draft",
            Self::DropDraft => "drop_pack_draft",
            Self::Move => "move_records",
        }
    }

    /// Whether a pack is already as the change would leave it.
    pub(in crate::desk) const fn is_done(&self, pack: &Loaded) -> bool {
        match self {
            Self::Disable => pack.disabled,
            Self::Enable => !pack.disabled,
            _ => false,
        }
    }

    /// What is changed, and with which files: the hash of these stands for them.
    pub(super) fn fingerprint(&self) -> String {
        match self {
            Self::Install { files, grants } => format!("install {:?} {grants:?}", files.hash()),
            Self::SaveDraft { files } => format!("save {:?}", files.hash()),
            other => format!("{other:?}"),
        }
    }
}
