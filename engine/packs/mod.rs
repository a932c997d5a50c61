//! Packs: reading, checking and compiling them into the active rule set.

/// The files of a pack.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PackFiles {
    /// Content by path.
    pub files: std::collections::BTreeMap<String, Vec<u8>>,
}
