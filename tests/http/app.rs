//! A desk behind its router, with an administrator, an agent and two customers.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use opora::api::{Api, ApiOptions, hash_of};
use opora::desk::{self, Actor, Command, Desk, DeskOptions, IdSource, VirtualClock};
use opora::domain::{Id, Kind};
use opora::packs::PackFiles;
use opora::store::MemoryStore;
use serde_json::{Value as Json, json};
use tower::ServiceExt;

/// Secrets of the tokens.
pub const ADMIN: &str = "admin-secret";
pub const AGENT: &str = "agent-secret";
pub const PORTAL_A: &str = "portal-a-secret";
pub const PORTAL_B: &str = "portal-b-secret";

/// The pack whose tickets the tests work on.
pub const PACK: &str = r#"
[pack]
name = "repair"
version = "1.0.0"
engine = "0.1"
names = { en = "Repair shop", ru = "Мастерская" }
"#;

pub const DEFINITIONS: &str = r#"
[[type]]
code = "fault"
names = { en = "Fault", ru = "Неисправность" }
workflow = "repair"
field_sets = ["device"]

[[workflow]]
code = "repair"
initial = "todo"
statuses = [
  { code = "todo", category = "new", names = { en = "To do", ru = "К выполнению" } },
  { code = "bench", category = "open", names = { en = "On the bench", ru = "В работе" } },
  { code = "parts", category = "waiting" },
  { code = "done", category = "done" },
]
transitions = [
  { from = "todo", to = "bench" },
  { from = "bench", to = "parts" },
  { from = "parts", to = "bench" },
  { from = "bench", to = "done", requires = ["solution"] },
]

[[field_set]]
code = "device"

[[field_set.fields]]
code = "severity"
names = { en = "Severity", ru = "Тяжесть" }
value = "enum"
options = [{ code = "minor" }, { code = "major" }]
default = "minor"

[[field_set.fields]]
code = "margin"
value = "int"
internal = true

[[report]]
code = "by_type"
source = "ticket"
names = { en = "Tickets by type and month" }
dimensions = [{ field = "type" }, { field = "created_at", by = "month", names = { en = "Month" } }]
measures = [{ of = "count", names = { en = "Tickets" } }]
filters = ["type", "account"]
"#;

/// A desk behind its router.
pub struct App {
    pub api: Api,
    pub router: Router,
    pub desk: Arc<Desk>,
    pub clock: Arc<VirtualClock>,
    pub account_a: Id,
    pub account_b: Id,
    pub contact_a: Id,
    pub contact_b: Id,
    pub agent: Id,
}

/// An answer, read to its end.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub bytes: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Json {
        serde_json::from_slice(&self.bytes)
            .unwrap_or_else(|e| panic!("no JSON ({e}): {}", self.text()))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |v| v.to_str().unwrap())
    }

    pub fn id(&self) -> String {
        self.json()["id"].as_str().unwrap().to_owned()
    }

    /// Checks the status and hands the answer on.
    #[track_caller]
    pub fn is(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        self
    }

    /// Checks that it is a problem with this status and code.
    #[track_caller]
    pub fn fails_with(self, status: u16, code: &str) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        assert_eq!(self.header("content-type"), "application/problem+json");
        let body = self.json();
        assert_eq!(body["code"], code, "{body}");
        assert_eq!(body["status"], status, "{body}");
        assert_eq!(body["type"], format!("urn:opora:problem:{code}"), "{body}");
        self
    }
}

impl App {
    /// A new desk in memory.
    pub fn new() -> Self {
        Self::with(ApiOptions::default())
    }

    pub fn with(options: ApiOptions) -> Self {
        let clock = Arc::new(VirtualClock::at("2026-03-02T09:00:00Z".parse().unwrap()));
        let desk = Desk::open(
            Arc::new(MemoryStore::new()),
            DeskOptions {
                clock: clock.clone(),
                ids: IdSource::seeded(7),
                ..DeskOptions::default()
            },
        )
        .unwrap();
        let files =
            PackFiles::from_texts(&[("pack.toml", PACK), ("definitions.toml", DEFINITIONS)]);
        run(&desk, Command::InstallPack { files });
        let account_a = create(
            &desk,
            Kind::Account,
            json!({"title": "Alpha", "code": "alpha"}),
        );
        let account_b = create(
            &desk,
            Kind::Account,
            json!({"title": "Beta", "code": "beta"}),
        );
        let contact = |title: &str, account: Id| {
            let mail = format!("{}@example.org", title.to_lowercase());
            let fields =
                json!({"title": title, "account": account, "mails": [mail], "portal": true});
            create(&desk, Kind::Contact, fields)
        };
        let (contact_a, contact_b) = (contact("Anna", account_a), contact("Boris", account_b));
        let agent = create(
            &desk,
            Kind::Agent,
            json!({"title": "Irina", "code": "irina"}),
        );
        let token = |secret: &str, actor: Actor| {
            let (note, hash) = ("test".to_owned(), hash_of(secret));
            run(&desk, Command::CreateToken { actor, note, hash });
        };
        token(ADMIN, Actor::Admin { agent: None });
        token(AGENT, Actor::Agent { agent: Some(agent) });
        let (contact, account) = (contact_a, account_a);
        token(PORTAL_A, Actor::Contact { contact, account });
        let (contact, account) = (contact_b, account_b);
        token(PORTAL_B, Actor::Contact { contact, account });
        let api = Api::new(desk.clone(), options);
        Self {
            router: api.router(),
            api,
            desk,
            clock,
            account_a,
            account_b,
            contact_a,
            contact_b,
            agent,
        }
    }

    /// Sends a request as it is.
    pub async fn send(&self, request: Request<Body>) -> Answer {
        exchange(&self.router, request).await
    }

    /// A request with a token and headers; a body that is not null goes as JSON.
    pub async fn call(
        &self,
        method: &str,
        path: &str,
        secret: &str,
        headers: &[(&str, &str)],
        body: Json,
    ) -> Answer {
        self.send(request(method, path, secret, headers, body))
            .await
    }

    pub async fn get(&self, path: &str, secret: &str) -> Answer {
        self.call("GET", path, secret, &[], Json::Null).await
    }

    pub async fn post(&self, path: &str, secret: &str, body: Json) -> Answer {
        self.call("POST", path, secret, &[], body).await
    }

    pub async fn patch(&self, path: &str, secret: &str, body: Json) -> Answer {
        self.call("PATCH", path, secret, &[], body).await
    }

    /// Lets a little time pass: what is made at one instant has no order in time.
    pub fn tick(&self) {
        self.clock.advance(chrono::TimeDelta::milliseconds(1));
    }

    /// A new ticket of customer A.
    pub async fn ticket(&self) -> String {
        self.ticket_of(self.account_a, self.contact_a).await
    }

    pub async fn ticket_of(&self, account: Id, contact: Id) -> String {
        self.tick();
        let body = json!({
            "type": "fault", "title": "Printer is on fire", "description": "It burns.",
            "account": account, "contact": contact,
        });
        self.post("/v1/tickets", AGENT, body).await.is(201).id()
    }
}

/// Sends a request through a router and reads the answer to its end.
pub async fn exchange(router: &Router, request: Request<Body>) -> Answer {
    let response = router.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    Answer {
        status: parts.status,
        headers: parts.headers,
        bytes: body.collect().await.unwrap().to_bytes().to_vec(),
    }
}

/// A request with a token and headers; an empty secret sends none. Text goes as it is when a header
/// says what it is.
pub fn request(
    method: &str,
    path: &str,
    secret: &str,
    headers: &[(&str, &str)],
    body: Json,
) -> Request<Body> {
    let mut request = Request::builder()
        .method(Method::from_bytes(method.as_bytes()).unwrap())
        .uri(path);
    if !secret.is_empty() {
        request = request.header(header::AUTHORIZATION, format!("Bearer {secret}"));
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    if body.is_null() {
        return request.body(Body::empty()).unwrap();
    }
    if let (Json::String(text), true) = (&body, headers.iter().any(|(n, _)| *n == "content-type")) {
        return request.body(Body::from(text.clone())).unwrap();
    }
    request
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(body.to_string()))
        .unwrap()
}

fn run(desk: &Desk, command: Command) -> desk::Reply {
    desk.run(&desk::Request::by(Actor::System), &command)
        .unwrap()
}

pub fn create(desk: &Desk, kind: Kind, fields: Json) -> Id {
    let Json::Object(fields) = fields else {
        panic!("fields are an object")
    };
    run(desk, Command::Create { kind, fields }).id
}
