//! `opora demo`: made once, continued ever after.

use std::process::Command;

use serde_json::{Value as Json, json};

use crate::program::{Server, opora, said};

#[test]
fn the_demo_is_full_true_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("demo");
    let server = Server::start_as("demo", &data, &[]);
    let list = |server: &Server, query: &str| -> Vec<Json> {
        let mut all = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = server
                .get(&format!("/v1/tickets?limit=200{query}{cursor}"))
                .body;
            all.extend(page["items"].as_array().unwrap().iter().cloned());
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return all,
            }
        }
    };
    let tickets = list(&server, "");
    assert!(200 <= tickets.len(), "{} tickets", tickets.len());
    // In every status of the types that have tickets.
    let types = server.get("/v1/ticket-types").body;
    for kind in types["items"].as_array().unwrap() {
        let own: Vec<&Json> = tickets
            .iter()
            .filter(|t| t["type"] == kind["code"])
            .collect();
        if own.is_empty() {
            continue;
        }
        let pack = kind["code"].as_str().unwrap().split('/').next().unwrap();
        for status in kind["statuses"].as_array().unwrap() {
            let code = &status["code"];
            assert!(
                tickets
                    .iter()
                    .any(|t| t["status"] == *code && t["type"].as_str().unwrap().starts_with(pack)),
                "no ticket is in status {code}"
            );
        }
    }
    assert!(
        tickets.iter().any(|t| t["satisfaction_score"].is_i64()),
        "nobody rated"
    );
    assert!(
        tickets
            .iter()
            .any(|t| t["resolution_breached_at"].is_string()),
        "nothing was late"
    );
    // What packs with a course of their own are about is there, too.
    for (list, least) in [
        ("tickets?type=requests-b24/service_request", 8),
        ("tickets?type=aftersales-vtiger/aftersales", 9),
        ("tickets?type=complaints/claim", 11),
        ("leads?type=requests-b24/application", 4),
        ("leads?type=intake-1c/client_interest", 3),
        ("contracts?limit=50", 3),
        ("assets?type=aftersales-vtiger/equipment", 2),
        ("inquiries?status=new", 2),
    ] {
        let page = server.get(&format!("/v1/{list}")).body;
        let count = page["items"].as_array().map_or(0, Vec::len);
        assert!(least <= count, "{list}: {page}");
    }
    // The history was lived through: it tells of rules, and its times rise.
    let closed = tickets.iter().find(|t| t["closed_at"].is_string()).unwrap();
    let history = server
        .get(&format!(
            "/v1/tickets/{}/history?limit=200",
            closed["id"].as_str().unwrap()
        ))
        .body;
    let items = history["items"].as_array().unwrap();
    let times: Vec<&str> = items.iter().map(|i| i["at"].as_str().unwrap()).collect();
    assert!(3 < times.len() && times.is_sorted(), "{times:?}");
    assert!(
        items
            .iter()
            .any(|i| !i["rules"].as_array().unwrap().is_empty())
    );
    for (query, language) in [("печать", "ru"), ("printer", "en")] {
        let found = server.get(&format!("/v1/articles/search?q={query}")).body;
        assert!(
            !found["hits"].as_array().unwrap().is_empty(),
            "{language}: {found}"
        );
    }
    // The lines it prints to try work as they are pasted.
    for hint in server.hints(5) {
        let output = Command::new("sh")
            .args(["-c", &format!("{hint} --fail")])
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{hint}: {errors}");
        let answer: Json = serde_json::from_slice(&output.stdout).unwrap();
        assert!(answer.is_object(), "{hint}: {answer}");
    }
    // Its clock is moved; what came due on the way happened in the order of its times.
    let moved = server.post("/v1/clock", "", &json!({"advance": "P2D"}));
    let moved = moved.unwrap().body;
    assert_eq!(moved["reached"], true, "{moved}");
    let timers = moved["timers"].as_array().unwrap();
    let due = timers.iter().map(|t| {
        let at = t["due_at"].as_str().unwrap();
        at.parse::<chrono::DateTime<chrono::Utc>>().unwrap()
    });
    assert!(!timers.is_empty() && due.is_sorted(), "{moved}");
    let tickets = list(&server, "");
    let newest = tickets[0]["updated_at"].clone();
    server.kill();
    // Started again after a kill, it has what it had and its clock has not gone back.
    let server = Server::start_as("demo", &data, &[]);
    let again = list(&server, "");
    assert_eq!(again.len(), tickets.len());
    assert!(newest.as_str() <= again[0]["updated_at"].as_str());
    let now = server.get("/v1/clock").body;
    assert!(moved["now"].as_str() <= now["now"].as_str(), "{now}");
    assert_eq!(server.stop(), 0);
    let place = data.to_str().unwrap();
    assert!(said(&["verify", "--data", place]).contains("say the same"));
}

#[test]
fn a_desk_for_real_use_is_never_taken_for_a_demo() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("desk");
    assert_eq!(Server::start(&data, &[]).stop(), 0);
    let output = opora(&[
        "demo",
        "--listen",
        "127.0.0.1:0",
        "--data",
        data.to_str().unwrap(),
    ]);
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("no demo"), "{told}");
}

#[test]
fn a_loading_that_was_cut_off_begins_anew() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("demo");
    std::fs::create_dir(&data).unwrap();
    std::fs::write(
        data.join("demo.json"),
        r#"{"state": "loading", "offset_seconds": 0}"#,
    )
    .unwrap();
    std::fs::write(data.join("opora.redb"), "half written").unwrap();
    let output = opora(&[
        "demo",
        "--load-only",
        "--listen",
        "127.0.0.1:0",
        "--data",
        data.to_str().unwrap(),
    ]);
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(told.contains("tickets over 90 days"), "{told}");
    // Each story was told to its end, with every pack that the program carries.
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(!errors.contains("ends early"), "{errors}");
    assert!(
        !told.contains("left out") && !errors.contains("left out"),
        "{errors}"
    );
}
