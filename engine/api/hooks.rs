//! Rules over the API: in which order they are called, how they fare, and letting one run again.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::input::{Params, PathParams};
use super::principal::{Access, Caller};
use super::problem::Problem;
use super::records::{self, at};
use super::route::{Op, Routes};
use super::state::App;
use crate::desk::{Command, Desk, HookStep};
use crate::domain::Kind;

/// One step in the life of a command: a rule, or what the engine does itself.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HookStep)]
pub struct HookStepView {
    /// Place in the total order, from 1.
    pub order: usize,
    /// Phase of a command: `load`, `configure`, `ask`, `create`, `intake`, `interaction`, `status`,
    /// `settle`, `commit`, `later`; `search` stands beside commands.
    pub phase: &'static str,
    /// `rule` or `engine`.
    pub step: &'static str,
    /// `pack/name` of a rule, or the name of an engine's step.
    pub name: String,
    /// Hook of a rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hook: Option<&'static str>,
    /// What the engine does in the step.
    #[serde(skip_serializing_if = "str::is_empty")]
    #[schema(required = false)]
    pub about: &'static str,
    /// The rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<RuleView>,
}

/// A rule in force, and how it fares.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RuleState)]
pub struct RuleView {
    /// Pack.
    pub pack: String,
    /// Version of the pack.
    pub version: String,
    /// Hash of the pack's revision.
    pub revision: String,
    /// Place among the rules of its hook: lower first, then the order of the packs, then the name.
    pub priority: i32,
    /// What it is: `script`, `plugin` or `native`.
    pub nature: &'static str,
    /// Kind of record it runs on; absent for those that are about none.
    pub kind: Option<&'static str>,
    /// Types it runs on; empty: those of its own pack; `*`: every type.
    pub applies_to: Vec<String>,
    /// References it reads beyond its record.
    pub reads: Vec<String>,
    /// Whether it may replace a value that a person gave.
    pub overrides: bool,
    /// What a failure of it does: `refuse` the change, or `skip` the rule with a journal entry.
    pub when_broken: &'static str,
    /// `active`; `compiling` while it cannot run because its plugin is still being compiled;
    /// `suspended` until it is reset or another revision is installed.
    pub state: &'static str,
    /// The last error since it ran well or was reset.
    pub last_error: Option<String>,
    /// What its last call came to: `no_opinion`, `decided`, `refused` or `failed`; none before the
    /// first.
    pub last_verdict: Option<&'static str>,
    /// Calls since its pack was loaded.
    pub calls: u64,
    /// Calls of these that failed.
    pub failures: u64,
    /// Operations or fuel that the dearest of these calls used.
    pub most_used: u64,
    /// Operations or fuel that a call may use; 0 before the first call.
    pub budget: u64,
}

/// Adds the routes.
pub(super) fn add(routes: &mut Routes) {
    let op = Op::get("/v1/hooks", "list_hooks")
        .about("rules", "List every rule in the order in which rules are called, between the steps of the engine: phase, priority, order of the packs, name.")
        .access(Access::Agent)
        .at_least()
        .reply_page::<HookStepView>("All of them; there is no next page");
    routes.add(op, list_hooks);
    let op = Op::post("/v1/rules/{pack}/{name}/reset", "reset_rule")
        .about(
            "rules",
            "Let a suspended rule run again, and forget its failures.",
        )
        .access(Access::Admin)
        .reply(204, "It runs from now on");
    routes.add(op, reset_rule);
}

async fn list_hooks(
    _: Caller,
    State(app): State<App>,
    params: Params,
) -> Result<Response, Problem> {
    let at_least = params.only_at_least()?;
    let (pos, steps) = app.read(at_least, Desk::hooks).await?;
    let items = views(steps);
    Ok(at(pos, axum::Json(json!({ "items": items, "next": null }))))
}

async fn reset_rule(
    caller: Caller,
    State(app): State<App>,
    path: PathParams,
) -> Result<Response, Problem> {
    let command = Command::ResetRule {
        rule: format!("{}/{}", path.text("pack"), path.text("name")),
    };
    let done = app.call(move |desk| records::run(desk, &caller, &command));
    Ok(records::changed(&done.await?, StatusCode::NO_CONTENT))
}

/// The steps as the API shows them, in their order.
#[must_use]
pub fn views(steps: Vec<HookStep>) -> Vec<HookStepView> {
    let numbered = steps.into_iter().enumerate();
    numbered.map(|(n, step)| view(n + 1, step)).collect()
}

fn view(order: usize, step: HookStep) -> HookStepView {
    HookStepView {
        order,
        phase: step.phase,
        step: if step.rule.is_some() {
            "rule"
        } else {
            "engine"
        },
        name: step.name,
        hook: step.hook,
        about: step.about,
        rule: step.rule.map(|r| RuleView {
            pack: r.pack,
            version: r.version,
            revision: r.revision,
            priority: r.priority,
            nature: r.nature,
            kind: r.kind.map(Kind::name),
            applies_to: r.applies_to,
            reads: r.reads,
            overrides: r.overrides,
            when_broken: if r.refuses_when_broken {
                "refuse"
            } else {
                "skip"
            },
            state: match (r.suspended, r.compiling) {
                (true, _) => "suspended",
                (false, true) => "compiling",
                (false, false) => "active",
            },
            last_error: r.last_error,
            last_verdict: r.last_verdict,
            calls: r.calls,
            failures: r.failures,
            most_used: r.most_used,
            budget: r.budget,
        }),
    }
}
