//! Records: the routes that every kind has, registered from one table.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value as Json, json};

use super::filter;
use super::input::{self, Input, Of, Params, PathParams};
use super::principal::{Access, Caller, etag_pos};
use super::problem::Problem;
use super::route::{Op, Routes};
use super::state::App;
use super::versions;
use super::view::{Look, link};
use crate::desk::{Command, Desk, Error, ErrorKind, ListQuery, Reply, Result};
use crate::domain::{Id, Kind, plan};
use crate::store::Pos;

/// The header with the position of the journal that an answer shows or made.
pub const POSITION: HeaderName = HeaderName::from_static("opora-position");
const DRY_RUN: &str = "dry_run";
const TRIED: &str = "Say what would be refused, by all checks and rules, and keep nothing.";
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// Every kind, and the path of its records: a new kind costs a line.
pub const TABLE: [(Kind, &str); 16] = [
    (Kind::Ticket, "tickets"),
    (Kind::Account, "accounts"),
    (Kind::Contact, "contacts"),
    (Kind::Agent, "agents"),
    (Kind::Team, "teams"),
    (Kind::Product, "products"),
    (Kind::Asset, "assets"),
    (Kind::Article, "articles"),
    (Kind::Calendar, "calendars"),
    (Kind::SupportLevel, "support-levels"),
    (Kind::Contract, "contracts"),
    (Kind::Lead, "leads"),
    (Kind::Inquiry, "inquiries"),
    (Kind::Activity, "activities"),
    (Kind::Recurrence, "recurrences"),
    (Kind::Category, "categories"),
];

/// The path of a kind's records.
#[must_use]
pub fn plural(kind: Kind) -> &'static str {
    let found = TABLE.iter().find(|(k, _)| *k == kind);
    found.map_or("records", |(_, path)| path)
}

/// Who reads records of a kind: some are open to everybody when a setting says so.
pub(super) const fn readers(kind: Kind) -> Access {
    match kind {
        Kind::Article | Kind::Category => Access::Reader,
        _ => Access::Token,
    }
}

/// Name of a kind's schema.
#[must_use]
pub fn schema_name(kind: Kind) -> String {
    let words = kind.name().split('_');
    words
        .flat_map(|w| {
            let (head, tail) = w.split_at(1);
            [head.to_uppercase(), tail.to_owned()]
        })
        .collect()
}

/// Adds the routes of every kind.
pub(super) fn add(routes: &mut Routes) {
    for (kind, path) in TABLE {
        let (noun, name) = (kind.name().replace('_', " "), kind.name());
        let (all, one) = (format!("/v1/{path}"), format!("/v1/{path}/{{id}}"));
        let schema = schema_name(kind);
        let input = format!("{schema}Input");
        let op = Op::get(&all, format!("list_{}", path.replace('-', "_")))
            .about(path, format!("List {} with filters by field: `status=a,b`, `created_at.from=`, `created_at.to=`, `assignee.present=false`, `assignee=me`, `category.within=`.", path.replace('-', " ")))
            .kind(kind)
            .paged()
            .query("sort", "Field to sort by, with `-` before it for descending order; newest first when not given.")
            .at_least()
            .access(readers(kind))
            .reply_page_named("A page", "items", &schema);
        routes.add(op, list_records);
        let op = Op::post(&all, format!("create_{name}"))
            .about(path, format!("Create a new {noun}."))
            .kind(kind)
            .flag(DRY_RUN, TRIED)
            .body_named(&input)
            .reply_named(
                201,
                "Created; `Location` and `ETag` tell where and at which version",
                &schema,
            )
            .reply(204, "It would be created");
        routes.add(op, create_record);
        let op = Op::get(&one, format!("read_{name}"))
            .about(path, format!("Read the {noun}."))
            .kind(kind)
            .access(readers(kind))
            .at_least()
            .header(
                "If-None-Match",
                "ETag the reader has; 304 when it is still the version.",
            );
        let op = match plan::owner_field(kind) {
            Some(_) => op.flag(
                "plan",
                "Whether its activities stand under `plan`, in the order they are planned.",
            ),
            None => op,
        };
        let op = match kind {
            Kind::Article => op.number("at", "A version: the article as it was then; for agents."),
            _ => op,
        };
        let op = op
            .reply_named(200, "The record", &schema)
            .reply(304, "The reader has this version");
        routes.add(op, read_record);
        let op = Op::patch(&one, format!("update_{name}"))
            .about(path, "Change the fields given; `null` removes a value.")
            .kind(kind)
            .versioned()
            .flag(DRY_RUN, TRIED)
            .body_named(&input)
            .reply_named(200, "The record as it is now", &schema)
            .reply(204, "It would be changed");
        routes.add(op, update_record);
        let op = Op::delete(&one, format!("delete_{name}"))
            .about(path, format!("Delete the {noun} and what belongs to it."))
            .kind(kind)
            .versioned()
            .reply(204, "Deleted");
        routes.add(op, delete_record);
    }
}

async fn list_records(
    caller: Caller,
    State(app): State<App>,
    Of(kind): Of,
    mut params: Params,
) -> std::result::Result<Response, Problem> {
    let (limit, cursor, at_least) = (params.limit()?, params.one("cursor")?, params.at_least()?);
    let catalog = app.desk().catalog()?;
    let sort = filter::sort(&mut params, &catalog, &caller.actor, kind)?;
    let filters = filter::conditions(&mut params, &catalog, &caller.actor, kind)?;
    let query = ListQuery {
        kind,
        filters,
        sort,
        limit,
        cursor,
        at_least,
    };
    let (pos, body) = app
        .read(at_least, move |desk| {
            let page = desk.list(&caller.actor, &query)?;
            let catalog = desk.catalog()?;
            let look = look(&catalog, &caller);
            let items: Vec<Json> = page.items.iter().map(|r| look.record(r)).collect();
            Ok(json!({ "items": items, "next": page.next }))
        })
        .await?;
    Ok(at(pos, axum::Json(body)))
}

/// Answers a command that is only tried out.
async fn tried(
    app: &App,
    caller: Caller,
    command: Command,
) -> std::result::Result<Response, Problem> {
    let done = app.call(move |desk| desk.try_out(&caller.request(), &command));
    done.await?;
    Ok(at(app.desk().pos(), StatusCode::NO_CONTENT))
}

/// Takes `dry_run`, after which nothing may be left.
fn is_dry(mut params: Params) -> std::result::Result<bool, Problem> {
    let is_dry = params.flag(DRY_RUN)?;
    params.finish()?;
    Ok(is_dry)
}

async fn create_record(
    caller: Caller,
    State(app): State<App>,
    Of(kind): Of,
    params: Params,
    Input(body): Input<Map<String, Json>>,
) -> std::result::Result<Response, Problem> {
    let is_dry = is_dry(params)?;
    let fields = input::fields(body)?;
    let command = Command::Create { kind, fields };
    if is_dry {
        return tried(&app, caller, command).await;
    }
    change(&app, caller, StatusCode::CREATED, command).await
}

async fn read_record(
    caller: Caller,
    State(app): State<App>,
    Of(kind): Of,
    path: PathParams,
    headers: HeaderMap,
    mut params: Params,
) -> std::result::Result<Response, Problem> {
    let (id, at_least) = (path.id("id")?, params.at_least()?);
    let with_plan = plan::owner_field(kind).is_some() && params.flag("plan")?;
    let then = match kind {
        Kind::Article => versions::position(&mut params, "at")?,
        _ => None,
    };
    params.finish()?;
    let known = headers.get(header::IF_NONE_MATCH);
    let known = known.and_then(|v| etag_pos(v.to_str().ok()?.trim()));
    let (pos, (version, is_same, body)) = app
        .read(at_least, move |desk| {
            let page = match then {
                Some(then) => desk.article_at(&caller.actor, id, then)?,
                None => desk.record(&caller.actor, kind, id, at_least)?,
            };
            let catalog = desk.catalog()?;
            let look = look(&catalog, &caller);
            let mut body = look.record(&page);
            let merged = super::merge::redirect(desk, &caller, &page.record)?;
            if let Some(body) = body.as_object_mut().filter(|_| !merged.is_null()) {
                body.insert("merged".to_owned(), merged);
            }
            let (undelivered, noted) = super::undelivered::of(desk, &caller, &page.record)?;
            if let Some(body) = body.as_object_mut().filter(|_| !undelivered.is_null()) {
                body.insert("undelivered".to_owned(), undelivered);
            }
            if with_plan {
                let rows = desk.plan(&caller.actor, kind, id, at_least)?;
                let rows = rows.iter().map(|row| look.record(row)).collect();
                if let Some(body) = body.as_object_mut() {
                    body.insert("plan".to_owned(), rows);
                }
            }
            // What became of messages is no change of the record, and is told all the same.
            let same = known == Some(page.version) && noted <= page.version;
            Ok((page.version, same, body))
        })
        .await?;
    let mut response = if is_same {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        axum::Json(body).into_response()
    };
    set(&mut response, header::ETAG, &format!("\"{version}\""));
    Ok(at(pos, response))
}

async fn update_record(
    caller: Caller,
    State(app): State<App>,
    Of(kind): Of,
    path: PathParams,
    params: Params,
    Input(body): Input<Map<String, Json>>,
) -> std::result::Result<Response, Problem> {
    let is_dry = is_dry(params)?;
    let id = path.id("id")?;
    let fields = input::fields(body)?;
    let command = Command::Update { kind, id, fields };
    if is_dry {
        return tried(&app, caller, command).await;
    }
    change(&app, caller, StatusCode::OK, command).await
}

async fn delete_record(
    caller: Caller,
    State(app): State<App>,
    Of(kind): Of,
    path: PathParams,
) -> std::result::Result<Response, Problem> {
    let command = Command::Delete {
        kind,
        id: path.id("id")?,
    };
    let reply = app.call(move |desk| run(desk, &caller, &command)).await?;
    Ok(changed(&reply, StatusCode::NO_CONTENT))
}

/// Runs a command as the caller asked for it.
///
/// # Errors
/// What the desk answers.
pub fn run(desk: &Desk, caller: &Caller, command: &Command) -> Result<Reply> {
    desk.run(&caller.request(), command)
}

/// Runs a command about one record and answers with the record as it is now.
///
/// # Errors
/// What the desk answers.
pub async fn change(
    app: &App,
    caller: Caller,
    status: StatusCode,
    command: Command,
) -> std::result::Result<Response, Problem> {
    let done = app.call(move |desk| {
        let reply = run(desk, &caller, &command)?;
        let record = after(desk, &caller, &reply)?;
        Ok((reply, record))
    });
    let (reply, (version, body)) = done.await?;
    let mut response = (status, axum::Json(body)).into_response();
    if status == StatusCode::CREATED
        && let Some(kind) = reply.kind
    {
        let place = link(kind, &reply.id.to_string());
        set(&mut response, header::LOCATION, &place);
    }
    set(&mut response, header::ETAG, &format!("\"{version}\""));
    finish(&mut response, &reply);
    Ok(response)
}

/// The record after a command. A rule may have moved it out of the asker's sight, and a repeated
/// request may find it deleted: then only what the reply itself tells is left.
fn after(desk: &Desk, caller: &Caller, reply: &Reply) -> Result<(Pos, Json)> {
    let bare = || {
        let kind = reply.kind.map(Kind::name);
        (
            reply.pos,
            json!({ "id": reply.id, "kind": kind, "version": reply.pos.0 }),
        )
    };
    let Some(kind) = reply.kind else {
        return Ok(bare());
    };
    match desk.record(&caller.actor, kind, reply.id, Some(reply.pos)) {
        Ok(page) => {
            let catalog = desk.catalog()?;
            Ok((page.version, look(&catalog, caller).record(&page)))
        }
        Err(Error {
            kind: ErrorKind::NotFound,
            ..
        }) => Ok(bare()),
        Err(e) => Err(e),
    }
}

/// An answer without body to a change.
pub fn changed(reply: &Reply, status: StatusCode) -> Response {
    let mut response = status.into_response();
    finish(&mut response, reply);
    response
}

/// Tells the position of a change, and whether the answer is a kept one.
pub fn finish(response: &mut Response, reply: &Reply) {
    set(response, POSITION, &reply.pos.to_string());
    if reply.replayed {
        set(response, REPLAYED, "true");
    }
}

/// Tells the position a read shows at least.
pub fn at(pos: Pos, response: impl IntoResponse) -> Response {
    let mut response = response.into_response();
    set(&mut response, POSITION, &pos.to_string());
    response
}

/// Sets a header; a value that cannot be one is left out.
pub fn set(response: &mut Response, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

/// How the caller sees things.
pub fn look<'a>(catalog: &'a crate::packs::Catalog, caller: &'a Caller) -> Look<'a> {
    Look {
        catalog,
        locale: caller.locale,
        actor: &caller.actor,
    }
}

/// The kind named in a query or body.
///
/// # Errors
/// With the kind that was probably meant.
pub fn kind_named(field: &str, name: &str) -> Result<Kind> {
    Kind::named(name).ok_or_else(|| {
        let short: String = name.chars().take(64).collect();
        let near = crate::packs::nearest(&short, Kind::ALL.into_iter().map(Kind::name));
        let hint = near.map_or(String::new(), |word| format!("; did you mean `{word}`?"));
        Error::field(
            field,
            "unknown_kind",
            format!("there is no kind `{short}`{hint}"),
        )
    })
}

/// The id in a body.
///
/// # Errors
/// When the text is no id.
pub fn id_in(field: &str, text: &str) -> Result<Id> {
    text.parse()
        .map_err(|e: crate::domain::id::NotAnId| Error::field(field, "unexpected", e.to_string()))
}
