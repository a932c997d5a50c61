//! Codes of types, statuses, fields and rules, in the namespace of the pack that defines them.

use std::fmt;

/// Longest code in bytes, namespace included.
pub const MAX_CODE_BYTES: usize = 96;

/// A code: `pack/name` for what a pack defines, a bare `name` for what the engine defines.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(transparent)]
pub struct Code(pub String);

impl Code {
    /// The code `name` of pack `pack`; a name that has a namespace already keeps it.
    #[must_use]
    pub fn qualify(pack: &str, name: &str) -> Self {
        if name.contains('/') {
            Self(name.to_owned())
        } else {
            Self(format!("{pack}/{name}"))
        }
    }

    /// The pack, when a pack defines the code.
    #[must_use]
    pub fn pack(&self) -> Option<&str> {
        self.0.split_once('/').map(|(pack, _)| pack)
    }

    /// The code without its namespace.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0
            .split_once('/')
            .map_or(self.0.as_str(), |(_, name)| name)
    }

    /// The whole code.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Says what is wrong with a bare code or pack name, if anything: lower-case ASCII letters, digits,
/// `_` and `-`, beginning with a letter.
#[must_use]
pub fn fault(name: &str) -> Option<&'static str> {
    if name.is_empty() {
        return Some("is empty");
    }
    if name.len() > MAX_CODE_BYTES / 2 {
        return Some("is longer than 48 bytes");
    }
    if !name.starts_with(|c: char| c.is_ascii_lowercase()) {
        return Some("must begin with a lower-case letter a-z");
    }
    if name
        .chars()
        .any(|c| !(c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-'))
    {
        return Some("may hold only a-z, 0-9, `_` and `-`");
    }
    None
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for Code {
    fn from(s: &str) -> Self {
        Self(s.to_owned())
    }
}
