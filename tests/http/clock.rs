//! Moving the clock of a desk that does not run on real time.

use serde_json::json;

use crate::app::{ADMIN, AGENT, App, PORTAL_A};

#[tokio::test]
async fn only_administrators_move_the_clock_and_never_back_or_too_far() {
    let app = App::new();
    let clock = app.get("/v1/clock", AGENT).await.is(200).json();
    assert_eq!(clock["now"], "2026-03-02T09:00:00Z");
    assert_eq!(clock["can_be_moved"], true);
    let later = app.get("/v1/clock?in=P1DT4H", AGENT).await.is(200).json();
    assert_eq!(later["then"], "2026-03-03T13:00:00Z");
    app.get("/v1/clock?in=soon", AGENT)
        .await
        .fails_with(422, "invalid");
    app.get("/v1/clock", PORTAL_A)
        .await
        .fails_with(403, "forbidden");
    app.post("/v1/clock", AGENT, json!({"advance": "PT1H"}))
        .await
        .fails_with(403, "forbidden");
    for (body, code) in [
        (json!({"to": "2026-03-02T08:59:59Z"}), "clock_goes_back"),
        (json!({"to": "2027-03-04T09:00:00Z"}), "too_far"),
        (json!({"to": "tomorrow"}), "malformed"),
        (json!({"advance": "P367D"}), "malformed"),
        (json!({"advance": "-PT1H"}), "malformed"),
        (
            json!({"advance": "PT1H", "to": "2026-03-02T10:00:00Z"}),
            "one_of",
        ),
        (json!({}), "one_of"),
    ] {
        let said = app.post("/v1/clock", ADMIN, body).await;
        let said = said.fails_with(422, "invalid").json();
        assert_eq!(said["errors"][0]["code"], code, "{said}");
    }
    let body = json!({"advance": "P366D"});
    let moved = app.post("/v1/clock", ADMIN, body).await.is(200).json();
    assert_eq!(moved["now"], "2027-03-03T09:00:00Z");
    assert_eq!(
        (&moved["reached"], &moved["fired"]),
        (&json!(true), &json!(0))
    );
}

#[cfg(feature = "script")]
#[tokio::test]
async fn what_comes_due_on_the_way_happens_in_order_at_its_own_instant() {
    use crate::app::{DEFINITIONS, PACK};

    let app = App::new();
    let manifest = format!(
        "{PACK}\n[capabilities]\neffects = [\"schedule\", \"comment\"]\n\
         [[rule]]\nname = \"begun\"\nhook = \"transition.effect\"\nscript = \"rules.rhai\"\n\
         [[rule]]\nname = \"rung\"\nhook = \"schedule.fire\"\nscript = \"rules.rhai\"\n"
    )
    .replace("1.0.0", "1.1.0");
    // The bell rings every ten minutes, three times; each ring is set by the one before.
    let rules = r#"
fn begun(c) { c.schedule("bell", minutes(10), #{ left: 2 }); }
fn rung(c) {
    c.comment_internal(`rung at ${c.now}, ${c.data.left} left`);
    if 0 < c.data.left { c.schedule("bell", minutes(10), #{ left: c.data.left - 1 }); }
}
"#;
    let body = json!({"files": {
        "pack.toml": {"text": manifest}, "definitions.toml": {"text": DEFINITIONS},
        "rules.rhai": {"text": rules},
    }, "grants": ["all"]});
    app.post("/v1/packs", ADMIN, body).await.is(201);
    let ticket = format!("/v1/tickets/{}", app.ticket().await);
    let begin = json!({"to": "bench"});
    app.post(&format!("{ticket}/transition"), AGENT, begin)
        .await
        .is(200);
    let clock = app.get("/v1/clock", AGENT).await.is(200).json();
    assert_eq!(clock["next_timer_at"], "2026-03-02T09:10:00.001Z");
    // Two of the three come due.
    let body = json!({"advance": "PT25M"});
    let moved = app.post("/v1/clock", ADMIN, body).await.is(200).json();
    assert_eq!(moved["fired"], 2, "{moved}");
    let due = |moved: &serde_json::Value| -> Vec<String> {
        let timers = moved["timers"].as_array().unwrap();
        let own = timers.iter().filter(|t| t["link"] == ticket.as_str());
        own.map(|t| format!("{} {} {}", t["due_at"], t["purpose"], t["name"]))
            .collect()
    };
    assert_eq!(
        due(&moved),
        [
            r#""2026-03-02T09:10:00.001Z" "rule" "repair/bell""#,
            r#""2026-03-02T09:20:00.001Z" "rule" "repair/bell""#
        ]
    );
    // Going where it is already fires nothing twice.
    let body = json!({"to": moved["to"]});
    let moved = app.post("/v1/clock", ADMIN, body).await.is(200).json();
    assert_eq!(moved["fired"], 0, "{moved}");
    let body = json!({"advance": "P1D"});
    let moved = app.post("/v1/clock", ADMIN, body).await.is(200).json();
    assert_eq!(due(&moved).len(), 1, "{moved}");
    let comments = app.get(&format!("{ticket}/comments"), AGENT).await.is(200);
    let comments = comments.json();
    let mut times: Vec<&str> = comments["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["at"].as_str().unwrap())
        .collect();
    times.sort_unstable();
    assert_eq!(
        times,
        [
            "2026-03-02T09:10:00.001Z",
            "2026-03-02T09:20:00.001Z",
            "2026-03-02T09:30:00.001Z"
        ]
    );
}
