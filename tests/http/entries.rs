//! Comments, messages, attachments, links.

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value as Json, json};

use crate::app::{ADMIN, AGENT, App, PORTAL_A, PORTAL_B};

#[tokio::test]
async fn customers_see_what_is_public_and_write_in_public() {
    let app = App::new();
    let path = format!("/v1/tickets/{}/comments", app.ticket().await);
    let hidden = app
        .post(&path, AGENT, json!({"text": "Their fault"}))
        .await
        .is(201)
        .json();
    assert_eq!(
        (&hidden["entry"], &hidden["visibility"]),
        (&json!("comment"), &json!("internal"))
    );
    assert_eq!(hidden["author"], format!("agent:{}", app.agent));
    assert_eq!(hidden["author_name"], "Irina");
    app.tick();
    let open = json!({"text": "We look into it", "visibility": "public"});
    app.post(&path, AGENT, open).await.is(201);
    app.tick();
    let own = app
        .post(&path, PORTAL_A, json!({"text": "Hurry"}))
        .await
        .is(201)
        .json();
    assert_eq!(own["visibility"], "public");
    let secret = json!({"text": "x", "visibility": "internal"});
    app.post(&path, PORTAL_A, secret)
        .await
        .fails_with(403, "forbidden");
    app.post(&path, PORTAL_B, json!({"text": "x"}))
        .await
        .fails_with(404, "not_found");
    app.post(&path, AGENT, json!({"text": " "}))
        .await
        .fails_with(422, "invalid");
    let read = |secret: &'static str, field: &'static str| {
        let (app, path) = (&app, path.clone());
        async move {
            let body = app.get(&path, secret).await.is(200).json();
            let items = body["items"].as_array().unwrap().iter();
            items.map(|item| item[field].clone()).collect::<Vec<_>>()
        }
    };
    let said = ["Their fault", "We look into it", "Hurry"];
    assert_eq!(read(AGENT, "text").await, said);
    assert_eq!(read(PORTAL_A, "text").await, said[1..]);
    // Names go to those who may read them: who works here is not for customers.
    let names = ["Irina", "Irina", "Anna"];
    assert_eq!(read(AGENT, "author_name").await, names);
    let names = [json!(null), json!("Anna")];
    assert_eq!(read(PORTAL_A, "author_name").await, names);
    let role = json!({"code": "blind", "masked": {"contact": ["title"]}});
    app.post("/v1/roles", ADMIN, role).await.is(200);
    let agent = format!("/v1/agents/{}", app.agent);
    app.patch(&agent, ADMIN, json!({"roles": ["blind"]}))
        .await
        .is(200);
    let shown = [json!("Irina"), json!("Irina"), json!(null)];
    assert_eq!(read(AGENT, "author_name").await, shown);
}

#[tokio::test]
async fn messages_are_taken_once_and_listed_apart() {
    let app = App::new();
    let ticket = format!("/v1/tickets/{}", app.ticket().await);
    let path = format!("{ticket}/messages");
    let mail = json!({"channel": "mail", "direction": "in", "subject": "Fire", "text": "Help", "external_id": "<1@x>"});
    let made = app.post(&path, AGENT, mail.clone()).await.is(201).json();
    assert_eq!(
        (&made["channel"], &made["direction"]),
        (&json!("mail"), &json!("in"))
    );
    app.post(&path, AGENT, mail)
        .await
        .fails_with(409, "duplicate_message");
    app.post(
        &path,
        PORTAL_A,
        json!({"channel": "mail", "direction": "in", "text": "x"}),
    )
    .await
    .fails_with(403, "forbidden");
    for n in 0..30 {
        app.tick();
        app.post(
            &format!("{ticket}/comments"),
            AGENT,
            json!({"text": format!("c{n}")}),
        )
        .await
        .is(201);
    }
    app.tick();
    let out = json!({"channel": "call", "direction": "out", "text": "Told them"});
    app.post(&path, AGENT, out).await.is(201);
    // Thirty comments lie between the two messages: a page of messages reads past them.
    let page = app
        .get(&format!("{path}?limit=2"), AGENT)
        .await
        .is(200)
        .json();
    let items = page["items"].as_array().unwrap();
    assert_eq!(items.len(), 2, "{page}");
    assert_eq!(items[1]["text"], "Told them");
    let everything = app
        .get(&format!("{ticket}/entries?limit=200"), AGENT)
        .await
        .json();
    assert_eq!(everything["items"].as_array().unwrap().len(), 32);
    let ticket = app.get(&ticket, AGENT).await.json();
    assert!(ticket["reacted_at"].is_string() || ticket["reacted_at"].is_null());
}

// rows: S4.18
#[tokio::test]
async fn a_file_comes_back_byte_for_byte() {
    let app = App::new();
    let ticket = format!("/v1/tickets/{}", app.ticket().await);
    // Every byte there is, and more than one chunk of the store.
    let content: Vec<u8> = (0..200_000_u32)
        .map(|n| u8::try_from((n + n / 256) % 256).unwrap())
        .collect();
    let send = |secret: &str, query: &str| {
        Request::post(format!("{ticket}/attachments?{query}"))
            .header("authorization", format!("Bearer {secret}"))
            .header("content-type", "text/html")
            .body(Body::from(content.clone()))
            .unwrap()
    };
    let made = app
        .send(send(
            AGENT,
            "name=%D0%BE%D1%82%D1%87%D1%91%D1%82.html&visibility=public",
        ))
        .await
        .is(201);
    let view = made.json();
    assert_eq!(
        (&view["name"], &view["size"]),
        (&json!("отчёт.html"), &json!(200_000))
    );
    let back = app.get(made.header("location"), PORTAL_A).await.is(200);
    assert_eq!(back.bytes, content);
    assert_eq!(back.header("content-type"), "text/html");
    // A stranger's page is never shown as a page of ours.
    assert!(
        back.header("content-disposition")
            .starts_with("attachment; filename*=UTF-8''%D0%BE")
    );
    assert_eq!(back.header("x-content-type-options"), "nosniff");
    assert_eq!(back.header("content-security-policy"), "sandbox");
    app.get(made.header("location"), PORTAL_B)
        .await
        .fails_with(404, "not_found");
    let hidden = app.send(send(AGENT, "name=notes.txt")).await.is(201);
    app.get(hidden.header("location"), PORTAL_A)
        .await
        .fails_with(404, "not_found");
    app.send(send(PORTAL_A, "name=mine.txt")).await.is(201);
    app.send(send(PORTAL_A, "name=mine.txt&visibility=internal"))
        .await
        .fails_with(403, "forbidden");
    app.send(send(AGENT, "visibility=public"))
        .await
        .fails_with(422, "invalid");
    app.send(send(AGENT, "name=x&visibility=secret"))
        .await
        .fails_with(422, "invalid");
    let listed = app
        .get(&format!("{ticket}/attachments"), PORTAL_A)
        .await
        .json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 2);
    let comment = app
        .post(&format!("{ticket}/comments"), AGENT, json!({"text": "x"}))
        .await
        .id();
    app.get(&format!("{ticket}/attachments/{comment}"), AGENT)
        .await
        .fails_with(404, "not_found");
}

// rows: S4.34
#[tokio::test]
async fn activities_notes_and_files_of_a_ticket_are_lists_of_their_own() {
    let app = App::new();
    let (ticket, other) = (app.ticket().await, app.ticket().await);
    let [ticket, other] = [ticket, other].map(|id| format!("/v1/tickets/{id}"));
    let lists = ["plan", "comments", "attachments"];
    let titles = |path: String| {
        let app = &app;
        async move {
            let page = app.get(&path, AGENT).await.is(200).json();
            let name = |item: &Json| {
                let names = ["title", "text", "name"];
                let name = names.iter().find_map(|name| item[*name].as_str());
                name.unwrap().to_owned()
            };
            let items = page["items"].as_array().unwrap();
            items.iter().map(name).collect::<Vec<_>>()
        }
    };
    for list in lists {
        assert!(
            titles(format!("{ticket}/{list}")).await.is_empty(),
            "{list}"
        );
    }
    for round in ["first", "second"] {
        app.tick();
        let visit = json!({"rows": [{"title": format!("{round} visit")}]});
        app.post(&format!("{ticket}/plan"), AGENT, visit)
            .await
            .is(200);
        let note = json!({"text": format!("{round} note")});
        app.post(&format!("{ticket}/comments"), AGENT, note)
            .await
            .is(201);
        let file = Request::post(format!("{ticket}/attachments?name={round}.txt"))
            .header("authorization", format!("Bearer {AGENT}"))
            .body(Body::from(round))
            .unwrap();
        app.send(file).await.is(201);
    }
    for (list, of) in lists.into_iter().zip([" visit", " note", ".txt"]) {
        let wanted = ["first", "second"].map(|round| format!("{round}{of}"));
        assert_eq!(titles(format!("{ticket}/{list}")).await, wanted);
        assert!(titles(format!("{other}/{list}")).await.is_empty(), "{list}");
    }
}

#[tokio::test]
async fn links_lead_to_other_records() {
    let app = App::new();
    let (one, other) = (app.ticket().await, app.ticket().await);
    let path = format!("/v1/tickets/{one}/links");
    let link = json!({"relation": "duplicate_of", "to_kind": "ticket", "to": other});
    let made = app.post(&path, AGENT, link).await.is(201).json();
    assert_eq!(
        (&made["relation"], &made["to"]),
        (&json!("duplicate_of"), &json!(other))
    );
    let listed = app.get(&path, AGENT).await.json();
    assert_eq!(listed["items"][0]["id"], made["id"]);
    for wrong in [
        json!({"relation": "r", "to_kind": "tickt", "to": other}),
        json!({"relation": "r", "to_kind": "ticket", "to": "x"}),
        json!({"relation": "r", "to_kind": "ticket", "to": app.agent}),
        json!({"relation": "r", "to_kind": "ticket", "to": one}),
    ] {
        app.post(&path, AGENT, wrong).await.is(422);
    }
}
