//! The intake over HTTP: the inbox, boards, what is told to whom.

use opora::domain::Kind;
use serde_json::{Value as Json, json};

use crate::app::{ADMIN, AGENT, App, PORTAL_A};
use crate::events::Stream;

async fn call_in(app: &App, event: &str, external_id: &str) -> Json {
    app.tick();
    let body = json!({
        "channel": "call", "event": event, "external_id": external_id,
        "from": "8 495 787-40-08", "agent": app.agent,
    });
    app.post("/v1/interactions", AGENT, body).await.json()
}

// rows: S3.17, S5.7
#[tokio::test(flavor = "multi_thread")]
async fn an_answered_call_reaches_its_agent_over_the_stream() {
    let app = App::new();
    let without = call_in(&app, "answered", "1").await;
    assert_eq!(without["inquiry"], Json::Null, "{without}");
    let wants = json!({"intake_on_call": true});
    app.patch(&format!("/v1/agents/{}", app.agent), ADMIN, wants)
        .await
        .is(200);
    let own = json!({"role": "agent", "agent": app.agent});
    let own = app.post("/v1/tokens", ADMIN, own).await.is(201).json();
    let secret = own["token"].as_str().unwrap();
    let mut stream = Stream::open(&app, secret, "?kind=inquiry", &[]).await;
    let mut other = Stream::open(&app, ADMIN, "?kind=inquiry", &[]).await;
    let with = call_in(&app, "answered", "2").await;
    let (_, told) = stream.next().await.unwrap();
    assert_eq!(stream.event, "intake");
    assert_eq!(told["drafts"][0]["inquiry"], with["inquiry"], "{told}");
    assert_eq!(told["drafts"][0]["agent"], json!(app.agent));
    let (_, told) = other.next().await.unwrap();
    assert_eq!(other.event, "change");
    assert_eq!(told["drafts"], json!([]), "{told}");
    let again = call_in(&app, "answered", "2").await;
    assert_eq!(again["duplicate"], true, "{again}");

    // While it still rings, with the caller who is known by the phone.
    let phone = json!({"phones": ["+7 495 787-40-08"]});
    app.patch(&format!("/v1/contacts/{}", app.contact_a), ADMIN, phone)
        .await
        .is(200);
    let rings = call_in(&app, "ringing", "3").await;
    let told = loop {
        let (_, told) = stream.next().await.unwrap();
        if stream.event == "intake" {
            break told;
        }
    };
    assert_eq!(told["drafts"][0]["inquiry"], rings["inquiry"], "{told}");
    let path = format!("/v1/inquiries/{}", rings["inquiry"].as_str().unwrap());
    let draft = app.get(&path, secret).await.is(200).json();
    assert_eq!(draft["status_info"]["code"], "draft", "{draft}");
    assert_eq!(draft["contact"], json!(app.contact_a), "{draft}");
}

#[tokio::test]
async fn an_inquiry_is_accepted_once_and_customers_accept_none() {
    let app = App::new();
    let body = json!({"channel": "mail", "text": "Help", "from": "who@x.example"});
    let made = app
        .post("/v1/interactions", AGENT, body)
        .await
        .is(201)
        .json();
    let inquiry = made["inquiry"].as_str().unwrap();
    let accept = format!("/v1/inquiries/{inquiry}/accept");
    let ask = json!({"type": "fault", "new_contact": {"title": "Who"}});
    app.post(&accept, PORTAL_A, ask.clone()).await.is(403);
    app.post("/v1/intake/search", PORTAL_A, json!({"name": "Who"}))
        .await
        .is(403);
    let inbox = app.get("/v1/inbox?assignee=nobody", AGENT).await.is(200);
    assert_eq!(inbox.json()["items"][0]["inquiry"]["id"], made["inquiry"]);
    let done = app.post(&accept, AGENT, ask.clone()).await.is(201).json();
    assert_eq!(done["kind"], "ticket", "{done}");
    assert_eq!(done["parties"][0]["kind"], "contact", "{done}");
    app.post(&accept, AGENT, ask)
        .await
        .fails_with(409, "already_accepted");
    let inbox = app.get("/v1/inbox", AGENT).await.is(200).json();
    assert_eq!(inbox["items"], json!([]));
}

#[tokio::test]
async fn a_board_has_cards_with_their_clients_and_moves_them() {
    let app = App::new();
    let id = app.ticket().await;
    let board = app.get("/v1/board?type=fault", AGENT).await.is(200).json();
    let columns = board["columns"].as_array().unwrap();
    assert_eq!(columns[0]["status"], Json::Null);
    let card = &columns[1]["cards"][0];
    assert_eq!(card["id"].as_str(), Some(id.as_str()), "{board}");
    assert!(card["contact"].is_string(), "{card}");
    assert_eq!(card["resolution_overdue"], false);
    let card = json!({"kind": "ticket", "id": id});
    app.post(
        "/v1/board/move",
        AGENT,
        json!({"card": card, "to": "bench"}),
    )
    .await
    .is(200);
    app.tick();
    let inquiry = crate::app::create(
        &app.desk,
        Kind::Inquiry,
        json!({"title": "Appeal", "contact": app.contact_a}),
    );
    let card = json!({"kind": "inquiry", "id": inquiry});
    let moved = json!({"card": card, "to": "bench", "type": "fault"});
    let made = app.post("/v1/board/move", AGENT, moved).await.is(201).id();
    let ticket = app.get(&format!("/v1/tickets/{made}"), AGENT).await.json();
    assert_eq!(ticket["status_info"]["code"], "repair/bench", "{ticket}");
    app.get("/v1/board?type=nothing", AGENT)
        .await
        .fails_with(422, "invalid");
    app.get("/v1/board?type=fault&assignee=nobody-here", AGENT)
        .await
        .is(422);
}

#[tokio::test]
async fn records_with_one_phone_are_doubles() {
    let app = App::new();
    let body = |title: &str, phone: &str| json!({"title": title, "phones": [phone]});
    let one = body("One", "+7 495 787-40-08");
    let one = app.post("/v1/contacts", AGENT, one).await.is(201).id();
    let two = body("Two", "8 (495) 7874008");
    let two = app.post("/v1/contacts", AGENT, two).await.is(201).id();
    let path = format!("/v1/contacts/{one}/duplicates");
    let found = app.get(&path, AGENT).await.is(200).json();
    assert_eq!(found["items"][0]["id"].as_str(), Some(two.as_str()));
    assert_eq!(found["items"][0]["reasons"][0]["field"], "phone");
    let found = json!({"any": "787-40", "mode": "part"});
    let found = app.post("/v1/intake/search", AGENT, found).await.is(200);
    assert_eq!(found.json()["hits"].as_array().unwrap().len(), 2);
    app.post("/v1/intake/search", AGENT, json!({"mode": "sideways"}))
        .await
        .is(422);
}
