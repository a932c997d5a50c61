//! Options of packs: what administrators set without touching rules.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};
use utoipa::ToSchema;

use super::input::{Input, Params, PathParams};
use super::pack_upload::IF_REVISION;
use super::packs::{absent, named};
use super::principal::{Access, Caller};
use super::problem::Problem;
use super::records::at;
use super::route::{Op, Routes};
use super::state::App;
use super::view::packs::InstalledView;
use crate::desk::{PackChange, PackOption};

/// An option of a pack.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PackOption)]
pub struct OptionView {
    /// Name, as rules read it.
    name: String,
    /// Names for people, by locale.
    names: BTreeMap<String, String>,
    /// What its values are: `text`, `int`, `decimal`, `bool`, `date`, `instant` or `list`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// Its value.
    value: Json,
    /// The value that the pack has for it.
    default: Json,
    /// Whether an administrator set it.
    set: bool,
}

/// Options that are set.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PackOptionsInput {
    /// Values by the name of the option; null gives back the value that the pack has for it.
    #[schema(value_type = Object)]
    options: Map<String, Json>,
}

/// Adds the routes.
pub(super) fn add(routes: &mut Routes) {
    let op = Op::get("/v1/packs/{name}/options", "list_pack_options")
        .about("packs", "List the options of a pack with their values.")
        .access(Access::Admin)
        .at_least()
        .reply_page::<OptionView>("All of them; there is no next page");
    routes.add(op, list_options);
    let op = Op::patch("/v1/packs/{name}/options", "set_pack_options")
        .about("packs", "Set options of a pack, all of them or none. Upgrades keep what was set, as long as the pack has the option with values of the same type.")
        .access(Access::Admin)
        .header("If-Match", IF_REVISION)
        .body::<PackOptionsInput>()
        .reply_with::<InstalledView>(200, "The pack");
    routes.add(op, set_options);
}

async fn list_options(
    _: Caller,
    State(app): State<App>,
    path: PathParams,
    params: Params,
) -> Result<Response, Problem> {
    let at_least = params.only_at_least()?;
    let name = path.text("name").to_owned();
    let done = app.read(at_least, move |desk| {
        let options = desk.pack_options(&name);
        options.map_err(|e| absent(desk, &name, e))
    });
    let (pos, options) = done.await?;
    let items = views(options);
    Ok(at(pos, axum::Json(json!({ "items": items, "next": null }))))
}

/// Options as JSON.
#[must_use]
pub fn views(options: Vec<PackOption>) -> Vec<OptionView> {
    let view = |option: PackOption| OptionView {
        name: option.name,
        names: option.names,
        kind: option.kind,
        value: option.value.to_json(),
        default: option.own.to_json(),
        set: option.is_set,
    };
    options.into_iter().map(view).collect()
}

async fn set_options(
    caller: Caller,
    State(app): State<App>,
    path: PathParams,
    Input(body): Input<PackOptionsInput>,
) -> Result<Response, Problem> {
    let values = body.options;
    named(app, caller, path, PackChange::SetOptions { values }).await
}
