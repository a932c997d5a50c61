//! The OpenAPI document is what the router does.

use std::collections::BTreeSet;

use opora::api::{method_name, openapi, routes};
use serde_json::Value as Json;

use crate::app::{AGENT, App};
use crate::walk::compare;

#[test]
fn the_document_is_the_one_that_was_reviewed() {
    compare("openapi.json", &(openapi() + "\n"));
}

#[test]
fn every_route_is_documented_and_every_reference_leads_somewhere() {
    let document: Json = serde_json::from_str(&openapi()).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    let mut ids = BTreeSet::new();
    for op in routes() {
        let operation = &document["paths"][&op.path][method_name(&op.method).to_lowercase()];
        assert_eq!(operation["operationId"], op.id.as_str(), "{}", op.path);
        assert!(
            operation["summary"]
                .as_str()
                .is_some_and(|s| s.ends_with(['.', '`'])),
            "{}",
            op.path
        );
        assert!(operation["responses"]["default"].is_object());
        assert!(ids.insert(op.id.clone()), "{} stands twice", op.id);
        let declared = operation["parameters"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        for part in op.path.split('/').filter_map(|p| p.strip_prefix('{')) {
            let name = part.trim_end_matches('}');
            assert!(
                declared
                    .iter()
                    .any(|p| p["name"] == name && p["in"] == "path"),
                "{}",
                op.path
            );
        }
        // A form of a page sends no key, a clock that was moved is told where to go, not how far, and
        // tools of agent programs only read.
        let is_keyless = ["/r/{token}", "/v1/clock", "/mcp"].contains(&op.path.as_str());
        if method_name(&op.method) != "GET" {
            assert_ne!(
                declared.iter().any(|p| p["name"] == "Idempotency-Key"),
                is_keyless,
                "{}",
                op.path
            );
        }
    }
    let mut open = vec![&document];
    while let Some(value) = open.pop() {
        match value {
            Json::Object(members) => {
                if let Some(reference) = members.get("$ref").and_then(Json::as_str) {
                    let pointer = reference.trim_start_matches('#');
                    assert!(document.pointer(pointer).is_some(), "{reference}");
                }
                open.extend(members.values());
            }
            Json::Array(items) => open.extend(items),
            _ => {}
        }
    }
}

/// What a ticket shows is what its schema names.
#[tokio::test]
async fn a_ticket_is_as_documented() {
    let app = App::new();
    let document: Json = serde_json::from_str(&openapi()).unwrap();
    let known = document["components"]["schemas"]["Ticket"]["properties"]
        .as_object()
        .unwrap();
    let id = app.ticket().await;
    let ticket = app
        .get(&format!("/v1/tickets/{id}"), AGENT)
        .await
        .is(200)
        .json();
    let ticket = ticket.as_object().unwrap();
    for name in ticket.keys() {
        assert!(known.contains_key(name), "`{name}` is not documented");
    }
    for name in known.keys() {
        assert!(
            ticket.contains_key(name),
            "`{name}` is documented and not shown"
        );
    }
}
