//! Programs as agents: the Model Context Protocol. The only place of `rmcp::`.
//!
//! A tool is a question to the API, asked with the caller's own token: what it may not read over HTTP
//! it may not read here, and limits, masked fields and languages are the same. All tools read.

mod tools;

use std::pin::Pin;
use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rmcp::handler::server::ServerHandler;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, ErrorData,
    Implementation, ListToolsResult, PaginatedRequestParams, ServerCapabilities, ServerConfig,
    Tool, ToolAnnotations,
};
use rmcp::service::{RequestContext, RoleServer, ServiceExt};
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use serde_json::Value as Json;
use utoipa::openapi::HttpMethod;

use super::principal::Caller;
use super::problem::Problem;
use super::route::{Op, Routes};
use super::state::App;

/// A question to the API.
#[derive(Debug, Clone)]
pub struct Question {
    /// Path and query.
    pub path: String,
    /// JSON body; with one it is a POST, else a GET.
    pub body: Option<Json>,
    /// Headers `Authorization` and `Accept-Language`, where they are known.
    pub headers: HeaderMap,
}

/// What answers questions: the JSON of a success, or a text that says what was wrong.
pub type Answers = Arc<dyn Fn(Question) -> Answer + Send + Sync>;
/// An answer to come.
pub type Answer = Pin<Box<dyn Future<Output = Result<Json, String>> + Send>>;

/// What an agent program is told about the desk.
const ABOUT: &str = "The knowledge base and tickets of a service desk. Search before you answer; name an article by its title and number. Everything is read with the rights of the token in use; what is not found may exist out of its sight.";

/// The tools of the desk.
#[derive(Clone)]
struct Agent {
    answers: Answers,
}

impl ServerHandler for Agent {
    fn get_info(&self) -> ServerConfig {
        let own = Implementation::new("opora", env!("CARGO_PKG_VERSION"));
        let capabilities = ServerCapabilities::builder().enable_tools().build();
        ServerConfig::new(capabilities)
            .with_server_info(own)
            .with_instructions(ABOUT)
    }

    async fn list_tools(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let tool = |def: &tools::ToolDef| {
            let schema = def.schema().as_object().cloned().unwrap_or_default();
            let hints = ToolAnnotations::with_title(def.title)
                .read_only(true)
                .open_world(false);
            Tool::new(def.name, def.about, schema).annotate(hints)
        };
        let tools = tools::ALL.iter().map(tool).collect();
        Ok(ListToolsResult::with_all_items(tools))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let Some(def) = tools::ALL.iter().find(|def| def.name == request.name) else {
            let short: String = request.name.chars().take(64).collect();
            let message = format!("there is no tool `{short}`");
            return Err(ErrorData::invalid_params(message, None));
        };
        let mut headers = HeaderMap::new();
        if let Some(parts) = context.extensions.get::<axum::http::request::Parts>() {
            for name in [header::AUTHORIZATION, header::ACCEPT_LANGUAGE] {
                if let Some(value) = parts.headers.get(&name) {
                    headers.insert(name, value.clone());
                }
            }
        }
        let mut arguments = request.arguments.unwrap_or_default();
        let named = self.number_to_id(def, &mut arguments, &headers).await;
        let done = match named.and_then(|()| def.questions(&arguments, &headers)) {
            Ok(questions) => self.ask(questions).await,
            Err(message) => Err(message),
        };
        let result = match done {
            Ok(found) => CallToolResult::structured(tools::bounded(found)),
            Err(message) => CallToolResult::error(vec![ContentBlock::text(message)]),
        };
        Ok(result.into())
    }
}

impl Agent {
    /// Puts the id in the place of a number: people say "ticket 5".
    async fn number_to_id(
        &self,
        def: &tools::ToolDef,
        given: &mut serde_json::Map<String, Json>,
        headers: &HeaderMap,
    ) -> Result<(), String> {
        let number = given.get("id").and_then(Json::as_str);
        let number = number.and_then(|text| text.trim_start_matches('#').parse::<u32>().ok());
        let (Some(number), Some(path)) = (number, def.path()) else {
            return Ok(());
        };
        let question = Question {
            path: format!("{path}?number={number}&limit=1"),
            body: None,
            headers: headers.clone(),
        };
        let answer = (self.answers)(question).await?;
        let id = answer.pointer("/items/0/id").cloned();
        let id = id.ok_or_else(|| format!("not_found: nothing at {path} has number {number}"))?;
        given.insert("id".to_owned(), id);
        Ok(())
    }

    /// The answer to a question, or to several under their names.
    async fn ask(&self, questions: Vec<(&'static str, Question)>) -> Result<Json, String> {
        let mut all = serde_json::Map::new();
        for (name, question) in questions {
            let answer = (self.answers)(question).await?;
            if name.is_empty() {
                return Ok(answer);
            }
            all.insert(name.to_owned(), answer);
        }
        Ok(Json::Object(all))
    }
}

/// Serves the protocol on standard input and output until the input ends.
///
/// # Errors
/// When the peer does not speak the protocol.
pub async fn serve_stdio(answers: Answers) -> Result<(), String> {
    let agent = Agent { answers };
    let running = agent.serve(rmcp::transport::stdio()).await;
    let running = running.map_err(|e| e.to_string())?;
    running.waiting().await.map_err(|e| e.to_string())?;
    Ok(())
}

/// Adds the route.
pub(super) fn add(routes: &mut Routes) {
    let op = Op::new(HttpMethod::Post, "/mcp", "call_mcp")
        .about(
            "search",
            "The Model Context Protocol for agent programs: searching and reading; see docs/mcp.md.",
        )
        .body::<Message>()
        .reply_with::<Message>(200, "The answer");
    routes.add(op, call_mcp);
}

/// A message of JSON-RPC 2.0.
#[derive(Debug, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[schema(as = McpMessage)]
pub struct Message {
    /// `2.0`.
    jsonrpc: String,
    /// Identity of the request; none for notifications.
    #[schema(value_type = Option<Object>)]
    id: Option<Json>,
    /// Such as `initialize`, `tools/list` and `tools/call`.
    method: Option<String>,
    /// What the method wants to know.
    #[schema(value_type = Option<Object>)]
    params: Option<Json>,
}

/// The API within this process, without this route.
#[derive(Clone)]
pub(super) struct Within(pub axum::Router);

async fn call_mcp(
    _caller: Caller,
    State(app): State<App>,
    Extension(Within(router)): Extension<Within>,
    mut request: Request,
) -> Response {
    // Who says nothing takes either.
    let both = HeaderValue::from_static("application/json, text/event-stream");
    let headers = request.headers_mut();
    let media = headers.get(header::CONTENT_TYPE);
    let is_json = media.is_some_and(|m| m.as_bytes().starts_with(b"application/json"));
    headers.entry(header::ACCEPT).or_insert(both);
    // The name of the host is no secret that could be wrong: the token decides.
    let host = HeaderValue::from_static("localhost");
    headers.entry(header::HOST).or_insert(host);
    let config = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .with_max_request_body_bytes(app.options().body_bytes)
        // A page of another site has no token to send.
        .disable_allowed_hosts();
    let agent = Agent {
        answers: within(router, None),
    };
    let sessions = Arc::new(NeverSessionManager::default());
    let service = StreamableHttpService::new(move || Ok(agent.clone()), sessions, config);
    let response = service.handle(request).await;
    let status = response.status();
    let kind = response.headers().get(header::CONTENT_TYPE);
    // Errors of the protocol itself are for the program that speaks it.
    let is_told = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    if status.is_success() || is_told {
        return response.map(Body::new).into_response();
    }
    let (status, code, message) = match status {
        StatusCode::PAYLOAD_TOO_LARGE => (status, "too_large", "the message is too long"),
        StatusCode::NOT_ACCEPTABLE => (
            status,
            "mcp_refused",
            "send the header `Accept: application/json, text/event-stream`, or none",
        ),
        StatusCode::UNSUPPORTED_MEDIA_TYPE if !is_json => (
            status,
            "mcp_refused",
            "send JSON with the header `Content-Type: application/json`",
        ),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => (
            StatusCode::BAD_REQUEST,
            "mcp_refused",
            "the body is no message of the Model Context Protocol; see docs/mcp.md",
        ),
        _ => (
            status,
            "mcp_refused",
            "the message is none of the Model Context Protocol; see docs/mcp.md",
        ),
    };
    Problem::new(status, code, message).into_response()
}

/// Answers of an API within this process, with a token of its own where questions have none.
#[must_use]
pub fn within(router: axum::Router, token: Option<&str>) -> Answers {
    let own = token.and_then(|token| HeaderValue::try_from(format!("Bearer {token}")).ok());
    Arc::new(move |mut question: Question| {
        if let Some(own) = &own {
            let headers = &mut question.headers;
            headers
                .entry(header::AUTHORIZATION)
                .or_insert_with(|| own.clone());
        }
        Box::pin(answer(router.clone(), question))
    })
}

/// Asks the API within this process.
async fn answer(router: axum::Router, question: Question) -> Result<Json, String> {
    let mut request = Request::builder().uri(&question.path);
    if let Some(headers) = request.headers_mut() {
        *headers = question.headers;
        let json = HeaderValue::from_static("application/json");
        headers.insert(header::CONTENT_TYPE, json);
    }
    let request = match &question.body {
        Some(body) => request.method("POST").body(Body::from(body.to_string())),
        None => request.body(Body::empty()),
    };
    let request = request.map_err(|e| e.to_string())?;
    let response = tower::ServiceExt::oneshot(router, request).await;
    let response = response.map_err(|e| e.to_string())?;
    let status = response.status();
    let bytes = axum::body::to_bytes(response.into_body(), tools::MAX_ANSWER_BYTES).await;
    let bytes = bytes.map_err(|_| "the answer is too long; ask for less".to_owned())?;
    let body: Json = serde_json::from_slice(&bytes).unwrap_or(Json::Null);
    if status.is_success() {
        return Ok(body);
    }
    Err(problem_text(&body))
}

/// What a problem says.
#[must_use]
pub fn problem_text(body: &Json) -> String {
    let text = |name: &str| body.get(name).and_then(Json::as_str).unwrap_or_default();
    let faults = body.get("errors").and_then(Json::as_array);
    let faults: Vec<&str> = faults
        .into_iter()
        .flatten()
        .filter_map(|fault| fault.get("detail").and_then(Json::as_str))
        .collect();
    if faults.is_empty() {
        return format!("{}: {}", text("code"), text("detail"));
    }
    format!("{}: {}", text("code"), faults.join("; "))
}

#[cfg(test)]
mod tests {
    use super::problem_text;
    use serde_json::json;

    #[test]
    fn a_problem_is_told_with_its_faults() {
        let body =
            json!({"code": "invalid", "detail": "x", "errors": [{"detail": "`q`: too long"}]});
        assert_eq!(problem_text(&body), "invalid: `q`: too long");
        let body = json!({"code": "not_found", "detail": "there is no such record"});
        assert_eq!(problem_text(&body), "not_found: there is no such record");
    }
}
