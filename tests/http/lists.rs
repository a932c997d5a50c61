//! Lists: filters, sorting, pages.

use opora::api::{method_name, openapi, routes};
use serde_json::{Value as Json, json};

use crate::app::{ADMIN, AGENT, App};

async fn titles(app: &App, query: &str) -> Vec<String> {
    let body = app
        .get(&format!("/v1/tickets?{query}"), AGENT)
        .await
        .is(200)
        .json();
    let items = body["items"].as_array().unwrap();
    items
        .iter()
        .map(|i| i["title"].as_str().unwrap().to_owned())
        .collect()
}

async fn make(app: &App, title: &str, more: Json) -> String {
    app.tick();
    let mut body = json!({"type": "fault", "title": title});
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    app.post("/v1/tickets", AGENT, body).await.is(201).id()
}

#[tokio::test]
async fn filters_by_field() {
    let app = App::new();
    let a = make(
        &app,
        "a",
        json!({"priority": "high", "tags": ["x"], "account": app.account_a}),
    )
    .await;
    make(
        &app,
        "b",
        json!({"priority": "low", "fields": {"severity": "major"}}),
    )
    .await;
    let moved = json!({"to": "bench"});
    app.post(&format!("/v1/tickets/{a}/transition"), AGENT, moved)
        .await
        .is(200);
    app.post(
        &format!("/v1/tickets/{a}/assign"),
        AGENT,
        json!({"agent": "irina"}),
    )
    .await
    .is(200);
    let at_least = app.desk.pos();
    for (query, expected) in [
        ("", vec!["b", "a"]),
        ("priority=high", vec!["a"]),
        ("priority=high,low", vec!["b", "a"]),
        ("priority=high&priority=low", vec!["b", "a"]),
        ("status=bench", vec!["a"]),
        ("status=repair/todo", vec!["b"]),
        ("status_category=open", vec!["a"]),
        ("status_category=new,open", vec!["b", "a"]),
        ("type=fault", vec!["b", "a"]),
        ("account=alpha", vec!["a"]),
        ("account=alpha&status=todo", vec![]),
        ("assignee=me", vec!["a"]),
        ("tags=x", vec!["a"]),
        ("severity=major", vec!["b"]),
        ("repair/severity=major", vec!["b"]),
        ("assignee.present=false", vec!["b"]),
        (
            "created_at.from=2026-03-02T00:00:00Z&created_at.to=2026-03-03",
            vec!["b", "a"],
        ),
        ("created_at.from=2026-03-03", vec![]),
        ("sort=title", vec!["a", "b"]),
        ("sort=-title", vec!["b", "a"]),
    ] {
        let query = format!("{query}&at_least={at_least}");
        assert_eq!(
            titles(&app, query.trim_start_matches('&')).await,
            expected,
            "{query}"
        );
    }
}

#[tokio::test]
async fn a_misspelt_filter_is_refused_with_the_one_that_was_meant() {
    let app = App::new();
    for (query, hint) in [
        ("stauts=new", "`status`"),
        ("priorty=high", "`priority`"),
        ("limt=5", "`limit`"),
        ("sort=titel", "`title`"),
        ("severty=major", "severity`"),
    ] {
        let body = app
            .get(&format!("/v1/tickets?{query}"), AGENT)
            .await
            .is(422)
            .json();
        let detail = body["detail"].as_str().unwrap();
        assert!(detail.contains(hint), "{query}: {detail}");
    }
    app.get("/v1/tickets?assignee.present=maybe", AGENT)
        .await
        .fails_with(422, "invalid");
    app.get("/v1/tickets?created_at.from=a&created_at.from=b", AGENT)
        .await
        .fails_with(422, "invalid");
    app.get("/v1/tickets?account=nobody", AGENT).await.is(422);
}

#[tokio::test]
async fn pages_follow_one_another_without_gap_or_repetition() {
    let app = App::new();
    for n in 0..25 {
        make(&app, &format!("t{n:02}"), json!({})).await;
    }
    let at_least = app.desk.pos();
    for sort in ["", "sort=title", "sort=-title"] {
        let mut seen = Vec::new();
        let mut cursor = String::new();
        loop {
            let path = format!("/v1/tickets?limit=7&at_least={at_least}&{sort}{cursor}");
            let body = app.get(&path, AGENT).await.is(200).json();
            let items = body["items"].as_array().unwrap();
            assert!(items.len() <= 7);
            seen.extend(
                items
                    .iter()
                    .map(|i| i["title"].as_str().unwrap().to_owned()),
            );
            let Some(next) = body["next"].as_str() else {
                break;
            };
            cursor = format!("&cursor={next}");
        }
        let mut expected: Vec<String> = (0..25).map(|n| format!("t{n:02}")).collect();
        if sort != "sort=title" {
            expected.reverse();
        }
        assert_eq!(seen, expected, "{sort}");
    }
}

/// Every kind of the table is created, read, listed, changed and deleted the same way.
#[tokio::test]
async fn every_kind_has_the_same_routes() {
    let app = App::new();
    for (path, fields) in [
        (
            "accounts",
            json!({"title": "Gamma", "code": "gamma", "inn": "1"}),
        ),
        (
            "contacts",
            json!({"title": "Vera", "account": app.account_a, "mails": ["v@example.org"]}),
        ),
        (
            "agents",
            json!({"title": "Oleg", "code": "oleg", "skills": ["printers"]}),
        ),
        ("teams", json!({"title": "Desk", "code": "desk"})),
        ("products", json!({"title": "Till", "code": "till"})),
        (
            "assets",
            json!({"title": "Till 1", "serial": "S-1", "account": app.account_a}),
        ),
        (
            "articles",
            json!({"title": "How to", "body": "Words.", "locale": "en", "status": "published", "external_id": "x-1"}),
        ),
        (
            "contracts",
            json!({"title": "Care", "account": app.account_a}),
        ),
        ("leads", json!({"title": "Maybe"})),
        ("inquiries", json!({"title": "Asked"})),
        ("activities", json!({"title": "Call back"})),
    ] {
        let all = format!("/v1/{path}");
        let created = app.post(&all, ADMIN, fields.clone()).await.is(201);
        for (name, value) in fields.as_object().unwrap() {
            assert_eq!(&created.json()[name], value, "{path}.{name}");
        }
        let one = format!("{all}/{}", created.id());
        assert_eq!(created.header("location"), one);
        app.patch(&one, ADMIN, json!({"title": "Renamed"}))
            .await
            .is(200);
        let read = app.get(&one, AGENT).await.is(200).json();
        assert_eq!(read["title"], "Renamed", "{path}");
        let listed = app.get(&all, AGENT).await.is(200).json();
        let items = listed["items"].as_array().unwrap();
        assert!(items.iter().any(|i| i["id"] == read["id"]), "{path}");
        app.get(&format!("{one}/history"), AGENT).await.is(200);
        app.get(&format!("{one}/form"), AGENT).await.is(200);
        app.call("DELETE", &one, ADMIN, &[], json!(null))
            .await
            .is(204);
        app.get(&one, ADMIN).await.fails_with(404, "not_found");
    }
}

/// Every read of what writes change takes `at_least`: it is documented, read, and kept to.
#[tokio::test]
async fn every_read_shows_at_least_the_position_asked_for() {
    let app = App::new();
    let ticket = app.ticket().await;
    let document: Json = serde_json::from_str(&openapi()).unwrap();
    let mut walked = 0;
    for op in routes() {
        let is_read = method_name(&op.method) == "GET" && op.path.starts_with("/v1/");
        let other = ["/v1/events", "/v1/me", "/v1/surveys/{token}"];
        if !is_read || other.contains(&op.path.as_str()) {
            continue;
        }
        let params = &document["paths"][&op.path]["get"]["parameters"];
        let named = params
            .as_array()
            .unwrap()
            .iter()
            .any(|p| p["name"] == "at_least");
        assert!(named, "{}", op.path);
        let path = op.path.replace("{id}", &ticket).replace("{entry}", &ticket);
        let asks = path.ends_with("search") || path.ends_with("suggest");
        let words = match op.id.as_str() {
            _ if asks => "q=a&",
            "diff_article" => "from=1&",
            _ => "",
        };
        let answer = app
            .get(&format!("{path}?{words}at_least=soon"), ADMIN)
            .await
            .fails_with(422, "invalid");
        assert_eq!(answer.json()["errors"][0]["field"], "at_least", "{path}");
        walked += 1;
    }
    assert!(60 < walked, "{walked} routes");
    for what in ["", "/form", "/history", "/entries", "/comments", "/clocks"] {
        let path = format!("/v1/tickets/{ticket}{what}");
        let now = app.desk.pos();
        let answer = app
            .get(&format!("{path}?at_least={now}"), AGENT)
            .await
            .is(200);
        assert_eq!(answer.header("opora-position"), now.to_string());
    }
    let far = format!("/v1/tickets/{ticket}/form?at_least=1000000");
    app.get(&far, AGENT)
        .await
        .fails_with(503, "position_not_reached");
}
