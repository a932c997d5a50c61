//! A ticket's life over HTTP.

use serde_json::json;

use crate::app::{ADMIN, AGENT, App};

#[tokio::test]
async fn created_read_changed_moved_assigned_and_deleted() {
    let app = App::new();
    let created = app
        .post(
            "/v1/tickets",
            AGENT,
            json!({"type": "fault", "title": "Broken", "fields": {"severity": "major"}}),
        )
        .await
        .is(201);
    let id = created.id();
    let body = created.json();
    assert_eq!(created.header("location"), format!("/v1/tickets/{id}"));
    assert_eq!(body["kind"], "ticket");
    assert_eq!(body["number"], 1);
    assert_eq!(body["type"], "repair/fault");
    assert_eq!(body["status"], "repair/todo");
    assert_eq!(
        body["status_info"],
        json!({"code": "repair/todo", "category": "new", "name": "To do"})
    );
    assert_eq!(body["fields"]["repair/severity"], "major");
    assert_eq!(body["created_at"], "2026-03-02T09:00:00Z");
    assert!(body["assignee"].is_null() && body.get("assignee").is_some());
    let version = body["version"].as_u64().unwrap();
    assert_eq!(created.header("etag"), format!("\"{version}\""));
    assert_eq!(created.header("opora-position"), version.to_string());

    let path = format!("/v1/tickets/{id}");
    let read = app.get(&path, AGENT).await.is(200);
    assert_eq!(read.json(), body);
    let russian = [("accept-language", "ru-RU, en;q=0.5")];
    let read = app.call("GET", &path, AGENT, &russian, json!(null)).await;
    assert_eq!(read.json()["status_info"]["name"], "К выполнению");

    let changed = app
        .patch(
            &path,
            AGENT,
            json!({"title": "Very broken", "fields": {"repair/severity": "minor"}}),
        )
        .await
        .is(200)
        .json();
    assert_eq!(changed["title"], "Very broken");
    assert_eq!(changed["fields"]["repair/severity"], "minor");
    assert!(version < changed["version"].as_u64().unwrap());

    let moved = app
        .post(&format!("{path}/transition"), AGENT, json!({"to": "bench"}))
        .await
        .is(200)
        .json();
    assert_eq!(moved["status"], "repair/bench");
    let assigned = app
        .post(&format!("{path}/assign"), AGENT, json!({"agent": "irina"}))
        .await
        .is(200)
        .json();
    assert_eq!(assigned["assignee"], app.agent.to_string());
    app.post(&format!("{path}/transition"), AGENT, json!({"to": "done"}))
        .await
        .fails_with(409, "fields_required");
    let done = json!({"to": "done", "fields": {"solution": "put out"}});
    let done = app
        .post(&format!("{path}/transition"), AGENT, done)
        .await
        .is(200)
        .json();
    assert_eq!(done["status_info"]["category"], "done");
    assert_eq!(done["solution"], "put out");

    app.call("DELETE", &path, AGENT, &[], json!(null))
        .await
        .fails_with(403, "forbidden");
    let gone = app
        .call("DELETE", &path, ADMIN, &[], json!(null))
        .await
        .is(204);
    assert!(gone.bytes.is_empty() && !gone.header("opora-position").is_empty());
    app.get(&path, ADMIN).await.fails_with(404, "not_found");
}

#[tokio::test]
async fn a_stale_version_is_refused_and_a_known_one_not_sent_again() {
    let app = App::new();
    let path = format!("/v1/tickets/{}", app.ticket().await);
    let first = app.get(&path, AGENT).await.header("etag").to_owned();
    let not_modified = app
        .call(
            "GET",
            &path,
            AGENT,
            &[("if-none-match", &first)],
            json!(null),
        )
        .await
        .is(304);
    assert!(not_modified.bytes.is_empty());
    let write = |etag: String, title: &'static str| {
        let app = &app;
        let path = path.clone();
        async move {
            let headers = [("if-match", etag.as_str())];
            app.call("PATCH", &path, AGENT, &headers, json!({"title": title}))
                .await
        }
    };
    let second = write(first.clone(), "one")
        .await
        .is(200)
        .header("etag")
        .to_owned();
    assert_ne!(first, second);
    write(first.clone(), "two")
        .await
        .fails_with(412, "stale_version");
    write("*".to_owned(), "three").await.is(200);
    write("\"x\"".to_owned(), "four")
        .await
        .fails_with(422, "invalid");
    let changed = app
        .call(
            "GET",
            &path,
            AGENT,
            &[("if-none-match", &first)],
            json!(null),
        )
        .await
        .is(200);
    assert_eq!(changed.json()["title"], "three");
    let headers = [("if-match", first.as_str())];
    app.call("DELETE", &path, ADMIN, &headers, json!(null))
        .await
        .fails_with(412, "stale_version");
}

#[tokio::test]
async fn the_same_key_has_one_effect_and_one_answer() {
    let app = App::new();
    let key = [("idempotency-key", "k-1")];
    let body = json!({"type": "fault", "title": "Once"});
    let first = app
        .call("POST", "/v1/tickets", AGENT, &key, body.clone())
        .await
        .is(201);
    let again = app
        .call("POST", "/v1/tickets", AGENT, &key, body.clone())
        .await
        .is(201);
    assert_eq!(first.json(), again.json());
    assert_eq!(first.header("idempotent-replayed"), "");
    assert_eq!(again.header("idempotent-replayed"), "true");
    let other = json!({"type": "fault", "title": "Twice"});
    app.call("POST", "/v1/tickets", AGENT, &key, other)
        .await
        .fails_with(422, "idempotency_key_reused");
    // Another asker's key is another key.
    app.call("POST", "/v1/tickets", ADMIN, &key, body)
        .await
        .is(201);
    let all = app.get("/v1/tickets", AGENT).await.json();
    assert_eq!(all["items"].as_array().unwrap().len(), 2);
    let path = format!("/v1/tickets/{}", first.id());
    let key = [("idempotency-key", "k-2")];
    for _ in 0..2 {
        app.call("DELETE", &path, ADMIN, &key, json!(null))
            .await
            .is(204);
    }
    // The kept answer to the creation outlives its ticket.
    let key = [("idempotency-key", "k-1")];
    let body = json!({"type": "fault", "title": "Once"});
    let again = app
        .call("POST", "/v1/tickets", AGENT, &key, body)
        .await
        .is(201);
    assert_eq!(again.id(), first.id());
}

#[tokio::test]
async fn the_form_tells_what_may_be_filled_and_done() {
    let app = App::new();
    let path = format!("/v1/tickets/{}", app.ticket().await);
    app.post(&format!("{path}/transition"), AGENT, json!({"to": "bench"}))
        .await
        .is(200);
    let form = app.get(&format!("{path}/form"), AGENT).await.is(200).json();
    let field = |code: &str| {
        let fields = form["fields"].as_array().unwrap();
        fields.iter().find(|f| f["code"] == code).unwrap().clone()
    };
    assert_eq!(field("title")["required"], true);
    assert_eq!(field("number")["readonly"], true);
    assert_eq!(field("repair/severity")["options"][1]["code"], "major");
    assert_eq!(field("repair/severity")["value"], "minor");
    let action = |code: &str| {
        let actions = form["actions"].as_array().unwrap();
        actions
            .iter()
            .find(|a| a["to"]["code"] == code)
            .unwrap()
            .clone()
    };
    assert_eq!(action("repair/parts")["open"], true);
    let done = action("repair/done");
    assert_eq!(done["open"], false);
    assert_eq!(done["why_not"][0]["field"], "solution");
    assert_eq!(done["requires"], json!(["solution"]));
}

#[tokio::test]
async fn the_history_tells_who_changed_what() {
    let app = App::new();
    let path = format!("/v1/tickets/{}", app.ticket().await);
    let headers = [("x-request-id", "req-42")];
    let body = json!({"title": "Out"});
    let changed = app
        .call("PATCH", &path, AGENT, &headers, body)
        .await
        .is(200);
    assert_eq!(changed.header("x-request-id"), "req-42");
    let first = app
        .get(&format!("{path}/history?limit=1"), AGENT)
        .await
        .is(200)
        .json();
    assert_eq!(first["items"][0]["command"], "create");
    let cursor = first["next"].as_str().unwrap();
    let second = app
        .get(&format!("{path}/history?limit=9&cursor={cursor}"), AGENT)
        .await
        .json();
    let item = &second["items"][0];
    assert_eq!(item["command"], "update");
    assert_eq!(item["request_id"], "req-42");
    assert_eq!(item["actor"], format!("agent:{}", app.agent));
    let change = item["changes"].as_array().unwrap();
    let title = change.iter().find(|c| c["field"] == "title").unwrap();
    assert_eq!(title["old"], "Printer is on fire");
    assert_eq!(
        (&title["new"], &title["by"]),
        (&json!("Out"), &json!("asked"))
    );
    assert!(second["next"].is_null());
}

#[tokio::test]
async fn the_clocks_of_a_ticket_are_told() {
    let app = App::new();
    let calendar = json!({"title": "Always", "code": "always", "definition": {
        "code": "always", "names": {}, "time_zone": "UTC", "exceptions": {}, "version": 1,
        "weekly": [{"weekday": "Mon", "from": 0, "to": 1440}],
    }});
    app.post("/v1/calendars", ADMIN, calendar).await.is(201);
    let level = json!({"title": "Gold", "code": "gold", "definition": {
        "code": "gold", "names": {}, "calendar": "always", "order": 1,
        "targets": [{"clock": "resolution", "duration_secs": 3600, "warn_before_secs": []}],
    }});
    let level = app
        .post("/v1/support-levels", ADMIN, level)
        .await
        .is(201)
        .id();
    let body = json!({"type": "fault", "title": "Slow", "support_level": level});
    let ticket = app.post("/v1/tickets", AGENT, body).await.is(201);
    assert_eq!(ticket.json()["resolution_due_at"], "2026-03-02T10:00:00Z");
    let clocks = app
        .get(&format!("/v1/tickets/{}/clocks", ticket.id()), AGENT)
        .await
        .is(200)
        .json();
    let clock = &clocks["items"][0];
    assert_eq!(
        (&clock["clock"], &clock["state"]),
        (&json!("resolution"), &json!("running"))
    );
    assert_eq!(
        (&clock["level"], &clock["target_seconds"]),
        (&json!("gold"), &json!(3600))
    );
    assert_eq!(clock["due_at"], "2026-03-02T10:00:00Z");
    assert_eq!(clock["segments"][0]["counted"], true);
}

/// Labels: `Accept-Language`, else the asker's own language, else the desk's.
#[tokio::test]
async fn labels_come_in_the_language_of_whoever_asks() {
    let app = App::new();
    let path = format!("/v1/tickets/{}", app.ticket().await);
    let status = async |secret: &str, headers: &[(&str, &str)]| {
        let read = app.call("GET", &path, secret, headers, json!(null)).await;
        read.is(200).json()["status_info"]["name"].clone()
    };
    let english = [("accept-language", "en")];
    assert_eq!(status(AGENT, &[]).await, "To do");
    let settings = json!({"language": "ru"});
    app.patch("/v1/settings", ADMIN, settings).await.is(200);
    assert_eq!(status(AGENT, &[]).await, "К выполнению");
    assert_eq!(status(AGENT, &english).await, "To do");
    let agent = format!("/v1/agents/{}", app.agent);
    let own = json!({"locale": "en"});
    app.patch(&agent, ADMIN, own).await.is(200);
    assert_eq!(status(AGENT, &[]).await, "To do");
    assert_eq!(status(ADMIN, &[]).await, "К выполнению");
}
