//! Fields that administrators add while the desk works.

use serde_json::{Value as Json, json};

use crate::app::{ADMIN, AGENT};
use crate::scripts::{each, with};

// rows: S1.21, S1.22, S1.23, S1.24
#[tokio::test]
async fn a_field_that_is_added_belongs_to_its_type_and_takes_what_its_type_says() {
    let app = with("support-1c");
    let field = |code: &str, value: &str| {
        json!({"type": "support-1c/error",
            "field": {"code": code, "value": value, "names": {"ru": "Версия", "en": "Version"}}})
    };
    let version = field("build", "any");
    app.post("/v1/fields", AGENT, version.clone())
        .await
        .fails_with(403, "forbidden");
    let made = app.post("/v1/fields", ADMIN, version).await.is(201).json();
    assert_eq!(made["types"], json!(["support-1c/error"]), "{made}");
    app.post("/v1/fields", ADMIN, field("room", "int"))
        .await
        .is(201);
    // The code and the type of value are asked for, and the type of ticket must be one.
    for broken in [
        json!({"type": "support-1c/error", "field": {"value": "text"}}),
        json!({"type": "support-1c/error", "field": {"code": "shelf"}}),
        json!({"type": "support-1c/nothing", "field": {"code": "shelf", "value": "text"}}),
    ] {
        app.post("/v1/fields", ADMIN, broken)
            .await
            .fails_with(422, "invalid");
    }
    let ticket = |kind: &str, fields: Json| json!({"type": kind, "title": "x", "description": "y", "fields": fields});
    let body = ticket("support-1c/error", json!({"local/build": "3.1"}));
    let error = app.post("/v1/tickets", AGENT, body).await.is(201).id();
    let path = format!("/v1/tickets/{error}");
    // Any type of value, each as it was written; another field takes its own type only.
    for value in [
        json!("E-1045"),
        json!(809),
        json!(true),
        json!("2026-03-02"),
    ] {
        let write = json!({"fields": {"local/build": value}});
        app.patch(&path, AGENT, write).await.is(200);
        let read = app.get(&path, AGENT).await.is(200).json();
        assert_eq!(read["fields"]["local/build"], value);
    }
    let wrong = json!({"fields": {"local/room": "two"}});
    app.patch(&path, AGENT, wrong)
        .await
        .fails_with(422, "invalid");
    // A wish has no such field.
    let wish = ticket("support-1c/wish", json!({"local/build": "3.1"}));
    let refused = app.post("/v1/tickets", AGENT, wish).await;
    let refused = refused.fails_with(422, "invalid").json();
    assert_eq!(refused["errors"][0]["code"], "unknown_field", "{refused}");
    let wish = ticket("support-1c/wish", json!({}));
    let wish = app.post("/v1/tickets", AGENT, wish).await.is(201).json();
    assert!(wish["fields"].get("local/build").is_none(), "{wish}");
    for (kind, has) in [("error", true), ("wish", false)] {
        let path = format!("/v1/fields?kind=ticket&type=support-1c/{kind}");
        let listed = app.get(&path, AGENT).await.is(200).json();
        assert_eq!(each(&listed, "items", "code").contains(&"local/build"), has);
    }
}
