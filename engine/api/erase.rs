//! Erasing a person.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::input::PathParams;
use super::principal::{Access, Caller};
use super::problem::Problem;
use super::records;
use super::route::{Op, Routes};
use super::state::App;
use crate::desk::{Erased, Reply};
use crate::domain::{Id, Kind};

/// What erasing a person changed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Erased)]
pub struct ErasedView {
    /// The contact or agent.
    id: String,
    /// Other records.
    records: usize,
    /// Comments, messages and files.
    entries: usize,
    /// Messages that waited to leave, surveys, kept answers, tokens, timers, pieces of files.
    rows: usize,
    /// Entries of the journal.
    journal: usize,
}

/// Adds the route.
pub(super) fn add(routes: &mut Routes) {
    let op = Op::post("/v1/contacts/{id}/erase", "erase_contact")
        .about(
            "contacts",
            "Erase the person: its values, what it wrote, and its name, numbers and addresses wherever they stand, the journal included. It cannot be undone.",
        )
        .kind(Kind::Contact)
        .access(Access::Admin)
        .reply_with::<ErasedView>(200, "What was changed");
    routes.add(op, erase_contact);
    let op = Op::post("/v1/agents/{id}/erase", "erase_agent")
        .about(
            "agents",
            "Erase the agent: name, addresses and personal values wherever they stand, the journal included, and its tokens. What it did stays under its id. It cannot be undone.",
        )
        .kind(Kind::Agent)
        .access(Access::Admin)
        .reply_with::<ErasedView>(200, "What was changed");
    routes.add(op, erase_agent);
}

async fn erase_agent(
    caller: Caller,
    State(app): State<App>,
    path: PathParams,
) -> Result<Response, Problem> {
    let id = path.id("id")?;
    let done = app.call(move |desk| desk.erase_agent(&caller.request(), id));
    let (reply, erased) = done.await?;
    Ok(answer(id, erased, &reply))
}

async fn erase_contact(
    caller: Caller,
    State(app): State<App>,
    path: PathParams,
) -> Result<Response, Problem> {
    let id = path.id("id")?;
    let done = app.call(move |desk| desk.erase_person(&caller.request(), id));
    let (reply, erased) = done.await?;
    Ok(answer(id, erased, &reply))
}

fn answer(id: Id, erased: Erased, reply: &Reply) -> Response {
    let view = ErasedView {
        id: id.to_string(),
        records: erased.records,
        entries: erased.entries,
        rows: erased.rows,
        journal: erased.journal,
    };
    let mut response = (StatusCode::OK, axum::Json(view)).into_response();
    records::finish(&mut response, reply);
    response
}
