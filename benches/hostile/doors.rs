//! The two ways to a desk: calls of the engine, and connections to its server.

use std::time::{Duration, Instant};

use opora::desk::{Actor, Command, Request};
use opora::domain::{Id, Kind};
use opora_benches::kit::{Bed, Client, Fallible, Server, lorem};
use serde_json::{Value as Json, json};

/// Who works at a desk, one thing after another.
pub enum Line<'a> {
    /// A caller of the engine.
    Direct(&'a Bed),
    /// A connection.
    Http(&'a Bed, Client),
}

/// A way to a desk.
#[derive(Clone, Copy)]
pub enum Door<'a> {
    /// Calls of the engine.
    Direct(&'a Bed),
    /// Connections.
    Http(&'a Bed, &'a Server),
}

impl<'a> Door<'a> {
    /// What it is called in figures.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Direct(_) => "callers",
            Self::Http(..) => "connections",
        }
    }

    /// The desk behind it.
    pub const fn bed(self) -> &'a Bed {
        match self {
            Self::Direct(bed) | Self::Http(bed, _) => bed,
        }
    }

    /// Opens it.
    pub fn open(self) -> Fallible<Line<'a>> {
        Ok(match self {
            Self::Direct(bed) => Line::Direct(bed),
            Self::Http(bed, server) => Line::Http(bed, server.connect()?),
        })
    }
}

impl Line<'_> {
    /// Works as a desk does: a new ticket, a comment on it, a change of it. Notes how long each took.
    pub fn work(&mut self, number: u64, times: &mut Vec<Duration>) -> Fallible<()> {
        let mut timed = |began: Instant| times.push(began.elapsed());
        match self {
            Self::Direct(bed) => {
                let began = Instant::now();
                let id = bed.ticket(number)?.id;
                timed(began);
                let began = Instant::now();
                bed.comment(id, number)?;
                timed(began);
                let began = Instant::now();
                bed.update(id, number)?;
                timed(began);
            }
            Self::Http(bed, client) => {
                let fields = bed.ticket_fields(number).to_string();
                let comment = json!({"text": lorem(number, 12), "visibility": "public"});
                let change = json!({"description": lorem(number, 20)});
                let began = Instant::now();
                let made = client.send("POST", "/v1/tickets", &fields, 201)?;
                timed(began);
                let id = made.get("id").and_then(Json::as_str);
                let path = format!("/v1/tickets/{}", id.ok_or("a ticket without an id")?);
                let began = Instant::now();
                let comments = format!("{path}/comments");
                client.send("POST", &comments, &comment.to_string(), 201)?;
                timed(began);
                let began = Instant::now();
                client.send("PATCH", &path, &change.to_string(), 200)?;
                timed(began);
            }
        }
        Ok(())
    }

    /// Asks for the change that the rule is hostile to, which is to be refused, or put off.
    pub fn provoke(&mut self, victim: Id) -> Fallible<()> {
        let fields = json!({"title": "bad"});
        let done = match self {
            Self::Direct(bed) => {
                let command = Command::Update {
                    kind: Kind::Ticket,
                    id: victim,
                    fields: fields.as_object().cloned().unwrap_or_default(),
                };
                let request = Request::by(Actor::Admin { agent: None });
                bed.desk.run(&request, &command).is_ok()
            }
            Self::Http(_, client) => {
                let path = format!("/v1/tickets/{victim}");
                client.ask("PATCH", &path, &fields.to_string())?.0 == 200
            }
        };
        match done {
            true => Err("a hostile rule let a change through".into()),
            false => Ok(()),
        }
    }
}
