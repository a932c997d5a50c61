//! Write plugins for the Opora service-desk engine.
//!
//! A plugin is a type that implements the traits of the hooks it wants and names them once in
//! [`export!`]. A hook is pure: everything it may know is in its input, and what it returns is data
//! that the engine checks and applies. This plugin refuses to close a ticket without a solution:
//!
//! ```
//! use opora_sdk::transition_guard::{Decision, Input, TransitionGuard};
//! use opora_sdk::Fields as _;
//!
//! struct Plugin;
//!
//! impl TransitionGuard for Plugin {
//!     fn guard(input: &Input) -> Decision {
//!         if input.category == "done" && !input.is_filled("solution") {
//!             return Decision::refuse_field("solution", "no_solution", "say how it was solved");
//!         }
//!         Decision::allow()
//!     }
//! }
//!
//! // In a plugin: opora_sdk::export!(Plugin: transition_guard);
//! let done = Input { category: "done".to_owned(), ..Input::default() };
//! assert_eq!(Plugin::guard(&done).refusals.len(), 1);
//! assert!(Plugin::guard(&done.with("solution", "rebooted")).refusals.is_empty());
//! ```
//!
//! Plugins are ordinary Rust: unit tests run on the host, without WebAssembly.

mod actions;
#[doc(hidden)]
pub mod bindings;
mod clocks;
pub mod condition;
pub mod date;
mod decisions;
mod export;
mod hooks;
mod intake;
pub mod log;
mod messages;
mod packs;
mod searches;
mod stages;
pub mod values;
pub mod view;

pub use condition::Condition;
pub use date::Date;
pub use hooks::*;
pub use log::because;
pub use values::{Effect, NewRecord, Value};
pub use view::{Context, Fields, NoRecord};
