//! What arrives: mails, calls, chat messages, forms.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use utoipa::ToSchema;

use super::search::word;
use crate::api::input::{self, Input};
use crate::api::principal::{Access, Caller};
use crate::api::problem::Problem;
use crate::api::records;
use crate::api::route::{Op, Routes};
use crate::api::state::App;
use crate::api::view::link;
use crate::desk::{Command, Error, Interaction, Reply};
use crate::domain::entry::Direction;
use crate::domain::{Id, Kind};

/// A record that is named.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[schema(as = RecordRef)]
#[serde(deny_unknown_fields)]
pub struct RecordRef {
    /// Kind.
    kind: String,
    /// Id.
    id: String,
}

/// What arrived through a channel.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = NewInteraction)]
#[serde(deny_unknown_fields)]
pub struct InteractionInput {
    /// `mail`, `call`, `chat`, `form`, or any other word.
    channel: String,
    /// `message` (when not given), or what happened to a call: `ringing`, `answered`, `missed`,
    /// `ended`.
    event: Option<String>,
    /// `in` (when not given) or `out`.
    direction: Option<String>,
    /// The channel's own id: an event with the same one is taken once.
    external_id: Option<String>,
    /// The channel's id of the message that it answers.
    in_reply_to: Option<String>,
    /// Phone, address or account of the sender.
    from: Option<String>,
    /// Subject.
    #[serde(default)]
    subject: String,
    /// Text.
    #[serde(default, alias = "body")]
    text: String,
    /// Agent who takes part, by id or code.
    agent: Option<String>,
    /// The record that it belongs to, when that is known.
    record: Option<RecordRef>,
    /// The card or request that it comes from.
    arose_from: Option<RecordRef>,
    /// Type of the inquiry.
    #[serde(rename = "type")]
    type_code: Option<String>,
    /// When it arrived; now when it is not said.
    received_at: Option<String>,
    /// Values of the inquiry: `person`, `company`, `phones`, `mails`, `inn`, those of packs.
    #[serde(default)]
    #[schema(value_type = Object)]
    fields: Map<String, Json>,
}

/// An intake that is opened by hand.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[schema(as = IntakeStart)]
#[serde(deny_unknown_fields, default)]
pub struct StartInput {
    /// The client's card, request or ticket that it comes from.
    arose_from: Option<RecordRef>,
    /// Values of the inquiry.
    #[schema(value_type = Object)]
    fields: Map<String, Json>,
}

/// What became of an inquiry.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = IntakeResult)]
pub(super) struct IntakeView {
    /// Id of the record that it is now: what it became, else the inquiry itself.
    id: Option<String>,
    /// Kind of that record.
    kind: Option<&'static str>,
    /// Path of that record.
    link: Option<String>,
    /// Id of the inquiry; null when none was made.
    inquiry: Option<String>,
    /// What the inquiry became: `kind` and `id`; null when nothing yet.
    #[schema(value_type = Object)]
    result: Json,
    /// Parties that were registered: `kind` and `id` of each.
    #[schema(value_type = Vec<Object>)]
    parties: Json,
    /// Whether the event was recorded before, so that this had no effect.
    duplicate: bool,
    /// Why a mail makes no inquiry that nobody wrote: `bounce`, `automatic_reply`, `loop`.
    #[serde(skip_serializing_if = "Option::is_none")]
    ignored: Option<String>,
    /// Position of the change.
    position: u64,
}

/// Adds the routes.
pub(super) fn add(routes: &mut Routes) {
    let op = Op::post("/v1/interactions", "receive_interaction")
        .about("intake", "Record what arrived: onto the record it answers, or into a new inquiry, which rules may register at once.")
        .access(Access::Agent)
        .body::<InteractionInput>()
        .reply_with::<IntakeView>(200, "It was recorded before, or makes no inquiry")
        .reply_with::<IntakeView>(201, "Recorded");
    routes.add(op, receive_interaction);
    let op = Op::post("/v1/intake/start", "start_intake")
        .about("intake", "Open the intake by hand: a draft inquiry of whoever asks, with what the card or request tells that it comes from.")
        .access(Access::Agent)
        .body::<StartInput>()
        .reply_named(201, "The draft inquiry", "Inquiry");
    routes.add(op, start_intake);
}

async fn receive_interaction(
    caller: Caller,
    State(app): State<App>,
    Input(body): Input<InteractionInput>,
) -> Result<Response, Problem> {
    let event = Box::new(body.event()?);
    done(&app, caller, Command::Receive { event }).await
}

async fn start_intake(
    caller: Caller,
    State(app): State<App>,
    Input(body): Input<StartInput>,
) -> Result<Response, Problem> {
    let command = Command::StartIntake {
        origin: place("arose_from", body.arose_from)?,
        fields: input::fields(body.fields)?,
    };
    records::change(&app, caller, StatusCode::CREATED, command).await
}

impl InteractionInput {
    fn event(self) -> Result<Interaction, Problem> {
        Ok(Interaction {
            direction: word(
                "direction",
                self.direction,
                Direction::In,
                |text| match text {
                    "in" => Some(Direction::In),
                    "out" => Some(Direction::Out),
                    _ => None,
                },
            )?,
            record: place("record", self.record)?,
            origin: place("arose_from", self.arose_from)?,
            fields: input::fields(self.fields)?,
            channel: self.channel,
            event: self.event.unwrap_or_else(|| "message".to_owned()),
            external_id: self.external_id,
            in_reply_to: self.in_reply_to,
            from: self.from,
            subject: self.subject,
            text: self.text,
            agent: self.agent,
            type_code: self.type_code,
            received_at: self.received_at,
            mail: None,
        })
    }
}

/// The record that is named, if one is.
pub(super) fn place(field: &str, given: Option<RecordRef>) -> Result<Option<(Kind, Id)>, Problem> {
    let Some(given) = given else { return Ok(None) };
    let kind = records::kind_named(field, &given.kind)?;
    let id = given.id.parse().map_err(|_| {
        let short: String = given.id.chars().take(64).collect();
        Error::field(field, "malformed", format!("`{short}` is no id"))
    })?;
    Ok(Some((kind, id)))
}

/// Runs a command of the intake and tells what became of the inquiry.
pub(super) async fn done(app: &App, caller: Caller, command: Command) -> Result<Response, Problem> {
    let reply = app
        .call(move |desk| records::run(desk, &caller, &command))
        .await?;
    let view = view(&reply);
    let made = view.id.is_some() && !view.duplicate;
    let status = if made {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    let mut response = (status, axum::Json(view)).into_response();
    records::finish(&mut response, &reply);
    Ok(response)
}

fn view(reply: &Reply) -> IntakeView {
    let told = reply.result.as_deref().map(serde_json::from_str);
    // What the desk tells was JSON when it was made.
    let mut told: Json = told.and_then(std::result::Result::ok).unwrap_or(Json::Null);
    let mut take = |name: &str| {
        let found = told.get_mut(name).map(Json::take);
        found.unwrap_or(Json::Null)
    };
    IntakeView {
        id: reply.kind.map(|_| reply.id.to_string()),
        kind: reply.kind.map(Kind::name),
        link: reply.kind.map(|kind| link(kind, &reply.id.to_string())),
        inquiry: take("inquiry").as_str().map(str::to_owned),
        result: take("result"),
        parties: match take("parties") {
            Json::Null => Json::Array(Vec::new()),
            list => list,
        },
        duplicate: take("duplicate").as_bool() == Some(true),
        ignored: take("ignored").as_str().map(str::to_owned),
        position: reply.pos.0,
    }
}
