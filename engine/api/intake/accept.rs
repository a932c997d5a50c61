//! The second page of the intake: what an inquiry becomes. And what becomes of a lead.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Map, Value as Json};
use utoipa::ToSchema;

use super::receive::{IntakeView, RecordRef, done, place};
use super::search::id_of;
use crate::api::input::{self, Input, PathParams};
use crate::api::principal::{Access, Caller};
use crate::api::problem::Problem;
use crate::api::records;
use crate::api::route::{Op, Routes};
use crate::api::state::App;
use crate::desk::{Acceptance, Command};
use crate::domain::Kind;

/// What an inquiry becomes: a record of a type, a message on a record, or nothing.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[schema(as = Acceptance)]
#[serde(deny_unknown_fields, default)]
pub struct AcceptInput {
    /// Type of the new ticket or lead.
    #[serde(rename = "type")]
    type_code: Option<String>,
    /// `ticket` or `lead`; follows from the type when there is one.
    kind: Option<String>,
    /// The ticket, lead or activity that it belongs to.
    record: Option<RecordRef>,
    /// Why it is declined.
    decline: Option<String>,
    /// Values of the new record: `account` and `contact` say whose it is, `status` where it begins.
    #[schema(value_type = Object)]
    fields: Map<String, Json>,
    /// Registers an account with it: values beside what the inquiry tells.
    #[schema(value_type = Object)]
    new_account: Option<Map<String, Json>>,
    /// Registers a contact with it: values beside what the inquiry tells.
    #[schema(value_type = Object)]
    new_contact: Option<Map<String, Json>>,
    /// The inquiry; only where the path names none.
    inquiry: Option<String>,
    /// Values of an inquiry that is taken down with the same request.
    #[schema(value_type = Object)]
    appeal: Map<String, Json>,
}

/// Why an inquiry is declined.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = Decline)]
#[serde(deny_unknown_fields)]
pub struct DeclineInput {
    /// The reason; at most 500 bytes.
    reason: String,
}

/// Whom to register; both when both are given.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[schema(as = Registration)]
#[serde(deny_unknown_fields, default)]
pub struct RegisterInput {
    /// Values of an account, beside what the inquiry tells.
    #[schema(value_type = Object)]
    account: Option<Map<String, Json>>,
    /// Values of a contact, beside what the inquiry tells.
    #[schema(value_type = Object)]
    contact: Option<Map<String, Json>>,
}

/// What a lead is converted into.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[schema(as = Conversion)]
#[serde(deny_unknown_fields, default)]
pub struct ConvertInput {
    /// Type of the ticket.
    #[serde(rename = "type")]
    type_code: Option<String>,
    /// Values of the ticket, beside what the lead holds.
    #[schema(value_type = Object)]
    fields: Map<String, Json>,
}

/// Adds the routes.
pub(super) fn add(routes: &mut Routes) {
    let about = "Accept an inquiry: into a ticket or lead, onto a record that there is, or decline it. It is accepted once; rules may say otherwise than was asked.";
    let answered = |op: Op| {
        op.access(Access::Agent)
            .reply_with::<IntakeView>(201, "What it became")
    };
    let op = Op::post("/v1/intake/accept", "accept_appeal")
        .about(
            "intake",
            format!("{about} Without an inquiry, one is taken down with the same request."),
        )
        .body::<AcceptInput>();
    routes.add(answered(op), accept_appeal);
    let op = Op::post("/v1/inquiries/{id}/accept", "accept_inquiry")
        .about("inquiries", about)
        .kind(Kind::Inquiry)
        .versioned()
        .body::<AcceptInput>();
    routes.add(answered(op), accept_inquiry);
    let op = Op::post("/v1/inquiries/{id}/decline", "decline_inquiry")
        .about(
            "inquiries",
            "Decline an inquiry: it leaves the inbox, and nothing is made of it.",
        )
        .kind(Kind::Inquiry)
        .versioned()
        .body::<DeclineInput>();
    routes.add(answered(op), decline_inquiry);
    let op = Op::post("/v1/inquiries/{id}/register", "register_inquiry")
        .about("inquiries", "Register the sender of an inquiry as an account, a contact or both, with what the inquiry tells of them.")
        .kind(Kind::Inquiry)
        .access(Access::Agent)
        .body::<RegisterInput>()
        .reply(201, "The contact, else the account");
    routes.add(op, register_inquiry);
    let op = Op::post("/v1/leads/{id}/convert", "convert_lead")
        .about("leads", "Convert a lead into a ticket, once: it holds what the lead held, and each names the other.")
        .kind(Kind::Lead)
        .access(Access::Agent)
        .versioned()
        .body::<ConvertInput>()
        .reply_named(201, "The ticket", "Ticket");
    routes.add(op, convert_lead);
}

async fn accept_appeal(
    caller: Caller,
    State(app): State<App>,
    Input(body): Input<AcceptInput>,
) -> Result<Response, Problem> {
    let inquiry = id_of("inquiry", body.inquiry.clone())?;
    let ask = Box::new(body.ask()?);
    done(&app, caller, Command::Accept { inquiry, ask }).await
}

async fn accept_inquiry(
    caller: Caller,
    State(app): State<App>,
    path: PathParams,
    Input(body): Input<AcceptInput>,
) -> Result<Response, Problem> {
    let inquiry = Some(path.id("id")?);
    let ask = Box::new(body.ask()?);
    done(&app, caller, Command::Accept { inquiry, ask }).await
}

async fn decline_inquiry(
    caller: Caller,
    State(app): State<App>,
    path: PathParams,
    Input(body): Input<DeclineInput>,
) -> Result<Response, Problem> {
    let inquiry = Some(path.id("id")?);
    let ask = Box::new(Acceptance {
        decline: Some(body.reason),
        ..Acceptance::default()
    });
    done(&app, caller, Command::Accept { inquiry, ask }).await
}

async fn register_inquiry(
    caller: Caller,
    State(app): State<App>,
    path: PathParams,
    Input(body): Input<RegisterInput>,
) -> Result<Response, Problem> {
    let command = Command::Register {
        inquiry: path.id("id")?,
        account: body.account.map(input::fields).transpose()?,
        contact: body.contact.map(input::fields).transpose()?,
    };
    records::change(&app, caller, StatusCode::CREATED, command).await
}

async fn convert_lead(
    caller: Caller,
    State(app): State<App>,
    path: PathParams,
    Input(body): Input<ConvertInput>,
) -> Result<Response, Problem> {
    let command = Command::Convert {
        lead: path.id("id")?,
        type_code: body.type_code,
        fields: input::fields(body.fields)?,
    };
    records::change(&app, caller, StatusCode::CREATED, command).await
}

impl AcceptInput {
    pub(super) fn ask(self) -> Result<Acceptance, Problem> {
        let kind = self.kind.as_deref();
        Ok(Acceptance {
            kind: kind.map(|k| records::kind_named("kind", k)).transpose()?,
            record: place("record", self.record)?,
            type_code: self.type_code,
            decline: self.decline,
            fields: input::fields(self.fields)?,
            new_account: self.new_account.map(input::fields).transpose()?,
            new_contact: self.new_contact.map(input::fields).transpose()?,
            appeal: input::fields(self.appeal)?,
        })
    }
}
