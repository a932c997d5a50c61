//! Reading requests: bodies, paths and queries, all bounded.

use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts, RawPathParams, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json};
use tokio_stream::StreamExt;

use super::problem::Problem;
use super::route::Limit;
use super::state::App;
use crate::desk::{Error, Fault};
use crate::domain::{Id, Kind};
use crate::packs::nearest;
use crate::store::Pos;

/// Most parameters of a query string.
const MAX_PARAMS: usize = 64;
/// Most items of a page.
pub const MAX_PAGE: usize = 200;
/// Items of a page when the caller does not say.
pub const DEFAULT_PAGE: usize = 50;

/// A body of raw bytes within the route's limit.
#[derive(Debug)]
pub struct Raw(pub Vec<u8>, pub Option<String>);

impl FromRequest<App> for Raw {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let media = media_type(request.headers());
        let limit = match request.extensions().get() {
            Some(Limit::File) => app.options().file_bytes,
            Some(Limit::Pack) => app.options().pack_bytes,
            Some(Limit::Form) => app.options().form_bytes,
            _ => app.options().body_bytes,
        };
        Ok(Self(read(request, limit).await?, media))
    }
}

async fn read(request: Request<Body>, limit: usize) -> Result<Vec<u8>, Problem> {
    let too_large = || {
        Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "body_too_large",
            format!("the body is over the limit of {limit} bytes"),
        )
    };
    let announced = request.headers().get(header::CONTENT_LENGTH);
    let announced = announced.and_then(|v| v.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|n| limit as u64 <= n && n != limit as u64) {
        return Err(too_large());
    }
    let mut bytes = Vec::new();
    let mut stream = request.into_body().into_data_stream();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|e| {
            let detail = format!("the body could not be read: {e}");
            Problem::new(StatusCode::BAD_REQUEST, "body_unreadable", detail)
        })?;
        if limit < bytes.len().saturating_add(chunk.len()) {
            return Err(too_large());
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

fn media_type(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    let media = text.split(';').next()?.trim().to_ascii_lowercase();
    (!media.is_empty()).then_some(media)
}

/// A JSON body read as `T`.
#[derive(Debug)]
pub struct Input<T>(pub T);

impl<T: DeserializeOwned> FromRequest<App> for Input<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let Raw(bytes, media) = Raw::from_request(request, app).await?;
        require_json(media.as_deref())?;
        object(&bytes).map(Self)
    }
}

fn require_json(media: Option<&str>) -> Result<(), Problem> {
    let is_json = media.is_some_and(|m| {
        m == "application/json" || (m.starts_with("application/") && m.ends_with("+json"))
    });
    match is_json {
        true => Ok(()),
        false => Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            "send JSON with the header `Content-Type: application/json`",
        )),
    }
}

/// A JSON body read as `T`, or what stands for it when there is none.
#[derive(Debug)]
pub struct OrNothing<T>(pub T);

impl<T: DeserializeOwned + Default> FromRequest<App> for OrNothing<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let Raw(bytes, media) = Raw::from_request(request, app).await?;
        if bytes.is_empty() {
            return Ok(Self(T::default()));
        }
        require_json(media.as_deref())?;
        object(&bytes).map(Self)
    }
}

/// Reads a JSON object. What is read by its fields would be read from a list, too, in their order.
fn object<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    if bytes.trim_ascii_start().starts_with(b"[") {
        json::<serde::de::IgnoredAny>(bytes)?;
        return Err(Error::invalid(vec![Fault {
            field: None,
            code: "unexpected".to_owned(),
            message: "expected an object, got a list".to_owned(),
            rule: None,
        }])
        .into());
    }
    json(bytes)
}

/// Reads JSON; what cannot be parsed is told with line and column, what does not fit is told by the
/// field.
///
/// # Errors
/// 400 for malformed JSON, 422 for JSON of another shape.
pub fn json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(bytes).map_err(|e| {
        // A reader stops at the first thing it did not expect: whether the rest is JSON comes first.
        let whole = serde_json::from_slice::<serde::de::IgnoredAny>(bytes);
        let e = whole.err().unwrap_or(e);
        let text = e.to_string();
        let text = text.split(" at line ").next().unwrap_or_default();
        if e.is_data() {
            return Error::invalid(vec![Fault {
                field: None,
                code: "unexpected".to_owned(),
                message: text.to_owned(),
                rule: None,
            }])
            .into();
        }
        Problem::malformed(
            format!("the body is not JSON: {text}"),
            e.line(),
            e.column(),
        )
    })
}

/// The fields of a record as JSON gives them: the engine's at the top, a pack's in `fields`, both
/// read alike.
///
/// # Errors
/// 422 when `fields` is no object or a field is given twice.
pub fn fields(mut body: Map<String, Json>) -> Result<Map<String, Json>, Problem> {
    let inner = match body.remove("fields") {
        None => return Ok(body),
        Some(Json::Object(inner)) => inner,
        Some(_) => {
            let message = "expected an object with values by field";
            return Err(Error::field("fields", "unexpected", message).into());
        }
    };
    for (name, value) in inner {
        if body.contains_key(&name) {
            let message = "is given twice, at the top and in `fields`; give it once";
            return Err(Error::field(&name, "given_twice", message).into());
        }
        body.insert(name, value);
    }
    Ok(body)
}

/// The kind of the route.
#[derive(Debug, Clone, Copy)]
pub struct Of(pub Kind);

impl FromRequestParts<App> for Of {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        parts
            .extensions
            .get()
            .copied()
            .ok_or_else(|| Problem::internal("the route names no kind"))
    }
}

/// A part of the path.
#[derive(Debug, Clone)]
pub struct PathParams(Vec<(String, String)>);

impl PathParams {
    /// The text of a part.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(n, _)| n == name);
        found.map_or("", |(_, value)| value)
    }

    /// The id in a part. What is no id names nothing.
    ///
    /// # Errors
    /// 404.
    pub fn id(&self, name: &str) -> Result<Id, Problem> {
        self.text(name)
            .parse()
            .map_err(|_| Error::not_found().into())
    }
}

impl FromRequestParts<App> for PathParams {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let found = RawPathParams::from_request_parts(parts, app).await;
        let found = found.map_err(|_| Problem::from(Error::not_found()))?;
        let owned = found.iter().map(|(k, v)| (k.to_owned(), v.to_owned()));
        Ok(Self(owned.collect()))
    }
}

/// The query string. What nobody took is refused, so that a misspelt filter never widens a list.
#[derive(Debug)]
pub struct Params {
    left: Vec<(String, String)>,
    known: Vec<String>,
}

impl FromRequestParts<App> for Params {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        type Pairs = axum::extract::Query<Vec<(String, String)>>;
        let pairs = Pairs::try_from_uri(&parts.uri).map_err(|_| {
            let detail = "the query string is not `name=value` pairs in UTF-8";
            Problem::new(StatusCode::BAD_REQUEST, "malformed_query", detail)
        })?;
        if MAX_PARAMS < pairs.0.len() {
            let detail = format!("a query takes at most {MAX_PARAMS} parameters");
            return Err(Problem::new(
                StatusCode::BAD_REQUEST,
                "malformed_query",
                detail,
            ));
        }
        Ok(Self {
            left: pairs.0,
            known: Vec::new(),
        })
    }
}

impl Params {
    /// Takes a parameter's values, comma-separated and repeated ones together.
    pub fn many(&mut self, name: &str) -> Vec<String> {
        let texts = self.all(name);
        let parts = texts.iter().flat_map(|t| t.split(','));
        parts
            .map(|p| p.trim().to_owned())
            .filter(|p| !p.is_empty())
            .collect()
    }

    /// Takes a parameter that may be given once.
    ///
    /// # Errors
    /// 422 when it is given more often.
    pub fn one(&mut self, name: &str) -> Result<Option<String>, Problem> {
        let mut texts = self.all(name);
        if 1 < texts.len() {
            return Err(Error::field(name, "given_twice", "give the parameter once").into());
        }
        Ok(texts.pop())
    }

    /// Takes a parameter and reads it.
    ///
    /// # Errors
    /// 422 when it cannot be read; `expected` says as what.
    pub fn read<T: std::str::FromStr>(
        &mut self,
        name: &str,
        expected: &str,
    ) -> Result<Option<T>, Problem> {
        let Some(text) = self.one(name)? else {
            return Ok(None);
        };
        match text.parse() {
            Ok(value) => Ok(Some(value)),
            Err(_) => {
                let short: String = text.chars().take(64).collect();
                let message = format!("expected {expected}, got `{short}`");
                Err(Error::field(name, "invalid_parameter", message).into())
            }
        }
    }

    /// Takes `limit`.
    ///
    /// # Errors
    /// 422 outside 1 to [`MAX_PAGE`].
    pub fn limit(&mut self) -> Result<usize, Problem> {
        let limit = self.read("limit", "a whole number")?;
        let limit = limit.unwrap_or(DEFAULT_PAGE);
        if (1..=MAX_PAGE).contains(&limit) {
            return Ok(limit);
        }
        let message = format!("must lie between 1 and {MAX_PAGE}");
        Err(Error::field("limit", "invalid_parameter", message).into())
    }

    /// Takes `at_least`.
    ///
    /// # Errors
    /// 422 when it is no position.
    pub fn at_least(&mut self) -> Result<Option<Pos>, Problem> {
        Ok(self
            .read("at_least", "a position as an answer gave it")?
            .map(Pos))
    }

    /// Takes `at_least`, after which nothing may be left.
    ///
    /// # Errors
    /// 422 when it is no position, or there is something else.
    pub fn only_at_least(mut self) -> Result<Option<Pos>, Problem> {
        let at_least = self.at_least()?;
        self.finish()?;
        Ok(at_least)
    }

    /// Takes a flag.
    ///
    /// # Errors
    /// 422 when it is neither `true` nor `false`.
    pub fn flag(&mut self, name: &str) -> Result<bool, Problem> {
        Ok(self.read(name, "true or false")?.unwrap_or(false))
    }

    /// Everything not yet taken, in order.
    pub fn rest(&mut self) -> Vec<(String, String)> {
        std::mem::take(&mut self.left)
    }

    /// Refuses what nobody took.
    ///
    /// # Errors
    /// 422 with the parameter that was probably meant.
    pub fn finish(self) -> Result<(), Problem> {
        match self.left.first() {
            None => Ok(()),
            Some((name, _)) => Err(unknown_parameter(name, &self.known)),
        }
    }

    /// Names taken so far.
    #[must_use]
    pub fn known(&self) -> &[String] {
        &self.known
    }

    fn all(&mut self, name: &str) -> Vec<String> {
        self.known.push(name.to_owned());
        let (taken, left) = std::mem::take(&mut self.left)
            .into_iter()
            .partition(|(n, _)| n == name);
        self.left = left;
        let taken: Vec<(String, String)> = taken;
        taken.into_iter().map(|(_, value)| value).collect()
    }
}

/// The refusal of a parameter that nobody knows.
pub(super) fn unknown_parameter(name: &str, known: &[String]) -> Problem {
    let short: String = name.chars().take(64).collect();
    let hint = match nearest(&short, known.iter().map(String::as_str)) {
        Some(word) => format!("; did you mean `{word}`?"),
        None => format!("; known are {}", known.join(", ")),
    };
    let message = format!("there is no such parameter{hint}");
    Error::field(&short, "unknown_parameter", message).into()
}
