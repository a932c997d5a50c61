//! What `c` has without parentheses, and in which hooks.

use crate::hooks::Hook;

/// A member of `c`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member {
    /// Name.
    pub name: &'static str,
    /// Hooks that have it; none: every hook.
    pub hooks: &'static [Hook],
    /// What it is, as editors show it.
    pub about: &'static str,
}

/// The member of a name.
pub(super) fn member(name: &str) -> Option<&'static Member> {
    MEMBERS.iter().find(|member| member.name == name)
}

/// The names of all members.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    MEMBERS.iter().map(|member| member.name)
}

const ANY: &[Hook] = &[];
const RECORD: &[Hook] = &[
    Hook::RecordDefaults,
    Hook::FormRules,
    Hook::AssignSelect,
    Hook::RecordValidate,
    Hook::TransitionGuard,
    Hook::TransitionEffect,
    Hook::SlaSelect,
    Hook::SurveyLogic,
    Hook::ScheduleFire,
    Hook::FieldCompute,
    Hook::InteractionEvent,
    Hook::SlaClock,
    Hook::SlaEvent,
    Hook::RecordChanged,
    Hook::ActionRun,
    Hook::NotifyCompose,
    Hook::AccessFilter,
    Hook::IntakeMatch,
    Hook::IntakeRoute,
    Hook::ProcessStep,
    Hook::ContractConsume,
    Hook::SearchDocument,
];
const TRANSITION: &[Hook] = &[Hook::TransitionGuard, Hook::TransitionEffect];
const ASSIGN: &[Hook] = &[Hook::AssignSelect];
const LEVEL: &[Hook] = &[Hook::SlaSelect];
const SURVEY: &[Hook] = &[Hook::SurveyLogic];
const TIMER: &[Hook] = &[Hook::ScheduleFire];
const ENTRY: &[Hook] = &[Hook::InteractionEvent, Hook::SlaClock];
const EVENT: &[Hook] = &[
    Hook::SlaClock,
    Hook::SlaEvent,
    Hook::ProcessStep,
    Hook::ContractConsume,
];
const CHANGED: &[Hook] = &[Hook::RecordChanged];
const ACTION: &[Hook] = &[Hook::ActionRun];
const NOTICE: &[Hook] = &[Hook::NotifyCompose];
const PACK: &[Hook] = &[Hook::PackLifecycle];
const CONFIG: &[Hook] = &[Hook::ConfigGuard];
const MATCH: &[Hook] = &[Hook::IntakeMatch];
const ROUTE: &[Hook] = &[Hook::IntakeRoute];
const STEP: &[Hook] = &[Hook::ProcessStep];
const CONSUME: &[Hook] = &[Hook::ContractConsume];
const RANK: &[Hook] = &[Hook::SearchRank];

const fn m(name: &'static str, hooks: &'static [Hook], about: &'static str) -> Member {
    Member { name, hooks, about }
}

/// Every member.
pub const MEMBERS: [Member; 58] = [
    m(
        "record",
        RECORD,
        "The record that the rule is about, with what was decided so far.",
    ),
    m(
        "before",
        ANY,
        "The record before the command; `()` when it is new.",
    ),
    m(
        "related",
        ANY,
        "Records beside it that the rule declares in `reads`: `c.related.account`.",
    ),
    m(
        "options",
        ANY,
        "Options of the pack: `c.options.free_days`.",
    ),
    m("now", ANY, "The instant of the command."),
    m("actor", ANY, "Who acts: `role`, `id`, `locale`."),
    m("hook", ANY, "Name of the hook."),
    m("pack", ANY, "Name of the pack."),
    m(
        "is_new",
        ANY,
        "Whether there was no record before the command.",
    ),
    m(
        "from",
        TRANSITION,
        "The status that is left; empty for a new record.",
    ),
    m("to", TRANSITION, "The status that is entered."),
    m(
        "to_category",
        TRANSITION,
        "Its category, such as `waiting` or `done`.",
    ),
    m(
        "agents",
        ASSIGN,
        "Agents who may get the record: `id`, `code`, `name`, `team`, `skills`, `load`.",
    ),
    m("teams", ASSIGN, "Teams of the desk: `id`, `code`."),
    m("levels", LEVEL, "Support levels of the desk: `id`, `code`."),
    m(
        "address",
        SURVEY,
        "Where a survey would go when the record is done; `()` when nowhere.",
    ),
    m(
        "asked_before",
        SURVEY,
        "How many surveys were sent for the record before, when it is done.",
    ),
    m("template", SURVEY, "The survey that was answered."),
    m("score", SURVEY, "The score of a reply; `()` without one."),
    m(
        "scale",
        SURVEY,
        "The highest score of the survey that was answered.",
    ),
    m("comment", SURVEY, "The comment of a reply."),
    m("answers", SURVEY, "The answers of a reply."),
    m("timer", TIMER, "Name of the timer that came due."),
    m("data", TIMER, "What the timer was set with."),
    m("locale", ANY, "Language of whoever acts."),
    m(
        "entry",
        ENTRY,
        "The comment or message; in `sla.clock` `()` when it is about something else.",
    ),
    m("event", EVENT, "What happened."),
    m(
        "clock",
        &[Hook::SlaEvent],
        "The clock that is due: `name`, `state`, `due_at`, `breached`.",
    ),
    m("clocks", &[Hook::SlaClock], "The clocks of the ticket."),
    m("changes", CHANGED, "Names of the fields that changed."),
    m("command", CHANGED, "The command that changed them."),
    m("action", ACTION, "Name of the action."),
    m("arguments", ACTION, "What the asker gave with it."),
    m(
        "notice",
        NOTICE,
        "The message: `source`, `to`, `address`, `channel`, `locale`, `subject`, `text`.",
    ),
    m("phase", PACK, "What becomes of the pack."),
    m(
        "from_version",
        PACK,
        "Its version until now; `()` when it is new.",
    ),
    m(
        "to_version",
        PACK,
        "Its version from now on; `()` when it goes.",
    ),
    m("dry_run", PACK, "Whether it is only tried."),
    m(
        "config",
        CONFIG,
        "What is changed: `operation`, `what`, `code`, `before`, `after`.",
    ),
    m(
        "search",
        MATCH,
        "What is looked for: `mode`, `all_must_match`, `channel`, `asked`.",
    ),
    m("automatic", ROUTE, "Whether nobody waits for an answer."),
    m(
        "wanted",
        ROUTE,
        "What was asked to be made: `kind`, `type`, `record`, `values`.",
    ),
    m(
        "found",
        ROUTE,
        "Parties that were found, the best first: `record`, `kind`, `id`, `score`, `reasons`.",
    ),
    m(
        "open",
        ROUTE,
        "Open records of the parties that were found.",
    ),
    m("process", STEP, "The process."),
    m("stage", STEP, "The stage."),
    m("loops", STEP, "How often the stage was entered before."),
    m("entered_at", STEP, "When the stage was entered."),
    m("decided", STEP, "Decisions so far: `stage`, `answer`."),
    m(
        "outcome",
        STEP,
        "The answer or result of the step; `()` when the stage is entered.",
    ),
    m("contract", CONSUME, "The contract."),
    m("unit", CONSUME, "What it counts."),
    m("total", CONSUME, "How much it has; `()` without a limit."),
    m(
        "used",
        CONSUME,
        "What is used of it, the part of this ticket included.",
    ),
    m("counted", CONSUME, "What this ticket used so far."),
    m("kinds", RANK, "Kinds of records that are looked for."),
    m("words", RANK, "Words that are looked for."),
    m("channel", RANK, "Where the search came from."),
];
