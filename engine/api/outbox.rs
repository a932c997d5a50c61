//! What leaves the process: what waits, what was sent, what could not be delivered.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::input::{Params, PathParams};
use super::principal::{Access, Caller};
use super::problem::Problem;
use super::records::{self, at, id_in};
use super::route::{Op, Routes};
use super::state::App;
use super::view::{DeliveryView, delivery, instant, link};
use crate::desk::{Command, Error, OutboxPage, OutboxQuery};

/// A message that leaves.
#[derive(Debug, Serialize, ToSchema)]
struct OutboxMessage {
    /// Identity; the idempotency key of its delivery.
    id: String,
    /// When it was queued.
    at: String,
    /// Kind of the record it is about.
    kind: &'static str,
    /// The record it is about.
    record: String,
    /// Path of the record.
    link: String,
    /// `mail`, `webhook`, …
    channel: String,
    /// Whom it is from, by the settings of the desk; null when they say nothing.
    from: Option<String>,
    /// Address.
    to: String,
    /// Subject.
    subject: String,
    /// Text.
    text: String,
    /// Rule that queued it, or who wrote it.
    rule: String,
    /// How it fares; null for what was queued by a build that delivered nothing.
    delivery: Option<DeliveryView>,
}

/// Adds the routes.
pub(super) fn add(routes: &mut Routes) {
    let op = Op::get("/v1/outbox", "list_outbox")
        .about(
            "outbox",
            "List what leaves: mails, calls of webhooks, messages.",
        )
        .access(Access::Admin)
        .query("state", "`failed`: only what could not be delivered.")
        .query(
            "record",
            "Only messages about the record with this id, oldest first.",
        )
        .paged()
        .at_least()
        .reply_page::<OutboxMessage>("A page");
    routes.add(op, list_outbox);
    let op = Op::get("/v1/outbox/{id}", "read_outbox")
        .about("outbox", "A message that leaves, and how it fares.")
        .access(Access::Admin)
        .at_least()
        .reply_with::<OutboxMessage>(200, "The message");
    routes.add(op, read_outbox);
    let op = Op::post("/v1/outbox/{id}/retry", "retry_delivery")
        .about(
            "outbox",
            "Try a message again that could not be delivered or was not sent.",
        )
        .access(Access::Admin)
        .reply(202, "It is queued again");
    routes.add(op, retry_delivery);
}

async fn list_outbox(
    caller: Caller,
    State(app): State<App>,
    mut params: Params,
) -> Result<Response, Problem> {
    let (limit, cursor) = (params.limit()?, params.one("cursor")?);
    let undelivered = match params.one("state")?.as_deref() {
        None => false,
        Some("failed") => true,
        Some(_) => {
            let message = "expected `failed`, or nothing for all";
            return Err(Error::field("state", "invalid_parameter", message).into());
        }
    };
    let record = params.one("record")?;
    let record = record.map(|text| id_in("record", &text)).transpose()?;
    let at_least = params.only_at_least()?;
    let query = OutboxQuery {
        record,
        undelivered,
        limit,
        cursor,
    };
    let done = app.read(at_least, move |desk| {
        let page = desk.outbox_pages(&caller.actor, &query)?;
        Ok((page, desk.settings()?.from()))
    });
    let (pos, (page, from)) = done.await?;
    let items = page.items.into_iter().map(|item| view(item, from.as_ref()));
    let items: Vec<OutboxMessage> = items.collect();
    let body = json!({ "items": items, "next": page.next });
    Ok(at(pos, axum::Json(body)))
}

async fn read_outbox(
    caller: Caller,
    State(app): State<App>,
    path: PathParams,
    params: Params,
) -> Result<Response, Problem> {
    let id = path.id("id")?;
    let at_least = params.only_at_least()?;
    let done = app.read(at_least, move |desk| {
        let page = desk.outbox_page(&caller.actor, id)?;
        Ok((page, desk.settings()?.from()))
    });
    let (pos, (page, from)) = done.await?;
    Ok(at(pos, axum::Json(view(page, from.as_ref()))))
}

async fn retry_delivery(
    caller: Caller,
    State(app): State<App>,
    path: PathParams,
) -> Result<Response, Problem> {
    let message = path.id("id")?;
    let command = Command::RetryDelivery { message };
    let done = app.call(move |desk| records::run(desk, &caller, &command));
    Ok(records::changed(&done.await?, StatusCode::ACCEPTED))
}

fn view(page: OutboxPage, from: Option<&String>) -> OutboxMessage {
    let item = page.item;
    OutboxMessage {
        id: item.id.to_string(),
        at: instant(item.at),
        kind: item.kind.name(),
        link: link(item.kind, &item.record.to_string()),
        record: item.record.to_string(),
        from: from.filter(|_| item.channel == "mail").cloned(),
        channel: item.channel,
        to: item.to,
        subject: item.subject,
        text: item.text,
        rule: item.rule,
        delivery: page.delivery.as_ref().map(delivery),
    }
}
