//! The ledger of contracts: what was counted, and corrections by hand.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use utoipa::ToSchema;

use super::input::{Input, Params, PathParams};
use super::principal::{Access, Caller};
use super::problem::Problem;
use super::records::{self, at};
use super::route::{Op, Routes};
use super::state::App;
use super::view::instant;
use crate::desk::{Command, EntryPage, Error, RecordPage};
use crate::domain::contract::fields;
use crate::domain::{EntryBody, Kind, Record};

/// A correction of what is used: by an amount, or to what it shall be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LedgerCorrection {
    /// Units to add, a decimal as text or number; negative to take back.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    amount: Option<Json>,
    /// What shall be used afterwards, instead of `amount`.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    used: Option<Json>,
    /// Why.
    reason: String,
}

/// A row of a contract's ledger.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LedgerRow)]
pub struct LedgerRowView {
    /// Identity.
    id: String,
    /// When.
    at: String,
    /// Who: `agent:ID`, `rule:PACK/NAME`, `system`.
    author: String,
    /// `closed`, `reopened`, `effort`, `unlinked` or `correction`.
    event: &'static str,
    /// The ticket; null for a correction.
    ticket: Option<String>,
    /// Units added; negative when they were taken back.
    amount: String,
    /// Units of the ticket on the contract from here on.
    net: String,
    /// Why, where somebody or a rule said so.
    reason: String,
    /// Whether the contract was over its total with it.
    over: bool,
}

/// A contract's ledger.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Ledger)]
pub struct LedgerView {
    /// The rows, oldest first.
    items: Vec<LedgerRowView>,
    /// `cursor` of the next page; null on the last.
    next: Option<String>,
    /// `hours`, `days` or `events`; null when nothing is counted.
    unit: Option<String>,
    /// Units that were agreed on.
    total: Option<String>,
    /// The sum of all rows.
    used: Option<String>,
    /// Since when more is used than was agreed on.
    exhausted_at: Option<String>,
}

/// Adds the routes.
pub(super) fn add(routes: &mut Routes) {
    let path = "/v1/contracts/{id}/ledger";
    let op = Op::get(path, "list_contract_ledger")
        .about(
            "contracts",
            "What was counted on the contract: one net amount for each ticket, and corrections.",
        )
        .access(Access::Agent)
        .kind(Kind::Contract)
        .paged()
        .at_least()
        .reply_with::<LedgerView>(200, "A page, oldest first, with the contract's sums");
    routes.add(op, list_ledger);
    let op = Op::post(path, "correct_contract_ledger")
        .about(
            "contracts",
            "Correct what is used by hand; the correction is a row of the ledger.",
        )
        .access(Access::Agent)
        .kind(Kind::Contract)
        .versioned()
        .body::<LedgerCorrection>()
        .reply_named(201, "The contract as it is now", "Contract");
    routes.add(op, correct_ledger);
}

async fn list_ledger(
    caller: Caller,
    State(app): State<App>,
    path: PathParams,
    mut params: Params,
) -> Result<Response, Problem> {
    let (id, limit, cursor) = (path.id("id")?, params.limit()?, params.one("cursor")?);
    let at_least = params.only_at_least()?;
    let done = app.read(at_least, move |desk| {
        desk.ledger(&caller.actor, id, cursor.as_deref(), limit)
    });
    let (pos, (contract, page)) = done.await?;
    let view = view(&contract, page.items, page.next);
    Ok(at(pos, axum::Json(view).into_response()))
}

fn view(contract: &RecordPage, rows: Vec<EntryPage>, next: Option<String>) -> LedgerView {
    let record: &Record = &contract.record;
    let text = |name: &str| match record.get(name)?.to_json() {
        Json::String(text) => Some(text),
        _ => None,
    };
    LedgerView {
        items: rows.into_iter().filter_map(row).collect(),
        next,
        unit: text(fields::UNIT),
        total: text(fields::TOTAL),
        used: text(fields::USED),
        exhausted_at: text(fields::EXHAUSTED_AT),
    }
}

fn row(page: EntryPage) -> Option<LedgerRowView> {
    let EntryBody::Consumption(row) = page.entry.body else {
        return None;
    };
    Some(LedgerRowView {
        id: page.entry.id.to_string(),
        at: instant(page.entry.at),
        author: page.entry.author,
        event: row.event.name(),
        ticket: row.ticket.map(|id| id.to_string()),
        amount: row.amount.to_string(),
        net: row.net.to_string(),
        reason: row.reason,
        over: row.over,
    })
}

async fn correct_ledger(
    caller: Caller,
    State(app): State<App>,
    path: PathParams,
    Input(body): Input<LedgerCorrection>,
) -> Result<Response, Problem> {
    let command = Command::CorrectLedger {
        contract: path.id("id")?,
        amount: decimal("amount", body.amount)?,
        used: decimal("used", body.used)?,
        reason: body.reason,
    };
    records::change(&app, caller, StatusCode::CREATED, command).await
}

/// An exact number, given as text or number.
fn decimal(field: &str, given: Option<Json>) -> Result<Option<Decimal>, Error> {
    let text = match given {
        None | Some(Json::Null) => return Ok(None),
        Some(Json::String(text)) => text,
        Some(other) => other.to_string(),
    };
    let read = text.parse().map(Some);
    read.map_err(|_| Error::field(field, "malformed", "expected a decimal number"))
}
