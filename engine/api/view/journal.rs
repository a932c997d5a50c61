//! What the journal tells, as JSON: the history of a record, the stream of events.

use serde::Serialize;
use serde_json::Value as Json;
use utoipa::ToSchema;

use super::{instant, link};
use crate::desk::{Event, HistoryItem};
use crate::domain::Kind;

/// One change in the life of a record.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HistoryItem)]
pub struct HistoryView {
    /// Position.
    pub position: u64,
    /// When.
    pub at: String,
    /// Who.
    pub actor: String,
    /// Command.
    pub command: String,
    /// Id of the request.
    pub request_id: String,
    /// Timer or command that caused it.
    pub cause: Option<String>,
    /// Fields that changed.
    pub changes: Vec<ChangeView>,
    /// Entries that were added.
    pub entries: Vec<String>,
    /// Rules that were called.
    pub rules: Vec<RuleRunItemView>,
    /// Records that rules read beyond this one.
    pub reads: Vec<ReadView>,
    /// Notes such as `survey_skipped:no_address`.
    pub notes: Vec<String>,
}

/// A record that a rule read, as it was then.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RuleRead)]
pub struct ReadView {
    /// Kind.
    pub kind: &'static str,
    /// Id.
    pub id: String,
    /// Version that was read.
    pub version: u64,
    /// Path of the record.
    pub link: String,
}

/// A field that changed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FieldChange)]
pub struct ChangeView {
    /// Field.
    pub field: String,
    /// Value before.
    pub old: Json,
    /// Value after.
    pub new: Json,
    /// `asked`, `engine`, or the rule with its line.
    pub by: String,
}

/// A rule that was called.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RuleRun)]
pub struct RuleRunItemView {
    /// `pack/name`.
    pub rule: String,
    /// Version of the pack.
    pub version: String,
    /// Hash of the pack's revision.
    pub revision: String,
    /// Hook.
    pub hook: String,
    /// `no_opinion`, `decided`, `refused`, `failed` or `suspended`.
    pub verdict: String,
    /// Operations or fuel used.
    pub used: u64,
    /// Reasons it gave, and its error.
    pub reasons: Vec<String>,
}

/// An item of a history as JSON.
#[must_use]
pub fn history(item: HistoryItem) -> HistoryView {
    let value = |v: Option<crate::domain::Value>| v.map_or(Json::Null, |v| v.to_json());
    let changes = item.changes.into_iter().map(|c| ChangeView {
        field: c.field,
        old: value(c.old),
        new: value(c.new),
        by: c.by,
    });
    let rules = item.rules.into_iter().map(|r| RuleRunItemView {
        rule: r.rule,
        version: r.version,
        revision: r.revision,
        hook: r.hook,
        verdict: r.verdict,
        used: r.used,
        reasons: r.reasons,
    });
    let reads = item.reads.into_iter().map(|(kind, id, version)| ReadView {
        kind: kind.name(),
        link: link(kind, &id.to_string()),
        id: id.to_string(),
        version: version.0,
    });
    HistoryView {
        position: item.pos.0,
        at: instant(item.at),
        actor: item.actor,
        command: item.command,
        request_id: item.request,
        cause: item.cause,
        changes: changes.collect(),
        entries: item.entries.iter().map(ToString::to_string).collect(),
        rules: rules.collect(),
        reads: reads.collect(),
        notes: item.notes,
    }
}

/// One event of the stream.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Event)]
pub struct EventView {
    /// Position: the event's id.
    pub position: u64,
    /// When.
    pub at: String,
    /// Command.
    pub command: String,
    /// Who.
    pub actor: String,
    /// Records that changed.
    pub records: Vec<EventRecordView>,
    /// Entries that were added.
    pub entries: Vec<EventEntryView>,
    /// Agents for whom the intake was opened: a call reached them.
    pub drafts: Vec<EventDraftView>,
    /// Whether something may have been kept from the asker.
    #[serde(skip)]
    pub masked: bool,
}

/// An intake that was opened for an agent.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EventDraft)]
pub struct EventDraftView {
    /// Id of the agent.
    pub agent: String,
    /// Id of the draft inquiry.
    pub inquiry: String,
    /// Path of the draft inquiry.
    pub link: String,
}

/// A record that changed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EventRecord)]
pub struct EventRecordView {
    /// Kind.
    pub kind: &'static str,
    /// Id.
    pub id: String,
    /// Names of the fields that changed.
    pub fields: Vec<String>,
    /// Path of the record.
    pub link: String,
}

/// An entry that was added.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EventEntry)]
pub struct EventEntryView {
    /// Kind of the record.
    pub kind: &'static str,
    /// Record.
    pub id: String,
    /// Entry.
    pub entry: String,
}

/// An event as JSON.
#[must_use]
pub fn event(event: Event) -> EventView {
    let records = event
        .records
        .into_iter()
        .map(|(kind, id, fields)| EventRecordView {
            kind: kind.name(),
            link: link(kind, &id.to_string()),
            id: id.to_string(),
            fields,
        });
    let entries = event
        .entries
        .into_iter()
        .map(|(kind, id, entry)| EventEntryView {
            kind: kind.name(),
            id: id.to_string(),
            entry: entry.to_string(),
        });
    let drafts = event.drafts.into_iter();
    let drafts = drafts.map(|(agent, inquiry)| EventDraftView {
        agent: agent.to_string(),
        link: link(Kind::Inquiry, &inquiry.to_string()),
        inquiry: inquiry.to_string(),
    });
    EventView {
        masked: event.masked,
        drafts: drafts.collect(),
        position: event.pos.0,
        at: instant(event.at),
        command: event.command,
        actor: event.actor,
        records: records.collect(),
        entries: entries.collect(),
    }
}
