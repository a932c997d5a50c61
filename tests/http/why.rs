//! Explanations, replayed decisions and simulations over the API.

use serde_json::{Value as Json, json};

use crate::app::{ADMIN, AGENT, App, DEFINITIONS, PACK, PORTAL_A};

const RULES: &str = r#"
[[rule]]
name = "grade"
hook = "transition.effect"
script = "rules.rhai"
when = [{ name = "major only", field = "severity", is = "major" }]
"#;
const SCRIPT: &str = "fn grade(c) {\n    c.set(\"margin\", 7);\n}\n";

fn upload(script: &str) -> Json {
    let manifest = format!("{PACK}{RULES}");
    json!({"files": {"pack.toml": {"text": manifest}, "definitions.toml": {"text": DEFINITIONS},
        "rules.rhai": {"text": script}}, "grants": ["all"]})
}

async fn begun(app: &App, severity: &str) -> String {
    let body = json!({"type": "fault", "title": "Pump", "fields": {"severity": severity}});
    let id = app.post("/v1/tickets", AGENT, body).await.is(201).id();
    let path = format!("/v1/tickets/{id}/transition");
    app.post(&path, AGENT, json!({"to": "bench"})).await.is(200);
    id
}

#[tokio::test]
async fn a_change_and_a_silent_rule_are_explained() {
    let app = App::new();
    app.post("/v1/packs", ADMIN, upload(SCRIPT)).await.is(201);
    let (major, minor) = (begun(&app, "major").await, begun(&app, "minor").await);
    let path = format!("/v1/tickets/{major}/why?field=margin");
    let why = app.get(&path, AGENT).await.is(200).json();
    let item = &why["items"][0];
    let change = &item["changes"][0];
    assert_eq!((&change["new"], &change["line"]), (&json!(7), &json!(2)));
    let rule = &item["rules"][0];
    assert_eq!(
        (&rule["rule"], &rule["file"], &rule["same"]),
        (&json!("repair/grade"), &json!("rules.rhai"), &json!(true))
    );
    let path = format!("/v1/tickets/{minor}/why");
    let why = app.get(&path, AGENT).await.is(200).json();
    let silent = why["items"].as_array().unwrap().last().unwrap()["silent"][0].clone();
    assert_eq!(silent["reason"], "condition");
    assert_eq!(
        silent["text"],
        "condition `major only` (severity is major) was false: severity = minor"
    );
    assert_eq!(silent["condition"]["value"], "minor");
    app.get(&path, PORTAL_A).await.fails_with(403, "forbidden");
    let path = format!("/v1/tickets/{minor}/why?cursor=00");
    app.get(&path, AGENT).await.fails_with(422, "bad_cursor");
}

#[tokio::test]
async fn a_decision_is_made_again_with_its_lines() {
    let app = App::new();
    app.post("/v1/packs", ADMIN, upload(SCRIPT)).await.is(201);
    let id = begun(&app, "major").await;
    let path = format!("/v1/tickets/{id}/history");
    let history = app.get(&path, AGENT).await.json();
    let position = history["items"].as_array().unwrap().last().unwrap()["position"].clone();
    let path = format!("/v1/journal/{position}/replay?rule=repair/grade");
    let done = app.get(&path, AGENT).await.is(200).json();
    let again = &done["items"][0];
    assert_eq!(again["same"], true);
    assert_eq!(again["trace"][0]["text"], "c.set(\"margin\", 7);");
    app.get(&path, PORTAL_A).await.fails_with(403, "forbidden");
    app.get("/v1/journal/99999/replay", AGENT)
        .await
        .fails_with(404, "not_found");
}

#[tokio::test]
async fn what_was_withheld_from_a_rule_has_a_word_of_its_own() {
    let app = App::new();
    let script = "fn grade(c) {\n    c.set(\"margin\", if c.record.description == () { 1 } else { 2 });\n}\n";
    let asks = "[capabilities]\neffects = [\"set\"]\npersonal = []\n";
    let mut body = upload(script);
    body["files"]["pack.toml"]["text"] = json!(format!("{PACK}{asks}{RULES}"));
    app.post("/v1/packs", ADMIN, body).await.is(201);
    let fields = json!({"severity": "major"});
    let ticket =
        json!({"type": "fault", "title": "Pump", "description": "my secret", "fields": fields});
    let id = app.post("/v1/tickets", AGENT, ticket).await.is(201).id();
    let path = format!("/v1/tickets/{id}/transition");
    app.post(&path, AGENT, json!({"to": "bench"})).await.is(200);
    let path = format!("/v1/tickets/{id}/why?field=margin");
    let why = app.get(&path, AGENT).await.is(200).json();
    let item = &why["items"][0];
    let withheld = json!([{"of": "", "field": "description", "value": null, "withheld": true}]);
    assert_eq!(item["rules"][0]["read"], withheld, "{why}");
    let path = format!("/v1/journal/{}/replay", item["position"]);
    let done = app.get(&path, AGENT).await.is(200).json();
    assert_eq!(done["items"][0]["read"], withheld, "{done}");
    // A field that there is not is not taken for one on which nothing bears.
    let path = format!("/v1/tickets/{id}/why?field=margn");
    let wrong = app.get(&path, AGENT).await.is(422);
    assert!(wrong.text().contains("did you mean `repair/margin`?"));
}

#[tokio::test]
async fn a_changed_pack_is_tried_on_what_happened() {
    let app = App::new();
    app.post("/v1/packs", ADMIN, upload(SCRIPT)).await.is(201);
    let id = begun(&app, "major").await;
    begun(&app, "minor").await;
    let changed = upload(&SCRIPT.replace('7', "9"));
    let path = "/v1/packs/repair/simulate?since=1d";
    let done = app.post(path, ADMIN, changed.clone()).await.is(200).json();
    assert_eq!(
        (&done["differing"], &done["by_field"]),
        (&json!(2), &json!({"margin": 2}))
    );
    let record = &done["records"][0];
    assert_eq!(
        (&record["id"], &record["title"]),
        (&json!(id), &json!("Pump"))
    );
    let difference = &record["differences"][0];
    assert_eq!(
        (&difference["recorded"], &difference["candidate"]),
        (&json!("7"), &json!("9"))
    );
    app.post(path, AGENT, changed.clone())
        .await
        .fails_with(403, "forbidden");
    app.post("/v1/packs/other/simulate", ADMIN, changed.clone())
        .await
        .is(422);
    app.post("/v1/packs/repair/simulate?since=soon", ADMIN, changed)
        .await
        .is(422);
}

#[tokio::test]
async fn a_shadow_is_started_read_listed_and_stopped() {
    let app = App::new();
    app.post("/v1/packs", ADMIN, upload(SCRIPT)).await.is(201);
    let changed = upload(&SCRIPT.replace('7', "9"));
    let path = "/v1/packs/repair/shadow";
    app.post(path, AGENT, changed.clone())
        .await
        .fails_with(403, "forbidden");
    app.post(path, ADMIN, changed).await.is(201);
    let id = begun(&app, "major").await;
    app.desk.follow_shadows().unwrap();
    let shadow = app.get(path, ADMIN).await.is(200).json();
    assert_eq!(shadow["found"]["by_field"], json!({"margin": 2}));
    assert_eq!(shadow["found"]["records"][0]["id"], json!(id));
    let listed = app.get("/v1/shadows", ADMIN).await.is(200).json();
    assert_eq!(listed["items"], json!([shadow]));
    let path = format!("{path}?");
    app.call("DELETE", &path, ADMIN, &[], json!(null))
        .await
        .is(204);
    app.get(&path, ADMIN).await.fails_with(404, "not_found");
}
