//! Webhooks: where other programs want to be told.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::input::{Input, Params, PathParams};
use super::principal::{Access, Caller};
use super::problem::Problem;
use super::records::{self, at, set};
use super::route::{Op, Routes};
use super::state::App;
use super::tokens;
use super::view::instant;
use crate::delivery::{check_url, secret_text};
use crate::desk::{Command, Error, WebhookChange, WebhookPage, WebhookSecret};

/// A webhook to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewWebhook {
    /// What rules call it by, and the channel whose messages it carries: small letters, digits, `_`,
    /// `-`.
    name: String,
    /// Address, `https`.
    url: String,
    /// Events that it is told of: `ticket.created`, `ticket.*`, `*`; none: calls of rules alone.
    #[serde(default)]
    events: Vec<String>,
}

/// What a webhook shall be.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct WebhookUpdate {
    /// Address.
    url: Option<String>,
    /// Events that it is told of.
    events: Option<Vec<String>>,
    /// Whether it is called.
    enabled: Option<bool>,
    /// Whether it gets another secret, which the answer shows.
    #[serde(default)]
    new_secret: bool,
}

/// A webhook.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Webhook)]
struct WebhookView {
    /// Name.
    name: String,
    /// Address.
    url: String,
    /// Events that it is told of.
    events: Vec<String>,
    /// Whether it is called.
    enabled: bool,
    /// When it was made.
    created_at: String,
    /// Position up to which it was told.
    position: u64,
    /// Attempts in a row that failed.
    attempts: u16,
    /// When it is tried next after a failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_attempt_at: Option<String>,
    /// Events that it refused for good.
    refused: u64,
    /// What it last answered when that was no success.
    #[serde(skip_serializing_if = "String::is_empty")]
    last_error: String,
    /// What calls are signed with, as the specification Standard Webhooks writes it: shown when it is
    /// made and never again.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

/// Adds the routes.
pub(super) fn add(routes: &mut Routes) {
    let op = Op::get("/v1/webhooks", "list_webhooks")
        .about(
            "webhooks",
            "The webhooks, without their secrets, and how they fare.",
        )
        .access(Access::Admin)
        .at_least()
        .reply_page::<WebhookView>("All of them");
    routes.add(op, list_webhooks);
    let op = Op::post("/v1/webhooks", "create_webhook")
        .about(
            "webhooks",
            "Make a webhook. Its secret is shown in this answer and never again.",
        )
        .access(Access::Admin)
        .body::<NewWebhook>()
        .reply_with::<WebhookView>(201, "Created");
    routes.add(op, create_webhook);
    let op = Op::get("/v1/webhooks/{name}", "read_webhook")
        .about("webhooks", "A webhook, without its secret.")
        .access(Access::Admin)
        .at_least()
        .reply_with::<WebhookView>(200, "The webhook");
    routes.add(op, read_webhook);
    let op = Op::patch("/v1/webhooks/{name}", "update_webhook")
        .about(
            "webhooks",
            "Change a webhook; what failed so far is tried again at once.",
        )
        .access(Access::Admin)
        .body::<WebhookUpdate>()
        .reply_with::<WebhookView>(200, "The webhook");
    routes.add(op, update_webhook);
    let op = Op::delete("/v1/webhooks/{name}", "delete_webhook")
        .about("webhooks", "Remove a webhook.")
        .access(Access::Admin)
        .reply(204, "Removed");
    routes.add(op, delete_webhook);
}

async fn list_webhooks(
    caller: Caller,
    State(app): State<App>,
    params: Params,
) -> Result<Response, Problem> {
    let at_least = params.only_at_least()?;
    let done = app.read(at_least, move |desk| desk.webhooks(&caller.actor));
    let (pos, all) = done.await?;
    let items = all.into_iter().map(|page| view(page, None));
    let items: Vec<WebhookView> = items.collect();
    let body = json!({ "items": items, "next": null });
    Ok(at(pos, axum::Json(body)))
}

async fn read_webhook(
    caller: Caller,
    State(app): State<App>,
    path: PathParams,
    params: Params,
) -> Result<Response, Problem> {
    let at_least = params.only_at_least()?;
    let name = path.text("name").to_owned();
    let done = app.read(at_least, move |desk| desk.webhook(&caller.actor, &name));
    let (pos, page) = done.await?;
    Ok(at(pos, axum::Json(view(page, None))))
}

async fn create_webhook(
    caller: Caller,
    State(app): State<App>,
    Input(body): Input<NewWebhook>,
) -> Result<Response, Problem> {
    let secret = tokens::secret(&app, &caller, &format!("{body:?}"))?;
    let change = WebhookChange {
        url: Some(body.url),
        events: Some(body.events),
        enabled: None,
        secret: Some(WebhookSecret(secret)),
        is_new: true,
    };
    save(&app, caller, body.name, change, StatusCode::CREATED).await
}

async fn update_webhook(
    caller: Caller,
    State(app): State<App>,
    path: PathParams,
    Input(body): Input<WebhookUpdate>,
) -> Result<Response, Problem> {
    let name = path.text("name").to_owned();
    let secret = match body.new_secret {
        true => Some(tokens::secret(&app, &caller, &format!("{name} {body:?}"))?),
        false => None,
    };
    let change = WebhookChange {
        url: body.url,
        events: body.events,
        enabled: body.enabled,
        secret: secret.map(WebhookSecret),
        is_new: false,
    };
    save(&app, caller, name, change, StatusCode::OK).await
}

async fn save(
    app: &App,
    caller: Caller,
    name: String,
    change: WebhookChange,
    status: StatusCode,
) -> Result<Response, Problem> {
    if let Some(url) = &change.url
        && let Err(why) = check_url(url, app.options().webhooks)
    {
        return Err(Error::field("url", "not_allowed", why).into());
    }
    let secret = change.secret.as_ref().map(|s| secret_text(&s.0));
    let command = Command::SaveWebhook {
        name: name.clone(),
        change: Box::new(change),
    };
    let done = app.call(move |desk| {
        let reply = records::run(desk, &caller, &command)?;
        Ok((reply, desk.webhook(&caller.actor, &name)?))
    });
    let (reply, page) = done.await?;
    let mut response = (status, axum::Json(view(page, secret))).into_response();
    set(&mut response, header::CACHE_CONTROL, "no-store");
    records::finish(&mut response, &reply);
    Ok(response)
}

async fn delete_webhook(
    caller: Caller,
    State(app): State<App>,
    path: PathParams,
) -> Result<Response, Problem> {
    let command = Command::DeleteWebhook {
        name: path.text("name").to_owned(),
    };
    let done = app.call(move |desk| records::run(desk, &caller, &command));
    Ok(records::changed(&done.await?, StatusCode::NO_CONTENT))
}

fn view(page: WebhookPage, secret: Option<String>) -> WebhookView {
    let WebhookPage { webhook, progress } = page;
    WebhookView {
        name: webhook.name,
        url: webhook.url,
        events: webhook.events,
        enabled: webhook.enabled,
        created_at: instant(webhook.created_at),
        position: progress.pos.0,
        attempts: progress.attempts,
        next_attempt_at: progress.next_at.map(instant),
        refused: progress.refused,
        last_error: progress.last_error,
        secret,
    }
}
