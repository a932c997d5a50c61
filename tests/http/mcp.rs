//! The Model Context Protocol over HTTP: the tools, within the caller's rights.

use serde_json::{Value as Json, json};

use crate::app::{ADMIN, AGENT, App, PORTAL_A, PORTAL_B};

async fn call(app: &App, token: &str, method: &str, params: Json) -> Json {
    let message = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
    app.post("/mcp", token, message).await.is(200).json()
}

/// What a tool answers, and whether that is an error.
async fn tool(app: &App, token: &str, name: &str, arguments: Json) -> (Json, bool) {
    let params = json!({"name": name, "arguments": arguments});
    let answer = call(app, token, "tools/call", params).await;
    let result = &answer["result"];
    let is_error = result["isError"] == true;
    let content = match is_error {
        true => result["content"][0]["text"].clone(),
        false => result["structuredContent"].clone(),
    };
    assert_ne!(content, Json::Null, "{answer}");
    (content, is_error)
}

#[tokio::test]
async fn an_agent_program_searches_and_reads_with_its_own_rights() {
    let app = App::new();
    let hello = json!({
        "protocolVersion": "2025-06-18", "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    });
    let hello = call(&app, AGENT, "initialize", hello).await;
    assert_eq!(hello["result"]["serverInfo"]["name"], "opora", "{hello}");
    let listed = call(&app, AGENT, "tools/list", json!({})).await;
    let tools = listed["result"]["tools"].as_array().unwrap();
    assert_eq!(tools.len(), 6);
    assert!(
        tools
            .iter()
            .all(|tool| tool["annotations"]["readOnlyHint"] == true)
    );

    let article = |title: &str, status: &str| json!({"title": title, "body": "Pull the plug of the printer. ", "status": status});
    let public = app
        .post(
            "/v1/articles",
            ADMIN,
            article("Printer on fire", "published"),
        )
        .await
        .is(201)
        .id();
    let secret = app
        .post("/v1/articles", ADMIN, article("Printer secrets", "draft"))
        .await
        .is(201)
        .id();
    let ticket = app.ticket().await;
    let note = json!({"text": "Between us.", "visibility": "internal"});
    app.post(&format!("/v1/tickets/{ticket}/comments"), AGENT, note)
        .await
        .is(201);
    let _ = app
        .get(
            &format!("/v1/search?q=x&at_least={}", app.desk.pos()),
            AGENT,
        )
        .await
        .is(200);

    let hits = |found: &Json| -> Vec<String> {
        let hits = found["hits"].as_array().unwrap().iter();
        hits.map(|hit| hit["id"].as_str().unwrap().to_owned())
            .collect()
    };
    let query = json!({"query": "prnter", "limit": 5});
    let (found, _) = tool(&app, AGENT, "search_articles", query.clone()).await;
    assert_eq!(hits(&found).len(), 2, "{found}");
    let (found, _) = tool(&app, PORTAL_A, "search_articles", query.clone()).await;
    assert_eq!(hits(&found), [public.as_str()]);
    let (found, _) = tool(
        &app,
        PORTAL_A,
        "search_tickets",
        json!({"query": "printer"}),
    )
    .await;
    assert_eq!(hits(&found), [ticket.as_str()]);
    let (found, _) = tool(
        &app,
        PORTAL_B,
        "search_tickets",
        json!({"query": "printer"}),
    )
    .await;
    assert_eq!(hits(&found), Vec::<String>::new());

    // What may not be read is as if it were not there.
    let (read, _) = tool(&app, PORTAL_A, "read_article", json!({"id": public})).await;
    assert_eq!(read["title"], "Printer on fire");
    let (error, is_error) = tool(&app, PORTAL_A, "read_article", json!({"id": secret})).await;
    assert!(
        is_error && error.as_str().unwrap().starts_with("not_found"),
        "{error}"
    );
    let (read, _) = tool(&app, AGENT, "read_ticket", json!({"id": ticket})).await;
    assert_eq!(read["ticket"]["id"], ticket.as_str());
    assert_eq!(read["entries"]["items"][0]["text"], "Between us.");
    let (read, _) = tool(&app, PORTAL_A, "read_ticket", json!({"id": ticket})).await;
    assert_eq!(
        read["entries"]["items"],
        json!([]),
        "internal comments stay internal"
    );
    let (_, is_error) = tool(&app, PORTAL_B, "read_ticket", json!({"id": ticket})).await;
    assert!(is_error);
    // People say "ticket 1".
    let number = read["ticket"]["number"].to_string();
    let by_number = json!({"id": number});
    let (read, _) = tool(&app, AGENT, "read_ticket", by_number.clone()).await;
    assert_eq!(read["ticket"]["id"], ticket.as_str());
    let (error, is_error) = tool(&app, PORTAL_B, "read_ticket", by_number).await;
    assert!(
        is_error && error.as_str().unwrap().starts_with("not_found"),
        "{error}"
    );
    let newest = json!({"query": "printer", "sort": "-created_at"});
    let (found, _) = tool(&app, AGENT, "search_articles", newest).await;
    assert_eq!(hits(&found), [secret.as_str(), public.as_str()]);
    let (found, _) = tool(
        &app,
        PORTAL_B,
        "suggest",
        json!({"text": "the printer has no plug"}),
    )
    .await;
    assert_eq!(found["articles"][0]["id"], public.as_str(), "{found}");
    assert_eq!(found["tickets"], json!([]));
    let (_, is_error) = tool(&app, AGENT, "suggest_for_ticket", json!({"id": ticket})).await;
    assert!(!is_error);
}

#[tokio::test]
async fn what_is_no_call_is_refused() {
    let app = App::new();
    let ping = json!({"jsonrpc": "2.0", "id": 1, "method": "ping"});
    app.post("/mcp", "nobody", ping.clone()).await.is(401);
    app.post("/mcp", "", ping.clone()).await.is(401);
    assert_eq!(
        app.post("/mcp", AGENT, ping).await.is(200).json()["result"],
        json!({})
    );
    for wrong in [json!([]), json!({}), json!("x")] {
        let answer = app.post("/mcp", AGENT, wrong).await;
        assert!(
            400 <= answer.status.as_u16() && answer.status.as_u16() < 500,
            "{}",
            answer.text()
        );
    }
    for arguments in [
        json!({}),
        json!({"query": ""}),
        json!({"query": "x", "limit": 99}),
        json!({"q": "x"}),
    ] {
        let (_, is_error) = tool(&app, AGENT, "search_articles", arguments).await;
        assert!(is_error);
    }
    let params = json!({"name": "delete_everything", "arguments": {}});
    let answer = call(&app, AGENT, "tools/call", params).await;
    assert!(
        answer["error"]["message"]
            .as_str()
            .unwrap()
            .contains("delete_everything"),
        "{answer}"
    );
    let (_, is_error) = tool(&app, ADMIN, "read_article", json!({"id": "../tokens"})).await;
    assert!(is_error, "a path is an id and nothing else");
}
