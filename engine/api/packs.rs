//! Packs over the API: list, install, try, look at their revisions, go back, rest, remove.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::input::{Input, OrNothing, Params, PathParams};
use super::pack_drafts::change;
use super::pack_upload::{IF_REVISION, PackGrants, PackRollback, PackUpload};
use super::principal::{Access, Caller, hex};
use super::problem::Problem;
use super::records::{self, at, set};
use super::route::{Op, Routes};
use super::state::App;
use super::view::packs::{self as view, DiffView, EventView, InstalledView, PlanView};
use crate::desk::{Command, Desk, Error, ErrorKind, PackChange, Reply, Result};
use crate::packs::{Given, PackFiles, nearest, pack_name};

/// Most commands by which an answer waits for records to move; timers move the others.
const MOVES_AWAITED: usize = 20;

/// Adds the routes.
pub(super) fn add(routes: &mut Routes) {
    let op = Op::get("/v1/packs", "list_packs")
        .about("packs", "List the active packs with their rules and types.")
        .access(Access::Agent)
        .at_least()
        .reply_page::<InstalledView>("All of them; there is no next page");
    routes.add(op, list_packs);
    let op = Op::post("/v1/packs", "install_pack")
        .about("packs", "Install a pack or a plugin, or another revision of it. What does not load is refused with file and line, and the old revision stays active. Records move to what takes the place of codes that are gone.")
        .access(Access::Admin)
        .pack()
        .header("If-Match", IF_REVISION)
        .flag("dry_run", "Check only, and tell what would change.")
        .body::<PackUpload>()
        .reply_with::<InstalledView>(201, "Installed")
        .reply_with::<PlanView>(200, "What installing would do, for a dry run");
    routes.add(op, install_pack);
    let op = Op::get("/v1/packs/{name}", "read_pack")
        .about("packs", "Read an active pack.")
        .access(Access::Agent)
        .at_least()
        .reply_with::<InstalledView>(200, "The pack; `ETag` is its revision");
    routes.add(op, read_pack);
    let op = Op::delete("/v1/packs/{name}", "remove_pack")
        .about(
            "packs",
            "Take a pack out of the active ones. Records keep their values.",
        )
        .access(Access::Admin)
        .header("If-Match", IF_REVISION)
        .reply(204, "Removed");
    routes.add(op, remove_pack);
    add_revisions(routes);
    add_changes(routes);
}

fn add_revisions(routes: &mut Routes) {
    let op = Op::get("/v1/packs/{name}/files", "read_pack_files")
        .about("packs", "Read the files of a pack's revision.")
        .access(Access::Admin)
        .at_least()
        .query(
            "revision",
            "A version, or the beginning of a revision's hash; without it, the active revision.",
        )
        .reply_with::<PackUpload>(200, "The files; `ETag` is their revision");
    routes.add(op, read_files);
    let op = Op::get("/v1/packs/{name}/revisions", "list_pack_revisions")
        .about("packs", "What happened to a pack, newest first.")
        .access(Access::Admin)
        .at_least()
        .reply_page::<EventView>("The last 200; there is no next page");
    routes.add(op, list_revisions);
    let op = Op::get("/v1/packs/{name}/diff", "diff_pack")
        .about(
            "packs",
            "What differs between two revisions: definitions in words, files line by line.",
        )
        .access(Access::Admin)
        .query(
            "from",
            "A version, the beginning of a hash or `draft`; without it, the active revision.",
        )
        .at_least()
        .query("to", "As `from`; without it, the draft.")
        .reply_with::<DiffView>(200, "The differences");
    routes.add(op, diff_pack);
}

fn add_changes(routes: &mut Routes) {
    let op = Op::post("/v1/packs/{name}/rollback", "roll_back_pack")
        .about("packs", "Make an earlier revision the active one; records move back as far as each new code took the place of one old one.")
        .access(Access::Admin)
        .pack()
        .header("If-Match", IF_REVISION)
        .body::<PackRollback>()
        .reply_with::<InstalledView>(200, "The pack");
    routes.add(op, roll_back);
    let op = Op::post("/v1/packs/{name}/disable", "disable_pack")
        .about("packs", "Let a pack rest: its rules do not run and its types take no new records. Old ones stay as they are.")
        .access(Access::Admin)
        .header("If-Match", IF_REVISION)
        .reply_with::<InstalledView>(200, "The pack");
    routes.add(op, disable);
    let op = Op::post("/v1/packs/{name}/enable", "enable_pack")
        .about("packs", "Let a pack run again.")
        .access(Access::Admin)
        .header("If-Match", IF_REVISION)
        .reply_with::<InstalledView>(200, "The pack");
    routes.add(op, enable);
    let op = Op::post("/v1/packs/{name}/grants", "grant_pack")
        .about(
            "packs",
            "Say anew what a pack may do of what it asks for; what is harmless stays granted.",
        )
        .access(Access::Admin)
        .header("If-Match", IF_REVISION)
        .body::<PackGrants>()
        .reply_with::<InstalledView>(200, "The pack");
    routes.add(op, grant);
}

async fn list_packs(
    _: Caller,
    State(app): State<App>,
    params: Params,
) -> std::result::Result<Response, Problem> {
    let at_least = params.only_at_least()?;
    let (pos, packs) = app.read(at_least, Desk::packs).await?;
    let items: Vec<InstalledView> = packs.into_iter().map(view::pack).collect();
    Ok(at(pos, axum::Json(json!({ "items": items, "next": null }))))
}

/// That there is no pack of a name, and which there are.
#[must_use]
pub fn no_pack(name: &str, known: &[&str]) -> String {
    let short: String = name.chars().take(64).collect();
    let installed = match known {
        [] => "no pack is installed".to_owned(),
        known => format!("installed: {}", known.join(", ")),
    };
    match nearest(name, known.iter().copied()) {
        Some(near) => format!("there is no pack `{short}`; did you mean `{near}`? ({installed})"),
        None => format!("there is no pack `{short}`; {installed}"),
    }
}

/// What is not there: a pack of this name, or something of it.
pub(super) fn absent(desk: &Desk, name: &str, error: Error) -> Error {
    let packs = match error.code {
        "not_found" => desk.packs().unwrap_or_default(),
        _ => return error,
    };
    let known: Vec<&str> = packs.iter().map(|pack| pack.name.as_str()).collect();
    if known.contains(&name) {
        return error;
    }
    Error::new(ErrorKind::NotFound, "not_found", no_pack(name, &known))
}

/// An installed pack as JSON.
pub(super) fn installed(desk: &Desk, name: Option<&str>) -> Result<Option<InstalledView>> {
    let found = desk.packs()?.into_iter().find(|p| Some(&*p.name) == name);
    Ok(found.map(view::pack))
}

/// A pack, with its revision as the tag that `If-Match` names.
pub(super) fn tagged(pack: InstalledView) -> Response {
    let tag = format!("\"{}\"", pack.revision);
    let mut response = axum::Json(pack).into_response();
    set(&mut response, header::ETAG, &tag);
    response
}

async fn read_pack(
    _: Caller,
    State(app): State<App>,
    path: PathParams,
    params: Params,
) -> std::result::Result<Response, Problem> {
    let at_least = params.only_at_least()?;
    let name = path.text("name").to_owned();
    let done = app.read(at_least, move |desk| {
        let found = installed(desk, Some(&name))?;
        found.ok_or_else(|| absent(desk, &name, Error::not_found()))
    });
    let (pos, pack) = done.await?;
    Ok(at(pos, tagged(pack)))
}

async fn install_pack(
    caller: Caller,
    State(app): State<App>,
    mut params: Params,
    Input(body): Input<PackUpload>,
) -> std::result::Result<Response, Problem> {
    let dry_run = params.flag("dry_run")?;
    params.finish()?;
    let (grants, files) = body.into_files()?;
    if dry_run {
        let plan = app.call(move |desk| desk.plan_pack(&files)).await?;
        return Ok(axum::Json(view::plan(plan)).into_response());
    }
    let name = pack_name(&files);
    let command = Command::ChangePack {
        name: String::new(),
        change: PackChange::Install { files, grants },
    };
    run(app, caller, name, command, StatusCode::CREATED).await
}

/// Changes a pack and answers with what it is then.
async fn run(
    app: App,
    caller: Caller,
    name: Option<String>,
    command: Command,
    status: StatusCode,
) -> std::result::Result<Response, Problem> {
    let done = app.call(move |desk| {
        let done = records::run(desk, &caller, &command);
        let reply = done.map_err(|e| match name.as_deref() {
            Some(name) => absent(desk, name, e),
            None => e,
        })?;
        desk.move_records(MOVES_AWAITED)?;
        Ok((installed(desk, name.as_deref())?, reply))
    });
    let (found, reply) = done.await?;
    let body = match found {
        Some(pack) => tagged(pack),
        None => axum::Json(json!({ "id": reply.id })).into_response(),
    };
    Ok(finished((status, body).into_response(), &reply))
}

async fn remove_pack(
    caller: Caller,
    State(app): State<App>,
    path: PathParams,
) -> std::result::Result<Response, Problem> {
    let name = path.text("name").to_owned();
    let command = Command::RemovePack { name: name.clone() };
    let done = app.call(move |desk| {
        let done = records::run(desk, &caller, &command);
        done.map_err(|e| absent(desk, &name, e))
    });
    Ok(records::changed(&done.await?, StatusCode::NO_CONTENT))
}

async fn read_files(
    _: Caller,
    State(app): State<App>,
    path: PathParams,
    mut params: Params,
) -> std::result::Result<Response, Problem> {
    let revision = params.one("revision")?;
    let at_least = params.only_at_least()?;
    let name = path.text("name").to_owned();
    let done = app.read(at_least, move |desk| {
        let files = desk.pack_files(&name, revision.as_deref());
        files.map_err(|e| absent(desk, &name, e))
    });
    let (pos, files) = done.await?;
    let tag = format!("\"{}\"", hex(&files.hash()));
    let mut response = at(pos, axum::Json(PackUpload::of(files)));
    set(&mut response, header::ETAG, &tag);
    Ok(response)
}

async fn list_revisions(
    _: Caller,
    State(app): State<App>,
    path: PathParams,
    params: Params,
) -> std::result::Result<Response, Problem> {
    let at_least = params.only_at_least()?;
    let name = path.text("name").to_owned();
    let done = app.read(at_least, move |desk| {
        let events = desk.pack_events(&name);
        events.map_err(|e| absent(desk, &name, e))
    });
    let (pos, events) = done.await?;
    let items: Vec<EventView> = events.into_iter().map(view::event).collect();
    Ok(at(pos, axum::Json(json!({ "items": items, "next": null }))))
}

async fn diff_pack(
    _: Caller,
    State(app): State<App>,
    path: PathParams,
    mut params: Params,
) -> std::result::Result<Response, Problem> {
    let (from, to) = (params.one("from")?, params.one("to")?);
    let at_least = params.only_at_least()?;
    let name = path.text("name").to_owned();
    let done = app.read(at_least, move |desk| {
        let files = |which: Option<&str>| -> Result<PackFiles> {
            match which {
                Some("draft") => match desk.pack_draft(&name) {
                    Ok(draft) => Ok(draft.files),
                    Err(error) if error.kind == ErrorKind::NotFound => Err(no_draft(&name)),
                    Err(error) => Err(error),
                },
                other => {
                    let files = desk.pack_files(&name, other);
                    files.map_err(|e| absent(desk, &name, e))
                }
            }
        };
        let old = files(from.as_deref())?;
        let new = files(Some(to.as_deref().unwrap_or("draft")))?;
        Ok(desk.diff_packs(&old, &new))
    });
    let (pos, diff) = done.await?;
    Ok(at(pos, axum::Json(view::diff(diff))))
}

/// That a pack has no draft.
pub(super) fn no_draft(name: &str) -> Error {
    let message = format!(
        "pack `{name}` has no draft: `POST /v1/packs/{name}/draft` saves one; two revisions are \
         compared with `from` and `to`"
    );
    Error::new(ErrorKind::NotFound, "not_found", message)
}

async fn roll_back(
    caller: Caller,
    State(app): State<App>,
    path: PathParams,
    OrNothing(body): OrNothing<PackRollback>,
) -> std::result::Result<Response, Problem> {
    let grants = Given::of(&body.grants);
    let to = body.to;
    named(app, caller, path, PackChange::RollBack { to, grants }).await
}

async fn disable(
    caller: Caller,
    State(app): State<App>,
    path: PathParams,
) -> std::result::Result<Response, Problem> {
    named(app, caller, path, PackChange::Disable).await
}

async fn enable(
    caller: Caller,
    State(app): State<App>,
    path: PathParams,
) -> std::result::Result<Response, Problem> {
    named(app, caller, path, PackChange::Enable).await
}

async fn grant(
    caller: Caller,
    State(app): State<App>,
    path: PathParams,
    Input(body): Input<PackGrants>,
) -> std::result::Result<Response, Problem> {
    let grants = Given::of(&body.grants);
    named(app, caller, path, PackChange::Grant { grants }).await
}

pub(super) async fn named(
    app: App,
    caller: Caller,
    path: PathParams,
    what: PackChange,
) -> std::result::Result<Response, Problem> {
    let name = path.text("name").to_owned();
    let command = change(&path, what);
    run(app, caller, Some(name), command, StatusCode::OK).await
}

fn finished(mut response: Response, reply: &Reply) -> Response {
    records::finish(&mut response, reply);
    response
}
