//! Surveys as they are stored.

use serde::{Deserialize, Serialize};

use crate::domain::{Id, Instant, Kind};
use crate::packs::Catalog;

/// A request to rate a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Survey {
    /// Identity.
    pub id: Id,
    /// Kind of the record.
    pub kind: Kind,
    /// The record.
    pub record: Id,
    /// Pack of the rule that asked.
    pub pack: String,
    /// Rule that asked, `pack/name`.
    pub rule: String,
    /// Code of the survey's definition.
    pub template: String,
    /// Channel.
    pub channel: String,
    /// Address.
    pub to: String,
    /// Subject of the message.
    pub subject: String,
    /// Text of the message, with `{link}` for the address of the survey.
    pub text: String,
    /// Greatest score of the scale, from 1.
    pub scale: i64,
    /// Seconds during which an answer is taken, from sending.
    pub valid_secs: i64,
    /// State.
    pub state: SurveyState,
    /// Until when an answer is taken, once it was sent.
    #[serde(with = "chrono::serde::ts_microseconds_option")]
    pub expires_at: Option<Instant>,
}

impl Survey {
    /// Code of its definition as the pack has it today.
    pub fn template_now(&self, catalog: &Catalog) -> String {
        let pack = self.template.split_once('/').map_or("", |(pack, _)| pack);
        let pack = catalog.pack(pack);
        let now = pack.map(|p| p.survey_now(self.id, &self.template).into_owned());
        now.unwrap_or_else(|| self.template.clone())
    }

    /// Whether an answer is still taken.
    pub fn is_open(&self, now: Instant) -> bool {
        let is_late = self.expires_at.is_some_and(|at| at < now);
        self.state != SurveyState::Answered && !is_late
    }
}

/// The life of a survey.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SurveyState {
    /// It waits to be sent.
    Planned,
    /// It was sent, an answer is awaited.
    Sent,
    /// It was answered.
    Answered,
    /// The record was opened again before it was sent, or another one took its place.
    Dropped,
}
