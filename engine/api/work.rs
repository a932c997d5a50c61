//! Working on a record: status, assignment, form, SLA clocks, history.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};
use utoipa::ToSchema;

use super::input::{self, Input, Of, Params, PathParams};
use super::principal::Caller;
use super::problem::Problem;
use super::records::{self, TABLE, at};
use super::route::{Op, Routes};
use super::state::App;
use super::view::{self, FormView, HistoryView, instant};
use crate::desk::Command;
use crate::domain::sla::{ClockState, SlaClock};
use crate::domain::{Instant, Kind, builtin};

/// The change of a status.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Transition {
    /// Status to enter: its code, with or without the pack.
    #[serde(alias = "status")]
    to: String,
    /// Values set with it, by field.
    #[serde(default)]
    #[schema(value_type = Object)]
    fields: Map<String, Json>,
}

/// Who takes charge. Nobody named: the rules choose.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Assignment {
    /// Agent, by id or code.
    #[serde(default, alias = "assignee")]
    agent: Option<String>,
    /// Team, by id or code.
    #[serde(default)]
    team: Option<String>,
}

/// What a named action wants to know.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ActionRun {
    /// Arguments by name; which there are is for the action to say. At most 64 KiB of JSON.
    #[serde(default)]
    #[schema(value_type = Object)]
    arguments: Map<String, Json>,
}

/// What a named action gave back.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ActionResult)]
pub struct ActionResultView {
    /// What the action says; null when it says nothing.
    #[schema(value_type = Object)]
    result: Json,
    /// Position of the change.
    position: u64,
}

/// An SLA clock.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Clock)]
pub struct ClockView {
    /// `reaction`, `resolution` or another.
    clock: String,
    /// Code of the support level that promised.
    level: String,
    /// Code of the working calendar.
    calendar: String,
    /// Version of the working calendar.
    calendar_version: u32,
    /// Working seconds promised.
    target_seconds: u64,
    /// When it started.
    started_at: String,
    /// `running`, `paused`, `met` or `cancelled`.
    state: &'static str,
    /// When it is due; provisional while it is paused.
    due_at: String,
    /// The due that passed unmet, once one has.
    breached_at: Option<String>,
    /// When it ended.
    ended_at: Option<String>,
    /// The ledger: spans end to end from the start.
    segments: Vec<SegmentView>,
}

/// A span of a clock's life.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ClockSegment)]
pub struct SegmentView {
    /// First second.
    from: String,
    /// Second after the last one; null while it goes on.
    to: Option<String>,
    /// Whether its working time counts.
    counted: bool,
    /// Why it began.
    cause: String,
}

/// The clocks of a ticket.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Clocks)]
pub struct ClocksView {
    /// The clocks.
    items: Vec<ClockView>,
}

/// Adds the routes, each for the kinds whose fields give it a meaning.
pub(super) fn add(routes: &mut Routes) {
    for (kind, path) in TABLE {
        let one = format!("/v1/{path}/{{id}}");
        let (schema, name) = (records::schema_name(kind), kind.name());
        if builtin::field(kind, "status").is_some() {
            let op = Op::post(format!("{one}/transition"), format!("transition_{name}"))
                .about(path, "Change the status, with the values the change needs.")
                .kind(kind)
                .versioned()
                .body::<Transition>()
                .reply_named(200, "The record as it is now", &schema);
            routes.add(op, transition_record);
        }
        if builtin::field(kind, "assignee").is_some() {
            let op = Op::post(format!("{one}/assign"), format!("assign_{name}"))
                .about(path, "Put somebody in charge, or ask the rules to choose.")
                .kind(kind)
                .versioned()
                .body::<Assignment>()
                .reply_named(200, "The record as it is now", &schema);
            routes.add(op, assign_record);
        }
        let op = Op::post(
            format!("{one}/actions/{{name}}"),
            format!("run_{name}_action"),
        )
        .about(
            path,
            "Run a named action that rules offer; the form lists those open to the asker.",
        )
        .kind(kind)
        .versioned()
        .body::<ActionRun>()
        .reply_with::<ActionResultView>(200, "What the action gave back");
        routes.add(op, run_action);
        let op = Op::get(format!("{one}/form"), format!("read_{name}_form"))
            .about(path, "What may be filled in, what must be, which changes of status are open, and why not.")
            .kind(kind)
            .at_least()
            .reply_with::<FormView>(200, "The form");
        routes.add(op, read_form);
        let op = Op::get(format!("{one}/history"), format!("list_{name}_history"))
            .about(
                path,
                "What happened, who or which rule did it, and why; oldest first.",
            )
            .kind(kind)
            .paged()
            .at_least()
            .reply_page::<HistoryView>("A page");
        routes.add(op, list_history);
        if kind == Kind::Ticket {
            let op = Op::get(format!("{one}/clocks"), "list_ticket_clocks")
                .about(
                    path,
                    "What was promised, and the ledger of the time that counts.",
                )
                .kind(kind)
                .at_least()
                .reply_with::<ClocksView>(200, "The clocks");
            routes.add(op, list_clocks);
        }
    }
}

async fn transition_record(
    caller: Caller,
    State(app): State<App>,
    Of(kind): Of,
    path: PathParams,
    Input(body): Input<Transition>,
) -> Result<Response, Problem> {
    let command = Command::Transition {
        kind,
        id: path.id("id")?,
        to: body.to,
        fields: input::fields(body.fields)?,
    };
    records::change(&app, caller, StatusCode::OK, command).await
}

async fn assign_record(
    caller: Caller,
    State(app): State<App>,
    Of(kind): Of,
    path: PathParams,
    Input(body): Input<Assignment>,
) -> Result<Response, Problem> {
    let command = Command::Assign {
        kind,
        id: path.id("id")?,
        agent: body.agent,
        team: body.team,
    };
    records::change(&app, caller, StatusCode::OK, command).await
}

async fn run_action(
    caller: Caller,
    State(app): State<App>,
    Of(kind): Of,
    path: PathParams,
    Input(body): Input<ActionRun>,
) -> Result<Response, Problem> {
    let command = Command::RunAction {
        kind,
        id: path.id("id")?,
        action: path.text("name").to_owned(),
        arguments: body.arguments,
    };
    let done = app.call(move |desk| records::run(desk, &caller, &command));
    let reply = done.await?;
    let result = reply.result.as_deref().map(serde_json::from_str);
    let body = ActionResultView {
        // What a rule gives back was JSON when it was taken.
        result: result
            .and_then(std::result::Result::ok)
            .unwrap_or(Json::Null),
        position: reply.pos.0,
    };
    let mut response = axum::Json(body).into_response();
    records::finish(&mut response, &reply);
    Ok(response)
}

async fn read_form(
    caller: Caller,
    State(app): State<App>,
    Of(kind): Of,
    path: PathParams,
    params: Params,
) -> Result<Response, Problem> {
    let (id, at_least) = (path.id("id")?, params.only_at_least()?);
    let done = app.read(at_least, move |desk| {
        let form = desk.form(&caller.actor, kind, id)?;
        let catalog = desk.catalog()?;
        Ok(records::look(&catalog, &caller).form(form))
    });
    let (pos, form) = done.await?;
    Ok(at(pos, axum::Json(form)))
}

async fn list_history(
    caller: Caller,
    State(app): State<App>,
    Of(kind): Of,
    path: PathParams,
    mut params: Params,
) -> Result<Response, Problem> {
    let (id, limit, cursor) = (path.id("id")?, params.limit()?, params.one("cursor")?);
    let at_least = params.only_at_least()?;
    let done = app.read(at_least, move |desk| {
        desk.history(&caller.actor, kind, id, cursor.as_deref(), limit)
    });
    let (pos, page) = done.await?;
    let items: Vec<HistoryView> = page.items.into_iter().map(view::history).collect();
    let body = json!({ "items": items, "next": page.next });
    Ok(at(pos, axum::Json(body)))
}

async fn list_clocks(
    caller: Caller,
    State(app): State<App>,
    path: PathParams,
    params: Params,
) -> Result<Response, Problem> {
    let (id, at_least) = (path.id("id")?, params.only_at_least()?);
    let done = app.read(at_least, move |desk| desk.clocks(&caller.actor, id));
    let (pos, clocks) = done.await?;
    let items = clocks.into_iter().map(clock).collect();
    Ok(at(pos, axum::Json(ClocksView { items })))
}

fn clock(clock: SlaClock) -> ClockView {
    let segments = clock.segments.into_iter().map(|s| SegmentView {
        from: instant(s.from),
        to: s.to.map(instant),
        counted: s.counted,
        cause: s.cause,
    });
    let text = |at: Option<Instant>| at.map(instant);
    ClockView {
        clock: clock.clock,
        level: clock.level,
        calendar: clock.calendar_code,
        calendar_version: clock.calendar_version,
        target_seconds: clock.target_secs,
        started_at: instant(clock.started_at),
        state: match clock.state {
            ClockState::Running => "running",
            ClockState::Paused => "paused",
            ClockState::Met => "met",
            ClockState::Cancelled => "cancelled",
        },
        due_at: instant(clock.due_at),
        breached_at: text(clock.breached_at),
        ended_at: text(clock.end.map(|e| e.at)),
        segments: segments.collect(),
    }
}
