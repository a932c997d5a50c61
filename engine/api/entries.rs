//! What belongs to a record: comments, messages, attachments, links.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::attachments::{create_attachment, read_attachment};
use super::input::{Input, Of, Params, PathParams};
use super::principal::Caller;
use super::problem::Problem;
use super::records::{self, TABLE, at, set};
use super::route::{Op, Routes};
use super::state::App;
use super::suggestions::{articles, citing};
use super::view::{self, EntryView, link};
use crate::desk::{Actor, Command, Deliveries, Desk, EntryPage, Error};
use crate::domain::entry::{Direction, Visibility};
use crate::domain::{EntryBody, Id, Kind};

/// Who sees something.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Sight {
    /// Customers see it.
    Public,
    /// Only agents see it.
    Internal,
}

/// A comment.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewComment {
    /// Text.
    #[serde(alias = "body")]
    text: String,
    /// Who sees it; when not given, what a customer writes is public and what an agent writes is
    /// internal.
    visibility: Option<Sight>,
    /// Ids of articles that were put into it, at most 10: those that help come earlier in
    /// suggestions. For agents.
    #[serde(default)]
    articles: Vec<String>,
}

/// A message that passed between the desk and a customer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMessage {
    /// `mail`, `call`, `chat`, …
    channel: String,
    /// Which way it went: `in` from the customer, `out` to the customer.
    direction: Way,
    /// Subject.
    #[serde(default)]
    subject: String,
    /// Text.
    #[serde(alias = "body")]
    text: String,
    /// The channel's id of the message; the same id is taken once.
    external_id: Option<String>,
    /// Whether the desk sends it; otherwise it is only recorded. Goes with `out`.
    #[serde(default)]
    send: bool,
    /// Whom it is sent to; the customer when not given.
    to: Option<String>,
    /// Ids of files of the record that are sent with it.
    #[serde(default)]
    attachments: Vec<String>,
    /// Ids of articles that were put into it, at most 10: those that help come earlier in
    /// suggestions.
    #[serde(default)]
    articles: Vec<String>,
}

/// Which way a message went.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Way {
    /// From the customer.
    In,
    /// To the customer.
    Out,
}

/// A link to another record.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewLink {
    /// What the link means: `related`, `duplicate_of`, `parent`, …
    relation: String,
    /// Kind of the other record.
    to_kind: String,
    /// Id of the other record.
    to: String,
}

/// Adds the routes for every kind that has entries.
pub(super) fn add(routes: &mut Routes) {
    let lister = |sort: Sort| {
        move |caller: Caller, app: State<App>, of: Of, path: PathParams, params: Params| {
            list(caller, app, of, path, params, sort)
        }
    };
    for (kind, path) in TABLE {
        if !kind.has_entries() {
            continue;
        }
        let one = format!("/v1/{path}/{{id}}");
        let name = kind.name();
        let list = |what: &str, about: &str| {
            Op::get(format!("{one}/{what}"), format!("list_{name}_{what}"))
                .about(path, about)
                .kind(kind)
                .paged()
                .at_least()
                .reply_page::<EntryView>("A page, oldest first")
        };
        let new = |what: &str, one_of: &str, about: &str| {
            Op::post(format!("{one}/{what}"), format!("create_{name}_{one_of}"))
                .about(path, about)
                .kind(kind)
                .reply_with::<EntryView>(201, "Created")
        };
        routes.add(
            list("entries", "Everything that belongs to it."),
            lister(Sort::All),
        );
        routes.add(list("comments", "Its comments."), lister(Sort::Comments));
        let op = new(
            "comments",
            "comment",
            "Comment on it. What a customer writes is public.",
        );
        routes.add(op.body::<NewComment>(), create_comment);
        if kind.has_messages() {
            routes.add(
                list("messages", "What passed between the desk and the customer."),
                lister(Sort::Messages),
            );
            let op = new(
                "messages",
                "message",
                "Record a message that came in or went out, or send one.",
            );
            routes.add(op.body::<NewMessage>(), create_message);
        }
        let op = list("attachments", "Its files, without their content.");
        routes.add(op.access(records::readers(kind)), lister(Sort::Attachments));
        let op = new(
            "attachments",
            "attachment",
            "Attach the body as a file; its media type is the header `Content-Type`.",
        );
        let op = op
            .large()
            .query("name", "File name.")
            .query(
                "visibility",
                "`public` or `internal`; as for comments when not given.",
            )
            .bytes();
        routes.add(op, create_attachment);
        let op = Op::get(
            format!("{one}/attachments/{{entry}}"),
            format!("read_{name}_attachment"),
        )
        .about(path, "The content of a file.")
        .kind(kind)
        .access(records::readers(kind))
        .at_least()
        .reply_as(200, "The content", "application/octet-stream");
        routes.add(op, read_attachment);
        routes.add(list("links", "What it is linked to."), lister(Sort::Links));
        let op = new("links", "link", "Link it to another record.");
        routes.add(op.body::<NewLink>(), create_link);
    }
}

/// Sorts of entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sort {
    All,
    Comments,
    Messages,
    Attachments,
    Links,
}

impl Sort {
    const fn holds(self, body: &EntryBody) -> bool {
        match self {
            Self::All => true,
            Self::Comments => matches!(body, EntryBody::Comment { .. }),
            Self::Messages => matches!(body, EntryBody::Message { .. }),
            Self::Attachments => matches!(body, EntryBody::Attachment { .. }),
            Self::Links => matches!(body, EntryBody::Link { .. }),
        }
    }
}

async fn list(
    caller: Caller,
    State(app): State<App>,
    Of(kind): Of,
    path: PathParams,
    mut params: Params,
    sort: Sort,
) -> Result<Response, Problem> {
    let (id, limit, cursor) = (path.id("id")?, params.limit()?, params.one("cursor")?);
    let at_least = params.only_at_least()?;
    let done = app.read(at_least, move |desk| {
        let holds = |body: &EntryBody| sort.holds(body);
        let page =
            desk.entries_where(&caller.actor, (kind, id), cursor.as_deref(), limit, holds)?;
        let fares = fares(desk, &caller.actor, &page.items)?;
        let items = page.items.into_iter().map(|e| view::entry_with(e, &fares));
        let mut items: Vec<EntryView> = items.collect();
        if kind == Kind::Article {
            tell_words(desk, &mut items)?;
        }
        Ok((items, page.next))
    });
    let (pos, (items, next)) = done.await?;
    let body = json!({ "items": items, "next": next });
    Ok(at(pos, axum::Json(body)))
}

/// How those of the entries fare that leave. How, is not for customers.
fn fares(desk: &Desk, actor: &Actor, entries: &[EntryPage]) -> Result<Deliveries, Error> {
    if !actor.sees_internal() {
        return Ok(Deliveries::new());
    }
    let out = entries.iter().filter(|page| {
        let direction = Direction::Out;
        matches!(&page.entry.body, EntryBody::Message { direction: way, .. } if *way == direction)
    });
    let ids: Vec<Id> = out.map(|page| page.entry.id).collect();
    desk.deliveries(&ids)
}

/// Tells of attachments whether their words are searched.
fn tell_words(desk: &Desk, items: &mut [EntryView]) -> Result<(), Error> {
    let hash = |item: &EntryView| -> Option<[u8; 32]> {
        let text = item.sha256.as_deref()?;
        let mut hash = [0; 32];
        for (place, byte) in hash.iter_mut().enumerate() {
            *byte = u8::from_str_radix(text.get(place * 2..place * 2 + 2)?, 16).ok()?;
        }
        Some(hash)
    };
    let hashes: Vec<[u8; 32]> = items.iter().filter_map(hash).collect();
    let files = items.iter_mut().filter(|item| item.sha256.is_some());
    for (item, words) in files.zip(desk.readings(&hashes)?) {
        item.words = Some(words);
    }
    Ok(())
}

async fn create_comment(
    caller: Caller,
    State(app): State<App>,
    Of(kind): Of,
    path: PathParams,
    Input(body): Input<NewComment>,
) -> Result<Response, Problem> {
    let command = Command::Comment {
        kind,
        id: path.id("id")?,
        visibility: sight(&caller.actor, body.visibility)?,
        text: body.text,
    };
    let command = citing(command, articles(&body.articles)?);
    create(&app, caller, "comments", command).await
}

async fn create_message(
    caller: Caller,
    State(app): State<App>,
    Of(kind): Of,
    path: PathParams,
    Input(body): Input<NewMessage>,
) -> Result<Response, Problem> {
    let named = articles(&body.articles)?;
    if body.send {
        let command = citing(body.sending(kind, path.id("id")?)?, named);
        return create(&app, caller, "messages", command).await;
    }
    if body.to.is_some() || !body.attachments.is_empty() {
        let message =
            "goes with `send`: a message that is only recorded has no recipient and no files";
        return Err(Error::field("to", "unexpected", message).into());
    }
    let command = Command::Message {
        kind,
        id: path.id("id")?,
        channel: body.channel,
        direction: match body.direction {
            Way::In => Direction::In,
            Way::Out => Direction::Out,
        },
        subject: body.subject,
        text: body.text,
        external_id: body.external_id,
    };
    let command = citing(command, named);
    create(&app, caller, "messages", command).await
}

async fn create_link(
    caller: Caller,
    State(app): State<App>,
    Of(kind): Of,
    path: PathParams,
    Input(body): Input<NewLink>,
) -> Result<Response, Problem> {
    let command = Command::Link {
        kind,
        id: path.id("id")?,
        relation: body.relation,
        to_kind: records::kind_named("to_kind", &body.to_kind)?,
        to: records::id_in("to", &body.to)?,
    };
    create(&app, caller, "links", command).await
}

impl NewMessage {
    /// The command that sends it.
    fn sending(self, kind: Kind, id: Id) -> Result<Command, Problem> {
        if matches!(self.direction, Way::In) {
            let message = "only a message that goes `out` is sent";
            return Err(Error::field("direction", "unexpected", message).into());
        }
        if self.external_id.is_some() {
            let message = "a message that is sent gets its id from the desk";
            return Err(Error::field("external_id", "unexpected", message).into());
        }
        let files = self.attachments.iter();
        let files: Result<Vec<Id>, Error> = files
            .map(|file| records::id_in("attachments", file))
            .collect();
        Ok(Command::Send {
            kind,
            id,
            channel: self.channel,
            to: self.to,
            subject: self.subject,
            text: self.text,
            attachments: files?,
        })
    }
}

/// Customers write in public, and may not write what they could not read.
pub(super) fn visibility(actor: &Actor, internal: Option<bool>) -> Result<Visibility, Error> {
    match (actor.is_contact(), internal) {
        (true, Some(true)) => Err(Error::forbidden(
            "a customer's remarks are public; leave `visibility` out",
        )),
        (true, _) | (false, Some(false)) => Ok(Visibility::Public),
        (false, _) => Ok(Visibility::Internal),
    }
}

pub(super) fn sight(actor: &Actor, asked: Option<Sight>) -> Result<Visibility, Error> {
    visibility(actor, asked.map(|s| matches!(s, Sight::Internal)))
}

pub(super) async fn create(
    app: &App,
    caller: Caller,
    list: &'static str,
    command: Command,
) -> Result<Response, Problem> {
    let done = app.call(move |desk| {
        let reply = records::run(desk, &caller, &command)?;
        let found = match (reply.kind, reply.entry) {
            (Some(kind), Some(entry)) => Some(desk.entry(&caller.actor, kind, reply.id, entry)?),
            _ => None,
        };
        let fares = fares(desk, &caller.actor, found.as_slice())?;
        let found = found.map(|page| (page.entry.id, view::entry_with(page, &fares)));
        Ok((reply, found))
    });
    let (reply, found) = done.await?;
    let mut response = match (reply.kind, found) {
        (Some(kind), Some((entry, view))) => {
            let owner = link(kind, &reply.id.to_string());
            let place = format!("{owner}/{list}/{entry}");
            let mut response = (StatusCode::CREATED, axum::Json(view)).into_response();
            if list == "attachments" {
                set(&mut response, header::LOCATION, &place);
            }
            response
        }
        // A rule may have moved the record out of the asker's sight meanwhile.
        _ => (StatusCode::OK, axum::Json(json!({ "id": reply.id }))).into_response(),
    };
    records::finish(&mut response, &reply);
    Ok(response)
}
