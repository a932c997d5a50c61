//! The desk's time, and moving it where it is not real time.

use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa::openapi::HttpMethod;

use super::input::{Input, Params};
use super::principal::{Access, Caller};
use super::problem::Problem;
use super::records::at;
use super::route::{Op, Routes};
use super::state::App;
use super::view::{instant, link};
use crate::desk::{Advance, Advanced, DueTimer, Error, Result};
use crate::domain::{Instant, span};

/// Longest time that one call works on timers; what is left is gone on with by the next.
const BUDGET: Duration = Duration::from_secs(10);

/// The desk's time.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Clock)]
struct ClockView {
    /// The time now.
    now: String,
    /// Whether `POST /v1/clock` moves it: in `opora demo` only.
    can_be_moved: bool,
    /// When the next timer is due.
    next_timer_at: Option<String>,
    /// The time after the length of time that `in` asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    then: Option<String>,
}

/// How far to move the clock: exactly one of the two.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = ClockMove)]
#[serde(deny_unknown_fields)]
pub struct ClockMove {
    /// A length of time as ISO 8601 writes it: `PT30M`, `P7D`, `P1DT2H`; at most `P366D`.
    advance: Option<String>,
    /// An instant, not before now and at most 366 days ahead.
    to: Option<String>,
}

/// Where moving the clock led.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ClockMoved)]
struct ClockMoved {
    /// The time now.
    now: String,
    /// Where the clock was to go.
    to: String,
    /// Whether it is there. If not, the time for one call was over: ask again with this `to`.
    reached: bool,
    /// How many timers ran.
    fired: usize,
    /// The timers in the order they ran, each at its own instant; the first 200.
    timers: Vec<DueTimerView>,
}

/// A timer that came due.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DueTimer)]
struct DueTimerView {
    /// When it was due, and ran.
    due_at: String,
    /// `rule`, `sla_due`, `sla_warning`, `survey`, `follow_up` or `activity_due`.
    purpose: &'static str,
    /// Name.
    name: String,
    /// Path of the record it belonged to.
    link: String,
    /// Why what it was to do was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    refused: Option<String>,
}

/// Adds the routes.
pub(super) fn add(routes: &mut Routes) {
    let op = Op::get("/v1/clock", "read_clock")
        .about("clock", "Read the desk's time.")
        .access(Access::Agent)
        .query(
            "in",
            "A length of time such as `PT4H`: `then` says what time it will be after it.",
        )
        .at_least()
        .reply_with::<ClockView>(200, "The time");
    routes.add(op, read_clock);
    let op = Op::new(HttpMethod::Post, "/v1/clock", "move_clock")
        .about(
            "clock",
            "Move the clock of a demo forward. What comes due on the way happens in order, each at \
             its own instant. A desk that runs on real time answers 409 `clock_is_real`. To repeat \
             a call safely, say `to` and not `advance`.",
        )
        .access(Access::Admin)
        .body::<ClockMove>()
        .reply_with::<ClockMoved>(200, "Where the clock is, and what ran");
    routes.add(op, move_clock);
}

async fn read_clock(
    _caller: Caller,
    State(app): State<App>,
    mut params: Params,
) -> std::result::Result<Response, Problem> {
    let after = params.one("in")?.map(|text| length("in", &text));
    let after = after.transpose()?;
    let at_least = params.only_at_least()?;
    let done = app.read(at_least, move |desk| {
        let now = desk.now();
        let then = after.and_then(|after| now.checked_add_signed(after));
        Ok(ClockView {
            can_be_moved: desk.can_advance(),
            next_timer_at: desk.next_timer()?.map(instant),
            now: instant(now),
            then: then.map(instant),
        })
    });
    let (pos, view) = done.await?;
    Ok(at(pos, axum::Json(view)))
}

async fn move_clock(
    caller: Caller,
    State(app): State<App>,
    Input(body): Input<ClockMove>,
) -> std::result::Result<Response, Problem> {
    let by = wanted(&body)?;
    let done = app.call(move |desk| {
        let moved = desk.advance(&caller.actor, by, BUDGET)?;
        Ok((desk.pos(), view(moved)))
    });
    let (pos, view) = done.await?;
    Ok(at(pos, axum::Json(view)).into_response())
}

fn wanted(body: &ClockMove) -> Result<Advance> {
    match (&body.advance, &body.to) {
        (Some(text), None) => length("advance", text).map(Advance::By),
        (None, Some(text)) => text.parse::<Instant>().map(Advance::To).map_err(|_| {
            let why = "expected an instant such as `2026-07-01T09:00:00Z`";
            Error::field("to", "malformed", why)
        }),
        _ => {
            let why = "give either `advance` or `to`";
            Err(Error::field("advance", "one_of", why))
        }
    }
}

fn length(field: &str, text: &str) -> Result<TimeDelta> {
    span::parse(text).ok_or_else(|| {
        let why = "expected a length of at most 366 days such as `PT30M` or `P1DT2H`";
        Error::field(field, "malformed", why)
    })
}

fn view(moved: Advanced) -> ClockMoved {
    ClockMoved {
        now: instant(moved.now),
        to: instant(moved.to),
        reached: moved.reached,
        fired: moved.fired,
        timers: moved.timers.into_iter().map(timer).collect(),
    }
}

fn timer(timer: DueTimer) -> DueTimerView {
    DueTimerView {
        due_at: instant(timer.due),
        purpose: timer.purpose,
        name: timer.name,
        link: link(timer.kind, &timer.record.to_string()),
        refused: timer.refused,
    }
}
