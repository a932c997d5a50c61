//! Surveys by the link that a customer was sent.

use serde_json::json;

use crate::app::{AGENT, App};

#[tokio::test]
async fn nobody_knows_a_survey_without_its_token() {
    let app = App::new();
    app.get("/v1/surveys/nothing", "")
        .await
        .fails_with(404, "not_found");
    app.post("/v1/surveys/nothing", "", json!({"score": 5}))
        .await
        .fails_with(404, "not_found");
    let long = "x".repeat(200);
    app.get(&format!("/v1/surveys/{long}"), "")
        .await
        .fails_with(404, "not_found");
    app.post("/v1/surveys/nothing", "", json!({"mark": 5}))
        .await
        .fails_with(422, "invalid");
    app.get("/v1/outbox", AGENT)
        .await
        .fails_with(403, "forbidden");
}

/// The token of a survey that customer A was sent, and the ticket it is about. Rules make of a score
/// of 4 and more that the customer is satisfied.
#[cfg(feature = "script")]
pub async fn asked(app: &App) -> (String, String) {
    use crate::app::{ADMIN, DEFINITIONS, PACK};

    let manifest = format!(
        "{PACK}\n[[rule]]\nname = \"rating\"\nhook = \"survey.logic\"\nscript = \"rules.rhai\"\n"
    )
    .replace("1.0.0", "1.1.0");
    let definitions = format!(
        "{DEFINITIONS}\n[[survey]]\ncode = \"service\"\n\
         [[survey.questions]]\ncode = \"speed\"\nnames = {{ en = \"Speed\", ru = \"Скорость\" }}\n"
    );
    let rules = r#"
fn rating(c) {
    if c.is_reply() {
        if c.score >= 4 { c.means("satisfied"); } else { c.means("dissatisfied"); }
    } else {
        c.ask(#{
            template: "service", channel: "mail", delay: minutes(10), valid: days(7), scale: 5,
            subject: "Rate us", text: "Please rate: {link}",
        });
    }
}
"#;
    let body = json!({"files": {
        "pack.toml": {"text": manifest}, "definitions.toml": {"text": definitions},
        "rules.rhai": {"text": rules},
    }, "grants": ["all"]});
    app.post("/v1/packs", ADMIN, body).await.is(201);
    let ticket = format!("/v1/tickets/{}", app.ticket().await);
    app.post(
        &format!("{ticket}/transition"),
        AGENT,
        json!({"to": "bench"}),
    )
    .await
    .is(200);
    let done = json!({"to": "done", "fields": {"solution": "put out"}});
    app.post(&format!("{ticket}/transition"), AGENT, done)
        .await
        .is(200);
    app.clock.advance(chrono::TimeDelta::minutes(11));
    app.desk.fire_due(100).unwrap();
    let outbox = app.get("/v1/outbox", ADMIN).await.is(200).json();
    let sent = &outbox["items"][0];
    assert_eq!(
        (&sent["to"], &sent["link"]),
        (&json!("anna@example.org"), &json!(ticket))
    );
    let text = sent["text"].as_str().unwrap();
    let (_, token) = text.rsplit_once('/').unwrap();
    (token.to_owned(), ticket)
}

#[cfg(feature = "script")]
#[tokio::test]
async fn a_customer_rates_a_finished_ticket_once() {
    let app = App::new();
    let (token, ticket) = asked(&app).await;
    let path = format!("/v1/surveys/{token}");
    let russian = [("accept-language", "ru")];
    let asked = app
        .call("GET", &path, "", &russian, json!(null))
        .await
        .is(200)
        .json();
    assert_eq!(
        (&asked["scale"], &asked["answered"]),
        (&json!(5), &json!(false))
    );
    assert_eq!(asked["questions"][0]["name"], "Скорость");
    app.post(&path, "", json!({"score": 6}))
        .await
        .fails_with(422, "invalid");
    app.post(&path, "", json!({"score": 5, "answers": {"smell": 3}}))
        .await
        .fails_with(422, "invalid");
    let answer = json!({"score": 5, "comment": "Quick", "answers": {"speed": 5}});
    app.post(&path, "", answer.clone()).await.is(204);
    app.post(&path, "", answer)
        .await
        .fails_with(409, "survey_answered");
    assert_eq!(app.get(&path, "").await.json()["answered"], true);
    let ticket = app.get(&ticket, AGENT).await.json();
    assert_eq!(
        (
            &ticket["satisfaction_score"],
            &ticket["satisfaction_comment"]
        ),
        (&json!(5), &json!("Quick"))
    );
    assert_eq!(ticket["satisfaction"], "satisfied");
}
