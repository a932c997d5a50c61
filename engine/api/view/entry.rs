//! Comments, messages, attachments and links as JSON.

use serde::Serialize;
use utoipa::ToSchema;

use super::{DeliveryView, delivery, instant};
use crate::api::principal::hex;
use crate::desk::{Deliveries, EntryPage};
use crate::domain::entry::{Direction, Visibility};
use crate::domain::{EntryBody, Kind};

/// A comment, message, attachment or link of a record.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = Entry)]
pub struct EntryView {
    /// Identity.
    pub id: String,
    /// `comment`, `message`, `attachment`, `link` or `consumption`.
    pub entry: &'static str,
    /// Position at which it was added.
    pub version: u64,
    /// When.
    pub at: String,
    /// Who: `agent:ID`, `contact:ID`, `rule:PACK/NAME`, `system`.
    pub author: String,
    /// The author's name as it is now, when the asker may read it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author_name: Option<String>,
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
    /// Whether the words of an article's attachment are searched: `read`, `waiting`, or why not:
    /// `unsupported`, `too_large`, `out_of_time`, `broken: …`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub words: Option<String>,
    /// Meaning of a link, or event of a consumption.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub relation: Option<String>,
    /// Kind of the record that a link leads to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to_kind: Option<&'static str>,
    /// The record that a link leads to, or the ticket that a consumption is of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// The ticket merged into this one that it was added to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub merged_from: Option<String>,
    /// Units that a consumption adds to its contract, a decimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<String>,
    /// How a message fares that the desk sends; absent for those that it only records.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivery: Option<DeliveryView>,
}

/// An entry as JSON, with how it fares when it is a message that leaves.
#[must_use]
pub fn entry_with(page: EntryPage, deliveries: &Deliveries) -> EntryView {
    let fares = deliveries.get(&page.entry.id).map(delivery);
    EntryView {
        delivery: fares,
        ..entry(page)
    }
}

/// An entry as JSON.
#[must_use]
pub fn entry(page: EntryPage) -> EntryView {
    let mut view = EntryView {
        id: page.entry.id.to_string(),
        version: page.version.0,
        at: instant(page.entry.at),
        author: page.entry.author,
        author_name: page.author_name,
        merged_from: page.merged.map(|id| id.to_string()),
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
        EntryBody::Consumption(row) => {
            view.entry = "consumption";
            view.relation = Some(row.event.name().to_owned());
            view.to_kind = row.ticket.map(|_| Kind::Ticket.name());
            view.to = row.ticket.map(|id| id.to_string());
            view.text = Some(row.reason);
            view.amount = Some(row.amount.to_string());
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
