//! The desk: commands and queries, and the one way through.

mod actor;
mod clock;
mod command;
mod error;
mod ids;
mod view;

pub use actor::Actor;
pub use clock::{Clock, SystemClock, VirtualClock};
pub use command::{Command, Reply, Request};
pub use error::{Error, ErrorKind, Fault, Result};
pub use ids::IdSource;
pub use view::*;
