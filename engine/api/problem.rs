//! Errors as RFC 9457 problem details.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::desk::{Error, ErrorKind, Fault};

/// A problem on its way to the client. The body is the same for the same cause: the id of the
/// request travels in the header `X-Request-Id` only.
#[derive(Debug)]
pub struct Problem(Box<Inner>);

#[derive(Debug)]
struct Inner {
    status: StatusCode,
    code: String,
    detail: String,
    errors: Vec<Fault>,
    place: Option<(usize, usize)>,
    internal: Option<String>,
}

/// What the log says about a problem that the client is not told.
#[derive(Debug, Clone)]
pub struct InternalCause(pub String);

/// Problem details (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemView {
    /// Identifies the problem: `urn:opora:problem:` and the code.
    #[serde(rename = "type")]
    #[schema(rename = "type")]
    pub about: String,
    /// The class of the problem in words.
    pub title: String,
    /// HTTP status.
    pub status: u16,
    /// Stable code.
    pub code: String,
    /// What went wrong and what to do.
    pub detail: String,
    /// The single faults, where there may be several.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub errors: Vec<FaultView>,
    /// Line of malformed JSON, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// Column of malformed JSON, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<usize>,
}

/// One fault of several.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Fault)]
pub struct FaultView {
    /// Field to blame.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Stable code.
    pub code: String,
    /// What is wrong.
    pub detail: String,
    /// Rule that found it, with its place in the script.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
}

impl From<Fault> for FaultView {
    fn from(fault: Fault) -> Self {
        Self {
            field: fault.field,
            code: fault.code,
            detail: fault.message,
            rule: fault.rule,
        }
    }
}

impl Problem {
    /// A problem of the HTTP layer itself.
    #[must_use]
    pub fn new(status: StatusCode, code: &str, detail: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            status,
            code: code.to_owned(),
            detail: detail.into(),
            errors: Vec::new(),
            place: None,
            internal: None,
        }))
    }

    /// Malformed JSON at a line and column.
    #[must_use]
    pub fn malformed(detail: impl Into<String>, line: usize, column: usize) -> Self {
        let mut problem = Self::new(StatusCode::BAD_REQUEST, "malformed_json", detail);
        problem.0.place = Some((line, column));
        problem
    }

    /// Nobody knows the asker.
    #[must_use]
    pub fn unauthorized(detail: &str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", detail)
    }

    /// Too much at once.
    #[must_use]
    pub fn busy(code: &str, detail: &str) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code, detail)
    }

    /// The server's fault; `cause` goes to the log.
    #[must_use]
    pub fn internal(cause: impl Into<String>) -> Self {
        let detail =
            "the server failed; its log has the cause under the id in the header X-Request-Id";
        let mut problem = Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail);
        problem.0.internal = Some(cause.into());
        problem
    }

    /// The body.
    #[must_use]
    pub fn view(self) -> ProblemView {
        let inner = *self.0;
        ProblemView {
            about: format!("urn:opora:problem:{}", inner.code),
            title: title(inner.status).to_owned(),
            status: inner.status.as_u16(),
            code: inner.code,
            detail: inner.detail,
            errors: inner.errors.into_iter().map(FaultView::from).collect(),
            line: inner.place.map(|p| p.0),
            column: inner.place.map(|p| p.1),
        }
    }

    /// HTTP status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.0.status
    }
}

impl From<Error> for Problem {
    fn from(e: Error) -> Self {
        let status = match e.kind {
            ErrorKind::NotFound => StatusCode::NOT_FOUND,
            ErrorKind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
            ErrorKind::Unauthorized => StatusCode::UNAUTHORIZED,
            ErrorKind::Forbidden => StatusCode::FORBIDDEN,
            ErrorKind::Conflict => StatusCode::CONFLICT,
            ErrorKind::Stale => StatusCode::PRECONDITION_FAILED,
            ErrorKind::Limit => StatusCode::PAYLOAD_TOO_LARGE,
            ErrorKind::Busy => StatusCode::SERVICE_UNAVAILABLE,
            ErrorKind::Internal => return Self::internal(e.message),
        };
        let mut problem = Self::new(status, e.code, e.message);
        problem.0.errors = e.faults;
        problem
    }
}

impl IntoResponse for Problem {
    fn into_response(mut self) -> Response {
        let (status, cause) = (self.0.status, self.0.internal.take());
        let mut response = (status, Json(self.view())).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        match status {
            StatusCode::UNAUTHORIZED => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            StatusCode::SERVICE_UNAVAILABLE => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
            }
            _ => {}
        }
        if let Some(cause) = cause {
            response.extensions_mut().insert(InternalCause(cause));
        }
        response
    }
}

fn title(status: StatusCode) -> &'static str {
    match status {
        StatusCode::NOT_FOUND => "Not found",
        StatusCode::UNPROCESSABLE_ENTITY => "The input is wrong",
        StatusCode::UNAUTHORIZED => "A token is needed",
        StatusCode::FORBIDDEN => "Not allowed for this role",
        StatusCode::CONFLICT => "Refused by a rule or by what is there",
        StatusCode::PRECONDITION_FAILED => "The record was changed meanwhile",
        StatusCode::PAYLOAD_TOO_LARGE => "Over a limit",
        StatusCode::SERVICE_UNAVAILABLE => "Try again",
        StatusCode::INTERNAL_SERVER_ERROR => "The server failed",
        other => other.canonical_reason().unwrap_or("Problem"),
    }
}
