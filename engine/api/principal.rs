//! Who asks: from a bearer token to an actor.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use sha2::{Digest, Sha256};

use super::problem::Problem;
use super::state::App;
use crate::desk::{Actor, Error, Request};
use crate::store::Pos;

/// Who may call a route at all. What they may do with which record is decided by the desk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Everybody, without a token.
    Public,
    /// Whoever has a token, and everybody when the setting `public_articles` is on.
    Reader,
    /// Whoever has a token.
    Token,
    /// Customers: what is served for the portal alone.
    Portal,
    /// Agents and administrators.
    Agent,
    /// Administrators.
    Admin,
}

impl Access {
    /// The name in the documentation.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Public => "everybody, no token needed",
            Self::Reader => {
                "roles admin, agent and contact, and everybody when `public_articles` is on"
            }
            Self::Token => "roles admin, agent and contact",
            Self::Portal => "role contact",
            Self::Agent => "roles admin and agent",
            Self::Admin => "role admin",
        }
    }
}

/// Longest secret that is looked at, in bytes.
const MAX_SECRET_BYTES: usize = 256;
/// Longest request id and idempotency key that are taken, in bytes.
const MAX_REQUEST_ID_BYTES: usize = 64;
const MAX_KEY_BYTES: usize = 128;

/// Who asks, and how: from the headers, once the token was looked up.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Who.
    pub actor: Actor,
    /// Hash of the token's secret.
    pub hash: [u8; 32],
    /// Id of the request.
    pub request_id: RequestId,
    /// The language of labels, `ru` or `en`: that of `Accept-Language`, else of whoever asks, else of
    /// the desk.
    pub locale: &'static str,
    /// The language of `Accept-Language`.
    wanted: Option<&'static str>,
    /// Key of a write that may be repeated.
    pub idempotency_key: Option<String>,
    /// Version the record must have.
    pub if_match: Option<Pos>,
    /// The revision of a pack that must be active, from `If-Match`.
    pub if_revision: Option<[u8; 32]>,
}

/// The id of a request, put into its extensions by the outermost layer.
#[derive(Debug, Clone, Default)]
pub struct RequestId(pub String);

impl RequestId {
    /// The client's id when it is fit for logs, else a new one.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Self {
        let given = headers.get("x-request-id").and_then(|v| v.to_str().ok());
        let fit = |id: &&str| {
            !id.is_empty()
                && id.len() <= MAX_REQUEST_ID_BYTES
                && id
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"-_.:".contains(&b))
        };
        given
            .filter(fit)
            .map_or_else(Self::random, |id| Self(id.to_owned()))
    }

    fn random() -> Self {
        let mut bytes = [0; 12];
        // An id without entropy is still an id: it is for reading logs only.
        let _ = getrandom::fill(&mut bytes);
        Self(hex(&bytes))
    }
}

impl Caller {
    /// A command's request as this caller makes it.
    #[must_use]
    pub fn request(&self) -> Request {
        Request {
            actor: self.actor.clone(),
            request_id: self.request_id.0.clone(),
            idempotency_key: self.idempotency_key.clone(),
            if_match: self.if_match,
            if_revision: self.if_revision,
            locale: self.wanted.map(str::to_owned),
        }
    }
}

impl FromRequestParts<App> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let access = parts.extensions.get().copied().unwrap_or(Access::Admin);
        // Point reads of small, hot tables: cheaper than handing them to another thread.
        let nobody = parts.headers.get(header::AUTHORIZATION).is_none();
        let (actor, hash) =
            if access == Access::Reader && nobody && app.desk().has_public_articles()? {
                (Actor::Visitor, [0; 32])
            } else {
                let hash = hash_of(&secret(&parts.headers)?);
                (actor(app, &hash)?, hash)
            };
        let role_fits = match (&actor, access) {
            (actor, Access::Portal) => actor.is_contact(),
            (Actor::Admin { .. } | Actor::System, _)
            | (_, Access::Public | Access::Reader | Access::Token) => true,
            (Actor::Agent { .. }, access) => access == Access::Agent,
            (Actor::Contact { .. } | Actor::Rule { .. } | Actor::Visitor, _) => false,
        };
        if !role_fits {
            let detail = format!("this is for {}", access.name());
            return Err(Error::forbidden(detail).into());
        }
        let (if_match, if_revision) = if_match(&parts.headers)?;
        let wanted = wanted(&parts.headers);
        let locale = match wanted {
            Some(locale) => locale,
            None => app
                .desk()
                .language_of(&actor)?
                .as_deref()
                .map_or(ENGLISH, spoken_or_english),
        };
        Ok(Self {
            wanted,
            actor,
            hash,
            request_id: parts.extensions.get().cloned().unwrap_or_default(),
            locale,
            idempotency_key: idempotency_key(&parts.headers)?,
            if_match,
            if_revision,
        })
    }
}

/// The actor behind a token.
///
/// # Errors
/// 401 when nobody has it.
pub fn actor(app: &App, hash: &[u8; 32]) -> Result<Actor, Problem> {
    match app.desk().token(hash)? {
        Some(token) => Ok(token.actor),
        None => Err(Problem::unauthorized(
            "the token is unknown or was revoked; ask an administrator for another",
        )),
    }
}

/// SHA-256 of a token's secret: what the desk keeps.
#[must_use]
pub fn hash_of(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

/// Bytes as hexadecimal text.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, b| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{b:02x}");
        text
    })
}

fn secret(headers: &HeaderMap) -> Result<String, Problem> {
    let missing = || {
        Problem::unauthorized("send the header `Authorization: Bearer TOKEN` with an access token")
    };
    let value = headers.get(header::AUTHORIZATION).ok_or_else(missing)?;
    let text = value.to_str().map_err(|_| missing())?;
    let (scheme, secret) = text.split_once(' ').ok_or_else(missing)?;
    let secret = secret.trim();
    if !scheme.eq_ignore_ascii_case("bearer")
        || secret.is_empty()
        || secret.len() > MAX_SECRET_BYTES
    {
        return Err(missing());
    }
    Ok(secret.to_owned())
}

/// The language of those of whom none is known.
const ENGLISH: &str = "en";

/// The first language of `Accept-Language` that the engine speaks.
fn wanted(headers: &HeaderMap) -> Option<&'static str> {
    let wanted = headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok()?;
    wanted.split(',').take(16).find_map(|l| spoken(l.trim()))
}

/// A language that the engine speaks.
fn spoken(language: &str) -> Option<&'static str> {
    match language.get(..2) {
        Some("ru") => Some("ru"),
        Some("en") => Some(ENGLISH),
        _ => None,
    }
}

fn spoken_or_english(language: &str) -> &'static str {
    spoken(language).unwrap_or(ENGLISH)
}

/// The language of an answer to somebody who is nobody's.
pub(super) fn locale(headers: &HeaderMap) -> &'static str {
    wanted(headers).unwrap_or(ENGLISH)
}

pub(super) fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get("idempotency-key") else {
        return Ok(None);
    };
    let key = value.to_str().unwrap_or_default().trim();
    if key.is_empty() || key.len() > MAX_KEY_BYTES {
        return Err(Error::field(
            "Idempotency-Key",
            "invalid_header",
            format!("the key must have 1 to {MAX_KEY_BYTES} visible ASCII characters"),
        )
        .into());
    }
    Ok(Some(key.to_owned()))
}

/// The version and the revision of a pack that `If-Match` asks for, both when it has both; `*` asks
/// for none in particular.
fn if_match(headers: &HeaderMap) -> Result<(Option<Pos>, Option<[u8; 32]>), Problem> {
    let (mut version, mut revision) = (None, None);
    let Some(value) = headers.get(header::IF_MATCH) else {
        return Ok((version, revision));
    };
    let text = value.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok((version, revision));
    }
    let mut fits = true;
    for tag in text.split(',').map(str::trim) {
        fits &= match (etag_pos(tag), etag_revision(tag)) {
            (Some(pos), _) => version.replace(pos).is_none(),
            (None, Some(hash)) => revision.replace(hash).is_none(),
            (None, None) => false,
        };
    }
    match fits {
        true => Ok((version, revision)),
        false => Err(Error::field(
            "If-Match",
            "invalid_header",
            "send one ETag as it was received, such as `\"42\"`, or `*`",
        )
        .into()),
    }
}

/// The revision of a pack in an ETag of ours.
fn etag_revision(text: &str) -> Option<[u8; 32]> {
    let digits = text.strip_prefix('"')?.strip_suffix('"')?.as_bytes();
    let mut hash = [0; 32];
    if digits.len() != 2 * hash.len() {
        return None;
    }
    for (byte, pair) in hash.iter_mut().zip(digits.chunks_exact(2)) {
        let pair = std::str::from_utf8(pair).ok()?;
        let hexadecimal = pair.bytes().all(|b| b.is_ascii_hexdigit());
        *byte = u8::from_str_radix(pair, 16).ok().filter(|_| hexadecimal)?;
    }
    Some(hash)
}

/// The position in an ETag of ours.
pub(super) fn etag_pos(text: &str) -> Option<Pos> {
    let digits = text.strip_prefix('"')?.strip_suffix('"')?;
    digits.parse().ok().map(Pos)
}
