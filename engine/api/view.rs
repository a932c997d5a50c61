//! Records, entries and the rest as JSON.

use serde::Serialize;
use serde_json::{Map, Value as Json, json};
use utoipa::ToSchema;

use super::problem::FaultView;
use crate::desk::{
    Actor, EntryPage, Event, Form, HistoryItem, PackView, RecordPage, SearchHit, Token,
};
use crate::domain::entry::{Direction, Visibility};
use crate::domain::{EntryBody, Instant, Kind, Record, StatusDef, builtin};
use crate::packs::Catalog;

use super::principal::hex;

/// An instant as RFC 3339 text.
#[must_use]
pub fn instant(at: Instant) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)
}

/// How views are told: in which language, to whom, with which definitions.
pub struct Look<'a> {
    /// Active definitions.
    pub catalog: &'a Catalog,
    /// `ru` or `en`.
    pub locale: &'a str,
    /// Who looks.
    pub actor: &'a Actor,
}

impl Look<'_> {
    /// A record: its engine fields at the top, those of packs in `fields`. Fields of the kind that
    /// have no value are null, so that a reader sees which there are.
    #[must_use]
    pub fn record(&self, page: &RecordPage) -> Json {
        let record = &page.record;
        let mut top = Map::new();
        top.insert("id".to_owned(), json!(record.id));
        top.insert("kind".to_owned(), json!(record.kind.name()));
        top.insert("version".to_owned(), json!(page.version.0));
        for def in builtin::fields(record.kind) {
            if !def.internal || self.actor.sees_internal() {
                top.insert(def.code.clone(), Json::Null);
            }
        }
        let mut of_packs = Map::new();
        for (name, value) in &record.fields {
            let place = if name.contains('/') {
                &mut of_packs
            } else {
                &mut top
            };
            place.insert(name.clone(), value.to_json());
        }
        if let Some(status) = self.status_of(record) {
            top.insert("status_info".to_owned(), json!(self.status(status)));
        }
        top.insert("fields".to_owned(), Json::Object(of_packs));
        Json::Object(top)
    }

    fn status_of(&self, record: &Record) -> Option<&StatusDef> {
        self.catalog
            .status(record.kind, record.type_code(), record.status()?)
    }

    /// A status.
    #[must_use]
    pub fn status(&self, def: &StatusDef) -> StatusView {
        StatusView {
            code: def.code.clone(),
            category: def.category.name(),
            name: def.names.get(self.locale).unwrap_or(&def.code).to_owned(),
        }
    }

    /// A hit of a search.
    #[must_use]
    pub fn hit(&self, hit: &SearchHit) -> HitView {
        let record = &hit.record;
        HitView {
            id: record.id.to_string(),
            number: record.number(),
            kind: record.kind.name(),
            title: record.title().to_owned(),
            snippet: hit.snippet.clone(),
            score: hit.score,
            link: link(record.kind, &record.id.to_string()),
            external_id: record.text("external_id").map(str::to_owned),
            version: hit.version.0,
        }
    }

    /// A form.
    #[must_use]
    pub fn form(&self, form: Form) -> FormView {
        let fields = form.fields.into_iter().map(|f| FormFieldView {
            name: f.def.names.get(self.locale).unwrap_or(&f.def.code).to_owned(),
            value_type: json!(f.def.value),
            target: f.def.target.map(Kind::name),
            options: self.options(&f.def, f.options.as_deref()),
            section: f.def.section,
            code: f.def.code,
            value: f.value.map_or(Json::Null, |v| v.to_json()),
            visible: f.visible,
            required: f.required,
            readonly: f.readonly,
            advice: f.advice,
        });
        let actions = form.actions.into_iter().map(|a| FormActionView {
            to: self.status(&a.to),
            open: a.open,
            why_not: a.why_not.into_iter().map(FaultView::from).collect(),
            requires: a.requires,
        });
        FormView {
            fields: fields.collect(),
            actions: actions.collect(),
        }
    }

    fn options(&self, def: &crate::domain::FieldDef, offered: Option<&[String]>) -> Vec<OptionView> {
        let is_offered = |code: &String| offered.is_none_or(|codes| codes.contains(code));
        let options = def.options.iter().filter(|o| is_offered(&o.code));
        options
            .map(|o| OptionView {
                code: o.code.clone(),
                name: o.names.get(self.locale).unwrap_or(&o.code).to_owned(),
            })
            .collect()
    }
}

/// The path of a record in the API.
#[must_use]
pub fn link(kind: Kind, id: &str) -> String {
    format!("/v1/{}/{id}", super::records::plural(kind))
}

/// A status.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Status)]
pub struct StatusView {
    /// Code.
    pub code: String,
    /// `new`, `open`, `waiting`, `done` or `cancelled`.
    pub category: &'static str,
    /// Name in the language of the request.
    pub name: String,
}

/// A hit of a search.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Hit)]
pub struct HitView {
    /// Id of the record.
    pub id: String,
    /// Human number.
    pub number: Option<i64>,
    /// Kind of record.
    pub kind: &'static str,
    /// Title.
    pub title: String,
    /// HTML-escaped piece of the text with the words found in `<mark>`.
    pub snippet: String,
    /// Relevance; comparable within one search only.
    pub score: f32,
    /// Path of the record.
    pub link: String,
    /// Identity in another system.
    pub external_id: Option<String>,
    /// Version of the record.
    pub version: u64,
}

/// One page of hits.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Hits)]
pub struct HitsView {
    /// The hits, best first.
    pub hits: Vec<HitView>,
    /// `cursor` of the next page; null on the last.
    pub next: Option<String>,
    /// Whether the index is being rebuilt, so that hits may be missing.
    pub rebuilding: bool,
}

/// What may be filled in and done.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Form)]
pub struct FormView {
    /// The fields, in order.
    pub fields: Vec<FormFieldView>,
    /// The changes of status out of the present one.
    pub actions: Vec<FormActionView>,
}

/// A field of a form.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FormField)]
pub struct FormFieldView {
    /// Code.
    pub code: String,
    /// Name in the language of the request.
    pub name: String,
    /// Type of the values.
    #[schema(value_type = String)]
    pub value_type: Json,
    /// Kind that a reference points at.
    pub target: Option<&'static str>,
    /// Options that are offered.
    pub options: Vec<OptionView>,
    /// Heading.
    pub section: String,
    /// Value; null when there is none.
    pub value: Json,
    /// Whether it is shown.
    pub visible: bool,
    /// Whether it needs a value.
    pub required: bool,
    /// Whether it may not be changed.
    pub readonly: bool,
    /// Advice of rules.
    pub advice: Vec<String>,
}

/// An option of an enumeration.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FieldOption)]
pub struct OptionView {
    /// Code.
    pub code: String,
    /// Name in the language of the request.
    pub name: String,
}

/// A change of status on a form.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FormAction)]
pub struct FormActionView {
    /// Status it leads to.
    pub to: StatusView,
    /// Whether it is open now.
    pub open: bool,
    /// Why not.
    pub why_not: Vec<FaultView>,
    /// Fields that must have a value.
    pub requires: Vec<String>,
}

/// A comment, message, attachment or link of a record.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = Entry)]
pub struct EntryView {
    /// Identity.
    pub id: String,
    /// `comment`, `message`, `attachment` or `link`.
    pub entry: &'static str,
    /// Position at which it was added.
    pub version: u64,
    /// When.
    pub at: String,
    /// Who: `agent:ID`, `contact:ID`, `rule:PACK/NAME`, `system`.
    pub author: String,
    /// `public` or `internal`, for comments and attachments.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visibility: Option<&'static str>,
    /// Text of a comment or message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Channel of a message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// `in` or `out`, for messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub direction: Option<&'static str>,
    /// Subject of a message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The channel's id of a message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// File name of an attachment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Media type of an attachment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// Bytes of an attachment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// SHA-256 of an attachment, hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Meaning of a link.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub relation: Option<String>,
    /// Kind of the record that a link leads to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to_kind: Option<&'static str>,
    /// The record that a link leads to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

/// An entry as JSON.
#[must_use]
pub fn entry(page: EntryPage) -> EntryView {
    let mut view = EntryView {
        id: page.entry.id.to_string(),
        version: page.version.0,
        at: instant(page.entry.at),
        author: page.entry.author,
        ..EntryView::default()
    };
    match page.entry.body {
        EntryBody::Comment { visibility, text } => {
            view.entry = "comment";
            view.visibility = Some(visibility_name(visibility));
            view.text = Some(text);
        }
        EntryBody::Message {
            channel,
            direction,
            subject,
            text,
            external_id,
        } => {
            view.entry = "message";
            view.channel = Some(channel);
            view.direction = Some(match direction {
                Direction::In => "in",
                Direction::Out => "out",
            });
            view.subject = Some(subject);
            view.text = Some(text);
            view.external_id = external_id;
        }
        EntryBody::Attachment {
            name,
            media_type,
            size,
            hash,
            visibility,
        } => {
            view.entry = "attachment";
            view.visibility = Some(visibility_name(visibility));
            view.name = Some(name);
            view.media_type = Some(media_type);
            view.size = Some(size);
            view.sha256 = Some(hex(&hash));
        }
        EntryBody::Link { relation, kind, to } => {
            view.entry = "link";
            view.relation = Some(relation);
            view.to_kind = Some(kind.name());
            view.to = Some(to.to_string());
        }
    }
    view
}

const fn visibility_name(visibility: Visibility) -> &'static str {
    match visibility {
        Visibility::Public => "public",
        Visibility::Internal => "internal",
    }
}

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
    /// Notes such as `survey_skipped:no_address`.
    pub notes: Vec<String>,
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
    /// `no_opinion`, `decided`, `refused`, `failed` or `skipped`.
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
    let records = event.records.into_iter().map(|(kind, id, fields)| EventRecordView {
        kind: kind.name(),
        link: link(kind, &id.to_string()),
        id: id.to_string(),
        fields,
    });
    let entries = event.entries.into_iter().map(|(kind, id, entry)| EventEntryView {
        kind: kind.name(),
        id: id.to_string(),
        entry: entry.to_string(),
    });
    EventView {
        position: event.pos.0,
        at: instant(event.at),
        command: event.command,
        actor: event.actor,
        records: records.collect(),
        entries: entries.collect(),
    }
}

/// An access token, without its secret.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Token)]
pub struct TokenView {
    /// Identity.
    pub id: String,
    /// `admin`, `agent` or `contact`.
    pub role: &'static str,
    /// Agent it is bound to.
    pub agent: Option<String>,
    /// Contact it is bound to.
    pub contact: Option<String>,
    /// Account of the contact.
    pub account: Option<String>,
    /// What it is for.
    pub note: String,
    /// When it was made.
    pub created_at: String,
}

/// A token as JSON.
#[must_use]
pub fn token(token: Token) -> TokenView {
    let (agent, contact, account) = match &token.actor {
        Actor::Admin { agent } | Actor::Agent { agent } => (*agent, None, None),
        Actor::Contact { contact, account } => (None, Some(*contact), Some(*account)),
        Actor::System | Actor::Rule { .. } => (None, None, None),
    };
    let text = |id: Option<crate::domain::Id>| id.map(|id| id.to_string());
    TokenView {
        id: token.id.to_string(),
        role: token.actor.role(),
        agent: text(agent),
        contact: text(contact),
        account: text(account),
        note: token.note,
        created_at: instant(token.created_at),
    }
}

/// An installed pack.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Pack)]
pub struct InstalledView {
    /// Name.
    pub name: String,
    /// Version.
    pub version: String,
    /// Names by locale.
    pub names: std::collections::BTreeMap<String, String>,
    /// Hash of the revision, hexadecimal.
    pub revision: String,
    /// Rules with their hooks.
    pub rules: Vec<PackRuleView>,
    /// Codes of its types.
    pub types: Vec<String>,
}

/// A rule of a pack.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PackRule)]
pub struct PackRuleView {
    /// Name.
    pub name: String,
    /// Hook.
    pub hook: String,
}

/// A pack as JSON.
#[must_use]
pub fn pack(pack: PackView) -> InstalledView {
    let rules = pack.rules.into_iter();
    InstalledView {
        name: pack.name,
        version: pack.version,
        names: pack.names,
        revision: pack.revision,
        rules: rules
            .map(|(name, hook)| PackRuleView { name, hook })
            .collect(),
        types: pack.types,
    }
}
