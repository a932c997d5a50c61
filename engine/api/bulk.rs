//! Many commands in one request, with a result each.

use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use utoipa::ToSchema;

use super::entries;
use super::input::{self, Input};
use super::principal::Caller;
use super::problem::{Problem, ProblemView};
use super::records::{self, at};
use super::route::{Op, Routes};
use super::state::App;
use crate::desk::{Command, Error};
use crate::domain::entry::Direction;
use crate::domain::{Id, Kind};
use crate::store::Pos;

/// Most commands of a request.
pub const MAX_COMMANDS: usize = 1_000;
/// Commands that run at once: those that wait together share a commit of the store.
const AT_ONCE: usize = 64;

/// Commands to run.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Bulk)]
pub struct BulkInput {
    /// The commands, at most 1,000. Those about the same record run in their order; others may run
    /// at the same time. Each stands for itself: one that fails does not undo the others.
    commands: Vec<BulkCommand>,
}

/// One command.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BulkCommand {
    /// What to do.
    op: BulkOp,
    /// Kind of record.
    kind: String,
    /// Record, for all but `create`.
    #[serde(default)]
    id: Option<String>,
    /// Version the record must have.
    #[serde(default)]
    version: Option<u64>,
    /// Values by field, for `create`, `update` and `transition`.
    #[serde(default)]
    #[schema(value_type = Object)]
    fields: Map<String, Json>,
    /// Status to enter, for `transition`.
    #[serde(default)]
    to: Option<String>,
    /// Agent, by id or code, for `assign`.
    #[serde(default)]
    agent: Option<String>,
    /// Team, by id or code, for `assign`.
    #[serde(default)]
    team: Option<String>,
    /// Text, for `comment` and `message`.
    #[serde(default)]
    text: Option<String>,
    /// Whether a comment is internal; as in `/comments` when not given.
    #[serde(default)]
    internal: Option<bool>,
    /// Channel, for `message`.
    #[serde(default)]
    channel: Option<String>,
    /// Whether a message went to the customer, for `message`.
    #[serde(default)]
    outgoing: bool,
    /// Key of this command alone; when not given, the request's key with the command's place.
    #[serde(default)]
    idempotency_key: Option<String>,
}

/// What a command of a bulk request does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BulkOp {
    /// Create a record.
    Create,
    /// Change fields.
    Update,
    /// Delete a record.
    Delete,
    /// Change the status.
    Transition,
    /// Put somebody in charge.
    Assign,
    /// Comment.
    Comment,
    /// Record a message.
    Message,
}

/// The results, in the order of the commands.
#[derive(Debug, Serialize, ToSchema)]
pub struct BulkResults {
    /// One result per command.
    results: Vec<BulkResult>,
}

/// What came of one command.
#[derive(Debug, Serialize, ToSchema)]
pub struct BulkResult {
    /// Place of the command, from 0.
    index: usize,
    /// HTTP status as the single request would have it.
    status: u16,
    /// The record.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    /// Its kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    /// The entry that was added.
    #[serde(skip_serializing_if = "Option::is_none")]
    entry: Option<String>,
    /// Position of the change.
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<u64>,
    /// What went wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<ProblemView>,
}

/// Adds the route.
pub(super) fn add(routes: &mut Routes) {
    let op = Op::post("/v1/bulk", "run_bulk")
        .about("bulk", "Run many commands and get a result each.")
        .large()
        .body::<BulkInput>()
        .reply_with::<BulkResults>(200, "The results, in the order of the commands");
    routes.add(op, run_bulk);
}

async fn run_bulk(
    caller: Caller,
    State(app): State<App>,
    Input(body): Input<BulkInput>,
) -> Result<Response, Problem> {
    if MAX_COMMANDS < body.commands.len() {
        let message = format!("at most {MAX_COMMANDS} commands run in one request");
        return Err(Error::field("commands", "limit", message).into());
    }
    let lanes = lanes(&body.commands);
    let turns = std::sync::Arc::new(tokio::sync::Semaphore::new(AT_ONCE));
    let mut running = tokio::task::JoinSet::new();
    let count = body.commands.len();
    for lane in lanes {
        let (app, caller, turns) = (app.clone(), caller.clone(), turns.clone());
        let commands: Vec<(usize, BulkCommand)> = lane
            .into_iter()
            .filter_map(|i| Some((i, body.commands.get(i)?.clone())))
            .collect();
        running.spawn(async move {
            let _turn = turns.acquire_owned().await;
            let mut results = Vec::new();
            for (index, command) in commands {
                results.push(run_one(&app, &caller, index, command).await);
            }
            results
        });
    }
    let mut results = Vec::with_capacity(count);
    while let Some(done) = running.join_next().await {
        results.extend(done.map_err(|e| Problem::internal(e.to_string()))?);
    }
    results.sort_by_key(|r| r.index);
    let last = results.iter().filter_map(|r| r.position).max();
    let pos = last.map_or_else(|| app.desk().pos(), Pos);
    Ok(at(pos, axum::Json(BulkResults { results })))
}

/// Places of the commands, those about the same record together and in order.
fn lanes(commands: &[BulkCommand]) -> Vec<Vec<usize>> {
    let mut lanes: Vec<Vec<usize>> = Vec::new();
    let mut by_record = std::collections::HashMap::new();
    for (i, command) in commands.iter().enumerate() {
        let Some(id) = &command.id else {
            lanes.push(vec![i]);
            continue;
        };
        let lane = *by_record.entry(id).or_insert(lanes.len());
        match lanes.get_mut(lane) {
            Some(lane) => lane.push(i),
            None => lanes.push(vec![i]),
        }
    }
    lanes
}

async fn run_one(app: &App, caller: &Caller, index: usize, item: BulkCommand) -> BulkResult {
    let mut caller = caller.clone();
    caller.if_match = item.version.map(Pos);
    caller.idempotency_key = match (&item.idempotency_key, &caller.idempotency_key) {
        (Some(own), _) => Some(own.clone()),
        (None, Some(of_all)) => Some(format!("{of_all}#{index}")),
        (None, None) => None,
    };
    let status = match item.op {
        BulkOp::Create | BulkOp::Comment | BulkOp::Message => 201,
        BulkOp::Delete => 204,
        BulkOp::Update | BulkOp::Transition | BulkOp::Assign => 200,
    };
    let done = match command(&caller, item) {
        Ok(command) => {
            app.call(move |desk| records::run(desk, &caller, &command))
                .await
        }
        Err(problem) => Err(problem),
    };
    match done {
        Ok(reply) => BulkResult {
            index,
            status,
            id: Some(reply.id.to_string()),
            kind: reply.kind.map(Kind::name),
            entry: reply.entry.map(|e| e.to_string()),
            position: Some(reply.pos.0),
            problem: None,
        },
        Err(problem) => BulkResult {
            index,
            status: problem.status().as_u16(),
            id: None,
            kind: None,
            entry: None,
            position: None,
            problem: Some(problem.view()),
        },
    }
}

fn command(caller: &Caller, item: BulkCommand) -> Result<Command, Problem> {
    let kind = records::kind_named("kind", &item.kind)?;
    let fields = input::fields(item.fields)?;
    if item.op == BulkOp::Create {
        return Ok(Command::Create { kind, fields });
    }
    let id: Id = records::id_in("id", &needed("id", item.id)?)?;
    Ok(match item.op {
        BulkOp::Create | BulkOp::Update => Command::Update { kind, id, fields },
        BulkOp::Delete => Command::Delete { kind, id },
        BulkOp::Transition => Command::Transition {
            kind,
            id,
            to: needed("to", item.to)?,
            fields,
        },
        BulkOp::Assign => Command::Assign {
            kind,
            id,
            agent: item.agent,
            team: item.team,
        },
        BulkOp::Comment => Command::Comment {
            kind,
            id,
            visibility: entries::visibility(&caller.actor, item.internal)?,
            text: needed("text", item.text)?,
        },
        BulkOp::Message => Command::Message {
            kind,
            id,
            channel: needed("channel", item.channel)?,
            direction: if item.outgoing {
                Direction::Out
            } else {
                Direction::In
            },
            subject: String::new(),
            text: needed("text", item.text)?,
            external_id: None,
        },
    })
}

fn needed(field: &str, value: Option<String>) -> Result<String, Problem> {
    value.ok_or_else(|| Error::field(field, "required", "is needed for this command").into())
}
