//! Whether the server lives, and whether it can work.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::principal::Access;
use super::problem::Problem;
use super::route::{Op, Routes};
use super::state::App;
use crate::desk::Desk;

/// The state of the server.
#[derive(Debug, Serialize, ToSchema)]
struct Ready {
    /// `ready`.
    status: &'static str,
    /// Version of the program.
    version: &'static str,
    /// Position of the last commit.
    position: u64,
    /// Position that the search index has reached.
    indexed: Option<u64>,
    /// Whether the search index is being rebuilt.
    rebuilding: bool,
    /// How the model does that gives meaning to searches of articles; null without one.
    embeddings: Option<EmbeddingsState>,
    /// Active packs.
    packs: usize,
    /// Active packs whose plugin is still being compiled, after a start without a cache of it: until
    /// then guards of them refuse, effects of them are left out.
    compiling_plugins: Vec<String>,
    /// Rules that are suspended: guards of them refuse, effects of them are left out. `/v1/hooks`
    /// says why, `/v1/rules/{pack}/{name}/reset` lets one run again.
    suspended_rules: Vec<String>,
    /// Rules that failed since the start or since they were reset, suspended ones included.
    failing_rules: usize,
}

/// The state of the model that gives meaning to searches.
#[derive(Debug, Serialize, ToSchema)]
struct EmbeddingsState {
    /// Articles that have a vector.
    made: usize,
    /// Articles whose vector is missing or of an older version.
    waiting: usize,
    /// Whether the model failed when it was asked last: words alone count then.
    failing: bool,
}

/// Adds the routes.
pub(super) fn add(routes: &mut Routes) {
    let op = Op::get("/healthz", "read_health")
        .about("health", "Whether the server answers.")
        .access(Access::Public)
        .reply_as(200, "It does", "text/plain");
    routes.add(op, read_health);
    let op = Op::get("/readyz", "read_readiness")
        .about(
            "health",
            "Whether the server can work: 503 while it stops or its storage fails.",
        )
        .access(Access::Public)
        .reply_with::<Ready>(200, "It can");
    routes.add(op, read_readiness);
}

async fn read_health() -> &'static str {
    "ok\n"
}

async fn read_readiness(State(app): State<App>) -> Result<Response, Problem> {
    if app.is_draining() {
        return Err(Problem::busy("closing", "the server is stopping"));
    }
    let health = app.call(Desk::health).await.map_err(|problem| {
        tracing::error!(status = problem.status().as_u16(), "the desk is not ready");
        Problem::busy("not_ready", "the desk cannot work at the moment")
    })?;
    let failing = health.failing_rules.clone().into_iter();
    let suspended = failing.filter(|r| r.suspended);
    let ready = Ready {
        status: "ready",
        version: env!("CARGO_PKG_VERSION"),
        position: health.store.last.0,
        indexed: health.indexed.map(|pos| pos.0),
        rebuilding: health.rebuilding,
        embeddings: health.embeddings.map(|state| EmbeddingsState {
            made: state.made,
            waiting: state.waiting,
            failing: state.failing,
        }),
        packs: health.packs,
        compiling_plugins: health.compiling,
        failing_rules: health.failing_rules.len(),
        suspended_rules: suspended.map(|r| r.rule).collect(),
    };
    Ok(axum::Json(ready).into_response())
}
