//! Duplicates of records.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Map, Value as Json};
use utoipa::ToSchema;

use super::input::{self, Input, Of, PathParams};
use super::principal::{Access, Caller};
use super::problem::Problem;
use super::records::{self, TABLE};
use super::route::{Op, Routes};
use super::state::App;
use crate::desk::Command;

/// What a duplicate has otherwise.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Duplicate {
    /// Values by field that take the place of the original's.
    #[schema(value_type = Object)]
    fields: Map<String, Json>,
}

/// Adds the routes.
pub(super) fn add(routes: &mut Routes) {
    for (kind, path) in TABLE {
        if !kind.has_entries() {
            continue;
        }
        let (one, name) = (format!("/v1/{path}/{{id}}"), kind.name());
        let op = Op::post(format!("{one}/duplicate"), format!("duplicate_{name}"))
            .about(path, "Make a duplicate: the same values under a number of its own, with a link to the original and without its past.")
            .access(Access::Agent)
            .kind(kind)
            .versioned()
            .body::<Duplicate>()
            .reply_named(201, "The duplicate", &records::schema_name(kind));
        routes.add(op, duplicate_record);
    }
}

async fn duplicate_record(
    caller: Caller,
    State(app): State<App>,
    Of(kind): Of,
    path: PathParams,
    Input(body): Input<Duplicate>,
) -> Result<Response, Problem> {
    let command = Command::Duplicate {
        kind,
        id: path.id("id")?,
        fields: input::fields(body.fields)?,
    };
    records::change(&app, caller, StatusCode::CREATED, command).await
}
