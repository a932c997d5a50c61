//! The page that a survey's link leads to: a form in the customer's language, without a login. The
//! token in the link is all that is needed, and it is good for one answer.
//!
//! Reading the page changes nothing, with `?score=` neither: what scans mail opens every link in it.

mod page;
mod turns;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value as Json, json};

use super::input::{PathParams, Raw};
use super::principal::{self, Access, RequestId};
use super::problem::Problem;
use super::records::set;
use super::route::{Op, Routes};
use super::state::App;
use crate::desk::{Actor, Command, Error, ErrorKind, Request, SurveyView};
use page::{Filled, Look};
pub(super) use turns::Turns;

/// Longest token that is looked at, in bytes.
const MAX_TOKEN_BYTES: usize = 128;
/// Most values of a form.
const MAX_VALUES: usize = 64;
/// What answers to questions are called in the form: `answer.` and the question's code.
const ANSWER: &str = "answer.";

/// Adds the routes.
pub(super) fn add(routes: &mut Routes) {
    let op = Op::get("/r/{token}", "show_rating_page")
        .about(
            "surveys",
            "The page that a survey's link leads to. Reading it changes nothing. A link that is \
             unknown, expired or used always gets the same page, with status 404.",
        )
        .access(Access::Public)
        .query(
            "score",
            "Score that is chosen already when the page opens; it counts once it is sent.",
        )
        .reply_as(200, "The form", page::MEDIA);
    routes.add(op, show_rating_page);
    let op = Op::form("/r/{token}", "send_rating_page")
        .about("surveys", "Answer a survey by its page.")
        .access(Access::Public)
        .reply_as(200, "A page that says thanks", page::MEDIA);
    routes.add(op, send_rating_page);
}

async fn show_rating_page(
    State(app): State<App>,
    path: PathParams,
    uri: axum::http::Uri,
    headers: HeaderMap,
) -> Response {
    let wanted = wanted(&headers);
    let Some(token) = token(&path) else {
        return page::gone(wanted);
    };
    if !app.pages().take() {
        return page::busy(wanted);
    }
    match app.call(move |desk| desk.survey(&token)).await {
        Ok(survey) if survey.is_open => {
            let query = uri.query().unwrap_or_default().as_bytes();
            let filled = Filled {
                score: value(query, "score").and_then(|text| text.parse().ok()),
                ..Filled::default()
            };
            page::form(&look(wanted, &survey), &survey, &filled)
        }
        Ok(_) => page::gone(wanted),
        Err(problem) => failed(problem, wanted),
    }
}

async fn send_rating_page(
    State(app): State<App>,
    path: PathParams,
    axum::Extension(request_id): axum::Extension<RequestId>,
    headers: HeaderMap,
    body: Result<Raw, Problem>,
) -> Response {
    let wanted = wanted(&headers);
    let Some(token) = token(&path) else {
        return page::gone(wanted);
    };
    if !app.pages().take() {
        return page::busy(wanted);
    }
    let values = match body {
        Ok(Raw(bytes, Some(media))) if media == page::FORM_MEDIA => bytes,
        Ok(_) => Vec::new(),
        Err(problem) => return page::refused(wanted, problem.status()),
    };
    let filled = read(&values);
    let request = Request {
        request_id: request_id.0,
        ..Request::by(Actor::System)
    };
    let done = app.call(move |desk| {
        let survey = desk.survey(&token)?;
        if !survey.is_open {
            return Err(Error::not_found());
        }
        let command = answer(token, &survey, &filled);
        let refused = match desk.run(&request, &command) {
            Ok(_) => None,
            // Whoever was faster, the link is used.
            Err(e) if matches!(e.kind, ErrorKind::NotFound | ErrorKind::Internal) => return Err(e),
            Err(e) if e.code.starts_with("survey_") => return Err(Error::not_found()),
            Err(e) if e.kind == ErrorKind::Busy => return Err(e),
            Err(e) => Some(e),
        };
        Ok((survey, filled, refused))
    });
    match done.await {
        Ok((survey, _, None)) => page::thanks(&look(wanted, &survey)),
        Ok((survey, filled, Some(_))) => page::form(
            &look(wanted, &survey),
            &survey,
            &Filled {
                is_refused: true,
                ..filled
            },
        ),
        Err(problem) => failed(problem, wanted),
    }
}

/// The language that the request asks for, when it asks for one of ours.
fn wanted(headers: &HeaderMap) -> Option<&'static str> {
    headers
        .contains_key(header::ACCEPT_LANGUAGE)
        .then(|| principal::locale(headers))
}

/// The language of the request, else that of the customer.
fn look(wanted: Option<&'static str>, survey: &SurveyView) -> Look {
    Look::of(wanted.or_else(|| page::language(survey.locale.as_deref())))
}

fn token(path: &PathParams) -> Option<String> {
    let token = path.text("token");
    let is_fit = !token.is_empty()
        && token.len() <= MAX_TOKEN_BYTES
        && token.bytes().all(|b| b.is_ascii_alphanumeric());
    is_fit.then(|| token.to_owned())
}

/// A page for what went wrong: what a link leads nowhere for is never told.
fn failed(problem: Problem, wanted: Option<&'static str>) -> Response {
    match problem.status() {
        StatusCode::NOT_FOUND => page::gone(wanted),
        StatusCode::SERVICE_UNAVAILABLE => page::busy(wanted),
        _ => {
            // The cause goes to the log with the problem's answer, the page has none of it.
            let mut response = problem.into_response();
            let page = page::refused(wanted, response.status());
            let (parts, body) = page.into_parts();
            *response.body_mut() = body;
            response.headers_mut().extend(parts.headers);
            response
        }
    }
}

fn value(form: &[u8], name: &str) -> Option<String> {
    let mut values = form_urlencoded::parse(form).take(MAX_VALUES);
    values
        .find(|(n, _)| n == name)
        .map(|(_, value)| value.trim().to_owned())
}

fn read(form: &[u8]) -> Filled {
    let mut filled = Filled::default();
    for (name, value) in form_urlencoded::parse(form).take(MAX_VALUES) {
        let value = value.trim();
        if value.is_empty() {
            continue;
        }
        if let Some(code) = name.strip_prefix(ANSWER) {
            filled.answers.insert(code.to_owned(), value.to_owned());
        } else if name == "score" {
            filled.score = value.parse().ok();
        } else if name == "comment" {
            value.clone_into(&mut filled.comment);
        }
    }
    filled
}

/// The command that the form stands for. What the survey does not ask is left to the desk to refuse.
fn answer(token: String, survey: &SurveyView, filled: &Filled) -> Command {
    let is_text = |code: &str| {
        let question = survey.questions.iter().find(|q| q.code == code);
        question.is_some_and(|q| q.is_text)
    };
    let answers: Map<String, Json> = filled
        .answers
        .iter()
        .map(|(code, text)| {
            let value = match text.parse::<i64>() {
                Ok(score) if !is_text(code) => json!(score),
                _ => json!(text),
            };
            (code.clone(), value)
        })
        .collect();
    Command::AnswerSurvey {
        token,
        score: filled.score,
        comment: filled.comment.replace("\r\n", "\n"),
        answers,
    }
}

/// Adds what every page of this kind carries: nothing from elsewhere is run or shown, nobody keeps
/// it, and the token in its address goes nowhere.
fn sealed(mut response: Response) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, page::policy()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    for (name, value) in headers {
        set(&mut response, name, value);
    }
    response
        .headers_mut()
        .insert("x-robots-tag", HeaderValue::from_static("noindex"));
    response
}
