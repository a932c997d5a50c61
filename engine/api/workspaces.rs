//! Workspaces that packs define, and the card of a client.

use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use serde_json::{Value as Json, json};
use utoipa::ToSchema;

use super::input::{Of, Params, PathParams};
use super::principal::{Access, Caller};
use super::problem::Problem;
use super::records::{self, at, plural};
use super::route::{Op, Routes};
use super::state::App;
use crate::desk::{Desk, Error, OverviewQuery};
use crate::domain::workspace::{Listed, WorkspaceDef, WorkspaceEntry};
use crate::domain::{Kind, Names};

/// Records of a list of a card when the caller does not say.
const DEFAULT_SHOWN: usize = 10;

/// A workspace.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Workspace)]
struct WorkspaceView {
    /// `pack/name`.
    code: String,
    /// Name in the language of the request.
    name: String,
    /// Names by locale.
    #[schema(value_type = Object)]
    names: Names,
    /// What it holds, in the order it is shown.
    entries: Vec<EntryView>,
}

/// One list of a workspace.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WorkspaceEntry)]
struct EntryView {
    /// Code, unique in the workspace.
    code: String,
    /// Name in the language of the request.
    name: String,
    /// Names by locale.
    #[schema(value_type = Object)]
    names: Names,
    /// Kind of the records, or `inbox` or `reports`.
    list: String,
    /// Where the list is read, with its conditions.
    path: String,
}

/// A client and what belongs to it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Overview)]
struct OverviewView {
    /// The client.
    #[schema(value_type = Object)]
    client: Json,
    /// The lists, in their order.
    lists: Vec<ListView>,
}

/// One list of a card.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OverviewList)]
struct ListView {
    /// Code of the workspace's entry, else the kind.
    code: String,
    /// Kind of the records.
    kind: &'static str,
    /// The newest records.
    #[schema(value_type = Vec<Object>)]
    items: Vec<Json>,
    /// Whether there are more.
    more: bool,
}

/// Adds the routes.
pub(super) fn add(routes: &mut Routes) {
    let op = Op::get("/v1/workspaces", "list_workspaces")
        .about(
            "workspaces",
            "List the workspaces: which lists people work with, and where each is read.",
        )
        .access(Access::Agent)
        .at_least()
        .reply_page::<WorkspaceView>("All of them; there is no next page");
    routes.add(op, list_workspaces);
    for (kind, path) in [(Kind::Account, "accounts"), (Kind::Contact, "contacts")] {
        let (one, noun) = (format!("/v1/{path}/{{id}}/overview"), kind.name());
        let op = Op::get(one, format!("read_{noun}_overview"))
            .about(
                path,
                format!("Read the {noun} with what belongs to it, list by list."),
            )
            .kind(kind)
            .access(Access::Agent)
            .query(
                "workspace",
                "Whose lists are shown, by its code; a list for each kind when not given.",
            )
            .number(
                "limit",
                "Most records of a list, 1 to 50; 10 when not given.",
            )
            .at_least()
            .reply_with::<OverviewView>(200, "The card");
        routes.add(op, read_overview);
    }
}

async fn list_workspaces(
    caller: Caller,
    State(app): State<App>,
    params: Params,
) -> Result<Response, Problem> {
    let at_least = params.only_at_least()?;
    let (pos, catalog) = app.read(at_least, Desk::catalog).await?;
    let items: Vec<WorkspaceView> = catalog
        .workspaces()
        .map(|def| view(def, caller.locale))
        .collect();
    Ok(at(pos, axum::Json(json!({ "items": items, "next": null }))))
}

async fn read_overview(
    caller: Caller,
    State(app): State<App>,
    Of(kind): Of,
    path: PathParams,
    mut params: Params,
) -> Result<Response, Problem> {
    let id = path.id("id")?;
    let workspace = params.one("workspace")?;
    let limit = params.read("limit", "a whole number")?;
    let at_least = params.only_at_least()?;
    let done = app.read(at_least, move |desk| {
        let query = OverviewQuery {
            kind,
            id,
            workspace,
            limit: limit.unwrap_or(DEFAULT_SHOWN),
            at_least,
        };
        let card = desk.overview(&caller.actor, &query)?;
        let catalog = desk.catalog()?;
        let look = records::look(&catalog, &caller);
        let list = |list: crate::desk::OverviewList| ListView {
            code: list.code,
            kind: list.kind.name(),
            items: list.items.iter().map(|r| look.record(r)).collect(),
            more: list.more,
        };
        Ok::<_, Error>(OverviewView {
            client: look.record(&card.client),
            lists: card.lists.into_iter().map(list).collect(),
        })
    });
    let (pos, body) = done.await?;
    Ok(at(pos, axum::Json(body)))
}

fn view(def: &WorkspaceDef, locale: &str) -> WorkspaceView {
    WorkspaceView {
        code: def.code.clone(),
        name: def.names.get(locale).unwrap_or(&def.code).to_owned(),
        names: def.names.clone(),
        entries: def.entries.iter().map(|e| entry(e, locale)).collect(),
    }
}

fn entry(entry: &WorkspaceEntry, locale: &str) -> EntryView {
    let base = match entry.list {
        Listed::Records(kind) => format!("/v1/{}", plural(kind)),
        Listed::Inbox => "/v1/inbox".to_owned(),
        Listed::Reports => "/v1/reports".to_owned(),
    };
    let conditions = entry.holds.iter();
    let conditions: Vec<String> = conditions
        .map(|(name, value)| format!("{}={}", escaped(name), escaped(value)))
        .collect();
    let path = if conditions.is_empty() {
        base
    } else {
        format!("{base}?{}", conditions.join("&"))
    };
    EntryView {
        code: entry.code.clone(),
        name: entry.names.get(locale).unwrap_or(&entry.code).to_owned(),
        names: entry.names.clone(),
        list: entry.list.into(),
        path,
    }
}

/// A text as it stands in a query.
fn escaped(text: &str) -> String {
    use std::fmt::Write;
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    text.bytes().fold(String::new(), |mut out, b| {
        if plain(b) {
            out.push(char::from(b));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{b:02X}");
        }
        out
    })
}
