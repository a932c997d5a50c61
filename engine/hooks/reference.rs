//! What each hook is: when it is called, what it gets, what it may return. `docs/hooks.md` is made of
//! this table, and plugins are checked against its interfaces.

use super::Hook;

/// One hook in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reference {
    /// The hook.
    pub hook: Hook,
    /// When it is called.
    pub when: &'static str,
    /// What it gets besides the record, the actor, the time and the options.
    pub gets: &'static str,
    /// What it may return.
    pub returns: &'static str,
    /// What becomes of the command when a rule breaks.
    pub breaks: &'static str,
    /// The interfaces through which plugins implement it; a plugin may have any of them.
    pub interfaces: &'static [Interface],
}

/// An interface of the contract `opora:hooks`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interface {
    /// Name.
    pub name: &'static str,
    /// The version of the contract that plugins are written for.
    pub version: &'static str,
    /// The version before 1.0.0 that had it, of the same types; plugins built for it load as well.
    pub earlier: Option<&'static str>,
}

impl Interface {
    /// An interface of 1.0.0 that a version before it had as well.
    pub(super) const fn since(earlier: &'static str, name: &'static str) -> Self {
        Self {
            name,
            version: "1.0.0",
            earlier: Some(earlier),
        }
    }

    /// Whether plugins may have it under this version.
    #[must_use]
    pub fn is_of(&self, version: &str) -> bool {
        self.version == version || self.earlier == Some(version)
    }
}

impl Hook {
    /// What the hook is.
    #[must_use]
    pub const fn reference(self) -> Reference {
        let (when, gets, returns) = match self {
            Self::Define => (
                "when a pack is loaded",
                "nothing: only the name of the pack",
                "definitions of types, workflows, field sets and surveys",
            ),
            Self::RecordDefaults => (
                "before a record is created",
                "-",
                "values for fields that have none",
            ),
            Self::FormRules => (
                "when a form is asked for, and on every write",
                "-",
                "rules of fields: shown, required, locked, options, advice",
            ),
            Self::AssignSelect => (
                "when a record without an assignee is created, or assignment is asked for",
                "agents who are present with skills and load, teams",
                "an agent, a team, or both",
            ),
            Self::RecordValidate => ("before a change is committed", "-", "refusals"),
            Self::TransitionGuard => (
                "when a change of status is asked for",
                "the status left, the one entered and its category",
                "refusals",
            ),
            Self::TransitionEffect => (
                "when a status was entered, in the same transaction",
                "the status left, the one entered and its category",
                "effects",
            ),
            Self::SlaSelect => (
                "when a record is created, or a field changes that the level may depend on",
                "the support levels",
                "a support level",
            ),
            Self::SurveyLogic => (
                "when a record is done, and when a survey is answered",
                "done: address, surveys asked before; answered: scores, comment, answers",
                "done: whether and how to ask; answered: what it means; both: effects",
            ),
            Self::ScheduleFire => (
                "when a timer set by the pack comes due",
                "name and data of the timer",
                "effects",
            ),
            Self::FieldCompute => (
                "on every write, before validation",
                "-",
                "values of fields, or their removal",
            ),
            Self::InteractionEvent => (
                "when a comment or message was recorded, in the same transaction",
                "the comment or message",
                "effects",
            ),
            Self::SlaClock => (
                "at creation, an interaction, a change of status or of the level",
                "what happened, the interaction, the clocks",
                "steps of clocks: start, pause, resume, meet, cancel, extend",
            ),
            Self::SlaEvent => (
                "when a clock is about to pass or passed its due time",
                "`warned` or `breached`, the clock",
                "effects",
            ),
            Self::RecordChanged => (
                "after a change was committed, in a transaction of its own",
                "the command, the fields that differ",
                "effects",
            ),
            Self::ActionRun => (
                "when a person or program asks for a named action",
                "name and arguments of the action",
                "refusals, effects, a result for the asker",
            ),
            Self::NotifyCompose => (
                "when a message is about to be queued",
                "the message and its recipient",
                "that it is not sent, or other recipients, channel, subject, text, HTML of a mail",
            ),
            Self::AccessFilter => (
                "once for a request of an agent or contact and each kind of record it touches",
                "that agent's or contact's own record as the record, the kind asked for",
                "conditions on indexed fields of records, fields that are not seen",
            ),
            Self::PackLifecycle => (
                "when the pack is installed, upgraded, enabled, disabled or removed, and when that is tried",
                "the phase, the versions before and after, whether it is a trial; no record",
                "refusals, records to create",
            ),
            Self::ConfigGuard => (
                "when somebody changes a type, status, field, option, calendar, level or pack",
                "create, change or remove; what, its code, its values before and after; no record",
                "refusals",
            ),
            Self::IntakeMatch => (
                "once for a search of a party",
                "the texts searched for by field, how they are compared, the channel; the appeal as the record, if there is one",
                "keys of indexes with weights, instead of the engine's own or beside them; a limit",
            ),
            Self::IntakeRoute => (
                "when an appeal is accepted, or may be handled without a person",
                "whether a person accepts it, what was asked for, parties found, open records of the party",
                "create, attach or decline; values for new parties; refusals, effects",
            ),
            Self::ProcessStep => (
                "when a stage of a process is entered, decided or completed",
                "process, stage, loops, decisions so far, the answer or result",
                "the next stage and status, who performs it; refusals, effects",
            ),
            Self::ContractConsume => (
                "when a ticket is closed, opened again, worked on, or taken from its contract",
                "the contract, its unit and total, what is used, what this ticket used",
                "the net amount of this ticket, what becomes of a use beyond the total; effects",
            ),
            Self::SearchDocument => (
                "when a record is written into the search index: after each change of it, and when the index is built anew",
                "-",
                "texts by which the record is found as well, for everybody or for the staff",
            ),
            Self::SearchRank => (
                "once for a search",
                "the kinds searched, the words of the query, whether the staff or a customer searches; no record",
                "factors of sections and of values, weights of age and of votes",
            ),
        };
        Reference {
            hook: self,
            when,
            gets,
            returns,
            breaks: self.breaks(),
            interfaces: self.interfaces(),
        }
    }

    const fn breaks(self) -> &'static str {
        match self {
            Self::Define => "the pack is not loaded",
            Self::IntakeRoute => {
                "refuses a person, leaves an appeal that came by itself in the inbox"
            }
            Self::ProcessStep => "refuses a decision or result; is left out of an entry",
            Self::IntakeMatch => "the engine's own keys are used, and it is journalled",
            Self::ContractConsume => "the contract's own terms hold, and it is journalled",
            Self::SearchDocument | Self::SearchRank => "is as if it were not there, and counted",
            hook if hook.fails_closed() => "refuses",
            _ => "is left out, and journalled",
        }
    }

    const fn interfaces(self) -> &'static [Interface] {
        macro_rules! since {
            ($earlier:literal: $($name:literal),+) => {
                const { &[$(Interface::since($earlier, $name)),+] }
            };
        }
        match self {
            Self::Define => since!("0.1.0": "define"),
            Self::RecordDefaults => since!("0.1.0": "record-defaults"),
            Self::FormRules => since!("0.1.0": "form-rules"),
            Self::AssignSelect => since!("0.1.0": "assign-select"),
            Self::RecordValidate => since!("0.1.0": "record-validate"),
            Self::TransitionGuard => since!("0.1.0": "transition-guard"),
            Self::TransitionEffect => since!("0.1.0": "transition-effect"),
            Self::SlaSelect => since!("0.1.0": "sla-select"),
            Self::SurveyLogic => since!("0.1.0": "survey-done", "survey-reply"),
            Self::ScheduleFire => since!("0.1.0": "schedule-fire"),
            Self::FieldCompute => since!("0.2.0": "field-compute"),
            Self::InteractionEvent => since!("0.2.0": "interaction-event"),
            Self::SlaClock => since!("0.2.0": "sla-clock"),
            Self::SlaEvent => since!("0.2.0": "sla-event"),
            Self::RecordChanged => since!("0.2.0": "record-changed"),
            Self::ActionRun => since!("0.2.0": "action-run"),
            Self::NotifyCompose => since!("0.2.0": "notify-compose"),
            Self::AccessFilter => since!("0.2.0": "access-filter"),
            Self::PackLifecycle => since!("0.3.0": "pack-lifecycle"),
            Self::ConfigGuard => since!("0.3.0": "config-guard"),
            Self::IntakeMatch => since!("0.3.0": "intake-match"),
            Self::IntakeRoute => since!("0.3.0": "intake-route"),
            Self::ProcessStep => since!("0.3.0": "process-step"),
            Self::ContractConsume => since!("0.3.0": "contract-consume"),
            Self::SearchDocument => since!("0.4.0": "search-document"),
            Self::SearchRank => since!("0.4.0": "search-rank"),
        }
    }
}

/// What every hook is, in their order.
pub fn reference() -> impl Iterator<Item = Reference> {
    Hook::ALL.into_iter().map(Hook::reference)
}

/// Every interface that plugins may export.
pub fn interfaces() -> impl Iterator<Item = &'static Interface> {
    Hook::ALL.into_iter().flat_map(Hook::interfaces)
}
