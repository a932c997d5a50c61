//! Every route, every asker: nobody gets further than `access.txt` says, and a route that is not in
//! it fails the test. `UPDATE=1` rewrites the file; its diff is a review of who may do what.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use axum::body::Body;
use axum::http::Request;
use opora::api::{Access, Op, method_name, routes};
use opora::domain::{Id, Kind};
use serde_json::{Value as Json, json};
use tower::ServiceExt;

use crate::app::{ADMIN, AGENT, App, PORTAL_A, PORTAL_B, create, request};

const ASKERS: [&str; 5] = ["", PORTAL_A, PORTAL_B, AGENT, ADMIN];

/// A record of customer A that nothing else refers to.
fn target(app: &App, kind: Kind, serial: usize) -> Id {
    let (account, contact) = (app.account_a, app.contact_a);
    let (title, code) = (format!("Walked {serial}"), format!("walked-{serial}"));
    let fields = match kind {
        Kind::Ticket => {
            json!({"title": title, "type": "fault", "account": account, "contact": contact})
        }
        Kind::Lead | Kind::Inquiry | Kind::Activity => {
            json!({"title": title, "account": account, "contact": contact})
        }
        Kind::Asset => json!({"title": title, "account": account}),
        Kind::Contract => json!({"title": title, "account": account, "unit": "events"}),
        Kind::Category => json!({"title": title, "code": code}),
        Kind::Article => json!({"title": title, "body": "Words.", "status": "published"}),
        Kind::Calendar => json!({"title": title, "code": code, "definition": calendar(&code)}),
        Kind::SupportLevel => {
            let (base, serial) = (format!("base-{serial}"), json!({"title": "Base"}));
            let mut fields = serial;
            fields["code"] = json!(base);
            fields["definition"] = calendar(&base);
            create(&app.desk, Kind::Calendar, fields);
            json!({"title": title, "code": code, "definition": level(&code, &base)})
        }
        Kind::Recurrence => {
            let fields = json!({"title": "Days", "code": code, "definition": calendar(&code)});
            create(&app.desk, Kind::Calendar, fields);
            recurrence(&title, &code)
        }
        _ => json!({"title": title}),
    };
    create(&app.desk, kind, fields)
}

fn calendar(code: &str) -> Json {
    json!({
        "code": code, "names": {}, "time_zone": "UTC", "exceptions": {}, "version": 1,
        "weekly": [{"weekday": "Mon", "from": 540, "to": 1080}],
    })
}

fn recurrence(title: &str, calendar: &str) -> Json {
    json!({
        "title": title, "rule": "FREQ=DAILY", "starts_on": "2026-03-02", "calendar": calendar,
        "template": {"type": "fault", "title": "Made"},
    })
}

fn level(code: &str, calendar: &str) -> Json {
    json!({
        "code": code, "names": {}, "calendar": calendar, "order": 1,
        "targets": [{"clock": "reaction", "duration_secs": 60, "warn_before_secs": []}],
    })
}

/// A body that an administrator gets through with.
fn body(app: &App, op: &Op, secret: &str, serial: usize) -> Json {
    let last = op.path.rsplit('/').next().unwrap();
    match (method_name(&op.method), last) {
        ("GET" | "DELETE", _) => Json::Null,
        ("PATCH", "{name}") => json!({"enabled": true}),
        (_, "synonyms") => json!({"words": [format!("walked{serial}"), "strolled"]}),
        (_, "pins") => {
            let article = target(app, Kind::Article, serial);
            json!({"queries": ["walked"], "articles": [article]})
        }
        (_, "mcp") => json!({"jsonrpc": "2.0", "id": 1, "method": "ping"}),
        (_, "clicks") => {
            let article = target(app, Kind::Article, serial);
            json!({"query": "0123456789abcdef", "article": article})
        }
        (_, "learning") => json!({"keep_days": 30}),
        (_, "suggest") => json!({"text": "walked"}),
        ("PATCH", "{locale}") => json!({"words": ["walked"]}),
        ("PATCH", _) => json!({"title": "Changed"}),
        (_, "transition") if op.kind == Some(Kind::Article) => json!({"to": "archived"}),
        (_, "transition") => json!({"to": "bench"}),
        (_, "assign") => json!({"agent": app.agent}),
        (_, "search") => json!({"any": "Walked"}),
        (_, "interactions") => json!({"channel": "form", "text": "Hello"}),
        (_, "start") => json!({"fields": {"title": "Made"}}),
        (_, "accept") if op.kind.is_none() => {
            json!({"type": "fault", "appeal": {"title": "Made"}, "new_contact": {"title": "Made"}})
        }
        (_, "accept" | "convert") => json!({"type": "fault"}),
        (_, "decline") => json!({"reason": "walked"}),
        (_, "register") => json!({"contact": {"title": "Made"}}),
        (_, "move") => {
            let ticket = target(app, Kind::Ticket, serial);
            json!({"card": {"kind": "ticket", "id": ticket}, "to": "bench"})
        }
        (_, "comments") => json!({"text": "Hello"}),
        (_, "messages") => json!({"channel": "mail", "direction": "out", "text": "Hello"}),
        (_, "links") => json!({"relation": "related", "to_kind": "agent", "to": app.agent}),
        (_, "variants") if op.kind == Some(Kind::Article) => {
            json!({"title": "Made", "locale": "de"})
        }
        (_, "vote") => json!({"helpful": true}),
        (_, "restore") => json!({"version": app.desk.pos().0}),
        (_, "categories") => json!({"title": "Made", "code": format!("made-{serial}")}),
        (_, "duplicate" | "run") => json!({}),
        (_, "merge") => {
            let into = target(app, Kind::Ticket, serial);
            json!({"into": into})
        }
        (_, "article") => json!({"fields": {"body": "Words."}}),
        (_, "watch" | "unwatch") => match secret {
            PORTAL_A | PORTAL_B => json!({}),
            _ => json!({"agent": app.agent}),
        },
        (_, "unmerge") => json!({"reason": "walked"}),
        (_, "split") => json!({
            "entries": ["00000000-0000-7000-8000-000000000000"], "fields": {"title": "Made"},
        }),
        (_, "personal-tags") => json!({"tags": ["mine"]}),
        (_, "clock") => json!({"advance": "PT1S"}),
        (_, "settings") => json!({"service_name": "Support"}),
        (_, "variants") => json!({"name": "walked"}),
        (_, "ledger") => json!({"amount": 1, "reason": "Walked"}),
        (_, "bulk") => json!({"commands": []}),
        (_, "fields") => json!({"field": {"code": format!("walked{serial}"), "value": "text"}}),
        (_, "packs") => json!({"files": {
            "pack.toml": {"text": format!("[pack]\nname = \"walked{serial}\"\nversion = \"1.0.0\"\nengine = \"0.1\"\n")},
        }}),
        (_, "draft") => json!({"files": {"pack.toml": {"text": format!("# draft {serial}")}}}),
        (_, "rollback" | "activate" | "grants" | "disable" | "enable" | "check" | "test") => {
            json!({})
        }
        (_, "webhooks") => {
            json!({"name": format!("walked{serial}"), "url": "https://hooks.example/x"})
        }
        (_, "tokens") => json!({"role": "agent", "note": "walked"}),
        (_, "{token}") => json!({"score": 5}),
        (_, "calendars") => {
            let code = format!("made-{serial}");
            json!({"title": "Made", "code": code, "definition": calendar(&code)})
        }
        (_, "support-levels") => {
            let base = format!("under-{serial}");
            create(
                &app.desk,
                Kind::Calendar,
                json!({"title": "B", "code": base, "definition": calendar(&base)}),
            );
            let code = format!("made-{serial}");
            json!({"title": "Made", "code": code, "definition": level(&code, &base)})
        }
        (_, "tickets") => json!({"title": "Made", "type": "fault"}),
        (_, "recurrences" | "preview") => {
            let code = format!("days-{serial}");
            let fields = json!({"title": "Days", "code": code, "definition": calendar(&code)});
            create(&app.desk, Kind::Calendar, fields);
            let mut body = recurrence("Made", &code);
            if last == "preview" {
                let body = body.as_object_mut().unwrap();
                body.retain(|name, _| name != "title" && name != "template");
            }
            body
        }
        _ => json!({"title": "Made"}),
    }
}

/// The path with parameters filled in; `id` stands for the record.
fn path(op: &Op, id: &str) -> String {
    let mut path = op
        .path
        .replace("{id}", id)
        .replace("{entry}", "00000000-0000-7000-8000-000000000000")
        .replace("{token}", "nobody-knows")
        .replace("{code}", "by_type")
        .replace("{variant}", "00000000-0000-7000-8000-000000000000")
        .replace("{locale}", "en")
        .replace("{pack}", "repair");
    let name = if op.path.contains("ticket-types") {
        "fault"
    } else {
        "repair"
    };
    path = path.replace("{name}", name);
    match op.id.as_str() {
        "search" | "search_articles" => path.push_str("?q=printer"),
        "diff_article" => path.push_str("?from=1000000"),
        "read_board" => path.push_str("?type=fault"),
        id if id.ends_with("_attachment") && id.starts_with("create") => {
            path.push_str("?name=a.txt")
        }
        _ => {}
    }
    path
}

/// The status and what a client can tell an answer by.
async fn ask(app: &App, request: Request<Body>) -> (u16, Vec<u8>, BTreeMap<String, String>) {
    // The stream of events does not end.
    if request.uri().path() == "/v1/events" {
        let response = app.router.clone().oneshot(request).await.unwrap();
        let media = response.headers()["content-type"].to_str().unwrap();
        let headers = BTreeMap::from([("content-type".to_owned(), media.to_owned())]);
        return (response.status().as_u16(), Vec::new(), headers);
    }
    let answer = app.send(request).await;
    let told = answer
        .headers
        .iter()
        .filter(|(name, _)| *name != "x-request-id");
    let headers = told.map(|(n, v)| (n.to_string(), v.to_str().unwrap().to_owned()));
    (
        answer.status.as_u16(),
        answer.bytes.clone(),
        headers.collect(),
    )
}

#[tokio::test]
async fn every_route_verb_and_asker() {
    let app = App::new();
    let mut table = String::from(
        "# method, path: status for nobody, customer A, customer B, agent, admin; the record is customer A's\n",
    );
    let mut serial = 0;
    for op in routes() {
        let mut line = format!("{} {}:", method_name(&op.method), op.path);
        for secret in ASKERS {
            serial += 1;
            let needs_record = op.path.contains("{id}");
            let id = match op.kind {
                Some(kind) if needs_record => target(&app, kind, serial).to_string(),
                _ if needs_record => spare_token(&app).await,
                _ => String::new(),
            };
            let content = body(&app, &op, secret, serial);
            let asked = request(
                method_name(&op.method),
                &path(&op, &id),
                secret,
                &[],
                content.clone(),
            );
            let (status, bytes, headers) = ask(&app, asked).await;
            let place = format!("{line} as `{secret}`: {}", String::from_utf8_lossy(&bytes));
            assert!(status < 500, "{place}");
            assert_ne!(status, 405, "{place}");
            match (op.access, secret) {
                (Access::Public, _) => assert!(status != 401 && status != 403, "{place}"),
                (_, "") => assert_eq!(status, 401, "{place}"),
                (Access::Admin, secret) if secret != ADMIN => assert_eq!(status, 403, "{place}"),
                (Access::Agent, PORTAL_A | PORTAL_B) => assert_eq!(status, 403, "{place}"),
                (_, ADMIN) => assert!(status != 401 && status != 403, "{place}"),
                _ => assert_ne!(status, 401, "{place}"),
            }
            if 400 <= status {
                // What people open in a browser is told in HTML.
                let is_page = op.path.starts_with("/r/");
                let media = if is_page {
                    "text/html; charset=utf-8"
                } else {
                    "application/problem+json"
                };
                assert_eq!(headers["content-type"], media, "{place}");
            }
            if needs_record && secret == PORTAL_B {
                // What is foreign is as if it were not there: byte for byte.
                let nowhere = path(&op, "00000000-0000-7000-8000-000000000001");
                let asked = request(method_name(&op.method), &nowhere, secret, &[], content);
                let absent = ask(&app, asked).await;
                let open = [Kind::Article, Kind::Product, Kind::Category];
                if op.kind.is_none_or(|kind| !open.contains(&kind)) {
                    assert_eq!((status, bytes, headers), absent, "{place}");
                }
            }
            write!(line, " {status}").unwrap();
        }
        writeln!(table, "{line}").unwrap();
    }
    compare("access.txt", &table);
}

async fn spare_token(app: &App) -> String {
    let body = json!({"role": "agent", "note": "spare"});
    app.post("/v1/tokens", ADMIN, body).await.is(201).id()
}

/// Compares with a file of this folder, or rewrites it when `UPDATE=1`.
pub fn compare(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/http")
        .join(name);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, text).unwrap();
        return;
    }
    let known = std::fs::read_to_string(&path).unwrap_or_default();
    let differing = text
        .lines()
        .zip(known.lines())
        .find(|(new, old)| new != old);
    assert!(
        text == known,
        "tests/http/{name} differs; UPDATE=1 rewrites it. First difference: {differing:?}, {} lines against {}",
        text.lines().count(),
        known.lines().count(),
    );
}
