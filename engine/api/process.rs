//! Processes: their definitions, where a record stands, and the steps it takes.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};
use utoipa::ToSchema;

use super::input::{self, Input, Of, Params, PathParams};
use super::principal::{Access, Caller};
use super::problem::{FaultView, Problem};
use super::records::{self, TABLE, at};
use super::route::{Op, Routes};
use super::state::App;
use super::view::instant;
use crate::desk::{Command, Desk, Error, ProcessPage, ProcessPlace, ProcessStep};
use crate::domain::process::{ProcessDef, StageDef};
use crate::domain::{Names, builtin};

/// A step of a process.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProcessInput {
    /// `start` a process, `complete` the stage, `decide` it with an answer, or `redirect` the record
    /// to somebody else.
    step: String,
    /// The stage that the record must be at, with or without the pack; else 409 `stage_changed`.
    #[serde(default)]
    stage: Option<String>,
    /// The process to start, when there are several for the type.
    #[serde(default)]
    process: Option<String>,
    /// Answer of a decision.
    #[serde(default)]
    answer: Option<String>,
    /// Stage to go to, when several ways are open or the process is over.
    #[serde(default)]
    to: Option<String>,
    /// What came of it, or why it is given to somebody else; at most 2,000 characters.
    #[serde(default)]
    result: String,
    /// Agent who gets the record, by id or code.
    #[serde(default)]
    agent: Option<String>,
    /// Team that gets the record, by id or code.
    #[serde(default)]
    team: Option<String>,
    /// Values set with it, by field.
    #[serde(default)]
    #[schema(value_type = Object)]
    fields: Map<String, Json>,
}

/// A process.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Process)]
struct ProcessView {
    /// `pack/name`.
    code: String,
    /// Name in the language of the request.
    name: String,
    /// Names by locale.
    #[schema(value_type = Object)]
    names: Names,
    /// Types of the records that may go through it.
    types: Vec<String>,
    /// `created` when it begins with a record, `asked` when somebody starts it.
    #[schema(value_type = String)]
    start: Json,
    /// The first stage.
    initial: String,
    /// How often each stage may be entered.
    max_passes: u32,
    /// The stages, in the order they are shown.
    stages: Vec<StageView>,
    /// The ways between them; the first that is open counts.
    edges: Vec<EdgeView>,
}

/// A stage of a process.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Stage)]
struct StageView {
    /// `pack/name`.
    code: String,
    /// Name in the language of the request.
    name: String,
    /// Names by locale.
    #[schema(value_type = Object)]
    names: Names,
    /// `task`, `decision` or `end`.
    kind: &'static str,
    /// Stages of one group belong together.
    group: String,
    /// Status that records get on entering it; null: they keep theirs.
    status: Option<String>,
    /// `anyone`, `team` or `assignee`.
    completed_by: &'static str,
    /// Fields that are filled in here.
    fields: Vec<String>,
    /// Fields that must have a value before it is completed.
    requires: Vec<String>,
    /// Answers of a decision.
    answers: Vec<AnswerView>,
    /// Whether an end is completed by somebody.
    waits: bool,
}

/// An answer of a decision.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StageAnswer)]
struct AnswerView {
    /// Code.
    code: String,
    /// Name in the language of the request.
    name: String,
    /// Fields that must have a value for it.
    requires: Vec<String>,
}

/// A way between stages.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StageEdge)]
struct EdgeView {
    /// Stage that is left.
    from: String,
    /// Stage that is entered.
    to: String,
    /// Answer that leads this way.
    answer: Option<String>,
    /// Whether it is open only under conditions.
    conditional: bool,
    /// Status that records get on this way, instead of the stage's.
    status: Option<String>,
}

/// Where a record stands.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RecordProcess)]
struct PlaceView {
    /// Code of the process; null when the record is in none.
    process: Option<String>,
    /// The stage.
    stage: Option<StageView>,
    /// When the stage was entered.
    entered_at: Option<String>,
    /// How often the stage was entered, this time included.
    pass: i64,
    /// When the process was over.
    ended_at: Option<String>,
    /// Whether the asker may complete the stage.
    may_complete: bool,
    /// What may be done at the stage.
    steps: Vec<StepView>,
    /// Codes of the processes that may be started.
    startable: Vec<String>,
    /// What happened at the stages, oldest first.
    log: Vec<MarkView>,
}

/// Something that may be done at a stage.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProcessChoice)]
struct StepView {
    /// `complete` or `decide`.
    step: &'static str,
    /// Answer of a decision.
    answer: Option<String>,
    /// Stage that follows; null: the process ends.
    to: Option<String>,
    /// Name in the language of the request.
    name: String,
    /// Whether it can be done now.
    open: bool,
    /// Why not.
    why_not: Vec<FaultView>,
}

/// Something that happened at a stage.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StageMark)]
struct MarkView {
    /// The process.
    process: String,
    /// The stage.
    stage: String,
    /// When.
    at: String,
    /// `entered`, `completed`, `decided` or `redirected`.
    #[schema(value_type = String)]
    event: Json,
    /// Answer of a decision.
    answer: Option<String>,
    /// What came of it, in words.
    result: String,
    /// Who: `agent:ID`, `rule:PACK/NAME`, `system`.
    by: String,
}

/// Adds the routes.
pub(super) fn add(routes: &mut Routes) {
    let op = Op::get("/v1/processes", "list_processes")
        .about("processes", "List the processes that packs define.")
        .access(Access::Agent)
        .at_least()
        .reply_page::<ProcessView>("All of them; there is no next page");
    routes.add(op, list_processes);
    for (kind, path) in TABLE {
        if builtin::field(kind, "stage").is_none() {
            continue;
        }
        let one = format!("/v1/{path}/{{id}}/process");
        let (schema, name) = (records::schema_name(kind), kind.name());
        let op = Op::get(&one, format!("read_{name}_process"))
            .about(
                path,
                "Where the record stands in its process, what may be done there, and why not.",
            )
            .kind(kind)
            .access(Access::Agent)
            .at_least()
            .reply_with::<PlaceView>(200, "Where it stands");
        routes.add(op, read_process);
        let op = Op::post(&one, format!("step_{name}_process"))
            .about(
                path,
                "Start a process, complete or decide the stage, or give the record to somebody \
                 else. The status follows in the same transaction.",
            )
            .kind(kind)
            .access(Access::Agent)
            .versioned()
            .body::<ProcessInput>()
            .reply_named(200, "The record as it is now", &schema);
        routes.add(op, take_step);
    }
}

async fn list_processes(
    caller: Caller,
    State(app): State<App>,
    params: Params,
) -> Result<Response, Problem> {
    let at_least = params.only_at_least()?;
    let (pos, catalog) = app.read(at_least, Desk::catalog).await?;
    let all = catalog.processes();
    let items: Vec<ProcessView> = all.map(|p| process(p, caller.locale)).collect();
    Ok(at(pos, axum::Json(json!({ "items": items, "next": null }))))
}

async fn read_process(
    caller: Caller,
    State(app): State<App>,
    Of(kind): Of,
    path: PathParams,
    params: Params,
) -> Result<Response, Problem> {
    let (id, at_least) = (path.id("id")?, params.only_at_least()?);
    let locale = caller.locale;
    let done = app.read(at_least, move |desk| desk.process(&caller.actor, kind, id));
    let (pos, page) = done.await?;
    Ok(at(pos, axum::Json(place(page, locale))))
}

async fn take_step(
    caller: Caller,
    State(app): State<App>,
    Of(kind): Of,
    path: PathParams,
    Input(body): Input<ProcessInput>,
) -> Result<Response, Problem> {
    let id = path.id("id")?;
    let (step, fields) = step(body)?;
    let command = Command::Process {
        kind,
        id,
        step,
        fields: input::fields(fields)?,
    };
    records::change(&app, caller, StatusCode::OK, command).await
}

/// The step that a body asks for, and the values set with it.
fn step(body: ProcessInput) -> Result<(ProcessStep, Map<String, Json>), Problem> {
    let stage = body.stage;
    let step = match body.step.as_str() {
        "start" => ProcessStep::Start {
            process: body.process,
        },
        "complete" => ProcessStep::Complete {
            stage,
            to: body.to,
            result: body.result,
        },
        "decide" => ProcessStep::Decide {
            stage,
            answer: body.answer.unwrap_or_default(),
            result: body.result,
        },
        "redirect" => ProcessStep::Redirect {
            stage,
            agent: body.agent,
            team: body.team,
            reason: body.result,
        },
        other => {
            let short: String = other.chars().take(64).collect();
            let message = format!(
                "there is no step `{short}`; write `start`, `complete`, `decide` or `redirect`"
            );
            return Err(Error::field("step", "unknown_step", message).into());
        }
    };
    Ok((step, body.fields))
}

fn named(names: &Names, code: &str, locale: &str) -> String {
    names.get(locale).unwrap_or(code).to_owned()
}

fn process(def: &ProcessDef, locale: &str) -> ProcessView {
    let edges = def.edges.iter().map(|e| EdgeView {
        from: e.from.clone(),
        to: e.to.clone(),
        answer: e.on.clone(),
        conditional: !e.when.is_empty(),
        status: e.status.clone(),
    });
    ProcessView {
        code: def.code.clone(),
        name: named(&def.names, &def.code, locale),
        names: def.names.clone(),
        types: def.types.clone(),
        start: json!(def.start),
        initial: def.initial.clone(),
        max_passes: def.max_passes,
        stages: def.stages.iter().map(|s| stage(s, locale)).collect(),
        edges: edges.collect(),
    }
}

fn stage(def: &StageDef, locale: &str) -> StageView {
    let answers = def.answers.iter().map(|a| AnswerView {
        code: a.code.clone(),
        name: named(&a.names, &a.code, locale),
        requires: a.requires.clone(),
    });
    StageView {
        code: def.code.clone(),
        name: named(&def.names, &def.code, locale),
        names: def.names.clone(),
        kind: def.kind.name(),
        group: def.group.clone(),
        status: def.status.clone(),
        completed_by: def.completed_by.name(),
        fields: def.fields.clone(),
        requires: def.requires.clone(),
        answers: answers.collect(),
        waits: def.waits,
    }
}

fn place(page: ProcessPage, locale: &str) -> PlaceView {
    let log = page.log.0.into_iter().map(|mark| MarkView {
        process: mark.process,
        stage: mark.stage,
        at: mark.at,
        event: json!(mark.event),
        answer: mark.answer,
        result: mark.result,
        by: mark.by,
    });
    let steps = |at: &ProcessPlace| -> Vec<StepView> {
        let of = at.steps.iter().map(|choice| {
            let to = choice.to.as_deref().and_then(|to| at.process.stage(to));
            let fallback = to.map(|s| named(&s.names, &s.code, locale));
            let fallback = fallback.or_else(|| choice.answer.clone());
            StepView {
                step: choice.step,
                answer: choice.answer.clone(),
                to: choice.to.clone(),
                name: named(&choice.names, &fallback.unwrap_or_default(), locale),
                open: choice.why_not.is_empty(),
                why_not: choice
                    .why_not
                    .iter()
                    .cloned()
                    .map(FaultView::from)
                    .collect(),
            }
        });
        of.collect()
    };
    let at = page.at.as_ref();
    PlaceView {
        process: at.map(|at| at.process.code.clone()),
        stage: at.map(|at| stage(&at.stage, locale)),
        entered_at: at.and_then(|at| at.entered_at).map(instant),
        pass: at.map_or(0, |at| at.pass),
        ended_at: at.and_then(|at| at.ended_at).map(instant),
        may_complete: at.is_some_and(|at| at.may_complete),
        steps: at.map(steps).unwrap_or_default(),
        startable: page.open.iter().map(|p| p.code.clone()).collect(),
        log: log.collect(),
    }
}
