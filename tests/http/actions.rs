//! Named actions of rules: run, refused, repeated, and listed on the form.

use serde_json::{Value as Json, json};

use crate::app::{ADMIN, AGENT, App, DEFINITIONS, PACK, PORTAL_A, PORTAL_B};

const RULES: &str = r#"
fn escalate(c) {
    if c.argument("level", 1) > 3 {
        c.deny_field("priority", "too_high", #{ en: "there are three levels", ru: "уровней три" });
    } else {
        c.set("priority", "urgent");
        c.comment_internal("raised");
        c.result(#{ level: c.argument("level", 1) });
    }
}
fn quiet(c) { c.tag("quiet"); }
"#;

async fn app() -> (App, String) {
    let app = App::new();
    let rule = |name: &str, more: &str| {
        format!(
            "\n[[rule]]\nname = \"{name}\"\nhook = \"action.run\"\nscript = \"rules.rhai\"\n\
             action = \"{name}\"\n{more}\n"
        )
    };
    let names = "names = { en = \"Escalate\", ru = \"Поднять выше\" }";
    let rules = [rule("escalate", names), rule("quiet", "portal = true")].concat();
    let manifest = format!("{}{rules}", PACK.replace("1.0.0", "1.1.0"));
    let body = json!({"files": {
        "pack.toml": {"text": manifest}, "definitions.toml": {"text": DEFINITIONS},
        "rules.rhai": {"text": RULES},
    }, "grants": ["all"]});
    app.post("/v1/packs", ADMIN, body).await.is(201);
    let ticket = format!("/v1/tickets/{}", app.ticket().await);
    (app, ticket)
}

#[tokio::test]
async fn an_action_answers_with_its_result_and_position() {
    let (app, ticket) = app().await;
    let path = format!("{ticket}/actions/escalate");
    let done = app
        .post(&path, AGENT, json!({"arguments": {"level": 2}}))
        .await
        .is(200);
    let position = done.header("opora-position").to_owned();
    let body = done.json();
    assert_eq!(body["result"], json!({"level": 2}));
    assert_eq!(body["position"].to_string(), position);
    let record = app.get(&ticket, AGENT).await.is(200).json();
    assert_eq!(record["priority"], "urgent");
    let none = app
        .post(&format!("{ticket}/actions/quiet"), AGENT, json!({}))
        .await
        .is(200);
    assert_eq!(none.json()["result"], Json::Null);
}

#[tokio::test]
async fn a_refusal_names_the_rule_and_the_line() {
    let (app, ticket) = app().await;
    let path = format!("{ticket}/actions/escalate");
    let refused = app
        .post(&path, AGENT, json!({"arguments": {"level": 9}}))
        .await;
    let body = refused.fails_with(409, "action_refused").json();
    let fault = &body["errors"][0];
    assert_eq!(
        (&fault["code"], &fault["field"]),
        (&json!("too_high"), &json!("priority")),
        "{body}"
    );
    assert!(
        fault["rule"].as_str().unwrap().ends_with("/escalate:4"),
        "{body}"
    );
    let unknown = app
        .post(&format!("{ticket}/actions/escalat"), AGENT, json!({}))
        .await
        .fails_with(404, "unknown_action");
    assert!(unknown.text().contains("did you mean `escalate`"));
    app.post(&path, AGENT, json!({"argument": {}}))
        .await
        .fails_with(422, "invalid");
    let much = json!({"arguments": {"text": "x".repeat(70_000)}});
    app.post(&path, AGENT, much)
        .await
        .fails_with(413, "arguments_too_large");
}

#[tokio::test]
async fn a_repeated_request_gets_the_kept_result() {
    let (app, ticket) = app().await;
    let path = format!("{ticket}/actions/escalate");
    let key = [("idempotency-key", "once")];
    let body = json!({"arguments": {"level": 3}});
    let first = app.call("POST", &path, AGENT, &key, body.clone()).await;
    let first = first.is(200).json();
    let again = app.call("POST", &path, AGENT, &key, body).await.is(200);
    assert_eq!(again.header("idempotent-replayed"), "true");
    assert_eq!(again.json(), first);
    let comments = app
        .get(&format!("{ticket}/comments"), AGENT)
        .await
        .is(200)
        .json();
    assert_eq!(comments["items"].as_array().unwrap().len(), 1, "{comments}");
    let other = json!({"arguments": {"level": 1}});
    app.call("POST", &path, AGENT, &key, other)
        .await
        .fails_with(422, "idempotency_key_reused");
}

#[tokio::test]
async fn the_form_lists_what_is_open_to_the_asker() {
    let (app, ticket) = app().await;
    let form = app.get(&format!("{ticket}/form"), AGENT).await.is(200);
    let listed = form.json()["named_actions"].clone();
    let names: Vec<&str> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|a| a["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["escalate", "quiet"]);
    assert_eq!(listed[0]["label"], "Escalate");
    let headers = [("accept-language", "ru")];
    let form = app
        .call(
            "GET",
            &format!("{ticket}/form"),
            AGENT,
            &headers,
            Json::Null,
        )
        .await
        .is(200);
    assert_eq!(form.json()["named_actions"][0]["label"], "Поднять выше");
    let form = app.get(&format!("{ticket}/form"), PORTAL_A).await.is(200);
    assert_eq!(form.json()["named_actions"].as_array().unwrap().len(), 1);
    let (quiet, escalate) = (
        format!("{ticket}/actions/quiet"),
        format!("{ticket}/actions/escalate"),
    );
    app.post(&quiet, PORTAL_A, json!({})).await.is(200);
    app.post(&escalate, PORTAL_A, json!({}))
        .await
        .fails_with(404, "unknown_action");
    app.post(&quiet, PORTAL_B, json!({}))
        .await
        .fails_with(404, "not_found");
}
