//! Votes on articles.

use axum::extract::State;
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
use super::view::instant;
use crate::desk::{Command, Vote, VoteOf};
use crate::domain::Kind;

/// Whether an article helped.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewVote {
    /// Whether it did; null takes back what was said before.
    // Missing is not null: whoever forgets it takes nothing back.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schema(required = true)]
    helpful: Option<bool>,
    /// Why, at most 4,000 bytes.
    #[serde(default)]
    comment: String,
}

/// What the asker says of an article.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = OwnVote)]
pub struct OwnVoteView {
    /// Whether it helped; null when nothing was said.
    helpful: Option<bool>,
    /// Why.
    comment: String,
    /// When it was said.
    at: Option<String>,
}

/// What somebody says of an article.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Vote)]
pub struct VoteView {
    /// `contact` or `agent`.
    kind: &'static str,
    /// Id of the person.
    person: String,
    /// Whether it helped.
    helpful: bool,
    /// Why.
    comment: String,
    /// When it was said.
    at: String,
}

/// Adds the routes.
pub(super) fn add(routes: &mut Routes) {
    let path = "/v1/articles/{id}/vote";
    let op = Op::get(path, "read_own_vote")
        .about("articles", "What the caller says of the article.")
        .kind(Kind::Article)
        .at_least()
        .reply_with::<OwnVoteView>(200, "The vote");
    routes.add(op, read_own);
    let op = Op::post(path, "vote_on_article")
        .about(
            "articles",
            "Say whether the article helped, instead of what the caller said before. The article's version stays.",
        )
        .kind(Kind::Article)
        .body::<NewVote>()
        .reply_with::<OwnVoteView>(200, "The vote");
    routes.add(op, vote);
    let op = Op::get("/v1/articles/{id}/votes", "list_article_votes")
        .about(
            "articles",
            "What people say of the article, person by person.",
        )
        .kind(Kind::Article)
        .access(Access::Agent)
        .paged()
        .at_least()
        .reply_page::<VoteView>("A page");
    routes.add(op, list_votes);
}

fn own(vote: Option<Vote>) -> OwnVoteView {
    match vote {
        None => OwnVoteView::default(),
        Some(vote) => OwnVoteView {
            helpful: Some(vote.helpful),
            comment: vote.comment,
            at: Some(instant(vote.at)),
        },
    }
}

async fn read_own(
    caller: Caller,
    State(app): State<App>,
    path: PathParams,
    params: Params,
) -> Result<Response, Problem> {
    let (id, at_least) = (path.id("id")?, params.only_at_least()?);
    let done = app.read(at_least, move |desk| desk.own_vote(&caller.actor, id));
    let (pos, vote) = done.await?;
    Ok(at(pos, axum::Json(own(vote))))
}

async fn vote(
    caller: Caller,
    State(app): State<App>,
    path: PathParams,
    Input(body): Input<NewVote>,
) -> Result<Response, Problem> {
    let id = path.id("id")?;
    let command = Command::Vote {
        id,
        helpful: body.helpful,
        comment: body.comment,
    };
    let done = app.call(move |desk| {
        let reply = records::run(desk, &caller, &command)?;
        Ok((reply, desk.own_vote(&caller.actor, id)?))
    });
    let (reply, vote) = done.await?;
    let mut response = axum::Json(own(vote)).into_response();
    records::finish(&mut response, &reply);
    Ok(response)
}

async fn list_votes(
    caller: Caller,
    State(app): State<App>,
    path: PathParams,
    mut params: Params,
) -> Result<Response, Problem> {
    let (id, limit, cursor) = (path.id("id")?, params.limit()?, params.one("cursor")?);
    let at_least = params.only_at_least()?;
    let done = app.read(at_least, move |desk| {
        desk.votes(&caller.actor, id, cursor.as_deref(), limit)
    });
    let (pos, page) = done.await?;
    let view = |VoteOf { kind, person, vote }: VoteOf| VoteView {
        kind: kind.name(),
        person: person.to_string(),
        helpful: vote.helpful,
        comment: vote.comment,
        at: instant(vote.at),
    };
    let items: Vec<VoteView> = page.items.into_iter().map(view).collect();
    let body = json!({ "items": items, "next": page.next });
    Ok(at(pos, axum::Json(body)))
}
