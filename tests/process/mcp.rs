//! `opora mcp`: the desk's tools on standard input and output.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value as Json, json};

use crate::program::Server;

/// Speaks with `opora mcp` and takes the answers to what has an id.
fn speak(data: &Path, messages: &[Json]) -> Vec<Json> {
    let mut child = Command::new(env!("CARGO_BIN_EXE_opora"))
        .args(["mcp", "--data"])
        .arg(data)
        .env_remove("OPORA_URL")
        .env_remove("OPORA_TOKEN")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut answers = Vec::new();
    for message in messages {
        writeln!(input, "{message}").unwrap();
        if message.get("id").is_some() {
            let line = lines.next().expect("the program ended").unwrap();
            answers.push(serde_json::from_str(&line).unwrap());
        }
    }
    drop(input);
    assert!(child.wait().unwrap().success());
    answers
}

fn session(query: &str) -> [Json; 4] {
    let hello = json!({
        "protocolVersion": "2025-06-18", "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    });
    let search = json!({"name": "search_articles", "arguments": {"query": query}});
    [
        json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello}),
        json!({"jsonrpc": "2.0", "method": "notifications/initialized"}),
        json!({"jsonrpc": "2.0", "id": 2, "method": "tools/list"}),
        json!({"jsonrpc": "2.0", "id": 3, "method": "tools/call", "params": search}),
    ]
}

#[test]
fn an_agent_program_is_served_by_a_server_and_without_one() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("desk");
    let server = Server::start(&data, &[]);
    let body = json!({"title": "Принтер горит", "body": "Выньте вилку.", "status": "published"});
    let made = server.post("/v1/articles", "", &body).unwrap();
    assert_eq!(made.status, 201, "{}", made.body);
    let at_least = format!("/v1/articles/search?q=x&at_least={}", made.body["version"]);
    assert_eq!(server.get(&at_least).status, 200);
    let found = |answers: &[Json]| {
        assert_eq!(answers[0]["result"]["serverInfo"]["name"], "opora");
        assert_eq!(answers[1]["result"]["tools"].as_array().unwrap().len(), 6);
        let hit = &answers[2]["result"]["structuredContent"]["hits"][0];
        assert_eq!(hit["id"], made.body["id"], "{}", answers[2]);
    };
    found(&speak(&data, &session("принтер горит")));
    assert_eq!(server.stop(), 0);
    found(&speak(&data, &session("принтер горит")));
}
