//! The hook contract as plain types. A hook is pure: a [`Call`] in, a [`Decision`] out, no I/O, no
//! clock, no chance. Scripts and plugins implement the same [`Runner`].

pub mod call;
pub mod decision;
pub mod effect;
pub mod rule;

#[cfg(feature = "script")]
pub mod script;
#[cfg(feature = "wasm")]
pub mod wasm;

pub use call::{
    ActorView, AgentProfile, AgentView, Call, Detail, LevelView, RecordView, SurveyAnswer,
};
pub use decision::{
    AssignChoice, Because, Decision, FieldRule, LevelChoice, Refusal, Spot, SurveyAsk,
    SurveyOutcome,
};
pub use effect::Effect;
pub use rule::{Failure, FailureKind, Hook, Outcome, Rule, Runner, Usage};
