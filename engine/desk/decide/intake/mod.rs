//! The intake: who asks, what an appeal becomes, and what follows for the appeal itself.

mod accept;
mod carry;
mod convert;
mod mail;
mod party;
mod receive;
mod route;
mod search;
mod take_down;

pub use accept::SOURCE;
pub use carry::{holder, message_guard};
pub use convert::CONVERTED;
pub use search::PartySearch;

use crate::desk::journal::By;
use crate::domain::{Id, Kind, Value};

/// What becomes of an inquiry.
#[derive(Debug, Clone, PartialEq)]
enum Way {
    /// A record is made of it.
    Create {
        /// Kind.
        kind: Kind,
        /// Full code of the type.
        type_code: Option<String>,
        /// Values that rules give, and who.
        values: Vec<(String, Value, By)>,
    },
    /// It belongs to a record that there is.
    Attach(Kind, Id),
    /// It is declined, for this reason.
    Decline(String),
}
