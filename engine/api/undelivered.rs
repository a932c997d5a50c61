//! What could not be delivered, for agents: on the record it is about, and as a list.

use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use serde_json::{Value as Json, json};
use utoipa::ToSchema;

use super::input::Params;
use super::principal::{Access, Caller};
use super::problem::Problem;
use super::records::at;
use super::route::{Op, Routes};
use super::state::App;
use super::view::{DeliveryView, delivery, instant, link};
use crate::desk::{Desk, Error, OutboxPage, RecordPage, Result as DeskResult};
use crate::domain::{Kind, Record};
use crate::store::Pos;

/// A message that did not arrive.
#[derive(Debug, Serialize, ToSchema)]
struct UndeliveredMessage {
    /// Identity, as in the outbox.
    id: String,
    /// When it was written.
    at: String,
    /// `mail`, `webhook`, …
    channel: String,
    /// Address.
    to: String,
    /// Subject.
    subject: String,
    /// What became of it, and why.
    delivery: Option<DeliveryView>,
}

/// A message that did not arrive, with the record it is about.
#[derive(Debug, Serialize, ToSchema)]
struct UndeliveredItem {
    /// Kind of the record.
    kind: &'static str,
    /// The record.
    record: String,
    /// Its number.
    number: Option<i64>,
    /// Its title.
    title: String,
    /// Its path.
    link: String,
    /// The message.
    message: UndeliveredMessage,
}

/// Adds the route.
pub(super) fn add(routes: &mut Routes) {
    let op = Op::get("/v1/undelivered", "list_undelivered")
        .about(
            "outbox",
            "List messages that could not be delivered, newest first, with the records they are about.",
        )
        .access(Access::Agent)
        .query("kind", "Only those about records of a kind, such as `ticket`.")
        .paged()
        .at_least()
        .reply_page::<UndeliveredItem>("A page");
    routes.add(op, list_undelivered);
}

async fn list_undelivered(
    caller: Caller,
    State(app): State<App>,
    mut params: Params,
) -> Result<Response, Problem> {
    let (limit, cursor) = (params.limit()?, params.one("cursor")?);
    let kind = match params.one("kind")? {
        None => None,
        Some(name) => Some(Kind::named(&name).ok_or_else(|| {
            let message = format!("`{name}` is no kind of record; expected one such as `ticket`");
            Error::field("kind", "invalid_parameter", message)
        })?),
    };
    let at_least = params.only_at_least()?;
    let done = app.read(at_least, move |desk| {
        desk.undelivered(&caller.actor, kind, (limit, cursor.as_deref()))
    });
    let (pos, page) = done.await?;
    let items = page
        .items
        .into_iter()
        .map(|(message, record)| item(message, &record));
    let items: Vec<UndeliveredItem> = items.collect();
    let body = json!({ "items": items, "next": page.next });
    Ok(at(pos, axum::Json(body)))
}

/// What of a record's messages did not arrive, for agents, and when something became of one last;
/// null when all is well.
///
/// # Errors
/// When the store fails.
pub(super) fn of(desk: &Desk, caller: &Caller, record: &Record) -> DeskResult<(Json, Pos)> {
    if caller.actor.is_contact() {
        return Ok((Json::Null, Pos::ZERO));
    }
    let undelivered = desk.undelivered_of(&caller.actor, record.kind, record.id)?;
    let all: Vec<UndeliveredMessage> = undelivered.messages.into_iter().map(message).collect();
    let json = match all.is_empty() {
        true => Json::Null,
        false => json!(all),
    };
    Ok((json, undelivered.noted))
}

fn item(page: OutboxPage, record: &RecordPage) -> UndeliveredItem {
    let record = &record.record;
    let id = record.id.to_string();
    UndeliveredItem {
        kind: record.kind.name(),
        link: link(record.kind, &id),
        record: id,
        number: record.number(),
        title: record.title().to_owned(),
        message: message(page),
    }
}

fn message(page: OutboxPage) -> UndeliveredMessage {
    let item = page.item;
    UndeliveredMessage {
        id: item.id.to_string(),
        at: instant(item.at),
        channel: item.channel,
        to: item.to,
        subject: item.subject,
        delivery: page.delivery.as_ref().map(delivery),
    }
}
