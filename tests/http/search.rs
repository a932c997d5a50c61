//! Searching records and the knowledge base.

use serde_json::json;

use crate::app::{ADMIN, AGENT, App, PORTAL_A, PORTAL_B, request};

#[tokio::test]
async fn hits_tell_where_and_why() {
    let app = App::new();
    let ticket = app.ticket().await;
    let article = json!({"title": "Printer on fire", "body": "Pull the <plug> of the printer.", "status": "published", "external_id": "fire-1"});
    let article = app.post("/v1/articles", ADMIN, article).await.is(201);
    let pos = article.header("opora-position").to_owned();
    let path = format!("/v1/search?q=printer&at_least={pos}");
    let found = app.get(&path, AGENT).await.is(200).json();
    let hits = found["hits"].as_array().unwrap();
    assert_eq!(hits.len(), 2, "{found}");
    let hit = hits.iter().find(|h| h["kind"] == "article").unwrap();
    assert_eq!(hit["id"], article.id());
    assert_eq!(hit["link"], format!("/v1/articles/{}", article.id()));
    assert_eq!(
        (&hit["title"], &hit["external_id"]),
        (&json!("Printer on fire"), &json!("fire-1"))
    );
    assert_eq!(hit["number"], 1);
    assert!(0.0 < hit["score"].as_f64().unwrap());
    let snippet = hit["snippet"].as_str().unwrap();
    assert!(
        snippet.contains("<mark>") && !snippet.contains("<plug>"),
        "{snippet}"
    );
    let only = app.get(&format!("{path}&kind=ticket"), AGENT).await.json();
    assert_eq!(only["hits"][0]["id"], ticket.as_str());
    assert_eq!(only["hits"].as_array().unwrap().len(), 1);
    let filtered = format!("{path}&kind=ticket&priority=urgent");
    assert_eq!(
        app.get(&filtered, AGENT).await.is(200).json()["hits"],
        json!([])
    );
    let articles = format!("/v1/articles/search?q=printer&limit=1&at_least={pos}");
    let found = app.get(&articles, AGENT).await.is(200).json();
    assert_eq!(found["hits"][0]["id"], article.id());
}

#[tokio::test]
async fn a_customer_finds_its_own() {
    let app = App::new();
    let ticket = app.ticket().await;
    let draft = json!({"title": "Printer secrets", "body": "x", "status": "draft"});
    app.post("/v1/articles", ADMIN, draft).await.is(201);
    let pos = app.desk.pos();
    let path = format!("/v1/search?q=printer&at_least={pos}");
    let own = app.get(&path, PORTAL_A).await.is(200).json();
    assert_eq!(own["hits"].as_array().unwrap().len(), 1, "{own}");
    assert_eq!(own["hits"][0]["id"], ticket.as_str());
    let foreign = app.get(&path, PORTAL_B).await.is(200).json();
    assert_eq!(foreign["hits"], json!([]));
}

#[tokio::test]
async fn what_cannot_be_searched_is_said() {
    let app = App::new();
    app.get("/v1/search?q=x&kind=tickt", AGENT)
        .await
        .fails_with(422, "invalid");
    app.get("/v1/search?q=x&priority=high", AGENT)
        .await
        .fails_with(422, "invalid");
    app.get("/v1/search?q=x&sort=-nothing", AGENT)
        .await
        .fails_with(422, "invalid");
    app.get("/v1/search?q=x&cursor=zz", AGENT).await.is(422);
    for hostile in [
        "%22",
        "((",
        "AND",
        "a:b",
        "*",
        "%5C",
        "~~~",
        "NOT%20NOT",
        "%F0%9F%96%A8",
    ] {
        app.get(&format!("/v1/search?q={hostile}"), AGENT)
            .await
            .is(200);
    }
}

#[tokio::test]
async fn an_empty_box_and_a_pasted_text_are_answered() {
    let app = App::new();
    for (title, status) in [("Printer", "published"), ("Scanner", "draft")] {
        let article = json!({"title": title, "body": "Pull the plug.", "status": status});
        app.post("/v1/articles", ADMIN, article).await.is(201);
    }
    let pos = app.desk.pos();
    let count = async |query: &str, token| {
        let path = format!("/v1/articles/search?{query}&at_least={pos}");
        let found = app.get(&path, token).await.is(200).json();
        found["hits"].as_array().unwrap().len()
    };
    assert_eq!(count("q=", AGENT).await, 2);
    assert_eq!(count("q=%20", PORTAL_A).await, 1);
    assert_eq!(count("status=draft", AGENT).await, 1);
    let pasted = "printer%20error%200x0000011b%20".repeat(100);
    assert_eq!(count(&format!("q={pasted}"), AGENT).await, 1);
    let path = format!("/v1/search/suggest?q={pasted}");
    app.get(&path, AGENT).await.is(200);
    let empty = app.get("/v1/search/suggest?q=", AGENT).await.is(200).json();
    assert_eq!(empty["titles"], json!([]));
}

#[tokio::test]
async fn what_is_found_is_sorted_by_a_field() {
    let app = App::new();
    for title in ["Printer two", "Printer one", "Printer three"] {
        let article = json!({"title": title, "body": "x", "status": "published"});
        app.post("/v1/articles", ADMIN, article).await.is(201);
    }
    let pos = app.desk.pos();
    let titles = async |path: &str| {
        let found = app.get(path, AGENT).await.is(200).json();
        let hits = found["hits"].as_array().unwrap().iter();
        let titles: Vec<String> = hits.map(|h| h["title"].as_str().unwrap().into()).collect();
        (titles, found["next"].as_str().map(str::to_owned))
    };
    let path = format!("/v1/articles/search?q=printer&sort=title&limit=2&at_least={pos}");
    let (first, next) = titles(&path).await;
    assert_eq!(first, ["Printer one", "Printer three"]);
    let (second, next) = titles(&format!("{path}&cursor={}", next.unwrap())).await;
    assert_eq!(
        (second.as_slice(), next),
        (&["Printer two".to_owned()][..], None)
    );
    let path = format!("/v1/search?q=printer&sort=-created_at&at_least={pos}");
    assert_eq!(titles(&path).await.0[0], "Printer three");
}

#[tokio::test]
async fn exclusions_and_fields_count_while_typing() {
    let app = App::new();
    for (title, status) in [
        ("Printer jam", "published"),
        ("Printer status 403", "draft"),
        ("Status of a scanner", "published"),
    ] {
        let article = json!({"title": title, "body": "x", "status": status});
        app.post("/v1/articles", ADMIN, article).await.is(201);
    }
    let pos = app.desk.pos();
    let titles = async |q: &str| {
        let path = format!("/v1/search/suggest?q={q}&kind=article&at_least={pos}");
        let found = app.get(&path, AGENT).await.is(200).json();
        let titles = found["titles"].as_array().unwrap().iter();
        let mut titles: Vec<String> = titles
            .map(|t| t["title"].as_str().unwrap().to_owned())
            .collect();
        titles.sort_unstable();
        titles
    };
    assert_eq!(titles("printer%20-jam").await, ["Printer status 403"]);
    assert_eq!(
        titles("printer%20status:draft").await,
        ["Printer status 403"]
    );
    // A field whose value is not one yet is no word.
    assert_eq!(
        titles("printer%20status:dr").await,
        ["Printer jam", "Printer status 403"]
    );
}

#[tokio::test]
async fn hits_say_how_they_matched_and_what_was_meant() {
    let app = App::new();
    let secret = json!({"title": "Printers of the board", "body": "secret", "status": "draft"});
    app.post("/v1/articles", ADMIN, secret).await.is(201);
    let article =
        json!({"title": "Скатерть на столе", "body": "Pull the plug.", "status": "published"});
    app.post("/v1/articles", ADMIN, article).await.is(201);
    let pos = app.desk.pos();
    let ask = async |q: &str, token| {
        let path = format!("/v1/articles/search?q={q}&at_least={pos}");
        app.get(&path, token).await.is(200).json()
    };
    let found = ask("pulll%20%D1%81%D1%82%D0%BE%D0%BB%D1%8B", PORTAL_A).await;
    let matches = json!([
        {"word": "pulll", "how": "corrected", "found": "pull"},
        {"word": "столы", "how": "form", "found": "столе"},
    ]);
    assert_eq!(found["hits"][0]["matches"], matches, "{found}");
    assert_eq!(found["corrected"], "pull столы");
    let found = ask("crfnthnm", PORTAL_A).await;
    assert_eq!(found["corrected"], "скатерть", "{found}");
    // What was typed, not the form in which it was found.
    let found = ask("crfnthnm%20cnjks", PORTAL_A).await;
    assert_eq!(found["corrected"], "скатерть столы", "{found}");
    let found = ask("plu", PORTAL_A).await;
    assert_eq!(found["hits"][0]["matches"][0]["how"], "prefix", "{found}");
    assert_eq!(found["corrected"], json!(null));

    // A word of an article that the caller may not read is not told.
    let found = ask("prinetrs", PORTAL_A).await;
    assert_eq!(
        (&found["hits"], &found["corrected"]),
        (&json!([]), &json!(null))
    );
    let found = ask("prinetrs", ADMIN).await;
    assert_eq!(found["corrected"], "printers", "{found}");
}

#[tokio::test]
async fn fields_phrases_and_facets_of_a_query() {
    let app = App::new();
    let article = |title: &str, status: &str, category: &str| json!({"title": title, "body": "The printer is not printing.", "status": status, "category": category});
    for (title, status, category) in [
        ("One", "published", "printers"),
        ("Two", "draft", "printers"),
        ("Three", "published", "scanners"),
    ] {
        let article = article(title, status, category);
        app.post("/v1/articles", ADMIN, article).await.is(201);
    }
    let pos = app.desk.pos();
    let ask = async |query: &str, token| {
        let path = format!("/v1/search?{query}&kind=article&at_least={pos}");
        app.get(&path, token).await.is(200).json()
    };
    let titles = |found: &serde_json::Value| -> Vec<String> {
        let hits = found["hits"].as_array().unwrap().iter();
        let mut titles: Vec<String> = hits.map(|h| h["title"].as_str().unwrap().into()).collect();
        titles.sort_unstable();
        titles
    };
    let found = ask(
        "q=%22not%20printing%22%20status:published%20-scanner%20x:y",
        AGENT,
    )
    .await;
    assert_eq!(titles(&found), ["One", "Three"]);
    let told = json!([
        {"what": "words", "text": "x:y", "field": null, "values": [], "negated": false, "relaxed": false},
        {"what": "phrase", "text": "\"not printing\"", "field": null, "values": ["not printing"], "negated": false, "relaxed": false},
        {"what": "field", "text": "status:published", "field": "status", "values": ["published"], "negated": false, "relaxed": false},
        {"what": "word", "text": "-scanner", "field": null, "values": ["scanner"], "negated": true, "relaxed": false},
    ]);
    assert_eq!(found["understood"], told);
    assert_eq!(found["facets"], json!([]));

    let found = ask("q=printer&limit=1&facets=category,status", AGENT).await;
    let status = json!({"field": "status", "values": [
        {"value": "published", "name": "Published", "count": 2},
        {"value": "draft", "name": "Draft", "count": 1},
    ]});
    assert_eq!(found["facets"][1], status);
    assert_eq!(
        found["facets"][0]["values"][0],
        json!({"value": "printers", "name": null, "count": 2, "within": 2})
    );
    let found = ask("q=printer&facets=category", PORTAL_A).await;
    assert_eq!(found["facets"][0]["values"][0]["count"], 1);

    let unknown = app.get("/v1/search?q=x&facets=colour", AGENT).await;
    unknown.fails_with(422, "invalid");
    let foreign = app.get("/v1/search?q=x&cursor=zz", AGENT).await;
    foreign.fails_with(422, "bad_cursor");
    let foreign = app.get("/v1/tickets?sort=title&cursor=zz", AGENT).await;
    foreign.fails_with(422, "bad_cursor");
}

#[tokio::test]
async fn what_is_typed_is_completed_within_rights() {
    let app = App::new();
    app.ticket().await;
    for (title, status) in [
        ("Printer guide", "published"),
        ("Printing secrets", "draft"),
    ] {
        let article = json!({"title": title, "body": "x", "status": status});
        app.post("/v1/articles", ADMIN, article).await.is(201);
    }
    let pos = app.desk.pos();
    let ask = async |q: &str, token| {
        let path = format!("/v1/search/suggest?q={q}&kind=article&at_least={pos}");
        app.get(&path, token).await.is(200).json()
    };
    let found = ask("prin", AGENT).await;
    assert_eq!(found["titles"].as_array().unwrap().len(), 2, "{found}");
    let own = ask("prin", PORTAL_A).await;
    assert_eq!(own["titles"][0]["title"], "Printer guide");
    assert_eq!(own["titles"][0]["kind"], "article");
    assert_eq!(own["titles"].as_array().unwrap().len(), 1, "{own}");
    assert_eq!(own["completions"], json!(["printer"]));
    let one = app.get("/v1/search/suggest?q=prin&limit=1", AGENT).await;
    assert_eq!(one.is(200).json()["titles"].as_array().unwrap().len(), 1);
    for wrong in ["q=x&limit=21", "q=x&kind=foo", "q=x&cursor=1"] {
        let path = format!("/v1/search/suggest?{wrong}");
        app.get(&path, AGENT).await.fails_with(422, "invalid");
    }
}

#[tokio::test]
async fn synonyms_stop_words_and_pins_by_hand() {
    let app = App::new();
    let body = json!({"title": "Vpn", "body": "Connect from home.", "status": "published"});
    let vpn = app.post("/v1/articles", ADMIN, body).await.is(201).id();
    let body = json!({"title": "Notebook", "body": "Your laptop at home.", "status": "published"});
    let laptop = app.post("/v1/articles", ADMIN, body).await.is(201).id();

    let set = json!({"words": ["portable computer", "laptop"]});
    let made = app.post("/v1/search/synonyms", ADMIN, set).await.is(201);
    let place = format!("/v1/search/synonyms/{}", made.id());
    let ask = async |q: &str| {
        let path = format!("/v1/articles/search?q={q}&at_least={}", app.desk.pos());
        app.get(&path, PORTAL_A).await.is(200).json()
    };
    let found = ask("portable%20computers").await;
    assert_eq!(found["hits"][0]["id"], laptop.as_str(), "{found}");
    let how = json!([
        {"word": "portable", "how": "synonym", "found": "laptop"},
        {"word": "computers", "how": "synonym", "found": "laptop"},
    ]);
    assert_eq!(found["hits"][0]["matches"], how);
    let one_way = json!({"locale": "en", "words": ["laptop"], "means": ["portable computer"]});
    let saved = app.patch(&place, ADMIN, one_way).await.is(200).json();
    assert_eq!(saved["means"], json!(["portable computer"]));
    assert_eq!(ask("portable%20computers").await["hits"], json!([]));
    let listed = app.get("/v1/search/synonyms", AGENT).await.is(200).json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    app.send(request("DELETE", &place, ADMIN, &[], json!(null)))
        .await
        .is(204);
    app.send(request("DELETE", &place, ADMIN, &[], json!(null)))
        .await
        .fails_with(404, "not_found");

    let stop = json!({"words": ["at", "home"]});
    let stop_words = "/v1/search/stop-words/en";
    let all = app.patch(stop_words, ADMIN, stop).await.is(200).json();
    assert_eq!(
        all,
        json!({"items": [{"locale": "en", "words": ["at", "home"]}]})
    );
    assert_eq!(
        ask("laptop%20home").await["hits"].as_array().unwrap().len(),
        1
    );
    assert_eq!(ask("home").await["hits"].as_array().unwrap().len(), 2);

    let pin = json!({"queries": ["laptop at home"], "articles": [vpn], "until_on": "2999-12-31"});
    let made = app.post("/v1/search/pins", ADMIN, pin).await.is(201);
    let found = ask("laptops").await;
    let order = |n: usize| {
        (
            found["hits"][n]["id"].clone(),
            found["hits"][n]["pinned"].clone(),
        )
    };
    assert_eq!(order(0), (json!(vpn), json!(true)), "{found}");
    assert_eq!(order(1), (json!(laptop), json!(false)));
    // "laptops at home" in the other layout.
    let turned =
        "%D0%B4%D1%84%D0%B7%D0%B5%D1%89%D0%B7%D1%8B%20%D1%84%D0%B5%20%D1%80%D1%89%D1%8C%D1%83";
    let found = ask(turned).await;
    assert_eq!(found["hits"][0]["pinned"], true, "{found}");
    let wrong = json!({"queries": ["x"], "articles": ["y"]});
    app.post("/v1/search/pins", ADMIN, wrong)
        .await
        .fails_with(422, "invalid");
    let wrong = json!({"queries": ["x"], "articles": [vpn], "from_on": "soon"});
    app.post("/v1/search/pins", ADMIN, wrong)
        .await
        .fails_with(422, "invalid");
    let place = format!("/v1/search/pins/{}", made.id());
    app.send(request("DELETE", &place, ADMIN, &[], json!(null)))
        .await
        .is(204);
    assert_eq!(ask("laptops").await["hits"].as_array().unwrap().len(), 1);
    let listed = app.get("/v1/search/pins", AGENT).await.is(200).json();
    assert_eq!(listed, json!({"items": []}));
}

#[tokio::test]
async fn hits_say_what_their_scores_are_made_of() {
    let app = App::new();
    let article = json!({"title": "Printer on fire", "body": "Pull the plug of the printer.", "status": "published"});
    app.post("/v1/articles", ADMIN, article).await.is(201);
    let pos = app.desk.pos();
    let path = format!("/v1/articles/search?q=printers&at_least={pos}");
    let plain = app.get(&path, AGENT).await.is(200).json();
    assert_eq!(plain["hits"][0].get("explanation"), None);
    assert_eq!(plain["hits"][0]["matches"][0].get("added"), None);
    for path in [path, format!("/v1/search?q=printers&at_least={pos}")] {
        let found = app.get(&format!("{path}&explain=true"), AGENT).await;
        let found = found.is(200).json();
        let hit = &found["hits"][0];
        let of = &hit["explanation"];
        assert_eq!((&of["factor"], &of["factors"]), (&json!(1.0), &json!([])));
        let word = &of["words"][0];
        assert_eq!(
            (&word["word"], &word["how"]),
            (&json!("printers"), &json!("form"))
        );
        assert_eq!(word["found"], "printer");
        let sections = word["sections"].as_array().unwrap();
        let names: Vec<_> = sections
            .iter()
            .map(|s| s["section"].as_str().unwrap())
            .collect();
        assert_eq!(names, ["title", "text"], "{of}");
        let sum: f64 = sections.iter().map(|s| s["gave"].as_f64().unwrap()).sum();
        let score = hit["score"].as_f64().unwrap();
        assert!((sum - score).abs() < 0.01, "{of} {score}");
    }
    app.get("/v1/search?q=x&explain=perhaps", AGENT)
        .await
        .fails_with(422, "invalid");
}
