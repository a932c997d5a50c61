//! Roles of agents: what those who have one may see and change.

use std::collections::{BTreeMap, BTreeSet};

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::input::{Input, Params, PathParams};
use super::principal::{Access, Caller};
use super::problem::Problem;
use super::records::{self, at};
use super::route::{Op, Routes};
use super::state::App;
use crate::desk::{Command, Error};
use crate::domain::role::{Right, Role};
use crate::domain::{Kind, Names};

const TAG: &str = "roles";

/// A role of agents. Agents name theirs in the field `roles`; several permit what one of them permits.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Role)]
#[serde(deny_unknown_fields)]
pub struct RoleView {
    /// Code: lower-case letters, digits, `_` and `-`.
    code: String,
    /// Names by language.
    #[serde(default)]
    #[schema(value_type = Object)]
    names: Names,
    /// Rights by kind of record: `{"ticket": {"see": "team", "change": "own"}}`. A right reaches
    /// `none`, `own`, `team` or `all` records; `all` when it is not given.
    #[serde(default)]
    #[schema(value_type = Object)]
    kinds: BTreeMap<String, Right>,
    /// Rights on all other kinds.
    #[serde(default)]
    #[schema(value_type = Object)]
    others: Right,
    /// Fields that are not shown, by kind: `{"contact": ["phones"]}`.
    #[serde(default)]
    #[schema(value_type = Object)]
    masked: BTreeMap<String, BTreeSet<String>>,
    /// Whether reports may be run.
    #[serde(default)]
    reports: bool,
}

/// The roles of the desk.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Roles)]
pub struct RolesView {
    /// The roles, by code.
    items: Vec<RoleView>,
}

/// Adds the routes.
pub(super) fn add(routes: &mut Routes) {
    let op = Op::get("/v1/roles", "list_roles")
        .about(TAG, "The roles that agents may have.")
        .access(Access::Admin)
        .at_least()
        .reply_with::<RolesView>(200, "The roles");
    routes.add(op, list_roles);
    let op = Op::post("/v1/roles", "save_role")
        .about(
            TAG,
            "Define a role, or define the one of this code anew; it holds from the next request on.",
        )
        .access(Access::Admin)
        .body::<RoleView>()
        .reply_with::<RoleView>(200, "The role");
    routes.add(op, save_role);
    let op = Op::delete("/v1/roles/{code}", "delete_role")
        .about(TAG, "Remove a role that no agent has.")
        .access(Access::Admin)
        .reply(204, "Removed");
    routes.add(op, delete_role);
}

async fn list_roles(
    caller: Caller,
    State(app): State<App>,
    params: Params,
) -> Result<Response, Problem> {
    let at_least = params.only_at_least()?;
    let done = app.read(at_least, move |desk| desk.roles(&caller.actor));
    let (pos, roles) = done.await?;
    let items = roles.into_iter().map(view).collect();
    Ok(at(pos, axum::Json(RolesView { items })))
}

async fn save_role(
    caller: Caller,
    State(app): State<App>,
    Input(body): Input<RoleView>,
) -> Result<Response, Problem> {
    let code = body.code.clone();
    let role = Box::new(role(body)?);
    let done = app.call(move |desk| {
        let reply = records::run(desk, &caller, &Command::SaveRole { role })?;
        let roles = desk.roles(&caller.actor)?;
        Ok((reply, roles.into_iter().find(|role| role.code == code)))
    });
    let (reply, role) = done.await?;
    let role = role.ok_or_else(Error::not_found)?;
    let mut response = axum::Json(view(role)).into_response();
    records::finish(&mut response, &reply);
    Ok(response)
}

async fn delete_role(
    caller: Caller,
    State(app): State<App>,
    path: PathParams,
) -> Result<Response, Problem> {
    let code = path.text("code").to_owned();
    let command = Command::RemoveRole { code };
    let done = app.call(move |desk| records::run(desk, &caller, &command));
    Ok(records::changed(&done.await?, StatusCode::NO_CONTENT))
}

fn role(given: RoleView) -> Result<Role, Error> {
    Ok(Role {
        code: given.code,
        names: given.names,
        kinds: by_kind("kinds", given.kinds)?,
        others: given.others,
        masked: by_kind("masked", given.masked)?,
        reports: given.reports,
    })
}

fn by_kind<T>(field: &str, given: BTreeMap<String, T>) -> Result<BTreeMap<Kind, T>, Error> {
    let read = |(name, value): (String, T)| Ok((records::kind_named(field, &name)?, value));
    given.into_iter().map(read).collect()
}

fn view(role: Role) -> RoleView {
    let name = |kind: Kind| kind.name().to_owned();
    RoleView {
        code: role.code,
        names: role.names,
        kinds: role.kinds.into_iter().map(|(k, v)| (name(k), v)).collect(),
        others: role.others,
        masked: role.masked.into_iter().map(|(k, v)| (name(k), v)).collect(),
        reports: role.reports,
    }
}
