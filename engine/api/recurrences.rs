//! When recurrences will make their next tickets. They are read and changed like every record.

use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use serde_json::{Map, Value as Json};
use utoipa::ToSchema;

use super::input::{self, Input, Params, PathParams};
use super::principal::{Access, Caller};
use super::problem::Problem;
use super::records::at;
use super::route::{Op, Routes};
use super::state::App;
use super::view::instant;
use crate::desk::{Error, Occurrence};
use crate::domain::Kind;

/// Occurrences shown when not told.
const SHOWN: usize = 10;

/// An occurrence.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Occurrence)]
pub struct OccurrenceView {
    /// When.
    at: String,
    /// What clocks show then in the zone of the calendar, `2026-03-02T09:00:00`.
    local: String,
}

/// The next occurrences.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Occurrences)]
pub struct OccurrencesView {
    /// In order.
    items: Vec<OccurrenceView>,
}

/// Adds the routes.
pub(super) fn add(routes: &mut Routes) {
    let limit = "Most occurrences, 1 to 50; 10 when not given.";
    let op = Op::get("/v1/recurrences/{id}/occurrences", "read_occurrences")
        .about(
            "recurrences",
            "When the recurrence makes its next tickets, as if it were active.",
        )
        .kind(Kind::Recurrence)
        .access(Access::Agent)
        .number("limit", limit)
        .at_least()
        .reply_with::<OccurrencesView>(200, "The next occurrences");
    routes.add(op, read_occurrences);
    let op = Op::post("/v1/recurrences/preview", "preview_recurrence")
        .about(
            "recurrences",
            "When a recurrence with this schedule would make tickets; nothing is saved. The body has `rule`, `starts_on` and `calendar`, and may have `time`, `ends_on` and `days`.",
        )
        .access(Access::Agent)
        .number("limit", limit)
        .body::<PreviewInput>()
        .reply_with::<OccurrencesView>(200, "The next occurrences");
    routes.add(op, preview_recurrence);
}

/// A schedule: fields of a recurrence.
#[derive(Debug, serde::Deserialize, ToSchema)]
#[schema(as = RecurrencePreview)]
pub struct PreviewInput {
    /// Values by field.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    fields: Map<String, Json>,
}

async fn read_occurrences(
    caller: Caller,
    State(app): State<App>,
    path: PathParams,
    mut params: Params,
) -> Result<Response, Problem> {
    let (id, most) = (path.id("id")?, limit(&mut params)?);
    let at_least = params.only_at_least()?;
    let done = app.read(at_least, move |desk| {
        desk.occurrences(&caller.actor, id, most, at_least)
    });
    let (pos, found) = done.await?;
    Ok(at(pos, axum::Json(view(found))))
}

async fn preview_recurrence(
    caller: Caller,
    State(app): State<App>,
    mut params: Params,
    Input(body): Input<PreviewInput>,
) -> Result<Response, Problem> {
    let most = limit(&mut params)?;
    params.finish()?;
    let fields = input::fields(body.fields)?;
    let done = app.read(None, move |desk| {
        desk.preview_recurrence(&caller.actor, &fields, most)
    });
    let (pos, found) = done.await?;
    Ok(at(pos, axum::Json(view(found))))
}

fn limit(params: &mut Params) -> Result<usize, Problem> {
    let Some(text) = params.one("limit")? else {
        return Ok(SHOWN);
    };
    let limit = text.parse().ok().filter(|n| (1..=50).contains(n));
    let wrong = || Error::field("limit", "invalid_parameter", "expected 1 to 50");
    Ok(limit.ok_or_else(wrong)?)
}

fn view(found: Vec<Occurrence>) -> OccurrencesView {
    let items = found.into_iter().map(|one| OccurrenceView {
        at: instant(one.at),
        local: one.local.format("%Y-%m-%dT%H:%M:%S").to_string(),
    });
    OccurrencesView {
        items: items.collect(),
    }
}
