//! What rules about packs and definitions get: `pack.lifecycle` and `config.guard`. Neither is about a
//! record.

use serde::{Deserialize, Serialize};

use super::word::words;
use crate::domain::Value;

words! {
    /// What happens to a pack.
    Phase {
        /// It is installed where it was not.
        Install = "install",
        /// Another revision takes the place of the one in force.
        Upgrade = "upgrade",
        /// It is woken.
        Enable = "enable",
        /// It is put to rest.
        Disable = "disable",
        /// It is removed.
        Remove = "remove",
    }
}

/// What happens to the pack of the rule. The journal keeps it as it is: a member is never added or
/// changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LifecycleView {
    /// Pack that it happens to: that of the rules which are called.
    pub pack: String,
    /// What happens.
    pub phase: Phase,
    /// Version that was in force; none when there was none.
    pub from: Option<String>,
    /// Version that will be in force; none when there will be none.
    pub to: Option<String>,
    /// Whether this is a trial that changes nothing.
    pub dry_run: bool,
}

words! {
    /// What is done to a definition.
    ConfigOperation {
        /// It is new.
        Create = "create",
        /// It becomes another.
        Change = "change",
        /// It goes.
        Remove = "remove",
    }
}

/// A change of the configuration. The journal keeps it as it is: a member is never added or changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfigView {
    /// What is done.
    pub operation: ConfigOperation,
    /// What is changed: `ticket_type`, `field`, `status`, `option`, `calendar`, `support_level`,
    /// `pack`, ….
    pub what: String,
    /// Its full code.
    pub code: String,
    /// What it was, by name; empty for a new one.
    pub before: Vec<(String, Value)>,
    /// What it becomes, by name; empty for one that goes.
    pub after: Vec<(String, Value)>,
}

impl ConfigView {
    /// Whether it is of a pack: the pack itself, or a code of its own. A pack's guards are not asked
    /// about these.
    #[must_use]
    pub fn is_of(&self, pack: &str) -> bool {
        let rest = self.code.strip_prefix(pack);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// The names of what differs, in the order of what it was and then of what is new.
    #[must_use]
    pub fn differing(&self) -> Vec<&str> {
        let of = |all: &[(String, Value)], name: &str| {
            let found = all.iter().find(|(n, _)| n == name);
            found.map(|(_, value)| value.clone())
        };
        let names = self.before.iter().chain(&self.after);
        let mut differing: Vec<&str> = Vec::new();
        for (name, _) in names {
            let is_known = differing.contains(&name.as_str());
            if !is_known && of(&self.before, name) != of(&self.after, name) {
                differing.push(name);
            }
        }
        differing
    }
}
