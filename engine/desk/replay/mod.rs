//! Decisions of the past, made again: for explaining them, for proving that they are the same, and
//! for trying other rules on them.
//!
//! Nothing of a decision is kept but what went into it: the journal holds the command, the values,
//! the order in which they were set ([`super::trace`]); the records come back by [`super::rebuild`],
//! the rules of that time from their stored revisions ([`past`]). [`moment`] makes the calls of it.

mod bearing;
mod candidate;
mod causes;
mod check;
mod explanation;
mod judge;
mod moment;
mod outline;
mod past;
mod rolling;
mod run;
mod said;
mod shadow;
mod simulate;
mod why;

pub use candidate::Difference;
pub use check::Checked;
pub use explanation::{
    CauseLink, Silence, Why, WhyChange, WhyClock, WhyItem, WhyNot, WhyQuery, WhyRule,
};
pub use outline::Point;
pub use past::Past;
pub use run::{ReadValue, Replayed};
pub use shadow::{Shadow, Shadows};
pub use simulate::{SimulateQuery, Simulation};

use super::{Error, ErrorKind};

/// Why a decision cannot be made again.
fn not_replayable(message: String) -> Error {
    Error::new(ErrorKind::Conflict, "not_replayable", message)
}
