//! What a hook gets.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::Arc;

use super::{
    ConfigView, ConsumeView, Hook, LifecycleView, MatchView, RankView, RouteView, StageView,
};
use crate::domain::{Id, Instant, Kind, Value};

/// One call of a hook: everything it may know.
#[derive(Debug, Clone)]
pub struct Call {
    /// The hook.
    pub hook: Hook,
    /// Pack of the rule that is called; unqualified field names resolve to it.
    pub pack: Arc<str>,
    /// The engine's time.
    pub now: Instant,
    /// Who asked for the change.
    pub actor: ActorView,
    /// The record as it stands, earlier rules' changes included; an empty one for hooks that are about
    /// none.
    pub record: Arc<RecordView>,
    /// The record before the command; absent when it is being created.
    pub before: Option<Arc<RecordView>>,
    /// Fields that the command set explicitly (a person's or program's own words).
    pub asked: Arc<Vec<String>>,
    /// Records that the rule declared it reads, by the name of the reference (`account`, …).
    pub related: Arc<BTreeMap<String, Arc<RecordView>>>,
    /// Options of the pack, as its administrator set them.
    pub options: Arc<BTreeMap<String, Value>>,
    /// What is particular to the hook.
    pub detail: Detail,
}

/// Who acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActorView {
    /// `admin`, `agent`, `contact`, `rule`, `system`.
    pub role: String,
    /// The agent's or contact's record.
    pub id: Option<Id>,
    /// Language of the person.
    pub locale: String,
}

/// A record as hooks see it.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordView {
    /// Identity.
    pub id: Id,
    /// Kind.
    pub kind: Kind,
    /// Values by full field name.
    pub fields: BTreeMap<String, Value>,
    /// Name of the status' category, when there is a status.
    pub category: Option<&'static str>,
}

impl RecordView {
    /// The value of a field as a rule of `pack` names it: the engine's own fields and qualified
    /// names first, then the pack's own.
    #[must_use]
    pub fn field(&self, pack: &str, name: &str) -> Option<&Value> {
        seen::note(self, name);
        self.fields.get(name).or_else(|| {
            if name.contains('/') {
                None
            } else {
                self.fields.get(&format!("{pack}/{name}"))
            }
        })
    }
}

/// An agent who could be assigned. Who that is is shared by all commands until it changes; how busy
/// the agent is differs from one command to the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentView {
    /// Who it is.
    pub profile: Arc<AgentProfile>,
    /// Name; empty for a pack that may not see names of agents.
    pub name: Arc<str>,
    /// Open tickets the agent has.
    pub load: i64,
}

impl Deref for AgentView {
    type Target = AgentProfile;

    fn deref(&self) -> &AgentProfile {
        &self.profile
    }
}

/// Who an agent is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentProfile {
    /// The agent.
    pub id: Id,
    /// Code of the agent.
    pub code: String,
    /// Team.
    pub team: Option<Id>,
    /// Code of the team.
    pub team_code: String,
    /// What the agent can do.
    pub skills: Vec<String>,
}

/// A support level that could apply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LevelView {
    /// The support level.
    pub id: Id,
    /// Its code.
    pub code: String,
}

/// One answer of a survey.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SurveyAnswer {
    /// Code of the question.
    pub question: String,
    /// Score, when the question asks for one.
    pub score: Option<i64>,
    /// Text, when the question asks for it.
    pub text: String,
}

/// A comment or message as hooks see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryView {
    /// Identity.
    pub id: Id,
    /// When it was recorded.
    pub at: Instant,
    /// `comment` or `message`.
    pub form: &'static str,
    /// Role of its author: `admin`, `agent`, `contact`, `rule`, `system`.
    pub author: String,
    /// `mail`, `phone`, `chat`, …; empty for a comment.
    pub channel: String,
    /// `in` or `out`; empty for a comment.
    pub direction: &'static str,
    /// `public` or `internal`.
    pub visibility: &'static str,
    /// Subject, if it has one.
    pub subject: String,
    /// Text.
    pub text: String,
}

/// A clock of a ticket as hooks see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClockView {
    /// Which clock: `reaction`, `resolution`, ….
    pub clock: String,
    /// `running`, `paused`, `met`, `cancelled`.
    pub state: &'static str,
    /// When it is due.
    pub due_at: Instant,
    /// Whether its due time passed before it was met.
    pub breached: bool,
}

/// A message about to be queued, as hooks see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeView {
    /// What asked for it: `pack/rule`, or the engine's own reason, such as `survey`.
    pub source: String,
    /// `contact`, `assignee`, `team`, or an address, as it was asked for.
    pub to: String,
    /// The address that `to` stands for, if there is one.
    pub address: Option<String>,
    /// `mail`, `chat`, …
    pub channel: String,
    /// Language of the recipient.
    pub locale: String,
    /// Subject.
    pub subject: String,
    /// Text.
    pub text: String,
}

/// What is particular to a hook.
#[derive(Debug, Clone, PartialEq)]
pub enum Detail {
    /// Nothing: defaults, computed fields, validation, form rules.
    None,
    /// A change of status: guard and effect.
    Transition {
        /// Status that is left.
        from: String,
        /// Status that is entered.
        to: String,
        /// Category of the status that is entered.
        to_category: &'static str,
    },
    /// An assignee is needed.
    Assign {
        /// Agents that are present and active.
        agents: Arc<[AgentView]>,
        /// Codes of the teams and their ids.
        teams: Arc<[(String, Id)]>,
    },
    /// A support level is needed.
    SlaSelect {
        /// The levels, in their order.
        levels: Arc<[LevelView]>,
    },
    /// A record reached a status of category done.
    SurveyDone {
        /// Mail address the survey would go to, if there is one.
        address: Option<String>,
        /// Surveys already asked for on this record.
        asked_before: i64,
    },
    /// A customer answered a survey.
    SurveyReply {
        /// Template of the survey.
        template: String,
        /// Overall score, when there is one.
        score: Option<i64>,
        /// Greatest score of the scale.
        scale: i64,
        /// Comment.
        comment: String,
        /// Answers by question.
        answers: Vec<SurveyAnswer>,
    },
    /// A timer came due.
    Timer {
        /// Name given when it was set.
        name: String,
        /// Data given when it was set, as JSON text.
        data: String,
    },
    /// A comment or message was recorded.
    Interaction {
        /// What was recorded.
        entry: Arc<EntryView>,
    },
    /// Something happened that clocks may follow.
    Clocks {
        /// `created`, `interaction`, `status`, `level`.
        event: &'static str,
        /// What was recorded, for `interaction`.
        entry: Option<Arc<EntryView>>,
        /// The ticket's clocks.
        clocks: Arc<[ClockView]>,
    },
    /// A clock is about to pass or passed its due time.
    SlaEvent {
        /// `warned` or `breached`.
        event: &'static str,
        /// The clock.
        clock: ClockView,
    },
    /// A change was committed.
    Changed {
        /// Command that changed it: `update`, `transition`, `comment`, ….
        command: String,
        /// Full names of the fields that differ from `before`, in order.
        fields: Arc<[String]>,
    },
    /// A named action was asked for.
    Action {
        /// Name of the action, without the pack.
        name: String,
        /// Arguments, as JSON text of an object.
        arguments: String,
    },
    /// A message is about to be queued.
    Notice {
        /// The message.
        notice: Arc<NoticeView>,
    },
    /// A principal asks for records; `record` of the call is the principal's own.
    Access {
        /// Kind of the records asked for.
        kind: Kind,
    },
    /// Something happens to the pack of the rule.
    Lifecycle(Arc<LifecycleView>),
    /// The configuration is about to change.
    Config(Arc<ConfigView>),
    /// A party is searched for.
    Match(Arc<MatchView>),
    /// An appeal is accepted, or arrived.
    Route(Arc<RouteView>),
    /// A process is at a stage.
    Stage(Arc<StageView>),
    /// A ticket uses a contract.
    Consume(Arc<ConsumeView>),
    /// A search is about to be made.
    Rank(Arc<RankView>),
}

/// Which fields a rule looked at, for explanations. Off but while somebody asks.
pub mod seen {
    use std::cell::{Cell, RefCell};

    use super::RecordView;
    use crate::domain::{Id, Kind};

    /// Most looks that are kept.
    const MAX_SEEN: usize = 500;

    /// A record and the name by which a rule asked for one of its fields.
    pub type Look = (Kind, Id, String);

    thread_local! {
        static ON: Cell<bool> = const { Cell::new(false) };
        static SEEN: RefCell<Vec<Look>> = const { RefCell::new(Vec::new()) };
    }

    pub(super) fn note(view: &RecordView, name: &str) {
        if !ON.with(Cell::get) {
            return;
        }
        SEEN.with(|seen| {
            let mut seen = seen.borrow_mut();
            let known =
                |(kind, id, field): &Look| *kind == view.kind && *id == view.id && field == name;
            if seen.len() < MAX_SEEN && !seen.iter().any(known) {
                seen.push((view.kind, view.id, name.to_owned()));
            }
        });
    }

    /// Does some work on this thread and tells which fields were looked at.
    pub fn during<T>(work: impl FnOnce() -> T) -> (T, Vec<Look>) {
        SEEN.with(|seen| seen.borrow_mut().clear());
        ON.with(|on| on.set(true));
        let done = work();
        ON.with(|on| on.set(false));
        (
            done,
            SEEN.with(|seen| std::mem::take(&mut *seen.borrow_mut())),
        )
    }
}
