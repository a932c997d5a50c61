//! The page, the document, health and counters.

use serde_json::json;

use crate::app::{AGENT, App};

#[tokio::test]
async fn the_page_needs_nothing_from_elsewhere() {
    let app = App::new();
    let page = app.get("/docs", "").await.is(200);
    assert!(page.header("content-type").starts_with("text/html"));
    assert!(
        page.header("content-security-policy")
            .contains("default-src 'none'")
    );
    for path in ["/docs", "/docs/page.js", "/docs/page.css"] {
        let text = app.get(path, "").await.is(200).text();
        for elsewhere in ["http://", "https://", "src=\"//", "@import", " url("] {
            assert!(!text.contains(elsewhere), "{path} has {elsewhere}");
        }
    }
    // Whatever the page refers to is served.
    let text = page.text();
    let quoted = text.split('"').filter(|part| part.starts_with('/'));
    for reference in quoted {
        app.get(reference, "").await.is(200);
    }
    let document = app.get("/openapi.json", "").await.is(200).json();
    assert_eq!(document["info"]["title"], "Opora");
}

#[tokio::test]
async fn health_and_counters() {
    let app = App::new();
    assert_eq!(app.get("/healthz", "").await.is(200).text(), "ok\n");
    let ready = app.get("/readyz", "").await.is(200).json();
    assert_eq!(
        (&ready["status"], &ready["packs"]),
        (&json!("ready"), &json!(1))
    );
    let ticket = app.ticket().await;
    app.get(&format!("/v1/tickets/{ticket}"), AGENT)
        .await
        .is(200);
    app.get("/v1/tickets?x=1", AGENT).await.is(422);
    let text = app.get("/metrics", "").await.is(200).text();
    for line in [
        "opora_http_requests_total{route=\"/v1/tickets\",method=\"POST\",status=\"201\"} 1",
        "opora_http_requests_total{route=\"/v1/tickets/{id}\",method=\"GET\",status=\"200\"} 1",
        "opora_http_requests_total{route=\"/v1/tickets\",method=\"GET\",status=\"422\"} 1",
        "opora_http_request_seconds_count{route=\"/healthz\",method=\"GET\",status=\"200\"} 1",
        "opora_packs 1",
    ] {
        assert!(text.lines().any(|l| l == line), "no {line} in\n{text}");
    }
    // Ids never become labels: their number would have no bound.
    assert!(!text.contains(&ticket));
    for line in text.lines().filter(|l| !l.starts_with('#')) {
        let (name, value) = line.rsplit_once(' ').unwrap();
        assert!(
            value.parse::<f64>().is_ok() && name.starts_with("opora_"),
            "{line}"
        );
    }
}
