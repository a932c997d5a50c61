//! Roles of agents.

use serde_json::json;

use crate::app::{ADMIN, AGENT, App};

#[tokio::test]
async fn a_role_is_defined_given_and_taken_away() {
    let app = App::new();
    let body = json!({
        "code": "first-line",
        "names": {"en": "First line", "ru": "Первая линия"},
        "kinds": {"ticket": {"see": "team", "change": "own"}},
        "others": {"see": "all", "change": "none"},
        "masked": {"contact": ["phones"]},
    });
    app.post("/v1/roles", AGENT, body.clone())
        .await
        .fails_with(403, "forbidden");
    let made = app.post("/v1/roles", ADMIN, body).await.is(200).json();
    assert_eq!(made["kinds"]["ticket"]["see"], "team");
    assert_eq!(made["reports"], false);
    let listed = app.get("/v1/roles", ADMIN).await.is(200).json();
    assert_eq!(listed["items"][0]["names"]["ru"], "Первая линия");

    let agent = format!("/v1/agents/{}", app.agent);
    let give = |roles: serde_json::Value| json!({"roles": roles});
    app.patch(&agent, ADMIN, give(json!(["first-line"])))
        .await
        .is(200);
    let account = json!({"title": "Lantern Ltd"});
    app.post("/v1/accounts", AGENT, account.clone())
        .await
        .fails_with(403, "role_forbids");
    app.call("DELETE", "/v1/roles/first-line", ADMIN, &[], json!(null))
        .await
        .fails_with(409, "in_use");
    app.patch(&agent, ADMIN, give(json!([]))).await.is(200);
    app.post("/v1/accounts", AGENT, account).await.is(201);
    app.call("DELETE", "/v1/roles/first-line", ADMIN, &[], json!(null))
        .await
        .is(204);
}

#[tokio::test]
async fn what_is_wrong_with_a_role_is_told() {
    let app = App::new();
    let wrong = json!({"code": "x", "kinds": {"tickets": {}}});
    let problem = app.post("/v1/roles", ADMIN, wrong).await.is(422).json();
    assert!(problem.to_string().contains("unknown_kind"), "{problem}");
    let wrong = json!({"code": "x", "kinds": {"ticket": {"sea": "all"}}});
    let problem = app.post("/v1/roles", ADMIN, wrong).await;
    assert!(problem.text().contains("sea"), "{}", problem.text());
}

#[tokio::test]
async fn reports_are_for_roles_that_say_so() {
    let app = App::new();
    let paths = [
        "/v1/reports/search",
        "/v1/reports/search?format=csv&list=not_found",
    ];
    for path in paths {
        app.get(path, AGENT).await.is(200);
    }
    let agent = format!("/v1/agents/{}", app.agent);
    for (code, reports, status) in [("without", false, 403), ("with", true, 200)] {
        let role = json!({"code": code, "names": {"en": code}, "reports": reports});
        app.post("/v1/roles", ADMIN, role).await.is(200);
        app.patch(&agent, ADMIN, json!({"roles": [code]}))
            .await
            .is(200);
        for path in paths {
            app.get(path, AGENT).await.is(status);
        }
    }
}
