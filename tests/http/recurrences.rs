//! Recurrences over HTTP: what they will make, before and after they are saved.

use opora::domain::Kind;
use serde_json::json;

use crate::app::{ADMIN, AGENT, App, PORTAL_A, create};

fn with_calendar() -> App {
    let app = App::new();
    let definition = json!({
        "code": "office", "names": {}, "time_zone": "Europe/Berlin", "exceptions": {}, "version": 1,
        "weekly": [{"weekday": "Mon", "from": 540, "to": 1080}],
    });
    let fields = json!({"title": "Office", "code": "office", "definition": definition});
    create(&app.desk, Kind::Calendar, fields);
    app
}

#[tokio::test]
async fn the_next_occurrences_are_shown_before_and_after_saving() {
    let app = with_calendar();
    let schedule =
        json!({"rule": "FREQ=WEEKLY;BYDAY=MO", "starts_on": "2026-03-01", "calendar": "office"});
    let shown = app.post("/v1/recurrences/preview?limit=5", AGENT, schedule.clone());
    let shown = shown.await.is(200).json();
    assert_eq!(shown["items"].as_array().unwrap().len(), 5);
    // Nine by the clock of the office, before and after clocks are put forward.
    assert_eq!(shown["items"][0]["at"], "2026-03-09T08:00:00Z");
    assert_eq!(shown["items"][3]["at"], "2026-03-30T07:00:00Z");
    assert_eq!(shown["items"][3]["local"], "2026-03-30T09:00:00");

    let mut fields = schedule;
    fields["title"] = json!("Weekly");
    fields["template"] = json!({"type": "fault", "title": "Look at it"});
    let made = app.post("/v1/recurrences", AGENT, fields).await.is(201);
    assert_eq!(made.json()["next_at"], "2026-03-09T08:00:00Z");
    let path = format!("/v1/recurrences/{}", made.id());
    let next = app.get(&format!("{path}/occurrences"), AGENT).await.is(200);
    assert_eq!(next.json()["items"].as_array().unwrap().len(), 10);
    assert_eq!(next.json()["items"][4], shown["items"][4]);

    let wrong = json!({"rule": "FREQ=DAILY;UNTIL=20270101T000000Z"});
    let refused = app.patch(&path, AGENT, wrong).await;
    assert!(
        refused
            .fails_with(422, "invalid")
            .text()
            .contains("ends_on")
    );
    app.get(&path, PORTAL_A).await.fails_with(404, "not_found");
    app.get(&format!("{path}/occurrences"), PORTAL_A)
        .await
        .fails_with(403, "forbidden");
    app.call("DELETE", &path, ADMIN, &[], json!(null))
        .await
        .is(204);
    app.get(&format!("{path}/occurrences"), AGENT)
        .await
        .fails_with(404, "not_found");
}

#[tokio::test]
async fn a_preview_says_what_it_needs() {
    let app = with_calendar();
    let ask = |body| app.post("/v1/recurrences/preview", AGENT, body);
    for (body, says) in [
        (
            json!({"starts_on": "2026-03-01", "calendar": "office"}),
            "rule",
        ),
        (
            json!({"rule": "FREQ=DAILY", "starts_on": "2026-03-01", "calendar": "nowhere"}),
            "calendar",
        ),
        (
            json!({"rule": "FREQ=DAILY", "starts_on": "first", "calendar": "office"}),
            "starts_on",
        ),
        (json!({"rule": "FREQ=DAILY", "colour": "red"}), "colour"),
    ] {
        let refused = ask(body).await.is(422);
        assert!(refused.text().contains(says), "{}", refused.text());
    }
    let body = json!({"rule": "FREQ=DAILY", "starts_on": "2026-03-01", "calendar": "office"});
    app.post("/v1/recurrences/preview?limit=51", AGENT, body)
        .await
        .fails_with(422, "invalid");
}
