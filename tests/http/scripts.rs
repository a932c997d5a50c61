//! The packs of `scripts/` as a client of the API meets them.

use std::path::Path;

use axum::body::Body;
use axum::http::Request as HttpRequest;
use opora::desk::{Actor, Command, Request};
use opora::packs::PackFiles;
use serde_json::{Value as Json, json};

use crate::app::{ADMIN, AGENT, Answer, App};

fn files(name: &str) -> PackFiles {
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts");
    PackFiles::read_dir(&scripts.join(name)).unwrap()
}

/// A desk with a pack of `scripts/` beside the usual one.
pub fn with(pack: &str) -> App {
    let app = App::new();
    let install = Command::InstallPack { files: files(pack) };
    app.desk.run(&Request::by(Actor::System), &install).unwrap();
    app
}

/// The files of a pack as a request uploads them, with a piece of text replaced.
fn upload(name: &str, from: &str, to: &str) -> Json {
    let files = files(name);
    let texts = files.files.keys().map(|path| {
        let text = files.text(path).unwrap().replace(from, to);
        (path.clone(), json!({"text": text}))
    });
    let texts: serde_json::Map<String, Json> = texts.collect();
    json!({"files": texts, "grants": ["all"]})
}

/// A member of each item of a list.
pub fn each<'a>(list: &'a Json, items: &str, member: &str) -> Vec<&'a str> {
    let items = list[items].as_array().unwrap().iter();
    items.map(|i| i[member].as_str().unwrap()).collect()
}

/// A support level with both clocks, on a calendar of Monday.
async fn level(app: &App, code: &str) -> String {
    let calendar = json!({"title": "Monday", "code": "monday", "definition": {
        "code": "monday", "names": {}, "time_zone": "UTC", "exceptions": {}, "version": 1,
        "weekly": [{"weekday": "Mon", "from": 0, "to": 1440}],
    }});
    app.post("/v1/calendars", ADMIN, calendar).await.is(201);
    let target = |clock: &str, secs: i64| json!({"clock": clock, "duration_secs": secs, "warn_before_secs": []});
    let level = json!({"title": "Level", "code": code, "definition": {
        "code": code, "names": {}, "calendar": "monday", "order": 1,
        "targets": [target("reaction", 3_600), target("resolution", 7_200)],
    }});
    let made = app.post("/v1/support-levels", ADMIN, level).await;
    made.is(201).id()
}

// rows: S1.4, S1.7, S1.8
#[tokio::test]
async fn types_and_levels_are_read_and_edited() {
    let app = with("support-1c");
    let types = app.get("/v1/ticket-types", AGENT).await.is(200).json();
    for code in ["error", "critical_error", "wish", "appeal", "complaint"] {
        let code = format!("support-1c/{code}");
        assert!(each(&types, "items", "code").contains(&code.as_str()));
    }
    let edited = upload("support-1c", "ru = \"Жалоба\"", "ru = \"Претензия\"");
    app.post("/v1/packs", AGENT, edited.clone()).await.is(403);
    app.post("/v1/packs", ADMIN, edited).await.is(201);
    let russian = [("accept-language", "ru")];
    let path = "/v1/ticket-types/support-1c/complaint";
    let one = app.call("GET", path, AGENT, &russian, Json::Null).await;
    assert_eq!(one.is(200).json()["name"], "Претензия");

    let path = format!("/v1/support-levels/{}", level(&app, "gold").await);
    let renamed = json!({"title": "Golden"});
    app.patch(&path, AGENT, renamed.clone()).await.is(403);
    app.patch(&path, ADMIN, renamed).await.is(200);
    let levels = app.get("/v1/support-levels", AGENT).await.is(200).json();
    assert_eq!(each(&levels, "items", "title"), ["Golden"]);
}

// rows: S1.45
#[tokio::test]
async fn a_card_of_support_shows_what_a_worker_looks_for() {
    let app = with("support-1c");
    level(&app, "bronze").await;
    let body = json!({"type": "support-1c/error", "title": "No sound", "description": "None",
        "account": app.account_a, "contact": app.contact_a});
    let made = app.post("/v1/tickets", AGENT, body).await.is(201).json();
    let board = app.get("/v1/board?type=support-1c/error", AGENT).await;
    let board = board.is(200).json();
    let card = &board["columns"][1]["cards"][0];
    for (key, wanted) in [
        ("icon", json!("bug")),
        ("title", json!("No sound")),
        ("number", made["number"].clone()),
        ("account", json!("Alpha")),
        ("contact", json!("Anna")),
        ("reaction_due_at", json!("2026-03-02T10:00:00Z")),
        ("resolution_due_at", json!("2026-03-02T11:00:00Z")),
    ] {
        // The clock went on by a moment while the records were made.
        let same = match (card[key].as_str(), wanted.as_str()) {
            (Some(got), Some(wanted)) if key.ends_with("_at") => got[..19] == wanted[..19],
            _ => card[key] == wanted,
        };
        assert!(same, "{key}: {card}");
    }
}

// rows: S2.32, S2.34
#[tokio::test]
async fn fields_of_a_request_have_sections_and_its_stages_groups() {
    let app = with("requests-b24");
    let path = "/v1/fields?kind=ticket&type=service_request";
    let fields = app.get(path, AGENT).await.is(200).json();
    // All of them, the engine's own too, and each place is one field's.
    let all = fields["items"].as_array().unwrap();
    assert!(30 < all.len(), "{}", all.len());
    for field in all {
        let section = field["definition"]["section"].as_str().unwrap();
        assert!(!section.is_empty(), "{field}");
        assert!(field["definition"]["order"].is_i64(), "{field}");
    }
    let own = all.iter();
    let own = own.filter(|f| f["code"].as_str().unwrap().starts_with("requests-b24/"));
    let placed: Vec<(String, i64)> = own
        .map(|f| {
            let section = f["definition"]["section"].as_str().unwrap().to_owned();
            (section, f["definition"]["order"].as_i64().unwrap())
        })
        .collect();
    assert_eq!(placed.len(), 10, "{placed:?}");
    for section in ["service_request", "planning", "client"] {
        assert!(placed.iter().any(|(s, _)| s == section), "{placed:?}");
    }
    assert!(placed.iter().all(|(_, order)| *order > 0), "{placed:?}");
    assert!(placed.is_sorted_by_key(|(_, order)| *order), "{placed:?}");

    let processes = app.get("/v1/processes", AGENT).await.is(200).json();
    let process = &processes["items"][0];
    assert_eq!(process["code"], "requests-b24/solving_a_request");
    let stages = process["stages"].as_array().unwrap().iter();
    let grouped = stages.filter(|s| s["group"] == "processing");
    let grouped: Vec<&str> = grouped.map(|s| s["code"].as_str().unwrap()).collect();
    let wanted = ["postponed", "solving", "acceptance"].map(|s| format!("requests-b24/{s}"));
    assert_eq!(grouped, wanted, "{process}");
}

// rows: S2.19, S2.21
#[tokio::test]
async fn a_queue_is_ordered_by_the_place_of_options_not_by_their_codes() {
    let app = with("requests-b24");
    let mut last = Json::Null;
    for urgency in ["low", "high", "medium", "high"] {
        app.tick();
        let body = json!({"type": "service_request", "title": urgency, "urgency": urgency});
        last = app.post("/v1/tickets", AGENT, body).await.is(201).json();
    }
    let newest = format!("at_least={}", last["version"]);
    let urgencies = |list: &Json| -> Vec<String> {
        let items = list["items"].as_array().unwrap().iter();
        let of = |i: &Json| {
            i["fields"]["requests-b24/urgency"]
                .as_str()
                .unwrap()
                .to_owned()
        };
        items.map(of).collect()
    };
    let path = format!("/v1/tickets?sort=urgency&{newest}");
    let queue = app.get(&path, AGENT).await.is(200).json();
    assert_eq!(urgencies(&queue), ["high", "high", "medium", "low"]);
    let path = format!("/v1/tickets?sort=-urgency&{newest}");
    let queue = app.get(&path, AGENT).await.is(200).json();
    assert_eq!(urgencies(&queue), ["low", "medium", "high", "high"]);
    // Page by page it is the same.
    let mut paged = Vec::new();
    let mut cursor = String::new();
    loop {
        let path = format!("/v1/tickets?sort=urgency&limit=1&{newest}{cursor}");
        let page = app.get(&path, AGENT).await.is(200).json();
        paged.extend(urgencies(&page));
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(paged, ["high", "high", "medium", "low"]);
    // The engine's own lists of options as well.
    for priority in ["urgent", "low"] {
        app.tick();
        let body = json!({"type": "fault", "title": priority, "priority": priority});
        last = app.post("/v1/tickets", AGENT, body).await.is(201).json();
    }
    let newest = format!("at_least={}", last["version"]);
    let path = format!("/v1/tickets?sort=-priority&{newest}");
    let queue = app.get(&path, AGENT).await.is(200).json();
    let first = &queue["items"].as_array().unwrap();
    assert_eq!(first[0]["priority"], "urgent");
    assert_eq!(first.last().unwrap()["priority"], "low");
}

// rows: S2.18
#[tokio::test]
async fn files_of_an_application_are_given_out_with_the_request_too() {
    let app = with("requests-b24");
    let body = json!({"type": "application", "topic": "Scanner", "urgency": "low",
        "request_type": "help", "contact": app.contact_a});
    let lead = app.post("/v1/leads", AGENT, body).await.is(201).id();
    let contents = ["серийный номер 17", "треснул корпус"];
    for (name, content) in ["passport.pdf", "photo.txt"].into_iter().zip(contents) {
        let path = format!("/v1/leads/{lead}/attachments?name={name}");
        let request = HttpRequest::post(path)
            .header("authorization", format!("Bearer {AGENT}"))
            .header("content-type", "text/plain")
            .body(Body::from(content));
        app.send(request.unwrap()).await.is(201);
        app.tick();
    }
    let path = format!("/v1/leads/{lead}/convert");
    let ask = json!({"type": "service_request"});
    let ticket = app.post(&path, AGENT, ask).await.is(201).id();
    for (path, id) in [("leads", lead), ("tickets", ticket)] {
        let all = format!("/v1/{path}/{id}/attachments");
        let listed = app.get(&all, AGENT).await.is(200).json();
        assert_eq!(
            each(&listed, "items", "name"),
            ["passport.pdf", "photo.txt"]
        );
        for (file, content) in each(&listed, "items", "id").into_iter().zip(contents) {
            let given: Answer = app.get(&format!("{all}/{file}"), AGENT).await.is(200);
            assert_eq!(given.text(), content);
        }
    }
}

// rows: S2.6, S2.8, S2.18
#[tokio::test]
async fn a_mail_for_the_service_is_an_application_with_its_files() {
    let app = App::new();
    let option = "[options.intake_address]\nvalue = \"";
    let with_address = upload(
        "requests-b24",
        option,
        &format!("{option}service@desk.example"),
    );
    app.post("/v1/packs", ADMIN, with_address).await.is(201);
    let mail = "From: Boris <boris@new.example>\nTo: service@desk.example\n\
                Message-ID: <n-1@new.example>\nSubject: Scanner\nMIME-Version: 1.0\n\
                Content-Type: multipart/mixed; boundary=b\n\n\
                --b\nContent-Type: text/plain; charset=utf-8\n\nIt is broken\n\
                --b\nContent-Type: text/csv; name=list.csv\nContent-Disposition: attachment\n\n1;2\n\
                --b--\n";
    let request = HttpRequest::post("/v1/mail")
        .header("authorization", format!("Bearer {AGENT}"))
        .header("content-type", "message/rfc822")
        .body(Body::from(mail.replace('\n', "\r\n")));
    app.send(request.unwrap()).await.is(201);
    app.tick();
    let leads = app.get("/v1/leads", AGENT).await.is(200).json();
    let lead = &leads["items"][0];
    assert_eq!(leads["items"].as_array().unwrap().len(), 1, "{leads}");
    assert_eq!(lead["status_info"]["code"], "requests-b24/fresh", "{lead}");
    assert_eq!(
        (&lead["source"], &lead["title"], &lead["description"]),
        (&json!("mail"), &json!("Scanner"), &json!("It is broken"))
    );
    assert_eq!(lead["fields"]["requests-b24/came_by_itself"], true);
    let all = format!("/v1/leads/{}/attachments", lead["id"].as_str().unwrap());
    let listed = app.get(&all, AGENT).await.is(200).json();
    assert_eq!(each(&listed, "items", "name"), ["list.csv"]);
    let file = each(&listed, "items", "id")[0];
    let given = app.get(&format!("{all}/{file}"), AGENT).await.is(200);
    assert_eq!(given.text().trim_end(), "1;2");
}
