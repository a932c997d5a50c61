//! Decisions about packs and the configuration.

use crate::config_guard;
use crate::pack_lifecycle;
use crate::values::{Effect, NewRecord, Value};

impl Default for pack_lifecycle::Decision {
    /// No opinion.
    fn default() -> Self {
        Self {
            refusals: Vec::new(),
            effects: Vec::new(),
            extra: Vec::new(),
        }
    }
}

impl pack_lifecycle::Decision {
    /// Refuses with a stable code and a text for people.
    #[must_use]
    pub fn refuse(code: &str, message: impl Into<String>) -> Self {
        Self::default().and_refuse(code, message)
    }

    /// Adds a reason to refuse.
    #[must_use]
    pub fn and_refuse(mut self, code: &str, message: impl Into<String>) -> Self {
        self.refusals.push(pack_lifecycle::Refusal {
            code: code.to_owned(),
            message: message.into(),
        });
        self
    }

    /// Creates a record that belongs to the pack from its beginning.
    #[must_use]
    pub fn create(mut self, record: NewRecord) -> Self {
        self.effects.push(Effect::create(record));
        self
    }
}

impl Default for config_guard::Decision {
    fn default() -> Self {
        Self::allow()
    }
}

impl config_guard::Decision {
    /// Nothing is refused.
    #[must_use]
    pub const fn allow() -> Self {
        Self {
            refusals: Vec::new(),
            extra: Vec::new(),
        }
    }

    /// Refuses with a stable code and a text for people.
    #[must_use]
    pub fn refuse(code: &str, message: impl Into<String>) -> Self {
        Self::allow().and_refuse(code, message)
    }

    /// Adds a reason to refuse.
    #[must_use]
    pub fn and_refuse(mut self, code: &str, message: impl Into<String>) -> Self {
        self.refusals.push(config_guard::Refusal {
            code: code.to_owned(),
            message: message.into(),
        });
        self
    }
}

impl Default for config_guard::Change {
    /// A new field, for unit tests.
    fn default() -> Self {
        Self {
            operation: "create".to_owned(),
            what: "field".to_owned(),
            code: "test/field".to_owned(),
            before: Vec::new(),
            after: Vec::new(),
        }
    }
}

impl config_guard::Change {
    /// What was under a name.
    #[must_use]
    pub fn was(&self, name: &str) -> Option<&Value> {
        find(&self.before, name)
    }

    /// What becomes of it.
    #[must_use]
    pub fn becomes(&self, name: &str) -> Option<&Value> {
        find(&self.after, name)
    }

    /// Whether what was under a name becomes something else.
    #[must_use]
    pub fn differs(&self, name: &str) -> bool {
        self.was(name) != self.becomes(name)
    }
}

fn find<'a>(values: &'a [(String, Value)], name: &str) -> Option<&'a Value> {
    values.iter().find(|(n, _)| n == name).map(|(_, v)| v)
}
