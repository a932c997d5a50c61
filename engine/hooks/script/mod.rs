//! Rules written in Rhai. The only place of `rhai::`.
//!
//! A [`ScriptHost`] compiles rule files and is shared by everything that runs them. A rule file holds
//! functions and nothing else; a hook is a function of one parameter, the [`Hook`](super::Hook) as
//! scripts see it: `fn urgent_first(c) { if c.record.priority == "urgent" { c.choose_level("gold",
//! "urgent"); } }`.

mod access;
mod choices;
mod clocks;
mod context;
mod convert;
mod decide;
mod effects;
mod engine;
mod events;
mod facts;
mod fault;
mod intake;
mod limits;
mod lines;
mod lint;
mod member;
mod members;
mod meter;
mod methods;
mod names;
mod notices;
mod packs;
mod program;
mod restrict;
mod search;
mod stages;
mod strings;
mod time;
mod views;

#[cfg(test)]
mod tests;

pub use engine::ScriptHost;
pub use fault::ScriptFault;
pub use limits::ScriptLimits;
pub use member::{MEMBERS, Member};
pub use methods::{Method, methods};
pub use program::Script;

/// What a registered function returns: errors become script errors with a position.
type Answer<T> = Result<T, Box<rhai::EvalAltResult>>;

/// An error of a rule; a script may catch it.
fn refuse<T>(text: impl Into<String>) -> Answer<T> {
    Err(Box::new(rhai::EvalAltResult::ErrorRuntime(
        text.into().into(),
        rhai::Position::NONE,
    )))
}

/// An overrun of a limit; a script cannot catch it.
fn overrun<T>(text: impl Into<String>) -> Answer<T> {
    Err(Box::new(rhai::EvalAltResult::ErrorTerminated(
        text.into().into(),
        rhai::Position::NONE,
    )))
}
