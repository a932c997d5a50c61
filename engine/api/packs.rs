//! Packs over the API: list, install, try, remove.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::input::{Input, Params, PathParams};
use super::principal::{Access, Caller};
use super::problem::Problem;
use super::records::{self, at};
use super::route::{Op, Routes};
use super::state::App;
use super::view::{self, InstalledView};
use crate::desk::{Command, Error, Reply};
use crate::packs::PackFiles;

/// The files of a pack.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PackUpload {
    /// Files by their path inside the pack.
    pub files: BTreeMap<String, UploadFile>,
}

/// One file: as text, or in base64 when it is none.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub enum UploadFile {
    /// A text file.
    Text(String),
    /// Any file, in base64 (RFC 4648, with padding).
    Base64(String),
}

/// What a dry run found.
#[derive(Debug, Serialize, ToSchema)]
struct DryRun {
    /// What installing would change, in words.
    changes: Vec<String>,
}

impl PackUpload {
    /// Files as they are sent: text as text, everything else in base64.
    #[must_use]
    pub fn of(files: PackFiles) -> Self {
        let files = files.files.into_iter().map(|(path, bytes)| {
            let file = match String::from_utf8(bytes) {
                Ok(text) => UploadFile::Text(text),
                Err(e) => UploadFile::Base64(super::base64::encode(e.as_bytes())),
            };
            (path, file)
        });
        Self {
            files: files.collect(),
        }
    }

    /// The files.
    ///
    /// # Errors
    /// When a file is not what it says.
    pub(super) fn into_files(self) -> Result<PackFiles, Error> {
        let mut files = PackFiles::default();
        for (path, file) in self.files {
            let bytes = match file {
                UploadFile::Text(text) => text.into_bytes(),
                UploadFile::Base64(text) => super::base64::decode(&text).ok_or_else(|| {
                    Error::field(&path, "unexpected", "is not base64 with padding")
                })?,
            };
            files.files.insert(path, bytes);
        }
        Ok(files)
    }
}

/// Adds the routes.
pub(super) fn add(routes: &mut Routes) {
    let op = Op::get("/v1/packs", "list_packs")
        .about("packs", "List the active packs with their rules and types.")
        .access(Access::Agent)
        .at_least()
        .reply_page::<InstalledView>("All of them; there is no next page");
    routes.add(op, list_packs);
    let op = Op::post("/v1/packs", "install_pack")
        .about("packs", "Install a pack or a plugin, or another revision of it. What does not load is refused with file and line, and the old revision stays active.")
        .access(Access::Admin)
        .pack()
        .flag("dry_run", "Check only, and tell what would change.")
        .body::<PackUpload>()
        .reply_with::<InstalledView>(201, "Installed")
        .reply_with::<DryRun>(200, "What installing would change, for a dry run");
    routes.add(op, install_pack);
    let op = Op::get("/v1/packs/{name}", "read_pack")
        .about("packs", "Read an active pack.")
        .access(Access::Agent)
        .at_least()
        .reply_with::<InstalledView>(200, "The pack");
    routes.add(op, read_pack);
    let op = Op::delete("/v1/packs/{name}", "remove_pack")
        .about(
            "packs",
            "Take a pack out of the active ones. Records keep their values.",
        )
        .access(Access::Admin)
        .reply(204, "Removed");
    routes.add(op, remove_pack);
}

async fn list_packs(
    _: Caller,
    State(app): State<App>,
    params: Params,
) -> Result<Response, Problem> {
    let at_least = params.only_at_least()?;
    let (pos, packs) = app.read(at_least, crate::desk::Desk::packs).await?;
    let items: Vec<InstalledView> = packs.into_iter().map(view::pack).collect();
    Ok(at(pos, axum::Json(json!({ "items": items, "next": null }))))
}

async fn read_pack(
    _: Caller,
    State(app): State<App>,
    path: PathParams,
    params: Params,
) -> Result<Response, Problem> {
    let at_least = params.only_at_least()?;
    let (pos, packs) = app.read(at_least, crate::desk::Desk::packs).await?;
    let found = packs.into_iter().find(|p| p.name == path.text("name"));
    match found {
        Some(pack) => Ok(at(pos, axum::Json(view::pack(pack)))),
        None => Err(Error::not_found().into()),
    }
}

async fn install_pack(
    caller: Caller,
    State(app): State<App>,
    mut params: Params,
    Input(body): Input<PackUpload>,
) -> Result<Response, Problem> {
    let dry_run = params.flag("dry_run")?;
    params.finish()?;
    let files = body.into_files()?;
    if dry_run {
        let changes = app.call(move |desk| desk.dry_run_pack(&files)).await?;
        return Ok(axum::Json(DryRun { changes }).into_response());
    }
    let name = manifest_name(&files);
    let done = app.call(move |desk| {
        let reply = records::run(desk, &caller, &Command::InstallPack { files })?;
        let packs = desk.packs()?;
        let found = packs.into_iter().find(|p| Some(&p.name) == name.as_ref());
        Ok((reply, found))
    });
    let (reply, found) = done.await?;
    let body = match found {
        Some(pack) => axum::Json(view::pack(pack)).into_response(),
        None => axum::Json(json!({ "id": reply.id })).into_response(),
    };
    Ok(finished(
        (StatusCode::CREATED, body).into_response(),
        &reply,
    ))
}

async fn remove_pack(
    caller: Caller,
    State(app): State<App>,
    path: PathParams,
) -> Result<Response, Problem> {
    let command = Command::RemovePack {
        name: path.text("name").to_owned(),
    };
    let done = app.call(move |desk| records::run(desk, &caller, &command));
    Ok(records::changed(&done.await?, StatusCode::NO_CONTENT))
}

fn finished(mut response: Response, reply: &Reply) -> Response {
    records::finish(&mut response, reply);
    response
}

/// The name that the manifest of a pack gives it, however wrong the rest of it is.
#[must_use]
pub fn manifest_name(files: &PackFiles) -> Option<String> {
    let text = files.text("pack.toml")?;
    let table: toml::Table = text.parse().ok()?;
    let pack = table.get("pack").and_then(toml::Value::as_table);
    let name = pack.unwrap_or(&table).get("name")?;
    name.as_str().map(str::to_owned)
}
