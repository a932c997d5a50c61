//! What a customer would see, before the portal is opened to it.

use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use serde_json::Value as Json;
use utoipa::ToSchema;

use super::input::Params;
use super::principal::{Access, Caller};
use super::problem::Problem;
use super::records::at;
use super::route::{Op, Routes};
use super::state::App;
use super::view::Look;
use crate::desk::Error;
use crate::domain::Id;

/// What is shown of a kind of record.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Exposed)]
pub struct ExposedView {
    /// The kind.
    kind: &'static str,
    /// Fields that are shown.
    fields: Vec<String>,
    /// Fields that are kept back.
    hidden: Vec<String>,
    /// The newest records, as they are shown.
    #[schema(value_type = Vec<Object>)]
    records: Vec<Json>,
    /// Whether there are more.
    more: bool,
}

/// What somebody would see.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AccessPreview)]
pub struct PreviewView {
    /// What is shown, kind by kind; of other kinds nothing is.
    items: Vec<ExposedView>,
}

/// Adds the route.
pub(super) fn add(routes: &mut Routes) {
    let op = Op::get("/v1/access/preview", "preview_access")
        .about(
            "access",
            "What a customer would see: before the portal is opened to it.",
        )
        .access(Access::Admin)
        .query("as", "`contact:ID`.")
        .at_least()
        .reply_with::<PreviewView>(200, "What is shown");
    routes.add(op, preview_access);
}

async fn preview_access(
    caller: Caller,
    State(app): State<App>,
    mut params: Params,
) -> Result<Response, Problem> {
    let who = params.one("as")?.unwrap_or_default();
    let at_least = params.only_at_least()?;
    let contact: Option<Id> = who.strip_prefix("contact:").and_then(|id| id.parse().ok());
    let contact = contact.ok_or_else(|| {
        Error::field(
            "as",
            "invalid_parameter",
            "expected `contact:` and the contact's id",
        )
    })?;
    let done = app.read(at_least, move |desk| {
        let preview = desk.exposed_to(&caller.actor, contact)?;
        let catalog = desk.catalog()?;
        let look = Look {
            catalog: &catalog,
            locale: caller.locale,
            actor: &preview.customer,
        };
        let items = preview.kinds.into_iter().map(|shown| ExposedView {
            kind: shown.kind.name(),
            fields: shown.fields,
            hidden: shown.hidden,
            records: shown.records.iter().map(|r| look.record(r)).collect(),
            more: shown.more,
        });
        Ok(PreviewView {
            items: items.collect(),
        })
    });
    let (pos, body) = done.await?;
    Ok(at(pos, axum::Json(body)))
}
