//! The points where rules are called.

use std::fmt;

use super::Detail;
use crate::domain::Kind;

/// A point where rules are called.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
pub enum Hook {
    /// When a pack is loaded: what it defines.
    #[serde(rename = "pack.define")]
    Define,
    /// Before a record is created: values for fields that have none.
    #[serde(rename = "record.defaults")]
    RecordDefaults,
    /// When a form is asked for, and again on every write.
    #[serde(rename = "form.rules")]
    FormRules,
    /// Before a change is committed.
    #[serde(rename = "record.validate")]
    RecordValidate,
    /// When a change of status is asked for.
    #[serde(rename = "transition.guard")]
    TransitionGuard,
    /// When a status was entered, in the same transaction.
    #[serde(rename = "transition.effect")]
    TransitionEffect,
    /// When a record without an assignee is created, or assignment is asked for.
    #[serde(rename = "assign.select")]
    AssignSelect,
    /// When a record is created or a field changes that the level may depend on.
    #[serde(rename = "sla.select")]
    SlaSelect,
    /// When a record is done, and when a survey is answered.
    #[serde(rename = "survey.logic")]
    SurveyLogic,
    /// When a timer set by the pack comes due.
    #[serde(rename = "schedule.fire")]
    ScheduleFire,
    /// On every write, before validation: values derived from others.
    #[serde(rename = "field.compute")]
    FieldCompute,
    /// When a comment or message was recorded, in the same transaction.
    #[serde(rename = "interaction.event")]
    InteractionEvent,
    /// When something happened that clocks may follow: creation, interaction, status, level.
    #[serde(rename = "sla.clock")]
    SlaClock,
    /// When a clock is about to pass or passed its due time.
    #[serde(rename = "sla.event")]
    SlaEvent,
    /// After a change was committed, in a transaction of its own.
    #[serde(rename = "record.changed")]
    RecordChanged,
    /// When a person or program asks for a named action.
    #[serde(rename = "action.run")]
    ActionRun,
    /// When a message is about to be queued.
    #[serde(rename = "notify.compose")]
    NotifyCompose,
    /// Once for a principal and request: which records and fields it may see.
    #[serde(rename = "access.filter")]
    AccessFilter,
    /// When the pack is installed, upgraded, enabled, disabled or removed.
    #[serde(rename = "pack.lifecycle")]
    PackLifecycle,
    /// When somebody changes a definition: a type, a field, a calendar, a pack.
    #[serde(rename = "config.guard")]
    ConfigGuard,
    /// Once for a search of a party: by which keys it is looked for.
    #[serde(rename = "intake.match")]
    IntakeMatch,
    /// When an incoming appeal is accepted, or may be handled without a person.
    #[serde(rename = "intake.route")]
    IntakeRoute,
    /// When a stage of a process is entered, decided or completed.
    #[serde(rename = "process.step")]
    ProcessStep,
    /// When a ticket uses a contract, or does so no longer.
    #[serde(rename = "contract.consume")]
    ContractConsume,
    /// When a record is written into the search index: texts by which it is found as well.
    #[serde(rename = "search.document")]
    SearchDocument,
    /// Once for a search: how its hits are ranked.
    #[serde(rename = "search.rank")]
    SearchRank,
}

impl Hook {
    /// Every hook. The journal names rules by their place in this order, so hooks are added at the
    /// end and never moved.
    pub const ALL: [Self; 26] = [
        Self::Define,
        Self::RecordDefaults,
        Self::FormRules,
        Self::AssignSelect,
        Self::RecordValidate,
        Self::TransitionGuard,
        Self::TransitionEffect,
        Self::SlaSelect,
        Self::SurveyLogic,
        Self::ScheduleFire,
        Self::FieldCompute,
        Self::InteractionEvent,
        Self::SlaClock,
        Self::SlaEvent,
        Self::RecordChanged,
        Self::ActionRun,
        Self::NotifyCompose,
        Self::AccessFilter,
        Self::PackLifecycle,
        Self::ConfigGuard,
        Self::IntakeMatch,
        Self::IntakeRoute,
        Self::ProcessStep,
        Self::ContractConsume,
        Self::SearchDocument,
        Self::SearchRank,
    ];

    /// The name used in packs, the API and the journal.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Define => "pack.define",
            Self::RecordDefaults => "record.defaults",
            Self::FormRules => "form.rules",
            Self::RecordValidate => "record.validate",
            Self::TransitionGuard => "transition.guard",
            Self::TransitionEffect => "transition.effect",
            Self::AssignSelect => "assign.select",
            Self::SlaSelect => "sla.select",
            Self::SurveyLogic => "survey.logic",
            Self::ScheduleFire => "schedule.fire",
            Self::FieldCompute => "field.compute",
            Self::InteractionEvent => "interaction.event",
            Self::SlaClock => "sla.clock",
            Self::SlaEvent => "sla.event",
            Self::RecordChanged => "record.changed",
            Self::ActionRun => "action.run",
            Self::NotifyCompose => "notify.compose",
            Self::AccessFilter => "access.filter",
            Self::PackLifecycle => "pack.lifecycle",
            Self::ConfigGuard => "config.guard",
            Self::IntakeMatch => "intake.match",
            Self::IntakeRoute => "intake.route",
            Self::ProcessStep => "process.step",
            Self::ContractConsume => "contract.consume",
            Self::SearchDocument => "search.document",
            Self::SearchRank => "search.rank",
        }
    }

    /// The stored number of a hook: its place among all.
    #[must_use]
    pub fn code(self) -> u8 {
        let place = Self::ALL.iter().position(|hook| *hook == self);
        place.and_then(|p| u8::try_from(p).ok()).unwrap_or(u8::MAX)
    }

    /// The hook with a stored number; none when this build does not know it.
    #[must_use]
    pub fn with_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code)).copied()
    }

    /// Whether a broken rule refuses the command (a guard) or is skipped with a journal entry. For some
    /// hooks it depends on the call: see [`Hook::fails_closed_on`].
    #[must_use]
    pub const fn fails_closed(self) -> bool {
        matches!(
            self,
            Self::RecordValidate
                | Self::TransitionGuard
                | Self::FormRules
                | Self::ActionRun
                | Self::AccessFilter
                | Self::PackLifecycle
                | Self::ConfigGuard
                | Self::IntakeRoute
                | Self::ProcessStep
        )
    }

    /// Whether a rule that breaks on a call refuses the command: nobody waits for an answer when an
    /// appeal is handled without a person or a stage is entered.
    #[must_use]
    pub fn fails_closed_on(self, detail: &Detail) -> bool {
        match detail {
            Detail::Route(route) => !route.automatic,
            Detail::Stage(stage) => stage.event.outcome().is_some(),
            _ => self.fails_closed(),
        }
    }

    /// Whether its calls are about a record.
    #[must_use]
    pub const fn has_record(self) -> bool {
        !matches!(
            self,
            Self::Define | Self::PackLifecycle | Self::ConfigGuard | Self::SearchRank
        )
    }

    /// The kind of the records that it is about when a rule names none.
    #[must_use]
    pub const fn usual_kind(self) -> Kind {
        match self {
            Self::IntakeMatch | Self::IntakeRoute => Kind::Inquiry,
            _ => Kind::Ticket,
        }
    }
}

impl fmt::Display for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
