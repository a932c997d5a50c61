//! What packs define, as the API tells it: ticket types and fields.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use utoipa::ToSchema;

use super::input::{Input, Params, PathParams};
use super::principal::{Access, Caller};
use super::problem::Problem;
use super::records::{self, at};
use super::route::{Op, Routes};
use super::state::App;
use super::view::StatusView;
use crate::desk::{Command, Desk, Error};
use crate::domain::definitions::TypeDef;
use crate::domain::{FieldDef, Kind, Names};
use crate::packs::Catalog;

/// A type of ticket.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TicketType)]
struct TypeView {
    /// `pack/name`.
    code: String,
    /// Name in the language of the request.
    name: String,
    /// Names by locale.
    #[schema(value_type = Object)]
    names: Names,
    /// Icon shown on cards.
    icon: String,
    /// Whether it can be neither renamed nor removed.
    reserved: bool,
    /// Whether new tickets of it can be made.
    active: bool,
    /// Status of a new ticket.
    initial: String,
    /// Statuses, in the order they are shown.
    statuses: Vec<StatusView>,
    /// The permitted changes of status.
    transitions: Vec<TransitionView>,
    /// Codes of the fields its tickets have.
    fields: Vec<String>,
}

/// A permitted change of status.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TransitionDef)]
struct TransitionView {
    /// Status that is left; `*` for any.
    from: String,
    /// Status that is entered.
    to: String,
    /// Fields that must have a value.
    requires: Vec<String>,
}

/// A field.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Field)]
struct FieldView {
    /// Code: bare for the engine's own, `pack/name` for a pack's.
    code: String,
    /// Kind of the records that have it.
    kind: &'static str,
    /// Types of the records that have it; empty: all of the kind.
    types: Vec<String>,
    /// Name in the language of the request.
    name: String,
    /// The definition.
    #[schema(value_type = Object)]
    definition: Json,
}

/// A field to add.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewField {
    /// Kind of the records that get it; `ticket` when not given.
    #[serde(default)]
    kind: Option<String>,
    /// Type of the records that get it; all of the kind when not given.
    #[serde(default, rename = "type")]
    type_code: Option<String>,
    /// The field: `code`, `names`, `value` (its type), and what else a pack may say of a field. Its
    /// code gets the namespace `local`.
    #[schema(value_type = Object)]
    field: Json,
    /// Options that the field loses, each with the one that takes its place in records.
    #[serde(default)]
    replaced: BTreeMap<String, String>,
}

/// Adds the routes.
pub(super) fn add(routes: &mut Routes) {
    let op = Op::get("/v1/ticket-types", "list_ticket_types")
        .about(
            "ticket-types",
            "List the types of ticket with their statuses.",
        )
        .at_least()
        .reply_page::<TypeView>("All of them; there is no next page");
    routes.add(op, list_types);
    let op = Op::get("/v1/ticket-types/{pack}/{name}", "read_ticket_type")
        .about("ticket-types", "Read a type of ticket.")
        .at_least()
        .reply_with::<TypeView>(200, "The type");
    routes.add(op, read_type);
    let op = Op::get("/v1/fields", "list_fields")
        .about("fields", "List the fields of records: the engine's own, those of packs, and those added while running.")
        .access(Access::Agent)
        .query("kind", "Only fields of this kind of record.")
        .query("type", "Only fields of this type.")
        .at_least()
        .reply_page::<FieldView>("All of them; there is no next page");
    routes.add(op, list_fields);
    let op = Op::post("/v1/fields", "create_field")
        .about(
            "fields",
            "Add a field, or change one added before, while running.",
        )
        .access(Access::Admin)
        .body::<NewField>()
        .reply_with::<FieldView>(201, "Added");
    routes.add(op, create_field);
}

async fn list_types(
    caller: Caller,
    State(app): State<App>,
    params: Params,
) -> Result<Response, Problem> {
    let at_least = params.only_at_least()?;
    let (pos, catalog) = app.read(at_least, Desk::catalog).await?;
    let types = catalog.types(Kind::Ticket);
    let items: Vec<TypeView> = types.map(|t| view(&catalog, t, &caller)).collect();
    Ok(at(pos, axum::Json(json!({ "items": items, "next": null }))))
}

async fn read_type(
    caller: Caller,
    State(app): State<App>,
    path: PathParams,
    params: Params,
) -> Result<Response, Problem> {
    let at_least = params.only_at_least()?;
    let (pos, catalog) = app.read(at_least, Desk::catalog).await?;
    let code = format!("{}/{}", path.text("pack"), path.text("name"));
    let found = catalog.type_def(&code).filter(|t| t.kind == Kind::Ticket);
    match found {
        Some(def) => Ok(at(pos, axum::Json(view(&catalog, def, &caller)))),
        None => Err(Error::not_found().into()),
    }
}

fn view(catalog: &Catalog, def: &TypeDef, caller: &Caller) -> TypeView {
    let look = records::look(catalog, caller);
    let workflow = catalog.workflow(def.kind, Some(&def.code));
    let fields = catalog.fields(def.kind, Some(&def.code)).iter();
    let fields = fields.filter(|f| !f.internal || caller.actor.sees_internal());
    let transitions = workflow.map(|w| w.transitions.as_slice());
    let transitions = transitions.unwrap_or_default().iter();
    TypeView {
        code: def.code.clone(),
        name: def.names.get(caller.locale).unwrap_or(&def.code).to_owned(),
        names: def.names.clone(),
        icon: def.icon.clone(),
        reserved: def.reserved,
        active: def.active,
        initial: workflow.map_or_else(String::new, |w| w.initial.clone()),
        statuses: workflow.map_or_else(Vec::new, |w| {
            w.statuses.iter().map(|s| look.status(s)).collect()
        }),
        transitions: transitions
            .map(|t| TransitionView {
                from: t.from.clone(),
                to: t.to.clone(),
                requires: t.requires.clone(),
            })
            .collect(),
        fields: fields.map(|f| f.code.clone()).collect(),
    }
}

async fn list_fields(
    caller: Caller,
    State(app): State<App>,
    mut params: Params,
) -> Result<Response, Problem> {
    let kinds = match params.one("kind")? {
        None => Kind::ALL.to_vec(),
        Some(name) => vec![records::kind_named("kind", &name)?],
    };
    let type_code = params.one("type")?;
    let at_least = params.only_at_least()?;
    let (pos, catalog) = app.read(at_least, Desk::catalog).await?;
    let mut items: Vec<FieldView> = Vec::new();
    for kind in kinds {
        collect(&catalog, kind, &caller, &mut items);
    }
    if let Some(name) = type_code {
        let code = catalog.resolve_type(&name).map(|t| t.code.clone());
        let Some(code) = code else {
            let message = "there is no such type; see `/v1/ticket-types`";
            return Err(Error::field("type", "unknown_type", message).into());
        };
        items.retain(|f| f.types.is_empty() || f.types.contains(&code));
    }
    Ok(at(pos, axum::Json(json!({ "items": items, "next": null }))))
}

/// The fields of a kind: those of all its records first, then those of some types.
fn collect(catalog: &Catalog, kind: Kind, caller: &Caller, items: &mut Vec<FieldView>) {
    let of_all = catalog.fields(kind, None);
    items.extend(of_all.iter().map(|f| field(f, kind, Vec::new(), caller)));
    let first_of_types = items.len();
    for def in catalog.types(kind) {
        for f in catalog.fields(kind, Some(&def.code)) {
            if of_all.iter().any(|other| other.code == f.code) {
                continue;
            }
            let mut known = items.iter_mut().skip(first_of_types);
            match known.find(|other| other.code == f.code) {
                Some(known) => known.types.push(def.code.clone()),
                None => items.push(field(f, kind, vec![def.code.clone()], caller)),
            }
        }
    }
}

fn field(def: &FieldDef, kind: Kind, types: Vec<String>, caller: &Caller) -> FieldView {
    FieldView {
        code: def.code.clone(),
        kind: kind.name(),
        types,
        name: def.names.get(caller.locale).unwrap_or(&def.code).to_owned(),
        definition: serde_json::to_value(def).unwrap_or_default(),
    }
}

async fn create_field(
    caller: Caller,
    State(app): State<App>,
    Input(body): Input<NewField>,
) -> Result<Response, Problem> {
    let kind = match &body.kind {
        None => Kind::Ticket,
        Some(name) => records::kind_named("kind", name)?,
    };
    let def: FieldDef = serde_json::from_value(body.field)
        .map_err(|e| Error::field("field", "unexpected", e.to_string()))?;
    let name = def.code.clone();
    let done = app.call(move |desk| {
        let types = match body.type_code {
            None => Vec::new(),
            Some(name) => match desk.catalog()?.resolve_type(&name) {
                Some(def) => vec![def.code.clone()],
                None => vec![name],
            },
        };
        let command = Command::DefineField {
            kind,
            type_code: types.first().cloned(),
            field: Box::new(def),
            replaced: body.replaced,
        };
        let reply = records::run(desk, &caller, &command)?;
        let catalog = desk.catalog()?;
        let code = crate::domain::Code::qualify("local", &name).0;
        let type_code = types.first().map(String::as_str);
        let mut all = catalog.fields(kind, type_code).iter();
        let found = all.find(|f| f.code == code).map(|f| (**f).clone());
        Ok((reply, found.map(|f| field(&f, kind, types, &caller))))
    });
    let (reply, found) = done.await?;
    let body = axum::Json(found);
    let mut response = (StatusCode::CREATED, body).into_response();
    records::finish(&mut response, &reply);
    Ok(response)
}
