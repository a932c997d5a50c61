//! Versions of articles: which there are, what differs between two, and going back to one.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use utoipa::ToSchema;

use super::input::{Input, Params, PathParams};
use super::principal::{Access, Caller};
use super::problem::Problem;
use super::records::{self, at};
use super::route::{Op, Routes};
use super::state::App;
use super::view::instant;
use crate::desk::{Command, Error, RecordPage, Result as Done, Version};
use crate::domain::{Id, Kind, record::fields};
use crate::store::Pos;
use crate::text::{Line, hunks};

/// A version of an article.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ArticleVersion)]
pub struct VersionView {
    /// The version: what its `ETag` was, and what `at`, `from` and `to` take.
    version: u64,
    /// When.
    at: String,
    /// Who: `agent:ID`, `rule:PACK/NAME`, …
    actor: String,
    /// What was done: `create`, `update`, `transition`, `restore`, …
    command: String,
    /// Fields that changed.
    fields: Vec<String>,
}

impl From<Version> for VersionView {
    fn from(version: Version) -> Self {
        Self {
            version: version.pos.0,
            at: instant(version.at),
            actor: version.actor,
            command: version.command,
            fields: version.fields,
        }
    }
}

/// What differs between two versions.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ArticleDiff)]
pub struct DiffView {
    /// The older version.
    from: u64,
    /// The newer version.
    to: u64,
    /// Fields that differ, but the text.
    fields: Vec<FieldDiffView>,
    /// The places where the text differs, each with three lines around it.
    body: Vec<Vec<LineView>>,
}

/// A field that differs.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FieldDiff)]
pub struct FieldDiffView {
    /// Code.
    field: String,
    /// Value before; null when there was none.
    #[schema(value_type = Object)]
    old: Json,
    /// Value after; null when there is none.
    #[schema(value_type = Object)]
    new: Json,
}

/// A line of a text that differs.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DiffLine)]
pub struct LineView {
    /// `+` when it is new, `-` when it is gone, a blank when it stays.
    sign: String,
    /// Its number in the old text, from 1.
    old: Option<usize>,
    /// Its number in the new text, from 1.
    new: Option<usize>,
    /// The line.
    text: String,
}

impl From<Line> for LineView {
    fn from(line: Line) -> Self {
        Self {
            sign: line.sign.to_string(),
            old: line.old,
            new: line.new,
            text: line.text,
        }
    }
}

/// The version to go back to.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Restoration {
    /// One of the article's versions.
    version: u64,
}

/// Adds the routes.
pub(super) fn add(routes: &mut Routes) {
    let of = |op: Op, about: &str| {
        op.about("articles", about)
            .kind(Kind::Article)
            .access(Access::Agent)
    };
    let op = Op::get("/v1/articles/{id}/versions", "list_article_versions");
    let about = "The article's versions, oldest first: who changed which fields when. `at=` of the article and of its HTML reads one.";
    let op = of(op, about).paged().at_least();
    routes.add(op.reply_page::<VersionView>("A page"), list_versions);
    let op = Op::get("/v1/articles/{id}/diff", "diff_article");
    let op = of(op, "What differs between two versions of the article.")
        .number("from", "The older version.")
        .number("to", "The newer version; the present one when not given.")
        .at_least()
        .reply_with::<DiffView>(200, "The difference");
    routes.add(op, diff);
    let op = Op::post("/v1/articles/{id}/restore", "restore_article");
    let about =
        "Give the article the title and text of one of its versions again, as a new change.";
    let op = of(op, about).versioned().body::<Restoration>().reply_named(
        200,
        "The article as it is now",
        "Article",
    );
    routes.add(op, restore);
}

/// Takes a position.
pub(super) fn position(params: &mut Params, name: &str) -> Result<Option<Pos>, Problem> {
    Ok(params.read(name, "a version of the article")?.map(Pos))
}

async fn list_versions(
    caller: Caller,
    State(app): State<App>,
    path: PathParams,
    mut params: Params,
) -> Result<Response, Problem> {
    let (id, limit, cursor) = (path.id("id")?, params.limit()?, params.one("cursor")?);
    let at_least = params.only_at_least()?;
    let done = app.read(at_least, move |desk| {
        desk.versions(&caller.actor, id, cursor.as_deref(), limit)
    });
    let (pos, page) = done.await?;
    let items: Vec<VersionView> = page.items.into_iter().map(Into::into).collect();
    let body = json!({ "items": items, "next": page.next });
    Ok(at(pos, axum::Json(body)))
}

async fn diff(
    caller: Caller,
    State(app): State<App>,
    path: PathParams,
    mut params: Params,
) -> Result<Response, Problem> {
    let id = path.id("id")?;
    let Some(from) = position(&mut params, "from")? else {
        let message = "say which version to begin with: `?from=12`";
        return Err(Error::field("from", "required", message).into());
    };
    let to = position(&mut params, "to")?;
    let at_least = params.only_at_least()?;
    let done = app.read(at_least, move |desk| {
        let read =
            |version: Pos| -> Done<RecordPage> { desk.article_at(&caller.actor, id, version) };
        let old = read(from)?;
        let new = match to {
            Some(to) => read(to)?,
            None => desk.record(&caller.actor, Kind::Article, id, at_least)?,
        };
        Ok(difference(&old, &new))
    });
    let (pos, view) = done.await?;
    Ok(at(pos, axum::Json(view)))
}

/// Fields that change with every change, or that say nothing of what was written.
const LEFT_OUT: [&str; 4] = [
    "body",
    fields::UPDATED_AT,
    "helpful_count",
    "not_helpful_count",
];

fn difference(old: &RecordPage, new: &RecordPage) -> DiffView {
    let (was, is) = (&old.record.fields, &new.record.fields);
    let mut names: Vec<&String> = was.keys().chain(is.keys()).collect();
    names.sort_unstable();
    names.dedup();
    let differing = names
        .into_iter()
        .filter(|name| !LEFT_OUT.contains(&name.as_str()) && was.get(*name) != is.get(*name));
    let value = |of: Option<&crate::domain::Value>| of.map_or(Json::Null, |v| v.to_json());
    let text = |page: &RecordPage| page.record.text("body").unwrap_or_default().to_owned();
    let places = hunks(&text(old), &text(new)).into_iter();
    DiffView {
        from: old.version.0,
        to: new.version.0,
        fields: differing
            .map(|name| FieldDiffView {
                field: name.clone(),
                old: value(was.get(name)),
                new: value(is.get(name)),
            })
            .collect(),
        body: places
            .map(|lines| lines.into_iter().map(Into::into).collect())
            .collect(),
    }
}

async fn restore(
    caller: Caller,
    State(app): State<App>,
    path: PathParams,
    Input(body): Input<Restoration>,
) -> Result<Response, Problem> {
    let id: Id = path.id("id")?;
    let version = Pos(body.version);
    let command = Command::Restore { id, version };
    records::change(&app, caller, StatusCode::OK, command).await
}
