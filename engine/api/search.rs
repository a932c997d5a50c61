//! Searching records and the knowledge base.

use axum::extract::State;
use axum::response::Response;

use super::filter;
use super::input::Params;
use super::principal::{Access, Caller};
use super::problem::Problem;
use super::records::{self, at};
use super::route::{Op, Routes};
use super::state::App;
use super::view::{HitsView, SuggestionsView};
use crate::desk::{Desk, Error, SearchQuery, SuggestQuery};
use crate::domain::Kind;

/// Most titles that complete a text, and how many when the caller does not say.
const MAX_TITLES: usize = 20;
const DEFAULT_TITLES: usize = 8;

const QUERY: &str = "What to search for: words, `\"a phrase\"`, `-without`, `field:value`; see docs/search.md. No text is wrong: what is not understood is words, of a longer one the first 1,000 characters count, and without one everything is found that the filters let through.";

/// Adds the routes.
pub(super) fn add(routes: &mut Routes) {
    let op = Op::get("/v1/search", "search")
        .about(
            "search",
            "Search records of one or several kinds. With one kind, its fields filter as in lists.",
        )
        .query("q", QUERY)
        .query(
            "kind",
            "Kinds, separated by commas; tickets, articles and assets when not given.",
        );
    routes.add(finish(op), search_records);
    let op = Op::get("/v1/articles/search", "search_articles")
        .about("articles", "Search the knowledge base.")
        .access(Access::Reader)
        .query("q", QUERY);
    routes.add(finish(op), search_articles);
    let op = Op::get("/v1/search/suggest", "suggest")
        .about(
            "search",
            "Complete what is being typed: titles by the words so far, and the word at the end.",
        )
        .query("q", "What was typed so far.")
        .query(
            "kind",
            "Kinds, separated by commas; tickets, articles and assets when not given.",
        )
        .number("limit", "Most titles, 1 to 20; 8 when not given.")
        .at_least()
        .reply_with::<SuggestionsView>(200, "Titles and completions, best first");
    routes.add(op, suggest);
}

async fn suggest(
    caller: Caller,
    State(app): State<App>,
    mut params: Params,
) -> Result<Response, Problem> {
    let text = params.one("q")?.unwrap_or_default();
    let mut kinds = Vec::new();
    for name in params.many("kind") {
        kinds.push(records::kind_named("kind", &name)?);
    }
    let limit = params.read("limit", "a whole number")?;
    let limit = limit.unwrap_or(DEFAULT_TITLES);
    if !(1..=MAX_TITLES).contains(&limit) {
        let message = format!("must lie between 1 and {MAX_TITLES}");
        return Err(Error::field("limit", "invalid_parameter", message).into());
    }
    let at_least = params.at_least()?;
    params.finish()?;
    let query = SuggestQuery {
        text,
        kinds,
        limit,
        at_least,
    };
    let done = app.read(at_least, move |desk| desk.suggest(&caller.actor, &query));
    let (pos, found) = done.await?;
    Ok(at(pos, axum::Json(SuggestionsView::of(found))))
}

fn finish(op: Op) -> Op {
    let about = format!(
        "Fields whose values are counted over everything found, separated by commas: {}.",
        Desk::FACETS.join(", ")
    );
    op.paged()
        .query(
            "sort",
            "Field to sort by instead of by relevance, with `-` before it for descending order: `-updated_at`. Of several kinds, one that each of them has.",
        )
        .query("facets", &about)
        .query(
            "locale",
            "Language in which articles are offered where they have a variant in it, such as `ru`; that of the caller's own record when not given. The others say `fallback`.",
        )
        .flag(
            "explain",
            "Whether each hit says what its score is made of; at most 20 hits a page then.",
        )
        .flag(
            "outdated",
            "Whether articles outside their dates are found, too; customers never find them.",
        )
        .at_least()
        .reply_with::<HitsView>(200, "A page of hits, best first unless sorted")
}

async fn search_records(
    caller: Caller,
    State(app): State<App>,
    mut params: Params,
) -> Result<Response, Problem> {
    let mut kinds = Vec::new();
    for name in params.many("kind") {
        kinds.push(records::kind_named("kind", &name)?);
    }
    search(&app, caller, params, kinds).await
}

async fn search_articles(
    caller: Caller,
    State(app): State<App>,
    params: Params,
) -> Result<Response, Problem> {
    search(&app, caller, params, vec![Kind::Article]).await
}

async fn search(
    app: &App,
    caller: Caller,
    mut params: Params,
    kinds: Vec<Kind>,
) -> Result<Response, Problem> {
    let text = params.one("q")?.unwrap_or_default();
    let facets = params.many("facets");
    let (locale, outdated) = (params.one("locale")?, params.flag("outdated")?);
    let explain = params.flag("explain")?;
    let (limit, cursor, at_least) = (params.limit()?, params.one("cursor")?, params.at_least()?);
    let catalog = app.desk().catalog()?;
    // Any of the kinds tells what the field is called; the desk wants it in each of them.
    let named_in = kinds.first().copied().unwrap_or(Kind::Ticket);
    let sort = filter::sort(&mut params, &catalog, &caller.actor, named_in)?;
    let filters = match kinds.as_slice() {
        [kind] => filter::conditions(&mut params, &catalog, &caller.actor, *kind)?,
        _ => Vec::new(),
    };
    params.finish()?;
    let query = SearchQuery {
        text,
        kinds,
        filters,
        limit,
        cursor,
        at_least,
        facets,
        locale,
        outdated,
        explain,
        sort,
    };
    let done = app.read(at_least, move |desk| {
        let found = desk.search(&caller.actor, &query)?;
        let catalog = desk.catalog()?;
        let look = records::look(&catalog, &caller);
        let view = HitsView {
            hits: found.hits.iter().map(|h| look.hit(h)).collect(),
            next: found.next,
            rebuilding: found.rebuilding,
            corrected: found.corrected,
            query: found.query,
            by_meaning: found.by_meaning,
            understood: found.understood.into_iter().map(Into::into).collect(),
            facets: found.facets.into_iter().map(|f| look.facet(f)).collect(),
        };
        Ok(view)
    });
    let (pos, view) = done.await?;
    Ok(at(pos, axum::Json(view)))
}
