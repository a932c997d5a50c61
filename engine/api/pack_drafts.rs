//! Drafts of packs over the API: read, save, check, test, activate. An administrator without a shell
//! works on a pack here, and is told when another one does.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::input::{Input, OrNothing, Params, PathParams};
use super::pack_upload::{PackGrants, PackUpload};
use super::packs::{installed, no_draft, tagged};
use super::principal::{Access, Caller};
use super::problem::Problem;
use super::records::{self, at, set};
use super::route::{Op, Routes};
use super::simulate::{named, simulate_files};
use super::state::App;
use super::view::packs::{self as view, CheckView, InstalledView};
use super::view::{SimulationView, TestView, tested, untested};
use crate::desk::{Command, Desk, ErrorKind, PackChange, PackDraft, Result};
use crate::packs::{Given, PackFault, PackFiles, pack_name};

/// What `If-Match` says where a draft is changed.
const IF_DRAFT: &str = "ETag of the draft, the revision of the pack that must be active (its hash in quotes), or both with a comma between them, which must both hold; otherwise 412 `stale_version`.";
const DRAFT: &str = "/v1/packs/{name}/draft";

/// A draft and its files.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PackDraft)]
struct DraftView {
    /// Its version: what `If-Match` names.
    version: u64,
    /// Hash of its files, hexadecimal.
    revision: String,
    /// When it was saved.
    at: String,
    /// Who saved it.
    actor: String,
    /// Hash of the revision that was active when it was begun, hexadecimal.
    base: Option<String>,
    /// What was installed since it was begun, by whom and when: it is not activated over that until
    /// somebody says to have seen it.
    outdated: Option<String>,
    /// The files.
    #[serde(flatten)]
    #[schema(inline)]
    upload: PackUpload,
}

/// Adds the routes.
pub(super) fn add(routes: &mut Routes) {
    let op = Op::get(DRAFT, "read_pack_draft")
        .about("packs", "Read the draft of a pack with its files.")
        .access(Access::Admin)
        .at_least()
        .reply_with::<DraftView>(200, "The draft");
    routes.add(op, read);
    let op = Op::post(DRAFT, "save_pack_draft")
        .about("packs", "Save files as the draft of a pack, which need not be installed or even whole yet. The first save needs no `If-Match`; one over a draft that is there names its version, so that nobody's work is written over, or is 409 `draft_exists`. The draft stands on the revision that was active when it was begun; a save that names the active one as well puts it on top of that.")
        .access(Access::Admin)
        .pack()
        .header("If-Match", IF_DRAFT)
        .body::<PackUpload>()
        .reply(204, "Saved; `ETag` is the version of the draft");
    routes.add(op, save);
    let op = Op::delete(DRAFT, "drop_pack_draft")
        .about("packs", "Throw the draft of a pack away.")
        .access(Access::Admin)
        .header("If-Match", IF_DRAFT)
        .reply(204, "Gone");
    routes.add(op, drop_draft);
    let op = Op::post(format!("{DRAFT}/check"), "check_pack_draft")
        .about(
            "packs",
            "Check a draft as installing would, and tell what installing it would do.",
        )
        .access(Access::Admin)
        .pack()
        .reply_with::<CheckView>(200, "What is wrong, or what would happen");
    routes.add(op, check);
    let op = Op::post(format!("{DRAFT}/test"), "test_pack_draft")
        .about("packs", "Run the scenarios of a draft, on desks of their own. The packs that it requires are the installed ones. A draft with faults is told them instead.")
        .access(Access::Admin)
        .pack()
        .reply_with::<TestView>(200, "What came of each");
    routes.add(op, test);
    let op = Op::post(format!("{DRAFT}/simulate"), "simulate_pack_draft")
        .about("packs", "Try the saved draft on recorded history, as `simulate_pack` tries files that are sent.")
        .access(Access::Admin)
        .query("since", "How far to go back: `30d`, `12h`, `90m`, or an instant; `7d` when not given.")
        .number("limit", "Most differences that are told one by one, up to 10000; all are counted.")
        .reply_with::<SimulationView>(200, "What would have been decided otherwise");
    routes.add(op, simulate);
    let op = Op::post(format!("{DRAFT}/activate"), "activate_pack_draft")
        .about(
            "packs",
            "Install the draft. With the version that was tested, nothing else is installed. A draft that was begun from another revision than the active one is 409 `draft_outdated`, with who installed what and when, unless `If-Match` names the active one.",
        )
        .access(Access::Admin)
        .pack()
        .header("If-Match", IF_DRAFT)
        .body::<PackGrants>()
        .reply_with::<InstalledView>(200, "Installed");
    routes.add(op, activate);
}

async fn draft(app: &App, path: &PathParams) -> std::result::Result<PackDraft, Problem> {
    let name = path.text("name").to_owned();
    app.call(move |desk| of_draft(&name, desk.pack_draft(&name)))
        .await
}

/// What is not there is the draft.
fn of_draft<T>(name: &str, found: Result<T>) -> Result<T> {
    found.map_err(|error| match error.kind {
        ErrorKind::NotFound => no_draft(name),
        _ => error,
    })
}

async fn read(
    _: Caller,
    State(app): State<App>,
    path: PathParams,
    params: Params,
) -> std::result::Result<Response, Problem> {
    let at_least = params.only_at_least()?;
    let name = path.text("name").to_owned();
    let (_, draft) = app
        .read(at_least, move |desk| {
            of_draft(&name, desk.pack_draft(&name))
        })
        .await?;
    let version = draft.version;
    let view = DraftView {
        version: version.0,
        revision: draft.revision,
        at: super::view::instant(draft.at),
        actor: draft.actor,
        base: draft.base,
        outdated: draft.outdated,
        upload: PackUpload::of(draft.files),
    };
    let mut response = at(version, axum::Json(view));
    set(&mut response, header::ETAG, &format!("\"{version}\""));
    Ok(response)
}

async fn save(
    caller: Caller,
    State(app): State<App>,
    path: PathParams,
    Input(body): Input<PackUpload>,
) -> std::result::Result<Response, Problem> {
    let (_, files) = body.into_files()?;
    let command = change(&path, PackChange::SaveDraft { files });
    let done = app.call(move |desk| records::run(desk, &caller, &command));
    let reply = done.await?;
    let mut response = records::changed(&reply, StatusCode::NO_CONTENT);
    set(&mut response, header::ETAG, &format!("\"{}\"", reply.pos));
    Ok(response)
}

async fn drop_draft(
    caller: Caller,
    State(app): State<App>,
    path: PathParams,
) -> std::result::Result<Response, Problem> {
    let command = change(&path, PackChange::DropDraft);
    let done = app.call(move |desk| records::run(desk, &caller, &command));
    Ok(records::changed(&done.await?, StatusCode::NO_CONTENT))
}

async fn check(
    _: Caller,
    State(app): State<App>,
    path: PathParams,
) -> std::result::Result<Response, Problem> {
    let draft = draft(&app, &path).await?;
    let foreign = foreign(&draft.files, path.text("name"));
    let done = app.call(move |desk| {
        let faults = match foreign {
            Some(fault) => vec![fault],
            None => desk.pack_faults(&draft.files)?,
        };
        let plan = match faults.is_empty() {
            true => Some(desk.plan_pack(&draft.files)?),
            false => None,
        };
        Ok((draft.version, faults, plan, draft.outdated))
    });
    let (version, faults, plan, outdated) = done.await?;
    let fits = plan.as_ref().is_some_and(|p| p.refusals.is_empty());
    let view = CheckView {
        ok: fits && outdated.is_none(),
        faults: faults.into_iter().map(view::fault).collect(),
        plan: plan.map(view::plan),
        outdated,
    };
    Ok(at(version, axum::Json(view)))
}

/// What is wrong with a draft whose files are those of another pack.
fn foreign(files: &PackFiles, name: &str) -> Option<PackFault> {
    let own = pack_name(files).filter(|own| own != name)?;
    let message = format!("names the pack `{own}`, the draft is of `{name}`");
    let fault = PackFault::of_file(name, "pack.toml", message);
    let text = files.text("pack.toml")?;
    let offset = text.find(&format!("\"{own}\""));
    Some(match offset {
        Some(offset) => fault.at(text, offset),
        None => fault,
    })
}

async fn simulate(
    caller: Caller,
    State(app): State<App>,
    path: PathParams,
    params: Params,
) -> std::result::Result<Response, Problem> {
    let draft = draft(&app, &path).await?;
    simulate_files(caller, app, &path, params, draft.files).await
}

async fn test(
    _: Caller,
    State(app): State<App>,
    path: PathParams,
) -> std::result::Result<Response, Problem> {
    let draft = draft(&app, &path).await?;
    named(&draft.files, path.text("name"))?;
    let done = app.call(move |desk| {
        let faults = desk.pack_faults(&draft.files)?;
        if !faults.is_empty() {
            let name = pack_name(&draft.files).unwrap_or_default();
            return Ok((draft.version, untested(&name, faults)));
        }
        let installed = installed_files(desk)?;
        let report = crate::scenario::run_uploaded(&draft.files, &installed);
        Ok((draft.version, tested(&report)))
    });
    let (version, told) = done.await?;
    Ok(at(version, axum::Json(told)))
}

fn installed_files(desk: &Desk) -> Result<Vec<PackFiles>> {
    let packs = desk.packs()?.into_iter();
    packs
        .map(|pack| desk.pack_files(&pack.name, None))
        .collect()
}

async fn activate(
    caller: Caller,
    State(app): State<App>,
    path: PathParams,
    OrNothing(body): OrNothing<PackGrants>,
) -> std::result::Result<Response, Problem> {
    let grants = Given::of(&body.grants);
    let command = change(&path, PackChange::ActivateDraft { grants });
    let name = path.text("name").to_owned();
    let done = app.call(move |desk| {
        let reply = records::run(desk, &caller, &command)?;
        Ok((installed(desk, Some(&name))?, reply))
    });
    let (pack, reply) = done.await?;
    let body = match pack {
        Some(pack) => tagged(pack),
        None => axum::Json(json!({ "id": reply.id })).into_response(),
    };
    let mut response = body;
    records::finish(&mut response, &reply);
    Ok(response)
}

/// A change of the pack in the path.
pub(super) fn change(path: &PathParams, change: PackChange) -> Command {
    Command::ChangePack {
        name: path.text("name").to_owned(),
        change,
    }
}
