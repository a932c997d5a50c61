//! Trying changed packs over the API: on recorded history, and beside the active ones.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;

use super::input::{Input, Params, PathParams};
use super::pack_upload::PackUpload;
use super::principal::{Access, Caller};
use super::problem::Problem;
use super::records::at;
use super::route::{Op, Routes};
use super::state::App;
use super::view::{ShadowView, SimulationView, shadow, simulation};
use crate::desk::{Error, Result, SimulateQuery};
use crate::domain::Instant;
use crate::packs::PackFiles;
use crate::store::Pos;

/// Most commands that one request tries.
const MAX_COMMANDS: u64 = 200_000;
/// How far back a request goes when it does not say.
const USUAL: &str = "7d";
/// Most differences that are told.
const MAX_TOLD: usize = 10_000;

/// Adds the routes.
pub(super) fn add(routes: &mut Routes) {
    let op = Op::post("/v1/packs/{name}/simulate", "simulate_pack")
        .about("packs", "Try a changed pack on recorded history, without changing anything: what would have been decided otherwise, field by field. A request tries at most 200000 commands and says how far it came.")
        .access(Access::Admin)
        .large()
        .query("since", "How far to go back: `30d`, `12h`, `90m`, an instant, or `all`; `7d` when not given.")
        .number("after", "Try commands after this position, `reached` of an answer that was cut. It goes before `since`.")
        .number("commands", "Most commands that are tried, up to 200000.")
        .number("limit", "Most differences that are told one by one, up to 10000; all are counted.")
        .body::<PackUpload>()
        .reply_with::<SimulationView>(200, "What would have been decided otherwise");
    routes.add(op, simulate_pack);
    let op = Op::post("/v1/packs/{name}/shadow", "start_shadow")
        .about("packs", "Let a revision run beside the active one on live traffic from now on: what it would decide otherwise is kept, nothing of it is applied. A shadow of the pack that is there already is replaced.")
        .access(Access::Admin)
        .large()
        .body::<PackUpload>()
        .reply_with::<ShadowView>(201, "Started");
    routes.add(op, start_shadow);
    let op = Op::get("/v1/packs/{name}/shadow", "read_shadow")
        .about("packs", "What a shadow decided otherwise: the counts of all differences, and the last 200 one by one.")
        .access(Access::Admin)
        .at_least()
        .reply_with::<ShadowView>(200, "The shadow");
    routes.add(op, read_shadow);
    let op = Op::delete("/v1/packs/{name}/shadow", "stop_shadow")
        .about("packs", "Take a shadow away, with what it found.")
        .access(Access::Admin)
        .reply(204, "Stopped");
    routes.add(op, stop_shadow);
    let op = Op::get("/v1/shadows", "list_shadows")
        .about("packs", "List the shadows with what they found so far.")
        .access(Access::Admin)
        .at_least()
        .reply_page::<ShadowView>("All of them; there is no next page");
    routes.add(op, list_shadows);
}

async fn start_shadow(
    caller: Caller,
    State(app): State<App>,
    path: PathParams,
    Input(body): Input<PackUpload>,
) -> std::result::Result<Response, Problem> {
    let (_, files) = body.into_files()?;
    named(&files, path.text("name"))?;
    let done = app.call(move |desk| {
        let started = desk.start_shadow(&caller.actor, &files)?;
        Ok((desk.pos(), shadow(desk, started)?))
    });
    let (pos, view) = done.await?;
    Ok(at(pos, (StatusCode::CREATED, axum::Json(view))))
}

async fn read_shadow(
    caller: Caller,
    State(app): State<App>,
    path: PathParams,
    params: Params,
) -> std::result::Result<Response, Problem> {
    let at_least = params.only_at_least()?;
    let name = path.text("name").to_owned();
    let done = app.read(at_least, move |desk| {
        let mut all = desk.shadows(&caller.actor)?.into_iter();
        let found = all.find(|s| s.found.pack == name);
        shadow(desk, found.ok_or_else(Error::not_found)?)
    });
    let (pos, view) = done.await?;
    Ok(at(pos, axum::Json(view)))
}

async fn list_shadows(
    caller: Caller,
    State(app): State<App>,
    params: Params,
) -> std::result::Result<Response, Problem> {
    let at_least = params.only_at_least()?;
    let done = app.read(at_least, move |desk| {
        let all = desk.shadows(&caller.actor)?.into_iter();
        all.map(|one| shadow(desk, one)).collect::<Result<Vec<_>>>()
    });
    let (pos, items) = done.await?;
    Ok(at(pos, axum::Json(json!({ "items": items, "next": null }))))
}

async fn stop_shadow(
    caller: Caller,
    State(app): State<App>,
    path: PathParams,
) -> std::result::Result<Response, Problem> {
    let name = path.text("name").to_owned();
    let done = app.call(move |desk| {
        desk.stop_shadow(&caller.actor, &name)?;
        Ok(desk.pos())
    });
    Ok(at(done.await?, StatusCode::NO_CONTENT))
}

async fn simulate_pack(
    caller: Caller,
    State(app): State<App>,
    path: PathParams,
    params: Params,
    Input(body): Input<PackUpload>,
) -> std::result::Result<Response, Problem> {
    let (_, files) = body.into_files()?;
    simulate_files(caller, app, &path, params, files).await
}

/// Tries files on recorded history.
pub(super) async fn simulate_files(
    caller: Caller,
    app: App,
    path: &PathParams,
    mut params: Params,
    files: PackFiles,
) -> std::result::Result<Response, Problem> {
    let text = params.one("since")?.unwrap_or_else(|| USUAL.to_owned());
    let after = params.read("after", "a position")?.map(Pos);
    let commands = params.read("commands", "a whole number")?;
    let told = params.one("limit")?;
    params.finish()?;
    let told = match told {
        None => 1_000,
        Some(text) => {
            let read = text.parse().ok().filter(|n| *n <= MAX_TOLD);
            read.ok_or_else(|| {
                let why = format!("must be a whole number up to {MAX_TOLD}");
                Error::field("limit", "limit_out_of_range", why)
            })?
        }
    };
    named(&files, path.text("name"))?;
    let query = SimulateQuery {
        since: match text.as_str() {
            "all" => None,
            text => Some(since(text, app.desk().now())?),
        },
        after,
        told,
        commands: Some(commands.unwrap_or(MAX_COMMANDS).clamp(1, MAX_COMMANDS)),
        threads: 1,
    };
    let done = app.call(move |desk| {
        let done = desk.simulate(&caller.actor, &files, &query, &mut |_, _| {})?;
        Ok((desk.pos(), simulation(desk, done)?))
    });
    let (pos, view) = done.await?;
    Ok(at(pos, axum::Json(view)))
}

/// The pack in the body must be the one in the path.
pub(super) fn named(files: &PackFiles, name: &str) -> Result<()> {
    match crate::packs::pack_name(files) {
        Some(own) if own != name => Err(Error::field(
            "files",
            "other_pack",
            format!("pack.toml names `{own}`, the path `{name}`"),
        )),
        _ => Ok(()),
    }
}

/// An instant as people give it: `30d`, `12h`, `90m` before now, or RFC 3339.
///
/// # Errors
/// When the text is neither.
pub fn since(text: &str, now: Instant) -> Result<Instant> {
    let wrong = || {
        let short: String = text.chars().take(64).collect();
        Error::field(
            "since",
            "malformed",
            format!(
                "`{short}` is no time; write `30d`, `12h`, `90m`, or an instant such as 2026-03-02T09:00:00Z"
            ),
        )
    };
    if let Ok(at) = chrono::DateTime::parse_from_rfc3339(text) {
        return Ok(at.to_utc());
    }
    let unit = text.chars().last().ok_or_else(wrong)?;
    let count: i64 = text
        .strip_suffix(unit)
        .and_then(|n| n.parse().ok())
        .filter(|n| (0..=100_000).contains(n))
        .ok_or_else(wrong)?;
    let back = match unit {
        'd' => chrono::TimeDelta::days(count),
        'h' => chrono::TimeDelta::hours(count),
        'm' => chrono::TimeDelta::minutes(count),
        _ => return Err(wrong()),
    };
    now.checked_sub_signed(back).ok_or_else(wrong)
}
