//! The stream of events.

use std::time::Duration;

use http_body_util::BodyExt;
use opora::api::ApiOptions;
use serde_json::{Value as Json, json};
use tower::ServiceExt;

use crate::app::{ADMIN, AGENT, App, PORTAL_A, PORTAL_B, request};

/// An open stream.
pub struct Stream {
    body: axum::body::Body,
    text: String,
    /// What the last event was to the reader.
    pub event: String,
}

impl Stream {
    pub async fn open(app: &App, secret: &str, query: &str, headers: &[(&str, &str)]) -> Self {
        let asked = request(
            "GET",
            &format!("/v1/events{query}"),
            secret,
            headers,
            Json::Null,
        );
        Self::of(app.router.clone(), asked).await
    }

    /// What a router answers to a request for events.
    pub async fn of(router: axum::Router, asked: axum::http::Request<axum::body::Body>) -> Self {
        let response = router.oneshot(asked).await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self {
            body: response.into_body(),
            text: String::new(),
            event: String::new(),
        }
    }

    /// The next event's id and data; none when nothing comes.
    pub async fn next(&mut self) -> Option<(u64, Json)> {
        loop {
            while let Some((block, rest)) = self.text.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.text = rest;
                let line = |name: &str| block.lines().find_map(|l| l.strip_prefix(name));
                if let Some(data) = line("data: ") {
                    let event = line("event: ").unwrap();
                    assert!(["change", "intake"].contains(&event), "{event}");
                    self.event = event.to_owned();
                    let id = line("id: ").unwrap().parse().unwrap();
                    return Some((id, serde_json::from_str(data).unwrap()));
                }
            }
            let frame = tokio::time::timeout(Duration::from_millis(1_500), self.body.frame());
            let bytes = frame.await.ok()??.ok()?.into_data().ok()?;
            self.text.push_str(&String::from_utf8_lossy(&bytes));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_arrive_and_a_cut_reader_resumes() {
    let app = App::new();
    let mut stream = Stream::open(&app, AGENT, "", &[]).await;
    let id = app.ticket().await;
    let path = format!("/v1/tickets/{id}");
    app.tick();
    app.patch(&path, AGENT, json!({"title": "Out"}))
        .await
        .is(200);
    app.post(&format!("{path}/comments"), AGENT, json!({"text": "x"}))
        .await
        .is(201);
    let (first, created) = stream.next().await.unwrap();
    assert_eq!(created["command"], "create");
    assert_eq!(
        (&created["records"][0]["kind"], &created["records"][0]["id"]),
        (&json!("ticket"), &json!(id))
    );
    assert_eq!(created["records"][0]["link"], path);
    let (second, updated) = stream.next().await.unwrap();
    assert!(first < second);
    let fields = updated["records"][0]["fields"].as_array().unwrap();
    assert!(fields.contains(&json!("title")) && fields.contains(&json!("updated_at")));
    let (third, commented) = stream.next().await.unwrap();
    assert_eq!(commented["entries"][0]["id"], id);
    // What was seen is not sent again, what was missed is.
    let last = second.to_string();
    let mut resumed = Stream::open(&app, AGENT, "", &[("last-event-id", &last)]).await;
    assert_eq!(resumed.next().await.unwrap().0, third);
    let mut from = Stream::open(&app, AGENT, &format!("?after={first}"), &[]).await;
    assert_eq!(from.next().await.unwrap().0, second);
    let mut others = Stream::open(&app, AGENT, &format!("?after={first}&kind=article"), &[]).await;
    assert!(others.next().await.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_hears_of_its_own_tickets_only() {
    let app = App::new();
    let mut own = Stream::open(&app, PORTAL_A, "", &[]).await;
    let mut foreign = Stream::open(&app, PORTAL_B, "", &[]).await;
    let id = app.ticket().await;
    let path = format!("/v1/tickets/{id}");
    let hidden = json!({"text": "Their fault"});
    app.post(&format!("{path}/comments"), AGENT, hidden)
        .await
        .is(201);
    app.patch(&path, AGENT, json!({"fields": {"margin": 12}}))
        .await
        .is(200);
    let (_, created) = own.next().await.unwrap();
    assert_eq!(created["records"][0]["id"], id);
    // That staff did something unseen, when and who, is not told either.
    assert!(own.next().await.is_none());
    app.patch(&path, AGENT, json!({"title": "Out"}))
        .await
        .is(200);
    let (_, event) = own.next().await.unwrap();
    let told = event["records"][0]["fields"].to_string();
    assert!(
        told.contains("title") && !told.contains("margin"),
        "{event}"
    );
    assert!(foreign.next().await.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_token_and_a_stopping_server_end_the_stream() {
    let options = ApiOptions {
        streams_at_once: 2,
        heartbeat: Duration::from_millis(50),
        ..ApiOptions::default()
    };
    let app = App::with(options);
    let made = app
        .post("/v1/tokens", ADMIN, json!({"role": "agent"}))
        .await
        .is(201)
        .json();
    let mut revoked = Stream::open(&app, made["token"].as_str().unwrap(), "", &[]).await;
    let mut stopped = Stream::open(&app, AGENT, "", &[]).await;
    app.get("/v1/events", AGENT)
        .await
        .fails_with(503, "too_many_streams");
    let path = format!("/v1/tokens/{}", made["id"].as_str().unwrap());
    app.call("DELETE", &path, ADMIN, &[], json!(null))
        .await
        .is(204);
    let ended = async {
        while let Some(frame) = revoked.body.frame().await {
            let text = String::from_utf8(frame.unwrap().into_data().unwrap().to_vec()).unwrap();
            assert!(!text.contains("data:"), "{text}");
        }
    };
    tokio::time::timeout(Duration::from_secs(5), ended)
        .await
        .unwrap();
    app.api.drain();
    let ended = async { while stopped.body.frame().await.is_some() {} };
    tokio::time::timeout(Duration::from_secs(5), ended)
        .await
        .unwrap();
    app.get("/v1/events?after=x", AGENT)
        .await
        .fails_with(422, "invalid");
    app.call(
        "GET",
        "/v1/events",
        AGENT,
        &[("last-event-id", "x")],
        json!(null),
    )
    .await
    .fails_with(422, "invalid");
}
