//! The stream of events: server-sent events from the journal, resumable by `Last-Event-ID`.

use std::convert::Infallible;

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use tokio::sync::{OwnedSemaphorePermit, mpsc, watch};
use tokio_stream::StreamExt;

use super::input::Params;
use super::principal::{self, Caller};
use super::problem::Problem;
use super::records::{self, set};
use super::route::{Op, Routes};
use super::state::App;
use super::view::{self, EventView};
use crate::desk::{Actor, Error};
use crate::domain::Kind;
use crate::store::Pos;

/// Events read at once.
const BATCH: usize = 200;
/// Events that wait for a slow reader.
const BUFFER: usize = 32;

/// Adds the route.
pub(super) fn add(routes: &mut Routes) {
    let op = Op::get("/v1/events", "stream_events")
        .about("events", "Committed changes as server-sent events: the id is the position, the event is `change`, or `intake` when a call opened the intake for the reader, the data is an `Event`. A reader that was cut off resumes after the last id it saw.")
        .number("after", "Begin after this position; now when neither this nor `Last-Event-ID` is given.")
        .query("kind", "Only changes of records of these kinds, separated by commas.")
        .header("Last-Event-ID", "Position of the last event that was seen.")
        .reply_with::<EventView>(200, "The events, as `text/event-stream`");
    routes.add(op, stream_events);
}

async fn stream_events(
    caller: Caller,
    State(app): State<App>,
    headers: HeaderMap,
    mut params: Params,
) -> Result<Response, Problem> {
    let mut kinds = Vec::new();
    for name in params.many("kind") {
        kinds.push(records::kind_named("kind", &name)?);
    }
    let asked = params.read("after", "a position")?.map(Pos);
    params.finish()?;
    let seen = match headers.get("last-event-id") {
        None => None,
        Some(value) => match value.to_str().unwrap_or_default().trim().parse() {
            Ok(pos) => Some(Pos(pos)),
            Err(_) => {
                let message = "expected the id of the last event";
                return Err(Error::field("Last-Event-ID", "invalid_header", message).into());
            }
        },
    };
    let turn = app.streams().clone().try_acquire_owned();
    let Ok(turn) = turn else {
        return Err(Problem::busy(
            "too_many_streams",
            "all event streams are taken; try again later",
        ));
    };
    if app.is_draining() {
        return Err(Problem::busy("closing", "the server is stopping"));
    }
    let after = seen.or(asked).unwrap_or_else(|| app.desk().pos());
    let (to, from) = mpsc::channel(BUFFER);
    let pump = Pump {
        positions: app.positions(),
        draining: app.draining(),
        _open: Open::new(app.clone(), turn),
        app,
        caller,
        kinds,
        after,
        to,
    };
    tokio::spawn(pump.run());
    let stream = tokio_stream::wrappers::ReceiverStream::new(from);
    let mut response = Sse::new(stream.map(Ok::<_, Infallible>)).into_response();
    set(&mut response, header::CACHE_CONTROL, "no-store");
    Ok(response)
}

/// Counts an open stream and holds its turn.
struct Open {
    app: App,
    _turn: OwnedSemaphorePermit,
}

impl Open {
    fn new(app: App, turn: OwnedSemaphorePermit) -> Self {
        app.metrics().stream(1);
        Self { app, _turn: turn }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.app.metrics().stream(-1);
    }
}

/// Why a stream goes on.
enum Woken {
    Moved,
    Silent,
    Over,
}

/// Reads the journal and feeds one stream.
struct Pump {
    app: App,
    caller: Caller,
    kinds: Vec<Kind>,
    after: Pos,
    to: mpsc::Sender<Event>,
    positions: watch::Receiver<Pos>,
    draining: watch::Receiver<bool>,
    _open: Open,
}

impl Pump {
    async fn run(mut self) {
        // Something must be sent at once, so that the reader knows the stream stands.
        if self
            .to
            .send(Event::default().comment("open"))
            .await
            .is_err()
        {
            return;
        }
        loop {
            match self.feed().await {
                Ok(true) => {}
                Ok(false) => return,
                Err(problem) => {
                    tracing::debug!(status = problem.status().as_u16(), "event stream ended");
                    return;
                }
            }
            match self.woken().await {
                Woken::Moved => {}
                Woken::Silent => {
                    if self.to.send(Event::default().comment("")).await.is_err() {
                        return;
                    }
                }
                Woken::Over => return,
            }
        }
    }

    async fn woken(&mut self) -> Woken {
        let (after, heartbeat) = (self.after, self.app.options().heartbeat);
        tokio::select! {
            moved = self.positions.wait_for(|pos| after < *pos) => match moved {
                Ok(_) => Woken::Moved,
                Err(_) => Woken::Over,
            },
            _ = self.draining.wait_for(|draining| *draining) => Woken::Over,
            () = self.to.closed() => Woken::Over,
            () = tokio::time::sleep(heartbeat) => Woken::Silent,
        }
    }

    /// Sends what lies after the position reached; false when the reader is gone.
    async fn feed(&mut self) -> Result<bool, Problem> {
        loop {
            let upto = self.app.desk().pos();
            let events = self.read(self.caller.actor.clone()).await?;
            // Asked after reading: nothing that happened after the token was revoked is told.
            principal::actor(&self.app, &self.caller.hash)?;
            let last = events.last().map(|e| e.position);
            let count = events.len();
            for mut event in events {
                if self.concerns(&event) {
                    self.keep_own_drafts(&mut event);
                    let sent = Event::default()
                        .id(event.position.to_string())
                        .event(self.name_of(&event))
                        .json_data(&event)
                        .map_err(|e| Problem::internal(e.to_string()))?;
                    if self.to.send(sent).await.is_err() {
                        return Ok(false);
                    }
                }
            }
            // What the asker may not see is no event of theirs, and yet it was read.
            let reached = last.map_or(upto, Pos);
            self.after = self.after.max(reached);
            if count < BATCH {
                return Ok(true);
            }
        }
    }

    async fn read(&self, actor: Actor) -> Result<Vec<EventView>, Problem> {
        let after = self.after;
        let events = self.app.call(move |desk| desk.events(&actor, after, BATCH));
        Ok(events.await?.into_iter().map(view::event).collect())
    }

    /// Whose call opened the intake is told to nobody else.
    fn keep_own_drafts(&self, event: &mut EventView) {
        let own = self.caller.actor.id().map(|id| id.to_string());
        event
            .drafts
            .retain(|draft| own.as_ref() == Some(&draft.agent));
    }

    /// What a change is to the reader.
    fn name_of(&self, event: &EventView) -> &'static str {
        let own = self.caller.actor.id().map(|id| id.to_string());
        let mut drafts = event.drafts.iter();
        if own.is_some_and(|own| drafts.any(|d| d.agent == own)) {
            return "intake";
        }
        "change"
    }

    fn concerns(&self, event: &EventView) -> bool {
        // What the asker may not see is left without records and entries.
        if self.kinds.is_empty() && !event.masked {
            return true;
        }
        let all = self.kinds.is_empty();
        let is_wanted = |name: &str| all || self.kinds.iter().any(|k| k.name() == name);
        event.records.iter().any(|r| is_wanted(r.kind))
            || event.entries.iter().any(|e| is_wanted(e.kind))
    }
}
