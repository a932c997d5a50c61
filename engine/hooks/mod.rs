//! The hook contract as plain types. A hook is pure: a [`Call`] in, a [`Decision`] out, no I/O, no
//! clock, no chance. Scripts and plugins implement the same [`Runner`].

pub mod call;
pub mod config;
pub mod consume;
mod coverage;
pub mod decision;
mod digest;
pub mod effect;
pub mod fixture;
pub mod hook;
pub mod intake;
pub mod manner;
pub mod named;
pub mod predicate;
pub mod process;
pub mod reference;
pub mod rule;
pub mod search;
mod tally;
pub mod texts;
pub mod watch;
pub mod when;
mod word;

#[cfg(feature = "script")]
pub mod script;
#[cfg(feature = "wasm")]
pub mod wasm;

pub use call::{
    ActorView, AgentProfile, AgentView, Call, ClockView, Detail, EntryView, LevelView, NoticeView,
    RecordView, SurveyAnswer,
};
pub use config::{ConfigOperation, ConfigView, LifecycleView, Phase};
pub use consume::{ConsumeChoice, ConsumeEvent, ConsumeUnit, ConsumeView, OverLimit};
pub use coverage::{Coverage, Covered};
pub use decision::{
    AccessChoice, AssignChoice, Because, ClockAct, ClockStep, Decision, FieldRule, LevelChoice,
    NoticeChoice, Refusal, Spot, SurveyAsk, SurveyOutcome, TemplateChoice,
};
pub use effect::Effect;
pub use hook::Hook;
pub use intake::{
    FoundParty, MatchMode, MatchView, NewParty, PartyKey, PartyKeys, RouteChoice, RouteView, Wanted,
};
pub use manner::{Action, Manner, Once};
pub use named::{Mention, Named};
pub use predicate::Predicate;
pub use process::{StageChoice, StageEvent, StageView};
pub use reference::{Interface, Reference, reference};
pub use rule::{Failure, FailureKind, Outcome, Place, Rule, Runner, Step, Traced, Usage};
pub use search::{
    Channel, Freshness, IndexText, RankChoice, RankField, RankSection, RankView, SectionBoost,
    ValueBoost, VotesWeight,
};
pub use tally::{Tallied, Tally};
pub use texts::Texts;
pub use when::{Condition, Reads, Test};
