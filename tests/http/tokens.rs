//! Access tokens.

use serde_json::json;

use crate::app::{ADMIN, AGENT, App};

#[tokio::test]
async fn made_used_listed_and_revoked() {
    let app = App::new();
    let body = json!({"role": "agent", "agent": app.agent, "note": "monitoring"});
    let made = app.post("/v1/tokens", ADMIN, body).await.is(201);
    assert_eq!(made.header("cache-control"), "no-store");
    let secret = made.json()["token"].as_str().unwrap().to_owned();
    let me = app.get("/v1/me", &secret).await.is(200).json();
    assert_eq!(
        (&me["role"], &me["id"]),
        (&json!("agent"), &json!(app.agent))
    );
    let listed = app.get("/v1/tokens?limit=200", ADMIN).await.is(200);
    assert!(!listed.text().contains(&secret));
    let items = listed.json()["items"].as_array().unwrap().clone();
    let mine = items
        .iter()
        .find(|t| t["id"] == made.json()["id"])
        .unwrap()
        .clone();
    assert_eq!(
        (&mine["note"], &mine["agent"]),
        (&json!("monitoring"), &json!(app.agent))
    );
    let path = format!("/v1/tokens/{}", made.id());
    app.call("DELETE", &path, AGENT, &[], json!(null))
        .await
        .fails_with(403, "forbidden");
    app.call("DELETE", &path, ADMIN, &[], json!(null))
        .await
        .is(204);
    app.get("/v1/me", &secret)
        .await
        .fails_with(401, "unauthorized");
    app.call("DELETE", &path, ADMIN, &[], json!(null))
        .await
        .fails_with(404, "not_found");
}

#[tokio::test]
async fn a_repeated_request_gives_the_same_secret() {
    let app = App::new();
    let key = [("idempotency-key", "t-1")];
    let body = json!({"role": "admin", "note": "once"});
    let first = app
        .call("POST", "/v1/tokens", ADMIN, &key, body.clone())
        .await
        .is(201)
        .json();
    let again = app
        .call("POST", "/v1/tokens", ADMIN, &key, body)
        .await
        .is(201)
        .json();
    assert_eq!(first, again);
    let other = [("idempotency-key", "t-2")];
    let body = json!({"role": "admin", "note": "once"});
    let second = app
        .call("POST", "/v1/tokens", ADMIN, &other, body)
        .await
        .is(201)
        .json();
    assert_ne!(first["token"], second["token"]);
}

#[tokio::test]
async fn a_token_stands_for_somebody_who_exists() {
    let app = App::new();
    let contact = json!({"role": "contact", "contact": app.contact_a});
    let made = app.post("/v1/tokens", ADMIN, contact).await.is(201).json();
    let me = app
        .get("/v1/me", made["token"].as_str().unwrap())
        .await
        .json();
    assert_eq!(me["account"], app.account_a.to_string());
    let path = format!("/v1/contacts/{}", app.contact_b);
    app.patch(&path, ADMIN, json!({"portal": false}))
        .await
        .is(200);
    for wrong in [
        json!({"role": "contact"}),
        json!({"role": "contact", "contact": app.agent}),
        json!({"role": "contact", "contact": app.contact_b}),
        json!({"role": "contact", "contact": app.contact_a, "agent": app.agent}),
        json!({"role": "agent", "agent": app.contact_a}),
        json!({"role": "agent", "contact": app.contact_a}),
        json!({"role": "agent", "agent": "x"}),
        json!({"role": "king"}),
        json!({"role": "agent", "account": app.account_a}),
    ] {
        app.post("/v1/tokens", ADMIN, wrong)
            .await
            .fails_with(422, "invalid");
    }
}
