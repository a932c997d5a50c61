//! What a hook may return.

use super::{
    ConsumeChoice, Effect, IndexText, NewParty, PartyKeys, Predicate, RankChoice, RouteChoice,
    StageChoice,
};

/// Where in a script something was decided; plugins have no lines.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Spot {
    /// Line, from 1; 0 when unknown.
    pub line: u32,
    /// Column, from 1; 0 when unknown.
    pub column: u32,
}

/// A decision. An empty one is no opinion. Each hook uses the members its table names; the engine
/// refuses the others by name.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Decision {
    /// Reasons to refuse: `record.validate`, `transition.guard`, `action.run`, `pack.lifecycle`,
    /// `config.guard`, `intake.route`, `process.step`.
    pub refusals: Vec<Refusal>,
    /// What to do, in order: `record.defaults` and `field.compute` (only `Set`), `transition.effect`,
    /// `schedule.fire`, `survey.logic`, `interaction.event`, `sla.event`, `record.changed`,
    /// `action.run`, `pack.lifecycle` (only `Create`), `intake.route`, `process.step`,
    /// `contract.consume`.
    pub effects: Vec<(Effect, Spot)>,
    /// Form rules: `form.rules`.
    pub form: Vec<FieldRule>,
    /// Who shall be in charge: `assign.select`; who performs the next stage: `process.step`.
    pub assign: Option<AssignChoice>,
    /// Which support level applies: `sla.select`.
    pub level: Option<LevelChoice>,
    /// Whether to ask for a rating: `survey.logic`, when a record is done.
    pub ask: Option<SurveyAsk>,
    /// What an answer means: `survey.logic`, when a reply came.
    pub outcome: Option<SurveyOutcome>,
    /// What the clocks shall do, in order: `sla.clock`.
    pub clocks: Vec<ClockStep>,
    /// What becomes of a message: `notify.compose`.
    pub notice: Option<NoticeChoice>,
    /// What a principal may see: `access.filter`.
    pub access: Option<AccessChoice>,
    /// What the asker gets back, as JSON text: `action.run`.
    pub result: Option<String>,
    /// By which keys parties are searched for: `intake.match`.
    pub keys: Option<PartyKeys>,
    /// What becomes of an appeal: `intake.route`.
    pub route: Option<RouteChoice>,
    /// Values for new parties: `intake.route`.
    pub parties: Vec<NewParty>,
    /// Where a process goes on: `process.step`.
    pub stage: Option<StageChoice>,
    /// What a ticket uses of a contract: `contract.consume`.
    pub consume: Option<ConsumeChoice>,
    /// By which texts a record is found as well: `search.document`.
    pub texts: Vec<IndexText>,
    /// How hits are ranked: `search.rank`.
    pub rank: Option<RankChoice>,
    /// Reasons given, for the trace.
    pub because: Vec<Because>,
}

impl Decision {
    /// Whether the hook had no opinion (reasons alone are none).
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let Self {
            refusals,
            effects,
            form,
            assign,
            level,
            ask,
            outcome,
            clocks,
            notice,
            access,
            result,
            keys,
            route,
            parties,
            stage,
            consume,
            texts,
            rank,
            because: _,
        } = self;
        refusals.is_empty()
            && effects.is_empty()
            && form.is_empty()
            && assign.is_none()
            && level.is_none()
            && ask.is_none()
            && outcome.is_none()
            && clocks.is_empty()
            && notice.is_none()
            && access.is_none()
            && result.is_none()
            && keys.is_none()
            && route.is_none()
            && parties.is_empty()
            && stage.is_none()
            && consume.is_none()
            && texts.is_empty()
            && rank.is_none()
    }
}

/// A reason to refuse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Stable code of the reason, given by the rule.
    pub code: String,
    /// Text for people.
    pub message: String,
    /// Field that is to blame, if one is.
    pub field: Option<String>,
    /// Where the script decided it.
    pub spot: Spot,
}

/// How a form treats a field.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldRule {
    /// Field; unqualified names resolve to the rule's pack.
    pub field: String,
    /// Whether it is shown.
    pub visible: Option<bool>,
    /// Whether a value is needed; enforced on every write.
    pub required: Option<bool>,
    /// Whether it may not be changed; enforced on every write.
    pub readonly: Option<bool>,
    /// The options that are offered; enforced on every write.
    pub options: Option<Vec<String>>,
    /// Advice shown beside the field.
    pub advice: Option<String>,
    /// Where the script decided it.
    pub spot: Spot,
}

/// Who shall be in charge, by id or code.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AssignChoice {
    /// Agent.
    pub agent: Option<String>,
    /// Team.
    pub team: Option<String>,
    /// Why, for the journal.
    pub reason: String,
    /// Where the script decided it.
    pub spot: Spot,
}

/// Which support level applies, by id or code.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LevelChoice {
    /// Support level.
    pub level: String,
    /// Why, for the journal.
    pub reason: String,
    /// Where the script decided it.
    pub spot: Spot,
}

/// Whether and how to ask for a rating.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SurveyAsk {
    /// Do not ask; the code of the reason is journalled.
    Skip {
        /// Code of the reason.
        reason: String,
        /// Where the script decided it.
        spot: Spot,
    },
    /// Ask.
    Send {
        /// Template: which questions.
        template: String,
        /// `mail`, …
        channel: String,
        /// Seconds to wait before asking.
        delay_secs: i64,
        /// Seconds during which an answer is taken.
        valid_secs: i64,
        /// Greatest score of the scale (from 1).
        scale: i64,
        /// Subject of the message.
        subject: String,
        /// Text of the message; `{link}` stands for the address of the survey.
        text: String,
        /// Where the script decided it.
        spot: Spot,
    },
}

/// What an answer means.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SurveyOutcome {
    /// Code of the meaning, such as `satisfied`.
    pub meaning: String,
    /// Score made of several answers, if the rule computes one, in hundredths.
    pub weighted: Option<i64>,
    /// Where the script decided it.
    pub spot: Spot,
}

/// What a clock shall do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClockStep {
    /// Which clock: `reaction`, `resolution`, ….
    pub clock: String,
    /// What it does.
    pub act: ClockAct,
    /// Where the script decided it.
    pub spot: Spot,
}

/// What a clock does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockAct {
    /// Run, when it does not: begun anew by the level's terms, or run on after it ended.
    Start,
    /// Stand still; time does not count.
    Pause,
    /// Run on.
    Resume,
    /// End well: the promise was kept, or late.
    Meet,
    /// End without a verdict.
    Cancel,
    /// Be due later by so many seconds of working time.
    Extend(i64),
}

/// What becomes of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoticeChoice {
    /// Do not send it; the code of the reason is journalled.
    Suppress {
        /// Code of the reason.
        reason: String,
        /// Where the script decided it.
        spot: Spot,
    },
    /// Send it so. What is absent stays as it was asked for.
    Compose {
        /// Recipients: `contact`, `assignee`, `team`, or addresses; each gets a message.
        to: Option<Vec<String>>,
        /// Channel.
        channel: Option<String>,
        /// Subject.
        subject: Option<String>,
        /// Text.
        text: Option<String>,
        /// The text as HTML, for mails.
        html: Option<String>,
        /// The template of the pack that gives what of subject, text and HTML is absent. It is filled
        /// in before the decision leaves the pack.
        template: Option<TemplateChoice>,
        /// Where the script decided it.
        spot: Spot,
    },
}

/// A template of the rule's own pack, and what is put into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateChoice {
    /// Name of the template.
    pub name: String,
    /// Values by name, as JSON text of an object.
    pub values: String,
}

/// What a principal may see of the records of a kind. Choices of several rules hold together.
#[derive(Debug, Clone, PartialEq)]
pub struct AccessChoice {
    /// Which records.
    pub only: Predicate,
    /// Fields it does not see; unqualified names resolve to the rule's pack.
    pub masked: Vec<String>,
    /// Where the script decided it.
    pub spot: Spot,
}

/// A reason, for the trace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Because {
    /// Code of the reason.
    pub code: String,
    /// What it was seen in.
    pub text: String,
    /// Where the script said it.
    pub spot: Spot,
}
