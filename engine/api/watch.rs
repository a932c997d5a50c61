//! Watching records.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use utoipa::ToSchema;

use super::input::{Input, Of, PathParams};
use super::principal::Caller;
use super::problem::Problem;
use super::records::{self, TABLE};
use super::route::{Op, Routes};
use super::state::App;
use crate::desk::{Command, Error};
use crate::domain::Kind;

/// Who watches; nobody named: whoever asks.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Watcher {
    /// An agent, by id or code.
    agent: Option<String>,
    /// A contact, by id or code.
    contact: Option<String>,
}

/// Adds the routes for every kind that has entries.
pub(super) fn add(routes: &mut Routes) {
    for (kind, path) in TABLE {
        if !kind.has_entries() {
            continue;
        }
        let (one, name) = (format!("/v1/{path}/{{id}}"), kind.name());
        let of = |what: &str, about: &str| {
            Op::post(format!("{one}/{what}"), format!("{what}_{name}"))
                .about(path, about)
                .kind(kind)
                .versioned()
                .body::<Watcher>()
                .reply_named(200, "The record as it is now", &records::schema_name(kind))
        };
        routes.add(
            of(
                "watch",
                "Let somebody hear of what its rules tell watchers.",
            ),
            watch,
        );
        routes.add(of("unwatch", "Let somebody watch it no more."), unwatch);
    }
}

async fn watch(
    caller: Caller,
    State(app): State<App>,
    Of(kind): Of,
    path: PathParams,
    Input(body): Input<Watcher>,
) -> Result<Response, Problem> {
    let command = command(kind, &path, body, true)?;
    records::change(&app, caller, StatusCode::OK, command).await
}

async fn unwatch(
    caller: Caller,
    State(app): State<App>,
    Of(kind): Of,
    path: PathParams,
    Input(body): Input<Watcher>,
) -> Result<Response, Problem> {
    let command = command(kind, &path, body, false)?;
    records::change(&app, caller, StatusCode::OK, command).await
}

fn command(kind: Kind, path: &PathParams, body: Watcher, on: bool) -> Result<Command, Problem> {
    let who = match (body.agent, body.contact) {
        (Some(_), Some(_)) => {
            let text = "name an agent or a contact, not both";
            return Err(Error::field("agent", "given_twice", text).into());
        }
        (Some(agent), None) => Some((Kind::Agent, agent)),
        (None, Some(contact)) => Some((Kind::Contact, contact)),
        (None, None) => None,
    };
    Ok(Command::Watch {
        kind,
        id: path.id("id")?,
        who,
        on,
    })
}
