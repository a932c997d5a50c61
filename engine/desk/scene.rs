//! What is particular to a hook, as the journal keeps it: what cannot be read again from records.

use serde::{Deserialize, Serialize};
use std::sync::Arc;

use super::Result;
use super::kept::{KeptConsume, KeptRoute};
use crate::domain::{EntryBody, Id, Instant, Kind};
use crate::hooks::{
    ClockView, ConfigView, Detail, EntryView, LifecycleView, MatchView, NoticeView, StageView,
    SurveyAnswer,
};

/// What is particular to the hook. The order of the variants is stored: new ones go to the end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum SceneDetail {
    /// Nothing.
    None,
    /// A change of status.
    Transition {
        /// Status that is left.
        from: String,
        /// Status that is entered.
        to: String,
    },
    /// An assignee was needed: the loads of the agents, in their order, without zeros at the end.
    Assign(Vec<i64>),
    /// A support level was needed.
    SlaSelect,
    /// A record was done.
    SurveyDone {
        /// Address of the customer.
        address: Option<String>,
        /// Surveys asked for before.
        asked_before: i64,
    },
    /// A customer answered.
    SurveyReply {
        /// Template.
        template: String,
        /// Overall score.
        score: Option<i64>,
        /// Greatest score.
        scale: i64,
        /// Comment.
        comment: String,
        /// Question, score and text of each answer.
        answers: Vec<(String, Option<i64>, String)>,
    },
    /// A timer came due.
    Timer {
        /// Its name.
        name: String,
        /// Its data.
        data: String,
    },
    /// A comment or message was recorded.
    Interaction(KeptEntry),
    /// Something happened that clocks may follow.
    Clocks {
        /// What.
        event: String,
        /// What was recorded.
        entry: Option<KeptEntry>,
        /// The clocks.
        clocks: Vec<KeptClock>,
    },
    /// A clock is about to pass or passed its due time.
    SlaEvent {
        /// Which of it.
        event: String,
        /// The clock.
        clock: KeptClock,
    },
    /// A change was committed.
    Changed {
        /// Command that changed it.
        command: String,
        /// Fields that differ.
        fields: Vec<String>,
    },
    /// A named action was asked for.
    Action {
        /// Its name.
        name: String,
        /// Its arguments.
        arguments: String,
    },
    /// A message was about to be queued.
    Notice {
        /// What asked for it.
        source: String,
        /// Recipient.
        to: String,
        /// Its address.
        address: Option<String>,
        /// Channel.
        channel: String,
        /// Language.
        locale: String,
        /// Subject.
        subject: String,
        /// Text.
        text: String,
    },
    /// A principal asked for records.
    Access(Kind),
    /// Something happened to a pack.
    Lifecycle(LifecycleView),
    /// The configuration was about to change.
    Config(ConfigView),
    /// A party was searched for.
    Match(MatchView),
    /// An appeal was accepted, or arrived.
    Route(KeptRoute),
    /// A process was at a stage.
    Stage(StageView),
    /// A ticket used a contract.
    Consume(KeptConsume),
}

/// A comment or message; subject and text stand in its own row, which never changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptEntry {
    id: Id,
    #[serde(with = "chrono::serde::ts_microseconds")]
    at: Instant,
    form: String,
    author: String,
    channel: String,
    direction: String,
    visibility: String,
}

/// A clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptClock {
    clock: String,
    state: String,
    #[serde(with = "chrono::serde::ts_microseconds")]
    due_at: Instant,
    breached: bool,
}

/// Words that calls hold by reference; what is kept as text becomes one of them again.
const WORDS: [&str; 16] = [
    "comment",
    "message",
    "in",
    "out",
    "public",
    "internal",
    "running",
    "paused",
    "met",
    "cancelled",
    "created",
    "interaction",
    "status",
    "level",
    "warned",
    "breached",
];

fn word(text: &str) -> &'static str {
    let found = WORDS.into_iter().find(|word| *word == text);
    found.unwrap_or("")
}

impl KeptEntry {
    fn of(view: &EntryView) -> Self {
        Self {
            id: view.id,
            at: view.at,
            form: view.form.to_owned(),
            author: view.author.clone(),
            channel: view.channel.clone(),
            direction: view.direction.to_owned(),
            visibility: view.visibility.to_owned(),
        }
    }

    fn view(&self, body: EntryBody) -> EntryView {
        let (subject, text) = match body {
            EntryBody::Comment { text, .. } => (String::new(), text),
            EntryBody::Message { subject, text, .. } => (subject, text),
            EntryBody::Attachment { .. } | EntryBody::Link { .. } | EntryBody::Consumption(_) => {
                Default::default()
            }
        };
        EntryView {
            id: self.id,
            at: self.at,
            form: word(&self.form),
            author: self.author.clone(),
            channel: self.channel.clone(),
            direction: word(&self.direction),
            visibility: word(&self.visibility),
            subject,
            text,
        }
    }
}

impl KeptClock {
    fn of(view: &ClockView) -> Self {
        Self {
            clock: view.clock.clone(),
            state: view.state.to_owned(),
            due_at: view.due_at,
            breached: view.breached,
        }
    }

    fn view(&self) -> ClockView {
        ClockView {
            clock: self.clock.clone(),
            state: word(&self.state),
            due_at: self.due_at,
            breached: self.breached,
        }
    }
}

impl SceneDetail {
    /// What is kept of a call's detail.
    pub fn of(detail: &Detail) -> Self {
        match detail {
            Detail::None => Self::None,
            Detail::Transition { from, to, .. } => Self::Transition {
                from: from.clone(),
                to: to.clone(),
            },
            Detail::Assign { agents, .. } => {
                let mut loads: Vec<i64> = agents.iter().map(|a| a.load).collect();
                while loads.last() == Some(&0) {
                    loads.pop();
                }
                Self::Assign(loads)
            }
            Detail::SlaSelect { .. } => Self::SlaSelect,
            Detail::SurveyDone {
                address,
                asked_before,
            } => Self::SurveyDone {
                address: address.clone(),
                asked_before: *asked_before,
            },
            Detail::SurveyReply {
                template,
                score,
                scale,
                comment,
                answers,
            } => Self::SurveyReply {
                template: template.clone(),
                score: *score,
                scale: *scale,
                comment: comment.clone(),
                answers: answers
                    .iter()
                    .map(|a| (a.question.clone(), a.score, a.text.clone()))
                    .collect(),
            },
            Detail::Timer { name, data } => Self::Timer {
                name: name.clone(),
                data: data.clone(),
            },
            Detail::Interaction { entry } => Self::Interaction(KeptEntry::of(entry)),
            Detail::Clocks {
                event,
                entry,
                clocks,
            } => Self::Clocks {
                event: (*event).to_owned(),
                entry: entry.as_deref().map(KeptEntry::of),
                clocks: clocks.iter().map(KeptClock::of).collect(),
            },
            Detail::SlaEvent { event, clock } => Self::SlaEvent {
                event: (*event).to_owned(),
                clock: KeptClock::of(clock),
            },
            Detail::Changed { command, fields } => Self::Changed {
                command: command.clone(),
                fields: fields.to_vec(),
            },
            Detail::Action { name, arguments } => Self::Action {
                name: name.clone(),
                arguments: arguments.clone(),
            },
            Detail::Notice { notice } => Self::notice(notice),
            Detail::Access { kind } => Self::Access(*kind),
            Detail::Lifecycle(view) => Self::Lifecycle((**view).clone()),
            Detail::Config(view) => Self::Config((**view).clone()),
            Detail::Match(view) => Self::Match((**view).clone()),
            Detail::Route(view) => Self::Route(KeptRoute::of(view)),
            Detail::Stage(view) => Self::Stage((**view).clone()),
            Detail::Consume(view) => Self::Consume(KeptConsume::of(view)),
            // A search is no command: it leaves nothing in the journal.
            Detail::Rank(_) => Self::None,
        }
    }

    fn notice(notice: &NoticeView) -> Self {
        Self::Notice {
            source: notice.source.clone(),
            to: notice.to.clone(),
            address: notice.address.clone(),
            channel: notice.channel.clone(),
            locale: notice.locale.clone(),
            subject: notice.subject.clone(),
            text: notice.text.clone(),
        }
    }

    /// Whether two scenes of one hook on one record, with the same cause, are the same one.
    pub fn is_of(&self, detail: &Detail) -> bool {
        match detail {
            // They happen once in a command, and to compare them would be long.
            Detail::None | Detail::Assign { .. } | Detail::SlaSelect { .. } => true,
            detail => *self == Self::of(detail),
        }
    }

    /// The call's detail again, for those that need no more than the comments and messages that
    /// `body` gives; none when one of these is gone, or for those that need more.
    pub fn detail(
        &self,
        body: &mut dyn FnMut(Id) -> Result<Option<EntryBody>>,
    ) -> Result<Option<Detail>> {
        let mut entry = |kept: &KeptEntry| -> Result<Option<Arc<EntryView>>> {
            Ok(body(kept.id)?.map(|body| Arc::new(kept.view(body))))
        };
        Ok(Some(match self {
            Self::Transition { .. } | Self::Assign(_) | Self::SlaSelect => return Ok(None),
            Self::Interaction(kept) => match entry(kept)? {
                Some(entry) => Detail::Interaction { entry },
                None => return Ok(None),
            },
            Self::Clocks {
                event,
                entry: kept,
                clocks,
            } => {
                let found = kept.as_ref().map(&mut entry).transpose()?.flatten();
                if kept.is_some() != found.is_some() {
                    return Ok(None);
                }
                Detail::Clocks {
                    event: word(event),
                    entry: found,
                    clocks: clocks.iter().map(KeptClock::view).collect(),
                }
            }
            other => return Ok(other.plain()),
        }))
    }

    /// The detail of those that hold all of it.
    fn plain(&self) -> Option<Detail> {
        Some(match self.clone() {
            Self::None => Detail::None,
            Self::SurveyDone {
                address,
                asked_before,
            } => Detail::SurveyDone {
                address,
                asked_before,
            },
            Self::SurveyReply {
                template,
                score,
                scale,
                comment,
                answers,
            } => Detail::SurveyReply {
                template,
                score,
                scale,
                comment,
                answers: answers.into_iter().map(answer).collect(),
            },
            Self::Timer { name, data } => Detail::Timer { name, data },
            Self::SlaEvent { event, clock } => Detail::SlaEvent {
                event: word(&event),
                clock: clock.view(),
            },
            Self::Changed { command, fields } => Detail::Changed {
                command,
                fields: fields.into(),
            },
            Self::Action { name, arguments } => Detail::Action { name, arguments },
            Self::Notice {
                source,
                to,
                address,
                channel,
                locale,
                subject,
                text,
            } => Detail::Notice {
                notice: Arc::new(NoticeView {
                    source,
                    to,
                    address,
                    channel,
                    locale,
                    subject,
                    text,
                }),
            },
            Self::Access(kind) => Detail::Access { kind },
            Self::Lifecycle(view) => Detail::Lifecycle(Arc::new(view)),
            Self::Config(view) => Detail::Config(Arc::new(view)),
            Self::Match(view) => Detail::Match(Arc::new(view)),
            Self::Stage(view) => Detail::Stage(Arc::new(view)),
            _ => return None,
        })
    }
}

fn answer((question, score, text): (String, Option<i64>, String)) -> SurveyAnswer {
    SurveyAnswer {
        question,
        score,
        text,
    }
}
