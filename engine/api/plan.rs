//! Plans: the activities of a record, read and changed together.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};
use utoipa::ToSchema;

use super::input::{Input, Of, Params, PathParams};
use super::principal::{Access, Caller};
use super::problem::Problem;
use super::records::{self, TABLE, at};
use super::route::{Op, Routes};
use super::state::App;
use crate::desk::{Command, PlanRow};
use crate::domain::{Kind, plan};

/// Changes of a plan.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanInput {
    /// The rows: values of an activity by field; with `id`, the activity that is changed, and with
    /// `remove` as well, the one that is removed. At most 100.
    #[schema(value_type = Vec<Object>)]
    rows: Vec<Map<String, Json>>,
}

/// Adds the routes.
pub(super) fn add(routes: &mut Routes) {
    for (kind, path) in TABLE {
        if plan::owner_field(kind).is_none() {
            continue;
        }
        let one = format!("/v1/{path}/{{id}}/plan");
        let (schema, name) = (records::schema_name(kind), kind.name());
        let op = Op::get(&one, format!("read_{name}_plan"))
            .about(
                path,
                "The activities of the record, in the order they are planned.",
            )
            .kind(kind)
            .access(Access::Agent)
            .at_least()
            .reply_page_named(
                "All of them, 200 at most; there is no next page",
                "items",
                &records::schema_name(Kind::Activity),
            );
        routes.add(op, read_plan);
        let op = Op::post(&one, format!("change_{name}_plan"))
            .about(
                path,
                "Add, change and remove activities of the record: all rows or none.",
            )
            .kind(kind)
            .access(Access::Agent)
            .versioned()
            .body::<PlanInput>()
            .reply_named(200, "The record as it is now", &schema);
        routes.add(op, change_plan);
    }
}

async fn read_plan(
    caller: Caller,
    State(app): State<App>,
    Of(kind): Of,
    path: PathParams,
    params: Params,
) -> Result<Response, Problem> {
    let (id, at_least) = (path.id("id")?, params.only_at_least()?);
    let done = app.read(at_least, move |desk| {
        let rows = desk.plan(&caller.actor, kind, id, at_least)?;
        let catalog = desk.catalog()?;
        let look = records::look(&catalog, &caller);
        Ok(rows.iter().map(|r| look.record(r)).collect::<Vec<Json>>())
    });
    let (pos, items) = done.await?;
    Ok(at(pos, axum::Json(json!({ "items": items, "next": null }))))
}

async fn change_plan(
    caller: Caller,
    State(app): State<App>,
    Of(kind): Of,
    path: PathParams,
    Input(body): Input<PlanInput>,
) -> Result<Response, Problem> {
    let rows = body.rows.into_iter().map(Json::Object).collect();
    let command = Command::Plan {
        kind,
        id: path.id("id")?,
        rows: PlanRow::read_all(Json::Array(rows))?,
    };
    records::change(&app, caller, StatusCode::OK, command).await
}
