//! The hook contract as plain types. A hook is pure: a [`Call`] in, a [`Decision`] out, no I/O, no
//! clock, no chance. Scripts and plugins implement the same [`Runner`].

pub mod call;
pub mod decision;
mod digest;
pub mod effect;
pub mod fixture;
pub mod manner;
pub mod predicate;
pub mod reference;
pub mod rule;
mod tally;
pub mod when;

#[cfg(feature = "script")]
pub mod script;
#[cfg(feature = "wasm")]
pub mod wasm;

pub use call::{
    ActorView, AgentProfile, AgentView, Call, ClockView, Detail, EntryView, LevelView, NoticeView,
    RecordView, SurveyAnswer,
};
pub use decision::{
    AccessChoice, AssignChoice, Because, ClockAct, ClockStep, Decision, FieldRule, LevelChoice,
    NoticeChoice, Refusal, Spot, SurveyAsk, SurveyOutcome,
};
pub use effect::Effect;
pub use manner::{Action, Manner, Once};
pub use predicate::Predicate;
pub use reference::{Interface, Reference, reference};
pub use rule::{Failure, FailureKind, Hook, Outcome, Place, Rule, Runner, Step, Traced, Usage};
pub use tally::{Tallied, Tally};
pub use when::{Condition, Reads, Test};
