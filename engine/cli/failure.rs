//! Why a subcommand failed, as the person at the terminal reads it.

use std::fmt;

use crate::desk::{Error, Fault};
use crate::packs::PackFault;
use crate::store::StoreError;

/// Why a subcommand failed.
#[derive(Debug)]
pub struct Failure(String);

/// What a subcommand answers.
pub type Outcome<T> = Result<T, Failure>;

impl Failure {
    /// A failure in words.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// A failure of an operation on a file or folder.
    pub fn file(path: &std::path::Path, cause: &dyn fmt::Display) -> Self {
        Self(format!("`{}`: {cause}", path.display()))
    }

    /// Everything that is wrong with a pack, a line each.
    pub fn of_pack(faults: &[PackFault]) -> Self {
        let lines: Vec<String> = faults
            .iter()
            .map(|f| match &f.source_line {
                Some(source) => format!("{}/{f}\n    {source}", f.pack),
                None => format!("{}/{f}", f.pack),
            })
            .collect();
        Self(lines.join("\n"))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<Error> for Failure {
    fn from(e: Error) -> Self {
        if e.faults.len() < 2 {
            return Self(e.message);
        }
        let line = |f: &Fault| match &f.field {
            Some(field) => format!("{field}: {}", f.message),
            None => f.message.clone(),
        };
        let lines: Vec<String> = e.faults.iter().map(line).collect();
        Self(lines.join("\n"))
    }
}

impl From<StoreError> for Failure {
    fn from(e: StoreError) -> Self {
        Self(e.to_string())
    }
}
