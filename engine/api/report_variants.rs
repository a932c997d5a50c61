//! Variants of reports that readers saved.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use utoipa::ToSchema;

use super::input::{Input, Params, PathParams};
use super::principal::{Access, Caller};
use super::problem::Problem;
use super::records::{self, at};
use super::reports::{ReportRun, TAG, spec};
use super::route::{Op, Routes};
use super::state::App;
use super::view::instant;
use crate::desk::{Command, Error, Variant};
use crate::domain::Id;

/// A variant to save.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewVariant {
    /// Name for people.
    name: String,
    /// Whether others may use it.
    #[serde(default)]
    shared: bool,
    /// What is asked: as the body of a run, without `variant`.
    #[serde(default)]
    spec: ReportRun,
}

/// A saved variant.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReportVariant)]
pub struct VariantView {
    /// Identity.
    id: String,
    /// Full code of the report.
    report: String,
    /// Name for people.
    name: String,
    /// Whose it is.
    owner: String,
    /// Whether others may use it.
    shared: bool,
    /// What is asked.
    #[schema(value_type = Object)]
    spec: Json,
    /// When it was saved last.
    saved_at: String,
}

/// Variants of a report.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReportVariants)]
pub struct VariantsView {
    /// One's own and the shared ones, oldest first.
    items: Vec<VariantView>,
}

/// Adds the routes.
pub(super) fn add(routes: &mut Routes) {
    let all = "/v1/reports/{code}/variants";
    let op = Op::get(all, "list_report_variants")
        .access(Access::Agent)
        .about(TAG, "Saved variants: one's own and the shared ones.")
        .at_least()
        .reply_with::<VariantsView>(200, "The variants");
    routes.add(op, list_variants);
    let op = Op::post(all, "create_report_variant")
        .access(Access::Agent)
        .about(TAG, "Save a variant.")
        .body::<NewVariant>()
        .reply_with::<VariantView>(201, "Saved");
    routes.add(op, create_variant);
    let one = "/v1/reports/{code}/variants/{variant}";
    let op = Op::patch(one, "update_report_variant")
        .access(Access::Agent)
        .about(
            TAG,
            "Save a variant anew; only its owner and administrators may.",
        )
        .body::<NewVariant>()
        .reply_with::<VariantView>(200, "Saved");
    routes.add(op, update_variant);
    let op = Op::delete(one, "delete_report_variant")
        .access(Access::Agent)
        .about(
            TAG,
            "Remove a variant; only its owner and administrators may.",
        )
        .reply(204, "Removed");
    routes.add(op, delete_variant);
}

async fn list_variants(
    caller: Caller,
    State(app): State<App>,
    path: PathParams,
    params: Params,
) -> Result<Response, Problem> {
    let at_least = params.only_at_least()?;
    let code = path.text("code").to_owned();
    let done = app.read(at_least, move |desk| desk.variants(&caller.actor, &code));
    let (pos, variants) = done.await?;
    let items = variants.into_iter().map(view).collect();
    Ok(at(pos, axum::Json(VariantsView { items })))
}

fn view(variant: Variant) -> VariantView {
    VariantView {
        id: variant.id.to_string(),
        report: variant.report,
        name: variant.name,
        owner: variant.owner,
        shared: variant.shared,
        // It was JSON when it was saved.
        spec: serde_json::from_str(&variant.spec).unwrap_or(Json::Null),
        saved_at: instant(variant.saved_at),
    }
}

async fn create_variant(
    caller: Caller,
    app: State<App>,
    path: PathParams,
    body: Input<NewVariant>,
) -> Result<Response, Problem> {
    save(caller, app, path, body, None).await
}

async fn update_variant(
    caller: Caller,
    app: State<App>,
    path: PathParams,
    body: Input<NewVariant>,
) -> Result<Response, Problem> {
    let id = path.id("variant")?;
    save(caller, app, path, body, Some(id)).await
}

async fn save(
    caller: Caller,
    State(app): State<App>,
    path: PathParams,
    Input(body): Input<NewVariant>,
    id: Option<Id>,
) -> Result<Response, Problem> {
    if body.spec.variant.is_some() {
        let message = "a variant does not begin with another one";
        return Err(Error::field("spec.variant", "unexpected", message).into());
    }
    let code = path.text("code").to_owned();
    let command = Command::SaveVariant {
        report: code.clone(),
        id,
        name: body.name,
        shared: body.shared,
        spec: Box::new(spec(body.spec)?),
    };
    let done = app.call(move |desk| {
        let reply = records::run(desk, &caller, &command)?;
        let variant = desk.variant(&caller.actor, &code, reply.id)?;
        Ok((reply, variant))
    });
    let (reply, variant) = done.await?;
    let status = match id {
        Some(_) => StatusCode::OK,
        None => StatusCode::CREATED,
    };
    let mut response = (status, axum::Json(view(variant))).into_response();
    records::finish(&mut response, &reply);
    Ok(response)
}

async fn delete_variant(
    caller: Caller,
    State(app): State<App>,
    path: PathParams,
) -> Result<Response, Problem> {
    let command = Command::DeleteVariant {
        report: path.text("code").to_owned(),
        id: path.id("variant")?,
    };
    let done = app.call(move |desk| records::run(desk, &caller, &command));
    Ok(records::changed(&done.await?, StatusCode::NO_CONTENT))
}
