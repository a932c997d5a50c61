//! What went wrong, for the person who asked.

use std::fmt;

use crate::store::StoreError;

/// The class of an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The thing does not exist, or is none of the asker's business.
    NotFound,
    /// The input is wrong.
    Invalid,
    /// The asker is not known.
    Unauthorized,
    /// The asker may not.
    Forbidden,
    /// It clashes with what is there: a rule, a unique value, a state.
    Conflict,
    /// The record was changed since the asker read it.
    Stale,
    /// Too large or too many.
    Limit,
    /// Too many at once; try again.
    Busy,
    /// The engine or its storage failed.
    Internal,
}

/// One fault of several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Field to blame.
    pub field: Option<String>,
    /// Stable code.
    pub code: String,
    /// Text for people.
    pub message: String,
    /// Rule that found it, `pack/name`, with its place in the script.
    pub rule: Option<String>,
}

impl Fault {
    /// A fault of a field.
    #[must_use]
    pub fn field(field: &str, code: &str, message: impl Into<String>) -> Self {
        Self {
            field: Some(field.to_owned()),
            code: code.to_owned(),
            message: message.into(),
            rule: None,
        }
    }
}

/// An error of the desk. Its code is stable; its message says what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// Class.
    pub kind: ErrorKind,
    /// Stable code.
    pub code: &'static str,
    /// Text for people.
    pub message: String,
    /// All faults found, when there may be several.
    pub faults: Vec<Fault>,
}

/// Result of the desk.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error without separate faults.
    #[must_use]
    pub fn new(kind: ErrorKind, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            kind,
            code,
            message: message.into(),
            faults: Vec::new(),
        }
    }

    /// Wrong input with its faults.
    #[must_use]
    pub fn invalid(faults: Vec<Fault>) -> Self {
        let message = sentence(&faults);
        Self {
            kind: ErrorKind::Invalid,
            code: "invalid",
            message,
            faults,
        }
    }

    /// Refused by rules.
    #[must_use]
    pub fn refused(code: &'static str, faults: Vec<Fault>) -> Self {
        let message = sentence(&faults);
        Self {
            kind: ErrorKind::Conflict,
            code,
            message,
            faults,
        }
    }

    /// One wrong field.
    #[must_use]
    pub fn field(field: &str, code: &str, message: impl Into<String>) -> Self {
        Self::invalid(vec![Fault::field(field, code, message)])
    }

    /// The answer for an absent thing and for a foreign one: word for word the same.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(ErrorKind::NotFound, "not_found", "there is no such record")
    }

    /// The asker may not.
    #[must_use]
    pub fn forbidden(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Forbidden, "forbidden", message)
    }

    /// Something that cannot happen while the invariants hold.
    #[must_use]
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Internal, "internal", message)
    }
}

fn sentence(faults: &[Fault]) -> String {
    let texts: Vec<String> = faults
        .iter()
        .map(|f| match &f.field {
            Some(field) => format!("`{field}`: {}", f.message),
            None => f.message.clone(),
        })
        .collect();
    texts.join("; ")
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for Error {}

impl From<StoreError> for Error {
    fn from(e: StoreError) -> Self {
        match e {
            StoreError::Timeout(pos) => Self::new(
                ErrorKind::Busy,
                "position_not_reached",
                format!("position {pos} was not reached in time; try again"),
            ),
            StoreError::Limit(message) => Self::new(ErrorKind::Limit, "limit", message),
            StoreError::Closed => Self::new(
                ErrorKind::Busy,
                "closing",
                "the desk is being closed; try again later",
            ),
            other => Self::internal(other.to_string()),
        }
    }
}
