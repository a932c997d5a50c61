//! What administrators say to the search: synonyms, stop words and pinned articles.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::input::{Input, Params, PathParams};
use super::principal::{Access, Caller};
use super::problem::Problem;
use super::records::{self, at};
use super::route::{Op, Routes};
use super::state::App;
use super::view::instant;
use crate::desk::{self, Command, Desk, Error, Pin, Reply, StopWords, Synonyms, TuningChange};
use crate::domain::Id;

/// Words and phrases of which one may stand for another.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSynonyms {
    /// Language of the queries that it is for, such as `ru`; all when there is none.
    #[serde(default)]
    locale: Option<String>,
    /// What is typed: at most 20 words or phrases.
    words: Vec<String>,
    /// What is searched as well, at most 20; when empty, each of `words` finds all others.
    #[serde(default)]
    means: Vec<String>,
}

/// Words and phrases of which one may stand for another.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Synonyms)]
pub struct SynonymsView {
    /// Id.
    id: String,
    /// Language of the queries that it is for; all when there is none.
    locale: Option<String>,
    /// What is typed.
    words: Vec<String>,
    /// What is searched as well; when empty, each of `words` finds all others.
    means: Vec<String>,
    /// When it was saved last.
    saved_at: String,
}

/// All synonyms.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SynonymList)]
pub struct SynonymListView {
    /// They, oldest first.
    items: Vec<SynonymsView>,
}

/// Words that say nothing.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewStopWords {
    /// The words, at most 500, instead of those before; none: the language has no stop words.
    words: Vec<String>,
}

/// Words of a language that say nothing.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StopWords)]
pub struct StopWordsView {
    /// The language.
    locale: String,
    /// The words.
    words: Vec<String>,
}

/// The stop words of all languages.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StopWordsList)]
pub struct StopWordsListView {
    /// By language.
    items: Vec<StopWordsView>,
}

/// Articles that come first for some queries.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPin {
    /// Language of the queries that it is for, such as `ru`; all when there is none.
    #[serde(default)]
    locale: Option<String>,
    /// The queries, at most 20: any form and order of their words.
    queries: Vec<String>,
    /// Ids of the articles, at most 10, first ones first.
    articles: Vec<String>,
    /// First day on which it holds, in UTC.
    #[serde(default)]
    from_on: Option<String>,
    /// Last day on which it holds, in UTC.
    #[serde(default)]
    until_on: Option<String>,
}

/// Articles that come first for some queries.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Pin)]
pub struct PinView {
    /// Id.
    id: String,
    /// Language of the queries that it is for; all when there is none.
    locale: Option<String>,
    /// The queries.
    queries: Vec<String>,
    /// Ids of the articles; one that is gone or that the asker of a search may not read is left out
    /// there.
    articles: Vec<String>,
    /// First day on which it holds, in UTC.
    from_on: Option<String>,
    /// Last day on which it holds, in UTC.
    until_on: Option<String>,
    /// When it was saved last.
    saved_at: String,
}

/// All pins.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PinList)]
pub struct PinListView {
    /// They, oldest first.
    items: Vec<PinView>,
}

/// Adds the routes.
pub(super) fn add(routes: &mut Routes) {
    let op = read("/v1/search/synonyms", "list_synonyms", "The synonyms.");
    routes.add(
        op.reply_with::<SynonymListView>(200, "All of them"),
        list_synonyms,
    );
    let op = Op::post("/v1/search/synonyms", "create_synonyms")
        .about("search", "Say which words mean the same; it holds at once.")
        .body::<NewSynonyms>()
        .reply_with::<SynonymsView>(201, "The synonyms");
    routes.add(op.access(Access::Admin), create_synonyms);
    let op = Op::patch("/v1/search/synonyms/{id}", "update_synonyms")
        .about("search", "Save synonyms anew, all of them.")
        .body::<NewSynonyms>()
        .reply_with::<SynonymsView>(200, "The synonyms");
    routes.add(op.access(Access::Admin), update_synonyms);
    let op = Op::delete("/v1/search/synonyms/{id}", "delete_synonyms")
        .about("search", "Remove synonyms.")
        .reply(204, "Removed");
    routes.add(op.access(Access::Admin), delete_synonyms);

    let op = read(
        "/v1/search/stop-words",
        "list_stop_words",
        "The stop words by language.",
    );
    routes.add(
        op.reply_with::<StopWordsListView>(200, "All of them"),
        list_stop_words,
    );
    let op = Op::patch("/v1/search/stop-words/{locale}", "set_stop_words")
        .about(
            "search",
            "Set the stop words of a language instead of those before.",
        )
        .body::<NewStopWords>()
        .reply_with::<StopWordsListView>(200, "The stop words of all languages");
    routes.add(op.access(Access::Admin), set_stop_words);

    let op = read(
        "/v1/search/pins",
        "list_pins",
        "The articles that come first for some queries.",
    );
    routes.add(op.reply_with::<PinListView>(200, "All of them"), list_pins);
    let op = Op::post("/v1/search/pins", "create_pin")
        .about(
            "search",
            "Have articles come first for some queries; it holds at once.",
        )
        .body::<NewPin>()
        .reply_with::<PinView>(201, "The pin");
    routes.add(op.access(Access::Admin), create_pin);
    let op = Op::patch("/v1/search/pins/{id}", "update_pin")
        .about("search", "Save a pin anew, all of it.")
        .body::<NewPin>()
        .reply_with::<PinView>(200, "The pin");
    routes.add(op.access(Access::Admin), update_pin);
    let op = Op::delete("/v1/search/pins/{id}", "delete_pin")
        .about("search", "Remove a pin.")
        .reply(204, "Removed");
    routes.add(op.access(Access::Admin), delete_pin);
}

fn read(path: &str, id: &str, about: &str) -> Op {
    let op = Op::get(path, id).about("search", about);
    op.at_least().access(Access::Agent)
}

fn synonyms_view(set: Synonyms) -> SynonymsView {
    SynonymsView {
        id: set.id.to_string(),
        locale: set.locale,
        words: set.words,
        means: set.means,
        saved_at: instant(set.saved_at),
    }
}

fn stop_words_view(all: Vec<StopWords>) -> StopWordsListView {
    let items = all.into_iter().map(|own| StopWordsView {
        locale: own.locale,
        words: own.words,
    });
    StopWordsListView {
        items: items.collect(),
    }
}

fn pin_view(pin: Pin) -> PinView {
    PinView {
        id: pin.id.to_string(),
        locale: pin.locale,
        queries: pin.queries,
        articles: pin.articles.iter().map(ToString::to_string).collect(),
        from_on: pin.from_on.map(|day| day.to_string()),
        until_on: pin.until_on.map(|day| day.to_string()),
        saved_at: instant(pin.saved_at),
    }
}

async fn list_synonyms(
    caller: Caller,
    State(app): State<App>,
    params: Params,
) -> Result<Response, Problem> {
    let at_least = params.only_at_least()?;
    let done = app.read(at_least, move |desk| desk.synonyms(&caller.actor));
    let (pos, all) = done.await?;
    let items = all.into_iter().map(synonyms_view).collect();
    Ok(at(pos, axum::Json(SynonymListView { items })))
}

async fn create_synonyms(
    caller: Caller,
    app: State<App>,
    body: Input<NewSynonyms>,
) -> Result<Response, Problem> {
    save_synonyms(caller, app, body, None).await
}

async fn update_synonyms(
    caller: Caller,
    app: State<App>,
    path: PathParams,
    body: Input<NewSynonyms>,
) -> Result<Response, Problem> {
    let id = path.id("id")?;
    save_synonyms(caller, app, body, Some(id)).await
}

async fn save_synonyms(
    caller: Caller,
    app: State<App>,
    Input(body): Input<NewSynonyms>,
    id: Option<Id>,
) -> Result<Response, Problem> {
    let change = TuningChange::SaveSynonyms {
        id,
        locale: body.locale,
        words: body.words,
        means: body.means,
    };
    save(caller, app, change, id.is_none(), |desk, caller, reply| {
        let all = desk.synonyms(&caller.actor)?;
        let saved = all.into_iter().find(|set| set.id == reply.id);
        saved.map(synonyms_view).ok_or_else(Error::not_found)
    })
    .await
}

async fn delete_synonyms(
    caller: Caller,
    app: State<App>,
    path: PathParams,
) -> Result<Response, Problem> {
    let id = path.id("id")?;
    remove(caller, app, TuningChange::DeleteSynonyms { id }).await
}

async fn list_stop_words(
    caller: Caller,
    State(app): State<App>,
    params: Params,
) -> Result<Response, Problem> {
    let at_least = params.only_at_least()?;
    let done = app.read(at_least, move |desk| desk.stop_words(&caller.actor));
    let (pos, all) = done.await?;
    Ok(at(pos, axum::Json(stop_words_view(all))))
}

async fn set_stop_words(
    caller: Caller,
    app: State<App>,
    path: PathParams,
    Input(body): Input<NewStopWords>,
) -> Result<Response, Problem> {
    let change = TuningChange::SetStopWords {
        locale: path.text("locale").to_owned(),
        words: body.words,
    };
    save(caller, app, change, false, |desk, caller, _| {
        desk.stop_words(&caller.actor).map(stop_words_view)
    })
    .await
}

async fn list_pins(
    caller: Caller,
    State(app): State<App>,
    params: Params,
) -> Result<Response, Problem> {
    let at_least = params.only_at_least()?;
    let done = app.read(at_least, move |desk| desk.pins(&caller.actor));
    let (pos, all) = done.await?;
    let items = all.into_iter().map(pin_view).collect();
    Ok(at(pos, axum::Json(PinListView { items })))
}

async fn create_pin(
    caller: Caller,
    app: State<App>,
    body: Input<NewPin>,
) -> Result<Response, Problem> {
    save_pin(caller, app, body, None).await
}

async fn update_pin(
    caller: Caller,
    app: State<App>,
    path: PathParams,
    body: Input<NewPin>,
) -> Result<Response, Problem> {
    let id = path.id("id")?;
    save_pin(caller, app, body, Some(id)).await
}

async fn save_pin(
    caller: Caller,
    app: State<App>,
    Input(body): Input<NewPin>,
    id: Option<Id>,
) -> Result<Response, Problem> {
    let mut articles = Vec::with_capacity(body.articles.len());
    for text in &body.articles {
        articles.push(text.parse().map_err(|_| {
            let short: String = text.chars().take(64).collect();
            Error::field("articles", "malformed", format!("`{short}` is no id"))
        })?);
    }
    let change = TuningChange::SavePin {
        id,
        locale: body.locale,
        queries: body.queries,
        articles,
        days: (
            day("from_on", body.from_on)?,
            day("until_on", body.until_on)?,
        ),
    };
    save(caller, app, change, id.is_none(), |desk, caller, reply| {
        let all = desk.pins(&caller.actor)?;
        let saved = all.into_iter().find(|pin| pin.id == reply.id);
        saved.map(pin_view).ok_or_else(Error::not_found)
    })
    .await
}

async fn delete_pin(
    caller: Caller,
    app: State<App>,
    path: PathParams,
) -> Result<Response, Problem> {
    let id = path.id("id")?;
    remove(caller, app, TuningChange::DeletePin { id }).await
}

fn day(field: &str, text: Option<String>) -> desk::Result<Option<NaiveDate>> {
    let wrong = |_| Error::field(field, "malformed", "expected a day such as 2026-01-31");
    text.map(|text| text.parse().map_err(wrong)).transpose()
}

async fn save<V: Serialize + Send + 'static>(
    caller: Caller,
    State(app): State<App>,
    change: TuningChange,
    is_new: bool,
    show: fn(&Desk, &Caller, &Reply) -> desk::Result<V>,
) -> Result<Response, Problem> {
    let command = Command::TuneSearch { change };
    let done = app.call(move |desk| {
        let reply = records::run(desk, &caller, &command)?;
        let view = show(desk, &caller, &reply)?;
        Ok((reply, view))
    });
    let (reply, view) = done.await?;
    let status = if is_new {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    let mut response = (status, axum::Json(view)).into_response();
    records::finish(&mut response, &reply);
    Ok(response)
}

async fn remove(
    caller: Caller,
    State(app): State<App>,
    change: TuningChange,
) -> Result<Response, Problem> {
    let command = Command::TuneSearch { change };
    let done = app.call(move |desk| records::run(desk, &caller, &command));
    Ok(records::changed(&done.await?, StatusCode::NO_CONTENT))
}
