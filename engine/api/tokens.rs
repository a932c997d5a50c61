//! Access tokens: made by administrators, shown once, kept as hashes.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use super::input::{Input, Params, PathParams};
use super::principal::{Access, Caller, hash_of, hex};
use super::problem::Problem;
use super::records::{self, at, id_in, set};
use super::route::{Op, Routes};
use super::state::App;
use super::view::{self, TokenView};
use crate::desk::{Actor, Command, Desk, Error, Result};
use crate::domain::record::fields;
use crate::domain::{Id, Kind};

/// A token to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    /// What its holder may do.
    role: Role,
    /// Agent record it stands for, for the roles `admin` and `agent`.
    agent: Option<String>,
    /// Contact record it stands for, for the role `contact`.
    contact: Option<String>,
    /// What it is for.
    #[serde(default)]
    note: String,
}

/// What the holder of a token may do.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Role {
    /// Everything.
    Admin,
    /// Work tickets.
    Agent,
    /// See and write what concerns the own organisation.
    Contact,
}

/// A token as it is made: the only time that its secret is shown.
#[derive(Debug, Serialize, ToSchema)]
pub struct TokenSecret {
    /// Identity.
    id: String,
    /// The secret, for the header `Authorization: Bearer`.
    token: String,
    /// Its role.
    role: &'static str,
}

/// Who the asker is.
#[derive(Debug, Serialize, ToSchema)]
struct Me {
    /// `admin`, `agent` or `contact`.
    role: &'static str,
    /// Agent or contact record.
    id: Option<String>,
    /// Account of a contact.
    account: Option<String>,
}

/// Adds the routes.
pub(super) fn add(routes: &mut Routes) {
    let op = Op::get("/v1/tokens", "list_tokens")
        .about("tokens", "List the tokens, without their secrets.")
        .access(Access::Admin)
        .paged()
        .at_least()
        .reply_page::<TokenView>("A page");
    routes.add(op, list_tokens);
    let op = Op::post("/v1/tokens", "create_token")
        .about(
            "tokens",
            "Make a token. Its secret is shown in this answer and never again.",
        )
        .access(Access::Admin)
        .body::<NewToken>()
        .reply_with::<TokenSecret>(201, "Created");
    routes.add(op, create_token);
    let op = Op::delete("/v1/tokens/{id}", "revoke_token")
        .about("tokens", "Revoke a token. Its next request is refused.")
        .access(Access::Admin)
        .reply(204, "Revoked");
    routes.add(op, revoke_token);
    let op = Op::get("/v1/me", "read_me")
        .about("tokens", "Who the token stands for.")
        .reply_with::<Me>(200, "The asker");
    routes.add(op, read_me);
}

async fn list_tokens(
    caller: Caller,
    State(app): State<App>,
    mut params: Params,
) -> std::result::Result<Response, Problem> {
    let (limit, cursor) = (params.limit()?, params.one("cursor")?);
    let at_least = params.only_at_least()?;
    let done = app.read(at_least, move |desk| {
        desk.tokens(&caller.actor, cursor.as_deref(), limit)
    });
    let (pos, page) = done.await?;
    let items: Vec<TokenView> = page.items.into_iter().map(view::token).collect();
    let body = json!({ "items": items, "next": page.next });
    Ok(at(pos, axum::Json(body)))
}

async fn create_token(
    caller: Caller,
    State(app): State<App>,
    Input(body): Input<NewToken>,
) -> std::result::Result<Response, Problem> {
    let secret = secret_text(&secret(&app, &caller, &format!("{body:?}"))?);
    let hash = hash_of(&secret);
    let done = app.call(move |desk| {
        let actor = holder(desk, &caller.actor, &body)?;
        let role = actor.role();
        let command = Command::CreateToken {
            actor,
            note: body.note,
            hash,
        };
        records::run(desk, &caller, &command).map(|reply| (reply, role))
    });
    let (reply, role) = done.await?;
    let body = TokenSecret {
        id: reply.id.to_string(),
        token: secret,
        role,
    };
    let mut response = (StatusCode::CREATED, axum::Json(body)).into_response();
    set(&mut response, header::CACHE_CONTROL, "no-store");
    records::finish(&mut response, &reply);
    Ok(response)
}

async fn revoke_token(
    caller: Caller,
    State(app): State<App>,
    path: PathParams,
) -> std::result::Result<Response, Problem> {
    let command = Command::RevokeToken { id: path.id("id")? };
    let done = app.call(move |desk| records::run(desk, &caller, &command));
    Ok(records::changed(&done.await?, StatusCode::NO_CONTENT))
}

async fn read_me(caller: Caller, params: Params) -> std::result::Result<Response, Problem> {
    params.finish()?;
    let account = match &caller.actor {
        Actor::Contact { account, .. } => Some(account.to_string()),
        _ => None,
    };
    let me = Me {
        role: caller.actor.role(),
        id: caller.actor.id().map(|id| id.to_string()),
        account,
    };
    Ok(axum::Json(me).into_response())
}

/// Makes the text of a secret.
#[must_use]
pub fn secret_text(bytes: &[u8]) -> String {
    format!("opora_{}", hex(bytes))
}

/// A new secret. With an idempotency key it follows from the key and from bytes that only this
/// process knows: a repeated request then has the same hash and gets the same answer, and yet no
/// secret is kept anywhere.
pub(super) fn secret(
    app: &App,
    caller: &Caller,
    body: &str,
) -> std::result::Result<[u8; 32], Problem> {
    let Some(own) = app.secret() else {
        return Err(Problem::internal(
            "the machine gives no entropy for secrets",
        ));
    };
    let Some(key) = &caller.idempotency_key else {
        let mut bytes = [0; 32];
        return match getrandom::fill(&mut bytes) {
            Ok(()) => Ok(bytes),
            Err(e) => Err(Problem::internal(format!("no entropy for secrets: {e}"))),
        };
    };
    let mut hasher = Sha256::new();
    for part in [
        own.as_slice(),
        &caller.hash,
        key.as_bytes(),
        body.as_bytes(),
    ] {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    // Hashed twice, so that nobody can lengthen the input of the first.
    Ok(Sha256::digest(hasher.finalize()).into())
}

fn holder(desk: &Desk, asker: &Actor, body: &NewToken) -> Result<Actor> {
    let unfit = |field: &str| {
        let message = "does not go with this role; leave it out";
        Err(Error::field(field, "unexpected", message))
    };
    match (body.role, &body.agent, &body.contact) {
        (Role::Admin | Role::Agent, _, Some(_)) => unfit("contact"),
        (Role::Contact, Some(_), _) => unfit("agent"),
        (Role::Contact, None, None) => {
            let message = "name the contact that the token stands for";
            Err(Error::field("contact", "required", message))
        }
        (Role::Contact, None, Some(text)) => contact(desk, asker, id_in("contact", text)?),
        (role, agent, None) => {
            let agent = match agent {
                None => None,
                Some(text) => Some(found(desk, asker, Kind::Agent, "agent", text)?),
            };
            Ok(match role {
                Role::Admin => Actor::Admin { agent },
                _ => Actor::Agent { agent },
            })
        }
    }
}

fn found(desk: &Desk, asker: &Actor, kind: Kind, field: &str, text: &str) -> Result<Id> {
    let id = id_in(field, text)?;
    match desk.record(asker, kind, id, None) {
        Ok(_) => Ok(id),
        Err(_) => Err(Error::field(field, "not_found", "there is no such record")),
    }
}

fn contact(desk: &Desk, asker: &Actor, contact: Id) -> Result<Actor> {
    let missing = |_| Error::field("contact", "not_found", "there is no such record");
    let page = desk
        .record(asker, Kind::Contact, contact, None)
        .map_err(missing)?;
    let refuse = |message| Err(Error::field("contact", "no_portal_access", message));
    if page
        .record
        .get("portal")
        .and_then(crate::domain::Value::as_bool)
        != Some(true)
    {
        return refuse("the contact has no access to the portal; set its field `portal` first");
    }
    match page.record.reference(fields::ACCOUNT) {
        Some(account) => Ok(Actor::Contact { contact, account }),
        None => refuse("the contact belongs to no account; set its field `account` first"),
    }
}
