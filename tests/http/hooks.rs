//! The total order of rules, how each fares, and letting a suspended one run again.

use serde_json::{Value as Json, json};

use crate::app::{ADMIN, AGENT, App};

async fn steps(app: &App) -> Vec<Json> {
    let body = app.get("/v1/hooks", AGENT).await.is(200).json();
    body["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn the_engine_tells_its_own_steps_in_order() {
    let app = App::new();
    let steps = steps(&app).await;
    let orders: Vec<u64> = steps.iter().map(|s| s["order"].as_u64().unwrap()).collect();
    assert_eq!(orders, (1..=steps.len() as u64).collect::<Vec<_>>());
    let place = |name: &str| steps.iter().position(|s| s["name"] == name).unwrap();
    assert!(place("identity") < place("defaults"));
    assert!(place("defaults") < place("clocks"));
    assert!(place("workflow") < place("pauses"));
    assert!(place("check") < place("commit"));
    assert!(
        steps
            .iter()
            .all(|s| s["step"] == "engine" && s["about"] != "")
    );
}

#[cfg(feature = "script")]
#[tokio::test]
async fn a_rule_that_fails_is_shown_suspended_and_reset() {
    use crate::app::{DEFINITIONS, PACK, PORTAL_A};

    let app = App::new();
    let rules = r#"
[[rule]]
name = "late"
hook = "record.validate"
script = "rules.rhai"
function = "fine"
priority = 5

[[rule]]
name = "bad"
hook = "record.validate"
script = "rules.rhai"
reads = ["account"]
"#;
    let manifest = format!("{PACK}{rules}").replace("1.0.0", "1.1.0");
    let script = "fn bad(c) { if c.record.title != \"good\" { throw \"no\"; } }\nfn fine(c) {}";
    let body = json!({"files": {
        "pack.toml": {"text": manifest}, "definitions.toml": {"text": DEFINITIONS},
        "rules.rhai": {"text": script},
    }, "grants": ["all"]});
    app.post("/v1/packs", ADMIN, body).await.is(201);
    let ticket = json!({"type": "fault", "title": "x"});
    // Customers are not shown what stands in a rule, nor what it threw.
    let wrong = app.post("/v1/tickets", PORTAL_A, ticket.clone()).await;
    let told = wrong.fails_with(422, "invalid").text();
    assert!(told.contains("administrators can see why"), "{told}");
    assert!(
        !told.contains("throw") && !told.contains("repair/bad"),
        "{told}"
    );
    for code in ["rule_broken", "rule_broken", "rule_suspended"] {
        let answer = app.post("/v1/tickets", AGENT, ticket.clone()).await;
        let answer = answer.fails_with(422, "invalid");
        assert_eq!(answer.json()["errors"][0]["code"], code);
    }
    let of = |steps: &[Json], name: &str| {
        let found = steps.iter().position(|s| s["name"] == name).unwrap();
        (found, steps[found].clone())
    };
    let all = steps(&app).await;
    let ((first, bad), (second, late)) = (of(&all, "repair/bad"), of(&all, "repair/late"));
    assert!(of(&all, "check").0 < first && first < second && second < of(&all, "commit").0);
    assert_eq!(
        (&bad["hook"], &bad["phase"]),
        (&json!("record.validate"), &json!("settle"))
    );
    let (bad, late) = (&bad["rule"], &late["rule"]);
    assert_eq!(
        (&bad["state"], &late["state"]),
        (&json!("suspended"), &json!("active"))
    );
    assert_eq!((&bad["calls"], &bad["failures"]), (&json!(3), &json!(3)));
    assert_eq!((&late["calls"], &late["failures"]), (&json!(4), &json!(0)));
    assert!(bad["last_error"].as_str().unwrap().contains("rules.rhai:1"));
    assert_eq!(
        (&bad["reads"], &late["priority"]),
        (&json!(["account"]), &json!(5))
    );
    assert_eq!(
        (&bad["nature"], &bad["kind"]),
        (&json!("script"), &json!("ticket"))
    );
    assert!(0 < late["most_used"].as_u64().unwrap() && late["budget"] == 100_000);

    let ready = app.get("/readyz", "").await.is(200).json();
    assert_eq!(ready["suspended_rules"], json!(["repair/bad"]));
    let metrics = app.get("/metrics", "").await.is(200).text();
    assert!(metrics.contains("opora_rule_suspended{rule=\"repair/bad\"} 1"));

    let path = "/v1/rules/repair/bad/reset";
    app.post(path, AGENT, json!(null))
        .await
        .fails_with(403, "forbidden");
    app.post(path, ADMIN, json!(null)).await.is(204);
    app.post(path, ADMIN, json!(null))
        .await
        .fails_with(404, "not_found");
    let good = json!({"type": "fault", "title": "good", "account": app.account_a});
    let ticket = app.post("/v1/tickets", AGENT, good).await.is(201).id();
    let path = format!("/v1/tickets/{ticket}/history");
    let reads = |body: Json| body["items"][0]["reads"].clone();
    let history = reads(app.get(&path, AGENT).await.is(200).json());
    let read = (&history[0]["kind"], &history[0]["id"]);
    assert_eq!(read, (&json!("account"), &json!(app.account_a)));
    let history = reads(app.get(&path, PORTAL_A).await.is(200).json());
    assert_eq!(history, json!([]));
    let ready = app.get("/readyz", "").await.is(200).json();
    assert_eq!(
        (&ready["suspended_rules"], &ready["failing_rules"]),
        (&json!([]), &json!(0))
    );
}
