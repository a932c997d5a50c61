//! Packs, ticket types and fields over the API.

use serde_json::{Value as Json, json};

use crate::app::{ADMIN, AGENT, App, DEFINITIONS, PACK, PORTAL_A};

fn upload(pack: &str, definitions: &str) -> Json {
    json!({"files": {"pack.toml": {"text": pack}, "definitions.toml": {"text": definitions}}})
}

#[tokio::test]
async fn installed_tried_listed_and_removed() {
    let app = App::new();
    let pack = PACK.replace("repair", "garage");
    let definitions = DEFINITIONS
        .replace("repair", "garage")
        .replace("\"fault\"", "\"knock\"");
    let body = upload(&pack, &definitions);
    let dry = app
        .post("/v1/packs?dry_run=true", ADMIN, body.clone())
        .await
        .is(200)
        .json();
    let changes = dry["changes"].as_array().unwrap();
    assert!(
        changes
            .iter()
            .any(|c| c.as_str().unwrap().contains("garage/knock")),
        "{dry}"
    );
    app.get("/v1/packs/garage", ADMIN)
        .await
        .fails_with(404, "not_found");
    let installed = app.post("/v1/packs", ADMIN, body).await.is(201).json();
    assert_eq!(
        (&installed["name"], &installed["version"]),
        (&json!("garage"), &json!("1.0.0"))
    );
    assert_eq!(installed["types"], json!(["garage/knock"]));
    let read = app.get("/v1/packs/garage", AGENT).await.is(200).json();
    assert_eq!(read, installed);
    let listed = app.get("/v1/packs", AGENT).await.json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 2);
    app.post(
        "/v1/tickets",
        AGENT,
        json!({"type": "knock", "title": "Noise"}),
    )
    .await
    .is(201);
    app.get("/v1/packs", PORTAL_A)
        .await
        .fails_with(403, "forbidden");
    app.call("DELETE", "/v1/packs/nobody", ADMIN, &[], json!(null))
        .await
        .is(404);
}

#[tokio::test]
async fn a_broken_pack_is_refused_with_file_and_line() {
    let app = App::new();
    let definitions = DEFINITIONS.replace("workflow = \"repair\"", "workflow = \"repiar\"");
    let answer = app
        .post("/v1/packs", ADMIN, upload(PACK, &definitions))
        .await
        .is(422);
    let text = answer.text();
    assert!(
        text.contains("definitions.toml:5") && text.contains("did you mean `repair`"),
        "{text}"
    );
    let wrong = json!({"files": {"pack.toml": {"base64": "###="}}});
    app.post("/v1/packs", ADMIN, wrong)
        .await
        .fails_with(422, "invalid");
    let hostile =
        json!({"files": {"pack.toml": {"text": PACK}, "../../etc/passwd": {"text": "x"}}});
    app.post("/v1/packs", ADMIN, hostile).await.is(422);
    app.post("/v1/packs", ADMIN, json!({"files": {}}))
        .await
        .is(422);
    // What runs is what ran before.
    app.ticket().await;
}

#[tokio::test]
async fn types_are_told_in_the_language_asked_for() {
    let app = App::new();
    let listed = app.get("/v1/ticket-types", PORTAL_A).await.is(200).json();
    let fault = &listed["items"][0];
    assert_eq!(
        (&fault["code"], &fault["name"]),
        (&json!("repair/fault"), &json!("Fault"))
    );
    assert_eq!(
        (&fault["initial"], &fault["active"]),
        (&json!("repair/todo"), &json!(true))
    );
    assert_eq!(fault["statuses"].as_array().unwrap().len(), 4);
    assert_eq!(fault["transitions"][3]["requires"], json!(["solution"]));
    let fields = fault["fields"].as_array().unwrap();
    assert!(
        fields.contains(&json!("repair/severity")) && !fields.contains(&json!("repair/margin"))
    );
    let russian = [("accept-language", "ru")];
    let one = app
        .call(
            "GET",
            "/v1/ticket-types/repair/fault",
            AGENT,
            &russian,
            json!(null),
        )
        .await
        .is(200);
    assert_eq!(one.json()["name"], "Неисправность");
    assert!(
        one.json()["fields"]
            .as_array()
            .unwrap()
            .contains(&json!("repair/margin"))
    );
    app.get("/v1/ticket-types/repair/nothing", AGENT)
        .await
        .fails_with(404, "not_found");
}

#[tokio::test]
async fn a_field_is_added_while_running() {
    let app = App::new();
    let field = json!({"type": "fault", "field": {"code": "room", "value": "text", "names": {"en": "Room"}}});
    app.post("/v1/fields", AGENT, field.clone())
        .await
        .fails_with(403, "forbidden");
    let made = app.post("/v1/fields", ADMIN, field).await.is(201).json();
    assert_eq!(
        (&made["code"], &made["types"]),
        (&json!("local/room"), &json!(["repair/fault"]))
    );
    let body = json!({"type": "fault", "title": "x", "fields": {"local/room": "214"}});
    let ticket = app.post("/v1/tickets", AGENT, body).await.is(201).json();
    assert_eq!(ticket["fields"]["local/room"], "214");
    let listed = app
        .get("/v1/fields?kind=ticket&type=fault", AGENT)
        .await
        .is(200)
        .json();
    let codes: Vec<&str> = listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| f["code"].as_str().unwrap())
        .collect();
    for code in ["title", "status", "repair/severity", "local/room"] {
        assert!(codes.contains(&code), "{code}: {codes:?}");
    }
    app.get("/v1/fields?kind=tikcet", AGENT)
        .await
        .fails_with(422, "invalid");
    app.get("/v1/fields?type=nothing", AGENT)
        .await
        .fails_with(422, "invalid");
    let broken = json!({"field": {"code": "x", "value": "colour"}});
    app.post("/v1/fields", ADMIN, broken)
        .await
        .fails_with(422, "invalid");
}
