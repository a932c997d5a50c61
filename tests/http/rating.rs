//! The page that a survey's link leads to, as browsers and what scans mail see it.

use axum::body::Body;
use axum::http::Request;
use opora::api::ApiOptions;
use serde_json::{Value as Json, json};

use crate::app::{AGENT, Answer, App};
use crate::surveys::asked;

async fn page(app: &App, path: &str, language: &str) -> Answer {
    let headers = [("accept-language", language)];
    let headers: &[(&str, &str)] = if language.is_empty() { &[] } else { &headers };
    app.call("GET", path, "", headers, Json::Null).await
}

async fn send(app: &App, path: &str, form: &str) -> Answer {
    let request = Request::builder()
        .method("POST")
        .uri(path)
        .header("content-type", "application/x-www-form-urlencoded")
        .header("accept-language", "ru")
        .body(Body::from(form.to_owned()));
    app.send(request.unwrap()).await
}

// rows: S1.55
#[tokio::test]
async fn the_link_of_a_survey_leads_to_a_form_that_counts_once() {
    let app = App::new();
    let (token, ticket) = asked(&app).await;
    let title = json!({"title": "<script>alert(\"печь\")</script>"});
    app.patch(&ticket, AGENT, title).await.is(200);
    let path = format!("/r/{token}");
    let shown = page(&app, &path, "ru-RU,ru;q=0.9,en;q=0.5").await.is(200);
    assert_eq!(shown.header("content-type"), "text/html; charset=utf-8");
    let policy = shown.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"));
    assert_eq!(shown.header("referrer-policy"), "no-referrer");
    assert_eq!(shown.header("cache-control"), "no-store");
    let html = shown.text();
    assert!(html.contains("<html lang=\"ru\">"), "{html}");
    assert!(html.contains("<legend>Скорость</legend>"), "{html}");
    let title = "&lt;script&gt;alert(&quot;печь&quot;)&lt;/script&gt;";
    assert!(html.contains(title) && !html.contains("<script"), "{html}");
    assert_eq!(html.matches("type=\"radio\"").count(), 5);
    assert!(page(&app, &path, "en").await.text().contains("lang=\"en\""));
    // A link with a score in it, opened as often as mail is scanned, records nothing.
    for _ in 0..3 {
        let html = page(&app, &format!("{path}?score=4"), "en").await.is(200);
        let chosen = "name=\"score\" value=\"4\" checked";
        assert!(html.text().contains(chosen), "{}", html.text());
    }
    let record = app.get(&ticket, AGENT).await.json();
    assert_eq!(record["satisfaction_score"], Json::Null);
    // What does not fit is told on the form, with what was written.
    for form in ["", "score=6", "score=4&answer.smell=3", "comment=%D0%B0"] {
        let told = send(&app, &path, form).await.is(422).text();
        assert!(told.contains("role=\"alert\""), "{form}: {told}");
    }
    let told = send(&app, &path, "comment=%3Cb%3E").await.text();
    assert!(told.contains(">\n&lt;b&gt;</textarea>"), "{told}");
    let form = "score=4&answer.speed=5&comment=%D0%91%D1%8B%D1%81%D1%82%D1%80%D0%BE";
    let thanks = send(&app, &path, form).await.is(200).text();
    assert!(thanks.contains("Спасибо"), "{thanks}");
    let record = app.get(&ticket, AGENT).await.json();
    assert_eq!(record["satisfaction_score"], 4);
    assert_eq!(record["satisfaction_comment"], "Быстро");
    // The pack's rule said what it means.
    assert_eq!(record["satisfaction"], "satisfied");
    let again = send(&app, &path, form).await.is(404);
    let unknown = send(&app, "/r/0123abcd", form).await.is(404);
    assert_eq!(again.bytes, unknown.bytes);
}

#[tokio::test]
async fn used_expired_and_unknown_links_look_the_same() {
    let app = App::new();
    let (token, _) = asked(&app).await;
    let path = format!("/r/{token}");
    app.clock.advance(chrono::TimeDelta::days(8));
    let late = page(&app, &path, "en").await.is(404);
    send(&app, &path, "score=5").await.is(404);
    let unknown = page(&app, "/r/00112233", "en").await.is(404);
    assert_eq!(
        (&late.bytes, &late.headers.len()),
        (&unknown.bytes, &unknown.headers.len())
    );
    let long = page(&app, &format!("/r/{}", "a".repeat(500)), "en")
        .await
        .is(404);
    let odd = page(&app, "/r/%3Cscript%3E", "en").await.is(404);
    assert_eq!((&long.bytes, &odd.bytes), (&unknown.bytes, &unknown.bytes));
    let json = json!({"score": 5});
    app.post("/r/00112233", "", json).await.is(404);
}

#[tokio::test]
async fn the_page_speaks_the_customers_language_unless_the_browser_asks_for_one() {
    let app = App::new();
    let (token, _) = asked(&app).await;
    let path = format!("/r/{token}");
    assert!(page(&app, &path, "").await.text().contains("lang=\"en\""));
    let contact = format!("/v1/contacts/{}", app.contact_a);
    app.patch(&contact, AGENT, json!({"locale": "ru"}))
        .await
        .is(200);
    assert!(page(&app, &path, "").await.text().contains("lang=\"ru\""));
    assert!(page(&app, &path, "en").await.text().contains("lang=\"en\""));
}

#[tokio::test]
async fn too_much_and_too_often_is_refused() {
    let app = App::with(ApiOptions {
        form_bytes: 1_000,
        pages: (10, 0),
        ..ApiOptions::default()
    });
    let (token, _) = asked(&app).await;
    let path = format!("/r/{token}");
    let form = format!("score=5&comment={}", "x".repeat(1_000));
    send(&app, &path, &form).await.is(413);
    let mut refused = 0;
    for _ in 0..20 {
        let answer = page(&app, "/r/00112233", "en").await;
        if answer.status.as_u16() == 429 {
            assert_eq!(answer.header("retry-after"), "10");
            refused += 1;
        }
    }
    assert_eq!(refused, 11);
}
