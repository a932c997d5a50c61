//! What leaves and comes in, over HTTP: messages that are sent, the outbox, mails, webhooks.

use axum::body::Body;
use axum::http::Request;
use opora::delivery::{Courier, Sink, Verdict};
use opora::desk::{Letter, Queue};
use serde_json::{Value as Json, json};

use crate::app::{ADMIN, AGENT, Answer, App, PORTAL_A};

/// A mail server that knows nobody.
struct Nobody;

impl Sink for Nobody {
    fn takes(&self, _: &str) -> bool {
        true
    }

    fn send(&mut self, _: &Letter) -> Verdict {
        Verdict::Never("550 no such user".to_owned())
    }
}

async fn mail(app: &App, secret: &str, media: &str, text: &str) -> Answer {
    let request = Request::post("/v1/mail")
        .header("Authorization", format!("Bearer {secret}"))
        .header("Content-Type", media)
        .body(Body::from(text.replace('\n', "\r\n")))
        .unwrap();
    app.tick();
    app.send(request).await
}

#[tokio::test]
async fn a_message_that_is_sent_tells_how_it_fares() {
    let app = App::new();
    let ticket = app.ticket().await;
    let path = format!("/v1/tickets/{ticket}/messages");
    let body = json!({
        "channel": "mail", "direction": "out", "send": true, "to": "who@x.example", "text": "Done",
    });
    let sent = app.post(&path, AGENT, body.clone()).await.is(201).json();
    assert_eq!(sent["delivery"]["state"], "queued", "{sent}");
    let mut courier = Courier::new(app.desk.clone(), Queue::Mail, Box::new(Nobody), "node");
    courier.round().unwrap();
    let listed = app.get(&path, AGENT).await.is(200).json();
    let fares = &listed["items"][0]["delivery"];
    assert_eq!(
        (&fares["state"], &fares["attempts"]),
        (&json!("failed"), &json!(1))
    );
    assert_eq!(fares["reason"], "550 no such user");
    // Customers see the message and not how it fares.
    let seen = app.get(&path, PORTAL_A).await.is(200).json();
    assert_eq!(seen["items"][0]["text"], "Done");
    assert_eq!(seen["items"][0]["delivery"], Json::Null);
    app.post(&path, PORTAL_A, body)
        .await
        .fails_with(403, "forbidden");
    let history = format!("/v1/tickets/{ticket}/history");
    let history = app.get(&history, AGENT).await.is(200).text();
    assert!(history.contains("delivery_failed:mail:who@x.example:550 no such user"));

    let failed = app
        .get("/v1/outbox?state=failed", ADMIN)
        .await
        .is(200)
        .json();
    assert_eq!(failed["items"][0]["id"], sent["id"], "{failed}");
    let of_it = format!("/v1/outbox?record={ticket}");
    let of_it = app.get(&of_it, ADMIN).await.is(200).json();
    assert_eq!(of_it["items"].as_array().unwrap().len(), 1);
    let one = format!("/v1/outbox/{}", sent["id"].as_str().unwrap());
    let retry = format!("{one}/retry");
    app.post(&retry, AGENT, json!({}))
        .await
        .fails_with(403, "forbidden");
    app.post(&retry, ADMIN, json!({})).await.is(202);
    let again = app.get(&one, ADMIN).await.is(200).json();
    assert_eq!(again["delivery"]["state"], "queued", "{again}");
    app.post(&retry, ADMIN, json!({}))
        .await
        .fails_with(409, "not_undelivered");
    app.get("/v1/outbox?state=lost", ADMIN)
        .await
        .fails_with(422, "invalid");
}

#[tokio::test]
async fn what_did_not_arrive_stands_on_its_ticket_and_in_a_list() {
    let app = App::new();
    let (well, ticket) = (app.ticket().await, app.ticket().await);
    let path = format!("/v1/tickets/{ticket}");
    let read = app.get(&path, AGENT).await.is(200);
    assert_eq!(read.json()["undelivered"], Json::Null);
    let body = json!({
        "channel": "mail", "direction": "out", "send": true, "to": "who@x.example", "text": "Done",
    });
    let messages = format!("{path}/messages");
    let sent = app.post(&messages, AGENT, body).await.is(201).json();
    let etag = app.get(&path, AGENT).await.header("etag").to_owned();
    let known = [("If-None-Match", etag.as_str())];
    app.call("GET", &path, AGENT, &known, Json::Null)
        .await
        .is(304);
    let mut courier = Courier::new(app.desk.clone(), Queue::Mail, Box::new(Nobody), "node");
    courier.round().unwrap();
    // The record is the same, and what became of the message is told all the same.
    let shown = app
        .call("GET", &path, AGENT, &known, Json::Null)
        .await
        .is(200)
        .json();
    let failed = &shown["undelivered"][0];
    assert_eq!(failed["id"], sent["id"], "{shown}");
    assert_eq!(failed["to"], "who@x.example");
    assert_eq!(failed["delivery"]["state"], "failed");
    assert_eq!(failed["delivery"]["reason"], "550 no such user");
    let customer = app.get(&path, PORTAL_A).await.is(200).json();
    assert_eq!(customer["undelivered"], Json::Null);
    let other = app
        .get(&format!("/v1/tickets/{well}"), AGENT)
        .await
        .is(200)
        .json();
    assert_eq!(other["undelivered"], Json::Null);

    let listed = app
        .get("/v1/undelivered?kind=ticket", AGENT)
        .await
        .is(200)
        .json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 1, "{listed}");
    assert_eq!(listed["items"][0]["record"], json!(ticket));
    assert_eq!(listed["items"][0]["message"]["id"], sent["id"]);
    let none = app
        .get("/v1/undelivered?kind=inquiry", AGENT)
        .await
        .is(200)
        .json();
    assert_eq!(none["items"], json!([]));
    app.get("/v1/undelivered", PORTAL_A)
        .await
        .fails_with(403, "forbidden");
    app.get("/v1/undelivered?kind=x", AGENT)
        .await
        .fails_with(422, "invalid");
    app.get("/v1/undelivered?cursor=00", AGENT).await.is(422);

    let metrics = app.get("/metrics", "").await.is(200).text();
    let says = |line: &str| metrics.lines().any(|l| l == line);
    assert!(
        says("opora_delivery_attempts_total{channel=\"mail\",result=\"failed\"} 1"),
        "{metrics}"
    );
    assert!(
        says("opora_delivery_waiting{channel=\"mail\"} 0"),
        "{metrics}"
    );
    let retry = format!("/v1/outbox/{}/retry", sent["id"].as_str().unwrap());
    app.post(&retry, ADMIN, json!({})).await.is(202);
    let read = app.get(&path, AGENT).await.is(200).json();
    assert_eq!(read["undelivered"], Json::Null);
    let listed = app.get("/v1/undelivered", AGENT).await.is(200).json();
    assert_eq!(listed["items"], json!([]));
    app.tick();
    let metrics = app.get("/metrics", "").await.is(200).text();
    let says = |line: &str| metrics.lines().any(|l| l == line);
    assert!(
        says("opora_delivery_waiting{channel=\"mail\"} 1"),
        "{metrics}"
    );
    let age = "opora_delivery_oldest_seconds{channel=\"mail\"} ";
    let age = metrics.lines().find_map(|l| l.strip_prefix(age)).unwrap();
    assert!(age.parse::<f64>().unwrap() > 0.0, "{age}");
}

#[tokio::test]
async fn what_is_only_recorded_is_not_sent() {
    let app = App::new();
    let path = format!("/v1/tickets/{}/messages", app.ticket().await);
    let body = json!({"channel": "mail", "direction": "out", "text": "By phone"});
    let kept = app.post(&path, AGENT, body).await.is(201).json();
    assert_eq!(kept["delivery"], Json::Null);
    for wrong in [
        json!({"channel": "mail", "direction": "out", "text": "x", "to": "a@b.example"}),
        json!({"channel": "mail", "direction": "in", "text": "x", "send": true}),
        json!({"channel": "mail", "direction": "out", "text": "x", "send": true, "external_id": "1"}),
        json!({"channel": "mail", "direction": "out", "text": "x", "send": true, "to": "a b"}),
        json!({"channel": "mail", "direction": "out", "text": "x", "send": true, "attachments": ["1"]}),
    ] {
        app.post(&path, AGENT, wrong).await.is(422);
    }
}

#[tokio::test]
async fn a_mail_comes_in_once() {
    let app = App::new();
    let text =
        "From: Who <who@new.example>\nMessage-ID: <m-1@new.example>\nSubject: Help\n\nPlease\n";
    let made = mail(&app, AGENT, "message/rfc822", text)
        .await
        .is(201)
        .json();
    let inquiry = made["inquiry"].as_str().unwrap();
    let inquiry = format!("/v1/inquiries/{inquiry}");
    let record = app.get(&inquiry, AGENT).await.is(200).json();
    assert_eq!(
        (&record["title"], &record["channel"]),
        (&json!("Help"), &json!("mail"))
    );
    let again = mail(&app, AGENT, "message/rfc822", text)
        .await
        .is(200)
        .json();
    assert_eq!(again["duplicate"], true, "{again}");
    let away = text
        .replace("m-1", "m-2")
        .replace("Subject", "Auto-Submitted: auto-replied\nSubject");
    let away = mail(&app, AGENT, "message/rfc822", &away)
        .await
        .is(200)
        .json();
    assert_eq!(away["ignored"], "automatic_reply", "{away}");
    mail(&app, AGENT, "text/plain", text)
        .await
        .fails_with(415, "unsupported_media_type");
    mail(&app, AGENT, "message/rfc822", "nothing")
        .await
        .fails_with(400, "malformed_mail");
    mail(&app, PORTAL_A, "message/rfc822", text)
        .await
        .fails_with(403, "forbidden");
}

#[tokio::test]
async fn a_webhooks_secret_is_shown_once() {
    let app = App::new();
    let body = json!({"name": "erp", "url": "https://erp.example/x", "events": ["ticket.*"]});
    let made = app
        .post("/v1/webhooks", ADMIN, body.clone())
        .await
        .is(201)
        .json();
    let secret = made["secret"].as_str().unwrap();
    assert!(
        secret.starts_with("whsec_") && secret.len() == 50,
        "{secret}"
    );
    app.post("/v1/webhooks", ADMIN, body.clone())
        .await
        .fails_with(409, "already_exists");
    app.post("/v1/webhooks", AGENT, body)
        .await
        .fails_with(403, "forbidden");
    let listed = app.get("/v1/webhooks", ADMIN).await.is(200).text();
    assert!(listed.contains("erp.example") && !listed.contains("whsec_"));
    let one = "/v1/webhooks/erp";
    let changed = app
        .patch(one, ADMIN, json!({"enabled": false}))
        .await
        .is(200)
        .json();
    assert_eq!(
        (&changed["enabled"], &changed["secret"]),
        (&json!(false), &Json::Null)
    );
    let renewed = app
        .patch(one, ADMIN, json!({"new_secret": true}))
        .await
        .is(200)
        .json();
    assert_ne!(renewed["secret"], made["secret"]);
    for url in [
        "http://erp.example",
        "https://127.0.0.1/x",
        "https://[::1]/x",
        "x",
    ] {
        app.patch(one, ADMIN, json!({"url": url})).await.is(422);
    }
    for name in ["", "mail", "Больше", "a b"] {
        let body = json!({"name": name, "url": "https://erp.example"});
        app.post("/v1/webhooks", ADMIN, body).await.is(422);
    }
    app.call("DELETE", one, ADMIN, &[], Json::Null)
        .await
        .is(204);
    app.get(one, ADMIN).await.fails_with(404, "not_found");
}
