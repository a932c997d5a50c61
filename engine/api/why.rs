//! Explaining records and replaying decisions over the API.

use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use super::input::{Of, Params, PathParams};
use super::principal::{Access, Caller};
use super::problem::Problem;
use super::records::{TABLE, at};
use super::route::{Op, Routes};
use super::state::App;
use super::view::{ReplayedView, WhyView, replayed, why};
use crate::desk::{Error, WhyQuery};
use crate::store::Pos;

/// The decisions of a position, made again.
#[derive(Debug, Serialize, ToSchema)]
struct Replay {
    /// The decisions, in order.
    items: Vec<ReplayedView>,
}

/// Adds the routes.
pub(super) fn add(routes: &mut Routes) {
    for (kind, path) in TABLE {
        let name = kind.name();
        let op = Op::get(format!("/v1/{path}/{{id}}/why"), format!("explain_{name}"))
            .about(path, "Why the record is as it is: for each change the rule, its line, the values it read and what led to it; for each rule that kept silent the condition that was false; for each due time its ledger.")
            .kind(kind)
            .access(Access::Agent)
            .query("field", "Only what bears on this field.")
            .paged()
            .at_least()
            .reply_with::<WhyView>(200, "The explanation, oldest change first");
        routes.add(op, explain_record);
    }
    let op = Op::get("/v1/journal/{position}/replay", "replay_decisions")
        .about("packs", "Make the decisions of a position again, with the rules and records of that time, and show their way. Nothing is changed. 409 `not_replayable` when what they stood on is gone.")
        .access(Access::Agent)
        .query("rule", "Only this rule: `pack/name`.")
        .at_least()
        .reply_with::<Replay>(200, "The decisions, in order");
    routes.add(op, replay_decisions);
}

async fn explain_record(
    caller: Caller,
    State(app): State<App>,
    Of(kind): Of,
    path: PathParams,
    mut params: Params,
) -> Result<Response, Problem> {
    let query = WhyQuery {
        kind,
        id: path.id("id")?,
        field: params.one("field")?,
        limit: params.limit()?,
        cursor: params.one("cursor")?,
    };
    let at_least = params.only_at_least()?;
    let done = app.read(at_least, move |desk| desk.why(&caller.actor, &query));
    let (pos, found) = done.await?;
    Ok(at(pos, axum::Json(why(found))))
}

async fn replay_decisions(
    caller: Caller,
    State(app): State<App>,
    path: PathParams,
    mut params: Params,
) -> Result<Response, Problem> {
    let rule = params.one("rule")?;
    let at_least = params.only_at_least()?;
    let text = path.text("position");
    let place = text.parse().map(Pos).map_err(|_| Error::not_found())?;
    let done = app.read(at_least, move |desk| {
        desk.replay(&caller.actor, place, rule.as_deref())
    });
    let (pos, items) = done.await?;
    let items = items.into_iter().map(replayed).collect();
    Ok(at(pos, axum::Json(Replay { items })))
}
