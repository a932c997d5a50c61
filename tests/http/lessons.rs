//! What searches teach: counted without askers, kept for days, told to agents.

use chrono::TimeDelta;
use serde_json::{Value as Json, json};

use crate::app::{ADMIN, AGENT, App, PORTAL_A, PORTAL_B};

async fn article(app: &App, title: &str) -> String {
    let body = json!({"title": title, "body": "Words.", "status": "published"});
    app.post("/v1/articles", ADMIN, body).await.is(201).id()
}

/// The answer to a query.
async fn ask(app: &App, token: &str, query: &str) -> Json {
    let query = query.replace(' ', "%20").replace('+', "%2B");
    let path = format!("/v1/articles/search?q={query}&at_least={}", app.desk.pos());
    app.get(&path, token).await.is(200).json()
}

async fn lessons(app: &App) -> Json {
    app.get("/v1/reports/search", AGENT).await.is(200).json()
}

fn queries(lessons: &Json, list: &str) -> Vec<String> {
    let rows = lessons[list].as_array().unwrap().iter();
    rows.map(|row| row["query"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn queries_without_an_answer() {
    let app = App::new();
    let vpn = article(&app, "Vpn").await;
    let old = article(&app, "Fax").await;
    // One asker counts once a day, however often it asks.
    for _ in 0..5 {
        ask(&app, AGENT, "Coffee Machine!").await;
    }
    ask(&app, PORTAL_A, "coffee machine").await;
    ask(&app, PORTAL_A, "call ivan@example.org or +79161234567").await;
    let told = lessons(&app).await;
    assert_eq!(
        queries(&told, "not_found"),
        Vec::<String>::new(),
        "two askers are too few"
    );
    assert_eq!(
        (&told["searches"], &told["without_hits"]),
        (&json!(7), &json!(7))
    );
    ask(&app, PORTAL_B, "coffee  MACHINE").await;
    let told = lessons(&app).await;
    assert_eq!(
        told["not_found"],
        json!([{"query": "coffee machine", "searches": 7, "without_hits": 7, "clicks": 0}])
    );

    // What is found and not opened; a page that follows is no other search.
    let mut token = String::new();
    for asker in [AGENT, PORTAL_A, PORTAL_B] {
        let found = ask(&app, asker, "vpn").await;
        token = found["query"].as_str().unwrap().to_owned();
    }
    let told = lessons(&app).await;
    assert_eq!(queries(&told, "not_opened"), ["vpn"]);
    let unseen: Vec<&Json> = told["unseen"]
        .as_array()
        .unwrap()
        .iter()
        .map(|a| &a["id"])
        .collect();
    assert_eq!(unseen, [&json!(vpn), &json!(old)]);
    let click = json!({"query": token, "article": vpn});
    for _ in 0..3 {
        app.post("/v1/search/clicks", PORTAL_A, click.clone())
            .await
            .is(204);
    }
    let told = lessons(&app).await;
    assert_eq!(told["clicks"], 1, "{told}");
    assert_eq!(queries(&told, "not_opened"), Vec::<String>::new());
    assert_eq!(told["unseen"][0]["id"], old.as_str());
    assert_eq!(told["unseen"].as_array().unwrap().len(), 1);

    let csv = app
        .get("/v1/reports/search?format=csv&list=not_found", AGENT)
        .await
        .is(200);
    assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8");
    assert_eq!(
        csv.text(),
        "query,searches,without_hits,clicks\r\ncoffee machine,7,7,0\r\n"
    );
    for list in ["not_opened", "helpful", "unseen"] {
        let path = format!("/v1/reports/search?format=csv&list={list}");
        app.get(&path, AGENT).await.is(200);
    }
    for wrong in [
        "?format=csv",
        "?list=unseen",
        "?format=xml",
        "?from=soon",
        "?from=2026-02-02&to=2026-02-01",
    ] {
        app.get(&format!("/v1/reports/search{wrong}"), AGENT)
            .await
            .is(422);
    }
    app.get("/v1/reports/search", PORTAL_A)
        .await
        .fails_with(403, "forbidden");
    for wrong in [
        json!({"query": "zz", "article": vpn}),
        json!({"query": token, "article": "x"}),
    ] {
        app.post("/v1/search/clicks", AGENT, wrong)
            .await
            .fails_with(422, "invalid");
    }
    let foreign = json!({"query": token, "article": "00000000-0000-7000-8000-000000000001"});
    app.post("/v1/search/clicks", AGENT, foreign)
        .await
        .fails_with(404, "not_found");
}

#[tokio::test]
async fn counts_are_kept_for_some_days_and_may_be_switched_off() {
    let app = App::new();
    article(&app, "Vpn").await;
    for asker in [AGENT, PORTAL_A, PORTAL_B] {
        ask(&app, asker, "coffee").await;
    }
    assert_eq!(queries(&lessons(&app).await, "not_found"), ["coffee"]);
    let learning = "/v1/search/learning";
    assert_eq!(
        app.get(learning, AGENT).await.is(200).json(),
        json!({"keep_days": 90})
    );
    app.clock.advance(TimeDelta::days(91));
    ask(&app, AGENT, "tea").await;
    app.desk.fire_due(100).unwrap();
    let all = "/v1/reports/search?from=2020-01-01";
    let told = app.get(all, AGENT).await.is(200).json();
    assert_eq!(
        (&told["searches"], &told["not_found"]),
        (&json!(1), &json!([])),
        "{told}"
    );

    let wrong = json!({"keep_days": 366});
    app.patch(learning, ADMIN, wrong)
        .await
        .fails_with(422, "invalid");
    app.patch(learning, ADMIN, json!({"keep_days": 0}))
        .await
        .is(200);
    let found = ask(&app, AGENT, "vpn").await;
    assert_eq!(found["query"], json!(null));
    let told = app.get(all, AGENT).await.is(200).json();
    assert_eq!(told["searches"], 0, "what was counted is dropped");
    app.patch(learning, ADMIN, json!({"keep_days": 7}))
        .await
        .is(200);
    assert_ne!(ask(&app, AGENT, "vpn").await["query"], json!(null));
}

#[tokio::test]
async fn articles_that_solve_come_first() {
    let app = App::new();
    let (solves, used) = (article(&app, "Reset").await, article(&app, "Restart").await);
    for (article, is_solved) in [(&solves, true), (&used, false), (&used, false)] {
        let ticket = app.ticket().await;
        let comments = format!("/v1/tickets/{ticket}/comments");
        let body = json!({"text": "See it.", "visibility": "public", "articles": [article]});
        app.post(&comments, AGENT, body).await.is(201);
        if is_solved {
            let place = format!("/v1/tickets/{ticket}/transition");
            app.post(&place, AGENT, json!({"to": "bench"}))
                .await
                .is(200);
            let done = json!({"to": "done", "fields": {"solution": "Reset."}});
            app.post(&place, AGENT, done).await.is(200);
        }
    }
    let told = lessons(&app).await;
    let rows: Vec<(Json, Json, Json)> = told["helpful"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            (
                row["id"].clone(),
                row["solved"].clone(),
                row["tickets"].clone(),
            )
        })
        .collect();
    let expected = [
        (json!(solves), json!(1), json!(1)),
        (json!(used), json!(0), json!(2)),
    ];
    assert_eq!(rows, expected, "{told}");
    assert_eq!(told["unseen"], json!([]));
}
