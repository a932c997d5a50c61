//! Many commands in one request.

use serde_json::{Value as Json, json};

use crate::app::{AGENT, App, PORTAL_B};

async fn bulk(app: &App, secret: &str, key: Option<&str>, commands: Json) -> Vec<Json> {
    let headers: Vec<(&str, &str)> = key.map(|k| ("idempotency-key", k)).into_iter().collect();
    let body = json!({"commands": commands});
    let answer = app
        .call("POST", "/v1/bulk", secret, &headers, body)
        .await
        .is(200)
        .json();
    answer["results"].as_array().unwrap().clone()
}

#[tokio::test]
async fn each_command_has_its_own_result_in_its_place() {
    let app = App::new();
    let id = app.ticket().await;
    let version = app.get(&format!("/v1/tickets/{id}"), AGENT).await.json()["version"].clone();
    let results = bulk(&app, AGENT, None, json!([
        {"op": "update", "kind": "ticket", "id": id, "fields": {"title": "One"}, "version": version},
        {"op": "create", "kind": "ticket", "fields": {"type": "fault", "title": "New"}},
        {"op": "create", "kind": "ticket", "fields": {"title": "Without type"}},
        {"op": "update", "kind": "ticket", "id": id, "fields": {"title": "Two"}, "version": version},
        {"op": "transition", "kind": "ticket", "id": id, "to": "bench"},
        {"op": "assign", "kind": "ticket", "id": id, "agent": "irina"},
        {"op": "comment", "kind": "ticket", "id": id, "text": "Seen", "internal": true},
        {"op": "message", "kind": "ticket", "id": id, "channel": "mail", "text": "Help"},
        {"op": "delete", "kind": "ticket", "id": id},
        {"op": "update", "kind": "tikcet", "id": id},
        {"op": "update", "kind": "ticket", "id": "x"},
        {"op": "update", "kind": "ticket"},
    ])).await;
    let statuses: Vec<u64> = results
        .iter()
        .map(|r| r["status"].as_u64().unwrap())
        .collect();
    assert_eq!(
        statuses,
        [200, 201, 422, 412, 200, 200, 201, 201, 403, 422, 422, 422]
    );
    for (place, result) in results.iter().enumerate() {
        assert_eq!(result["index"], place);
        assert_eq!(
            result["problem"].is_null(),
            result["status"].as_u64().unwrap() < 400
        );
    }
    assert_eq!(results[3]["problem"]["code"], "stale_version");
    assert!(results[6]["entry"].is_string());
    let ticket = app.get(&format!("/v1/tickets/{id}"), AGENT).await.json();
    assert_eq!(
        (&ticket["title"], &ticket["status"]),
        (&json!("One"), &json!("repair/bench"))
    );
    assert_eq!(ticket["assignee"], app.agent.to_string());
}

#[tokio::test]
async fn a_repeated_request_has_no_second_effect() {
    let app = App::new();
    let commands: Vec<Json> = (0..40)
        .map(|n| json!({"op": "create", "kind": "ticket", "fields": {"type": "fault", "title": format!("t{n}")}}))
        .collect();
    let first = bulk(&app, AGENT, Some("b-1"), json!(commands)).await;
    let again = bulk(&app, AGENT, Some("b-1"), json!(commands)).await;
    assert_eq!(first, again);
    let listed = app.get("/v1/tickets?limit=200", AGENT).await.json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 40);
}

#[tokio::test]
async fn rights_hold_for_every_command() {
    let app = App::new();
    let id = app.ticket().await;
    let results = bulk(
        &app,
        PORTAL_B,
        None,
        json!([
            {"op": "update", "kind": "ticket", "id": id, "fields": {"title": "Mine"}},
            {"op": "comment", "kind": "ticket", "id": id, "text": "Mine"},
            {"op": "create", "kind": "account", "fields": {"title": "Mine"}},
        ]),
    )
    .await;
    let statuses: Vec<u64> = results
        .iter()
        .map(|r| r["status"].as_u64().unwrap())
        .collect();
    assert_eq!(statuses, [404, 404, 403]);
    let many: Vec<Json> = (0..1_001)
        .map(|_| json!({"op": "create", "kind": "ticket"}))
        .collect();
    app.post("/v1/bulk", AGENT, json!({"commands": many}))
        .await
        .fails_with(422, "invalid");
    app.post(
        "/v1/bulk",
        AGENT,
        json!({"commands": [{"op": "fly", "kind": "ticket"}]}),
    )
    .await
    .fails_with(422, "invalid");
}
