//! Reports, their variants, and what stands beside the records: duplicates, tags, settings, previews.

use opora::domain::Kind;
use serde_json::{Value as Json, json};

use crate::app::{ADMIN, AGENT, App, PORTAL_A};
use crate::driver::plural;

#[tokio::test]
async fn a_report_is_run_saved_and_given_out_as_a_file() {
    let app = App::new();
    for _ in 0..3 {
        app.ticket().await;
    }
    let all = app.get("/v1/reports", AGENT).await.is(200).json();
    assert_eq!(all["items"][0]["code"], "repair/by_type");
    let path = "/v1/reports/by_type/run";
    let newest = format!("{path}?at_least={}", app.desk.pos());
    let found = app.post(&newest, AGENT, json!({})).await.is(200).json();
    assert_eq!(found["totals"]["count"], 3);
    assert_eq!(found["rows"][0]["type"], "repair/fault");
    assert_eq!(found["rows"][0]["labels"]["type"], "Fault");
    let file = app
        .post(&format!("{path}?format=csv&bom=true"), AGENT, json!({}))
        .await;
    assert_eq!(file.header("content-type"), "text/csv; charset=utf-8");
    assert_eq!(
        file.text(),
        "\u{feff}Type,Month,Tickets\r\nFault,2026-03,3\r\n"
    );
    app.post(path, PORTAL_A, json!({}))
        .await
        .fails_with(403, "forbidden");

    let all = "/v1/reports/repair%2Fby_type/variants";
    let spec = json!({"name": "Old ones", "spec": {"period": {"to": "2020-01-01"}}});
    let own = app.post(all, ADMIN, spec.clone()).await.is(201).id();
    let run = json!({"variant": own});
    let found = app.post(path, ADMIN, run.clone()).await.is(200).json();
    assert_eq!(found["totals"]["count"], 0);
    // What is asked for comes on top of what was saved.
    let more = json!({"variant": own, "period": {"from": "2026-01-01"}});
    let found = app.post(path, ADMIN, more).await.is(200).json();
    assert_eq!(found["totals"]["count"], 3);
    app.post(path, AGENT, run.clone())
        .await
        .fails_with(404, "not_found");
    let one = format!("{all}/{own}");
    app.patch(&one, AGENT, spec)
        .await
        .fails_with(404, "not_found");
    let shared =
        json!({"name": "Old ones", "shared": true, "spec": {"period": {"to": "2020-01-01"}}});
    app.patch(&one, ADMIN, shared).await.is(200);
    app.post(path, AGENT, run).await.is(200);
    let seen = app.get(all, AGENT).await.is(200).json();
    assert_eq!(seen["items"][0]["name"], "Old ones");
    app.call("DELETE", &one, AGENT, &[], Json::Null)
        .await
        .fails_with(403, "forbidden");
    app.call("DELETE", &one, ADMIN, &[], Json::Null)
        .await
        .is(204);
    assert_eq!(app.get(all, ADMIN).await.json()["items"], json!([]));
}

// rows: S4.28
#[tokio::test]
async fn tags_of_ones_own_are_nobody_elses() {
    let app = App::new();
    let ticket = app.ticket().await;
    let path = format!("/v1/tickets/{ticket}/personal-tags");
    let tags = json!({"tags": ["today", " today ", "hard"]});
    let set = app.post(&path, AGENT, tags).await.is(200).json();
    assert_eq!(set["tags"], json!(["hard", "today"]));
    // Neither a colleague nor an administrator is shown them, on the ticket or beside it.
    let oleg = json!({"title": "Oleg", "code": "oleg"});
    let oleg = app.post("/v1/agents", ADMIN, oleg).await.is(201).id();
    let token = json!({"role": "agent", "agent": oleg});
    let token = app.post("/v1/tokens", ADMIN, token).await.is(201).json();
    let colleague = token["token"].as_str().unwrap();
    for other in [colleague, ADMIN] {
        let own = app.get(&path, other).await.is(200).json();
        assert_eq!(own["tags"], json!([]));
        let cloud = app.get("/v1/tags?scope=personal", other).await.json();
        assert_eq!(cloud["items"], json!([]));
        for part in ["", "/history", "/entries"] {
            let shown = app.get(&format!("/v1/tickets/{ticket}{part}"), other).await;
            let shown = shown.is(200);
            assert!(!shown.text().contains("hard"), "{part}: {}", shown.text());
        }
    }
    let record = app
        .get(&format!("/v1/tickets/{ticket}"), ADMIN)
        .await
        .json();
    assert_eq!(record["tags"], json!(null));
    // The same word of a colleague is counted apart, that on another ticket with the own one.
    let second = app.ticket().await;
    let own = format!("/v1/tickets/{second}/personal-tags");
    app.post(&own, AGENT, json!({"tags": ["hard"]}))
        .await
        .is(200);
    app.post(&path, colleague, json!({"tags": ["hard"]}))
        .await
        .is(200);
    let cloud = app.get("/v1/tags?scope=personal", AGENT).await.json();
    assert_eq!(cloud["items"][0], json!({"tag": "hard", "count": 2}));
    app.post(&own, AGENT, json!({"tags": []})).await.is(200);
    let cloud = app
        .get("/v1/tags?scope=personal", AGENT)
        .await
        .is(200)
        .json();
    let wanted = json!([{"tag": "hard", "count": 1}, {"tag": "today", "count": 1}]);
    assert_eq!(cloud["items"], wanted);
    app.patch(
        &format!("/v1/tickets/{ticket}"),
        AGENT,
        json!({"tags": ["loud"]}),
    )
    .await
    .is(200);
    let cloud = app.get("/v1/tags", ADMIN).await.is(200).json();
    assert_eq!(cloud["items"], json!([{"tag": "loud", "count": 1}]));
}

// rows: S4.9
#[tokio::test]
async fn mail_leaves_under_the_name_of_the_desk() {
    let app = App::new();
    let settings = json!({"service_name": "Help \"desk\"", "sender": "help@desk.example"});
    app.patch("/v1/settings", AGENT, settings.clone())
        .await
        .fails_with(403, "forbidden");
    app.patch("/v1/settings", ADMIN, settings.clone())
        .await
        .is(200);
    let mut shown = settings.clone();
    shown["public_articles"] = json!(false);
    shown["language"] = json!(null);
    assert_eq!(app.get("/v1/settings", AGENT).await.json(), shown);
    let wrong = json!({"sender": "nobody"});
    app.patch("/v1/settings", ADMIN, wrong)
        .await
        .fails_with(422, "invalid");
    for wrong in [json!({"language": "Russian"}), json!({"language": 1})] {
        app.patch("/v1/settings", ADMIN, wrong)
            .await
            .fails_with(422, "invalid");
    }
    let changes = json!({"service_name": null, "language": "ru"});
    app.patch("/v1/settings", ADMIN, changes).await.is(200);
    let left = app.get("/v1/settings", ADMIN).await.json();
    assert_eq!(
        left,
        json!({
            "service_name": null, "sender": "help@desk.example", "language": "ru",
            "public_articles": false,
        })
    );
}

/// Kind by kind: the same records in the same words, no field that was not announced, and nothing of
/// the kinds that are not in the preview.
async fn shows_exactly_what_is_read(app: &App, items: &[Json]) {
    let names = |record: &Json| -> Vec<String> {
        let top = record.as_object().unwrap().iter();
        let packs = record["fields"].as_object().into_iter().flatten();
        let about = ["id", "kind", "version", "fields", "status_info"];
        top.filter(|(name, value)| !about.contains(&name.as_str()) && !value.is_null())
            .chain(packs)
            .map(|(name, _)| name.clone())
            .collect()
    };
    for kind in Kind::ALL {
        let path = plural(kind);
        let listed = app.get(&format!("/v1/{path}"), PORTAL_A).await;
        let Some(shown) = items.iter().find(|i| i["kind"] == kind.name()) else {
            listed.fails_with(403, "forbidden");
            continue;
        };
        let listed = listed.is(200).json();
        assert_eq!(listed["items"], shown["records"], "{path}");
        assert_eq!(shown["more"], listed["next"].is_string());
        for record in shown["records"].as_array().unwrap() {
            for name in names(record) {
                let has = |list: &str| shown[list].as_array().unwrap().contains(&json!(name));
                assert!(has("fields") && !has("hidden"), "{path}: {name}");
            }
            let one = format!("/v1/{path}/{}", record["id"].as_str().unwrap());
            let read = app.get(&one, PORTAL_A).await.is(200).json();
            assert_eq!(names(&read), names(record), "{one}");
        }
    }
}

// rows: S4.22, S4.64, S4.65
#[tokio::test]
async fn access_to_the_portal_ends_at_once_and_is_shown_beforehand() {
    let app = App::new();
    let ticket = app.ticket().await;
    let inside = json!({"text": "Not for them", "visibility": "internal"});
    app.post(&format!("/v1/tickets/{ticket}/comments"), AGENT, inside)
        .await
        .is(201);
    let path = format!("/v1/access/preview?as=contact:{}", app.contact_a);
    app.get(&path, AGENT).await.fails_with(403, "forbidden");
    let shown = app.get(&path, ADMIN).await.is(200).json();
    let items = shown["items"].as_array().unwrap();
    let tickets = items.iter().find(|i| i["kind"] == "ticket").unwrap();
    assert_eq!(tickets["records"][0]["id"], ticket.as_str());
    assert!(
        tickets["hidden"]
            .as_array()
            .unwrap()
            .contains(&json!("repair/margin"))
    );
    assert!(
        !tickets["fields"]
            .as_array()
            .unwrap()
            .contains(&json!("repair/margin"))
    );
    assert!(!items.iter().any(|i| i["kind"] == "agent"));
    shows_exactly_what_is_read(&app, items).await;

    let contact = format!("/v1/contacts/{}", app.contact_a);
    let mine = format!("/v1/tickets/{ticket}");
    app.get(&mine, PORTAL_A).await.is(200);
    for closed in [
        json!({"portal_to": "2026-01-01"}),
        json!({"portal_to": null, "portal_from": "2027-01-01"}),
        json!({"portal_from": null, "portal": false}),
        json!({"portal": null}),
    ] {
        app.patch(&contact, ADMIN, closed).await.is(200);
        for path in [mine.as_str(), "/v1/tickets", "/v1/articles"] {
            let answer = app.get(path, PORTAL_A).await;
            answer.fails_with(403, "portal_closed");
        }
        let token = json!({"role": "contact", "contact": app.contact_a});
        if app.get(&contact, ADMIN).await.json()["portal"] != true {
            app.post("/v1/tokens", ADMIN, token)
                .await
                .fails_with(422, "invalid");
        }
    }
    // Open again, for good or for some days: the clock stands on the second of March.
    for open in [
        json!({"portal": true}),
        json!({"portal_from": "2026-03-02", "portal_to": "2026-03-02"}),
    ] {
        app.patch(&contact, ADMIN, open).await.is(200);
        app.get(&mine, PORTAL_A).await.is(200);
        app.get("/v1/articles", PORTAL_A).await.is(200);
    }
    app.clock.advance(chrono::TimeDelta::days(1));
    app.get(&mine, PORTAL_A)
        .await
        .fails_with(403, "portal_closed");
    let more = json!({"text": "Anybody there?"});
    app.post(&format!("{mine}/comments"), PORTAL_A, more)
        .await
        .fails_with(403, "portal_closed");
}
