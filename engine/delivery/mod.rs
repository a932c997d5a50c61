//! Delivery: what leaves the process, and mails that come in. Couriers take messages out of the
//! desk's queues and hand them to sinks; what came of each goes back as a command.
//!
//! The desk knows nothing of this room. Only place of `lettre::` and
//! `mail_parser::`.

mod compose;
mod courier;
mod feed;
mod file;
mod html;
mod http;
pub mod incoming;
mod schedule;
mod signature;
mod smtp;
mod turn;
mod turns;
mod webhook;

pub use compose::{Composed, compose};
pub use courier::{Courier, Halt, Round};
pub use feed::Feed;
pub use file::FileSink;
pub use http::{Reach, check as check_url};
pub use schedule::{MAX_ATTEMPTS, delay_after};
pub use signature::{secret_text, signature};
pub use smtp::{SmtpOptions, SmtpSink, Tls};
pub use webhook::Caller;

use crate::desk::Letter;

/// Where messages are handed over.
pub trait Sink: Send {
    /// Whether it takes messages of a channel.
    fn takes(&self, channel: &str) -> bool;

    /// Hands a message over. A message may come more than once: its id is the idempotency key.
    fn send(&mut self, letter: &Letter) -> Verdict;

    /// Whether a message that comes twice has no second effect, so that results may be noted
    /// together.
    fn is_repeatable(&self) -> bool {
        false
    }

    /// Whether a message that waited for too long is worth nothing any more.
    fn expires(&self) -> bool {
        true
    }

    /// Another one for the turns of one receiver, beside those of others; none: all messages go one
    /// after another.
    fn hand(&self) -> Option<Box<dyn Sink>> {
        None
    }

    /// Ends what was kept open between messages.
    fn rest(&mut self) {}
}

/// What came of handing a message over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It was taken; with what the other side said.
    Taken(String),
    /// It was not taken now; with the reason.
    Later(String),
    /// It will never be taken; with the reason.
    Never(String),
    /// Nothing can be handed over at present: the sink rests, and no attempt counts.
    Down(String),
}
