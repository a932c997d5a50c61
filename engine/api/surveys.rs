//! Surveys: what a customer who has the link is asked. The token in the link is all that is needed.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use utoipa::ToSchema;

use super::input::{Input, PathParams};
use super::principal::{self, Access, RequestId};
use super::problem::Problem;
use super::records;
use super::route::{Op, Routes};
use super::state::App;
use super::view::instant;
use crate::desk::{Actor, Command, Error, Request};

/// Longest token of a survey that is looked at, in bytes.
const MAX_TOKEN_BYTES: usize = 128;

/// A survey as the person asked sees it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Survey)]
struct SurveyPage {
    /// Number of the ticket.
    number: Option<i64>,
    /// Title of the ticket.
    title: String,
    /// Questions; none: one overall score.
    questions: Vec<QuestionView>,
    /// Scores go from 1 to this.
    scale: i64,
    /// Whether it was answered.
    answered: bool,
    /// Until when an answer is taken.
    expires_at: String,
}

/// A question.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Question)]
struct QuestionView {
    /// Code.
    code: String,
    /// The question in the language of the request.
    name: String,
    /// Whether the answer is text and not a score.
    is_text: bool,
}

/// An answer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SurveyAnswer {
    /// Overall score.
    score: Option<i64>,
    /// Comment.
    #[serde(default)]
    comment: String,
    /// Scores or texts by question.
    #[serde(default)]
    #[schema(value_type = Object)]
    answers: Map<String, Json>,
}

/// Adds the routes.
pub(super) fn add(routes: &mut Routes) {
    let op = Op::get("/v1/surveys/{token}", "read_survey")
        .about("surveys", "Read the survey that a link leads to.")
        .access(Access::Public)
        .reply_with::<SurveyPage>(200, "The survey");
    routes.add(op, read_survey);
    let op = Op::post("/v1/surveys/{token}", "answer_survey")
        .about("surveys", "Answer the survey that a link leads to.")
        .access(Access::Public)
        .body::<SurveyAnswer>()
        .reply(204, "Taken");
    routes.add(op, answer_survey);
}

async fn read_survey(
    State(app): State<App>,
    path: PathParams,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (token, locale) = (token(&path)?, principal::locale(&headers));
    let survey = app.call(move |desk| desk.survey(&token)).await?;
    let questions = survey.questions.into_iter().map(|q| QuestionView {
        name: q.names.get(locale).unwrap_or(&q.code).to_owned(),
        code: q.code,
        is_text: q.is_text,
    });
    let page = SurveyPage {
        number: survey.number,
        title: survey.title,
        questions: questions.collect(),
        scale: survey.scale,
        answered: survey.answered,
        expires_at: instant(survey.expires_at),
    };
    Ok(axum::Json(page).into_response())
}

async fn answer_survey(
    State(app): State<App>,
    path: PathParams,
    axum::Extension(request_id): axum::Extension<RequestId>,
    headers: HeaderMap,
    Input(body): Input<SurveyAnswer>,
) -> Result<Response, Problem> {
    let command = Command::AnswerSurvey {
        token: token(&path)?,
        score: body.score,
        comment: body.comment,
        answers: body.answers,
    };
    let request = Request {
        request_id: request_id.0,
        idempotency_key: principal::idempotency_key(&headers)?,
        ..Request::by(Actor::System)
    };
    let reply = app.call(move |desk| desk.run(&request, &command)).await?;
    Ok(records::changed(&reply, StatusCode::NO_CONTENT))
}

fn token(path: &PathParams) -> Result<String, Problem> {
    let token = path.text("token");
    if token.is_empty() || MAX_TOKEN_BYTES < token.len() {
        return Err(Error::not_found().into());
    }
    Ok(token.to_owned())
}
