//! What a customer sees and may do.

use opora::api::ApiOptions;
use serde_json::{Value as Json, json};

use crate::app::{ADMIN, AGENT, App, PORTAL_A, PORTAL_B};

#[tokio::test]
async fn a_customer_sees_its_organisation_and_nothing_else() {
    let app = App::new();
    let own = app.ticket().await;
    let foreign = app.ticket_of(app.account_b, app.contact_b).await;
    let listed = app.get("/v1/tickets", PORTAL_A).await.is(200).json();
    let ids: Vec<&Json> = listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|i| &i["id"])
        .collect();
    assert_eq!(ids, [&json!(own)]);
    app.get(&format!("/v1/tickets?account={}", app.account_b), PORTAL_A)
        .await
        .is(200);
    let sneaky = app
        .get(&format!("/v1/tickets?account={}", app.account_b), PORTAL_A)
        .await
        .json();
    assert_eq!(sneaky["items"], json!([]));
    let absent = app
        .get("/v1/tickets/00000000-0000-7000-8000-000000000000", PORTAL_A)
        .await;
    let nonsense = app.get("/v1/tickets/nonsense", PORTAL_A).await;
    let hidden = app
        .get(&format!("/v1/tickets/{foreign}"), PORTAL_A)
        .await
        .is(404);
    assert_eq!(hidden.bytes, absent.bytes);
    assert_eq!(hidden.bytes, nonsense.bytes);
    app.get(&format!("/v1/accounts/{}", app.account_a), PORTAL_A)
        .await
        .is(200);
    app.get(&format!("/v1/accounts/{}", app.account_b), PORTAL_A)
        .await
        .is(404);
    app.get(&format!("/v1/contacts/{}", app.contact_b), PORTAL_A)
        .await
        .is(404);
    app.get(&format!("/v1/agents/{}", app.agent), PORTAL_A)
        .await
        .is(404);
    app.get(&format!("/v1/tickets/{own}"), PORTAL_B)
        .await
        .is(404);
    let me = app.get("/v1/me", PORTAL_A).await.is(200).json();
    let expected = json!({"role": "contact", "id": app.contact_a, "account": app.account_a});
    assert_eq!(me, expected);
}

#[tokio::test]
async fn a_customers_ticket_is_its_own() {
    let app = App::new();
    let body = json!({"type": "fault", "title": "Mine"});
    let made = app.post("/v1/tickets", PORTAL_A, body).await.is(201).json();
    assert_eq!(made["account"], app.account_a.to_string());
    assert_eq!(made["contact"], app.contact_a.to_string());
    let foreign = json!({"type": "fault", "title": "Theirs", "account": app.account_b});
    app.post("/v1/tickets", PORTAL_A, foreign)
        .await
        .fails_with(404, "not_found");
    for field in ["assignee", "team", "status"] {
        let body = json!({"type": "fault", "title": "x", field: "irina"});
        app.post("/v1/tickets", PORTAL_A, body)
            .await
            .fails_with(403, "forbidden");
    }
    let path = format!("/v1/tickets/{}", made["id"].as_str().unwrap());
    app.patch(&path, PORTAL_A, json!({"title": "Better"}))
        .await
        .is(200);
    app.patch(&path, PORTAL_A, json!({"priority": "urgent"}))
        .await
        .fails_with(403, "forbidden");
    app.post(
        &format!("{path}/transition"),
        PORTAL_A,
        json!({"to": "bench"}),
    )
    .await
    .fails_with(403, "forbidden");
}

/// Nothing internal shows anywhere: not on the record, its form, its history or the types.
#[tokio::test]
async fn internal_fields_stay_inside() {
    let app = App::new();
    let path = format!("/v1/tickets/{}", app.ticket().await);
    app.patch(&path, AGENT, json!({"fields": {"margin": 4_711}}))
        .await
        .is(200);
    app.post(
        &format!("{path}/comments"),
        AGENT,
        json!({"text": "hush-hush"}),
    )
    .await
    .is(201);
    for part in ["", "/form", "/history", "/entries", "/comments", "/clocks"] {
        let text = app
            .get(&format!("{path}{part}"), PORTAL_A)
            .await
            .is(200)
            .text();
        for secret in ["margin", "4711", "hush"] {
            assert!(!text.contains(secret), "{part}: {text}");
        }
    }
    // Not even that there was something: one row, and it is the creation.
    let history = app.get(&format!("{path}/history"), PORTAL_A).await.json();
    assert_eq!(history["items"].as_array().unwrap().len(), 1, "{history}");
    let filtered = app.get("/v1/tickets?margin=4711", PORTAL_A).await;
    assert_ne!(filtered.status, 200, "{}", filtered.text());
    let sorted = app.get("/v1/tickets?sort=margin", PORTAL_A).await;
    assert_ne!(sorted.status, 200, "{}", sorted.text());
}

#[tokio::test]
async fn a_token_ends_with_the_access_of_its_person() {
    let app = App::new();
    let contact = format!("/v1/contacts/{}", app.contact_a);
    app.get("/v1/tickets", PORTAL_A).await.is(200);
    for (change, status) in [
        (json!({"portal": false}), 403),
        (json!({"portal": true}), 200),
        (json!({"account": app.account_b}), 401),
        (json!({"account": app.account_a}), 200),
    ] {
        app.patch(&contact, AGENT, change.clone()).await.is(200);
        let answer = app.get("/v1/tickets", PORTAL_A).await;
        assert_eq!(answer.status, status, "{change}");
    }
    let agent = format!("/v1/agents/{}", app.agent);
    app.patch(&agent, ADMIN, json!({"active": false}))
        .await
        .is(200);
    assert_eq!(app.get("/v1/tickets", AGENT).await.status, 401);
}

/// The portal has an address of its own, at which there is nothing of the desk's.
// rows: S4.66
#[tokio::test]
async fn the_portal_has_an_address_of_its_own() {
    let app = App::new();
    let own = app.ticket().await;
    let path = format!("/portal/v1/tickets/{own}");
    app.get(&path, PORTAL_A).await.is(200);
    app.get(&path, PORTAL_B).await.is(404);
    let body = json!({"type": "fault", "title": "Mine"});
    app.post("/portal/v1/tickets", PORTAL_A, body).await.is(201);
    // Who works here has the desk's own routes.
    for secret in [AGENT, ADMIN] {
        app.get(&path, secret).await.fails_with(403, "forbidden");
    }
    app.get(&path, "").await.is(401);
    // What is not for customers is not there at all.
    for path in ["/portal/v1/inbox", "/portal/v1/packs", "/portal/v1/outbox"] {
        for secret in [PORTAL_A, ADMIN] {
            let answer = app.get(path, secret).await;
            answer.fails_with(404, "no_such_route");
        }
    }
    let moved = App::with(ApiOptions {
        portal_path: "/help".to_owned(),
        ..ApiOptions::default()
    });
    moved.get("/help/v1/tickets", PORTAL_A).await.is(200);
    moved.get("/portal/v1/tickets", PORTAL_A).await.is(404);
}
