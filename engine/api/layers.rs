//! What surrounds every request: id, span, time limit, counters, and the log line at the end.

use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tracing::Instrument;

use super::principal::RequestId;
use super::problem::{InternalCause, Problem};
use super::state::App;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Gives the request its id and span, stops it when it takes too long, counts and logs it. The log
/// names the route and never the query or the body: they may tell about people.
pub(super) async fn around(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let id = RequestId::of(request.headers());
    let method = method_name(request.method());
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "none".to_owned(), |path| path.as_str().to_owned());
    request.extensions_mut().insert(id.clone());
    let span = tracing::info_span!("request", request.id = %id.0, http.method = method, http.route = %route);
    let started = Instant::now();
    let _under_way = UnderWay::begin(&app);
    let limit = if method == "POST" && route.starts_with("/v1/packs") {
        app.options().pack_timeout
    } else {
        app.options().request_timeout
    };
    let answer = tokio::time::timeout(limit, next.run(request).instrument(span.clone()));
    let mut response = match answer.await {
        Ok(response) => response,
        Err(_) => Problem::busy("timeout", "the request took too long; try again").into_response(),
    };
    let (status, took) = (response.status().as_u16(), started.elapsed());
    app.metrics().count(&route, method, status, took);
    span.in_scope(|| log(&response, took));
    if let Ok(value) = HeaderValue::from_str(&id.0) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

fn log(response: &Response, took: std::time::Duration) {
    let status = response.status().as_u16();
    let took_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
    match response.extensions().get::<InternalCause>() {
        Some(InternalCause(cause)) => {
            tracing::error!(http.status = status, took_us, cause, "request failed");
        }
        None => tracing::info!(http.status = status, took_us, "request answered"),
    }
}

/// Counts a request as under way, also when its client goes away and the future is dropped.
struct UnderWay(App);

impl UnderWay {
    fn begin(app: &App) -> Self {
        app.metrics().begin();
        Self(app.clone())
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.metrics().end();
    }
}

fn method_name(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "PUT" => "PUT",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}
