//! What a scenario sees of records, entries, changes and clocks.

use serde_json::{Map, Value as Json};

use super::driver::{
    Refused, RefusedFault, ShownCard, ShownChange, ShownClock, ShownEntry, ShownFieldChange,
    ShownRun,
};
use crate::desk::{BoardCard, EntryPage, Error, FieldChangeView, HistoryItem};
use crate::domain::entry::{Direction, EntryBody, Visibility};
use crate::domain::sla::{ClockState, SlaClock};
use crate::domain::{FieldDef, Record};

/// Prefix of the addresses of surveys.
pub(super) const SURVEY_LINK: &str = "https://desk.example/surveys/";

pub(super) fn refused(error: Error) -> Refused {
    let fault = |f: crate::desk::Fault| RefusedFault {
        field: f.field,
        code: f.code,
        message: f.message,
        rule: f.rule,
    };
    Refused {
        code: error.code.to_owned(),
        status: None,
        message: error.message,
        faults: error.faults.into_iter().map(fault).collect(),
    }
}

/// The options of a field that are offered, in the order of its definition.
pub(super) fn offered(def: &FieldDef, offered: Option<&[String]>) -> Vec<String> {
    let is_offered = |code: &&String| offered.is_none_or(|codes| codes.contains(code));
    let codes = def.options.iter().map(|o| &o.code);
    codes.filter(is_offered).cloned().collect()
}

pub(super) fn fields(record: &Record) -> Map<String, Json> {
    let pair = |(name, value): (&String, &crate::domain::Value)| (name.clone(), value.to_json());
    record.fields.iter().map(pair).collect()
}

pub(super) fn entry(page: EntryPage) -> ShownEntry {
    let entry = page.entry;
    let visible = |v: Visibility| match v {
        Visibility::Public => Some("public".to_owned()),
        Visibility::Internal => Some("internal".to_owned()),
    };
    let mut shown = ShownEntry {
        id: Some(entry.id),
        author: entry.author,
        author_name: page.author_name,
        ..ShownEntry::default()
    };
    let kind = match entry.body {
        EntryBody::Comment { visibility, text } => {
            shown.visibility = visible(visibility);
            shown.text = text;
            "comment"
        }
        EntryBody::Message {
            channel,
            direction,
            subject,
            text,
            ..
        } => {
            shown.channel = Some(channel);
            shown.direction = Some(match direction {
                Direction::In => "in".to_owned(),
                Direction::Out => "out".to_owned(),
            });
            shown.text = format!("{subject}\n{text}");
            "message"
        }
        EntryBody::Attachment {
            name, visibility, ..
        } => {
            shown.visibility = visible(visibility);
            shown.text = name;
            "attachment"
        }
        EntryBody::Link { relation, to, .. } => {
            shown.relation = Some(relation);
            shown.to = Some(to);
            "link"
        }
        EntryBody::Consumption(row) => {
            shown.relation = Some(row.event.name().to_owned());
            shown.to = row.ticket;
            shown.text = consumed(&row.amount.to_string(), &row.reason);
            "consumption"
        }
    };
    kind.clone_into(&mut shown.kind);
    shown
}

/// The text of a row of a contract's ledger: the units with their sign, and the reason.
#[must_use]
pub fn consumed(amount: &str, reason: &str) -> String {
    let sign = if amount.starts_with('-') { "" } else { "+" };
    format!("{sign}{amount} {reason}")
}

pub(super) fn change(item: HistoryItem) -> ShownChange {
    let runs = item.rules.into_iter().map(|r| ShownRun {
        rule: r.rule,
        verdict: r.verdict,
        reasons: r.reasons,
    });
    ShownChange {
        pos: item.pos.0,
        at: item.at,
        actor: item.actor,
        command: item.command,
        fields: item.changes.into_iter().map(changed).collect(),
        entries: item.entries,
        runs: runs.collect(),
        notes: item.notes,
    }
}

fn changed(change: FieldChangeView) -> ShownFieldChange {
    let value = |v: Option<crate::domain::Value>| v.map_or(Json::Null, |v| v.to_json());
    ShownFieldChange {
        field: change.field,
        old: value(change.old),
        new: value(change.new),
        by: change.by,
    }
}

/// What stands on a card, as the HTTP API names it.
pub(super) fn card(card: &BoardCard) -> ShownCard {
    let record = &card.page.record;
    let mut shows = fields(record);
    shows.retain(|name, _| {
        let shown = [
            "title",
            "number",
            "assignee",
            "reaction_due_at",
            "resolution_due_at",
        ];
        shown.contains(&name.as_str())
    });
    let text = |text: &Option<String>| text.clone().map_or(Json::Null, Json::String);
    shows.extend([
        ("icon".to_owned(), Json::String(card.icon.clone())),
        ("account".to_owned(), text(&card.account)),
        ("contact".to_owned(), text(&card.contact)),
        (
            "reaction_overdue".to_owned(),
            Json::Bool(card.reaction_overdue),
        ),
        (
            "resolution_overdue".to_owned(),
            Json::Bool(card.resolution_overdue),
        ),
    ]);
    ShownCard {
        id: record.id,
        shows,
    }
}

pub(super) fn clock(clock: SlaClock) -> ShownClock {
    ShownClock {
        state: match clock.state {
            ClockState::Running => "running",
            ClockState::Paused => "paused",
            ClockState::Met => "met",
            ClockState::Cancelled => "cancelled",
        }
        .to_owned(),
        clock: clock.clock,
        level: clock.level,
        due_at: clock.due_at,
        breached_at: clock.breached_at,
    }
}

/// The secret at the end of a survey's address in a text, of a desk that a scenario runs on.
#[must_use]
pub fn survey_token(text: &str) -> Option<String> {
    token_after(SURVEY_LINK, text)
}

pub(super) fn token_after(link: &str, text: &str) -> Option<String> {
    let after = text.split_once(link)?.1;
    let token: String = after.chars().take_while(char::is_ascii_hexdigit).collect();
    (!token.is_empty()).then_some(token)
}
