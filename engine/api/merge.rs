//! Tickets that become one and two again, one that becomes two, and what becomes an article.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};
use utoipa::ToSchema;

use super::input::{self, Input, PathParams};
use super::principal::{Access, Caller};
use super::problem::Problem;
use super::records::{self, id_in};
use super::route::{Op, Routes};
use super::state::App;
use super::view::link;
use crate::desk::{Command, Desk, Result as DeskResult, Split as How};
use crate::domain::family::fields::MERGED_INTO;
use crate::domain::{Kind, Record};

/// Which ticket another one becomes a part of.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Merge {
    /// Id of the ticket that goes on.
    into: String,
    /// Whether tickets of different customers may be merged.
    #[serde(default)]
    across_parties: bool,
    /// Why, for the history.
    #[serde(default)]
    reason: String,
}

/// Why a merge is undone.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Unmerge {
    /// Why, for the history.
    reason: String,
}

/// What goes to a new ticket.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Split {
    /// Ids of comments, messages and files that go to it; 1 to 200.
    entries: Vec<String>,
    /// Whether they move, so that a link stands in their place, or are copied.
    #[serde(default, rename = "move")]
    moves: bool,
    /// Id of a ticket of the same customer that gets them; a new one, if not said.
    #[serde(default)]
    into: Option<String>,
    /// Values of the new ticket by field, `title` at least; type and customer are those of the
    /// ticket that is split, if not said.
    #[serde(default)]
    #[schema(value_type = Object)]
    fields: Map<String, Json>,
}

/// What an article has otherwise than its ticket.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ArticleOf {
    /// Values by field that take the place of what the ticket tells.
    #[schema(value_type = Object)]
    fields: Map<String, Json>,
}

/// Adds the routes.
pub(super) fn add(routes: &mut Routes) {
    let schema = records::schema_name(Kind::Ticket);
    let of = |what: &str, about: &str| {
        Op::post(
            format!("/v1/tickets/{{id}}/{what}"),
            format!("{what}_ticket"),
        )
        .about("tickets", about)
        .kind(Kind::Ticket)
        .access(Access::Agent)
        .versioned()
    };
    let op = of(
        "merge",
        "Merge the ticket into another one: it is closed, and what belongs to it is shown with the other.",
    );
    let op = op
        .body::<Merge>()
        .reply_named(200, "The ticket that goes on", &schema);
    routes.add(op, merge_ticket);
    let op = of("unmerge", "Undo the merge of the ticket into another one.");
    let op = op
        .body::<Unmerge>()
        .reply_named(200, "The ticket as it was before", &schema);
    routes.add(op, unmerge_ticket);
    let op = of(
        "article",
        "Make a draft of an article: question and solution, and nothing that only agents see.",
    );
    let article = records::schema_name(Kind::Article);
    let op = op
        .body::<ArticleOf>()
        .reply_named(201, "The article", &article);
    routes.add(op, make_article);
    let op = of(
        "split",
        "Make a new ticket of some of its comments, messages and files, or give them to another one.",
    );
    let op = op
        .body::<Split>()
        .reply_named(201, "The ticket that has them", &schema);
    routes.add(op, split_ticket);
}

async fn make_article(
    caller: Caller,
    State(app): State<App>,
    path: PathParams,
    Input(body): Input<ArticleOf>,
) -> Result<Response, Problem> {
    let command = Command::MakeArticle {
        ticket: path.id("id")?,
        fields: input::fields(body.fields)?,
    };
    records::change(&app, caller, StatusCode::CREATED, command).await
}

async fn merge_ticket(
    caller: Caller,
    State(app): State<App>,
    path: PathParams,
    Input(body): Input<Merge>,
) -> Result<Response, Problem> {
    let command = Command::Merge {
        id: path.id("id")?,
        into: id_in("into", &body.into)?,
        across_parties: body.across_parties,
        reason: body.reason,
    };
    records::change(&app, caller, StatusCode::OK, command).await
}

async fn unmerge_ticket(
    caller: Caller,
    State(app): State<App>,
    path: PathParams,
    Input(body): Input<Unmerge>,
) -> Result<Response, Problem> {
    let command = Command::Unmerge {
        id: path.id("id")?,
        reason: body.reason,
    };
    records::change(&app, caller, StatusCode::OK, command).await
}

async fn split_ticket(
    caller: Caller,
    State(app): State<App>,
    path: PathParams,
    Input(body): Input<Split>,
) -> Result<Response, Problem> {
    let entries = body.entries.iter().map(|id| id_in("entries", id));
    let into = body.into.as_deref().map(|id| id_in("into", id));
    let command = Command::Split {
        id: path.id("id")?,
        how: How {
            entries: entries.collect::<DeskResult<_>>()?,
            moves: body.moves,
            into: into.transpose()?,
        },
        fields: input::fields(body.fields)?,
    };
    records::change(&app, caller, StatusCode::CREATED, command).await
}

/// Where a ticket that was merged goes on, as far as the caller may see it; null for all others.
///
/// # Errors
/// When the store fails.
pub(super) fn redirect(desk: &Desk, caller: &Caller, record: &Record) -> DeskResult<Json> {
    let into = record.reference(MERGED_INTO);
    let Some(into) = into.filter(|_| record.kind == Kind::Ticket) else {
        return Ok(Json::Null);
    };
    let Ok(other) = desk.record(&caller.actor, Kind::Ticket, into, None) else {
        return Ok(Json::Null);
    };
    let place = link(Kind::Ticket, &into.to_string());
    Ok(json!({"id": into, "number": other.record.number(), "link": place}))
}
