//! The inbox, and the board of a type.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};
use utoipa::ToSchema;

use super::receive::{RecordRef, done, place};
use crate::api::input::{self, Input, Params};
use crate::api::principal::{Access, Caller};
use crate::api::problem::Problem;
use crate::api::records::{self, at};
use crate::api::route::{Op, Routes};
use crate::api::state::App;
use crate::api::view::{Look, StatusView, link};
use crate::desk::{
    Acceptance, Actor, BoardCard, BoardColumn, BoardQuery, Command, Desk, Error, InboxItem,
    InboxQuery, Responsible,
};
use crate::domain::Kind;

/// Cards of a column when the caller does not say.
const DEFAULT_CARDS: usize = 50;

/// An inquiry that waits.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = InboxItem)]
pub struct InboxItemView {
    /// The inquiry.
    #[schema(value_type = Object)]
    inquiry: Json,
    /// Seconds since it arrived.
    age_seconds: i64,
}

/// A card.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BoardCard)]
pub struct CardView {
    /// Id of the record.
    id: String,
    /// `inquiry` in the inbox, else the kind of the board's type.
    kind: &'static str,
    /// Human number.
    number: Option<i64>,
    /// Subject.
    title: String,
    /// Icon of the type; empty without one.
    icon: String,
    /// Name of the organisation.
    account: Option<String>,
    /// Name of the person.
    contact: Option<String>,
    /// Agent in charge.
    assignee: Option<String>,
    /// When the first answer is due.
    reaction_due_at: Option<String>,
    /// When the solution is due.
    resolution_due_at: Option<String>,
    /// Whether the first answer is due and has not been given.
    reaction_overdue: bool,
    /// Whether the solution is due and the record is not closed.
    resolution_overdue: bool,
    /// Seconds since an inquiry arrived; null for what is registered.
    age_seconds: Option<i64>,
    /// Version of the record.
    version: u64,
    /// Path of the record.
    link: String,
}

/// A column.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BoardColumn)]
pub struct ColumnView {
    /// The status; null for the inbox.
    status: Option<StatusView>,
    /// The cards, newest first; of the inbox the oldest first.
    cards: Vec<CardView>,
    /// Whether there are more than are shown.
    more: bool,
}

/// A board.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Board)]
pub struct BoardView {
    /// Full code of the type.
    #[serde(rename = "type")]
    type_code: String,
    /// The inbox, then a column for each status in the order of the workflow.
    columns: Vec<ColumnView>,
}

/// A card that is moved into a column.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = BoardMove)]
#[serde(deny_unknown_fields)]
pub struct MoveInput {
    /// The card.
    card: RecordRef,
    /// Status of the column.
    to: String,
    /// Type of the board: what an inquiry becomes.
    #[serde(rename = "type")]
    type_code: Option<String>,
    /// Values set with it.
    #[serde(default)]
    #[schema(value_type = Object)]
    fields: Map<String, Json>,
}

/// Adds the routes.
pub(super) fn add(routes: &mut Routes) {
    let whose = "Whose: `me`, `nobody`, or an agent by id or code; everybody's when not given.";
    let op = Op::get("/v1/inbox", "list_inbox")
        .about(
            "intake",
            "Inquiries that are not registered yet, those that wait longest first.",
        )
        .access(Access::Agent)
        .query("assignee", whose)
        .query("type", "Only inquiries of this type.")
        .number(
            "older_than",
            "Only those that wait for at least so many seconds.",
        )
        .paged()
        .at_least()
        .reply_page::<InboxItemView>("A page");
    routes.add(op, list_inbox);
    let op = Op::get("/v1/board", "read_board")
        .about(
            "intake",
            "The board of a type: the inbox, and a column for each status.",
        )
        .access(Access::Agent)
        .query("type", "Type of the cards; needed.")
        .query("assignee", whose)
        .number(
            "limit",
            "Most cards of a column, 1 to 100; 50 when not given.",
        )
        .at_least()
        .reply_with::<BoardView>(200, "The board");
    routes.add(op, read_board);
    let op = Op::post("/v1/board/move", "move_card")
        .about("intake", "Move a card into a column: a change of status; an inquiry is accepted and begins there.")
        .access(Access::Agent)
        .body::<MoveInput>()
        .reply(200, "The record as it is now")
        .reply(201, "What the inquiry became");
    routes.add(op, move_card);
}

async fn list_inbox(
    caller: Caller,
    State(app): State<App>,
    mut params: Params,
) -> Result<Response, Problem> {
    let (limit, cursor, at_least) = (params.limit()?, params.one("cursor")?, params.at_least()?);
    let who = params.one("assignee")?;
    let type_code = params.one("type")?;
    let older_than_secs = params.read("older_than", "a number of seconds")?;
    params.finish()?;
    let done = app.read(at_least, move |desk| {
        let query = InboxQuery {
            responsible: responsible(desk, &caller.actor, who.as_deref())?,
            type_code,
            older_than_secs,
            limit,
            cursor,
            at_least,
        };
        let page = desk.inbox(&caller.actor, &query)?;
        let catalog = desk.catalog()?;
        let look = records::look(&catalog, &caller);
        let item = |item: InboxItem| InboxItemView {
            inquiry: look.record(&item.page),
            age_seconds: item.age_secs,
        };
        let items: Vec<InboxItemView> = page.items.into_iter().map(item).collect();
        Ok(json!({ "items": items, "next": page.next }))
    });
    let (pos, body) = done.await?;
    Ok(at(pos, axum::Json(body)))
}

async fn read_board(
    caller: Caller,
    State(app): State<App>,
    mut params: Params,
) -> Result<Response, Problem> {
    let at_least = params.at_least()?;
    let limit = params.read("limit", "a whole number")?;
    let who = params.one("assignee")?;
    let Some(type_code) = params.one("type")? else {
        let message = "say which type's board: `?type=error`";
        return Err(Error::field("type", "required", message).into());
    };
    params.finish()?;
    let done = app.read(at_least, move |desk| {
        let query = BoardQuery {
            type_code,
            responsible: responsible(desk, &caller.actor, who.as_deref())?,
            limit: limit.unwrap_or(DEFAULT_CARDS),
            at_least,
        };
        let board = desk.board(&caller.actor, &query)?;
        let catalog = desk.catalog()?;
        let look = records::look(&catalog, &caller);
        Ok(BoardView {
            type_code: board.type_code,
            columns: board
                .columns
                .into_iter()
                .map(|c| column(&look, c))
                .collect(),
        })
    });
    let (pos, view) = done.await?;
    Ok(at(pos, axum::Json(view)))
}

async fn move_card(
    caller: Caller,
    State(app): State<App>,
    Input(body): Input<MoveInput>,
) -> Result<Response, Problem> {
    let mut fields = input::fields(body.fields)?;
    let Some((kind, id)) = place("card", Some(body.card))? else {
        return Err(Problem::internal("no card was read"));
    };
    if kind != Kind::Inquiry {
        let command = Command::Transition {
            kind,
            id,
            to: body.to,
            fields,
        };
        return records::change(&app, caller, StatusCode::OK, command).await;
    }
    fields.insert("status".to_owned(), json!(body.to));
    let ask = Box::new(Acceptance {
        type_code: body.type_code,
        fields,
        ..Acceptance::default()
    });
    let inquiry = Some(id);
    done(&app, caller, Command::Accept { inquiry, ask }).await
}

/// Whose records are meant: `me`, `nobody`, an agent by id or code, or everybody's.
fn responsible(desk: &Desk, actor: &Actor, who: Option<&str>) -> Result<Responsible, Error> {
    let unknown = || {
        let message = "there is no such agent; `me` needs a token that is bound to one";
        Error::field("assignee", "unknown_record", message)
    };
    let Some(who) = who else {
        return Ok(Responsible::Any);
    };
    if who == "nobody" {
        return Ok(Responsible::Nobody);
    }
    if who == "me" {
        return actor.id().map(Responsible::Agent).ok_or_else(unknown);
    }
    if let Ok(id) = who.parse() {
        return Ok(Responsible::Agent(id));
    }
    desk.agent_by_code(who)?
        .map(Responsible::Agent)
        .ok_or_else(unknown)
}

fn column(look: &Look<'_>, column: BoardColumn) -> ColumnView {
    ColumnView {
        status: column.status.as_ref().map(|s| look.status(s)),
        cards: column.cards.into_iter().map(card).collect(),
        more: column.more,
    }
}

fn card(card: BoardCard) -> CardView {
    let record = &card.page.record;
    let text = |name: &str| record.instant(name).map(crate::api::view::instant);
    CardView {
        id: record.id.to_string(),
        kind: record.kind.name(),
        number: record.number(),
        title: record.title().to_owned(),
        icon: card.icon,
        account: card.account,
        contact: card.contact,
        assignee: record.reference("assignee").map(|id| id.to_string()),
        reaction_due_at: text("reaction_due_at"),
        resolution_due_at: text("resolution_due_at"),
        reaction_overdue: card.reaction_overdue,
        resolution_overdue: card.resolution_overdue,
        age_seconds: card.age_secs,
        version: card.page.version.0,
        link: link(record.kind, &record.id.to_string()),
    }
}
