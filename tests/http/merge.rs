//! Merging, splitting, watching and erasing over HTTP.

use serde_json::json;

use crate::app::{ADMIN, AGENT, App, PORTAL_A, PORTAL_B};

#[tokio::test]
async fn a_merged_ticket_says_where_it_goes_on_and_is_listed_under_its_number() {
    let app = App::new();
    let (one, two) = (app.ticket().await, app.ticket().await);
    let (path, into) = (format!("/v1/tickets/{two}"), format!("/v1/tickets/{one}"));
    let said = json!({"text": "Smoke, too", "visibility": "public"});
    app.post(&format!("{path}/comments"), AGENT, said)
        .await
        .is(201);
    let body = json!({"into": one, "reason": "one fire"});
    let merged = app.post(&format!("{path}/merge"), AGENT, body).await;
    let merged = merged.is(200).json();
    assert_eq!(merged["id"], one.as_str());
    assert_eq!(merged["merged_from"], json!([two]));

    let number = app.get(&path, AGENT).await.is(200).json()["number"].clone();
    let found = app
        .get(&format!("/v1/tickets?number={number}"), AGENT)
        .await;
    let found = found.is(200).json()["items"][0].clone();
    assert_eq!(found["merged_into"], one.as_str());
    for secret in [AGENT, PORTAL_A] {
        let read = app.get(&path, secret).await.is(200).json();
        assert_eq!(read["merged"]["id"], one.as_str());
        assert_eq!(read["merged"]["link"], into.as_str());
        let entries = app.get(&format!("{into}/entries"), secret).await.is(200);
        assert_eq!(entries.json()["items"][0]["merged_from"], two.as_str());
    }
    app.post(&format!("{path}/merge"), PORTAL_A, json!({"into": one}))
        .await
        .fails_with(403, "forbidden");
    app.patch(&path, AGENT, json!({"title": "Other"}))
        .await
        .fails_with(409, "merged");
    let pages = app
        .get(&format!("{into}/entries?limit=1"), AGENT)
        .await
        .json();
    assert_eq!(pages["items"].as_array().unwrap().len(), 1);

    let foreign = app.ticket_of(app.account_b, app.contact_b).await;
    app.post(
        &format!("/v1/tickets/{foreign}/merge"),
        AGENT,
        json!({"into": one}),
    )
    .await
    .fails_with(409, "other_party");
    let across = json!({"into": one, "across_parties": true});
    app.post(&format!("/v1/tickets/{foreign}/merge"), AGENT, across)
        .await
        .is(200);
    // A customer does not see where its ticket went when that is not its own.
    let read = app.get(&format!("/v1/tickets/{foreign}"), PORTAL_B).await;
    assert!(read.is(200).json().get("merged").is_none());

    let back = app.post(&format!("{path}/unmerge"), AGENT, json!({})).await;
    let back = back.is(200).json();
    assert!(
        back["merged_into"].is_null() && back["closed_at"].is_null(),
        "{back}"
    );
}

#[tokio::test]
async fn entries_of_merged_tickets_come_in_pages_without_gaps() {
    let app = App::new();
    let (one, two) = (app.ticket().await, app.ticket().await);
    for n in 0..12 {
        app.tick();
        let on = if n % 3 == 0 { &one } else { &two };
        let said = json!({"text": format!("said {n}"), "visibility": "public"});
        app.post(&format!("/v1/tickets/{on}/comments"), AGENT, said)
            .await
            .is(201);
    }
    app.post(
        &format!("/v1/tickets/{two}/merge"),
        AGENT,
        json!({"into": one}),
    )
    .await
    .is(200);
    let (mut said, mut next) = (Vec::new(), String::new());
    loop {
        let path = format!("/v1/tickets/{one}/entries?limit=5{next}");
        let page = app.get(&path, AGENT).await.is(200).json();
        for item in page["items"].as_array().unwrap() {
            said.push(item["text"].as_str().unwrap().to_owned());
        }
        match page["next"].as_str() {
            Some(cursor) => next = format!("&cursor={cursor}"),
            None => break,
        }
    }
    let wanted: Vec<String> = (0..12).map(|n| format!("said {n}")).collect();
    assert_eq!(said, wanted);
}

#[tokio::test]
async fn a_person_is_erased_by_administrators_only_and_its_token_with_it() {
    let app = App::new();
    let ticket = app.ticket().await;
    let path = format!("/v1/contacts/{}/erase", app.contact_a);
    app.post(&path, AGENT, json!({}))
        .await
        .fails_with(403, "forbidden");
    app.get(&format!("/v1/tickets/{ticket}"), PORTAL_A)
        .await
        .is(200);
    let erased = app.post(&path, ADMIN, json!({})).await.is(200).json();
    assert!(0 < erased["records"].as_u64().unwrap(), "{erased}");
    app.get(&format!("/v1/tickets/{ticket}"), PORTAL_A)
        .await
        .is(401);
    let read = app
        .get(&format!("/v1/tickets/{ticket}"), AGENT)
        .await
        .is(200);
    assert_eq!(read.json()["description"], "[erased]");
    assert_eq!(read.json()["title"], "Printer is on fire");
    let person = format!("/v1/contacts/{}", app.contact_a);
    let person = app.get(&person, AGENT).await.is(200).json();
    assert_eq!(person["title"], "[erased]");
    assert!(
        person["mails"].is_null() && !person["erased_at"].is_null(),
        "{person}"
    );
    app.post(&path, ADMIN, json!({})).await.is(200);
    app.post("/v1/contacts/nobody/erase", ADMIN, json!({}))
        .await
        .fails_with(404, "not_found");
}
