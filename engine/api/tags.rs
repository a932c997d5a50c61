//! Tags that a person keeps to itself, and clouds of tags.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::input::{Input, Of, Params, PathParams};
use super::principal::{Access, Caller};
use super::problem::Problem;
use super::records::{self, TABLE, at};
use super::route::{Op, Routes};
use super::state::App;
use crate::desk::{Command, Error, TagCloud};
use crate::domain::{Kind, builtin};

/// The asker's own tags of a record.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonalTags {
    /// The tags; nobody else sees them.
    tags: Vec<String>,
}

/// A tag and how many records have it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TagCount)]
pub struct TagCountView {
    /// The tag.
    tag: String,
    /// Records that have it.
    count: u64,
}

/// A cloud of tags.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TagCloud)]
pub struct TagCloudView {
    /// The tags, by name.
    items: Vec<TagCountView>,
    /// Whether only the newest 10000 records were counted.
    cut: bool,
}

/// Adds the routes.
pub(super) fn add(routes: &mut Routes) {
    for (kind, path) in TABLE {
        if !kind.has_entries() || builtin::field(kind, "tags").is_none() {
            continue;
        }
        let name = kind.name();
        let path_of_tags = format!("/v1/{path}/{{id}}/personal-tags");
        let op = Op::get(&path_of_tags, format!("list_{name}_personal_tags"))
            .about(path, "The asker's own tags of it.")
            .at_least()
            .access(Access::Agent)
            .kind(kind)
            .reply_with::<PersonalTags>(200, "The tags");
        routes.add(op, list_tags);
        let op = Op::post(&path_of_tags, format!("set_{name}_personal_tags"))
            .about(
                path,
                "Give it the asker's own tags, instead of those before.",
            )
            .access(Access::Agent)
            .kind(kind)
            .body::<PersonalTags>()
            .reply_with::<PersonalTags>(200, "The tags");
        routes.add(op, set_tags);
    }
    let op = Op::get("/v1/tags", "read_tag_cloud")
        .about("tags", "Tags with the number of records under each.")
        .at_least()
        .access(Access::Agent)
        .query("scope", "`shared`, or `personal` for the asker's own.")
        .query(
            "kind",
            "Kind whose shared tags are counted; tickets when not given.",
        )
        .reply_with::<TagCloudView>(200, "The cloud");
    routes.add(op, read_cloud);
}

async fn list_tags(
    caller: Caller,
    State(app): State<App>,
    Of(kind): Of,
    path: PathParams,
    params: Params,
) -> Result<Response, Problem> {
    let (id, at_least) = (path.id("id")?, params.only_at_least()?);
    let done = app.read(at_least, move |desk| {
        desk.personal_tags(&caller.actor, kind, id)
    });
    let (pos, tags) = done.await?;
    Ok(at(pos, axum::Json(PersonalTags { tags })))
}

async fn set_tags(
    caller: Caller,
    State(app): State<App>,
    Of(kind): Of,
    path: PathParams,
    Input(body): Input<PersonalTags>,
) -> Result<Response, Problem> {
    let id = path.id("id")?;
    let command = Command::TagPersonally {
        kind,
        id,
        tags: body.tags,
    };
    let done = app.call(move |desk| {
        let reply = records::run(desk, &caller, &command)?;
        Ok((reply, desk.personal_tags(&caller.actor, kind, id)?))
    });
    let (reply, tags) = done.await?;
    let mut response = axum::Json(PersonalTags { tags }).into_response();
    records::finish(&mut response, &reply);
    Ok(response)
}

async fn read_cloud(
    caller: Caller,
    State(app): State<App>,
    mut params: Params,
) -> Result<Response, Problem> {
    let scope = params.one("scope")?;
    let kind = match params.one("kind")? {
        Some(name) => records::kind_named("kind", &name)?,
        None => Kind::Ticket,
    };
    let at_least = params.only_at_least()?;
    let own = match scope.as_deref() {
        None | Some("shared") => false,
        Some("personal") => true,
        Some(_) => {
            let message = "expected `shared` or `personal`";
            return Err(Error::field("scope", "invalid_parameter", message).into());
        }
    };
    let done = app.read(at_least, move |desk| match own {
        true => desk.personal_cloud(&caller.actor),
        false => desk.shared_cloud(&caller.actor, kind),
    });
    let (pos, TagCloud { tags, cut }) = done.await?;
    let items = tags
        .into_iter()
        .map(|(tag, count)| TagCountView { tag, count });
    let items = items.collect();
    Ok(at(pos, axum::Json(TagCloudView { items, cut })))
}
