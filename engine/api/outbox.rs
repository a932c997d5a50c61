//! What waits to leave the process.

use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::input::Params;
use super::principal::{Access, Caller};
use super::problem::Problem;
use super::records::at;
use super::route::{Op, Routes};
use super::state::App;
use super::view::{instant, link};

/// A message that waits to leave.
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
    /// Rule that queued it.
    rule: String,
}

/// Adds the route.
pub(super) fn add(routes: &mut Routes) {
    let op = Op::get("/v1/outbox", "list_outbox")
        .about("outbox", "List what was queued to leave: mail, webhooks.")
        .access(Access::Admin)
        .paged()
        .at_least()
        .reply_page::<OutboxMessage>("A page");
    routes.add(op, list_outbox);
}

async fn list_outbox(
    caller: Caller,
    State(app): State<App>,
    mut params: Params,
) -> Result<Response, Problem> {
    let (limit, cursor) = (params.limit()?, params.one("cursor")?);
    let at_least = params.only_at_least()?;
    let done = app.read(at_least, move |desk| {
        let page = desk.outbox(&caller.actor, cursor.as_deref(), limit)?;
        Ok((page, desk.settings()?.from()))
    });
    let (pos, (page, from)) = done.await?;
    let items = page.items.into_iter().map(|item| OutboxMessage {
        id: item.id.to_string(),
        at: instant(item.at),
        kind: item.kind.name(),
        link: link(item.kind, &item.record.to_string()),
        record: item.record.to_string(),
        from: from.clone().filter(|_| item.channel == "mail"),
        channel: item.channel,
        to: item.to,
        subject: item.subject,
        text: item.text,
        rule: item.rule,
    });
    let items: Vec<OutboxMessage> = items.collect();
    let body = json!({ "items": items, "next": page.next });
    Ok(at(pos, axum::Json(body)))
}
