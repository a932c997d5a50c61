//! Articles of the knowledge base: what a reader's browser gets, and who gets it.

use serde_json::json;

use crate::app::{ADMIN, AGENT, App, PORTAL_A, PORTAL_B};

#[tokio::test]
async fn markdown_is_read_as_html_that_runs_nothing() {
    let app = App::new();
    let body = "# Reset\n\n**Hold** the [button](https://example.org/b) ![plan](plan.png)\n\n<script>alert(1)</script><img src=x onerror=alert(1)>\n\n[x](javascript:alert(1))";
    let fields = json!({"title": "Reset", "body": body, "status": "published"});
    let article = app.post("/v1/articles", ADMIN, fields).await.is(201);
    let one = format!("/v1/articles/{}", article.id());
    let png = [("content-type", "image/png")];
    let file = format!("{one}/attachments?name=plan.png&visibility=public");
    let file = app
        .call("POST", &file, ADMIN, &png, json!("png"))
        .await
        .is(201);
    let html = app.get(&format!("{one}/html"), PORTAL_A).await.is(200);
    assert_eq!(html.header("content-type"), "text/html; charset=utf-8");
    assert!(html.header("content-security-policy").contains("sandbox"));
    assert_eq!(html.header("x-content-type-options"), "nosniff");
    let text = html.text();
    let plan = format!("<img src=\"{one}/attachments/{}\" alt=\"plan\">", file.id());
    for part in [
        "<h1>Reset</h1>",
        "<strong>Hold</strong>",
        "href=\"https://example.org/b\"",
        &plan,
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    for never in ["<script", "onerror", "javascript:"] {
        assert!(!text.contains(never), "{never}: {text}");
    }
    let etag = html.header("etag").to_owned();
    let known = [("if-none-match", etag.as_str())];
    let path = format!("{one}/html");
    app.call("GET", &path, PORTAL_A, &known, json!(null))
        .await
        .is(304);
}

#[tokio::test]
async fn who_may_not_read_an_article_gets_no_html() {
    let app = App::new();
    let draft = json!({"title": "Draft", "body": "**secret**"});
    let draft = app.post("/v1/articles", ADMIN, draft).await.is(201).id();
    let path = format!("/v1/articles/{draft}/html");
    app.get(&path, PORTAL_A).await.fails_with(404, "not_found");
    app.get(&path, AGENT).await.is(200);
    app.get(&path, "").await.is(401);
}

#[tokio::test]
async fn an_article_without_a_title_is_called_by_words_and_not_by_marks() {
    let app = App::new();
    let markdown = json!({"title": "", "body": "# Reset *the* printer\n\nHold the button."});
    let html = json!({"body": "<p>Reset <b>the</b> printer</p><p>Hold it.</p>", "format": "html"});
    for fields in [markdown, html] {
        let article = app.post("/v1/articles", ADMIN, fields).await.is(201);
        assert_eq!(article.json()["title"], "Reset the printer");
    }
}

#[tokio::test]
async fn searches_read_words_and_not_marks() {
    let app = App::new();
    let body = "Open **the valve** with `vlv --open`, see [the manual](https://example.org/hidden-target).\n\n```\nvlv --status\n```";
    let fields = json!({"title": "Valves", "body": body, "status": "published"});
    app.post("/v1/articles", ADMIN, fields).await.is(201);
    let html = json!({"title": "Pumps", "body": "<p>Prime the <b>pump</b><script>spoken()</script></p>", "format": "html", "status": "published"});
    app.post("/v1/articles", ADMIN, html).await.is(201);
    let pos = app.desk.pos();
    let ask = async |q: &str| {
        let path = format!("/v1/articles/search?q={q}&at_least={pos}");
        app.get(&path, PORTAL_A).await.is(200).json()["hits"].clone()
    };
    let hits = ask("valve").await;
    let snippet = hits[0]["snippet"].as_str().unwrap();
    assert!(
        snippet.contains("<mark>valve</mark> with vlv --open"),
        "{snippet}"
    );
    assert!(
        !snippet.contains("**") && !snippet.contains("example.org"),
        "{snippet}"
    );
    assert_eq!(ask("hidden-target").await, json!([]));
    assert_eq!(ask("%22vlv%20--status%22").await[0]["title"], "Valves");
    assert_eq!(
        ask("prime").await[0]["snippet"],
        "<mark>Prime</mark> the pump"
    );
    assert_eq!(ask("spoken").await, json!([]));
}

/// An article of everybody, published.
async fn published(app: &App, title: &str, more: serde_json::Value) -> String {
    let mut fields = json!({"title": title, "body": "Words.", "status": "published"});
    for (name, value) in more.as_object().unwrap() {
        fields[name] = value.clone();
    }
    app.tick();
    app.post("/v1/articles", ADMIN, fields).await.is(201).id()
}

#[tokio::test]
async fn an_article_is_offered_in_the_readers_language() {
    let app = App::new();
    let main = published(
        &app,
        "Reset the printer",
        json!({"locale": "en", "tags": ["x"]}),
    )
    .await;
    let path = format!("/v1/articles/{main}/variants");
    let ru =
        json!({"title": "Сброс принтера", "body": "Слова.", "locale": "ru", "status": "published"});
    app.post(&path, PORTAL_A, ru.clone())
        .await
        .fails_with(403, "forbidden");
    app.post(&path, AGENT, json!({"title": "x"}))
        .await
        .fails_with(422, "invalid");
    let ru = app.post(&path, AGENT, ru).await.is(201).json();
    assert_eq!(
        (&ru["variant_of"], &ru["tags"]),
        (&json!(main), &json!(["x"]))
    );
    let alone = published(&app, "Printer drivers", json!({"locale": "en"})).await;
    let at = app.desk.pos();
    let search = async |more: &str| {
        let path = format!("/v1/articles/search?q=printer&at_least={at}{more}");
        app.get(&path, PORTAL_A).await.is(200).json()["hits"].clone()
    };
    let plain = search("").await;
    assert_eq!(plain.as_array().unwrap().len(), 2, "{plain}");
    assert!(
        plain[0]["found_in"].is_null() && plain[0]["fallback"] == false,
        "{plain}"
    );
    let hits = search("&locale=ru").await;
    let offered = hits
        .as_array()
        .unwrap()
        .iter()
        .find(|h| h["id"] == ru["id"])
        .unwrap();
    assert_eq!(offered["title"], "Сброс принтера");
    let found_in = json!({"id": main, "locale": "en", "title": "Reset the printer"});
    assert_eq!(
        (&offered["found_in"], &offered["locale"]),
        (&found_in, &json!("ru"))
    );
    let other = hits
        .as_array()
        .unwrap()
        .iter()
        .find(|h| h["id"] == alone.as_str())
        .unwrap();
    assert_eq!(
        (&other["fallback"], &other["found_in"]),
        (&json!(true), &json!(null))
    );
    // Without a word about it, the language of the reader's own record counts.
    let contact = format!("/v1/contacts/{}", app.contact_a);
    app.patch(&contact, ADMIN, json!({"locale": "ru"}))
        .await
        .is(200);
    assert_eq!(search("").await, hits);

    let listed = app.get(&path, PORTAL_A).await.is(200).json();
    let items = listed["items"].as_array().unwrap();
    let told: Vec<_> = items
        .iter()
        .map(|i| (&i["locale"], &i["main"], &i["stale"]))
        .collect();
    let (yes, no) = (json!(true), json!(false));
    assert_eq!(told, [(&json!("en"), &yes, &no), (&json!("ru"), &no, &no)]);
    app.tick();
    let change = json!({"body": "Other words."});
    app.patch(&format!("/v1/articles/{main}"), AGENT, change)
        .await
        .is(200);
    let stale = async || app.get(&path, AGENT).await.json()["items"][1]["stale"].clone();
    assert_eq!(stale().await, true);
    // The translation is still right: whoever says so names the text that it follows.
    let revised = app.get(&path, AGENT).await.json()["items"][0]["revised_at"].clone();
    let one = format!("/v1/articles/{}", ru["id"].as_str().unwrap());
    app.patch(&one, AGENT, json!({"follows_revision_at": revised}))
        .await
        .is(200);
    assert_eq!(stale().await, false);
    // What a reader may not see is not offered.
    app.patch(&one, AGENT, json!({"audience": "internal"}))
        .await
        .is(200);
    let at = app.desk.pos();
    let path = format!("/v1/articles/search?q=printer&locale=ru&at_least={at}");
    let hits = app.get(&path, PORTAL_A).await.json()["hits"].clone();
    assert!(
        hits.as_array()
            .unwrap()
            .iter()
            .all(|h| h["fallback"] == true),
        "{hits}"
    );
}

#[tokio::test]
async fn categories_count_with_what_lies_in_them() {
    let app = App::new();
    let category = async |code: &str, parent: Option<&str>, ru: &str| {
        let fields = json!({"title": code, "code": code, "parent": parent, "name_ru": ru});
        app.post("/v1/categories", AGENT, fields).await.is(201).id()
    };
    let hardware = category("hardware", None, "Оборудование").await;
    category("printers", Some("hardware"), "Принтеры").await;
    category("laser", Some("printers"), "Лазерные").await;
    category("software", None, "Программы").await;
    published(&app, "Toner words", json!({"category": "laser"})).await;
    published(&app, "Paper words", json!({"category": "printers"})).await;
    published(&app, "Driver words", json!({"category": "software"})).await;
    let russian = [("accept-language", "ru")];
    let tree = app
        .call(
            "GET",
            "/v1/categories/tree",
            PORTAL_A,
            &russian,
            json!(null),
        )
        .await;
    let tree = tree.is(200).json();
    let told: Vec<String> = tree["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|n| {
            format!(
                "{}{}",
                "-".repeat(n["depth"].as_u64().unwrap() as usize),
                n["name"].as_str().unwrap()
            )
        })
        .collect();
    assert_eq!(
        told,
        ["Оборудование", "-Принтеры", "--Лазерные", "Программы"]
    );
    let pos = app.desk.pos();
    let list = async |filter: &str| {
        let path = format!("/v1/articles?{filter}&at_least={pos}");
        app.get(&path, PORTAL_A).await.is(200).json()["items"]
            .as_array()
            .unwrap()
            .len()
    };
    assert_eq!(list("category=printers").await, 1);
    assert_eq!(list("category.within=printers").await, 2);
    assert_eq!(list("category.within=hardware").await, 2);
    assert_eq!(list("category.within=hardware,software").await, 3);
    app.get("/v1/articles?title.within=x", AGENT)
        .await
        .fails_with(422, "invalid");
    let path = format!(
        "/v1/articles/search?q=words&category.within=hardware&facets=category&at_least={pos}"
    );
    let found = app.get(&path, PORTAL_A).await.is(200).json();
    let values: Vec<_> = found["facets"][0]["values"]
        .as_array()
        .unwrap()
        .iter()
        .map(|v| {
            (
                v["value"].as_str().unwrap(),
                v["count"].as_u64().unwrap(),
                v["within"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        values,
        [("printers", 1, 2), ("hardware", 0, 2), ("laser", 1, 1)]
    );
    // A subtree moves with one change, and what lies in it counts elsewhere at once.
    let software = app.get("/v1/categories?code=software", AGENT).await.json();
    let software = software["items"][0]["id"].clone();
    let printers = app.get("/v1/categories?code=printers", AGENT).await.json();
    let printers = printers["items"][0]["id"].as_str().unwrap().to_owned();
    app.patch(
        &format!("/v1/categories/{printers}"),
        AGENT,
        json!({"parent": software}),
    )
    .await
    .is(200);
    assert_eq!(list("category.within=hardware").await, 0);
    assert_eq!(list("category.within=software").await, 3);
    app.call(
        "DELETE",
        &format!("/v1/categories/{hardware}"),
        AGENT,
        &[],
        json!(null),
    )
    .await
    .is(204);
    app.call(
        "DELETE",
        &format!("/v1/categories/{printers}"),
        AGENT,
        &[],
        json!(null),
    )
    .await
    .fails_with(409, "category_in_use");
    app.post(
        "/v1/categories",
        PORTAL_A,
        json!({"title": "x", "code": "x"}),
    )
    .await
    .fails_with(403, "forbidden");
}

#[tokio::test]
async fn what_is_out_of_date_is_found_when_asked_for() {
    let app = App::new();
    published(
        &app,
        "Old lamps",
        json!({"valid_until": "2026-03-01T00:00:00Z"}),
    )
    .await;
    published(&app, "New lamps", json!({})).await;
    let pos = app.desk.pos();
    let ask = async |more: &str, token: &str| {
        let path = format!("/v1/articles/search?q=lamps&at_least={pos}{more}");
        let hits = app.get(&path, token).await.is(200).json()["hits"].clone();
        hits.as_array().unwrap().len()
    };
    assert_eq!(
        (ask("", AGENT).await, ask("&outdated=true", AGENT).await),
        (1, 2)
    );
    assert_eq!(
        (
            ask("", PORTAL_A).await,
            ask("&outdated=true", PORTAL_A).await
        ),
        (1, 1)
    );
    let listed = app.get("/v1/articles", AGENT).await.json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn nobody_reads_without_a_token_until_a_setting_says_so() {
    let app = App::new();
    let open = published(&app, "Open hours", json!({})).await;
    let account = app.account_a;
    let some = json!({"audience": "accounts", "accounts": [account]});
    let some = published(&app, "Open hours for some", some).await;
    let inside = published(&app, "Open hours inside", json!({"audience": "internal"})).await;
    let draft = json!({"title": "Open hours draft", "body": "x"});
    let draft = app.post("/v1/articles", ADMIN, draft).await.is(201).id();
    let one = |id: &str| format!("/v1/articles/{id}");
    let file = format!("{}/attachments?name=a.txt&visibility=public", one(&open));
    let text = [("content-type", "text/plain")];
    let file = app
        .call("POST", &file, ADMIN, &text, json!("file"))
        .await
        .is(201)
        .id();
    let paths = [
        one(&open),
        format!("{}/html", one(&open)),
        format!("{}/variants", one(&open)),
        format!("{}/attachments", one(&open)),
        format!("{}/attachments/{file}", one(&open)),
        "/v1/articles".to_owned(),
        format!("/v1/articles/search?q=open&at_least={}", app.desk.pos()),
        "/v1/categories".to_owned(),
        "/v1/categories/tree".to_owned(),
    ];
    for path in &paths {
        app.get(path, "").await.is(401);
    }
    let set = async |open: bool, token: &str| {
        app.patch("/v1/settings", token, json!({"public_articles": open}))
            .await
    };
    set(true, AGENT).await.fails_with(403, "forbidden");
    assert_eq!(
        set(true, ADMIN).await.is(200).json()["public_articles"],
        true
    );
    for path in &paths {
        let answer = app.get(path, "").await.is(200).text();
        for hidden in [&some, &inside, &draft] {
            assert!(!answer.contains(hidden.as_str()), "{path}: {answer}");
        }
    }
    for path in [
        one(&some),
        one(&inside),
        one(&draft),
        format!("{}/html", one(&some)),
    ] {
        app.get(&path, "").await.fails_with(404, "not_found");
    }
    for path in [
        "/v1/tickets",
        "/v1/products",
        "/v1/accounts",
        "/v1/search?q=open",
        "/v1/events",
    ] {
        app.get(path, "").await.is(401);
    }
    app.get(&one(&open), "nobody's").await.is(401);
    app.post("/v1/articles", "", json!({"title": "x"}))
        .await
        .is(401);
    app.patch(&one(&open), "", json!({"title": "x"}))
        .await
        .is(401);
    app.get("/v1/articles?accounts.present=true", "")
        .await
        .fails_with(422, "invalid");
    set(false, ADMIN).await.is(200);
    app.get(&one(&open), "").await.is(401);
}

#[tokio::test]
async fn versions_are_read_compared_and_restored() {
    let app = App::new();
    let body = "one\ntwo\nthree\n";
    let first = json!({"title": "Reset", "body": body, "status": "published", "tags": ["a"]});
    let first = app.post("/v1/articles", AGENT, first).await.is(201);
    let (one, etag) = (
        format!("/v1/articles/{}", first.id()),
        first.header("etag").to_owned(),
    );
    let first: u64 = first.json()["version"].as_u64().unwrap();
    app.tick();
    let change = json!({"body": "one\n2\nthree\n", "tags": ["b"]});
    let second = app.patch(&one, ADMIN, change).await.is(200).json()["version"]
        .as_u64()
        .unwrap();
    app.post(
        &format!("{one}/comments"),
        AGENT,
        json!({"text": "no version"}),
    )
    .await
    .is(201);
    let versions = app
        .get(&format!("{one}/versions"), AGENT)
        .await
        .is(200)
        .json();
    let told: Vec<_> = versions["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|v| {
            (
                v["version"].as_u64().unwrap(),
                v["command"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(told, [(first, "create"), (second, "update")]);
    assert_eq!(
        versions["items"][1]["fields"],
        json!(["body", "revised_at", "tags"])
    );
    assert_eq!(
        versions["items"][0]["actor"],
        format!("agent:{}", app.agent)
    );
    let then = app.get(&format!("{one}?at={first}"), AGENT).await.is(200);
    assert_eq!(
        (then.json()["body"].clone(), then.header("etag")),
        (json!(body), etag.as_str())
    );
    let html = app
        .get(&format!("{one}/html?at={first}"), AGENT)
        .await
        .is(200)
        .text();
    assert!(html.contains("two"), "{html}");
    let never = first + 1_000;
    for wrong in [
        format!("{one}?at=1"),
        format!("{one}?at={never}"),
        format!("{one}/html?at={never}"),
        format!("{one}/diff?from={never}"),
        format!("{one}/diff?from={first}&to={never}"),
    ] {
        let refused = app.get(&wrong, AGENT).await;
        assert!(refused.text().contains("has no version"), "{wrong}");
        refused.fails_with(422, "invalid");
    }
    for path in [
        format!("{one}?at={first}"),
        format!("{one}/versions"),
        format!("{one}/diff?from={first}"),
    ] {
        app.get(&path, PORTAL_A).await.fails_with(403, "forbidden");
    }
    let history = app
        .get(&format!("{one}/history"), PORTAL_A)
        .await
        .is(200)
        .text();
    assert!(!history.contains("two"), "{history}");
    let diff = app
        .get(&format!("{one}/diff?from={first}"), AGENT)
        .await
        .is(200)
        .json();
    let lines: Vec<String> = diff["body"][0]
        .as_array()
        .unwrap()
        .iter()
        .map(|l| {
            format!(
                "{}{}",
                l["sign"].as_str().unwrap(),
                l["text"].as_str().unwrap()
            )
        })
        .collect();
    assert_eq!(lines, [" one", "-two", "+2", " three"]);
    let tags = diff["fields"]
        .as_array()
        .unwrap()
        .iter()
        .find(|f| f["field"] == "tags")
        .unwrap();
    assert_eq!((&tags["old"], &tags["new"]), (&json!(["a"]), &json!(["b"])));
    app.get(&format!("{one}/diff"), AGENT)
        .await
        .fails_with(422, "invalid");
    let restore = format!("{one}/restore");
    let stale = [("if-match", etag.as_str())];
    let ask = json!({"version": first});
    app.call("POST", &restore, AGENT, &stale, ask.clone())
        .await
        .fails_with(412, "stale_version");
    app.post(&restore, PORTAL_A, ask.clone())
        .await
        .fails_with(403, "forbidden");
    app.post(&restore, AGENT, json!({"version": first + 1_000}))
        .await
        .fails_with(422, "invalid");
    let restored = app.post(&restore, AGENT, ask).await.is(200).json();
    assert_eq!(
        (&restored["body"], &restored["tags"]),
        (&json!(body), &json!(["b"]))
    );
    let versions = app.get(&format!("{one}/versions"), AGENT).await.json();
    assert_eq!(versions["items"][2]["command"], "restore");
}

#[tokio::test]
async fn a_new_article_is_in_the_language_of_its_author_or_the_desk() {
    let app = App::new();
    let locale = async |token: &str, more: serde_json::Value| {
        let mut body = json!({"title": "Заголовок", "body": "текст"});
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let made = app.post("/v1/articles", token, body).await.is(201);
        made.json()["locale"].as_str().unwrap().to_owned()
    };
    assert_eq!(locale(ADMIN, json!({})).await, "en");
    let russian = json!({"language": "ru"});
    app.patch("/v1/settings", ADMIN, russian).await.is(200);
    assert_eq!(locale(ADMIN, json!({})).await, "ru");
    assert_eq!(locale(ADMIN, json!({"locale": "de"})).await, "de");
    let agent = format!("/v1/agents/{}", app.agent);
    app.patch(&agent, ADMIN, json!({"locale": "kk"}))
        .await
        .is(200);
    assert_eq!(locale(AGENT, json!({})).await, "kk");
}

#[tokio::test]
async fn a_dry_run_is_checked_and_keeps_nothing() {
    let app = App::new();
    let before = app.desk.pos();
    let dry = "/v1/articles?dry_run=true";
    let article = json!({"title": "Tried", "body": "x"});
    app.post(dry, ADMIN, article.clone()).await.is(204);
    for wrong in [
        json!({"title": "x", "locale": "Russian"}),
        json!({"title": "x", "body": "x".repeat(20_001)}),
        json!({"title": "x", "status": "pubished"}),
    ] {
        app.post(dry, ADMIN, wrong).await.fails_with(422, "invalid");
    }
    app.post("/v1/articles?dry-run=true", ADMIN, article.clone())
        .await
        .fails_with(422, "invalid");
    app.post(dry, PORTAL_A, article.clone())
        .await
        .fails_with(403, "forbidden");
    assert_eq!(app.desk.pos(), before);
    let made = app.post("/v1/articles", ADMIN, article).await.is(201);
    assert_eq!(made.json()["number"], 1, "no number is used up");
    let one = format!("/v1/articles/{}?dry_run=true", made.id());
    app.patch(&one, ADMIN, json!({"title": "Other"}))
        .await
        .is(204);
    app.patch(&one, ADMIN, json!({"locale": "Russian"}))
        .await
        .fails_with(422, "invalid");
    let read = app.get(&format!("/v1/articles/{}", made.id()), ADMIN).await;
    assert_eq!(read.json()["title"], "Tried");
}

#[tokio::test]
async fn votes_touch_no_article() {
    let app = App::new();
    let id = published(&app, "Helpful", json!({})).await;
    let (one, vote) = (
        format!("/v1/articles/{id}"),
        format!("/v1/articles/{id}/vote"),
    );
    let read = app.get(&one, AGENT).await.is(200);
    assert_eq!(read.json()["helpful_count"], 0);
    let etag = read.header("etag").to_owned();
    let say = async |token: &str, helpful: serde_json::Value, comment: &str| {
        app.post(
            &vote,
            token,
            json!({"helpful": helpful, "comment": comment}),
        )
        .await
    };
    say(PORTAL_A, json!(true), "").await.is(200);
    say(PORTAL_B, json!(false), "Where is the button?")
        .await
        .is(200);
    say(AGENT, json!(true), "").await.is(200);
    say(ADMIN, json!(true), "").await.fails_with(409, "nobody");
    // Who forgets to say takes nothing back.
    for forgotten in [json!({}), json!({"comment": "x"})] {
        app.post(&vote, PORTAL_A, forgotten)
            .await
            .fails_with(422, "invalid");
    }
    assert_eq!(app.get(&vote, PORTAL_A).await.json()["helpful"], true);
    say(PORTAL_A, json!(false), &"x".repeat(4_001))
        .await
        .fails_with(422, "invalid");
    for by in ["helpful_count=1", "sort=-helpful_count"] {
        app.get(&format!("/v1/articles?{by}"), AGENT)
            .await
            .fails_with(422, "invalid");
    }
    let counts = async || {
        let article = app.get(&one, PORTAL_A).await.json();
        (
            article["helpful_count"].clone(),
            article["not_helpful_count"].clone(),
        )
    };
    assert_eq!(counts().await, (json!(2), json!(1)));
    // Said again, it counts once; changed, it counts there; taken back, nowhere.
    say(PORTAL_A, json!(true), "again").await.is(200);
    assert_eq!(counts().await, (json!(2), json!(1)));
    let own = say(PORTAL_A, json!(false), "no").await.is(200).json();
    assert_eq!(
        (&own["helpful"], &own["comment"]),
        (&json!(false), &json!("no"))
    );
    assert_eq!(counts().await, (json!(1), json!(2)));
    say(PORTAL_A, json!(null), "").await.is(200);
    assert_eq!(counts().await, (json!(1), json!(1)));
    let mine = app.get(&vote, PORTAL_B).await.is(200).json();
    assert_eq!(mine["comment"], "Where is the button?");
    app.get(&format!("{one}/votes"), PORTAL_A)
        .await
        .fails_with(403, "forbidden");
    let list = app
        .get(&format!("{one}/votes?limit=1"), AGENT)
        .await
        .is(200)
        .json();
    let next = list["next"].as_str().unwrap();
    let rest = app
        .get(&format!("{one}/votes?cursor={next}"), AGENT)
        .await
        .is(200)
        .json();
    let people: Vec<_> = [&list["items"][0], &rest["items"][0]]
        .map(|v| v["person"].clone())
        .to_vec();
    assert!(
        people.contains(&json!(app.contact_b)) && people.contains(&json!(app.agent)),
        "{people:?}"
    );
    // An editor who read the article before all this still has its version.
    let known = [("if-match", etag.as_str())];
    app.call("PATCH", &one, AGENT, &known, json!({"tags": ["x"]}))
        .await
        .is(200);
    let draft = json!({"title": "Draft", "body": "x"});
    let draft = app.post("/v1/articles", ADMIN, draft).await.is(201).id();
    let path = format!("/v1/articles/{draft}/vote");
    app.post(&path, PORTAL_A, json!({"helpful": true}))
        .await
        .fails_with(404, "not_found");
    app.call("DELETE", &one, AGENT, &[], json!(null))
        .await
        .is(204);
}

#[tokio::test]
async fn the_words_of_attached_files_are_searched_with_their_article() {
    let app = App::new();
    let id = published(&app, "Valves", json!({})).await;
    let one = format!("/v1/articles/{id}");
    let attach = async |name: &str, media: &str, content: &str, visibility: &str| {
        let path = format!("{one}/attachments?name={name}&visibility={visibility}");
        let headers = [("content-type", media)];
        app.call("POST", &path, AGENT, &headers, json!(content))
            .await
            .is(201);
    };
    attach(
        "torque.txt",
        "text/plain",
        "Tighten with 42 newtonmetres.",
        "public",
    )
    .await;
    attach(
        "page.html",
        "text/html",
        "<p>Grease the <b>spindle</b></p>",
        "public",
    )
    .await;
    attach(
        "costs.md",
        "text/plain",
        "The *markup* is high.",
        "internal",
    )
    .await;
    attach(
        "broken.docx",
        "application/octet-stream",
        "no archive",
        "public",
    )
    .await;
    attach("photo.png", "image/png", "png", "public").await;
    let pdf = "%PDF-1.4\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n2 0 obj\n\
        <</Type/Pages/Kids[3 0 R]/Count 1>>\nendobj\n3 0 obj\n<</Type/Page/Parent 2 0 R\
        /Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>\nendobj\n4 0 obj\n<</Length 29>>\n\
        stream\nBT /F 9 Tf (the gasket) Tj ET\nendstream\nendobj\n5 0 obj\n\
        <</Type/Font/Subtype/Type1/BaseFont/Helvetica>>\nendobj\ntrailer\n<</Root 1 0 R>>\n";
    attach("seal.pdf", "application/pdf", pdf, "public").await;
    let words = async || {
        let list = app
            .get(&format!("{one}/attachments"), AGENT)
            .await
            .is(200)
            .json();
        let items = list["items"].as_array().unwrap().clone();
        items
            .iter()
            .map(|i| i["words"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(words().await, ["waiting"; 6]);
    let version = app.get(&one, AGENT).await.json()["version"].clone();
    assert_eq!(app.desk.read_files(10).unwrap(), 6);
    assert_eq!(app.desk.read_files(10).unwrap(), 0);
    let read = [
        "read",
        "read",
        "read",
        "broken: is no archive",
        "unsupported",
        "read",
    ];
    assert_eq!(words().await, read);
    // Reading is no change of the article.
    assert_eq!(app.get(&one, AGENT).await.json()["version"], version);
    let found = async |q: &str, token: &str| {
        let path = format!("/v1/articles/search?q={q}&at_least={}", app.desk.pos());
        app.get(&path, token).await.is(200).json()["hits"].clone()
    };
    let hits = found("newtonmetres", PORTAL_A).await;
    assert_eq!(hits[0]["id"], id.as_str(), "{hits}");
    assert!(
        hits[0]["snippet"]
            .as_str()
            .unwrap()
            .contains("<mark>newtonmetres</mark>"),
        "{hits}"
    );
    assert_eq!(found("spindle", PORTAL_A).await[0]["id"], id.as_str());
    assert_eq!(found("gasket", PORTAL_A).await[0]["id"], id.as_str());
    assert_eq!(found("markup", PORTAL_A).await, json!([]));
    assert_eq!(found("markup", AGENT).await[0]["id"], id.as_str());
    assert_eq!(found("torque.txt", PORTAL_A).await[0]["id"], id.as_str());
    // The same content elsewhere is not read again, and is found there, too.
    let other = published(&app, "Pumps", json!({})).await;
    let path = format!("/v1/articles/{other}/attachments?name=t.txt&visibility=public");
    let text = [("content-type", "text/plain")];
    let content = json!("Tighten with 42 newtonmetres.");
    app.call("POST", &path, AGENT, &text, content).await.is(201);
    assert_eq!(app.desk.read_files(10).unwrap(), 1);
    assert_eq!(
        found("newtonmetres", PORTAL_A)
            .await
            .as_array()
            .unwrap()
            .len(),
        2
    );
}

#[tokio::test]
async fn files_that_nobody_read_are_read_when_a_server_starts() {
    let app = App::new();
    for (name, content) in [
        ("one.txt", "forty bolts"),
        ("two.txt", "forty bolts"),
        ("photo.png", "no words"),
    ] {
        let id = published(&app, name, json!({})).await;
        let path = format!("/v1/articles/{id}/attachments?name={name}&visibility=public");
        let headers = [("content-type", "application/octet-stream")];
        let attached = app.call("POST", &path, AGENT, &headers, json!(content));
        attached.await.is(201);
    }
    assert_eq!(app.desk.read_overlooked(&|| false).unwrap(), 0);
    assert_eq!(app.desk.read_overlooked(&|| true).unwrap(), 2);
    let path = format!("/v1/articles/search?q=bolts&at_least={}", app.desk.pos());
    let found = app.get(&path, PORTAL_A).await.is(200).json();
    assert_eq!(found["hits"].as_array().unwrap().len(), 2, "{found}");
    // Who has looked to the end does not look again: what came later waits for its turn.
    let id = published(&app, "three", json!({})).await;
    let path = format!("/v1/articles/{id}/attachments?name=three.txt&visibility=public");
    let text = [("content-type", "text/plain")];
    let attached = app.call("POST", &path, AGENT, &text, json!("forty nuts"));
    attached.await.is(201);
    assert_eq!(app.desk.read_overlooked(&|| true).unwrap(), 0);
    while app.desk.read_files(10).unwrap() > 0 {}
    let path = format!("/v1/articles/search?q=nuts&at_least={}", app.desk.pos());
    let found = app.get(&path, PORTAL_A).await.is(200).json();
    assert_eq!(found["hits"].as_array().unwrap().len(), 1, "{found}");
}
