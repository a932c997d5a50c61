//! `opora token`: make, list and revoke access tokens.

use clap::{Subcommand, ValueEnum};
use serde_json::{Value as Json, json};

use super::client::{Peer, Place, items, text_of};
use super::failure::{Failure, Outcome};
use super::settings::{Settings, Shared};
use super::{logging, out};
use crate::api::{hash_of, secret_text};
use crate::desk::{Actor, Command, Desk, Request};
use crate::domain::{Id, Kind, record::fields};

/// What to do with tokens.
#[derive(Debug, Subcommand)]
pub enum TokenTask {
    /// Make a token and print its secret, once.
    Create {
        /// What its holder may do.
        #[arg(long)]
        role: Role,
        /// Id of the agent that it stands for.
        #[arg(long)]
        agent: Option<Id>,
        /// Id of the contact that it stands for.
        #[arg(long)]
        contact: Option<Id>,
        /// What it is for.
        #[arg(long, default_value = "")]
        note: String,
    },
    /// List the tokens, without their secrets.
    List,
    /// Revoke a token.
    Revoke {
        /// Its id.
        id: Id,
    },
}

/// What the holder of a token may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Role {
    /// Everything.
    Admin,
    /// Work tickets.
    Agent,
    /// See and write what concerns the own organisation.
    Contact,
}

/// Runs `opora token`.
///
/// # Errors
/// When the person does not exist, or neither folder nor server can be reached.
pub fn run(task: &TokenTask, place: &Place, shared: &Shared) -> Outcome<()> {
    logging::start(&Settings::of_client(shared)?)?;
    let peer = place.peer(shared)?;
    let done = match (task, &peer) {
        (TokenTask::Create { .. }, Peer::Desk(desk)) => create_here(desk, task),
        (TokenTask::Create { .. }, Peer::Server(_)) => create_there(&peer, task),
        (TokenTask::List, _) => list(&peer),
        (TokenTask::Revoke { id }, _) => revoke(&peer, *id),
    };
    if let Peer::Desk(desk) = peer {
        desk.close()?;
    }
    done
}

fn create_here(desk: &Desk, task: &TokenTask) -> Outcome<()> {
    let TokenTask::Create {
        role,
        agent,
        contact,
        note,
    } = task
    else {
        return Ok(());
    };
    let actor = match (role, agent, contact) {
        (Role::Admin, agent, None) => Actor::Admin { agent: *agent },
        (Role::Agent, agent, None) => Actor::Agent { agent: *agent },
        (Role::Contact, None, Some(contact)) => {
            let page = desk.record(&Actor::System, Kind::Contact, *contact, None)?;
            let Some(account) = page.record.reference(fields::ACCOUNT) else {
                return Err(Failure::new("the contact belongs to no account"));
            };
            let contact = *contact;
            Actor::Contact { contact, account }
        }
        _ => {
            return Err(Failure::new(
                "give --contact for the role contact, and --agent for the others",
            ));
        }
    };
    let secret = make(desk, actor, note)?;
    out::say(&secret)
}

/// Makes a token and returns its secret.
///
/// # Errors
/// When the person does not exist.
pub fn make(desk: &Desk, actor: Actor, note: &str) -> Outcome<String> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)
        .map_err(|e| Failure::new(format!("the machine gives no entropy: {e}")))?;
    let secret = secret_text(&bytes);
    let command = Command::CreateToken {
        actor,
        note: note.to_owned(),
        hash: hash_of(&secret),
    };
    desk.run(&Request::by(Actor::System), &command)?;
    Ok(secret)
}

fn create_there(peer: &Peer, task: &TokenTask) -> Outcome<()> {
    let (
        Peer::Server(client),
        TokenTask::Create {
            role,
            agent,
            contact,
            note,
        },
    ) = (peer, task)
    else {
        return Ok(());
    };
    let role = match role {
        Role::Admin => "admin",
        Role::Agent => "agent",
        Role::Contact => "contact",
    };
    let body = json!({ "role": role, "agent": agent, "contact": contact, "note": note });
    let answer = client.post("/v1/tokens", &body)?;
    out::say(text_of(&answer, "token"))
}

fn list(peer: &Peer) -> Outcome<()> {
    let mut cursor: Option<String> = None;
    loop {
        let (lines, next) = match peer {
            Peer::Desk(desk) => {
                let page = desk.tokens(&Actor::System, cursor.as_deref(), 200)?;
                let line =
                    |t: crate::desk::Token| format!("{} {} {}", t.id, t.actor.name(), t.note);
                (page.items.into_iter().map(line).collect(), page.next)
            }
            Peer::Server(client) => {
                let after = cursor.map_or(String::new(), |c| format!("&cursor={c}"));
                let answer = client.get(&format!("/v1/tokens?limit=200{after}"))?;
                page(&answer)
            }
        };
        lines.iter().try_for_each(|line: &String| out::say(line))?;
        cursor = next;
        if cursor.is_none() {
            return Ok(());
        }
    }
}

fn page(answer: &Json) -> (Vec<String>, Option<String>) {
    let line = |item: &Json| {
        let text = |name: &str| text_of(item, name);
        let person = [text("agent"), text("contact")].concat();
        format!("{} {}:{person} {}", text("id"), text("role"), text("note"))
    };
    let next = answer.get("next").and_then(Json::as_str);
    let lines = items(answer, "items").iter().map(line);
    (lines.collect(), next.map(str::to_owned))
}

fn revoke(peer: &Peer, id: Id) -> Outcome<()> {
    match peer {
        Peer::Desk(desk) => {
            desk.run(&Request::by(Actor::System), &Command::RevokeToken { id })?;
        }
        Peer::Server(client) => {
            client.delete(&format!("/v1/tokens/{id}"))?;
        }
    }
    out::say(&format!("revoked {id}"))
}
