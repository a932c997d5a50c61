//! Articles and solved tickets for a ticket, and what is noted of articles in answers.

use serde_json::{Value as Json, json};

use crate::app::{ADMIN, AGENT, App, PORTAL_A, PORTAL_B};

async fn article(app: &App, title: &str, body: &str, more: Json) -> String {
    let mut all = json!({"title": title, "body": body, "status": "published"});
    for (name, value) in more.as_object().unwrap() {
        all[name] = value.clone();
    }
    app.post("/v1/articles", ADMIN, all).await.is(201).id()
}

async fn ticket(app: &App, title: &str, text: &str) -> String {
    let body = json!({
        "title": title, "description": text, "type": "fault",
        "account": app.account_a, "contact": app.contact_a,
    });
    app.post("/v1/tickets", AGENT, body).await.is(201).id()
}

async fn solve(app: &App, ticket: &str, solution: &str) {
    let place = format!("/v1/tickets/{ticket}/transition");
    app.post(&place, AGENT, json!({"to": "bench"}))
        .await
        .is(200);
    let done = json!({"to": "done", "fields": {"solution": solution}});
    app.post(&place, AGENT, done).await.is(200);
}

async fn suggested(app: &App, ticket: &str, token: &str) -> Json {
    let pos = app.desk.pos();
    let path = format!("/v1/tickets/{ticket}/suggestions?at_least={pos}");
    app.get(&path, token).await.is(200).json()
}

fn ids(found: &Json, list: &str) -> Vec<String> {
    let items = found[list].as_array().unwrap().iter();
    items
        .map(|item| item["id"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn a_snippet_is_an_article_as_it_is_read() {
    let app = App::new();
    let body = "## Крышка\n\nОткройте **крышку принтера** и выньте [бумагу](x.html).";
    article(&app, "Замятие", body, json!({})).await;
    let html = "<p>Крышка <b>принтера</b> и бумага внутри</p>";
    article(&app, "Лоток", html, json!({"format": "html"})).await;
    let text = json!({"text": "крышка принтера, бумага"});
    let seen = format!("/v1/search?q=x&at_least={}", app.desk.pos());
    app.get(&seen, AGENT).await.is(200);
    let found = app.post("/v1/suggest", AGENT, text).await.is(200).json();
    for hit in found["articles"].as_array().unwrap() {
        let snippet = hit["snippet"].as_str().unwrap();
        let bare = snippet.replace("<mark>", "").replace("</mark>", "");
        assert!(snippet.contains("<mark>"), "{snippet}");
        assert!(!bare.contains(['#', '*', '[', '<', '&']), "{snippet}");
    }
    assert_eq!(found["articles"].as_array().unwrap().len(), 2, "{found}");
    app.post("/v1/suggest", AGENT, json!([]))
        .await
        .fails_with(422, "invalid");
}

#[tokio::test]
async fn articles_and_solved_tickets_with_why() {
    let app = App::new();
    let jam = article(
        &app,
        "Замятие бумаги",
        "Откройте заднюю крышку принтера и выньте бумагу.",
        json!({}),
    )
    .await;
    let secret = article(
        &app,
        "Замятие: для инженеров",
        "Крышка принтера, бумага.",
        json!({"audience": "internal"}),
    )
    .await;
    let draft = article(
        &app,
        "Бумага в принтере",
        "Черновик: крышка.",
        json!({"status": "draft"}),
    )
    .await;
    article(
        &app,
        "Отпуск",
        "Заявление на отпуск подают заранее.",
        json!({}),
    )
    .await;
    let solved = ticket(&app, "Принтер жуёт бумагу", "Застряла бумага под крышкой.").await;
    solve(&app, &solved, "Почистили ролик принтера").await;
    let open = ticket(&app, "Бумага в принтере", "Крышка не открывается.").await;
    let asking = ticket(
        &app,
        "Принтер зажевал бумагу",
        "Под задней крышкой застряла бумага, ошибка E-13.",
    )
    .await;

    let found = suggested(&app, &asking, AGENT).await;
    let articles = ids(&found, "articles");
    assert!(
        articles.contains(&jam) && articles.contains(&secret),
        "{found}"
    );
    assert!(!articles.contains(&draft) && articles.len() == 2, "{found}");
    assert_eq!(
        ids(&found, "tickets"),
        [solved.as_str()],
        "neither itself nor {open}"
    );
    let first = found["articles"].as_array().unwrap().iter();
    let first = first.clone().find(|a| a["id"] == jam.as_str()).unwrap();
    let matches = first["why"]["matches"].as_array().unwrap();
    let word = |word: &str| matches.iter().find(|m| m["word"] == word).cloned();
    assert_eq!(word("бумагу").unwrap()["found"], "бумаги");
    assert_eq!(word("бумагу").unwrap()["field"], "title");
    assert_eq!(word("крышкой").unwrap()["field"], "body");
    assert!(
        first["snippet"]
            .as_str()
            .unwrap()
            .contains("<mark>крышку</mark>")
    );
    assert_eq!(first["why"]["uses"], 0);
    let same = found["tickets"][0]["why"]["same"].as_array().unwrap();
    assert!(
        same.contains(&json!("type")) && same.contains(&json!("account")),
        "{found}"
    );

    // A customer sees public articles and nobody's tickets; a foreign ticket is none.
    let found = suggested(&app, &asking, PORTAL_A).await;
    assert_eq!(ids(&found, "articles"), [jam.as_str()]);
    assert_eq!(found["tickets"], json!([]));
    assert_eq!(found["articles"][0]["why"]["uses"], json!(null));
    let path = format!("/v1/tickets/{asking}/suggestions");
    app.get(&path, PORTAL_B).await.fails_with(404, "not_found");

    // The same while it is being written.
    let written = json!({"title": "Бумага", "text": "Застряла под крышкой принтера", "limit": 1});
    let found = app
        .post("/v1/suggest", PORTAL_B, written.clone())
        .await
        .is(200)
        .json();
    assert_eq!(ids(&found, "articles"), [jam.as_str()]);
    assert_eq!(found["tickets"], json!([]));
    let found = app.post("/v1/suggest", AGENT, written).await.is(200).json();
    assert_eq!(ids(&found, "articles").len(), 1);
    assert_eq!(ids(&found, "tickets"), [solved.as_str()]);
    for nothing in ["", "и в на", "?!"] {
        let found = app
            .post("/v1/suggest", AGENT, json!({"text": nothing}))
            .await
            .is(200)
            .json();
        assert_eq!(
            (&found["articles"], &found["tickets"]),
            (&json!([]), &json!([]))
        );
    }
    for wrong in [
        json!({"limit": 0}),
        json!({"limit": 21}),
        json!({"product": "x"}),
        json!({"title": "x".repeat(1_001)}),
    ] {
        app.post("/v1/suggest", AGENT, wrong)
            .await
            .fails_with(422, "invalid");
    }
}

#[tokio::test]
async fn what_helped_comes_first_for_a_while() {
    let app = App::new();
    let first = article(&app, "Сброс пароля", "Как сбросить пароль.", json!({})).await;
    let other = article(&app, "Сброс пароля", "Как сбросить пароль.", json!({})).await;
    let asking = ticket(&app, "Сбросить пароль", "Забыл пароль.").await;
    let before = suggested(&app, &asking, AGENT).await;
    let last = ids(&before, "articles")[1].clone();
    assert!(last == first || last == other);
    let lead = |found: &Json, id: &str| {
        let of = |own: bool| {
            let mut items = found["articles"].as_array().unwrap().iter();
            let item = items.find(|a| (a["id"] == id) == own).unwrap();
            item["score"].as_f64().unwrap()
        };
        of(true) / of(false)
    };
    assert!((lead(&before, &last) - 1.0).abs() < 0.001);

    let comments = format!("/v1/tickets/{asking}/comments");
    let version = app
        .get(&format!("/v1/articles/{last}"), ADMIN)
        .await
        .header("etag")
        .to_owned();
    let body =
        json!({"text": "See the article.", "visibility": "public", "articles": [last, last]});
    app.post(&comments, AGENT, body).await.is(201);
    let messages = format!("/v1/tickets/{asking}/messages");
    let body =
        json!({"channel": "mail", "direction": "out", "text": "See it.", "articles": [last]});
    app.post(&messages, AGENT, body).await.is(201);
    let now = app
        .get(&format!("/v1/articles/{last}"), ADMIN)
        .await
        .header("etag")
        .to_owned();
    assert_eq!(now, version, "the article is not changed");

    let found = suggested(&app, &asking, AGENT).await;
    let top = &found["articles"][0];
    assert_eq!(
        (&top["id"], &top["used"]),
        (&json!(last), &json!(true)),
        "{found}"
    );
    assert_eq!(top["why"]["uses"], 2);
    let fresh = lead(&found, &last);
    assert!(1.05 < fresh && fresh < 1.3, "{fresh}");
    app.clock.advance(chrono::TimeDelta::days(720));
    let faded = lead(&suggested(&app, &asking, AGENT).await, &last);
    assert!(faded < 1.01, "{faded}");

    // The article knows the tickets, and whether they are solved.
    let tickets = format!("/v1/articles/{last}/tickets");
    let listed = app.get(&tickets, AGENT).await.is(200).json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 1, "{listed}");
    assert_eq!(
        (&listed["items"][0]["id"], &listed["items"][0]["solved"]),
        (&json!(asking), &json!(false))
    );
    solve(&app, &asking, "Reset.").await;
    let listed = app.get(&tickets, AGENT).await.is(200).json();
    assert_eq!(listed["items"][0]["solved"], true);
    let page = app
        .get(&format!("{tickets}?limit=1"), AGENT)
        .await
        .is(200)
        .json();
    let next = page["next"].as_str().unwrap();
    let page = app
        .get(&format!("{tickets}?limit=5&cursor={next}"), AGENT)
        .await
        .is(200)
        .json();
    assert_eq!(page["next"], json!(null));
    app.get(&tickets, PORTAL_A)
        .await
        .fails_with(403, "forbidden");

    // What is not there or too much is refused, and then nothing is added.
    let count = async || {
        let entries = app.get(&comments, AGENT).await.is(200).json();
        entries["items"].as_array().unwrap().len()
    };
    let comment =
        |articles: Json| json!({"text": "x", "visibility": "public", "articles": articles});
    for wrong in [
        json!(["00000000-0000-7000-8000-000000000001"]),
        json!(["x"]),
        json!([asking]),
        json!(vec![&last; 11]),
    ] {
        app.post(&comments, AGENT, comment(wrong))
            .await
            .fails_with(422, "invalid");
    }
    let by_customer = json!({"text": "x", "articles": [last]});
    app.post(&comments, PORTAL_A, by_customer)
        .await
        .fails_with(403, "forbidden");
    assert_eq!(count().await, 1);

    // With the ticket goes what was noted of it.
    let place = format!("/v1/tickets/{asking}");
    app.send(crate::app::request(
        "DELETE",
        &place,
        ADMIN,
        &[],
        Json::Null,
    ))
    .await
    .is(204);
    let listed = app.get(&tickets, AGENT).await.is(200).json();
    assert_eq!(listed["items"], json!([]));
    let another = ticket(&app, "Сбросить пароль", "Забыл пароль.").await;
    let found = suggested(&app, &another, AGENT).await;
    assert!(
        found["articles"]
            .as_array()
            .unwrap()
            .iter()
            .all(|a| a["why"]["uses"] == 0),
        "{found}"
    );
}
