//! Articles and solved tickets for a ticket's text, and the tickets that an article solved.

use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use utoipa::ToSchema;

use super::input::{Input, Params, PathParams};
use super::principal::{Access, Caller};
use super::problem::Problem;
use super::records::{at, id_in};
use super::route::{Op, Routes};
use super::state::App;
use super::view::{instant, link};
use crate::desk::{Error, LikeQuery, Suggestion, TicketSuggestions};
use crate::domain::{Kind, Record};

/// Most suggestions of a sort, and how many when the caller does not say.
const MAX_SUGGESTED: usize = 20;
const DEFAULT_SUGGESTED: usize = 5;
/// Longest title and text in characters.
const MAX_TITLE: usize = 1_000;
const MAX_TEXT: usize = 60_000;

/// A ticket that is being written.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Written {
    /// Title so far.
    #[serde(default)]
    title: String,
    /// Text so far.
    #[serde(default)]
    text: String,
    /// Type of ticket, with the pack or without: tickets of it come a little earlier.
    #[serde(default, rename = "type")]
    type_code: Option<String>,
    /// Id of the product: what is about it comes earlier.
    #[serde(default)]
    product: Option<String>,
    /// Category: what is of it comes a little earlier.
    #[serde(default)]
    category: Option<String>,
    /// Id of the account: its own tickets come a little earlier.
    #[serde(default)]
    account: Option<String>,
    /// Most suggestions of a sort, 1 to 20; 5 when not given.
    #[serde(default)]
    limit: Option<usize>,
}

/// What may help.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TicketSuggestions)]
pub struct SuggestedView {
    /// Published articles, best first.
    articles: Vec<SuggestionView>,
    /// Solved tickets, best first; customers get none.
    tickets: Vec<SuggestionView>,
    /// Whether the index is being rebuilt, so that some may be missing.
    rebuilding: bool,
}

/// An article or ticket that may help.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Suggestion)]
pub struct SuggestionView {
    /// Id of the record.
    id: String,
    /// Human number.
    number: Option<i64>,
    /// `article` or `ticket`.
    kind: &'static str,
    /// Title.
    title: String,
    /// HTML-escaped piece of the text with the words found in `<mark>`.
    snippet: String,
    /// Path of the record.
    link: String,
    /// Likeness; comparable within one list only.
    score: f32,
    /// Whether the article is in an answer to the ticket already.
    used: bool,
    /// Why it is suggested.
    why: SuggestionWhyView,
}

/// Why a record is suggested.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SuggestionWhy)]
pub struct SuggestionWhyView {
    /// The words that both have, with the field of the record; words that stand in its comments and
    /// messages alone are not told.
    matches: Vec<LikeMatchView>,
    /// Fields in which both are the same: `product`, `category`, `type`, `account`.
    same: Vec<&'static str>,
    /// How often the article was put into answers lately, as far as it is counted; null for
    /// customers and tickets.
    uses: Option<usize>,
    /// Similarity of both in meaning, from -1 to 1; null for tickets, and where no model says it.
    similarity: Option<f32>,
}

/// A word that a ticket and a suggestion have.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LikeMatch)]
pub struct LikeMatchView {
    /// The word in the ticket.
    word: String,
    /// The word in the suggestion.
    found: String,
    /// The field of the suggestion.
    field: &'static str,
}

/// A ticket in whose answer an article was used.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CitedTicket)]
pub struct CitedTicketView {
    /// Id of the ticket.
    id: String,
    /// Human number.
    number: Option<i64>,
    /// Title.
    title: String,
    /// Status.
    status: Option<String>,
    /// Whether the ticket is solved.
    solved: bool,
    /// When the article was used.
    used_at: String,
    /// Path of the ticket.
    link: String,
}

/// Adds the routes.
pub(super) fn add(routes: &mut Routes) {
    let op = Op::get("/v1/tickets/{id}/suggestions", "suggest_for_ticket")
        .about(
            "tickets",
            "Articles and solved tickets like it, each with why.",
        )
        .kind(Kind::Ticket)
        .number("limit", "Most of each sort, 1 to 20; 5 when not given.")
        .at_least()
        .reply_with::<SuggestedView>(200, "Articles and tickets, best first");
    routes.add(op, suggest_for_ticket);
    let op = Op::post("/v1/suggest", "suggest_while_writing")
        .about(
            "search",
            "Articles and solved tickets like a ticket that is being written; nothing is kept.",
        )
        .body::<Written>()
        .reply_with::<SuggestedView>(200, "Articles and tickets, best first");
    routes.add(op, suggest_while_writing);
    let op = Op::get("/v1/articles/{id}/tickets", "list_article_tickets")
        .about(
            "articles",
            "Tickets in whose answers it was used, newest use first.",
        )
        .kind(Kind::Article)
        .access(Access::Agent)
        .paged()
        .at_least()
        .reply_page::<CitedTicketView>("A page; one may hold fewer than asked for");
    routes.add(op, list_article_tickets);
}

fn checked(limit: Option<usize>) -> Result<usize, Error> {
    let limit = limit.unwrap_or(DEFAULT_SUGGESTED);
    if (1..=MAX_SUGGESTED).contains(&limit) {
        return Ok(limit);
    }
    let message = format!("must lie between 1 and {MAX_SUGGESTED}");
    Err(Error::field("limit", "invalid_parameter", message))
}

async fn suggest_for_ticket(
    caller: Caller,
    State(app): State<App>,
    path: PathParams,
    mut params: Params,
) -> Result<Response, Problem> {
    let id = path.id("id")?;
    let limit = checked(params.read("limit", "a whole number")?)?;
    let at_least = params.only_at_least()?;
    let done = app.read(at_least, move |desk| {
        let found = desk.suggestions_of(&caller.actor, id, limit, at_least)?;
        Ok(view(found, caller.actor.is_contact()))
    });
    let (pos, view) = done.await?;
    Ok(at(pos, axum::Json(view)))
}

async fn suggest_while_writing(
    caller: Caller,
    State(app): State<App>,
    Input(body): Input<Written>,
) -> Result<Response, Problem> {
    for (field, text, most) in [
        ("title", &body.title, MAX_TITLE),
        ("text", &body.text, MAX_TEXT),
    ] {
        if most < text.chars().count() {
            let message = format!("is over the limit of {most} characters");
            return Err(Error::field(field, "too_long", message).into());
        }
    }
    let id = |field: &str, text: &Option<String>| {
        text.as_deref().map(|text| id_in(field, text)).transpose()
    };
    let query = LikeQuery {
        products: id("product", &body.product)?.into_iter().collect(),
        account: id("account", &body.account)?,
        title: body.title,
        text: body.text,
        type_code: body.type_code,
        category: body.category,
        ticket: None,
        limit: checked(body.limit)?,
        at_least: None,
    };
    let done = app.read(None, move |desk| {
        let found = desk.suggestions(&caller.actor, &query)?;
        Ok(view(found, caller.actor.is_contact()))
    });
    let (pos, view) = done.await?;
    Ok(at(pos, axum::Json(view)))
}

fn view(found: TicketSuggestions, for_customer: bool) -> SuggestedView {
    let one = |suggestion: Suggestion| one(suggestion, for_customer);
    SuggestedView {
        articles: found.articles.into_iter().map(one).collect(),
        tickets: found.tickets.into_iter().map(one).collect(),
        rebuilding: found.rebuilding,
    }
}

fn one(suggestion: Suggestion, for_customer: bool) -> SuggestionView {
    let Suggestion { record, why, .. } = suggestion;
    let matches = why.matches.into_iter().map(|m| LikeMatchView {
        word: m.word,
        found: m.found,
        field: m.field,
    });
    SuggestionView {
        id: record.id.to_string(),
        number: record.number(),
        kind: record.kind.name(),
        title: record.title().to_owned(),
        snippet: suggestion.snippet,
        link: link(record.kind, &record.id.to_string()),
        score: suggestion.score,
        used: suggestion.used,
        why: SuggestionWhyView {
            matches: matches.collect(),
            same: why.same,
            uses: (record.kind == Kind::Article && !for_customer).then_some(why.uses),
            similarity: why.similarity,
        },
    }
}

async fn list_article_tickets(
    caller: Caller,
    State(app): State<App>,
    path: PathParams,
    mut params: Params,
) -> Result<Response, Problem> {
    let (id, limit, cursor) = (path.id("id")?, params.limit()?, params.one("cursor")?);
    let at_least = params.only_at_least()?;
    let done = app.read(at_least, move |desk| {
        let page = desk.tickets_of(&caller.actor, id, cursor.as_deref(), limit)?;
        let item = |record: &Record, solved, used_at| CitedTicketView {
            id: record.id.to_string(),
            number: record.number(),
            title: record.title().to_owned(),
            status: record.status().map(str::to_owned),
            link: link(record.kind, &record.id.to_string()),
            solved,
            used_at: instant(used_at),
        };
        let items = page.items.iter().map(|t| item(&t.record, t.solved, t.at));
        let items: Vec<CitedTicketView> = items.collect();
        Ok(json!({ "items": items, "next": page.next }))
    });
    let (pos, body): (_, Json) = done.await?;
    Ok(at(pos, axum::Json(body)))
}

/// The articles that a comment or message names.
pub(super) fn articles(ids: &[String]) -> Result<Vec<crate::domain::Id>, Error> {
    let read = ids.iter().map(|text| id_in("articles", text));
    read.collect()
}

/// A comment or message with the articles in it.
pub(super) fn citing(
    entry: crate::desk::Command,
    articles: Vec<crate::domain::Id>,
) -> crate::desk::Command {
    if articles.is_empty() {
        return entry;
    }
    crate::desk::Command::Cite {
        entry: Box::new(entry),
        articles,
    }
}
