//! What searches teach, and clicks on their hits.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::input::{Input, Params};
use super::principal::{Access, Caller};
use super::problem::Problem;
use super::records::{self, at, id_in, set};
use super::report_csv::{cell, line};
use super::route::{Op, Routes};
use super::state::App;
use super::view::link;
use crate::desk::{
    ArticleLesson, Command, Error, QueryKey, QueryLesson, SearchLessons, TuningChange,
};
use crate::domain::Record;

const LISTS: [&str; 4] = ["not_found", "not_opened", "helpful", "unseen"];

/// A hit that was opened.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Click {
    /// `query` of the search's answer.
    query: String,
    /// Id of the article.
    article: String,
}

/// How searches are counted.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SearchLearning {
    /// For how many days counts are kept, at most 365; 0: nothing is counted.
    keep_days: u32,
}

/// What searches of the knowledge base taught.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SearchLessons)]
pub struct LessonsView {
    /// First day, in UTC.
    from: String,
    /// Last day, included.
    to: String,
    /// Searches that were counted.
    searches: u64,
    /// Those that found nothing.
    without_hits: u64,
    /// Hits that were opened.
    clicks: u64,
    /// Queries that found nothing at least every second time, the most frequent first.
    not_found: Vec<QueryLessonView>,
    /// Queries whose hits are opened less than every fifth time, the most frequent first.
    not_opened: Vec<QueryLessonView>,
    /// Articles that were put into answers, those that solved most tickets first.
    helpful: Vec<ArticleLessonView>,
    /// Published articles that nobody opened or used, the oldest first.
    unseen: Vec<UnseenView>,
    /// Whether there is more than is told: each list has at most 200 rows.
    cut: bool,
}

/// A query, as often as it was asked.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = QueryLesson)]
pub struct QueryLessonView {
    /// The query in lower case, with `#` and `@` for numbers and addresses that may be somebody's.
    query: String,
    /// Searches.
    searches: u32,
    /// Those that found nothing.
    without_hits: u32,
    /// Hits that were opened.
    clicks: u32,
}

/// An article, as often as it helped.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ArticleLesson)]
pub struct ArticleLessonView {
    /// Id.
    id: String,
    /// Title.
    title: String,
    /// Path.
    link: String,
    /// Tickets in whose answers it was used.
    tickets: usize,
    /// Those of them that are solved.
    solved: usize,
    /// Searches that showed it among the first ten hits.
    shown: u32,
    /// How often it was opened out of them.
    clicks: u32,
}

/// An article that nobody opened or used.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UnseenArticle)]
pub struct UnseenView {
    /// Id.
    id: String,
    /// Title.
    title: String,
    /// Path.
    link: String,
}

/// Adds the routes.
pub(super) fn add(routes: &mut Routes) {
    let op = Op::post("/v1/search/clicks", "count_click")
        .about(
            "search",
            "Tell that a hit was opened; the same one of the same asker counts once a day.",
        )
        .body::<Click>()
        .reply(204, "Counted");
    routes.add(op, count_click);
    let op = Op::get("/v1/search/learning", "read_search_learning")
        .about("search", "How long counts of searches are kept.")
        .access(Access::Agent)
        .at_least()
        .reply_with::<SearchLearning>(200, "The days");
    routes.add(op, read_learning);
    let op = Op::patch("/v1/search/learning", "update_search_learning")
        .about(
            "search",
            "Say how long counts of searches are kept; 0 drops them.",
        )
        .access(Access::Admin)
        .body::<SearchLearning>()
        .reply_with::<SearchLearning>(200, "The days");
    routes.add(op, update_learning);
    let op = Op::get("/v1/reports/search", "read_search_lessons")
        .about(
            "reports",
            "What searches of the knowledge base taught: queries without an answer, articles that solve and articles that nobody finds.",
        )
        .access(Access::Agent)
        .query("from", "First day, such as `2026-01-01`; 30 days before the last one when not given.")
        .query("to", "Last day, included; today when not given.")
        .query("format", "`json`, or `csv` for one of the lists.")
        .query("list", "The list of a CSV file: `not_found`, `not_opened`, `helpful` or `unseen`.")
        .at_least()
        .reply_with::<LessonsView>(200, "What was learned");
    routes.add(op, read_lessons);
}

async fn count_click(
    caller: Caller,
    State(app): State<App>,
    Input(body): Input<Click>,
) -> Result<Response, Problem> {
    let article = id_in("article", &body.article)?;
    let query = query_key(&body.query)?;
    let done = app.read(None, move |desk| {
        desk.clicked(&caller.actor, query, article)
    });
    done.await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn query_key(text: &str) -> Result<QueryKey, Error> {
    let wrong = || {
        Error::field(
            "query",
            "malformed",
            "expected `query` of a search's answer",
        )
    };
    let number = (text.len() == 16 && text.bytes().all(|b| b.is_ascii_hexdigit()))
        .then(|| u64::from_str_radix(text, 16).ok());
    Ok(number.flatten().ok_or_else(wrong)?.to_be_bytes())
}

async fn read_learning(
    caller: Caller,
    State(app): State<App>,
    params: Params,
) -> Result<Response, Problem> {
    let at_least = params.only_at_least()?;
    let done = app.read(at_least, move |desk| desk.keep_days(&caller.actor));
    let (pos, keep_days) = done.await?;
    Ok(at(pos, axum::Json(SearchLearning { keep_days })))
}

async fn update_learning(
    caller: Caller,
    State(app): State<App>,
    Input(body): Input<SearchLearning>,
) -> Result<Response, Problem> {
    let keep_days = body.keep_days;
    let command = Command::TuneSearch {
        change: TuningChange::SetLearning { keep_days },
    };
    let done = app.call(move |desk| records::run(desk, &caller, &command));
    let reply = done.await?;
    let mut response = axum::Json(SearchLearning { keep_days }).into_response();
    records::finish(&mut response, &reply);
    Ok(response)
}

async fn read_lessons(
    caller: Caller,
    State(app): State<App>,
    mut params: Params,
) -> Result<Response, Problem> {
    let at_least = params.at_least()?;
    let (from, to) = (params.read("from", "a day")?, params.read("to", "a day")?);
    let list = params.one("list")?;
    let is_csv = match params.one("format")?.as_deref() {
        None | Some("json") => false,
        Some("csv") => true,
        Some(_) => {
            let message = "expected `json` or `csv`";
            return Err(Error::field("format", "invalid_parameter", message).into());
        }
    };
    params.finish()?;
    let wanted = list
        .as_deref()
        .and_then(|name| LISTS.into_iter().find(|l| *l == name));
    if is_csv != wanted.is_some() {
        let message =
            "name one of `not_found`, `not_opened`, `helpful` and `unseen` for `format=csv`";
        return Err(Error::field("list", "invalid_parameter", message).into());
    }
    let done = app.read(at_least, move |desk| desk.lessons(&caller.actor, from, to));
    let (pos, lessons) = done.await?;
    let Some(list) = wanted else {
        return Ok(at(pos, axum::Json(view(lessons))));
    };
    let mut response = csv(&lessons, list).into_response();
    set(
        &mut response,
        header::CONTENT_TYPE,
        "text/csv; charset=utf-8",
    );
    let name = format!("attachment; filename=\"search-{list}.csv\"");
    set(&mut response, header::CONTENT_DISPOSITION, &name);
    Ok(at(pos, response))
}

fn view(lessons: SearchLessons) -> LessonsView {
    let query = |row: QueryLesson| QueryLessonView {
        query: row.query,
        searches: row.searches,
        without_hits: row.without_hits,
        clicks: row.clicks,
    };
    let helpful = |row: ArticleLesson| ArticleLessonView {
        id: row.record.id.to_string(),
        title: row.record.title().to_owned(),
        link: place(&row.record),
        tickets: row.tickets,
        solved: row.solved,
        shown: row.shown,
        clicks: row.clicks,
    };
    let unseen = |record: Record| UnseenView {
        id: record.id.to_string(),
        title: record.title().to_owned(),
        link: place(&record),
    };
    LessonsView {
        from: lessons.from.to_string(),
        to: lessons.to.to_string(),
        searches: lessons.searches,
        without_hits: lessons.without_hits,
        clicks: lessons.clicks,
        not_found: lessons.not_found.into_iter().map(query).collect(),
        not_opened: lessons.not_opened.into_iter().map(query).collect(),
        helpful: lessons.helpful.into_iter().map(helpful).collect(),
        unseen: lessons.unseen.into_iter().map(unseen).collect(),
        cut: lessons.cut,
    }
}

fn place(record: &Record) -> String {
    link(record.kind, &record.id.to_string())
}

fn csv(lessons: &SearchLessons, list: &str) -> String {
    let mut out = String::new();
    let mut head = |names: &[&str]| line(&mut out, names.iter().map(|name| (*name).to_owned()));
    match list {
        "helpful" => {
            head(&[
                "id",
                "title",
                "tickets",
                "solved_tickets",
                "shown",
                "clicks",
            ]);
            for row in &lessons.helpful {
                let id = row.record.id.to_string();
                let numbers = [row.tickets, row.solved].map(|n| n.to_string());
                let counts = [row.shown, row.clicks].map(|n| n.to_string());
                let texts = [id, cell(row.record.title())];
                line(&mut out, texts.into_iter().chain(numbers).chain(counts));
            }
        }
        "unseen" => {
            head(&["id", "title"]);
            for record in &lessons.unseen {
                let cells = [record.id.to_string(), cell(record.title())];
                line(&mut out, cells.into_iter());
            }
        }
        _ => {
            head(&["query", "searches", "without_hits", "clicks"]);
            let rows = match list {
                "not_found" => &lessons.not_found,
                _ => &lessons.not_opened,
            };
            for row in rows {
                let counts = [row.searches, row.without_hits, row.clicks].map(|n| n.to_string());
                line(&mut out, std::iter::once(cell(&row.query)).chain(counts));
            }
        }
    }
    out
}
