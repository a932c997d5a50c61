//! What is wrong with a request is told as a problem, and nothing breaks the server.

use axum::body::Body;
use axum::http::Request;
use opora::api::ApiOptions;
use serde_json::json;

use crate::app::{ADMIN, AGENT, App};

fn raw(method: &str, path: &str, content_type: Option<&str>, body: Vec<u8>) -> Request<Body> {
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header("authorization", format!("Bearer {AGENT}"));
    if let Some(content_type) = content_type {
        request = request.header("content-type", content_type);
    }
    request.body(Body::from(body)).unwrap()
}

#[tokio::test]
async fn malformed_json_is_told_with_line_and_column() {
    let app = App::new();
    let json_type = Some("application/json; charset=utf-8");
    let body = b"{\n  \"title\": \"x\",\n  oops\n}".to_vec();
    let answer = app.send(raw("POST", "/v1/tickets", json_type, body)).await;
    let body = answer.fails_with(400, "malformed_json").json();
    assert_eq!((&body["line"], &body["column"]), (&json!(3), &json!(3)));
    for body in ["", "{", "[1,", "\"\\ud800\"", "nul"] {
        let answer = app
            .send(raw("POST", "/v1/tickets", json_type, body.into()))
            .await;
        answer.fails_with(400, "malformed_json");
    }
    let answer = app
        .send(raw(
            "POST",
            "/v1/tickets",
            json_type,
            vec![b'"', 0xff, b'"'],
        ))
        .await;
    assert!(answer.status.is_client_error());
    let deep = "[".repeat(100_000);
    let answer = app
        .send(raw("POST", "/v1/tickets", json_type, deep.into()))
        .await;
    answer.fails_with(400, "malformed_json");
    // JSON of another shape is well-formed: its content is wrong.
    let answer = app
        .send(raw("POST", "/v1/tickets", json_type, b"[]".to_vec()))
        .await;
    answer.fails_with(422, "invalid");
}

#[tokio::test]
async fn other_media_types_and_too_large_bodies_are_refused() {
    let app = App::new();
    for media in [
        None,
        Some("text/plain"),
        Some("application/x-www-form-urlencoded"),
        Some("json"),
    ] {
        let answer = app
            .send(raw("POST", "/v1/tickets", media, b"{}".to_vec()))
            .await;
        answer.fails_with(415, "unsupported_media_type");
    }
    let json_type = Some("application/json");
    let large = vec![b' '; 1024 * 1024 + 1];
    let answer = app
        .send(raw("POST", "/v1/tickets", json_type, large.clone()))
        .await;
    answer.fails_with(413, "body_too_large");
    // Without an announced length, too.
    let chunks: Vec<Result<Vec<u8>, std::io::Error>> =
        large.chunks(4096).map(|c| Ok(c.to_vec())).collect();
    let body = Body::from_stream(tokio_stream::iter(chunks));
    let mut request = raw("POST", "/v1/tickets", json_type, Vec::new());
    *request.body_mut() = body;
    app.send(request).await.fails_with(413, "body_too_large");
    let ticket = app.ticket().await;
    let path = format!("/v1/tickets/{ticket}/attachments?name=a");
    let answer = app
        .send(raw("POST", &path, None, vec![0; 16 * 1024 * 1024 + 1]))
        .await;
    answer.fails_with(413, "body_too_large");
}

#[tokio::test]
async fn unknown_routes_and_methods() {
    let app = App::new();
    for path in [
        "/",
        "/v1",
        "/v2/tickets",
        "/v1/tickets/",
        "/v1/ticket",
        "/v1//tickets",
    ] {
        app.get(path, AGENT).await.fails_with(404, "no_such_route");
    }
    let answer = app.call("PUT", "/v1/tickets", AGENT, &[], json!({})).await;
    let answer = answer.fails_with(405, "method_not_allowed");
    let mut allowed: Vec<&str> = answer.header("allow").split(',').collect();
    allowed.sort_unstable();
    assert_eq!(allowed, ["GET", "HEAD", "POST"]);
}

#[tokio::test]
async fn unknown_fields_and_values_are_told_together() {
    let app = App::new();
    let body = json!({"type": "fault", "title": "", "titel": "x", "priority": "hihg", "fields": {"severity": "x"}});
    let answer = app
        .post("/v1/tickets", AGENT, body)
        .await
        .fails_with(422, "invalid");
    let body = answer.json();
    let fields: Vec<&str> = body["errors"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|e| e["field"].as_str())
        .collect();
    assert!(fields.contains(&"titel"), "{body}");
    assert!(fields.contains(&"priority"), "{body}");
    let twice = json!({"type": "fault", "title": "x", "repair/severity": "minor", "fields": {"repair/severity": "minor"}});
    app.post("/v1/tickets", AGENT, twice)
        .await
        .fails_with(422, "invalid");
    app.post("/v1/tickets", AGENT, json!({"fields": 1}))
        .await
        .fails_with(422, "invalid");
}

#[tokio::test]
async fn nobody_without_a_known_token() {
    let app = App::new();
    for value in [
        "",
        "Bearer",
        "Bearer ",
        "Basic YTpi",
        "Bearer nobody",
        "bearer",
    ] {
        let mut request = Request::builder().uri("/v1/tickets");
        if !value.is_empty() {
            request = request.header("authorization", value);
        }
        let answer = app.send(request.body(Body::empty()).unwrap()).await;
        let answer = answer.fails_with(401, "unauthorized");
        assert_eq!(answer.header("www-authenticate"), "Bearer");
    }
    let long = "x".repeat(5_000);
    app.get("/v1/tickets", &long)
        .await
        .fails_with(401, "unauthorized");
    // The refusal comes before anybody looks at the body.
    app.post("/v1/tickets", "nobody", json!([]))
        .await
        .fails_with(401, "unauthorized");
}

#[tokio::test]
async fn hostile_headers_and_queries() {
    let app = App::new();
    let long = "k".repeat(129);
    let headers = [("idempotency-key", long.as_str())];
    let body = json!({"type": "fault", "title": "x"});
    app.call("POST", "/v1/tickets", AGENT, &headers, body)
        .await
        .fails_with(422, "invalid");
    app.get("/v1/tickets?limit=0", AGENT)
        .await
        .fails_with(422, "invalid");
    app.get("/v1/tickets?limit=201", AGENT)
        .await
        .fails_with(422, "invalid");
    app.get("/v1/tickets?limit=1&limit=2", AGENT)
        .await
        .fails_with(422, "invalid");
    app.get("/v1/tickets?cursor=zz", AGENT)
        .await
        .fails_with(422, "bad_cursor");
    for list in ["outbox", "tokens"] {
        app.get(&format!("/v1/{list}?cursor=abcd"), ADMIN)
            .await
            .fails_with(422, "bad_cursor");
    }
    app.get("/v1/me?x=1", AGENT)
        .await
        .fails_with(422, "invalid");
    app.get("/v1/tickets?at_least=-1", AGENT)
        .await
        .fails_with(422, "invalid");
    app.get("/v1/tickets?%ff=1", AGENT).await.is(422);
    let many = "a=1&".repeat(65);
    app.get(&format!("/v1/tickets?{many}"), AGENT)
        .await
        .fails_with(400, "malformed_query");
    let ticket = app.ticket().await;
    app.get(&format!("/v1/tickets/{ticket}?x=1"), AGENT)
        .await
        .fails_with(422, "invalid");
    // An unfit request id is replaced, not repeated.
    let headers = [("x-request-id", "a b\"c")];
    let answer = app
        .call("GET", "/healthz", "", &headers, json!(null))
        .await
        .is(200);
    assert_eq!(answer.header("x-request-id").len(), 24);
}

#[tokio::test]
async fn when_all_turns_are_taken_the_answer_is_try_again() {
    let options = ApiOptions {
        calls_at_once: 0,
        turn_timeout: std::time::Duration::from_millis(10),
        ..ApiOptions::default()
    };
    let app = App::with(options);
    let answer = app
        .get("/v1/tickets", ADMIN)
        .await
        .fails_with(503, "overloaded");
    assert_eq!(answer.header("retry-after"), "1");
    app.get("/healthz", "").await.is(200);
    app.get("/readyz", "").await.fails_with(503, "not_ready");
}

#[tokio::test]
async fn a_closed_desk_and_a_stopping_server_say_so() {
    let app = App::new();
    app.get("/readyz", "").await.is(200);
    app.api.drain();
    app.get("/readyz", "").await.fails_with(503, "closing");
    app.get("/v1/events", ADMIN)
        .await
        .fails_with(503, "closing");
    app.desk.close().unwrap();
    app.get("/v1/tickets", ADMIN)
        .await
        .fails_with(503, "closing");
    app.get("/healthz", "").await.is(200);
}

#[tokio::test]
async fn a_definition_of_another_shape_is_told_in_words_of_the_desk() {
    let app = App::new();
    let told = |definition| {
        let body = json!({"title": "Always", "code": "always", "definition": definition});
        let app = &app;
        async move {
            let answer = app.post("/v1/calendars", ADMIN, body).await;
            let body = answer.fails_with(422, "invalid").json();
            assert_eq!(body["errors"][0]["field"], "definition", "{body}");
            body["errors"][0]["detail"].as_str().unwrap().to_owned()
        }
    };
    let whole = told(json!(7)).await;
    assert_eq!(
        whole,
        "cannot be read: invalid type: integer `7`, expected a calendar: an object with `code`, \
         `time_zone` and `weekly`"
    );
    let week = json!({"code": "always", "time_zone": "UTC", "weekly": ["Mon"]});
    let week = told(week).await;
    assert!(week.contains("an interval of the week"), "{week}");
}
